"""webhook: a delivery from GitHub → stored once, its bell rung."""

import os
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from dishwasher.http import gateway
from dishwasher.wiring.aws import House
from dishwasher.wiring.powertools import observed

logger, metrics = observed("webhook")
house = House(os.environ)
routes = house.webhook


@logger.inject_lambda_context
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return gateway.served(routes, event)
