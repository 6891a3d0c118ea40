"""API keys: made once, shown once, kept only as a keyed hash.

A key reads ``told_<id>_<secret>``. The id finds the row, a hash of the whole key under the folder's secret decides.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

from toldonce.errors import InvalidInput, StoreError
from toldonce.stores.protocol import Store, Write
from toldonce.stores.serving import ApiKey
from toldonce.times import now

SCOPES = ("read", "write", "admin")
_PREFIX = "told"
_PREFIXES = (_PREFIX, "rec")
"""Keys that were issued with an earlier one go on."""
_SECRET = "keys"


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A new key, the only time it is seen."""

    text: str
    kept: ApiKey


class KeyHash:
    """Hashes under a secret of the store's. Raises ``StoreError`` if keys were issued under one that is gone."""

    def __init__(self, store: Store) -> None:
        if not store.has_secret(_SECRET):
            at = now()
            with store.read() as read:
                lost = sum(holds(key, at) for key in read.serving.keys(None))
            if lost:
                raise StoreError(
                    f"The secret {_SECRET!r} of {store.location} is missing, so {lost} API keys cannot be checked. Put "
                    "the file back from a backup, or revoke these keys (toldonce keys list, toldonce keys revoke ID) "
                    "and create new ones."
                )
        self._secret = store.secret(_SECRET)

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
    at: int,
) -> IssuedKey:
    """Make a key for a project. Raises ``InvalidInput`` for scopes that do not exist."""
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        raise InvalidInput(f"A key's scopes are some of {', '.join(SCOPES)}, not {', '.join(unknown) or 'none'}.")
    key_id = secrets.token_hex(6)
    text = f"{_PREFIX}_{key_id}_{secrets.token_urlsafe(32)}"
    ordered = tuple(scope for scope in SCOPES if scope in scopes)
    kept = ApiKey(key_id, project_id, name, hashes.digest(text), ordered, at, expires_at)
    store.serving.add_key(kept)
    return IssuedKey(text, kept)


def key_id_of(text: str) -> str | None:
    """The id in a key, or None if this is no key of ours."""
    parts = text.split("_", 2)
    return parts[1] if len(parts) == 3 and parts[0] in _PREFIXES else None


def holds(key: ApiKey, at: int) -> bool:
    """Whether a key was neither revoked nor has expired."""
    return key.revoked_at is None and (key.expires_at is None or key.expires_at > at)
