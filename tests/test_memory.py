"""The verbs, as a user of Mem0's library knows them."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from tests.redirecting import of_folders
from toldonce import AsyncMemory, Memory
from toldonce.embedders.minilm import MiniLM
from toldonce.errors import (
    Closed,
    InvalidConfig,
    InvalidFilter,
    InvalidInput,
    InvalidMessage,
    InvalidTime,
    MemoryNotFound,
    MissingIdentity,
    Unsupported,
)
from toldonce.remember.edit import Edit, update
from toldonce.text.keys import key_text

ANN = {"user_id": "ann"}
DAY = 86_400


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    with Memory(folder=tmp_path) as opened:
        yield opened


def texts(answer: dict[str, Any]) -> list[str]:
    return [result["memory"] for result in answer["results"]]


def user(text: str, **more: Any) -> dict[str, Any]:
    return {"role": "user", "content": text, **more}


def agent(text: str, **more: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": text, **more}


def test_what_was_said_is_recalled(memory: Memory) -> None:
    memory.add([user("I am allergic to peanuts."), agent("Noted.")], user_id="ann", run_id="r1", metadata={"a": 1})
    memory.add("My sister Rosa lives in Lisbon.", user_id="ann")
    hit = memory.search("What can she not eat?", filters=ANN)["results"][0]
    assert hit["memory"] == "I am allergic to peanuts."
    assert hit["metadata"] == {"a": 1}
    assert (hit["user_id"], hit["run_id"], hit["role"], hit["sayings"]) == ("ann", "r1", "user", 1)
    assert 0.1 <= hit["score"] <= 1
    assert datetime.fromisoformat(hit["created_at"]).tzinfo is not None


def test_add_answers_like_mem0(memory: Memory) -> None:
    exact = memory.add([user("ok", name="Ann"), agent("  Fine ")], user_id="ann", infer=False)["results"]
    assert [(r["memory"], r["event"], r["role"]) for r in exact] == [
        ("ok", "ADD", "user"),
        ("  Fine ", "ADD", "assistant"),
    ]
    assert exact[0]["actor_id"] == "Ann"
    assert memory.add("I like tea", user_id="ann")["results"][0].keys() >= {"id", "memory", "event"}


def test_a_history_added_again_adds_only_what_is_new(memory: Memory) -> None:
    history = [user("I like tea"), agent("Since when?"), user("Since I lived in Leeds, ten years ago by now")]
    for length in (1, 2, 3, 3):
        memory.add(history[:length], user_id="ann", infer=False)
    memory.add(history[1:], user_id="ann", infer=False)
    assert texts(memory.get_all(filters=ANN))[::-1] == [message["content"] for message in history]
    answer = memory.add([*history, user("And coffee")], user_id="ann", infer=False)["results"]
    assert [(one["event"], one["memory"]) for one in answer] == [
        *(("NONE", message["content"]) for message in history),
        ("ADD", "And coffee"),
    ]


def test_a_message_with_an_id_is_stored_once(memory: Memory) -> None:
    for _ in range(3):
        memory.add([user("yes", id="m1"), user("yes", id="m2")], user_id="ann", conversation_id="c")
    assert [m["id"] for m in memory.messages(user_id="ann")] == ["m1", "m2"]


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


def test_half_an_emoji_is_repaired_wherever_it_comes_in(memory: Memory) -> None:
    cut = "Party tonight \ud83c"
    added = memory.add([user("I like kites"), user(cut)], user_id="ann", metadata={"about": [cut]})
    assert [one["memory"] for one in added["results"]] == ["I like kites", "Party tonight \ufffd"]
    assert "half a character" in added["left_out"][0]["reason"]
    [party] = memory.search(f"When is the {cut}?", filters=ANN, top_k=1)["results"]
    assert party["metadata"] == {"about": ["Party tonight \ufffd"]}
    memory.update(party["id"], text="Cake \ud83c")
    assert (memory.get(party["id"]) or {})["memory"] == "Cake \ufffd"


def test_what_no_memory_comes_of_is_named(memory: Memory) -> None:
    talk = [user("I live in Bergen"), agent("Thanks!"), {"role": "assistant", "content": None}]
    answer = memory.add(talk, user_id="ann")
    assert [one["memory"] for one in answer["results"]] == ["I live in Bergen"]
    assert [one["reason"] for one in answer["left_out"]] == [
        "messages[2] has no words: its content must be text or a list of parts.",
        "says nothing to remember",
    ]
    assert answer["left_out"][1]["content"] == "Thanks!"
    again = memory.add([*talk, user("And I ski")], user_id="ann")
    assert [(one["event"], one["memory"]) for one in again["results"]] == [
        ("NONE", "I live in Bergen"),
        ("ADD", "And I ski"),
    ]
    assert "repeats a message that says nothing to remember" in [one["reason"] for one in again["left_out"]]


def test_every_saying_counts(memory: Memory) -> None:
    for day in (1, 2, 3):
        memory.add([user("I took my pill")], user_id="ann", run_id=f"d{day}", timestamp=day * DAY)
    [pill] = memory.get_all(filters=ANN)["results"]
    assert pill["sayings"] == 3
    assert pill["said_at"] == "1970-01-04T00:00:00+00:00"
    assert len(memory.messages(user_id="ann")) == 3
    for day in (1, 2, 3):
        assert texts(memory.get_all(filters={**ANN, "run_id": f"d{day}"})) == ["I took my pill"]


def test_leaving_one_run_keeps_what_was_said_in_others(memory: Memory) -> None:
    for day in (1, 2):
        memory.add("I took my pill", user_id="ann", run_id=f"d{day}", timestamp=day * DAY)
    memory.delete_all(user_id="ann", run_id="d2")
    assert [(r["sayings"], r["run_id"]) for r in memory.get_all(filters=ANN)["results"]] == [(1, "d1")]
    assert memory.get_all(filters={"run_id": "d2"})["results"] == []
    memory.delete_all(run_id="d1")
    assert memory.get_all(filters=ANN)["results"] == []


def test_what_was_deleted_stays_deleted_when_its_history_comes_again(memory: Memory) -> None:
    history = [user("My PIN is 4711"), agent("I will not tell.")]
    made = memory.add(history, user_id="ann")["results"]
    memory.delete(made[0]["id"])
    memory.add([*history, user("I also like tea")], user_id="ann")
    assert sorted(texts(memory.get_all(filters=ANN))) == ["I also like tea", "I will not tell."]


def test_neighbours_lose_the_words_of_what_was_edited_or_deleted(memory: Memory) -> None:
    """The vector of each memory is that of its own words and its living predecessor's, at any time."""
    model = MiniLM()

    def vectors() -> dict[str, Any]:
        engine = memory._engine
        engine.settled().result()
        with engine.store.read() as store:
            [owner] = store.owners("default", "user", ["ann"])
            rows = {row.memory_id: row.vector for row in store.changes(owner, 0).rows}
            return {record.text: rows[i] for i, record in store.records_of(owner).items()}

    def expect(*chain: tuple[str, str | None]) -> None:
        found = vectors()
        assert set(found) == {text for text, _ in chain}
        for text, before in chain:
            wanted = model.embed_documents([key_text(text, None, before, None)])[0]
            np.testing.assert_allclose(found[text], wanted, atol=1e-6)

    made = memory.add(
        [user("I keep bees"), user("They live behind the shed"), user("Sixty thousand of them")], user_id="ann"
    )
    first, second, third = ("I keep bees", "They live behind the shed", "Sixty thousand of them")
    expect((first, None), (second, first), (third, second))
    memory.update(made["results"][0]["id"], "I keep hens")
    expect(("I keep hens", None), (second, "I keep hens"), (third, second))
    memory.delete(made["results"][1]["id"])
    expect(("I keep hens", None), (third, "I keep hens"))


def test_two_memories_edited_to_the_same_words_stay_two_and_one_counts(memory: Memory) -> None:
    memory.add("I like tea", user_id="ann")
    edited = memory.add("I like coffee", user_id="ann")["results"][0]["id"]
    memory.update(edited, "I like tea")
    memory.add("Something else", user_id="ann")
    memory.add("I like tea", user_id="ann")
    found = memory.get_all(filters=ANN)["results"]
    assert sorted((hit["memory"], hit["sayings"]) for hit in found) == [
        ("I like tea", 1),
        ("I like tea", 2),
        ("Something else", 1),
    ]


def test_reset_leaves_no_words_in_ram(memory: Memory) -> None:
    memory.add("My secret is 4711", user_id="ann")
    memory.search("What is my secret?", filters=ANN)
    memory.reset()
    engine = memory._engine
    kept = [engine._generation.rankings._values, engine.store._shown._values]  # type: ignore[attr-defined]
    assert not any(kept)


def test_update_changes_words_metadata_and_expiry(memory: Memory) -> None:
    made = memory.add("I live in Oslo", user_id="ann", metadata={"kind": "home"})["results"][0]["id"]
    assert memory.update(made, "I live in Bergen", metadata={"sure": True})["message"]
    changed = memory.get(made)
    assert changed is not None
    assert (changed["memory"], changed["metadata"]) == ("I live in Bergen", {"kind": "home", "sure": True})
    assert texts(memory.search("Where is her home? Bergen?", filters=ANN)) == ["I live in Bergen"]
    memory.update(made, expiration_date="2020-01-01")
    assert memory.get_all(filters=ANN)["results"] == []
    assert memory.search("Bergen", filters=ANN)["results"] == []
    assert texts(memory.search("Bergen", filters=ANN, show_expired=True)) == ["I live in Bergen"]
    memory.update(made, expiration_date=None)
    assert texts(memory.get_all(filters=ANN)) == ["I live in Bergen"]
    events = [(e["event"], e["old_memory"], e["new_memory"]) for e in memory.history(made)]
    assert events[:2] == [("ADD", None, "I live in Oslo"), ("UPDATE", "I live in Oslo", "I live in Bergen")]


def test_delete_removes_one_and_history_remains(memory: Memory) -> None:
    made = memory.add("I live in Oslo", user_id="ann")["results"][0]["id"]
    assert memory.delete(made)["message"]
    assert memory.get(made) is None
    assert memory.history(made)[-1]["is_deleted"] is True
    for verb in (memory.delete, lambda i: memory.update(i, "x")):
        with pytest.raises(MemoryNotFound):
            verb(made)


def test_delete_all_ands_its_ids_and_never_widens(memory: Memory) -> None:
    for person in ("ann", "bob"):
        for bot in ("a1", "a2"):
            memory.add(f"{person} told {bot} about cheese", user_id=person, agent_id=bot)
    memory.delete_all(user_id="ann", agent_id="a1")
    assert texts(memory.get_all(filters=ANN)) == ["ann told a2 about cheese"]
    assert len(memory.get_all(filters={"user_id": "bob"})["results"]) == 2
    memory.delete_all(user_id="nobody")
    with pytest.raises(MissingIdentity):
        memory.delete_all()
    assert len(memory.get_all(filters={"agent_id": "*"})["results"]) == 3


def test_users_never_mix(memory: Memory) -> None:
    memory.add("Ann's cat is called Tom", user_id="ann", agent_id="a1")
    memory.add("Bob's cat is called Jerry", user_id="bob", agent_id="a1")
    memory.add("I answer questions about cats", agent_id="a1")
    both = {"OR": [{"user_id": "ann"}, {"agent_id": "a1"}]}
    expected = {"Ann's cat is called Tom", "I answer questions about cats"}
    assert set(texts(memory.search("cat called cats", filters=both, threshold=0))) == expected
    assert set(texts(memory.get_all(filters=both))) == expected
    assert len(texts(memory.get_all(filters={"agent_id": "a1"}))) == 3


def test_filters_narrow_a_search(memory: Memory) -> None:
    for n, kind in enumerate(("tea", "tea", "coffee")):
        memory.add(f"I drank {kind} number {n}", user_id="ann", run_id=f"r{n}", metadata={"kind": kind, "n": n})
    found = memory.search("what did I drink", filters={**ANN, "kind": "tea"}, threshold=0)
    assert sorted(r["metadata"]["n"] for r in found["results"]) == [0, 1]
    found = memory.search("what did I drink", filters={"AND": [ANN, {"NOT": [{"run_id": "r0"}]}]}, threshold=0)
    assert sorted(r["metadata"]["n"] for r in found["results"]) == [1, 2]
    assert memory.search("drink", filters={**ANN, "n": {"gt": 5}}, threshold=0)["results"] == []


def test_paging_covers_everything_once(memory: Memory) -> None:
    memory.add([user(f"fact number {n}") for n in range(7)], user_id="ann")
    pages = [memory.get_all(filters=ANN, page=n, page_size=3) for n in (1, 2, 3)]
    assert [page["next"] for page in pages] == [2, 3, None]
    assert [page["previous"] for page in pages] == [None, 1, 2]
    assert {page["count"] for page in pages} == {7}
    assert [text for page in pages for text in texts(page)] == [f"fact number {n}" for n in reversed(range(7))]


def test_explain_says_why_and_where_from(memory: Memory) -> None:
    memory.add([agent("Do you have a dog?", id="m1"), user("Yes, Biscuit.", id="m2")], user_id="ann")
    hit = memory.search("dog Biscuit", filters=ANN, explain=True)["results"][0]
    assert hit["memory"] == "Do you have a dog? — Yes, Biscuit."
    assert hit["score_breakdown"] == hit["score_details"]
    assert {"words", "meaning"} <= hit["score_breakdown"].keys()
    assert {(s["message_id"], s["kind"]) for s in hit["sources"]} == {("m1", "asked"), ("m2", "said")}


def test_a_token_budget_takes_the_best_that_fit(memory: Memory) -> None:
    memory.add([user(f"Bee hive number {n} stands behind the shed") for n in range(9)], user_id="ann")
    found = texts(memory.search("Which hives stand behind the shed?", filters=ANN, token_budget=40, threshold=0))
    assert 1 < len(found) <= 4


def test_a_long_memory_comes_with_the_passage_that_matched(memory: Memory) -> None:
    story = " ".join(f"In year {1900 + n} the family moved on to house number {n}." for n in range(60))
    memory.add([user(story + " The parrot was called Captain Flint. " + story)], user_id="ann")
    [hit] = memory.search("What was the parrot called?", filters=ANN, threshold=0)["results"]
    assert "Captain Flint" in hit["passage"]
    assert len(hit["passage"]) < len(hit["memory"]) / 4


def test_a_query_leans_on_the_turns_before_it(memory: Memory) -> None:
    memory.add([user("My sister Leila runs a pottery studio"), user("My brother Tom fixes bicycles")], user_id="ann")
    before = [user("What does my sister Leila do?"), agent("She is a potter.")]
    assert memory.search("And where?", filters=ANN)["results"] == []
    assert texts(memory.search("And where?", filters=ANN, context=before))[0].startswith("My sister Leila")
    please = [agent("Shall I tell you what your brother Tom does?")]
    assert texts(memory.search("yes please", filters=ANN, context=please, threshold=0))[0].startswith("My brother")


@pytest.mark.parametrize(
    ("fact", "question", "echo"),
    [
        (
            "My brother is called Anselm and he is a baker.",
            "What is my brother called?",
            "He is called Anselm.",
        ),
        (
            "My rowing club meets in Bristol on Tuesdays.",
            "Where does my rowing club meet?",
            "Your rowing club meets in Bristol.",
        ),
    ],
)
def test_what_was_said_after_an_answered_question_says_nothing_to_it(
    memory: Memory, fact: str, question: str, echo: str
) -> None:
    memory.add(fact, user_id="ann", run_id="s1")
    memory.add([user(question), agent(echo), user("I need a taxi for six tomorrow.")], user_id="ann", run_id="s2")
    found = texts(memory.search(question, filters=ANN))
    assert found[0] == fact
    assert "I need a taxi for six tomorrow." not in found
    assert texts(memory.search("When do I need a taxi?", filters=ANN))[0] == "I need a taxi for six tomorrow."


def test_threshold_gates_the_score(memory: Memory) -> None:
    memory.add("I keep bees behind the shed", user_id="ann")
    [hit] = memory.search("Where are the bees?", filters=ANN, threshold=0)["results"]
    assert memory.search("Where are the bees?", filters=ANN, threshold=min(1.0, hit["score"] + 0.01))["results"] == []


def test_whatever_changes_a_memory_is_counted_as_an_edit(memory: Memory) -> None:
    """By the count a voice service knows that what it looked up before may hold no longer."""
    ids = [memory.add(f"I have {n} boats.", user_id="ann")["results"][0]["id"] for n in range(3, 6)]
    assert memory.edits == 0
    changes: list[Callable[[], object]] = [
        lambda: memory.update(ids[0], "I have a canoe."),
        lambda: memory.delete(ids[1]),
        lambda: memory.erase(memory_id=ids[2]),
        lambda: memory.delete_all(user_id="ann"),
        memory.reset,
    ]
    for number, change in enumerate(changes, 1):
        change()
        assert memory.edits >= number, "before anybody knows that it is done"


def test_reset_erases_everything_for_everyone(memory: Memory, tmp_path: Path) -> None:
    memory.add("I keep bees behind the shed", user_id="ann")
    with Memory(folder=tmp_path) as other:
        memory.search("bees", filters=ANN)
        other.reset()
        assert memory.get_all(filters=ANN)["results"] == memory.messages(user_id="ann") == []
        assert memory.search("bees", filters=ANN, threshold=0)["results"] == []
    assert b"bees" not in b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())
    memory.add("I keep hens now", user_id="ann")
    assert texts(memory.search("hens", filters=ANN)) == ["I keep hens now"]


def test_memories_without_a_vector_yet_are_embedded_at_the_next_start(tmp_path: Path) -> None:
    with Memory(folder=tmp_path) as memory:
        memory.add("I keep bees behind the shed", user_id="ann")
        engine = memory._engine
        engine.settled().result()
        with engine.store.read() as store:
            [owner] = store.owners("default", "user", ["ann"])
            [bees] = store.records_of(owner)
        engine.store.write_now(lambda tx: update(tx, "default", bees, Edit(text="I keep bees in the shed"), 1))
        assert texts(memory.search("bees shed", filters=ANN, threshold=0)) == ["I keep bees in the shed"]
    with Memory(folder=tmp_path) as memory:
        memory._engine._vectoriser.embed_all().result()
        with memory._engine.store.read() as store:
            assert [row.vector is not None for row in store.changes(owner, 0).rows] == [True]


def test_one_folder_has_one_engine_until_the_last_lets_go(tmp_path: Path) -> None:
    one, other = Memory(folder=tmp_path), Memory(folder=tmp_path / ".." / tmp_path.name)
    assert one._engine is other._engine
    one.close()
    one.close()
    other.add("I still work", user_id="ann")
    with pytest.raises(Closed):
        one.get_all(filters=ANN)
    other.close()


def test_threads_lose_and_double_nothing(memory: Memory) -> None:
    def work(thread: int) -> None:
        for n in range(20):
            memory.add(f"thread {thread} says {n}", user_id="ann", run_id=f"t{thread}")
            memory.search(f"says {n}", filters=ANN)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = texts(memory.get_all(filters=ANN, top_k=1000))
    assert sorted(found) == sorted(f"thread {t} says {n}" for t in range(6) for n in range(20))


async def test_async_memory_has_the_same_verbs(tmp_path: Path) -> None:
    async with AsyncMemory(folder=tmp_path) as memory:
        await asyncio.gather(*(memory.add(f"I own {n} bees", user_id="ann", run_id=f"r{n}") for n in range(10)))
        assert await memory.warm(user_id="ann", run_id="r1") == 10
        found = await memory.search("bees", filters=ANN, top_k=3)
        made = found["results"][0]["id"]
        await memory.update(made, "I own no bees")
        got = await memory.get(made)
        assert got is not None
        assert got["memory"] == "I own no bees"
        assert len(await memory.history(made)) == 2
        await memory.delete(made)
        assert len((await memory.get_all(filters=ANN))["results"]) == 9
        assert (await memory.delete_all(user_id="ann"))["count"] == 9
        assert len(await memory.messages(user_id="ann")) == 10
        await memory.reset()
        assert await memory.messages(user_id="ann") == []


async def test_a_cancelled_call_takes_nobody_with_it(tmp_path: Path) -> None:
    async with AsyncMemory(folder=tmp_path) as memory:
        calls = [asyncio.create_task(memory.add(f"I own {n} bees", user_id="ann", run_id=f"r{n}")) for n in range(40)]
        await asyncio.sleep(0.01)
        for call in calls[::2]:
            call.cancel()
        done = await asyncio.gather(*calls, return_exceptions=True)
        assert all(isinstance(answer, (dict, asyncio.CancelledError)) for answer in done)
        await memory.add("I still keep hens", user_id="ann")
        found = texts(await memory.search("hens", filters=ANN))
        assert "I still keep hens" in found


def test_async_memory_works_from_several_loops(tmp_path: Path) -> None:
    memory = AsyncMemory(folder=tmp_path)
    asyncio.run(memory.add("I keep bees", user_id="ann"))
    assert texts(asyncio.run(memory.search("bees", filters=ANN))) == ["I keep bees"]
    asyncio.run(memory.close())


WRONG: list[tuple[Callable[[Memory], object], type[Exception], str]] = [
    (lambda m: m.add("x"), MissingIdentity, "user_id"),
    (lambda m: m.add("x", user_id=" "), InvalidInput, "user_id must not be empty"),
    (lambda m: m.add("x", user_id="a\tb"), InvalidInput, "whitespace"),
    (lambda m: m.add([], user_id="a"), InvalidMessage, "messages is empty"),
    (lambda m: m.add("x" * 1_000_000, user_id="a"), InvalidMessage, "the most is"),
    (lambda m: m.add("x", user_id="a", timestamp=datetime(2026, 1, 1)), InvalidTime, "no time zone"),
    (lambda m: m.add("x", user_id="a", expiration_date="soon"), InvalidTime, "YYYY-MM-DD"),
    (
        lambda m: m.add("x", user_id="a", metadata={"n": 1, "a": {1, 2}}),
        InvalidInput,
        r"metadata\['a'\] must be plain JSON",
    ),
    (lambda m: m.add("x", user_id="a", metadata=cast(Any, {5: 1})), InvalidInput, "string keys; 5 is none"),
    (lambda m: m.add("x", user_id="a", metadata={"a": deep(100)}), InvalidInput, "nested more than 64 levels"),
    (lambda m: m.add("x", user_id="a", timestamp="9999-12-31T23:59:59-14:00"), InvalidTime, "outside the years"),
    (lambda m: m.add("x", user_id="a", memory_type="procedural_memory"), Unsupported, "extraction model"),
    (lambda m: m.search("", filters=ANN), InvalidInput, "query is empty"),
    (lambda m: m.search("x"), MissingIdentity, "filters must name"),
    (lambda m: m.search("x", user_id="ann"), InvalidInput, "inside filters"),
    (lambda m: m.search("x", filters=ANN, top_k=0), InvalidInput, "top_k"),
    (lambda m: m.search("x", filters=ANN, threshold=2), InvalidInput, "threshold"),
    (lambda m: m.search("x", filters={"user_id": {"like": "a"}}), InvalidFilter, "user_id"),
    (lambda m: m.get_all(filters={"kind": "tea"}), MissingIdentity, "filters must name"),
    (lambda m: m.get_all(filters=ANN, page=0, page_size=0), InvalidInput, "page"),
    (lambda m: m.update("no-such-id", "x"), MemoryNotFound, "no-such-id"),
    (lambda m: m.update("no-such-id"), InvalidInput, "Nothing to update"),
    (lambda m: m.update("no-such-id", " "), InvalidInput, "text is empty"),
    (lambda m: m.delete("no-such-id"), MemoryNotFound, "get_all"),
    (lambda m: Memory.from_config({"vector_store": {"provider": "chroma"}}), InvalidConfig, "chroma"),
    (lambda m: Memory.from_config({"llm": {"provider": "openai"}}), InvalidConfig, "llm"),
]


@pytest.mark.parametrize(("call", "error", "says"), WRONG)
def test_wrong_input_is_an_error_that_says_what_to_do(
    memory: Memory, call: Callable[[Memory], object], error: type[Exception], says: str
) -> None:
    memory.add("I keep bees", user_id="ann")
    with pytest.raises(error, match=says) as caught:
        call(memory)
    assert type(caught.value) is error
    assert isinstance(caught.value, ValueError)
    assert len(memory.messages(user_id="ann")) == 1
    assert memory.messages(user_id="a") == []


@of_folders
def test_from_config_reads_mem0s_dict(tmp_path: Path) -> None:
    config = {"vector_store": {"provider": "toldonce", "config": {"path": str(tmp_path)}}, "version": "v1.1"}
    with Memory.from_config(config) as memory:
        memory.add("I keep bees", user_id="ann", timestamp=datetime(2026, 1, 1, tzinfo=UTC))
    assert (tmp_path / "toldonce.db").exists()


@of_folders
def test_toldonce_home_is_the_default_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOLDONCE_HOME", str(tmp_path / "home"))
    with Memory() as memory:
        memory.add("I keep bees", user_id="ann")
    assert (tmp_path / "home" / "toldonce.db").exists()


def test_importing_toldonce_loads_nothing_heavy() -> None:
    heavy = {"onnxruntime", "tokenizers", "httpx", "numpy", "apsw"}
    code = f"import sys, toldonce; print(*{heavy} & set(sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == ""


def test_a_memory_is_found_by_its_id_in_any_spelling(tmp_path: Path) -> None:
    with Memory(folder=tmp_path) as memory:
        known = memory.add("I painted the fence.", user_id="ann")["results"][0]["id"]
        spellings: list[Any] = [known, UUID(known), known.upper(), known.replace("-", ""), f" {known} "]
        for spelling in spellings:
            got = memory.get(spelling)
            assert got is not None
            assert got["id"] == known
            assert [entry["memory_id"] for entry in memory.history(spelling)] == [known]
            found = memory.get_all(filters={"user_id": "ann", "memory_ids": [spelling]})["results"]
            assert [one["id"] for one in found] == [known]
        memory.update(known.upper(), text="I painted the gate.")
        memory.delete(spellings[1])
        assert memory.get(known) is None
        assert memory.get("no id") is None


def test_days_are_those_of_the_reference_date(tmp_path: Path) -> None:
    new_york = ZoneInfo("America/New_York")
    with Memory(folder=tmp_path) as memory:
        for day, thing in ((7, "door red"), (8, "fence green"), (9, "shed blue")):
            at = datetime(2025, 5, day, 21, 30, tzinfo=new_york)
            memory.add(f"I painted the {thing}.", user_id="ann", run_id=str(day), timestamp=at)
        for query, now in (
            ("on May 8", datetime(2025, 5, 20, tzinfo=new_york)),
            ("last night", "2025-05-09T09:00-04:00"),
        ):
            found = memory.search(f"What did I paint {query}?", filters={"user_id": "ann"}, reference_date=now)
            assert "fence" in found["results"][0]["memory"], query
