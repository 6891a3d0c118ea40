from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from toldonce.text.dates import date_words, period
from toldonce.times import as_datetime

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
        ("last week", "2023-11-06", "2023-11-13"),
        ("this week", "2023-11-13", "2023-11-20"),
        ("over the weekend", "2023-11-11", "2023-11-13"),
        ("half a year ago", "2023-02-15", "2023-08-17"),
        ("a fortnight ago", "2023-10-25", "2023-11-09"),
        ("last spring", "2023-03-01", "2023-06-01"),
        ("in the winter", "2022-12-01", "2023-03-01"),
    ],
)
def test_stretches_of_time(text: str, start: str, end: str) -> None:
    found = period(text, NOW)
    assert found is not None
    assert (as_datetime(found.start).date().isoformat(), as_datetime(found.end).date().isoformat()) == (start, end)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("on Friday?", "2023-11-10", "2023-11-11"),
        ("what did I say on wednesday", "2023-11-08", "2023-11-09"),
        ("in the last two weeks", "2023-11-01", "2023-11-16"),
        ("over the past few days", "2023-11-12", "2023-11-16"),
        ("the week before last", "2023-10-30", "2023-11-06"),
        ("the month before last", "2023-09-01", "2023-10-01"),
        ("the year before last", "2021-01-01", "2022-01-01"),
        ("the weekend before last", "2023-11-04", "2023-11-06"),
        ("on may sixth", "2023-05-06", "2023-05-07"),
        ("the twenty first of june", "2023-06-21", "2023-06-22"),
        ("march 3rd", "2023-03-03", "2023-03-04"),
        ("in may", "2023-05-01", "2023-06-01"),
        ("between May 15 and June 1", "2023-05-15", "2023-06-02"),
        ("from December 20 to January 5", "2022-12-20", "2023-01-06"),
        ("between monday and yesterday", "2023-11-13", "2023-11-15"),
        ("between June 2021 and 8 May 2022", "2021-06-01", "2022-05-09"),
        ("the week before August 3", "2023-07-27", "2023-08-04"),
        ("Who came two days after 5 May 2022?", "2022-05-05", "2022-05-08"),
        ("a few weeks before last Friday", "2023-10-20", "2023-11-11"),
        ("on the Sunday before October 25, 2022", "2022-10-18", "2022-10-26"),
    ],
)
def test_the_rules_compose(text: str, start: str, end: str) -> None:
    found = period(text, NOW)
    assert found is not None
    assert (as_datetime(found.start).date().isoformat(), as_datetime(found.end).date().isoformat()) == (start, end)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        *(("three Fridays ago", "2023-10-27", "2023-10-28"), ("the Monday before last", "2023-11-06", "2023-11-07")),
        *(("on Monday last week", "2023-11-06", "2023-11-07"), ("last week on Tuesday", "2023-11-07", "2023-11-08")),
        *(("Friday two weeks ago", "2023-11-03", "2023-11-04"), ("What did I do Friday?", "2023-11-10", "2023-11-11")),
        *(("on Sat", "2023-11-11", "2023-11-12"), ("Monday, November 6th", "2023-11-06", "2023-11-07")),
        *(("on the 5th", "2023-11-05", "2023-11-06"), ("on the 31st?", "2023-10-31", "2023-11-01")),
        *(("Thursday the 9th", "2023-11-09", "2023-11-10"), ("the first of the month", "2023-11-01", "2023-11-02")),
        *(("at the weekend", "2023-11-11", "2023-11-13"), ("two weekends ago", "2023-11-04", "2023-11-06")),
        *(("last month", "2023-10-01", "2023-11-01"), ("last quarter", "2023-07-01", "2023-10-01")),
        *(("the end of last month", "2023-10-21", "2023-11-01"), ("early May", "2023-05-01", "2023-05-12")),
        *(("mid-June", "2023-06-11", "2023-06-21"), ("late 2022", "2022-09-01", "2023-01-01")),
        *(("the start of the year", "2023-01-01", "2023-05-03"), ("the last day of May", "2023-05-31", "2023-06-01")),
        *(("the first week of June", "2023-06-01", "2023-06-08"), ("the week of June 7", "2023-06-05", "2023-06-12")),
        *(("in the summer of 2022", "2022-06-01", "2022-09-01"), ("summer last year", "2022-06-01", "2022-09-01")),
        *(("last autumn", "2022-09-01", "2022-12-01"), ("two summers ago", "2022-06-01", "2022-09-01")),
        *(("in June last year", "2022-06-01", "2022-07-01"), ("last year in May", "2022-05-01", "2022-06-01")),
        *(("the 8th of May last year", "2022-05-08", "2022-05-09"), ("last November", "2022-11-01", "2022-12-01")),
        *(("in twenty twenty one", "2021-01-01", "2022-01-01"), ("in the 90s", "1990-01-01", "2000-01-01")),
        *(("in the nineties", "1990-01-01", "2000-01-01"), ("nineteen ninety nine in May", "2023-05-01", "2023-06-01")),
        *(("at Easter", "2023-04-07", "2023-04-11"), ("last Christmas", "2022-12-24", "2022-12-27")),
        *(("two Christmases ago", "2021-12-24", "2021-12-27"), ("for Thanksgiving 2021", "2021-11-25", "2021-11-29")),
        *(("on New Year's Eve", "2022-12-31", "2023-01-01"), ("the Easter before last", "2022-04-15", "2022-04-19")),
        *(("between March and May", "2023-03-01", "2023-06-01"), ("between 2021 and 2022", "2021-01-01", "2023-01-01")),
        *(("May 1 to 10", "2023-05-01", "2023-05-11"), ("between May 1 and 10", "2023-05-01", "2023-05-11")),
        *(("between Monday and Wednesday", "2023-11-13", "2023-11-16"), ("8.5.2023", "2023-05-08", "2023-05-09")),
        *(("from Friday to Monday", "2023-11-10", "2023-11-14"), ("13/5/2023", "2023-05-13", "2023-05-14")),
        *(("twenty five days ago", "2023-10-21", "2023-10-22"), ("a yr ago", "2022-05-17", "2023-05-17")),
        *(
            ("the last Friday of May", "2023-05-26", "2023-05-27"),
            ("the second Sunday in June", "2023-06-11", "2023-06-12"),
        ),
        *(("the last weekend of May", "2023-05-27", "2023-05-29"), ("last weekend", "2023-11-11", "2023-11-13")),
        *(("2023/05/08", "2023-05-08", "2023-05-09"), ("the other day", "2023-11-01", "2023-11-15")),
    ],
)
def test_days_and_stretches_as_people_name_them(text: str, start: str, end: str) -> None:
    found = period(text, NOW)
    assert found is not None
    assert (as_datetime(found.start).date().isoformat(), as_datetime(found.end).date().isoformat()) == (start, end)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        *(
            ("this morning", "15T04", "15T12"),
            ("yesterday evening", "14T17", "15T00"),
            ("last night", "14T17", "15T06"),
        ),
        *(
            ("the night before last", "13T17", "14T06"),
            ("three nights ago", "12T17", "13T06"),
            ("tonight", "15T17", "16T06"),
        ),
        *(("Friday night", "10T17", "11T06"), ("on November 8 in the afternoon", "08T12", "08T18")),
        *(
            ("an hour ago", "15T07", "15T08"),
            ("in the last two hours", "15T07", "15T09"),
            ("last evening", "14T17", "15T00"),
        ),
    ],
)
def test_a_part_of_a_day_is_no_whole_day(text: str, start: str, end: str) -> None:
    found = period(text, NOW)
    assert found is not None
    read = [as_datetime(at).isoformat()[:13] for at in (found.start, found.end)]
    assert read == [f"2023-11-{start}", f"2023-11-{end}"]


def test_what_is_told_a_little_later_is_meant_half() -> None:
    weekend = period("last weekend", NOW)
    morning = period("yesterday morning", NOW)
    assert weekend is not None
    assert morning is not None
    said = np.array([_at("2023-11-12"), _at("2023-11-14"), _at("2023-10-20")])
    assert weekend.weight(said).tolist() == [1.0, 0.5, 0.0]
    said = np.array([_at("2023-11-14", 8), _at("2023-11-14", 20), _at("2023-11-15", 8)])
    assert morning.weight(said).tolist() == [1.0, 0.5, 0.0]


@pytest.mark.parametrize(
    ("text", "weights"),
    [
        ("at weekends", [0, 1, 0]),
        ("on weekdays", [1, 0, 1]),
        ("every morning", [1, 0, 0]),
        ("in the evenings", [0, 1, 0]),
        ("on friday mornings", [1, 0, 0]),
        ("every night", [0, 1, 1]),
    ],
)
def test_what_recurs_is_meant_each_time(text: str, weights: list[float]) -> None:
    found = period(text, NOW)
    assert found is not None
    said = np.array([_at("2023-11-10", 8), _at("2023-11-12", 20), _at("2023-11-08", 2)])
    assert found.weight(said).tolist() == weights


@pytest.mark.parametrize("when", ["0001-01-02", "9999-12-30"])
@pytest.mark.parametrize(
    "text", ["last week", "two decades ago", "last Christmas", "the summer before last", "on Friday", "last night"]
)
def test_a_time_outside_the_calendar_is_none(text: str, when: str) -> None:
    assert period(text, NOW) is not None
    period(text, _at(when))


def _at(day: str, hour: int = 12) -> int:
    return int(datetime.fromisoformat(f"{day}T{hour:02}:00:00+00:00").timestamp()) * 1_000_000


@pytest.mark.parametrize("text", ["on Fridays", "every friday", "What do I do on fridays?"])
def test_recurring_days_are_weekdays(text: str) -> None:
    found = period(text, NOW)
    assert found is not None
    days = np.array([_at(day) for day in ("2023-11-10", "2023-11-09", "2021-01-01", "2023-11-11")])
    assert found.weight(days).tolist() == [1, 0, 1, 0]


@pytest.mark.parametrize("text", ["most recently", "When did we last talk, the last time?", "lately", "these days"])
def test_the_latest_counts_most(text: str) -> None:
    found = period(text, NOW)
    assert found is not None
    weights = found.weight(np.array([_at("2023-11-14"), _at("2023-11-01"), _at("2020-01-01"), _at("2024-01-01")]))
    assert weights[0] > weights[1] > weights[2] > weights[3] == 0


def test_days_are_those_of_the_zone() -> None:
    new_york = ZoneInfo("America/New_York")
    evening = np.array([_at("2023-11-15", 3), _at("2023-11-14", 3)])  # the 14th and the 13th, 10 p.m. there
    for text in ("yesterday", "November 14", "on Tuesday", "on Tuesdays", "2023-11-14", "last night"):
        there = period(text, _at("2023-11-15", 14), new_york)
        assert there is not None
        assert there.weight(evening).tolist() == [1, 0], text
    in_utc = period("yesterday", _at("2023-11-15", 14))
    assert in_utc is not None
    assert in_utc.weight(evening).tolist() == [0, 1]


def test_a_day_of_a_zone_with_summer_time_has_its_own_length() -> None:
    found = period("26 March 2023", NOW, ZoneInfo("Europe/Berlin"))
    assert found is not None
    assert found.end - found.start == 23 * 3_600_000_000


@pytest.mark.parametrize("text", ["the week before the wedding", "two days after lunch", "the day after"])
def test_what_lies_beside_no_date_is_no_stretch(text: str) -> None:
    assert period(f"{text} of 5 May", NOW) is not None
    assert period(text, NOW) is None


@pytest.mark.parametrize(
    ("text", "edges"),
    [
        ("since June", True),
        ("before 8 May", True),
        ("between 8 May and 3 June", False),
        ("the week before 8 May", False),
        ("8 May", False),
    ],
)
def test_words_of_an_open_end_name_another_day(text: str, edges: bool) -> None:
    found = period(text, NOW)
    assert found is not None
    assert found.edges is edges


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
    [
        "What may I march to?",
        "Did I get the covid19 may jab?",
        "March for peace",
        "40 May 2023",
        "2023-15-08",
        "room 2019",
        "8,000 steps",
        "",
        "a day",
        "this may be",
        "friday",
        "the second one",
        "on the 5th floor",
        "next Friday",
        "5/6/2023",
        "my Christmas card",
        "a spring in his step",
        "a morning person",
        "the 31st century",
    ],
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
