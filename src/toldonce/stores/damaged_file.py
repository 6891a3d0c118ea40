"""The files into which damaged rows are set aside, and what is erased taken out of them.

Each line says whose its row is, as far as that can be told. What may be anybody's goes with the first erasure: it may
hold the words that nobody is to find again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, TypedDict

from toldonce.stores.syncing import sync_folder
from toldonce.times import iso, now
from toldonce.types import ErasedKind

_NAMES = "damaged-*.jsonl"


class Whose(TypedDict):
    """Whose a row is."""

    project: str
    ids: list[str]
    """Each entity and memory it belongs to, as ``user:ann`` or ``memory:0198...``."""


def new_damaged_file(folder: Path) -> Path:
    """Where to set aside what is found damaged now."""
    return folder / f"damaged-{iso(now()).replace(':', '')[:17]}-{os.getpid()}.jsonl"


def line_of(table: str, why: str, row: dict[str, Any], whose: Whose | None) -> bytes:
    """A row as it is kept. ``whose``: None if nobody can tell."""
    return (json.dumps({"table": table, "why": why, "of": whose, "row": row}, ensure_ascii=False) + "\n").encode()


def forget(folder: Path, project: str, kind: ErasedKind, entity: str) -> None:
    """Take what is of an entity, a memory or a project, or may be, out of the files, and overwrite it."""
    for path in sorted(folder.glob(_NAMES)):
        kept = b"".join(_others(path.read_bytes(), project, kind, entity))
        with open(path, "r+b") as old:
            size = os.fstat(old.fileno()).st_size
            if len(kept) == size:
                continue
            if kept:
                _replace(path, kept)
            old.write(bytes(size))
            old.flush()
            os.fsync(old.fileno())
        if not kept:
            path.unlink()


def _replace(path: Path, content: bytes) -> None:
    draft = path.with_suffix(".new")
    file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.write(file, content)
        os.fsync(file)
    finally:
        os.close(file)
    draft.replace(path)
    sync_folder(path.parent)


def _others(content: bytes, project: str, kind: ErasedKind, entity: str) -> Iterator[bytes]:
    """The lines that are certainly of somebody else."""
    for line in content.splitlines(keepends=True):
        with suppress(ValueError, TypeError, KeyError, AttributeError):
            whose: Whose = json.loads(line)["of"]
            elsewhere = whose["project"] != project
            if elsewhere or (kind != "project" and f"{kind}:{entity}" not in whose["ids"]):
                yield line
