"""Setting aside what is damaged: it is copied into a file, taken out of the store, and made anew where it can be."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import apsw

from toldonce.stores.damaged_file import Whose, line_of, new_damaged_file
from toldonce.stores.examining import Action, Examination, Finding
from toldonce.stores.sql.ids import SEQUENCE_BITS
from toldonce.stores.sql.named import named_queries
from toldonce.stores.sqlite.examine import DamagedRow, damaged_rows, pages, tables
from toldonce.text.keys import indexed_tokens

_SQL = named_queries((Path(__file__).parent / "doctor.sql").read_text("utf-8"))

_BY_VERSION = ("memory_version", "token", "vector", "unembedded", "rebuilt_token", "rebuilt_vector")
_DERIVED = (*_BY_VERSION[1:], "locator", "membership", "rebuilt_owner")
"""Made of other rows."""
_COUNTERS = {
    "owner": {"version", "next_sequence", "created_at"},
    "conversation": {"next_place", "session_id", "last_said_at", "last_memory_id"},
}
"""Columns of rows that others hang on: these can be found again, and the row stays."""
_CARRIED = ("user", "agent", "app", "run", "memory")
"""What ``carried`` answers with."""
_OF_MESSAGES = ("agent_id", "app_id", "run_id")
_NAMING = frozenset({*_OF_MESSAGES, "user_id", "uid", "id", "owner_id", "memory_id", "version_id", "conversation_id"})
"""Columns that say whose a row is."""
_KEPT = ("owner", "conversation", "setting")
"""Tables whose rows cannot be taken out, as others hang on them."""


class Doctor:
    """Looks at a store, inside the writer's transaction."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self.owners: set[int] = set()
        """Those whose memories were changed."""
        self._lost_memberships = False

    def examine(self) -> Examination:
        """Name what is damaged, and change nothing."""
        found = [*self._pages(), *(self._finding(row) for row in self._rows()), *self._missing()]
        return Examination(found)

    def set_aside(self, folder: Path) -> Examination:
        """Take what is damaged out of the store. It is on disk in a file of ``folder`` before anything is changed."""
        rows = list(self._rows())
        findings = [*self._pages(), *(self._finding(row) for row in rows), *self._missing()]
        kept_in = self._keep(folder, rows) if rows else None
        for row, finding in zip(rows, map(self._finding, rows), strict=True):
            self._mend(row, finding.action)
        if findings:
            self._make_anew()
        return Examination(findings, kept_in)

    def _rows(self) -> Iterator[DamagedRow]:
        for table in tables(self._connection):
            with suppress(apsw.CorruptError):  # told with the pages
                yield from damaged_rows(self._connection, table)

    def _pages(self) -> Iterator[Finding]:
        for line in pages(self._connection):
            of_index = "index" in line
            yield Finding("", "", None, line, "made anew" if of_index else "none")

    def _missing(self) -> Iterator[Finding]:
        """Rows that others need and that are not there."""
        for what, query in (("token", "without_tokens"), ("vector", "without_vector"), ("locator", "without_locator")):
            for (memory_id,) in self._run(query):
                yield Finding(what, str(memory_id), self._uid(memory_id), "missing", "made anew")
        for table in _COUNTERS:
            for (row_id,) in self._run(f"{table}_behind"):
                yield Finding(table, str(row_id), None, "its counter is behind its rows", "made anew")
        for (memory_id,) in self._run("without_version"):
            yield Finding("memory_version", str(memory_id), self._uid(memory_id), "missing", "set aside")

    def _finding(self, row: DamagedRow) -> Finding:
        return Finding(row.table, row.shown, self._memory_of(row), row.why, self._action(row))

    def _action(self, row: DamagedRow) -> Action:
        if row.table in _COUNTERS and set(row.wrong) <= _COUNTERS[row.table]:
            return "made anew"
        if row.table in _KEPT and "id" not in row.wrong:  # what had its id hangs on no id that there can be
            return "none"
        return "made anew" if row.table in _DERIVED else "set aside"

    def _memory_of(self, row: DamagedRow) -> str | None:
        memory_id = self._memory_id(row)
        return None if memory_id is None else self._uid(memory_id)

    def _uid(self, memory_id: int) -> str | None:
        with suppress(UnicodeDecodeError):
            uid: str | None = self._connection.execute(_SQL["uid"], (memory_id,)).get
            return uid if isinstance(uid, str) else None
        return None

    def _memory_id(self, row: DamagedRow) -> int | None:
        """The memory that a row belongs to."""
        cell = row.cells.get("id" if row.table == "memory" else "memory_id")
        if row.table in _BY_VERSION and row.table != "memory_version":
            version = row.cells["version_id"].value
            found: int | None = self._connection.execute(_SQL["memory_of_version"], (version,)).get
            return found
        if row.table == "memory_version" and (cell is None or cell.kind != "integer"):
            return int(row.cells["id"].value)
        return cell.value if cell is not None and cell.kind == "integer" else None

    def _keep(self, folder: Path, rows: Sequence[DamagedRow]) -> Path:
        path = new_damaged_file(folder)
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            for row in rows:
                whose = self._whose(row)
                for table, cells in self._with_row(row):
                    os.write(file, line_of(table, row.why, cells, whose))
            os.fsync(file)
        finally:
            os.close(file)
        return path

    def _whose(self, row: DamagedRow) -> Whose | None:
        """Whose a row is, by its owner and by what it names; None where that is damaged too, or there is no owner."""
        if not _NAMING.isdisjoint(row.wrong):
            return None
        with suppress(UnicodeDecodeError):  # one of the rows that tell is damaged
            return self._told_whose(row)
        return None

    def _told_whose(self, row: DamagedRow) -> Whose | None:
        memory_id = self._memory_id(row)
        carried = self._run("carried", memory_id)
        if row.table == "message":
            owners = self._run("whose_talk", row.keys["id"].value >> SEQUENCE_BITS)
        elif row.table == "owner":
            owners = self._run("whose", row.keys["id"].value)
        else:
            owners = self._run("whose", memory_id >> SEQUENCE_BITS) if memory_id is not None and carried else []
        if not owners:
            return None
        [(project, kind, entity)] = owners
        named = [(f"{one}_id", value) for values in carried for one, value in zip(_CARRIED, values, strict=True)]
        named += [
            (name, cell.value.decode()) for name, cell in row.cells.items() if name in _OF_MESSAGES and cell.value
        ]
        ids = {f"{kind}:{entity}", *(f"{name.removesuffix('_id')}:{value}" for name, value in named if value)}
        return {"project": project, "ids": sorted(ids)}

    def _with_row(self, row: DamagedRow) -> Iterator[tuple[str, dict[str, Any]]]:
        """The row, and of a memory what goes with it."""
        yield row.table, {name: _shown(cell.kind, cell.value) for name, cell in row.cells.items()}
        if row.table == "memory":
            for version in self._connection.execute(_SQL["versions_raw"], (row.keys["id"].value,)):
                yield "memory_version", {"id": version[0], "text": _shown("text", version[1])}

    def _mend(self, row: DamagedRow, action: Action) -> None:
        if action == "none":
            return
        if row.table in _COUNTERS and action == "made anew":
            self._run(f"mend_{row.table}", row.keys["id"].value)
            return
        memory_id = self._memory_id(row)
        if memory_id is not None and memory_id >> SEQUENCE_BITS > 0:
            self.owners.add(memory_id >> SEQUENCE_BITS)
        if row.table.startswith("rebuilt_"):
            for table in ("rebuilt_vector", "rebuilt_token", "rebuilt_owner"):
                self._connection.execute(f"DELETE FROM {table}")  # a rebuild begins anew
            return
        self._lost_memberships |= row.table == "membership"
        self._connection.execute(f"DELETE FROM {row.table} WHERE {row.where}")
        if row.table == "memory":
            self._drop(row.keys["id"].value)

    def _make_anew(self) -> None:
        """What is derived of other rows, and is not there or behind them."""
        for table in _COUNTERS:
            for (row_id,) in self._run(f"{table}_behind"):
                self._run(f"mend_{table}", row_id)
        for (memory_id,) in self._run("without_version"):
            self._run("drop_memory", memory_id)
            self._drop(memory_id)
            self.owners.add(memory_id >> SEQUENCE_BITS)
        self._run("add_locators")
        if self._lost_memberships:
            self._run("add_memberships")
        for (memory_id,) in self._run("without_tokens"):
            version, text, actor, said_at = self._run("to_be_found_by", memory_id)[0]
            self._run("keep_tokens", version, indexed_tokens(text, actor, said_at).tobytes())
            self.owners.add(memory_id >> SEQUENCE_BITS)
        self.owners |= {memory_id >> SEQUENCE_BITS for (memory_id,) in self._run("without_vector")}
        self._run("await_vectors")
        with suppress(apsw.CorruptError):
            self._connection.execute("REINDEX")
        for owner_id in self.owners:
            self._run("bump", owner_id)

    def _drop(self, memory_id: int) -> None:
        for name in (
            "drop_versions",
            "drop_tokens",
            "drop_vectors",
            "drop_unembedded",
            "drop_locators",
            "drop_members",
        ):
            self._run(name, memory_id)
        for name in ("drop_sources", "drop_operations", "drop_changes"):
            self._run(name, memory_id)

    def _run(self, name: str, *values: Any) -> list[Any]:
        return self._connection.execute(_SQL[name], values).fetchall()


def _shown(kind: str, value: Any) -> Any:
    """A cell for the file: as it is, or its bytes in hexadecimal."""
    if kind == "text":
        with suppress(UnicodeDecodeError):
            return value.decode()
    return {"bytes": value.hex()} if isinstance(value, bytes) else value if kind != "real" else repr(value)
