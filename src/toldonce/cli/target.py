"""Whose memories a command is about: a folder on this machine, or a running server."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Protocol, Self

import typer

from toldonce.config import read_config
from toldonce.engine import Engine, open_engine
from toldonce.engine.operations import Operations
from toldonce.engine.receipts import receipts
from toldonce.engine.requests import (
    PROJECT,
    UNSET,
    edit_request,
    read_filters,
    read_limit,
    search_request,
    what_to_erase,
)
from toldonce.engine.shapes import erased
from toldonce.errors import InvalidConfig, InvalidInput, MemoryNotFound
from toldonce.stores.erasing import ErasedKind
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

    def erase(self, kind: str, entity: str, allow_return: bool, wait: float) -> Row:
        """Leave no byte of a user, agent, app, run, memory or project; what ``Memory.erase`` returns."""
        ...

    def receipts(self) -> list[Row]:
        """The receipts of what was erased, oldest first."""
        ...


@contextmanager
def opened(data: Path | None, host: str | None, project: str | None = None) -> Iterator[Target]:
    """What ``--data``, ``--host`` and ``--project`` name. A server's key names the project itself."""
    if host is not None:
        if data is not None:
            raise InvalidInput("--data and --host name two places. Leave one of them out.")
        if project is not None:
            raise InvalidInput("--project: a server's key names the project. Leave it out, or use that project's key.")
        with _Server(host) as server:
            yield server
        return
    with opened_folder(data) as verbs:
        if project is not None:
            verbs = Operations(verbs.engine, project_id(verbs.engine, project))
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


def project_id(engine: Engine, project: str) -> str:
    """The id of the project with this id or name. Raises ``InvalidConfig`` if there is none."""
    if project == PROJECT:
        return project
    from toldonce.server.tenants import find

    with engine.reading() as store:
        found = find(store, project)
    if found is None:
        raise InvalidConfig(
            f"--project: there is no project {project!r} here. toldonce keys list shows those with keys."
        )
    return found.id


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

    def erase(self, kind: str, entity: str, allow_return: bool, wait: float) -> Row:
        if kind == "project":
            named: tuple[ErasedKind, str] = ("project", self.verbs.project)
        else:
            given = {f"{kind}_id": entity}
            named = what_to_erase(*map(given.get, ("user_id", "agent_id", "run_id", "app_id", "memory_id")))
        return erased(self.verbs.erase(*named, allow_return=allow_return, within=wait))

    def receipts(self) -> list[Row]:
        with self.verbs.engine.reading() as store:
            return [json.loads(one) for one in receipts(store, self.verbs.project)]


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

    def erase(self, kind: str, entity: str, allow_return: bool, wait: float) -> Row:
        query = {f"{kind}_id": entity, "wait": str(wait), "allow_return": str(allow_return).lower()}
        return self._runner.run(self._client.erase(query))

    def receipts(self) -> list[Row]:
        return self._runner.run(self._client.receipts())
