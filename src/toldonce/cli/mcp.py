"""``toldonce mcp``: memory for a desktop assistant, over stdin and stdout."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from toldonce.config import read_config
from toldonce.errors import MissingExtra
from toldonce.filters import entity_id

from .options import Data

USER_VARIABLE = "MEM0_DEFAULT_USER_ID"
"""As Mem0's own MCP server has it."""
PERSON = "you"
"""The user of ``toldonce chat`` who gives no name."""


def mcp(
    data: Data = None,
    user: Annotated[
        str,
        typer.Option(
            metavar="ID", envvar=USER_VARIABLE, help="Whose memories are meant if the assistant names nobody."
        ),
    ] = PERSON,
) -> None:
    """Give an assistant that speaks MCP a memory: no server, no key. The assistant starts this command itself.

    Example: toldonce mcp --user ann
    """
    try:
        from toldonce.server.app import build_app
        from toldonce.server.logs import configure
        from toldonce.server.mcp.serving import run_stdio
        from toldonce.server.settings import Settings
    except ImportError as error:
        raise MissingExtra("MCP is not installed. Install it with: pip install 'toldonce[mcp]'") from error
    configure("warning", as_json=False)
    asyncio.run(run_stdio(build_app(Settings(place=read_config(None, data).place)), entity_id("user", user)))
