"""Toldonce's own server as anyone starts it, which can be killed and started again on the same port."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Self

KEY = "rk-test-0123456789abcdef"


class Server:
    """A context manager; ``kill`` and ``start`` may be called within."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._process: subprocess.Popen[str] | None = None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Returns once it listens."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "toldonce", "serve", "--port", str(self.port), "--data", str(self.folder)],
            env=os.environ | {"TOLDONCE_API_KEY": KEY},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout is not None
        told = self._process.stdout.readline()
        if "http://" not in told:
            self.kill()
            raise AssertionError(f"the server did not start: {told!r}")

    def kill(self) -> None:
        """As the kernel does when memory runs out."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
