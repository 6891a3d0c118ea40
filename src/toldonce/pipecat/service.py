"""The memory service: recalls before the LLM answers, stores what was said."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar, overload

from loguru import logger
from pipecat.frames.frames import (
    CancelFrame,
    Frame,
    FunctionCallInProgressFrame,
    InterruptionFrame,
    LLMContextFrame,
    LLMContextSummaryResultFrame,
)
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor, FrameProcessorSetup

from toldonce.errors import InvalidInput, InvalidTime, MissingIdentity

from .aggregators import Aggregators
from .awaited import AsyncClient
from .backends import choose, version_of
from .block import CLOSING, Formatter, Hit
from .capture import Clock, Context, ShouldStore
from .compat import (
    ASSISTANT_TURN_FRAMES,
    CONTEXT_FRAMES,
    INSTRUCTION_ROLE,
    MESSAGES_FRAMES,
    USER_TURN_FRAMES,
    base_options,
    is_speculative,
)
from .hooks import PipecatFramework
from .identity import Scope, UserId, checked
from .options import Options
from .session import Order, Session
from .settings import (
    ADJUSTABLE,
    InputParams,
    MemorySettings,
    MemoryUpdateSettingsFrame,
    checked_setting,
    require_sensible,
)
from .telemetry import Recalled, Rtvi, Telemetry
from .tools import Tool, make_tools
from .transcripts import Transcript, TurnTranscript

if TYPE_CHECKING:
    from toldonce.memory import AsyncMemory

T = TypeVar("T")


class _In(Generic[T]):
    """An attribute of the service that is kept in a part of its session, under the same name."""

    def __init__(self, part: str) -> None:
        self._part = part

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, service: None, owner: type) -> _In[T]: ...
    @overload
    def __get__(self, service: MemoryService, owner: type) -> T: ...
    def __get__(self, service: MemoryService | None, owner: type) -> _In[T] | T:
        if service is None:
            return self
        value: T = getattr(getattr(service.session, self._part), self._name)
        return value

    def __set__(self, service: MemoryService, value: T) -> None:
        setattr(getattr(service.session, self._part), self._name, value)


class MemoryService(FrameProcessor):
    """Long-term memory in a pipeline, between the user aggregator and the LLM.

    Before each answer it puts what it recalls about the person into the context, as one message; after each turn it
    stores what was said. It never holds up a turn for longer than ``recall_timeout``, and an error of the memory
    never ends a call.

    It is thin: it translates frames for its ``session``, which holds the parts that do the work.
    """

    InputParams: TypeAlias = InputParams
    Settings: TypeAlias = MemorySettings

    agent_id = _In[str | None]("identity")
    run_id = _In[str | None]("identity")
    scope = _In[Scope]("identity")
    shared_guests = _In[bool]("identity")
    search_limit = _In[int]("options")
    search_threshold = _In[float]("options")
    system_prompt = _In[str]("options")
    add_as_system_message = _In[bool]("options")
    position = _In[int]("options")
    user_name = _In[str | None]("options")
    assistant_name = _In[str | None]("options")
    recall_timeout = _In[float]("options")
    shutdown_timeout = _In[float]("options")
    prefetch = _In[bool]("options")
    profile_limit = _In[int]("options")
    formatter = _In[Formatter | None]("options")
    block_role = _In[str | None]("options")
    closing_note = _In[str]("options")
    last_query = _In[str | None]("recall")
    last_recall = _In[Sequence[Hit]]("recall")

    _running = False
    """Whether it is in a pipeline."""
    _ended = False
    _made: Any = None
    """The memory that it made itself, and closes."""

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
        speaker_ids: bool = False,
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
        settings: MemorySettings | None = None,
        **options: Any,
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
            speaker_ids: Whether several people may speak, each known by the ``user_id`` of their transcripts. What each
                says is stored under their own id, and recalled for whoever speaks. Words without one are the user's.
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
            settings: Settings that win over ``params`` and over the arguments of the same names.
            options: What ``FrameProcessor`` takes, such as ``name``.

        Raises:
            MissingIdentity: No id is given. (A ``ValueError``.)
            InvalidInput: An id, a timeout or the scope is no such thing.
            InvalidConfig: ``local_config``, ``api_key`` or ``host`` cannot be used.
            InvalidTime: ``now`` gives a time without a zone.
            StoreError: The memory, or the outbox of a host, cannot be opened.
        """
        super().__init__(**base_options(options))
        given = {} if settings is None else settings.given_fields()
        user_id = given.pop("user_id", user_id)
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
        values = Options(
            search_limit=params.search_limit,
            search_threshold=params.search_threshold,
            system_prompt=params.system_prompt,
            add_as_system_message=params.add_as_system_message,
            position=params.position,
            user_name=user_name,
            assistant_name=assistant_name,
            recall_timeout=recall_timeout,
            shutdown_timeout=shutdown_timeout,
            prefetch=prefetch,
            profile_limit=profile_limit,
            formatter=formatter,
            block_role=block_role,
            closing_note=closing_note,
            now=now,
            speaker_ids=speaker_ids,
            instruction_role=INSTRUCTION_ROLE,
        )
        client = choose(memory, local_config, api_key, host, version_of(params))
        self._made = client if memory is None else None
        self._telemetry = Telemetry(self, rtvi=rtvi)
        self.session = Session(self._framework, self._telemetry, client, values, should_store)
        self.agent_id, self.run_id = agent_id, run_id
        self.scope, self.shared_guests = scope, shared_guests
        self._transcript = TurnTranscript(
            self._on_transcript,
            self.session.turn_dropped,
            self.session.log.committed,
            self.session.log.typed,
            self.session.log.sent,
        )
        self._aggregators = Aggregators(self, MemoryService, self.session.log, self._transcript)
        self._lists = LLMContext()
        self.user_id = user_id
        for key, value in given.items():
            self._change(key, value)
        logger.info(f"{self}: memory of user_id={self.user_id}, agent_id={agent_id}, run_id={run_id}")

    @cached_property
    def session(self) -> Session:
        """The parts that do the work. Made here for an instance whose constructor did not run, as in Pipecat's test."""
        return Session(self._framework, Telemetry(self), None, Options(instruction_role=INSTRUCTION_ROLE))

    @cached_property
    def _framework(self) -> PipecatFramework:
        return PipecatFramework(self)

    @property
    def user_id(self) -> str | None:
        """Whose memory it is; None until that is known. May be set at any time, as in the constructor."""
        return self.session.identity.user.id

    @user_id.setter
    def user_id(self, user_id: UserId) -> None:
        self.session.identity.user.set(user_id)

    @property
    def memory_client(self) -> Any:
        """The memory. Its methods are asynchronous: ``await memory.memory_client.search(...)``."""
        client = self.session.client.client
        return AsyncClient(client) if client is self._made and client is not None else client

    @memory_client.setter
    def memory_client(self, client: Any) -> None:
        self.session.use(client)

    # In a pipeline

    async def setup(self, setup: FrameProcessorSetup) -> None:  # type: ignore[override] # Pipecat's own override
        """Join the pipeline, and load the person's memories ahead of the first turn."""
        await super().setup(setup)
        if self._ended:
            self.session.log.capture.recording = False
            logger.error(
                f"{self}: its call has ended; it recalls and stores nothing more. Make a service for each call."
            )
            return
        self._running = True
        self._aggregators.attach(getattr(setup, "pipeline_worker", None), self.session.switched)
        if self._aggregators.shares_its_context:
            companions = [one for one in self._aggregators.line if isinstance(one, MemoryService)]
            self.session.shares_its_context(one.session for one in companions)
        self._telemetry.begin(setup)
        await self.session.begin()

    async def cleanup(self) -> None:
        """Store what was said last, within ``shutdown_timeout``, and leave."""
        if self._running and not self._ended:
            self._ended = True
            self._aggregators.detach()
            for task in await self.session.end(closes=self._made):
                await self.cancel_task(task)
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
            await self._telemetry.recalled(turn, self.session.prefetcher, len(self.session.writer))
            return
        if isinstance(frame, MESSAGES_FRAMES):
            frame = await self._with_block(frame)
        elif isinstance(frame, (InterruptionFrame, CancelFrame)):
            self.session.log.interrupted()
        elif isinstance(frame, FunctionCallInProgressFrame):
            self.session.identity.answers.function_called()
        elif isinstance(frame, USER_TURN_FRAMES):
            self.session.turn_announced("user", frame.text)  # type: ignore[attr-defined] # absent below 1.13
        elif isinstance(frame, ASSISTANT_TURN_FRAMES):
            self.session.turn_announced("assistant", frame.text)  # type: ignore[attr-defined] # absent below 1.4
        elif isinstance(frame, LLMContextSummaryResultFrame):
            self.session.log.capture.summary_text(frame.summary)
        await self.push_frame(frame, direction)

    def _on_transcript(self, transcript: Transcript) -> None:
        """The user is speaking."""
        if self.session.options.speaker_ids and (transcript.committed or transcript.speaker is not None):
            self.session.somebody_speaks(transcript.speaker, transcript.words if transcript.committed else None)
        self.session.hear(transcript.turn, final=transcript.final)

    async def _on_context(self, frame: Any) -> None:
        try:
            if is_speculative(frame):
                await self.session.answer_ahead(frame.context)
            else:
                self._transcript.committed()
                await self.session.answer(frame.context, frame.id)
        except Exception as error:  # Whatever goes wrong with the memory, the conversation goes on.
            await self._framework.report("recall", error)

    async def _with_block(self, frame: Any) -> Frame:
        """A list of messages instead of a context, as Pipecat had it up to 0.0.108."""
        self.session.prompt.renew(self._lists, frame.messages)
        await self._on_context(LLMContextFrame(self._lists))
        renewed: Frame = type(frame)(list(self._lists.get_messages()))
        return renewed

    async def _update_settings(self, frame: MemoryUpdateSettingsFrame) -> None:
        delta = frame.delta if frame.delta is not None else MemorySettings.from_mapping(frame.settings)
        for key, value in delta.given_fields().items():
            try:
                self._change(key, value)
            except InvalidInput as error:  # It stays as it was.
                await self._framework.report("a change of settings", error)

    def _change(self, key: str, value: Any) -> None:
        if key in ADJUSTABLE:
            setattr(self, key, checked_setting(key, value))
        elif key != "model":
            logger.warning(f"{self}: there is no setting {key!r}; there are {', '.join(ADJUSTABLE)}")

    # What an application calls

    @property
    def settings(self) -> MemorySettings:
        """The settings as they are; change them by attribute, or with a ``MemoryUpdateSettingsFrame``."""
        return MemorySettings(model=None, **{name: getattr(self, name) for name in ADJUSTABLE})

    @property
    def paused(self) -> bool:
        """Whether the talk is off the record."""
        return self.session.paused

    def pause(self) -> None:
        """Go off the record: what is said from now on is never stored, nothing is looked up, the block goes."""
        self.session.pause()

    def resume(self) -> None:
        """Back on the record. What was said in between is not stored later either."""
        self.session.resume()

    async def get_memories(
        self, *, limit: int | None = None, order: Order = "about", filters: Mapping[str, Any] | None = None
    ) -> list[dict[str, Any]]:
        """What is known of the person, for example to greet them; ``[]`` if the memory fails, or within 2 s does not.

        Args:
            limit: The most memories to return.
            order: "about": first what states a fact that holds, then what else the person said about themselves, each
                newest first; the assistant's lines last. Or "newest", or "oldest".
            filters: Which memories, in Mem0's grammar, of those this service may see.

        Returns:
            Memories as dicts with at least "memory".
        """
        return await self.session.known(limit=limit, order=order, filters=filters)

    async def find(self, query: str) -> Sequence[Hit]:
        """The memories for a query; errors are the memory's own."""
        return await self.session.recall.find(query)

    async def note(self, fact: str) -> None:
        """Remember a sentence as something the person said, beside the conversation."""
        await self.session.note(fact)

    async def forget(
        self, query: str, *, ids: Iterable[str] = (), context: Context = None
    ) -> tuple[list[Hit], list[Hit]]:
        """Delete what was said about something.

        Deleted are the memories of these ids, those that clearly speak of ``query``, and the request itself, if
        ``context`` ends with it; the answer to it is not stored. Block and lookups lose them at once.

        Returns:
            The memories deleted, and others that may be meant too.
        """
        return await self.session.forget(query, ids=ids, context=context)

    def tools(self) -> list[Tool]:
        """``search_memory``, ``remember``, ``forget`` and ``list_memories``, for ``LLMContext(tools=...)``."""
        return make_tools(self)

    # The private names of Pipecat's own service, for subclasses and direct callers

    async def _enhance_context_with_memories(self, context: Context, query: str) -> None:
        """Recall for ``query`` and let the context's one block hold what was recalled."""
        if self._running:
            await self.session.recall.recall(context, query)
        else:
            await self.session.recall.present(context, query, await self._retrieve_memories(query))

    async def _retrieve_memories(self, query: str) -> list[dict[str, Any]]:
        """The memories for ``query``; ``[]`` if the memory fails."""
        try:
            return await self.session.recall.find(query)
        except Exception as error:  # As documented.
            logger.error(f"Memories could not be searched: {error!r}")
            return []

    async def _store_messages(self, messages: Sequence[Mapping[str, Any]]) -> None:
        """Store messages: those a subclass was handed as what was said, others outside any conversation.

        A subclass that overrides this decides of everything said what is stored: it calls this with what may be.
        """
        await self._framework.store_messages(messages)


Mem0MemoryService = MemoryService
"""The same class under the name that Pipecat's own service has, for those who change only the import."""
