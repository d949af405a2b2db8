"""The Queue port over SQLite, with waiters in this process woken at once."""

from __future__ import annotations

import threading
import time

from dishwasher.local.database import Database, from_column, to_column
from dishwasher.ports import Clock, Message, Topic

VISIBILITY = 60.0
"""Seconds for which a taken message is hidden; after that its taker is given up."""

RING = """
INSERT INTO messages (topic, key, visible_at, holder) VALUES (:topic, :key, :at, '')
ON CONFLICT (topic, key) DO UPDATE SET
    visible_at = CASE holder WHEN '' THEN min(visible_at, :at) ELSE visible_at END,
    again = CASE holder WHEN '' THEN NULL ELSE min(coalesce(again, :at), :at) END
"""
NEXT = """
SELECT key, visible_at FROM messages WHERE topic = ? ORDER BY visible_at, key LIMIT 1
"""
TAKE = """
UPDATE messages SET visible_at = ?, holder = ?, again = NULL WHERE topic = ? AND key = ?
"""
FORGET = "DELETE FROM messages WHERE topic = ? AND key = ? AND holder = ? AND again IS NULL"
RING_AGAIN = """
UPDATE messages SET visible_at = again, holder = '', again = NULL
WHERE topic = ? AND key = ? AND holder = ?
"""
RECOVER = """
UPDATE messages SET visible_at = min(visible_at, ?), holder = '', again = NULL
WHERE holder <> ''
"""


class SqliteQueue:
    """The bells: one row for each (topic, key), however often it is rung.

    A bell rung while its message is taken is kept for when the taker is done, with its own delay,
    so one key is looked at by one worker at a time. Waiting ends with a ring in this process; one
    in another process is heard when the wait is over.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        # One for each topic: whoever wakes looks at the table, and only one of its takers needs to.
        self._changed = {topic: threading.Condition() for topic in Topic}
        self._rings = dict.fromkeys(Topic, 0)
        self._closed = False

    def ring(self, topic: Topic, key: str, delay: float = 0.0) -> None:
        at = self._clock.now() + delay
        with self._database.writing(durable=False) as connection:
            connection.execute(RING, {"topic": topic.value, "key": to_column(key), "at": at})
        self._wake(topic)

    def take(self, topic: Topic, wait: float) -> Message | None:
        end, changed = time.monotonic() + wait, self._changed[topic]
        while True:
            with changed:
                if self._closed:
                    return None
                seen = self._rings[topic]
            message, until_next = self._try(topic)
            # The loop ends with a look, so a ring at the very end of the wait is not missed.
            left = end - time.monotonic()
            if message is not None or left <= 0:
                return message
            with changed:
                if self._rings[topic] == seen and not self._closed:
                    changed.wait(min(left, until_next))

    def done(self, message: Message) -> None:
        place = (message.topic.value, to_column(message.key), message.receipt)
        with self._database.writing(durable=False) as connection:
            if connection.execute(FORGET, place).rowcount == 1:
                return
            again = connection.execute(RING_AGAIN, place).rowcount == 1
        if again:
            self._wake(message.topic)

    def recover(self) -> None:
        """Give up every taker at once: for the start of the only process that takes."""
        with self._database.writing(durable=False) as connection:
            connection.execute(RECOVER, (self._clock.now(),))
        for topic in Topic:
            self._wake(topic)

    def close(self) -> None:
        """End every wait, now and later, with None; rings are still kept."""
        for changed in self._changed.values():
            with changed:
                self._closed = True
                changed.notify_all()

    def _try(self, topic: Topic) -> tuple[Message | None, float]:
        """The next message, or None and the seconds until there may be one."""
        with self._database.writing(durable=False) as connection:
            now = self._clock.now()
            row = connection.execute(NEXT, (topic.value,)).fetchone()
            if row is None:
                return None, threading.TIMEOUT_MAX
            key, visible_at = row
            if visible_at > now:
                return None, visible_at - now
            receipt = self._clock.secret()
            connection.execute(TAKE, (now + VISIBILITY, receipt, topic.value, key))
            return Message(topic, from_column(key), receipt), 0.0

    def _wake(self, topic: Topic) -> None:
        changed = self._changed[topic]
        with changed:
            self._rings[topic] += 1
            changed.notify()
