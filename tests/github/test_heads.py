"""Where things stand on GitHub, whatever it has told us."""

from __future__ import annotations

import pytest
from dishwasher.core.delivery import Delivery
from dishwasher.core.event import EventKind, Repository
from dishwasher.errors import InfraError
from dishwasher.flow.heads import PAUSE, MissedHeads
from dishwasher.github import GithubApp
from dishwasher.github.heads import PER_PAGE, GithubHeads
from dishwasher.ports import Topic

from tests.fakes.clock import FakeClock
from tests.fakes.queue import MemoryQueue
from tests.fakes.store import MemoryStore
from tests.github.conftest import REPOSITORY, Stage
from tests.github.raw import RawServer, Say


def test_every_repository_of_an_installation_that_is_awake(stage: Stage) -> None:
    other = stage.github.add_repo("octo/other", {"a": "1"})
    stage.github.add_repo("asleep/site", {"a": "1"})
    stage.github.suspend(stage.github.install(stage.registered, "asleep"))
    found = GithubHeads(stage.app).repositories()
    assert [one.id for one in found] == [stage.repository.id, other.id]
    assert found[0] == stage.repository
    # The token that lists them is not left behind, and could do nothing else.
    assert stage.github.world.tokens == {}
    (minted,) = stage.github.requests("POST", "*/access_tokens")
    assert minted.body == {"permissions": {"metadata": "read"}}


def test_an_installation_that_ends_meanwhile_has_none(raw: RawServer, app: GithubApp) -> None:
    raw.on("GET", "/app/installations", Say(200, [{"id": 99}]))
    raw.on("POST", "/app/installations/99/access_tokens", Say(404, {"message": "Not Found"}))
    assert GithubHeads(app).repositories() == ()


def test_more_repositories_than_a_page_holds(raw: RawServer, app: GithubApp) -> None:
    row = {"name": "a", "owner": {"id": 1, "login": "octo"}, "default_branch": "main"}
    first = [{**row, "id": number, "archived": number == 3} for number in range(PER_PAGE)]
    raw.on("GET", "/app/installations", Say(200, [{"id": 99}]))
    last = [{**row, "id": 500}, {**row, "id": 501, "default_branch": ""}]
    path = "/installation/repositories"
    raw.on("GET", path, Say(200, {"repositories": first}), Say(200, {"repositories": last}))
    raw.on("DELETE", "/installation/token", Say(204))
    found = [one.id for one in GithubHeads(app).repositories()]
    assert len(found) == PER_PAGE and found[-1] == 500 and 3 not in found


def test_branches_and_open_pull_requests_as_their_webhooks_would_tell(stage: Stage) -> None:
    sha = stage.repo.commit({"a": "1"}, branch="topic")
    pull = stage.repo.open_pull("topic")
    closed = stage.repo.commit({"a": "2"}, branch="done")
    stage.repo.close(stage.repo.open_pull("done").number)
    stage.repo.commit({"a": "3"}, branch="gh-readonly-queue/master/pr-1-x")
    events = GithubHeads(stage.app).of(stage.repository)
    pushes = {event.branch: event.sha for event in events if event.kind is EventKind.PUSH}
    assert pushes == {"master": stage.repo.head(), "topic": sha, "done": closed}
    (request,) = [event for event in events if event.pull_request]
    assert (request.kind, request.sha, request.branch) == (EventKind.PULL_REQUEST, sha, "topic")
    assert request.pull_request is not None
    assert request.pull_request.number == pull.number
    assert request.pull_request.head_repository == stage.repository.id
    assert (request.pull_request.base_ref, request.sender) == ("master", "octo")
    assert request.pull_request.updated > 0


def test_the_fork_of_a_pull_request_may_be_gone(raw: RawServer, app: GithubApp) -> None:
    raw.on("GET", "/repos/octo/demo/branches", Say(200, []))
    side = {"ref": "x", "sha": "a" * 40, "repo": None}
    pull = {
        "number": 5,
        "state": "open",
        "updated_at": "2025-06-15T12:00:00Z",
        "head": side,
        "base": side,
    }
    raw.on("GET", "/repos/octo/demo/pulls", Say(200, [pull]))
    (event,) = GithubHeads(app).of(REPOSITORY)
    assert event.pull_request is not None and event.pull_request.head_repository is None
    assert event.sender == ""


@pytest.mark.parametrize("body", [{"a": 1}, [{"number": 1}]])
def test_what_can_not_be_read_is_infra(raw: RawServer, app: GithubApp, body: object) -> None:
    raw.on("GET", "/repos/octo/demo/branches", Say(200, body))
    with pytest.raises(InfraError):
        GithubHeads(app).of(REPOSITORY)


def test_a_time_that_is_none_is_infra(raw: RawServer, app: GithubApp) -> None:
    side = {"ref": "x", "sha": "a" * 40, "repo": None}
    pull = {"number": 5, "state": "open", "updated_at": "noon", "head": side, "base": side}
    raw.on("GET", "/repos/octo/demo/branches", Say(200, []))
    raw.on("GET", "/repos/octo/demo/pulls", Say(200, [pull]))
    with pytest.raises(InfraError):
        GithubHeads(app).of(REPOSITORY)


def test_there_is_room_where_nothing_was_asked(app: GithubApp) -> None:
    assert GithubHeads(app).has_room(Repository(5, "octo", "demo", "master", True, 99))


def test_a_push_whose_webhook_never_left_is_planned_all_the_same(stage: Stage) -> None:
    store, clock = MemoryStore(), FakeClock()
    queue = MemoryQueue(clock)
    look = MissedHeads(store, queue, clock, GithubHeads(stage.app))
    stage.github.set_webhook(stage.registered, "")
    look()
    before, after = stage.repo.head(), stage.repo.commit({"a": "1"})
    for _ in range(2):
        clock.advance(PAUSE)
        look()
    message = queue.take(Topic.DELIVERIES, 0.0)
    assert message is not None
    delivery = store.get(Delivery, message.key)
    assert delivery is not None and delivery.event is not None
    assert (delivery.event.sha, delivery.event.before) == (after, before)
    assert delivery.event.branch == "master" and delivery.due > clock.now()
    assert stage.github.deliveries("push") == []
