"""A Mem0 host on loopback that can misbehave: real sockets, real HTTP, and a record of everything it was asked."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit

KEY = "m0-test-key"


@dataclass
class Request:
    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    body: Any


@dataclass
class Reply:
    """What is answered instead; ``stored``: after the request was carried out."""

    status: int = 200
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})
    stored: bool = False
    hangs: bool = False
    """No answer ever comes, and the connection stays open."""
    drops: bool = False
    """The connection is closed without an answer."""


Rule = Callable[[Request], Reply | None]


class Host:
    """Use it as a context manager. ``rule`` is asked about each request first; None lets it through."""

    def __init__(self, *, versions: tuple[str, ...] = ("v3", "v2", "v1"), honours_keys: bool = True) -> None:
        self.versions = versions
        self.honours_keys = honours_keys
        self.key = KEY
        self.organisation = "o"
        self.rule: Rule = lambda request: None
        self.requests: list[Request] = []
        self.added: list[dict[str, Any]] = []
        """Bodies of the adds that were carried out, in order."""
        self.memories: list[dict[str, Any]] = []
        self.histories: dict[str, list[dict[str, Any]]] = {}
        self.connections = 0
        self._answers: dict[str, Any] = {}
        self._guard = threading.Lock()
        self._closing = threading.Event()
        self._server: ThreadingHTTPServer | None = None
        self._port = 0

    def __enter__(self) -> Self:
        handler = type("Handler", (_Handler,), {"served": self})

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

            def handle_error(self, request: Any, client_address: Any) -> None:
                """A client that went away is no news."""

        self._closing.clear()
        self._server = Server(("127.0.0.1", self._port), handler)
        self._port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()

    def forget(self) -> None:
        """Be as new."""
        for kept in (self.requests, self.added, self.memories, self._answers):
            kept.clear()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def said(self) -> list[str]:
        """Every message that was stored, in order."""
        return [message["content"] for body in self.added for message in body["messages"]]

    def asked(self, ending: str) -> list[Request]:
        return [request for request in self.requests if request.path.endswith(ending)]

    def keep(self, text: str, **fields: Any) -> dict[str, Any]:
        row = {"id": str(uuid.uuid4()), "memory": text, "created_at": "2026-01-02T03:04:05+00:00", "metadata": None}
        row |= {"user_id": None, "agent_id": None, "app_id": None, "run_id": None, "score": 0.9} | fields
        self.memories.append(row)
        return row

    def answer(self, request: Request) -> tuple[int, Any]:
        if request.headers.get("Authorization") != f"Token {self.key}":
            return 401, {"detail": "Invalid API key"}
        route = (request.method, request.path)
        with self._guard:
            if route == ("GET", "/v1/ping/"):
                return 200, {"status": "ok", "org_id": self.organisation, "project_id": "p"}
            for version in self.versions:
                found = self._versioned(version, route, request)
                if found is not None:
                    return 200, found
            if request.path.startswith("/v1/memories/") and not request.path.endswith(("/search/", "/add/")):
                return self._single(request)
            if route == ("GET", "/v1/entities/"):
                names = {row["user_id"] for row in self.memories if row["user_id"]}
                return 200, {"count": len(names), "next": None, "results": [{"type": "user", "name": n} for n in names]}
        return 404, {"detail": "Not found."}

    def _versioned(self, version: str, route: tuple[str, str], request: Request) -> Any:
        if route == ("POST", "/v3/memories/add/" if version == "v3" else "/v1/memories/"):
            return self._add(request)
        if route == ("POST", f"/{version}/memories/search/"):
            found = self._matching(request.body if version == "v1" else request.body["filters"])
            found = found[: request.body.get("top_k", 10)]
            return {"results": found} if version == "v3" else found
        if route == (("GET", "/v1/memories/") if version == "v1" else ("POST", f"/{version}/memories/")):
            found = self._matching(request.query if version == "v1" else request.body["filters"])
            page, size = int(request.query.get("page", 1)), int(request.query.get("page_size", 100))
            rows = found[(page - 1) * size : page * size]
            return {"count": len(found), "next": None, "previous": None, "results": rows}
        return None

    def _add(self, request: Request) -> Any:
        key = request.headers.get("Idempotency-Key") if self.honours_keys else None
        if key is None or key not in self._answers:
            self.added.append(request.body)
            for message in request.body["messages"]:
                self.keep(message["content"], **{k: v for k, v in request.body.items() if k.endswith("_id")})
            answer = {"event_id": str(uuid.uuid4()), "status": "PENDING"}
            if key is None:
                return answer
            self._answers[key] = answer
        return self._answers[key]

    def _matching(self, filters: Mapping[str, Any]) -> list[dict[str, Any]]:
        ids = {k: v for k, v in filters.items() if k in ("user_id", "agent_id", "app_id", "run_id")}
        if "OR" in filters:
            return list(self.memories)
        return [row for row in self.memories if all(row.get(key) == value for key, value in ids.items())]

    def _single(self, request: Request) -> tuple[int, Any]:
        if request.method == "DELETE" and request.path == "/v1/memories/":
            if not request.query:
                return 400, {"detail": "at least one id"}
            gone = self._matching(request.query)
            self.memories = [row for row in self.memories if row not in gone]
            return 200, {"message": "Memories deleted successfully!"}
        parts = [unquote(part) for part in request.path.split("/")]
        row = next((row for row in self.memories if row["id"] == parts[3]), None)
        if row is None:
            return 404, {"error": "Memory not found!"}
        if parts[4:5] == ["history"]:
            return 200, self.histories.get(row["id"], [])
        if request.method == "DELETE":
            self.memories.remove(row)
            return 200, {"message": "Memory deleted successfully!"}
        return 200, row


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    served: Host

    def setup(self) -> None:
        super().setup()
        self.served.connections += 1

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if len(body) < length:  # the client died as it spoke
            self.close_connection = True
            return
        request = Request(
            self.command,
            parts.path,
            dict(parse_qsl(parts.query)),
            dict(self.headers.items()),
            json.loads(body) if body else None,
        )
        self.served.requests.append(request)
        reply = self.served.rule(request)
        status, answer = (reply.status, None) if reply and not reply.stored else self.served.answer(request)
        if reply is not None and reply.hangs:
            self.served._closing.wait(60)
        if reply is not None and (reply.hangs or reply.drops):
            self.close_connection = True
            return
        if reply is None:
            reply = Reply(status)
        content = reply.body if reply.body is not None else json.dumps(answer if answer is not None else {}).encode()
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        self.wfile.flush()

    do_GET = do_POST = do_PUT = do_DELETE = _serve

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet: tests read ``requests``."""
