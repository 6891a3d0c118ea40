"""Starting and stopping the server."""

from __future__ import annotations

import gc
import ipaddress
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType

import uvicorn
from fastapi import FastAPI

from toldonce.config import files_beside
from toldonce.engine.requests import PROJECT
from toldonce.errors import InvalidInput
from toldonce.server.app import build_app
from toldonce.server.keyring import KeyRing
from toldonce.server.keys import SCOPES, holds
from toldonce.server.protocol import BoundedProtocol
from toldonce.server.service import Service
from toldonce.server.settings import Settings
from toldonce.times import now

FIRST_KEY = "first-key"
"""The file with the very first key, where it is not shown on a terminal."""

_GRACE = 4
"""Seconds that requests under way get to finish when the server is told to stop."""

_LONGEST_STOP = 9.0
"""Seconds from that signal until the process ends whatever still hangs: a host that is deaf, a webhook, a close."""

_KEEP_ALIVE = 75
"""Seconds a connection may be idle. Mem0's clients keep theirs for five and repeat nothing: were it as short here, a
call that finds its connection just closed would be lost."""

_YOUNG = 100
"""Collections of young objects for one of all (Python: 10), which takes the longer the more answers are being made."""

_SWITCH = 0.0002
"""Seconds a thread keeps the interpreter while others want it. Python's own 5 ms would be added to an answer whenever
the event loop has to wait for the thread that searches."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen."""

    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


def run(settings: Settings, address: Address) -> None:
    """Serve until told to stop (SIGTERM, SIGINT); then finish what is under way.

    Raises ``InvalidInput`` rather than listen where others can reach it without a key.
    """
    sys.setswitchinterval(_SWITCH)
    listening = _listen(address)  # first: a key that is made and never shown is of no use
    try:
        first_key = _first_key(settings, address)
    except BaseException:
        listening.close()
        raise
    if not address.is_loopback:
        settings = replace(settings, hosts=settings.hosts | {address.host.lower()})
    app = build_app(settings)

    def started() -> None:
        service: Service = app.state.service
        service.loaded.add_done_callback(lambda _: leave_alone())

    server = _Announcing(
        configured(app),
        _welcome(listening, first_key, files_beside(settings.place)),
        started,
    )
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # uvicorn raises it once more when it has stopped
    with listening:
        server.run(sockets=[listening])


def configured(app: FastAPI, port: int = 0) -> uvicorn.Config:
    """How uvicorn serves the app."""
    return uvicorn.Config(
        app,
        port=port,
        http=BoundedProtocol,
        ws="none",
        log_level="warning",
        access_log=False,  # it would write down whose memories were asked for
        timeout_graceful_shutdown=_GRACE,
        timeout_keep_alive=_KEEP_ALIVE,
        server_header=False,
        log_config=None,  # see logs.py
    )


class _Announcing(uvicorn.Server):
    """Says where it listens, once it does."""

    def __init__(self, config: uvicorn.Config, welcome: str, started: Callable[[], object] = lambda: None) -> None:
        super().__init__(config)
        self._started = started
        self._welcome = welcome

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        # What was acknowledged is on disk. Whoever stops a server kills what does not go, often after 10 s.
        watchdog = threading.Timer(_LONGEST_STOP, _leave)
        watchdog.daemon = True
        watchdog.start()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._started()
            print(self._welcome, flush=True)


def leave_alone() -> None:
    """Have Python's garbage collector pass over everything that there is by now.

    It looks at all objects that may be part of a cycle. Those a started server consists of are 300,000 and take it a
    tenth of a second, again and again, in which nobody is answered. What comes later it looks at less often.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*gc.get_threshold()[:2], _YOUNG)


def _leave() -> None:
    print(f"Stopping took more than {_LONGEST_STOP:g} s and was cut off.", file=sys.stderr, flush=True)
    os._exit(1)


def _first_key(settings: Settings, address: Address) -> str | None:
    """A key for the very first start, or None if there is one or was one."""
    with KeyRing(settings.place) as ring:
        keys = ring.all()
        if not address.is_loopback and not settings.bootstrap_key and not any(holds(key, now()) for key in keys):
            raise InvalidInput(
                f"Nobody has a key yet, and {address.host} can be reached from elsewhere. Make one first with: "
                f"toldonce keys create --data {settings.place}"
            )
        if keys or settings.bootstrap_key:
            return None
        return ring.create(PROJECT, "first key", SCOPES, None)[0].text


def _listen(address: Address) -> socket.socket:
    try:
        family, _, _, _, where = socket.getaddrinfo(
            address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(where)
    except OSError as error:
        raise InvalidInput(
            f"{address.host}:{address.port} cannot be listened on ({error.strerror or error}). Choose another with "
            "--host and --port."
        ) from error
    return listening


def _welcome(listening: socket.socket, first_key: str | None, folder: Path) -> str:
    host, port = listening.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    lines = [f"Toldonce listens on http://{shown}:{port} (calls: /docs)"]
    if first_key is not None and sys.stdout.isatty():
        lines.append(f"Your API key, shown only now: {first_key}")
    elif first_key is not None:  # what is printed here may be a log that others read and keep
        lines.append(f"Your API key is in {_write_down(first_key, folder)}. Move it to where your secrets are.")
    return "\n".join(lines)


def _write_down(key: str, folder: Path) -> Path:
    """Write a key to a file that only its owner can read, in place of any earlier one."""
    path = folder / FIRST_KEY
    path.unlink(missing_ok=True)  # whose permissions it had, whoever has it open
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(f"{key}\n")
    return path
