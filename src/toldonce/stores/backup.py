"""A store in one file, and back.

The file is a ZIP archive, whose directory stands at its end, so that one that was cut off is not taken for a whole one.
It holds the database, the store's secrets, and a manifest with the number of rows in each table and the SHA-256 of
everything else. Like the folder, it is not encrypted: whoever has it can read the memories.
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import IO

from toldonce.errors import InvalidBackup
from toldonce.stores.syncing import sync_folder

FORMAT = 1
MANIFEST = "manifest.json"
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds."""

    format: int
    made_at: str
    """ISO 8601, UTC."""
    project: str | None
    """The one project that it holds; None: the whole store."""
    rows: Mapping[str, int]
    """By table."""
    sha256: Mapping[str, str]
    """By file in the archive."""


def pack(target: Path, files: Mapping[str, Path], manifest: Manifest) -> None:
    """Write an archive that is there whole or not at all, readable by its owner only."""
    partial = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with open(partial, "wb", opener=_privately) as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
                archive.writestr(MANIFEST, json.dumps(asdict(manifest), indent=2))
                for name, path in files.items():
                    archive.write(path, name)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(target)
        sync_folder(target.absolute().parent)
    except OSError as error:
        raise InvalidBackup(f"{target} cannot be written: {error.strerror or error}.") from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


@contextmanager
def unpacking(source: Path) -> Iterator[tuple[Manifest, zipfile.ZipFile]]:
    """A backup's manifest and archive. Raises ``InvalidBackup``, also for a file that was cut off."""
    try:
        with zipfile.ZipFile(source) as archive:
            manifest = _manifest(source, archive.read(MANIFEST))
            if set(archive.namelist()) != {MANIFEST, *manifest.sha256}:
                raise InvalidBackup(f"{source} does not hold the files that its manifest names.")
            yield manifest, archive
    except OSError as error:
        raise InvalidBackup(f"{source} cannot be read: {error.strerror or error}.") from error
    except (zipfile.BadZipFile, KeyError, EOFError) as error:
        raise InvalidBackup(
            f"{source} is no whole backup: it was cut off, damaged, or not written by toldonce backup ({error})."
        ) from error


def unpack(archive: zipfile.ZipFile, name: str, sha256: str, target: Path) -> None:
    """Write one file of the archive, and see that it is the one that was packed."""
    with archive.open(name) as source, open(target, "wb", opener=_privately) as file:
        for piece in _pieces(source):
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    if digest(target) != sha256:
        raise InvalidBackup(f"The backup is damaged: {name} in it is not what was backed up.")


def digest(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    found = hashlib.sha256()
    with open(path, "rb") as file:
        for piece in _pieces(file):
            found.update(piece)
    return found.hexdigest()


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(_PIECE):
        yield piece


def _manifest(source: Path, text: bytes) -> Manifest:
    try:
        found = json.loads(text)
        manifest = Manifest(**{field.name: found[field.name] for field in fields(Manifest)})
    except (ValueError, TypeError, KeyError) as error:
        raise InvalidBackup(f"The manifest of {source} cannot be read ({error}).") from error
    if manifest.format != FORMAT:
        raise InvalidBackup(
            f"{source} was written by a newer Toldonce (format {manifest.format}; this one reads {FORMAT})."
        )
    return manifest


def _privately(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
