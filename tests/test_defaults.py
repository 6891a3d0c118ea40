"""Defaults and limits that users rely on: to change one is a change of behaviour, which is announced."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from toldonce import AsyncMemory, Memory
from toldonce.config import INDEX_BYTES
from toldonce.embedders import OpenAIEmbeddings
from toldonce.embedders.openai import _DOCUMENT_SECONDS, _DOCUMENTS, _QUERIES, _QUERY_SECONDS
from toldonce.engine.extraction import GATHER, RETRIES, SLACK
from toldonce.engine.jobs.worker import AT_ONCE, LEASE, OF_ONE_SHARE
from toldonce.engine.requests import LONGEST_QUERY, MOST_METADATA, MOST_RESULTS, MOST_TOKENS, search_terms
from toldonce.filters.tree import EVERYTHING
from toldonce.llm.spec import TIMEOUT
from toldonce.pipecat import Mem0MemoryService, breaker
from toldonce.remember import align, plan
from toldonce.remember.normalise import LONGEST_LABEL, LONGEST_MESSAGE
from toldonce.remote import RemoteMemory
from toldonce.remote.client import _CONNECT, DEADLINE, SEARCH_DEADLINE
from toldonce.remote.outbox import policy, sender
from toldonce.remote.outbox.file import _REMEMBERS_SENT, MOST_BYTES
from toldonce.server import gate, limits, protocol
from toldonce.server.routes.listing import PAGE_SIZE
from toldonce.server.routes.searching import _TOP_K
from toldonce.server.service import _MOST_RESULTS
from toldonce.server.settings import Settings

HOUR = 3_600 * 1_000_000
DAY = 24 * HOUR

ARGUMENTS: list[tuple[Callable[..., Any], dict[str, Any]]] = [
    (Memory.add, {"infer": True, "user_id": None, "metadata": None, "conversation_id": None}),
    (Memory.search, {"top_k": 20, "filters": None, "threshold": 0.1, "token_budget": None, "explain": False}),
    (Memory.get_all, {"top_k": 20, "filters": None}),
    (RemoteMemory.search, {"top_k": 20, "threshold": 0.1}),
    (RemoteMemory.__init__, {"api_key": None, "host": None, "agent_alone": False, "allow_plain_http": False}),
    (
        Mem0MemoryService.__init__,
        {
            "api_key": None,
            "local_config": None,
            "user_id": None,
            "agent_id": None,
            "run_id": None,
            "params": None,
            "host": None,
            "recall_timeout": 0.15,
            "shutdown_timeout": 2.0,
            "scope": "user",
            "prefetch": True,
        },
    ),
    (
        Mem0MemoryService.InputParams,
        {
            "search_limit": 10,
            "search_threshold": 0.1,
            "api_version": "v2",
            "system_prompt": "Based on previous conversations, I recall: \n\n",
            "add_as_system_message": True,
            "position": 1,
        },
    ),
]


@pytest.mark.parametrize(("function", "defaults"), ARGUMENTS, ids=lambda value: getattr(value, "__qualname__", ""))
def test_arguments_have_their_defaults(function: Callable[..., Any], defaults: dict[str, Any]) -> None:
    parameters = inspect.signature(function).parameters
    assert {name: parameters[name].default for name in defaults} == defaults


@pytest.mark.parametrize("verb", ["add", "search", "get_all", "get", "update", "delete", "delete_all", "history"])
def test_both_faces_take_the_same_arguments(verb: str) -> None:
    one, other = (inspect.signature(getattr(face, verb)).parameters for face in (Memory, AsyncMemory))
    assert [(p.name, p.kind, p.default) for p in one.values()] == [(p.name, p.kind, p.default) for p in other.values()]


def test_how_long_hosts_are_waited_for() -> None:
    """Seconds."""
    assert (_CONNECT, SEARCH_DEADLINE, DEADLINE) == (5.0, 10.0, 60.0)
    assert (_QUERY_SECONDS, _QUERIES.tries, _DOCUMENT_SECONDS, _DOCUMENTS.tries) == (10.0, 2, 60.0, 1)
    assert (_QUERIES.longest_pause, _DOCUMENTS.longest_pause) == (30.0, 30.0)
    assert OpenAIEmbeddings("m", "http://localhost:1/v1").base_url == "http://localhost:1/v1"


def test_how_long_an_outbox_keeps_what_it_has() -> None:
    assert (sender.OLDEST, _REMEMBERS_SENT, MOST_BYTES) == (30 * DAY, 7 * DAY, 256 << 20)
    assert (policy.REJECTIONS, policy.FAILURES, policy.FAILS_FOR) == (3, 10, HOUR)
    assert (policy.LONGEST_PAUSE, policy.LONGEST_HOLD, policy.LONGEST_WAIT) == (30.0, 300.0, 3_600.0)


def test_how_much_a_server_takes_and_keeps() -> None:
    assert (limits.MOST_BYTES, limits.MOST_MESSAGES, limits.MOST_AT_ONCE) == (4 << 20, 2_000, 1_000)
    assert limits.WRONG_KEYS == 60
    assert (limits.MOST_ON_A_PAGE, _MOST_RESULTS) == (200, 1_000)
    assert (gate.AT_ONCE, gate.MOST_WAITING, gate.MOST_HELD) == (16, 1_000, 32 << 20)
    assert (protocol.MOST_CONNECTIONS, protocol.MOST_HEADER_BYTES) == (1_000, 64 << 10)
    assert (protocol.HEADERS_WITHIN, protocol.BODY_WITHIN, protocol.READ_WITHIN) == (10.0, 60.0, 60.0)
    assert Settings(Path()).log_days == 30
    assert LEASE == HOUR // 60
    assert INDEX_BYTES == 1 << 30


def test_what_a_server_does_unless_it_is_told_otherwise() -> None:
    settings = Settings(Path())
    assert (settings.rate, settings.private_webhooks, settings.cors_origins) == (120_000, False, ())
    assert (settings.hosts, settings.bootstrap_key, settings.public_url) == (frozenset(), None, None)
    assert (_TOP_K, PAGE_SIZE) == (10, 100)
    assert search_terms("tea", EVERYTHING, 1, None, 0).threshold == 0.1


def test_how_long_a_model_is_given_and_how_often_it_is_asked() -> None:
    assert (GATHER, SLACK) == (2_000_000, 60_000_000)
    assert (RETRIES.tries, RETRIES.first_pause, RETRIES.longest_pause) == (5, 2.0, 60.0)
    assert (TIMEOUT, AT_ONCE, OF_ONE_SHARE) == (60.0, 4, 2)


def test_what_recall_takes_for_a_repeat_and_for_a_session() -> None:
    """Microseconds."""
    assert (align.AT_ONCE, plan.SESSION_GAP) == (5_000_000, HOUR)


def test_when_a_voice_service_leaves_a_backend_alone() -> None:
    """Failures in a row, and seconds."""
    assert (breaker.THRESHOLD, breaker.FIRST_REST, breaker.LONGEST_REST) == (3, 1.0, 30.0)


def test_how_much_one_call_takes() -> None:
    assert (LONGEST_QUERY, MOST_METADATA, MOST_RESULTS, MOST_TOKENS) == (8_192, 65_536, 10_000, 1_000_000)
    assert (LONGEST_MESSAGE, LONGEST_LABEL) == (256 * 1024, 512)
