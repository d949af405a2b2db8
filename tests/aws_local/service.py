"""Lambda's own API, as far as `dispatch` calls it: asynchronous invocations, with a tenant."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import unquote

from tests.aws.listener import Handler, Listener
from tests.aws_local.weather import CALM, Fate, Weather

INVOKE = re.compile(r"/2015-03-31/functions/([^/]+)/invocations")

Invoke = Callable[[str, bytes, str], object]
"""Function, payload, tenant."""


class Service:
    """An invocation is taken at once and runs when one of `slots` is free; it is never repeated."""

    def __init__(self, invoke: Invoke, slots: int, weather: Weather = CALM) -> None:
        self._invoke, self._weather = invoke, weather
        self._pool = ThreadPoolExecutor(slots, "invocation")
        self._listener = Listener("Lambda", self._handler())
        self._listener.start()

    @property
    def url(self) -> str:
        return self._listener.url

    def close(self) -> None:
        self._listener.close()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _take(self, name: str, payload: bytes, tenant: str) -> None:
        fate = self._weather.fate()
        for _ in range({Fate.LOST: 0, Fate.TWICE: 2}.get(fate, 1)):
            self._pool.submit(self._invoke, unquote(name), payload, tenant)

    def _handler(self) -> type[Handler]:
        service = self

        class Api(Handler):
            def do_POST(self) -> None:
                payload = self.body()
                found = INVOKE.fullmatch(self.path)
                asked = self.headers.get("X-Amz-Invocation-Type") == "Event"
                tenant = self.headers.get("X-Amz-Tenant-Id", "")
                if found is not None and asked and tenant:
                    service._take(found[1], payload, tenant)
                self.tell(202 if found and asked and tenant else 400)

        return Api
