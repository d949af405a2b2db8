"""Log lines and metrics of a function, by AWS's Powertools; what our log tells is in both."""

from __future__ import annotations

import logging
import warnings

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.logging.utils import copy_config_to_registered_loggers
from aws_lambda_powertools.metrics import MetricUnit

OURS = "dishwasher"
COUNTED = {
    "planned": "DeliveriesPlanned",
    "ignored": "DeliveriesIgnored",
    "concluded": "JobsConcluded",
    "reported": "ChecksReported",
}
"""Metrics by what a line of `wiring.activity` tells."""
PROBLEMS = "Problems"
"""Lines of level WARNING and above."""


def observed(service: str) -> tuple[Logger, Metrics]:
    """Of one function: our log goes to its logger, and is counted in its metrics."""
    logger, metrics = Logger(service=service), Metrics(service=service)
    ours = logging.getLogger(OURS)
    copy_config_to_registered_loggers(logger, include={OURS})
    ours.addHandler(_Counting(metrics))
    # Most calls have nothing to count.
    warnings.filterwarnings("ignore", "No application metrics to publish")
    return logger, metrics


class _Counting(logging.Handler):
    def __init__(self, metrics: Metrics) -> None:
        super().__init__()
        self._metrics = metrics

    def emit(self, record: logging.LogRecord) -> None:
        names = [COUNTED.get(getattr(record, "fields", {}).get("what", ""))]
        if record.levelno >= logging.WARNING:
            names.append(PROBLEMS)
        for name in filter(None, names):
            self._metrics.add_metric(name, MetricUnit.Count, 1)
