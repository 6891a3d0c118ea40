"""How far long work has come: a bar with rate and time left on a terminal, lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

Advance = Callable[[int], None]
"""Told how much more is done."""

_FIRST_LINE = 1_000
"""Of work whose end is not known, the first line comes after so much, and each next one after twice as much."""


@contextmanager
def progress(what: str, unit: str, total: int | None = None) -> Iterator[Advance]:
    """Show on standard error how many ``unit`` of ``total`` are done, how many in a second, and how long it will take.

    ``total``: None if nobody knows.
    """
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    if not console.is_terminal:
        yield _Lines(console, what, unit, total).advance
        return
    known: tuple[ProgressColumn, ...] = (BarColumn(), MofNCompleteColumn(), TextColumn(unit), _Rate())
    columns = (*known, TimeRemainingColumn()) if total is not None else (*known, TimeElapsedColumn())
    with Progress(TextColumn(what), *columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=total)
        yield lambda count: bar.advance(task, count)


@contextmanager
def reached(what: str, unit: str) -> Iterator[Callable[[int, int], None]]:
    """The same for work that tells, each time, how much is done by now, and of how much."""
    before, advance = 0, None
    with ExitStack() as shown:

        def reach(done: int, total: int) -> None:
            nonlocal before, advance
            if advance is None:
                advance = shown.enter_context(progress(what, unit, total))
            advance(done - before)
            before = done

        yield reach


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.speed or 0:,.0f}/s")


class _Lines:
    """A line for each tenth, or, where the end is not known, each time that twice as much is done."""

    def __init__(self, console: Console, what: str, unit: str, total: int | None) -> None:
        self._console, self._what, self._unit, self._total = console, what, unit, total
        self._began = time.monotonic()
        self._done = self._tenths = 0
        self._next = _FIRST_LINE

    def advance(self, count: int) -> None:
        self._done += count
        rate = self._done / max(time.monotonic() - self._began, 1e-3)
        if self._total is None:
            if self._done >= self._next:
                self._next = 2 * self._done
                self._console.print(f"{self._what}: {self._done:,} {self._unit}, {rate:,.0f}/s")
            return
        tenths = self._done * 10 // self._total if self._total else 10
        if tenths > self._tenths:
            self._tenths = tenths
            left = max(self._total - self._done, 0) / max(rate, 1e-3)
            self._console.print(
                f"{self._what}: {self._done:,} of {self._total:,} {self._unit}, {rate:,.0f}/s, {left:,.0f} s left"
            )
