"""When a message that could not be handled shows again, where Lambda itself took it.

Action: ChangeMessageVisibility.
"""

from __future__ import annotations

from dataclasses import dataclass

from dishwasher.aws.clients import Clients
from dishwasher.aws.faults import faults


@dataclass(frozen=True, slots=True)
class Visibility:
    """Of one queue's messages; without a word they come back when their visibility is over."""

    clients: Clients
    url: str

    def __call__(self, receipt: str, seconds: int) -> None:
        """Show the message again after so many seconds."""
        with faults("can not postpone a message"):
            self.clients.sqs.change_message_visibility(
                QueueUrl=self.url, ReceiptHandle=receipt, VisibilityTimeout=seconds
            )
