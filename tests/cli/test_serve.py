"""``toldonce serve`` and ``toldonce keys``, as a person runs them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.cli.command import run, start
from tests.server.running import Client


@dataclass(frozen=True, slots=True)
class Started:
    """A server that says it listens."""

    process: subprocess.Popen[str]
    port: int


@contextmanager
def served(home: Path, *options: str) -> Iterator[Started]:
    process = start("serve", "--port", "0", "--data", home / "memory", *options, home=home)
    assert process.stdout is not None
    port = int(process.stdout.readline().split("http://127.0.0.1:")[1].split()[0])
    try:
        yield Started(process, port)
    finally:
        process.kill()
        process.communicate()


def stop(process: subprocess.Popen[str]) -> str:
    """Everything else it printed, once it has stopped in good order."""
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert err == ""
    return out


def keys(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run("keys", arguments[0], "--data", home / "memory", *arguments[1:], home=home)


def test_the_first_start_prints_a_key_and_the_second_does_not(tmp_path: Path) -> None:
    with served(tmp_path) as first:
        assert first.process.stdout is not None
        key = first.process.stdout.readline().split()[-1]
        client = Client(first.port, key)
        client.add("I live in Oslo.", user_id="ann")
        assert "shown only now" not in stop(first.process)
    with served(tmp_path) as second:
        assert Client(second.port, key).all(user_id="ann") == ["I live in Oslo."]
        assert stop(second.process) == ""


def test_keys_are_made_listed_and_revoked_while_the_server_runs(tmp_path: Path) -> None:
    with served(tmp_path) as server:
        made = json.loads(keys(tmp_path, "create", "--project", "support", "--scope", "read", "--json").stdout)
        assert made["project"] == "support"
        assert made["scopes"] == ["read"]
        client = Client(server.port, made["key"])
        assert client.get("/v1/ping/").json["project_id"] == made["project_id"]
        listed = json.loads(keys(tmp_path, "list", "--json").stdout)
        assert [key["name"] for key in listed] == ["first key", "key"]
        assert made["key"] not in json.dumps(listed)
        assert "revoked" in keys(tmp_path, "revoke", made["id"]).stdout
        assert client.get("/v1/ping/").status == 401
        again = keys(tmp_path, "revoke", made["id"])
        assert again.returncode == 2
        assert "toldonce keys list" in again.stderr
        stop(server.process)


def test_keys_that_make_no_sense_are_refused(tmp_path: Path) -> None:
    for arguments in (("--scope", "root"), ("--expires", "2020-01-01"), ("--expires", "soon"), ("--project", " ")):
        refused = keys(tmp_path, "create", *arguments)
        assert (refused.returncode, refused.stdout) == (2, "")
        assert refused.stderr.startswith("toldonce: ")


def test_listening_elsewhere_needs_a_key(tmp_path: Path) -> None:
    refused = run("serve", "--host", "0.0.0.0", "--port", "0", "--data", tmp_path / "memory", home=tmp_path)
    assert refused.returncode == 2
    assert "toldonce keys create" in refused.stderr


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with served(tmp_path) as server:
        refused = run("serve", "--port", str(server.port), "--data", tmp_path / "other", home=tmp_path)
        assert refused.returncode == 2
        assert "--port" in refused.stderr


def test_a_call_under_way_is_answered_before_the_server_stops(tmp_path: Path) -> None:
    talk = [{"role": "user", "content": f"My friend number {n} lives in town {n}."} for n in range(500)]
    with served(tmp_path) as server, ThreadPoolExecutor(1) as thread:
        made = json.loads(keys(tmp_path, "create", "--json").stdout)
        client = Client(server.port, made["key"])
        client.get("/v1/ping/")
        answer = thread.submit(client.post, "/v3/memories/add/", {"messages": talk, "user_id": "ann"})
        while not client.post("/v3/memories/", {"filters": {"user_id": "ann"}}).json["count"]:
            pass  # now it is stored, and waits for its vectors
        stop(server.process)
        assert answer.result().status == 200
    with served(tmp_path) as again:
        assert client.key is not None
        listed = Client(again.port, client.key).post("/v3/memories/", {"filters": {"user_id": "ann"}}).json
        assert listed["count"] == 500
        stop(again.process)


def test_what_was_acknowledged_survives_being_killed(tmp_path: Path) -> None:
    with served(tmp_path) as server:
        made = json.loads(keys(tmp_path, "create", "--json").stdout)
        client = Client(server.port, made["key"])
        for number in range(20):
            client.add(f"Fact {number}", user_id="ann")
        os.kill(server.process.pid, signal.SIGKILL)
    with served(tmp_path) as again:
        assert len(Client(again.port, made["key"]).all(user_id="ann")) == 20
        stop(again.process)
