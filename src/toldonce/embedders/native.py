"""Native code and the end of the interpreter.

A daemon thread that comes back from C++ or Rust while the interpreter goes is unwound through frames that do not allow
it: the process aborts (status 134) whatever it had to report. So nobody is in there when the interpreter goes.
"""

from __future__ import annotations

import atexit
import os
from threading import Condition
from types import TracebackType

from toldonce.errors import Closed

_PATIENCE = 10.0
"""Seconds; one text takes milliseconds."""


class Gate:
    """A context manager around calls of native code. Once it is shut nobody enters, with ``Closed``."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._inside = 0
        self._shut = False

    def __enter__(self) -> None:
        with self._changed:
            if self._shut:
                raise Closed("This process is ending: nothing is embedded any more.")
            self._inside += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._changed:
            self._inside -= 1
            self._changed.notify_all()

    def shut(self) -> None:
        """Wait until nobody is inside, and let nobody in."""
        with self._changed:
            self._shut = True
            self._changed.wait_for(lambda: not self._inside, _PATIENCE)

    def reopen(self) -> None:
        """In a forked child, which has none of the threads that were inside."""
        self._changed = Condition()
        self._inside = 0


NATIVE = Gate()
atexit.register(NATIVE.shut)  # those who register later, and still want something embedded, come before it
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=NATIVE.reopen)
