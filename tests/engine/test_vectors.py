"""Vectors are made fairly, and one text that cannot be embedded takes nothing from the others."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.embedders.openai_server import EmbeddingServer
from tests.waiting import until
from toldonce import Memory
from toldonce.embedders import TextVectors
from toldonce.embedders.minilm import MiniLM
from toldonce.embedders.spec import parse_spec
from toldonce.engine.rebuild import rebuild
from toldonce.engine.set_aside import SetAside
from toldonce.errors import RateLimited
from toldonce.stores.protocol import Unembedded

ANN, BOB = {"user_id": "ann"}, {"user_id": "bob"}


class Choosy(MiniLM):
    """Cannot embed "poison" until it is cured, and nothing at all while it is down."""

    cured = down = False

    def embed_documents_by_token(self, texts: Sequence[str]) -> list[TextVectors]:
        if self.down or (not self.cured and any("poison" in text for text in texts)):
            raise ValueError("the model chokes")
        return super().embed_documents_by_token(texts)


def waiting(memory: Memory) -> list[str]:
    with memory._engine.reading() as store:
        return [version.text for version in store.unembedded(None, 1000)]


def said(count: int, text: str = "Fact number {} regarding boats") -> list[dict[str, str]]:
    return [{"role": "user", "content": text.format(number)} for number in range(count)]


def test_one_text_is_set_aside_with_its_reason_and_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    embedder = Choosy()
    with Memory(folder=tmp_path, embedder=embedder) as memory, caplog.at_level(logging.WARNING):
        memory.add([*said(30), {"role": "user", "content": "A word of poison"}], user_id="ann", infer=False)
        memory.add("He has a boat too", user_id="ann", infer=False)
        engine = memory._engine
        engine.settled().result()
        assert waiting(memory) == ["A word of poison"]
        [refused] = engine.set_aside()
        assert "the model chokes" in refused.reason
        assert engine.counters()["memories_set_aside"] == 1
        assert memory.search("poison", filters=ANN)["results"][0]["memory"] == "A word of poison"
        assert sum("cannot be embedded" in record.message for record in caplog.records) == 1
        embedder.cured = True
        until(lambda: not waiting(memory))
        until(lambda: engine.set_aside() == [])


def test_each_try_comes_later_than_the_one_before() -> None:
    aside = SetAside()
    version = Unembedded(1, 1, 1, "poison", None, None, None)
    pauses: list[float] = []
    for tries in range(1, 40):
        begun = time.monotonic()
        aside.note([1], [(version, 7, "no")])
        [entry] = aside.entries()
        assert entry.tries == tries
        pauses.append(entry.retry_at - begun)
    assert pauses[0] >= 1
    assert pauses == sorted(pauses) or pauses[-1] == pytest.approx(pauses[-2], abs=1)
    assert pauses[-1] < 3700
    assert 1 in aside
    aside.forget([8])
    assert 1 in aside
    aside.forget([7])
    assert 1 not in aside


def test_a_text_that_was_deleted_or_embedded_is_set_aside_no_more(tmp_path: Path) -> None:
    with Memory(folder=tmp_path, embedder=Choosy()) as memory:
        made = memory.add("poison one", user_id="ann", infer=False)["results"][0]["id"]
        other = memory.add("poison two", user_id="bob", infer=False)["results"][0]["id"]
        engine = memory._engine
        engine.settled().result()
        assert len(engine.set_aside()) == 2
        memory.delete(made)
        memory.update(other, "sugar")
        engine.settled().result()
        until(lambda: engine.set_aside() == [])
        assert waiting(memory) == []


def test_an_embedder_that_recovers_makes_up_for_what_was_put_off(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    embedder = Choosy()
    embedder.down = True
    with Memory(folder=tmp_path, embedder=embedder) as memory, caplog.at_level(logging.WARNING):
        for number in range(30):
            memory.add(f"Fact {number}", user_id="ann", infer=False)
        memory._engine.settled().result()
        assert memory._engine.set_aside() == [], "no text is to blame"
        assert len(waiting(memory)) == 30
        with memory._engine.reading() as store:
            owners = list(store.owners("default", "user", ["ann"]))
        assert memory._engine.owed(owners) == [], "nobody waits for an embedder that is down"
        embedder.down = False
        until(lambda: not waiting(memory))
        assert sum("Embedding failed" in record.message for record in caplog.records) == 1


class Blocked(MiniLM):
    """Embeds texts that say "import" only while its gate is open."""

    def __init__(self) -> None:
        super().__init__()
        self.gate, self.entered = threading.Event(), threading.Event()

    def embed_documents_by_token(self, texts: Sequence[str]) -> list[TextVectors]:
        if any("import" in text for text in texts):
            self.entered.set()
            assert self.gate.wait(30)
        return super().embed_documents_by_token(texts)


@pytest.fixture
def blocked() -> Iterator[Blocked]:
    embedder = Blocked()
    yield embedder
    embedder.gate.set()


@pytest.mark.parametrize("importer", ["bob", "ann"])
def test_what_was_just_said_does_not_wait_for_an_import(tmp_path: Path, blocked: Blocked, importer: str) -> None:
    """Question and memory share no word: only the vector can tell."""
    with Memory(folder=tmp_path, embedder=blocked) as memory:
        batch = said(300, "import line {}")
        adding = threading.Thread(target=memory.add, args=(batch,), kwargs={"user_id": importer, "infer": False})
        adding.start()
        assert blocked.entered.wait(30)
        memory.add("I adopted a beagle.", user_id="ann", infer=False, run_id="now", conversation_id="now")
        found = memory.search("Does she have any pets?", filters=ANN, explain=True)
        assert found["results"][0]["memory"] == "I adopted a beagle."
        assert adding.is_alive()
        blocked.gate.set()
        adding.join(60)
        assert waiting(memory) == []


def test_one_search_waits_for_a_call_that_is_stuck_and_no_other(tmp_path: Path, blocked: Blocked) -> None:
    with Memory(folder=tmp_path, embedder=blocked) as memory:
        memory.add("an import that hangs", user_id="bob", infer=False)
        assert blocked.entered.wait(30)
        memory.add("I adopted a beagle.", user_id="ann", infer=False)
        engine = memory._engine
        with engine.reading() as store:
            owners = list(store.owners("default", "user", ["ann"]))
        assert engine.owed(owners), "it has just begun"
        assert memory.search("beagle", filters=ANN, explain=True)["without_vector"] == 1
        assert engine.owed(owners) == []
        blocked.gate.set()
        engine.settled().result()
        assert memory.search("beagle", filters=ANN, explain=True)["without_vector"] == 0


def test_a_rebuild_passes_over_a_text_that_cannot_be_embedded(tmp_path: Path, server: EmbeddingServer) -> None:
    folder = tmp_path / "folder"
    with Memory(folder=folder) as memory:
        memory.add([*said(20), {"role": "user", "content": "A word of poison"}], user_id="ann", infer=False)
    server.refused = "poison"
    rebuild(folder, parse_spec(f"openai:small@{server.url}"))
    with Memory(folder=folder) as memory:
        memory._engine.settled().result()
        assert waiting(memory) == ["A word of poison"]
        with memory._engine.reading() as store:
            [owner] = store.owners("default", "user", ["ann"])
            found = [row.vector for row in store.changes(owner, 0).rows]
        lengths = {None if vector is None else len(np.asarray(vector)) for vector in found}
        assert lengths == {None, 64}
        assert memory.search("poison", filters=ANN)["results"]
        server.refused = None
        memory._engine._vectoriser.embed_all().result()
        assert waiting(memory) == []


def test_what_is_due_is_handed_out_once_until_it_was_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    aside = SetAside()
    version = Unembedded(1, 1, 1, "poison", None, None, None)
    aside.note([1], [(version, 7, "no")])
    assert aside.due() == []
    later = time.monotonic() + 2
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert [aside.due(), aside.due()] == [[1], []]
    assert aside.note([1, 1], [(version, 7, "no")]) == [], "one that was known"
    assert aside.entries()[0].tries == 2


class Busy(MiniLM):
    """Asks for more time than anybody has, once."""

    asked = 0

    def embed_documents_by_token(self, texts: Sequence[str]) -> list[TextVectors]:
        self.asked += 1
        if self.asked == 1:
            raise RateLimited("later", retry_after=1e18)
        return super().embed_documents_by_token(texts)


def test_a_wish_for_more_time_than_anybody_has_ends_no_thread(tmp_path: Path) -> None:
    with Memory(folder=tmp_path, embedder=Busy()) as memory:
        memory.add("I have a boat.", user_id="ann")
        memory._engine.settled().result()
        assert waiting(memory) == ["I have a boat."]
        time.sleep(0.2)  # the threads look how long they have to wait
        alive = {thread.name for thread in threading.enumerate()}
    assert "toldonce-embed-many" in alive
