"""jobs: the words of runners about their attempts."""

import os
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from dishwasher.http import gateway
from dishwasher.wiring.aws import House
from dishwasher.wiring.powertools import observed

logger, metrics = observed("jobs")
house = House(os.environ)
routes = house.tickets


@logger.inject_lambda_context
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    house.is_reached_at(gateway.origin(event))
    return gateway.served(routes, event)
