"""A loopback server that speaks OpenAI's embeddings: texts that share words lie near each other."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.loopback import listening


class EmbeddingServer:
    """What it answers, and what it was asked."""

    def __init__(self) -> None:
        self.dimensions = 64
        self.longest = 1 << 30
        """Characters of one text that it reads."""
        self.refusals: list[tuple[int, dict[str, str], str]] = []
        """(status, headers, message) of the next answers; then it works."""
        self.refused: str | None = None
        """A word that it cannot embed."""
        self.answer: Any = None
        """What it answers instead of embeddings."""
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.url = ""

    def respond(self, body: dict[str, Any]) -> tuple[int, dict[str, str], Any]:
        self.requests.append(body)
        if self.refusals:
            status, headers, message = self.refusals.pop(0)
            return status, headers, {"error": {"message": message}}
        if self.refused is not None and any(self.refused in text for text in body["input"]):
            return 500, {}, {"error": {"message": "json: unsupported value: NaN"}}
        if self.answer is not None:
            return 200, {}, self.answer
        if any(len(text) > self.longest for text in body["input"]):
            return 400, {}, {"error": {"message": "This model's maximum context length is 8192 tokens"}}
        length = body.get("dimensions", self.dimensions)
        data = [
            {"object": "embedding", "index": n, "embedding": vector(text, length)}
            for n, text in enumerate(body["input"])
        ]
        return 200, {}, {"object": "list", "data": data[::-1], "model": body["model"]}

    def texts(self) -> list[str]:
        """All it was shown."""
        return [text for request in self.requests for text in request["input"]]


def vector(text: str, dimensions: int) -> list[float]:
    """Not of length one."""
    found = [0.01] * dimensions
    for word in re.findall(r"\w+", text.casefold()):
        found[int.from_bytes(hashlib.md5(word.encode()).digest()[:4]) % dimensions] += 1.0
    return found


@contextmanager
def serving() -> Iterator[EmbeddingServer]:
    model = EmbeddingServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            model.keys.append(self.headers["Authorization"])
            status, headers, answer = (
                model.respond(body) if self.path == "/v1/embeddings" else (404, {}, {"error": {"message": self.path}})
            )
            content = json.dumps(answer).encode()
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet: tests read ``requests``."""

    with listening(Handler) as model.url:
        yield model
