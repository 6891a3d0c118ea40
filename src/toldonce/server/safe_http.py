"""One HTTP POST to an address somebody else chose.

The name is resolved once, every address it has is checked, and the connection goes to an address that was checked: a
name cannot turn into a private address in between. Redirects are not followed. All of it has one deadline, so that a
receiver that answers a byte at a time holds up nobody.
"""

from __future__ import annotations

import http.client
import ipaddress
import queue
import re
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import quote, urlsplit

from toldonce.errors import InvalidInput

DEADLINE = 10.0
"""Seconds from resolving the name to the status of the answer."""

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_NAME = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?", re.ASCII)
_SAFE = "/%:@!$&'()*+,;=~-._?"
_PORTS = {"http": 80, "https": 443}


class Stopped(Exception):
    """The sender was stopped before there was an answer."""


class Refused(Exception):
    """The address lies inside: loopback, private, link-local or otherwise not on the open internet."""


def read_url(url: object, allow_private: bool) -> str:
    """A URL that may be delivered to, in one form: host in lower case and ASCII, without a default port or a fragment.

    Raises ``InvalidInput``, also for places inside unless they are allowed, in whatever way an address is written.
    """
    if not isinstance(url, str) or len(url) > 2_048 or not url.isprintable() or "\\" in url:
        raise InvalidInput("url must be an http or https address of at most 2,048 printable characters.")
    try:
        parts = urlsplit(url.strip())
        port, host = parts.port, _host(parts.hostname or "")
    except ValueError as error:  # UnicodeError of a name that is none is one too
        raise InvalidInput(f"url cannot be read: {error}.") from error
    if parts.scheme not in _PORTS or "@" in parts.netloc or port == 0:
        raise InvalidInput("url must be an http or https address with a host and without a user name.")
    if not allow_private:
        try:
            _refuse_inside(host)
        except Refused as error:
            raise InvalidInput(f"url: {error}") from error
    shown = f"[{host}]" if ":" in host else host
    place = shown if port in (None, _PORTS[parts.scheme]) else f"{shown}:{port}"
    path = quote(parts.path or "/", safe=_SAFE)
    return f"{parts.scheme}://{place}{path}" + (f"?{quote(parts.query, safe=_SAFE)}" if parts.query else "")


class Sender:
    """Sends, from any number of threads, until it is stopped."""

    def __init__(self, allow_private: bool) -> None:
        self._allow_private = allow_private
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()
        self._stopped = False

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """Send and return the status.

        Raises:
            Refused: the name leads inside, and that is not allowed.
            OSError: it could not be reached, or did not answer within ``DEADLINE``.
            Stopped: it was broken off by ``stop``.
        """
        ends = time.monotonic() + DEADLINE
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = parts.port or _PORTS[parts.scheme]
        address = _address(host, port, self._allow_private)
        raw = socket.create_connection((address, port), max(0.1, ends - time.monotonic()))
        watch = threading.Timer(max(0.1, ends - time.monotonic()), _cut, (raw,))
        watch.daemon = True
        watch.start()
        try:
            self._note(raw)
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            status = _exchange(raw, parts.scheme, host, port, path, body, {"Host": parts.netloc, **headers})
            self._require_whole(ends)  # of a connection that was cut, half a head may look like a whole one
            return status
        except (http.client.HTTPException, OSError) as error:
            self._require_whole(ends)
            if isinstance(error, http.client.HTTPException):
                raise OSError(f"no HTTP ({type(error).__name__})") from error
            raise
        finally:
            watch.cancel()
            with self._guard:
                self._open.discard(raw)
            raw.close()

    def stop(self) -> None:
        """Break off what is under way; nothing is sent any more."""
        with self._guard:
            self._stopped = True
            for one in self._open:
                _cut(one)

    def _require_whole(self, ends: float) -> None:
        if self._stopped:
            raise Stopped
        if time.monotonic() >= ends:
            raise OSError(f"no answer within {DEADLINE:g} seconds")

    def _note(self, raw: socket.socket) -> None:
        with self._guard:
            if self._stopped:
                raise Stopped
            self._open.add(raw)


def _exchange(
    raw: socket.socket, scheme: str, host: str, port: int, path: str, body: bytes, headers: Mapping[str, str]
) -> int:
    connection = http.client.HTTPConnection(host, port, timeout=DEADLINE)
    try:
        context = ssl.create_default_context() if scheme == "https" else None
        connection.sock = raw if context is None else context.wrap_socket(raw, server_hostname=host)
        connection.request("POST", path, body, dict(headers))
        return connection.getresponse().status
    finally:
        connection.close()


def _cut(raw: socket.socket) -> None:
    """End a connection that another thread reads from or writes to."""
    with suppress(OSError):  # it has ended
        raw.shutdown(socket.SHUT_RDWR)


def _host(name: str) -> str:
    """A host in one form. Numbers are read as systems read them: 127.1 and 0x7f000001 are 127.0.0.1."""
    if ":" in name:
        return str(ipaddress.IPv6Address(name))
    ascii_name = name.rstrip(".").encode("idna").decode().lower()
    if not _NAME.fullmatch(ascii_name):
        raise ValueError(f"{name[:80]!r} is not the name of a host")
    try:
        return socket.inet_ntoa(socket.inet_aton(ascii_name))
    except OSError:
        return ascii_name


def _refuse_inside(host: str) -> None:
    """Raises ``Refused`` for a host that is an inside address or localhost by its very name; resolves nothing."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        if host == "localhost" or host.endswith(".localhost"):
            raise Refused(_why(host)) from None
        return
    if not _outside(address):
        raise Refused(_why(host))


def _address(host: str, port: int, allow_private: bool) -> str:
    found = [str(entry[4][0]) for entry in _resolved(host, port)]
    if not allow_private and not all(_outside(ipaddress.ip_address(address.split("%")[0])) for address in found):
        raise Refused(_why(host))
    return found[0]


def _resolved(host: str, port: int) -> list[Any]:
    """What the name resolves to. The resolver knows no deadline: it is asked in a thread that nobody waits for."""
    answer: queue.SimpleQueue[list[Any] | OSError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answer.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except UnicodeError:
            answer.put(OSError(f"{host!r} is not the name of a host"))
        except OSError as error:
            answer.put(error)

    threading.Thread(target=ask, name="toldonce-resolve", daemon=True).start()
    try:
        found = answer.get(timeout=DEADLINE / 2)
    except queue.Empty:
        raise OSError(f"{host} was not resolved within {DEADLINE / 2:g} seconds") from None
    if isinstance(found, OSError):
        raise found
    return found


def _outside(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        if address in _NAT64 or address.sixtofour or address.teredo:
            return False  # an IPv4 address inside, which may be any
        address = address.ipv4_mapped or address
    return address.is_global and not address.is_multicast


def _why(host: str) -> str:
    return f"{host} is a loopback or private address. Start the server with --allow-private-webhooks to deliver there."
