"""Making and opening an outbox's database: its schema, its settings, and who may read it."""

from __future__ import annotations

import os
from importlib import resources
from pathlib import Path

import apsw

from toldonce.errors import CorruptStore, FolderNotUsable, NewerStore
from toldonce.locks import FORK_GATE
from toldonce.remote.outbox.lease import Lease
from toldonce.stores.sqlite.connection import close_in_child, folder_errors, make_folder, require_no_stray_log

_SCHEMA = 1
_APPLICATION_ID = 0x52656342  # in the file's header

_SETTINGS = """
    PRAGMA page_size=4096; PRAGMA synchronous=FULL; PRAGMA fullfsync=1; PRAGMA mmap_size=0; PRAGMA secure_delete=ON;
    PRAGMA temp_store=MEMORY; PRAGMA journal_mode=WAL
"""

BUSY = 10_000
"""Milliseconds for which a transaction waits for those of other processes."""

_PRIVATE = 0o600


def require_usable_folder(folder: Path) -> None:
    """Raise ``FolderNotUsable`` where the folder cannot be written, or cannot be made. Makes nothing."""
    nearest = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        raise FolderNotUsable(
            f"{nearest} is not a folder that can be written to, so what is said cannot wait in {folder}. Choose a data "
            "folder with TOLDONCE_HOME, or with folder=."
        )


def placeholder() -> apsw.Connection:
    """An empty outbox in memory: what there is to read before anything was put in."""
    connection = apsw.Connection(":memory:")
    connection.execute(_schema())
    return connection


def open_database(path: Path, vfs: str | None) -> apsw.Connection:
    """Open the file, or make it. Only its owner may read it; SQLite gives the files beside it the same permissions."""
    with folder_errors(path.parent):
        make_folder(path.parent)
        require_no_stray_log(path)
    # Two processes that make the file at once would find it locked in ways that SQLite does not wait for.
    with Lease(path.with_name("opening.lock")).waited_for(), FORK_GATE:
        with folder_errors(path.parent):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _PRIVATE))
            for kept in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
                if kept.exists() and kept.stat().st_mode & 0o077:  # an earlier version made it
                    kept.chmod(_PRIVATE)
        connection = close_in_child(apsw.Connection(str(path), vfs=vfs))
        try:
            connection.set_busy_timeout(BUSY)
            connection.execute(_SETTINGS).fetchall()
            connection.execute("BEGIN IMMEDIATE")
            _prepare(connection, path)
            connection.execute("COMMIT")
        except BaseException:
            connection.close()
            raise
    return connection


def _prepare(connection: apsw.Connection, path: Path) -> None:
    version = connection.pragma("user_version")
    if version == 0 and connection.execute("SELECT count(*) FROM sqlite_schema").get == 0:
        connection.execute(_schema())
        connection.execute(f"PRAGMA application_id={_APPLICATION_ID}; PRAGMA user_version={_SCHEMA}")
    elif connection.pragma("application_id") != _APPLICATION_ID:
        raise CorruptStore(f"{path} is a database of another program. Move it away.")
    elif version > _SCHEMA:
        raise NewerStore(
            f"{path} was made by a newer Toldonce (outbox {version}; this one knows {_SCHEMA}). "
            "Upgrade with pip install -U toldonce; what waits in it is kept."
        )


def _schema() -> str:
    return (resources.files(__package__) / "schema.sql").read_text("utf-8")
