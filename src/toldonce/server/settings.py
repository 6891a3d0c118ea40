"""How a server is set up."""

from __future__ import annotations

from dataclasses import dataclass

from toldonce.stores.place import Place


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything ``toldonce serve`` can be told."""

    place: Place
    bootstrap_key: str | None = None
    """A key for automation, from ``TOLDONCE_API_KEY``: it reaches the project that the library uses."""
    hosts: frozenset[str] = frozenset()
    """Names the server may be called by, besides localhost and IP addresses."""
    cors_origins: tuple[str, ...] = ()
    """Origins whose pages may call the server."""
    private_webhooks: bool = False
    """Whether webhooks may go to loopback and private addresses."""
    rate: int = 120_000
    """Requests a minute that one key may make; 0: as many as it likes."""
    public_url: str | None = None
    """Where others find the server, without a slash at its end; None: where a request was sent to."""
    log_days: int = 30
    """Days for which it is known what a call did, which ``Idempotency-Key`` it carried, and which webhook was told."""
