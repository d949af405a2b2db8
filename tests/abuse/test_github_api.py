"""Cases 47 to 51: GitHub fails, limits, forgets and lags behind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from dishwasher.core.annotation import MAX_ANNOTATIONS
from dishwasher.demo.github import CheckRun, Repo
from dishwasher.demo.github.journal import Entry

from tests.e2e.gate import Gate
from tests.e2e.world import World

CONFIG = 'checks: {quick: "true"}\n'
LOST_ANSWERS = ["timeout-after", "502-after", "broken-json", "empty"]
FINDINGS = 120
UNREADABLE = [
    ("html-502", "GET", "/repos/{name}/contents/*"),
    ("broken-json", "GET", "/repos/{name}/contents/*"),
    ("empty", "GET", "/repos/{name}/contents/*"),
    ("timeout-before", "GET", "/repos/{name}/contents/*"),
    ("html-502", "POST", "/app/installations/{id}/access_tokens"),
    ("broken-json", "POST", "/app/installations/{id}/access_tokens"),
    ("empty", "POST", "/app/installations/{id}/access_tokens"),
    ("html-502", "POST", "/repos/{name}/check-runs"),
    ("timeout-before", "POST", "/repos/{name}/check-runs"),
    ("html-502", "PATCH", "/repos/{name}/check-runs/*"),
    ("broken-json", "PATCH", "/repos/{name}/check-runs/*"),
]


def runs_of(repo: Repo) -> str:
    """The path of check runs, as faults and the journal know it."""
    return f"/repos/{repo.full_name}/check-runs"


def calls(world: World, repo: Repo) -> list[Entry]:
    """Every call to the API for this repository's installation."""
    owner = world.owners[repo.id]
    tokens = f"/app/installations/{world.installation(repo).id}/access_tokens"
    return sorted(
        (
            *world.github.requests(path=f"/repos/{owner}/*"),
            *world.github.requests(path=f"/repositories/{repo.id}*"),
            *world.github.requests(path=tokens),
        ),
        key=lambda entry: entry.at,
    )


def gated(world: World) -> tuple[Repo, Gate, CheckRun]:
    """A repository whose job runs, as GitHub shows, and waits at a gate."""
    gate = world.gate()
    repo = world.repo(f"checks: {{slow: '{gate.script}'}}\n")
    sha = repo.commit({"n.txt": "1"})
    gate.wait()

    def running() -> CheckRun | None:
        return next((run for run in repo.check_runs(sha) if run.status == "in_progress"), None)

    run = world.github.wait_for(running, what="a check run in progress")
    assert run is not None
    world.wait_settled(sha)
    return repo, gate, run


@contextmanager
def unseen(repo: Repo, sha: str) -> Iterator[None]:
    """The commit is on its way between GitHub's machines: no answer knows it yet."""
    place = repo.git.folder / "objects" / sha[:2] / sha[2:]
    hidden = place.with_suffix(".hidden")
    place.rename(hidden)
    # The process that reads objects remembers those that it has read.
    repo.git.objects.close()
    try:
        yield
    finally:
        hidden.rename(place)


Pushed = dict[str, tuple[Repo, str]]
"""A repository and its pushed commit, by what happens to it."""

# A report that failed is tried again after five seconds, so these begin all at once; the tests
# look at how they end.


@pytest.fixture(scope="module", autouse=True)
def unanswered(world: World) -> Pushed:
    """GitHub makes the check run, and its answer is lost."""
    pushed = {}
    for kind in LOST_ANSWERS:
        repo = world.repo(CONFIG)
        world.github.fail(kind, runs_of(repo), "POST")
        pushed[kind] = repo, repo.commit({"n.txt": "1"})
    return pushed


@pytest.fixture(scope="module", autouse=True)
def half_annotated(world: World) -> Pushed:
    """GitHub takes annotations, and its answer is lost: to the first fifty, or a later page."""
    lines = "".join(f"app.py:{line}:1: E501 too long\n" for line in range(1, FINDINGS + 1))
    config = 'checks: {lint: {run: "cat output; exit 1", annotate: flake8}}\n'
    pushed = {}
    for number, kind in enumerate(LOST_ANSWERS):
        repo = world.repo(config, {"app.py": "", "output": lines})
        world.github.fail(kind, f"{runs_of(repo)}/*", "PATCH", after=number % 3)
        pushed[kind] = repo, repo.commit({"app.py": "long\n" * FINDINGS})
    return pushed


@pytest.fixture(scope="module", autouse=True)
def unreadable(world: World) -> list[tuple[str, str, str, str]]:
    """(commit, fault, method, path): twice GitHub gives no answer that can be read."""
    pushed = []
    for kind, method, pattern in UNREADABLE:
        repo = world.repo(CONFIG)
        path = pattern.format(name=repo.full_name, id=world.installation(repo).id)
        world.github.fail(kind, path, method, times=2)
        pushed.append((repo.commit({"n.txt": "1"}), kind, method, path))
    return pushed


@pytest.fixture(scope="module", autouse=True)
def doubled(world: World) -> tuple[Repo, str]:
    """The answer to the making of a check run is lost, and the list does not show it yet."""
    repo = world.repo(CONFIG)
    world.github.fail("timeout-after", runs_of(repo), "POST")
    world.github.fail("stale", f"/repos/{repo.full_name}/commits/*/check-runs", "GET", seconds=60)
    return repo, repo.commit({"n.txt": "1"})


@pytest.fixture(scope="module", autouse=True)
def refused(world: World) -> tuple[Repo, str]:
    """GitHub shows the commit's files before it takes a check run for it."""
    repo = world.repo(CONFIG)
    contents = f"/repos/{repo.full_name}/contents/*"
    world.github.fail("delay", runs_of(repo), "POST", seconds=0.5)
    sha = repo.commit({"n.txt": "1"})
    world.github.wait_for(lambda: world.github.requests("GET", contents), what="a look")
    with unseen(repo, sha):
        world.github.wait_for(
            lambda: world.github.requests("POST", runs_of(repo), status=422), what="a refusal"
        )
    return repo, sha


def test_case_47_a_check_run_whose_making_had_no_answer_is_made_once(
    world: World, unanswered: Pushed
) -> None:
    for kind, (repo, sha) in unanswered.items():
        assert world.concluded(sha)["quick"].conclusion == "success", kind
        assert len(world.github.requests("POST", runs_of(repo))) == 1
        # It was looked for before it would have been made again.
        assert world.github.requests("GET", f"/repos/{repo.full_name}/commits/*/check-runs")


def test_case_47_annotations_whose_sending_had_no_answer_are_not_doubled(
    world: World, half_annotated: Pushed
) -> None:
    assert FINDINGS < MAX_ANNOTATIONS

    def annotated(sha: str) -> bool:
        return any(
            run.conclusion and len(run.output.annotations) >= FINDINGS
            for run in world.github.check_runs(sha)
        )

    for kind, (repo, sha) in half_annotated.items():
        world.github.wait_for(lambda sha=sha: annotated(sha), what=f"all annotations ({kind})")
        world.wait_settled(sha)
        assert [
            entry for entry in world.github.requests("PATCH", f"{runs_of(repo)}/*") if entry.fault
        ]
        notes = world.concluded(sha)["lint"].output.annotations
        assert sorted(note.start_line for note in notes) == list(range(1, FINDINGS + 1)), kind


def test_case_48_a_limit_holds_every_call_until_its_time_and_no_worker(world: World) -> None:
    limits = {"403-secondary": 2.0, "429": 2.0, "403-primary": 3.0}
    paused = []
    for kind, seconds in limits.items():
        repo, gate, run = gated(world)
        world.github.fail(kind, f"{runs_of(repo)}/*", "PATCH", seconds=seconds)
        gate.open()
        paused.append((kind, repo, run))
        world.github.wait_for(lambda repo=repo: refusal(world, repo), what="the refusal")
        # The verdict is stored, whatever GitHub says.
        (job,) = world.table.jobs(run.head_sha)
        assert job["reason"] == "ok"
    # With more installations paused than there are workers, another one is served at once.
    free = world.repo(CONFIG)
    assert world.build(free)["quick"].conclusion == "success"
    for kind, repo, run in paused:
        assert world.concluded(run.head_sha)["slow"].conclusion == "success"
        refused = refusal(world, repo)
        assert refused is not None
        # The reset is told in whole seconds, and so may be up to one earlier.
        until = refused.at + limits[kind] - (1 if kind == "403-primary" else 0.1)
        world.wait_settled(run.head_sha)
        after = [entry for entry in calls(world, repo) if entry.at > refused.at]
        assert after[0].at >= until, f"{kind}: {after[0].method} {after[0].path}"
        assert after[0].body["conclusion"] == "success"


def refusal(world: World, repo: Repo) -> Entry | None:
    refused = [
        entry
        for entry in world.github.requests("PATCH", f"{runs_of(repo)}/*")
        if entry.status in (403, 429)
    ]
    return refused[0] if refused else None


def test_case_49_a_token_that_is_refused_is_replaced_once(world: World) -> None:
    repo, gate, run = gated(world)
    before = len(calls(world, repo))
    world.github.fail("401", f"{runs_of(repo)}/*", "PATCH")
    gate.open()
    assert world.concluded(run.head_sha)["slow"].conclusion == "success"
    world.wait_settled(run.head_sha)
    more = [(entry.method, entry.status) for entry in calls(world, repo)[before:]]
    assert more == [("PATCH", 401), ("POST", 201), ("PATCH", 200)]


def put_back(world: World, repo: Repo, end: str) -> None:
    """What has ended begins again."""
    if end == "suspended":
        world.github.suspend(world.installation(repo), False)
    elif end == "taken out":
        world.github.choose(world.installation(repo), [repo])
    else:
        world.github.install(world.app, world.owners[repo.id])


@pytest.mark.parametrize("end", ["suspended", "taken out", "uninstalled"])
def test_case_49_an_open_check_is_concluded_when_the_app_is_let_in_again(
    world: World, end: str
) -> None:
    repo, gate, run = gated(world)
    before = len(calls(world, repo))
    if end == "suspended":
        world.github.suspend(world.installation(repo))
    elif end == "taken out":
        world.github.choose(world.installation(repo), [])
    else:
        world.github.uninstall(world.installation(repo))
    gate.open()
    world.table.wait(lambda: all(map(ended, world.table.jobs(run.head_sha))), "the job's end")
    world.table.wait(
        lambda: world.table.row("report", f"{repo.id}/{run.head_sha}").get("away"), "the wait"
    )
    world.wait_settled(run.head_sha)
    assert len(calls(world, repo)) - before <= 5
    assert repo.check_runs(run.head_sha)[0].conclusion is None
    put_back(world, repo, end)
    # By the event alone: nobody need wait for a look.
    assert set(world.concluded(run.head_sha)) == {"slow"}
    assert repo.check_runs(run.head_sha)[0].id == run.id


def ended(job: dict[str, object]) -> bool:
    return job["state"] == "concluded"


def test_case_49_what_was_called_off_is_built_when_the_app_is_let_in_again(world: World) -> None:
    gate = world.gate()
    repo = world.repo(f"checks: {{slow: '{gate.script}', after: {{run: 'true', needs: slow}}}}\n")
    sha = repo.commit({"n.txt": "1"})
    gate.wait()
    installation = world.installation(repo)
    world.github.suspend(installation)
    world.table.wait(
        lambda: world.table.row("access", f"{installation.id}/0")["right"] == "suspended", "word"
    )
    gate.open()
    world.table.wait(lambda: all(map(ended, world.table.jobs(sha))), "the end of both")
    world.github.suspend(installation, False)
    shown = {name: run.conclusion for name, run in world.concluded(sha, 2).items()}
    assert shown == {"slow": "success", "after": "cancelled"}
    # The look at heads is every five minutes, and at each start.
    world.bot.stop()
    world.bot.start()
    gate.wait()
    gate.open()
    runs = world.github.wait_concluded(sha, at_least=4)
    assert [run.conclusion for run in runs[2:]] == ["success", "success"]


def test_case_49_a_transfer_is_followed_to_its_new_owner(world: World) -> None:
    repo, gate, run = gated(world)
    world.github.add_user("buyer")
    world.github.install(world.app, "buyer")
    repo.transfer("buyer")
    gate.open()
    assert world.concluded(run.head_sha)["slow"].conclusion == "success"
    sha = repo.commit({"n.txt": "2"})
    assert gate.wait() == sha
    gate.open()
    assert world.concluded(sha)["slow"].conclusion == "success"


@pytest.mark.parametrize("end", ["uninstalled", "deleted"])
def test_case_49_what_is_gone_ends_the_job_here_and_is_left_alone(world: World, end: str) -> None:
    repo, gate, run = gated(world)
    before = len(calls(world, repo))
    if end == "uninstalled":
        world.github.uninstall(world.installation(repo))
    else:
        repo.delete()
    gate.open()
    # Stored, and nobody has to look at it any more.
    (job,) = world.table.wait(
        lambda: [job for job in world.table.jobs(run.head_sha) if over(job)], "the job's end"
    )
    assert job["reason"] == "ok"
    world.wait_settled(run.head_sha)
    # The call, a new token, a look whether it has moved; then silence.
    assert len(calls(world, repo)) - before <= 4
    assert world.build(world.repo(CONFIG))["quick"].conclusion == "success"


FOR_THE_LIST = {"permissions": {"metadata": "read"}}
"""What the look for missed heads asks for, once a minute and whatever else happens."""


def over(job: dict[str, object]) -> bool:
    return job["state"] == "concluded" and not job["deadline"]


def test_case_49_a_rename_is_followed_once(world: World) -> None:
    repo, gate, run = gated(world)
    old = repo.full_name
    before = len(world.github.requests(path=f"/repos/{old}/*"))
    # Nobody tells of it in time: the answer alone does.
    world.github.hooks.hold()
    repo.rename("renamed")
    gate.open()
    assert world.concluded(run.head_sha)["slow"].conclusion == "success"
    world.github.hooks.release()
    sha = repo.commit({"n.txt": "2"})
    assert gate.wait() == sha
    gate.open()
    assert world.concluded(sha)["slow"].conclusion == "success"
    assert len(world.github.requests(path=f"/repos/{old}/*")) - before == 1


def test_case_50_answers_that_are_none_delay_and_change_nothing(
    world: World, unreadable: list[tuple[str, str, str, str]]
) -> None:
    for sha, kind, method, path in unreadable:
        assert world.concluded(sha)["quick"].conclusion == "success", (kind, path)
        (job,) = world.table.jobs(sha)
        assert job["attempt"] <= 2
        # Two that failed and what was wanted from the beginning: no storm.
        requests = world.github.requests(method, path)
        asked = [entry for entry in requests if entry.body != FOR_THE_LIST]
        assert len([entry for entry in asked if entry.fault]) == 2
        assert len(asked) <= 6, [(entry.fault, entry.body) for entry in asked]


def test_case_50_a_check_run_that_takes_no_word_any_more_is_followed_by_a_new_one(
    world: World,
) -> None:
    """422 for ever; GitHub and its required checks look at the last check run of a name."""
    repo, gate, stuck = gated(world)
    world.github.fail("422", f"{runs_of(repo)}/{stuck.id}", "PATCH", times=99)
    gate.open()
    sha = stuck.head_sha
    world.github.wait_for(lambda: len(repo.check_runs(sha)) == 2, what="a new check run")
    assert [run.conclusion for run in repo.check_runs(sha)][1] == "success"
    assert repo.check_runs(sha)[0].conclusion is None
    world.github.faults.clear()


def test_case_50_one_refusal_makes_no_second_check_run(world: World) -> None:
    repo, gate, run = gated(world)
    world.github.fail("403", f"{runs_of(repo)}/{run.id}", "PATCH")
    gate.open()
    assert world.github.wait_for(lambda: world.github.faults.left() == 0, what="the refusal")
    world.github.wait_idle()
    assert len(repo.check_runs(run.head_sha)) == 1


def test_case_51_a_commit_that_github_does_not_show_yet_is_waited_for(world: World) -> None:
    repo = world.repo(CONFIG)
    contents = f"/repos/{repo.full_name}/contents/*"
    world.github.hooks.hold()
    sha = repo.commit({"n.txt": "1"})
    with unseen(repo, sha):
        world.github.hooks.release()
        missed = world.github.wait_for(
            lambda: world.github.requests("GET", contents, status=404), what="a look too early"
        )
    assert missed
    assert world.concluded(sha)["quick"].conclusion == "success"


def test_case_51_a_commit_that_takes_no_check_run_yet_is_waited_for(
    world: World, refused: tuple[Repo, str]
) -> None:
    repo, sha = refused
    assert world.concluded(sha)["quick"].conclusion == "success"
    assert world.github.requests("POST", runs_of(repo), status=422)


def test_case_51_a_double_that_a_stale_list_has_caused_is_swept_up(
    world: World, doubled: tuple[Repo, str]
) -> None:
    repo, sha = doubled

    def made_twice() -> bool:
        return sorted(str(run.conclusion) for run in repo.check_runs(sha)) == ["None", "success"]

    world.github.wait_for(made_twice, what="a second check run, concluded, beside the first")
    world.wait_settled(sha)
    # Half a minute later.
    world.table.age("report", f"{repo.id}/{sha}", sweep=1.0, due=1.0)
    runs = world.github.wait_concluded(sha, at_least=2)
    assert [run.conclusion for run in runs] == ["success", "success"]
    world.table.wait(
        lambda: world.table.row("report", f"{repo.id}/{sha}")["sweep"] == 0.0, "the sweep's end"
    )
