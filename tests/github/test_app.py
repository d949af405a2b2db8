"""Cases 48 to 50 of the fault list: limits, lost access, and answers that are none."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from dishwasher.core.event import Repository
from dishwasher.demo.github import StandIn
from dishwasher.errors import Ambiguous, Gone, InfraError, Rejected, Throttled
from dishwasher.github import GithubApp, GithubChecks, GithubSource, Limiter
from dishwasher.github.answer import Missing
from dishwasher.github.client import Call

from tests.fakes.clock import NOON, FakeClock
from tests.github.conftest import REPOSITORY, TOKEN, TOKENS, Stage, check, pem, set_up
from tests.github.raw import Asked, HangUp, RawServer, Say

READ = Call("GET", "/thing")
PATH = "/repos/octo/demo/thing"
ACCESSIBLE = "/installation/repositories"


# Tokens


def test_one_token_serves_all_calls_until_shortly_before_its_end(stage: Stage) -> None:
    for _ in range(3):
        stage.source.branch_sha(stage.repository, "master")
    # The stand-in's clock goes on as well, on a slow machine by seconds.
    stage.github.clock.advance(3600 - 300 - 60)
    stage.source.branch_sha(stage.repository, "master")
    assert len(stage.github.requests("POST", "*/access_tokens")) == 1
    stage.github.clock.advance(60)
    stage.source.branch_sha(stage.repository, "master")
    assert len(stage.github.requests("POST", "*/access_tokens")) == 2
    assert stage.github.requests(status=401) == []


def test_a_token_is_narrowed_to_the_repository_and_its_purpose(stage: Stage) -> None:
    stage.source.branch_sha(stage.repository, "master")
    stage.source.clone_token(stage.repository)
    stage.checks.create(stage.repository, check(stage.repo.head()))
    stage.app.call(stage.repository, Call("GET", "/deployments"))
    bodies = [entry.body for entry in stage.github.requests("POST", "*/access_tokens")]
    assert [body["repository_ids"] for body in bodies] == [[stage.repository.id]] * 4
    read, clone, report, deploy = [body["permissions"] for body in bodies]
    assert read == {"contents": "read", "metadata": "read", "pull_requests": "read"}
    assert clone == {"contents": "read", "metadata": "read"}
    assert report["checks"] == "write" and "contents" not in report
    assert deploy == {"deployments": "write", "metadata": "read"}


def test_tokens_are_given_back_when_they_are_not_needed_any_more(stage: Stage) -> None:
    stage.source.branch_sha(stage.repository, "master")
    stage.checks.create(stage.repository, check(stage.repo.head()))
    stage.app.give_back(5.0)
    assert len(stage.github.requests("DELETE", "/installation/token")) == 2
    assert stage.github.world.tokens == {}
    stage.app.give_back(5.0)
    assert len(stage.github.requests("DELETE", "/installation/token")) == 2


def test_a_github_that_is_silent_does_not_hold_up_the_end(raw: RawServer, app: GithubApp) -> None:
    asked, answer = threading.Event(), threading.Event()

    def silent(_: Asked) -> Say:
        asked.set()
        answer.wait()
        return Say(204)

    raw.on("GET", PATH, Say(200, {}))
    app.call(REPOSITORY, READ)
    raw.on("DELETE", "/installation/token", silent)
    app.give_back(0.1)
    assert asked.is_set()
    answer.set()


def test_permissions_that_wait_to_be_accepted_stop_nothing_else(stage: Stage) -> None:
    """An owner who installed an older Dishwasher has accepted what that one needed."""
    old = {"contents": "read", "checks": "write"}
    stage.github.install(stage.registered, "octo", permissions=old)
    other = stage.github.add_app("older", permissions=old)
    installation = stage.github.install(other, "octo")
    own = set_up(stage.github, other, stage.repo, installation)
    sha = stage.repo.head()
    assert own.source.branch_sha(own.repository, "master") == sha
    assert own.checks.create(own.repository, check(sha)) > 0
    minted = [
        (entry.status, entry.body["permissions"])
        for entry in stage.github.requests("POST", f"*/{installation.id}/access_tokens")
    ]
    assert [status for status, _ in minted] == [422, 201, 422, 201]
    assert minted[3][1] == {"checks": "write", "metadata": "read"}
    with pytest.raises(Gone, match="permissions requested are not granted"):
        own.app.call(own.repository, Call("GET", "/deployments"))
    own.app.close()


def test_repositories_do_not_share_a_token(stage: Stage) -> None:
    other = stage.github.add_repo("octo/other", {"a": "1"})
    second = replace(stage.repository, id=other.id, name="other")
    assert stage.source.branch_sha(stage.repository, "master") == stage.repo.head()
    assert stage.source.branch_sha(second, "master") == other.head()
    assert len(stage.github.requests("POST", "*/access_tokens")) == 2


def test_threads_that_need_the_same_token_mint_one(stage: Stage) -> None:
    together = threading.Barrier(6)
    found: list[str | None] = []

    def ask() -> None:
        together.wait()
        found.append(stage.source.branch_sha(stage.repository, "master"))

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [stage.repo.head()] * 6
    assert len(stage.github.requests("POST", "*/access_tokens")) == 1


def test_a_revoked_token_is_replaced_once_and_the_call_repeated(stage: Stage) -> None:
    """Case 49: 401 in mid-run. What was not authorized had no effect, so a POST may be repeated."""
    sha = stage.repo.head()
    stage.github.fail("401", "*/check-runs", "POST")
    id = stage.checks.create(stage.repository, check(sha))
    assert [run.id for run in stage.github.check_runs(sha)] == [id]
    assert stage.calls().count("POST /check-runs") == 2


def test_a_second_401_is_not_answered_with_a_third_try(stage: Stage) -> None:
    stage.github.fail("401", "*/branches/*", times=9)
    with pytest.raises(InfraError):
        stage.source.branch_sha(stage.repository, "master")
    assert len(stage.github.requests("GET", "*/branches/*")) == 2


def test_a_wrong_key_is_our_fault_and_says_what_to_look_at(stage: Stage) -> None:
    app = GithubApp(
        str(stage.registered.id), pem(), stage.github.api_url, "", stage.clock, Limiter()
    )
    with pytest.raises(InfraError, match="DISHWASHER_GITHUB_PRIVATE_KEY"):
        GithubSource(app).branch_sha(stage.repository, "master")
    app.close()


class Off:
    """A machine whose clock is wrong by so many seconds."""

    def __init__(self, stage: Stage, seconds: float) -> None:
        self._clock, self._seconds = stage.clock, seconds

    def now(self) -> float:
        return self._clock.now() + self._seconds

    def secret(self) -> str:
        return self._clock.secret()


@pytest.mark.parametrize("seconds", [-86_400, -900, 120, 900, 86_400])
def test_a_clock_that_is_wrong_is_set_by_github_s(stage: Stage, seconds: float) -> None:
    key = stage.registered.private_key
    app = GithubApp(
        *(str(stage.registered.id), key, stage.github.api_url, ""), Off(stage, seconds), Limiter()
    )
    source = GithubSource(app)
    for _ in range(3):
        assert source.branch_sha(stage.repository, "master") == stage.repo.head()
    # Refused once, then a token that is kept for its hour.
    tokens = f"/app/installations/{stage.installation.id}/access_tokens"
    assert [one.status for one in stage.github.requests("POST", tokens)] == [401, 201]
    app.close()


def test_a_wrong_key_is_not_tried_by_another_clock(stage: Stage) -> None:
    for seconds, tries in ((0, 1), (900, 2)):
        off = Off(stage, seconds)
        app = GithubApp(str(stage.registered.id), pem(), stage.github.api_url, "", off, Limiter())
        before = len(stage.github.requests(path="/app/installations/*"))
        with pytest.raises(InfraError, match="this machine's clock"):
            GithubSource(app).branch_sha(stage.repository, "master")
        assert len(stage.github.requests(path="/app/installations/*")) - before == tries
        app.close()


def test_a_client_id_will_do_as_the_apps_id(stage: Stage) -> None:
    own = set_up(
        stage.github,
        stage.registered,
        stage.repo,
        stage.installation,
        app_id=stage.registered.client_id,
    )
    sha = stage.repo.head()
    id = own.checks.create(own.repository, check(sha))
    for _ in range(2):
        assert [found.id for found in own.checks.list(own.repository, sha)] == [id]
    assert own.app.id == stage.registered.id
    assert len(stage.github.requests("GET", "/app")) == 1
    own.app.close()


# What is no longer there (case 49)


def test_a_suspended_installation_is_gone_and_comes_back(stage: Stage) -> None:
    stage.source.branch_sha(stage.repository, "master")
    stage.github.suspend(stage.installation)
    with pytest.raises(Gone, match="suspended"):
        stage.source.branch_sha(stage.repository, "master")
    stage.github.suspend(stage.installation, False)
    assert stage.source.branch_sha(stage.repository, "master") == stage.repo.head()


def test_a_suspended_installation_gives_no_token(stage: Stage) -> None:
    stage.github.suspend(stage.installation)
    with pytest.raises(Gone):
        stage.source.branch_sha(stage.repository, "master")


def test_a_removed_installation_is_gone_after_one_new_token_is_tried(stage: Stage) -> None:
    stage.source.branch_sha(stage.repository, "master")
    before = len(stage.github.requests())
    stage.github.uninstall(stage.installation)
    with pytest.raises(Gone, match="may not act on octo/demo") as caught:
        stage.source.branch_sha(stage.repository, "master")
    # A removed App must not look like a branch or a file that is not there.
    assert not isinstance(caught.value, Missing)
    assert len(stage.github.requests()) - before == 2


def test_a_deleted_repository_is_gone(stage: Stage) -> None:
    stage.source.branch_sha(stage.repository, "master")
    stage.repo.delete()
    stage.github.clock.advance(61)
    for _ in range(2):
        with pytest.raises(Gone, match="no longer there"):
            stage.source.file(stage.repository, ".dishwasher.yml", "a" * 40)


def test_a_repository_that_was_taken_out_of_the_installation_is_gone(raw: RawServer) -> None:
    raw.on("POST", TOKENS, Say(422, {"message": "There is at least one repository that does not"}))
    app = GithubApp("17", pem(), raw.url, "", FakeClock(), Limiter())
    with pytest.raises(Gone, match=r"may not act on octo/demo: .*at least one repository"):
        app.call(REPOSITORY, READ)
    app.close()


def test_a_missing_permission_is_gone_in_githubs_words(stage: Stage) -> None:
    other = stage.github.add_app("reader", permissions={"contents": "read", "checks": "read"})
    installation = stage.github.install(other, "octo")
    own = set_up(stage.github, other, stage.repo, installation)
    with pytest.raises(Gone, match=r"not accessible by integration; it needs checks=write"):
        own.checks.create(own.repository, check(stage.repo.head()))
    own.app.close()


# Renamed repositories


def test_a_rename_is_followed_once_and_remembered(stage: Stage) -> None:
    sha = stage.repo.head()
    id = stage.checks.create(stage.repository, check(sha))
    stage.repo.rename("moved")
    stage.checks.update(stage.repository, id, check(sha, done=True))
    assert stage.github.check_runs(sha)[0].conclusion == "success"
    assert stage.calls()[-3:] == [
        f"PATCH /check-runs/{id}",
        "GET /installation/repositories",
        f"PATCH ~moved/check-runs/{id}",
    ]
    before = len(stage.github.requests())
    stage.checks.annotated(stage.repository, id)
    assert len(stage.github.requests()) - before == 1
    assert stage.source.clone_url(stage.repository).endswith("/octo/moved.git")


def test_a_rename_is_known_from_the_token_before_anything_is_asked(stage: Stage) -> None:
    stage.repo.rename("moved")
    stage.source.branch_sha(stage.repository, "master")
    assert "GET ~moved/branches/master" in stage.calls()
    assert "GET /branches/master" not in stage.calls()


def test_a_read_after_a_rename_is_of_the_commit_and_not_of_the_default_branch(
    stage: Stage,
) -> None:
    """PyGithub follows a 301 without its query, so `?ref=` would be lost."""
    old = stage.repo.head()
    stage.source.branch_sha(stage.repository, "master")
    stage.repo.commit({".dishwasher.yml": "checks: {new: {run: a}}\n"})
    stage.repo.rename("moved")
    assert stage.source.file(stage.repository, ".dishwasher.yml", old) == b"checks: {}\n"


def test_a_renamed_repository_whose_old_name_is_taken_is_found_by_its_id(raw: RawServer) -> None:
    clock = FakeClock()
    app = GithubApp("17", pem(), raw.url, "", clock, Limiter())
    raw.on("GET", PATH, Say(200, {"old": True}), Say(404, {"message": "Not Found"}))
    assert app.call(REPOSITORY, READ) == {"old": True}
    raw.on("GET", ACCESSIBLE, Say(200, {"repositories": [{"id": 5, "full_name": "new/name"}]}))
    raw.on("GET", "/repos/new/name/thing", Say(200, {"new": True}))
    clock.advance(61)
    assert app.call(REPOSITORY, READ) == {"new": True}
    app.close()


def test_what_is_not_there_is_looked_up_by_id_at_most_once_a_minute(raw: RawServer) -> None:
    clock = FakeClock()
    app = GithubApp("17", pem(), raw.url, "", clock, Limiter())
    raw.on("GET", ACCESSIBLE, Say(200, {"repositories": [{"id": 5, "full_name": "octo/demo"}]}))
    for seconds in (0, 59, 2, 58, 2):  # the token's answer confirms the name the first time
        clock.advance(seconds)
        with pytest.raises(Missing):
            app.call(REPOSITORY, READ)
    assert len(raw.requests("GET", ACCESSIBLE)) == 2
    app.close()


def test_a_server_that_can_not_list_repositories_is_no_reason_to_give_up(raw: RawServer) -> None:
    raw.on("POST", TOKENS, Say(201, {"token": "x", "expires_at": "2099-01-01T00:00:00Z"}))
    app = GithubApp("17", pem(), raw.url, "", FakeClock(), Limiter())
    with pytest.raises(Missing):
        app.call(REPOSITORY, READ)
    app.close()


# Limits (case 48)


@pytest.mark.parametrize(
    ("kind", "seconds"), [("403-primary", 3000), ("403-secondary", 60), ("429", 90)]
)
def test_a_limit_stops_every_call_until_its_time_and_not_longer(
    stage: Stage, kind: str, seconds: int
) -> None:
    sha = stage.repo.head()
    id = stage.checks.create(stage.repository, check(sha))
    stage.github.fail(kind, "*/check-runs/*", "PATCH", seconds=seconds)
    now = stage.clock.now()
    with pytest.raises(Throttled) as caught:
        stage.checks.update(stage.repository, id, check(sha, done=True))
    retry_at = caught.value.retry_at
    assert now + seconds - 2 <= retry_at <= stage.clock.now() + seconds + 2
    before = len(stage.github.requests())
    for _ in range(5):
        with pytest.raises(Throttled) as again:
            stage.checks.update(stage.repository, id, check(sha, done=True))
        assert again.value.retry_at == retry_at
        with pytest.raises(Throttled):
            stage.source.clone_token(stage.repository)
    assert not stage.checks.has_room(stage.repository)
    assert len(stage.github.requests()) == before
    stage.github.clock.advance(retry_at - stage.clock.now() + 1)
    stage.checks.update(stage.repository, id, check(sha, done=True))
    assert stage.github.check_runs(sha)[0].conclusion == "success"


def test_the_last_call_of_the_hour_is_the_last(stage: Stage) -> None:
    stage.source.branch_sha(stage.repository, "master")
    stage.github.limits.exhaust(f"installation {stage.installation.id}", stage.clock.now())
    with pytest.raises(Throttled):
        stage.source.branch_sha(stage.repository, "master")
    before = len(stage.github.requests())
    with pytest.raises(Throttled) as caught:
        stage.source.branch_sha(stage.repository, "master")
    assert len(stage.github.requests()) == before
    assert stage.clock.now() < caught.value.retry_at <= stage.clock.now() + 3600


def test_an_answer_that_was_the_last_allowed_closes_the_gate(
    raw: RawServer, app: GithubApp
) -> None:
    quota = {
        "X-RateLimit-Limit": "5000",
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": str(int(NOON) + 1200),
    }
    raw.on("GET", PATH, Say(200, {"fine": True}, quota))
    assert app.call(REPOSITORY, READ) == {"fine": True}
    with pytest.raises(Throttled) as caught:
        app.call(REPOSITORY, READ)
    assert caught.value.retry_at == int(NOON) + 1200
    assert len(raw.requests("GET", PATH)) == 1


@pytest.fixture
def strict() -> Iterator[Stage]:
    """A GitHub that enforces its points, and a bot with a tenth of them."""
    with StandIn(enforce_secondary=True) as github:
        app = github.add_app()
        repo = github.add_repo("octo/demo", {".dishwasher.yml": "checks: {}\n"})
        stage = set_up(github, app, repo, github.install(app, "octo"), Limiter(90))
        yield stage
        stage.app.close()
        assert github.violations == []


def test_the_points_hold_and_conclusions_get_through(strict: Stage) -> None:
    sha = strict.repo.head()
    ids: list[int] = []
    with pytest.raises(Throttled):
        while True:
            ids.append(strict.checks.create(strict.repository, check(sha)))
    assert not strict.checks.has_room(strict.repository)
    with pytest.raises(Throttled):
        while True:
            strict.source.branch_sha(strict.repository, "master")
    for id in ids[:4]:
        strict.checks.update(strict.repository, id, check(sha, done=True))
    assert [run.conclusion for run in strict.github.check_runs(sha)][:5] == ["success"] * 4 + [None]
    assert strict.github.limits.peak(f"installation {strict.installation.id}") <= 90
    strict.github.clock.advance(62)
    assert strict.checks.has_room(strict.repository)


# Answers that are none (case 50)


@pytest.mark.parametrize(
    "said",
    [
        Say(502, "<html>Unicorn!</html>", {"Content-Type": "text/html"}),
        Say(502, '{"message": '),
        Say(500, "[1]"),
        Say(304, ""),
        Say(200, ""),
        Say(200, '{"id": 1'),
        Say(200, "<html>captive portal</html>", {"Content-Type": "text/html"}),
    ],
)
def test_no_answer_to_a_read_is_infra(raw: RawServer, app: GithubApp, said: Say) -> None:
    raw.on("GET", PATH, said)
    with pytest.raises(InfraError) as caught:
        app.call(REPOSITORY, READ)
    assert not isinstance(caught.value, Ambiguous | Rejected)
    assert len(raw.requests("GET", PATH)) == 1
    raw.on("GET", PATH, Say(200, {"fine": True}))
    assert app.call(REPOSITORY, READ) == {"fine": True}


@pytest.mark.parametrize("said", [Say(502, "<html>"), Say(201, '{"id": '), Say(201, ""), HangUp])
def test_no_answer_to_what_happens_once_is_ambiguous(
    raw: RawServer, app: GithubApp, said: Say | type[HangUp]
) -> None:
    raw.on("POST", PATH, said)
    with pytest.raises(Ambiguous):
        app.call(REPOSITORY, Call("POST", "/thing", once=True))
    assert len(raw.requests("POST", PATH)) == 1


@pytest.mark.parametrize(
    "minted",
    [
        Say(201, {"expires_at": "2099-01-01T00:00:00Z"}),
        Say(201, {"token": "x", "expires_at": "tomorrow"}),
        Say(201, "<html>"),
        Say(500, {}),
        HangUp,
    ],
)
def test_a_token_that_can_not_be_read_is_infra_and_not_kept(
    raw: RawServer, app: GithubApp, minted: Say | type[HangUp]
) -> None:
    raw.on("POST", TOKENS, minted, TOKEN)
    raw.on("GET", PATH, Say(200, {"fine": True}))
    with pytest.raises(InfraError) as caught:
        app.call(REPOSITORY, READ)
    assert not isinstance(caught.value, Ambiguous)
    assert app.call(REPOSITORY, READ) == {"fine": True}


def test_names_can_not_leave_their_place_in_the_path(raw: RawServer, app: GithubApp) -> None:
    odd = Repository(5, "octo", "a b#c?d", "master", True, 99)
    raw.on("POST", TOKENS, Say(201, {"token": "x", "expires_at": "2099-01-01T00:00:00Z"}))
    with pytest.raises(Missing):
        app.call(odd, READ)
    assert raw.requests("GET", "/repos/")[0].path == "/repos/octo/a%20b%23c%3Fd/thing"


def test_checks_and_source_may_share_the_app(stage: Stage) -> None:
    checks, source = GithubChecks(stage.app), GithubSource(stage.app)
    sha = stage.repo.head()
    assert checks.create(stage.repository, check(sha)) > 0
    assert source.branch_sha(stage.repository, "master") == sha
    # One to write check runs with, one to read.
    assert len(stage.github.requests("POST", "*/access_tokens")) == 2
