"""Embeddings from any server that speaks OpenAI's protocol: OpenAI, Ollama, vLLM, LM Studio, llama.cpp ..."""

from __future__ import annotations

import time
from collections.abc import Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from toldonce.embedders import Vectors
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
from toldonce.net.client import client_settings
from toldonce.net.messages import explanation, redacted
from toldonce.net.openai import CLOUD, default_base_url, key_for, read_base_url
from toldonce.net.retry import Retries, retry_after

if TYPE_CHECKING:
    import httpx2

_BATCH = 64
"""Texts a request."""
_QUERY_SECONDS, _QUERIES = 10.0, Retries(2)
_DOCUMENT_SECONDS, _DOCUMENTS = 60.0, Retries(1)
"""Seconds for one try, and how often it is repeated. Nobody waits for a document's vector: who asks for many tries
again later what failed, and goes on with the others meanwhile."""
_SHORTEST = 64
"""Characters to which a text is cut at most when a server finds it too long."""


class OpenAIEmbeddings:
    """``POST {base_url}/embeddings``, several texts a request; safe to call from several threads.

    Args:
        model: As the server calls it.
        base_url: With the version in it, as in ``http://localhost:11434/v1``. ``OPENAI_BASE_URL`` or OpenAI's unless
            said.
        api_key: For this address. Unless said, ``OPENAI_API_KEY`` if the address is OpenAI's or ``OPENAI_BASE_URL``,
            and otherwise none. It is in no message of an error.
        dimensions: Ask for vectors of this length, where the model can give several.

    A server that is busy or broken (429, 5xx) is asked again for a query's vector, as late as its ``Retry-After`` says;
    a text that is too long for the model counts up to where it is not. Raises the ``RemoteError``s of
    ``toldonce.errors``.
    """

    def __init__(
        self, model: str, base_url: str | None = None, api_key: str | None = None, dimensions: int | None = None
    ) -> None:
        self.model = model
        self.base_url = read_base_url(base_url or default_base_url())
        self._key = key_for(self.base_url, api_key)
        if not self._key and self.base_url == CLOUD:
            raise InvalidConfig(
                "OpenAI's embeddings need a key: set OPENAI_API_KEY. For a server of your own name its address, as in "
                "openai:MODEL@http://localhost:11434/v1."
            )
        self._asked_for = dimensions
        self._length = dimensions
        self._lock = Lock()
        self._http: httpx2.Client | None = None

    def __repr__(self) -> str:
        return f"OpenAIEmbeddings({self.model!r}, base_url={self.base_url!r}, dimensions={self._asked_for!r})"

    @property
    def dimensions(self) -> int:
        """The length of every vector; asks the server unless it was said or seen."""
        if self._length is None:
            self.embed_queries(["How long is a vector?"])
        assert self._length is not None
        return self._length

    @property
    def fingerprint(self) -> str:
        """The model and the length: the same model is the same on every host."""
        return f"{self.prefix}{self.dimensions}"

    @property
    def prefix(self) -> str:
        """What the fingerprint begins with, whatever the length turns out to be."""
        return f"openai/{self.model}/"

    def recognise(self, fingerprint: str) -> None:
        """Take the length from a fingerprint this model got earlier, so that nobody needs to be asked."""
        length = fingerprint.removeprefix(self.prefix)
        if self._length is None and length != fingerprint and length.isdecimal():
            self._length = int(length)

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Vectors of what is asked; float32, shape (len(texts), dimensions), rows of length one."""
        return self._embed(texts, _QUERY_SECONDS, _QUERIES)

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """Vectors of what is remembered; float32, shape (len(texts), dimensions), rows of length one."""
        return self._embed(texts, _DOCUMENT_SECONDS, _DOCUMENTS)

    def close(self) -> None:
        """Close the connections; they open again when they are needed."""
        with self._lock:
            http, self._http = self._http, None
        if http is not None:
            http.close()

    def _embed(self, texts: Sequence[str], seconds: float, retries: Retries) -> Vectors:
        if not len(texts):
            return np.empty((0, self.dimensions), np.float32)
        # No server embeds nothing, and half an emoji cut by someone cannot be sent.
        sent = [text.encode("utf-8", "replace").decode("utf-8") if text.strip() else "-" for text in texts]
        rows: list[list[float]] = []
        for start in range(0, len(sent), _BATCH):
            rows += self._fitting(sent[start : start + _BATCH], seconds, retries)
        return self._read(rows)

    def _fitting(self, texts: list[str], seconds: float, retries: Retries) -> list[list[float]]:
        """One request, or several where some text is too long for the model."""
        try:
            return self._tried(texts, seconds, retries)
        except _TooLong as error:
            if len(texts) > 1:
                half = len(texts) // 2
                return self._fitting(texts[:half], seconds, retries) + self._fitting(texts[half:], seconds, retries)
            if len(texts[0]) <= _SHORTEST:
                raise Rejected(str(error)) from error
            return self._fitting([texts[0][: len(texts[0]) // 2]], seconds, retries)

    def _tried(self, texts: list[str], seconds: float, retries: Retries) -> list[list[float]]:
        attempt = 1
        while True:
            try:
                return self._request(texts, seconds)
            except RemoteError as error:
                pause = None if isinstance(error, _NoEmbeddings) else retries.pause(error, attempt)
                if pause is None:
                    raise
                time.sleep(pause)
                attempt += 1

    def _request(self, texts: list[str], seconds: float) -> list[list[float]]:
        import httpx2

        asked: dict[str, Any] = {"model": self.model, "input": texts}
        if self._asked_for is not None:
            asked["dimensions"] = self._asked_for
        try:
            answer = self._client().post(f"{self.base_url}/embeddings", json=asked, timeout=seconds)
        except httpx2.TimeoutException as error:
            raise Unreachable(f"{self.base_url} did not answer within {seconds:g} s. Is the server busy?") from error
        except httpx2.HTTPError as error:
            why = redacted(str(error), self._key) or type(error).__name__
            raise Unreachable(
                f"{self.base_url} cannot be reached: {why}. Is the server running, and the address right?"
            ) from error
        if answer.status_code != 200:
            raise self._refusal(answer)
        try:
            rows = sorted(answer.json()["data"], key=lambda row: row["index"])
            vectors = [row["embedding"] for row in rows]
        except (ValueError, KeyError, TypeError) as error:
            raise _NoEmbeddings(f"{self.base_url} answered with something else than embeddings. {_CHECK}") from error
        if len(vectors) != len(texts):
            raise _NoEmbeddings(f"{self.base_url} gave {len(vectors)} vectors for {len(texts)} texts. {_CHECK}")
        return vectors

    def _read(self, rows: list[list[float]]) -> Vectors:
        try:
            vectors = np.array(rows, np.float32)
            lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        except (ValueError, TypeError) as error:
            raise _NoEmbeddings(f"{self.base_url} gave vectors that cannot be read: {error}. {_CHECK}") from error
        if not np.isfinite(lengths).all() or not lengths.all():
            raise _NoEmbeddings(f"{self.base_url} gave a vector without a direction. {_CHECK}")
        if self._length not in (None, vectors.shape[1]):
            raise EmbedderMismatch(
                f"{self.base_url} gave vectors of {vectors.shape[1]} numbers; {self.model!r} is set up here for "
                f"{self._length}. Serve the same model again, ask for its own length, or make all vectors anew with "
                "toldonce rebuild."
            )
        self._length = vectors.shape[1]
        found: Vectors = vectors / lengths
        return found

    def _refusal(self, answer: httpx2.Response) -> Exception:
        status, said = answer.status_code, redacted(explanation(answer.content), self._key).rstrip(".")
        text = f"{self.base_url} answered {status}{': ' if said else ''}{said}."
        if status in (401, 403):
            return AuthenticationFailed(f"{text} {_CHECK_KEY if self._key else _NO_KEY}")
        if status == 429:
            return RateLimited(f"{text} It wants fewer requests.", retry_after=retry_after(answer.headers))
        if status >= 500:
            return HostFailed(f"{text} See the server's own log.", retry_after=retry_after(answer.headers))
        if status == 413 or (status in (400, 422) and any(sign in said.lower() for sign in _TOO_LONG)):
            return _TooLong(text)
        return Rejected(f"{text} Check the model's name {self.model!r} and the address, which often ends with /v1.")

    def _client(self) -> httpx2.Client:
        import httpx2

        with self._lock:
            if self._http is None:
                bearer = f"Bearer {self._key}" if self._key else None
                self._http = httpx2.Client(**client_settings(self.base_url, bearer))
            return self._http


_CHECK = "Does the address name an OpenAI-compatible server, and the model an embedding model?"
_CHECK_KEY = "Check OPENAI_API_KEY, or the api_key in the configuration."
_NO_KEY = (
    "No key was sent: OPENAI_API_KEY goes only to OpenAI and to OPENAI_BASE_URL. Set OPENAI_BASE_URL to this address, "
    "or the api_key in the configuration."
)
_TOO_LONG = ("token", "too long", "context length", "maximum length", "too large")
"""What servers say of a text that is longer than the model reads."""


class _TooLong(Exception):
    """The server finds a text, or all of them together, too long."""


class _NoEmbeddings(HostFailed):
    """An answer, but not to what was asked: asking again would not help."""
