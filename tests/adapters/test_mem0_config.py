"""Which engine a local_config asks for, and what is missing for it. Needs no mem0ai."""

from __future__ import annotations

from typing import Any

import pytest

from toldonce.adapters import mem0_config
from toldonce.adapters.mem0_config import fingerprint, needs_mem0, place_of, require_mem0
from toldonce.errors import InvalidConfig, MissingExtra

CHROMA = {"vector_store": {"provider": "chroma", "config": {"collection_name": "memories"}}}


@pytest.mark.parametrize(
    ("config", "theirs"),
    [
        ({}, False),
        ({"vector_store": {"provider": "toldonce"}}, False),
        ({"vector_store": {"provider": "toldonce"}, "llm": {"provider": "openai"}}, False),
        ({"version": "v1.1"}, False),
        (CHROMA, True),
        ({"vector_store": {"config": {"path": "somewhere"}}}, True),
        ({"llm": {"provider": "ollama"}}, True),
    ],
)
def test_whose_engine_it_is(config: dict[str, Any], theirs: bool) -> None:
    assert needs_mem0(config) is theirs


def _installed(monkeypatch: pytest.MonkeyPatch, *modules: str) -> None:
    monkeypatch.setattr(mem0_config, "find_spec", lambda name: name if name in modules else None)
    for name in ("OPENAI_API_KEY", "OPENROUTER_API_KEY"):
        monkeypatch.delenv(name, raising=False)


def test_what_is_not_installed_is_named_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    _installed(monkeypatch)
    with pytest.raises(MissingExtra, match=r"pip install 'toldonce\[mem0\]' chromadb"):
        require_mem0(CHROMA)
    _installed(monkeypatch, "mem0")
    with pytest.raises(MissingExtra, match="pip install chromadb"):
        require_mem0(CHROMA)


def test_a_missing_key_is_named_once_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    _installed(monkeypatch, "mem0", "chromadb")
    with pytest.raises(InvalidConfig, match="runs the llm and the embedder, and needs a key"):
        require_mem0(CHROMA)
    with pytest.raises(InvalidConfig, match="runs the embedder, and"):
        require_mem0(CHROMA | {"llm": {"provider": "ollama"}})
    require_mem0(CHROMA | {"llm": {"provider": "ollama"}, "embedder": {"config": {"api_key": "sk"}}})
    monkeypatch.setenv("OPENAI_API_KEY", "sk")
    require_mem0(CHROMA)


def test_a_fingerprint_gives_no_key_away() -> None:
    config = CHROMA | {"llm": {"provider": "openai", "config": {"api_key": "sk-secret"}}}
    assert "secret" not in fingerprint(config)
    assert fingerprint(config) != fingerprint(CHROMA)
    assert fingerprint(dict(reversed(list(config.items())))) == fingerprint(config)


def test_a_place_is_told_by_the_vector_store_and_by_no_secret_in_it() -> None:
    def config(store: object, llm: str = "sk-1") -> dict[str, object]:
        return {"vector_store": store, "llm": {"provider": "openai", "config": {"api_key": llm}}}

    def qdrant(**settings: object) -> dict[str, object]:
        return {"provider": "qdrant", "config": {"collection_name": "a", **settings}}

    mine = config(qdrant(api_key="old"))
    assert place_of(mine) == place_of(config(qdrant(api_key="new"), llm="sk-2")), "rotated keys"
    assert place_of(mine) == place_of(config({"config": {"collection_name": "a"}, "provider": "qdrant"}))
    assert place_of(mine) != place_of(config(qdrant(collection_name="b")))
    first, second = (
        config({"provider": "pgvector", "config": {"connection_string": f"postgresql://u:{word}@db/m"}})
        for word in ("one", "two")
    )
    assert place_of(first) == place_of(second)
    assert place_of(first) != place_of(config({"provider": "pgvector", "config": {"connection_string": "//db/n"}}))
    assert place_of({}) == place_of({"llm": {}})
