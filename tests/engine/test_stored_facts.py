"""Facts that a model read, through the verbs: listed with those of the rules, recalled beside what was said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.engine.test_extraction import ANN, _moves, by_text, fact, facts_of, read_through, remembering
from toldonce.engine import extraction
from toldonce.engine.jobs import worker
from toldonce.remember.facts.claims import EXTRACTOR


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "LOOK_AGAIN", 0.02)
    monkeypatch.setattr(extraction, "GATHER", 0)


def found(memory: Any, query: str, **options: Any) -> list[tuple[str, bool]]:
    """What is recalled, and whether it is a fact."""
    memory._engine.settled().result()
    results = memory.search(query, filters=ANN, threshold=0, **options)["results"]
    return [(row["memory"], row.get("kind") == "fact") for row in results]


def test_a_fact_and_the_words_that_prove_it_do_not_both_take_a_place(tmp_path: Path) -> None:
    said = "Well, you know, I have been playing chess every week."
    script = by_text({said: lambda m: fact("I have been playing chess every week.", m, value="chess")})
    with remembering(tmp_path, script) as (memory, _):
        memory.add(said, **ANN)
        memory.add("I bought a bicycle.", **ANN)
        read_through(memory)
        assert len(memory.get_all(filters=ANN)["results"]) == 3
        recalled = found(memory, "Do I play chess every week?")
        assert len(recalled) == 2
        assert {one for one, _ in recalled if "chess" in one} <= {said, "I have been playing chess every week."}
        assert len(found(memory, "chess", top_k=1)) == 1


def test_what_was_replaced_is_recalled_only_when_the_past_is_asked_for(tmp_path: Path) -> None:
    script = by_text(
        {
            "I have a parrot and it is called Kiko.": lambda m: fact(
                "It is called Kiko.", m, about="a parrot", attribute="name", value="Kiko"
            ),
            "We call the parrot Paco these days.": lambda m: fact(
                "We call the parrot Paco.",
                m,
                about="a parrot",
                attribute="name",
                value="Paco",
                relation="contradicts",
                existing="f1",
            ),
        }
    )
    with remembering(tmp_path, script) as (memory, _):
        said = memory.add("I have a parrot and it is called Kiko.", **ANN, timestamp=1_700_000_000)["results"][0]
        read_through(memory)
        memory.update(said["id"], metadata={"seen": True})
        assert ("It is called Kiko.", True) in found(memory, "It is called Kiko")
        memory.add("We call the parrot Paco these days.", **ANN, timestamp=1_750_000_000)
        read_through(memory)
        assert ("It is called Kiko.", True) not in found(memory, "It is called Kiko")
        assert ("It is called Kiko.", True) in found(memory, "It is called Kiko, previously")


def test_facts_of_the_model_are_listed_with_their_two_times(tmp_path: Path) -> None:
    with remembering(tmp_path, _moves) as (memory, _):
        first = memory.add("I live in Lisbon.", **ANN, timestamp=1_700_000_000)["results"][0]["id"]
        read_through(memory)
        before = memory.facts("ann")["results"]
        memory.add("I live in Porto now.", **ANN, timestamp=1_750_000_000)
        read_through(memory)
        assert [(one["value"], one["extractor"]) for one in before] == [("Lisbon", EXTRACTOR)], "told once"
        assert before[0]["evidence"] == [first]
        assert [one["value"] for one in memory.facts("ann")["results"]] == ["Porto"]
        assert [one["value"] for one in memory.facts("ann", history=True)["results"]] == ["Lisbon", "Porto"]


CHESS = "I have played chess since March 2024."


def test_what_no_rule_reads_is_listed_as_it_stood(tmp_path: Path) -> None:
    def script(asked: Any) -> Any:
        return by_text(
            {
                CHESS: lambda m: fact(CHESS, m, attribute="hobby", value="chess", valid_from="2024-03"),
                "My mother plays chess.": lambda m: fact(
                    "My mother plays chess.", m, about="my mother", attribute="hobby", value="chess"
                ),
                "I have given up chess for go.": lambda m: fact(
                    "I have given up chess for go.",
                    m,
                    attribute="hobby",
                    value="go",
                    relation="contradicts",
                    existing="f1",
                ),
            }
        )(asked)

    with remembering(tmp_path, script) as (memory, _):
        chess = memory.add(CHESS, **ANN)["results"][0]["id"]
        read_through(memory)
        (listed,) = memory.facts("ann")["results"]
        assert (listed["attribute"], listed["value"], listed["about"]) == ("hobby", "chess", "user")
        assert (listed["valid_from"][:10], listed["valid_from_precision"]) == ("2024-03-01", "month")
        assert (listed["evidence"], listed["extractor"]) == ([chess], "extract-1 openai:fake")
        learned = listed["recorded_at"]
        memory.add("I have given up chess for go.", **ANN)
        read_through(memory)
        memory.add("My mother plays chess.", **ANN)
        read_through(memory)
        now = memory.facts("ann")["results"]
        assert [(one["about"], one["value"]) for one in now] == [("user", "go"), ("my mother", "chess")]
        assert [one["value"] for one in memory.facts("ann", as_of=learned)["results"]] == ["chess"]
        old = memory.facts("ann", history=True)["results"][0]
        assert old["superseded_by"] == now[0]["id"]
        assert old["valid_to"] is not None
        assert memory.get_profile("ann")["profile"] == {"hobby": ["go"]}, "the mother's is not hers"
        memory.delete(now[0]["evidence"][0])
        assert [one["value"] for one in memory.facts("ann")["results"]] == ["chess", "chess"]


def test_a_fact_past_its_last_day_is_neither_listed_nor_recalled(tmp_path: Path) -> None:
    script = by_text({CHESS: lambda m: fact(CHESS, m, attribute="hobby", value="chess")})
    with remembering(tmp_path, script) as (memory, _):
        memory.add(CHESS, **ANN, expiration_date="2020-01-01")
        read_through(memory)
        assert len(facts_of(memory)) == 1
        assert memory.facts("ann")["results"] == []
        assert found(memory, "chess") == []
        assert len(found(memory, "chess", show_expired=True)) == 1
