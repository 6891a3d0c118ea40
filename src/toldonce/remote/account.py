"""Where a Mem0 host is and the key to it, checked before anything is sent."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from hashlib import blake2b
from urllib.parse import urlsplit

from toldonce.errors import InvalidConfig
from toldonce.net.address import is_loopback, read_address

CLOUD = "https://api.mem0.ai"

PLAIN_HTTP = "TOLDONCE_ALLOW_PLAIN_HTTP"
"""Set to 1 in the environment, it allows http:// to other machines, for networks that are trusted."""


@dataclass(frozen=True, slots=True)
class Account:
    """A host and a key. The key stands in no repr."""

    host: str
    """``scheme://name[:port][/prefix]`` without a slash at its end."""
    key: str = field(repr=False)

    @property
    def fingerprint(self) -> str:
        """Tells accounts of one host apart, and does not give the key away."""
        return blake2b(f"{self.host}\0{self.key}".encode(), digest_size=6).hexdigest()

    @property
    def loopback(self) -> bool:
        """Whether the host is this machine."""
        return is_loopback(urlsplit(self.host).hostname or "")


def account(api_key: str | None, host: str | None, *, allow_plain_http: bool = False) -> Account:
    """Read what names a host, as Mem0's client does: ``MEM0_API_KEY`` and the cloud are the defaults.

    Raises:
        InvalidConfig: no key, or an address that cannot be used or must not be trusted with one.
    """
    key = api_key or os.environ.get("MEM0_API_KEY") or ""
    if not key.strip():
        raise InvalidConfig("A Mem0 host needs a key: pass api_key=, or set MEM0_API_KEY.")
    key = key.strip()
    if not key.isascii() or not key.isprintable() or " " in key:
        raise InvalidConfig("api_key holds characters that no key has, such as a blank or a line break. Copy it again.")
    return Account(_address(host or CLOUD, allow_plain_http or os.environ.get(PLAIN_HTTP) == "1"), key)


def _address(host: str, allow_plain_http: bool) -> str:
    parts = read_address(host, "host", CLOUD, "api_key=")
    if parts.scheme == "http" and not allow_plain_http and not is_loopback(parts.hostname or ""):
        raise InvalidConfig(
            f"{host} would send the key and everything said unencrypted to another machine. Use https://, or set "
            f"{PLAIN_HTTP}=1 if you trust every network in between."
        )
    return parts.geturl()
