"""Exports: values are looked up, never guessed, and what cannot be filled is said."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from tests.server.running import Client
from toldonce.errors import InvalidInput
from toldonce.server.exporting import MOST_LOOKUPS, read_schema, shape

MEMORIES: list[dict[str, Any]] = [
    {"memory": "I moved to Bergen.", "city": "Bergen", "age": 31, "tags": ["move"], "active": True},
    {"memory": "I live in Oslo.", "city": "Oslo", "tags": ["home", "move"], "score": "high"},
]


@pytest.mark.parametrize(
    ("described", "value"),
    [
        ({"type": "string"}, "Bergen"),
        ({"anyOf": [{"type": "null"}, {"type": "string"}]}, "Bergen"),
        ({"type": ["string", "null"]}, "Bergen"),
        ({"type": "string", "enum": ["Oslo"]}, "Oslo"),
        ({"type": "integer"}, None),
        ({"type": "array", "items": {"type": "string"}}, ["Bergen", "Oslo"]),
        ({"$ref": "#/$defs/City"}, "Bergen"),
        ({"type": "array", "items": {"$ref": "#/$defs/Place"}}, [{"city": "Bergen"}, {"city": "Oslo"}]),
        ({"$ref": "#/$defs/Place"}, {"city": "Bergen"}),
    ],
)
def test_values_are_looked_up_by_name_and_type(described: dict[str, Any], value: object) -> None:
    definitions = {
        "City": {"type": "string"},
        "Place": {"type": "object", "properties": {"city": {"type": "string"}}},
    }
    shaped = shape({"properties": {"city": described}, "$defs": definitions}, MEMORIES)
    assert shaped.get("city") == value


def test_lists_gather_every_memorys_values() -> None:
    wanted = {"tags": {"type": "array", "items": {"type": "string"}}, "facts": {"type": "array", "items": {}}}
    shaped = shape({"properties": wanted}, MEMORIES)
    assert shaped == {"tags": ["move", "home"], "facts": ["I moved to Bergen.", "I live in Oslo."]}


def test_a_boolean_is_no_number() -> None:
    assert shape({"properties": {"active": {"type": "integer"}}}, MEMORIES) == {}


def test_what_is_not_there_is_null_a_default_left_out_or_refused() -> None:
    assert shape({"properties": {"job": {"type": ["string", "null"]}}}, MEMORIES) == {"job": None}
    assert shape({"properties": {"job": {"type": "string", "default": "-"}}}, MEMORIES) == {"job": "-"}
    assert shape({"properties": {"job": {"type": "string"}}}, MEMORIES) == {}
    with pytest.raises(InvalidInput, match="required job"):
        shape({"properties": {"job": {"type": "string"}}, "required": ["job"]}, MEMORIES)


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"a": {"$ref": "#/$defs/A"}}, "$defs": {"A": {"$ref": "#/$defs/A"}}},
        {
            "properties": {"a": {"$ref": "#/$defs/A"}},
            "$defs": {"A": {"properties": {"a": {"$ref": "#/$defs/A"}}, "type": "object"}},
        },
        {"properties": {"a": {"$ref": "https://example.com/a.json"}}},
        {"properties": {"a": {"$ref": "#/$defs/B"}}},
        {"properties": {"a": 7}},
    ],
)
def test_schemas_that_cannot_be_followed_are_refused(schema: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match="schema"):
        shape(schema, MEMORIES)


@pytest.mark.parametrize(
    "schema", ["[", "7", "[]", {"properties": 7}, {"properties": ["a"]}, {"type": "string"}, "[" * 9_999]
)
def test_what_is_no_schema_of_an_object_is_refused(schema: Any) -> None:
    with pytest.raises(InvalidInput, match="schema"):
        read_schema(schema)


def test_an_export_shows_what_is_remembered_when_it_is_fetched(client: Client) -> None:
    client.add("I live in Oslo.", user_id="ann", metadata={"city": "Oslo"})
    schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    made = client.post("/v1/exports/", {"schema": json.dumps(schema), "user_id": "ann"})
    assert made.status == 201
    client.add("I moved to Bergen.", user_id="ann", metadata={"city": "Bergen"})
    fetched = client.post("/v1/exports/get/", {"memory_export_id": made.json["id"]})
    assert fetched.json == {"city": "Bergen"}
    assert client.post("/v1/exports/get/", {"memory_export_id": "x"}).status == 400
    assert client.post("/v1/exports/get/", {"memory_export_id": str(uuid.uuid4())}).status == 404
    assert client.post("/v1/exports/get/", {}).status == 400
    assert client.post("/v1/exports/", {"schema": schema, "user_id": "bob"}).status == 400


def test_a_summary_says_the_newest_and_how_many(client: Client) -> None:
    for number in range(25):
        client.add(f"Fact {number}", user_id="ann", timestamp=1_700_000_000 + number)
    summary = client.post("/v1/summary/", {"filters": {"user_id": "ann"}}).json
    assert summary["summary"].splitlines()[0] == "- Fact 24"
    assert len(summary["summary"].splitlines()) == 20
    assert summary["total_memories"] == 25
    assert client.post("/v1/summary/", {}).status == 400


def test_feedback_is_given_and_taken_back(client: Client) -> None:
    [uid] = client.add("I live in Oslo.", user_id="ann")
    given = {"memory_id": uid, "feedback": "very_negative", "feedback_reason": "wrong"}
    assert client.post("/v1/feedback/", given).json["feedback"] == "VERY_NEGATIVE"
    assert client.post("/v1/feedback/", {"memory_id": uid, "feedback": None}).json["feedback"] is None
    assert client.post("/v1/feedback/", {"memory_id": uid, "feedback": "SPLENDID"}).status == 400


@pytest.mark.parametrize("schema", ["", " ", "{}", {}, None, {"type": "object"}, {"properties": {}}, {"title": "All"}])
def test_a_schema_that_names_nothing_takes_memories_as_they_are(client: Client, schema: Any) -> None:
    client.add("I like tea.", user_id="ann", metadata={"cup": 1})
    made = client.post("/v1/exports/", {"schema": schema, "filters": {"user_id": "ann"}})
    assert made.status == 201, made.raw
    [memory] = client.post("/v1/exports/get/", {"memory_export_id": made.json["id"]}).json["memories"]
    assert (memory["memory"], memory["user_id"], memory["cup"]) == ("I like tea.", "ann", 1)


def test_a_property_that_is_only_named_takes_what_there_is() -> None:
    for described in ({}, None, True, "string", {"description": "where"}):
        assert shape({"properties": {"city": described}}, MEMORIES) == {"city": "Bergen"}
    assert shape({"properties": {"tags": {"type": "array"}}}, MEMORIES) == {"tags": ["move", "home"]}


def test_an_export_that_would_take_long_is_refused() -> None:
    asked = {"properties": {f"p{n}": {"type": "string"} for n in range(MOST_LOOKUPS // 1000 + 1)}}
    with pytest.raises(InvalidInput, match="fewer properties"):
        shape(asked, MEMORIES * 500)
