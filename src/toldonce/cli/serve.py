"""``toldonce serve``: the memory behind Mem0's REST API."""

from __future__ import annotations

import os
from enum import StrEnum
from typing import Annotated

import typer

from toldonce.config import read_config
from toldonce.errors import InvalidInput, MissingExtra
from toldonce.net.address import read_address

from .options import Data


class LogLevel(StrEnum):
    """What ``--log-level`` takes."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


def serve(
    host: Annotated[str, typer.Option(help="Where to listen. Elsewhere than on this machine, a key must exist.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any free one.")] = 8765,
    data: Data = None,
    allow_host: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A name the server may be called by. May be repeated.")
    ] = None,
    cors_origin: Annotated[
        list[str] | None, typer.Option(metavar="ORIGIN", help="Whose pages may call the server. May be repeated.")
    ] = None,
    allow_private_webhooks: Annotated[
        bool, typer.Option(help="Deliver webhooks to loopback and private addresses too.")
    ] = False,
    public_url: Annotated[
        str | None, typer.Option(metavar="URL", help="Where others find the server, behind a proxy: for its own links.")
    ] = None,
    rate: Annotated[int, typer.Option(min=0, help="Requests a minute for each key; 0 for no limit.")] = 120_000,
    log_days: Annotated[
        int, typer.Option(min=1, max=3650, help="Days to keep events, idempotency keys and webhook deliveries.")
    ] = 30,
    log_level: Annotated[
        LogLevel, typer.Option(help="From which level on stderr has log lines; info has one for each request.")
    ] = LogLevel.WARNING,
    log_json: Annotated[bool, typer.Option("--log-json", help="Log JSON, an object a line.")] = False,
) -> None:
    """Serve Mem0's clients. The first start makes an API key: a terminal shows it, otherwise a file has it.

    Example: toldonce serve --port 8765
    """
    try:
        from toldonce.server.logs import configure
        from toldonce.server.running import Address, run
        from toldonce.server.settings import Settings
    except ImportError as error:
        raise MissingExtra("The server is not installed. Install it with: pip install 'toldonce[server]'") from error
    configure(log_level.value, as_json=log_json)
    bootstrap = os.environ.get("TOLDONCE_API_KEY") or None
    if bootstrap is not None and len(bootstrap) < 16:
        raise InvalidInput("TOLDONCE_API_KEY is shorter than 16 characters: it could be guessed. Use a longer one.")
    outside = None if public_url is None else _read_url(public_url)
    names = [*(allow_host or ()), *([] if outside is None else [outside[1]])]
    settings = Settings(
        place=read_config(None, data).place,
        bootstrap_key=bootstrap,
        hosts=frozenset(name.lower() for name in names),
        cors_origins=tuple(cors_origin or ()),
        private_webhooks=allow_private_webhooks,
        rate=rate,
        log_days=log_days,
        public_url=None if outside is None else outside[0],
    )
    run(settings, Address(host, port))


def _read_url(text: str) -> tuple[str, str]:
    """A public URL without a slash at its end, and its host, by which the server may be called."""
    parts = read_address(text, "--public-url", "https://home.example.org/memory", "each client's api_key=")
    return parts.geturl(), parts.hostname or ""
