"""What is done about an entry that could not be handed over."""

from __future__ import annotations

import pytest

from toldonce.errors import (
    AuthenticationFailed,
    HostFailed,
    InvalidMessage,
    NotMem0,
    RateLimited,
    Rejected,
    RemoteNotFound,
    Unreachable,
)
from toldonce.remote.outbox.policy import FAILS_FOR, LONGEST_HOLD, LONGEST_PAUSE, LONGEST_WAIT, backoff, judge


def verdict(error: Exception, tries: int = 1, failing_for: int = 0, pauses: int = 0) -> tuple[str, bool]:
    found = judge(error, tries=tries, failing_for=failing_for, pauses=pauses)
    return found.what, found.counts


@pytest.mark.parametrize("error", [AuthenticationFailed("no"), NotMem0("no"), RemoteNotFound("no")])
def test_a_wrong_set_up_holds_everything_and_is_nobodys_fault(error: Exception) -> None:
    assert verdict(error, tries=1_000, failing_for=FAILS_FOR * 100) == ("hold", False)


@pytest.mark.parametrize("error", [Unreachable("gone"), RateLimited("later")])
def test_a_host_that_is_away_pauses_everything(error: Exception) -> None:
    assert verdict(error, tries=1_000, failing_for=FAILS_FOR * 100) == ("pause", False)


@pytest.mark.parametrize("error", [Unreachable("gone", retry_after=7.0), RateLimited("later", retry_after=7.0)])
def test_retry_after_is_honoured(error: Exception) -> None:
    assert judge(error, tries=1, failing_for=0, pauses=9).seconds == 7.0


def test_retry_after_has_an_end() -> None:
    asked = RateLimited("later", retry_after=float("inf"))
    assert judge(asked, tries=1, failing_for=0, pauses=0).seconds == LONGEST_WAIT


@pytest.mark.parametrize("error", [Rejected("bad"), InvalidMessage("bad")])
def test_what_is_refused_again_and_again_is_put_aside(error: Exception) -> None:
    assert [verdict(error, tries=tries) for tries in (1, 2, 3)] == [("again", True), ("again", True), ("park", True)]


@pytest.mark.parametrize("error", [HostFailed("oops"), KeyError("whatever")])
def test_a_host_that_breaks_gets_time(error: Exception) -> None:
    assert verdict(error, tries=500, failing_for=FAILS_FOR - 1) == ("again", True)
    assert verdict(error, tries=9, failing_for=FAILS_FOR) == ("again", True)
    assert verdict(error, tries=10, failing_for=FAILS_FOR) == ("park", True)


def test_pauses_grow_to_a_limit_and_differ() -> None:
    for times in (0, 3, 10, 10_000):
        full = min(0.5 * 2.0 ** min(times, 16), LONGEST_PAUSE)
        found = {backoff(times, LONGEST_PAUSE) for _ in range(50)}
        assert len(found) > 1
        assert all(full / 2 <= seconds <= full for seconds in found)
    assert judge(AuthenticationFailed("no"), tries=1, failing_for=0, pauses=99).seconds <= LONGEST_HOLD
