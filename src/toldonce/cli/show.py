"""How the demo and the chat look on a terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from statistics import median
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Column, Table

from .evidence import Figure
from .transcript import Session, Transcript

SHOWN_HITS = 3
MARK = "●"


class Screen:
    """One console and the few things that are written on it."""

    def __init__(self) -> None:
        self.console = Console(highlight=False)

    def line(self, markup: str) -> None:
        """Print one line of rich markup."""
        self.console.print(markup)

    def says(self, name: str, text: str, *, agent: bool) -> None:
        """Somebody says something."""
        colour = "green" if agent else "cyan"
        self.line(f"[bold {colour}]{escape(name)}:[/] {escape(text)}")

    @contextmanager
    def cursor_kept(self) -> Iterator[None]:
        """Give the terminal its cursor back, should a process that drew a bar there be ended halfway."""
        try:
            yield
        finally:
            self.console.show_cursor()

    def progress(self) -> Progress:
        """A bar that is gone when the work is done; nothing at all where nobody watches."""
        return Progress(
            TextColumn("  {task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("[dim]{task.fields[now]}", table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis")),
            console=self.console,
            expand=True,
            transient=True,
            disable=not self.console.is_terminal,
        )

    def opening(self, transcript: Transcript, folder: str, note: str) -> None:
        """What is going to be played, and where it is kept."""
        self.line(
            f"[bold]{escape(transcript.user_name)} and {escape(transcript.assistant_name)}[/], "
            f"{len(transcript.sessions)} sessions, {transcript.turn_count()} turns; "
            "each session is played through a Pipecat pipeline in a process of its own."
        )
        self.line(f"[dim]Memory folder: {escape(folder)} ({note})[/]\n")

    def session(self, session: Session, number: int, count: int, said: int, new: int) -> None:
        """One session was played."""
        self.line(
            f"Session {number} of {count} · {day(session.started_at)} · process {os.getpid()} · "
            f"{said} turns said, [bold]{new} new[/] in memory"
        )

    def new_process(self) -> None:
        """What follows comes from a process that was told nothing."""
        self.line(f"\n[bold]A new process, {os.getpid()}, that was told nothing:[/]")
        self.line(f"[dim]{MARK} marks what was said in a turn that holds the answer.[/]\n")

    def greets(self, name: str, greeting: str, memories: Sequence[Mapping[str, Any]]) -> None:
        """The agent greets the person with what it knows of them."""
        self.says(name, greeting, agent=True)
        for memory in memories:
            self.line(f"  - “{escape(one_line(memory['memory']))}”")
        self.line("")

    def profile(self, name: str, facts: Sequence[Mapping[str, Any]]) -> None:
        """What is known of the person as facts. ``facts``: with those that hold no more, the oldest first."""
        values = {fact["id"]: fact["value"] for fact in facts}
        before = {fact["superseded_by"]: fact["value"] for fact in facts if fact["superseded_by"] in values}
        self.line(f"[dim]What rules read of {escape(name)} as facts, without a model:[/]")
        for fact in facts:
            if fact["valid_to"] is None:
                was = f", before: {before[fact['id']]}" if fact["id"] in before else ""
                since = day(datetime.fromisoformat(fact["valid_from"]))
                row = f"  {fact['attribute']:<16}{one_line(fact['value'])} (since {since}{was})"
                self.console.print(f"[dim]{escape(row)}[/]", no_wrap=True, overflow="ellipsis")
        self.line("")

    def prompt(self, name: str) -> None:
        """Ask for a line, if somebody is there to type one."""
        if sys.stdin.isatty():
            self.console.print(f"[bold cyan]{escape(name)}:[/] ", end="")

    def typed(self, name: str, line: str) -> None:
        """Show a line that was not typed at this terminal."""
        if not sys.stdin.isatty():
            self.says(name, line, agent=False)

    def no_answer(self, reason: str) -> None:
        """The language model did not answer."""
        self.line(
            f"[red]The language model did not answer: {escape(one_line(reason))}. "
            "Check --llm-base-url, --llm-model and OPENAI_API_KEY.[/]"
        )

    def recalled(
        self,
        hits: Sequence[Mapping[str, Any]],
        added_ms: float,
        names: Mapping[str, str],
        marked: Sequence[bool] | None = None,
    ) -> None:
        """What memory laid on the agent's desk for one turn, and how long that took; some hits can be ``marked``."""
        best = f", the best {SHOWN_HITS}" if len(hits) > SHOWN_HITS else ""
        self.line(f"  [dim]memory added {added_ms:.1f} ms and recalled {len(hits)}{best}{':' if hits else ''}[/]")
        width = max((len(speaker(hit, names)) for hit in hits), default=0)
        for hit, mark in zip(hits[:SHOWN_HITS], marked or [False] * len(hits), strict=False):
            said = f"{speaker(hit, names):<{width}}  {day(said_at(hit)):>11}  {one_line(hit['memory'])}"
            row = f"  {MARK if mark else ' '} {hit['score']:.2f}  {said}"
            self.console.print(f"[dim]{escape(row)}[/]", no_wrap=True, overflow="ellipsis")

    def expected(self, answer: str) -> None:
        """What a person who was there would answer."""
        self.line(f"  [dim]expected: {escape(one_line(answer))}[/]")

    def added(self, turns: Sequence[float]) -> None:
        """The milliseconds that memory added to the turns."""
        self.line(
            f"Memory added [bold]{median(turns):.1f} ms[/] to the median turn and {max(turns):.1f} ms to the slowest "
            f"of {len(turns)}, [dim]from the user aggregator handing the turn on to the responder receiving it.[/]"
        )

    def evidence(self, figures: Sequence[Figure], top: int) -> None:
        """The evidence recall, overall first."""
        table = Table(title=f"Evidence recall@{top}", title_justify="left", title_style="bold")
        table.add_column("")
        table.add_column("questions", justify="right")
        table.add_column(f"recall@{top}", justify="right")
        for figure in figures:
            style = "bold" if figure is figures[0] else ""
            table.add_row(figure.label, str(figure.questions), f"{figure.recall:.1%}", style=style)
        self.console.print(table)
        self.line(
            f"[dim]Of the turns that hold a question's answer, how many its {top} best memories came from; "
            "the mean over questions.[/]"
        )


def speaker(hit: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """Who said what was recalled; ``names`` maps roles to names for those who gave none."""
    return str(hit.get("actor_id") or names.get(str(hit.get("role")), "somebody"))


def said_at(hit: Mapping[str, Any]) -> datetime:
    """When what was recalled was said."""
    return datetime.fromisoformat(hit["said_at"])


def day(moment: datetime) -> str:
    """``9 Mar 2026``."""
    return f"{moment.day} {moment:%b %Y}"


def one_line(text: str) -> str:
    """``text`` with its line breaks folded."""
    return " ".join(text.split())
