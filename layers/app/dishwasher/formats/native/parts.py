"""Keys of `when`, `cache`, `reports` and `with`: the mappings inside a job."""

from __future__ import annotations

from dishwasher.core.event import Happening
from dishwasher.formats.native.values import Admits, Brands, Inside
from dishwasher.formats.schema import Fields, Key, Record
from dishwasher.formats.values import Choice, Choices, Either, Text, Texts

# In the `when` of all jobs, and in a deployment itself.
BRANCH = Key(
    "branch",
    Admits("branch"),
    "Branches that it runs for: a name, a glob such as `release/*`, a `/regex/` that matches the "
    "whole name, or, with `!` before it, what it does not run for; one or a list. Of a pull "
    "request, the branch that it comes from.",
    ["main", "release/*"],
)
TAG = Key(
    "tag",
    Admits("tag"),
    "Tags that it runs for, written as branches are. Tags that no job asks for run nothing.",
    r"/v\d+(\.\d+)*/",
)
PATH = Key(
    "path",
    Admits("path"),
    "It runs only if one of these files is changed: globs from the root, `!` before what does "
    "not count. Asked of pushes and pull requests only.",
    ["docs/**", "!docs/drafts/**"],
)
LABEL = Key(
    "label",
    Admits("label"),
    "Labels of a pull request: it runs only with one of these, and with none after a `!`. Where "
    "`event` does not name other events, a label that is asked for means pull requests alone; "
    "other events are not asked for labels.",
    ["preview", "!wip"],
)
_EVENTS = tuple(map(str, Happening))
EVENT = Key(
    "event",
    Choices(Choice(_EVENTS, "an event")),
    f"Kinds of event that it runs for: {', '.join(f'`{event}`' for event in _EVENTS)}.",
    ["push", "pull_request"],
)
WHEN_RECORD = Record("of `when`", (BRANCH, TAG, PATH, LABEL, EVENT))

PATHS = Key(
    "paths",
    Inside(".tox", home=True),
    "Folders to keep, relative to the checkout or below `~/`.",
    ["~/.cache/pip", ".tox"],
    required=True,
)
FILES = Key(
    "files",
    Inside("requirements*.txt"),
    "Files whose content makes the cache's key: when one changes, a new cache begins. Without "
    "it there is one cache for each branch.",
    ["requirements*.txt"],
)
KEY = Key("key", Text(), "Text that the key begins with; may hold variables.", "pip-")
FALLBACKS = Key(
    "fallbacks",
    Texts(),
    "Beginnings of other keys that will do when there is no cache with the exact one.",
    ["pip-"],
)
CACHE_RECORD = Record("of a cache", (PATHS, FILES, KEY, FALLBACKS))
CACHE: Either[tuple[str, ...], Fields] = Either(Inside(".tox", home=True), CACHE_RECORD)

JUNIT = Key(
    "junit",
    Inside("reports/*.xml"),
    "JUnit XML files with the results of tests: globs.",
    "reports/*.xml",
)
COBERTURA = Key(
    "cobertura",
    Inside("coverage.xml"),
    "Cobertura XML files with the coverage of lines: globs.",
    "coverage.xml",
)
REPORTS_RECORD = Record("of `reports`", (JUNIT, COBERTURA))

BRANDS = Key(
    "brands",
    Brands(),
    "Names of companies and products in their one right spelling, each with wrong spellings "
    "besides those that differ in case or spacing. A wrong one fails the check.",
    {"GitHub": ["Git-Hub"], "PostgreSQL": "Postgre"},
)
WORDS = Key("words", Texts(), "Words that are right in this project.", ["wellfire"])
SPELLING_RECORD = Record("of the spelling check", (BRANDS, WORDS))
