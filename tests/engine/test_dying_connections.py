"""Connections die in the middle of whatever is asked: it is answered right, or said, and never half done."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from tests.postgres import Server
from tests.stores.conftest import Databases
from toldonce import Memory
from toldonce.errors import StoreError
from toldonce.testing import WordEmbedder

ANN: dict[str, Any] = {"user_id": "ann"}
State = list[str]
_SEVER = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'"


@contextmanager
def severed_at(server: Server, url: str, step: int) -> Iterator[list[int]]:
    """End every session in the database before the statement of this number, once; the numbers of those that were."""
    execute = psycopg.Connection.execute
    name = url.rpartition("/")[2]
    asked = 0
    done: list[int] = []
    guard = threading.Lock()

    def counted(connection: Any, *rest: Any, **options: Any) -> Any:
        nonlocal asked
        if connection.info.dbname == name and "presence" not in threading.current_thread().name:
            with guard:
                asked += 1
                due = asked > step and not done
                if due:
                    done.append(asked)
            if due:
                with psycopg.connect(server.url, autocommit=True) as other:
                    execute(other, _SEVER.format(name).encode())
        return execute(connection, *rest, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(psycopg.Connection, "execute", counted)
        yield done


def texts(memory: Memory) -> State:
    return sorted(row["memory"] for row in memory.get_all(filters=ANN, limit=50)["results"])


def _id(memory: Memory) -> str:
    return str(next(row["id"] for row in memory.get_all(filters=ANN)["results"] if row["memory"] == "I keep bees."))


@pytest.fixture(scope="module")
def databases(postgres: Server) -> Databases:
    return Databases(postgres)


@pytest.fixture
def url(databases: Databases) -> Iterator[str]:
    url = databases.take()
    yield url
    databases.give_back(url)


BEFORE = ["I grow leeks.", "I keep bees."]
VERBS: dict[str, tuple[Callable[[Memory, str], object], State]] = {
    "add": (lambda memory, _: memory.add("I breed cats.", **ANN), sorted([*BEFORE, "I breed cats."])),
    "search": (lambda memory, _: memory.search("What do I keep?", filters=ANN), BEFORE),
    "get": (lambda memory, uid: memory.get(uid), BEFORE),
    "get_all": (lambda memory, _: memory.get_all(filters=ANN), BEFORE),
    "update": (lambda memory, uid: memory.update(uid, "I keep wasps."), ["I grow leeks.", "I keep wasps."]),
    "history": (lambda memory, uid: memory.history(uid), BEFORE),
    "messages": (lambda memory, _: memory.messages(**ANN), BEFORE),
    "delete": (lambda memory, uid: memory.delete(uid), ["I grow leeks."]),
    "delete_all": (lambda memory, _: memory.delete_all(**ANN), []),
    "erase": (lambda memory, _: memory.erase("ann"), []),
}


@pytest.mark.parametrize("step", [0, 2, 5, 9])
@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_is_done_or_not_and_says_which(postgres: Server, url: str, verb: str, step: int) -> None:
    call, after = VERBS[verb]
    with Memory(folder=url, embedder=WordEmbedder()) as memory:
        for text in ("I keep bees.", "I grow leeks."):
            memory.add(text, **ANN)
        memory._engine.settled().result()
        uid = _id(memory)
        failed: StoreError | None = None
        with severed_at(postgres, url, step) as severed:
            try:
                call(memory, uid)
            except StoreError as error:
                failed = error
        assert severed or step > 2, "every verb asks something"
        now = texts(memory)
        if failed is None:
            assert now == after
        else:
            assert "lost" in str(failed) or "not known" in str(failed)
            assert now in (BEFORE, after)
        memory.add("I feed rats.", user_id="bob")
        assert memory.search("rats", filters={"user_id": "bob"})["results"][0]["memory"] == "I feed rats."
