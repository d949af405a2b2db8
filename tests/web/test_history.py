from __future__ import annotations

from dataclasses import replace

from dishwasher.core.event import EventKind
from dishwasher.core.history import WORST_FIRST, Entry
from dishwasher.core.job import Conclusion
from dishwasher.web import history as lines
from dishwasher.web.history import HistoryView, history
from dishwasher.web.tone import CONCLUDED, Tone

from tests.fakes.clock import NOON
from tests.web.sample import BUILD, EVENT, REPOSITORY, SHA, Sample, job

HOME = "/repositories/1"


def entry(number: int, branch: str = "master", **fields: object) -> Entry:
    made = Entry(
        id=f"{number:014d}.b{number}",
        build=f"b{number}",
        repository=1,
        kind=EventKind.PUSH,
        sha=SHA,
        branch=branch,
        tag="",
        pull_request=0,
        sender="anna",
        title=f"Change {number}",
        created=NOON - 1000 + number,
        ended=NOON - 900 + number,
        conclusion=Conclusion.SUCCESS,
    )
    return replace(made, **fields)  # type: ignore[arg-type]


def shown(*entries: Entry, branch: str = "") -> HistoryView:
    return history(entries, entries, NOON, home=HOME, default="master", branch=branch)


def listed(sample: Sample, branch: str = "", before: str = "") -> str:
    newest = sample.pages.find_repository(1)
    assert newest is not None
    return sample.pages.repository(newest, branch, before)


def test_every_end_has_its_word() -> None:
    assert set(CONCLUDED) == set(WORST_FIRST)


def test_a_line_says_what_was_built_and_how_it_went() -> None:
    failed = entry(2, "a/b", conclusion=Conclusion.FAILURE, deciders=("lint", "tests"))
    running = entry(3, ended=0.0, conclusion=None, kind=EventKind.SCHEDULE)
    first, second = shown(running, failed).entries
    assert (first.tone, first.word, first.why) == (Tone.RUN, "Running", "on schedule")
    assert first.time == "16 min 37 s"
    assert (second.word, second.deciders, second.time) == ("Failed", "lint, tests", "1 min 40 s")
    assert second.branch == "a/b"


def test_branches_stand_as_their_newest_build_does() -> None:
    view = shown(
        entry(5, "fix", conclusion=Conclusion.FAILURE),
        entry(4),
        entry(3, "fix"),
        entry(2, "", tag="v1"),
        entry(1, ""),
    )
    assert [(one.name, one.tone) for one in view.branches] == [
        ("fix", Tone.BAD),
        ("master", Tone.GOOD),
        ("v1", Tone.GOOD),
    ]
    assert [one.build for one in shown(entry(2, "fix"), entry(1), branch="fix").entries] == ["b2"]


def test_the_merge_queue_s_branches_are_none_of_the_team_s() -> None:
    name = f"gh-readonly-queue/release/2/pr-17-{SHA}"
    queued = entry(2, name, kind=EventKind.MERGE_GROUP)
    view = shown(queued, entry(1, "gh-readonly-queue/odd"))
    assert [one.name for one in view.branches] == ["gh-readonly-queue/odd"]
    line = view.entries[0]
    assert (line.branch, line.pull_request) == ("", 17)
    assert line.why == "merge queue of release/2"


def test_few_builds_are_no_broad_blocks() -> None:
    trend = shown(*(entry(number) for number in (3, 2, 1))).trend
    assert trend is not None and {bar.width for bar in trend.bars} == {4.0}
    assert (trend.longest, trend.median, trend.since) == ("1 min 40 s", 100.0, NOON - 999)


def test_the_trend_is_that_of_the_default_branch() -> None:
    entries = [entry(number) for number in range(9, 0, -1)]
    entries[0] = replace(entries[0], conclusion=Conclusion.FAILURE, ended=entries[0].created + 400)
    entries[4] = replace(entries[4], conclusion=Conclusion.CANCELLED)
    trend = shown(*entries, entry(0, "fix")).trend
    assert trend is not None and len(trend.bars) == 8
    assert trend.words == "7 of 8 passed, 1 min 40 s in the median"
    last = trend.bars[-1]
    assert (last.build, last.tone, last.height) == ("b9", Tone.BAD, 100.0)
    assert {bar.height for bar in trend.bars[:-1]} == {25.0}
    assert all(bar.x + bar.width <= 100 for bar in trend.bars)
    assert shown(entry(2), entry(1)).trend is None


def test_pages_go_on_where_the_last_one_ended() -> None:
    sample = Sample()
    sample.add(job(), build=BUILD)
    total = lines.LOOKED_AT + 45
    for number in range(total):
        branch = "rare" if number == 7 else "master"
        sample.store.save(replace(entry(number, branch), build="b1"))
    seen: list[str] = []
    before, pages = "", 0
    while True:
        html = listed(sample, before=before)
        pages += 1
        found = [f"Change {n}<" in html for n in range(total)]
        seen += [str(n) for n in range(total - 1, -1, -1) if found[n]]
        if "Older builds" not in html:
            break
        before = html.partition("before=")[2].partition('"')[0]
    assert seen == [str(n) for n in range(total - 1, -1, -1)]
    assert pages == -(-total // lines.SHOWN)
    rare = listed(sample, "rare")
    assert "Older builds" in rare and "rare</span> is on this page." in rare
    before = rare.rpartition("before=")[2].partition('"')[0]
    assert "Change 7<" in listed(sample, "rare", before)


def test_what_is_written_in_a_commit_is_only_text() -> None:
    sample = Sample()
    sample.add(job(), build=BUILD)
    evil = '"><script>alert(1)</script>'
    sample.store.save(
        *(replace(entry(n, evil, title=evil, sender=evil), build="b1") for n in range(4))
    )
    html = listed(sample, evil)
    assert "<script>alert" not in html


def test_the_first_page_of_a_repository_is_followed() -> None:
    sample = Sample()
    sample.add(job(), build=BUILD)
    sample.store.save(replace(entry(1, "a b"), build="b1"))
    html = listed(sample, "a b")
    assert 'data-follow="/repositories/1/follow?branch=a%20b"' in html
    assert "data-follow" not in listed(sample, before="1")
    newest = sample.pages.find_repository(1)
    assert newest is not None
    news = sample.pages.follow_repository(newest, "a b")
    assert news["regions"]["main"] in html and news["over"] is False  # type: ignore[index]


def test_a_branch_without_builds_says_what_brings_one() -> None:
    sample = Sample()
    sample.add(job(), build=BUILD)
    sample.store.save(replace(entry(1), build="b1"))
    assert "none</span> is kept here. The next push brings one." in listed(sample, "none")


def test_a_repository_without_builds_has_no_page() -> None:
    assert Sample().pages.find_repository(1) is None


def test_a_private_repository_is_linked_where_people_can_log_in() -> None:
    sample = Sample()
    hidden = replace(BUILD, event=replace(EVENT, repository=replace(REPOSITORY, private=True)))
    assert "/repositories/" not in sample.pages.build(hidden)
    assert "/repositories/1" in replace(sample.pages, login=True).build(hidden)
    assert "/repositories/1" in sample.pages.build(BUILD)
