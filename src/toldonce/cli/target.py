"""Whose memories a command is about: a folder on this machine, or a running server."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Mapping
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Protocol, Self

import typer

from toldonce.config import read_config
from toldonce.engine import open_engine
from toldonce.engine.operations import Operations
from toldonce.engine.requests import (
    PROJECT,
    UNSET,
    edit_request,
    read_filters,
    read_limit,
    search_request,
)
from toldonce.errors import InvalidConfig, InvalidInput, MemoryNotFound
from toldonce.takeover import database_file

Data = Annotated[
    Path | None, typer.Option(metavar="DIR", help="The memory folder. [default: TOLDONCE_HOME or your own]")
]
Host = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="A running server instead of a folder; its key is read from TOLDONCE_API_KEY or MEM0_API_KEY.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]

Row = dict[str, Any]


class Target(Protocol):
    """The verbs that commands need, wherever the memories are. Rows are Mem0's dicts."""

    def search(self, query: str, filters: Mapping[str, Any], top_k: int, threshold: float) -> list[Row]: ...

    def newest(self, filters: Mapping[str, Any], limit: int) -> list[Row]: ...

    def get(self, memory_id: str) -> Row:
        """Raises ``MemoryNotFound``."""
        ...

    def update(self, memory_id: str, text: str) -> None: ...

    def delete(self, memory_id: str) -> None: ...

    def history(self, memory_id: str) -> list[Row]: ...

    def entities(self) -> list[Row]:
        """``{"type", "name", "total_memories"}`` of every user, agent, app and run."""
        ...


@contextmanager
def opened(data: Path | None, host: str | None) -> Iterator[Target]:
    """What ``--data`` and ``--host`` name."""
    if host is not None:
        if data is not None:
            raise InvalidInput("--data and --host name two places. Leave one of them out.")
        with _Server(host) as server:
            yield server
        return
    with opened_folder(data) as verbs:
        yield _Folder(verbs)


@contextmanager
def opened_folder(data: Path | None) -> Iterator[Operations]:
    """The folder that ``--data`` names, which must have memories."""
    require_memories(data)
    engine, let_go = open_engine(read_config(None, data))
    try:
        yield Operations(engine, PROJECT)
    finally:
        let_go()


def require_memories(data: Path | None) -> Path:
    """The folder that ``--data`` names. Refuses one that would only now be made."""
    folder = read_config(None, data).folder
    if not database_file(folder).exists():
        raise InvalidConfig(f"{folder} holds no memories. Name the folder with --data or TOLDONCE_HOME.")
    return folder


@dataclass(frozen=True, slots=True)
class _Folder:
    """A memory folder, opened in this process."""

    verbs: Operations

    def search(self, query: str, filters: Mapping[str, Any], top_k: int, threshold: float) -> list[Row]:
        request = search_request(query, filters, top_k, threshold, None)
        results: list[Row] = self.verbs.search(request, explain=True, show_expired=False)["results"]
        return results

    def newest(self, filters: Mapping[str, Any], limit: int) -> list[Row]:
        found = self.verbs.get_all(read_filters(filters), read_limit(limit, "--limit"), None, None, show_expired=True)
        results: list[Row] = found["results"]
        return results

    def get(self, memory_id: str) -> Row:
        found = self.verbs.get(memory_id)
        if found is None:
            raise MemoryNotFound(f"No memory has the id {memory_id!r}. List those of a user: toldonce list --user ID")
        return found

    def update(self, memory_id: str, text: str) -> None:
        stale = self.verbs.write_update(memory_id, edit_request(text, None, UNSET)).result()
        self.verbs.engine.follow_up(stale).result()

    def delete(self, memory_id: str) -> None:
        self.verbs.engine.follow_up(self.verbs.write_delete(memory_id).result()).result()

    def history(self, memory_id: str) -> list[Row]:
        return self.verbs.history(memory_id)

    def entities(self) -> list[Row]:
        with self.verbs.engine.reading() as store:
            counted = store.serving.entities(self.verbs.project)
        return [{"type": one.kind, "name": one.entity_id, "total_memories": one.memories} for one in counted]


class _Server:
    """A server that speaks Mem0's REST API."""

    def __init__(self, host: str) -> None:
        from toldonce.remote.account import account
        from toldonce.remote.client import Mem0Client

        key = os.environ.get("TOLDONCE_API_KEY") or os.environ.get("MEM0_API_KEY")
        if not key:
            raise InvalidConfig("A server needs a key: set TOLDONCE_API_KEY. Make one with: toldonce keys create")
        self._client = Mem0Client(account(key, host))
        self._runner = asyncio.Runner()

    def __enter__(self) -> Self:
        self._runner.run(self._client.open())
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.run(self._client.close())
        self._runner.close()

    def search(self, query: str, filters: Mapping[str, Any], top_k: int, threshold: float) -> list[Row]:
        return self._runner.run(self._client.search(query, filters, top_k=top_k, threshold=threshold))

    def newest(self, filters: Mapping[str, Any], limit: int) -> list[Row]:
        async def rows() -> list[Row]:
            found: list[Row] = []
            async with aclosing(self._client.every(filters, show_expired=True)) as every:
                async for row in every:
                    found.append(row)
                    if len(found) == limit:
                        break
            return found

        return self._runner.run(rows())

    def get(self, memory_id: str) -> Row:
        return self._runner.run(self._client.get(memory_id))

    def update(self, memory_id: str, text: str) -> None:
        self._runner.run(self._client.update(memory_id, {"text": text}))

    def delete(self, memory_id: str) -> None:
        self._runner.run(self._client.delete(memory_id))

    def history(self, memory_id: str) -> list[Row]:
        return self._runner.run(self._client.history(memory_id))

    def entities(self) -> list[Row]:
        return self._runner.run(self._client.entities())
