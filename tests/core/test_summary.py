"""What a check run says while a job runs and when it has ended; inert whatever it is (41)."""

from __future__ import annotations

import re
from dataclasses import replace

from dishwasher.core.bill import TERMS, Bill
from dishwasher.core.config import Uses
from dishwasher.core.job import Reason, State
from dishwasher.core.outcome import Status, TestCase, summarise
from dishwasher.core.rendering import RIGHT_HERE
from dishwasher.core.result import Artifact, PhaseResult, Progress, Result, StepResult
from dishwasher.core.summary import STEPS, STRANGE, ended, running
from dishwasher.demo.github.page.markdown import render

from tests.core.test_markdown import HOSTILE, MENTION
from tests.fakes.clock import NOON
from tests.samples import SHA, build, finding, from_fork, job, pull_request

PAGE = "https://ci.example.test/jobs/build-0"
BUILD = build()
RUNS = job(state=State.RUNNING, started=NOON + 5)
OVER = job(
    state=State.CONCLUDED, reason=Reason.FAILED, started=NOON + 0.5, ended=NOON + 60, detail="Why."
)
PHASES = (
    PhaseResult("checkout", Reason.OK, seconds=1.2),
    PhaseResult(
        "install", Reason.OK, seconds=12, tries=2, steps=(StepResult("pip install -e .", 0, 0, 12),)
    ),
    PhaseResult(
        "build",
        None,
        steps=(
            StepResult("make", 2, 0, 3),
            StepResult("redis-server", background=True),
            StepResult("pytest"),
        ),
    ),
)


def test_what_runs_shows_its_steps_with_their_times() -> None:
    text = running(RUNS, BUILD, Progress(PHASES), PAGE).replace("\\", "")
    assert text == (
        f"[Follow it here]({PAGE})\n\n"
        "- **checkout** 1.2 s\n"
        "- **install** (try 2) 12 s\n"
        "  - pip install -e . 12 s\n"
        "- **build** …\n"
        "  - make 3.0 s, ended with 2\n"
        "  - redis-server (in the background)\n"
        "  - pytest …"
    )


def test_what_has_not_begun_shows_where_to_follow_it() -> None:
    waits = job(detail="Waits.")
    assert running(waits, BUILD, Progress(), PAGE) == f"Waits\\.\n\n[Follow it here]({PAGE})"
    assert running(waits, BUILD, None, PAGE).endswith(f"({PAGE})")


def test_a_pull_request_says_how_to_stop_what_runs() -> None:
    asked = build(event=pull_request(), pull_request=5)
    assert "`/cancel`" in running(RUNS, asked, None, PAGE)
    assert "`/cancel`" not in running(job(), asked, None, PAGE)


def test_many_steps_are_counted() -> None:
    steps = tuple(StepResult(f"step {number}", 0) for number in range(80))
    text = running(RUNS, BUILD, Progress((PhaseResult("build", steps=steps),)), PAGE)
    assert text.count("\n-") + text.count("\n  -") == STEPS + 1
    assert "- 31 earlier ones" in text


def test_an_end_tells_its_circumstances() -> None:
    event = pull_request()
    assert event.pull_request is not None
    merged = replace(event, pull_request=replace(event.pull_request, merge="f" * 40))
    result = Result(Reason.FAILED, "", PHASES, sandbox="jailed")
    text = ended(OVER, build(event=merged), result, PAGE).replace("\\", "")
    assert text.endswith(
        f"Built: {SHA[:7]} merged into main at ccccccc. Took 1 min 0 s of a runner. "
        "Sandbox: jailed."
    )
    assert "<details><summary>Steps</summary>" in text
    late = replace(OVER, created=NOON - 30)
    assert "of a runner after 30 s of waiting." in ended(late, BUILD, None, PAGE)
    assert ended(replace(OVER, started=0.0), BUILD, None, PAGE).endswith(f"({PAGE})")


def test_what_a_runner_costs_is_told_where_it_costs_anything() -> None:
    paid = replace(OVER, bill=Bill(spent=0.0083))
    one = ended(paid, build(jobs=("build-0",), settled=1, spent=0.0083), None, PAGE)
    assert one.replace("\\", "").endswith(f"of a runner. Cost about 0.0083 USD: {TERMS}.")
    more = ended(paid, build(jobs=("build-0",), settled=1, spent=0.031), None, PAGE)
    assert "Cost about 0.0083 USD, the whole build about 0.031 USD:" in more
    unfinished = ended(paid, build(jobs=("build-0", "b"), settled=1, spent=0.031), None, PAGE)
    assert "Cost about 0.0083 USD:" in unfinished, "nobody knows yet what all of it costs"
    assert "Cost" not in ended(OVER, build(jobs=("build-0",), settled=1, spent=0.031), None, PAGE)


def test_a_phase_that_failed_says_how() -> None:
    phases = (PhaseResult("build", Reason.TIMED_OUT, seconds=9),)
    text = ended(OVER, BUILD, Result(Reason.TIMED_OUT, "", phases), PAGE).replace("\\", "")
    assert "- **build** 9.0 s, timed_out" in text


def test_failing_tests_without_names_are_only_counted() -> None:
    tests = replace(summarise([TestCase("s", "C", "a", Status.FAILED)]), failing=())
    text = ended(OVER, BUILD, Result(Reason.FAILED, "", tests=tests), PAGE)
    assert "Tests: 1 failed" in text and "more" not in text


def test_failing_tests_show_where_they_are_and_what_they_printed() -> None:
    cases = [
        TestCase(
            *("s", "Price", f"test_{n}", Status.FAILED),
            path="app/tests.py",
            line=n,
            message="3 != 4",
            details=f"\nTraceback {n}\n" if n else "",
        )
        for n in range(8)
    ]
    text = ended(OVER, BUILD, Result(Reason.FAILED, "", tests=summarise(cases)), PAGE)
    plain = text.replace("\\", "")
    assert "- **Price.test_3** 3 != 4 (app/tests.py:3)" in plain
    assert "- **Price.test_0** 3 != 4 (app/tests.py)" in plain
    assert "<details><summary>Price.test_1</summary>\n\n```text\nTraceback 1\n```" in plain
    assert plain.count("<details>") == 4


def test_a_folder_of_artifacts_can_be_had_at_once() -> None:
    kept = tuple(Artifact(path, 1, "0") for path in ("docs/a.html", "docs/b/c.html", "x/y", "z"))
    text = ended(OVER, BUILD, Result(Reason.FAILED, "", artifacts=kept), PAGE).replace("\\", "")
    assert f"[docs/b/c.html]({PAGE}/artifacts/docs/b/c.html) (1 B)" in text
    assert f"[docs.tar.gz]({PAGE}/artifacts.tar.gz?folder=docs) (2 files)" in text
    assert f"[everything.tar.gz]({PAGE}/artifacts.tar.gz)" in text
    assert "x.tar.gz" not in text
    one = ended(OVER, BUILD, Result(Reason.FAILED, "", artifacts=kept[3:]), PAGE)
    assert "tar.gz" not in one


def test_what_a_stranger_s_commit_has_made_is_called_so() -> None:
    made = Result(Reason.OK, "", artifacts=(Artifact("docs/a.html", 1, "0"),))
    assert STRANGE in ended(OVER, build(event=from_fork(), doubt="A fork."), made, PAGE)
    assert STRANGE not in ended(OVER, BUILD, made, PAGE)


def test_hostile_text_stays_text() -> None:
    for text in HOSTILE:
        case = TestCase("s", text, text, Status.FAILED, path=text, message=text, details=text)
        steps = (StepResult(text, 1), StepResult(text, background=True), StepResult(text))
        result = Result(
            *(Reason.FAILED, ""),
            phases=(PhaseResult(text, Reason.FAILED, steps=steps),),
            artifacts=(Artifact(f"{text}/a", 1, "0"), Artifact(f"{text}/b", 1, "0")),
            notes=(text,),
            tail=(text,),
            tests=summarise([case]),
            sandbox=text,
        )
        found = (finding(path=text, message=text),)
        for body in (
            ended(replace(OVER, detail=text), build(notes=(text,)), result, PAGE, found),
            running(replace(RUNS, detail=text), BUILD, Progress(result.phases), PAGE),
        ):
            html = str(render(body))
            seen = re.sub(r"<pre>.*?</pre>|<[^>]*>", "", html, flags=re.S)
            assert not MENTION.search(seen)
            links = re.findall(r'href="([^"]*)"', html)
            assert links and all(url.startswith(PAGE) for url in links)
            assert html.count("<details>") == html.count("</details>")
            assert "<img" not in html


def test_a_finding_that_stands_for_a_test_is_not_told_twice() -> None:
    case = TestCase("s", "Price", "test_total", Status.FAILED, message="3 != 4")
    result = Result(Reason.FAILED, "", tests=summarise([case]))
    found = (finding(title="Price.test_total"), finding(line=9))
    text = ended(OVER, BUILD, result, PAGE, found)
    assert "1 finding is on lines" in text
    assert ":9" in text and ":3" not in text


def test_whoever_reads_of_a_word_learns_how_to_call_it_right() -> None:
    spelling = replace(OVER, spec=replace(OVER.spec, uses=Uses.SPELLING))
    found = Result(Reason.FAILED, "", findings=(finding(),), findings_total=1)
    assert RIGHT_HERE in ended(spelling, BUILD, found, PAGE)
    assert RIGHT_HERE not in ended(spelling, BUILD, Result(Reason.FAILED, ""), PAGE)
    assert RIGHT_HERE not in ended(OVER, BUILD, found, PAGE)
