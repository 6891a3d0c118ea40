"""What a model answered, read without trust: JSON wherever it stands, and each fact in it alone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from toldonce.errors import HostFailed
from toldonce.text.repair import storable_json

MOST = 32
"""Facts of one answer that are looked at: nobody states more in a window."""
_TRIES = 32
"""Brackets of an answer that turn out to begin no JSON. A model that repeats itself writes thousands of them."""
_OPENS = re.compile(r"[{\[]")
_LONGEST = 500
"""Characters of a statement."""


class Unreadable(HostFailed):
    """The model answered with something else than JSON of facts."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A fact as the model says it."""

    statement: str
    about: str
    attribute: str
    value: str
    category: str
    evidence: tuple[str, ...]
    relation: str
    existing: str | None
    valid_from: str | None
    valid_to: str | None
    categories: tuple[str, ...]


def proposals(text: str) -> list[Proposal | None]:
    """The facts of an answer; None for each that has not the shape of one.

    Raises ``Unreadable``: half an answer and prose are no "nothing to remember".
    """
    found = next((list(facts) for value in _values(text) if (facts := _listed(value)) is not None), None)
    if found is None:
        raise Unreadable("The model answered with something else than JSON of facts.")
    return [_proposal(fact) for fact in found[:MOST]]


def _values(text: str) -> Iterator[Any]:
    """What is JSON in a text, whatever stands around it."""
    decoder, at, failures = json.JSONDecoder(), 0, 0
    while failures < _TRIES and (found := _OPENS.search(text, at)) is not None:
        try:
            value, at = decoder.raw_decode(text, found.start())
            yield storable_json(value)
        except (ValueError, RecursionError):
            at, failures = found.end(), failures + 1


def _listed(value: Any) -> Sequence[Any] | None:
    """The list of facts, if this is an answer."""
    if isinstance(value, Mapping):
        value = value.get("facts")
    if not isinstance(value, list) or not all(isinstance(one, Mapping) for one in value):
        return None
    return value


def _proposal(fact: Mapping[str, Any]) -> Proposal | None:
    texts = [fact.get(key) for key in ("statement", "about", "attribute", "value", "category")]
    evidence, labels = fact.get("evidence"), fact.get("categories") or []
    if not all(isinstance(text, str) and text.strip() and len(text) <= _LONGEST for text in texts):
        return None
    if not isinstance(evidence, list) or not isinstance(labels, list):
        return None
    statement, about, attribute, value, category = (" ".join(str(text).split()) for text in texts)
    return Proposal(
        statement,
        about,
        attribute.casefold(),
        value,
        category.casefold(),
        tuple(dict.fromkeys(str(one) for one in evidence)),
        str(fact.get("relation") or "new").casefold(),
        _text(fact.get("existing")),
        _text(fact.get("valid_from")),
        _text(fact.get("valid_to")),
        tuple(str(label) for label in labels),
    )


def _text(value: Any) -> str | None:
    return value.strip() if isinstance(value, str) and value.strip() else None
