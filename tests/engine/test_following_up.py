"""Adding returns when what was said is on disk; its vectors follow, and the searches after it wait for them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.waiting import until
from toldonce import AsyncMemory, Memory
from toldonce.embedders.minilm import MiniLM

ANN = {"user_id": "ann"}


class Gated(MiniLM):
    """Embeds what is remembered only while its gate is open."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()

    def embed_documents_by_token(self, texts: Any) -> Any:
        assert self.gate.wait(30)
        return super().embed_documents_by_token(texts)


@pytest.fixture
def embedder() -> Iterator[Gated]:
    gated = Gated()
    yield gated
    gated.gate.set()


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Searches that wait as long as it takes: what they wait for is what is tested."""
    for module in ("toldonce.engine.operations", "toldonce.engine.loops"):
        monkeypatch.setattr(f"{module}.CATCH_UP", 60.0)


def vectors_of(memory: Memory | AsyncMemory, user: str = "ann") -> list[bool]:
    with memory._engine.reading() as store:
        owners = store.owners("default", "user", [user])
        return [row.vector is not None for owner in owners for row in store.changes(owner, 0).rows]


def test_adding_does_not_wait_for_its_vectors(tmp_path: Path, embedder: Gated) -> None:
    with Memory(folder=tmp_path, embedder=embedder) as memory:
        made = memory.add("I adopted a beagle.", user_id="ann")["results"]
        assert memory.get(made[0]["id"]) is not None
        assert vectors_of(memory) == [False]
        embedder.gate.set()


@pytest.mark.usefixtures("patient")
def test_a_search_right_after_it_knows_what_was_meant(tmp_path: Path, embedder: Gated) -> None:
    """Question and memory share no word: only the vector can tell. It comes while the search is waiting."""
    with Memory(folder=tmp_path, embedder=embedder) as memory:
        memory.add("I adopted a beagle.", user_id="ann", infer=False)
        memory.add("The meeting is at noon.", user_id="ann", infer=False)
        threading.Timer(0.2, embedder.gate.set).start()
        found = memory.search("Does she have any pets?", filters=ANN)["results"]
        assert found[0]["memory"] == "I adopted a beagle."
        assert vectors_of(memory) == [True, True]


def test_vectors_that_follow_while_a_search_reads_are_no_reason_to_miss_them(
    tmp_path: Path, embedder: Gated, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Memory(folder=tmp_path, embedder=embedder) as memory:
        memory.add("I adopted a beagle.", user_id="ann")
        index = memory._engine.index
        read: list[int] = []

        def reads(*of: Any) -> Any:
            view = index(*of)
            if not read:  # it has begun to read, and not yet asked what to wait for
                embedder.gate.set()
                memory._engine.settled().result(30)
            read.append(len(view.pending))
            return view

        monkeypatch.setattr(memory._engine, "index", reads)
        memory._engine.embedder.embed_query("Which pet does she have?")
        found = memory.search("Which pet does she have?", filters=ANN, explain=True)
        assert read[0] == 1, "the first read lacked the vector"
        assert [one["memory"] for one in found["results"]] == ["I adopted a beagle."]
        assert found["without_vector"] == 0


def test_others_do_not_wait_and_nobody_waits_for_ever(tmp_path: Path, embedder: Gated) -> None:
    with Memory(folder=tmp_path, embedder=embedder) as memory:
        memory.add("I adopted a beagle.", user_id="ann", infer=False)
        with memory._engine.reading() as store:
            [ann] = store.owners("default", "user", ["ann"])
        assert memory._engine.owed([ann])
        assert not memory._engine.owed([ann + 1])
        assert memory.search("beagle", filters={"user_id": "bob"})["results"] == []
        # The gate stays closed: found by its words alone.
        assert memory.search("beagle", filters=ANN)["results"][0]["memory"] == "I adopted a beagle."
        embedder.gate.set()


def test_a_batch_is_waited_for(tmp_path: Path, embedder: Gated) -> None:
    said = [{"role": "user", "content": f"Fact number {n} about the garden."} for n in range(40)]
    with Memory(folder=tmp_path, embedder=embedder) as memory:
        adding = threading.Thread(target=memory.add, args=(said,), kwargs={"user_id": "ann"})
        adding.start()
        adding.join(0.3)
        assert adding.is_alive()
        embedder.gate.set()
        adding.join(30)
        assert vectors_of(memory) == [True] * 40


def test_whoever_runs_ahead_waits_for_room(tmp_path: Path, embedder: Gated) -> None:
    """A dead embedder stops callers in the end: memory does not fill up with what waits for it."""
    added: list[int] = []

    def work() -> None:
        for number in range(40):
            memory.add(f"Fact number {number}.", user_id="ann", infer=False)
            added.append(number)

    def is_full() -> bool:
        with memory._engine.reading() as store:
            waiting = store.unembedded_ids(0, 1)
        return not memory._engine._vectoriser.room(waiting).done()

    with Memory(folder=tmp_path, embedder=embedder) as memory:
        adding = threading.Thread(target=work)
        adding.start()
        until(is_full)
        adding.join(0.2)  # nothing is to happen: on a slow machine less is seen, and nothing fails
        assert adding.is_alive()
        assert len(added) < 20
        embedder.gate.set()
        adding.join(30)
        assert len(added) == 40
        memory._engine.settled().result()
        assert vectors_of(memory) == [True] * 40


def test_closing_finishes_the_vectors(tmp_path: Path) -> None:
    with Memory(folder=tmp_path) as memory:
        for number in range(6):
            memory.add(f"Fact number {number} about the garden.", user_id="ann", infer=False)
    with Memory(folder=tmp_path) as memory:
        with memory._engine.reading() as store:
            assert store.unembedded(None, 10) == []
        assert vectors_of(memory) == [True] * 6


def test_a_call_that_is_cancelled_takes_nothing_from_the_others(tmp_path: Path, embedder: Gated) -> None:
    async def talk() -> None:
        async with AsyncMemory(folder=tmp_path, embedder=embedder) as memory:
            calls = [
                asyncio.create_task(memory.add(f"Fact number {n}.", user_id="ann", infer=False)) for n in range(30)
            ]
            # Until all are stored: what is called off before that is not written.
            await asyncio.to_thread(until, lambda: len(vectors_of(memory)) == 30)
            waiting = [call for call in calls if not call.done()]
            assert waiting
            for call in waiting[::2]:
                call.cancel()
            embedder.gate.set()
            outcomes = await asyncio.gather(*calls, return_exceptions=True)
            assert sum(isinstance(outcome, asyncio.CancelledError) for outcome in outcomes) == len(waiting[::2])
            assert all(isinstance(outcome, dict | asyncio.CancelledError) for outcome in outcomes)
            found = await memory.search("Fact number 29.", filters=ANN, top_k=40, threshold=0)
            assert len(found["results"]) == 30

    asyncio.run(talk())


@pytest.mark.usefixtures("patient")
def test_an_async_search_waits_too(tmp_path: Path, embedder: Gated) -> None:
    async def talk() -> None:
        async with AsyncMemory(folder=tmp_path, embedder=embedder) as memory:
            await memory.add("I adopted a beagle.", user_id="ann", infer=False)
            await memory.add("The meeting is at noon.", user_id="ann", infer=False)
            asyncio.get_running_loop().call_later(0.2, embedder.gate.set)
            found = await memory.search("Does she have any pets?", filters=ANN)
            assert found["results"][0]["memory"] == "I adopted a beagle."

    asyncio.run(talk())


def test_vectors_of_an_edit_follow_too(tmp_path: Path) -> None:
    with Memory(folder=tmp_path) as memory:
        made = memory.add("I adopted a beagle.", user_id="ann", infer=False)["results"][0]["id"]
        memory.add("He sleeps a lot.", user_id="ann", infer=False)
        memory.update(made, "I adopted a hamster.")
        found = memory.search("Which rodent lives with her?", filters=ANN)["results"]
        assert found[0]["memory"] == "I adopted a hamster."
        memory._engine.settled().result()
        assert np.all(vectors_of(memory))


def test_the_index_in_ram_is_brought_up_to_date_ahead_of_the_next_search(tmp_path: Path) -> None:
    with Memory(folder=tmp_path) as memory:
        memory.add("I adopted a beagle.", user_id="ann", infer=False)
        memory.warm(user_id="ann")
        memory.add("He sleeps a lot.", user_id="ann", infer=False)
        engine = memory._engine
        engine.settled().result()
        engine.searching.submit(lambda: None).result()  # what was handed to that thread before is done
        with engine.reading() as store:
            [owner] = store.owners("default", "user", ["ann"])
            version = store.owner_version(owner)
        entry = engine._generation.indexes._entries[owner]
        assert entry.version == version
        assert len(entry.index.view()) == 2
