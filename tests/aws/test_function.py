"""A runner is an asynchronous invocation with the bootstrap and nothing else, for one tenant."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from dishwasher.core.ticket import Bootstrap
from dishwasher.errors import InfraError, Throttled

from tests.aws.emulator import REGION, environment, require
from tests.aws.listener import Handler, Listener
from tests.fakes.clock import FakeClock

NOW = 1_000.0
BOOTSTRAP = Bootstrap("https://bot.example", "b-0.1", "code")


class Lambda:
    """Its API, as far as it is called; `status` and, of AWS's words, `fault` are its answer."""

    def __init__(self) -> None:
        self.status, self.fault = 202, ""
        self.asked: list[tuple[str, dict[str, str], Any]] = []
        api = self

        class Api(Handler):
            def do_POST(self) -> None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                api.asked.append((self.path, headers, json.loads(self.body())))
                self.tell(api.status, (("X-Amzn-ErrorType", api.fault),))

        self.listener = Listener("Lambda", Api)
        self.listener.start()


@pytest.fixture
def api() -> Iterator[Lambda]:
    require()
    known = Lambda()
    with environment():
        yield known
    known.listener.close()


def fleet(api: Lambda) -> Any:
    from dishwasher.aws.clients import Clients
    from dishwasher.aws.function import LambdaFleet

    return LambdaFleet(Clients(REGION, api.listener.url), FakeClock(NOW), "runner")


def test_a_runner_is_invoked_for_its_tenant_and_not_waited_for(api: Lambda) -> None:
    fleet(api).start(BOOTSTRAP, "7/strangers")
    ((path, headers, body),) = api.asked
    assert path == "/2015-03-31/functions/runner/invocations"
    assert headers["x-amz-invocation-type"] == "Event"
    # Nobody else ever gets its environment, not even the same repository.
    assert headers["x-amz-tenant-id"] == "7/strangers/b-0.1"
    assert body == {"url": "https://bot.example", "attempt": "b-0.1", "code": "code"}


def test_a_refusal_is_ours(api: Lambda) -> None:
    api.status = 403
    with pytest.raises(InfraError, match=r"can not start a runner for b-0\.1"):
        fleet(api).start(BOOTSTRAP, "7")


@pytest.mark.parametrize(
    ("status", "fault"),
    [
        # As TooManyRequestsException, which botocore itself tries four times: too much runs, or one
        # environment too many is there.
        (402, "ServiceQuotaExceededException"),
        # Nobody has called it for weeks.
        (409, "ResourceConflictException"),
    ],
)
def test_what_passes_is_waited_for(api: Lambda, status: int, fault: str) -> None:
    api.status, api.fault = status, fault
    with pytest.raises(Throttled, match=f"can not start a runner for b-0.1: {fault}") as caught:
        fleet(api).start(BOOTSTRAP, "7")
    assert caught.value.retry_at == NOW + 60


def test_nobody_is_asked_to_stop_what_stops_itself(api: Lambda) -> None:
    fleet(api).stop("b-0.1")
    assert api.asked == []
