"""What the flows need from the world, as Protocols; `wiring/` chooses who answers.

Every adapter raises the faults of `errors` and nothing else on purpose.
"""

from dishwasher.ports.clock import Clock
from dishwasher.ports.deliveries import Content, Deliveries, FailedDelivery
from dishwasher.ports.fleet import Fleet
from dishwasher.ports.people import Members, People
from dishwasher.ports.queue import Bells, Message, Queue, Topic
from dishwasher.ports.source import Comparison, Heads, Listing, Pulls, Source
from dishwasher.ports.store import Blobs, R, Record, Store
from dishwasher.ports.telling import (
    Checks,
    Comments,
    Conversation,
    Deployments,
    PostedCheck,
    PostedComment,
)
from dishwasher.ports.vault import Vault

__all__ = [
    "Bells",
    "Blobs",
    "Checks",
    "Clock",
    "Comments",
    "Comparison",
    "Content",
    "Conversation",
    "Deliveries",
    "Deployments",
    "FailedDelivery",
    "Fleet",
    "Heads",
    "Listing",
    "Members",
    "Message",
    "People",
    "PostedCheck",
    "PostedComment",
    "Pulls",
    "Queue",
    "R",
    "Record",
    "Source",
    "Store",
    "Topic",
    "Vault",
]
