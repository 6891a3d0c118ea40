"""What is deleted leaves no words in RAM, whatever cache they came into."""

from __future__ import annotations

import functools
import gc
import importlib
import pkgutil
import re
import sys
import types
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import toldonce
from toldonce import Memory, caches
from toldonce.caches import CacheRegistry, LRUCache, WordTable, word_cache

ANN = {"user_id": "ann"}


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    with Memory(folder=tmp_path) as opened:
        yield opened


def new_word() -> str:
    """A word that nothing in this process holds."""
    return "zebra" + uuid.uuid4().hex[:12].translate(str.maketrans("0123456789", "ghijklmnop"))


def holders(word: str) -> list[str]:
    """Everything on the heap that holds a text with this word, frames apart."""
    found: list[str] = []
    encoded = word.encode()
    seen: set[int] = set()
    todo: list[Any] = gc.get_objects()
    own = id(todo)
    while todo:
        thing = todo.pop()
        if id(thing) in seen or isinstance(thing, types.FrameType) or id(thing) in (own, id(seen)):
            continue
        seen.add(id(thing))
        for held in gc.get_referents(thing):
            if isinstance(held, str):
                if word in held.casefold() and held is not word:
                    found.append(f"{type(thing).__name__} holds {held!r}")
            elif isinstance(held, bytes):
                if encoded in held and held is not encoded:
                    found.append(f"{type(thing).__name__} holds bytes")
            elif not gc.is_tracked(held):  # a dict or tuple of plain values
                todo.append(held)
    return found


def talk_of(memory: Memory, word: str) -> str:
    """Put a word into every cache there is."""
    told = [{"role": "user", "content": f"My {word} lives in Oslo.", "name": f"Dr {word.title()}"}]
    memory_id: str = memory.add(told, user_id="ann", metadata={"about": f"a {word}"})["results"][0]["id"]
    for _ in range(2):
        assert memory.search(f"Where does my {word} live?", filters=ANN)["results"]
        assert memory.search(f"Which {word}?", filters={**ANN, "about": {"contains": word}}, threshold=0)["results"]
    assert memory.get(memory_id)
    memory.get_all(filters=ANN)
    memory.add(f"My name is {word.title()}.", user_id="ann")
    assert word.title() in [fact["value"] for fact in memory.get_profile("ann")["facts"]]
    return memory_id


def test_reset_leaves_no_words(memory: Memory) -> None:
    word = new_word()
    talk_of(memory, word)
    assert holders(word), "words in use are found"
    memory.reset()
    gc.collect()
    assert holders(word) == []


@pytest.mark.parametrize("verb", ["delete", "delete_all"])
def test_delete_leaves_no_words(memory: Memory, verb: str) -> None:
    word = new_word()
    memory.add("I drink oolong tea.", user_id="bob")
    memory_id = talk_of(memory, word)
    assert memory.search("What do I drink?", filters={"user_id": "bob"})["results"]
    assert holders(word), "words in use are found"
    if verb == "delete":
        memory.delete(memory_id)
    else:
        memory.delete_all(user_id="ann")
    memory._engine.settled().result()
    gc.collect()
    assert holders(word) == []
    assert memory._engine.counters()["index_owners"] == 1, "the other owner's index stays"
    assert memory.search("What do I drink?", filters={"user_id": "bob"})["results"]


def parts(whole: object, *, deep: bool) -> list[Any]:
    """The objects of ours that something is made of: those it has itself, or, ``deep``, what these have too."""
    found: list[Any] = []
    seen: set[int] = set()
    todo: list[Any] = [whole]
    while todo:
        thing = todo.pop()
        for held in gc.get_referents(thing):
            ours = type(held).__module__.startswith("toldonce.")
            if id(held) in seen or not (ours or isinstance(held, (dict, list, tuple))):
                continue
            seen.add(id(held))
            if ours:
                found.append(held)
            if deep or not ours:
                todo.append(held)
    return found


def test_whatever_of_an_engine_can_forget_is_told_to(memory: Memory) -> None:
    engine = memory._engine
    registered = set(engine.store.caches._caches)
    inside = {id(part) for cache in registered for part in parts(cache, deep=False)}
    caches = [part for part in parts(engine, deep=True) if callable(getattr(part, "forget", None))]
    assert len(registered) >= 8
    assert registered <= set(caches), "all of them are found"
    others = [one for one in caches if one not in registered and not isinstance(one, CacheRegistry)]
    assert [type(one).__name__ for one in others if id(one) not in inside] == []


NO_WORDS = {
    "embedders.onnx._open",
    "embedders.tokens._signs",
    "remote.connections._context",
    "server.wire._of_minute",
    "stores.postgres.database._encoded",
    "stores.sql.named.migrations",
    "stores.sql.named.statements",
    "text.keys._date_ids",
    "text.languages._languages",
    "text.languages.function_ids",
    "text.phrases._longest",
    "times._day",
    "times.iso",
}
"""Functions that remember what they made of models, statements, times and the project's own lists."""


def test_whatever_of_the_process_remembers_words_is_told_to_forget() -> None:
    for module in pkgutil.walk_packages(toldonce.__path__, "toldonce."):
        if module.name.startswith(("toldonce.filters.", "toldonce.recall.", "toldonce.remember.", "toldonce.text.")):
            importlib.import_module(module.name)
    cached = {
        f"{value.__module__}.{value.__qualname__}".removeprefix("toldonce."): value
        for name, module in sorted(sys.modules.items())
        if name.startswith("toldonce.")
        for value in vars(module).values()
        if isinstance(value, functools._lru_cache_wrapper) and value.__module__.startswith("toldonce.")
    }
    assert len(cached) > len(NO_WORDS), "all of them are found"
    forget = [*caches._PROCESS]
    assert {name for name, value in cached.items() if value.cache_clear not in forget} <= NO_WORDS
    assert re.purge in forget, "the patterns it keeps are made of names"


def test_a_table_of_words_begins_anew_when_it_is_full_and_forgets_with_the_process() -> None:
    asked: list[str] = []

    def upper(word: str) -> str:
        asked.append(word)
        return word.upper()

    table = WordTable(upper, 2)
    try:
        assert [table[word] for word in ("tea", "bees", "tea")] == ["TEA", "BEES", "TEA"]
        assert asked == ["tea", "bees"]
        assert table["goats"] == "GOATS"
        assert [*table] == ["goats"], "no more than two are kept"
        CacheRegistry().forget({1})
        assert not table
    finally:
        caches._PROCESS.remove(table.clear)


def test_a_cache_forgets_by_owner_where_it_can() -> None:
    registry = CacheRegistry()
    by_owner: LRUCache[tuple[int, str], str] = LRUCache(8, owner_of=lambda key: key[0])
    by_word: LRUCache[str, str] = LRUCache(8)
    for cache in (by_owner, by_word):
        registry.register(cache)
    by_owner.put((1, "a"), "one")
    by_owner.put((2, "a"), "two")
    by_word.put("a", "three")
    registry.forget([1])
    assert (by_owner.get((1, "a")), by_owner.get((2, "a")), by_word.get("a")) == (None, "two", None)
    registry.forget(None)
    assert len(by_owner) == 0


def test_caches_of_the_process_are_forgotten_with_anybody() -> None:
    called: list[str] = []

    @word_cache(8)
    def shout(word: str) -> str:
        called.append(word)
        return word.upper()

    assert [shout("a"), shout("a"), called] == ["A", "A", ["a"]]
    CacheRegistry().forget([1])
    assert [shout("a"), called] == ["A", ["a", "a"]]


def test_a_registry_keeps_no_cache_alive() -> None:
    registry = CacheRegistry()
    cache: LRUCache[str, str] = LRUCache(8)
    registry.register(cache)
    del cache
    gc.collect()
    registry.forget(None)
    assert not registry._caches
