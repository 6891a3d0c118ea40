"""Moving in from Mem0: everything comes along, and that it did is verified."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.redirecting import of_folders
from tests.remote.host import KEY, Host, Reply, Request
from tests.remote.server import KEY as SERVER_KEY
from tests.remote.server import Server
from toldonce import Memory
from toldonce.engine.requests import PROJECT
from toldonce.errors import Unreachable
from toldonce.remote.account import account
from toldonce.remote.client import Mem0Client
from toldonce.transfer.mem0 import Report, import_account, import_library, open_library


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    with Memory(folder=tmp_path / "here") as opened:
        yield opened


@pytest.fixture
def host() -> Iterator[Host]:
    with Host() as serving:
        yield serving


def moved(memory: Memory, url: str, key: str = KEY) -> Report:
    async def move() -> Report:
        async with Mem0Client(account(key, url)) as client:
            return await import_account(memory._engine, PROJECT, client, done=lambda count: None)

    return asyncio.run(move())


def filled(host: Host) -> None:
    """Rows as Mem0's platform has them."""
    row = host.keep(
        "Ann lives in Bergen.",
        user_id="ann",
        session_id="r1",
        metadata={"n": 1},
        categories=["travel"],
        updated_at="2026-02-02T03:04:05.678901-07:00",
        expiration_date="2099-01-01",
    )
    ids = {"memory_id": row["id"]}
    host.histories[row["id"]] = [
        {"id": "e2", **ids, "event": "UPDATE", "old_memory": "Ann lives in Oslo.", "new_memory": "Ann lives in Bergen.",
         "created_at": "2026-02-02T10:04:05.678901+00:00"},
        {"id": "e1", **ids, "event": "ADD", "old_memory": None, "new_memory": "Ann lives in Oslo.",
         "created_at": "2026-01-02T03:04:05+00:00"},
    ]  # fmt: skip
    host.keep("The agent is terse.", agent_id="a", attributed_to="assistant", metadata=None, updated_at=None)
    host.keep("Bob lives in Rome.", user_id="bob", agent_id="a", run_id="r2", created_at="2026-01-05T00:00:00")
    host.keep("Nobody's.")
    host.keep("Whose?", user_id="carol\tsmith")


@pytest.mark.parametrize("versions", [("v3",), ("v2",), ("v1",)])
def test_an_account_comes_along(host: Host, memory: Memory, versions: tuple[str, ...]) -> None:
    filled(host)
    if versions == ("v1",):  # whose hosts list users only here
        host.memories = [row for row in host.memories if row["user_id"] in ("ann", "bob")]
    host.versions = versions
    report = moved(memory, host.url)
    assert report.differing == []
    imported = 2 if versions == ("v1",) else 3
    assert (report.found - len(report.left_out), report.imported, report.there) == (imported, imported, 0)
    (row,) = memory.get_all(filters={"user_id": "ann"})["results"]
    assert row["id"] == host.memories[0]["id"]
    assert row["memory"] == "Ann lives in Bergen."
    assert row["run_id"] == "r1"
    assert row["metadata"] == {"n": 1, "categories": ["travel"]}
    assert (row["created_at"], row["updated_at"]) == ("2026-01-02T03:04:05+00:00", "2026-02-02T10:04:05.678901+00:00")
    assert row["expiration_date"] == "2099-01-01"
    history = [(entry["event"], entry["old_memory"], entry["new_memory"]) for entry in memory.history(row["id"])]
    assert history == [
        ("ADD", None, "Ann lives in Oslo."),
        ("UPDATE", "Ann lives in Oslo.", "Ann lives in Bergen."),
    ]
    found = memory.search("Where does Ann live?", filters={"user_id": "ann"})["results"]
    assert found[0]["memory"] == "Ann lives in Bergen."


def test_it_can_be_repeated_and_goes_on_where_it_broke_off(host: Host, memory: Memory) -> None:
    for number in range(600):
        host.keep(f"Fact {number}.", user_id=f"user-{number % 7}")

    def rule(request: Request) -> Reply | None:
        return Reply(503, b"{}") if request.path.endswith("/history/") and len(host.asked("/history/")) > 300 else None

    host.rule = rule
    with pytest.raises(Unreachable):
        moved(memory, host.url)
    host.rule = lambda request: None
    host.requests.clear()
    report = moved(memory, host.url)
    assert (report.found, report.imported + report.there, report.differing) == (600, 600, [])
    assert report.there >= 256
    assert len({request.path for request in host.asked("/history/")}) == report.imported
    again = moved(memory, host.url)
    assert (again.imported, again.there, again.differing) == (0, 600, [])


def test_what_was_changed_meanwhile_is_told(host: Host, memory: Memory) -> None:
    row = host.keep("Ann lives in Oslo.", user_id="ann")
    moved(memory, host.url)
    memory.update(row["id"], "Ann lives in Rome.")
    assert moved(memory, host.url).differing == [row["id"]]


@of_folders
def test_from_our_own_server_nothing_differs(memory: Memory, tmp_path: Path) -> None:
    with Memory(folder=tmp_path / "there") as there:
        for number in range(30):
            there.add(f"Fact number {number}.", user_id=f"user-{number % 3}", agent_id="a", metadata={"n": number})
        first = there.get_all(filters={"user_id": "user-0"})["results"][0]["id"]
        there.update(first, "Another fact.")
        with Server(tmp_path / "there") as server:
            report = moved(memory, server.url, SERVER_KEY)
        assert (report.found, report.imported, report.differing) == (30, 30, [])
        for number in range(3):
            ours = {row["id"]: row for row in memory.get_all(filters={"user_id": f"user-{number}"})["results"]}
            theirs = {row["id"]: row for row in there.get_all(filters={"user_id": f"user-{number}"})["results"]}
            assert ours == theirs
        assert [entry["new_memory"] for entry in memory.history(first)] == ["Fact number 27.", "Another fact."]


def test_odd_memories_never_end_a_move(host: Host, memory: Memory) -> None:
    host.keep("Before.", user_id="ann")
    host.keep("", user_id="ann")["memory"] = None
    host.keep("Half a \ud83d face.", user_id="ann", metadata={"mood": "\ude00"})
    host.keep("Never.", user_id="ann", created_at="never", expiration_date="2099-01-31T00:00:00Z")
    host.keep("No id.", user_id="ann")["id"] = None
    host.keep("No id either.", user_id="ann")["id"] = None
    host.keep("Spaced.", user_id="ann lee")
    broken = host.keep("After.", user_id="ann")["id"]
    host.rule = lambda request: Reply(500, b"{}") if request.path.endswith(f"{broken}/history/") else None
    report = moved(memory, host.url)
    assert (report.found, report.imported, report.differing) == (8, 5, [])
    assert [reason.split(",")[0] for _, reason in report.left_out] == [
        "it has no text",
        "it has no id that can be kept",
        "it has no id that can be kept",
    ]
    assert len({uid for uid, _ in report.left_out}) == 3
    starts = ("the text", "metadata 'mood'", "created_at 'never'", "its history")
    assert [told.startswith(start) for (_, told), start in zip(report.repaired, starts, strict=True)] == [True] * 4
    rows = memory.get_all(filters={"user_id": "ann"})["results"]
    assert {row["memory"] for row in rows} == {"Before.", "Half a \ufffd face.", "Never.", "After."}
    assert {row["memory"]: row.get("expiration_date") for row in rows}["Never."] == "2099-01-31"
    again = moved(memory, host.url)
    assert (again.imported, again.there, again.differing) == (0, 5, [])


def command(*arguments: str | Path, home: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"TOLDONCE_HOME": str(home)}
    environment.pop("MEM0_API_KEY", None)
    return subprocess.run(
        [sys.executable, "-m", "toldonce", *map(str, arguments)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_at_the_command_line(host: Host, tmp_path: Path) -> None:
    filled(host)
    home, file, other = tmp_path / "home", tmp_path / "all.jsonl", tmp_path / "other"
    done = command("import", "mem0", "--host", host.url, "--api-key", KEY, home=home)
    assert done.returncode == 0, done.stderr
    assert "5 memories found: 3 imported, 0 were there already." in done.stdout
    assert "2 were left out" in done.stdout
    assert "user_id must not contain whitespace" in done.stdout
    assert "Verified" in done.stdout
    assert command("export", file, home=home).returncode == 0
    assert "3 memories and 0 messages imported" in command("import", file, home=other).stdout
    assert command("export", "-", home=other).stdout == file.read_text(encoding="utf-8")


def test_a_source_without_memories_is_an_error_and_makes_nothing(host: Host, tmp_path: Path) -> None:
    (tmp_path / "other.jsonl").write_text('{"kind":"owner","entity":"user","id":"ann"}\n')
    for arguments, says in (
        (["mem0", "--host", host.url, "--api-key", KEY], "lists no memories for this key"),
        ([str(tmp_path / "other.jsonl")], "Line 1 is no header"),
    ):
        done = command("import", *arguments, home=tmp_path / "home")
        assert done.returncode == 2, done.stdout
        assert says in done.stderr
        assert "Verified" not in done.stdout
        assert not (tmp_path / "home").exists()
    host.keep("", user_id="ann")["memory"] = None
    done = command("import", "mem0", "--host", host.url, "--api-key", KEY, home=tmp_path / "home")
    assert (done.returncode, "None of the memories could be kept" in done.stderr) == (2, True)
    assert "it has no text" in done.stdout


def test_projects_go_by_name_and_by_id(host: Host, tmp_path: Path) -> None:
    filled(host)
    home, file = tmp_path / "home", tmp_path / "support.jsonl"
    move = ("import", "mem0", "--host", host.url, "--api-key", KEY, "--project", "support")
    assert "3 imported" in command(*move, home=home).stdout
    made = command("keys", "create", "--project", "support", "--json", home=home)
    project = json.loads(made.stdout)["project_id"]
    for named in ("support", project):
        done = command("export", file, "--project", named, home=home)
        assert (done.returncode, "3 memories" in done.stderr) == (0, True)
    assert (
        '"kind":"memory"' not in command("export", "-", home=home).stdout
    )  # nothing went to the library's own project
    done = command("export", tmp_path / "none.jsonl", "--project", "suport", home=home)
    assert (done.returncode, "there is no project 'suport'" in done.stderr) == (2, True)
    assert not (tmp_path / "none.jsonl").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["mem0"], "MEM0_API_KEY"),
        (["mem0", "--api-key", "k", "--host", "http://10.0.0.1"], "unencrypted"),
        (["mem0", "--config", "nowhere.json"], "nowhere.json cannot be read"),
        (["nowhere.jsonl"], "nowhere.jsonl cannot be read"),
    ],
)
def test_wrong_input_at_the_command_line(tmp_path: Path, arguments: list[str], says: str) -> None:
    done = command("import", *arguments, home=tmp_path)
    assert done.returncode == 2
    assert says in done.stderr


def test_a_store_of_mem0s_library_comes_along(memory: Memory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run by ``make test``."""
    pytest.importorskip("faiss")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("MEM0_TELEMETRY", "False")
    mem0: Any = pytest.importorskip("mem0")
    from tests.adapters.openai_server import serving

    store = {"collection_name": "m", "path": str(tmp_path / "faiss"), "embedding_model_dims": 1536}
    config = {
        "vector_store": {"provider": "faiss", "config": store},
        "history_db_path": str(tmp_path / "history.db"),
    }
    monkeypatch.setenv("OPENAI_API_KEY", "sk")
    with serving() as model:
        monkeypatch.setenv("OPENAI_BASE_URL", model.url)
        theirs = mem0.Memory.from_config(config)
        for number in range(5):
            theirs.add(f"Fact {number}.", user_id="ann", metadata={"n": number}, infer=False)
        expected = {row["id"]: row for row in theirs.get_all(filters={"user_id": "ann"})["results"]}
        theirs.update(next(iter(expected)), "Another fact.")
        theirs.close()
    monkeypatch.delenv("OPENAI_API_KEY")  # reading calls no model
    monkeypatch.delenv("OPENAI_BASE_URL")
    report = asyncio.run(import_library(memory._engine, PROJECT, open_library(config), done=lambda count: None))
    assert (report.found, report.imported, report.differing) == (5, 5, [])
    ours = {row["id"]: row for row in memory.get_all(filters={"user_id": "ann"})["results"]}
    assert {uid: row["metadata"] for uid, row in ours.items()} == {
        uid: row["metadata"] for uid, row in expected.items()
    }
    changed = next(iter(expected))
    assert [entry["event"] for entry in memory.history(changed)] == ["ADD", "UPDATE"]
    assert json.dumps(ours[changed]["memory"]) == '"Another fact."'
    assert uuid.UUID(changed)
