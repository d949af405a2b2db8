"""What is known of a build, by name, and the templates that give it each format's variable names.

A template is text with `{name}` in it. A variable whose names are all unknown for this build (a
tag, for a push to a branch) is not set at all, as the formats have it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

SERVER = frozenset(
    {
        "account",
        "attempt",
        "base_branch",
        "base_sha",
        "before",
        "branch",
        "build",
        "build_number",
        "build_url",
        "compare_url",
        "config_path",
        "event",
        "fork_pull_request",
        "head_owner",
        "head_repository",
        "image",
        "job",
        "job_id",
        "owner",
        "pull_request",
        "pull_request_url",
        "ref",
        "region",
        "repository",
        "repository_name",
        "repository_url",
        "sender",
        "sender_id",
        "sha",
        "source_version",
        "start_ms",
        "tag",
        "version",
        "webhook_event",
    }
)
"""`ref` is `refs/heads/…` or `refs/tags/…`; `version` is `branch/x`, `tag/x` or `pr/N`.

`head_owner`, `head_repository` and `fork_pull_request` (its number) are set for forks only.
`build_number` rises from build to build of a repository and is not consecutive. `event` is one of
`when.Happening`. `before` is the commit that a push moved the branch from. `source_version` is
`pr/N` for a pull request and the commit otherwise. `webhook_event` is `PUSH`,
`PULL_REQUEST_CREATED`, `PULL_REQUEST_UPDATED` or `PULL_REQUEST_REOPENED`, and unknown for builds
that no webhook asked for. `account` and `region` are those of AWS, and `image` the runner's
container image: unknown elsewhere.
"""
RUNNER = frozenset({"artifacts", "checkout", "home", "reports"})
"""Absolute paths on the machine that runs the job."""
NAMES = SERVER | RUNNER

_NAME = re.compile(r"\{([a-z_]+)\}")


def names(template: str) -> frozenset[str]:
    """The facts that a template asks for."""
    return frozenset(_NAME.findall(template))


def fill(template: str, facts: Mapping[str, str]) -> str | None:
    """The template with its facts; None when it asks for some and none of them is known."""
    asked = names(template)
    if asked and not any(facts.get(name) for name in asked):
        return None
    return _NAME.sub(lambda found: facts.get(found[1], ""), template)
