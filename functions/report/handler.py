"""report: builds of which there is something to tell → GitHub."""

import os
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType
from aws_lambda_powertools.utilities.batch import process_partial_response as process
from aws_lambda_powertools.utilities.typing import LambdaContext
from dishwasher.ports import Topic
from dishwasher.wiring.aws import House
from dishwasher.wiring.powertools import observed

logger, metrics = observed("report")
house = House(os.environ)
hear = house.hears(Topic.REPORTS, house.report)
batch = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)


@logger.inject_lambda_context
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    return process(event, hear, batch, context)
