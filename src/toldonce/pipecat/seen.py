"""What of a conversation was seen already: each thing said is taken once, in order, whatever is done to the list.

Contexts are rewritten: summarised at the front, cut, copied, replaced. So nothing is counted by its index. A message
is old if it is the very message seen before, or if it falls, by its words and their order, on one seen before. New is
what follows the last old message, and what was put between old ones none of which is missing.
"""

from __future__ import annotations

import uuid
import weakref
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from difflib import SequenceMatcher
from typing import ClassVar, TypeAlias

from .messages import ContextMessage, Utterance

Reader: TypeAlias = Callable[[ContextMessage], Utterance | None]

_REACH = 1000
"""So many of the latest utterances are compared with a list in which no known message is left."""

_ANNOUNCED_WITHIN = 8
"""An announcement is of one of so many of the latest utterances, or of one not taken yet."""


class SeenMessages:
    """The utterances of one conversation that were taken, in order."""

    def __init__(self) -> None:
        self.conversation_id = f"pipecat-{uuid.uuid4()}"
        self._taken: list[bytes] = []
        self._places: dict[int, int] = {}
        """id of a message seen -> its place among the taken."""
        self._announced: dict[tuple[object, str], int] = {}
        """Who told of an utterance, and its role -> the place after it: announcements come in order."""
        self._extent = 0
        """Length of the list when it was last read: where the known part is as long, nothing was put into it."""
        self._alive: dict[int, ContextMessage] = {}
        """The messages seen, kept so that their ids stay their own."""

    def __len__(self) -> int:
        return len(self._taken)

    def take(
        self,
        messages: Sequence[ContextMessage],
        read: Reader,
        said_anew: Callable[[Utterance], bool] = lambda one: True,
    ) -> list[Utterance]:
        """The new utterances of a context; from here on they are old. ``read`` says what a message is, if anything.

        ``said_anew``: of the one utterance of a context begun anew, in words known already, whether they were said.
        """
        tail, anchor = self._since_last_known(messages)
        inserted = self._inserted(messages[: len(messages) - len(tail)], read)
        self._extent = len(messages)
        found = [utterance for utterance in map(read, tail) if utterance is not None]
        since = 0 if anchor is None else self._places[anchor] + 1
        new = self._fresh(found, since, anchored=anchor is not None, said_anew=said_anew)
        for utterance in found[: len(found) - len(new)]:  # Copies of what was taken: from now on known themselves.
            self._know(utterance, len(self._taken) - 1)
        new = [*inserted, *new]
        for utterance in new:
            self._know(utterance, len(self._taken))
            self._taken.append(utterance.fingerprint)
        self._forget_gone(messages)
        return new

    def heard(self, utterance: Utterance, since: int, by: object) -> bool:
        """Take one utterance that was announced by itself, when so many were taken.

        False if it had just been taken from the context, or was since, or somebody else than ``by`` told of it. One
        utterance taken answers one announcement of each teller.
        """
        whose = by, utterance.role
        for place in range(max(self._announced.get(whose, 0), since - _ANNOUNCED_WITHIN), len(self._taken)):
            if self._taken[place] == utterance.fingerprint:
                self._announced[whose] = place + 1
                return False
        self._taken.append(utterance.fingerprint)
        self._announced[whose] = len(self._taken)
        return True

    def continued(self) -> SeenMessages:
        """One that knows the same, for what is said next to be kept somewhere else."""
        other = SeenMessages()
        other._taken = list(self._taken)
        other._announced = dict(self._announced)
        other._places = dict(self._places)
        other._alive = dict(self._alive)
        return other

    def catch_up(self, other: SeenMessages) -> None:
        """Take for old what ``other`` has seen of the same context: it was said, but to somebody else."""
        common = next(
            (place for place, both in enumerate(zip(self._taken, other._taken, strict=False)) if both[0] != both[1]),
            min(len(self._taken), len(other._taken)),
        )
        own, moved = Counter(self._taken[common:]), dict[int, int]()
        for place in range(common, len(other._taken)):
            fingerprint = other._taken[place]
            if own[fingerprint]:
                own[fingerprint] -= 1
                continue
            moved[place] = len(self._taken)
            self._taken.append(fingerprint)
        for key, place in other._places.items():
            if key not in self._places:
                self._places[key] = moved.get(place, min(place, len(self._taken) - 1))
                self._alive[key] = other._alive[key]

    def _know(self, utterance: Utterance, place: int) -> None:
        self._places[id(utterance.source)] = place
        self._alive[id(utterance.source)] = utterance.source

    def _since_last_known(self, messages: Sequence[ContextMessage]) -> tuple[list[ContextMessage], int | None]:
        tail: list[ContextMessage] = []
        for message in reversed(messages):
            if id(message) in self._places:
                return tail[::-1], id(message)
            tail.append(message)
        return tail[::-1], None

    def _inserted(self, known: Sequence[ContextMessage], read: Reader) -> list[Utterance]:
        """What was put between messages that are all still there, such as an answer filed before what cut it short.

        Where messages have gone, what stands in their place stands for them: it is a summary or a correction.
        """
        if len(known) == self._extent:
            return []
        present = {self._places[id(message)] for message in known if id(message) in self._places}
        inserted: list[Utterance] = []
        strangers: list[ContextMessage] = []
        before = -1
        for message in known:
            place = self._places.get(id(message))
            if place is None:
                strangers.append(message)
                continue
            if strangers and all(between in present for between in range(before + 1, place)):
                inserted += [utterance for utterance in map(read, strangers) if utterance is not None]
            strangers, before = [], place
        return inserted

    def _fresh(
        self, offered: Sequence[Utterance], since: int, *, anchored: bool, said_anew: Callable[[Utterance], bool]
    ) -> list[Utterance]:
        """What of ``offered`` is not among the utterances taken from place ``since`` on."""
        taken = self._taken[max(since, len(self._taken) - _REACH) :]
        if not taken or not offered:
            return list(offered)
        prints = [utterance.fingerprint for utterance in offered]
        repeated = _overlap(taken, prints)
        if repeated:
            return list(offered[repeated:])
        blocks = SequenceMatcher(None, taken, prints, autojunk=False).get_matching_blocks()[:-1]
        matched = sum(block.size for block in blocks)
        if matched == 0:
            return list(offered)
        if not anchored and len(offered) == 1 and prints[0] != taken[-1]:
            # A context begun anew with words that were said before. One such message is a new saying of them, unless
            # it is known better; only a history, or what was said last, is a history offered again.
            return list(offered) if said_anew(offered[0]) else []
        return list(offered[blocks[-1].b + blocks[-1].size :])

    def _forget_gone(self, messages: Sequence[ContextMessage]) -> None:
        """Messages no longer in the context need not be kept alive (they may carry images)."""
        if len(self._alive) > 2 * len(messages) + 16:
            present = {id(message) for message in messages}
            self._alive = {key: message for key, message in self._alive.items() if key in present}
            self._places = {key: place for key, place in self._places.items() if key in present}


def _overlap(taken: Sequence[bytes], offered: Sequence[bytes]) -> int:
    """With how many of the last taken the offered begin: the most there are.

    The latest messages as copies, and what followed: so contexts are mostly cut. Where people say "yes" and "ok" over
    and over, other likenesses would mislead.
    """
    for count in range(min(len(taken), len(offered)), 0, -1):
        if taken[-1] == offered[count - 1] and list(taken[-count:]) == list(offered[:count]):
            return count
    return 0


class SeenByContext:
    """What was seen of the contexts in this process, so that two services on one context take each message once.

    They hang on the contexts and go with them.
    """

    _of: ClassVar[weakref.WeakKeyDictionary[object, dict[Hashable, SeenMessages]]] = weakref.WeakKeyDictionary()

    @classmethod
    def of(cls, context: object, destination: Hashable, otherwise: SeenMessages) -> SeenMessages:
        """What was seen of ``context`` for one destination; ``otherwise`` becomes it if there is none."""
        return cls._of.setdefault(context, {}).setdefault(destination, otherwise)
