"""Source, Checks and Deliveries: GitHub's adapters over HTTP and the fake must be alike."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import pytest
from dishwasher.core.check_run import CANCEL, RERUN
from dishwasher.core.event import Repository
from dishwasher.core.findings import Finding, Level
from dishwasher.core.job import Conclusion
from dishwasher.core.report import Check, Status, smaller
from dishwasher.demo.github import App, Installation, Repo, StandIn
from dishwasher.errors import Ambiguous, Fault, Gone, InfraError, Rejected, Throttled, Unseen
from dishwasher.github import GithubApp, GithubChecks, GithubDeliveries, GithubSource, Limiter
from dishwasher.github.pulls import GithubPulls
from dishwasher.ports import Checks, Comparison, Deliveries, Listing, PostedCheck, Pulls, Source

from tests.fakes.clock import FakeClock
from tests.fakes.forge import FakeForge, ForgePull, Trouble

UNKNOWN = "b" * 40
PATCHES = ("PATCH", "*/check-runs/*")
POSTS = ("POST", "*/check-runs")


class Stage(Protocol):
    """A repository `octo/demo` with one commit on `master`, whatever answers for it."""

    source: Source
    checks: Checks
    deliveries: Deliveries
    repository: Repository

    def commit(self, files: Mapping[str, bytes], branch: str) -> str: ...
    def head(self) -> str: ...
    def shown(self, sha: str) -> list[tuple[str, str, str | None, list[int]]]:
        """External id, status, conclusion and annotated lines of each check run, oldest first."""
        ...

    def trouble(self, trouble: Trouble, verb: str, path: str, operation: str) -> None: ...
    def advance(self, seconds: float) -> None: ...
    def now(self) -> float: ...
    def lose(self) -> str:
        """GitHub fails to deliver something; answers the GUID."""
        ...

    def remove(self) -> None:
        """Delete the repository."""
        ...


@dataclass
class GithubStage:
    github: StandIn
    registered: App
    repo: Repo
    installation: Installation

    def __post_init__(self) -> None:
        self.repository = Repository(
            self.repo.id, "octo", "demo", "master", True, self.installation.id
        )
        self.app = GithubApp(
            str(self.registered.id),
            self.registered.private_key,
            self.github.api_url,
            self.github.url,
            self,
            Limiter(),
        )
        self.source: Source = GithubSource(self.app)
        self.checks: Checks = GithubChecks(self.app)
        self.deliveries: Deliveries = GithubDeliveries(self.app)
        self.pulls: Pulls = GithubPulls(self.app)
        self._secrets = itertools.count()

    def commit(self, files: Mapping[str, bytes], branch: str) -> str:
        return self.repo.commit(dict(files), branch=branch)

    def open_pull(self, branch: str) -> int:
        return self.repo.open_pull(branch).number

    def close_pull(self, number: int) -> None:
        self.repo.close(number)

    def fork_pull(self, branch: str) -> int:
        """From the branch of that name of somebody's fork."""
        fork = self.repo.fork("stranger")
        fork.commit({"forked": "1"}, branch=branch)
        return self.repo.open_pull(branch, fork=fork).number

    def head(self) -> str:
        return self.repo.head()

    def shown(self, sha: str) -> list[tuple[str, str, str | None, list[int]]]:
        return [
            (
                run.external_id,
                run.status,
                run.conclusion,
                [annotation.start_line for annotation in run.output.annotations],
            )
            for run in self.github.check_runs(sha)
        ]

    def trouble(self, trouble: Trouble, verb: str, path: str, operation: str) -> None:
        kinds = {
            Trouble.BEFORE: "502-before",
            Trouble.AFTER: "timeout-after",
            Trouble.THROTTLED: "403-secondary",
            Trouble.STALE: "stale",
        }
        self.github.fail(kinds[trouble], path, verb)

    def advance(self, seconds: float) -> None:
        self.github.clock.advance(seconds)

    def now(self) -> float:
        return self.github.clock.now()

    def secret(self) -> str:
        return f"secret-{next(self._secrets)}"

    def lose(self) -> str:
        self.github.set_webhook(self.registered, "http://127.0.0.1:1/nobody-listens")
        self.repo.commit({"lost": "1"}, branch="lost")
        self.github.wait_idle()
        (lost,) = self.github.deliveries("push")
        return lost.guid

    def remove(self) -> None:
        self.repo.delete()


class FakeStage:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.forge = FakeForge(self.clock)
        self.repository = Repository(5, "octo", "demo", "master", True, 99)
        self.source: Source = self.forge
        self.checks: Checks = self.forge
        self.deliveries: Deliveries = self.forge
        self.pulls: Pulls = self.forge
        self.forge.commit(self.repository, {"config": b"first"}, "master")

    def commit(self, files: Mapping[str, bytes], branch: str) -> str:
        there = self.forge.repositories[self.repository.id]
        head = there.branches.get(branch) or there.branches["master"]
        whole = there.files[head] | dict(files)
        return self.forge.commit(self.repository, whole, branch, (head,))

    def open_pull(self, branch: str) -> int:
        return self._open(branch, self.forge.repositories[5].branches[branch])

    def close_pull(self, number: int) -> None:
        self.forge.repositories[5].pulls[number].is_open = False

    def fork_pull(self, branch: str) -> int:
        head = self.forge.commit(self.repository, {"forked": b"1"}, None, (self.head(),))
        return self._open(branch, head, is_fork=True)

    def _open(self, branch: str, head: str, *, is_fork: bool = False) -> int:
        pulls = self.forge.repositories[5].pulls
        number, now = len(pulls) + 1, self.clock.now()
        base = self.head()
        pulls[number] = ForgePull(branch, head, base, "master", updated=now, is_fork=is_fork)
        return number

    def head(self) -> str:
        return self.forge.repositories[self.repository.id].branches["master"]

    def shown(self, sha: str) -> list[tuple[str, str, str | None, list[int]]]:
        return [
            (
                run.shown.external_id,
                run.shown.status,
                run.shown.conclusion,
                [finding.start_line for finding in run.annotations],
            )
            for run in self.forge.runs_of(self.repository, sha)
        ]

    def trouble(self, trouble: Trouble, verb: str, path: str, operation: str) -> None:
        self.forge.plan(operation, trouble)

    def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)

    def now(self) -> float:
        return self.clock.now()

    def lose(self) -> str:
        guid = self.clock.secret()
        self.forge.deliver(guid, arrived=False)
        return guid

    def remove(self) -> None:
        self.forge.remove(self.repository)


@pytest.fixture(params=["fake", "github"])
def stage(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    if request.param == "fake":
        yield FakeStage()
        return
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "127.0.0.1")
    with StandIn() as github:
        registered = github.add_app()
        repo = github.add_repo("octo/demo", {"config": b"first"})
        installation = github.install(registered, "octo")
        github.wait_idle()
        made = GithubStage(github, registered, repo, installation)
        yield made
        made.app.close()
        assert github.violations == []


def check(sha: str, *lines: int, done: bool = False, job: str = "job-1") -> Check:
    return Check(
        name="dishwasher / lint",
        head_sha=sha,
        external_id=job,
        details_url="https://ci.example.test/jobs/1",
        status=Status.COMPLETED if done else Status.QUEUED,
        title="Passed" if done else "Queued",
        summary="Fine.",
        conclusion=Conclusion.SUCCESS if done else None,
        annotations=tuple(Finding("a.py", line, line, Level.WARNING, "too long") for line in lines),
        started_at=1_750_000_000.0,
        completed_at=1_750_000_009.0 if done else 0.0,
    )


def test_files_are_those_of_their_commit(stage: Stage) -> None:
    old = stage.head()
    new = stage.commit({"config": b"second"}, "master")
    assert stage.source.file(stage.repository, "config", old) == b"first"
    assert stage.source.file(stage.repository, "config", new) == b"second"
    assert stage.source.file(stage.repository, "other", new) is None
    with pytest.raises(Unseen):
        stage.source.file(stage.repository, "config", UNKNOWN)


def test_every_file_of_a_commit_is_listed(stage: Stage) -> None:
    old = stage.head()
    new = stage.commit({"app/ü/views.py": b"1", "app.py": b""}, "master")
    assert stage.source.files(stage.repository, old) == Listing(frozenset({"config"}))
    assert stage.source.files(stage.repository, new) == Listing(
        frozenset({"config", "app/ü/views.py", "app.py"})
    )
    with pytest.raises(Unseen):
        stage.source.files(stage.repository, UNKNOWN)


def test_branches_stand_at_commits(stage: Stage) -> None:
    sha = stage.commit({"a": b"1"}, "feature/x")
    assert stage.source.branch_sha(stage.repository, "feature/x") == sha
    assert stage.source.branch_sha(stage.repository, "feature") is None


def test_commits_relate(stage: Stage) -> None:
    base = stage.head()
    one = stage.commit({"a": b"1"}, "one")
    two = stage.commit({"b": b"2"}, "two")
    compare = stage.source.compare
    assert compare(stage.repository, base, one) == Comparison("ahead", base)
    assert compare(stage.repository, one, base) == Comparison("behind", base)
    assert compare(stage.repository, one, two) == Comparison("diverged", base)
    assert compare(stage.repository, one, one) == Comparison("identical", one)
    assert compare(stage.repository, one, UNKNOWN) is None


def test_a_comparison_tells_what_has_changed_when_it_is_asked(stage: Stage) -> None:
    base = stage.head()
    one = stage.commit({"a/b": b"1", "config": b"second"}, "one")
    two = stage.commit({"c": b"2"}, "two")
    compare = stage.source.compare

    def changed(left: str, right: str) -> set[str] | None:
        found = compare(stage.repository, left, right, paths=True)
        assert found is not None
        return None if found.paths is None else set(found.paths)

    assert changed(base, one) == {"a/b", "config"}
    # From where the two parted, whatever the other has changed meanwhile.
    assert changed(two, one) == {"a/b", "config"}
    assert changed(one, base) == changed(one, one) == set()


def test_more_changes_than_are_listed_are_not_known(stage: Stage) -> None:
    base = stage.head()
    many = stage.commit({f"f{number}": b"x" for number in range(301)}, "many")
    found = stage.source.compare(stage.repository, base, many, paths=True)
    assert found == Comparison("ahead", base, None)


def test_clone_tokens_are_new_each_time_and_revoked_once_or_twice(stage: Stage) -> None:
    first, second = (stage.source.clone_token(stage.repository) for _ in range(2))
    assert first != second
    stage.source.revoke(first)
    stage.source.revoke(first)


def test_clone_urls_name_the_repository(stage: Stage) -> None:
    assert stage.source.clone_url(stage.repository).endswith("/octo/demo.git")


def test_a_check_run_is_opened_changed_and_concluded(stage: Stage) -> None:
    sha = stage.head()
    id = stage.checks.create(stage.repository, check(sha))
    assert stage.shown(sha) == [("job-1", "queued", None, [])]
    running = replace(check(sha), status=Status.IN_PROGRESS)
    stage.checks.update(stage.repository, id, running)
    stage.checks.update(stage.repository, id, check(sha, 1, 2, done=True))
    stage.checks.update(stage.repository, id, check(sha, 3, done=True))
    assert stage.shown(sha) == [("job-1", "completed", "success", [1, 2, 3])]
    assert stage.checks.annotated(stage.repository, id) == 3


def test_a_bare_verdict_is_taken(stage: Stage) -> None:
    sha = stage.head()
    _, bare = smaller(check(sha, done=True))
    id = stage.checks.create(stage.repository, replace(check(sha), status=Status.IN_PROGRESS))
    stage.checks.update(stage.repository, id, bare)
    stage.checks.create(stage.repository, replace(bare, external_id="job-2"))
    assert stage.shown(sha) == [
        ("job-1", "completed", "success", []),
        ("job-2", "completed", "success", []),
    ]


def test_a_check_run_has_its_buttons(stage: Stage) -> None:
    sha = stage.head()
    id = stage.checks.create(stage.repository, check(sha))
    over = replace(check(sha, done=True), actions=(RERUN, CANCEL))
    stage.checks.update(stage.repository, id, over)
    assert stage.shown(sha) == [("job-1", "completed", "success", [])]


def test_the_list_holds_every_run_with_its_job(stage: Stage) -> None:
    sha = stage.head()
    assert stage.checks.list(stage.repository, sha) == ()
    one = stage.checks.create(stage.repository, check(sha))
    two = stage.checks.create(stage.repository, check(sha, done=True))
    three = stage.checks.create(stage.repository, check(sha, job="job-2"))
    assert stage.checks.list(stage.repository, sha) == (
        PostedCheck(one, "job-1", False),
        PostedCheck(two, "job-1", True),
        PostedCheck(three, "job-2", False),
    )


def test_a_commit_that_is_not_there_takes_no_check_run(stage: Stage) -> None:
    with pytest.raises(Unseen):
        stage.checks.create(stage.repository, check(UNKNOWN))


@pytest.mark.parametrize("trouble", [Trouble.BEFORE, Trouble.AFTER])
def test_a_lost_answer_to_create_is_ambiguous(stage: Stage, trouble: Trouble) -> None:
    sha = stage.head()
    stage.trouble(trouble, *POSTS, "create")
    with pytest.raises(Ambiguous):
        stage.checks.create(stage.repository, check(sha))
    assert len(stage.shown(sha)) == (trouble is Trouble.AFTER)
    assert len(stage.checks.list(stage.repository, sha)) == (trouble is Trouble.AFTER)


@pytest.mark.parametrize("trouble", [Trouble.BEFORE, Trouble.AFTER])
@pytest.mark.parametrize(("lines", "kind"), [((), InfraError), ((7,), Ambiguous)])
def test_a_lost_answer_to_update_is_ambiguous_if_it_annotates(
    stage: Stage, trouble: Trouble, lines: tuple[int, ...], kind: type[Fault]
) -> None:
    sha = stage.head()
    id = stage.checks.create(stage.repository, check(sha))
    stage.trouble(trouble, *PATCHES, "update")
    with pytest.raises(InfraError) as caught:
        stage.checks.update(stage.repository, id, check(sha, *lines, done=True))
    assert type(caught.value) is kind
    happened = trouble is Trouble.AFTER
    assert (stage.shown(sha)[0][1] == "completed") == happened
    assert stage.checks.annotated(stage.repository, id) == (len(lines) if happened else 0)


def test_a_limit_says_when_and_nothing_has_happened(stage: Stage) -> None:
    sha = stage.head()
    stage.trouble(Trouble.THROTTLED, *POSTS, "create")
    with pytest.raises(Throttled) as caught:
        stage.checks.create(stage.repository, check(sha))
    assert 55 < caught.value.retry_at - stage.now() <= 61
    assert stage.shown(sha) == []
    stage.advance(62)
    assert stage.checks.create(stage.repository, check(sha)) > 0


def test_a_stale_list_lacks_what_is_new(stage: Stage) -> None:
    sha = stage.head()
    id = stage.checks.create(stage.repository, check(sha))
    stage.trouble(Trouble.STALE, "GET", "*/check-runs", "list")
    assert stage.checks.list(stage.repository, sha) == ()
    assert [found.id for found in stage.checks.list(stage.repository, sha)] == [id]


def test_there_is_room_at_first(stage: Stage) -> None:
    assert stage.checks.has_room(stage.repository)


def test_a_check_run_that_is_not_there_is_gone(stage: Stage) -> None:
    with pytest.raises(Gone):
        stage.checks.update(stage.repository, 12345, check(stage.head()))
    with pytest.raises(Gone):
        stage.checks.annotated(stage.repository, 12345)


def test_a_deleted_repository_is_gone_for_every_call(stage: Stage) -> None:
    sha = stage.head()
    id = stage.checks.create(stage.repository, check(sha))
    stage.remove()
    stage.advance(3600)
    for call in (
        lambda: stage.source.file(stage.repository, "config", sha),
        lambda: stage.source.branch_sha(stage.repository, "master"),
        lambda: stage.checks.create(stage.repository, check(sha)),
        lambda: stage.checks.update(stage.repository, id, check(sha)),
        lambda: stage.checks.list(stage.repository, sha),
        lambda: stage.checks.annotated(stage.repository, id),
    ):
        with pytest.raises(Gone):
            call()


def test_lost_deliveries_are_listed_and_asked_for_again(stage: Stage) -> None:
    since = stage.now() - 1
    guid = stage.lose()
    (failed,) = [one for one in stage.deliveries.failed(since) if one.guid == guid]
    stage.deliveries.redeliver(failed.id)
    assert stage.deliveries.failed(stage.now() + 60) == ()
    with pytest.raises(Gone):
        stage.deliveries.redeliver(1_000_000_000)


# What the fake alone can be asked


@pytest.mark.parametrize(
    ("trouble", "kind"),
    [
        (Trouble.UNSENT, InfraError),
        (Trouble.REJECTED, Rejected),
        (Trouble.UNSEEN, Unseen),
        (Trouble.GONE, Gone),
        (Trouble.THROTTLED, Throttled),
    ],
)
def test_the_fake_can_be_in_any_trouble_without_effect(trouble: Trouble, kind: type[Fault]) -> None:
    stage = FakeStage()
    stage.forge.plan("create", trouble)
    with pytest.raises(kind) as caught:
        stage.checks.create(stage.repository, check(stage.head()))
    assert type(caught.value) is kind
    assert stage.forge.runs == {}
    assert stage.checks.create(stage.repository, check(stage.head())) in stage.forge.runs


@pytest.mark.parametrize(
    "wrong",
    [
        replace(check("", done=True), conclusion=None),
        check("", *range(1, 52)),
        replace(check(""), summary="é" * 40_000),
    ],
)
def test_the_fake_rejects_what_github_rejects(wrong: Check) -> None:
    stage = FakeStage()
    with pytest.raises(Rejected):
        stage.checks.create(stage.repository, replace(wrong, head_sha=stage.head()))


def test_the_fake_knows_which_tokens_are_valid_and_what_to_deliver() -> None:
    stage = FakeStage()
    token = stage.source.clone_token(stage.repository)
    assert stage.forge.tokens == {token: stage.repository.id}
    stage.source.revoke(token)
    assert stage.forge.tokens == {}
    guid = stage.lose()
    (failed,) = stage.deliveries.failed(0)
    stage.deliveries.redeliver(failed.id)
    assert list(stage.forge.redelivered) == [guid]
    stage.forge.deliver(guid, arrived=True)
    assert stage.deliveries.failed(0) == ()
