"""Opening the file, and saying in our own words what SQLite found wrong with it."""

from __future__ import annotations

import contextlib
import errno
import os
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from toldonce.errors import CorruptStore, DiskFull, FolderNotUsable, NewerStore, StoreError, ToldonceError
from toldonce.locks import FORK_GATE
from toldonce.stores.sqlite.named import migrations
from toldonce.stores.syncing import sync_folder
from toldonce.takeover import database_file

APPLICATION_ID = 0x5265636F  # in the file's header; of the format, which a new name of the project does not change

BUSY = 10_000
"""Milliseconds that SQLite waits for what the write lock does not cover: the recovery of a crashed writer's log."""

_NEWEST = migrations()[-1][0]
"""The schema that this version knows."""

_FIXED = (3, 51, 3)
_BACKPORTS = {(3, 44): 6, (3, 50): 7}


def require_safe_sqlite(version: str) -> None:
    """Refuse SQLite versions with the WAL-reset bug, which can drop acknowledged commits.

    Present in 3.7.0 to 3.51.2; fixed in 3.51.3, 3.50.7 and 3.44.6 (sqlite.org/wal.html, "WAL-reset bug").
    """
    parts = tuple(int(part) for part in version.split("."))
    if parts >= _FIXED or parts[2] >= _BACKPORTS.get((parts[0], parts[1]), 1 << 30):
        return
    raise StoreError(
        f"SQLite {version} can lose acknowledged writes (the WAL-reset bug, fixed in 3.51.3). "
        "Install apsw 3.51.3 or newer: pip install -U apsw"
    )


@contextmanager
def our_errors(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into ours, with the remedy."""
    try:
        yield
    except ToldonceError:
        raise
    except (apsw.NotADBError, apsw.CorruptError) as error:
        raise CorruptStore(
            f"{path} is damaged or is not a database ({error}). Restore the folder from a backup, or move it away "
            "to start afresh."
        ) from error
    except (apsw.ConstraintError, apsw.MismatchError) as error:  # ours to keep: what is there contradicts itself
        raise CorruptStore(
            f"{path} is damaged: nothing was written ({error}). Set what is damaged aside with: toldonce doctor PATH"
        ) from error
    except UnicodeDecodeError as error:  # in a row that is not read one by one, see damage.py
        raise CorruptStore(
            f"{path} is damaged: a text in it is no UTF-8 ({error.reason}). Set what is damaged aside with: toldonce "
            "doctor PATH"
        ) from error
    except apsw.FullError as error:
        raise disk_full(path.parent) from error
    except (apsw.CantOpenError, apsw.ReadOnlyError, apsw.PermissionsError, apsw.AuthError) as error:
        raise FolderNotUsable(
            f"{path} cannot be opened for reading and writing ({error}). Check the folder's owner and permissions, or "
            "choose another with TOLDONCE_HOME."
        ) from error
    except apsw.Error as error:
        if getattr(error, "extendedresult", 0) in _NO_ROOM:
            raise disk_full(path.parent) from error
        if isinstance(error, apsw.SQLError) and _is_newer(path):
            raise NewerStore(
                f"A newer Toldonce has changed {path} while this program had it open. Restart this program with it."
            ) from error
        if isinstance(error, apsw.SQLError):
            raise CorruptStore(
                f"{path} is damaged: its tables are not those it was made with ({error}). Restore it from a backup."
            ) from error
        raise StoreError(f"SQLite could not use {path}: {error}") from error


_NO_ROOM = {apsw.SQLITE_IOERR_SHMSIZE}
"""What SQLite says besides "full"."""


def disk_full(folder: Path) -> DiskFull:
    """The error where there is no room on the disk."""
    return DiskFull(
        f"The disk that holds {folder} is full: nothing was written. Make room and try again; until then memories can "
        "be deleted and nothing else."
    )


def _is_newer(path: Path) -> bool:
    """Whether the file's schema is one that this version does not know. A file that cannot be read is not."""
    with FORK_GATE, contextlib.suppress(apsw.Error), contextlib.closing(apsw.Connection(str(path))) as connection:
        return bool(connection.pragma("user_version") > migrations()[-1][0])
    return False


def prepare_folder(folder: Path) -> Path:
    """Make the data folder and the file in it, readable by their owner only, and return the file's path.

    SQLite gives the files beside it the same permissions.
    """
    with folder_errors(folder):
        make_folder(folder)
        path = database_file(folder)
        require_no_stray_log(path)
        is_new = not path.exists()
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        if is_new:
            sync_folder(folder)
    return path


def make_folder(folder: Path) -> None:
    """Make a folder and what leads to it, so that they survive a power cut."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for made in missing:
        sync_folder(made.parent)


def require_no_stray_log(path: Path) -> None:
    """Refuse a log without its database, which may hold all that was acknowledged: SQLite would delete it."""
    log = path.with_name(path.name + "-wal")
    alone = not path.exists() or not path.stat().st_size
    if alone and log.exists() and log.stat().st_size:
        raise CorruptStore(
            f"{log} is the log of a database that is not there, and may hold what was written last. Put {path.name} "
            "back beside it, or move the log away to start afresh."
        )


@contextmanager
def folder_errors(folder: Path) -> Iterator[None]:
    """Turn the operating system's errors about the data folder into ours."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise disk_full(folder) from error
        raise FolderNotUsable(
            f"The data folder {folder} cannot be used ({error.strerror or error}). Choose a folder you may write to "
            "with TOLDONCE_HOME, or with folder=."
        ) from error


def connect(path: Path, *, writes: bool) -> apsw.Connection:
    """A connection with the settings every one of ours has."""
    connection = close_in_child(apsw.Connection(str(path)))
    connection.set_busy_timeout(BUSY)
    # A plan must not depend on what is bound: with partial indexes SQLite would plan anew for every value.
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
    # Some of these answer with a row, and what comes after a row is run only when it is asked for.
    everywhere = "PRAGMA synchronous=FULL; PRAGMA mmap_size=0; PRAGMA temp_store=MEMORY; PRAGMA fullfsync=1"
    connection.execute(everywhere).fetchall()
    if writes:
        own = "PRAGMA cache_size=-65536; PRAGMA wal_autocheckpoint=0; PRAGMA journal_size_limit=67108864"
    else:
        own = "PRAGMA cache_size=-8192; PRAGMA query_only=1"
    connection.execute(own).fetchall()
    return connection


_OPEN: weakref.WeakSet[apsw.Connection] = weakref.WeakSet()


def close_in_child(connection: apsw.Connection) -> apsw.Connection:
    """Have a forked child close its copy: SQLite would take it for one that holds the locks of the parent's."""
    _OPEN.add(connection)
    return connection


def _in_child() -> None:
    if FORK_GATE.quiet:  # else another thread may have been in the middle of something
        for connection in list(_OPEN):
            connection.close(True)
    _OPEN.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)


def epoch(connection: apsw.Connection) -> int:
    """Another number after every commit of another connection, whichever process it belongs to."""
    return int(connection.execute("PRAGMA data_version").get)


def require_known_schema(connection: apsw.Connection, path: Path) -> None:
    """Refuse to go on where a newer version has changed the file's tables meanwhile, even if all of ours are there."""
    version = connection.execute("PRAGMA user_version").get
    if version > _NEWEST:
        raise NewerStore(
            f"A newer Toldonce has changed {path} while this program had it open (schema {version}). Restart this "
            "program with it."
        )


def migrate(connection: apsw.Connection, path: Path) -> None:
    """Bring the file to this version's schema. Call under the write lock."""
    version = connection.pragma("user_version")
    steps = migrations()
    newest = steps[-1][0]
    if version == 0 and connection.execute("SELECT count(*) FROM sqlite_schema").get == 0:
        connection.execute(f"PRAGMA page_size=4096; PRAGMA application_id={APPLICATION_ID}; PRAGMA journal_mode=WAL")
    elif connection.pragma("application_id") != APPLICATION_ID:
        raise CorruptStore(f"{path} is a database of another program. Choose another folder.")
    if version > newest:
        raise NewerStore(
            f"{path} was made by a newer Toldonce (schema {version}; this one knows {newest}). "
            "Upgrade with pip install -U toldonce, or choose another folder."
        )
    for step in steps:
        if step.number > version:
            with connection:
                connection.execute(step.script)
                connection.execute(f"PRAGMA user_version={step.number}")
