"""Options that many commands have, each read in one way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from toldonce.stores.place import Place, place_of

if TYPE_CHECKING:
    Data: TypeAlias = Place | None
else:  # a command's argument has one type only, and what reads it says which
    Data = Annotated[
        Any,
        typer.Option(
            "--data",
            "--store",
            metavar="DIR|URL",
            parser=place_of,
            help="The memory folder, or the store's address (sqlite:///DIR, postgresql://HOST/DATABASE). "
            "[default: TOLDONCE_HOME or your own]",
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
