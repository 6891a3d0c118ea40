"""A folder remembers which embedder it has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.embedders.openai_server import EmbeddingServer, serving
from tests.embedders.test_onnx import tiny
from toldonce import Memory
from toldonce.embedders.minilm import MiniLM
from toldonce.embedders.openai import OpenAIEmbeddings
from toldonce.engine.rebuild import rebuild
from toldonce.errors import AddressNotConfirmed, EmbedderMismatch

ANN = {"user_id": "ann"}


def served(server: EmbeddingServer, model: str = "small") -> dict[str, Any]:
    settings = {"model": model, "openai_base_url": server.url, "api_key": "sk-very-secret"}
    return {"embedder": {"provider": "openai", "config": settings}}


def test_a_folder_opens_with_the_embedder_it_has(tmp_path: Path, server: EmbeddingServer) -> None:
    with Memory(served(server), folder=tmp_path) as memory:
        memory.add("I keep bees behind the shed", user_id="ann")
        assert memory.search("bees", filters=ANN)["results"]
    asked = len(server.requests)
    with Memory(folder=tmp_path) as memory:
        assert len(server.requests) == asked  # nobody is asked how long a vector is
        assert memory.search("Where are my bees?", filters=ANN)["results"]
        assert server.texts()[-1].startswith("Where are my bees")
    assert server.keys[-1] is None
    assert b"sk-very-secret" not in b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())


def test_an_address_that_only_the_folder_names_gets_nothing(
    tmp_path: Path, server: EmbeddingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Memory(served(server), folder=tmp_path) as memory:
        memory.add("I keep bees behind the shed", user_id="ann")
        assert memory.search("bees", filters=ANN)["results"]
    asked = len(server.requests)
    assert asked > 0
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-whoever-opens-it")
    for confirmed in ("", "http://127.0.0.1:9/v1", server.url.removesuffix("/v1"), f"{server.url}x"):
        monkeypatch.setenv("TOLDONCE_CONFIRMED_HOSTS", confirmed)
        with pytest.raises(AddressNotConfirmed, match=rf"TOLDONCE_CONFIRMED_HOSTS={server.url}"):
            Memory(folder=tmp_path)
        with pytest.raises(AddressNotConfirmed):
            rebuild(tmp_path)
    assert len(server.requests) == asked
    monkeypatch.setenv("TOLDONCE_CONFIRMED_HOSTS", server.url)
    with Memory(folder=tmp_path) as memory:
        memory.search("Where are my bees?", filters=ANN)
    assert len(server.requests) > asked
    assert set(server.keys[asked:]) == {None}  # the texts are confirmed; the key belongs elsewhere
    monkeypatch.setenv("TOLDONCE_CONFIRMED_HOSTS", "")
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    with Memory(folder=tmp_path) as memory:
        memory.search("Who keeps bees?", filters=ANN)
    assert server.keys[-1] == "Bearer sk-of-whoever-opens-it"


def test_the_same_model_elsewhere_is_the_same_embedder(
    tmp_path: Path, server: EmbeddingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Memory(served(server), folder=tmp_path):
        pass
    with serving() as moved:
        monkeypatch.setenv("TOLDONCE_CONFIRMED_HOSTS", f"{server.url}, {moved.url}/")
        with Memory(served(moved), folder=tmp_path) as memory:
            memory.add("I keep bees", user_id="ann")
        with Memory(folder=tmp_path) as memory:
            memory.search("bees", filters=ANN)
        assert "I keep bees" in moved.texts()
        assert "bees" in moved.texts()


def test_another_embedder_is_refused_with_the_command_that_helps(tmp_path: Path, server: EmbeddingServer) -> None:
    with Memory(folder=tmp_path):
        pass
    command = rf"toldonce rebuild --data {tmp_path} --embedder openai:small@{server.url}"
    with pytest.raises(EmbedderMismatch, match=command):
        Memory(served(server), folder=tmp_path)
    with Memory(folder=tmp_path), pytest.raises(EmbedderMismatch, match=command):
        Memory(served(server), folder=tmp_path)
    with Memory({"embedder": {"provider": "toldonce"}}, folder=tmp_path):
        pass


def test_another_model_of_the_same_server_is_another_embedder(tmp_path: Path, server: EmbeddingServer) -> None:
    with Memory(served(server), folder=tmp_path):
        pass
    for config in (served(server, "large"), {"embedder": {"provider": "toldonce"}}):
        with pytest.raises(EmbedderMismatch, match="openai/small/64"):
            Memory(config, folder=tmp_path)


def test_an_embedder_brought_along_has_to_be_brought_again(tmp_path: Path, server: EmbeddingServer) -> None:
    embedder = OpenAIEmbeddings("small", server.url)
    with Memory(folder=tmp_path, embedder=embedder):
        pass
    with pytest.raises(EmbedderMismatch, match=r"brought along.*--embedder toldonce"):
        Memory(folder=tmp_path)
    with Memory(folder=tmp_path, embedder=embedder):
        pass
    with Memory(served(server), folder=tmp_path):  # the same by name: from now on the folder knows how to open it
        pass
    with Memory(folder=tmp_path):
        pass
    embedder.close()


def test_the_bundled_one_may_be_brought_along(tmp_path: Path) -> None:
    with Memory(folder=tmp_path, embedder=MiniLM()):
        pass
    with Memory(folder=tmp_path):
        pass


def test_a_model_whose_files_changed_is_another(tmp_path: Path) -> None:
    folder = tiny(tmp_path / "model")
    with Memory({"embedder": {"provider": "onnx", "config": {"path": str(folder)}}}, folder=tmp_path / "m") as memory:
        memory.add("tea with milk", user_id="ann")
    with Memory(folder=tmp_path / "m") as memory:
        assert memory.search("milk", filters=ANN)["results"]
    (folder / "sentence_bert_config.json").write_text('{"max_seq_length": 9}')
    with pytest.raises(EmbedderMismatch, match=f"--embedder onnx:{folder}"):
        Memory(folder=tmp_path / "m")


def test_what_a_server_could_not_embed_is_found_by_words_and_embedded_later(
    tmp_path: Path, server: EmbeddingServer
) -> None:
    with Memory(served(server), folder=tmp_path) as memory:
        server.refusals = [(400, {}, "no such model")]
        memory.add("I keep bees behind the shed", user_id="ann")
        memory._engine.settled().result()  # it was refused
        assert memory.search("bees", filters=ANN)["results"]
        memory.add("I like tea", user_id="ann")
        memory._engine._vectoriser.embed_all().result()
        with memory._engine.store.read() as store:
            assert store.unembedded(None, 10) == []
