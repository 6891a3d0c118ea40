"""Facts of a person, through the verbs: told, changed, taken back, deleted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from toldonce import AsyncMemory, Memory
from toldonce.errors import InvalidInput, InvalidTime


def tell(memory: Memory, text: str, day: str, **options: Any) -> str:
    found = memory.add(text, user_id="ana", timestamp=f"{day}T10:00:00+00:00", **options)
    memory._engine.settled().result()  # on a busy machine a search goes on without the vectors
    return str(found["results"][0]["id"])


def values(memory: Memory, **options: Any) -> dict[str, str]:
    return {fact["attribute"]: fact["value"] for fact in memory.facts("ana", **options)["results"]}


@pytest.fixture
def memory(tmp_path: Path) -> Any:
    with Memory(folder=tmp_path) as opened:
        yield opened


def test_what_holds_and_what_did(memory: Memory) -> None:
    first = tell(memory, "My name is Ana and I live in Porto.", "2026-01-01")
    tell(memory, "Do you live in Lisbon?", "2026-01-02")
    second = tell(memory, "We've moved to Braga.", "2026-03-01")
    assert values(memory) == {"name": "Ana", "home": "Braga"}
    old, new = [fact for fact in memory.facts("ana", history=True)["results"] if fact["attribute"] == "home"]
    assert (old["value"], old["valid_to"][:10], old["superseded_by"]) == ("Porto", "2026-03-01", new["id"])
    assert (old["evidence"], new["evidence"]) == ([first], [second])
    assert memory.facts("eva")["results"] == []


def test_as_of_counts_from_when_the_store_learned_it(memory: Memory) -> None:
    tell(memory, "I live in Porto.", "2020-01-01")
    learned = memory.facts("ana")["results"][0]["recorded_at"]
    tell(memory, "I live in Braga.", "2021-01-01")
    assert values(memory) == {"home": "Braga"}
    assert values(memory, as_of=learned) == {"home": "Porto"}
    assert values(memory, as_of="2022-01-01T00:00:00+00:00") == {}  # told later, of a time before


def test_what_is_deleted_proves_nothing_any_more(memory: Memory) -> None:
    tell(memory, "I live in Porto.", "2026-01-01")
    moved = tell(memory, "I live in Braga.", "2026-02-01")
    assert values(memory) == {"home": "Braga"}
    memory.delete(moved)
    assert values(memory) == {"home": "Porto"}
    memory.delete_all(user_id="ana")
    assert values(memory, history=True) == {}


def test_a_correction_of_the_memory_corrects_the_fact(memory: Memory) -> None:
    told = tell(memory, "My dog is called Rex.", "2026-01-01")
    assert values(memory) == {"dog": "Rex"}
    memory.update(told, "My dog is called Max.")
    assert values(memory) == {"dog": "Max"}


def test_what_comes_true_again_holds_again(memory: Memory) -> None:
    for text, day in (("Porto", "2026-01-01"), ("Braga", "2026-02-01"), ("Porto", "2026-03-01")):
        tell(memory, f"I live in {text}.", day)
    assert values(memory) == {"home": "Porto"}
    homes = [fact["value"] for fact in memory.facts("ana", history=True)["results"]]
    assert homes == ["Porto", "Braga", "Porto"]


def test_an_assistant_states_nothing_of_the_person(memory: Memory) -> None:
    memory.add(
        [
            {"role": "user", "content": "I live in Porto."},
            {"role": "assistant", "content": "I live in Utrecht and my name is Juno."},
        ],
        user_id="ana",
    )
    assert values(memory) == {"home": "Porto"}


def test_what_expired_proves_nothing(memory: Memory) -> None:
    tell(memory, "I live in Porto.", "2026-01-01")
    tell(memory, "I live in Braga.", "2026-02-01", expiration_date="2026-02-02")
    assert values(memory) == {"home": "Porto"}


def test_a_profile_is_what_holds_with_its_evidence(memory: Memory) -> None:
    assert memory.get_profile("ana") == {"user_id": "ana", "profile": {}, "facts": [], "updated_at": None}
    first = tell(memory, "My name is Ana and I live in Porto.", "2026-01-01")
    before = memory.get_profile("ana")["updated_at"]
    second = tell(memory, "We've moved to Braga.", "2026-03-01")
    found = memory.get_profile("ana")
    assert found["profile"] == {"name": "Ana", "home": "Braga"}
    assert [(fact["attribute"], fact["evidence"]) for fact in found["facts"]] == [("name", [first]), ("home", [second])]
    assert found["facts"] == sorted(memory.facts("ana")["results"], key=lambda fact: fact["attribute"] != "name")
    assert found["updated_at"] > before
    assert memory.get_profile("ana", as_of=before)["profile"] == {"name": "Ana", "home": "Porto"}
    memory.delete(second)
    assert memory.get_profile("ana")["profile"]["home"] == "Porto"
    assert memory.get_profile("eva")["facts"] == []


async def test_the_same_awaited(tmp_path: Path) -> None:
    async with AsyncMemory(folder=tmp_path) as memory:
        await memory.add("I'm allergic to sesame.", user_id="ana")
        [fact] = (await memory.facts("ana"))["results"]
        assert (await memory.get_profile("ana"))["facts"] == [fact]
    assert (fact["attribute"], fact["value"], fact["valid_to"]) == ("allergy", "sesame", None)


def test_wrong_input(memory: Memory) -> None:
    with pytest.raises(InvalidInput, match="user_id"):
        memory.facts("")
    for asked in (memory.facts, memory.get_profile):
        with pytest.raises(InvalidTime, match="as_of"):
            asked("ana", as_of="yesterday")


def found(memory: Memory, query: str, **filters: str) -> list[str]:
    return [hit["memory"] for hit in memory.search(query, filters={"user_id": "ana", **filters})["results"]]


@pytest.mark.parametrize(
    ("earlier", "later", "query"),
    [
        ("I live in Porto, right by the river.", "We've moved to Braga last weekend.", "Where do I live?"),
        ("My phone number is 555-010-022.", "My new number is 555-019-977.", "What's my phone number?"),
        ("I work for Kettle and Sons.", "I work at Lomax now, much better people.", "Where do I work?"),
        ("I'm vegan.", "I'm not vegan any more, I eat fish.", "Am I vegan?"),
        ("My birthday is on May 6th.", "Sorry, my birthday is on May 8th.", "When is my birthday?"),
    ],
)
def test_the_latest_of_what_was_stated_comes_first(memory: Memory, earlier: str, later: str, query: str) -> None:
    tell(memory, earlier, "2026-01-01")
    tell(memory, "I had pasta for dinner.", "2026-01-02")
    assert found(memory, query)[0] == earlier
    tell(memory, later, "2026-03-01")
    assert found(memory, query)[:2] == [later, earlier]
    tell(memory, "My cat is called Miso.", "2026-03-02")
    assert found(memory, query)[:2] == [later, earlier]


def test_the_latest_is_the_last_said_not_the_last_recorded(memory: Memory) -> None:
    tell(memory, "I live in Braga.", "2026-03-01")
    tell(memory, "I live in Porto, in the old town.", "2020-01-01")
    assert found(memory, "Where do I live in town?")[0] == "I live in Braga."


def test_the_past_is_found_where_it_is_asked_for(memory: Memory) -> None:
    tell(memory, "I live in Porto, right by the river.", "2026-01-01")
    tell(memory, "We've moved to Braga last weekend.", "2026-03-01")
    assert found(memory, "Where do I live?")[0].startswith("We've moved")
    assert found(memory, "Where did I live before?")[0] == "I live in Porto, right by the river."


def test_only_what_may_be_seen_takes_a_place(memory: Memory) -> None:
    tell(memory, "I live in Porto, right by the river.", "2026-01-01", run_id="r1")
    moved = tell(memory, "We've moved to Braga last weekend.", "2026-03-01", run_id="r2")
    memory.add("I live in Faro.", user_id="eva")
    assert found(memory, "Where do I live?", run_id="r1") == ["I live in Porto, right by the river."]
    assert found(memory, "Where do I live?")[0].startswith("We've moved")
    memory.delete(moved)
    assert found(memory, "Where do I live?") == ["I live in Porto, right by the river."]


def test_a_statement_takes_the_place_of_its_own_speakers_only(memory: Memory) -> None:
    for name, place, day in (("Ana", "Porto", "2026-01-01"), ("Bo", "Braga", "2026-03-01")):
        message = {"role": "user", "name": name, "content": f"I live in {place}."}
        memory.add([message], user_id="ana", timestamp=f"{day}T10:00:00+00:00")
    assert found(memory, "Where does Ana live?")[0] == "I live in Porto."
    assert found(memory, "Where does Bo live?")[0] == "I live in Braga."


def test_a_statement_of_two_things_brings_up_the_latest_of_what_is_asked_about(memory: Memory) -> None:
    both, moved = "My name is Ana and I live in Porto.", "We've moved to Braga last weekend."
    tell(memory, both, "2026-01-01")
    tell(memory, moved, "2026-03-01")
    assert found(memory, "What is my name?")[0] == both
    assert found(memory, "Where do I live?")[:2] == [moved, both]
    tell(memory, "I'm Robert at work, but my name is Anita and my wife is called Ines.", "2026-04-01")
    assert found(memory, "What is my name?")[0].startswith("I'm Robert")
    assert found(memory, "Where do I live?")[0] == moved


def test_a_correction_says_only_the_value(memory: Memory) -> None:
    tell(memory, "My name is Lina and I live in Porto.", "2026-01-01")
    tell(memory, "My birthday is on May 6th.", "2026-01-02")
    for number, text in enumerate(
        ["It's Braga, not Porto.", "Sorry, it's May 8th, not May 6th.", "No, Lena with an e.", "It's tea, not coffee."]
    ):
        tell(memory, text, f"2026-02-0{number + 1}")
    assert values(memory) == {"name": "Lena", "home": "Braga", "birthday": "8 May"}
    old = {fact["value"]: fact for fact in memory.facts("ana", history=True)["results"]}
    assert old["Porto"]["superseded_by"] == old["Braga"]["id"]
    assert old["Lina"]["superseded_by"] == old["Lena"]["id"]


def test_who_died_is_not_asked_after(memory: Memory) -> None:
    tell(memory, "My cat is called Miso, and my sister Rita loves her.", "2026-01-01")
    tell(memory, "Miso died last night.", "2026-02-01")
    tell(memory, "Napoleon died on Saint Helena.", "2026-02-02")
    assert values(memory) == {"sister": "Rita"}


def test_a_corrected_statement_is_still_the_latest_after_a_restart(tmp_path: Path) -> None:
    with Memory(folder=tmp_path) as memory:
        tell(memory, "I live in Porto, right by the river.", "2026-01-01")
        tell(memory, "We've moved to Braga last weekend.", "2026-03-01")
        newest = memory.get_all(filters={"user_id": "ana"})["results"][0]["id"]
        memory.update(newest, "We've moved to Faro last weekend.")
        assert found(memory, "Where do I live?")[0] == "We've moved to Faro last weekend."
    with Memory(folder=tmp_path) as memory:
        assert found(memory, "Where do I live?")[0] == "We've moved to Faro last weekend."
