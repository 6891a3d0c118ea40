from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from toldonce.errors import InvalidFilter, InvalidTime
from toldonce.filters import Span
from toldonce.filters.times import end_of_day, read_time

from .records import micros

NOON = micros("2024-07-31T12:00:00")


@pytest.mark.parametrize(
    ("given", "moment"),
    [
        ("2024-07-31T12:00:00Z", NOON),
        ("2024-07-31T12:00:00+00:00", NOON),
        ("2024-07-31T05:00:00-07:00", NOON),
        ("2024-07-31T05:00:00-0700", NOON),
        ("2024-07-31 12:00", NOON),
        ("2024-07-31T12:00:00", NOON),
        ("2024-07-31T12:00:00.000001", NOON + 1),
        ("2024-07-31T12:00:00.0000019Z", NOON + 1),
        ("2024-07-31T12:00:00.5", NOON + 500_000),
        (NOON // 1_000_000, NOON),
        (NOON / 1_000_000, NOON),
        (NOON / 1_000_000 + 0.25, NOON + 250_000),
        (0, 0),
        (-1.5, -1_500_000),
        (datetime(2024, 7, 31, 12, tzinfo=UTC), NOON),
        (datetime(2024, 7, 31, 14, tzinfo=timezone(timedelta(hours=2))), NOON),
    ],
)
def test_reads_an_instant(given: object, moment: int) -> None:
    assert read_time(given, "created_at") == Span(moment, moment)


@pytest.mark.parametrize("given", ["2024-07-31", date(2024, 7, 31)])
def test_reads_a_date_as_its_whole_day_in_utc(given: object) -> None:
    assert read_time(given, "created_at") == Span(micros("2024-07-31T00:00:00"), micros("2024-07-31T23:59:59.999999"))


def test_reads_the_ends_of_the_calendar() -> None:
    first = datetime.min.replace(tzinfo=timezone(timedelta(hours=14)))
    last = datetime.max.replace(tzinfo=timezone(timedelta(hours=-12)))
    assert read_time(first, "x").first < read_time("0001-01-01", "x").first
    assert read_time(last, "x").last > read_time("9999-12-31", "x").last


@pytest.mark.parametrize(
    "given",
    [
        "",
        "*",
        "soon",
        "20240731",
        "2024-W31-3",
        "2024-7-31",
        "2024-02-30",
        "2024-07-31x12:00:00",
        "2024-07-31T25:00:00",
        "2024-07-31T12:00:60",
        "2024-07-31T12:00:00 00:00",
        "2024-07-31T12:00:00+99:00",
        " 2024-07-31",
        "٢٠٢٤-07-31",
        "1722427200",
        "2024-07-31\ud800",
        True,
        None,
        [],
        {},
        float("nan"),
        float("inf"),
        pytest.param(10**6000, id="huge number"),
        1_722_427_200_000,
    ],
)
def test_refuses_what_is_no_time_and_names_the_key(given: object) -> None:
    with pytest.raises(InvalidFilter, match=r"^OR\[1\]\.created_at\.gte: .*") as refused:
        read_time(given, "OR[1].created_at.gte")
    str(refused.value).encode()  # can be printed and sent


def test_refuses_a_datetime_object_without_a_zone() -> None:
    with pytest.raises(InvalidTime, match=r"^created_at\.gte: .* has no time zone"):
        read_time(datetime(2024, 7, 31), "created_at.gte")


def test_a_day_ends_with_its_last_microsecond() -> None:
    assert end_of_day("2024-07-31") == micros("2024-07-31T23:59:59.999999")
    assert end_of_day("someday") is None
