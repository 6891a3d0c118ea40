"""Reading what Mem0 shows: an odd value costs neither its memory nor the neighbours, and each repair is told."""

from __future__ import annotations

from typing import Any

import pytest

from toldonce.errors import InvalidInput
from toldonce.times import moment
from toldonce.transfer.rows import Reading, carried

NOW = moment("2026-03-01T00:00:00+00:00", "now")
HALF = "\ud83d"


def read(history: list[Any] | None = None, **more: Any) -> Reading:
    row = {"id": "m1", "memory": "Ann keeps bees.", "user_id": "ann", "created_at": "2026-01-02T03:04:05Z"}
    return carried(row | more, history or [], NOW)


def test_an_ordinary_memory_needs_no_repair() -> None:
    reading = read(metadata={"hive": [1, {"kind": "top-bar"}]}, categories=["bees"], expiration_date="2027-01-01")
    assert reading.repairs == []
    assert reading.memory.metadata == {"hive": [1, {"kind": "top-bar"}], "categories": ["bees"]}
    assert reading.memory.expires_on == "2027-01-01"
    assert reading.memory.created_at == moment("2026-01-02T03:04:05+00:00", "t")


@pytest.mark.parametrize("text", [None, "", "  \n", 5, ["Ann"], {"text": "Ann"}])
def test_without_words_there_is_nothing_to_keep(text: Any) -> None:
    with pytest.raises(InvalidInput, match="it has no text"):
        read(memory=text)


@pytest.mark.parametrize("uid", [None, "", " ", True, ["m1"], f"m{HALF}", "m\0"])
def test_without_an_id_it_would_be_doubled_the_next_time(uid: Any) -> None:
    with pytest.raises(InvalidInput, match="no id"):
        read(id=uid)


def test_whom_a_memory_belongs_to_is_never_repaired() -> None:
    for ids in ({"user_id": f"ann{HALF}"}, {"user_id": "ann\tlee"}, {"user_id": None}, {"run_id": ["r"]}):
        with pytest.raises(InvalidInput):
            read(**ids)
    assert read(user_id="Ann Lee", run_id="call 7").memory.scope.run_id == "call 7"
    assert read(id=7, user_id=12).memory.scope.user_id == "12"


@pytest.mark.parametrize(
    ("odd", "says"),
    [
        ({"memory": f"Bees {HALF} rule."}, "the text holds characters"),
        ({"memory": "Bees\0rule."}, "the text holds characters"),
        ({"actor_id": f"x{HALF}"}, "actor_id holds characters"),
        ({"created_at": "the other day"}, "created_at 'the other day' is no time"),
        ({"created_at": 1e30}, "created_at 1e+30 is no time"),
        ({"updated_at": {"at": 1}}, "updated_at"),
        ({"said_at": "99999-01-01T00:00:00Z"}, "said_at"),
        ({"expiration_date": "some day"}, "does not expire"),
        ({"expiration_date": 5}, "does not expire"),
        ({"metadata": "bees"}, "metadata is no object but 'bees'"),
        ({"metadata": ["bees"]}, "metadata is no object"),
        ({"metadata": {"mood": f"{HALF}"}}, "metadata 'mood' holds characters"),
        ({"metadata": {"weight": float("nan")}}, "metadata 'weight' cannot be kept"),
        ({"metadata": {"hive": object()}}, "metadata 'hive' cannot be kept"),
    ],
)
def test_what_cannot_be_kept_is_repaired_and_told(odd: dict[str, Any], says: str) -> None:
    reading = read(**odd)
    assert len(reading.repairs) == 1
    assert says in reading.repairs[0]
    assert reading.memory.uid == "m1"


def test_a_repair_keeps_all_that_is_sound() -> None:
    deep: Any = "x"
    for _ in range(2_000):
        deep = [deep]
    reading = read(memory=f"Bees {HALF} rule.", metadata={"deep": deep, "n": 1}, created_at="soon")
    assert reading.memory.versions[reading.memory.current].text == "Bees \N{REPLACEMENT CHARACTER} rule."
    assert reading.memory.metadata == {"n": 1}
    assert reading.memory.created_at == NOW
    assert len(reading.repairs) == 3


@pytest.mark.parametrize("written", ["2026-01-02T03:04:05", "2026-01-02T03:04:05+00:00", "2026-01-02T04:04:05+01:00"])
def test_a_time_without_a_zone_is_utc(written: str) -> None:
    assert read(created_at=written).memory.created_at == moment("2026-01-02T03:04:05+00:00", "t")


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2099-01-31T00:00:00Z", "2099-01-31"),
        ("2099-01-31T23:30:00-02:00", "2099-02-01"),
        ("2099-01-31T23:30:00", "2099-01-31"),
        ("2099-01-31 10:00:00.5+00:00", "2099-01-31"),
        ("", None),
    ],
)
def test_a_last_day_may_come_with_a_time(written: str, day: str | None) -> None:
    reading = read(expiration_date=written)
    assert (reading.memory.expires_on, reading.repairs) == (day, [])


def test_odd_entries_of_a_history_are_looked_past() -> None:
    history = [
        None,
        "ADD",
        {"event": "ADD", "new_memory": None},
        {"event": "ADD", "new_memory": f"Ann keeps {HALF} cats.", "created_at": "2026-01-02T03:04:05Z"},
        {"event": None, "new_memory": "a second beginning"},
        {"event": "UPDATE", "new_memory": "Ann keeps bees.", "updated_at": "2026-02-02T00:00:00Z", "id": f"e{HALF}"},
        {"event": "DELETE", "new_memory": "", "updated_at": {}},
    ]
    memory = read(history).memory
    assert [version.text for version in memory.versions] == [
        "Ann keeps \N{REPLACEMENT CHARACTER} cats.",
        "Ann keeps bees.",
    ]
    assert [operation.kind for operation in memory.history] == ["ADD", "UPDATE"]
    assert memory.versions[0].closed_at == moment("2026-02-02T00:00:00+00:00", "t")
