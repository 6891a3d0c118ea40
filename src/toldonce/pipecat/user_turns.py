"""Whose each turn of the user is: of whoever was there when it was committed, however late its words are read."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from .messages import Utterance
from .writer import Owner

_UNREAD = 32
"""Turns whose words may still stand unread in a context: nothing reads it while a lookup holds up the pipeline."""


@dataclass(slots=True, eq=False)
class UserTurn:
    """A turn of the user."""

    text: str
    owner: Owner
    sent: bool = False
    """Whether it was sent to the LLM."""


class UserTurns:
    """The turns that were committed and whose words are not read yet, and the newest one."""

    def __init__(self) -> None:
        self.newest: UserTurn | None = None
        self._unread: deque[UserTurn] = deque(maxlen=_UNREAD)

    def made(self, text: str, owner: Owner) -> UserTurn:
        """A turn was committed. It is the newest."""
        self.newest = UserTurn(text, owner)
        self._unread.append(self.newest)
        return self.newest

    def waits(self, text: str) -> bool:
        """Whether a turn of these words was committed and is not read yet."""
        return any(turn.text == text for turn in self._unread)

    def owners(self, read: Sequence[Utterance], otherwise: Owner) -> list[Owner]:
        """Whose the utterances are that were just read, in order; ``otherwise``'s where nobody committed them.

        The last of equal words is the latest turn that has them. Turns before one that was read are read or gone.
        """
        owners = [otherwise] * len(read)
        left, behind = list(self._unread), 0
        for place in range(len(read) - 1, -1, -1):
            if read[place].role != "user":
                continue
            at = next((at for at in range(len(left) - 1, -1, -1) if left[at].text == read[place].text), None)
            if at is not None:
                owners[place] = left[at].owner
                behind = max(behind, at + 1)
                del left[at:]
        for _ in range(behind):
            self._unread.popleft()
        return owners
