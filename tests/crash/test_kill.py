"""Acknowledged is on disk: a process that is killed at any moment loses nothing it has acknowledged.

``make crash`` runs many rounds; a plain test run takes a short, seeded slice.
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

ROUNDS = int(os.environ.get("TOLDONCE_CRASH_ROUNDS", "6"))

CHILD = """
import sys
from toldonce import Memory
folder, start = sys.argv[1], int(sys.argv[2])
memory = Memory(folder=folder)
print("open", flush=True)
n = start
while True:
    memory.add([{"role": "user", "content": f"fact {n} is kept"}, {"role": "assistant", "content": f"noted {n} down"}],
               user_id="ann", infer=False)
    print(n, flush=True)
    n += 1
    if n % 7 == 0:
        newest = memory.get_all(filters={"user_id": "ann"}, top_k=1)["results"][0]
        memory.update(newest["id"], newest["memory"] + " indeed")
"""


def test_killed_at_any_moment_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    random_ = random.Random(20260301)
    acknowledged: set[int] = set()
    start = 0
    for _ in range(ROUNDS):
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(tmp_path), str(start)], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        assert child.stdout.readline() == "open\n"
        time.sleep(random_.uniform(0.01, 0.4))
        child.send_signal(signal.SIGKILL)
        acknowledged.update(int(line) for line in child.stdout if line.endswith("\n"))
        child.wait()
        child.stdout.close()
        start = max(acknowledged, default=0) + 10
        _check(tmp_path, acknowledged)
    assert acknowledged


def _check(folder: Path, acknowledged: set[int]) -> None:
    with Memory(folder=folder) as memory:
        journal = [message["content"] for message in memory.messages(user_id="ann")]
        facts = [int(text.split()[1]) for text in journal if text.startswith("fact")]
        notes = [int(text.split()[1]) for text in journal if text.startswith("noted")]
        assert facts == notes, "half a call was stored"
        assert len(set(facts)) == len(facts), "a message was stored twice"
        assert acknowledged <= set(facts), "an acknowledged message was lost"
        memories = memory.get_all(filters={"user_id": "ann"}, top_k=10_000)["results"]
        assert len(memories) == len(journal)
        memory._engine._vectoriser.embed_all().result()
        with memory._engine.store.read() as store:
            assert store.unembedded(None, 10) == []
