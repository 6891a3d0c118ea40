"""Moving in from Mem0: from an account on a host, or from a store that its library keeps on this machine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from toldonce.adapters.mem0_store import read_store
from toldonce.engine import Engine
from toldonce.errors import HostFailed, InvalidExport, InvalidInput, NotMem0, Rejected, RemoteNotFound
from toldonce.remember.plan import owner_of
from toldonce.remote.client import Mem0Client
from toldonce.remote.threads import in_a_thread
from toldonce.stores.transfer import Carried
from toldonce.text.repair import storable
from toldonce.times import now
from toldonce.transfer.lines import Owner
from toldonce.transfer.loading import BATCH, Loader
from toldonce.transfer.rows import Row, carried, print_of, print_of_record
from toldonce.types import EntityKind

_AT_ONCE = 8
"""Histories asked for together: a host has one call for each memory."""

_EVERYTHING: dict[str, Any] = {"OR": [{key: "*"} for key in ("user_id", "agent_id", "app_id", "run_id")]}


@dataclass(frozen=True, slots=True)
class Found:
    """A memory and its history."""

    row: Row
    history: Sequence[Row] = ()
    without_history: str | None = None
    """Why the history is not there, if it should be."""


@dataclass(frozen=True, slots=True)
class LibraryStore:
    """What Mem0's library keeps: memories as it lists them, and their histories by id."""

    rows: Sequence[Row]
    histories: Mapping[str, Sequence[Row]]


@dataclass(slots=True)
class Report:
    """What an import did, and whether what is here is what was there."""

    found: int = 0
    imported: int = 0
    there: int = 0
    """Memories that were here already."""
    left_out: list[tuple[str, str]] = field(default_factory=list)
    """Memories, by id or by their place, that cannot be kept here, and why."""
    repaired: list[tuple[str, str]] = field(default_factory=list)
    """Memories, by id, that are here, and what of them could not be kept as it was."""
    differing: list[str] = field(default_factory=list)
    """Ids of memories that are not here, or not as they are there."""


async def import_account(engine: Engine, project: str, client: Mem0Client, *, done: Callable[[int], None]) -> Report:
    """Copy every memory of an account; what is here already is left as it is, so it can be repeated.

    ``done`` is called with the number of memories read since the last time. An odd memory is repaired or left out,
    and listed. Raises ``RemoteError`` where the host fails, and ``InvalidExport`` where another project has a memory.
    """
    here = await in_a_thread(_here, engine, project)

    async def read() -> AsyncIterator[list[Found]]:
        busy = asyncio.Semaphore(_AT_ONCE)

        async def with_history(row: Row) -> Found:
            uid = row.get("id")
            if not isinstance(uid, (str, int)) or not uid or str(uid) in here:
                return Found(row)
            async with busy:
                try:
                    return Found(row, await client.history(str(uid)))
                except (RemoteNotFound, Rejected, HostFailed, NotMem0) as error:
                    return Found(row, (), f"its history cannot be had: {error}")

        async for rows in _batches(_account(client)):
            yield list(await asyncio.gather(*map(with_history, rows)))

    return await _import(engine, project, read(), here, done)


async def import_library(engine: Engine, project: str, store: LibraryStore, *, done: Callable[[int], None]) -> Report:
    """Copy every memory that Mem0's library keeps, as ``open_library`` found it."""

    async def read() -> AsyncIterator[list[Found]]:
        for start in range(0, len(store.rows), BATCH):
            rows = store.rows[start : start + BATCH]
            yield [Found(row, store.histories.get(str(row["id"]), ())) for row in rows]

    return await _import(engine, project, read(), await in_a_thread(_here, engine, project), done)


def open_library(config: Mapping[str, Any]) -> LibraryStore:
    """Read what Mem0's library keeps under a ``local_config``. No model is loaded or called, and nothing is made.

    Raises:
        MissingExtra: packages it needs are not installed.
        InvalidConfig: there is no such store or collection.
        InvalidExport: it holds no memories.
    """
    rows, histories = read_store(config)
    if not rows:
        raise InvalidExport("Mem0's library keeps no memories there: nothing was imported. Check the configuration.")
    return LibraryStore(rows, histories)


async def require_account_memories(client: Mem0Client) -> None:
    """Raise ``InvalidExport`` for an account that holds no memories, before anything is made for them."""
    async with aclosing(_account(client)) as rows:
        async for _ in rows:
            return
    raise InvalidExport(
        f"{client.account.host} lists no memories for this key: nothing was imported. Check the host and the key."
    )


def _here(engine: Engine, project: str) -> dict[str, int]:
    """When the memories of a project were made, by id."""
    with engine.reading() as store:
        owners = store.owners(project, None, None)
        return {record.id: record.created_at for owner in owners for record in store.records_of(owner).values()}


async def _import(
    engine: Engine,
    project: str,
    batches: AsyncIterator[list[Found]],
    here: Mapping[str, int],
    done: Callable[[int], None],
) -> Report:
    report, loader, at = Report(), Loader(engine, project), now()
    prints: dict[str, bytes] = {}
    async for batch in batches:
        memories = []
        for found in batch:
            report.found += 1
            uid = str(found.row.get("id") or f"number {report.found}")
            try:
                reading = carried(found.row, found.history, here.get(uid, at))
            except InvalidInput as error:
                report.left_out.append((storable(uid), str(error)))
                continue
            memories.append(reading.memory)
            repairs = [found.without_history, *reading.repairs] if found.without_history else reading.repairs
            report.repaired += [(uid, repair) for repair in repairs]
        prints.update((memory.uid, print_of(memory)) for memory in memories)
        await in_a_thread(_write, loader, memories)
        done(len(batch))
    await in_a_thread(loader.settle)
    report.imported, report.there = loader.tally.memories, loader.tally.there
    report.differing = await in_a_thread(_differing, engine, project, prints)
    return report


def _write(loader: Loader, memories: Sequence[Carried]) -> None:
    def whose(memory: Carried) -> tuple[EntityKind, str]:
        return owner_of(memory.scope)

    for (kind, entity), theirs in groupby(sorted(memories, key=lambda m: (whose(m), m.created_at)), key=whose):
        loader.memories(Owner(kind, entity), list(theirs))


def _differing(engine: Engine, project: str, prints: Mapping[str, bytes]) -> list[str]:
    """Ids of memories that are not here as they were read."""
    differing = []
    with engine.reading() as store:
        for uid, expected in prints.items():
            memory_id = store.locate(project, uid)
            record = None if memory_id is None else store.records([memory_id]).get(memory_id)
            if record is None or print_of_record(record) != expected:
                differing.append(uid)
    return differing


async def _account(client: Mem0Client) -> AsyncGenerator[Row, None]:
    """Every memory of an account: all at once, or where a host cannot say "any", entity by entity."""
    seen: set[object] = set()
    listed = False
    try:
        async for row in client.every(_EVERYTHING, show_expired=True):
            listed = True
            if _is_new(row, seen):
                yield row
        return
    except (Rejected, ValueError):
        if listed:
            raise
    for entity in await client.entities():
        async for row in client.every({f"{entity.get('type')}_id": str(entity.get("name"))}):
            if _is_new(row, seen):
                yield row


def _is_new(row: Row, seen: set[object]) -> bool:
    """Whether a memory was not listed before; one without an id that says so is always new."""
    uid = row.get("id")
    if not isinstance(uid, (str, int)):
        return True
    new = uid not in seen
    seen.add(uid)
    return new


async def _batches(rows: AsyncIterator[Row]) -> AsyncIterator[list[Row]]:
    batch: list[Row] = []
    async for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
