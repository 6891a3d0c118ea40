"""What is kept in RAM to be faster, and the one registry through which words are dropped from it.

Every cache that may hold words of memories, or vectors made from them, can ``forget``. A cache belongs to a store's
``CacheRegistry``, or, where it belongs to no store, to the process: see ``word_cache``.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable
from functools import _lru_cache_wrapper, lru_cache
from threading import Lock
from typing import Generic, Protocol, TypeVar
from weakref import WeakSet

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

_PROCESS: list[Callable[[], object]] = []


class Cache(Protocol):
    """Something that holds words or vectors."""

    def forget(self, owner_ids: Collection[int] | None) -> None:
        """Drop what was made from these owners' memories; ``None`` means everybody's.

        What cannot be told apart by owner is dropped whole.
        """
        ...


class CacheRegistry:
    """The caches over one store. It keeps none of them alive."""

    def __init__(self) -> None:
        self._caches: WeakSet[Cache] = WeakSet()
        self._lock = Lock()

    def register(self, cache: Cache) -> None:
        """Have ``cache`` told what to forget from now on."""
        with self._lock:
            self._caches.add(cache)

    def forget(self, owner_ids: Collection[int] | None) -> None:
        """Drop what these owners' memories left in the store's caches and in those of the process.

        Call after the commit that took the memories away, and before anybody is told of it.
        """
        with self._lock:
            caches = list(self._caches)
        for cache in caches:
            cache.forget(owner_ids)
        for forget_words in _PROCESS:
            forget_words()


def word_cache(maxsize: int) -> Callable[[Callable[..., V]], _lru_cache_wrapper[V]]:
    """``functools.lru_cache`` for functions of words: forgotten with any owner, as words do not say whose they were."""

    def wrap(function: Callable[..., V]) -> _lru_cache_wrapper[V]:
        cached = lru_cache(maxsize=maxsize)(function)
        _PROCESS.append(cached.cache_clear)
        return cached

    return wrap


class WordTable(dict[str, V]):
    """``function`` of single words, kept by word: a third of the time that ``word_cache`` takes, as it keeps no order.

    When it is full it begins anew.
    """

    def __init__(self, function: Callable[[str], V], most: int) -> None:
        super().__init__()
        self._function = function
        self._most = most
        of_process(self.clear)

    def __missing__(self, word: str) -> V:
        if len(self) >= self._most:
            self.clear()
        value = self[word] = self._function(word)
        return value


def of_process(forget: Callable[[], object]) -> None:
    """Have ``forget`` called whenever words are dropped: for caches of other libraries that are filled with words."""
    _PROCESS.append(forget)


class LRUCache(Generic[K, V]):
    """At most ``capacity`` values by key, the least recently used forgotten first. Safe to use from several threads."""

    def __init__(self, capacity: int, owner_of: Callable[[K], int] | None = None) -> None:
        """``owner_of``: whose memories a key's value was made from; without it any owner's end empties the cache."""
        self._capacity = capacity
        self._owner_of = owner_of
        self._values: OrderedDict[K, V] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: K) -> V | None:
        """The value, or None if it is not here any more."""
        with self._lock:
            value = self._values.get(key)
            if value is not None:
                self._values.move_to_end(key)
            return value

    def put(self, key: K, value: V) -> None:
        """Keep a value, in place of what the key had."""
        with self._lock:
            self._values[key] = value
            self._values.move_to_end(key)
            if len(self._values) > self._capacity:
                self._values.popitem(last=False)

    def forget(self, owner_ids: Collection[int] | None) -> None:
        """See ``Cache``."""
        with self._lock:
            if owner_ids is None or self._owner_of is None:
                self._values.clear()
                return
            for key in [key for key in self._values if self._owner_of(key) in owner_ids]:
                del self._values[key]
