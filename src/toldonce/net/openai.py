"""OpenAI-compatible hosts: where they are, which key goes to which, and which a data folder may name.

Two rules. The key in ``OPENAI_API_KEY`` goes to OpenAI and to ``OPENAI_BASE_URL``, nowhere else. An address that stands
only in a data folder is not used before somebody has confirmed it: a folder may come from anywhere, and would get to
see every text.
"""

from __future__ import annotations

import os

from toldonce.errors import AddressNotConfirmed
from toldonce.net.address import origin, read_address

CLOUD = "https://api.openai.com/v1"

CONFIRMED = "TOLDONCE_CONFIRMED_HOSTS"
"""The environment variable that confirms addresses, several of them apart by blanks or commas."""


def default_base_url() -> str:
    """``OPENAI_BASE_URL``, or else OpenAI's own."""
    return os.environ.get("OPENAI_BASE_URL") or CLOUD


def read_base_url(text: str) -> str:
    """An address in the one spelling by which two of them are compared. Raises ``InvalidConfig``."""
    example, key = "http://localhost:11434/v1", "OPENAI_API_KEY, or in the configuration's api_key"
    return read_address(text, "The embedder's address", example, key).geturl()


def key_for(base_url: str, given: str | None = None) -> str:
    """The key for an address: the ``given`` one, or ``OPENAI_API_KEY`` where it belongs; empty if there is none."""
    if given and given.strip():
        return given.strip()
    homes = {origin(CLOUD), origin(read_base_url(default_base_url()))}
    return os.environ.get("OPENAI_API_KEY", "").strip() if origin(base_url) in homes else ""


def require_confirmed(base_url: str, whose: str) -> None:
    """Refuse an address that nobody but a data folder names.

    OpenAI's needs no word beside its key, without which nothing is sent there. Another is confirmed by
    ``OPENAI_BASE_URL`` or ``TOLDONCE_CONFIRMED_HOSTS``. What the program's own configuration names is confirmed by that
    and never comes here. ``whose``: who names the address, for the message.

    Raises ``AddressNotConfirmed``.
    """
    named = os.environ.get(CONFIRMED, "").replace(",", " ").split()
    if base_url in {read_base_url(text) for text in (CLOUD, default_base_url(), *named)}:
        return
    raise AddressNotConfirmed(
        f"{whose} has its vectors made at {base_url}, which would see every text. Nothing was sent there. If you trust "
        f"it, name the embedder in the configuration, or set {CONFIRMED}={base_url}."
    )
