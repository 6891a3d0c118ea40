"""What is counted and timed: numbers only, never words."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass
from threading import Lock
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds up to which the buckets of a histogram reach; one more holds what took longer."""


class Counters(Generic[K]):
    """Named numbers that only grow. Safe to use from several threads."""

    def __init__(self) -> None:
        self._numbers: Counter[K] = Counter()
        self._lock = Lock()

    def add(self, name: K, number: int = 1) -> int:
        """Count ``number`` more; returns the new total."""
        with self._lock:
            self._numbers[name] += number
            return self._numbers[name]

    def snapshot(self) -> dict[K, int]:
        """All numbers as they are now."""
        with self._lock:
            return dict(self._numbers)


@dataclass(frozen=True, slots=True)
class Histogram:
    """How long something took, over all times it was done."""

    counts: tuple[int, ...]
    """Times in each bucket: up to the first of ``BOUNDS``, from there up to the next, ..., beyond the last."""
    seconds: float
    """All of it together."""


class Timings(Generic[K]):
    """A histogram for each name. Safe to use from several threads."""

    def __init__(self) -> None:
        self._counts: dict[K, list[int]] = {}
        self._seconds: dict[K, float] = {}
        self._lock = Lock()

    def add(self, name: K, seconds: float) -> None:
        """Note that it was done once more, and how long it took."""
        with self._lock:
            counts = self._counts.setdefault(name, [0] * (len(BOUNDS) + 1))
            counts[bisect_left(BOUNDS, seconds)] += 1
            self._seconds[name] = self._seconds.get(name, 0.0) + seconds

    def snapshot(self) -> dict[K, Histogram]:
        """All histograms as they are now."""
        with self._lock:
            return {name: Histogram(tuple(counts), self._seconds[name]) for name, counts in self._counts.items()}
