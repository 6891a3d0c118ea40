from __future__ import annotations

from datetime import UTC, datetime

import pytest

from toldonce.text.dates import date_words, moment, period

NOW = int(datetime(2023, 11, 15, 9, tzinfo=UTC).timestamp()) * 1_000_000  # a Wednesday


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("What happened on 8 May, 2023?", "2023-05-08", "2023-05-09"),
        ("the 3rd of July", "2023-07-03", "2023-07-04"),
        ("May 8th", "2023-05-08", "2023-05-09"),
        ("December 24", "2022-12-24", "2022-12-25"),
        ("2021-02-28", "2021-02-28", "2021-03-01"),
        ("in December 2022", "2022-12-01", "2023-01-01"),
        ("in Sept. 2022", "2022-09-01", "2022-10-01"),
        ("in June", "2023-06-01", "2023-07-01"),
        ("back in 2021", "2021-01-01", "2022-01-01"),
        ("yesterday", "2023-11-14", "2023-11-15"),
        ("the day before yesterday", "2023-11-13", "2023-11-14"),
        ("last Friday", "2023-11-10", "2023-11-11"),
        ("two weeks ago", "2023-10-29", "2023-11-05"),
        ("last week", "2023-11-01", "2023-11-15"),
        ("this week", "2023-11-09", "2023-11-16"),
        ("this morning", "2023-11-15", "2023-11-16"),
        ("over the weekend", "2023-11-01", "2023-11-15"),
        ("half a year ago", "2023-02-15", "2023-08-17"),
        ("a fortnight ago", "2023-10-25", "2023-11-09"),
        ("last spring", "2023-03-01", "2023-05-31"),
        ("in the winter", "2022-12-01", "2023-03-02"),
    ],
)
def test_stretches_of_time(text: str, start: str, end: str) -> None:
    found = period(text, NOW)
    assert found is not None
    assert (moment(found.start).date().isoformat(), moment(found.end).date().isoformat()) == (start, end)


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("before June", "2023-05-31", "2023-06-01"),
        ("What did I say before the 8th of May?", "2023-05-07", "2023-05-08"),
        ("until June", "2023-06-30", "2023-07-01"),
        ("since June", "2023-06-01", "2023-05-31"),
        ("since Sept. 2022", "2023-11-14", "2022-08-31"),
        ("after 8 May 2023", "2023-05-09", "2023-05-08"),
        ("after 2021", "2022-01-01", "2021-12-31"),
    ],
)
def test_stretches_with_one_end(text: str, inside: str, outside: str) -> None:
    found = period(text, NOW)
    assert found is not None
    days = [int(datetime.fromisoformat(f"{day}T12:00:00+00:00").timestamp()) * 1_000_000 for day in (inside, outside)]
    assert [found.start <= day < found.end for day in days] == [True, False]


@pytest.mark.parametrize(
    "text",
    ["What may I march to?", "March for peace", "40 May 2023", "2023-15-08", "room 2019", "8,000 steps", "", "a day"],
)
def test_what_is_no_time(text: str) -> None:
    assert period(text, NOW) is None


def test_what_needs_a_now_is_left_alone_without_one() -> None:
    assert period("last week") is None
    assert period("in June") is None
    assert period("in June 2020") is not None


def test_the_words_of_a_day() -> None:
    assert date_words(NOW) == "15 november 2023"


def test_letters_that_only_look_alike_break_nothing() -> None:
    assert period("What did I do la\u017ft \u017funday?", NOW) == period("What did I do last sunday?", NOW)
    assert period("What did I do ton\u0130ght?", NOW) is None
