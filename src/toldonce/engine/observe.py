"""What an engine counts: numbers only, never words."""

from __future__ import annotations

from collections import Counter
from threading import Lock


class Counters:
    """Named numbers that only grow. Safe to use from several threads."""

    def __init__(self) -> None:
        self._numbers: Counter[str] = Counter()
        self._lock = Lock()

    def add(self, name: str, number: int = 1) -> int:
        """Count ``number`` more; returns the new total."""
        with self._lock:
            self._numbers[name] += number
            return self._numbers[name]

    def snapshot(self) -> dict[str, int]:
        """All numbers as they are now."""
        with self._lock:
            return dict(self._numbers)
