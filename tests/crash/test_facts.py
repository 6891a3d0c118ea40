"""Facts from a model are read exactly once, wherever the process that reads them is killed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.engine.test_extraction import fact, facts_of, jobs, lines, read_through
from tests.llm.fake import Answer, Asked, serving, tells
from toldonce import Memory
from toldonce.engine import extraction
from toldonce.engine.jobs import worker
from toldonce.testing import WordEmbedder

ROUNDS = int(os.environ.get("TOLDONCE_CRASH_ROUNDS", "6"))

CHILD = """
import sys
from toldonce import Memory
from toldonce.engine import extraction
from toldonce.engine.jobs import worker
from toldonce.testing import WordEmbedder
extraction.SLACK = extraction.GATHER = 0
worker.LOOK_AGAIN = 0.01
folder, url, n = sys.argv[1], sys.argv[2], int(sys.argv[3])
llm = {"provider": "openai", "config": {"model": "fake", "openai_base_url": url, "timeout": 1}}
memory = Memory({"llm": llm}, folder=folder, embedder=WordEmbedder())
print("open", flush=True)
while True:
    memory.add(f"I own the house with number {n} there.", user_id=f"user{n % 3}")
    print(n, flush=True)
    n += 1
"""


def test_killed_at_any_moment_every_fact_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "LOOK_AGAIN", 0.02)
    monkeypatch.setattr(extraction, "GATHER", 0)
    monkeypatch.setattr(extraction, "SLACK", 0)
    random_ = random.Random(20261128)

    def script(asked: Asked) -> Answer:
        time.sleep(random_.uniform(0, 0.03))
        new = [line for line in lines(asked) if line.get("new")]
        told = [(line, str(line["text"]).split()[-2]) for line in new]
        return tells(*(fact(line["text"], line["message"], attribute=f"house {n}", value=n) for line, n in told))

    acknowledged: set[int] = set()
    with serving(script) as model:
        for _ in range(ROUNDS):
            start = max(acknowledged, default=0) + 10
            child = subprocess.Popen(
                [sys.executable, "-c", CHILD, str(tmp_path), model.url, str(start)], stdout=subprocess.PIPE, text=True
            )
            assert child.stdout is not None
            assert child.stdout.readline() == "open\n"
            time.sleep(random_.uniform(0.05, 0.4))
            child.send_signal(signal.SIGKILL)
            acknowledged.update(int(line) for line in child.stdout if line.endswith("\n"))
            child.wait()
            child.stdout.close()
        config = {"provider": "openai", "config": {"model": "fake", "openai_base_url": model.url, "timeout": 1}}
        with Memory({"llm": config}, folder=tmp_path, embedder=WordEmbedder()) as memory:
            read_through(memory)
            read = Counter(int(str(one.fact["value"])) for n in range(3) for one in facts_of(memory, f"user{n}"))
            assert jobs(memory) == {}
    assert acknowledged
    assert acknowledged <= set(read), "a fact was lost"
    assert set(read.values()) == {1}, "a fact is there twice"
