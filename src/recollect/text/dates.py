"""When a memory was said, as words it can be found by."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MONTHS = "january february march april may june july august september october november december".split()


def moment(microseconds: int) -> datetime:
    """A UTC datetime from microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=microseconds)


def date_words(said_at: int) -> str:
    """``8 may 2023``: the day in the words people ask for it with. UTC."""
    day = moment(said_at)
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
