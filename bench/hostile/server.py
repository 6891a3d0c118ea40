"""A real ``toldonce serve`` in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from toldonce.server.keyring import KeyRing
from toldonce.server.keys import SCOPES

STOPS = 10.0
"""Seconds from SIGTERM to the end of the process, at most."""


class Server:
    """Over a folder. ``start`` it as often as it was killed."""

    def __init__(self, folder: Path, *, embedder_key: str | None = None) -> None:
        self.folder = folder
        self.port = 0
        self._log = folder.parent / f"{folder.name}.log"
        self._process: subprocess.Popen[str] | None = None
        self._environment = dict(os.environ) | ({"OPENAI_API_KEY": embedder_key} if embedder_key else {})

    def key(self, project: str) -> str:
        """A new key of a project, which is made if there is none."""
        with KeyRing(self.folder) as ring:
            return ring.create(project, "hostile", SCOPES, None)[0].text

    def start(self) -> None:
        command = [sys.executable, "-m", "toldonce", "serve", "--port", "0", "--data", str(self.folder)]
        with self._log.open("a") as log:
            self._process = subprocess.Popen(
                [*command, "--rate", "0", "--allow-private-webhooks"],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=self._environment,
            )
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if "http://" in line:
                self.port = int(line.split("http://", 1)[1].split()[0].rsplit(":", 1)[1])
                return
        raise RuntimeError(f"The server did not start: {self.log()}")

    def has_ended(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.communicate()

    def stop(self) -> tuple[int, float]:
        """SIGTERM: the status it ended with, and the seconds that took. One that does not end is killed."""
        assert self._process is not None
        began = time.monotonic()
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.communicate(timeout=STOPS + 5)
        except subprocess.TimeoutExpired:
            self.kill()
        return self._process.returncode, time.monotonic() - began

    def log(self) -> str:
        """What it wrote to stderr, all its processes together."""
        return self._log.read_text("utf-8") if self._log.exists() else ""

    @property
    def resident(self) -> float:
        """Megabytes."""
        assert self._process is not None
        lines = Path(f"/proc/{self._process.pid}/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024
