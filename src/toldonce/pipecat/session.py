"""One call's memory, whatever framework the call runs in. It is composed of parts that can each be read alone:

* ``identity``: whose the call is, and what may be seen (identity.py);
* ``log``: what was said, each thing taken once (log.py, capture.py, seen.py);
* ``writer``: the queue in front of the memory (writer.py);
* ``recall``: what a turn is shown (recall.py), with
* ``prefetcher``: what is looked up, ahead of the turn and for it (prefetcher.py), and
* ``prompt``: the recall blocks in the contexts (prompt.py, block.py);
* ``client``: the memory itself (client.py);
* ``telemetry``: who is told how it went.

A ``Framework`` supplies tasks and takes errors. A context is whatever has ``get_messages``, ``set_messages`` and
``add_messages`` over OpenAI-style messages.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from typing import Any, Literal, Protocol, TypeAlias

from loguru import logger

from .block import Hit
from .capture import Capture, Context, ShouldStore
from .client import MemoryClient
from .forgetting import clearly_about
from .history import REACH, new_ones
from .identity import Identity, of_guest, own_rows
from .log import TranscriptLog
from .options import Options
from .prefetcher import Prefetcher
from .profile import about_the_person_first, newest_first, proving
from .prompt import PromptBlocks
from .recall import Recall, folded
from .writer import Entry, Owner, Writer

Order: TypeAlias = Literal["about", "newest", "oldest"]

GREETING_WAITS = 2.0
"""Seconds after which ``known`` gives up: somebody waits to be greeted."""

PROFILE_REACH = 1000
"""The newest memories ``known`` looks through."""

PROFILE_BUDGET = 1200
"""Characters. When all that is known of a person takes no more, the first turn may carry it whole."""

_FORGET_REACH = 100
"""Memories a request to forget looks through."""

_TURN_TAKES = 0.025
"""Seconds for which a write lets a turn go first that does wait. With the write itself, well below 50 ms."""


class Framework(Protocol):
    """What a session needs of the framework it runs in, and of the service that an application may subclass."""

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        """Run work in the background of the call."""
        ...

    async def report(self, what: str, error: Exception) -> None:
        """Tell the application of an error that does not end the call."""
        ...

    async def retrieve(self, query: str) -> Sequence[Hit]:
        """The memories for a query: ``Recall.look_up``, or what a subclass makes of it."""
        ...

    async def store(self, entries: Sequence[Entry]) -> None:
        """Store entries: ``Session.send``, or what a subclass makes of it."""
        ...

    async def enhance(self, context: Context, query: str) -> None:
        """Recall for a query: ``Recall.recall``, or what a subclass makes of it."""
        ...


class Telemetry(Protocol):
    """Told how it went."""

    async def stored(self, entries: Sequence[Entry]) -> None:
        """Messages were acknowledged."""
        ...


class Session:
    """See the module."""

    def __init__(
        self,
        framework: Framework,
        telemetry: Telemetry,
        client: Any,
        options: Options,
        should_store: ShouldStore | None = None,
    ) -> None:
        self._framework = framework
        self.telemetry = telemetry
        self.options = options
        self.client = MemoryClient(client)
        self.identity = Identity(self._user_changed, lambda: self.writer.owners_known())
        capture = Capture(
            self._heard,
            names=options.names,
            should_store=should_store,
            now=options.now,
            parts=self._by_speaker if options.speaker_ids else None,
        )
        self.log = TranscriptLog(
            capture,
            self.identity,
            lambda: self.identity.key(self.client.kept_at),
            another_speaks=(lambda: self.prefetcher.forget()) if options.speaker_ids else None,
        )
        self.prefetcher = Prefetcher(self._look_up, framework.spawn, framework.report, most=self.client.lookups_a_turn)
        self.prompt = PromptBlocks(options)
        self.recall = Recall(self.client, self.identity, options, self.prefetcher, self.prompt)
        self.writer = Writer(self._store, self._report_storing, self._quiet, lambda: self.client.embedded)
        self._profile: list[dict[str, Any]] = []
        """What the first turn shows if it recalls nothing, or besides what it recalls."""
        self._is_all = False
        """Whether that is all that is known, and little."""
        self._shown_to: str | None = None
        """Of several who may speak, whom the block was recalled for."""
        self._store_failing = False
        self._tasks: list[asyncio.Task[None]] = []
        self._off_the_record = self._set_aside = False

    # The life of a call

    async def begin(self) -> None:
        """Load the person's memories ahead of the first turn; waits no longer than a turn does."""
        spawn = self._framework.spawn
        self._tasks = [spawn(self.writer.run(), "writer")]
        self.identity.user.begin(spawn)
        warming = spawn(self._warm_up(), "warm-up")
        self._tasks.append(warming)
        await asyncio.wait({warming}, timeout=self.options.recall_timeout)

    async def end(self, closes: Any = None) -> list[asyncio.Task[None]]:
        """Store what was said last, within ``shutdown_timeout``. The tasks that are left, to be cancelled.

        ``closes``: a memory that is let go of as well.
        """
        within = self.options.shutdown_timeout
        ends = asyncio.get_running_loop().time() + within
        try:
            self.log.take_all(at_the_end=True)
        except Exception as error:  # The call is coming down; it must come down all the way.
            logger.error(f"What was said last could not be read: {error!r}")
        self.prefetcher.forget()
        self.prompt.retire()
        if len(self.writer):  # What was said is held until it is known whose it is.
            await self.identity.user.answers(ends)
        left = await self.writer.finish(max(0.0, ends - asyncio.get_running_loop().time()))
        if left:
            logger.error(f"{left} messages were not stored within {within} s of the end")
        # A memory that hangs would hang in its closing too; what it acknowledged is on disk without that.
        if closes is not None and not left:
            closing = self._framework.spawn(closes.close(), "close")
            await asyncio.wait({closing}, timeout=max(0.0, ends - asyncio.get_running_loop().time()))
        asking = self.identity.user.asking
        tasks = self._tasks if asking is None else [*self._tasks, asking]
        return [task for task in tasks if not task.done()]

    def use(self, client: Any) -> None:
        """Keep what is said in another memory from now on."""
        self.client.use(client)
        self.prefetcher.most = self.client.lookups_a_turn

    @property
    def paused(self) -> bool:
        """Whether the talk is off the record."""
        return not self.log.capture.recording

    def pause(self) -> None:
        """Go off the record: what is said from now on is never stored, nothing is looked up, the block goes."""
        self._off_the_record = True
        self._record()

    def resume(self) -> None:
        """Back on the record. What was said in between is not stored later either."""
        self._off_the_record = False
        self._record()

    def switched(self, active: bool) -> None:
        """Of several services that take turns, this one comes or goes. What the others hear is off its record."""
        self._set_aside = not active
        self._record()

    def _record(self) -> None:
        self.log.take_all()  # by what held until now
        self.log.capture.recording = not self._off_the_record and not self._set_aside
        if self.paused:
            self.recall.drop()

    def shares_its_context(self, others: Iterable[Session]) -> None:
        """Other pairs put what is said to them into the context as well. ``others``: sessions in line with this one."""
        self.log.capture.announced_only = True
        self.prompt.stands_with([session.prompt for session in others])

    # A turn

    def hear(self, turn: str, *, final: bool) -> None:
        """The user is speaking: ``turn`` is what they said so far. ``final``: whether these words will stay."""
        if self.options.prefetch and not self.paused and self.identity.ids is not None:
            self.prefetcher.ahead(turn, final=final)

    def somebody_speaks(self, speaker: str | None, words: str | None = None) -> None:
        """Where several people may speak: who does, and the words they have just added to the turn."""
        self.log.speaks(speaker)
        if words is not None:
            self.log.speakers.heard(speaker, words)

    def turn_dropped(self) -> None:
        """What was heard last became no turn: nobody may look it up, and it answers nothing."""
        self.prefetcher.forget_turn()
        self.log.speakers.forget()

    async def answer(self, context: Context, number: int | None = None) -> None:
        """A turn is on its way to the LLM in its context: put what is recalled for it there.

        ``number``: under which the log heard that the context was sent.
        """
        await self._recall_for(context, self.log.turn_passes(context, number))

    async def answer_ahead(self, context: Context) -> None:
        """Answer for words the user may still take back: in the copy of the context that came with them, only there."""
        self.log.passed = True
        self.identity.user.look(self.log.query(context))
        owner = self.identity.owner()
        before = self.recall.last_query, self.recall.last_recall
        await self._recall_for(context, owner)
        self.recall.answered_ahead(before)

    def turn_announced(self, role: Literal["user", "assistant"], text: str) -> None:
        """A turn was committed, perhaps to a context that never passes here."""
        said = self.log.turn_announced(role, text)
        if said is not None and role == "user":
            self.recall.confirmed(said.text, self.log.context)

    async def _look_up(self, query: str) -> Sequence[Hit]:
        """Look up for a turn. What is found while it is asked again who the user is, is nothing, and no answer."""
        await self.identity.user.settle(asyncio.get_running_loop().time() + self.options.recall_timeout)
        return await self._framework.retrieve(query)

    async def _recall_for(self, context: Context, owner: Owner) -> None:
        await self.identity.user.settle(self.recall.turn_begins())
        self.prompt.take_out_strangers(context)
        ids = self.identity.ids
        if ids is None or ids != owner.ids:
            self.prompt.clear(context)  # The turn may be somebody else's than whom this was recalled for.
            return
        if self.paused:
            return
        if self.identity.speaker != self._shown_to:
            self._shown_to = self.identity.speaker
            self.prompt.clear(context)
            await self.recall.wish_again()
        query = self.log.query(context)
        if query:
            await self._framework.enhance(context, query)
        if self._profile and (self._is_all or not self.recall.last_recall):
            self.recall.present_known(context, self._profile)
        self._profile = []

    # What an application, or its LLM, asks for

    async def known(
        self, *, limit: int | None = None, order: Order = "about", filters: Mapping[str, Any] | None = None
    ) -> list[dict[str, Any]]:
        """What is known of the person, as ``MemoryService.get_memories`` says."""
        ids = self.identity.ids
        if ids is None:
            return []
        ends = asyncio.get_running_loop().time() + GREETING_WAITS
        visible = self.identity.visible(ids)
        wanted = {"AND": [visible, dict(filters)]} if filters else visible
        try:
            async with asyncio.timeout_at(ends):
                found = own_rows(await self.client.every(wanted, PROFILE_REACH), ids)
        except Exception as error:  # A greeting without memories is still a greeting.
            logger.error(f"Memories could not be read: {error!r}")
            return []
        found = [row for row in found if row.get("kind") != "fact"]  # the words that prove it are there too
        facts: Sequence[Mapping[str, Any]] = ()
        if order == "about":
            try:
                async with asyncio.timeout_at(ends):
                    facts = await self.client.facts(ids, history=True)
            except Exception as error:  # They say what comes first, and no more.
                logger.warning(f"Facts could not be read, so what was said is listed without them: {error!r}")
        found = about_the_person_first(found, *proving(facts)) if order == "about" else newest_first(found)
        if order == "oldest":
            found.reverse()
        return found if limit is None else found[:limit]

    async def note(self, fact: str) -> None:
        """Remember a sentence as something the person said, beside the conversation."""
        message = {"role": "user", "content": fact}
        if self.options.user_name is not None:
            message["name"] = self.options.user_name
        metadata = {"platform": "pipecat", "tool": "remember"}
        await self.client.add([message], self.identity.ids or {}, metadata, verbatim=True)

    async def forget(
        self, query: str, *, ids: Iterable[str] = (), context: Context = None
    ) -> tuple[list[Hit], list[Hit]]:
        """Delete what was said about something, as ``MemoryService.forget`` says."""
        await self.stored(self.options.shutdown_timeout)
        request = None if context is None else self.log.query(context)
        named = set(ids)
        forgotten, perhaps = clearly_about(query, await self._candidates(query))
        forgotten += [hit for hit in perhaps if hit.get("id") in named]
        perhaps = [hit for hit in perhaps if hit.get("id") not in named]
        if request is not None:
            self.log.capture.hush_reply()
            asked = [hit for hit in await self._candidates(request) if folded(str(hit["memory"])) == folded(request)]
            known = {hit["id"] for hit in forgotten}
            forgotten += [hit for hit in asked if hit["id"] not in known]
        for hit in forgotten:
            await self.client.delete(hit["id"])
        await self.recall.refresh()
        return forgotten, perhaps

    async def _candidates(self, query: str) -> list[dict[str, Any]]:
        """What may be forgotten: of a user, only their own; nothing while it is asked who the user is."""
        ids = self.identity.ids
        if ids is None:
            return []
        own = {"user_id": ids["user_id"]} if "user_id" in ids else of_guest(ids)
        return own_rows(await self.client.search(query, own, limit=_FORGET_REACH, threshold=0.0), ids)

    # Storing

    async def stored(self, within: float) -> bool:
        """Wait until all that was said so far, and whose owner is known, is stored; whether it is.

        A turn goes first: what was said is taken a moment later. So it is not enough to wait for the writer.
        """
        self.log.take_all()
        return await self.writer.flush(within)

    def _by_speaker(self, text: str, owner: Owner) -> list[tuple[Owner, str]]:
        parts = self.log.speakers.parts(text)
        if all(speaker is None for speaker, _ in parts):
            return [(owner, text)]  # Typed: by whoever was there then.
        return [(self.identity.owner_of(speaker), part) for speaker, part in parts]

    async def send(self, entries: Sequence[Entry]) -> None:
        """Hand entries of one conversation to the memory."""
        first = entries[0]
        messages = [entry.as_message() for entry in entries]
        await self.client.add(messages, first.ids or {}, first.metadata, conversation_id=first.conversation_id)
        self._store_failing = False
        await self.telemetry.stored(entries)

    def _heard(self, entry: Entry) -> None:
        """Something was said: keep it for the follow-ups to it, and store it."""
        self.recall.said(entry.role, entry.text)
        self.writer.put(entry)

    async def _store(self, entries: Sequence[Entry]) -> None:
        if entries[0].found:
            entries = await self._not_stored_before(entries)
        await self._framework.store(entries)

    async def _not_stored_before(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        ids = entries[0].ids or {}
        whose = {key: value for key, value in ids.items() if key != "run_id"} or ids
        journal = await self.client.journal(whose, REACH)
        return entries if journal is None else new_ones(entries, journal)

    async def _quiet(self) -> None:
        """Before a write: a turn that is being answered right now has the memory to itself."""
        await self.prefetcher.quiet(_TURN_TAKES)

    async def _report_storing(self, what: str, error: Exception) -> None:
        """Say once that storing fails; it is tried again until it succeeds."""
        if not self._store_failing:
            self._store_failing = True
            await self._framework.report(what, error)

    # Whose it is

    def _user_changed(self) -> None:
        """Nothing of the one user may reach the other."""
        self.log.move()
        self.recall.drop()
        self.recall.forget_talk()
        self._profile = []
        self.identity.another_guest()

    async def _warm_up(self) -> None:
        try:
            await self.client.warm(self.identity.across_runs)
        except Exception as error:  # The first turn will find out, and say so.
            logger.debug(f"Memories could not be loaded ahead: {error!r}")
        await self.recall.look_for_wishes()
        epoch = self.recall.epoch
        if self.options.profile_limit:
            known = await self.known()
            if epoch == self.recall.epoch:
                self._profile = known[: self.options.profile_limit]
                size = sum(len(str(memory.get("memory"))) for memory in known)
                self._is_all = len(known) == len(self._profile) and size <= PROFILE_BUDGET
