"""Mem0's own engine, for real: mem0ai with Chroma and FAISS, its models on loopback. Run by ``make test``."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("mem0")
pytest.importorskip("chromadb")

from tests.remote.conftest import until
from toldonce.adapters.mem0 import Mem0Memory
from toldonce.errors import InvalidConfig, InvalidFilter, MemoryNotFound, Unreachable, Unsupported

from .openai_server import OpenAI, serving

pytestmark = pytest.mark.filterwarnings("ignore")  # theirs

ANN: dict[str, Any] = {"user_id": "ann"}


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenAI]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("TOLDONCE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    monkeypatch.delenv("MEM0_TELEMETRY", raising=False)
    with serving() as running:
        monkeypatch.setenv("OPENAI_BASE_URL", running.url)
        yield running


def config(tmp_path: Path, provider: str = "chroma") -> dict[str, Any]:
    where = {"collection_name": "memories", "path": str(tmp_path / provider)}
    store = where | ({"embedding_model_dims": 1536} if provider == "faiss" else {})
    return {
        "vector_store": {"provider": provider, "config": store},
        "history_db_path": str(tmp_path / "history.db"),
    }


@pytest.fixture(params=["chroma", "faiss", "qdrant"])
async def memory(request: pytest.FixtureRequest, tmp_path: Path, model: OpenAI) -> AsyncIterator[Mem0Memory]:
    async with Mem0Memory(config(tmp_path, request.param)) as opened:
        yield opened


async def stored(memory: Mem0Memory) -> None:
    await until(lambda: memory._outbox.file.filling().waiting == 0)


async def test_what_is_said_is_recalled_by_whom_it_belongs_to(memory: Mem0Memory) -> None:
    await memory.warm(**ANN)
    await memory.add(
        [
            {"role": "user", "content": "I live in Oslo.", "name": "Ann"},
            {"role": "assistant", "content": "A fine city."},
        ],
        **ANN,
        agent_id="a",
        timestamp="2026-03-01T09:30:00+00:00",
        metadata={"platform": "pipecat"},
    )
    await memory.add("I live in Rome.", user_id="bob", agent_id="a")
    await stored(memory)
    found = (await memory.search("Where do I live?", filters=ANN))["results"]
    assert "I live in Oslo." in [row["memory"] for row in found]
    assert {row["user_id"] for row in found} == {"ann"}
    assert found[0]["created_at"].startswith("2026-03-01T09:30:00")
    assert found[0]["metadata"]["platform"] == "pipecat"
    either = {"OR": [ANN, {"agent_id": "a"}]}
    assert {row["user_id"] for row in (await memory.get_all(filters=either))["results"]} == {"ann"}
    nobodys = {"AND": [{"agent_id": "a"}, {"NOT": [{"user_id": "*"}]}]}
    assert (await memory.search("Where do I live?", filters=nobodys)) == {"results": []}


async def test_deleting(memory: Mem0Memory) -> None:
    await memory.add("I live in Oslo.", **ANN)
    await memory.add("I live in Rome.", user_id="bob")
    await stored(memory)
    (row,) = (await memory.get_all(filters=ANN))["results"]
    await memory.delete(row["id"])
    with pytest.raises(MemoryNotFound):
        await memory.delete(row["id"])
    await memory.delete_all(user_id="bob")
    assert (await memory.get_all(filters={"user_id": "bob"})) == {"results": []}


async def test_searches_and_adds_at_once(memory: Mem0Memory) -> None:
    for number in range(10):
        await memory.add(f"Fact number {number}.", **ANN, conversation_id=str(number))
    await asyncio.gather(*(memory.search("number", filters=ANN) for _ in range(10)))
    await stored(memory)
    assert len((await memory.get_all(filters=ANN, top_k=100))["results"]) == 10


async def test_what_the_library_cannot_ask(memory: Mem0Memory) -> None:
    for filters in (
        {"OR": [ANN, {"user_id": "bob"}]},
        {"AND": [ANN, {"user_id": "bob"}]},
        {"user_id": {"in": ["ann"]}},
    ):
        with pytest.raises(InvalidFilter):
            await memory.search("Where?", filters=filters)
    with pytest.raises(Unsupported):
        await memory.add("hello", **ANN, app_id="x")


async def test_a_model_that_is_away_loses_nothing(tmp_path: Path, model: OpenAI) -> None:
    model.status = 401
    first = Mem0Memory(config(tmp_path))
    await first.add("I live in Oslo.", **ANN)
    await until(lambda: first._outbox.file.setting("held") is not None)
    await first.close()
    model.status = 200
    async with Mem0Memory(config(tmp_path)) as second:
        await stored(second)
        assert [row["memory"] for row in (await second.get_all(filters=ANN))["results"]] == ["I live in Oslo."]


async def test_two_of_one_configuration_share_the_library(tmp_path: Path, model: OpenAI) -> None:
    async with Mem0Memory(config(tmp_path, "qdrant")) as one:
        async with Mem0Memory(config(tmp_path, "qdrant")) as other:
            await other.add("I live in Oslo.", **ANN)
            await stored(one)
        assert (await one.search("Oslo", filters=ANN))["results"]


def test_no_key(tmp_path: Path, model: OpenAI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    with pytest.raises(InvalidConfig, match="Set OPENAI_API_KEY"):
        Mem0Memory(config(tmp_path))


def test_a_search_that_hangs_has_an_end(tmp_path: Path, model: OpenAI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toldonce.adapters.mem0._DEADLINE", 0.001)

    async def ask() -> None:
        async with Mem0Memory(config(tmp_path)) as memory:
            with pytest.raises(Unreachable, match="did not answer"):
                await memory.warm(**ANN)

    asyncio.run(ask())


EXAMPLE = """
import asyncio, sys
from toldonce.pipecat import Mem0MemoryService
from tests.pipecat.harness import Call, blocks

async def main():
    service = Mem0MemoryService(
        local_config={"vector_store": {"provider": "chroma", "config": {"collection_name": "memories"}}},
        user_id=sys.argv[2], agent_id="agent1", run_id="session1", recall_timeout=20,
        params=Mem0MemoryService.InputParams(
            search_limit=10, search_threshold=0.3, system_prompt="Based on previous conversations, I recall: ",
            add_as_system_message=True, position=1,
        ),
    )
    async with Call(service) as call:
        await service.memory_client.warm(user_id=sys.argv[2])  # the library takes longer to load than a call to begin
        await call.say(sys.argv[1])
        assert await service.memory_client.flush(30)
    shown = [block["content"] for block in blocks(call.shown[0])]
    print(shown[0] if shown else "nothing")
asyncio.run(main())
assert not sys.modules["mem0.memory.telemetry"].MEM0_TELEMETRY
"""


def script(source: str, *arguments: str, **environment: str) -> str:
    """What a program prints that runs in a process of its own, on this checkout."""
    here = Path(__file__).parents[2]
    path = os.pathsep.join([str(here / "src"), str(here)])
    ended = subprocess.run(
        [sys.executable, "-c", source, *arguments],
        env=os.environ | {"PYTHONPATH": path} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    return ended.stdout


IMPORTED_BEFORE = """
import mem0, sys
from toldonce.adapters.mem0 import load_library
modules = [sys.modules[f"mem0.memory.{name}"] for name in ("telemetry", "main")]
before = [module.MEM0_TELEMETRY for module in modules]
load_library({"vector_store": {"provider": "qdrant", "config": {"path": sys.argv[1]}}})
print(before, [module.MEM0_TELEMETRY for module in modules])
"""


def test_the_library_reports_nothing_unless_somebody_asked_for_it(model: OpenAI, tmp_path: Path) -> None:
    assert script(IMPORTED_BEFORE, str(tmp_path / "a")).strip() == "[True, True] [False, False]"


def test_the_documented_chroma_example_remembers_across_processes(model: OpenAI, tmp_path: Path) -> None:
    """Character for character, in a service in a pipeline, in two processes. It keeps its store in /tmp/chroma."""
    user = f"ann-{uuid.uuid4()}"

    def say(text: str) -> str:
        return script(EXAMPLE, text, user)

    assert "nothing" in say("I live in Oslo.")
    assert "I live in Oslo." in say("Where in Oslo do I live?")
