"""The call that moto lacks: what an account may have of Lambda in a region."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

PATH = "/2016-08-19/account-settings"
AT_ONCE = 1000
"""As an account has that has been used for a while; a new one has ten."""

App = Callable[[Any, Any], Iterable[bytes]]


def answered(at_once: int = AT_ONCE) -> bytes:
    limits = {"ConcurrentExecutions": at_once, "UnreservedConcurrentExecutions": at_once}
    return json.dumps({"AccountLimit": limits, "AccountUsage": {}}).encode()


def with_it(moto: App) -> App:
    """moto, and that call."""

    def app(environ: Any, start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"].rstrip("/") != PATH:
            return moto(environ, start_response)
        start_response("200 OK", [("Content-Type", "application/json")])
        return [answered()]

    return app
