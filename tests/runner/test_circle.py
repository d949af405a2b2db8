"""A circle.yml as its author knew it, in real processes."""

from __future__ import annotations

from dishwasher.core.job import Reason
from dishwasher.formats import circle

from tests.runner.job import Job, Jobs

FILE = """\
machine:
  timezone: Asia/Tokyo
  environment:
    DEBUG: True
    REPORTS: $CIRCLE_TEST_REPORTS/suite
  post:
    - echo "machine in $(basename "$PWD")"
dependencies:
  override:
    - export LOST=1; cd /
    - false; echo "the last statement decides"
    - mkdir -p ~/bin; printf '#!/bin/sh\\necho tool of my own\\n' > ~/bin/tool; chmod +x ~/bin/tool
test:
  override:
    - echo "lost $LOST, debug $DEBUG, $(date +%Z), node $CIRCLE_NODE_INDEX of $CIRCLE_NODE_TOTAL"
    - exit 3
    - tool
    - echo "one $WORD in $(basename "$PWD")":
        environment:
          WORD: $DEBUG/two
        pwd: web
  post:
    - mkdir -p $REPORTS; echo "<testsuite/>" > $REPORTS/junit.xml
    - echo kept > $CIRCLE_ARTIFACTS/kept.txt
"""


def run(job: Jobs, text: str) -> Job:
    spec = circle.parse("circle.yml", text.encode()).jobs[0]
    job.files = {"web/index.html": "", "test/b_test.py": "", "test/a_test.py": ""}
    values = {
        name: getattr(spec, name)
        for name in ("shell", "machine", "facts", "reports", "artifacts", "silence", "directory")
    }
    return job(*spec.phases, **values)


def test_every_test_and_post_run_after_a_failure_and_the_job_fails(job: Jobs) -> None:
    done = run(job, FILE)
    assert done.verdict.reason is Reason.FAILED
    assert done.ran == ["machine 0", "dependencies 0 0 0", "test 0 3 0 0 0 0"]
    assert done.printed == [
        "machine in home",
        "the last statement decides",
        "lost , debug True, JST, node 0 of 1",
        "tool of my own",
        "one True/two in web",
    ]
    assert (done.workspace.reports / "suite" / "junit.xml").exists()
    assert done.notes == []


def test_a_failing_set_up_stops_the_build(job: Jobs) -> None:
    done = run(
        job, "dependencies: {override: ['exit 1', echo a], post: [echo b]}\ntest: {post: [t]}"
    )
    assert done.ran == ["dependencies 1"]


def test_files_are_appended(job: Jobs) -> None:
    text = "test:\n  override:\n    - echo:\n        files: ['test/{a,b}_*.py']\n"
    assert run(job, text).printed == ["test/a_test.py test/b_test.py"]


def test_without_tests_nothing_is_green(job: Jobs) -> None:
    done = run(job, "machine: {timezone: UTC}")
    assert done.verdict.reason is Reason.FAILED
    assert "There are no tests" in done.log
