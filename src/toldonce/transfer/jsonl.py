"""A project as a JSONL file, and back."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

from toldonce.engine import Engine
from toldonce.errors import InvalidExport
from toldonce.stores.protocol import JournalMessage, Read
from toldonce.stores.syncing import sync_folder
from toldonce.stores.transfer import Carried, Thread
from toldonce.transfer.lines import End, Header, Line, Owner, read, write
from toldonce.transfer.loading import BATCH, Loader, Tally
from toldonce.types import ENTITY_KINDS, Scope

Progress = Callable[[int], None]
"""Called with the number of memories, or bytes, that were done since the last time."""


def export(
    engine: Engine,
    project: str,
    target: TextIO,
    *,
    user: str | None = None,
    vectors: bool = False,
    done: Progress,
) -> Tally:
    """Write a project, from one consistent view of it. The same memories give the same file, byte for byte.

    ``user``: write what is kept of that user only. Raises ``InvalidExport`` if nothing is.
    """
    tally = Tally()
    if vectors:
        engine.settled().result()
    with engine.reading() as store:
        for line in _lines(engine, store, project, user, vectors):
            target.write(write(line) + "\n")
            tally.messages += isinstance(line, JournalMessage)
            if isinstance(line, Carried):
                tally.memories += 1
                done(1)
        target.write(write(End(tally.memories, tally.messages)) + "\n")
    return tally


def export_file(
    engine: Engine, project: str, path: Path, *, user: str | None = None, vectors: bool = False, done: Progress
) -> Tally:
    """``export`` into a file that is there whole or not at all, readable by its owner only."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(partial, "w", encoding="utf-8", opener=_privately) as target:
            tally = export(engine, project, target, user=user, vectors=vectors, done=done)
            target.flush()
            os.fsync(target.fileno())
        partial.replace(path)
        sync_folder(path.absolute().parent)
    except OSError as error:
        raise InvalidExport(f"{path} cannot be written: {error.strerror or error}.") from error
    finally:
        partial.unlink(missing_ok=True)
    return tally


@dataclass(frozen=True, slots=True)
class ExportFile:
    """A file of ``export`` whose first line was read: it is one."""

    header: Header
    size: int
    """Characters of the header."""
    rest: TextIO


def begin(source: TextIO) -> ExportFile:
    """See that a file is one of ``export``'s, before anything is made for it. Raises ``InvalidExport``."""
    text = source.readline()
    header = read(text, 1) if text.strip() else None
    if not isinstance(header, Header):
        raise InvalidExport("Line 1 is no header. Was the file written by: toldonce export?")
    return ExportFile(header, len(text), source)


def load(engine: Engine, project: str, source: ExportFile, *, done: Progress) -> Tally:
    """Read what ``export`` wrote; what is there already is left as it is. ``done``: characters read.

    Raises ``InvalidExport``, also for a file that was cut off. What was read until then is kept: repeat it once the
    file is right.
    """
    loader = Loader(engine, project)
    done(source.size)
    lines = _read_lines(source.rest, done)
    if source.header.embedder is not None and source.header.embedder != engine.vectors_from:
        lines = (_without_vector(line) for line in lines)
    owner: Owner | None = None
    batch: list[Line] = []
    counted = _Counted(lines)
    for line in counted.before_the_end():
        if batch and (type(line) is not type(batch[0]) or len(batch) == BATCH):
            _load(loader, owner, batch)
            batch = []
        if isinstance(line, Owner):
            owner = line
            loader.begin()
        else:
            batch.append(line)
    if batch:
        _load(loader, owner, batch)
    loader.settle()
    counted.require_whole()
    return loader.tally


def _lines(engine: Engine, store: Read, project: str, user: str | None, vectors: bool) -> Iterator[Line]:
    found = store.owners(project, None, None) if user is None else store.owners(project, "user", [user])
    if user is not None and not found:
        raise InvalidExport(f"Nothing is kept of the user {user!r}. List the users there are: toldonce users")
    yield Header(engine.vectors_from if vectors else None)
    owners = sorted((ENTITY_KINDS.index(kind), entity, owner_id) for owner_id, (kind, entity) in found.items())
    for kind, entity, owner_id in owners:
        yield Owner(ENTITY_KINDS[kind], entity)
        yield from store.messages([owner_id], Scope(), limit=None, offset=0, strict=True)
        yield from store.transfer.memories(owner_id, vectors=vectors)
        yield from sorted(store.transfer.threads(owner_id), key=lambda thread: thread.key)


def _read_lines(source: TextIO, done: Progress) -> Iterator[Line]:
    for number, text in enumerate(source, 2):
        done(len(text))
        if text.strip():
            yield read(text, number)


@dataclass(slots=True)
class _Counted:
    """Counts lines on their way, up to the one that says how many there are."""

    lines: Iterator[Line]
    memories: int = 0
    messages: int = 0
    end: End | None = None

    def before_the_end(self) -> Iterator[Line]:
        for line in self.lines:
            if isinstance(line, End):
                self.end = line
                return
            self.memories += isinstance(line, Carried)
            self.messages += isinstance(line, JournalMessage)
            yield line

    def require_whole(self) -> None:
        """Raise ``InvalidExport`` if lines are missing, or more follow."""
        if self.end is None:
            raise InvalidExport(
                f"The file was cut off: its last line is missing. The {self.memories} memories before that are "
                "here. Export it again, or copy it again, and repeat the import for the rest."
            )
        if self.end != End(self.memories, self.messages):
            raise InvalidExport(
                f"The file lacks lines: of {self.end.memories} memories and {self.end.messages} messages it holds "
                f"{self.memories} and {self.messages}. These are here. Export it again and repeat the import."
            )
        if next(self.lines, None) is not None:
            raise InvalidExport("There is more after the end of the file. Import files one by one.")


def _without_vector(line: Line) -> Line:
    """Vectors of another embedder are of no use."""
    return replace(line, embedding=None) if isinstance(line, Carried) else line


def _load(loader: Loader, owner: Owner | None, batch: list[Line]) -> None:
    if owner is None:
        raise InvalidExport("There are memories before the first owner. Was the file written by: toldonce export?")
    match batch[0]:
        case JournalMessage():
            loader.messages(owner, [line for line in batch if isinstance(line, JournalMessage)])
        case Carried():
            loader.memories(owner, [line for line in batch if isinstance(line, Carried)])
        case Thread():
            loader.threads(owner, [line for line in batch if isinstance(line, Thread)])
        case Header() | Owner() | End():
            raise InvalidExport("There is a second header in the file. Import files one by one.")


def _privately(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
