"""The outbox at the command line."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from toldonce.engine.requests import add_request, scope_of
from toldonce.remote.account import account
from toldonce.remote.delivery import outbox_path
from toldonce.remote.outbox.file import OutboxFile
from toldonce.remote.payload import pack

from .command import run

HOST = "http://127.0.0.1:9"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def outbox(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run("outbox", "--data", data, *arguments, home=data.parent)


def opened(data: Path, key: str = "m0-old") -> OutboxFile:
    file = OutboxFile(outbox_path(account(key, HOST), data))
    file.keep_setting("destination", HOST)
    return file


def put(file: OutboxFile, *texts: str) -> list[str]:
    keys = []
    for text in texts:
        request = add_request(
            text,
            scope_of("ann", None, None, None),
            metadata=None,
            timestamp=None,
            expiration_date=None,
            infer=True,
            memory_type=None,
            prompt=None,
            conversation_id="c",
        )
        entry = pack(request, None)
        file.put(entry.key, entry.conversation, entry.payload, now=1_772_357_400_000_000)
        keys.append(entry.key)
    return keys


def test_nothing_waits(data: Path) -> None:
    assert "Nothing waits" in outbox(data).stdout


def test_what_was_put_aside_is_listed_retried_and_dropped(data: Path) -> None:
    file = opened(data)
    keys = put(file, "one [b]", "two", "three", "four")
    file.park([entry.id for entry in file.waiting()][1:], "Rejected: 400, [too] odd", now=0)
    shown = outbox(data).stdout
    assert HOST in shown
    assert "1 waiting since 2026-03-01 09:30 UTC, 3 parked" in shown
    assert f"{keys[1][:8]}  two" in shown
    assert "Rejected: 400, [too] odd" in shown
    assert "m0-old" not in shown

    assert outbox(data, "retry", keys[2][:8]).stdout == "1 will be sent again.\n"
    assert [entry.key for entry in file.waiting()] == [keys[0], keys[2]]
    assert outbox(data, "drop", keys[1][:8]).stdout == "1 thrown away.\n"
    assert [entry.key for entry in file.parked()] == [keys[3]]
    assert outbox(data, "retry").stdout == "1 will be sent again.\n"
    assert not file.parked()
    file.close()


def test_for_programs_it_tells_what_it_did_as_json(data: Path) -> None:
    file = opened(data)
    put(file, "one", "two", "three")
    file.park([entry.id for entry in file.waiting()], "Rejected", now=0)
    name = file.parked()[0].key[:8]
    assert json.loads(outbox(data, "drop", name, "--json").stdout) == {"thrown_away": 1}
    assert json.loads(outbox(data, "retry", "--json").stdout) == {"sent_again": 2}
    moved = json.loads(outbox(data, "move", file.path.stem, "--api-key", "m0-new", "--json").stdout)
    file.close()
    assert moved["moved"] == 2
    [old, new] = sorted(json.loads(outbox(data, "--json").stdout), key=lambda row: int(row["waiting"]))
    assert (old["waiting"], new["waiting"], new["outbox"]) == (0, 2, moved["outbox"])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["drop"], "--all"),
        (["drop", "nothing"], "toldonce outbox"),
        (["retry", "nothing"], "toldonce outbox"),
        (["move", "nothing", "--api-key", "m0-new"], "toldonce outbox"),
    ],
)
def test_wrong_names(data: Path, arguments: list[str], says: str) -> None:
    file = opened(data)
    put(file, "one")
    file.close()
    ended = outbox(data, *arguments)
    assert ended.returncode == 2
    assert says in ended.stderr


def test_what_waits_is_moved_to_the_key_that_replaces_another(data: Path) -> None:
    file = opened(data)
    keys = put(file, "one", "two")
    file.keep_setting("held", "AuthenticationFailed: 401")
    assert "held: AuthenticationFailed: 401" in outbox(data).stdout
    assert outbox(data, "move", file.path.stem, "--api-key", "m0-old").returncode == 2
    assert "2 moved" in outbox(data, "move", file.path.stem, "--api-key", "m0-new").stdout
    assert not file.waiting()
    assert file.setting("held") is None
    other = opened(data, "m0-new")
    assert [entry.key for entry in other.waiting()] == keys
    file.close()
    other.close()
