"""Addresses of hosts: read, checked and compared."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from toldonce.errors import InvalidConfig

_PORTS = {"http": 80, "https": 443}


def read_address(text: str, what: str, example: str, key: str) -> SplitResult:
    """The parts of ``scheme://name[:port][/path]``, in one spelling: lower case, no slash at the end.

    ``what``: how the message of an error calls it. ``key``: where the key goes, which is not in an address.

    Raises ``InvalidConfig``.
    """
    try:
        parts = urlsplit(text.strip())
        name, _ = parts.hostname, parts.port
    except ValueError as error:
        raise InvalidConfig(f"{what} is not an address: {error}. Use one such as {example}.") from error
    if parts.scheme not in ("http", "https") or not name:
        raise InvalidConfig(f"{what} must begin with https:// or http://, as in {example}; not {text!r}.")
    if parts.username is not None or parts.query or parts.fragment:
        raise InvalidConfig(f"{what} must be a plain address, without a user name, '?' or '#'. The key goes in {key}.")
    return parts._replace(netloc=parts.netloc.lower(), path=parts.path.rstrip("/"))


def is_loopback(name: str) -> bool:
    """Whether a host's name or number means this machine, for every resolver."""
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")


def origin(url: str) -> tuple[str, str, int]:
    """(scheme, name, port) of an address: keys are given to an origin, never to a name alone."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)
