"""Filters of many conditions are read beside the event loop, and mean the same."""

from __future__ import annotations

from typing import Any

import pytest

from tests.server.running import Client
from toldonce.server.scoping import is_long


def excluding(count: int) -> dict[str, Any]:
    return {"AND": [{"user_id": "ann"}, {"NOT": [{"metadata": {"n": {"eq": number}}} for number in range(count)]}]}


@pytest.mark.parametrize("count", [3, 300])
def test_many_conditions_find_what_a_few_do(client: Client, count: int) -> None:
    for number in (1, 2, 999):
        said = {"messages": f"I have {number} beagles.", "user_id": "ann", "metadata": {"n": number}, "infer": False}
        assert client.post("/v3/memories/add/", said).status == 200
    asked = {"query": "beagles", "filters": excluding(count)}
    for path, body in (("/v3/memories/search/", asked), ("/v3/memories/", {"filters": excluding(count)})):
        found = client.post(path, body).json["results"]
        assert [one["memory"] for one in found] == ["I have 999 beagles."]


def test_a_long_text_takes_the_place_of_a_short_one(client: Client) -> None:
    (made,) = client.add("I have a beagle.", user_id="ann", infer=False)
    long = "I have a beagle. " * 2_000
    assert client.put(f"/v1/memories/{made}/", {"text": long}).status == 200
    assert client.get(f"/v1/memories/{made}/").json["memory"] == long.strip()


def test_a_filter_is_long_by_all_that_stands_in_it() -> None:
    assert not is_long(None)
    assert not is_long(excluding(20))
    assert is_long(excluding(100))
    assert is_long({"metadata": {"n": {"in": list(range(500))}}})
