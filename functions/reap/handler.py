"""reap: the clock → whatever nobody looked at, and what never arrived."""

import os
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from dishwasher.wiring.aws import House
from dishwasher.wiring.powertools import observed

logger, metrics = observed("reap")
rounds = House(os.environ).rounds


@logger.inject_lambda_context
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    rounds[event["round"]]()
