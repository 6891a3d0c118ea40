"""An erasure that was ordered is finished, whenever the process that carries it out is killed.

``make crash`` kills it at 300 random moments; a plain test run takes a short, seeded slice.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from toldonce import Memory
from toldonce.testing import WordEmbedder
from toldonce.text.digests import subject_digest

ROUNDS = int(os.environ.get("TOLDONCE_ERASE_KILLS", "5"))
USERS, SAID = 4, 40

CHILD = f"""
import sys
from toldonce import Memory
from toldonce.testing import WordEmbedder
folder, start = sys.argv[1], int(sys.argv[2])
memory = Memory(folder=folder, embedder=WordEmbedder())
for user in range(start, start + {USERS}):
    said = [f"secret {{n}} of user<{{user}}> and {{'long ' * (1200 if n == 7 else 3)}}" for n in range({SAID})]
    memory.add([{{"role": "user", "content": text}} for text in said], user_id=f"user<{{user}}>", infer=False)
memory._engine.settled().result()
print("filled", flush=True)
for user in range(start, start + {USERS}):
    assert memory.erase(f"user<{{user}}>")["status"] == "erased"
    print(user, flush=True)
"""


def test_killed_at_any_moment_an_erasure_is_finished_at_the_next_opening(tmp_path: Path) -> None:
    random_ = random.Random(20261128)
    begun = finished = 0
    for number in range(ROUNDS):
        start = number * USERS
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(tmp_path), str(start)], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        assert child.stdout.readline() == "filled\n"
        time.sleep(random_.uniform(0.0, 0.25))
        child.send_signal(signal.SIGKILL)
        told = {int(line) for line in child.stdout if line.endswith("\n")}
        child.wait()
        child.stdout.close()
        ordered = _check(tmp_path, range(start, start + USERS))
        assert told <= ordered, "an erasure that was reported is not in the store"
        begun += len(ordered)
        finished += len(told)
    assert begun >= finished
    assert begun


def _check(folder: Path, users: range) -> set[int]:
    """The users whose erasure was ordered, of whom nothing may be left. Of the others all must be there."""
    with Memory(folder=folder, embedder=WordEmbedder()) as memory:
        with memory._engine.reading() as store:
            erasures = store.erasing.erasures()
            subjects = {u: subject_digest(store.digest_key, "default", "user", f"user<{u}>") for u in users}
        assert all(erasure.receipt is not None for erasure in erasures)
        ordered = {user for user, subject in subjects.items() if subject in {one.subject for one in erasures}}
        files = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
        for user in users:
            count = len(memory.messages(user_id=f"user<{user}>"))
            if user in ordered:
                assert count == 0
                assert f"user<{user}>".encode() not in files
            else:
                assert count == SAID
                memory.erase(f"user<{user}>")
    return ordered
