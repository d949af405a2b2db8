"""Files that users bring along, run as they are; tags, skip texts and filters on their way."""

from __future__ import annotations

from tests.e2e.test_config import ignored
from tests.e2e.world import World

CIRCLE = """\
machine:
  environment:
    GREETING: hello $CIRCLE_PROJECT_REPONAME
test:
  override:
    - test "$GREETING on $CIRCLE_BRANCH" = "hello site on master"
    - test "$CIRCLE_SHA1" = "$(git rev-parse HEAD)"
    - sudo true || true
"""
BUILDSPEC = """\
version: 0.2
phases:
  install:
    commands:
      - cd /
      - export WORD=kept
  build:
    commands:
      - test "$WORD $PWD" = "kept /"
      - test "$CODEBUILD_WEBHOOK_TRIGGER $CODEBUILD_BUILD_SUCCEEDING" = "branch/master 1"
"""
NATIVE = """\
checks:
  docs: {run: "false", when: {path: docs/**}}
  tests: {run: "true"}
  flaky: {run: "exit 7", allow_failure: true}
deployments:
  release: {tag: v*, run: 'echo begin-$DISHWASHER_SHA >> $LEDGER; test "$DISHWASHER_TAG" = v1'}
"""


def test_a_circle_yml_runs_unmodified_and_its_warnings_are_annotated(world: World) -> None:
    repo = world.repo(CIRCLE, path="circle.yml")
    runs = world.build(repo, jobs=2)
    assert {name: run.conclusion for name, run in runs.items()} == {
        "build": "success",
        "config": "neutral",
    }
    (note,) = runs["config"].output.annotations
    assert (note.path, note.start_line, note.level) == ("circle.yml", 8, "warning")


def test_a_buildspec_runs_unmodified(world: World) -> None:
    repo = world.repo(BUILDSPEC, path="buildspec.yml")
    runs = world.build(repo)
    assert runs["build"].conclusion == "success", runs["build"].output.summary


UNITTEST = """\
import unittest


class Sums(unittest.TestCase):
    def test_one_and_one(self):
        self.assertEqual(1 + 1, 2)
"""


def test_without_a_file_the_repository_says_what_to_do(world: World) -> None:
    repo = world.repo(UNITTEST, path="tests/test_sums.py")
    runs = world.build(repo, jobs=3)
    assert {name: run.conclusion for name, run in runs.items()} == {
        "spelling": "success",
        "tests": "success",
        "config": "neutral",
    }
    told = runs["config"].output.summary or ""
    assert "There is no configuration" in told and "unittest" in told


def test_what_an_event_leaves_out_is_skipped_and_what_may_fail_is_neutral(world: World) -> None:
    repo = world.repo(NATIVE)
    runs = world.build(repo, jobs=3)
    assert {name: run.conclusion for name, run in runs.items()} == {
        "docs": "skipped",
        "tests": "success",
        "flaky": "neutral",
    }
    assert "Nothing was changed in docs" in (runs["docs"].output.summary or "").replace("\\", "")
    assert runs["flaky"].output.title.startswith("Failed, as it may")
    documented = repo.commit({"docs/index.md": "words\n"})
    assert world.concluded(documented, 3)["docs"].conclusion == "failure"


def test_a_tag_is_deployed_after_its_checks(world: World) -> None:
    repo = world.repo(NATIVE.replace('  docs: {run: "false", when: {path: docs/**}}\n', ""))
    sha = repo.commit({"pushed.txt": "for the tag\n"})
    world.concluded(sha, 2)
    repo.tag("v1", sha)
    runs = world.github.wait_for(
        lambda: [
            run for run in repo.check_runs(sha, "dishwasher / release") if run.status == "completed"
        ],
        what="the deployment of a tag",
    )
    assert [run.conclusion for run in runs] == ["success"], runs[0].output.summary
    assert world.bot.ledger.read_text().count(f"begin-{sha}") == 1


def test_a_commit_that_asks_not_to_be_built_gets_no_check(world: World) -> None:
    repo = world.repo(NATIVE)
    sha = repo.commit({"pushed.txt": "quiet\n"}, message="Mend a word [ci skip]")
    assert ignored(world, sha) == ["The commit message says [ci skip]."]
    assert repo.check_runs(sha) == []
