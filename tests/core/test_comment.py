"""The one comment: worst first, what to do, and inert whatever a job has printed (41, 42)."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from dishwasher.core.comment import (
    HEADLINE,
    MARKER,
    MAX_BYTES,
    WAIT,
    acts,
    brief,
    compose,
    latest,
    quoted,
    ready_at,
)
from dishwasher.core.config import Kind, Uses
from dishwasher.core.failure import Shown
from dishwasher.core.job import Job, Reason, State
from dishwasher.core.outcome import Status, TestCase, summarise
from dishwasher.core.result import Artifact, PhaseResult, Result, StepResult
from dishwasher.demo.github.page.markdown import render

from tests.core.test_markdown import HOSTILE, MENTION
from tests.fakes.clock import NOON
from tests.samples import SHA, finding, job, spec

PAGE = "https://ci.example.test/jobs/"


def over(name: str, reason: Reason = Reason.FAILED, *, position: int = 0, **values: Any) -> Job:
    more = {"kind": values.pop("kind", Kind.CHECK)}
    return job(
        **{
            "id": f"b-{name}",
            "position": position,
            "spec": spec(name, **more),
            "state": State.CONCLUDED,
            "reason": reason,
            "started": NOON + 1,
            "ended": NOON + 61,
            "detail": f"`{name}` ended with 1.",
        }
        | values
    )


def shown(one: Job, result: Result | None = None, base: frozenset[str] | None = None) -> Shown:
    return Shown(one, f"{PAGE}{one.id}", result, base)


def result(**values: Any) -> Result:
    return Result(Reason.FAILED, "", **values)


def case(name: str, **values: Any) -> TestCase:
    return TestCase("suite", "PriceTest", name, Status.FAILED, **({"message": "3 != 4"} | values))


def ran(*names: str, passed: int = 0) -> Result:
    fine = [TestCase("suite", "PriceTest", f"p{n}", Status.PASSED) for n in range(passed)]
    return result(tests=summarise([*map(case, names), *fine]))


def headline(body: str) -> str:
    """The first line as it is read."""
    line = re.sub(r"</?p>|</?strong>", "", str(render(body)).strip().splitlines()[0])
    return line.replace("\u2060", "")


def test_the_first_line_is_the_verdict() -> None:
    ok, bad = over("lint", Reason.OK), over("tests")
    assert headline(compose([shown(ok), shown(bad)], SHA, "main")) == "1 of 2 checks failed: tests"
    assert headline(compose([shown(bad)], SHA, "main")) == "1 of 1 check failed: tests"
    runs = job(id="b-docs", spec=spec("docs"), state=State.RUNNING)
    text = headline(compose([shown(bad), shown(runs)], SHA, "main"))
    assert text == "1 check failed: tests; others still run"
    waits = [shown(over(name, Reason.AWAITING_APPROVAL)) for name in ("a", "b")]
    assert headline(compose(waits, SHA, "main")) == "2 of 2 checks wait for approval: a, b"
    assert headline(compose(waits[:1], SHA, "main")) == "1 of 1 check waits for approval: a"


def test_the_first_line_fits_an_email() -> None:
    many = [shown(over(f"a check with a long name {n}")) for n in range(20)]
    line = headline(compose(many, SHA, "main"))
    assert len(line) <= HEADLINE
    assert line.endswith(", …")


def test_failing_tests_are_named_and_can_be_run_again() -> None:
    body = compose([shown(over("tests"), ran("test_total", "test_tax", passed=1200))], SHA, "")
    text = body.replace("\\", "")
    assert "#### tests: 2 of 1,202 tests failed" in text
    assert "- **PriceTest.test_total**: 3 != 4" in text
    assert f"[Log]({PAGE}b-tests)" in body
    assert "`dishwasher run --job tests`" in body
    assert text.endswith(f"{SHA[:7]}, 2025-06-15 15:07 UTC, after 1 min 1 s.\n\n{MARKER}")
    assert "ended with 1" not in text


def test_a_word_that_is_right_can_be_named() -> None:
    spelling = over("spelling")
    spelling = replace(spelling, spec=replace(spelling.spec, uses=Uses.SPELLING))
    body = compose([shown(spelling, result(findings=(finding(),), findings_total=1))], SHA, "")
    assert "`with: {words: […]}` of this check" in body
    assert "dishwasher run --job" not in body


def test_the_end_of_the_log_is_shown_where_no_failing_test_is_named() -> None:
    few = ran("one")
    assert few.tests is not None
    counted = replace(few, tests=replace(few.tests, failing=(), failed=2), tail=("2 failed",))
    body = compose([shown(over("tests"), counted)], SHA, "main")
    assert "2 failed" in body and "more" not in body


def test_without_either_the_end_of_the_log_speaks() -> None:
    tail = tuple(f"line {n}" for n in range(40))
    body = compose([shown(over("deploy", kind=Kind.DEPLOYMENT), result(tail=tail))], SHA, "main")
    assert "line 39\n```" in body and "line 29\n" not in body
    assert "ended with 1" in body
    # Nobody deploys from a laptop because a comment said so.
    assert "dishwasher run" not in body


@pytest.mark.parametrize(
    ("reason", "advice"),
    [
        (Reason.CONFIG, "`dishwasher validate`"),
        (Reason.LOST, "re-run the check"),
        (Reason.INFRA, "re-run the check"),
        (Reason.TIMED_OUT, "`dishwasher run --job tests`"),
        (Reason.REFUSED, "ended with 1"),
        (Reason.UNKNOWN_EFFECT, "ended with 1"),
        (Reason.AWAITING_APPROVAL, "ended with 1"),
    ],
)
def test_every_end_says_what_to_do(reason: Reason, advice: str) -> None:
    assert advice in compose([shown(over("tests", reason))], SHA, "main")


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("tests (3.12, postgres)", "`dishwasher run --job 'tests (3.12, postgres)'`"),
        ("it's", """`dishwasher run --job 'it'"'"'s'`"""),
        ("a`b", "```text\ndishwasher run --job 'a`b'\n```"),
    ],
)
def test_a_command_can_be_pasted(name: str, command: str) -> None:
    assert command in compose([shown(over(name))], SHA, "main")
    assert quoted("$(id)") == "'$(id)'"


def test_artifacts_and_the_failing_step_are_one_click_away() -> None:
    kept = tuple(Artifact(f"shots/{n} (x).png", 2048, "0") for n in range(5))
    phases = (PhaseResult("build", Reason.FAILED, steps=(StepResult("pytest", 1),)),)
    body = compose([shown(over("tests"), result(artifacts=kept, phases=phases))], SHA, "main")
    assert f"[Log]({PAGE}b-tests#s1-1)" in body
    assert f"]({PAGE}b-tests/artifacts/shots/0%20%28x%29.png) (2.0 KB)" in body
    assert f"[all 5 artifacts]({PAGE}b-tests/artifacts.tar.gz)" in body
    assert body.count(".png)") == 3


def test_what_was_held_back_is_counted() -> None:
    held = over("docs", Reason.NEED_FAILED)
    body = compose([shown(over("tests")), shown(held)], SHA, "main")
    assert "1 not started because of that." in body


def test_once_nothing_fails_one_line_is_left() -> None:
    jobs = [over("lint", Reason.OK), over("docs", Reason.ADVISORY), over("x", Reason.FILTERED)]
    body = compose([shown(one) for one in jobs], SHA, "main")
    assert body == f"**All clear** since {SHA[:7]}: 2 checks passed.\n\n{MARKER}"
    one = compose([shown(jobs[0])], SHA, "main")
    assert one.startswith(f"**All clear** since {SHA[:7]}: 1 check passed.")
    cancelled = compose([shown(jobs[0]), shown(over("y", Reason.CANCELLED))], SHA, "main")
    assert cancelled.startswith(f"**Stopped** at {SHA[:7]}: 1 check passed, 1 did not run")


def test_what_failed_before_is_not_told_of_a_commit_that_is_being_checked() -> None:
    runs = job(id="b-docs", spec=spec("docs"), state=State.RUNNING)
    body = compose([shown(runs), shown(over("lint", Reason.OK))], SHA, "main")
    assert body.startswith(f"**Checking {SHA[:7]}**")
    assert body.endswith(MARKER)


def test_hostile_text_stays_text() -> None:
    cases = summarise([case(text, message=text, path=text) for text in HOSTILE])
    findings = tuple(finding(path=text, message=text) for text in HOSTILE)
    kept = tuple(Artifact(f"x/{text}", 1, "0") for text in HOSTILE[:3])
    bodies = [
        compose([shown(over(text, detail=text, id="b-0"), one)], SHA, text)
        for text in HOSTILE
        for one in (
            result(tests=cases, artifacts=kept),
            result(findings=findings, findings_total=9),
            result(tail=(text, "```", "</details>")),
        )
    ]
    for body in bodies:
        html = str(render(body))
        seen = re.sub(r"<pre>.*?</pre>|<code>.*?</code>|<[^>]*>", "", html, flags=re.S)
        assert not MENTION.search(seen)
        links = re.findall(r'href="([^"]*)"', html)
        assert links and all(url.startswith(f"{PAGE}b-0") for url in links)
        assert html.count("<details>") == html.count("</details>")
        assert "<img" not in html and "javascript:" not in "".join(links)
        assert body.endswith(MARKER)


def test_a_comment_always_fits_and_keeps_its_mark() -> None:
    wide = summarise([case("😀" * 400, message="😀" * 400, path="😀" * 400) for _ in range(60)])
    many = [shown(over(f"tests {n}"), result(tests=wide)) for n in range(50)]
    body = compose(many, SHA, "main")
    assert len(body.encode()) <= MAX_BYTES + 100
    assert body.endswith(MARKER)
    assert "Cut here" in body
    assert body.count("<details>") == body.count("</details>")
    assert brief(body) == f"{body.splitlines()[0]}\n\n{MARKER}"


def test_of_each_name_the_latest_counts() -> None:
    first, second = over("tests"), over("tests", Reason.OK, id="c-tests")
    lint = over("lint", position=1)
    assert latest([(2.0, second), (1.0, first), (1.0, lint)]) == (second, lint)
    assert "failed\n" in compose([shown(over("tests", started=0.0))], SHA, "main")
    assert acts((lint,)) and not acts((second,)) and not acts(())


def test_a_first_comment_waits_for_the_other_checks_but_not_long() -> None:
    runs = job(id="b-docs", spec=spec("docs"), state=State.RUNNING)
    deploys = job(id="b-live", spec=spec("live", kind=Kind.DEPLOYMENT), state=State.RUNNING)
    assert ready_at((over("tests"), runs)) == NOON + 61 + WAIT
    assert ready_at((over("tests"), over("lint", Reason.OK))) == 0.0
    assert ready_at((over("tests"), deploys)) == 0.0
