"""Processes that use an outbox and kill themselves at a given step. As a module, forks one for each line it reads.

A step is one thing the operating system is asked for: every write, sync or truncation of a file of SQLite's, and both
sides of every request to the host. A line is a JSON object: ``folder``, ``url``, ``seed``, ``put`` (how many entries)
and ``step`` (at which to die; 0: never). The answer is how many steps were made, or -1 for a process that died.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
import traceback
from importlib import import_module
from pathlib import Path
from typing import Any

import apsw

from toldonce.engine.requests import add_request, scope_of
from toldonce.remote.account import account
from toldonce.remote.delivery import delivery, outbox_path
from toldonce.remote.outbox import policy, sender
from toldonce.remote.outbox.file import Entry, OutboxFile
from toldonce.remote.outbox.sender import Sender
from toldonce.remote.payload import pack
from toldonce.times import now

KEY = "m0-test-key"
CONVERSATIONS = 2


class Steps:
    """Counts, and dies."""

    def __init__(self, last: int) -> None:
        self.last = last
        self.made = 0

    def __call__(self) -> None:
        self.made += 1
        if self.made == self.last:
            os.kill(os.getpid(), signal.SIGKILL)


class StepFile(apsw.VFSFile):
    steps: Steps

    def xWrite(self, data: bytes, offset: int) -> None:
        self.steps()
        super().xWrite(data, offset)

    def xSync(self, flags: int) -> None:
        self.steps()
        super().xSync(flags)

    def xTruncate(self, size: int) -> None:
        self.steps()
        super().xTruncate(size)


class StepVFS(apsw.VFS):
    def __init__(self, steps: Steps) -> None:
        super().__init__("steps", "")
        self._steps = steps
        self._file = type("File", (StepFile,), {"steps": steps})

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:
        opened: apsw.VFSFile = self._file("", name, flags)
        return opened

    def xDelete(self, name: str, sync: bool) -> None:
        self._steps()
        super().xDelete(name, sync)


def use(order: dict[str, Any], steps: Steps) -> None:
    """Put entries in and send, by turns; in the end, send until nothing waits."""
    chance = random.Random(order["seed"])
    folder = Path(order["folder"])
    vfs = StepVFS(steps)
    whose = account(KEY, order["url"])
    file = OutboxFile(outbox_path(whose, folder), vfs="steps")
    acknowledged = os.open(folder / "acknowledged", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    async def run() -> None:
        async with delivery(whose) as deliver:

            async def watched(entry: Entry) -> None:
                steps()
                await deliver(entry)
                steps()

            sending = Sender(file, watched)
            task = asyncio.create_task(sending.run())
            for number in range(order["first"], order["first"] + order["put"]):
                put(file, number)
                os.write(acknowledged, f"{number}\n".encode())
                sending.wake()
                if chance.random() < 0.5:
                    await asyncio.sleep(0)
            while file.filling().waiting:  # noqa: ASYNC110
                await asyncio.sleep(0.002)
            sending.stop()
            await task

    asyncio.run(run())
    file.close()
    vfs.unregister()


def put(file: OutboxFile, number: int) -> None:
    request = add_request(
        [{"role": "user", "content": str(number), "id": str(number)}],
        scope_of("ann", None, None, None),
        metadata=None,
        timestamp=None,
        expiration_date=None,
        infer=True,
        memory_type=None,
        prompt=None,
        conversation_id=f"c{number % CONVERSATIONS}",
    )
    entry = pack(request, None)
    file.put(entry.key, entry.conversation, entry.payload, now())


def main() -> None:
    import_module("httpx2")  # once, for all that are forked
    policy.FIRST_PAUSE = 0.002
    policy.LONGEST_PAUSE = 0.01
    sender._LOOK_AGAIN = 0.01
    for line in sys.stdin:
        order = json.loads(line)
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            steps = Steps(order["step"])
            try:
                use(order, steps)
                os.write(write, str(steps.made).encode())
            except BaseException:
                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        os.close(write)
        _, status = os.waitpid(child, 0)
        made = os.read(read, 32).decode()
        os.close(read)
        died = os.WIFSIGNALED(status)
        assert died or os.waitstatus_to_exitcode(status) == 0, "the child failed"
        print(-1 if died else made, flush=True)


if __name__ == "__main__":
    main()
