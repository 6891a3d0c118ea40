"""A real server on loopback in a thread of this process, and the plainest of clients."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn

from toldonce.server.app import build_app
from toldonce.server.keyring import KeyRing
from toldonce.server.keys import SCOPES
from toldonce.server.running import configured
from toldonce.server.service import Service
from toldonce.server.settings import Settings
from toldonce.stores.place import Place, folder_of


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    raw: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.raw)


@dataclass(slots=True)
class Client:
    """Sends exactly what it is told to: paths, bodies and headers."""

    port: int
    key: str | None
    headers: Mapping[str, str] = field(default_factory=dict)

    def send(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        """``body``: bytes as they are, anything else as JSON. ``headers``: underscores stand for hyphens."""
        raw = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        sent = {"Content-Type": "application/json", **self.headers}
        if self.key is not None:
            sent["Authorization"] = f"Token {self.key}"
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, raw, sent)
            response = connection.getresponse()
            return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Answer:
        return self.send("GET", path, **headers)

    def post(self, path: str, body: object = None, **headers: str) -> Answer:
        return self.send("POST", path, body, **headers)

    def put(self, path: str, body: object = None, **headers: str) -> Answer:
        return self.send("PUT", path, body, **headers)

    def delete(self, path: str, body: object = None, **headers: str) -> Answer:
        return self.send("DELETE", path, body, **headers)

    def add(self, text: object, **fields: Any) -> list[str]:
        """Remember something; the ids of what it became."""
        answer = self.post("/v3/memories/add/", {"messages": text, "infer": False, **fields})
        assert answer.status == 200, answer.raw
        return [result["id"] for result in answer.json["results"]]

    def all(self, **filters: Any) -> list[str]:
        """The texts a filter admits, newest first."""
        answer = self.post("/v3/memories/", {"filters": filters})
        assert answer.status == 200, answer.raw
        return [result["memory"] for result in answer.json["results"]]


@dataclass(frozen=True, slots=True)
class Running:
    """A server that listens."""

    place: Place
    port: int
    service: Service

    @property
    def folder(self) -> Path:
        return folder_of(self.place)

    def client(self, project: str = "default", *scopes: str) -> Client:
        """A client with a new key."""
        with KeyRing(self.place) as ring:
            issued, _ = ring.create(project, "test", scopes or SCOPES, None)
        return Client(self.port, issued.text)


@contextmanager
def serving(place: Place, **settings: Any) -> Iterator[Running]:
    """A server over a folder or a database."""
    app = build_app(Settings(place=place, **settings))
    server = uvicorn.Server(configured(app))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield Running(place, port, app.state.service)
    finally:
        server.should_exit = True
        thread.join()
