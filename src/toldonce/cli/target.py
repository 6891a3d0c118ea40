"""Whose memories a command is about: a folder on this machine, or a running server."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, Self

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
from toldonce.errors import InvalidConfig, InvalidInput, MemoryNotFound
from toldonce.filters.tree import EVERYTHING
from toldonce.remote.erasing import erase
from toldonce.server.tenants import ORGANISATION, find
from toldonce.stores.claim import EMBEDDER, FINGERPRINT
from toldonce.stores.opening import has_store
from toldonce.stores.place import DatabaseUrl, Place
from toldonce.times import iso, now
from toldonce.types import ENTITY_KINDS, ErasedKind

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

    def projects(self) -> list[Row]:
        """``{"id", "name", "created_at"}`` of every project that can be reached from here."""
        ...

    def count(self) -> int:
        """How many memories there are, whoever's."""
        ...

    def place(self) -> Row:
        """Where the memories are, as ``toldonce where`` shows it."""
        ...


@contextmanager
def opened(data: Place | None, host: str | None, project: str | None = None) -> Iterator[Target]:
    """What ``--data``, ``--project`` and ``--host`` name."""
    if host is not None:
        if data is not None:
            raise InvalidInput("--data and --host name two places. Leave one of them out.")
        if project is not None:
            raise InvalidInput("--project: on a server the key says which project it is. Leave --project out.")
        with _Server(host) as server:
            yield server
        return
    with opened_folder(data, project) as verbs:
        yield _Folder(verbs)


@contextmanager
def opened_folder(data: Place | None, project: str | None = None) -> Iterator[Operations]:
    """A project of the folder that ``--data`` names, which must have memories."""
    require_memories(data)
    engine, let_go = open_engine(read_config(None, data))
    try:
        yield Operations(engine, found_project(engine, project or PROJECT))
    finally:
        let_go()


def found_project(engine: Engine, project: str) -> str:
    """The id of the project with this id or name. Raises ``InvalidConfig`` if there is none."""
    if project == PROJECT:
        return project
    with engine.reading() as store:
        found = find(store, project)
    if found is None:
        raise InvalidConfig(f"--project: there is no project {project!r} here. Those there are: toldonce projects")
    return found.id


def require_memories(data: Place | None) -> Place:
    """The folder or database that ``--data`` names. Refuses one in which a store would only now be made."""
    place = read_config(None, data).place
    if not has_store(place):
        raise InvalidConfig(f"{place} holds no memories. Name the folder or database with --data or TOLDONCE_HOME.")
    return place


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
            named = what_to_erase(**{f"{kind}_id": entity})
        return erase(self.verbs, *named, allow_return=allow_return, within=wait)

    def receipts(self) -> list[Row]:
        with self.verbs.engine.reading() as store:
            return [json.loads(one) for one in receipts(store, self.verbs.project)]

    def projects(self) -> list[Row]:
        with self.verbs.engine.reading() as store:
            found = store.serving.projects(ORGANISATION)
        rows = [{"id": one.id, "name": one.name, "created_at": iso(one.created_at)} for one in found]
        # The library makes no entry for its own.
        return rows if any(row["id"] == PROJECT for row in rows) else [{"id": PROJECT, "name": PROJECT}, *rows]

    def count(self) -> int:
        engine = self.verbs.engine
        return engine.page(self.verbs.project, EVERYTHING, limit=1, offset=0, now=now(), show_expired=True).count

    def place(self) -> Row:
        place = self.verbs.engine.place
        with self.verbs.engine.reading() as store:
            embedder, fingerprint = store.setting(EMBEDDER), store.setting(FINGERPRINT)
        made = {"embedder": embedder, "fingerprint": fingerprint}
        if isinstance(place, DatabaseUrl):
            return {"database": str(place), **made}
        paths = sorted(path for path in place.rglob("*") if path.is_file())
        files = {str(path.relative_to(place)): path.stat().st_size for path in paths}
        return {"folder": str(place.resolve()), **made, "files": files}


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

    def projects(self) -> list[Row]:
        found = self._runner.run(self._client.project())
        return [{"id": found["project_id"], "name": found.get("name"), "created_at": found.get("created_at")}]

    def count(self) -> int:
        anybody = {"OR": [{f"{kind}_id": "*"} for kind in ENTITY_KINDS]}
        rows, count = self._runner.run(self._client.page(anybody, 1, size=1, show_expired=True))
        return len(rows) if count is None else count

    def place(self) -> Row:
        found = self._runner.run(self._client.ping())
        return {"host": self._client.account.host, "project_id": found.get("project_id")}
