"""The sections of circle.yml and their keys, besides `machine` and `deployment`."""

from __future__ import annotations

from dishwasher.formats.circle.commands import Commands
from dishwasher.formats.circle.machine import MACHINE
from dishwasher.formats.circle.values import Names, NamesOrRegexes
from dishwasher.formats.schema import Key, Record
from dishwasher.formats.values import Anything, Text

PRE = Key("pre", Commands(), "Commands before the inferred ones.", ["npm install -g bower"])
OVERRIDE = Key("override", Commands(), "Commands instead of the inferred ones.", ["npm test"])
POST = Key("post", Commands(), "Commands after the inferred ones.", ["bower install"])
CACHES = Key(
    "cache_directories", Names(), "Directories that the next build finds again.", ["~/.cache/pip"]
)
_BUNDLER = Key("bundler", Anything(), "Settings of Ruby's Bundler; not used.", {})
_MINITEST = Key("minitest_globs", Anything(), "Files of Ruby's tests; not used.", [])

CHECKOUT = Record("of `checkout`", (PRE, POST), lenient=True)
DEPENDENCIES = Record("of `dependencies`", (PRE, OVERRIDE, POST, CACHES, _BUNDLER), lenient=True)
DATABASE = Record("of `database`", (PRE, OVERRIDE, POST), lenient=True)
COMPILE = Record("of `compile`", (PRE, OVERRIDE, POST), lenient=True)
TEST = Record("of `test`", (PRE, OVERRIDE, POST, _MINITEST), lenient=True)

ONLY = Key("only", NamesOrRegexes(), "Branches that are built, and no others.", ["master"])
IGNORE = Key("ignore", NamesOrRegexes(), "Branches that are not built.", ["gh-pages"])
BRANCHES = Key(
    "branches",
    Record("of `branches`", (ONLY, IGNORE), lenient=True),
    "Which branches are built.",
    {"ignore": ["gh-pages"]},
)
BUILD_DIR = Key("build_dir", Text(), "Directory in which everything runs.", "backend")
ARTIFACTS = Key("artifacts", Names(), "Files and directories to keep.", ["coverage"])
GENERAL = Record("of `general`", (BRANCHES, BUILD_DIR, ARTIFACTS), lenient=True)

SECTIONS: tuple[Key[object], ...] = (
    Key("machine", MACHINE, "Languages, variables and services.", {}),
    Key("checkout", CHECKOUT, "What follows the checkout.", {}),
    Key("dependencies", DEPENDENCIES, "What is installed.", {}),
    Key("database", DATABASE, "How the database is prepared.", {}),
    Key("compile", COMPILE, "What is compiled.", {}),
    Key("test", TEST, "The tests.", {}),
    Key("deployment", Anything(), "What is deployed when all that was green.", {}),
    Key("general", GENERAL, "Where and for which branches.", {}),
    Key("experimental", Anything(), "Settings of CircleCI's own.", {}),
    Key("notify", Anything(), "Messages that CircleCI sent.", {}),
)
NAMES = tuple(key.name for key in SECTIONS)
LATER_VERSION = frozenset({"version", "jobs", "workflows", "orbs", "executors"})
"""Keys of CircleCI 2.0, whose file is another one."""
