"""Patience that a host asks for."""

from __future__ import annotations

from toldonce.remote.account import Account
from toldonce.remote.holds import LONGEST, Holds

ONE, OTHER = Account("http://127.0.0.1:1", "one"), Account("http://127.0.0.1:1", "other")


def test_an_account_is_held_as_long_as_was_asked_and_no_other() -> None:
    time = [100.0]
    holds = Holds(lambda: time[0])
    assert holds.left(ONE) == 0
    holds.hold(ONE, 10)
    holds.hold(ONE, 3)
    assert (holds.left(ONE), holds.left(OTHER)) == (10, 0)
    time[0] = 111.0
    assert holds.left(ONE) == 0
    holds.hold(ONE, float("inf"))
    assert holds.left(ONE) == LONGEST
