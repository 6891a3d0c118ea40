"""Facts from a model: what an add orders, what a model's answer comes to, and what becomes of failures."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.llm.fake import Answer, Asked, FakeModel, Script, refuses, says, serving, tells
from tests.waiting import until
from toldonce import Memory
from toldonce.engine import extraction
from toldonce.engine.extraction import FAILED, KIND
from toldonce.engine.jobs import worker
from toldonce.errors import InvalidConfig, InvalidInput
from toldonce.net.retry import Retries
from toldonce.remember.facts.stored import stored_facts
from toldonce.stores.protocol import FactMemory
from toldonce.testing import WordEmbedder

ANN: Any = {"user_id": "ann"}


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "LOOK_AGAIN", 0.02)
    monkeypatch.setattr(extraction, "GATHER", 0)
    monkeypatch.setattr(extraction, "RETRIES", Retries(3, first_pause=0.01, longest_pause=0.05))


def fact(statement: str, *evidence: str, **more: Any) -> dict[str, Any]:
    """A fact as a model says it."""
    told = {
        "statement": statement,
        "about": "user",
        "attribute": "thing",
        "value": statement,
        "category": "attribute",
        "evidence": list(evidence),
        "relation": "new",
    }
    return {**told, **more}


@contextmanager
def remembering(folder: Path | str, script: Script | Answer, **config: Any) -> Iterator[tuple[Memory, FakeModel]]:
    with serving(script) as model:
        section = model.config
        section["config"] |= config.pop("llm", {})
        memory = Memory({"llm": section, **config}, folder=folder, embedder=WordEmbedder())
        try:
            yield memory, model
        finally:
            memory.close()


def jobs(memory: Memory) -> dict[str, int]:
    with memory._engine.store.read() as store:
        return store.jobs.counts()


def read_through(memory: Memory) -> None:
    """Wait until nothing waits for the model."""
    until(lambda: KIND not in jobs(memory))


def facts_of(memory: Memory, user: str = "ann") -> list[FactMemory]:
    with memory._engine.store.read() as store:
        return [
            one for owner in store.owners("default", "user", [user]) for one in store.facts(owner) if not one.deleted
        ]


def texts(memory: Memory, user: str = "ann") -> list[str]:
    return [one.text for one in facts_of(memory, user)]


def lines(asked: Asked) -> list[dict[str, Any]]:
    """What the model was shown."""
    return [json.loads(line) for line in asked["messages"][1]["content"].splitlines()]


def shown_message(asked: Asked, text: str) -> str:
    """The id under which it was shown a message."""
    return next(str(line["message"]) for line in lines(asked) if line.get("text") == text)


def by_text(facts: Mapping[str, Callable[[str], dict[str, Any]]]) -> Script:
    """A model that knows which fact each message states."""

    def script(asked: Asked) -> Answer:
        new = [line for line in lines(asked) if line.get("new") and line["text"] in facts]
        return tells(*(facts[line["text"]](line["message"]) for line in new))

    return script


def test_a_fact_is_read_from_what_was_said_and_kept_with_its_evidence(tmp_path: Path) -> None:
    said = "I am allergic to peanuts."
    script = by_text({said: partial(fact, said, attribute="allergy", value="peanuts")})
    with remembering(tmp_path, script) as (memory, model):
        memory.add(said, **ANN, timestamp="2026-05-01T22:30:00-05:00")
        read_through(memory)
        (kept,) = facts_of(memory)
        found = memory.get_all(filters=ANN)["results"]
    assert kept.text == said
    assert kept.fact["attribute"] == "allergy"
    assert kept.fact["origin"] == "person"
    assert kept.fact["extractor"] == "extract-1 openai:fake"
    assert len(kept.evidence) == 1
    assert [row.get("kind") for row in found] == ["fact", None]
    (asked,) = model.asked
    assert lines(asked) == [
        {"message": "m1", "time": "Friday 2026-05-01 22:30", "role": "user", "new": True, "text": said}
    ]


def test_without_a_model_nothing_is_ordered(tmp_path: Path) -> None:
    with Memory(folder=tmp_path, embedder=WordEmbedder()) as memory:
        memory.add("I am allergic to peanuts.", **ANN)
        assert jobs(memory) == {}


def test_what_is_stored_as_it_is_is_not_read(tmp_path: Path) -> None:
    with remembering(tmp_path, tells()) as (memory, model):
        memory.add("I like tea.", **ANN, infer=False)
        assert jobs(memory) == {}
        memory.add("I like coffee.", **ANN)
        read_through(memory)
        assert len(model.asked) == 1


def test_a_conversation_is_read_in_windows_that_reach_back(tmp_path: Path) -> None:
    talk = [{"role": ("user", "assistant")[n % 2], "content": f"Sentence {n} of the talk."} for n in range(40)]
    with remembering(tmp_path, tells()) as (memory, model):
        memory.add(talk, **ANN)
        read_through(memory)
    windows = [lines(asked) for asked in model.asked]
    assert [line["text"] for window in windows for line in window if line["new"]] == [one["content"] for one in talk]
    assert [line["text"] for line in windows[1] if not line["new"]] == [one["content"] for one in talk[12:16]]


def test_what_is_said_while_the_model_thinks_is_read_afterwards(tmp_path: Path) -> None:
    memories: list[Memory] = []

    def script(asked: Asked) -> Answer:
        if len(lines(asked)) == 1:
            memories[0].add("I like coffee.", **ANN)
        return tells()

    with remembering(tmp_path, script) as (memory, model):
        memories.append(memory)
        memory.add("I like tea.", **ANN)
        read_through(memory)
    new = [[line["text"] for line in lines(asked) if line["new"]] for asked in model.asked]
    assert new == [["I like tea."], ["I like coffee."]]


HOME = {"attribute": "home", "value": "Lisbon"}


def _moves(asked: Asked) -> Answer:
    known = {line["statement"]: line["known"] for line in lines(asked) if "known" in line}
    new = {line["text"]: line["message"] for line in lines(asked) if line.get("new")}
    facts = []
    if "I live in Lisbon." in new:
        facts.append(fact("I live in Lisbon.", new["I live in Lisbon."], **HOME))
    if "I live in Porto now." in new:
        existing = {"relation": "contradicts", "existing": known.get("I live in Lisbon.")}
        facts.append(
            fact("I live in Porto now.", new["I live in Porto now."], attribute="home", value="Porto", **existing)
        )
    return tells(*facts)


def test_a_contradiction_closes_the_older_fact_and_keeps_it(tmp_path: Path) -> None:
    with remembering(tmp_path, _moves) as (memory, _):
        memory.add("I live in Lisbon.", **ANN, timestamp=1_700_000_000)
        read_through(memory)
        memory.add("I live in Porto now.", **ANN, timestamp=1_750_000_000)
        read_through(memory)
        lisbon, porto = facts_of(memory)
        assert lisbon.fact["superseded_by"] == porto.uid
        assert lisbon.fact["valid_to"] == 1_750_000_000_000_000
        assert "superseded_by" not in porto.fact
        assert [row["event"] for row in memory.history(lisbon.uid)] == ["ADD", "UPDATE"]


def test_what_is_told_late_closes_nothing_that_was_said_later(tmp_path: Path) -> None:
    with remembering(tmp_path, _moves) as (memory, _):
        memory.add("I live in Lisbon.", **ANN, timestamp=1_750_000_000)
        read_through(memory)
        memory.add("I live in Porto now.", **ANN, timestamp=1_700_000_000, run_id="import")
        read_through(memory)
        by_text = {one.text: one for one in facts_of(memory)}
        lisbon, porto = by_text["I live in Lisbon."], by_text["I live in Porto now."]
        assert "superseded_by" not in lisbon.fact
        assert porto.fact["superseded_by"] == lisbon.uid


def test_deleting_the_statement_that_replaced_a_fact_lets_it_hold_again(tmp_path: Path) -> None:
    with remembering(tmp_path, _moves) as (memory, _):
        memory.add("I live in Lisbon.", **ANN, timestamp=1_700_000_000)
        read_through(memory)
        added = memory.add("I live in Porto now.", **ANN, timestamp=1_750_000_000)
        read_through(memory)
        memory.delete(added["results"][0]["id"])
        assert texts(memory) == ["I live in Lisbon."]
        memory.erase(user_id="ann")
        assert texts(memory) == []


@pytest.mark.parametrize("times", [1, 3])
def test_the_same_fact_is_kept_once_however_it_is_put(tmp_path: Path, times: int) -> None:
    ways = ["I am vegetarian.", "I'm vegetarian", "Well, I am vegetarian you know.", "I have been vegetarian for ages."]
    script = by_text({way: partial(fact, way, attribute="diet", value="vegetarian") for way in ways})
    with remembering(tmp_path, script) as (memory, _):
        for _ in range(times):
            for way in ways:
                memory.add(way, **ANN)
        read_through(memory)
        (kept,) = facts_of(memory)
        assert len(kept.evidence) == len(ways)


@pytest.mark.parametrize(
    "terms",
    [{}, {"agent_id": "bot"}, {"app_id": "shop"}, {"metadata": {"source": "call"}}, {"expiration_date": "2999-01-01"}],
)
def test_the_same_fact_told_on_other_terms_is_kept_beside_it(tmp_path: Path, terms: dict[str, Any]) -> None:
    ways = ["I am vegetarian.", "Well, I am vegetarian you know."]
    script = by_text({way: partial(fact, way, attribute="diet", value="vegetarian") for way in ways})
    with remembering(tmp_path, script) as (memory, _):
        for way, more in zip(ways, ({}, terms), strict=True):
            memory.add(way, **ANN, **more)
            read_through(memory)
        assert len(facts_of(memory)) == (2 if terms else 1)


@pytest.mark.parametrize("immutable", [False, True])
def test_a_fact_from_what_is_immutable_is_not_replaced(tmp_path: Path, immutable: bool) -> None:
    before, after = "I live in Porto.", "I live in Lisbon."
    script = by_text(
        {
            before: partial(fact, before, attribute="home", value="Porto"),
            after: partial(fact, after, attribute="home", value="Lisbon", relation="contradicts", existing="f1"),
        }
    )
    with remembering(tmp_path, script) as (memory, _):
        memory.add(before, **ANN, metadata={"immutable": immutable})
        read_through(memory)
        memory.add(after, **ANN)
        read_through(memory)
        holding = {one.text: one.holds for one in stored_facts(facts_of(memory))}
        assert holding == {before: immutable, after: True}


def test_those_who_learn_the_same_at_once_make_one_fact(tmp_path: Path) -> None:
    said = "I am allergic to peanuts."
    script = by_text({said: partial(fact, said, attribute="allergy", value="peanuts")})
    with remembering(tmp_path, script) as (memory, _), ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda n: memory.add(said, **ANN, run_id=f"r{n}"), range(40)))
        read_through(memory)
        (kept,) = facts_of(memory)
        assert len(kept.evidence) == 1, "one memory counts these sayings"
        (row,) = [row for row in memory.get_all(filters=ANN)["results"] if row.get("kind") == "fact"]
        assert row["sayings"] == 40


def test_a_denial_is_not_what_it_denies(tmp_path: Path) -> None:
    yes, no = "I am allergic to nuts.", "I am not allergic to nuts."
    script = by_text({text: partial(fact, text, attribute="allergy", value="nuts") for text in (yes, no)})
    with remembering(tmp_path, script) as (memory, _):
        memory.add(yes, **ANN)
        read_through(memory)
        memory.add(no, **ANN)
        read_through(memory)
        first, second = facts_of(memory)
        assert (first.text, first.fact["superseded_by"]) == (yes, second.uid)


@pytest.mark.parametrize(
    "answer",
    [
        says("I found nothing worth noting."),
        says('{"facts": [{"statement": "I like t'),
        says("null"),
        refuses(500),
        refuses(429, Retry_After="0"),
        Answer(b"{}"),
    ],
    ids=["prose", "half", "null", "broken", "busy", "empty"],
)
def test_a_model_that_fails_is_asked_again_then_given_up_and_told(
    tmp_path: Path, answer: Answer, caplog: pytest.LogCaptureFixture
) -> None:
    said = "I like tea with milk."
    with remembering(tmp_path, answer) as (memory, model):
        memory.add(said, **ANN)
        until(lambda: jobs(memory) == {FAILED: 1})
        assert len(model.asked) == 3
        assert texts(memory) == []
        assert [row["memory"] for row in memory.search("tea", filters=ANN)["results"]] == [said]
        assert memory._engine.counters()["facts_failed"] == 1
    assert "toldonce retry" in caplog.text
    assert "milk" not in caplog.text
    with remembering(tmp_path, tells(fact(said, "m1", value="tea"))) as (memory, _):  # the next start
        read_through(memory)
        assert texts(memory) == [said]
        assert jobs(memory) == {}


def test_a_refused_key_is_told_at_once(tmp_path: Path) -> None:
    with remembering(tmp_path, refuses(401)) as (memory, model):
        memory.add("I like tea.", **ANN)
        until(lambda: jobs(memory) == {FAILED: 1})
        assert len(model.asked) == 1
        with memory._engine.store.read() as store:
            assert extraction.failed(store) == 1
            assert extraction.waiting(store) == 0


def test_what_breaks_beside_the_model_is_kept_with_its_cause_and_read_on_retry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def breaks(*_: object) -> None:
        raise LookupError("I like tea.")

    with remembering(tmp_path, tells()) as (memory, model):
        with monkeypatch.context() as broken:
            broken.setattr(extraction, "proposals", breaks)
            memory.add("I like tea.", **ANN)
            until(lambda: jobs(memory) == {FAILED: 1})
        with memory._engine.store.read() as store:
            (job,) = store.jobs.keyed("facts/")
        assert job.payload["cause"].startswith("LookupError: ")
        assert "tea" not in job.payload["cause"] + caplog.text
        assert memory._engine.store.write_now(extraction.try_again) == 1
        read_through(memory)
        assert (len(model.asked), jobs(memory)) == (2, {})


def test_what_was_said_after_a_failure_is_read_and_the_rest_on_retry(tmp_path: Path) -> None:
    broken = [True]

    def script(asked: Asked) -> Answer:
        return refuses(401) if broken[0] else tells()

    with remembering(tmp_path, script) as (memory, model):
        memory.add("I like tea.", **ANN)
        until(lambda: jobs(memory) == {FAILED: 1})
        broken[0] = False
        memory.add("I like coffee.", **ANN)
        read_through(memory)
        assert memory._engine.store.write_now(extraction.try_again) == 1
        read_through(memory)
    new = [[line["text"] for line in lines(asked) if line["new"]] for asked in model.asked]
    assert new == [["I like tea."], ["I like coffee."], ["I like tea."]]


def test_what_is_erased_while_the_model_thinks_makes_no_fact(tmp_path: Path) -> None:
    memories: list[Memory] = []

    def script(asked: Asked) -> Answer:
        memories[0].erase(user_id="ann")
        return tells(fact("I like tea.", "m1", value="tea"))

    with remembering(tmp_path, script) as (memory, model):
        memories.append(memory)
        memory.add("I like tea.", **ANN)
        read_through(memory)
        assert len(model.asked) == 1
        assert texts(memory) == []


@pytest.mark.parametrize("change", ["delete", "update"])
def test_what_is_changed_while_the_model_thinks_makes_no_fact(tmp_path: Path, change: str) -> None:
    memories: list[Memory] = []

    def script(asked: Asked) -> Answer:
        (row,) = memories[0].get_all(filters=ANN)["results"]
        if change == "delete":
            memories[0].delete(row["id"])
        else:
            memories[0].update(row["id"], "I like coffee.")
        return tells(fact("I like tea.", "m1", value="tea"))

    with remembering(tmp_path, script) as (memory, _):
        memories.append(memory)
        memory.add("I like tea.", **ANN)
        read_through(memory)
        assert texts(memory) == []
        until(lambda: memory._engine.counters().get("facts_gone") == 1)


@pytest.mark.parametrize("change", [None, "delete", "update"])
@pytest.mark.parametrize("which", [0, 1])
def test_what_rests_on_two_messages_needs_both_as_they_were_said(
    tmp_path: Path, change: str | None, which: int
) -> None:
    memories: list[Memory] = []
    said = ["I like tea in the morning.", "I like it with milk."]

    def script(asked: Asked) -> Answer:
        (row,) = [row for row in memories[0].get_all(filters=ANN)["results"] if row["memory"] == said[which]]
        if change == "delete":
            memories[0].delete(row["id"])
        elif change == "update":
            memories[0].update(row["id"], "I like coffee.")
        return tells(fact("I like tea with milk.", "m1", "m2", value="tea with milk"))

    with remembering(tmp_path, script) as (memory, _):
        memories.append(memory)
        memory.add([{"role": "user", "content": text} for text in said], **ANN)
        read_through(memory)
        assert texts(memory) == ([] if change else ["I like tea with milk."])


def test_tokens_are_counted_by_owner_and_a_budget_ends_the_day(tmp_path: Path) -> None:
    with remembering(tmp_path, tells(), llm={"daily_tokens": 150}) as (memory, model):
        for n in range(2):
            memory.add(f"I like tea number {n}.", **ANN, run_id=f"r{n}")
            read_through(memory)
        memory.add("I like coffee.", **ANN)
        until(lambda: memory._engine.counters().get("facts_over_budget", 0) > 0)
        time.sleep(0.1)
        assert len(model.asked) == 2
        with memory._engine.store.read() as store:
            (owner,) = store.owners("default", "user", ["ann"])
            assert extraction.tokens_used(store) == {"input": 200, "output": 20}
            assert extraction.tokens_used(store, owner) == {"input": 200, "output": 20}
            assert extraction.tokens_used(store, owner + 1) == {"input": 0, "output": 0}
        assert jobs(memory) == {KIND: 1}


def test_one_folder_has_one_model(tmp_path: Path) -> None:
    with remembering(tmp_path, tells()) as (memory, model):
        Memory({"llm": model.config}, folder=tmp_path).close()
        other = {"provider": "ollama", "config": {"model": "m"}}
        with pytest.raises(InvalidConfig, match="another llm"):
            Memory({"llm": other}, folder=tmp_path)
        assert memory.add("I like tea.", **ANN)["results"]


def test_the_model_is_told_what_is_wanted_and_labels_become_categories(tmp_path: Path) -> None:
    said = "I play chess."
    wanted = {
        "custom_instructions": "Note hobbies.",
        "includes": "leisure",
        "excludes": "health",
        "custom_categories": [{"hobby": "what they do for fun"}],
    }
    script = by_text({said: partial(fact, said, value="chess", categories=["hobby", "invented"])})
    with remembering(tmp_path, script, **wanted) as (memory, model):
        memory.add(said, **ANN, metadata={"source": "call"})
        read_through(memory)
        rows = memory.get_all(filters={"AND": [ANN, {"categories": {"in": ["hobby"]}}]})["results"]
    (told,) = [asked["messages"][0]["content"] for asked in model.asked]
    for part in ("Note hobbies.", "only facts about: leisure", "Never note facts about: health", "hobby: what they do"):
        assert part in told
    assert [(row["memory"], row["metadata"]) for row in rows] == [(said, {"source": "call", "categories": ["hobby"]})]


def test_a_call_may_want_something_of_its_own(tmp_path: Path) -> None:
    with remembering(tmp_path, tells(), custom_instructions="Note hobbies.", excludes="health") as (memory, model):
        memory.add("I play chess.", **ANN, prompt="Note only games.")
        memory.add("I play go.", **ANN)
        read_through(memory)
    told = {lines(asked)[-1]["text"]: asked["messages"][0]["content"] for asked in model.asked}
    assert "Besides: Note only games." in told["I play chess."]
    assert "Besides: Note hobbies." in told["I play go."]
    for each in told.values():
        assert "Never note facts about: health" in each
    wrong: Any = 3
    with remembering(tmp_path, tells()) as (memory, _), pytest.raises(InvalidInput, match="custom_instructions"):
        memory.add("I play chess.", **ANN, prompt=wrong)
