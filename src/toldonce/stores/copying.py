"""Copying a whole store into another, whatever either is: table by table, with the same ids, while the source is used.

An owner's rows are read at one moment and written in one transaction, which also notes the owner's version. So what was
interrupted goes on there, and what was written meanwhile is seen by its version and copied anew. Tables that belong to
no owner are replaced whole. Everything written is read back and compared, by counts and by hashes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, NamedTuple, Protocol

from toldonce.errors import CorruptStore, InvalidConfig, StoreError
from toldonce.stores.claim import REBUILD
from toldonce.stores.protocol import Store
from toldonce.stores.sql.ids import first_id, last_id

Row = Sequence[Any]

PASSES = 5
"""How often what was written meanwhile is looked for, before it is left to the next call."""
_ROWS = 5_000
"""Memories that one transaction copies, more only where one owner has more."""
_LONG = 64
"""Bytes from which on a value goes into a row's hash by its own."""

_OF_OWNERS = "BETWEEN $1 >> 24 AND $2 >> 24"
_OF_IDS = "BETWEEN $1 AND $2"
OWNED = {
    "owner": f"id {_OF_OWNERS}",
    "conversation": f"owner_id {_OF_OWNERS}",
    "message": f"conversation_id IN (SELECT id FROM conversation WHERE owner_id {_OF_OWNERS})",
    "memory": f"id {_OF_IDS}",
    "locator": f"uid IN (SELECT uid FROM memory WHERE id {_OF_IDS})",
    "memory_version": f"id {_OF_IDS}",
    "source": f"memory_id {_OF_IDS}",
    "membership": f"memory_id {_OF_IDS}",
    "operation": f"memory_id {_OF_IDS}",
    "event": f"uid IN (SELECT event_uid FROM operation WHERE memory_id {_OF_IDS})",
    "token": f"version_id {_OF_IDS}",
    "embedding": f"version_id {_OF_IDS}",
    "unembedded": f"version_id {_OF_IDS}",
}
"""The tables that hold what belongs to owners: which rows are of those whose rows have ids from $1 to $2."""
_SHARED = "event"
"""One may be of several owners."""
_EARLIER = "(SELECT count(*) FROM change AS c WHERE c.sequence <= {})"
WHOLE: Mapping[str, Mapping[str, str]] = {
    "setting": {},
    "project": {},
    "member": {},
    "api_key": {},
    "call": {},
    "feedback": {},
    "export": {},
    "webhook": {"since": _EARLIER.format("webhook.since")},
    "job": {},
    "delivery": {},
    "erasure": {},
    "erased_words": {},
    # Each kind of store counts changes in its own way, always upwards: they are counted anew, from one.
    "change": {"sequence": "row_number() OVER (ORDER BY sequence)"},
    "feed_reader": {"sequence": _EARLIER.format("feed_reader.sequence")},
}
"""The other tables, with what is read in place of some columns."""
APART = (
    "rebuilt_owner",
    "rebuilt_token",
    "rebuilt_vector",
    "rebuilt_embedding",
    "secret",
    "opener",
    "sql_reader",
    "toldonce_schema",
)
"""Tables that are a store's own affair."""

_NOTE = "copied "
_NOTES = f"key LIKE '{_NOTE}%'"
_NO_NOTES = f"key NOT LIKE '{_NOTE}%' AND key <> 'digest key'"  # by which a folder knows its own secret
_DIGESTS = "digests"
"""The secret by whose digests repeats are told: without it a copy is none."""


class Tables(Protocol):
    """The bare tables of a store inside a transaction. Values are bound as $1, $2, in the order of their use."""

    def columns(self, table: str) -> list[str]:
        """In their order, which is the same in all stores; their names may differ."""
        ...

    def rows(self, sql: str, values: Sequence[Any] = ()) -> Iterator[Row]:
        """One by one; ``{name}`` stands for a table. Finish with these before anything else is asked."""
        ...

    def run(self, sql: str, values: Sequence[Any] = ()) -> None: ...

    def fill(self, table: str, rows: Iterable[Row], *, keep: bool = False) -> None:
        """Add rows, fast. ``keep``: leave out those that are there."""
        ...

    def secrets(self) -> dict[str, bytes]: ...

    def keep_secret(self, name: str, value: bytes) -> None: ...

    def filled(self) -> None:
        """What was filled stays: let new ids come after those that are there."""
        ...


class Digest(NamedTuple):
    """Of rows in any order."""

    rows: int = 0
    sum: int = 0

    def __str__(self) -> str:
        return f"{self.rows}:{self.sum:032x}"


@dataclass(slots=True)
class Copied:
    """What a call of ``copy_store`` did."""

    owners: int = 0
    """Copied now; the others had been, and are as they were."""
    memories: int = 0
    removed: int = 0
    """Owners that are gone from the source, and from the copy now."""
    rows: dict[str, int] = field(default_factory=dict)
    """Of each table: rows that were written, read back and compared."""
    same: bool = False
    """The last look found nothing that was written meanwhile."""


def copy_store(source: Store, target: Store, done: Callable[[int], None]) -> Copied:
    """Bring ``target`` to what ``source`` holds. ``done``: told how many more memories were copied.

    Raises ``InvalidConfig`` if the target holds anything that did not come from there, and ``CorruptStore`` if what was
    written is not what is read back.
    """
    copy = _Copy(source, target, done)
    copy.share_secrets()
    for _ in range(PASSES):
        changed = copy.owners()
        changed |= copy.whole_tables()
        copy.end_pass()
        if not changed:
            copy.told.same = True
            break
    if copy.replaced:
        target.compact()
    return copy.told


class _Copy:
    """One call of ``copy_store``."""

    def __init__(self, source: Store, target: Store, done: Callable[[int], None]) -> None:
        self._source = source
        self._target = target
        self._done = done
        self.told = Copied()
        self.replaced = False
        """Rows were taken out of the target, whose bytes are still there."""

    def share_secrets(self) -> None:
        """Give the target the source's secrets, once it is clear that it has nothing of its own."""
        secrets = self._source.over_tables(self._read_secrets, write=False)

        def work(tables: Tables) -> None:
            mine = tables.secrets()
            if _first(tables, f"SELECT key FROM {{setting}} WHERE {_NOTES} LIMIT 1"):
                if mine.get(_DIGESTS) != secrets.get(_DIGESTS):
                    raise self._of_its_own("it is a copy of something else")
            elif _first(tables, "SELECT id FROM {owner} LIMIT 1"):
                raise self._of_its_own("there are memories in it")
            for name, value in secrets.items():
                if mine.get(name) != value:
                    tables.keep_secret(name, value)

        self._target.over_tables(work, write=True)

    def owners(self) -> bool:
        """Copy those who were written to since they were copied; whether there were any."""
        there = self._source.over_tables(_owners, write=False)
        copied = self._target.over_tables(_owners, write=False)
        notes = self._target.over_tables(_notes, write=False)
        for owner, (version, _) in copied.items():
            if notes.get(str(owner)) != str(version):
                raise self._of_its_own(f"owner {owner} was written to there")
        wanted = [owner for owner, known in there.items() if copied.get(owner) != known]
        gone = [owner for owner in copied if owner not in there]
        for owner in gone:
            self._remove(owner)
        for first, last in _stretches(set(wanted), {owner: size for owner, (_, size) in there.items()}):
            self._stretch(first, last)
        self.told.owners += len(wanted)
        self.told.removed += len(gone)
        return bool(wanted or gone)

    def whole_tables(self) -> bool:
        """Copy the tables that belong to no owner, where they differ; whether one did."""
        notes = self._target.over_tables(_notes, write=False)
        changed = [self._whole_table(table, notes.get(table)) for table in WHOLE]
        return any(changed)

    def end_pass(self) -> None:
        """Leave the target as a store that goes on by itself."""

        def work(tables: Tables) -> None:
            if self.replaced:
                tables.run("DELETE FROM {event} WHERE uid NOT IN (SELECT event_uid FROM {operation})")
            tables.filled()

        self._target.over_tables(work, write=True)

    def _read_secrets(self, tables: Tables) -> dict[str, bytes]:
        if _first(tables, "SELECT value FROM {setting} WHERE key = $1", (REBUILD,)):
            raise StoreError(
                f"The vectors of {self._source.location} are being made anew. Finish that first: toldonce rebuild"
            )
        return tables.secrets()

    def _remove(self, owner: int) -> None:
        def work(tables: Tables) -> None:
            _delete(tables, first_id(owner), last_id(owner))
            tables.run("DELETE FROM {setting} WHERE key = $1", (f"{_NOTE}{owner}",))

        self._target.over_tables(work, write=True)
        self.replaced = True

    def _stretch(self, first: int, last: int) -> None:
        """Copy owners that follow each other, in one transaction, and compare."""
        bounds = (first_id(first), last_id(last))

        def read(tables: Tables) -> dict[str, Digest]:
            versions = [(f"{_NOTE}{owner}", str(version)) for owner, (version, _) in _owners(tables, bounds).items()]

            def write(copies: Tables) -> dict[str, Digest]:
                if _first(copies, f"SELECT id FROM {{owner}} WHERE {OWNED['owner']} LIMIT 1", bounds):
                    _delete(copies, *bounds)
                    self.replaced = True
                digests = {}
                for table, which in OWNED.items():
                    counted = _Counted(tables.rows(_select(tables, table, which), bounds))
                    copies.fill(table, counted, keep=table == _SHARED)
                    digests[table] = counted.digest
                for key, _ in versions:
                    copies.run("DELETE FROM {setting} WHERE key = $1", (key,))
                copies.fill("setting", versions)
                return digests

            return self._target.over_tables(write, write=True)

        written = self._source.over_tables(read, write=False)
        found = self._target.over_tables(
            lambda copies: {table: _digest(copies, table, which, bounds) for table, which in OWNED.items()}, write=False
        )
        for table, digest in written.items():
            self._compare(table, digest, found[table])
        self.told.memories += written["memory"].rows
        self._done(written["memory"].rows)

    def _whole_table(self, table: str, noted: str | None) -> bool:
        which = _NO_NOTES if table == "setting" else "1 = 1"
        wanted = self._source.over_tables(lambda tables: _digest(tables, table, which, (), WHOLE[table]), write=False)
        there = self._target.over_tables(lambda copies: _digest(copies, table, which), write=False)
        if there.rows and str(there) != noted:
            raise self._of_its_own(f"rows of its table {table} did not come from here")
        if there == wanted:
            return False

        def read(tables: Tables) -> Digest:
            def write(copies: Tables) -> Digest:
                copies.run(f"DELETE FROM {{{table}}} WHERE {which}")
                counted = _Counted(tables.rows(_select(tables, table, which, WHOLE[table])))
                copies.fill(table, counted)
                copies.run("DELETE FROM {setting} WHERE key = $1", (_NOTE + table,))
                copies.fill("setting", [(_NOTE + table, str(counted.digest))])
                return counted.digest

            return self._target.over_tables(write, write=True)

        written = self._source.over_tables(read, write=False)
        self.replaced |= there.rows > 0
        found = self._target.over_tables(lambda copies: _digest(copies, table, which), write=False)
        self._compare(table, written, found)
        return True

    def _compare(self, table: str, written: Digest, found: Digest) -> None:
        if written != found:
            raise CorruptStore(
                f"{self._target.location} does not hold what was written to its table {table}: {written.rows} rows "
                f"were, {found.rows} are there, or they differ. Do not use it: begin anew with an empty one."
            )
        self.told.rows[table] = self.told.rows.get(table, 0) + found.rows

    def _of_its_own(self, why: str) -> InvalidConfig:
        return InvalidConfig(
            f"{self._target.location} is no copy of {self._source.location} alone: {why}. Nothing of that was touched. "
            "Name an empty folder or database."
        )


class _Counted:
    """Rows on their way, and what they come to."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows = rows
        self.digest = Digest()

    def __iter__(self) -> Iterator[Row]:
        count = total = 0
        for row in self._rows:
            count += 1
            total += int.from_bytes(blake2b(repr([*map(_short, row)]).encode(), digest_size=16).digest())
            yield row
        self.digest = Digest(count, total % (1 << 128))


def _short(value: object) -> object:
    return blake2b(value).digest() if isinstance(value, bytes) and len(value) > _LONG else value


def _digest(
    tables: Tables, table: str, which: str, values: Sequence[Any] = (), instead: Mapping[str, str] | None = None
) -> Digest:
    counted = _Counted(tables.rows(_select(tables, table, which, instead), values))
    for _ in counted:
        pass
    return counted.digest


def _select(tables: Tables, table: str, which: str, instead: Mapping[str, str] | None = None) -> str:
    columns = ", ".join((instead or {}).get(column, column) for column in tables.columns(table))
    return f"SELECT {columns} FROM {{{table}}} WHERE {which}"


def _delete(tables: Tables, first: int, last: int) -> None:
    for table, which in reversed(OWNED.items()):
        if table != _SHARED:
            tables.run(f"DELETE FROM {{{table}}} WHERE {which}", (first, last))


def _first(tables: Tables, sql: str, values: Sequence[Any] = ()) -> Row | None:
    found = list(tables.rows(sql, values))
    return found[0] if found else None


def _owners(tables: Tables, bounds: tuple[int, int] = (0, last_id((1 << 39) - 1))) -> dict[int, tuple[int, int]]:
    """(version, about how many memories) of each, in the order of their ids."""
    rows = tables.rows(f"SELECT id, version, next_sequence FROM {{owner}} WHERE {OWNED['owner']} ORDER BY id", bounds)
    return {owner: (version, size) for owner, version, size in rows}


def _notes(tables: Tables) -> dict[str, str]:
    rows = tables.rows(f"SELECT key, value FROM {{setting}} WHERE {_NOTES}")
    return {key.removeprefix(_NOTE): value for key, value in rows}


def _stretches(wanted: set[int], sizes: Mapping[int, int]) -> Iterator[tuple[int, int]]:
    """First and last of owners who follow each other and are all wanted, some thousand memories each."""
    first = last = size = 0
    for owner, memories in sizes.items():
        if first and (owner not in wanted or size + memories > _ROWS):
            yield first, last
            first = size = 0
        if owner in wanted:
            first, last, size = first or owner, owner, size + memories
    if first:
        yield first, last
