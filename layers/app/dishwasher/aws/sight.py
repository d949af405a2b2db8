"""What rows that were read tell of others: nobody sees a save in part.

DynamoDB stores a transaction's rows all or none, but not at one moment for who reads them in two
calls, or by a query: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html#transaction-isolation
The flows rely on more. Of two jobs that end at once, the second reads the build's counter and then
the jobs: with the first one's counter it must see the first one's end, or the third job, which
waits for both, is started by neither. So each row names those that were saved with it, and who has
read one of them reads the others again until they are as new. After Bailis et al., "Scalable Atomic
Visibility with RAMP Transactions", SIGMOD 2014.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping

from dishwasher.aws import rows
from dishwasher.aws.rows import Item, Key

PARTITIONS = 1000
"""That are remembered: an environment of Lambda lives for hours."""


class Sight:
    """Safe for several threads."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, int]] = {}
        """Partition → sort key → the version that is there at least."""
        self._lock = threading.Lock()

    def note(self, items: Iterable[Item]) -> None:
        """Remember what these rows tell of others."""
        told = [peer for item in items for peer in rows.peers_of(item)]
        with self._lock:
            for key, version in told:
                there = self._known.pop(key.pk, {})
                there[key.sk] = max(version, there.get(key.sk, 0))
                self._known[key.pk] = there
            while len(self._known) > PARTITIONS:
                del self._known[next(iter(self._known))]

    def is_old(self, key: Key, item: Item | None) -> bool:
        """Whether the row, or its absence, is from before a save of which another row was seen."""
        with self._lock:
            least = self._known.get(key.pk, {}).get(key.sk, 0)
        return rows.version_of(item) < least

    def lacks(self, pk: str, found: Mapping[Key, Item | None]) -> bool:
        """Whether of this partition, or of these rows elsewhere, one is missing or old."""
        with self._lock:
            keys = {Key(pk, sk) for sk in self._known.get(pk, ())}
        return any(self.is_old(key, found.get(key)) for key in keys | found.keys())

    def forget(self, pks: Iterable[str]) -> None:
        """What is still not there is gone: rows are removed when their time is over."""
        with self._lock:
            for pk in pks:
                self._known.pop(pk, None)
