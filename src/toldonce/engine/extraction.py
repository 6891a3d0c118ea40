"""Facts from a model: ordered with an add, asked for later, kept once.

An add that is acknowledged has ordered its job in the same commit; the job names the messages and holds none of their
words. Whoever runs jobs asks the model, and keeps what is proved in one transaction with the end of the job: after a
crash it is done again, and nothing is there twice.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, timedelta, timezone
from functools import partial
from typing import Any, Literal, TypeAlias

from toldonce.config import Guidance, read_guidance
from toldonce.engine.jobs import Later, Worker
from toldonce.engine.observe import Counters
from toldonce.errors import InvalidConfig, RemoteError
from toldonce.llm import ChatModel, Completion
from toldonce.net.retry import Retries
from toldonce.remember.facts.answer import proposals
from toldonce.remember.facts.checks import Proved, check
from toldonce.remember.facts.keeping import Kept, keep
from toldonce.remember.facts.stored import stored_facts
from toldonce.remember.facts.window import (
    BEFORE,
    MESSAGES,
    SCHEMA,
    VERSION,
    Window,
    instructions,
    shown,
    window,
)
from toldonce.remember.plan import AddRequest
from toldonce.stores.jobs import Job, Wanted
from toldonce.stores.protocol import Changes, ConversationQuery, Read, Store, Write
from toldonce.times import as_datetime, now

_LOG = logging.getLogger(__name__)
_SECOND = 1_000_000

KIND, FAILED = "facts", "facts_failed"
"""Kinds of jobs: windows to be read, and those that were given up, which wait until somebody tries them again."""
GATHER = 2 * _SECOND
"""How long after an add its window is read, so that what is said meanwhile is read along."""
SLACK = 60 * _SECOND
"""How much longer than a model may take a job is leased."""
RETRIES = Retries(5, first_pause=2.0, longest_pause=60.0)
"""How often a window is tried before it is given up, and how long apart."""
_LATEST = 86_400 * _SECOND
"""The latest that a host which asks for patience is asked again."""

COUNTED = (
    *("llm_calls", "llm_failures", "llm_input_tokens", "llm_output_tokens"),
    *("facts_added", "facts_repeated", "facts_superseded", "facts_dropped", "facts_failed"),
)
"""What is counted always; besides, why facts were dropped (``facts_dropped_...``) and what else became of them."""

Orders: TypeAlias = Callable[[Write, Changes], tuple[int, int]]
"""Returns the conversation and the last place of what is to be read."""


class Extraction:
    """The model of an engine, and the thread that asks it."""

    def __init__(
        self,
        store: Store,
        model: ChatModel,
        *,
        guidance: Guidance,
        timeout: float,
        daily_tokens: int | None,
        counts: Counters[str],
        follow_up: Callable[[Sequence[int]], object],
    ) -> None:
        """``follow_up``: is told the versions that wait for vectors."""
        self._store = store
        self._model = model
        self._guidance = guidance
        self._daily_tokens = daily_tokens
        self._counts = counts
        self._follow_up = follow_up
        store.write_now(try_again)  # what an earlier process gave up
        lease = int(timeout * _SECOND) + SLACK
        self._worker = Worker(store, {KIND: self.read}, lease=lease, give_up=self._broken)

    def orders(self, project: str, request: AddRequest) -> Orders:
        """What a transaction that adds messages does besides, so that they are read for facts."""
        return partial(self._order, project, request)

    def close(self) -> None:
        """Take no more jobs; one under way is done again later."""
        self._worker.stop()
        self._model.close()
        self._worker.close()

    def _order(self, project: str, request: AddRequest, store: Write, changes: Changes) -> tuple[int, int]:
        owner_id, conversation_id = changes.owner_id, changes.conversation_id
        if owner_id is None or conversation_id is None:
            view = store.conversation(ConversationQuery(changes.address, None, None, (), (), 1))
            owner_id, conversation_id = view.owner_id, view.conversation_id
        assert owner_id is not None
        assert conversation_id is not None
        offset = as_datetime(changes.at).astimezone(request.zone).utcoffset() or timedelta()
        payload: dict[str, Any] = {
            "owner": owner_id,
            "conversation": conversation_id,
            "first": changes.messages[0].place,
            "offset": int(offset.total_seconds()),
        }
        key, last = _key(conversation_id), changes.messages[-1].place
        if request.guidance:  # of this call only
            payload |= {"last": last, "guidance": dict(request.guidance)}
            key += f"of {payload['first']}"
        # While the conversation's own job waits or is under way it goes on to the end: what is added is its too.
        store.jobs.add(KIND, payload, now() + GATHER, share=project, lane=_lane(owner_id), key=key)
        return conversation_id, last

    def read(self, job: Job) -> None:
        """Read one window: the handler of the job."""
        piece, guidance = self._window(job)
        if piece is None:
            self._store.write_now(lambda store: store.jobs.finish(job))
            return
        self._require_budget(job)
        try:
            proved = self._asked(job, piece, guidance)
        except RemoteError as error:
            self._fail(job, error)
            return
        kept, left = self._store.write_now(partial(self._keep, job, piece, proved))
        self._counts.add("facts_windows")
        for name, count in kept.counts.items():
            self._counts.add(f"facts_{name}", count)
        self._follow_up(kept.versions)
        if left is not None:
            raise Later(now(), left)

    def _window(self, job: Job) -> tuple[Window | None, Guidance]:
        first = job.payload["first"]
        zone = timezone(timedelta(seconds=job.payload["offset"])) if job.payload["offset"] else UTC
        with self._store.read() as store:
            messages = store.messages_at(job.payload["conversation"], max(first - BEFORE, 0), BEFORE + MESSAGES)
            messages = [one for one in messages if one.place <= job.payload.get("last", one.place)]
            facts = stored_facts(store.facts(job.payload["owner"]))
            project = store.serving.project(job.share)
        guidance = self._guidance if project is None else _of_project(project.settings, self._guidance)
        if told := job.payload.get("guidance"):
            guidance = replace(guidance, **{key: getattr(read_guidance(told), key) for key in told})
        return window(messages, first, facts, zone), guidance

    def _asked(self, job: Job, piece: Window, guidance: Guidance) -> list[Proved]:
        told = instructions(
            guidance.custom_instructions, guidance.includes, guidance.excludes, guidance.custom_categories
        )
        answer = self._model.complete(told, shown(piece), SCHEMA)
        self._store.write_now(partial(_count_tokens, job.payload["owner"], answer))
        _LOG.info(
            "%s read %d messages of owner %d: %d tokens in, %d out",
            *(self._model.name, len(piece.messages), job.payload["owner"], answer.input_tokens, answer.output_tokens),
        )
        self._counts.add("llm_calls")
        self._counts.add("llm_input_tokens", answer.input_tokens)
        self._counts.add("llm_output_tokens", answer.output_tokens)
        dropped: Counter[str] = Counter()
        proved: list[Proved] = []
        for proposal in proposals(answer.text):
            found = check(proposal, piece, guidance.custom_categories)
            if isinstance(found, str):
                dropped[found] += 1
            else:
                proved.append(found)
        for reason, count in dropped.items():
            self._counts.add("facts_dropped", count)
            self._counts.add(f"facts_dropped_{reason}", count)
        return proved

    def _keep(
        self, job: Job, piece: Window, proved: Sequence[Proved], store: Write
    ) -> tuple[Kept, dict[str, Any] | None]:
        """Keep what was proved and end the job, or put it back where messages are left; the payload for these."""
        payload = {key: value for key, value in job.payload.items() if key != "failures"} | {"first": piece.last + 1}
        left = bool(store.messages_at(job.payload["conversation"], piece.last + 1, 1))
        if left and piece.last >= job.payload.get("last", piece.last + 1):
            left = False
        mine = store.jobs.put_back(job, now(), payload) if left else store.jobs.finish(job)
        if not mine:
            return Kept(), None  # the lease ended, and whoever has it now does it
        extractor = f"{VERSION} {self._model.name}"
        where = (job.payload["owner"], job.payload["conversation"])
        return keep(store, job.share, *where, proved, extractor, now()), payload if left else None

    def _fail(self, job: Job, error: RemoteError) -> None:
        """Let it be tried again, or give it up. Raises ``Later`` in the first case."""
        failures = job.payload.get("failures", 0) + 1
        self._counts.add("llm_failures")
        pause = RETRIES.pause(error, failures)
        if pause is None and failures < RETRIES.tries and error.retry_after is not None:
            pause = error.retry_after
        if pause is not None:
            raise Later(now() + min(int(pause * _SECOND), _LATEST), {**job.payload, "failures": failures})
        self._counts.add("facts_failed")
        # What a host says of an error may quote what it was asked, which has words of the talk.
        cause = f"{type(error).__name__}: {(type(error).__doc__ or '').splitlines()[0]}"
        _LOG.error(
            "Facts were not read from a conversation: %s What was said is remembered. Try again with: toldonce retry",
            cause,
        )
        self._store.write_now(partial(_give_up, job, cause))

    def _broken(self, job: Job, cause: str, store: Write) -> None:
        """Keep what could not be read for reasons that are no fault of the model's, to be tried again."""
        _give_up(job, f"{cause}: reading it failed here. The log has more.", store)
        self._counts.add("facts_failed")

    def _require_budget(self, job: Job) -> None:
        """Raise ``Later`` if today's tokens are used up."""
        if self._daily_tokens is None:
            return
        with self._store.read() as store:
            used = _used(store, _TOKENS).get("today", {})
        at = as_datetime(now())
        if used.get("day") == at.date().isoformat() and used.get("tokens", 0) >= self._daily_tokens:
            self._counts.add("facts_over_budget")
            tomorrow = at.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
            raise Later(now() + int((tomorrow - at).total_seconds() + 1) * _SECOND)


_TOKENS = "llm tokens"


def tokens_used(store: Read, owner_id: int | None = None) -> dict[str, int]:
    """``input`` and ``output`` tokens that models took in this store, or for one owner in it."""
    used = _used(store, _TOKENS if owner_id is None else f"{_TOKENS} {owner_id}")
    return {key: used.get(key, 0) for key in ("input", "output")}


def failed(store: Read) -> int:
    """How many windows were given up and wait for somebody to try them again."""
    return store.jobs.counts().get(FAILED, 0)


def waiting(store: Read) -> int:
    """How many conversations wait for a model, or are being read."""
    return store.jobs.counts().get(KIND, 0)


def state_of(store: Read, conversation_id: int, place: int) -> tuple[Literal["read", "waiting", "failed"], str]:
    """Whether a message was read for facts; and if that failed, why."""
    jobs = store.jobs.keyed(_key(conversation_id))
    reaching = [job for job in jobs if job.payload["first"] <= place <= job.payload.get("last", place)]
    if any(job.kind == KIND for job in reaching):
        return "waiting", ""
    causes = [str(job.payload.get("cause", "")) for job in reaching if job.kind == FAILED]
    return ("failed", causes[-1]) if causes else ("read", "")


def try_again(store: Write) -> int:
    """Order again what was given up; how many windows that is."""
    count = 0
    while (job := store.jobs.lease(now(), now() + _SECOND, Wanted([FAILED]))) is not None:
        payload = {key: value for key, value in job.payload.items() if key not in ("failures", "cause")}
        store.jobs.finish(job)
        key = f"{_key(job.payload['conversation'])}again {job.payload['first']}"
        store.jobs.add(KIND, payload, now(), share=job.share, lane=_lane(job.payload["owner"]), key=key)
        count += 1
    return count


def _give_up(job: Job, cause: str, store: Write) -> None:
    messages = store.messages_at(job.payload["conversation"], job.payload["first"], 1 << 24)
    last = messages[-1].place if messages else job.payload["first"]
    if store.jobs.finish(job):
        payload = {**job.payload, "last": job.payload.get("last", last), "cause": cause}
        # In no lane: the next ones need not wait for it.
        store.jobs.add(
            FAILED, payload, now(), share=job.share, key=f"{_key(job.payload['conversation'])}failed {job.id}"
        )


def _key(conversation_id: int) -> str:
    """What the keys of a conversation's jobs begin with; the one that goes on to its end has no more."""
    return f"facts/{conversation_id}/"


def _lane(owner_id: int | None) -> str:
    """What is known of one person is read one after the other: each sees what the one before learned."""
    return f"facts {owner_id}"


def _count_tokens(owner_id: int, answer: Completion, store: Write) -> None:
    day = as_datetime(now()).date().isoformat()
    for key in (_TOKENS, f"{_TOKENS} {owner_id}"):
        used = _used(store, key)
        today = used.get("today", {})
        before = today.get("tokens", 0) if today.get("day") == day else 0
        used = {
            "input": used.get("input", 0) + answer.input_tokens,
            "output": used.get("output", 0) + answer.output_tokens,
            "today": {"day": day, "tokens": before + answer.input_tokens + answer.output_tokens},
        }
        store.keep_setting(key, json.dumps(used))


def _used(store: Read, key: str) -> dict[str, Any]:
    return dict(json.loads(store.setting(key) or "{}"))


def _of_project(settings: dict[str, Any], otherwise: Guidance) -> Guidance:
    """What a project's settings say of facts; where they say nothing, what the configuration does."""
    given = {
        "custom_instructions": settings.get("custom_instructions") or otherwise.custom_instructions,
        "includes": settings.get("inclusion_prompt") or otherwise.includes,
        "excludes": settings.get("exclusion_prompt") or otherwise.excludes,
        "custom_categories": settings.get("custom_categories") or otherwise.custom_categories,
    }
    try:
        return read_guidance(given)
    except InvalidConfig:  # set by an earlier version, of another shape
        return otherwise
