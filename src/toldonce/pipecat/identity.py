"""Whose memory it is: entity ids, a user who may become known only during the call, and what they may see."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Coroutine, Hashable, Mapping
from typing import Any, Literal, TypeAlias
from uuid import UUID, uuid4

from loguru import logger

from toldonce.errors import InvalidInput
from toldonce.filters.ids import entity_id
from toldonce.types import EntityKind

from .writer import Ids

Answer: TypeAlias = "str | Awaitable[str | None] | None"
"""Who it is; None: not known yet."""

Source: TypeAlias = "str | Callable[[], Answer] | Awaitable[str | None] | None"
UserId: TypeAlias = "Source | int | UUID"
"""A user, or how to learn who it is. Numbers and UUIDs count as their text."""

Spawn: TypeAlias = "Callable[[Coroutine[Any, Any, None], str], asyncio.Task[None]]"

Scope: TypeAlias = Literal["user", "user+agent"]

_NOBODYS: dict[str, Any] = {"NOT": [{"user_id": "*"}]}
"""Rows of no user."""

_OF_NO_RUN: dict[str, Any] = {"NOT": [{"run_id": "*"}]}
"""Rows of no run. What guests say is always of one."""


class User:
    """The user of a call, once they are known."""

    def __init__(self, changed: Callable[[], None], answered: Callable[[], None] = lambda: None) -> None:
        self._changed = changed
        self._answered = answered
        """Told after each answer that was waited for, be it the same as before."""
        self._source: Source = None
        self._asking: asyncio.Task[None] | None = None
        self._spawn: Spawn | None = None
        self.expected = False
        """Whether there is, or will be, a user."""
        self.id: str | None = None

    @property
    def asking(self) -> asyncio.Task[None] | None:
        """The question that waits for its answer."""
        return self._asking

    @property
    def pending(self) -> bool:
        """Whether there is a user whose id is not known: not yet, or not whether it still is the same."""
        return self.expected and (self.id is None or self._asking is not None)

    async def settle(self, deadline: float) -> None:
        """Where the user was known and is asked for again, wait for the answer, but not past the deadline."""
        asking = self._asking
        if asking is not None and self.id is not None:
            await asyncio.wait({asking}, timeout=max(0.0, deadline - asyncio.get_running_loop().time()))

    def set(self, given: UserId) -> None:
        """Another user, or another way to learn who it is. Raises ``InvalidInput``."""
        source = checked(given)
        if self._asking is not None:
            self._asking.cancel()
            self._asking = None
        self._source = None if isinstance(source, str) else source
        self._become(source if isinstance(source, str) else None, expected=source is not None)
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
        else:
            self._told(answer)

    async def _await(self, answer: Awaitable[str | None]) -> None:
        try:
            user_id = await answer
        except Exception as error:  # As above.
            logger.warning(f"user_id could not be asked for: {error!r}")
            user_id = None
        self._asking = None
        self._told(user_id)
        self._answered()

    def _told(self, answer: object) -> None:
        if answer is None or answer == "":
            return
        try:
            self._become(entity_id("user", _as_text(answer)))
        except InvalidInput as error:
            logger.warning(f"The answer to who the user is was none: {error}")

    def _become(self, user_id: str | None, *, expected: bool = True) -> None:
        if (user_id, expected) != (self.id, self.expected):
            self.id, self.expected = user_id, expected
            self._changed()


class Identity:
    """Whose a call is: the user, the agent and the session, and what may be seen and stored under them."""

    def __init__(self, changed: Callable[[], None], answered: Callable[[], None]) -> None:
        """``changed``: told when the user is another; ``answered``: after each answer to who it is."""
        self.user = User(changed, answered)
        self.agent_id: str | None = None
        self.run_id: str | None = None
        self.scope: Scope = "user"
        self.shared_guests = True
        self._guest = _some_guest()
        """The run of somebody who has no user id, where the application names none."""
        self._answered_to: Ids | None = None

    @property
    def ids(self) -> Ids | None:
        """The entity ids under which words are stored now; None while the user is not known."""
        if self.user.pending:
            return None
        guest = self._guest if self.user.id is None and not self.shared_guests else None
        ids = {"user_id": self.user.id, "agent_id": self.agent_id, "run_id": self.run_id or guest}
        return {key: value for key, value in ids.items() if value}

    @property
    def across_runs(self) -> Ids:
        """The ids without the run: all that the person and the agent have between them. Empty while unknown."""
        return {key: value for key, value in (self.ids or {}).items() if key != "run_id"}

    @property
    def answered_ids(self) -> Ids | None:
        """Whose an answer is: of whom it was said to, though the user may have changed since."""
        return self._answered_to or self.ids

    def turn_begins(self) -> Ids | None:
        """Somebody is going to be answered; whose the turn is."""
        self._answered_to = self.ids
        return self._answered_to

    def turn_answered(self) -> None:
        """The answer is complete."""
        self._answered_to = None

    def another_guest(self) -> None:
        """Whoever comes now is not the one before."""
        self._guest = _some_guest()

    def visible(self, ids: Ids) -> dict[str, Any]:
        """The filter for recall, as ``what_may_be_seen`` says."""
        return what_may_be_seen(ids, self.scope, shared_guests=self.shared_guests)

    def key(self, kept_at: Hashable) -> Hashable:
        """Equal for two sessions that store the same words in the same place: they store each once between them."""
        whose = id(self.user) if self.user.id is None else self.user.id
        return kept_at, whose, self.agent_id, self.run_id


def _some_guest() -> str:
    return f"guest-{uuid4().hex}"


def checked(user_id: Any, agent_id: object = None, run_id: object = None) -> Source:
    """The user as the service takes it; a number or a UUID, as databases have them, by its text.

    Raises ``InvalidInput`` for what can be no id.
    """
    others: tuple[tuple[EntityKind, object], ...] = (("agent", agent_id), ("run", run_id))
    for kind, given in others:
        if given:
            entity_id(kind, given)
    if user_id is None or callable(user_id) or inspect.isawaitable(user_id):
        source: Source = user_id
        return source
    return entity_id("user", _as_text(user_id))


def _as_text(given: object) -> object:
    return str(given) if isinstance(given, (int, UUID)) and not isinstance(given, bool) else given


def what_may_be_seen(ids: Mapping[str, str], scope: Scope, *, shared_guests: bool = False) -> dict[str, Any]:
    """The filter for recall.

    A user is recalled across agents and runs (``scope="user"``), or only with this agent (``"user+agent"``); what an
    agent was given outside any run is for everybody. Without a user only rows without one are seen, so that two
    customers of one agent never see each other; and of what guests said only what was said in this run, unless they
    share it (``shared_guests``).
    """
    user, agent, run = (ids.get(key) for key in ("user_id", "agent_id", "run_id"))
    if user is None:
        own = {"agent_id": agent} if agent is not None else {"run_id": run}
        if agent is None or run is None or shared_guests:
            return {"AND": [own, _NOBODYS]}
        return {"AND": [own, _NOBODYS, {"OR": [{"run_id": run}, _OF_NO_RUN]}]}
    if agent is None:
        return {"user_id": user}
    if scope == "user+agent":
        return {"AND": [{"user_id": user}, {"agent_id": agent}]}
    of_agent = [{"agent_id": agent}, _NOBODYS] if shared_guests else [{"agent_id": agent}, _NOBODYS, _OF_NO_RUN]
    return {"OR": [{"user_id": user}, {"AND": of_agent}]}


def of_guest(ids: Mapping[str, str]) -> dict[str, Any]:
    """The filter for what somebody without a user id said in this run: all that they may take back."""
    own = [{key: ids[key]} for key in ("agent_id", "run_id") if key in ids]
    return {"AND": [*own, _NOBODYS]}
