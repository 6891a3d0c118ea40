"""API keys: made once, shown once, kept only as a keyed hash.

A key reads ``rec_<id>_<secret>``. Its id finds the row, a hash of the whole key under this folder's own secret decides.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

from toldonce.errors import InvalidInput
from toldonce.stores.protocol import Store, Write
from toldonce.stores.serving import ApiKey

SCOPES = ("read", "write", "admin")
_PREFIX = "rec"


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A new key, the only time it is seen."""

    text: str
    kept: ApiKey


class KeyHash:
    """Hashes under a secret of the store's."""

    def __init__(self, store: Store) -> None:
        self._secret = store.secret("keys")

    def digest(self, text: str) -> bytes:
        """32 bytes that say nothing about the text to whoever has the database alone."""
        return blake2b(text.encode("utf-8", "surrogatepass"), key=self._secret, digest_size=32).digest()

    def fits(self, text: str, digest: bytes) -> bool:
        """Whether this is the text, compared in constant time."""
        return hmac.compare_digest(self.digest(text), digest)


def issue(
    store: Write,
    hashes: KeyHash,
    project_id: str,
    name: str,
    scopes: Sequence[str],
    expires_at: int | None,
    now: int,
) -> IssuedKey:
    """Make a key for a project. Raises ``InvalidInput`` for scopes that do not exist."""
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        raise InvalidInput(f"A key's scopes are some of {', '.join(SCOPES)}, not {', '.join(unknown) or 'none'}.")
    key_id = secrets.token_hex(6)
    text = f"{_PREFIX}_{key_id}_{secrets.token_urlsafe(32)}"
    ordered = tuple(scope for scope in SCOPES if scope in scopes)
    kept = ApiKey(key_id, project_id, name, hashes.digest(text), ordered, now, expires_at)
    store.serving.add_key(kept)
    return IssuedKey(text, kept)


def key_id_of(text: str) -> str | None:
    """The id in a key, or None if this is no key of ours."""
    parts = text.split("_", 2)
    return parts[1] if len(parts) == 3 and parts[0] == _PREFIX else None


def holds(key: ApiKey, now: int) -> bool:
    """Whether a key was neither revoked nor has expired."""
    return key.revoked_at is None and (key.expires_at is None or key.expires_at > now)
