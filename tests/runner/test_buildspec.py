"""A buildspec.yml as its author knew it, in real processes: the table of what follows a failure."""

from __future__ import annotations

import pytest
from dishwasher.core.job import Reason
from dishwasher.formats import buildspec

from tests.runner.job import Job, Jobs

TELL = 'echo "$CODEBUILD_BUILD_SUCCEEDING"'
FILE = f"""\
version: 0.2
env:
  variables:
    LITERAL: $HOME/x
    NUMBER: 3.10
phases:
  install:
    commands:
      - cd web && export KEPT=yes
  pre_build:
    commands:
      - echo "$KEPT in $(basename "$PWD"), $LITERAL, $NUMBER"
      - {TELL}
  build:
    commands:
      - |
        false
        echo hidden
      - exit_code() {{ return 3; }}; exit_code
      - echo never
    finally:
      - {TELL}
  post_build:
    commands:
      - {TELL}
      - echo kept > $CODEBUILD_SRC_DIR/kept.txt
artifacts:
  files: kept.txt
  name: app-$(echo 1)
"""
ALL = """\
version: 0.2
phases:
  install: {{commands: ['{}'], finally: [echo end]}}
  pre_build: {{commands: ['{}']}}
  build: {{on-failure: {}, commands: ['{}']}}
  post_build: {{commands: ['{}']}}
artifacts: {{files: made.txt}}
"""


def run(job: Jobs, text: str) -> Job:
    spec = buildspec.parse("buildspec.yml", text.encode()).jobs[0]
    job.files = {"web/index.html": "", "made.txt": "made"}
    names = ("shell", "program", "machine", "facts", "artifacts", "succeeding", "reports")
    return job(*spec.phases, **{name: getattr(spec, name) for name in names})


def test_one_shell_is_kept_and_a_failing_build_is_followed_by_post_build(job: Jobs) -> None:
    done = run(job, FILE)
    assert done.verdict.reason is Reason.FAILED
    assert done.ran == ["install 0", "pre_build 0 0", "build 0 3 0", "post_build 0 0"]
    assert done.printed == ["yes in web, $HOME/x, 3.10", "1", "echo hidden", "hidden", "0", "0"]
    assert list(done.artifacts) == ["app-1/kept.txt"]


@pytest.mark.parametrize(
    ("codes", "on_failure", "ran", "kept"),
    [
        ("0000", "", ["install 0 0", "pre_build 0", "build 0", "post_build 0"], True),
        ("1000", "", ["install 1 0"], False),
        ("0100", "", ["install 0 0", "pre_build 1"], False),
        ("0010", "", ["install 0 0", "pre_build 0", "build 1", "post_build 0"], True),
        ("0001", "", ["install 0 0", "pre_build 0", "build 0", "post_build 1"], True),
        ("0010", "ABORT", ["install 0 0", "pre_build 0", "build 1"], True),
        ("0010", "CONTINUE", ["install 0 0", "pre_build 0", "build 1", "post_build 0"], True),
        ("0010", "RETRY-1", ["install 0 0", "pre_build 0", "build 1", "build 1"], True),
        ("0010", "RETRY-1-other", ["install 0 0", "pre_build 0", "build 1"], True),
    ],
)
def test_what_follows_a_failure(
    job: Jobs, codes: str, on_failure: str, ran: list[str], kept: bool
) -> None:
    first, second, third, fourth = (f'sh -c "exit {code}"' for code in codes)
    text = ALL.format(first, second, on_failure or "ABORT", third, fourth)
    done = run(job, text if on_failure else text.replace("on-failure: ABORT, ", ""))
    assert done.ran == ran
    assert done.verdict.reason is (Reason.OK if codes == "0000" else Reason.FAILED)
    assert (list(done.artifacts) == ["made.txt"]) is kept


def test_version_0_1_starts_a_shell_for_every_command(job: Jobs) -> None:
    text = "version: 0.1\nphases: {build: {commands: [cd web, 'basename \"$PWD\"']}}"
    assert run(job, text).printed != ["web"]
    assert run(job, text.replace("0.1", "0.2")).printed == ["web"]


def test_a_guard_holds_back_what_stands_behind_it(job: Jobs) -> None:
    text = """
version: 0.2
phases:
  build: {commands: ['true']}
  post_build: {commands: ['[ "$CODEBUILD_BUILD_SUCCEEDING" = 1 ]', echo deployed]}
"""
    assert run(job, text).printed == ["deployed"]
    assert run(job, text.replace("true", "false")).printed == []
