"""When a request is repeated, and after how long."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from toldonce.errors import AuthenticationFailed, HostFailed, RateLimited, Rejected, RemoteError, Unreachable
from toldonce.net.retry import Retries, retry_after


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("7", 7.0), (" 0.5 ", 0.5), ("0", 0.0), ("-3", 0.0), ("inf", float("inf"))],
)
def test_retry_after_as_a_number(value: str, seconds: float) -> None:
    assert retry_after({"retry-after": value}) == seconds


@pytest.mark.parametrize("value", ["", "   ", "soon", "nan", "7 seconds", "Mon, 99 Foo 2026"])
def test_a_retry_after_that_says_nothing(value: str) -> None:
    assert retry_after({"retry-after": value}) is None
    assert retry_after({}) is None


@pytest.mark.parametrize("zone", [" GMT", " +0000", ""])
def test_retry_after_as_a_date(zone: str) -> None:
    hour = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True).removesuffix(" GMT")
    found = retry_after({"retry-after": hour + zone})
    assert found is not None
    assert 3_000 < found <= 3_600
    assert retry_after({"retry-after": "Fri, 01 Jan 2021 00:00:00" + zone}) == 0.0


@pytest.mark.parametrize("kind", [RateLimited, HostFailed, Unreachable])
def test_pauses_double_up_to_the_longest(kind: type[RemoteError]) -> None:
    retries = Retries(12, first_pause=1.0, longest_pause=8.0)
    for attempt, full in enumerate((1, 2, 4, 8, 8, 8), start=1):
        found = {retries.pause(kind("later"), attempt) for _ in range(30)}
        assert len(found) > 1
        assert all(pause is not None and 0.75 * full <= pause <= min(1.25 * full, 8.0) for pause in found)
    assert retries.pause(kind("later"), 11) is not None
    assert retries.pause(kind("later"), 12) is None


def test_the_host_decides_if_it_asks_for_no_more_than_the_longest_pause() -> None:
    retries = Retries(3, longest_pause=30.0)
    assert retries.pause(RateLimited("later", retry_after=30.0), 1) == 30.0
    assert retries.pause(RateLimited("now", retry_after=0.0), 1) == 0.0
    assert retries.pause(RateLimited("later", retry_after=30.1), 1) is None


@pytest.mark.parametrize("error", [Rejected("no"), AuthenticationFailed("no"), ValueError("no"), RemoteError("no")])
def test_what_fails_for_good_is_not_repeated(error: Exception) -> None:
    assert Retries(9).pause(error, 1) is None
    assert Retries(9).pause(HostFailed("oops"), 1) is not None
