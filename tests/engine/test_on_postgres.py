"""The same memory in PostgreSQL: the verbs, the answers, and what two processes see of each other."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.command import run
from tests.postgres import Server
from tests.server.running import serving
from toldonce import AsyncMemory, Memory
from toldonce.embedders.spec import parse_spec
from toldonce.engine.rebuild import rebuild
from toldonce.errors import EmbedderMismatch
from toldonce.stores.place import place_of
from toldonce.testing import WordEmbedder

ANN = {"user_id": "ann"}
_TALK = (
    "I keep {n} {things} behind the {place}.",
    "My {kin} bought {n} {things} in the {place}.",
    "We moved the {things} from the {place} on Monday.",
    "The {kin} of my neighbour sells {things}.",
    "Nobody in the {place} likes {things} but my {kin}.",
)
_ASKED = ("Where are the {things}?", "What did my {kin} buy?", "Who likes {things}?", "How many {things}?", "{place}")
_WORDS = {
    "things": ("bees", "leeks", "kettles", "boats", "violins", "goats"),
    "place": ("shed", "harbour", "attic", "market", "village"),
    "kin": ("sister", "uncle", "daughter", "grandmother"),
}


def spoken(chance: random.Random, form: str) -> str:
    return form.format(n=chance.randrange(2, 90), **{name: chance.choice(words) for name, words in _WORDS.items()})


@pytest.fixture
def url(postgres: Server) -> str:
    return postgres.database()


@pytest.fixture
def memory(url: str) -> Iterator[Memory]:
    with Memory(folder=url, embedder=WordEmbedder()) as memory:
        yield memory


def elsewhere(url: str) -> Memory:
    """The same database in an engine of its own, as in another process."""
    other = url.replace("127.0.0.1", "localhost")
    assert other != url
    return Memory(folder=other, embedder=WordEmbedder())


def found(memory: Memory, query: str, user: str = "ann") -> list[tuple[str, float]]:
    rows = memory.search(query, filters={"user_id": user})["results"]
    return [(row["memory"], row["score"]) for row in rows]


def test_the_verbs_do_what_they_do_in_a_folder(memory: Memory) -> None:
    assert str(memory.folder).startswith("postgresql://")
    bees, leeks = (
        memory.add(text, user_id="ann", run_id="r1")["results"][0]["id"]
        for text in ("I keep bees.", "I grow leeks in Porto.")
    )
    assert memory.add("I keep bees.", user_id="ann", run_id="r2")["results"][0]["event"] == "NONE"
    assert found(memory, "bees")[0][0] == "I keep bees."
    memory.update(bees, "I keep goats.")
    assert found(memory, "goats")[0][0] == "I keep goats."
    assert [(entry["event"], entry["new_memory"]) for entry in memory.history(bees)] == [
        ("ADD", "I keep bees."),
        ("UPDATE", "I keep goats."),
    ]
    memory.delete(leeks)
    assert memory.get(leeks) is None
    assert [row["memory"] for row in memory.get_all(filters=ANN)["results"]] == ["I keep goats."]
    memory.add("My name is Ann.", user_id="ann")
    assert memory.facts("ann")
    memory.add("I fly kites.", user_id="bob")
    erased = memory.erase("ann")
    assert erased["status"] == "erased"
    assert found(memory, "goats") == []
    assert [text for text, _ in found(memory, "kites", "bob")] == ["I fly kites."]
    memory.delete_all(user_id="bob")
    assert memory.get_all(filters={"user_id": "bob"})["results"] == []
    memory.reset()


async def test_the_async_one_does_too(url: str) -> None:
    async with AsyncMemory(folder=url, embedder=WordEmbedder()) as memory:
        await memory.add([{"role": "user", "content": "I keep bees."}], user_id="ann")
        rows = (await memory.search("bees", filters=ANN))["results"]
    assert [row["memory"] for row in rows] == ["I keep bees."]


def test_answers_are_those_of_a_folder(memory: Memory, tmp_path: Path) -> None:
    chance = random.Random(19)
    with Memory(folder=tmp_path, embedder=WordEmbedder()) as folder:
        for turn in range(120):
            text = spoken(chance, chance.choice(_TALK))
            user = chance.choice(("ann", "bob"))
            for one in (memory, folder):
                one.add(text, user_id=user, run_id=f"r{turn // 30}", timestamp=1_750_000_000 + 60 * turn)
        answered = 0
        for _ in range(60):
            query = spoken(chance, chance.choice(_ASKED))
            answers = found(folder, query)
            assert found(memory, query) == answers, query
            answered += bool(answers)
    assert answered > 30, "there was something to compare"


def test_what_one_engine_acknowledged_the_next_search_of_the_other_finds(memory: Memory, url: str) -> None:
    with elsewhere(url) as other:
        for number in range(60):
            writer, reader = (memory, other)[:: 1 if number % 2 else -1]
            writer.add(f"The code of door {number} is {number * 7919 % 9973}.", user_id="ann")
            texts = [text for text, _ in found(reader, f"What is the code of door {number}?")]
            assert any(text.startswith(f"The code of door {number} is") for text in texts), number
        [(first, _), *_] = found(memory, "What is the code of door 0?")
        [row] = [row for row in other.get_all(filters=ANN, limit=100)["results"] if row["memory"] == first]
        other.delete(row["id"])
        assert first not in [text for text, _ in found(memory, "What is the code of door 0?")]


_ADDS = """
import sys
from toldonce import Memory
from toldonce.testing import WordEmbedder
with Memory(folder=sys.argv[1], embedder=WordEmbedder()) as memory:
    for line in sys.stdin:
        memory.add(line.strip(), user_id="ann")
        print("added", flush=True)
"""


def test_another_process_s_writes_are_found_and_its_death_is_no_loss(memory: Memory, url: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", _ADDS, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    for number in range(5):
        process.stdin.write(f"I own boat number {number}.\n")
        process.stdin.flush()
        assert process.stdout.readline() == "added\n"
        assert f"I own boat number {number}." in [text for text, _ in found(memory, f"boat number {number}")]
    process.kill()
    process.communicate()
    memory.add("I sold the boats.", user_id="ann")
    assert len(memory.get_all(filters=ANN)["results"]) == 6


def test_a_database_has_the_vectors_of_one_embedder(memory: Memory, url: str) -> None:
    memory.add("I keep bees.", user_id="ann")
    memory.close()
    with pytest.raises(EmbedderMismatch, match="postgresql://"):
        Memory(folder=url)


def test_vectors_are_made_anew_while_the_memory_is_open(postgres: Server) -> None:
    url = postgres.database()
    with Memory(folder=url) as memory:
        memory.add("I keep bees.", user_id="ann")
        memory._engine.settled().result()
        done = rebuild(place_of(url), parse_spec("toldonce"))
        assert done.before == done.fingerprint
        assert [text for text, _ in found(memory, "Which insects do I keep?")] == ["I keep bees."]


def test_a_server_and_a_command_use_one_database(url: str, tmp_path: Path) -> None:
    with serving(place_of(url)) as server:
        client = server.client()
        ids = client.add("I keep bees behind the shed.", user_id="ann")
        assert client.all(user_id="ann") == ["I keep bees behind the shed."]
        assert client.get(f"/v1/memories/{ids[0]}/").json["memory"] == "I keep bees behind the shed."
        assert client.get("/readyz").status == 200
        assert client.get("/metrics").status == 200
    listed = run("list", "--store", url, "--user", "ann", "--json", home=tmp_path)
    assert listed.returncode == 0, listed.stderr
    assert "I keep bees behind the shed." in listed.stdout
    where = run("where", "--store", url, "--json", home=tmp_path)
    assert json.loads(where.stdout)["database"] == str(place_of(url))
    for command, said in (("doctor", "pg_amcheck"), ("backup", "pg_dump")):
        refused = run(command, *(("file.zip", "--store") if command == "backup" else ()), url, home=tmp_path)
        assert refused.returncode == 2
        assert said in refused.stderr
    nowhere = run("list", "--store", f"{url}_of_nobody", "--user", "ann", home=tmp_path)
    assert nowhere.returncode == 2
    assert "does not exist" in nowhere.stderr
