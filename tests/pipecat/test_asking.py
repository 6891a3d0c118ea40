"""Who the user is, where the application is asked: answers that fail, and answers that come when the call is over."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from .conftest import Ann
from .harness import Call, blocks, until


def failing(answer: str | Exception | None) -> Callable[[], str | None]:
    """Says that it is Ann, but for the third time."""
    asked = 0

    def who() -> str | None:
        nonlocal asked
        asked += 1
        if asked != 3:
            return "ann"
        if isinstance(answer, Exception):
            raise answer
        return answer

    return who


def awaited(who: Callable[[], str | None]) -> Callable[[], Awaitable[str | None]]:
    async def ask() -> str | None:
        await asyncio.sleep(0.001)
        return who()

    return ask


@pytest.mark.parametrize("answer", [None, "", OSError("no database today"), "a line\nbreak"])
@pytest.mark.parametrize("is_awaited", [False, True])
async def test_where_there_is_no_answer_it_is_who_was_there_before(
    ann: Ann, answer: str | Exception | None, is_awaited: bool
) -> None:
    """What they say is stored and answered with what is known of them, the last words of the call too."""
    await ann.told("I moved to Oslo in March.")
    who = failing(answer)
    service = ann.service(user_id=awaited(who) if is_awaited else who)
    said = [f"In which city do I live, for the {nth} time?" for nth in ("first", "second", "third")]
    async with Call(service) as call:
        for text in said:
            await call.say(text)
            await until(lambda: not service.session.identity.user.pending)
    assert all("Oslo" in str(blocks(shown)) for shown in call.shown)
    assert [text for role, text in await ann.said() if role == "user"][1:] == said


@pytest.mark.parametrize("once", [True, False])
@pytest.mark.parametrize("cancel", [True, False])
async def test_the_end_of_a_call_waits_for_the_answer(ann: Ann, once: bool, cancel: bool) -> None:
    """The caller hangs up while the application still looks for who they are."""
    ended = asyncio.Event()

    async def who() -> str:
        await ended.wait()
        return "ann"

    service = ann.service(user_id=who() if once else who, recall_timeout=0.01, shutdown_timeout=10.0)
    async with Call(service, cancel=cancel) as call:
        await call.say("I bought a red bicycle.")
        asyncio.get_running_loop().call_later(0.2, ended.set)
    assert await ann.said() == [("user", "I bought a red bicycle."), ("assistant", "answer 1")]


async def test_the_end_of_a_call_in_which_nothing_was_said_waits_for_nobody(ann: Ann) -> None:
    async def never() -> str:
        await asyncio.Event().wait()
        return "ann"

    service = ann.service(user_id=never, recall_timeout=0.01, shutdown_timeout=3600.0)
    async with Call(service):
        assert service.session.identity.user.pending
