"""Kinds of damage one by one: what each must not lead to, and what the doctor makes of it."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import numpy as np
import pytest

from tests.stores.damaging import Cell, damage_cell, fill
from toldonce import Memory
from toldonce.errors import CorruptStore
from toldonce.stores.jobs import Wanted
from toldonce.stores.opening import open_store
from toldonce.takeover import DATABASE
from toldonce.testing import WordEmbedder
from toldonce.times import now

ANN, BOB = {"user_id": "ann"}, {"user_id": "bob"}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole") / "data"
    fill(folder)
    return folder


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "data"))


def opened(folder: Path) -> Memory:
    return Memory(folder=folder, embedder=WordEmbedder())


def change(folder: Path, sql: str) -> None:
    """Do to the file what nobody should, with values of the right types."""
    connection = apsw.Connection(str(folder / DATABASE))
    connection.execute(sql)
    connection.close()


def treated(folder: Path) -> set[tuple[str, str]]:
    """What the doctor named, as (table, what it did), after which nothing is left to name."""
    store = open_store(folder)
    try:
        found: set[tuple[str, str]] = {(one.table, one.action) for one in store.examine(set_aside=True).findings}
        assert store.examine(set_aside=False).findings == []
    finally:
        store.close()
    return found


def texts(memory: Memory, filters: dict[str, str]) -> list[str]:
    return sorted(row["memory"] for row in memory.get_all(filters=filters)["results"])


@pytest.mark.parametrize("sequence", [-1, 0, 1 << 40])
def test_a_counter_out_of_bounds_gives_nobody_the_id_of_another(folder: Path, sequence: int) -> None:
    change(folder, f"UPDATE owner SET next_sequence = {sequence} WHERE entity_id = 'bob'")
    with opened(folder) as memory:
        before = texts(memory, ANN)
        with pytest.raises(CorruptStore):
            memory.add("I bought a violin.", user_id="bob", infer=False)
        assert texts(memory, ANN) == before
    assert treated(folder) == {("owner", "made anew")}
    with opened(folder) as memory:
        memory.add("I bought a violin.", user_id="bob", infer=False)
        assert "I bought a violin." in texts(memory, BOB)


def test_a_conversation_whose_counter_is_behind_goes_on_after_the_doctor(folder: Path) -> None:
    change(folder, "UPDATE conversation SET next_place = 0")
    with opened(folder) as memory, pytest.raises(CorruptStore):
        memory.add("I bought a violin.", user_id="ann", run_id="r1", infer=False)
    assert treated(folder) == {("conversation", "made anew")}
    with opened(folder) as memory:
        memory.add("I bought a violin.", user_id="ann", run_id="r1", infer=False)
        assert "I bought a violin." in texts(memory, ANN)


@pytest.mark.parametrize("column", ["next_place", "last_said_at", "session_id", "last_memory_id"])
@pytest.mark.parametrize("value", ["no UTF-8", "infinity", "a letter"])
def test_a_conversation_goes_on_where_its_messages_end(folder: Path, column: str, value: str) -> None:
    damage_cell(folder, Cell("conversation", column), value, random.Random(1))
    with opened(folder) as memory:
        for run in ("r1", "r2", None):
            memory.add("I bought a violin.", user_id="ann", run_id=run, infer=False)
        said = [message["content"] for message in memory.messages(user_id="ann")]
        assert said.count("I bought a violin.") == 3
        assert len(said) == len(memory.messages(user_id="bob")) + 3


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE memory SET owner_id = (SELECT id FROM owner WHERE entity_id = 'bob') WHERE owner_id = {ann}",
        "UPDATE message SET conversation_id = (SELECT max(id) FROM conversation) WHERE conversation_id IN "
        "(SELECT id FROM conversation WHERE owner_id = {ann})",
        "UPDATE locator SET memory_id = (SELECT max(id) FROM memory WHERE user_id = 'bob' AND deleted_at IS NULL) "
        "WHERE owner_id = {ann}",
        "UPDATE OR IGNORE membership SET memory_id = (SELECT max(id) FROM memory WHERE user_id = 'bob' "
        "AND deleted_at IS NULL) WHERE owner_id = {ann}",
    ],
)
def test_a_row_that_says_it_is_anothers_is_shown_to_nobody(folder: Path, sql: str) -> None:
    with opened(folder) as memory:
        right = (texts(memory, BOB), len(memory.messages(user_id="bob")))
        uids = [row["id"] for row in memory.get_all(filters=ANN)["results"]]
    change(folder, sql.format(ann="(SELECT id FROM owner WHERE entity_id = 'ann')"))
    with opened(folder) as memory:
        memory.delete_all(user_id="ann", run_id="r1")
        assert (texts(memory, BOB), len(memory.messages(user_id="bob"))) == right
        assert memory.search("bees", filters=BOB)["results"]
        for uid in uids:
            try:
                found = memory.get(uid)
            except CorruptStore:
                continue
            assert found is None or found["user_id"] == "ann"


@pytest.mark.parametrize("value", ["three bytes", "no bytes", "not a number", "a letter"])
def test_a_vector_that_is_none_leaves_the_memory_to_be_found_by_its_words(folder: Path, value: str) -> None:
    damage_cell(folder, Cell("vector", "embedding"), value, random.Random(2))
    with opened(folder) as memory:
        for words in ("bees in Oslo", "Twelve hives", "moved to Bergen", "fond of rowing", "a miller"):
            assert memory.search(words, filters=ANN)["results"], words
    assert treated(folder) == {("vector", "made anew")}


def test_a_vector_that_is_far_longer_than_others_decides_nothing(folder: Path) -> None:
    path = folder / DATABASE
    connection: Any = apsw.Connection(str(path))
    version, kept = connection.execute("SELECT version_id, embedding FROM vector ORDER BY 1 DESC LIMIT 1").fetchone()
    long = (np.frombuffer(kept, np.float32) * 1000).tobytes()
    connection.execute("UPDATE vector SET embedding = ? WHERE version_id = ?", (long, version))
    connection.close()
    with opened(folder) as memory:
        best = memory.search("Where does he keep bees?", filters=BOB)["results"][0]
        assert "bees" in best["memory"]


@pytest.mark.parametrize(
    ("sql", "named"),
    [
        ("DELETE FROM token WHERE version_id IN (SELECT min(version_id) FROM token)", ("token", "made anew")),
        ("DELETE FROM vector WHERE version_id IN (SELECT min(version_id) FROM vector)", ("vector", "made anew")),
        ("DELETE FROM locator WHERE uid IN (SELECT min(uid) FROM locator)", ("locator", "made anew")),
        (
            "DELETE FROM memory_version WHERE id IN (SELECT min(version_id) FROM memory WHERE deleted_at IS NULL)",
            ("memory_version", "set aside"),
        ),
        ("UPDATE membership SET memory_id = 1 WHERE kind = 'run'", ("membership", "made anew")),
        ("UPDATE rebuilt_owner SET changed = 1; DELETE FROM unembedded", None),
    ],
)
def test_what_is_missing_is_made_anew(folder: Path, sql: str, named: tuple[str, str] | None) -> None:
    change(folder, sql.replace("UPDATE membership", "UPDATE OR REPLACE membership"))
    assert treated(folder) == (set() if named is None else {named})
    with opened(folder) as memory:
        memory._engine._vectoriser.embed_all().result()
        for user in ("ann", "bob"):
            for row in memory.get_all(filters={"user_id": user})["results"]:
                assert memory.get(row["id"]) == row
                assert memory.search(row["memory"], filters={"user_id": user})["results"]
        assert memory.get_all(filters={"AND": [ANN, {"run_id": "r2"}]})["results"]


def test_a_job_that_cannot_be_read_keeps_no_other(folder: Path) -> None:
    store = open_store(folder)
    store.write_now(lambda tx: tx.jobs.add("webhook", {"webhook": "w2"}, now() + 1))
    store.close()
    damage_cell(folder, Cell("job", "payload"), "no UTF-8", random.Random(1))
    store = open_store(folder)

    def lease() -> Any:
        return store.write_now(lambda tx: tx.jobs.lease(now() + 10, now() + 10**9, Wanted(("webhook",))))

    job = lease()
    assert job is not None
    assert job.payload in ({"webhook": "w1"}, {"webhook": "w2"})
    assert lease() is None, "the damaged one was dropped"
    store.close()


@pytest.mark.parametrize("value", ["no UTF-8", "infinity", "a letter"])
def test_a_reader_of_the_feed_that_lost_its_place_is_told(folder: Path, value: str) -> None:
    damage_cell(folder, Cell("feed_reader", "sequence"), value, random.Random(1))
    store = open_store(folder)
    with pytest.raises(CorruptStore, match="feed"), store.read() as read:
        read.feed.position("webhooks")
    store.close()
    assert treated(folder) == {("feed_reader", "set aside")}


def test_a_whole_page_of_damaged_rows_is_told_and_not_taken_for_the_end(folder: Path) -> None:
    change(folder, "UPDATE memory SET metadata = '{' WHERE user_id = 'ann'")
    with opened(folder) as memory:
        with pytest.raises(CorruptStore, match="page"):
            memory.get_all(filters=ANN)
        assert memory.search("bees", filters=ANN)["results"] == []
        assert texts(memory, BOB)
        memory.delete_all(user_id="ann")
        assert texts(memory, ANN) == []


REFUSED: dict[str, Callable[[Memory, str], Any]] = {
    "get": lambda memory, uid: memory.get(uid),
    "update": lambda memory, uid: memory.update(uid, "I have a dog."),
}


@pytest.mark.parametrize("verb", REFUSED)
def test_a_damaged_memory_can_be_deleted_and_nothing_else(folder: Path, verb: str) -> None:
    with opened(folder) as memory:
        uid = memory.get_all(filters=ANN)["results"][0]["id"]
    change(folder, f"UPDATE memory SET metadata = 'x' WHERE uid = '{uid}'")
    with opened(folder) as memory:
        with pytest.raises(CorruptStore, match="damaged"):
            REFUSED[verb](memory, uid)
        memory.delete(uid)
        assert memory.get(uid) is None
        assert texts(memory, ANN)


def test_tables_that_are_gone_are_damage(folder: Path) -> None:
    change(folder, "DROP TABLE membership")
    store = open_store(folder)
    with pytest.raises(CorruptStore, match="backup"), store.read() as view:
        view.owners_with("default", "run", ["r1"])
    store.close()


def test_an_index_that_lost_a_row_is_made_anew(folder: Path) -> None:
    path = folder / DATABASE
    connection: Any = apsw.Connection(str(path))
    kept = connection.execute("SELECT rootpage, sql FROM sqlite_schema WHERE name = 'memory_created'").fetchone()
    connection.execute(
        "PRAGMA writable_schema=ON; DELETE FROM sqlite_schema WHERE name = 'memory_created'; PRAGMA writable_schema=OFF"
    )
    connection.close()
    connection = apsw.Connection(str(path))  # which knows nothing of the index
    uid = connection.execute("SELECT uid FROM memory WHERE user_id = 'ann' AND deleted_at IS NULL LIMIT 1").get
    connection.execute("UPDATE memory SET created_at = created_at - 1 WHERE uid = ?", (uid,))
    connection.execute("PRAGMA writable_schema=ON")
    connection.execute(
        "INSERT INTO sqlite_schema (type, name, tbl_name, rootpage, sql) "
        "VALUES ('index', 'memory_created', 'memory', ?, ?)",
        kept,
    )
    connection.execute("PRAGMA writable_schema=OFF")
    connection.close()
    assert treated(folder) == {("", "made anew")}
    with opened(folder) as memory:
        assert uid in [row["id"] for row in memory.get_all(filters=ANN)["results"]]
