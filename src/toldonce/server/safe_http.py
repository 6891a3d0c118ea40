"""One HTTP POST to an address somebody else chose.

The name is resolved once, every address it has is checked, and the connection goes to an address that was checked: a
name cannot turn into a private address in between. Redirects are not followed.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
from collections.abc import Mapping
from urllib.parse import urlsplit

TIMEOUT = 10.0
"""Seconds to connect, and to wait for each part of the answer."""


_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class Refused(Exception):
    """The address lies inside: loopback, private, link-local or otherwise not on the open internet."""


def post(url: str, body: bytes, headers: Mapping[str, str], *, allow_private: bool) -> int:
    """Send and return the status.

    Raises:
        Refused: the name leads inside, and that is not allowed.
        OSError: it could not be reached or did not answer.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    address = _address(host, port, allow_private)
    connection = _connection(parts.scheme, host, port, address)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("POST", path, body, {"Host": parts.netloc, **headers})
        return connection.getresponse().status
    except http.client.HTTPException as error:
        raise OSError(f"it does not answer in HTTP ({type(error).__name__})") from error
    finally:
        connection.close()


def refuse_inside(host: str) -> None:
    """Raises ``Refused`` for a host that is an inside address or localhost by its very name; resolves nothing."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        if host.rstrip(".").lower() == "localhost" or host.rstrip(".").lower().endswith(".localhost"):
            raise Refused(_why(host)) from None
        return
    if not _outside(address):
        raise Refused(_why(host))


def _address(host: str, port: int, allow_private: bool) -> str:
    try:
        found = [entry[4][0] for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except UnicodeError as error:
        raise OSError(f"{host!r} is no name of a host") from error
    if not allow_private and not all(_outside(ipaddress.ip_address(str(address).split("%")[0])) for address in found):
        raise Refused(_why(host))
    return str(found[0])


def _outside(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        if address in _NAT64 or address.sixtofour or address.teredo:
            return False  # an IPv4 address inside, which may be any
        address = address.ipv4_mapped or address
    return address.is_global and not address.is_multicast


def _why(host: str) -> str:
    return f"{host} is a loopback or private address. Start the server with --allow-private-webhooks to deliver there."


def _connection(scheme: str, host: str, port: int, address: str) -> http.client.HTTPConnection:
    raw = socket.create_connection((address, port), TIMEOUT)
    connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT)
    try:
        context = ssl.create_default_context() if scheme == "https" else None
        connection.sock = raw if context is None else context.wrap_socket(raw, server_hostname=host)
    except BaseException:
        raw.close()
        raise
    return connection
