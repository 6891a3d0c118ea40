"""A store copied into another, of whichever kind, as of the moment nothing is written any more."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import pytest
from typer.testing import CliRunner

from tests.postgres import Server
from tests.server.running import Client, serving
from toldonce import Memory
from toldonce.cli.app import app
from toldonce.errors import CorruptStore, InvalidConfig, StoreError
from toldonce.stores import copying
from toldonce.stores.claim import REBUILD
from toldonce.stores.opening import copy_store, open_store
from toldonce.stores.place import place_of
from toldonce.stores.postgres.tables import PostgresTables
from toldonce.stores.protocol import Write
from toldonce.testing import WordEmbedder

ANN: dict[str, Any] = {"user_id": "ann"}
BOB: dict[str, Any] = {"user_id": "bob"}
Place = Callable[[], str]


@pytest.fixture
def folder(tmp_path: Path) -> Place:
    return lambda: f"sqlite://{tmp_path / str(len(list(tmp_path.iterdir())))}"


@pytest.fixture
def database(postgres: Server) -> Place:
    return postgres.database


@pytest.fixture(params=["a folder to a database", "a database to a folder", "folders", "databases"])
def ways(request: pytest.FixtureRequest, folder: Place, database: Place) -> tuple[str, str]:
    """From where to where."""
    kinds = {
        "a folder to a database": (folder, database),
        "a database to a folder": (database, folder),
        "folders": (folder, folder),
        "databases": (database, database),
    }
    source, target = kinds[request.param]
    at = source()
    open_store(at).close()
    return at, target()


def copied(source: str, target: str) -> copying.Copied:
    return copy_store(source, target, lambda _: None)


def told(memory: Memory, user: str) -> list[tuple[str, float]]:
    rows = memory.search("Which animals do I keep: wasps, newts?", filters={"user_id": user}, top_k=9)["results"]
    return [(row["memory"], row["score"]) for row in rows]


def everything(place: str, user: str) -> tuple[Any, ...]:
    """What can be asked of a user, in one."""
    with Memory(folder=place, embedder=WordEmbedder()) as memory:
        rows = memory.get_all(filters={"user_id": user}, limit=50)["results"]
        return rows, [memory.history(row["id"]) for row in rows], told(memory, user)


def remember(place: str, *texts: str, user: str = "ann") -> None:
    with Memory(folder=place, embedder=WordEmbedder()) as memory:
        for number, text in enumerate(texts):
            memory.add(text, user_id=user, run_id="r1", metadata={"n": number}, timestamp=1_750_000_000 + 60 * number)
        memory._engine.settled().result()


def test_a_copy_has_what_the_source_has_and_goes_on_by_itself(ways: tuple[str, str]) -> None:
    source, target = ways
    remember(source, "I keep bees.", "I keep goats.", "I keep a \N{HONEYBEE} and 'quotes\\'.")
    remember(source, "I breed cats.", user="bob")
    with Memory(folder=source, embedder=WordEmbedder()) as memory:
        rows = memory.get_all(filters=ANN)["results"]
        memory.update(rows[0]["id"], "I keep wasps.")
        memory.delete(rows[1]["id"])
        memory._engine.settled().result()
    done = copied(source, target)
    assert (done.owners, done.memories, done.same) == (2, 4, True)
    assert done.rows["embedding"] == done.rows["token"] > 0
    for user in ("ann", "bob"):
        assert everything(target, user) == everything(source, user)
    assert len(everything(target, "ann")[2]) == 2
    nothing = copied(source, target)
    assert (nothing.owners, nothing.memories, nothing.same) == (0, 0, True)
    with Memory(folder=target, embedder=WordEmbedder()) as memory:
        again = memory.add("I breed cats.", **BOB, run_id="r1", metadata={"n": 0}, timestamp=1_750_000_000)
        assert again["results"][0]["event"] == "NONE", "what was said is known there"
        new = memory.add("I keep newts.", **ANN)["results"][0]["id"]
        memory.add("I keep rats.", user_id="cyd")
        assert memory.history(new)[0]["new_memory"] == "I keep newts."
        assert len(memory.get_all(filters={"user_id": "cyd"})["results"]) == 1


def test_only_who_changed_is_copied_again(ways: tuple[str, str]) -> None:
    source, target = ways
    remember(source, "I keep bees.", "I keep goats.")
    remember(source, "I breed cats.", user="bob")
    remember(source, "I feed rats.", user="cyd")
    copied(source, target)
    remember(source, "I keep newts.")
    with Memory(folder=source, embedder=WordEmbedder()) as memory:
        memory.erase(user_id="cyd")
    done = copied(source, target)
    assert (done.owners, done.removed, done.same) == (1, 1, True)
    assert done.memories == 3
    for user in ("ann", "bob", "cyd"):
        assert everything(target, user) == everything(source, user)
    assert everything(target, "cyd")[0] == []
    if "sqlite" in target:
        [file] = place_of(target).glob("*.db")  # type: ignore[union-attr]
        assert b"feed rats" not in file.read_bytes(), "what was erased there is erased here"


def test_a_copy_that_was_interrupted_goes_on(ways: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    source, target = ways
    for user in ("ann", "bob", "cyd"):
        remember(source, f"I am {user} and keep bees.", user=user)
    monkeypatch.setattr(copying, "_ROWS", 1)
    seen: list[int] = []

    def stop(count: int) -> None:
        seen.append(count)
        if len(seen) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        copy_store(source, target, stop)
    done = copied(source, target)
    assert (done.owners, done.same) == (1, True)
    for user in ("ann", "bob", "cyd"):
        assert everything(target, user) == everything(source, user)


def test_what_is_written_while_it_is_copied_is_copied_too(folder: Place, database: Place) -> None:
    source, target = folder(), database()
    remember(source, "I keep bees.")
    with Memory(folder=source, embedder=WordEmbedder()) as memory:
        written: list[str] = []

        def meanwhile(_: int) -> None:
            if len(written) < 2:
                written.append(f"I keep {len(written)} newts.")
                memory.add(written[-1], **ANN)
                memory.add("I breed cats.", user_id=f"user {len(written)}")
                memory._engine.settled().result()

        done = copy_store(source, target, meanwhile)
    assert done.same
    assert len(everything(target, "ann")[0]) == 3
    for user in ("ann", "user 1", "user 2"):
        assert everything(target, user) == everything(source, user)


def test_a_source_that_is_written_to_all_the_time_is_left_to_the_next_call(folder: Place, database: Place) -> None:
    source, target = folder(), database()
    remember(source, "I keep bees.")
    with Memory(folder=source, embedder=WordEmbedder()) as memory:

        def meanwhile(_: int) -> None:
            memory.add("I keep newts.", **ANN)

        done = copy_store(source, target, meanwhile)
    assert not done.same
    assert copied(source, target).same


@pytest.mark.parametrize("way", ["there", "back"])
def test_a_server_goes_on_in_the_copy(folder: Place, database: Place, way: str) -> None:
    source, target = (folder(), database()) if way == "there" else (database(), folder())
    with serving(place_of(source)) as server:
        client = server.client("shop")
        [bees] = client.add("I keep bees.", **ANN)
        client.add("I breed cats.", **BOB)
        assert client.post("/v1/feedback/", {"memory_id": bees, "feedback": "POSITIVE"}).status == 200
        assert client.delete("/v1/erase?user_id=bob").status == 200
        receipts = client.get("/v1/receipts").json
        copied(source, target)
        client.add("I keep goats.", **ANN)
        events = client.get("/v1/events/").json
        key = client.key
    assert copied(source, target).same
    with serving(place_of(target)) as server:
        client = Client(server.port, key)
        assert client.all(**ANN) == ["I keep goats.", "I keep bees."]
        assert client.get("/v1/events/").json == events
        assert client.get("/v1/receipts").json == receipts
        client.add("I breed cats.", **BOB)
        assert client.all(**BOB) == [], "what was erased there does not come back here"
        client.add("I keep newts.", **ANN)
        assert client.get("/v1/events/").json["count"] == events["count"] + 2
    with pytest.raises(InvalidConfig, match=r"no copy of .* alone"):
        copied(source, target)


def test_a_target_with_anything_of_its_own_is_left_alone(ways: tuple[str, str]) -> None:
    source, target = ways
    remember(source, "I keep bees.")
    remember(target, "I am another's.", user="zoe")
    before = everything(target, "zoe")
    with pytest.raises(InvalidConfig, match="there are memories in it"):
        copied(source, target)
    assert everything(target, "zoe") == before


def test_a_copy_that_was_written_to_is_left_alone(ways: tuple[str, str], folder: Place) -> None:
    source, target = ways
    remember(source, "I keep bees.")
    copied(source, target)
    remember(target, "I keep goats.")
    with pytest.raises(InvalidConfig, match="was written to there"):
        copied(source, target)
    assert len(everything(target, "ann")[0]) == 2
    other = folder()
    remember(other, "I keep ants.")
    with pytest.raises(InvalidConfig, match="copy of something else"):
        copied(other, target)


def test_what_is_read_back_otherwise_is_damage(folder: Place, database: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    source, target = folder(), database()
    remember(source, "I keep bees.", "I keep goats.")
    fill = PostgresTables.fill

    def lossy(self: PostgresTables, table: str, rows: Any, *, keep: bool = False) -> None:
        kept = list(rows)
        fill(self, table, kept[1:] if table == "source" else kept, keep=keep)

    monkeypatch.setattr(PostgresTables, "fill", lossy)
    with pytest.raises(CorruptStore, match=r"table source: 2 rows were, 1 are there"):
        copied(source, target)


def test_what_cannot_be_copied_is_told(folder: Place, database: Place) -> None:
    source, target = folder(), database()
    with pytest.raises(InvalidConfig, match="holds no memories"):
        copied(source, target)
    remember(source, "I keep bees.")
    with pytest.raises(InvalidConfig, match="both the source and the target"):
        copied(source, source)
    with closing(open_store(source)) as store:

        def keep(tx: Write) -> None:
            tx.keep_setting(REBUILD, "a -> b")

        store.write_now(keep)
    with pytest.raises(StoreError, match="toldonce rebuild"):
        copied(source, target)


def test_every_table_of_both_stores_is_copied_or_is_its_own_affair(postgres: Server, tmp_path: Path) -> None:
    url = postgres.database()
    for place in (url, str(tmp_path)):
        open_store(place).close()
    rows = postgres.run("SELECT tablename FROM pg_tables WHERE schemaname = 'public'", url.rpartition("/")[2])
    theirs = {str(name) for (name,) in rows}
    with closing(apsw.Connection(str(tmp_path / "toldonce.db"))) as connection:
        names = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
        ours = {"embedding" if name == "vector" else str(name) for (name,) in names}
    known = {*copying.OWNED, *copying.WHOLE}
    assert theirs - set(copying.APART) == ours - set(copying.APART) == known
    with closing(open_store(url)) as one, closing(open_store(tmp_path)) as other:
        for table in known - {"embedding"}:
            columns = [
                store.over_tables(lambda tables, name=table: tables.columns(name), write=False)  # type: ignore[misc]
                for store in (one, other)
            ]
            assert columns[0] == columns[1], table


def test_the_command_says_what_it_did(folder: Place, database: Place) -> None:
    source, target = folder(), database()
    remember(source, "I keep bees.", "I keep goats.")
    done = CliRunner().invoke(app, ["copy", "--from", source, "--to", target])
    assert done.exit_code == 0, done.exception
    assert "2 memories of 1 owners copied to postgresql://" in done.stdout
    assert "Both hold the same." in done.stdout
    again = CliRunner().invoke(app, ["copy", "--from", source, "--to", target, "--json"])
    assert '"owners": 0' in again.stdout
    assert '"same": true' in again.stdout
