"""run: a bootstrap → one attempt of one job, after which this process ends."""

import os
import sys
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from dishwasher.runner import function
from dishwasher.runner.warmup import warm

# It has no rights to log or to count: what is to be known of a job, the job's own log says.
warm()


def handler(event: dict[str, Any], context: LambdaContext) -> None:
    try:
        function.run(
            *(event, os.environ, context.get_remaining_time_in_millis() / 1000, function.scratch())
        )
    finally:
        # A process that has run a job answers for no other one, whoever gets its environment.
        sys.stderr.flush()
        os._exit(0)
