"""Options that many commands have, each read in one way."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from toldonce.stores.opening import folder_of

Data = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR|URL",
        parser=folder_of,
        help="The memory folder, or its address (sqlite:///DIR). [default: TOLDONCE_HOME or your own]",
    ),
]
Host = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="A running server instead of a folder; its key is read from TOLDONCE_API_KEY or MEM0_API_KEY.",
    ),
]
Project = Annotated[
    str | None,
    typer.Option(metavar="NAME|ID", help="A project of a server that shares the folder. [default: the library's own]"),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
