"""Processes that hold the lock of a server's folder when something happens to them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

from bench.hostile.wire import Target

STOPPED = 2.0
"""Seconds that a holder of the lock is stopped: writes wait for it, and nothing else does."""

_HOLDER = """
import os, signal, sys, time
from toldonce.stores.opening import open_store
store = open_store(sys.argv[1])
def hold(write):
    if sys.argv[2] == "fork":
        child = os.fork()
        if child == 0:
            time.sleep(float(sys.argv[3]))
            os._exit(0)
    print("holds", flush=True)
    if sys.argv[2] == "stop":
        os.kill(os.getpid(), signal.SIGSTOP)
    else:
        time.sleep(60)
store.write_now(hold) if sys.argv[2] != "stop" else store.write(hold).result()
"""


def _holder(target: Target, kind: str) -> subprocess.Popen[str]:
    """A process that holds the lock when this returns."""
    seconds = max(1.0, target.until - time.monotonic() + 20)
    command = [sys.executable, "-c", _HOLDER, target.folder, kind, str(seconds)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    return process


def stopped_lock_holder(target: Target) -> None:
    """A process is stopped (SIGSTOP) while it writes, and goes on two seconds later."""
    while not target.over:
        process = _holder(target, "stop")
        time.sleep(STOPPED)
        process.send_signal(signal.SIGCONT)
        process.communicate()
        target.count("stopped")
        time.sleep(1.0)


def forked_lock_holder(target: Target) -> None:
    """A process forks while it writes, and is killed: its child, which lives on, has inherited the lock's file."""
    children = []
    while not target.over:
        process = _holder(target, "fork")
        children.append(process.pid)
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
        target.count("forked")
        time.sleep(1.0)


def killed_lock_holder(target: Target) -> None:
    """A process is killed (SIGKILL) while it writes."""
    while not target.over:
        process = _holder(target, "kill")
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        target.count("killed")
        time.sleep(0.5)
