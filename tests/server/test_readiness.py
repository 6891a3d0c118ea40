"""/readyz says why searches cannot be answered, and searches go on by words where they can."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.redirecting import of_folders
from tests.server.running import Client, Running, serving
from tests.stores.holding import Holder
from tests.waiting import until
from toldonce.errors import StoreError, Unreachable


def test_a_server_that_can_search_is_ready(server: Running) -> None:
    assert Client(server.port, None).get("/readyz").json == {"status": "ok"}


def test_an_embedder_that_is_down_is_named_and_words_are_compared_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(tmp_path) as running:
        client, embedder = running.client(), running.service.engine._generation.embedder
        client.add("I keep bees", user_id="ann")
        asked = {"query": "Who keeps bees?", "filters": {"user_id": "ann"}, "threshold": 0}
        assert "by_words" not in client.post("/v3/memories/search/", asked).json

        def down(_: object) -> None:
            raise Unreachable("http://inside.example/ does not answer")

        monkeypatch.setattr(type(embedder), "embed_queries_by_token", lambda *_: down(None))
        monkeypatch.setattr(running.service.readiness._parts[1], "_seconds", 0)
        answer = Client(running.port, None).get("/readyz")
        assert answer.status == 503
        assert answer.json["problems"] == ["The embedder cannot be used (Unreachable); the server's log says why."]
        found = client.post("/v3/memories/search/", {**asked, "query": "Who has bees?"})
        assert found.json["by_words"] is True
        assert found.headers["x-toldonce-by-words"] == "true"
        assert [one["memory"] for one in found.json["results"]] == ["I keep bees"]


def test_a_store_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(tmp_path) as running:

        def broken() -> None:
            raise StoreError(f"{tmp_path} cannot be read")

        with monkeypatch.context() as patched:
            patched.setattr(running.service.engine.store, "read", broken)
            answer = Client(running.port, None).get("/readyz")
        assert answer.status == 503
        assert str(tmp_path) not in answer.raw.decode()
        assert "StoreError" in answer.json["detail"]


@of_folders
def test_a_server_that_cannot_write_is_not_ready_until_it_can(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toldonce.server.readiness._LOCK_WITHIN", 0.2)
    with serving(tmp_path) as running:
        anyone = Client(running.port, None)
        assert anyone.get("/readyz").status == 200
        with Holder(tmp_path) as holder:
            monkeypatch.setattr(running.service.readiness._parts[0], "_seconds", 0)
            holder.stop()
            answer = anyone.get("/readyz")
            assert answer.status == 503
            assert answer.json["problems"] == ["The memory cannot be used (StoreError); the server's log says why."]
            assert anyone.get("/healthz").status == 200
        until(lambda: anyone.get("/readyz").status == 200)


@of_folders
def test_a_full_disk_is_told_and_deletes_still_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(tmp_path) as running:
        anyone, client = Client(running.port, None), running.client()
        (kept,) = client.add("I keep bees", user_id="ann")
        monkeypatch.setattr(running.service.readiness._parts[0], "_seconds", 0)
        assert anyone.get("/readyz").status == 200
        (tmp_path / "reserve").unlink()
        monkeypatch.setattr("toldonce.stores.sqlite.reserve._free", lambda folder: 4096)
        answer = anyone.get("/readyz")
        assert answer.status == 503
        assert answer.json["problems"] == ["The memory cannot be used (DiskFull); the server's log says why."]
        refused = client.post("/v3/memories/add/", {"messages": "I ski", "user_id": "ann"})
        assert refused.status == 503
        assert client.delete(f"/v1/memories/{kept}/").status == 200
        assert client.delete("/v1/memories/?user_id=ann").status == 200
        monkeypatch.undo()
        assert client.post("/v3/memories/add/", {"messages": "I ski", "user_id": "ann"}).status == 200
