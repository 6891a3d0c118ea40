"""Ten facts in each of eight languages, and a question about each that shares hardly a word with it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.recall.helpers import talk, view
from toldonce import Memory
from toldonce.embedders import Embedder
from toldonce.embedders.minilm import MiniLM
from toldonce.embedders.multilingual import Multilingual
from toldonce.recall import analyse, rank

FACTS: dict[str, list[dict[str, str]]] = json.loads(
    (Path(__file__).parent / "languages.json").read_text(encoding="utf-8")
)
ANN = {"user_id": "ann"}


def first_hits(folder: Path, embedder: Embedder, facts: list[dict[str, str]]) -> int:
    """For how many of the questions its fact comes first."""
    with Memory(folder=folder, embedder=embedder) as memory:
        for number, pair in enumerate(facts):
            memory.add(pair["fact"], user_id="ann", run_id=str(number))
        memory._engine.settled().result()
        found: list[list[dict[str, Any]]] = [
            memory.search(pair["question"], filters=ANN, threshold=0)["results"] for pair in facts
        ]
    return sum(hits[0]["memory"] == pair["fact"] for hits, pair in zip(found, facts, strict=True))


def test_there_are_ten_facts_in_each_language() -> None:
    assert len(FACTS) == 8
    assert all(len(facts) == 10 for facts in FACTS.values())


@pytest.mark.parametrize("language", FACTS)
def test_the_multilingual_embedder_finds_facts_in_any_language(tmp_path: Path, language: str) -> None:
    assert first_hits(tmp_path, Multilingual(), FACTS[language]) >= 8


def test_function_words_of_another_language_count_less_than_its_other_words() -> None:
    rows = [*talk("la casa de la tia"), *talk("bicicleta roja", session=2, start=2)]
    store = view(rows, *[talk(f"otro tema{n} diferente{n}", session=n, start=n) for n in range(3, 20)])
    query = analyse("¿De quién es la bicicleta de la vecina?", store)
    assert query.weak
    assert rank(store, query, None, limit=1)[0].memory_id == 2
    assert rank(store, replace(query, weak=frozenset()), None, limit=1)[0].memory_id == 1


def test_the_bundled_embedder_finds_facts_in_english(tmp_path: Path) -> None:
    assert first_hits(tmp_path, MiniLM(), FACTS["en"]) >= 9
