"""Which owners' indexes are in RAM."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from threading import Lock
from typing import TypeAlias

from toldonce.index.ram.owner import OwnerIndex
from toldonce.index.ram.view import RamView
from toldonce.types import IndexRow

Load: TypeAlias = Callable[[int], tuple[int, Sequence[IndexRow], Sequence[int]]]
"""``load(since)`` -> (version, rows written after version ``since``, ids deleted after it). ``load(0)`` gives all."""


class _Entry:
    """One owner."""

    __slots__ = ("index", "loading", "nbytes", "version")

    def __init__(self) -> None:
        self.index = OwnerIndex()
        self.loading = Lock()
        self.version = 0
        self.nbytes = 0


class IndexCache:
    """Owners' indexes by owner id, the least recently used dropped when they hold more than ``capacity`` bytes.

    Safe to use from several threads. One thread at a time loads an owner; others that want the same owner wait for it,
    others go by.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._entries: OrderedDict[int, _Entry] = OrderedDict()
        self._lock = Lock()
        self._held = 0

    @property
    def nbytes(self) -> int:
        """Bytes held by all indexes."""
        return self._held

    def __len__(self) -> int:
        return len(self._entries)

    def version(self, owner_id: int) -> int:
        """The owner's version that its index shows; 0: it is not in RAM."""
        entry = self._entries.get(owner_id)
        return 0 if entry is None else entry.version

    def get(self, owner_id: int, version: int, load: Load) -> RamView:
        """The owner's index, at least as new as ``version`` (the owner's version in the store; 0 for an empty owner).

        Whatever ``load`` raises is raised here and leaves the index as it was.
        """
        with self._lock:
            entry = self._entries.get(owner_id)
            if entry is None:
                entry = self._entries[owner_id] = _Entry()
            self._entries.move_to_end(owner_id)
        if entry.version < version:
            with entry.loading:
                if entry.version < version:
                    self._refresh(owner_id, entry, load)
        return entry.index.view()

    def _refresh(self, owner_id: int, entry: _Entry, load: Load) -> None:
        version, rows, deleted = load(entry.version)
        entry.index.apply(rows, deleted)
        entry.version = version
        with self._lock:
            if self._entries.get(owner_id) is entry:
                self._held += entry.index.nbytes - entry.nbytes
                entry.nbytes = entry.index.nbytes
                self._evict(keep=owner_id)

    def _evict(self, keep: int) -> None:
        for owner_id in list(self._entries):
            if self._held <= self.capacity:
                return
            if owner_id != keep:
                self._held -= self._entries.pop(owner_id).nbytes

    def forget(self, owner_ids: Collection[int] | None) -> None:
        """Let go of these owners' indexes; ``None`` means all. See ``caches.Cache``."""
        with self._lock:
            for owner_id in list(self._entries) if owner_ids is None else owner_ids:
                entry = self._entries.pop(owner_id, None)
                if entry is not None:
                    self._held -= entry.nbytes
