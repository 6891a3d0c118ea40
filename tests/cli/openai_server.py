"""A loopback server that speaks OpenAI's streaming protocol."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.loopback import listening


@dataclass
class LanguageModel:
    """What the server answers, and what it was asked."""

    words: list[str]
    status: int = 200
    url: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)


@contextmanager
def serve(model: LanguageModel) -> Iterator[LanguageModel]:
    """Run the server; ``model.url`` is its base URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            model.requests.append(json.loads(body))
            self.send_response(model.status)
            self.send_header("Content-Type", "text/event-stream" if model.status == 200 else "application/json")
            self.end_headers()
            self.wfile.write(
                _stream(model.words) if model.status == 200 else b'{"error": {"message": "no such model"}}'
            )

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with listening(Handler) as model.url:
        yield model


def _stream(words: list[str]) -> bytes:
    chunks = [_chunk({"role": "assistant", "content": ""}, None)]
    chunks += [_chunk({"content": word}, None) for word in words]
    chunks += [_chunk({}, "stop")]
    return "".join(f"data: {chunk}\n\n" for chunk in [*chunks, "[DONE]"]).encode()


def _chunk(delta: dict[str, str], finish: str | None) -> str:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return json.dumps(
        {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "echo", "choices": [choice]}
    )
