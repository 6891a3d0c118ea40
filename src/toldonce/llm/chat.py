"""One client for every host that speaks OpenAI's chat protocol, which by now nearly all of them do."""

from __future__ import annotations

import json
import time
from threading import Lock
from typing import TYPE_CHECKING, Any

from toldonce.errors import AuthenticationFailed, HostFailed, RateLimited, Rejected, Unreachable
from toldonce.llm import Completion
from toldonce.llm.spec import PROVIDERS, LlmSpec
from toldonce.net.client import client_settings
from toldonce.net.messages import explanation, redacted
from toldonce.net.retry import retry_after

if TYPE_CHECKING:
    import httpx2

MOST_BYTES = 1 << 20
"""Of an answer. A model that does not stop is broken off."""
_OPTIONAL = ("response_format", "temperature", "top_p", "max_tokens")
"""What a host or a model may not know: it is left out from then on once a refusal names it."""


class Chat:
    """``POST {base_url}/chat/completions``; safe to call from several threads. It never retries: jobs do.

    Raises the ``RemoteError``s of ``toldonce.errors``; the key is in no message.
    """

    def __init__(self, spec: LlmSpec) -> None:
        self._spec = spec
        self._key = spec.key()
        self._left_out: set[str] = set()
        self._lock = Lock()
        self._http: httpx2.Client | None = None

    @property
    def name(self) -> str:
        """The provider and the model."""
        return f"{self._spec.provider}:{self._spec.model}"

    def complete(self, instructions: str, text: str, schema: dict[str, Any]) -> Completion:
        """See ``ChatModel.complete``."""
        deadline = time.monotonic() + self._spec.timeout
        while True:
            asked = self._request(instructions, text, schema)
            status, headers, content = self._post(asked, deadline)
            if status == 200:
                return self._read(content)
            unknown = self._unknown(status, content, asked)
            if not unknown:
                raise self._refusal(status, headers, content)
            with self._lock:
                self._left_out |= unknown

    def close(self) -> None:
        """Close the connections; they open again when they are needed."""
        with self._lock:
            http, self._http = self._http, None
        if http is not None:
            http.close()

    def _request(self, instructions: str, text: str, schema: dict[str, Any]) -> dict[str, Any]:
        spec = self._spec
        optional = {
            "response_format": {"type": "json_schema", "json_schema": {"name": "facts", "schema": schema}},
            "temperature": 0.0 if spec.temperature is None else spec.temperature,
            "top_p": spec.top_p,
            "max_tokens": spec.max_tokens,
        }
        with self._lock:
            kept = {key: value for key, value in optional.items() if value is not None and key not in self._left_out}
        messages = [{"role": "system", "content": instructions}, {"role": "user", "content": text}]
        return {"model": spec.model, "messages": messages, "stream": False, **kept}

    def _post(self, asked: dict[str, Any], deadline: float) -> tuple[int, Any, bytes]:
        import httpx2

        url, seconds = f"{self._spec.base_url}/chat/completions", max(deadline - time.monotonic(), 0.001)
        late = f"{self._spec.base_url} did not answer within {self._spec.timeout:g} s. Is the model busy?"
        body = json.dumps(asked, ensure_ascii=False).encode("utf-8", "replace")
        headers = {"Content-Type": "application/json"}
        try:
            with self._client().stream("POST", url, content=body, headers=headers, timeout=seconds) as answer:
                content = bytearray()
                for part in answer.iter_bytes():
                    content += part
                    if len(content) > MOST_BYTES:
                        raise HostFailed(f"{self._spec.base_url} answered with more than {MOST_BYTES:,} bytes.")
                    if time.monotonic() > deadline:  # one byte now and then is no answer either
                        raise Unreachable(late)
                return answer.status_code, answer.headers, bytes(content)
        except httpx2.TimeoutException as error:
            raise Unreachable(late) from error
        except httpx2.HTTPError as error:
            why = redacted(str(error), self._key) or type(error).__name__
            raise Unreachable(
                f"{self._spec.base_url} cannot be reached: {why}. Is the server running, and the address right?"
            ) from error

    def _unknown(self, status: int, content: bytes, asked: dict[str, Any]) -> set[str]:
        """What the refusal says that the host or the model does not know."""
        if status not in (400, 422):
            return set()
        said = content.decode("utf-8", "replace").lower()
        named = {key for key in _OPTIONAL if key in asked and key in said}
        if "json_schema" in said or "json schema" in said:
            named |= {"response_format"} & set(asked)
        return named

    def _read(self, content: bytes) -> Completion:
        try:
            answer = json.loads(content)
            choice = answer["choices"][0]
            text, refusal = choice["message"].get("content"), choice["message"].get("refusal")
            used = answer.get("usage") or {}
            tokens = [_count(used.get(key)) for key in ("prompt_tokens", "completion_tokens")]
        except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
            raise HostFailed(
                f"{self._spec.base_url} answered with something else than a chat completion. Does the address name an "
                "OpenAI-compatible server, and the model a chat model?"
            ) from error
        if refusal or not isinstance(text, str) or not text.strip():
            reason = refusal or choice.get("finish_reason") or "no text"
            raise Rejected(f"The model {self._spec.model!r} gave no answer: {redacted(str(reason)[:200], self._key)}.")
        return Completion(text, *tokens)

    def _refusal(self, status: int, headers: Any, content: bytes) -> Exception:
        spec, said = self._spec, redacted(explanation(content), self._key).rstrip(".")
        text = f"{spec.base_url} answered {status}{': ' if said else ''}{said}."
        if status in (401, 403):
            variable = PROVIDERS[spec.provider].key_variable
            ask = f"Check {variable}, or the llm's api_key." if variable else "Give the llm an api_key."
            sent = "" if self._key else " No key was sent: a key from the environment goes to its provider only."
            return AuthenticationFailed(f"{text}{sent} {ask}")
        if status == 429:
            return RateLimited(f"{text} It wants fewer requests.", retry_after=retry_after(headers))
        if status >= 500:
            return HostFailed(f"{text} See the server's own log.", retry_after=retry_after(headers))
        return Rejected(f"{text} Check the model's name {spec.model!r} and the address, which often ends with /v1.")

    def _client(self) -> httpx2.Client:
        import httpx2

        with self._lock:
            if self._http is None:
                bearer = f"Bearer {self._key}" if self._key else None
                self._http = httpx2.Client(**client_settings(self._spec.base_url, bearer))
            return self._http


def _count(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
