"""Another embedder for a folder, while it is in use."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import apsw
import numpy as np
import pytest

from tests.cli.command import run
from tests.embedders.openai_server import EmbeddingServer, vector
from tests.redirecting import address_of, of_folders
from tests.waiting import until
from toldonce import Memory
from toldonce.embedders.minilm import MiniLM
from toldonce.embedders.spec import EmbedderSpec, parse_spec
from toldonce.embedders.tokens import TOKENS_VERSION
from toldonce.engine.rebuild import rebuild
from toldonce.errors import EmbedderMismatch, FolderNotUsable, StoreError, Unreachable
from toldonce.stores.claim import FINGERPRINT, REBUILD
from toldonce.takeover import DATABASE
from toldonce.text.keys import KEY_VERSION, indexed_tokens, key_text
from toldonce.types import IndexRow

ANN = {"user_id": "ann"}
DAY = 86_400


def served(server: EmbeddingServer) -> EmbedderSpec:
    return parse_spec(f"openai:small@{server.url}")


def fill(memory: Memory, count: int, user: str = "ann") -> None:
    memory.add([{"role": "user", "content": f"fact {n} is about topic{n % 7}"} for n in range(count)], user_id=user)


def rows(memory: Memory, user: str = "ann") -> dict[str, IndexRow]:
    """What the index is made from, by text."""
    memory._engine._vectoriser.embed_all().result()
    with memory._engine.reading() as store:
        [owner] = store.owners("default", "user", [user])
        records = store.records_of(owner)
        return {records[row.memory_id].text: row for row in store.changes(owner, 0).rows}


def check(memory: Memory, user: str = "ann") -> None:
    """Each memory has the server's vector of its own words and those of its living predecessor."""
    found = rows(memory, user)
    texts = {row.memory_id: text for text, row in found.items()}
    for text, row in found.items():
        wanted = np.array(vector(key_text(text, None, texts.get(row.previous_id or 0), None), 64))
        assert row.vector is not None, text
        np.testing.assert_allclose(row.vector, wanted / np.linalg.norm(wanted), atol=1e-5)


def everything(memory: Memory) -> list[Any]:
    memories = memory.get_all(filters=ANN, top_k=10_000)["results"]
    return [memories, memory.messages(user_id="ann"), [memory.history(found["id"]) for found in memories]]


def test_vectors_change_and_nothing_else_does(tmp_path: Path, server: EmbeddingServer) -> None:
    told: list[tuple[int, int]] = []
    with Memory(folder=tmp_path) as memory:
        fill(memory, 300)
        made = memory.get_all(filters=ANN, top_k=300)["results"]
        memory.update(made[7]["id"], "I keep bees behind the shed")
        memory.delete(made[200]["id"])
        before = everything(memory)
        done = rebuild(tmp_path, served(server), lambda *step: told.append(step))
        assert done.fingerprint == f"openai/small/64 keys:{KEY_VERSION}"
        assert everything(memory) == before
        assert memory.search("bees", filters=ANN)["results"][0]["memory"] == "I keep bees behind the shed"
        assert server.texts()[-1].startswith("bees")
        check(memory)
        memory.add("I also keep hens", user_id="ann")
        check(memory)
    with Memory(folder=tmp_path) as memory:
        assert everything(memory)[0][1:] == before[0]
    assert told[0] == (0, 300)  # the edited one has two versions
    assert told[-1] == (300, 300)
    assert told == sorted(told)


def test_there_may_be_nothing_to_do(tmp_path: Path, server: EmbeddingServer) -> None:
    with Memory(folder=tmp_path) as memory:
        fill(memory, 3)
        before = rows(memory)
    done = rebuild(tmp_path)
    assert done.before == done.fingerprint
    with Memory(folder=tmp_path) as memory:
        for text, row in rows(memory).items():
            np.testing.assert_array_equal(row.vector, before[text].vector)


def test_what_is_done_meanwhile_is_taken_along(
    tmp_path: Path, server: EmbeddingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("toldonce.engine.rebuild._CHUNK", 20)
    with Memory(folder=tmp_path) as memory:
        fill(memory, 60)
        by_text = {found["memory"]: found["id"] for found in memory.get_all(filters=ANN, top_k=99)["results"]}
        names = iter([5, 10, 15, 20, 50])  # made already, and not yet

        def meddle(done: int, total: int) -> None:
            n = next(names, None)
            if n is not None:
                memory.add(f"added while {n} changed", user_id="ann", run_id=f"r{n}")
                memory.delete(by_text[f"fact {n} is about topic{n % 7}"])
                memory.update(by_text[f"fact {n + 2} is about topic{(n + 2) % 7}"], f"fact {n} was edited")
                memory.add(f"fact {n + 4} is about topic{(n + 4) % 7}", user_id="ann", timestamp=100 * DAY)
                assert memory.search("topic3", filters=ANN)["results"]

        rebuild(tmp_path, served(server), meddle)
        assert len(rows(memory)) == 60
        check(memory)
        with memory._engine.store.read() as store:
            assert store.rebuilding.progress() == (0, 65)  # five have an earlier version
            assert store.setting(REBUILD) is None


def test_writers_without_rest_cannot_put_it_off_for_ever(tmp_path: Path, server: EmbeddingServer) -> None:
    with Memory(folder=tmp_path) as memory:
        fill(memory, 3)
        passes: list[int] = []

        def go_on(done: int, total: int) -> None:
            passes.append(done)
            memory.add(f"added in pass {len(passes)}", user_id="ann", run_id=f"r{len(passes)}")

        rebuild(tmp_path, served(server), go_on)
        assert len(rows(memory)) == 3 + len(passes)
        check(memory)


def test_nothing_of_what_was_erased_stays(
    tmp_path: Path, server: EmbeddingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("toldonce.engine.rebuild._CHUNK", 20)
    with Memory(folder=tmp_path) as memory:
        fill(memory, 60)

        def erase(done: int, total: int) -> None:
            if done == 40:
                memory.reset()
                fill(memory, 5, "bob")

        rebuild(tmp_path, served(server), erase)
        assert len(rows(memory, "bob")) == 5
        check(memory, "bob")
        with memory._engine.store.read() as store:
            assert store.rebuilding.progress() == (0, 5)


WORKER = """
import sys
from toldonce import Memory
with Memory(folder=sys.argv[1]) as memory:
    print("open", flush=True)
    for n in range(10_000):
        memory.add(f"process says number {n}", user_id="ann", run_id="process")
        found = memory.search(f"fact {n % 300}", filters={"user_id": "ann"}, threshold=0)["results"]
        assert found, n
        print(n, flush=True)
        if sys.stdin.readline() != "go on\\n":
            break
"""


def test_a_thread_and_a_process_search_and_add_all_the_while(
    tmp_path: Path, server: EmbeddingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("toldonce.engine.rebuild._CHUNK", 16)
    problems: list[BaseException] = []
    said: list[str] = []
    stop = threading.Event()
    with Memory(folder=tmp_path) as memory:
        fill(memory, 300)

        def busy() -> None:
            try:
                while not stop.is_set():
                    text = f"thread says number {len(said)}"
                    memory.add(text, user_id="ann", run_id="thread")
                    said.append(text)
                    assert memory.search("Which fact is about topic3?", filters=ANN)["results"]
            except BaseException as error:
                problems.append(error)

        other = subprocess.Popen(
            [sys.executable, "-c", WORKER, address_of(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert other.stdin is not None
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        rounds = 0

        def turn(done: int, total: int) -> None:
            nonlocal rounds
            assert other.stdin is not None
            assert other.stdout is not None
            assert other.stdout.readline() == f"{rounds}\n"  # it has answered since the chunk before
            rounds += 1
            other.stdin.write("go on\n")
            other.stdin.flush()

        thread = threading.Thread(target=busy)
        thread.start()
        rebuild(tmp_path, served(server), turn)
        turn(0, 0)
        turn(0, 0)  # this one searched after the switch
        stop.set()
        thread.join()
        out, _ = other.communicate("stop\n", timeout=60)
        assert (other.returncode, out) == (0, f"{rounds}\n")
        assert problems == []
        expected = {f"fact {n} is about topic{n % 7}" for n in range(300)} | set(said)
        expected |= {f"process says number {n}" for n in range(rounds + 1)}
        assert set(rows(memory)) == expected
        check(memory)


KILLED = """
import os, signal, sys
from toldonce.engine import rebuild as module
from toldonce.embedders.spec import parse_spec
from toldonce.stores.place import place_of
module._CHUNK = 16
def die(done, total):
    if done >= int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)
module.rebuild(place_of(sys.argv[1]), parse_spec(sys.argv[2]), die)
"""


def killed(folder: Path, spec: EmbedderSpec, after: int) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, address_of(folder), str(spec), str(after)], check=False)
    assert done.returncode == -signal.SIGKILL


def test_killed_it_goes_on_where_it_stood(tmp_path: Path, server: EmbeddingServer) -> None:
    with Memory(folder=tmp_path) as memory:
        fill(memory, 200)
        for after in (48, 100, 200):
            killed(tmp_path, served(server), after)
            assert memory.search("Which fact is about topic3?", filters=ANN)["results"]
            assert memory._engine.vectors_from.startswith("all-MiniLM")
        rebuild(tmp_path, served(server))
        check(memory)
        documents = [text for text in server.texts() if text.startswith("fact ") and "\n" in text]
        assert len(documents) <= 199 + 3 * 16  # a chunk each time at most


def test_begun_for_another_it_begins_anew(tmp_path: Path, server: EmbeddingServer) -> None:
    with Memory(folder=tmp_path) as memory:
        fill(memory, 100)
        killed(tmp_path, parse_spec(f"openai:large@{server.url}#32"), 48)
        rebuild(tmp_path, served(server))
        check(memory)
    with Memory(folder=tmp_path):
        killed(tmp_path, EmbedderSpec(), 48)
    rebuild(tmp_path)  # stay with what there is
    with Memory(folder=tmp_path) as memory:
        check(memory)
        with memory._engine.store.read() as store:
            assert store.rebuilding.progress() == (0, 100)


def test_a_server_that_breaks_off_leaves_all_as_it_was(tmp_path: Path, server: EmbeddingServer) -> None:
    with Memory(folder=tmp_path) as memory:
        fill(memory, 200)

        def break_off(done: int, total: int) -> None:
            if done:
                server.refusals = [(503, {"Retry-After": "99"}, "going down")]

        with pytest.raises(Exception, match="503: going down"):
            rebuild(tmp_path, served(server), break_off)
        assert memory.search("Which fact is about topic3?", filters=ANN)["results"]
    with pytest.raises(Unreachable):
        rebuild(tmp_path, parse_spec("openai:small@http://127.0.0.1:9/v1"))
    with Memory(folder=tmp_path) as memory:
        assert memory.search("Which fact is about topic3?", filters=ANN)["results"]


def test_who_brought_an_embedder_along_is_told(tmp_path: Path, server: EmbeddingServer) -> None:
    with Memory(folder=tmp_path, embedder=MiniLM()) as memory:
        fill(memory, 3)
        rebuild(tmp_path, served(server))
        with pytest.raises(EmbedderMismatch, match="openai/small/64"):
            memory.search("fact", filters=ANN)
        memory.add("said all the same", user_id="ann")
    with Memory(folder=tmp_path) as memory:
        assert "said all the same" in rows(memory)
        check(memory)


EARLIER = {
    "keys": (
        f"keys:{KEY_VERSION}",
        "keys:0",
        "UPDATE token SET ids = x'01000000'; UPDATE vector SET embedding = zeroblob(1536)",
    ),
    "tokens": (f" tokens:{TOKENS_VERSION}", "", "UPDATE vector SET tokens = NULL"),
}
"""What changed in the fingerprint since an earlier version, and what its folders hold."""


def age(folder: Path, what: str) -> None:
    """Make a folder look as if an earlier version had made it."""
    now, before, statements = EARLIER[what]
    with Memory(folder=folder) as memory:
        earlier = memory._engine.vectors_from.replace(now, before)
        assert earlier != memory._engine.vectors_from
    connection = apsw.Connection(str(folder / DATABASE))
    connection.execute(statements)
    connection.execute("UPDATE setting SET value = ? WHERE key = ?", (earlier, FINGERPRINT))
    connection.close()


@of_folders
@pytest.mark.parametrize("what", EARLIER)
def test_a_folder_of_an_earlier_version_is_brought_up_to_date(tmp_path: Path, what: str) -> None:
    with Memory(folder=tmp_path) as memory:
        up_to_date = memory._engine.vectors_from
        for day in (1, 2, 9):
            memory.add("I took my pill", user_id="ann", timestamp=day * DAY)
        memory.add(
            [{"role": "user", "content": "Does Rosa like tea?", "name": "Ann"}], user_id="ann", timestamp=30 * DAY
        )
        before = rows(memory)
    age(tmp_path, what)
    with Memory(folder=tmp_path) as memory:
        assert len(memory.get_all(filters={"user_id": "ann"})["results"]) == len(before), "it serves meanwhile"
        until(
            lambda: (
                bool(memory.search("pill", filters={"user_id": "ann"})) and memory._engine.vectors_from == up_to_date
            )
        )
        after = rows(memory)
        assert set(after) == set(before)
        for text, row in after.items():
            np.testing.assert_array_equal(row.vector, before[text].vector)
            np.testing.assert_array_equal(row.token_vectors, before[text].token_vectors)
            assert row.token_vectors is not None
            assert set(row.tokens.tolist()) == set(before[text].tokens.tolist())
        days = [indexed_tokens("", None, day * DAY * 1_000_000) for day in (1, 2, 9)]
        assert all(set(day.tolist()) <= set(after["I took my pill"].tokens.tolist()) for day in days)


def test_two_at_once_are_refused(tmp_path: Path, server: EmbeddingServer) -> None:
    with Memory(folder=tmp_path) as memory:
        fill(memory, 3)

    def again(done: int, total: int) -> None:
        with pytest.raises(StoreError, match=r"(rocess|toldonce) .*has .* \(rebuild\)"):
            rebuild(tmp_path)

    rebuild(tmp_path, served(server), again)


@of_folders
def test_a_folder_without_a_memory_is_left_alone(tmp_path: Path) -> None:
    with pytest.raises(FolderNotUsable, match="no memory"):
        rebuild(tmp_path / "elsewhere")
    assert not (tmp_path / "elsewhere").exists()


@of_folders
def test_the_command(tmp_path: Path, server: EmbeddingServer) -> None:
    data = tmp_path / "memory"
    with Memory(folder=data) as memory:
        fill(memory, 40)
    done = run("rebuild", "--data", data, "--embedder", str(served(server)), home=tmp_path)
    assert (done.returncode, done.stdout) == (0, f"{data} now has vectors of openai/small/64 keys:{KEY_VERSION}.\n")
    assert "40 of 40" in done.stderr
    with Memory(folder=data) as memory:
        check(memory)
    again = run("rebuild", "--data", data, "--embedder", str(served(server)), home=tmp_path)
    assert "nothing to make anew" in again.stdout
    unconfirmed = run("rebuild", "--data", data, home=tmp_path)
    assert (unconfirmed.returncode, unconfirmed.stderr.count("\n")) == (2, 1)
    assert "TOLDONCE_CONFIRMED_HOSTS" in unconfirmed.stderr
    wrong = run("rebuild", "--data", data, "--embedder", "gpt", home=tmp_path)
    assert (wrong.returncode, wrong.stderr.count("\n")) == (2, 1)
