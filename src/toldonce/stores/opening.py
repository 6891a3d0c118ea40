"""From a URL or a path to an open store. Nobody else makes one."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

from toldonce.errors import InvalidConfig
from toldonce.stores.backup import Manifest
from toldonce.stores.protocol import Store
from toldonce.takeover import database_file

Where = str | os.PathLike[str]
"""A folder's path, or ``sqlite:///`` and an absolute one."""


def folder_of(where: Where) -> Path:
    """The folder that a path or a ``sqlite:///`` URL names. Raises ``InvalidConfig`` for any other address."""
    if not isinstance(where, str):
        return Path(where).expanduser()
    scheme = where.partition("://")[0] if "://" in where else ""
    if not scheme:
        return Path(where).expanduser()
    parts = urlsplit(where)
    if parts.scheme != "sqlite":
        raise InvalidConfig(
            f"{parts.scheme}:// is no store that Toldonce can open. Use sqlite:///PATH/TO/FOLDER or the folder's path."
        )
    if parts.netloc or not parts.path.strip("/"):
        raise InvalidConfig(
            "A sqlite:// address has three slashes and a folder's absolute path: sqlite:///var/lib/memory."
        )
    return Path(unquote(parts.path))


def identity_of(where: Where) -> str:
    """The same for all addresses of one store, open or not: what a process shares an engine by."""
    return str(folder_of(where).resolve())


def has_store(where: Where) -> bool:
    """Whether there is a store already; opening would make one."""
    return database_file(folder_of(where)).exists()


def open_store(where: Where) -> Store:
    """Open a store, and make it if there is none. Raises the ``StoreError``s of ``toldonce.errors``."""
    from toldonce.stores.sqlite import SqliteStore

    return SqliteStore(folder_of(where))


def restore_store(source: Path, where: Where) -> Manifest:
    """Make a store of a backup, in a place where there is nothing. Returns what it holds.

    Raises ``InvalidBackup`` if the file is not whole or the place not empty; then nothing is left there.
    """
    from toldonce.stores.sqlite.backing_up import restore

    return restore(source, folder_of(where))
