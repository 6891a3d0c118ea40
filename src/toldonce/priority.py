"""Quick work first: CPython runs one thread at a time, knows no priorities, and who computes for long is never done.

Between two statements a quick thread lets go of the interpreter, and gets it back only once whoever computes has had
it for a switch interval: some tens of times in a write, so that it takes three times as long. So threads that compute
for long ask ``give_way`` between the pieces of their work, and rest while quick work is under way: as long as they are
willing to, that is twice as long as they have computed, so that they are done some time too.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")

RATIO = 2.0
"""Seconds that long work rests for each second in which it computed, at most."""
LONGEST_REST = 0.02
"""Seconds that it rests at a time."""

_quick: set[int] = set()
"""The threads that do quick work."""
_resting: set[int] = set()
"""The threads that rest meanwhile."""
_done = threading.Condition()
_local = threading.local()


@contextmanager
def quick() -> Iterator[None]:
    """Around work of some milliseconds that somebody waits for."""
    thread = threading.get_ident()
    if thread in _quick:
        yield
        return
    _quick.add(thread)
    try:
        yield
    finally:
        _quick.discard(thread)
        if not _quick and _resting:
            with _done:
                _done.notify_all()


@contextmanager
def long() -> Iterator[None]:
    """Around work that takes so long that it is to give way."""
    _local.since, _local.willing = time.perf_counter(), 0.0
    try:
        yield
    finally:
        del _local.since


def give_way() -> None:
    """Let quick work go first, if this thread is inside ``long``. Costs next to nothing otherwise."""
    if _quick and (since := getattr(_local, "since", None)) is not None:
        _rest(since)


def giving_way(items: Iterable[T]) -> Iterator[T]:
    """The items, and before each of them quick work."""
    for item in items:
        if _quick:
            give_way()
        yield item


def _rest(since: float) -> None:
    began = time.perf_counter()
    willing = min(LONGEST_REST, _local.willing + RATIO * (began - since))
    thread = threading.get_ident()
    _resting.add(thread)
    with _done:
        _done.wait_for(lambda: not _quick, willing)
    _resting.discard(thread)
    _local.since = time.perf_counter()
    _local.willing = willing - (_local.since - began)


def _in_child() -> None:
    """A forked child has none of the threads that were working."""
    global _done
    _done = threading.Condition()
    _quick.clear()
    _resting.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)
