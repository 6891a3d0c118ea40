"""Searching: what is embedded where, and what a search does without vectors."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from toldonce import AsyncMemory, Memory
from toldonce.embedders import TextVectors, Vectors
from toldonce.embedders.minilm import MiniLM
from toldonce.engine.filter_cache import FilterCache
from toldonce.errors import InvalidFilter
from toldonce.errors import Unreachable as ServerUnreachable

ANN = {"user_id": "ann"}


class Loading(MiniLM):
    """A model that is still being loaded: the first to use it, whoever it is, waits; then everybody goes on."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = threading.Event()
        self.loaded = threading.Event()

    def embed_queries_by_token(self, texts: Sequence[str]) -> list[TextVectors]:
        self.asked.set()
        assert self.loaded.wait(30)
        return super().embed_queries_by_token(texts)

    def embed_documents_by_token(self, texts: Sequence[str]) -> list[TextVectors]:
        assert self.loaded.wait(30)
        return super().embed_documents_by_token(texts)


def test_a_search_ranks_with_the_vectors_it_waited_for(tmp_path: Path) -> None:
    """Question and memory share no word, and the model is ready only after both were asked for."""
    embedder = Loading()
    with Memory(folder=tmp_path, embedder=embedder) as memory:
        memory.add("I adopted a beagle.", user_id="ann", infer=False)
        memory.add("The meeting is at noon.", user_id="ann", infer=False)

        def load() -> None:
            assert embedder.asked.wait(30)
            embedder.loaded.set()

        threading.Thread(target=load).start()
        answer = memory.search("Does she have any pets?", filters=ANN, explain=True)
        assert answer["results"][0]["memory"] == "I adopted a beagle."
        assert answer["without_vector"] == 0
        assert memory._engine.counters()["searches_without_vectors"] == 0


class Meeting:
    """A served embedder that answers a query only when ``people`` queries are being embedded side by side."""

    dimensions = 8
    fingerprint = "meeting/1"

    def __init__(self, people: int) -> None:
        self._barrier = threading.Barrier(people)

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        return np.full((len(texts), 8), 8**-0.5, np.float32)

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        self._barrier.wait(30)
        return self.embed_documents(texts)


async def test_nobody_waits_for_the_embedding_of_another_query(tmp_path: Path) -> None:
    people = [f"user{number}" for number in range(8)]
    async with AsyncMemory(folder=tmp_path, embedder=Meeting(len(people))) as memory:
        for person in people:
            await memory.add(f"I am {person} and live in a city.", user_id=person)
        found = await asyncio.gather(
            *(memory.search(f"Where does {person} live?", filters={"user_id": person}) for person in people)
        )
    assert [answer["results"][0]["memory"] for answer in found] == [f"I am {p} and live in a city." for p in people]


class Broken(MiniLM):
    """Embeds queries, and no memory."""

    def embed_documents_by_token(self, texts: Sequence[str]) -> Any:
        raise ValueError("this embedder is out of order")


def test_a_search_without_vectors_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with Memory(folder=tmp_path, embedder=Broken()) as memory:
        memory.add("I adopted a beagle.", user_id="ann")
        memory._engine.settled().result()
        with caplog.at_level(logging.WARNING):
            answers = [memory.search("beagle", filters=ANN, explain=True) for _ in range(3)]
        assert [answer["results"][0]["memory"] for answer in answers] == ["I adopted a beagle."] * 3
        assert [answer["without_vector"] for answer in answers] == [1, 1, 1]
        assert memory._engine.counters()["searches_without_vectors"] == 3
        assert sum("by words alone" in record.message for record in caplog.records) == 1


def test_what_was_just_added_is_no_reason_to_warn(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    may_go_on = threading.Event()

    class Slow(MiniLM):
        """Embeds memories when it is let."""

        def embed_documents_by_token(self, texts: Sequence[str]) -> Any:
            assert may_go_on.wait(30)
            return super().embed_documents_by_token(texts)

    with Memory(folder=tmp_path, embedder=Slow()) as memory, caplog.at_level(logging.INFO, "toldonce"):
        memory.add("I adopted a beagle.", user_id="ann")
        answers = [memory.search("beagle", filters=ANN, explain=True) for _ in range(2)]
        may_go_on.set()
    assert [answer["without_vector"] for answer in answers] == [1, 1]
    said = [record.levelno for record in caplog.records if "by words alone" in record.message]
    assert said == [logging.INFO], "once, and below what a console shows"


class Unreachable(MiniLM):
    """Embeds memories, and no query, as a server that went away."""

    down = True

    def embed_queries_by_token(self, texts: Sequence[str]) -> list[TextVectors]:
        if self.down:
            raise ServerUnreachable("http://embedder.example cannot be reached.")
        return super().embed_queries_by_token(texts)


def test_without_its_embedder_a_search_compares_words_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    embedder = Unreachable()
    with Memory(folder=tmp_path, embedder=embedder) as memory:
        memory.add("I adopted a beagle.", user_id="ann")
        with caplog.at_level(logging.WARNING):
            answers = [memory.search("beagle", filters=ANN) for _ in range(2)]
        assert [answer["results"][0]["memory"] for answer in answers] == ["I adopted a beagle."] * 2
        assert [answer["by_words"] for answer in answers] == [True, True]
        assert sum("cannot be reached" in record.message for record in caplog.records) == 1
        embedder.down = False
        answer = memory.search("beagle", filters=ANN)
        assert "by_words" not in answer, "what was ranked without a vector is not kept"
        assert answer["results"][0]["memory"] == "I adopted a beagle."


def test_a_setting_bounds_the_ram_of_indexes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOLDONCE_INDEX_BYTES", "1")
    with Memory(folder=tmp_path) as memory:
        for person in ("ann", "bob", "eve"):
            memory.add("I adopted a beagle.", user_id=person)
            assert memory.search("beagle", filters={"user_id": person})["results"]
        assert memory._engine.counters()["index_owners"] == 1


def excluding(count: int) -> dict[str, Any]:
    return {"AND": [ANN, {"NOT": [{"OR": [{"metadata": {"n": number}} for number in range(count)]}]}]}


async def test_a_long_filter_is_applied_where_nobody_else_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[str] = []
    ids = FilterCache.ids

    def watched(*arguments: Any) -> Any:
        threads.append(threading.current_thread().name)
        return ids(*arguments)

    monkeypatch.setattr(FilterCache, "ids", watched)
    monkeypatch.setattr("toldonce.engine.search.QUICK", 100)
    async with AsyncMemory(folder=tmp_path) as memory:
        for number in range(30):
            await memory.add(f"I have {number} beagles.", user_id="ann", metadata={"n": number}, infer=False)
        found = await memory.search("beagles", filters=excluding(3), top_k=50, threshold=0)
        assert len(found["results"]) == 27
        assert [name.startswith("toldonce-search") for name in threads] == [True], "it is a short one"
        threads.clear()
        found = await memory.search("beagles", filters=excluding(20), top_k=50, threshold=0)
        assert len(found["results"]) == 10
        assert [name.startswith("toldonce-search") for name in threads] == [False]


def test_a_filter_that_takes_too_long_is_refused_and_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Memory(folder=tmp_path) as memory:
        for number in range(10):
            memory.add(f"I have {number} beagles.", user_id="ann", metadata={"n": number}, infer=False)
        monkeypatch.setattr("toldonce.engine.filter_cache.STEPS", 60)
        with pytest.raises(InvalidFilter, match="7 conditions takes too long over 10 memories"):
            memory.search("beagles", filters=excluding(7))
        assert len(memory.search("beagles", filters=excluding(6), threshold=0)["results"]) == 4
        monkeypatch.undo()
        assert len(memory.search("beagles", filters=excluding(7), threshold=0)["results"]) == 3


def test_a_model_that_loads_longer_than_a_search_waits_is_no_reason_to_rank_without_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The query's embedding waits for the model anyway; by then the memory's vector is a moment away."""
    monkeypatch.setattr("toldonce.engine.vectors.CATCH_UP", 0.1)
    embedder = Loading()
    with Memory(folder=tmp_path, embedder=embedder) as memory:
        memory.add("I adopted a beagle.", user_id="ann", infer=False)

        def load() -> None:
            assert embedder.asked.wait(30)
            threading.Event().wait(0.5)
            embedder.loaded.set()

        threading.Thread(target=load).start()
        answer = memory.search("Does she have any pets?", filters=ANN, explain=True)
        assert answer["without_vector"] == 0
        assert answer["results"][0]["memory"] == "I adopted a beagle."
