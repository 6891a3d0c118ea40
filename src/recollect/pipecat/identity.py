"""Whose memory it is: entity ids, a user who may become known only during the call, and what they may see."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, Literal, TypeAlias

from loguru import logger

Answer: TypeAlias = "str | Awaitable[str | None] | None"
"""Who it is; None: not known yet."""

UserId: TypeAlias = "str | Callable[[], Answer] | Awaitable[str | None] | None"
"""A user, or how to learn who it is."""

Spawn: TypeAlias = "Callable[[Coroutine[Any, Any, None], str], asyncio.Task[None]]"

Scope: TypeAlias = Literal["user", "user+agent"]

_NOBODYS: dict[str, Any] = {"NOT": [{"user_id": "*"}]}
"""Rows of no user."""


class User:
    """The user of a call, once they are known."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._source: UserId = None
        self._asking: asyncio.Future[Any] | None = None
        self._spawn: Spawn | None = None
        self.expected = False
        """Whether there is, or will be, a user."""
        self.id: str | None = None

    @property
    def pending(self) -> bool:
        """Whether there is a user whose id is not known yet."""
        return self.expected and self.id is None

    def set(self, given: UserId) -> None:
        """Another user, or another way to learn who it is."""
        if self._asking is not None:
            self._asking.cancel()
            self._asking = None
        self._source = None if isinstance(given, str) else given
        self._become(given if isinstance(given, str) else None, expected=given is not None)
        self.look()

    def begin(self, spawn: Spawn) -> None:
        """From now on there is a loop to ask in."""
        self._spawn = spawn
        self.look()

    def look(self) -> None:
        """Ask again who it is. Returns at once; an answer that takes its time comes later."""
        if self._spawn is None or self._asking is not None or self._source is None:
            return
        answer: Answer
        if callable(self._source):
            try:
                answer = self._source()
            except Exception as error:  # The application's own code; a call goes on without its answer.
                logger.warning(f"user_id could not be asked for: {error!r}")
                return
        else:
            answer, self._source = self._source, None  # An awaitable answers once.
        if inspect.isawaitable(answer):
            self._asking = self._spawn(self._await(answer), "user-id")
        elif isinstance(answer, str) and answer:
            self._become(answer)

    async def _await(self, answer: Awaitable[str | None]) -> None:
        try:
            user_id = await answer
        except Exception as error:  # As above.
            logger.warning(f"user_id could not be asked for: {error!r}")
            user_id = None
        self._asking = None
        if user_id:
            self._become(user_id)

    def _become(self, user_id: str | None, *, expected: bool = True) -> None:
        if (user_id, expected) != (self.id, self.expected):
            self.id, self.expected = user_id, expected
            self._changed()


def what_may_be_seen(ids: Mapping[str, str], scope: Scope) -> dict[str, Any]:
    """The filter for recall.

    A user is recalled across agents and runs (``scope="user"``), or only with this agent (``"user+agent"``); what an
    agent learned without any user is nobody's secret. Without a user only rows without one are seen, so that two
    customers of one agent never see each other.
    """
    user, agent, run = (ids.get(key) for key in ("user_id", "agent_id", "run_id"))
    if user is None:
        own = {"agent_id": agent} if agent is not None else {"run_id": run}
        return {"AND": [own, _NOBODYS]}
    if agent is None:
        return {"user_id": user}
    if scope == "user+agent":
        return {"AND": [{"user_id": user}, {"agent_id": agent}]}
    return {"OR": [{"user_id": user}, {"AND": [{"agent_id": agent}, _NOBODYS]}]}
