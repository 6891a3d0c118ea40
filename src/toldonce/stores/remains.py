"""Looking for texts in the bytes of a folder, whatever wrote them there: to prove that what was erased is gone."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

PIECE = 12
"""Bytes of the pieces that are looked for: any stretch of a text twice as long holds one of them whole."""
_AT_ONCE = 1 << 24
"""Bytes of a file that are looked at in one piece."""


class Found(NamedTuple):
    """A text of which something stands in a file."""

    line: int
    """Its number among the texts, from 1."""
    file: Path
    piece: str
    """What of it stands there."""


def remains(folder: Path, texts: Sequence[str]) -> list[Found]:
    """What stands of these texts in any file of the folder, at most one piece for each text and file.

    A piece that other people said too is found as well: it says where to look. Texts shorter than a piece are looked
    for whole.
    """
    wanted: dict[bytes, list[int]] = {}
    for line, text in enumerate(texts, 1):
        for piece in _pieces(text.strip().encode("utf-8", "surrogatepass")):
            wanted.setdefault(piece, []).append(line)
    if not wanted:
        return []
    search = _Search(wanted)
    found: dict[tuple[int, Path], Found] = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        for piece in search.in_file(path):
            for line in wanted[piece]:
                found.setdefault((line, path), Found(line, path, piece.decode("utf-8", "replace")))
    return sorted(found.values())


def _pieces(text: bytes) -> list[bytes]:
    if len(text) < PIECE:
        return [text] if text else []
    return [text[start : start + PIECE] for start in range(0, len(text) - PIECE + 1, PIECE)]


class _Search:
    """Finds any of many pieces in one pass: most places are ruled out by their first bytes."""

    def __init__(self, pieces: Collection[bytes]) -> None:
        self._pieces = pieces
        self._sizes = sorted({len(piece) for piece in pieces})
        self._may_begin = np.zeros(1 << 16, np.bool_)
        self._second = np.zeros(1 << 16, np.bool_)
        """Whether a piece may have these two bytes at its beginning, and after it."""
        for piece in pieces:
            self._may_begin[_pair(piece, 0)] = True
            self._second[_pair(piece, 2)] = True

    def in_file(self, path: Path) -> Iterator[bytes]:
        with open(path, "rb") as file:
            before = b""
            while read := file.read(_AT_ONCE):
                content = before + read
                yield from self._in_bytes(content)
                before = content[-PIECE + 1 :]

    def _in_bytes(self, content: bytes) -> Iterator[bytes]:
        raw = np.frombuffer(content + bytes(4), np.uint8).astype(np.uint16)
        pairs = raw[:-1] | raw[1:] << 8
        places = np.flatnonzero(self._may_begin[pairs[:-3]] & self._second[pairs[2:-1]])
        for place in places.tolist():
            for size in self._sizes:
                if (piece := content[place : place + size]) in self._pieces:
                    yield piece


def _pair(piece: bytes, at: int) -> slice | int | list[int]:
    """The two bytes at a place of a piece, as a number; where the piece ends before, any that may follow."""
    have = piece[at : at + 2]
    if len(have) == 2:
        return have[0] | have[1] << 8
    if have:
        return [have[0] | second << 8 for second in range(256)]
    return slice(None)
