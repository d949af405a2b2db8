"""Commands that change something outside of their job, such as a deployment or a publication."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dishwasher.core.step import Step

SCANNED = 20_000
"""Characters of one command that are looked at."""

_EFFECT = re.compile(
    r"""(?<![\w./-])(?:
    git\ push | (?:npm|yarn|cargo|gem|poetry|uv|lerna)\ (?:publish|push) | twine\ upload
    | setup\.py\ (?:\S+\ ){0,5}upload | docker(?:-compose)?\ push
    | (?:kubectl|oc)\ (?:apply|set|rollout) | helm\ (?:install|upgrade)
    | terraform\ (?:apply|destroy) | ansible-playbook | fab\ \S | cap\ \S+\ deploy
    | (?:serverless|sls|sam|cdk|eb|firebase|netlify|now|vercel|flyctl|fly|zappa|mup)
      \ (?:deploy|update|--prod)
    | heroku\ \S | gcloud\ (?:app|run)\ deploy | mvn\ (?:\S+\ ){0,5}deploy
    | aws\ (?:s3\ (?:cp|sync|mv|rm)|deploy|ecs\ update|lambda\ update|elasticbeanstalk
      |cloudformation\ (?:deploy|create|update)|cloudfront\ create)
    | s3cmd\ (?:put|sync) | (?:rsync|scp)\ [^\n]{1,300}: | goreleaser | gh\ release\ create
    )
    | (?<![\w-])deploy(?:[-_][\w-]+)?\.(?:sh|py|rb|js)\b
    """,
    re.VERBOSE,
)


def any_effect(steps: Iterable[Step]) -> bool:
    """Whether running the steps a second time may do something a second time."""
    return any(_EFFECT.search(step.command[:SCANNED]) for step in steps)
