"""/readyz says why searches cannot be answered, and searches go on by words where they can."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.server.running import Client, Running, serving
from toldonce.errors import StoreError, Unreachable
from toldonce.server import readiness


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

        monkeypatch.setattr(type(embedder), "embed_queries", lambda *_: down(None))
        monkeypatch.setattr(readiness, "_KEPT", 0)
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
