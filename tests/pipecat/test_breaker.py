"""A dead backend is left alone, asked now and then, and trusted again when it answers."""

from __future__ import annotations

from toldonce.pipecat.breaker import FIRST_REST, LONGEST_ASKED, LONGEST_REST, THRESHOLD, Breaker


class Clock:
    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        return self.time


def opened(clock: Clock) -> Breaker:
    breaker = Breaker(clock)
    assert [breaker.failed() for _ in range(THRESHOLD)] == [False] * (THRESHOLD - 1) + [True]
    return breaker


def test_it_opens_once_after_failures_in_a_row() -> None:
    breaker = opened(Clock())
    assert not breaker.closed
    assert not breaker.admits()
    assert not breaker.failed(), "an answer that comes after it opened does not open it again"


def test_a_success_in_between_starts_the_count_again() -> None:
    breaker = Breaker(Clock())
    for _ in range(5):
        breaker.failed()
        breaker.succeeded()
    assert breaker.closed


def test_one_probe_goes_out_after_the_rest_and_a_success_closes_it() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.time = FIRST_REST
    assert breaker.admits()
    assert not breaker.closed, "nobody waits for the probe"
    assert not breaker.admits(), "one at a time"
    breaker.succeeded()
    assert breaker.admits()
    assert breaker.admits(), "as many as there are"


def test_each_failed_probe_doubles_the_rest_up_to_a_limit() -> None:
    clock = Clock()
    breaker = opened(clock)
    rest = FIRST_REST
    for _ in range(10):
        clock.time += rest
        assert breaker.admits()
        assert not breaker.failed()
        assert not breaker.admits()
        rest = min(2 * rest, LONGEST_REST)
    assert rest == LONGEST_REST


def test_a_probe_called_off_lets_another_out() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.time = FIRST_REST
    assert breaker.admits()
    breaker.abandoned()
    assert breaker.admits()


def test_a_backend_that_asks_for_patience_is_left_alone_as_long_as_it_asked() -> None:
    time = [0.0]
    breaker = Breaker(lambda: time[0])
    assert breaker.rests(40.0)
    assert not breaker.closed
    time[0] = 39.0
    assert not breaker.admits()
    assert not breaker.rests(5.0), "it was open"
    time[0] = 45.0
    assert breaker.admits()
    breaker.rests(float("inf"))
    time[0] += LONGEST_ASKED + 1
    assert breaker.admits()
