"""Which embedder a configuration names, and whose engine it asks for."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from toldonce.adapters.mem0_config import needs_mem0
from toldonce.config import default_folder, files_beside, read_config
from toldonce.embedders.spec import EmbedderSpec, parse_spec
from toldonce.errors import InvalidConfig
from toldonce.stores.place import DatabaseUrl
from toldonce.takeover import user_folder

HOME = "http://localhost:11434/v1"


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("section", "line"),
    [
        (None, None),
        ({"provider": "toldonce"}, "toldonce"),
        ({"provider": "openai"}, "openai:text-embedding-3-small@https://api.openai.com/v1"),
        (
            {"provider": "openai", "config": {"model": "m", "openai_base_url": HOME + "/", "embedding_dims": 256}},
            f"openai:m@{HOME}#256",
        ),
        ({"provider": "openai", "config": {"model": "@cf/baai/bge-m3:v1", "api_key": "sk"}}, "openai:@cf/baai/bge"),
        ({"provider": "onnx", "config": {"path": "/models/e5"}}, "onnx:/models/e5"),
        ({"provider": "multilingual"}, "multilingual"),
    ],
)
def test_mem0s_dict_names_an_embedder(section: dict[str, Any] | None, line: str | None) -> None:
    spec = read_config({"embedder": section} if section else {}).embedder
    assert (None if spec is None else str(spec)[: len(line or "")]) == line
    if spec is not None:
        assert parse_spec(str(spec)) == spec
        assert "sk" not in f"{spec} {spec!r}"


def test_an_address_from_the_environment_is_settled_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", HOME)
    assert parse_spec("openai:m") == EmbedderSpec("openai", "m", HOME)
    assert str(parse_spec("openai:m#8")) == f"openai:m@{HOME}#8"


@pytest.mark.parametrize(
    ("section", "complaint"),
    [
        ({"provider": "huggingface"}, "'toldonce', 'multilingual', 'openai', 'onnx'"),
        ({"provider": ["openai"]}, "is not one"),
        ({"provider": "openai", "config": {"ollama_base_url": HOME}}, "openai_base_url"),
        ({"provider": "openai", "config": {"embedding_dims": "many"}}, "embedding_dims"),
        ({"provider": "openai", "config": {"model": 3}}, "model"),
        ({"provider": "openai", "config": {"openai_base_url": "localhost:11434"}}, "https://"),
        ({"provider": "openai", "config": {"openai_base_url": "http://me:secret@host/v1"}}, "OPENAI_API_KEY"),
        ({"provider": "onnx"}, "path"),
        ({"provider": "toldonce", "config": {"model": "m"}}, "takes nothing"),
    ],
)
def test_what_cannot_be_read_is_told(section: dict[str, Any], complaint: str) -> None:
    with pytest.raises(InvalidConfig, match=complaint):
        read_config({"embedder": section})


def test_all_problems_are_told_at_once_each_with_what_does_the_same() -> None:
    config = {
        "vector_store": {"provider": "qdrant", "config": {"path": "/tmp/qdrant"}},
        "llm": {"provider": "anthropic"},
        "embedder": {"provider": "ollama", "config": {"model": "nomic-embed-text", "ollama_base_url": "http://h:1/"}},
        "reranker": "cohere",
    }
    with pytest.raises(InvalidConfig) as told:
        read_config(config)
    for part in ("'qdrant'", "toldonce import mem0", "'anthropic'", "'ollama'", "'http://h:1/v1'", "reranker must be"):
        assert part in str(told.value)
    with pytest.raises(InvalidConfig, match="unknown keys 'dims', 'modle'"):
        read_config({"embedder": {"provider": "openai", "config": {"modle": "m", "dims": 3}}})


@pytest.mark.parametrize("provider", ["ollama", "lmstudio"])
@pytest.mark.parametrize("address", [{}, {"url": "http://box:5/v1"}])
def test_the_embedder_that_is_proposed_can_be_used(provider: str, address: dict[str, str]) -> None:
    settings = {f"{provider}_base_url": address["url"]} if address else {}
    with pytest.raises(InvalidConfig) as told:
        read_config({"embedder": {"provider": provider, "config": {"model": "m", **settings}}})
    proposed = ast.literal_eval(str(told.value).partition(f"address of {provider}: ")[2].removesuffix("."))
    embedder = read_config({"embedder": proposed}).embedder
    ports = {"ollama": 11434, "lmstudio": 1234}
    at = address.get("url", f"http://localhost:{ports[provider]}/v1")
    assert embedder == EmbedderSpec("openai", "m", at)


@pytest.mark.parametrize("line", ["", "openai", "openai:", "onnx:", "toldonce:x", "multilingual:x", "minilm"])
def test_a_line_that_names_no_embedder(line: str) -> None:
    with pytest.raises(InvalidConfig, match="openai:MODEL"):
        parse_spec(line)


OPENAI = {"provider": "openai", "config": {"model": "m", "openai_base_url": HOME}}
MODEL = {"provider": "openai"}


@pytest.mark.parametrize(
    ("config", "theirs"),
    [
        ({"embedder": OPENAI}, False),
        ({"embedder": {"provider": "onnx", "config": {"path": "/m"}}}, False),
        ({"embedder": {"provider": "huggingface"}}, True),
        ({"embedder": OPENAI, "vector_store": {"provider": "toldonce"}}, False),
        ({"embedder": OPENAI, "vector_store": {"provider": "chroma"}}, True),
        ({"embedder": OPENAI, "llm": MODEL}, True),
        ({"embedder": OPENAI, "llm": MODEL, "vector_store": {"provider": "toldonce"}}, False),
    ],
)
def test_whose_engine_an_embedder_asks_for(config: dict[str, Any], theirs: bool) -> None:
    assert needs_mem0(config) is theirs


def test_a_folder_given_beside_a_configuration_wins(tmp_path: Path) -> None:
    config = read_config({"vector_store": {"provider": "toldonce", "config": {"path": "a"}}}, tmp_path)
    assert config.place == tmp_path


def test_a_folder_may_be_named_by_a_url_and_no_other_address_by_mistake(tmp_path: Path) -> None:
    assert read_config(None, f"sqlite://{tmp_path}").place == tmp_path
    with pytest.raises(InvalidConfig, match="redis:// is no store"):
        read_config(None, "redis://localhost/memories")


def test_a_database_may_be_named_where_a_folder_may(monkeypatch: pytest.MonkeyPatch) -> None:
    url = "postgresql://ann:secret@localhost/memories"
    config = {"vector_store": {"provider": "toldonce", "config": {"path": url}}}
    monkeypatch.setenv("TOLDONCE_HOME", url)
    for read in (read_config(None, url), read_config(config), read_config(None)):
        assert read.place == DatabaseUrl(url)
    assert default_folder() == files_beside(DatabaseUrl(url)) == user_folder()


@pytest.mark.parametrize(
    ("config", "complaint"),
    [
        (["embedder"], "must be a dict, not list"),
        ({"vector_store": "toldonce"}, "vector_store must be a dict"),
        ({"vector_store": {"provider": "toldonce", "config": ["a"]}}, "vector_store.config must be a dict"),
        ({"vector_store": {"provider": "toldonce", "config": {"path": 3}}}, "a folder's path, not 3"),
        ({"vector_store": {"provider": "toldonce", "config": {"path": ""}}}, "a folder's path, not ''"),
    ],
)
def test_a_configuration_of_another_shape_is_told(config: Any, complaint: str) -> None:
    with pytest.raises(InvalidConfig, match=complaint):
        read_config(config)


def test_keys_without_effect_are_named_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    read_config({"version": "v1.1", "history_db_path": "x", "graph": {}, "embedder": None})
    assert [record.getMessage() for record in caplog.records] == [
        "Configuration key 'graph' has no effect here and is ignored"
    ]


def test_the_ram_for_indexes_is_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for given, expected in (("", 1 << 30), ("1048576", 1 << 20)):
        monkeypatch.setenv("TOLDONCE_INDEX_BYTES", given)
        assert read_config(None).index_bytes == expected
    for given in ("0", "1e9", "-1", "1GB"):
        monkeypatch.setenv("TOLDONCE_INDEX_BYTES", given)
        with pytest.raises(InvalidConfig, match=f"TOLDONCE_INDEX_BYTES.*not '{given}'"):
            read_config(None)


def test_a_collection_of_our_own_store_is_told_to_have_no_effect(caplog: pytest.LogCaptureFixture) -> None:
    read_config({"vector_store": {"provider": "toldonce", "config": {"collection_name": "one"}}})
    assert "collection_name has no effect" in caplog.text
