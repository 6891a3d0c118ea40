"""A relay on loopback that counts round trips: how often a client asks after it was answered."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class Relay:
    """Counts between one client and its server."""

    port: int
    round_trips: int = 0
    _answered: bool = True
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def asked(self) -> None:
        with self._guard:
            self.round_trips += self._answered
            self._answered = False

    def answered(self) -> None:
        with self._guard:
            self._answered = True


@contextmanager
def relaying(port: int) -> Iterator[Relay]:
    """A relay to a port of this machine, for one connection after the other."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        relay = Relay(listening.getsockname()[1])
        threading.Thread(target=_accept, args=(listening, port, relay), daemon=True).start()
        yield relay


def _accept(listening: socket.socket, port: int, relay: Relay) -> None:
    with suppress(OSError):
        while True:
            client, _ = listening.accept()
            server = socket.create_connection(("127.0.0.1", port))
            for one, other, note in ((client, server, relay.asked), (server, client, relay.answered)):
                threading.Thread(target=_pass_on, args=(one, other, note), daemon=True).start()


def _pass_on(one: socket.socket, other: socket.socket, note: object) -> None:
    assert callable(note)
    with suppress(OSError), closing(one), closing(other):
        while data := one.recv(1 << 16):
            note()
            other.sendall(data)
