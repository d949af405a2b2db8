"""`deployment` of circle.yml: named entries, of which the first that matches runs."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dishwasher.core.pattern import Filter, Pattern, Syntax
from dishwasher.core.step import Step
from dishwasher.core.when import When
from dishwasher.formats.circle.commands import Commands
from dishwasher.formats.circle.values import NamesOrRegexes
from dishwasher.formats.problems import show
from dishwasher.formats.reader import Reader
from dishwasher.formats.schema import Fields, Key, Record
from dishwasher.formats.tree import Entry, Mapping, Scalar
from dishwasher.formats.values import Anything, Text

BRANCH = Key("branch", NamesOrRegexes(), "Names or /regexes/ of the branches it deploys.", "master")
TAG = Key("tag", NamesOrRegexes(), "Names or /regexes/ of the tags it deploys.", "/v[0-9.]+/")
OWNER = Key("owner", Text(), "The account whose repository deploys; forks do not.", "circleci")
COMMANDS = Key("commands", Commands(parallel=False), "What deploys.", ["./deploy.sh"])
APPNAME = Key("appname", Text(), "Name of the application at Heroku.", "foo-bar-123")
HEROKU = Key(
    "heroku",
    Record("of `heroku`", (APPNAME,), lenient=True),
    "The commit is pushed to this application.",
    {"appname": "foo-bar-123"},
)
CODEDEPLOY = Key("codedeploy", Anything(), "AWS CodeDeploy; not supported.", {})
_PRE = Key("pre", Anything(), "Not allowed: `commands` must be a list.", [])
_POST = Key("post", Anything(), "Not allowed: `commands` must be a list.", [])
ENTRY = Record(
    "of a deployment",
    (BRANCH, TAG, OWNER, COMMANDS, HEROKU, CODEDEPLOY, _PRE, _POST),
    lenient=True,
)

# https://devcenter.heroku.com/articles/platform-api-reference#app
JUDGED = 5
"""Regexes of `general.branches` up to which a deployment's branch is held against them: each may
take its whole time, and it is only for a warning."""
_APP = re.compile(r"[a-z][a-z0-9-]{1,29}")
_NO_KEY = "Store HEROKU_API_KEY with dishwasher secrets."


@dataclass(frozen=True, slots=True)
class Deployment:
    """One entry, without the phases that come before it."""

    name: Scalar
    when: When
    steps: tuple[Step, ...]
    history: bool = False
    """What it pushes elsewhere needs the whole history."""


def entries(section: Entry, general: Filter, reader: Reader) -> tuple[Deployment, ...]:
    """All entries in file order; `general` is the filter of `general.branches`."""
    what, example = "names to deployments", "`staging:` below it, and `branch` below that"
    return tuple(
        _deployment(entry, general, reader) for entry in reader.mapping(section, what, example)
    )


def _deployment(entry: Entry, general: Filter, reader: Reader) -> Deployment:
    fields = ENTRY.read(entry, reader)
    if fields is None:
        return Deployment(entry.key, When(), ())
    _check(entry, fields, reader)
    steps = fields.or_else(COMMANDS, ())
    heroku = fields.get(HEROKU)
    if heroku is not None:
        steps = (*steps, *_heroku(heroku, reader))
    if CODEDEPLOY in fields:
        steps = (*steps, _codedeploy(fields.entry(CODEDEPLOY), reader))
    owner = fields.get(OWNER)
    branches = fields.or_else(BRANCH, ())
    _warn_of_unbuilt(fields, branches, general, reader)
    when = When(
        branches=_branches(branches, general),
        tags=Filter(fields.or_else(TAG, ())),
        owner="" if owner is None else owner.text,
    )
    history = any("git push" in step.command for step in steps)
    return Deployment(entry.key, when, steps, history)


def _check(entry: Entry, fields: Fields, reader: Reader) -> None:
    name = show(entry.key.text)
    for key in (_PRE, _POST):
        if key in fields:
            _not_a_list(fields.entry(key), reader)
    if COMMANDS in fields and isinstance(fields.entry(COMMANDS).value, Mapping):
        return
    # None is what could not be read, and was noted.
    if all(key not in fields or fields.get(key) == () for key in (BRANCH, TAG)):
        message = f"the deployment {name} has no `branch` and no `tag`, and would never run"
        reader.note(entry.key, "missing-branch", message, "Add `branch: master`.")
    if _PRE in fields or _POST in fields:
        return
    if not any(key in fields for key in (COMMANDS, HEROKU, CODEDEPLOY)):
        message = f"the deployment {name} has no `commands`"
        reader.note(entry.key, "missing-commands", message, "Add `commands` with a list below it.")


def _not_a_list(entry: Entry, reader: Reader) -> None:
    message = "a deployment has no `pre` and `post`: its commands must be a list"
    reader.note(entry.key, "commands-list", message, "Join the lists to one below `commands`.")


def _codedeploy(entry: Entry, reader: Reader) -> Step:
    """A failing step: the rest of the file is good, and a deployment must not pass undone."""
    message = "`codedeploy` is not carried out, and its deployment fails"
    reader.warn(entry.key, "unsupported-key", message, "Write the `aws deploy` commands.")
    command = "echo 'codedeploy is not carried out: write the aws deploy commands' >&2; exit 1"
    return Step(command, entry.key.line, why="codedeploy stands in the file")


def _heroku(fields: Fields, reader: Reader) -> tuple[Step, ...]:
    app = fields.get(APPNAME)
    if app is None:
        if APPNAME not in fields:
            message = "`heroku` has no `appname`"
            reader.note(fields.place, "missing-appname", message, "Add `appname: name`.")
        return ()
    if not _APP.fullmatch(app.text):
        message = f"{show(app.text)} can not be the name of an application at Heroku"
        reader.note(app, "bad-name", message, "Lower-case letters, digits and `-`.")
        return ()
    why = f"heroku deploys {app.text}"
    # A shallow clone is refused there, so the job has the history; Heroku builds this branch:
    # https://devcenter.heroku.com/articles/git
    key = f"${{HEROKU_API_KEY:?{_NO_KEY}}}"
    push = f'git push "https://heroku:{key}@git.heroku.com/{app.text}.git"'
    return (Step(f'{push} "$CIRCLE_SHA1:refs/heads/master"', app.line, why=why),)


def _branches(own: tuple[Pattern, ...], general: Filter) -> Filter:
    """What `general.branches` keeps from being built is not deployed either."""
    return Filter(own, general.ignore, general.only) if own else Filter()


def _warn_of_unbuilt(
    fields: Fields, branches: tuple[Pattern, ...], general: Filter, reader: Reader
) -> None:
    slow = sum(one.syntax is Syntax.REGEX for one in (*general.only, *general.ignore))
    for pattern in branches[: 1 if slow else None] if slow <= JUDGED else ():
        if pattern.syntax is Syntax.EXACT and not general.admits(pattern.text):
            message = f"`general.branches` keeps {show(pattern.text)} from being built"
            suggestion = "It is never deployed; let it through there."
            reader.warn(fields.entry(BRANCH).key, "never-built", message, suggestion)
