"""Every command in a real terminal: what it shows, how it ends, and that a pipe gets JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from tests.cli.command import run
from tests.cli.terminal import terminal
from tests.waiting import until
from toldonce import Memory
from toldonce.cli.app import app


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "data"
    with Memory(folder=path) as memory:
        memory.add("I am allergic to peanuts.", user_id="ann")
        memory.add(
            "I live in Oslo, in a house that is painted in all the colours one can think of. " * 5, user_id="ann"
        )
    return path


def commands() -> Iterator[tuple[str, ...]]:
    """Every command there is, by its words."""

    def below(command: Any, words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        for name, one in getattr(command, "commands", {}).items():
            yield (*words, name)
            yield from below(one, (*words, name))

    yield from below(typer.main.get_command(app), ())


@pytest.mark.parametrize("words", list(commands()), ids=" ".join)
def test_every_command_explains_itself_with_an_example(words: tuple[str, ...], tmp_path: Path) -> None:
    shown = run(*words, "--help", home=tmp_path)
    assert (shown.returncode, shown.stderr) == (0, "")
    if words == ("keys",):  # it only has commands
        return
    assert f"Example: toldonce {' '.join(words)}" in " ".join(shown.stdout.split())
    talks = words in {("chat",), ("demo",), ("mcp",), ("serve",)}
    assert ("--json" in shown.stdout) is not talks, "what ends with an answer gives it to programs too"


LOOKS: list[tuple[tuple[str, ...], str]] = [
    (("list", "--user", "ann"), "allergic to peanuts"),
    (("search", "What can I not eat?", "--user", "ann"), "allergic to peanuts"),
    (("facts", "ann"), "peanuts"),
    (("users",), "ann"),
    (("projects",), "default"),
    (("stats",), "memories"),
    (("where",), "toldonce.db"),
    (("keys", "list"), ""),
    (("outbox",), "Nothing waits"),
]


@pytest.mark.parametrize(("command", "words"), LOOKS, ids=[command[0] for command, _ in LOOKS])
def test_what_looks_fits_the_terminal_and_is_json_in_a_pipe(
    folder: Path, tmp_path: Path, command: tuple[str, ...], words: str
) -> None:
    with terminal(*command, "--data", folder, home=tmp_path) as shown:
        assert shown.ended() == 0, shown.shown
        assert words in shown.shown
        assert max((len(line) for line in shown.shown.splitlines()), default=0) <= 200
    piped = run(*command, "--data", folder, "--json", home=tmp_path)
    assert piped.returncode == 0, piped.stderr
    assert "\x1b" not in piped.stdout
    assert isinstance(json.loads(piped.stdout), (list, dict))


def test_what_changes_does_so_in_a_terminal_too(folder: Path, tmp_path: Path) -> None:
    [uid, other] = [
        row["id"] for row in json.loads(run("list", "--user", "ann", "--data", folder, "--json", home=tmp_path).stdout)
    ]
    for command, words in (
        (("show", uid), "Oslo"),
        (("edit", uid, "I live in Bergen."), "is changed"),
        (("history", uid), "Bergen"),
        (("delete", other), "1 deleted"),
        (("keys", "create", "--name", "phone"), "told_"),
        (("export", str(tmp_path / "all.jsonl")), "memories and"),
        (("import", str(tmp_path / "all.jsonl")), "were there already"),
        (("rebuild",), "nothing to make anew"),
        (("outbox", "retry"), "0 will be sent again"),
        (("outbox", "drop", "--all"), "0 thrown away"),
    ):
        where = ("--data", folder)  # what belongs to a group of commands stands before their names
        placed = (command[0], *where, *command[1:]) if command[0] == "outbox" else (*command, *where)
        with terminal(*placed, home=tmp_path) as shown:
            assert shown.ended() == 0, (command, shown.shown)
            assert words in shown.shown, (command, shown.shown)
    for piped in (("rebuild",), ("import", str(tmp_path / "all.jsonl"))):
        assert isinstance(json.loads(run(*piped, "--data", folder, "--json", home=tmp_path).stdout), dict)


@pytest.mark.parametrize(
    "command",
    [
        ("list",),
        ("show", "mem_1"),
        ("list", "--user", "ann", "--limit", "0"),
        ("import", "nowhere.jsonl"),
        ("keys", "revoke", "nothing"),
        ("list", "--user", "ann", "--project", "none"),
        ("nonsense",),
    ],
    ids=" ".join,
)
def test_what_cannot_be_done_ends_with_2_and_no_traceback(
    folder: Path, tmp_path: Path, command: tuple[str, ...]
) -> None:
    where = () if command == ("nonsense",) else ("--data", str(folder))
    with terminal(*command, *where, home=tmp_path) as shown:
        assert shown.ended() == 2
        assert "Traceback" not in shown.shown
        assert shown.shown.strip()


def test_a_chat_is_talked_to_listed_corrected_and_left(tmp_path: Path) -> None:
    with terminal("chat", "--data", tmp_path, home=tmp_path) as shown:
        shown.until("You: ")
        shown.type("I keep two goats.")
        shown.until("I'll remember that.")
        shown.type("What do I keep?")
        shown.until("“I keep two goats.”")
        shown.type("/list")
        shown.until("I keep two goats.\n")
        shown.type("/quit")
        assert shown.ended() == 0
        assert "Goodbye" in shown.shown


@pytest.mark.parametrize(
    ("command", "ready"),
    [(("chat",), "Ctrl-D"), (("serve", "--port", "0"), "listens on"), (("demo",), "Memory folder"), (("mcp",), "")],
    ids=["chat", "serve", "demo", "mcp"],
)
def test_ctrl_c_ends_what_runs_without_a_traceback(tmp_path: Path, command: tuple[str, ...], ready: str) -> None:
    with terminal(*command, "--data", tmp_path / "data", home=tmp_path) as shown:
        if ready:
            shown.until(ready)
        else:
            until(lambda: (tmp_path / "data" / "toldonce.db").exists())
        shown.interrupt()
        assert shown.ended() in (0, 130)
        assert "Traceback" not in shown.shown
