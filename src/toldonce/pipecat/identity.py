"""Whose memory it is: entity ids, a user who may become known only during the call, and what they may see."""

from __future__ import annotations

import asyncio
import inspect
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Hashable, Mapping
from typing import Any, Literal, TypeAlias
from uuid import UUID, uuid4

from loguru import logger

from toldonce.errors import InvalidInput
from toldonce.filters.ids import entity_id
from toldonce.types import EntityKind

from .writer import Ids, Owner

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

    def __init__(
        self, changed: Callable[[], None], answered: Callable[[int | None], None] = lambda question: None
    ) -> None:
        self._changed = changed
        self._answered = answered
        """Told that the user is known: to which question that is the answer, None to all of them."""
        self._source: Source = None
        self._asking: asyncio.Task[None] | None = None
        self._about: str | None = None
        """What was said when the question was asked that is under way; None before anything was."""
        self._again: str | None = None
        """What else has been said since."""
        self._questions = 0
        """How many were asked."""
        self._waited_for = -1
        """The question that a turn has waited for: one that takes long is not to delay every turn."""
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

    @property
    def question(self) -> int:
        """The number of the question whose answer says who said what is said now."""
        return self._questions if self._asking is not None and self._again is None else self._questions + 1

    async def settle(self, deadline: float) -> None:
        """Wait for the answer to who it is, but not past the deadline; where nobody is known yet, once a question."""
        if self.id is not None or self._questions != self._waited_for:
            await self.answers(deadline)

    async def answers(self, deadline: float) -> None:
        """Wait for the answer to who it is, but not past the deadline."""
        while (asking := self._asking) is not None:
            self._waited_for = self._questions
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0:
                return
            await asyncio.wait({asking}, timeout=left)

    def set(self, given: UserId) -> None:
        """Another user, or another way to learn who it is. Raises ``InvalidInput``."""
        source = checked(given)
        if self._asking is not None:
            self._asking.cancel()
            self._asking, self._again = None, None
        self._source = None if isinstance(source, str) else source
        self._become(source if isinstance(source, str) else None, expected=source is not None)
        if self.id is not None:
            self._answered(None)
        self.look()

    def begin(self, spawn: Spawn) -> None:
        """From now on there is a loop to ask in."""
        self._spawn = spawn
        self.look()

    def look(self, about: str | None = None) -> None:
        """Ask again who it is. Returns at once; an answer that takes its time comes later.

        ``about``: what was just said. A question that is under way tells who said that only if it was asked about it.
        """
        if self._asking is None:
            self._ask(about)
        elif self._about is None:
            self._about = about
        elif about is not None and about != self._about and callable(self._source):
            self._again = about

    def _ask(self, about: str | None) -> None:
        if self._spawn is None or self._source is None:
            return
        self._about = about
        answer: Answer
        self._questions += 1
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
        again, self._again, self._asking = self._again, None, None
        self._told(user_id)
        if again is not None:
            self._ask(again)

    def _told(self, answer: object) -> None:
        """Take an answer. Where it is none, whoever was known before is still there."""
        if answer is not None and answer != "":
            try:
                self._become(entity_id("user", _as_text(answer)))
            except InvalidInput as error:
                logger.warning(f"The answer to who the user is was none: {error}")
        if self.id is not None:
            self._answered(self._questions)

    def _become(self, user_id: str | None, *, expected: bool = True) -> None:
        if (user_id, expected) != (self.id, self.expected):
            self.id, self.expected = user_id, expected
            self._changed()


class Answers:
    """Whose each answer is. Turns are answered in the order in which they went to the LLM."""

    def __init__(self) -> None:
        self._asked: deque[Owner] = deque()
        """The owners of turns that no answer has begun for."""
        self.answering: Owner | None = None
        """Whose the answer is that is being given."""
        self._last: Owner | None = None
        self._goes_on = False

    @property
    def owner(self) -> Owner | None:
        """Whose the answer is that is being given or comes next; None if none is."""
        return self.answering or (self._asked[0] if self._asked else None)

    def asked(self, owner: Owner) -> None:
        """A turn went to the LLM."""
        self._asked.append(owner)

    def begun(self) -> None:
        """An answer begins. One that nobody asked for is the agent's own, or goes on after a function call."""
        if self._asked:
            self._last = self._asked.popleft()
        elif not self._goes_on:
            self._last = None
        self.answering, self._goes_on = self._last, False

    def ended(self) -> None:
        """An answer is complete. Where its beginning was not told, it answered the first turn."""
        if self.answering is None and self._asked:
            self._last = self._asked.popleft()
        self.answering = None

    def function_called(self) -> None:
        """The LLM will be run again with the result, for the same person."""
        self._goes_on = True

    def interrupted(self) -> None:
        """Turns that no answer has begun for are not going to be answered."""
        self._asked.clear()
        self._goes_on = False


class Identity:
    """Whose a call is: the user, the agent and the session, and what may be seen and stored under them."""

    def __init__(self, changed: Callable[[], None], known: Callable[[], None]) -> None:
        """``changed``: told when the user is another; ``known``: when an owner that was not known is."""
        self.user = User(changed, self._resolve)
        self._known = known
        self._unresolved: list[tuple[int, Owner]] = []
        """Owners that are not known, with the question about them."""
        self.agent_id: str | None = None
        self.run_id: str | None = None
        self.speaker: str | None = None
        """Who speaks just now, where the transport knows; before the user of the call."""
        self.scope: Scope = "user"
        self.shared_guests = True
        self._guest = _some_guest()
        """The run of somebody who has no user id, where the application names none."""
        self.answers = Answers()

    @property
    def ids(self) -> Ids | None:
        """The entity ids under which words are stored now; None while the user is not known."""
        return None if self.user.pending and self.speaker is None else self._ids_of(self.speaker or self.user.id)

    def _ids_of(self, user_id: str | None) -> Ids:
        guest = self._guest if user_id is None and not self.shared_guests else None
        ids = {"user_id": user_id, "agent_id": self.agent_id, "run_id": self.run_id or guest}
        return {key: value for key, value in ids.items() if value}

    def speaks(self, speaker: str | None) -> bool:
        """Somebody begins to speak, or goes on; whether it is somebody else than before."""
        changed = speaker != self.speaker
        self.speaker = speaker
        return changed

    @property
    def across_runs(self) -> Ids:
        """The ids without the run: all that the person and the agent have between them. Empty while unknown."""
        return {key: value for key, value in (self.ids or {}).items() if key != "run_id"}

    def owner(self) -> Owner:
        """Whose is what is said now. While it is asked who that is, the answer will be put there."""
        return self._unknown() if self.ids is None else Owner(self.ids)

    def owner_of(self, speaker: str | None) -> Owner:
        """Whose is what a speaker says. What nobody was heard to say is the user's of the call, if there is one."""
        if speaker is None and self.user.pending:
            return self._unknown()
        return Owner(self._ids_of(speaker or self.user.id))

    def _unknown(self) -> Owner:
        owner = Owner()
        self._unresolved.append((self.user.question, owner))
        return owner

    def answered(self) -> Owner:
        """Whose an answer is: of whom it was said to, though the user may have changed since."""
        return self.answers.owner or self.owner()

    def _resolve(self, question: int | None) -> None:
        """It is known who said what was said until a question was asked; None: everything so far."""
        unresolved, self._unresolved = self._unresolved, []
        for number, owner in unresolved:
            if question is None or number <= question:
                owner.ids = self._ids_of(self.user.id)
            else:
                self._unresolved.append((number, owner))
        self._known()

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


def own_rows(rows: list[dict[str, Any]], ids: Ids) -> list[dict[str, Any]]:
    """The rows that name nobody else, whatever the memory answered: they are the user's, or of no user."""
    own = [row for row in rows if not row.get("user_id") or str(row["user_id"]) == ids.get("user_id")]
    if len(own) < len(rows):
        logger.error(f"The memory returned {len(rows) - len(own)} memories of somebody else, which were dropped.")
    return own
