"""Receipts of what was erased, signed so that who gets one can tell that this store made it and nobody changed it.

A receipt says what was erased by kind and count, and never in words: whom it was about is a keyed digest. It is signed
with Ed25519 (RFC 8032) over its JSON without the signature, keys sorted, no spaces, ASCII only. The key is a secret of
the store. ``tools/check_receipt.py`` checks one without Toldonce.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from toldonce.stores.erasing import Erasure
from toldonce.stores.protocol import Read, Store
from toldonce.times import iso

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SECRET = "receipts"
"""The store's secret that is the private key."""
PUBLIC_KEY = "receipt key"
"""The setting that holds the public one, for whoever checks a receipt against a copy of the data alone."""
FORMAT = 1


def public_key(store: Store) -> str:
    """The store's public key, in hexadecimal."""
    return _key(store).public_key().public_bytes_raw().hex()


def receipt(store: Store, erasure: Erasure, erased_at: int) -> dict[str, Any]:
    """The signed receipt of an erasure that was carried out and of which no byte is left since ``erased_at``."""
    key = _key(store)
    said = {
        "format": FORMAT,
        "id": erasure.id,
        "project": erasure.project,
        "kind": erasure.kind,
        "subject": erasure.subject.hex(),
        "ordered_at": iso(erasure.ordered_at),
        "hidden_at": None if erasure.hidden_at is None else iso(erasure.hidden_at),
        "erased_at": iso(erased_at),
        "erased": dict(erasure.counts),
        "owners": list(erasure.owners),
        "allow_return": erasure.allow_return,
        "public_key": key.public_key().public_bytes_raw().hex(),
    }
    return {**said, "signature": key.sign(signed_bytes(said)).hex()}


def receipts(store: Read, project: str | None, subject: bytes | None = None) -> list[str]:
    """Signed receipts as they were made, oldest first: of a project or of all, about one subject or about any."""
    return [
        erasure.receipt
        for erasure in store.erasing.erasures()
        if erasure.receipt is not None and project in (None, erasure.project) and subject in (None, erasure.subject)
    ]


def signed_bytes(said: dict[str, Any]) -> bytes:
    """What is signed of a receipt."""
    unsigned = {name: value for name, value in said.items() if name != "signature"}
    return json.dumps(unsigned, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii")


def _key(store: Store) -> Ed25519PrivateKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # loaded by those who erase only

    return Ed25519PrivateKey.from_private_bytes(store.secret(SECRET))
