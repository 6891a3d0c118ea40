"""``toldonce erase``, ``receipts`` and ``export --user``, on a folder and through a running server alike."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tools import check_receipt

from tests.remote.server import Server
from toldonce import Memory
from toldonce.stores.opening import open_store

from .command import run
from .test_inspect import Command, run_on
from .test_outbox import opened as outbox_of
from .test_outbox import put

QUOKKAS = "I keep quokkas behind the barn."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "data"
    with Memory(folder=path) as memory:
        memory.add(QUOKKAS, user_id="ann")
        memory.add("I live in Oslo.", user_id="bob", run_id="r1")
    return path


@pytest.fixture(params=["folder", "server"])
def command(request: pytest.FixtureRequest, folder: Path, tmp_path: Path) -> Iterator[Command]:
    if request.param == "folder":
        yield lambda *arguments: run(*arguments, "--data", folder, home=tmp_path)
        return
    with Server(folder) as server:
        yield lambda *arguments: run_on(server.url, *arguments, home=tmp_path)


def told(done: subprocess.CompletedProcess[str]) -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def in_files(folder: Path, word: str) -> bool:
    return any(word.encode() in path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_a_user_is_erased_and_the_receipt_holds(
    command: Command, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert in_files(folder, QUOKKAS)
    done = command("erase", "--user", "ann")
    assert done.returncode == 0, done.stderr
    assert "Erased user ann: 1 memories" in done.stdout
    assert not in_files(folder, QUOKKAS)
    [receipt] = told(command("receipts", "--json"))
    assert f"{receipt['id']}  user" in command("receipts").stdout
    file, texts = tmp_path / "receipt.json", tmp_path / "texts"
    file.write_text(command("receipts", receipt["id"]).stdout)
    texts.write_text(f"{QUOKKAS}\n")
    assert check_receipt.main([str(file), "--folder", str(folder), "--texts", str(texts)]) == 0
    texts.write_text("nothing of it\n\nI live in Oslo.\n")
    assert check_receipt.main([str(file), "--folder", str(folder), "--texts", str(texts)]) == 1
    assert "toldonce.db holds the text in line 2" in capsys.readouterr().out


@pytest.mark.parametrize("named", [("--run", "r1"), ("--entity", "run:r1"), ("--entity", "user:bob")])
def test_what_is_erased_is_named_in_several_ways(command: Command, folder: Path, named: tuple[str, str]) -> None:
    assert told(command("erase", *named, "--json"))["erased"]["memories"] == 1
    assert told(command("list", "--user", "bob", "--json")) == []
    assert len(told(command("list", "--user", "ann", "--json"))) == 1


def test_one_memory_is_erased(command: Command) -> None:
    [row] = told(command("list", "--user", "ann", "--json"))
    assert told(command("erase", "--memory", row["id"], "--json"))["status"] == "erased"
    assert told(command("list", "--user", "ann", "--json")) == []
    again = command("erase", "--memory", row["id"])
    assert again.returncode == 2
    assert again.stderr.startswith("toldonce: ")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "--user, --agent"),
        (("--user", "ann", "--run", "r1"), "Name one of"),
        (("--entity", "ann"), "'ann' is no entity"),
        (("--entity", "memory:ann"), "no entity"),
        (("--user", "ann", "--project", "nowhere"), "--project: "),
    ],
)
def test_what_cannot_be_meant_erases_nothing(command: Command, arguments: tuple[str, ...], says: str) -> None:
    done = command("erase", *arguments)
    assert done.returncode == 2
    assert says in done.stderr
    assert len(told(command("list", "--user", "ann", "--json"))) == 1


def test_nothing_is_known_of_somebody_unknown(command: Command) -> None:
    done = command("erase", "--user", "eve")
    assert "Nothing was kept of user eve." in done.stdout
    assert command("receipts", "unknown").returncode == 2


def test_no_receipts_yet(command: Command) -> None:
    assert "Nothing was erased yet." in command("receipts").stderr


def test_a_project_is_erased_and_the_others_are_not(folder: Path, tmp_path: Path) -> None:
    export = tmp_path / "out.jsonl"
    assert run("export", export, "--data", folder, home=tmp_path).returncode == 0
    lines = export.read_text().replace("quokkas", "wallabies")
    export.write_text(lines)
    other = tmp_path / "other"
    assert run("import", export, "--data", other, "--project", "zoo", home=tmp_path).returncode == 0
    assert run("keys", "create", "--data", other, home=tmp_path).returncode == 0
    assert in_files(other, "wallabies")
    done = run("erase", "--project", "zoo", "--data", other, home=tmp_path)
    assert done.returncode == 0, done.stderr
    assert not in_files(other, "wallabies")
    assert "project" in run("receipts", "--project", "zoo", "--data", other, home=tmp_path).stdout
    assert "Nothing was erased" in run("receipts", "--data", other, home=tmp_path).stderr


def test_a_reader_that_goes_on_is_named(folder: Path, tmp_path: Path) -> None:
    store = open_store(folder)
    with store.read() as view:
        view.setting("anything")
        done = run("erase", "--user", "ann", "--wait", "0.2", "--data", folder, home=tmp_path)
        assert done.returncode == 3
        assert "but bytes are left" in done.stdout
        assert "is reading" in done.stdout
    store.close()
    assert run("list", "--user", "ann", "--data", folder, home=tmp_path).returncode == 0
    assert not in_files(folder, QUOKKAS)


def test_all_that_is_kept_of_one_user_is_exported(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "ann.jsonl"
    assert run("export", out, "--user", "ann", "--data", folder, home=tmp_path).returncode == 0
    assert QUOKKAS in out.read_text()
    assert "Oslo" not in out.read_text()
    counted = run("export", out, "--user", "ann", "--json", "--data", folder, home=tmp_path)
    assert told(counted) == {"file": str(out), "memories": 1, "messages": 1}
    piped = run("export", "-", "--user", "ann", "--json", "--data", folder, home=tmp_path)
    assert piped.stdout == out.read_text(), "standard output is the export and nothing else"
    assert json.loads(piped.stderr.splitlines()[-1])["memories"] == 1
    none = run("export", tmp_path / "eve.jsonl", "--user", "eve", "--data", folder, home=tmp_path)
    assert none.returncode == 2
    assert "'eve'" in none.stderr
    assert not (tmp_path / "eve.jsonl").exists()


def test_that_it_is_gone_is_proved_from_the_bytes(folder: Path, tmp_path: Path) -> None:
    texts = tmp_path / "texts"
    texts.write_text(f"{QUOKKAS}\n")
    found = run("doctor", folder, "--prove-erased", texts, home=tmp_path)
    assert found.returncode == 1
    assert "line 1: 'I keep quokk' stands in" in found.stdout
    listed = run("doctor", folder, "--prove-erased", texts, "--json", home=tmp_path)
    assert {one["line"] for one in json.loads(listed.stdout)} == {1}
    assert run("erase", "--user", "ann", "--data", folder, home=tmp_path).returncode == 0
    gone = run("doctor", folder, "--prove-erased", texts, home=tmp_path)
    assert (gone.returncode, gone.stdout.startswith("Nothing of the 1 texts")) == (0, True)
    assert run("doctor", folder, "--prove-erased", tmp_path / "nowhere", home=tmp_path).returncode == 2


def test_what_waits_for_a_host_is_withdrawn(folder: Path, tmp_path: Path) -> None:
    file = outbox_of(folder)
    put(file, "I keep axolotls.", "I keep newts.")
    file.close()
    assert in_files(folder, "axolotls")
    assert told(run("erase", "--user", "bob", "--json", "--data", folder, home=tmp_path))["erased"]["memories"] == 1
    assert in_files(folder, "axolotls")
    done = told(run("erase", "--user", "ann", "--json", "--data", folder, home=tmp_path))
    assert done["erased"]["waiting_for_a_host"] == 2
    assert not in_files(folder, "axolotls")


def signed(**changes: Any) -> dict[str, Any]:
    """A receipt of some other store."""
    key = Ed25519PrivateKey.generate()
    said = {
        "id": "x",
        "kind": "user",
        "owners": [1],
        "public_key": key.public_key().public_bytes_raw().hex(),
        **changes,
    }
    message = json.dumps(said, sort_keys=True, separators=(",", ":")).encode()
    return {**said, "signature": key.sign(message).hex()}


def test_signatures_hold_for_what_was_signed_only() -> None:
    for number in range(20):
        receipt = signed(number=number)
        assert list(check_receipt.faults_of_signature(receipt)) == []
        for broken in (
            {**receipt, "number": -1},
            {**receipt, "signature": signed()["signature"]},
            {**receipt, "signature": receipt["signature"][:-2]},
            {**receipt, "public_key": "ff" * 32},
            {**receipt, "signature": receipt["signature"][:64] + "ff" * 32},
            {**receipt, "public_key": None},
        ):
            assert len(list(check_receipt.faults_of_signature(broken))) == 1


def test_a_receipt_of_another_store_and_rows_that_are_there_are_told(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "receipt.json"
    file.write_text(json.dumps(signed()))
    assert check_receipt.main([str(file), "--folder", str(folder)]) == 1
    out = capsys.readouterr().out
    assert "another key" in out
    assert "no such receipt" in out
    assert "1 rows of memory belong to owner 1" in out
    file.write_text("no JSON")
    assert check_receipt.main([str(file)]) == 2
    with pytest.raises(SystemExit):
        check_receipt.main([str(file), "--texts", str(file)])


def test_the_script_stands_alone(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "receipt.json"
    file.write_text(
        json.dumps(told(run("erase", "--user", "ann", "--json", "--data", folder, home=tmp_path))["receipt"])
    )
    script = Path(check_receipt.__file__)
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(script), str(file), "--folder", str(folder)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("The receipt holds: user erased at")
