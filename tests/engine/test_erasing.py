"""Erasing through the verbs: what nobody finds any more, what is not brought back, and what finishes after a crash."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tests.redirecting import address_of, files_of, of_folders
from tests.waiting import until
from toldonce import AsyncMemory, Memory
from toldonce.engine.operations import Operations
from toldonce.engine.receipts import PUBLIC_KEY, signed_bytes
from toldonce.engine.requests import add_request, scope_of
from toldonce.errors import MemoryNotFound, MissingIdentity, StoreError
from toldonce.testing import WordEmbedder

HISTORY = [
    {"role": "assistant", "content": "Do you keep animals, Zebedee?"},
    {"role": "user", "content": "Two quokkas and a wombat."},
    {"role": "user", "content": "My brother works on the lighthouse at Skerryvore."},
]
ANN = {"user_id": "ann"}


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    with Memory(folder=tmp_path, embedder=WordEmbedder()) as opened:
        yield opened


def remembered(memory: Memory, user: str = "ann") -> list[str]:
    return [row["memory"] for row in memory.get_all(filters={"user_id": user})["results"]]


def in_files(folder: Path, *words: str) -> list[str]:
    """Of these words, those that stand in any file."""
    everything = b"".join(path.read_bytes() for path in files_of(folder).rglob("*") if path.is_file())
    return [word for word in words if word.encode() in everything]


def test_no_word_of_an_erased_user_is_left(memory: Memory, tmp_path: Path) -> None:
    memory.add(HISTORY, user_id="ann-of-skye")
    memory.add("I collect lighthouses too.", user_id="bob")
    assert in_files(tmp_path, "quokkas", "Skerryvore", "ann-of-skye") == ["quokkas", "Skerryvore", "ann-of-skye"]
    told = memory.erase("ann-of-skye")
    assert (told["status"], told["waits_for"], told["erased"]["messages"]) == ("erased", [], 3)
    assert in_files(tmp_path, "quokkas", "wombat", "Skerryvore", "Zebedee", "ann-of-skye") == []
    assert memory.search("quokkas", filters={"user_id": "ann-of-skye"}, threshold=0)["results"] == []
    assert memory.messages(user_id="ann-of-skye") == []
    assert remembered(memory, "bob") == ["I collect lighthouses too."]


@pytest.mark.parametrize("kind", ["user", "agent", "app", "run"])
def test_an_erased_entity_is_named_nowhere(memory: Memory, tmp_path: Path, kind: str) -> None:
    ids: dict[str, Any] = {f"{one}_id": f"{one}-of-mingulay" for one in ("user", "agent", "app", "run")}
    memory.add(HISTORY, **ids)
    memory.add("I keep voles.", user_id="bob", agent_id="another-of-mingulay")
    assert in_files(tmp_path, *ids.values()) == [*ids.values()]
    assert memory.erase(**{f"{kind}_id": ids[f"{kind}_id"]})["status"] == "erased"
    assert in_files(tmp_path, ids[f"{kind}_id"], "quokkas") == []
    assert in_files(tmp_path, "another-of-mingulay", "voles") == ["another-of-mingulay", "voles"]


@pytest.mark.parametrize("one_by_one", [True, False])
@pytest.mark.parametrize("infer", [True, False])
def test_a_history_that_is_sent_again_is_not_brought_back(memory: Memory, one_by_one: bool, infer: bool) -> None:
    calls: list[Any] = [[message] for message in HISTORY] if one_by_one else [HISTORY]
    for call in calls:
        memory.add(call, user_id="ann", infer=infer)
    assert remembered(memory)
    memory.erase("ann")
    told = [memory.add(call, user_id="ann", infer=infer) for call in calls]
    assert remembered(memory) == []
    assert sum(len(one["left_out"]) for one in told) == len(HISTORY)
    assert all("erased" in left["reason"] for one in told for left in one["left_out"])


def test_what_is_new_is_remembered_of_an_erased_user(memory: Memory) -> None:
    memory.add(HISTORY, user_id="ann")
    memory.erase("ann")
    memory.add([*HISTORY, {"role": "user", "content": "I moved to Oban last week."}], user_id="ann")
    memory.add(HISTORY[2:], user_id="bob")
    assert remembered(memory) == ["I moved to Oban last week."]
    assert remembered(memory, "bob") == [HISTORY[2]["content"]]


def test_words_said_at_a_later_time_are_said_anew(memory: Memory) -> None:
    memory.add(HISTORY, user_id="ann", timestamp=time.time() - 900)
    memory.erase("ann")
    memory.add(HISTORY, user_id="ann", timestamp=time.time() - 900)
    assert remembered(memory) == []
    memory.add(HISTORY[2:], user_id="ann", timestamp=time.time() + 60)
    assert remembered(memory) == [HISTORY[2]["content"]]


def test_a_single_yes_is_no_erased_history(memory: Memory) -> None:
    memory.add([*HISTORY, {"role": "user", "content": "Yes."}], user_id="ann")
    memory.erase("ann")
    memory.add("Yes.", user_id="ann")
    assert [message["content"] for message in memory.messages(user_id="ann")] == ["Yes."]


def test_a_user_may_return(memory: Memory) -> None:
    memory.add(HISTORY, user_id="ann")
    memory.erase("ann")
    assert memory.erase("ann", allow_return=True)["status"] == "erased"
    memory.add(HISTORY, user_id="ann")
    assert HISTORY[2]["content"] in remembered(memory)
    memory.erase("ann", allow_return=True)
    memory.add(HISTORY, user_id="ann")
    assert HISTORY[2]["content"] in remembered(memory)


def test_one_memory_is_erased_from_the_talk(memory: Memory, tmp_path: Path) -> None:
    for text in ("I keep quokkas in the garden.", "They are called Flotsam and Jetsam.", "I also have a boat."):
        memory.add(text, user_id="ann")
    [found] = [row for row in memory.get_all(filters=ANN)["results"] if "Flotsam" in row["memory"]]
    memory.update(found["id"], "They are called Flotsam and Lagan.")
    memory.search("What are they called?", filters=ANN)
    assert memory.erase(memory_id=found["id"].upper())["erased"]["versions"] == 2
    assert in_files(tmp_path, "Flotsam", "Jetsam", "Lagan") == []
    assert sorted(remembered(memory)) == ["I also have a boat.", "I keep quokkas in the garden."]
    assert memory.search("boat", filters=ANN)["results"][0]["memory"] == "I also have a boat."
    assert memory.history(found["id"]) == []
    with pytest.raises(MemoryNotFound):
        memory.erase(memory_id=found["id"])


@pytest.mark.parametrize("named", [{}, {"user_id": "ann", "run_id": "r"}, {"user_id": "ann", "memory_id": "m"}])
def test_one_thing_is_named(memory: Memory, named: dict[str, str]) -> None:
    memory.add(HISTORY, user_id="ann", run_id="r")
    with pytest.raises(MissingIdentity, match="exactly one"):
        memory.erase(**named)  # type: ignore[arg-type]
    assert remembered(memory)


def test_a_receipt_is_signed_and_has_no_words(memory: Memory, tmp_path: Path) -> None:
    memory.add(HISTORY, user_id="ann-of-skye")
    receipt = memory.erase("ann-of-skye")["receipt"]
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(receipt["public_key"]))
    key.verify(bytes.fromhex(receipt["signature"]), signed_bytes(receipt))
    with pytest.raises(InvalidSignature):
        key.verify(bytes.fromhex(receipt["signature"]), signed_bytes({**receipt, "erased": {}}))
    assert not any(word in json.dumps(receipt) for word in ("skye", "quokkas"))
    with memory._engine.reading() as store:
        assert store.setting(PUBLIC_KEY) == receipt["public_key"]


async def test_an_event_loop_erases_too(tmp_path: Path) -> None:
    async with AsyncMemory(folder=tmp_path, embedder=WordEmbedder()) as memory:
        await memory.add(HISTORY, user_id="ann")
        assert (await memory.erase("ann"))["status"] == "erased"
        assert (await memory.get_all(filters=ANN))["results"] == []
    assert in_files(tmp_path, "quokkas") == []


def test_who_reads_on_is_named_and_a_thread_finishes_what_waits_for_it(memory: Memory, tmp_path: Path) -> None:
    memory.add(HISTORY, user_id="ann")
    reader = subprocess.Popen(
        [sys.executable, "-c", _READER, address_of(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with reader:
        assert reader.stdin is not None
        assert reader.stdout is not None
        assert reader.stdout.readline() == b"reading\n"
        told = memory.erase("ann", wait=0.2)
        assert (told["status"], told["receipt"]) == ("hidden", None)
        [who] = told["waits_for"]
        assert who.endswith("is reading")
        assert str(reader.pid) in who
        assert remembered(memory) == []
        assert in_files(tmp_path, "quokkas") == ["quokkas"]
        with pytest.raises(StoreError, match="still hold"):
            _reset_at_once(memory)
        reader.stdin.close()
    until(lambda: in_files(tmp_path, "quokkas") == [])

    def finished() -> bool:
        with memory._engine.reading() as store:
            return not store.erasing.erasures(unfinished=True)

    until(finished)


def _reset_at_once(memory: Memory) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("toldonce.engine.operations.RESET_WITHIN", 0.0)
        memory.reset()


@of_folders  # an opener of a database that was killed counts for a minute, and a purge waits for it
@pytest.mark.parametrize("step", ["order", "carry_out", "purge"])
def test_an_erasure_that_a_crash_interrupts_is_finished_at_the_next_opening(tmp_path: Path, step: str) -> None:
    subprocess.run([sys.executable, "-c", _CRASH, str(tmp_path), step], check=False, timeout=60)
    assert in_files(tmp_path, "quokkas") == ["quokkas"] if step != "purge" else True
    with Memory(folder=tmp_path, embedder=WordEmbedder()) as memory:
        assert remembered(memory) == []
        with memory._engine.reading() as store:
            [erasure] = store.erasing.erasures()
            assert erasure.receipt is not None
    assert in_files(tmp_path, "quokkas", "Skerryvore") == []


def test_a_project_is_reset_and_others_are_not(memory: Memory, tmp_path: Path) -> None:
    memory.add(HISTORY, user_id="ann")
    other = Operations(memory._engine, "other")
    request = add_request(
        "I grow leeks.",
        scope_of("ann", None, None, None),
        metadata=None,
        timestamp=None,
        expiration_date=None,
        infer=True,
        memory_type=None,
        prompt=None,
        conversation_id=None,
    )
    added = other.add_now(request)
    memory.reset()
    assert remembered(memory) == []
    assert other.get(added.memories[0].uid) is not None
    assert in_files(tmp_path, "quokkas", "leeks") == ["leeks"]
    memory.add(HISTORY, user_id="ann")
    assert remembered(memory)


_READER = """
import sys
from toldonce.stores.opening import open_store
store = open_store(sys.argv[1])
with store.read() as view:
    view.setting("anything")
    print("reading", flush=True)
    sys.stdin.read()
"""

_CRASH = f"""
import os, sys
from pathlib import Path
from toldonce import Memory
from toldonce.stores.sql import erasing
from toldonce.stores.sqlite import SqliteStore
from toldonce.testing import WordEmbedder

memory = Memory(folder=sys.argv[1], embedder=WordEmbedder())
memory.add({HISTORY!r}, user_id="ann")
memory._engine.settled().result()

def die(*_, **__):
    os._exit(9)

if sys.argv[2] == "order":
    erasing.ErasingWriter.carry_out = die
elif sys.argv[2] == "carry_out":
    SqliteStore.purge = die
else:
    from toldonce.engine import erasing as engine
    engine.public_key = die
memory.erase("ann")
"""
