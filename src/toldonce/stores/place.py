"""Where a store is: a folder, or a database."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias
from urllib.parse import unquote, urlsplit

from toldonce.errors import InvalidConfig

_POSTGRES = ("postgresql", "postgres")


@dataclass(frozen=True, slots=True)
class DatabaseUrl:
    """The address of a PostgreSQL database. It may hold a password, so it is never shown as it is."""

    url: str = field(repr=False)

    def __str__(self) -> str:
        parts = urlsplit(self.url)
        return f"postgresql://{parts.netloc.rpartition('@')[2] or 'localhost'}{parts.path}"

    @property
    def identity(self) -> str:
        """The same for addresses of one database and role."""
        parts = urlsplit(self.url)
        return f"{parts.netloc.rpartition('@')[0].partition(':')[0]}@{self}"


Place: TypeAlias = Path | DatabaseUrl
Where: TypeAlias = str | os.PathLike[str] | DatabaseUrl
"""A folder's path, ``sqlite:///`` and an absolute one, or ``postgresql://USER@HOST/DATABASE``."""


def place_of(where: Where) -> Place:
    """What a path or an address names. Raises ``InvalidConfig`` for an address of anything else."""
    if isinstance(where, DatabaseUrl):
        return where
    if not isinstance(where, str):
        return Path(where).expanduser()
    scheme = where.partition("://")[0] if "://" in where else ""
    if not scheme:
        return Path(where).expanduser()
    parts = urlsplit(where)
    if parts.scheme in _POSTGRES:
        return DatabaseUrl(where)
    if parts.scheme != "sqlite":
        raise InvalidConfig(
            f"{parts.scheme}:// is no store that Toldonce can open. Use sqlite:///PATH/TO/FOLDER, the folder's path, "
            "or postgresql://USER@HOST/DATABASE."
        )
    if parts.netloc or not parts.path.strip("/"):
        raise InvalidConfig(
            "A sqlite:// address has three slashes and a folder's absolute path: sqlite:///var/lib/memory."
        )
    return Path(unquote(parts.path))


def folder_of(where: Where) -> Path:
    """The folder that a path or an address names. Raises ``InvalidConfig`` for any other address."""
    place = place_of(where)
    if isinstance(place, DatabaseUrl):
        raise InvalidConfig(f"{place} is a database. Here it takes a folder: its path, or sqlite:///PATH/TO/FOLDER.")
    return place
