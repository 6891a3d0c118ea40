"""Waiting for what nobody announces."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    """Return as soon as the condition holds. The limit only ends a test that has failed; no machine is that slow."""
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, "what was waited for never came"
        threading.Event().wait(0.005)
