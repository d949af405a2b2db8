"""No secret leaves a runner: not by the log, not by the result, not by a masker that breaks."""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path

import pytest
from dishwasher.checks.junit import MESSAGE
from dishwasher.core.findings import Finding, Level
from dishwasher.core.job import Reason
from dishwasher.core.machine import Machine, Variable
from dishwasher.core.mask import Masker
from dishwasher.core.outputs import Cache, ReportFormat, ReportSet
from dishwasher.core.result import PhaseResult, Result, StepResult
from dishwasher.core.step import Phase, Step
from dishwasher.runner.log import Log
from dishwasher.runner.mask import WITHHELD, Mask
from dishwasher.runner.output import Output

from tests.runner.conftest import Launch, Serve
from tests.runner.job import Jobs, phase

SECRET = "correct-horse/battery"


def test_a_result_is_masked_throughout() -> None:
    step = StepResult(f"curl -u {SECRET}", 1)
    result = Result(
        Reason.FAILED,
        f"step `{SECRET}` failed",
        phases=(PhaseResult("build", steps=(step,)),),
        findings=(Finding("a.py", 1, 1, Level.FAILURE, f"no {SECRET}"),),
        tail=("fine", f"it is {base64.b64encode(SECRET.encode()).decode()}"),
        notes=(SECRET,),
        exported=(("TOKEN", SECRET),),
    )
    masked = Mask([("TOKEN", SECRET)]).value(result)
    assert SECRET not in repr(masked)
    assert masked.phases[0].steps[0].command == "curl -u ***"
    assert masked.exported == (("TOKEN", "***"),)
    assert masked.tail[0] == "fine"
    assert "it is ***" in masked.tail[1]


def test_without_secrets_nothing_is_copied() -> None:
    result = Result(Reason.OK, "")
    assert Mask().value(result) is result
    assert Mask([("X", "short")]).value(result) is result


def test_secrets_that_are_too_short_are_named() -> None:
    mask = Mask([("DEBUG", "true"), ("EMPTY", ""), ("TOKEN", SECRET)])
    assert mask.too_short == ("DEBUG", "EMPTY")
    assert mask.text(f"true is not {SECRET}") == "true is not ***"


def test_half_a_character_is_no_way_out() -> None:
    assert Mask([("TOKEN", SECRET)]).text(f"\ud800{SECRET}") == "\ud800***"


class Broken(Masker):
    def feed(self, chunk: bytes) -> bytes:
        raise RuntimeError(f"could not mask {chunk!r}")


class BrokenMask(Mask):
    def stream(self) -> Masker:
        return Broken([b"x"])


@pytest.fixture
def broken() -> BrokenMask:
    return BrokenMask([("TOKEN", SECRET)])


def test_what_can_not_be_masked_is_withheld(broken: BrokenMask, tmp_path: Path) -> None:
    log = Log(tmp_path, 10_000, broken)
    scanned: list[bytes] = []
    output = Output(log, scanned.append)
    for _ in range(3):
        output.feed(f"it is {SECRET}\n".encode())
    output.finish()
    log.line(f"[dishwasher] {SECRET}")
    written = log.read(0, 10_000).decode()
    assert written == f"{WITHHELD}\n{WITHHELD}\n"
    assert scanned == [f"{WITHHELD}\n".encode()]
    assert output.tail() == (WITHHELD,)
    assert broken.value(Result(Reason.OK, SECRET)).detail == WITHHELD


def test_a_job_that_prints_its_secret(serve: Serve, launch: Launch) -> None:
    server = serve(
        'echo "plain $TOKEN"; printf %s "$TOKEN" | base64',
        'printf %s "$TOKEN" | cut -c1-9 | tr -d "\\n"; sleep 0.3; printf %s "$TOKEN" | cut -c10-',
        "echo $DEBUG; exit 3",
        secrets=(("TOKEN", SECRET), ("DEBUG", "yes")),
    )
    launch(server)
    result = server.result()
    said = server.log + repr(result).encode()
    assert SECRET.encode() not in said
    assert base64.b64encode(SECRET.encode())[:-4] not in said
    assert b"plain ***\n" in server.log
    assert result.reason is Reason.FAILED
    assert "The secret DEBUG is too short to be masked" in " ".join(result.notes)
    assert b"\nyes\n" in server.log


def test_what_runs_in_the_background_is_masked_too(serve: Serve, launch: Launch) -> None:
    phase = Phase(
        "build", (Step('echo "it is $TOKEN"; sleep 60', background=True), Step("sleep 1"))
    )
    server = serve(secrets=(("TOKEN", SECRET),), phases=(phase,))
    launch(server)
    (artifact,) = server.result().artifacts
    assert server.files[artifact.path] == b"it is ***\n"


def test_a_value_that_a_masker_changes_keeps_its_type() -> None:
    finding = Finding("a.py", 3, 4, Level.NOTICE, SECRET)
    assert Mask([("TOKEN", SECRET)]).value(finding) == replace(finding, message="***")


def test_names_of_files_and_keys_of_caches_tell_no_secret(serve: Serve, launch: Launch) -> None:
    token = "correct-horse-battery"
    variables = (Variable("COPY", "see $TOKEN", expand=True),)
    server = serve(
        'cd "$DISHWASHER_ARTIFACTS"; echo 1 > fine.txt; echo 2 > "of $TOKEN.txt"',
        secrets=(("TOKEN", token),),
        machine=Machine(environment=variables),
        caches=(Cache(("kept",), key="k-$TOKEN-$COPY"),),
    )
    launch(server)
    result = server.result()
    assert result.reason is Reason.OK
    assert "1 file with a secret in the name: left out of the artifacts." in result.notes
    assert [one.path for one in result.artifacts] == ["fine.txt"] == list(server.files)
    assert token.encode() not in server.log
    assert b"k-" in server.heard and token.encode() not in server.heard


@pytest.mark.parametrize("before", [MESSAGE - len(SECRET), MESSAGE - len(SECRET) + 5, MESSAGE - 3])
def test_a_secret_that_a_report_s_limit_cuts_is_masked_before(job: Jobs, before: int) -> None:
    text = "x" * before + SECRET
    job.files = {
        "r.xml": f'<testsuite><testcase name="a"><failure message="{text}"/></testcase></testsuite>'
    }
    done = job(
        phase("build", "true"),
        reports=(ReportSet(ReportFormat.JUNIT, ("r.xml",)),),
        mask=Mask([("TOKEN", SECRET)]),
    )
    tests = done.build.outputs.tests
    assert tests is not None
    assert tests.failing[0].message == f"{'x' * before}***"[:MESSAGE]
