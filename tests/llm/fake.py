"""A model behind OpenAI's chat protocol, on loopback: it answers as a script says, late, wrongly or not at all."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from threading import Lock
from typing import Any, TypeAlias

from tests.loopback import listening

Asked: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes over the wire."""

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    """Seconds before it begins."""
    drips: bool = False
    """It comes a byte at a time, for ever slower than anybody waits."""


def says(text: str | None, **more: Any) -> Answer:
    """A completion with this text."""
    message = {"role": "assistant", "content": text, **more}
    usage = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
    body = {"id": "c", "object": "chat.completion", "choices": [{"index": 0, "message": message}], "usage": usage}
    return Answer(json.dumps(body).encode())


def tells(*facts: Mapping[str, Any]) -> Answer:
    """A completion with these facts."""
    return says(json.dumps({"facts": list(facts)}, ensure_ascii=False))


def refuses(status: int, message: str = "no", **headers: str) -> Answer:
    return Answer(json.dumps({"error": {"message": message}}).encode(), status, headers)


Script: TypeAlias = Callable[[Asked], Answer]


@dataclass(slots=True)
class FakeModel:
    """The server: what it was asked, and how it answers. ``script`` is asked for each answer."""

    script: Script
    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)

    @property
    def config(self) -> dict[str, Any]:
        """Mem0's ``llm`` section."""
        return {"provider": "openai", "config": {"model": "fake", "openai_base_url": self.url, "api_key": "sk-secret"}}


@contextmanager
def serving(script: Script | Answer) -> Iterator[FakeModel]:
    """A model that answers so until the end of the block."""
    model = FakeModel(script if callable(script) else lambda asked: script)
    lock = Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with lock:
                model.asked.append(asked)
                model.headers.append(dict(self.headers))
                model.paths.append(self.path)
            answer = model.script(asked)
            time.sleep(answer.delay)
            self.send_response(answer.status)
            for key, value in answer.headers.items():
                self.send_header(key.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            try:
                for part in (
                    [answer.body[n : n + 1] for n in range(len(answer.body))] if answer.drips else [answer.body]
                ):
                    self.wfile.write(part)
                    self.wfile.flush()
                    time.sleep(0.05 if answer.drips else 0)
            except OSError:  # whoever asked has gone
                self.close_connection = True

        def log_message(self, *_: Any) -> None:
            pass

    with listening(Handler) as url:
        model.url = url
        yield model
