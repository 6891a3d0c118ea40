"""Secrets of a store: files beside the database, so that a copy of the database alone does not have them."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from toldonce.stores.syncing import sync_folder

SUFFIX = ".secret"


def has_secret(folder: Path, name: str) -> bool:
    """Whether ``folder/name.secret`` is there."""
    return _file(folder, name).exists()


def secrets_of(folder: Path) -> dict[str, bytes]:
    """All there are, by their names."""
    return {path.name.removesuffix(SUFFIX): path.read_bytes() for path in sorted(folder.glob(f"[!.]*{SUFFIX}"))}


def keep_secret(folder: Path, name: str, value: bytes) -> None:
    """Have another store's secret of this name in place of one's own."""
    draft = _draft(folder, name, value)
    draft.replace(_file(folder, name))
    sync_folder(folder)


def secret(folder: Path, name: str) -> bytes:
    """The 32 bytes of ``folder/name.secret``, which is made if it is not there.

    It is written beside and linked into place: of two processes that start together one wins, and both read the same.
    """
    path = _file(folder, name)
    with suppress(FileNotFoundError):
        return path.read_bytes()
    draft = _draft(folder, name, secrets.token_bytes(32))
    with suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()
    sync_folder(folder)
    return path.read_bytes()


def _file(folder: Path, name: str) -> Path:
    return folder / f"{name}{SUFFIX}"


def _draft(folder: Path, name: str, value: bytes) -> Path:
    draft = folder / f".{name}.secret.{os.getpid()}.{secrets.token_hex(4)}"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(descriptor, value)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return draft
