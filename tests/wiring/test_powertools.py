"""What the flows' log tells is in a function's log, and counted."""

from __future__ import annotations

import importlib.util
import json
import logging
from types import SimpleNamespace

import pytest

CONTEXT = SimpleNamespace(
    function_name="Plan", memory_limit_in_mb=1, invoked_function_arn="arn", aws_request_id="7"
)


def test_a_line_of_ours_is_json_and_counted(capsys: pytest.CaptureFixture[str]) -> None:
    if not importlib.util.find_spec("aws_lambda_powertools"):
        pytest.skip("needs aws_lambda_powertools: `make test-real` installs it")
    from dishwasher.wiring.powertools import OURS, observed

    ours = logging.getLogger(OURS)
    before = ours.handlers[:]
    try:
        _, metrics = observed("plan")
        metrics.namespace = "Dishwasher"

        def handle(event: object, context: object) -> None:
            fields = {"what": "planned", "jobs": 2}
            logging.getLogger(f"{OURS}.flow").info("planned jobs=2", extra={"fields": fields})
            logging.getLogger(f"{OURS}.flow").warning("GitHub is slow")

        metrics.log_metrics(handle)({}, CONTEXT)
    finally:
        ours.handlers[:] = before
    planned, slow, counted = map(json.loads, capsys.readouterr().out.splitlines())
    assert (planned["message"], planned["service"]) == ("planned jobs=2", "plan")
    assert planned["fields"] == {"what": "planned", "jobs": 2}
    assert slow["level"] == "WARNING"
    assert (counted["DeliveriesPlanned"], counted["Problems"]) == ([1.0], [1.0])
