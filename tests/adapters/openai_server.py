"""A loopback server that speaks OpenAI's chat and embeddings: every sentence it is shown becomes a fact."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class OpenAI:
    """``status``: what it answers everything with."""

    def __init__(self) -> None:
        self.status = 200
        self.asked: list[str] = []
        self.url = ""

    def answer(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(path)
        if path.endswith("/embeddings"):
            inputs = body["input"] if isinstance(body["input"], list) else [body["input"]]
            data = [{"object": "embedding", "index": n, "embedding": vector(text)} for n, text in enumerate(inputs)]
            return {"object": "list", "data": data, "model": "m", "usage": {"prompt_tokens": 1, "total_tokens": 1}}
        said = re.findall(r"^\s*(?:user|assistant): (.+)$", body["messages"][-1]["content"], re.MULTILINE)
        facts = [{"id": str(n), "text": text.strip(), "attributed_to": "user"} for n, text in enumerate(said)]
        message = {"role": "assistant", "content": json.dumps({"memory": facts})}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        return {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": usage}


def vector(text: str) -> list[float]:
    """Texts that share words lie near each other."""
    found = [0.0] * 1536
    for word in re.findall(r"\w+", text.casefold()):
        found[int.from_bytes(hashlib.md5(word.encode()).digest()[:4]) % 1536] += 1.0
    length = sum(value * value for value in found) ** 0.5 or 1.0
    return [value / length for value in found]


@contextmanager
def serving() -> Iterator[OpenAI]:
    model = OpenAI()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            answer = model.answer(self.path, body) if model.status == 200 else {"error": {"message": "no"}}
            content = json.dumps(answer).encode()
            self.send_response(model.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet: tests read ``asked``."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    model.url = f"http://127.0.0.1:{server.server_port}/v1"
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield model
    server.shutdown()
    server.server_close()
