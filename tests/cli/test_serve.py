"""``toldonce serve`` and ``toldonce keys``, as a person runs them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.command import environment, run, start
from tests.cli.terminal import terminal
from tests.server.running import Client
from toldonce.server.running import FIRST_KEY


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


def test_the_first_start_writes_a_key_where_only_its_owner_reads_it_and_the_second_does_not(tmp_path: Path) -> None:
    path = tmp_path / "memory" / FIRST_KEY
    with served(tmp_path) as first:
        key = path.read_text().strip()
        client = Client(first.port, key)
        client.add("I live in Oslo.", user_id="ann")
        assert first.process.stdout is not None
        printed = first.process.stdout.readline()
        stop(first.process)
    assert printed == f"Your API key is in {path}. Move it to where your secrets are.\n"
    assert path.stat().st_mode & 0o777 == 0o600
    path.unlink()
    with served(tmp_path) as second:
        assert Client(second.port, key).all(user_id="ann") == ["I live in Oslo."]
        assert stop(second.process) == ""
    assert not path.exists()


def test_a_terminal_shows_the_first_key_and_no_file_has_it(tmp_path: Path) -> None:
    with terminal("serve", "--port", "0", "--data", tmp_path / "memory", home=tmp_path) as shown:
        key = shown.until("shown only now: told_").split("shown only now: ")[1].split()[0]
        port = int(shown.shown.split("http://127.0.0.1:")[1].split()[0])
        assert Client(port, key).get("/v1/ping/").status == 200
        shown.interrupt()
        assert shown.ended() in (0, 130)
    assert not (tmp_path / "memory" / FIRST_KEY).exists()


def test_the_log_has_requests_by_route_when_asked_and_never_words_or_keys(tmp_path: Path) -> None:
    with served(tmp_path, "--log-level", "info", "--log-json") as server:
        key = (tmp_path / "memory" / FIRST_KEY).read_text().strip()
        client = Client(server.port, key)
        client.add("I live in Oslo.", user_id="ann")
        client.post("/v3/memories/search/", {"query": "Where in Oslo?", "filters": {"user_id": "ann"}})
        server.process.send_signal(signal.SIGTERM)
        _, log = server.process.communicate(timeout=60)
    lines = [json.loads(line) for line in log.splitlines()]
    requests = [line for line in lines if line["logger"] == "toldonce.server.requests"]
    assert [(line["route"], line["status"]) for line in requests] == [
        ("/v3/memories/add", 200),
        ("/v3/memories/search", 200),
    ]
    assert all(line["time"] and line["level"] == "info" and line["request_id"] for line in requests)
    assert not any(word in log for word in ("Oslo", "ann", key))


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


def test_keys_are_listed_for_a_person(tmp_path: Path) -> None:
    made = keys(tmp_path, "create", "--name", "phone", "--scope", "read", "--scope", "write", "--expires", "2999-12-31")
    other = keys(tmp_path, "create", "--name", "lost")
    assert "not shown again" in made.stderr
    lost = other.stderr.split()[1]
    assert keys(tmp_path, "revoke", lost).returncode == 0
    phone, gone = keys(tmp_path, "list").stdout.splitlines()
    assert "phone  project default  read write  never used  holds until 3000-01-01" in phone
    assert gone.startswith(lost)
    assert "revoked 20" in gone
    assert made.stdout.strip() not in phone + gone


def test_keys_are_listed_with_the_names_of_their_projects(tmp_path: Path) -> None:
    made = json.loads(keys(tmp_path, "create", "--project", "support", "--json").stdout)
    assert "project support" in keys(tmp_path, "list").stdout
    [listed] = json.loads(keys(tmp_path, "list", "--json").stdout)
    assert (listed["project"], listed["project_id"]) == ("support", made["project_id"])


def test_a_key_that_was_used_shows_when(tmp_path: Path) -> None:
    with served(tmp_path) as server:
        made = json.loads(keys(tmp_path, "create", "--name", "mine", "--json").stdout)
        assert Client(server.port, made["key"]).get("/v1/ping/").status == 200
        stop(server.process)
    [used] = [line for line in keys(tmp_path, "list").stdout.splitlines() if line.startswith(made["id"])]
    assert "last used 20" in used


def test_a_key_of_ones_own_must_be_long(tmp_path: Path) -> None:
    def started_with(key: str) -> subprocess.CompletedProcess[str]:
        arguments = ["serve", "--host", "0.0.0.0", "--port", "0", "--data", str(tmp_path / "memory")]
        return subprocess.run(
            [sys.executable, "-m", "toldonce", *arguments, "--public-url", "nowhere"],
            env={**environment(tmp_path), "TOLDONCE_API_KEY": key},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    short, long = started_with("k" * 15), started_with("k" * 16)
    assert (short.returncode, "16 characters" in short.stderr) == (2, True)
    assert "k" * 15 not in short.stderr
    assert (long.returncode, "--public-url" in long.stderr) == (2, True), "the next complaint is of something else"


@pytest.mark.parametrize(
    "url",
    ["home.example.org", "ftp://home.example.org", "https://", "https://h.org/?a=b", "http://[::1", "https://me@h.org"],
)
def test_a_public_address_that_is_none_is_refused(tmp_path: Path, url: str) -> None:
    refused = run("serve", "--port", "0", "--public-url", url, "--data", tmp_path / "memory", home=tmp_path)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith("toldonce: --public-url")
    assert not (tmp_path / "memory").exists()


def test_a_server_behind_a_proxy_answers_to_its_public_name_and_links_to_it(tmp_path: Path) -> None:
    with served(tmp_path, "--public-url", "https://Home.example.org/memory/") as server:
        made = json.loads(keys(tmp_path, "create", "--json").stdout)
        client = Client(server.port, made["key"])
        for text in ("I live in Oslo.", "I keep bees."):
            client.add(text, user_id="ann")
        asked = {"filters": {"user_id": "ann"}}
        assert client.post("/v3/memories/?page_size=1", asked, Host="elsewhere.example.org").status == 400
        page = client.post("/v3/memories/?page_size=1", asked, Host="home.example.org")
        assert page.status == 200
        public, _, path = page.json["next"].partition("/memory")
        assert public == "https://home.example.org"
        rest = client.post(path, asked, Host="home.example.org").json
        assert {row["memory"] for row in page.json["results"] + rest["results"]} == {"I live in Oslo.", "I keep bees."}
        stop(server.process)


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
