"""Erasing over the wire: who may, what is left, and that Mem0's own deletion erases nothing by itself."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from tests.redirecting import files_of
from toldonce import Memory

from .running import Client, Running, serving


def in_files(folder: Path, *words: str) -> list[str]:
    """Of these words, those that stand in any file of what was opened for a folder."""
    everything = b"".join(path.read_bytes() for path in files_of(folder).rglob("*") if path.is_file())
    return [word for word in words if word.encode() in everything]


def erased(client: Client, query: str) -> dict[str, Any]:
    answer = client.delete(f"/v1/erase?{query}")
    assert answer.status == 200, answer.raw
    assert answer.json["status"] == "erased"
    told: dict[str, Any] = answer.json
    return told


def test_a_user_is_erased_with_feedback_events_and_exports(server: Running, client: Client) -> None:
    [memory] = client.add("I keep quokkas behind the barn.", user_id="ann-of-iona")
    [other] = client.add("I keep llamas behind the barn.", user_id="bob")
    for uid in (memory, other):
        opinion = {"memory_id": uid, "feedback": "NEGATIVE", "feedback_reason": f"wombats! {uid}"}
        assert client.post("/v1/feedback/", opinion).status == 200
    order = {"schema": {"properties": {}}, "filters": {"user_id": "ann-of-iona"}}
    export = client.post("/v1/exports/", order).json["id"]
    assert client.get("/v1/events/").json["count"] == 2
    assert in_files(server.folder, "quokkas", "ann-of-iona", f"wombats! {memory}", memory) != []
    told = erased(client, "user_id=ann-of-iona")
    assert (told["erased"]["memories"], told["erased"]["feedback"], told["erased"]["exports"]) == (1, 1, 1)
    assert in_files(server.folder, "quokkas", "ann-of-iona", f"wombats! {memory}", memory) == []
    assert client.post("/v1/exports/get", {"memory_export_id": export}).status == 404
    assert client.all(user_id="bob") == ["I keep llamas behind the barn."]
    assert [len(event["results"]) for event in client.get("/v1/events/").json["results"]] == [1]
    assert in_files(server.folder, f"wombats! {other}") != []


def test_a_receipt_is_kept_for_admins(server: Running, client: Client) -> None:
    client.add("I keep quokkas.", user_id="ann")
    told = erased(client, "user_id=ann")
    assert client.get("/v1/receipts").json["results"] == [told["receipt"]]
    assert server.client(f"other {told['id']}").get("/v1/receipts").json["results"] == []


@pytest.mark.parametrize("query", ["user_id=ann", "memory_id={}"])
def test_only_an_admin_erases(server: Running, query: str) -> None:
    project = f"admins {query[:4]}"
    [memory] = server.client(project).add("I keep quokkas.", user_id="ann")
    writer = server.client(project, "read", "write")
    assert writer.delete(f"/v1/erase?{query.format(memory)}").status == 403
    assert writer.delete("/v2/entities/user/ann/?erase=true").status == 403
    assert writer.get("/v1/receipts").status == 403
    assert writer.all(user_id="ann") == ["I keep quokkas."]
    erased(server.client(project), query.format(memory))
    assert writer.all(user_id="ann") == []


@pytest.mark.parametrize("query", ["", "user_id=ann&run_id=r", "user=ann", "user_id=ann&wait=-1", "user_id=*"])
def test_what_is_not_understood_erases_nothing(client: Client, query: str) -> None:
    client.add("I keep quokkas.", user_id="ann", run_id="r")
    assert client.delete(f"/v1/erase?{query}").status in (400, 422)
    assert client.all(user_id="ann") == ["I keep quokkas."]


def test_an_unknown_memory_is_404(client: Client) -> None:
    assert client.delete("/v1/erase?memory_id=0198c0de-0000-7000-8000-000000000000").status == 404


def test_another_project_is_not_reached(server: Running, client: Client) -> None:
    [memory] = client.add("I keep quokkas.", user_id="ann")
    other = server.client(f"of others {memory}")
    assert other.delete(f"/v1/erase?memory_id={memory}").status == 404
    assert erased(other, "user_id=ann")["erased"] == {}
    assert client.all(user_id="ann") == ["I keep quokkas."]


def test_deleting_an_entity_keeps_its_words_unless_it_is_to_be_erased(server: Running, client: Client) -> None:
    client.add("I keep axolotls.", user_id="ann")
    assert client.delete("/v2/entities/user/ann/").json.keys() == {"message", "event_id"}
    assert client.all(user_id="ann") == []
    assert in_files(server.folder, "axolotls") != []
    told = client.delete("/v2/entities/user/ann/?erase=true").json
    assert (told["message"], told["status"]) == ("Entity deleted successfully!", "erased")
    assert in_files(server.folder, "axolotls") == []
    client.add("I keep axolotls.", user_id="ann")
    assert client.all(user_id="ann") == []
    erased(client, "user_id=ann&allow_return=true")
    client.add("I keep axolotls.", user_id="ann")
    assert client.all(user_id="ann") == ["I keep axolotls."]


def test_nothing_is_left_of_a_deleted_project(server: Running) -> None:
    project = server.client("the moth project")
    project.add("I keep death's-head hawkmoths.", user_id="ann-of-uist")
    where = f"/api/v1/orgs/organizations/home/projects/{project.get('/v1/ping/').json['project_id']}"
    assert project.send("PATCH", where, {"custom_instructions": "watch for lepidoptera"}).status == 200
    assert len(in_files(server.folder, "hawkmoths", "ann-of-uist", "lepidoptera", "moth project")) == 4
    assert project.delete(where).status == 200
    assert project.get("/v1/ping/").status == 401
    assert in_files(server.folder, "hawkmoths", "ann-of-uist", "lepidoptera", "moth project") == []


def test_no_add_is_acknowledged_into_a_project_that_is_deleted(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        project = server.client("busy")
        where = f"/api/v1/orgs/organizations/home/projects/{project.get('/v1/ping/').json['project_id']}"
        statuses: list[int] = []

        def add(number: int) -> None:
            body = {"messages": f"quokka number {number}", "infer": False, "user_id": f"u{number % 3}"}
            statuses.extend(project.post("/v3/memories/add/", body).status for _ in range(20))

        threads = [threading.Thread(target=add, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        assert project.delete(where).status == 200
        for thread in threads:
            thread.join()
        assert set(statuses) <= {200, 401, 429}
        assert 401 in statuses
        with server.service.engine.reading() as store:
            assert store.owners(where.rsplit("/", 1)[1], None, None) == {}
    with Memory(folder=tmp_path):
        pass
    assert in_files(tmp_path, "quokka number") == []
