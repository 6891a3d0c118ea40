"""Looking at memories and correcting them, in a folder and through a running server alike."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.remote.server import KEY, Server
from toldonce import Memory

from .command import environment, run

Command = Callable[..., subprocess.CompletedProcess[str]]


def run_on(url: str, *arguments: str, home: Path, key: str = KEY) -> subprocess.CompletedProcess[str]:
    """``toldonce`` with these arguments on a server."""
    return subprocess.run(
        [sys.executable, "-m", "toldonce", *arguments, "--host", url],
        env={**environment(home), "TOLDONCE_API_KEY": key},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Ann and Bob said something."""
    path = tmp_path / "data"
    with Memory(folder=path) as memory:
        memory.add("I am allergic to peanuts.", user_id="ann")
        memory.add([{"role": "user", "content": "My birthday is on May 6th.", "name": "Ann"}], user_id="ann")
        memory.add("I live in [bold]Oslo[/].", user_id="bob")
    return path


@pytest.fixture(params=["folder", "server"])
def command(request: pytest.FixtureRequest, folder: Path, tmp_path: Path) -> Iterator[Command]:
    """The command line on that folder: opened, or through a server that has it open."""
    if request.param == "folder":
        yield lambda *arguments: run(*arguments, "--data", folder, home=tmp_path)
        return
    with Server(folder) as server:
        yield lambda *arguments: run_on(server.url, *arguments, home=tmp_path)


def listed(command: Command, user: str = "ann") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(command("list", "--user", user, "--json").stdout)
    return found


def test_facts_are_shown_as_they_hold_and_as_they_held(folder: Path, tmp_path: Path) -> None:
    with Memory(folder=folder) as memory:
        memory.add("I live in Oslo.", user_id="eva", timestamp="2026-01-10T09:00:00+00:00")
        memory.add("We moved to Bergen.", user_id="eva", timestamp="2026-04-02T09:00:00+00:00")

    def facts(*arguments: str) -> subprocess.CompletedProcess[str]:
        return run("facts", *arguments, "--data", folder, home=tmp_path)

    now = facts("eva").stdout
    assert now.splitlines()[0].split() == ["home", "Bergen", "(since", "2026-04-02)"]
    assert "We moved to Bergen." in now
    assert "Oslo" not in now
    assert "Oslo  (since 2026-01-10 until 2026-04-02, then Bergen)" in facts("eva", "--history").stdout
    assert [fact["value"] for fact in json.loads(facts("eva", "--history", "--json").stdout)] == ["Oslo", "Bergen"]
    nobody = facts("nobody")
    assert (nobody.returncode, nobody.stdout) == (0, "")
    assert "No facts of nobody" in nobody.stderr
    assert "No facts of eva" in facts("eva", "--as-of", "2026-04-03").stderr  # told later, of a time before
    wrong = facts("eva", "--as-of", "last week")
    assert wrong.returncode == 2
    assert "--as-of" in wrong.stderr


def test_memories_are_listed_searched_shown_and_corrected(command: Command) -> None:
    shown = command("list", "--user", "ann")
    assert shown.returncode == 0, shown.stderr
    assert [line.split("  ")[-1] for line in shown.stdout.splitlines()] == [
        "Ann: My birthday is on May 6th.",
        "user: I am allergic to peanuts.",
    ]
    found = command("search", "When is my birthday?", "--user", "ann")
    assert "My birthday is on May 6th." in found.stdout.splitlines()[0]
    assert "meaning" in found.stdout.splitlines()[1], "it says why"

    memory_id = listed(command)[0]["id"]
    assert "May 6th" in command("show", memory_id).stdout
    edited = command("edit", memory_id, "My birthday is on May 7th.")
    assert edited.returncode == 0, edited.stderr
    assert "May 6th.  ->  My birthday is on May 7th." in command("history", memory_id).stdout
    assert listed(command)[0]["memory"] == "My birthday is on May 7th."

    assert command("delete", memory_id).returncode == 0
    assert [row["memory"] for row in listed(command)] == ["I am allergic to peanuts."]
    assert [row["memory"] for row in listed(command, "bob")] == ["I live in [bold]Oslo[/]."]
    gone = json.loads(command("history", memory_id, "--json").stdout)
    assert [entry["event"] for entry in gone] == ["ADD", "UPDATE", "DELETE"]


def test_users_are_listed_and_counted(command: Command) -> None:
    found = json.loads(command("users", "--json").stdout)
    assert [(row["type"], row["name"], row["total_memories"]) for row in found] == [
        ("user", "ann", 2),
        ("user", "bob", 1),
    ]
    counted = json.loads(command("stats", "--json").stdout)
    assert (counted["users"], counted["agents"], counted["memories"]) == (2, 0, 3)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["list"], "--user"),
        (["show", "no-such-memory"], "id"),
        (["edit", "no-such-memory", "x"], "id"),
        (["history", "no-such-memory"], "id"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(command: Command, arguments: list[str], complaint: str) -> None:
    done = command(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert complaint in done.stderr


def test_one_unknown_id_keeps_the_others(command: Command) -> None:
    ids = [row["id"] for row in listed(command)]
    assert command("delete", ids[0], "no-such-memory").returncode == 2
    assert [row["id"] for row in listed(command)] == ids


def test_nothing_found_is_no_error(command: Command) -> None:
    done = command("search", "quantum chromodynamics", "--user", "nobody")
    assert (done.returncode, done.stdout) == (0, "")
    assert "toldonce list" in done.stderr


def test_a_person_reads_lines_and_a_program_json(command: Command) -> None:
    lines = [line.split() for line in command("users").stdout.splitlines()]
    assert lines == [["user", "2", "ann"], ["user", "1", "bob"]]
    counted = dict(line.rsplit(maxsplit=1) for line in command("stats").stdout.splitlines())
    assert counted == {"memories": "3", "users": "2", "agents": "0", "apps": "0", "runs": "0"}
    [found] = json.loads(command("search", "Am I allergic?", "--user", "ann", "--limit", "1", "--json").stdout)
    assert found["memory"] == "I am allergic to peanuts."
    shown = json.loads(command("show", found["id"], "--json").stdout)
    assert (shown["id"], shown["memory"], shown["user_id"]) == (found["id"], "I am allergic to peanuts.", "ann")
    assert json.loads(command("list", "--user", "nobody", "--json").stdout) == []


def test_who_has_nothing_is_told_where_to_look(command: Command) -> None:
    nobody = command("list", "--user", "nobody")
    assert (nobody.returncode, nobody.stdout) == (0, "")
    assert "toldonce users" in nobody.stderr
    for user in ("ann", "bob"):
        assert command("delete", *(row["id"] for row in listed(command, user))).returncode == 0
    users = command("users")
    assert (users.returncode, users.stdout, users.stderr) == (0, "", "Nobody has memories yet.\n")


def test_where_can_be_read_by_a_person(folder: Path, tmp_path: Path) -> None:
    shown = run("where", "--data", folder, home=tmp_path).stdout.splitlines()
    assert shown[0].split() == ["folder", str(folder)]
    assert shown[1].split()[:2] == ["embedder", "toldonce"]
    sizes = {line.split()[-1]: int(line.split()[0].replace(",", "")) for line in shown[2:]}
    assert sizes["toldonce.db"] > 0


def test_where_names_the_folder_and_the_embedder(folder: Path, tmp_path: Path) -> None:
    found = json.loads(run("where", "--data", folder, "--json", home=tmp_path).stdout)
    assert found["folder"] == str(folder)
    assert found["embedder"] == "toldonce"
    assert found["files"]["toldonce.db"] > 0


def test_a_folder_without_memories_is_not_made(tmp_path: Path) -> None:
    done = run("list", "--user", "ann", "--data", tmp_path / "none", home=tmp_path)
    assert done.returncode == 2
    assert not (tmp_path / "none").exists()


def test_a_server_that_is_away_or_refuses_the_key(tmp_path: Path, folder: Path) -> None:
    nobody = "http://127.0.0.1:9"
    assert "cannot be reached" in run_on(nobody, "users", home=tmp_path).stderr
    assert "set TOLDONCE_API_KEY" in run_on(nobody, "users", home=tmp_path, key="").stderr
    with Server(folder) as server:
        refused = run_on(server.url, "users", home=tmp_path, key="rk-another-0123456789abcdef")
    assert refused.returncode == 2
    assert "does not accept the key" in refused.stderr


def test_what_is_changed_can_be_read_by_a_program(command: Command) -> None:
    [birthday, allergy] = listed(command)
    changed = json.loads(command("edit", birthday["id"], "My birthday is on May 7th.", "--json").stdout)
    assert (changed["id"], changed["memory"]) == (birthday["id"], "My birthday is on May 7th.")
    gone = command("delete", birthday["id"], allergy["id"], birthday["id"], "--json")
    assert json.loads(gone.stdout) == {"deleted": [birthday["id"], allergy["id"]]}
    assert listed(command) == []


def test_a_folder_has_an_address_too(folder: Path, tmp_path: Path) -> None:
    by_address = run("users", "--data", f"sqlite://{folder}", "--json", home=tmp_path)
    assert json.loads(by_address.stdout) == json.loads(run("users", "--data", folder, "--json", home=tmp_path).stdout)
    other = run("users", "--data", "redis://db/memory", home=tmp_path)
    assert other.returncode == 2
    assert "sqlite:///" in other.stderr


def test_projects_are_known_by_name_and_id_everywhere(folder: Path, tmp_path: Path) -> None:
    def ours(*arguments: str) -> subprocess.CompletedProcess[str]:
        return run(*arguments, "--data", folder, home=tmp_path)

    made = json.loads(ours("keys", "create", "--project", "support", "--json").stdout)
    assert ours("keys", "create", "--project", made["project_id"]).returncode == 0
    known = json.loads(ours("projects", "--json").stdout)
    assert [(row["id"], row["name"]) for row in known] == [("default", "default"), (made["project_id"], "support")]
    assert "support" in ours("projects").stdout.splitlines()[1]

    exported = tmp_path / "all.jsonl"
    elsewhere = run("export", exported, "--data", folder, home=tmp_path)
    assert "3 memories" in elsewhere.stderr
    folder = tmp_path / "other"
    for _ in range(2):
        assert ours("import", str(exported), "--project", "support").returncode == 0
    [library, support] = json.loads(ours("projects", "--json").stdout)
    assert (library["id"], support["name"]) == ("default", "support")
    for project in ("support", support["id"]):
        [newest, _] = json.loads(ours("list", "--user", "ann", "--project", project, "--json").stdout)
        assert newest["memory"] == "My birthday is on May 6th."
        assert json.loads(ours("stats", "--project", project, "--json").stdout)["memories"] == 3
        assert "3 memories" in ours("export", str(tmp_path / "again.jsonl"), "--project", project).stderr
        assert json.loads(ours("search", "birthday", "--user", "ann", "--project", project, "--json").stdout)
    assert json.loads(ours("stats", "--json").stdout)["memories"] == 0
    assert ours("show", newest["id"]).returncode == 2, "the library's own project does not have it"
    assert ours("delete", newest["id"], "--project", "support").returncode == 0

    for command in (["list", "--user", "ann"], ["stats"], ["users"], ["export", str(tmp_path / "x.jsonl")]):
        unknown = ours(*command, "--project", "no such")
        assert (unknown.returncode, unknown.stdout) == (2, "")
        assert "toldonce projects" in unknown.stderr
    assert not (tmp_path / "x.jsonl").exists()


def test_a_server_says_which_project_and_place_the_key_reaches(folder: Path, tmp_path: Path) -> None:
    with Server(folder) as server:
        [project] = json.loads(run_on(server.url, "projects", "--json", home=tmp_path).stdout)
        assert (project["id"], project["name"]) == ("default", "default")
        place = json.loads(run_on(server.url, "where", "--json", home=tmp_path).stdout)
        assert place == {"host": server.url, "project_id": "default"}
        assert "project   default" in run_on(server.url, "where", home=tmp_path).stdout
        both = run_on(server.url, "list", "--user", "ann", "--project", "default", home=tmp_path)
        assert both.returncode == 2
        assert "--project" in both.stderr


def test_errors_name_what_was_typed(folder: Path, tmp_path: Path) -> None:
    unusable = run_on("ftp://host", "users", home=tmp_path)
    assert "--host" in unusable.stderr
    assert "host=" not in unusable.stderr
    odd = run("list", "--user", "a\tb", "--data", folder, home=tmp_path)
    assert odd.returncode == 2
    assert "--user must not contain" in odd.stderr
    bobs = run("list", "--user", "bob", "--data", folder, "--json", home=tmp_path).stdout
    uid = json.loads(bobs)[0]["id"]
    assert run("delete", uid, "--data", folder, home=tmp_path).returncode == 0
    assert "get_all" not in run("delete", uid, "--data", folder, home=tmp_path).stderr
