"""HTTP to the server under attack: one connection that is kept, and the answers counted."""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

HANGS = 30.0
"""Seconds without an answer that count as a hang: longer than what the server allows itself for what is sent here."""


class Connection:
    """Sends JSON and waits for the answer. Opened anew when the server has closed it."""

    def __init__(self, port: int, key: str | None) -> None:
        self._http = http.client.HTTPConnection("127.0.0.1", port, timeout=HANGS)
        self._headers = {"Content-Type": "application/json"}
        if key is not None:
            self._headers["Authorization"] = f"Token {key}"

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """The status and what was answered. Raises ``TimeoutError`` after ``HANGS``, other ``OSError``s at once."""
        raw = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        sent = self._headers | {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            self._http.request(method, path, raw, sent)
            response = self._http.getresponse()
            answered = response.read()
        except http.client.HTTPException as error:
            self._http.close()
            raise ConnectionError(f"no HTTP: {error!r}") from error
        except OSError:
            self._http.close()
            raise
        return response.status, json.loads(answered) if answered.startswith((b"{", b"[")) else None

    def post(self, path: str, body: Any, **headers: str) -> tuple[int, Any]:
        return self.send("POST", path, body, **headers)

    def close(self) -> None:
        self._http.close()


@dataclass
class Target:
    """The server, as an attacker sees it."""

    port: int
    key: str
    """Of the attacker's project."""
    owner: str
    """A user of that project with very many memories."""
    folder: str
    """Of the server."""
    seed: int
    until: float
    """When to stop, on the monotonic clock."""
    answers: Counter[str] = field(default_factory=Counter)
    """By status; "hang" and "closed" stand for none."""
    guard: threading.Lock = field(default_factory=threading.Lock)

    @property
    def over(self) -> bool:
        return time.monotonic() >= self.until

    def random(self, number: int = 0) -> random.Random:
        """The same numbers for the same seed, whichever thread asks first."""
        return random.Random(f"{self.seed} {number}")

    def connect(self) -> Connection:
        return Connection(self.port, self.key)

    def send(self, connection: Connection, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Send, and count what came of it; status 0 where there was no answer."""
        try:
            status, answer = connection.send(method, path, body)
        except TimeoutError:
            status, answer = 0, "hang"
        except OSError:
            status, answer = 0, "closed"
            time.sleep(0.05)
        self.count(str(status) if status else answer)
        return status, answer

    def count(self, what: str) -> None:
        with self.guard:
            self.answers[what] += 1


def wait_for_all(threads: list[threading.Thread]) -> None:
    """Start them and wait for their end."""
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
