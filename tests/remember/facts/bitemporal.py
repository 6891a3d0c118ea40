"""Random lives and what must be known of them: an oracle that replays what was said, one state after the other.

It shares nothing with ``toldonce.remember.facts.ledger`` but the meaning of a sentence: a fact is a stretch of what was
said during which a value stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import NamedTuple

PLACES = ("Porto", "Braga", "Faro", "Lagos")
FOODS = ("nuts", "milk", "kiwi")
DIETS = ("vegan", "vegetarian", "diabetic")
YEAR = 31_536_000_000_000
"""Microseconds."""
SINCE = {2001: 978_307_200_000_000, 2010: 1_262_304_000_000_000}


class Event(NamedTuple):
    """Something said."""

    id: str
    said_at: int
    recorded_at: int
    text: str
    attribute: str
    value: str
    kind: str
    """say, deny or correct."""
    wrong: str = ""
    """What a correction corrects."""
    since: int | None = None


@dataclass(frozen=True)
class Known:
    """What must be known of one fact."""

    attribute: str
    value: str
    valid_from: int
    valid_to: int | None
    recorded_at: int
    superseded_at: int | None
    successor: tuple[str, str] | None
    """Value and first proof of the fact that took its place."""
    evidence: tuple[str, ...]


def life(random: Random, start: int, steps: int) -> list[Event]:
    """What one person says, in the order in which it is recorded; some of it is said, or told, of an earlier time."""
    events = []
    for number in range(steps):
        said_at = start + random.randrange(steps) * 1_000_000
        events.append(_event(random, f"m{number}", said_at, start + YEAR + number * 1_000_000))
    return events


def _event(random: Random, name: str, said_at: int, recorded_at: int) -> Event:
    kind = random.choice(["say"] * 6 + ["deny", "deny", "correct"])
    attribute, values = random.choice([("home", PLACES), ("home", PLACES), ("allergy", FOODS), ("diet", DIETS)])
    value = random.choice(values)
    since = None
    if kind == "correct":
        attribute, values = random.choice([("home", PLACES), ("allergy", FOODS)])
        value, wrong = random.sample(values, 2)
        return Event(name, said_at, recorded_at, f"It's {value}, not {wrong}.", attribute, value, kind, wrong)
    if attribute == "home" and kind == "say" and random.random() < 0.3:
        year = random.choice(list(SINCE))
        text, since = f"I live in {value} since {year}.", SINCE[year]
    else:
        text = _SENTENCES[attribute, kind].format(value)
    return Event(name, said_at, recorded_at, text, attribute, value, kind, since=since)


_SENTENCES = {
    ("home", "say"): "I live in {}.",
    ("home", "deny"): "I don't live in {} any more.",
    ("allergy", "say"): "I'm allergic to {}.",
    ("allergy", "deny"): "I'm not allergic to {}.",
    ("diet", "say"): "I'm {}.",
    ("diet", "deny"): "I'm no longer {}.",
}


def must_be_known(events: list[Event], as_of: int) -> list[Known]:
    """Every fact that must be known at a moment, in no order."""
    heard = sorted(
        (event for event in events if event.recorded_at <= as_of),
        key=lambda event: (event.said_at, event.recorded_at, event.id),
    )
    plain = _plain(heard)
    states = [_state(plain[: count + 1]) for count in range(len(plain))]
    found = []
    for count, event in enumerate(plain):
        this = event.attribute, event.value
        stood = count > 0 and this in states[count - 1]
        if event.kind != "say" or stood:
            continue
        end = next((later for later in range(count + 1, len(plain)) if this not in states[later]), None)
        proofs = [one for one in plain[count:end] if one.kind == "say" and (one.attribute, one.value) == this]
        found.append(_known(plain, event, end, proofs))
    return found


def _known(plain: list[Event], event: Event, end: int | None, proofs: list[Event]) -> Known:
    recorded_at = min(one.recorded_at for one in proofs)
    valid_from = _begins(event)
    evidence = tuple(dict.fromkeys(one.id for one in proofs))
    if end is None:
        return Known(event.attribute, event.value, valid_from, None, recorded_at, None, None, evidence)
    ending = plain[end]
    against = [one.recorded_at for one in plain[end:] if _excludes(one, event)]
    replaced = ending.kind == "say"
    valid_to = max(_begins(ending) if replaced else ending.said_at, valid_from)
    successor = (ending.value, ending.id) if replaced else None
    return Known(
        event.attribute,
        event.value,
        valid_from,
        valid_to,
        recorded_at,
        max(min(against), recorded_at),
        successor,
        evidence,
    )


def _plain(heard: list[Event]) -> list[Event]:
    """Corrections as what they say, if what they correct was ever said before: a denial of the one, then the other."""
    plain: list[Event] = []
    said: set[tuple[str, str]] = set()
    for event in heard:
        if event.kind != "correct":
            plain.append(event)
        elif (event.attribute, event.wrong) in said:
            if event.attribute == "allergy":
                plain.append(event._replace(kind="deny", value=event.wrong))
            plain.append(event._replace(kind="say"))
        else:
            continue
        if plain[-1].kind == "say":
            said.add((event.attribute, event.value))
    return plain


def _state(plain: list[Event]) -> set[tuple[str, str]]:
    """What stands after all of it."""
    state: set[tuple[str, str]] = set()
    for event in plain:
        state = {fact for fact in state if not _excludes(event, event._replace(attribute=fact[0], value=fact[1]))}
        if event.kind == "say":
            state.add((event.attribute, event.value))
    return state


def _excludes(event: Event, other: Event) -> bool:
    """Whether a value cannot stand after an event."""
    if event.attribute != other.attribute:
        return False
    if event.kind == "deny":
        return event.value == other.value
    one_of = event.attribute == "home" or {event.value, other.value} == {"vegan", "vegetarian"}
    return one_of and event.value != other.value


def _begins(event: Event) -> int:
    return event.said_at if event.since is None else event.since
