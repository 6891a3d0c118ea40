"""Moving in from Mem0: from an account on a host, or from a store that its library keeps on this machine."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from toldonce.adapters.mem0_config import fingerprint, require_mem0
from toldonce.engine import Engine
from toldonce.errors import InvalidExport, InvalidInput, Rejected
from toldonce.remember.plan import owner_of
from toldonce.remote.client import Mem0Client
from toldonce.remote.threads import in_a_thread
from toldonce.stores.transfer import Carried
from toldonce.times import now
from toldonce.transfer.lines import Owner
from toldonce.transfer.loading import BATCH, Loader
from toldonce.transfer.rows import Row, carried, print_of, print_of_record
from toldonce.types import EntityKind

_LOG = logging.getLogger(__name__)

_AT_ONCE = 8
"""Histories asked for together: a host has one call for each memory."""

_EVERYTHING: dict[str, Any] = {"OR": [{key: "*"} for key in ("user_id", "agent_id", "app_id", "run_id")]}

Found = tuple[Row, Sequence[Row]]
"""A memory and its history."""


@dataclass(slots=True)
class Report:
    """What an import did, and whether what is here is what was there."""

    found: int = 0
    imported: int = 0
    there: int = 0
    """Memories that were here already."""
    left_out: dict[str, str] = field(default_factory=dict)
    """Why memories, by id, cannot be kept here: nobody's, or somebody's whose id nobody could ask for."""
    differing: list[str] = field(default_factory=list)
    """Ids of memories that are not here, or not as they are there."""


async def import_account(engine: Engine, project: str, client: Mem0Client, *, done: Callable[[int], None]) -> Report:
    """Copy every memory of an account; what is here already is left as it is, so it can be repeated.

    ``done`` is called with the number of memories read since the last time.
    """
    with engine.reading() as store:
        here = {
            record.id
            for owner_id in store.owners(project, None, None)
            for record in store.records_of(owner_id).values()
        }

    async def read() -> AsyncIterator[list[Found]]:
        busy = asyncio.Semaphore(_AT_ONCE)

        async def with_history(row: Row) -> Found:
            if row["id"] in here:
                return row, []
            async with busy:
                return row, await client.history(str(row["id"]))

        async for rows in _batches(_account(client)):
            yield list(await asyncio.gather(*map(with_history, rows)))

    return await _import(engine, project, read(), done)


async def import_library(
    engine: Engine, project: str, config: Mapping[str, Any], *, done: Callable[[int], None]
) -> Report:
    """Copy every memory that Mem0's library keeps under a ``local_config``."""
    require_mem0(config)
    from toldonce.adapters.mem0 import load_library

    memory = await in_a_thread(load_library, dict(config))
    rows = await in_a_thread(lambda: list(memory._get_all_from_vector_store(None, 1_000_000, show_expired=True)))
    _LOG.info("%d memories under %s", len(rows), fingerprint(config))

    async def read() -> AsyncIterator[list[Found]]:
        for start in range(0, len(rows), BATCH):
            part = rows[start : start + BATCH]
            yield await in_a_thread(lambda part=part: [(row, memory.history(row["id"])) for row in part])

    try:
        return await _import(engine, project, read(), done)
    finally:
        memory.close()


async def _import(
    engine: Engine, project: str, batches: AsyncIterator[list[Found]], done: Callable[[int], None]
) -> Report:
    report, loader, at = Report(), Loader(engine, project), now()
    prints: dict[str, bytes] = {}
    async for batch in batches:
        report.found += len(batch)
        memories = []
        for row, history in batch:
            try:
                memories.append(carried(row, history, at))
            except InvalidInput as error:
                report.left_out[str(row["id"])] = str(error)
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


async def _account(client: Mem0Client) -> AsyncIterator[Row]:
    """Every memory of an account: all at once, or where a host cannot say "any", entity by entity."""
    seen: set[str] = set()
    try:
        async for row in client.every(_EVERYTHING, show_expired=True):
            if row.get("id") not in seen:
                seen.add(_checked(row))
                yield row
        return
    except (Rejected, ValueError):
        if seen:
            raise
    for kind, name in await client.entities():
        async for row in client.every({f"{kind}_id": name}):
            if row.get("id") not in seen:
                seen.add(_checked(row))
                yield row


def _checked(row: Row) -> str:
    if not isinstance(row.get("id"), str) or not isinstance(row.get("memory"), str):
        raise InvalidExport("The host lists something without 'id' and 'memory'. Is it a Mem0 host?")
    return str(row["id"])


async def _batches(rows: AsyncIterator[Row]) -> AsyncIterator[list[Row]]:
    batch: list[Row] = []
    async for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
