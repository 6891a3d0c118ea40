"""The command line in a real pseudo-terminal, as a person sits before it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cli.command import environment

_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")
_WITHIN = 60.0
"""Seconds; they only end a test that has failed."""


class Terminal:
    """One command in a terminal of its own: what it shows, and what is typed."""

    def __init__(self, process: subprocess.Popen[bytes], screen: int) -> None:
        self._process = process
        self._screen = screen
        self.raw = ""
        """Everything it has shown, escape sequences included."""

    @property
    def shown(self) -> str:
        """Everything it has shown, as text."""
        return _ESCAPES.sub("", self.raw)

    def type(self, line: str) -> None:
        """Type a line and Enter."""
        os.write(self._screen, f"{line}\n".encode())

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        os.write(self._screen, b"\x03")

    def terminate(self) -> None:
        """Send SIGTERM."""
        self._process.send_signal(signal.SIGTERM)

    def until(self, words: str) -> str:
        """Everything shown until these words are there."""
        ends = time.monotonic() + _WITHIN
        while words not in self.shown:
            assert self._read(), f"it ended without {words!r}: {self.shown[-2000:]}"
            assert time.monotonic() < ends, f"{words!r} was never shown: {self.shown[-2000:]}"
        return self.shown

    def ended(self) -> int:
        """Its exit status, once it has ended and everything it showed was read."""
        ends = time.monotonic() + _WITHIN
        while self._read():
            assert time.monotonic() < ends, f"it goes on: {self.shown[-2000:]}"
        return self._process.wait(_WITHIN)

    def _read(self) -> bool:
        """Read what comes; whether there may be more."""
        ready, _, _ = select.select([self._screen], [], [], 1.0)
        if not ready:
            return True
        try:
            part = os.read(self._screen, 65_536)
        except OSError:  # EIO: the other side was closed
            return False
        self.raw += part.decode("utf-8", "replace")
        return bool(part)


@contextmanager
def terminal(*arguments: str | Path, home: Path, **more: str) -> Iterator[Terminal]:
    """``toldonce`` with these arguments, in a terminal of 200 columns; ``more`` environment variables."""
    screen, keyboard = pty.openpty()
    fcntl.ioctl(keyboard, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-m", "toldonce", *map(str, arguments)],
        env={**environment(home), "TERM": "xterm-256color", **more},
        stdin=keyboard,
        stdout=keyboard,
        stderr=keyboard,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(keyboard)
    try:
        yield Terminal(process, screen)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        process.wait()
        os.close(screen)
