"""Digests of what is said: equal for the same words, and of no use to anybody without the store's secret.

A message's text is often short: of an unkeyed digest a four-digit PIN is found by trying ten thousand.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

SIZE = 16
"""Bytes."""


def words_digest(key: bytes, role: str, name: str | None, text: str, *about: str | None) -> bytes:
    """Equal where the same speaker says the same about the same; texts may differ in white space and nothing else.

    A capital letter or a sign may be the correction of a password or a name. ``about``: see ``about``.
    """
    words = " ".join(text.split())
    parts = [role, name or "", words, *(part or "" for part in about)]
    while not parts[-1]:  # what is not there is not written either
        parts.pop()
    return blake2b("\x1f".join(parts).encode("utf-8", "surrogatepass"), key=key, digest_size=SIZE).digest()


def fact_digest(key: bytes, whom: str, text: str, *about: str | None) -> bytes:
    """Equal for the same statement about the same person or thing, and never for something that was said."""
    return words_digest(key, "fact", whom, text, *about)


def about(
    agent_id: str | None, app_id: str | None, metadata: Mapping[str, Any], expires_on: str | None
) -> tuple[str | None, ...]:
    """What besides its words tells one saying from another: with whom, with what metadata, and for how long."""
    return (agent_id, app_id, json.dumps(metadata, sort_keys=True, default=str) if metadata else None, expires_on)


def key_name(key: bytes) -> str:
    """Tells one key from another, and gives neither away."""
    return blake2b(key, digest_size=8, person=b"toldonce key").hexdigest()


def bare_digest(key: bytes, text: str) -> bytes:
    """Equal for the same words whoever says them and whatever is said with them: how erased words are known again."""
    return blake2b(
        " ".join(text.split()).encode("utf-8", "surrogatepass"), key=key, digest_size=SIZE, person=b"erased words"
    ).digest()


def subject_digest(key: bytes, project: str, kind: str, entity: str) -> bytes:
    """Names an entity of a project to whoever knows both and has the key, and to nobody else."""
    named = "\x1f".join((project, kind, entity)).encode("utf-8", "surrogatepass")
    return blake2b(named, key=key, digest_size=SIZE, person=b"erased entity").digest()
