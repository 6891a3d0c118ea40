"""An answer that many may ask for is made by one at a time, and given again for a moment."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator

import pytest

from toldonce.server.kept import Kept


async def test_many_who_ask_at_once_get_what_one_has_made() -> None:
    made = 0

    async def make() -> int:
        nonlocal made
        await asyncio.sleep(0)
        made += 1
        return made

    kept = Kept(math.inf, make)
    assert await asyncio.gather(*(kept.get() for _ in range(10))) == [1] * 10
    at_once = Kept(-1, make)
    assert [await at_once.get(), await at_once.get()] == [2, 3]


async def test_a_failure_is_not_kept() -> None:
    answers: Iterator[int | ValueError] = iter([ValueError("once"), 7])

    async def make() -> int:
        answer = next(answers)
        if isinstance(answer, ValueError):
            raise answer
        return answer

    kept = Kept(math.inf, make)
    with pytest.raises(ValueError, match="once"):
        await kept.get()
    assert await kept.get() == 7
