"""A connection inside a transaction, as what reads and writes tables by named statements sees it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, ClassVar, Protocol, TypeVar

from toldonce.stores.sql.columns import Row, whole
from toldonce.stores.sql.named import Statements

T = TypeVar("T")


class Rows(Protocol):
    """The rows of statements, made into something; those that are damaged are left out and counted."""

    damaged: int

    def read(self, sql: str, values: Sequence[Any], make: Callable[[Row], T]) -> Iterator[T]:
        """One by one, in the statement's order. The first column is the row's key, for messages to people."""
        ...


class Database(Protocol):
    """Runs statements. Values are bound by their places."""

    statements: Statements

    def reader(self, what: str, *, strict: bool = False) -> Rows:
        """``what``: one of the rows, for messages. ``strict``: raise ``CorruptStore`` at the first that is damaged."""
        ...

    def rows(self, sql: str, values: Sequence[Any]) -> list[Any]:
        """All rows, as they are."""
        ...

    def value(self, sql: str, values: Sequence[Any]) -> Any:
        """The first row's first column; None: there is no row."""
        ...

    def run(self, sql: str, values: Sequence[Any]) -> None:
        """Whose rows nobody wants."""
        ...

    def changed(self, sql: str, values: Sequence[Any]) -> int:
        """The same, and how many rows it added, changed or deleted."""
        ...

    def many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Once for each of these."""
        ...

    def each(self, sql: str, encode: Callable[[Sequence[Any]], str], rows: Sequence[Any]) -> None:
        """Change rows that have nothing to do with each other, so that a damaged one takes no other with it."""
        ...

    def gathering(self) -> AbstractContextManager[None]:
        """While an erasure is carried out: empty temporary tables gone_memory, gone_message, gone_version (id bigint),
        gone_uid (uid text) for what is to go."""
        ...

    def vector(self, embedding: bytes) -> Any:
        """A vector as a statement takes it."""
        ...


class Part:
    """What reads or writes some tables, by the statements of one file."""

    file: ClassVar[str]

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql = database.statements[self.file]

    def _rows(self, name: str, *values: Any) -> list[Any]:
        return self._database.rows(self._sql[name], values)

    def _row(self, name: str, *values: Any) -> Row | None:
        rows = self._rows(name, *values)
        return rows[0] if rows else None

    def _value(self, name: str, *values: Any) -> Any:
        return self._database.value(self._sql[name], values)

    def _run(self, name: str, *values: Any) -> None:
        self._database.run(self._sql[name], values)

    def _changed(self, name: str, *values: Any) -> int:
        return self._database.changed(self._sql[name], values)

    def _many(self, name: str, rows: Iterable[Sequence[Any]]) -> None:
        self._database.many(self._sql[name], rows)

    def _one(self, what: str, make: Callable[[Row], T], name: str, *values: Any) -> T | None:
        """What one row becomes. Raises ``CorruptStore`` if it is damaged."""

        def look() -> T | None:
            row = self._row(name, *values)
            return None if row is None else make(row)

        return whole(what, look)

    def _all(self, what: str, make: Callable[[Row], T], name: str, *values: Any) -> list[T]:
        """What rows become; damaged ones are left out."""
        return list(self._read(what, make, name, *values))

    def _read(self, what: str, make: Callable[[Row], T], name: str, *values: Any, strict: bool = False) -> Iterator[T]:
        return self._database.reader(what, strict=strict).read(self._sql[name], values, make)
