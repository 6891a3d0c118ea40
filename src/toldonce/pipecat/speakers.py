"""Who said which words of a turn, where several people speak into one conversation."""

from __future__ import annotations

import re
from collections import deque
from typing import NamedTuple

from .messages import fingerprint

_PIECES_KEPT = 64
_TURNS_KEPT = 32

_WORD = re.compile(r"\w+")


class Part(NamedTuple):
    """Words of one speaker in a turn. ``speaker``: None if it is not known who said them."""

    speaker: str | None
    text: str


class _Piece(NamedTuple):
    speaker: str | None
    words: list[str]


class Speakers:
    """Hears transcripts with their speakers, and tells the parts of the turns that are made of them."""

    def __init__(self) -> None:
        self._pieces: deque[_Piece] = deque(maxlen=_PIECES_KEPT)
        """Transcripts that no turn is made of yet, in order."""
        self._turns: dict[bytes, list[Part]] = {}
        self._latest: tuple[str, str | None] = ("", None)
        """The latest turn, and who spoke last in it."""

    def heard(self, speaker: str | None, words: str) -> None:
        """A final transcript came that goes into the turn."""
        self._pieces.append(_Piece(speaker, _words(words)))

    def forget(self) -> None:
        """What was heard became no turn."""
        self._pieces.clear()

    def turn_made(self, text: str) -> str | None:
        """A turn was made of what was heard. Who spoke last in it; None if nobody was heard to say it.

        Told again of the same turn, the answer is the same.
        """
        parts = self._split(text)
        if parts:
            self._latest = text, parts[-1].speaker
            self._turns[fingerprint("user", text)] = parts
            while len(self._turns) > _TURNS_KEPT:
                del self._turns[next(iter(self._turns))]
        latest, speaker = self._latest
        return speaker if latest == text else None

    def parts(self, text: str) -> list[Part]:
        """The parts of a turn, in order; one part if nobody was heard to say it. Each turn is asked about once."""
        self.turn_made(text)
        return self._turns.pop(fingerprint("user", text), None) or [Part(None, text)]

    def _split(self, text: str) -> list[Part]:
        """Cut a turn where another person begins to speak; take the pieces it is made of."""
        found = list(_WORD.finditer(text))
        words = [match[0].casefold() for match in found]
        cuts: list[tuple[int, str | None]] = []
        at, used = 0, 0
        for number, piece in enumerate(self._pieces, 1):
            place = _place_of(piece.words, words, at)
            if place is None:
                continue
            at, used = place + len(piece.words), number
            if not cuts or cuts[-1][1] != piece.speaker:
                cuts.append((found[place].start() if cuts else 0, piece.speaker))
        for _ in range(used):
            self._pieces.popleft()
        ends = [start for start, _ in [*cuts[1:], (len(text), None)]] if cuts else []
        return [Part(speaker, text[start:end].strip()) for (start, speaker), end in zip(cuts, ends, strict=True)]


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]


def _place_of(piece: list[str], words: list[str], at: int) -> int | None:
    """Where a piece begins among the words, at the earliest at a place."""
    if not piece:
        return None
    last = len(words) - len(piece)
    return next((place for place in range(at, last + 1) if words[place : place + len(piece)] == piece), None)
