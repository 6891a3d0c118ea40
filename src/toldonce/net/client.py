"""The settings every HTTP client of ours has."""

from __future__ import annotations

from typing import TypedDict
from urllib.parse import urlsplit

from toldonce.net.address import is_loopback


class ClientSettings(TypedDict):
    """Arguments of ``httpx2.Client`` and ``httpx2.AsyncClient``."""

    headers: dict[str, str]
    follow_redirects: bool
    trust_env: bool


def client_settings(url: str, authorization: str | None = None) -> ClientSettings:
    """For talking to one host. ``authorization``: the header that carries the key, as in ``Bearer sk-...``."""
    headers = {"Accept": "application/json", "User-Agent": "toldonce"}
    if authorization is not None:
        headers["Authorization"] = authorization
    return {
        "headers": headers,
        "follow_redirects": False,  # wherever one leads, the key and the texts would go along
        "trust_env": not is_loopback(urlsplit(url).hostname or ""),  # no proxy to this machine
    }
