"""Texts that the embedder cannot embed: kept apart from the rest, with a reason, until they are tried again."""

from __future__ import annotations

import time
from collections.abc import Collection
from threading import Lock
from typing import NamedTuple

from toldonce.stores.protocol import Unembedded

_SHORTEST_PAUSE, _LONGEST_PAUSE = 1.0, 3600.0
"""Seconds before a text is tried again; doubled each time."""


class Refused(NamedTuple):
    """A memory whose text the embedder cannot embed."""

    memory_id: int
    owner_id: int
    reason: str
    tries: int
    retry_at: float
    """On the monotonic clock."""


class SetAside:
    """What was refused, by version. Any thread may ask. A new process tries each again and learns it anew."""

    def __init__(self) -> None:
        self._refused: dict[int, Refused] = {}
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._refused)

    def __contains__(self, version_id: int) -> bool:
        return version_id in self._refused

    def note(self, tried: Collection[int], refused: Collection[tuple[Unembedded, int, str]]) -> list[Refused]:
        """Note what came of trying these versions: which were refused, whose they are and why.

        Returns those that were refused for the first time.
        """
        with self._lock:
            before = {version_id: self._refused.pop(version_id, None) for version_id in set(tried)}
            new: list[Refused] = []
            for version, owner_id, reason in refused:
                known = before.get(version.version_id)
                tries = 1 if known is None else known.tries + 1
                pause = min(_SHORTEST_PAUSE * 2.0 ** min(tries - 1, 30), _LONGEST_PAUSE)
                entry = Refused(version.memory_id, owner_id, reason, tries, time.monotonic() + pause)
                self._refused[version.version_id] = entry
                new += [entry] if known is None else []
            return new

    def due(self) -> list[int]:
        """Versions to be tried again now. They are not due again before ``note`` hears of them, or for an hour."""
        now = time.monotonic()
        with self._lock:
            due = [version_id for version_id, entry in self._refused.items() if entry.retry_at <= now]
            for version_id in due:
                self._refused[version_id] = self._refused[version_id]._replace(retry_at=now + _LONGEST_PAUSE)
            return due

    def next_due(self) -> float | None:
        """When the first is to be tried again, on the monotonic clock."""
        with self._lock:
            return min((entry.retry_at for entry in self._refused.values()), default=None)

    def entries(self) -> list[Refused]:
        """All of them."""
        with self._lock:
            return list(self._refused.values())

    def forget(self, owner_ids: Collection[int] | None) -> None:
        """See ``caches.Cache``: a reason may quote the text. What still waits for its vector is found again."""
        with self._lock:
            for version_id, entry in list(self._refused.items()):
                if owner_ids is None or entry.owner_id in owner_ids:
                    del self._refused[version_id]
