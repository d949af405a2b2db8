"""Commands that change something outside of their job: deploy, publish, upload."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dishwasher.core.step import Step
from dishwasher.formats.commands.programs import TASKS, called, name, unwrapped
from dishwasher.formats.commands.shell import SCANNED, names

TABLE: tuple[tuple[str, ...], ...] = (
    ("aws", "s3", "sync"),
    ("aws", "s3", "cp"),
    ("aws", "s3", "mv"),
    ("aws", "s3", "rm"),
    ("aws", "s3api", "put-object"),
    ("aws", "ecs", "update-service"),
    ("aws", "ecs", "register-task-definition"),
    ("aws", "ecs", "run-task"),
    ("aws", "ecs", "deploy"),
    ("aws", "eks", "update-cluster-config"),
    ("aws", "lambda", "update-function-code"),
    ("aws", "lambda", "update-function-configuration"),
    ("aws", "lambda", "publish-version"),
    ("aws", "lambda", "publish-layer-version"),
    ("aws", "lambda", "update-alias"),
    ("aws", "lambda", "invoke"),
    ("aws", "cloudformation", "deploy"),
    ("aws", "cloudformation", "create-stack"),
    ("aws", "cloudformation", "update-stack"),
    ("aws", "cloudformation", "delete-stack"),
    ("aws", "cloudformation", "create-change-set"),
    ("aws", "cloudformation", "execute-change-set"),
    ("aws", "cloudfront", "create-invalidation"),
    ("aws", "deploy", "create-deployment"),
    ("aws", "deploy", "push"),
    ("aws", "elasticbeanstalk", "update-environment"),
    ("aws", "elasticbeanstalk", "create-application-version"),
    ("aws", "apprunner", "start-deployment"),
    ("aws", "amplify", "start-deployment"),
    ("aws", "amplify", "start-job"),
    ("aws", "ssm", "send-command"),
    ("aws", "ssm", "put-parameter"),
    ("aws", "codepipeline", "start-pipeline-execution"),
    ("aws", "codeartifact", "publish-package-version"),
    ("aws", "glue", "update-job"),
    ("aws", "stepfunctions", "update-state-machine"),
    ("sam", "deploy"),
    ("sam", "publish"),
    ("sam", "sync"),
    ("eb", "deploy"),
    ("eb", "create"),
    ("cdk", "deploy"),
    ("cdk", "destroy"),
    ("serverless", "deploy"),
    ("sls", "deploy"),
    ("zappa", "deploy"),
    ("zappa", "update"),
    ("chalice", "deploy"),
    ("copilot", "deploy"),
    ("amplify", "push"),
    ("amplify", "publish"),
    ("ecs-deploy",),
    ("ecs", "deploy"),
    ("kubectl", "apply"),
    ("kubectl", "create"),
    ("kubectl", "delete"),
    ("kubectl", "patch"),
    ("kubectl", "replace"),
    ("kubectl", "rollout", "restart"),
    ("kubectl", "rollout", "undo"),
    ("kubectl", "set"),
    ("oc", "apply"),
    ("oc", "rollout"),
    ("oc", "set"),
    ("helm", "upgrade"),
    ("helm", "install"),
    ("helm", "push"),
    ("helmfile", "apply"),
    ("helmfile", "sync"),
    ("docker", "push"),
    ("docker-compose", "push"),
    ("docker", "compose", "push"),
    ("docker", "buildx", "build", "--push"),
    ("podman", "push"),
    ("buildah", "push"),
    ("skopeo", "copy"),
    ("crane", "push"),
    ("git", "push"),
    ("ansible-playbook",),
    ("fab",),
    ("cap",),
    ("mina", "deploy"),
    ("dep", "deploy"),
    ("terraform", "apply"),
    ("terraform", "destroy"),
    ("terragrunt", "apply"),
    ("terragrunt", "run-all", "apply"),
    ("tofu", "apply"),
    ("pulumi", "up"),
    ("packer", "build"),
    ("npm", "publish"),
    ("yarn", "publish"),
    ("pnpm", "publish"),
    ("lerna", "publish"),
    ("semantic-release",),
    ("twine", "upload"),
    ("poetry", "publish"),
    ("flit", "publish"),
    ("hatch", "publish"),
    ("uv", "publish"),
    ("setup.py", "upload"),
    ("cargo", "publish"),
    ("gem", "push"),
    ("mvn", "deploy"),
    ("mvnw", "deploy"),
    ("gradle", "publish"),
    ("gradlew", "publish"),
    ("dotnet", "nuget", "push"),
    ("nuget", "push"),
    ("goreleaser", "release"),
    ("goreleaser", "--clean"),
    ("goreleaser", "--rm-dist"),
    ("heroku", "container:release"),
    ("heroku", "container:push"),
    ("heroku", "run"),
    ("heroku", "run:detached"),
    ("heroku", "config:set"),
    ("heroku", "config:unset"),
    ("heroku", "maintenance:on"),
    ("heroku", "maintenance:off"),
    ("heroku", "pipelines:promote"),
    ("heroku", "pg:reset"),
    ("heroku", "pg:copy"),
    ("heroku", "ps:restart"),
    ("heroku", "ps:scale"),
    ("heroku", "releases:rollback"),
    ("heroku", "builds:create"),
    ("gcloud", "app", "deploy"),
    ("gcloud", "run", "deploy"),
    ("gcloud", "functions", "deploy"),
    ("gsutil", "rsync"),
    ("az", "webapp", "deploy"),
    ("firebase", "deploy"),
    ("netlify", "deploy"),
    ("vercel",),
    ("now",),
    ("mup", "deploy"),
    ("fly", "deploy"),
    ("flyctl", "deploy"),
    ("wrangler", "deploy"),
    ("wrangler", "publish"),
    ("mkdocs", "gh-deploy"),
    ("gh", "release", "create"),
    ("scp",),
    ("rsync",),
    ("s3cmd", "sync"),
    ("s3cmd", "put"),
    ("fastlane",),
)
"""A program and words that must follow it in this order, whatever options stand between them."""

_SCRIPTS = frozenset("bash sh source . python python3 node ruby".split())  # noqa: SIM905
_DEPLOY = re.compile(r"(?:^|[/:_.-])(?:deploy|publish)(?:$|[/:_.-])|^release$", re.IGNORECASE)
_DEPLOY_SCRIPT = re.compile(
    r"(?:^|[/_-])(?:(?:deploy|publish)[\w-]*|release)\.(?:sh|bash|py|js|mjs|ts|rb)$|/deploy$",
    re.IGNORECASE,
)
LONGEST = 200
"""Characters of a word that can be the name of a script or a task."""
_DRY = frozenset({"--dry-run", "--dryrun", "--dry-run=client", "--dry-run=server", "--check"})


_PROGRAMS = frozenset(one[0] for one in TABLE)
_TELLING = ("deploy", "publish", "release")
_BY_PROGRAM: dict[str, list[tuple[str, ...]]] = {}
for _known in TABLE:
    _BY_PROGRAM.setdefault(_known[0], []).append(_known[1:])


def any_effect(steps: Iterable[Step]) -> bool:
    """Whether running the steps a second time may do something a second time."""
    texts = (step.command[:SCANNED] for step in steps)
    return any(
        deploys(statement.words)
        for text in texts
        if may_deploy(text)
        for statement in unwrapped(text)
    )


def may_deploy(text: str) -> bool:
    """Whether a text holds a word without which no statement in it can deploy."""
    folded = text.casefold()
    return any(word in folded for word in _TELLING) or not _PROGRAMS.isdisjoint(names(text))


def deploys(words: tuple[str, ...]) -> bool:
    """Whether the statement changes something outside, as far as its words tell."""
    run = called(words)
    if not run or _DRY & set(run):
        return False
    if run[:2] in (("python", "setup.py"), ("python3", "setup.py")):
        run = run[1:]
    program = name(run)
    if program == "rsync":
        return ":" in run[-1]
    for wanted in _BY_PROGRAM.get(program, ()):
        if _follow(wanted, run[1:]):
            return (program, *wanted) != ("aws", "s3", "cp") or not _is_download(run)
    return _is_script(run) or _is_task(run)


def _follow(wanted: tuple[str, ...], words: tuple[str, ...]) -> bool:
    left = iter(words)
    return all(any(word == one for word in left) for one in wanted)


def _is_download(words: tuple[str, ...]) -> bool:
    """`aws s3 cp s3://… here`: its second path is one of this machine."""
    paths = [word for word in words[words.index("cp") + 1 :] if not word.startswith("-")]
    return len(paths) > 1 and paths[0].startswith("s3://") and not paths[1].startswith(("s3:", "$"))


def _is_script(words: tuple[str, ...]) -> bool:
    first = words[1] if name(words) in _SCRIPTS and len(words) > 1 else words[0]
    return len(first) <= LONGEST and bool(_DEPLOY_SCRIPT.search(first))


def _is_task(words: tuple[str, ...]) -> bool:
    if name(words) not in TASKS:
        return False
    return any(_DEPLOY.search(word) for word in words[1:] if not word.startswith("-"))
