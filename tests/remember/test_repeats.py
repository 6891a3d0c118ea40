"""Generated conversations of every kind of caller: without evidence nothing is lost, with it nothing is doubled.

``make repeats`` runs 20,000 of them. Each caller offers what was really said in its own way; what the store keeps is
compared with what was said. Texts are few and short, so that every kind of accident happens.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from toldonce import Memory
from toldonce.engine.requests import add_request, scope_of
from toldonce.remember.align import AT_ONCE, repeats
from toldonce.remember.plan import hear, offered_by, query_for
from toldonce.stores.protocol import ConversationView, Trace

CONVERSATIONS = int(os.environ.get("TOLDONCE_REPEAT_CONVERSATIONS", "1500"))
KEY = b"k" * 32
SECOND = 1_000_000
DAY = 86_400 * SECOND

QUESTIONS = ("Do you smoke?", "Do you drink?", "Anything else?", "Are you still there?", "Did you take the pill today?")
ANSWERS = ("No.", "Yes.", "ok", "I took it this morning with a glass of water, as always.", "No, thank you.")

Offer = tuple[list[dict[str, Any]], dict[str, Any], int]
"""Messages, options of add, and the microsecond of the call."""


@dataclass
class Talk:
    """What a caller offers, and what was really said."""

    said: Counter[tuple[str | None, str]] = field(default_factory=Counter)
    """(agent, text)."""
    offers: list[Offer] = field(default_factory=list)


def utterances(dice: random.Random, count: int) -> list[dict[str, Any]]:
    """Questions and answers by turns."""
    return [
        {"role": "user", "content": dice.choice(ANSWERS)}
        if number % 2
        else {"role": "assistant", "content": dice.choice(QUESTIONS)}
        for number in range(count)
    ]


def later(dice: random.Random, at: int) -> int:
    """Some time after ``at``, and after everything that counts as at once."""
    return at + AT_ONCE + dice.choice((SECOND, 60 * SECOND, 3 * 3600 * SECOND, 7 * DAY))


def in_pairs(dice: random.Random) -> Talk:
    """Each turn is added by itself: one question and its answer, or one message."""
    talk, at = Talk(), DAY
    for pair in (utterances(dice, 2) for _ in range(dice.randint(1, 8))):
        for part in [pair] if dice.random() < 0.7 else [[message] for message in pair]:
            at = later(dice, at)
            talk.offers.append((part, {}, at))
            talk.said.update((None, message["content"]) for message in part)
    return talk


def form_letters(dice: random.Random) -> Talk:
    """The same list comes again every day; each time it is said again."""
    talk, at = Talk(), DAY
    form = utterances(dice, dice.randint(2, 6))
    for _ in range(dice.randint(2, 5)):
        at = later(dice, at)
        talk.offers.append((form, {}, at))
        talk.said.update((None, message["content"]) for message in form)
    return talk


def whole_history(dice: random.Random) -> Talk:
    """The whole history is offered each turn, a turn or two longer; some calls are tried again at once."""
    said = utterances(dice, dice.randint(2, 24))
    talk, at, known = Talk(Counter((None, message["content"]) for message in said)), DAY, 0
    while known < len(said):
        known = min(known + dice.randint(1, 3), len(said))
        at = later(dice, at)
        talk.offers.append((said[:known], {}, at))
        if known > 1 and dice.random() < 0.3:
            talk.offers.append((said[:known], {}, at + dice.randint(0, AT_ONCE)))
    return talk


def sliding_window(dice: random.Random) -> Talk:
    """The latest messages are offered each turn; two at least are known, and one at least is new.

    A talk ends before it repeats itself so exactly that its words also fit a window that slid less: both are the
    evidence of a list that goes on, and nobody can tell which it was.
    """
    said = utterances(dice, dice.randint(4, 24))
    texts = [message["content"] for message in said]
    talk, at, size = Talk(), DAY, dice.randint(4, 8)
    end = min(size, len(said))
    talk.offers.append((said[:end], {}, at))
    while end < len(said):
        known, end = end, min(end + dice.randint(1, size - 2), len(said))
        offered = texts[max(end - size, 0) : end]
        overlap = len(offered) - (end - known)
        if any(texts[known - more : known] == offered[:more] for more in range(overlap + 1, len(offered) + 1)):
            end = known
            break
        at = later(dice, at)
        talk.offers.append((said[max(end - size, 0) : end], {}, at))
    talk.said.update((None, text) for text in texts[:end])
    return talk


def with_ids(dice: random.Random) -> Talk:
    """Messages carry ids and come again in any order."""
    said = [{**message, "id": f"m{number}"} for number, message in enumerate(utterances(dice, dice.randint(2, 12)))]
    talk, at = Talk(Counter((None, message["content"]) for message in said)), DAY
    for _ in range(3):
        at = later(dice, at)
        talk.offers.append((dice.sample(said, len(said)), {}, at))
    return talk


def with_times(dice: random.Random) -> Talk:
    """Messages carry the times they were said at, and come again in parts, by a clock that jumps."""
    said = [
        {**message, "timestamp": 10 + number} for number, message in enumerate(utterances(dice, dice.randint(2, 12)))
    ]
    talk, at = Talk(Counter((None, message["content"]) for message in said)), 9 * DAY
    talk.offers.append((said, {}, at))
    for _ in range(3):
        start = dice.randrange(len(said))
        at += dice.choice((-DAY, -SECOND, 0, SECOND, DAY))
        talk.offers.append((said[start : start + dice.randint(1, len(said))], {}, at))
    return talk


def two_agents(dice: random.Random) -> Talk:
    """Two agents of one person offer their own histories by turns."""
    talk, at = Talk(), DAY
    told: dict[str, list[dict[str, Any]]] = {"chef": [], "coach": []}
    for _ in range(dice.randint(2, 10)):
        agent = dice.choice(("chef", "coach"))
        new = utterances(dice, 2)
        told[agent] += new
        talk.said.update((agent, message["content"]) for message in new)
        at = later(dice, at)
        talk.offers.append((list(told[agent]), {"agent_id": agent}, at))
    return talk


def edited(dice: random.Random) -> Talk:
    """A history that was changed in places comes again: what is in it is never less than what was said."""
    said = utterances(dice, dice.randint(4, 12))
    talk, at = Talk(), DAY
    talk.offers.append((said, {}, at))
    changed = [*said, *utterances(dice, 2)]
    place = dice.randrange(len(said))
    changed[place] = {**changed[place], "content": f"Changed {place}."}
    talk.offers.append((changed, {}, later(dice, at)))
    talk.said.update((None, message["content"]) for message in [*said, changed[place], *changed[len(said) :]])
    return talk


EXACT: tuple[Callable[[random.Random], Talk], ...] = (
    in_pairs,
    form_letters,
    whole_history,
    sliding_window,
    with_ids,
    with_times,
    two_agents,
)


class Journal:
    """What a store would keep of the offers, worked out without one: traces of what was new, as views show them."""

    def __init__(self) -> None:
        self.kept: list[tuple[Trace, str | None, str, str | None]] = []

    def offer(self, messages: list[dict[str, Any]], options: dict[str, Any], at: int) -> None:
        """Add as ``remember.add`` does."""
        request = add_request(
            messages,
            scope_of("ann", options.get("agent_id"), None, "r1"),
            metadata=None,
            timestamp=None,
            expiration_date=None,
            infer=False,
            memory_type=None,
            prompt=None,
            conversation_id=None,
            at=at,
        )
        offered = offered_by(request, KEY)
        query = query_for("p", request, offered)
        latest = self.kept[-query.window :]
        view = ConversationView(
            owner_id=1,
            conversation_id=1,
            next_place=len(self.kept),
            window=[trace for trace, agent, _, _ in latest if agent == query.agent_id],
            whole=len(latest) == len(self.kept),
            known_ids={name: trace.place for trace, _, _, name in self.kept if name and name in query.external_ids},
            timed={
                key: [trace.place for trace, _, _, _ in self.kept if (trace.digest, trace.time) == key]
                for key in query.timed
            },
        )
        for one in hear(view, request, offered, repeats(offered, view, at), KEY):
            trace = Trace(one.place, one.digest, one.message.said_at, at)
            self.kept.append((trace, request.scope.agent_id, one.message.content, one.message.id))

    @property
    def said(self) -> Counter[tuple[str | None, str]]:
        return Counter((agent, text) for _, agent, text, _ in self.kept)


def kept_of(talk: Talk) -> Counter[tuple[str | None, str]]:
    journal = Journal()
    for messages, options, at in talk.offers:
        journal.offer(messages, options, at)
    return journal.said


@pytest.mark.parametrize("caller", EXACT, ids=lambda caller: caller.__name__)
def test_what_is_kept_is_what_was_said(caller: Callable[[random.Random], Talk]) -> None:
    for seed in range(CONVERSATIONS // (len(EXACT) + 1)):
        talk = caller(random.Random(seed))
        assert kept_of(talk) == talk.said, (caller.__name__, seed, talk.offers)


def test_an_edited_history_loses_nothing() -> None:
    for seed in range(CONVERSATIONS // (len(EXACT) + 1)):
        talk = edited(random.Random(seed))
        assert kept_of(talk) >= talk.said, (seed, talk.offers)


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    with Memory(folder=tmp_path) as opened:
        yield opened


@pytest.mark.parametrize("caller", EXACT, ids=lambda caller: caller.__name__)
def test_a_store_keeps_what_was_said(
    memory: Memory, monkeypatch: pytest.MonkeyPatch, caller: Callable[[random.Random], Talk]
) -> None:
    """A few of the same through the library and a database: the journal, and an answer for every message."""
    for seed in range(6):
        talk = caller(random.Random(seed))
        user = f"{caller.__name__}{seed}"
        for messages, options, at in talk.offers:
            monkeypatch.setattr("toldonce.engine.requests.now", lambda at=at: at)
            answer = memory.add(messages, user_id=user, run_id="r1", infer=False, **options)
            assert len(answer["results"]) == len(messages)
            assert {result["event"] for result in answer["results"]} <= {"ADD", "NONE"}
        journal = memory.messages(user_id=user)
        assert Counter((message.get("agent_id"), message["content"]) for message in journal) == talk.said
