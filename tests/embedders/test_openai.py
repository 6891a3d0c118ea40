"""Any OpenAI-compatible server as embedder."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing

import numpy as np
import pytest

from toldonce.embedders import Embedder
from toldonce.embedders.openai import OpenAIEmbeddings
from toldonce.errors import (
    AuthenticationFailed,
    EmbedderMismatch,
    HostFailed,
    InvalidConfig,
    RateLimited,
    Rejected,
    RemoteError,
    Unreachable,
)

from .openai_server import EmbeddingServer

KEY = "sk-very-secret"


@pytest.fixture
def embedder(server: EmbeddingServer) -> Iterator[OpenAIEmbeddings]:
    with closing(OpenAIEmbeddings("small", server.url, KEY)) as opened:
        yield opened


def test_is_an_embedder(embedder: OpenAIEmbeddings, server: EmbeddingServer) -> None:
    same: Embedder = embedder
    assert (same.dimensions, same.fingerprint) == (64, "openai/small/64")
    assert set(server.keys) == {f"Bearer {KEY}"}


def test_documents_go_in_batches_and_come_back_in_order(embedder: OpenAIEmbeddings, server: EmbeddingServer) -> None:
    texts = [f"word{n} and more" for n in range(150)]
    together = embedder.embed_documents(texts)
    assert [len(request["input"]) for request in server.requests] == [64, 64, 22]
    assert together.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-6)
    for row, text in enumerate(texts[::50]):
        np.testing.assert_array_equal(embedder.embed_queries([text])[0], together[50 * row])
    assert embedder.embed_documents([]).shape == (0, 64)


def test_a_length_is_asked_for_and_checked(server: EmbeddingServer) -> None:
    with closing(OpenAIEmbeddings("small", server.url, dimensions=16)) as embedder:
        assert embedder.fingerprint == "openai/small/16"
        assert embedder.embed_queries(["tea"]).shape == (1, 16)
        assert server.requests[0]["dimensions"] == 16
        server.answer = {"data": [{"index": 0, "embedding": [1.0] * 8}]}
        with pytest.raises(EmbedderMismatch, match=r"8 numbers.*16"):
            embedder.embed_queries(["tea"])


def test_a_known_fingerprint_spares_the_question(server: EmbeddingServer) -> None:
    with closing(OpenAIEmbeddings("small", server.url)) as embedder:
        embedder.recognise("openai/other/32")
        embedder.recognise("openai/small/32")
        assert embedder.fingerprint == "openai/small/32"
        assert server.requests == []


@pytest.mark.parametrize("text", ["", " \n", "\ud83d cut in half", "🙂", "a" * 5000])
def test_odd_texts_have_vectors(embedder: OpenAIEmbeddings, text: str) -> None:
    assert np.linalg.norm(embedder.embed_queries([text])[0]) == pytest.approx(1, abs=1e-5)


def test_a_text_that_is_too_long_counts_up_to_where_it_is_not(
    embedder: OpenAIEmbeddings, server: EmbeddingServer
) -> None:
    server.longest = 1000
    long = "tea " * 400
    short, cut = embedder.embed_documents(["coffee", long])
    np.testing.assert_array_equal(cut, embedder.embed_documents([long[:800]])[0])
    np.testing.assert_array_equal(short, embedder.embed_documents(["coffee"])[0])
    server.longest = 1
    with pytest.raises(Rejected, match="maximum context length"):
        embedder.embed_documents([long])


def test_a_busy_server_is_asked_again_when_it_wants_to_be(
    embedder: OpenAIEmbeddings, server: EmbeddingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    server.refusals = [(429, {"Retry-After": "7"}, "slow down")]
    assert embedder.embed_queries(["tea"]).shape == (1, 64)
    server.refusals = [(503, {}, "starting")]
    assert embedder.embed_queries(["tea"]).shape == (1, 64)
    assert waited[0] == 7
    assert 0.3 < waited[1] < 0.7
    server.refusals = [(429, {"Retry-After": "600"}, "slow down")]
    with pytest.raises(RateLimited) as told:
        embedder.embed_documents(["tea"])
    assert told.value.retry_after == 600
    server.refusals = [(502, {}, "oops")] * 9
    with pytest.raises(HostFailed):
        embedder.embed_queries(["tea"])
    assert len(server.refusals) == 7  # a question is not repeated for long
    with pytest.raises(HostFailed, match="502: oops"):
        embedder.embed_documents(["tea"])
    assert len(server.refusals) == 6  # whoever embeds documents goes on with others first


@pytest.mark.parametrize(
    ("status", "kind", "remedy"),
    [
        (401, AuthenticationFailed, "OPENAI_API_KEY"),
        (403, AuthenticationFailed, "OPENAI_API_KEY"),
        (400, Rejected, "'small'"),
        (404, Rejected, "/v1"),
        (302, Rejected, "address"),
    ],
)
def test_refusals_have_a_remedy_and_no_key(
    embedder: OpenAIEmbeddings, server: EmbeddingServer, status: int, kind: type[RemoteError], remedy: str
) -> None:
    server.refusals = [(status, {"Location": "/elsewhere"}, f"the key {KEY} is odd")]
    with pytest.raises(kind, match=remedy) as told:
        embedder.embed_documents(["tea"])
    assert KEY not in f"{told.value} {embedder!r}"
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [
        {"choices": []},
        [],
        {"data": []},
        {"data": [{"index": 0, "embedding": "base64"}]},
        {"data": [{"index": 0, "embedding": [0.0, 0.0]}]},
        {"data": [{"index": 0, "embedding": [float("nan"), 1.0]}]},
    ],
)
def test_what_is_no_embedding_is_told(embedder: OpenAIEmbeddings, server: EmbeddingServer, answer: object) -> None:
    server.answer = answer
    with pytest.raises(HostFailed, match="OpenAI-compatible"):
        embedder.embed_documents(["tea"])
    assert len(server.requests) == 1


def test_a_server_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: None)
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1:9/v1"):
        OpenAIEmbeddings("small", "http://127.0.0.1:9/v1").embed_queries(["tea"])


def test_environment_names_server_and_key(server: EmbeddingServer, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidConfig, match="OPENAI_API_KEY"):
        OpenAIEmbeddings("small")
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with closing(OpenAIEmbeddings("small")) as embedder:
        embedder.embed_queries(["tea"])
    assert server.keys == [f"Bearer {KEY}"]


def test_importing_loads_no_client() -> None:
    script = "import toldonce.embedders.openai, sys; assert not {'httpx2', 'onnxruntime'} & set(sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
