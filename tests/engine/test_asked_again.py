"""What is asked again is answered from RAM, and never with what was true before."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from toldonce import Memory
from toldonce.caches import LRUCache
from toldonce.embedders.minilm import MiniLM

ANN = {"user_id": "ann"}
ASKED = "What does she drink?"


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    with Memory(folder=tmp_path) as opened:
        opened.add("I drink oolong tea every morning.", user_id="ann", metadata={"tags": ["tea"]}, infer=False)
        opened._engine.settled().result()  # on a busy machine a search goes on without the vector
        yield opened


def found(memory: Memory, **options: Any) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = memory.search(ASKED, filters=ANN, **options)["results"]
    return results


def test_the_answer_is_the_same_and_the_caller_may_change_it(memory: Memory) -> None:
    first = found(memory)
    first[0]["metadata"]["tags"].append("changed")
    first[0]["memory"] = "changed"
    again = found(memory)
    assert again[0]["memory"] == "I drink oolong tea every morning."
    assert again[0]["metadata"] == {"tags": ["tea"]}
    assert again[0]["score"] == first[0]["score"]


def test_every_write_is_seen(memory: Memory) -> None:
    memory_id = found(memory)[0]["id"]
    memory.update(memory_id, text="I drink black coffee every morning.")
    assert found(memory)[0]["memory"] == "I drink black coffee every morning."
    memory.update(memory_id, metadata={"tags": ["coffee"]})
    assert found(memory)[0]["metadata"] == {"tags": ["coffee"]}
    memory.add("I drink cold water at night.", user_id="ann", infer=False)
    assert len(found(memory)) == 2
    memory.update(memory_id, expiration_date="2001-01-01")
    assert [hit["memory"] for hit in found(memory)] == ["I drink cold water at night."]
    memory.update(memory_id, expiration_date=None)
    assert len(found(memory)) == 2
    memory.delete(memory_id)
    assert [hit["memory"] for hit in found(memory)] == ["I drink cold water at night."]
    memory.delete_all(user_id="ann")
    assert found(memory) == []


def test_a_question_of_time_is_counted_from_the_moment_it_is_asked(tmp_path: Path) -> None:
    """The ranking of "last week" must not be kept for next week."""
    with Memory(folder=tmp_path) as memory:
        memory.add("I went to the theatre.", user_id="ann", timestamp="2026-01-05T10:00:00+00:00", infer=False)
        memory.add("I went to the cinema.", user_id="ann", timestamp="2026-03-05T10:00:00+00:00", infer=False)

        def best(at: str) -> str:
            asked = memory.search("Where did I go last week?", filters=ANN, reference_date=at)
            return str(asked["results"][0]["memory"])

        assert best("2026-01-08T10:00:00+00:00") == "I went to the theatre."
        assert best("2026-03-08T10:00:00+00:00") == "I went to the cinema."


def test_a_question_asked_again_is_not_embedded_again(tmp_path: Path) -> None:
    class Counting(MiniLM):
        queries = 0

        def embed_queries_by_token(self, texts: Any) -> Any:
            Counting.queries += len(texts)
            return super().embed_queries_by_token(texts)

    with Memory(folder=tmp_path, embedder=Counting()) as memory:
        memory.add("I drink oolong tea.", user_id="ann")
        for _ in range(3):
            found(memory)
    assert Counting.queries == 1


def test_the_least_recently_used_is_forgotten_first() -> None:
    recent: LRUCache[str, int] = LRUCache(2)
    recent.put("a", 1)
    recent.put("b", 2)
    assert recent.get("a") == 1
    recent.put("c", 3)
    assert (recent.get("a"), recent.get("b"), recent.get("c")) == (1, None, 3)


def test_threads_may_share_it() -> None:
    recent: LRUCache[int, int] = LRUCache(8)

    def work() -> None:
        for number in range(5000):
            recent.put(number % 16, number % 16)
            assert recent.get(number % 16) in (None, number % 16)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(recent.get(number) is not None for number in range(16)) == 8
