"""Looking at every cell of every table, for what it cannot hold."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import apsw
import numpy as np

from toldonce.stores.sql.columns import WRONG, json_object, json_texts, moment
from toldonce.stores.sql.ids import MOST_OWNERS, SEQUENCE_BITS
from toldonce.stores.sql.rows import role
from toldonce.types import ENTITY_KINDS

_MOST_PROBLEMS = 1_000
"""Of pages and indexes that are listed."""


class Cell(NamedTuple):
    """A value as it lies in the file: its kind, and its bytes where it is a text or a blob."""

    kind: str
    value: Any

    @property
    def literal(self) -> str:
        """As an SQL expression."""
        if self.kind == "null":
            return "NULL"
        if self.kind in ("text", "blob"):
            return f"CAST(x'{self.value.hex()}' AS {self.kind})"
        return (
            repr(self.value)
            if self.value not in (float("inf"), float("-inf"))
            else f"{self.value:+}".replace("inf", "9e999")
        )


@dataclass(frozen=True, slots=True)
class DamagedRow:
    """A row with what is wrong in it."""

    table: str
    keys: Mapping[str, Cell]
    cells: Mapping[str, Cell]
    wrong: Mapping[str, str]
    """By column: why."""

    @property
    def shown(self) -> str:
        """Its key, for people to read."""
        parts = (cell.value for cell in self.keys.values())
        return "/".join(part.decode(errors="replace") if isinstance(part, bytes) else str(part) for part in parts)

    @property
    def why(self) -> str:
        return "; ".join(f"{column}: {reason}" for column, reason in self.wrong.items())

    @property
    def where(self) -> str:
        """An SQL condition that holds for this row only."""
        return " AND ".join(f"{column} IS {cell.literal}" for column, cell in self.keys.items())


def _kind_of_entity(value: str) -> None:
    if value not in ENTITY_KINDS:
        raise ValueError("no kind of entity")


def _tokens(value: bytes) -> None:
    if len(value) % 4:
        raise ValueError("no whole number of tokens")


def _vector(value: bytes) -> None:
    if len(value) % 4 or not np.isfinite(np.frombuffer(value, np.float32)).all():
        raise ValueError("no vector")


def _pairs(value: str) -> None:
    for one, other in json.loads(value):
        if type(one) is not str or type(other) is not str:
            raise TypeError("no list of pairs")


def _sequence(value: int) -> None:
    if not 0 <= value <= 1 << SEQUENCE_BITS:
        raise ValueError("out of bounds")


def _id(value: int) -> None:
    if not 0 < value < MOST_OWNERS:
        raise ValueError("out of bounds")


MEANINGS: dict[str, Callable[[Any], object]] = {
    **dict.fromkeys(
        (
            "memory.metadata",
            "memory.fact",
            "project.settings",
            "call.answer",
            "export.schema",
            "export.filters",
            "job.payload",
        ),
        json_object,
    ),
    **dict.fromkeys(("memory.earlier_runs", "webhook.event_types"), json_texts),
    **dict.fromkeys(("memory.role", "message.role"), role),
    **dict.fromkeys(
        (
            *(f"memory.{column}" for column in ("said_at", "created_at", "updated_at", "deleted_at")),
            *(f"memory_version.{column}" for column in ("said_at", "recorded_at", "closed_at")),
            *(f"memory_version.{column}" for column in ("happened_from", "happened_to")),
            "conversation.last_said_at",
            *(f"message.{column}" for column in ("said_at", "recorded_at")),
            *(
                f"{table}.created_at"
                for table in ("owner", "event", "project", "member", "api_key", "export", "webhook")
            ),
        ),
        moment,
    ),
    "owner.kind": _kind_of_entity,
    "owner.id": _id,
    "conversation.id": _id,
    "owner.next_sequence": _sequence,
    "conversation.next_place": _sequence,
    "membership.kind": _kind_of_entity,
    "call.results": _pairs,
    "token.ids": _tokens,
    "rebuilt_token.ids": _tokens,
    "vector.embedding": _vector,
    "rebuilt_vector.embedding": _vector,
}
"""What a column's values are, beyond their type."""


_USUAL_LENGTH = "SELECT length(embedding) FROM vector GROUP BY 1 ORDER BY count(*) DESC LIMIT 1"
"""All vectors of a store are of one embedder."""


def tables(connection: apsw.Connection) -> list[str]:
    """All that the store made."""
    found = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    return [str(row[0]) for row in found]


def damaged_rows(connection: apsw.Connection, table: str) -> Iterator[DamagedRow]:
    """The rows of a table that hold what they cannot."""
    columns: list[Any] = connection.execute(f"PRAGMA table_info({table})").fetchall()
    names = [column[1] for column in columns]
    keys = [column[1] for column in columns if column[5]]
    selected = ", ".join(
        f"typeof({name}), CASE WHEN typeof({name}) IN ('text', 'blob') THEN CAST({name} AS BLOB) ELSE {name} END"
        for name in names
    )
    usual = connection.execute(_USUAL_LENGTH).get if table == "vector" else None
    for row in connection.execute(f"SELECT {selected} FROM {table}"):
        cells = {name: Cell(row[2 * at], row[2 * at + 1]) for at, name in enumerate(names)}
        wrong = {
            column[1]: reason
            for column in columns
            if (reason := _wrong(table, column[1], column[2], bool(column[3]), cells[column[1]])) is not None
        }
        if not wrong and usual is not None and len(cells["embedding"].value) != usual:
            wrong["embedding"] = "of another length than others"
        wrong |= _astray(table, cells) if not wrong else {}
        if wrong:
            yield DamagedRow(table, {key: cells[key] for key in keys}, cells, wrong)


def _astray(table: str, cells: Mapping[str, Cell]) -> dict[str, str]:
    """A row that says it belongs to another than its id does."""
    if table in ("memory_version", "locator", "membership"):
        one, other = ("id", "memory_id") if table == "memory_version" else ("memory_id", "owner_id")
        shift = SEQUENCE_BITS if table == "memory_version" else 0
    elif table in ("message", "memory"):
        one, other, shift = "id", "conversation_id" if table == "message" else "owner_id", 0
    else:
        return {}
    fits = cells[one].value >> SEQUENCE_BITS == cells[other].value >> shift
    return {} if fits else {other: "of another than its id"}


def _wrong(table: str, column: str, declared: str, required: bool, cell: Cell) -> str | None:
    """Why a cell cannot have been written so; None: it may have been."""
    if cell.kind == "null":
        return "nothing" if required else None
    if cell.kind != declared.lower():
        return f"{cell.kind} where there can be {declared.lower()} only"
    try:
        value = cell.value.decode() if cell.kind == "text" else cell.value
        meaning = MEANINGS.get(f"{table}.{column}")
        if meaning is not None:
            meaning(value)
    except UnicodeDecodeError:
        return "no text"
    except WRONG as error:
        return str(error)[:80] or type(error).__name__
    return None


def pages(connection: apsw.Connection) -> list[str]:
    """What SQLite finds wrong with pages and indexes. What it says of cells is left to ``damaged_rows``."""
    try:
        rows: list[Any] = connection.execute(f"PRAGMA integrity_check({_MOST_PROBLEMS})").fetchall()
    except apsw.Error as error:
        return [str(error)]
    return [
        line
        for line in (str(row[0]) for row in rows)
        if line != "ok" and not line.startswith(("NULL value in", "non-", "CHECK "))
    ]
