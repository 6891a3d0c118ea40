"""Whose memories a command is about: a folder on this machine, or a running server."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Protocol
from urllib.parse import quote

import httpx2
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
from toldonce.errors import AuthenticationFailed, InvalidConfig, InvalidInput, MemoryNotFound, Rejected, Unreachable
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

SECONDS = 30.0
"""A server that has not answered by then is taken for gone."""


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

        key = os.environ.get("TOLDONCE_API_KEY") or os.environ.get("MEM0_API_KEY")
        if not key:
            raise InvalidConfig("A server needs a key: set TOLDONCE_API_KEY. Make one with: toldonce keys create")
        self._account = account(key, host)
        self._http = httpx2.Client(
            base_url=self._account.host,
            headers={"Authorization": f"Token {self._account.key}"},
            timeout=SECONDS,
            follow_redirects=False,  # wherever one leads, the key would go along
            trust_env=not self._account.loopback,
        )

    def __enter__(self) -> _Server:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def search(self, query: str, filters: Mapping[str, Any], top_k: int, threshold: float) -> list[Row]:
        body = {"query": query, "filters": filters, "top_k": top_k, "threshold": threshold}
        return _rows(self._call("POST", "/v3/memories/search/", body))

    def newest(self, filters: Mapping[str, Any], limit: int) -> list[Row]:
        found: list[Row] = []
        number = 1
        while len(found) < limit:
            path = f"/v3/memories/?page={number}&page_size={min(limit, 100)}"
            answer = self._call("POST", path, {"filters": filters, "show_expired": True})
            found += _rows(answer)
            number += 1
            if not isinstance(answer, dict) or not answer.get("next"):
                break
        return found[:limit]

    def get(self, memory_id: str) -> Row:
        found: Row = self._call("GET", _path(memory_id))
        return found

    def update(self, memory_id: str, text: str) -> None:
        self._call("PUT", _path(memory_id), {"text": text})

    def delete(self, memory_id: str) -> None:
        self._call("DELETE", _path(memory_id))

    def history(self, memory_id: str) -> list[Row]:
        return _rows(self._call("GET", f"{_path(memory_id)}history/"))

    def entities(self) -> list[Row]:
        return _rows(self._call("GET", "/v1/entities/"))

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        try:
            answer = self._http.request(method, path, json=body)
        except httpx2.HTTPError as error:
            raise Unreachable(f"{self._account.host} does not answer ({error}). Is a server there?") from error
        if answer.status_code == 404 and path.startswith("/v1/memories/"):
            raise MemoryNotFound(f"{self._account.host} has no memory with this id, for this key.")
        if answer.status_code in (401, 403):
            raise AuthenticationFailed(f"{self._account.host} refuses the key: {_detail(answer)}")
        if not answer.is_success:
            raise Rejected(f"{self._account.host} answered {answer.status_code}: {_detail(answer)}")
        return answer.json() if answer.content else None


def _path(memory_id: str) -> str:
    return f"/v1/memories/{quote(memory_id, safe='')}/"


def _rows(answer: Any) -> list[Row]:
    found = answer.get("results", []) if isinstance(answer, dict) else answer
    return [row for row in found or [] if isinstance(row, dict)]


def _detail(answer: httpx2.Response) -> str:
    try:
        said = answer.json()
    except ValueError:
        return answer.reason_phrase
    return str(said.get("detail") or said.get("error") or said) if isinstance(said, dict) else str(said)
