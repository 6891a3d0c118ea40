"""Lists: a filter that would take too long over them is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from toldonce import Memory
from toldonce.engine.directory import owners_reached
from toldonce.engine.listing import takes_long
from toldonce.engine.requests import PROJECT
from toldonce.errors import InvalidFilter
from toldonce.filters import parse_filters


def excluding(count: int) -> dict[str, Any]:
    return {"AND": [{"user_id": "ann"}, {"NOT": [{"OR": [{"metadata": {"n": number}} for number in range(count)]}]}]}


def test_a_filter_of_many_conditions_is_not_held_against_too_many_memories(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Memory(folder=tmp_path) as memory:
        for number in range(20):
            memory.add(f"I have {number} beagles.", user_id="ann", metadata={"n": number}, infer=False)
        assert memory.get_all(filters=excluding(12), page_size=5)["count"] == 8
        monkeypatch.setattr("toldonce.engine.listing.STEPS", 200)
        with pytest.raises(InvalidFilter, match="12 conditions takes too long over 20 memories"):
            memory.get_all(filters=excluding(12), page_size=5)
        assert memory.get_all(filters=excluding(10), page_size=5)["count"] == 10, "few conditions take no time"


def test_a_list_takes_long_by_conditions_and_memories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toldonce.engine.listing.QUICK", 100)
    with Memory(folder=tmp_path) as memory:

        def long(filters: dict[str, Any], *, every: bool = False) -> bool:
            with memory._engine.reading() as store:
                return takes_long(store, owners_reached(store, PROJECT, parse_filters(filters)), every=every)

        said = [{"role": "user", "content": f"I have {number} beagles."} for number in range(20)]
        memory.add(said, user_id="ann", infer=False)
        assert not long({"user_id": "ann"}), "nothing is held against anything"
        assert not long({"user_id": "bob"}, every=True)
        assert not long({"user_id": "ann"}, every=True)
        assert not long({"AND": [{"user_id": "ann"}, {"metadata": {"n": 1}}]})
        assert long(excluding(6))
        monkeypatch.setattr("toldonce.engine.listing.QUICK", 19)
        assert long({"user_id": "ann"}, every=True)
