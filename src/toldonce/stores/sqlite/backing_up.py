"""Copying a SQLite store while it is in use, whole or one project of it, and making a folder of a copy."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import apsw

from toldonce.errors import CorruptStore, InvalidBackup
from toldonce.stores.backup import FORMAT, Manifest, digest, pack, unpack, unpacking
from toldonce.stores.sqlite.connection import connect
from toldonce.stores.sqlite.scrub import can_scrub, scrub
from toldonce.stores.sqlite.secrets import SUFFIX, secret
from toldonce.stores.syncing import sync_folder
from toldonce.takeover import DATABASE
from toldonce.text.digests import subject_digest
from toldonce.times import iso, now

_OF_OTHERS = """
    DELETE FROM erased_words WHERE subject NOT IN (
        SELECT subject FROM erasure WHERE project = ?1
        UNION ALL SELECT subject_of(kind, entity_id) FROM owner WHERE project = ?1
    );
    DELETE FROM api_key WHERE project <> ?1; DELETE FROM member WHERE project <> ?1;
    DELETE FROM webhook WHERE project <> ?1; DELETE FROM call WHERE project <> ?1;
    DELETE FROM feedback WHERE project <> ?1; DELETE FROM export WHERE project <> ?1;
    DELETE FROM erasure WHERE project <> ?1; DELETE FROM project WHERE id <> ?1;
    DELETE FROM delivery WHERE webhook_id NOT IN (SELECT id FROM webhook);
    DELETE FROM job WHERE share NOT IN ('', ?1)
"""
_OWNERS = "SELECT id FROM owner WHERE project <> ?1"
_MEMORIES = f"SELECT id FROM memory WHERE owner_id IN ({_OWNERS})"
_BY_OWNER = (
    f"DELETE FROM message WHERE conversation_id IN (SELECT id FROM conversation WHERE owner_id IN ({_OWNERS}))",
    f"DELETE FROM event WHERE uid IN (SELECT event_uid FROM operation WHERE memory_id IN ({_MEMORIES}))"
    f" AND uid NOT IN (SELECT event_uid FROM operation WHERE memory_id NOT IN ({_MEMORIES}))",
    *(f"DELETE FROM {table} WHERE memory_id IN ({_MEMORIES})" for table in ("operation", "source", "change")),
    *(
        f"DELETE FROM {table} WHERE version_id >> 24 IN ({_OWNERS})"
        for table in ("token", "vector", "unembedded", "rebuilt_token", "rebuilt_vector")
    ),
    f"DELETE FROM memory_version WHERE memory_id IN ({_MEMORIES})",
    *(
        f"DELETE FROM {table} WHERE owner_id IN ({_OWNERS})"
        for table in ("conversation", "locator", "membership", "rebuilt_owner", "memory")
    ),
    "DELETE FROM owner WHERE project <> ?1",
)
"""In an order in which what a statement asks for is still there."""


def back_up(path: Path, folder: Path, target: Path, project: str | None) -> Manifest:
    """Copy a store, with its secrets, into one file; others read and write meanwhile. See ``Store.back_up``."""
    if not target.parent.is_dir():
        raise InvalidBackup(f"{target.parent} is no folder. Make it first, or name another place.")
    with TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as made:
        copy = Path(made) / DATABASE
        os.close(os.open(copy, os.O_RDWR | os.O_CREAT, 0o600))
        with closing(connect(path, writes=False)) as source, closing(apsw.Connection(str(copy))) as to:
            with to.backup("main", source, "main") as copying:
                copying.step(-1)  # from one view: the source has a write-ahead log
            if project is not None:
                _leave_only(to, project, secret(folder, "digests"))
            _require_sound(to, copy)
            rows = _rows(to)
            to.execute("PRAGMA journal_mode=DELETE").fetchall()
        _without_leftovers(copy)
        files = {DATABASE: copy, **{secret.name: secret for secret in sorted(folder.glob(f"*{SUFFIX}"))}}
        sums = {name: digest(file) for name, file in files.items()}
        manifest = Manifest(FORMAT, iso(now()), project, rows, sums)
        pack(target, files, manifest)
        with unpacking(target) as (kept, archive):  # what was written can be read
            if archive.testzip() is not None or kept != manifest:
                raise InvalidBackup(f"{target} does not hold what was written to it. Is the disk sound?")
    return manifest


def restore(source: Path, folder: Path) -> Manifest:
    """Make a store of a backup. See ``opening.restore_store``."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InvalidBackup(f"{folder} is not empty. A backup is restored into an empty folder, or one that is made.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with unpacking(source) as (manifest, archive):
        if DATABASE not in manifest.sha256 or any(not _is_ours(name) for name in manifest.sha256):
            raise InvalidBackup(f"{source} holds other files than a backup does.")
        with TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as made:
            draft = Path(made) / "store"
            draft.mkdir(mode=0o700)
            for name, sha256 in manifest.sha256.items():
                unpack(archive, name, sha256, draft / name)
            with closing(apsw.Connection(str(draft / DATABASE))) as copy:
                _require_sound(copy, source)
                if _rows(copy) != manifest.rows:
                    raise InvalidBackup(f"{source} holds other rows than its manifest says.")
                copy.execute("PRAGMA journal_mode=WAL").fetchall()
            if folder.exists():
                folder.rmdir()
            sync_folder(draft)
            shutil.move(draft, folder)
            sync_folder(folder.parent)
    return manifest


def _leave_only(copy: apsw.Connection, project: str, key: bytes) -> None:
    """``key``: of the digests of what was erased, which name nobody without it."""

    def subject_of(*entity: apsw.SQLiteValue) -> bytes:
        kind, name = entity
        return subject_digest(key, project, str(kind), str(name))

    copy.create_scalar_function("subject_of", subject_of, 2)
    with copy:
        for statement in (*filter(str.strip, _OF_OTHERS.split(";")), *_BY_OWNER):
            copy.execute(statement, (project,) if "?1" in statement else ())
    copy.execute("VACUUM")


def _without_leftovers(copy: Path) -> None:
    with closing(apsw.Connection(str(copy))) as connection:
        pages = connection.pragma("page_count")
    if can_scrub(pages):
        scrub(copy)


def _require_sound(copy: apsw.Connection, path: Path) -> None:
    try:
        found = copy.execute("PRAGMA integrity_check").fetchall()
    except apsw.Error as error:
        raise CorruptStore(f"{path} is damaged: {error}.") from error
    if found != [("ok",)]:
        raise CorruptStore(f"{path} is damaged: {found[0][0]}.")


def _rows(copy: apsw.Connection) -> Mapping[str, int]:
    tables = [str(row[0]) for row in copy.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")]
    return {table: int(copy.execute(f"SELECT count(*) FROM {table}").get) for table in tables}


def _is_ours(name: str) -> bool:
    return name == DATABASE or (name.endswith(SUFFIX) and Path(name).name == name)
