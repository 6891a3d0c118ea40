"""Secrets of a store: files beside the database, so that a copy of the database alone does not have them."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from toldonce.stores.sqlite.connection import sync_folder

SUFFIX = ".secret"


def has_secret(folder: Path, name: str) -> bool:
    """Whether ``folder/name.secret`` is there."""
    return _file(folder, name).exists()


def secret(folder: Path, name: str) -> bytes:
    """The 32 bytes of ``folder/name.secret``, which is made if it is not there.

    It is written beside and linked into place: of two processes that start together one wins, and both read the same.
    """
    path = _file(folder, name)
    with suppress(FileNotFoundError):
        return path.read_bytes()
    draft = folder / f".{name}.secret.{os.getpid()}.{secrets.token_hex(4)}"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(descriptor, secrets.token_bytes(32))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    with suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()
    sync_folder(folder)
    return path.read_bytes()


def _file(folder: Path, name: str) -> Path:
    return folder / f"{name}{SUFFIX}"
