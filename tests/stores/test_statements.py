"""How many statements a call runs before it is answered: each is a round trip for a database over a network.

SQLite is counted here, by a trace of everything that its connections are given, BEGIN and COMMIT included.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import apsw
import pytest

from toldonce import Memory
from toldonce.engine.requests import add_request
from toldonce.errors import InvalidInput
from toldonce.remember.add import Added
from toldonce.stores.sql import read as sql_read
from toldonce.stores.sqlite.connection import connect
from toldonce.types import Scope

Count = Callable[[Callable[[], Any]], list[str]]
Talk = list[dict[str, Any]]


@pytest.fixture
def counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Memory, Count]]:
    """A memory, and what tells the statements of a call. No vectors are made meanwhile."""
    run: list[str] = []

    def traced(path: Path, *, writes: bool) -> apsw.Connection:
        connection = connect(path, writes=writes)

        def trace(cursor: apsw.Cursor, statement: str, values: Any) -> bool:
            run.append(" ".join(statement.split()))
            return True

        connection.exec_trace = trace
        return connection

    monkeypatch.setattr("toldonce.stores.sqlite.connect", traced)
    with Memory(folder=tmp_path) as memory:

        def count(call: Callable[[], Any]) -> list[str]:
            memory._engine.settled().result()
            run.clear()
            call()
            # A pause after a commit checkpoints, and on a busy machine this thread may be that late. That nobody has
            # changed the tables is looked up in RAM.
            left_out = ("PRAGMA wal_checkpoint", "PRAGMA user_version")
            return [statement for statement in run if not statement.startswith(left_out)]

        add(memory, [{"role": "user", "content": "I live in Oslo."}], user_id="ann", run_id="r1")
        yield memory, count


def watched(monkeypatch: pytest.MonkeyPatch, name: str) -> list[Any]:
    """What is read from now on, as rows that this function of the store makes something of."""
    read: list[Any] = []
    make = getattr(sql_read, name)

    def watching(row: Any) -> Any:
        read.append(row)
        return make(row)

    monkeypatch.setattr(sql_read, name, watching)
    return read


def add(memory: Memory, messages: Talk, **scope: str) -> Added:
    """Up to the acknowledgement: without the vectors that follow."""
    request = add_request(
        messages,
        Scope(**scope),
        metadata=None,
        timestamp=None,
        expiration_date=None,
        infer=True,
        memory_type=None,
        prompt=None,
        conversation_id=None,
    )
    return memory._verbs.add_now(request)


def talk(count: int, about: str = "the garden") -> Talk:
    return [
        {"role": ("user", "assistant")[n % 2], "content": f"Sentence number {n} about {about}."} for n in range(count)
    ]


def test_an_add_of_one_message(counted: tuple[Memory, Count]) -> None:
    memory, count = counted
    run = count(
        lambda: add(memory, [{"role": "user", "content": "My sister plays the cello."}], user_id="ann", run_id="r1")
    )
    assert run[0].startswith("BEGIN")
    assert run[-1] == "COMMIT"
    assert len(run) <= 8, run
    assert [found["memory"] for found in memory.get_all(filters={"user_id": "ann"})["results"]] == [
        "My sister plays the cello.",
        "I live in Oslo.",
    ]


@pytest.mark.parametrize("messages", [20, 400])
def test_an_add_of_many_messages_in_a_new_conversation(counted: tuple[Memory, Count], messages: int) -> None:
    memory, count = counted
    run = count(lambda: add(memory, talk(messages), user_id="eva", run_id="r2"))
    assert len(run) <= 12, run
    assert len(memory.messages(user_id="eva")) == messages


def test_an_add_whose_messages_have_ids_and_whose_words_are_known(counted: tuple[Memory, Count]) -> None:
    memory, count = counted
    messages: Talk = [{**said, "id": f"m{n}"} for n, said in enumerate(talk(20))]
    add(memory, messages[:10], user_id="ann", run_id="r1")
    again = [{**said, "id": f"other {said['id']}"} for said in messages[:10]]
    run = count(lambda: add(memory, [*messages, *again], user_id="ann", run_id="r1"))
    assert len(run) <= 20, run
    assert len(run[run.index("BEGIN IMMEDIATE") :]) <= 12, run
    sayings = [found["sayings"] for found in memory.get_all(filters={"user_id": "ann"}, top_k=100)["results"]]
    assert sorted(sayings) == [1] * 11 + [2] * 10


def test_an_add_of_what_is_there_only_looks(counted: tuple[Memory, Count]) -> None:
    memory, count = counted
    add(memory, talk(20), user_id="ann", run_id="r1")
    run = count(lambda: add(memory, talk(20), user_id="ann", run_id="r1"))
    assert len(run) <= 6, run
    assert not [statement for statement in run if statement.startswith(("INSERT", "UPDATE", "DELETE"))]


def test_a_delete_of_a_thousand(counted: tuple[Memory, Count], monkeypatch: pytest.MonkeyPatch) -> None:
    memory, count = counted
    add(memory, talk(1000), user_id="eva", run_id="r1")
    add(memory, talk(10, "the bees"), user_id="eva", run_id="r2")
    read = watched(monkeypatch, "_record")
    for scope, left in (({"run_id": "r1"}, 10), ({}, 0)):
        run = count(partial(memory.delete_all, user_id="eva", **scope))
        assert run.count("COMMIT") > 1
        assert len(run) <= 100, run
        assert not read, "it takes no record to find ids"
        assert len(memory.get_all(filters={"user_id": "eva"}, top_k=9999)["results"]) == left
        assert len(read) == left
        read.clear()
    assert len(memory.get_all(filters={"user_id": "ann"})["results"]) == len(read) == 1


def test_a_page_reads_its_own_memories_only(counted: tuple[Memory, Count], monkeypatch: pytest.MonkeyPatch) -> None:
    memory, count = counted
    for block in range(4):
        add(memory, talk(500, f"bee {block}"), user_id="eva")
    read = watched(monkeypatch, "_record")
    eva, spoken = {"user_id": "eva"}, {"user_id": "eva", "role": "user"}
    for number in (1, 137, 200):
        read.clear()
        page = memory.get_all(filters=eva, page=number, page_size=10)
        assert (page["count"], len(page["results"])) == (2000, 10)
        assert len(read) <= 11
    read.clear()
    assert len(memory.get_all(filters=eva, top_k=7)["results"]) == 7
    assert len(read) == 7
    read.clear()
    assert len(memory.get_all(filters=spoken, top_k=7)["results"]) == 7
    assert len(read) <= 64, "a filter on more than entities reads in slices, and stops"
    assert len(count(lambda: memory.get_all(filters=eva, page=3))) <= 8


def test_the_latest_messages_are_read_alone(counted: tuple[Memory, Count], monkeypatch: pytest.MonkeyPatch) -> None:
    memory, _ = counted
    for block in range(5):
        add(memory, talk(100, f"bee {block}"), user_id="eva", run_id=f"r{block}")
    read = watched(monkeypatch, "read_message")
    latest = memory.messages(user_id="eva", latest=150)
    assert len(read) <= 200
    assert latest == memory.messages(user_id="eva")[-150:]
    with pytest.raises(InvalidInput, match="latest"):
        memory.messages(user_id="eva", latest=0)
