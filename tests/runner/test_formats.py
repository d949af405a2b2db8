"""Files of each format from end to end: read, run by a real runner, judged by their own rules."""

from __future__ import annotations

import pytest
from dishwasher.core.job import Reason
from dishwasher.core.result import Result
from dishwasher.core.ticket import PROTOCOL
from dishwasher.formats.choose import parse
from dishwasher.formats.recognise import BUILDSPEC, CIRCLE, NATIVE
from dishwasher.formats.repository import Repository

from tests.runner.conftest import Launch, Serve
from tests.runner.processes import running
from tests.runner.server import Server

BUILDSPEC_FILE = """\
version: 0.2
env:
  variables: {GREETING: "$HOME is literal"}
  exported-variables: [TAG]
phases:
  install:
    commands:
      - mkdir work && cd work
  build:
    commands:
      - export TAG=v1 && echo "$GREETING" > said
      - false
      - echo never
    finally:
      - echo "closing $CODEBUILD_BUILD_SUCCEEDING"
  post_build:
    commands:
      - pwd
      - '[ "$CODEBUILD_BUILD_SUCCEEDING" = 1 ] && ./deploy || echo not deployed'
artifacts:
  files: ["**/*"]
  base-directory: work
"""

CIRCLE_FILE = """\
machine:
  environment:
    OUT: $CIRCLE_ARTIFACTS/out
dependencies:
  override:
    - mkdir -p "$OUT" $CIRCLE_TEST_REPORTS/django
test:
  override:
    - echo "$CIRCLE_BRANCH" > "$OUT/branch"; exit 1
    - echo "<testsuite/>" > $CIRCLE_TEST_REPORTS/django/junit.xml
    - sleep 86601:
        background: true
    - ls:
        pwd: app
  post:
    - echo post
deployment:
  staging: {branch: main, commands: [./deploy]}
"""

NATIVE_FILE = """\
checks:
  tests:
    run:
      - cd /; export A=1
      - 'echo "[$A]"; exit 3'
      - echo never
    finally: echo closing
    timeout: 30s
"""


def ran(result: Result) -> list[str]:
    return [
        f"{phase.name} {' '.join(str(step.exit_code) for step in phase.steps)}".strip()
        for phase in result.phases
    ]


def run(serve: Serve, launch: Launch, format: str, text: str) -> tuple[Result, Server]:
    """The first check of that file in a real runner."""
    config = parse("file.yml", text.encode(), Repository, format)
    spec = config.jobs[0]
    server = serve(spec=spec, facts=(("branch", "main"), ("sha", "a" * 40)))
    launch(server)
    return server.result(), server


def test_a_buildspec_goes_on_to_post_build_and_says_so(serve: Serve, launch: Launch) -> None:
    result, server = run(serve, launch, BUILDSPEC, BUILDSPEC_FILE)
    assert result.reason is Reason.FAILED
    assert ran(result) == ["checkout", "install 0", "build 0 1 0", "post_build 0 0", "artifacts"]
    assert b"closing 0\n" in server.log
    assert b"/checkout/work\n" in server.log
    assert b"not deployed\n" in server.log
    assert result.detail == ("step 2 of build `false` exited with 1; post_build ran all the same")
    assert result.exported == (("TAG", "v1"),)
    assert server.files == {"said": b"$HOME is literal\n"}


def test_a_circle_yml_runs_every_test_and_keeps_what_they_leave(
    serve: Serve, launch: Launch
) -> None:
    result, server = run(serve, launch, CIRCLE, CIRCLE_FILE)
    assert result.reason is Reason.FAILED
    assert ran(result) == ["checkout", "dependencies 0", "test 1 0 None 1 0", "artifacts"]
    assert "`exit 1` exited with 1" not in result.detail
    assert result.detail.startswith('step 1 of test `echo "$CIRCLE_BRANCH" > "$OUT/branch"; exit 1')
    assert "no folder to run in: its directory `app`" in result.detail
    kept = {path: data for path, data in server.files.items() if "stdout_" not in path}
    assert kept["out/branch"] == b"main\n"
    assert b"<testsuite/>\n" in kept.values()
    assert any(path.startswith("stdout_sleep_") for path in server.files)
    assert running("86601") == []


def test_a_native_file_stops_at_the_first_failure_and_closes(serve: Serve, launch: Launch) -> None:
    result, server = run(serve, launch, NATIVE, NATIVE_FILE)
    assert result.reason is Reason.FAILED
    assert "exited with 3" in result.detail
    assert b"[]\n" in server.log
    assert b"\nclosing\n" in server.log
    assert b"\nnever\n" not in server.log


def test_a_jobs_own_time_is_the_limit(serve: Serve, launch: Launch) -> None:
    server = serve("sleep 86602", timeout=1.0)
    launch(server)
    result = server.result()
    assert result.reason is Reason.TIMED_OUT
    assert result.detail.startswith("The limit of 1 s was reached")


@pytest.mark.parametrize("protocol", [PROTOCOL - 1, PROTOCOL + 1])
def test_a_ticket_of_another_protocol_is_not_run(
    serve: Serve, launch: Launch, protocol: int
) -> None:
    """An older one has its steps where this runner does not look: it would pass without them."""
    server = serve("true", protocol=protocol)
    launch(server)
    assert server.result().reason is Reason.INFRA
    assert server.started == []
