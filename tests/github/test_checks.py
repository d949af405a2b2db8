"""Cases 39, 40, 47 and 51 of the fault list, as far as GitHub's side of them goes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from dishwasher.core.added import AddedFile
from dishwasher.core.check_run import CANCEL, RERUN
from dishwasher.core.findings import Finding, Level
from dishwasher.core.report import Status
from dishwasher.demo.github import CheckRun
from dishwasher.errors import Ambiguous, Gone, InfraError, Rejected, Unseen
from dishwasher.github import GithubApp, GithubChecks, Limiter
from dishwasher.github.checks import cut
from dishwasher.ports import PostedCheck
from hypothesis import given
from hypothesis import strategies as st

from tests.github.conftest import REPOSITORY, Stage, check, finding
from tests.github.raw import Asked, RawServer, Say

RUNS = "/repos/octo/demo/check-runs"
BAD = "../outside"  # GitHub takes no path that leaves the repository


def shown(stage: Stage, sha: str) -> CheckRun:
    (run,) = stage.github.check_runs(sha)
    return run


def lines(run: CheckRun) -> list[int]:
    return [annotation.start_line for annotation in run.output.annotations]


def test_a_check_run_goes_from_queued_to_its_end(stage: Stage) -> None:
    sha = stage.repo.head()
    queued = check(sha)
    id = stage.checks.create(stage.repository, queued)
    run = shown(stage, sha)
    assert (run.id, run.name, run.status) == (id, "dishwasher / lint", "queued")
    assert (run.external_id, run.details_url) == ("job-1", "https://ci.example.test/jobs/1")
    assert (run.output.title, run.output.summary) == ("Queued", "Fine.")
    running = replace(queued, status=Status.IN_PROGRESS)
    stage.checks.update(stage.repository, id, running)
    assert shown(stage, sha).status == "in_progress"
    stage.checks.update(stage.repository, id, check(sha, finding(3), done=True))
    run = shown(stage, sha)
    assert (run.status, run.conclusion, run.output.title) == ("completed", "success", "Passed")
    assert run.completed_at == 1_750_000_009 and run.started_at == 1_750_000_000
    (annotation,) = run.output.annotations
    assert (annotation.path, annotation.start_line, annotation.level) == (
        "app/views.py",
        3,
        "warning",
    )
    assert (annotation.message, annotation.title) == ("too long", "E3")


def test_columns_go_with_a_single_line_only(stage: Stage) -> None:
    sha = stage.repo.head()
    one = replace(finding(3), start_column=5, end_column=9)
    many = replace(finding(4), end_line=6, start_column=5, end_column=9)
    start = replace(finding(5), start_column=7)
    stage.checks.create(stage.repository, check(sha, one, many, start))
    columns = [(a.start_column, a.end_column) for a in shown(stage, sha).output.annotations]
    assert columns == [(5, 9), (None, None), (7, None)]


@pytest.mark.parametrize("count", [50, 51, 120])
def test_annotations_go_in_fifties_and_in_order(stage: Stage, count: int) -> None:
    sha = stage.repo.head()
    findings = [finding(line) for line in range(1, count + 1)]
    id = stage.checks.create(stage.repository, check(sha, *findings))
    assert lines(shown(stage, sha)) == list(range(1, count + 1))
    assert stage.checks.annotated(stage.repository, id) == count
    stage.checks.update(stage.repository, id, check(sha, *findings, done=True))
    assert stage.checks.annotated(stage.repository, id) == 2 * count
    writes = len(stage.github.requests("*", "*/check-runs*")) - 2
    assert writes == 2 * -(-count // 50)


@pytest.mark.parametrize("place", [0, 17, 49])
def test_one_bad_annotation_loses_neither_the_others_nor_the_conclusion(
    raw: RawServer, app: GithubApp, place: int
) -> None:
    """Case 40. Against a server that says 422 without saying which one, as GitHub does."""
    kept: list[int] = []
    concluded: list[str] = []

    def patch(asked: Asked) -> Say:
        body = asked.body
        new = body["output"].get("annotations", [])
        if any(one["path"] == BAD for one in new):
            return Say(422, {"message": "Invalid request."})
        kept.extend(one["start_line"] for one in new)
        if "conclusion" in body:
            concluded.append(body["conclusion"])
        return Say(200, {"id": 7})

    raw.on("PATCH", f"{RUNS}/7", patch)
    findings = [finding(line) for line in range(1, 51)]
    findings[place] = replace(findings[place], path=BAD)
    GithubChecks(app).update(REPOSITORY, 7, check("a" * 40, *findings, done=True))
    assert kept == [line for line in range(1, 51) if line != place + 1]
    assert concluded == ["success"]
    assert len(raw.requests("PATCH")) <= 2 + 2 * 6 + 1


def test_a_bad_annotation_does_not_keep_a_check_run_from_being_made(
    raw: RawServer, app: GithubApp
) -> None:
    raw.on("POST", RUNS, Say(422, {"message": "Invalid request."}), Say(201, {"id": 7}))
    raw.on("PATCH", f"{RUNS}/7", Say(422, {"message": "Invalid request."}))
    id = GithubChecks(app).create(REPOSITORY, check("a" * 40, replace(finding(1), path=BAD)))
    assert id == 7
    first, second = raw.requests("POST", RUNS)
    assert "annotations" in first.body["output"]
    assert "annotations" not in second.body["output"]


def test_what_github_rejects_without_annotations_is_rejected(
    raw: RawServer, app: GithubApp
) -> None:
    raw.on("POST", RUNS, Say(422, {"message": "Validation Failed"}))
    raw.on("PATCH", f"{RUNS}/7", Say(422, {"message": "Validation Failed"}))
    checks = GithubChecks(app)
    for findings in ([], [finding(1)]):
        with pytest.raises(Rejected, match="Validation Failed"):
            checks.create(REPOSITORY, check("a" * 40, *findings))
        with pytest.raises(Rejected, match="Validation Failed"):
            checks.update(REPOSITORY, 7, check("a" * 40, *findings))
    assert len(raw.requests("POST", RUNS)) == 3
    assert len(raw.requests("PATCH", RUNS)) == 3


def test_a_commit_that_github_does_not_show_yet_is_unseen(raw: RawServer, app: GithubApp) -> None:
    """Case 51."""
    raw.on("POST", RUNS, Say(422, {"message": f"No commit found for SHA: {'a' * 40}"}))
    with pytest.raises(Unseen):
        GithubChecks(app).create(REPOSITORY, check("a" * 40))


@pytest.mark.parametrize("kind", ["502-before", "502-after", "timeout-after", "html-502"])
def test_a_check_run_that_may_have_been_made_is_ambiguous_and_not_made_twice(
    stage: Stage, kind: str
) -> None:
    """Case 47: no answer is no reason to POST again; whoever asks finds out by `list`."""
    sha = stage.repo.head()
    stage.github.fail(kind, "*/check-runs", "POST")
    with pytest.raises(Ambiguous):
        stage.checks.create(stage.repository, check(sha))
    made = stage.github.check_runs(sha)
    assert len(made) == ("after" in kind)
    found = stage.checks.list(stage.repository, sha)
    assert [one.id for one in found] == [run.id for run in made]
    assert stage.calls().count("POST /check-runs") == 1


def test_an_answer_that_breaks_off_after_the_effect_is_ambiguous(stage: Stage) -> None:
    sha = stage.repo.head()
    stage.github.fail("broken-json", "*/check-runs", "POST")
    with pytest.raises(Ambiguous):
        stage.checks.create(stage.repository, check(sha))
    assert [one.external_id for one in stage.checks.list(stage.repository, sha)] == ["job-1"]


@pytest.mark.parametrize("kind", ["502-before", "502-after", "timeout-after", "broken-json"])
def test_an_update_is_doubtful_only_if_it_adds_annotations(stage: Stage, kind: str) -> None:
    sha = stage.repo.head()
    id = stage.checks.create(stage.repository, check(sha))
    stage.github.fail(kind, "*/check-runs/*", "PATCH", times=2)
    with pytest.raises(InfraError) as caught:
        stage.checks.update(stage.repository, id, check(sha, done=True))
    assert not isinstance(caught.value, Ambiguous)
    with pytest.raises(Ambiguous):
        stage.checks.update(stage.repository, id, check(sha, finding(1), done=True))
    happened = kind != "502-before"
    assert stage.checks.annotated(stage.repository, id) == happened
    assert (shown(stage, sha).conclusion == "success") == happened


def test_annotations_that_came_in_part_are_doubtful(stage: Stage) -> None:
    sha = stage.repo.head()
    findings = [finding(line) for line in range(1, 121)]
    stage.github.fail("403-secondary", "*/check-runs/*", "PATCH", after=1)
    with pytest.raises(Ambiguous):
        stage.checks.create(stage.repository, check(sha, *findings))
    assert len(shown(stage, sha).output.annotations) == 100
    stage.github.clock.advance(120)
    (posted,) = stage.checks.list(stage.repository, sha)
    assert stage.checks.annotated(stage.repository, posted.id) == 100


def test_a_list_shows_doubles_and_re_runs_of_ours_and_nobody_elses(stage: Stage) -> None:
    sha = stage.repo.head()
    first = stage.checks.create(stage.repository, check(sha, job="job-1"))
    second = stage.checks.create(stage.repository, check(sha, job="job-1"))
    stage.checks.update(stage.repository, second, check(sha, done=True))
    other = stage.github.add_app("other")
    theirs = GithubApp(
        str(other.id),
        other.private_key,
        stage.github.api_url,
        "",
        stage.clock,
        Limiter(),
    )
    installation = stage.github.install(other, "octo")
    GithubChecks(theirs).create(
        replace(stage.repository, installation=installation.id), check(sha, job="foreign")
    )
    assert len(stage.github.check_runs(sha)) == 3
    assert stage.checks.list(stage.repository, sha) == (
        PostedCheck(first, "job-1", False),
        PostedCheck(second, "job-1", True),
    )
    theirs.close()


def test_a_server_that_does_not_filter_by_app_is_understood_all_the_same(
    raw: RawServer, app: GithubApp
) -> None:
    runs = [
        {"id": 1, "status": "queued", "external_id": "job-1", "app": {"id": 17}},
        {"id": 2, "status": "queued", "external_id": "job-1", "app": {"id": 18}},
        {"id": 3, "status": "completed", "external_id": None, "app": {"id": 17}},
    ]
    path = f"/repos/octo/demo/commits/{'a' * 40}/check-runs"
    raw.on("GET", path, Say(200, {"total_count": 3, "check_runs": runs}))
    found = GithubChecks(app).list(REPOSITORY, "a" * 40)
    assert found == (PostedCheck(1, "job-1", False), PostedCheck(3, "", True))
    assert raw.requests("GET", path)[0].query["app_id"] == "17"


def test_a_list_is_read_to_its_last_page(stage: Stage) -> None:
    sha = stage.repo.head()
    ids = [
        stage.checks.create(stage.repository, check(sha, job=f"job-{number}"))
        for number in range(120)
    ]
    found = stage.checks.list(stage.repository, sha)
    assert [one.id for one in found] == ids
    assert len({one.external_id for one in found}) == 120
    assert len(stage.github.requests("GET", "*/check-runs")) == 2


def test_a_list_may_lag_behind(stage: Stage) -> None:
    """Case 51: what was made just now is not listed everywhere at once."""
    sha = stage.repo.head()
    id = stage.checks.create(stage.repository, check(sha))
    stage.github.fail("stale", "*/check-runs", "GET", seconds=60)
    assert stage.checks.list(stage.repository, sha) == ()
    assert [one.id for one in stage.checks.list(stage.repository, sha)] == [id]


@pytest.mark.parametrize("summary", ["🚢" * 50_000, "é" * 65_535, "x" * 200_000])
def test_a_summary_is_cut_to_githubs_bytes(stage: Stage, summary: str) -> None:
    """Case 39. core/rendering cuts where it reads well; this is the last fence."""
    sha = stage.repo.head()
    stage.checks.create(stage.repository, check(sha, summary=summary))
    kept = shown(stage, sha).output.summary or ""
    assert summary.startswith(kept) and 65_531 < len(kept.encode()) <= 65_535


def test_texts_at_the_limits_are_taken(stage: Stage) -> None:
    sha = stage.repo.head()
    long = Finding("a", 1, 1, Level.FAILURE, "🚢" * 40_000, "t" * 400)
    base = check(sha, long)
    stage.checks.create(stage.repository, replace(base, title="T" * 400, summary=""))
    run = shown(stage, sha)
    (annotation,) = run.output.annotations
    assert len(annotation.message.encode()) <= 64 * 1024
    assert len(annotation.title or "") == len(run.output.title or "") == 255
    assert run.output.summary  # GitHub takes no output without one


def test_half_a_surrogate_pair_does_not_spoil_the_json(stage: Stage) -> None:
    sha = stage.repo.head()
    stage.checks.create(stage.repository, check(sha, summary="caf\udce9"))
    assert shown(stage, sha).output.summary == "caf?"


def test_a_check_run_without_a_page_has_no_link(stage: Stage) -> None:
    sha = stage.repo.head()
    stage.checks.create(stage.repository, replace(check(sha), details_url=""))
    (entry,) = stage.github.requests("POST", "*/check-runs")
    assert "details_url" not in entry.body


def test_a_check_run_that_github_has_deleted_is_gone(stage: Stage) -> None:
    with pytest.raises(Gone):
        stage.checks.update(stage.repository, 404, check(stage.repo.head(), done=True))
    with pytest.raises(Gone):
        stage.checks.annotated(stage.repository, 404)


@given(st.text(st.characters(exclude_categories=()), max_size=60), st.integers(0, 80))
def test_a_cut_text_is_the_beginning_of_the_text_in_whole_characters(text: str, limit: int) -> None:
    kept = cut(text, limit)
    whole = text.encode("utf-8", "replace").decode()
    assert whole.startswith(kept)
    assert len(kept.encode()) <= limit
    following = whole[len(kept) : len(kept) + 1]
    assert not following or len((kept + following).encode()) > limit


def test_buttons_are_sent(stage: Stage) -> None:
    over = replace(check(stage.repo.head(), done=True), actions=(RERUN, CANCEL))
    stage.checks.create(stage.repository, over)
    (entry,) = stage.github.requests("POST", "*/check-runs")
    assert [one["identifier"] for one in (entry.body or {})["actions"]] == [
        "rerun-failed",
        "cancel",
    ]


def test_added_lines_are_read_from_a_comparison(stage: Stage) -> None:
    base = stage.repo.commit({"a.py": "1\n2\n3\n", "gone.py": "1\n"})
    stage.repo.commit(
        {"a.py": "1\ntwo\n3\n4\n", "b/ü.py": "all of it is new\n", "gone.py": None}, branch="topic"
    )
    head = stage.repo.head("topic")
    added = stage.checks.added(stage.repository, base, head)
    assert added is not None
    assert set(added.files) == {
        AddedFile("a.py", ((2, 2), (4, 4))),
        AddedFile("b/ü.py", ((1, 1),)),
    }
    assert stage.checks.added(stage.repository, "master", head) == added


def test_a_comparison_that_is_not_there_or_too_large_tells_nothing(stage: Stage) -> None:
    base = stage.repo.head()
    assert stage.checks.added(stage.repository, base, "b" * 40) is None
    stage.repo.commit({f"f{number}": "x" for number in range(301)}, branch="many")
    assert stage.checks.added(stage.repository, base, stage.repo.head("many")) is None
