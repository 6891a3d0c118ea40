"""The memory service: recalls before the LLM answers, stores what was said."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from loguru import logger
from pipecat.frames.frames import (
    CancelFrame,
    Frame,
    InterruptionFrame,
    LLMContextFrame,
    LLMContextSummaryResultFrame,
)
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.frame_processor import FrameDirection, FrameProcessorSetup

from toldonce.errors import InvalidInput, InvalidTime, MissingIdentity

from .aggregators import Aggregators
from .backends import call, choose, takes, version_of
from .block import CLOSING, Formatter
from .capture import Capture, Clock, Context, ShouldStore
from .compat import (
    ASSISTANT_TURN_FRAMES,
    CONTEXT_FRAMES,
    ERROR_OPTIONS,
    MESSAGES_FRAMES,
    USER_TURN_FRAMES,
    is_speculative,
)
from .hearing import MemoryHearing
from .history import REACH, new_ones
from .identity import Scope, User, UserId, checked
from .prefetcher import Prefetcher
from .settings import (
    ADJUSTABLE,
    InputParams,
    MemorySettings,
    MemoryUpdateSettingsFrame,
    checked_setting,
    require_sensible,
)
from .telemetry import Recalled, Rtvi, Telemetry
from .transcripts import TurnTranscript
from .verbs import NOTHING_AHEAD
from .writer import Entry, Writer

if TYPE_CHECKING:
    from toldonce.memory import AsyncMemory

_TURN_TAKES = 0.025
"""Seconds for which a write lets a turn go first that does wait. With the write itself, well below 50 ms."""

_EARLIER = 6
"""Turns that a follow-up may lean on."""


class MemoryService(MemoryHearing):
    """Long-term memory in a pipeline, between the user aggregator and the LLM.

    Before each answer it puts what it recalls about the person into the context, as one message; after each turn it
    stores what was said. It never holds up a turn for longer than ``recall_timeout``, and an error of the memory
    never ends a call.
    """

    InputParams: TypeAlias = InputParams
    Settings: TypeAlias = MemorySettings

    _user: User
    _handed: dict[int, Entry]
    _prefetcher: Prefetcher

    def __init__(
        self,
        *,
        api_key: str | None = None,
        local_config: Mapping[str, Any] | None = None,
        user_id: UserId = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        params: InputParams | None = None,
        host: str | None = None,
        memory: AsyncMemory | None = None,
        user_name: str | None = None,
        assistant_name: str | None = None,
        scope: Scope = "user",
        shared_guests: bool = False,
        recall_timeout: float = 0.15,
        shutdown_timeout: float = 2.0,
        prefetch: bool = True,
        profile_limit: int = 0,
        should_store: ShouldStore | None = None,
        formatter: Formatter | None = None,
        block_role: str | None = None,
        closing_note: str = CLOSING,
        now: Clock | None = None,
        rtvi: Rtvi = False,
        name: str | None = None,
    ) -> None:
        """Make a service; at least one of ``user_id``, ``agent_id`` and ``run_id`` is needed.

        Args:
            api_key: Key of a Mem0 host.
            local_config: Mem0's configuration of a memory on this machine; ``{}`` is the embedded one.
            user_id: Whose memory it is: an id, or something that is called or awaited for it. Until it is known
                nothing is looked up, and what is said is held.
            agent_id: The agent that talks. Stored with what is said.
            run_id: The session. Stored with what is said.
            params: How memories are recalled and shown.
            host: Address of a Mem0 host.
            memory: A memory to share with other services and sessions. It is not closed with this service.
            user_name: The person's name, stored with what they say.
            assistant_name: The agent's name, stored with what it says.
            scope: "user" recalls across all agents of the user, "user+agent" only what was said with this one.
            shared_guests: Whether people without a user id recall what others without one told the same agent.
            recall_timeout: The most seconds a turn waits for memories.
            shutdown_timeout: The most seconds the end of a call waits for what was said to be stored.
            prefetch: Whether memories are looked up while the user is still speaking.
            profile_limit: The most memories of ``get_memories()`` that a first turn shows which recalls nothing itself.
            should_store: Says of a user or assistant message whether it is stored.
            formatter: Writes the memories of a block, after its ``system_prompt``.
            block_role: The role of the block, whatever ``add_as_system_message`` says.
            closing_note: The last line of the block.
            now: The time at which things are said, for talks of the past that are played again. Aware.
            rtvi: What the client is told over RTVI: nothing, ids and counts (True), or the texts too ("texts").
            name: The processor's name.

        Raises:
            MissingIdentity: No id is given. (A ``ValueError``.)
            InvalidInput: An id, a timeout or the scope is no such thing.
            InvalidConfig: ``local_config``, ``api_key`` or ``host`` cannot be used.
            InvalidTime: ``now`` gives a time without a zone.
            StoreError: The memory, or the outbox of a host, cannot be opened.
        """
        super().__init__(name=name)
        user_id = None if user_id == "" else user_id
        if user_id is None and not agent_id and not run_id:
            raise MissingIdentity(
                "At least one of user_id, agent_id, or run_id must be provided: it says whose memory this is."
            )
        user_id = checked(user_id, agent_id, run_id)
        require_sensible(scope, recall_timeout=recall_timeout, shutdown_timeout=shutdown_timeout)
        if now is not None and now().tzinfo is None:
            raise InvalidTime("now() must return a time with a zone, e.g. datetime.now(timezone.utc).")
        params = params or InputParams()
        self.memory_client = choose(memory, local_config, api_key, host, version_of(params))
        self._owns_memory = memory is None
        self.agent_id, self.run_id = agent_id, run_id
        self.search_limit = params.search_limit
        self.search_threshold = params.search_threshold
        self.system_prompt = params.system_prompt
        self.add_as_system_message = params.add_as_system_message
        self.position = params.position
        self.user_name, self.assistant_name = user_name, assistant_name
        self.scope, self.shared_guests = scope, shared_guests
        self.recall_timeout, self.shutdown_timeout = recall_timeout, shutdown_timeout
        self.prefetch, self.profile_limit = prefetch, profile_limit
        self.formatter, self.block_role, self.closing_note = formatter, block_role, closing_note
        self._now = now
        self._prepare(user_id, should_store, rtvi)
        logger.info(f"{self}: memory of user_id={self.user_id}, agent_id={agent_id}, run_id={run_id}")

    def _prepare(self, user_id: UserId, should_store: ShouldStore | None, rtvi: Rtvi) -> None:
        """Make the parts of a call."""
        names = {"user": self.user_name, "assistant": self.assistant_name}
        self._writer = Writer(self._store, self._report_storing, self._quiet, self._keeps_order)
        self._earlier: deque[dict[str, str]] = deque(maxlen=_EARLIER)
        self._capture = Capture(self._heard, names=names, should_store=should_store, now=self._now)
        self._prefetcher = Prefetcher(
            self._look_up, self._spawn, self._report, most=getattr(self.memory_client, "lookups_a_turn", None)
        )
        self._transcript = TurnTranscript(self._on_transcript, self._prefetcher.forget_turn)
        self._aggregators = Aggregators(self, self, self._transcript)
        self._telemetry = Telemetry(self, rtvi=rtvi)
        self._writing: asyncio.Task[None] | None = None
        self._warming: asyncio.Task[None] | None = None
        self._due: list[Callable[[], None]] = []
        self._lists = LLMContext()
        self._profile: list[dict[str, Any]] = []
        """What the first turn shows if it recalls nothing."""
        self._interrupted = False
        self._speculated = NOTHING_AHEAD
        self._store_failing = False
        self._ended = False
        self._handed = {}
        self._guest = _some_guest()
        self._user = User(self._on_user_changed, self._on_user_known)
        self._user.set(user_id)

    async def setup(self, setup: FrameProcessorSetup) -> None:  # type: ignore[override] # Pipecat's own override
        """Join the pipeline, and load the person's memories ahead of the first turn."""
        await super().setup(setup)
        if self._ended:
            self._capture.recording = False
            logger.error(
                f"{self}: its call has ended; it recalls and stores nothing more. Make a service for each call."
            )
            return
        self._aggregators.attach(getattr(setup, "pipeline_worker", None))
        self._telemetry.begin(setup)
        self._writing = self._spawn(self._writer.run(), "writer")
        self._user.begin(self._spawn)
        self._warming = self._spawn(self._warm_up(), "warm-up")
        await asyncio.wait({self._warming}, timeout=self.recall_timeout)

    async def cleanup(self) -> None:
        """Store what was said last, within ``shutdown_timeout``, and leave."""
        if self._writing is not None and not self._ended:
            self._ended = True
            await self._end()
        await super().cleanup()  # type: ignore[no-untyped-call] # untyped in Pipecat

    def can_generate_metrics(self) -> bool:
        """It can: the wait for memories as time to first byte, and how lookups went."""
        return True

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Recall before a context frame goes on; hear of turns that ended. Every frame goes on as it came."""
        await super().process_frame(frame, direction)
        if isinstance(frame, MemoryUpdateSettingsFrame) and frame.service in (None, self):
            await self._update_settings(frame)
            return
        if isinstance(frame, CONTEXT_FRAMES):
            began = time.time()
            await self._on_context(frame)
            turn = Recalled(began, time.time(), self.last_recall)
            await self.push_frame(frame, direction)
            await self._telemetry.recalled(turn, self._prefetcher.tally, len(self._writer))
            return
        if isinstance(frame, MESSAGES_FRAMES):
            frame = await self._with_block(frame)
        elif isinstance(frame, (InterruptionFrame, CancelFrame)):
            self._interrupted = True
        elif isinstance(frame, (*USER_TURN_FRAMES, *ASSISTANT_TURN_FRAMES)):
            self._on_turn_frame(frame)
        elif isinstance(frame, LLMContextSummaryResultFrame):
            self._capture.summary_text(frame.summary)
        await self.push_frame(frame, direction)

    async def _on_context(self, frame: Any) -> None:
        try:
            self._look_who()
            if is_speculative(frame):
                await self._speculate(frame.context)
                return
            self._turn_ids = self._ids()
            self._soon_take(frame.context, self._turn_ids)
            self._interrupted = False
            self._transcript.committed()
            await self._recall_for(frame.context)
        except Exception as error:  # Whatever goes wrong with the memory, the conversation goes on.
            await self._report("recall", error)

    async def _with_block(self, frame: Any) -> Frame:
        """A list of messages instead of a context, as Pipecat had it up to 0.0.108."""
        self._prompt.renew(self._lists, frame.messages)
        await self._on_context(LLMContextFrame(self._lists))
        renewed: Frame = type(frame)(list(self._lists.get_messages()))
        return renewed

    async def _recall_for(self, context: Context) -> None:
        self._turn_deadline = None
        self._turn_deadline = self._deadline()
        await self._user.settle(self._turn_deadline)
        if self.paused or self._ids() is None:
            return
        query = self._query(context)
        if query:
            await self._enhance_context_with_memories(context, query)
        if self._profile and not self.last_recall:
            self._prompt.show(context, self._profile, self._look())
            self.last_recall = self._profile
        self._profile = []

    async def _speculate(self, context: Context) -> None:
        """Answer for words the user may still take back: in the copy of the context that came with them, only there."""
        before = self.last_query, self.last_recall
        await self._recall_for(context)
        self._speculated = (self.last_query or "", self.last_recall)
        self.last_query, self.last_recall = before

    def _on_transcript(self, transcript: str, final: bool) -> None:
        """The user is speaking."""
        if self.prefetch and not self.paused and self._ids() is not None:
            self._prefetcher.ahead(transcript, final=final)

    def _heard(self, entry: Entry) -> None:
        """Something was said: keep it for the follow-ups to it, and store it."""
        if entry.ids is None:
            entry.ids = self._ids()  # The answer to who it is may have come since the words were heard.
        self._earlier.append({"role": entry.role, "content": entry.text})
        self._writer.put(entry)

    def _on_user_changed(self) -> None:
        """Nothing of the one user may reach the other."""
        self._take_due()
        self._drop_recall()
        self._earlier.clear()
        self._profile = []
        self._guest = _some_guest()
        self._capture.move(self._destination())
        self._on_user_known()

    def _on_user_known(self) -> None:
        ids = self._ids()
        if ids is not None:
            self._writer.identify(ids)

    async def _store(self, entries: Sequence[Entry]) -> None:
        if entries[0].found:
            entries = await self._not_stored_before(entries)
        if type(self)._store_messages is MemoryService._store_messages:
            await self._send(entries)
            return
        messages = [{"role": entry.role, "content": entry.text} for entry in entries]
        handed = {id(message): entry for message, entry in zip(messages, entries, strict=True)}
        self._handed |= handed
        try:
            await self._store_messages(messages)
        finally:
            for key in handed:
                del self._handed[key]

    async def _send(self, entries: Sequence[Entry]) -> None:
        add = self.memory_client.add
        options = {"conversation_id": entries[0].conversation_id} if takes(add, "conversation_id") else {}
        await call(
            add,
            messages=[entry.as_message() for entry in entries],
            metadata=dict(entries[0].metadata),
            **options,
            **(entries[0].ids or {}),
        )
        self._store_failing = False
        await self._telemetry.stored(entries)

    def _keeps_order(self) -> bool:
        """The embedded engine writes in the order in which it is called."""
        return self._embedded

    async def _not_stored_before(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        journal = getattr(self.memory_client, "messages", None)
        if journal is None:
            return entries
        whose = {key: value for key, value in (entries[0].ids or {}).items() if key != "run_id"} or entries[0].ids
        latest = {"latest": REACH} if takes(journal, "latest") else {}
        return new_ones(entries, await call(journal, **latest, **(whose or {})))

    async def _quiet(self) -> None:
        """Before a write: a turn that is being answered right now has the memory to itself."""
        await self._prefetcher.quiet(_TURN_TAKES)

    async def _warm_up(self) -> None:
        ids = self._ids() or {}
        warm = getattr(self.memory_client, "warm", None)
        whose = {key: value for key, value in ids.items() if key != "run_id"}
        try:
            if warm is not None and whose:
                await call(warm, **whose)
        except Exception as error:  # The first turn will find out, and say so.
            logger.debug(f"{self}: memories could not be loaded ahead: {error!r}")
        epoch = self._epoch
        if self.profile_limit:
            known = await self.get_memories(limit=self.profile_limit)
            self._profile = known if epoch == self._epoch else []

    async def _end(self) -> None:
        began = asyncio.get_running_loop().time()
        self._aggregators.detach()
        try:
            self._take_all(interrupted=self._interrupted)
        except Exception as error:  # The pipeline is coming down; it must come down all the way.
            logger.error(f"{self}: what was said last could not be read: {error!r}")
        self._prefetcher.forget()
        self._blocks.retire()
        left = await self._writer.finish(self.shutdown_timeout)
        if left:
            logger.error(f"{self}: {left} messages were not stored within {self.shutdown_timeout} s of the end")
        for task in (self._writing, self._warming, self._user.asking):
            if task is not None and not task.done():
                await self.cancel_task(task)
        # A memory that hangs would hang in its closing too. What it acknowledged is on disk without that.
        if self._owns_memory and not left:
            remaining = began + self.shutdown_timeout - asyncio.get_running_loop().time()
            await asyncio.wait({self._spawn(self.memory_client.close(), "close")}, timeout=max(0.0, remaining))

    async def _update_settings(self, frame: MemoryUpdateSettingsFrame) -> None:
        delta = frame.delta if frame.delta is not None else MemorySettings.from_mapping(frame.settings)
        for key, value in delta.given_fields().items():
            if key not in ADJUSTABLE:
                logger.warning(f"{self}: there is no setting {key!r}; there are {', '.join(ADJUSTABLE)}")
                continue
            try:
                setattr(self, key, checked_setting(key, value))
            except InvalidInput as error:  # It stays as it was.
                await self._report("a change of settings", error)

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        return self.create_task(work, f"{self}::{name}")

    async def _report_storing(self, what: str, error: Exception) -> None:
        """Say once that storing fails; it is tried again until it succeeds."""
        if not self._store_failing:
            self._store_failing = True
            await self._report(what, error)

    async def _report(self, what: str, error: Exception) -> None:
        reason = str(error) or type(error).__name__
        await self.push_error(f"Memory: {what} failed: {reason}", exception=error, **ERROR_OPTIONS)


def _some_guest() -> str:
    return f"guest-{uuid.uuid4().hex}"


Mem0MemoryService = MemoryService
"""The same class under the name that Pipecat's own service has, for those who change only the import."""
