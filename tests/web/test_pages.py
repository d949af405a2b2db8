from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser

import pytest
from dishwasher.core.bill import TERMS, Bill
from dishwasher.core.build import Build
from dishwasher.core.config import JobSpec, Kind
from dishwasher.core.findings import Finding, Level
from dishwasher.core.job import Job, Reason, State
from dishwasher.core.outcome import Status, TestCase, TestSummary
from dishwasher.core.result import Artifact, PhaseResult, Progress, Result, StepResult
from dishwasher.web.log import Place

from tests.fakes.clock import NOON
from tests.web.sample import BUILD, EVENT, Sample, job

EVIL = '"><script>alert(1)</script><img src=x onerror="alert(2)">\u202e'


@pytest.fixture
def sample() -> Sample:
    return Sample()


def page(sample: Sample, id: str = "b1-0") -> str:
    found = sample.pages.find(id)
    assert found is not None
    return sample.pages.job(found)


def found(sample: Sample) -> Build:
    build = sample.pages.find_build("b1")
    assert build is not None
    return build


def built(sample: Sample) -> str:
    return sample.pages.build(found(sample))


def text(html: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


def attributes(html: str) -> set[str]:
    """The names of all attributes, as a browser sees them."""
    names: set[str] = set()

    class Collector(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            names.update(name for name, _ in attrs)

    Collector().feed(html)
    return names


def test_what_runners_cost_is_shown_and_nothing_where_they_cost_nothing(sample: Sample) -> None:
    first = job(bill=Bill(spent=0.0083))
    second = job(id="b1-1", position=1, bill=Bill(spent=0.0127))
    sample.add(first, second)
    assert "runner: about 0.0083 USD" in text(page(sample))
    assert "runners: about 0.021 USD" in text(built(sample))
    assert TERMS in unescape(built(sample))
    free = Sample()
    free.add(job())
    assert "USD" not in text(page(free)) + text(built(free))


def test_a_running_job(sample: Sample) -> None:
    running = job(attempt=2, lost_retries=1)
    sample.add(running)
    sample.told(
        running,
        Progress(
            (
                PhaseResult(
                    "build",
                    None,
                    NOON - 5,
                    steps=(StepResult("make test", None, NOON - 5, 0.0, 4),),
                ),
            )
        ),
    )
    sample.printed(running, b"one\n$ make test\nwor")
    html = page(sample)
    shown = text(html)
    assert "tests Running for 20 s" in shown
    assert "attempt 2: an earlier attempt lost its runner" in shown
    assert 'data-follow="/jobs/b1-0/follow"' in html and 'http-equiv="refresh"' in html
    assert 'data-start="16" data-line="3"' in html
    assert html.index('id="s1-1"') < html.index("$ make test</div>")
    assert ">wor</div>" in html


def test_a_finished_job(sample: Sample) -> None:
    done = job(state=State.CONCLUDED, reason=Reason.FAILED, detail="`a < b` exited", ended=NOON)
    sample.add(done)
    phases = (
        PhaseResult("checkout", Reason.OK, NOON - 19, 1.0),
        PhaseResult(
            "build",
            Reason.FAILED,
            NOON - 18,
            17.0,
            steps=(StepResult("make test", 2, NOON - 18, 17.0, 0, 5),),
        ),
    )
    sample.told(
        done,
        Result(
            Reason.FAILED,
            "",
            phases,
            (Finding("a.py", 3, 3, Level.FAILURE, "wrong", "E1"),),
            7,
            (Artifact("report.html", 2048, "0" * 64),),
            notes=("A file was left out.",),
        ),
    )
    html = page(sample)
    shown = text(html)
    assert "Failed in 20 s" in shown and "build 17 s make test exit 2 17 s" in shown
    assert "<code>a &lt; b</code> exited" in html
    assert "Findings 7, the worst 1 shown" in shown and "a.py:3 E1 wrong" in shown
    assert "report.html 2.0 KB" in shown and "A file was left out." in shown
    assert "This job has no log." in shown
    assert "data-follow" not in html and "refresh" not in html


def test_a_stranger_s_commit_is_called_so_and_why(sample: Sample) -> None:
    doubt = "The pull request comes from a fork."
    sample.add(job(), build=replace(BUILD, doubt=doubt, notes=("It changes <b>the file</b>.",)))
    html = page(sample)
    assert f'title="{doubt}"' in html and "a stranger's commit" in text(html)
    assert "It changes &lt;b&gt;the file" in html


def test_the_team_s_commit_is_not_called_so(sample: Sample) -> None:
    sample.add(job())
    assert "stranger" not in page(sample)


def test_a_job_that_waits(sample: Sample) -> None:
    sample.add(job(state=State.QUEUED, attempt=0, started=0.0))
    shown = text(page(sample))
    assert "Queued" in shown and "No phase has begun." in shown and "Nothing yet." in shown


def test_a_job_that_never_ran(sample: Sample) -> None:
    sample.add(job(state=State.CONCLUDED, reason=Reason.NEED_FAILED, started=0.0, ended=NOON))
    assert "No phase was run." in text(page(sample))


def test_a_long_log_says_what_is_left_out(sample: Sample) -> None:
    running = job()
    sample.add(running)
    sample.printed(running, b"x" * 99 + b"\n" + b"0123456789abcde\n" * 100_000)
    assert re.search(r"1\.4 MB are left out here", text(page(sample)))


def test_unknown_jobs_and_builds(sample: Sample) -> None:
    assert sample.pages.find("nope") is None
    sample.store.save(job(id="orphan", build="gone"))
    assert sample.pages.find("orphan") is None
    assert sample.pages.find_build("nope") is None


def test_markup_in_names_and_texts_is_inert(sample: Sample) -> None:
    evil = job(
        state=State.CONCLUDED,
        reason=Reason.FAILED,
        ended=NOON,
        detail=f"`{EVIL}` {EVIL}",
        spec=JobSpec(EVIL, Kind.CHECK, 1),
    )
    event = replace(EVENT, branch=EVIL)
    sample.add(
        evil,
        replace(evil, id="b1-1", position=1),
        build=replace(BUILD, event=event, config_path=EVIL),
    )
    sample.told(
        evil,
        Result(
            Reason.FAILED,
            EVIL,
            (PhaseResult(EVIL, Reason.FAILED, steps=(StepResult(f"{EVIL}\nx", 1),)),),
            (Finding(EVIL, 1, 1, Level.WARNING, EVIL, EVIL),),
            1,
            (Artifact(EVIL, 1, "0"),),
            notes=(EVIL,),
        ),
    )
    sample.printed(evil, EVIL.encode() + b"\n" + EVIL.encode())
    for html in (page(sample), built(sample)):
        assert "<script>alert" not in html and "<img src=x" not in html
        assert set(re.findall(r"<script[^>]*>", html)) == {
            f'<script src="{sample.pages.assets.url("follow.js")}" defer>'
        }
        assert not {name for name in attributes(html) if name == "style" or name[:2] == "on"}


def test_what_a_follower_gets(sample: Sample) -> None:
    running = job()
    sample.add(running)
    sample.printed(running, b"one\n\x1b[31mtwo\nthr")
    found = sample.pages.find("b1-0")
    assert found is not None
    news = sample.pages.follow_job(found, Place(4, 2))
    assert (
        news["html"]
        == '<div id="L2"><a href="#L2" aria-label="2"></a><span class="f1">two</span></div>'
    )
    assert (
        news["open"]
        == '<div id="L3"><a href="#L3" aria-label="3"></a><span class="f1">thr</span></div>'
    )
    assert (news["start"], news["line"], news["style"]) == (13, 3, "38;5;1")
    assert (news["attempt"], news["more"], news["over"]) == (1, False, False)
    assert set(news["regions"]) == {"head", "side", "main"}  # type: ignore[call-overload]


def test_the_page_and_the_follower_show_the_same(sample: Sample) -> None:
    running = job()
    sample.add(running)
    sample.printed(running, b"one\ntwo\nthree")
    found = sample.pages.find("b1-0")
    assert found is not None
    html, news = sample.pages.job(found), sample.pages.follow_job(found, Place())
    assert str(news["html"]) in html and str(news["open"]) in html
    for region in news["regions"].values():  # type: ignore[attr-defined]
        assert region in html


def test_a_follower_far_behind_is_told_to_come_back(sample: Sample) -> None:
    running = job()
    sample.add(running)
    sample.printed(running, b"0123456789\n" * 50_000)
    found = sample.pages.find("b1-0")
    assert found is not None and sample.pages.follow_job(found, Place())["more"] is True


def test_a_build_lists_its_jobs_in_order(sample: Sample) -> None:
    def named(position: int, name: str, **fields: object) -> Job:
        spec = JobSpec(name, Kind.DEPLOYMENT if name == "staging" else Kind.CHECK, 1)
        return job(id=f"b1-{position}", position=position, spec=spec, **fields)

    sample.add(
        named(10, "staging", state=State.BLOCKED, started=0.0),
        named(2, "lint", state=State.CONCLUDED, reason=Reason.OK, ended=NOON),
    )
    html = built(sample)
    assert "lint Passed 20 s staging deployment Waits for other jobs" in text(html)
    assert 'data-follow="/builds/b1/follow"' in html
    news = sample.pages.follow_build(found(sample))
    assert news["over"] is False
    assert news["regions"]["main"] in html  # type: ignore[index]


def test_a_build_that_is_over_is_not_followed(sample: Sample) -> None:
    sample.add(job(state=State.CONCLUDED, reason=Reason.OK, ended=NOON))
    assert "data-follow" not in built(sample)


def test_times_are_for_the_readers_own_zone(sample: Sample) -> None:
    sample.add(job())
    assert '<time datetime="2025-06-15T15:06:20Z">' in page(sample)


def test_an_odd_backtick_is_only_a_backtick(sample: Sample) -> None:
    sample.add(job(state=State.CONCLUDED, reason=Reason.FAILED, ended=NOON, detail="a ` <b"))
    assert "a ` &lt;b" in page(sample)


def test_failing_tests_stand_before_everything_else(sample: Sample) -> None:
    done = job(state=State.CONCLUDED, reason=Reason.FAILED, ended=NOON)
    case = TestCase("s", "Cart", EVIL, Status.FAILED, 0.2, EVIL, 3, EVIL, EVIL)
    sample.add(done)
    told = Result(Reason.FAILED, "", tests=TestSummary(5, 3, 0, 1.0, (case,)))
    sample.told(done, told)
    html = page(sample)
    assert "3 failed, 5 passed" in html and "2 more failed" in html
    assert "<script>alert" not in html and "onerror" not in attributes(html)
    assert html.index("what it printed") < html.index(">Log ")


def test_a_build_shows_how_its_time_was_spent(sample: Sample) -> None:
    jobs = [
        replace(job(created=NOON - 60, started=NOON - 60 + 20 * at), id=f"b1-{at}", position=at)
        for at in range(3)
    ]
    sample.add(*jobs)
    html = built(sample)
    assert html.count('class="lane"') == 3
    assert 'aria-label="waited 20 s, ran 40 s"' in html
    news = sample.pages.follow_build(found(sample))
    assert "Timeline" in str(news["regions"])


def test_a_part_of_a_long_log_is_shown_and_left_again(sample: Sample) -> None:
    running = job()
    sample.add(running)
    sample.printed(running, b"a line of a log\n" * 200_000)
    found = sample.pages.find("b1-0")
    assert found is not None
    ends = sample.pages.job(found)
    assert "/jobs/b1-0?from=24000#term" in ends and "data-follow" in ends
    part = sample.pages.job(found, 1_600_008)
    assert 'id="L100001"' in part and "data-follow" not in part
    assert "/jobs/b1-0?from=1141248#term" in part and "/jobs/b1-0?from=1728000#term" in part


def test_what_is_searched_for_is_shown_as_text(sample: Sample) -> None:
    running = job()
    sample.add(running)
    sample.printed(running, f"first\n{EVIL}\n".encode())
    found = sample.pages.find("b1-0")
    assert found is not None
    html = sample.pages.search(found, EVIL[:27])
    assert "1 line has" in html and '<a href="/jobs/b1-0?from=6#L2" aria-label="2"></a>' in html
    assert "<script>alert" not in html and "onerror" not in attributes(html)
    assert "No line has" in sample.pages.search(found, "nowhere")
    assert "Nothing to look for" in sample.pages.search(found, " ")
