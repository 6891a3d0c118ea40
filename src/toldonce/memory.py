"""The verbs. ``Memory`` waits in the caller's thread, ``AsyncMemory`` in none."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self

from toldonce.config import read_config
from toldonce.embedders import Embedder
from toldonce.engine import Engine, open_engine
from toldonce.engine.loops import remembered, run_in, searched, until
from toldonce.engine.operations import Operations
from toldonce.engine.refcounted import DROPPED
from toldonce.engine.requests import (
    PROJECT,
    UNSET,
    add_request,
    edit_request,
    facts_request,
    read_filters,
    read_limit,
    scope_of,
    search_request,
    understood,
    what_to_erase,
)
from toldonce.engine.search import Search
from toldonce.engine.shapes import Item, added_answer, deleted
from toldonce.errors import Closed
from toldonce.remote.erasing import erase
from toldonce.stores.place import Place, Where


class _Face:
    """What both faces share: an engine that is opened and let go of."""

    def __init__(
        self,
        config: Mapping[str, Any] | None = None,
        *,
        folder: Where | None = None,
        embedder: Embedder | None = None,
    ) -> None:
        chosen = read_config(config, folder)
        engine, let_go = open_engine(chosen, embedder)
        if chosen.llm is not None:
            try:
                engine.ask_model(chosen.llm, chosen.guidance)
            except BaseException:
                let_go()
                raise
        self._let_go = DROPPED.watch(self, let_go)
        self._open: Operations | None = Operations(engine, PROJECT)

    @classmethod
    def from_config(cls, config_dict: Mapping[str, Any]) -> Self:
        """Open the memory that Mem0's configuration dict describes; ``{}`` is the default one.

        Raises:
            InvalidConfig: it names a provider that Toldonce does not run itself.
        """
        return cls(config_dict)

    @property
    def _verbs(self) -> Operations:
        if self._open is None:
            raise Closed("This memory was closed. Open it again before using it.")
        return self._open

    @property
    def _engine(self) -> Engine:
        return self._verbs.engine

    @property
    def folder(self) -> Place:
        """Where it is kept: a folder, or the address of a database."""
        return self._engine.place

    @property
    def edits(self) -> int:
        """How many edits and deletions were made in this folder by this process: what was found before may be gone."""
        return self._engine.edits

    def _release(self) -> None:
        if self._open is not None:
            self._open = None
            self._let_go()


class Memory(_Face):
    """Long-term memory with the verbs of Mem0's library.

    Example:
        >>> memory = Memory()
        >>> memory.add("I am allergic to peanuts.", user_id="ann")
        >>> memory.search("What can she not eat?", filters={"user_id": "ann"})["results"][0]["memory"]
        'I am allergic to peanuts.'

    Without arguments it lives in ``TOLDONCE_HOME``, or else in the platform's folder for user data. Any number of
    memories, threads and processes may use one folder. Errors are those of ``toldonce.errors``.
    """

    def add(
        self,
        messages: str | Mapping[str, Any] | Sequence[Mapping[str, Any]],
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        app_id: str | None = None,
        run_id: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        timestamp: Any = None,
        expiration_date: Any = None,
        infer: bool = True,
        memory_type: str | None = None,
        prompt: str | None = None,
        conversation_id: str | None = None,
    ) -> dict[str, Any]:
        """Remember what was said; when this returns, it is on disk.

        The vectors of a few messages are made while the caller goes on; searches that follow wait for them.

        Args:
            messages: A string (said by the user), a message or a list of messages: ``role`` ("user" or "assistant"),
                ``content`` (text or parts), and optionally ``name`` (the speaker), ``timestamp`` and ``id``.
            user_id, agent_id, app_id, run_id: Whose memory it is; at least one.
            metadata: JSON kept with each memory.
            timestamp: When it was said: an aware datetime, unix seconds or ISO 8601 with a zone.
            expiration_date: The last day it is recalled, YYYY-MM-DD in UTC.
            infer: False stores each message exactly. True leaves out what says nothing, keeps a short answer with its
                question and counts what is said again.
            conversation_id: Where the messages have their place, if not in the run.

        Returns:
            ``{"results": [{"id", "memory", "event", "role", ...}]}``: ``ADD`` for a memory that was made, ``NONE`` for
            one whose words were said again or that a repeated message had made. ``left_out`` names the messages that no
            memory came of, with the reason. A history may be added again and again: what goes on where it stood is new.
        """
        request = add_request(
            messages,
            scope_of(user_id, agent_id, app_id, run_id),
            metadata=metadata,
            timestamp=timestamp,
            expiration_date=expiration_date,
            infer=infer,
            memory_type=memory_type,
            prompt=prompt,
            conversation_id=conversation_id,
        )
        added = self._verbs.add_now(request)
        self._engine.follow_up(added.versions).result()
        return added_answer(added)

    def search(
        self,
        query: str,
        *,
        top_k: int = 20,
        filters: Mapping[str, Any] | None = None,
        threshold: float | None = 0.1,
        rerank: bool = False,
        explain: bool = False,
        reference_date: Any = None,
        token_budget: int | None = None,
        context: Sequence[Mapping[str, Any]] | None = None,
        show_expired: bool = False,
        **kwargs: Any,
    ) -> dict[str, Any]:
        """Recall what answers a query, best first.

        Args:
            query: What to look for, in plain words.
            top_k: How many memories at most.
            filters: Mem0's filter grammar; it must name a user, agent, app or run.
            threshold: The least score, 0 to 1.
            rerank: Accepted as in Mem0; there is no second ranking.
            explain: Add ``score_breakdown`` and ``sources`` (the messages each memory came from) to each result, and
                ``without_vector`` to the answer: how many memories were compared by their words alone.
            reference_date: The moment that counts as now. Its zone says whose days "yesterday" and "on May 8" mean; UTC
                for unix seconds.
            token_budget: Instead of ``top_k``: as many of the best memories as fit into so many tokens, at four
                characters each.
            context: The messages before the query, oldest first: "and what about her?" is understood from them, and
                memories that only repeat a question among them come later.
            show_expired: Recall memories past their expiration date too.

        Returns:
            ``{"results": [{"id", "memory", "score", ...}]}``. ``"by_words": True`` stands beside the results where the
            embedder could not be used: only words were compared.
        """
        limit = understood("search", kwargs, top_k)
        request = search_request(query, filters, limit, threshold, reference_date, token_budget, context)
        return self._verbs.search(request, explain, show_expired)

    def get(self, memory_id: str) -> Item | None:
        """One memory by its id, or None."""
        return self._verbs.get(memory_id)

    def get_all(
        self,
        *,
        filters: Mapping[str, Any] | None = None,
        top_k: int = 20,
        page: int | None = None,
        page_size: int | None = None,
        show_expired: bool = False,
        **kwargs: Any,
    ) -> dict[str, Any]:
        """The memories a filter admits, newest first.

        With ``page`` (from 1) or ``page_size`` (100 unless said) the answer also has ``count``, and the numbers of the
        ``next`` and ``previous`` page or None.
        """
        tree, limit = read_filters(filters), read_limit(understood("get_all", kwargs, top_k), "top_k")
        return self._verbs.get_all(tree, limit, page, page_size, show_expired)

    def update(
        self,
        memory_id: str,
        text: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        expiration_date: Any = UNSET,
        data: str | None = None,
    ) -> dict[str, str]:
        """Change a memory's words, merge into its metadata, or set its last day (None: it holds for ever).

        ``data`` is Mem0's older name for ``text``. Raises ``MemoryNotFound``.
        """
        stale = self._verbs.write_update(
            memory_id, edit_request(data if text is None else text, metadata, expiration_date)
        )
        self._engine.follow_up(stale.result()).result()
        return {"message": "Memory updated successfully!"}

    def delete(self, memory_id: str) -> dict[str, str]:
        """Take a memory out of recall. Raises ``MemoryNotFound``."""
        self._engine.follow_up(self._verbs.write_delete(memory_id).result()).result()
        return {"message": "Memory deleted successfully!"}

    def delete_all(
        self,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        app_id: str | None = None,
    ) -> dict[str, Any]:
        """Delete the memories that carry *all* of the given ids; at least one id.

        Large deletes happen in steps: after an interruption, call it again to go on.
        """
        return deleted(self._verbs.delete_all(scope_of(user_id, agent_id, app_id, run_id)))

    def history(self, memory_id: str) -> list[Item]:
        """What was done to a memory, oldest first: ``event`` is ADD, UPDATE or DELETE."""
        return self._verbs.history(memory_id)

    def facts(self, user_id: str, *, as_of: Any = None, history: bool = False) -> dict[str, Any]:
        """What a person plainly stated of themselves: name, birthday, home, allergies, standing instructions and more.

        Rules read them from the memories, precision first, mostly in English, without a model. A newer one takes the
        place of an older one; deleting a memory takes away what it proves.

        Args:
            user_id: Whose.
            as_of: Answer as the store stood then: an aware datetime, unix seconds or ISO 8601 with a zone.
            history: With what holds no more.

        Returns:
            ``{"results": [{"attribute", "value", "statement", ...}]}`` in the order they began to hold. ``valid_from``
            and ``valid_to`` say when a fact holds, ``recorded_at`` and ``superseded_at`` when the store learned so,
            ``superseded_by`` which fact took its place, ``evidence`` which memories prove it.
        """
        owner, moment = facts_request(user_id, as_of)
        return {"results": self._verbs.facts(owner, moment, history)}

    def get_profile(self, user_id: str, *, as_of: Any = None) -> dict[str, Any]:
        """A person at a glance, for a greeting: the facts that hold, what matters first. See ``facts``.

        Args:
            user_id: Whose.
            as_of: Answer as the store stood then: an aware datetime, unix seconds or ISO 8601 with a zone.

        Returns:
            ``{"user_id", "profile", "facts", "updated_at"}``. ``profile`` maps each attribute to its value ("home") or,
            where a person may have several ("allergy", "instruction"), to a list. ``facts`` are what it is made of, as
            ``facts`` returns them, with their evidence. ``updated_at``: when the store last learned one; None if there
            are none.
        """
        owner, moment = facts_request(user_id, as_of)
        return self._verbs.profile(owner, moment)

    def messages(
        self,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        app_id: str | None = None,
        run_id: str | None = None,
        limit: int | None = None,
        offset: int = 0,
        latest: int | None = None,
    ) -> list[Item]:
        """The journal: every message exactly as it was said, once, in the order it was recorded.

        ``limit`` and ``offset`` count from its beginning; ``latest`` gives so many messages at its end instead.
        """
        return self._verbs.messages(scope_of(user_id, agent_id, app_id, run_id), limit, offset, latest)

    def warm(
        self,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        app_id: str | None = None,
        run_id: str | None = None,
    ) -> int:
        """Load the model and what is remembered of someone ahead of the first search; returns how many memories."""
        return self._verbs.warm(scope_of(user_id, agent_id, app_id, run_id))

    def erase(
        self,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        app_id: str | None = None,
        *,
        memory_id: str | None = None,
        allow_return: bool = False,
        wait: float = 10.0,
    ) -> dict[str, Any]:
        """Leave no byte of a user, agent, run, app or memory: words, vectors, journal and history.

        Nobody finds anything of it when this returns. Where a delete keeps the history, this keeps counts and keyed
        digests: messages with the same words are not remembered again, unless they say that they were said later.

        Args:
            user_id, agent_id, app_id, run_id, memory_id: What to erase; exactly one.
            allow_return: Keep no digests, and drop those of earlier erasures: the same words may be told anew.
            wait: Seconds to wait for those who read meanwhile; if they go on, a thread finishes the erasure later.

        Returns:
            ``{"id", "status", "erased", "waits_for", "receipt"}``. ``status`` is "erased" when no byte is left, and the
            receipt is signed; until then it is "hidden", and ``waits_for`` names who reads. ``erased`` counts by kind.
        """
        kind, entity = what_to_erase(
            user_id=user_id, agent_id=agent_id, app_id=app_id, run_id=run_id, memory_id=memory_id
        )
        return erase(self._verbs, kind, entity, allow_return=allow_return, within=wait)

    def reset(self) -> None:
        """Erase everything of this memory's project, journal included. Raises ``StoreError`` if somebody reads on."""
        self._verbs.reset()

    def close(self) -> None:
        """Let go of the folder. What was acknowledged is on disk with or without this."""
        self._release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncMemory(_Face):
    """``Memory`` for event loops: the same verbs, awaited; none of them blocks the loop.

    It may be used from several loops. Arguments, results and errors are those of ``Memory``.
    """

    async def add(
        self,
        messages: str | Mapping[str, Any] | Sequence[Mapping[str, Any]],
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        app_id: str | None = None,
        run_id: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        timestamp: Any = None,
        expiration_date: Any = None,
        infer: bool = True,
        memory_type: str | None = None,
        prompt: str | None = None,
        conversation_id: str | None = None,
    ) -> dict[str, Any]:
        """Remember what was said; see ``Memory.add``."""
        request = add_request(
            messages,
            scope_of(user_id, agent_id, app_id, run_id),
            metadata=metadata,
            timestamp=timestamp,
            expiration_date=expiration_date,
            infer=infer,
            memory_type=memory_type,
            prompt=prompt,
            conversation_id=conversation_id,
        )
        added = await remembered(self._verbs, request)
        await until([self._engine.follow_up(added.versions)])
        return added_answer(added)

    async def search(
        self,
        query: str,
        *,
        top_k: int = 20,
        filters: Mapping[str, Any] | None = None,
        threshold: float | None = 0.1,
        rerank: bool = False,
        explain: bool = False,
        reference_date: Any = None,
        token_budget: int | None = None,
        context: Sequence[Mapping[str, Any]] | None = None,
        show_expired: bool = False,
        **kwargs: Any,
    ) -> dict[str, Any]:
        """Recall what answers a query, best first; see ``Memory.search``."""
        limit = understood("search", kwargs, top_k)
        request = search_request(query, filters, limit, threshold, reference_date, token_budget, context)
        engine, verbs = self._engine, self._verbs
        found = await searched(engine, Search(engine, PROJECT, request, show_expired=show_expired))
        return await run_in(engine.working, verbs.answer, found, True) if explain else verbs.answer(found, False)

    async def get(self, memory_id: str) -> Item | None:
        """One memory by its id, or None."""
        return await run_in(self._engine.working, self._verbs.get, memory_id)

    async def get_all(
        self,
        *,
        filters: Mapping[str, Any] | None = None,
        top_k: int = 20,
        page: int | None = None,
        page_size: int | None = None,
        show_expired: bool = False,
        **kwargs: Any,
    ) -> dict[str, Any]:
        """The memories a filter admits, newest first; see ``Memory.get_all``."""
        tree, limit = read_filters(filters), read_limit(understood("get_all", kwargs, top_k), "top_k")
        return await run_in(self._engine.working, self._verbs.get_all, tree, limit, page, page_size, show_expired)

    async def update(
        self,
        memory_id: str,
        text: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        expiration_date: Any = UNSET,
        data: str | None = None,
    ) -> dict[str, str]:
        """Change a memory; see ``Memory.update``."""
        change = edit_request(data if text is None else text, metadata, expiration_date)
        writing = await run_in(self._engine.working, self._verbs.write_update, memory_id, change)
        stale = await asyncio.wrap_future(writing)
        await until([self._engine.follow_up(stale)])
        return {"message": "Memory updated successfully!"}

    async def delete(self, memory_id: str) -> dict[str, str]:
        """Take a memory out of recall. Raises ``MemoryNotFound``."""
        stale = await asyncio.wrap_future(self._verbs.write_delete(memory_id))
        await until([self._engine.follow_up(stale)])
        return {"message": "Memory deleted successfully!"}

    async def delete_all(
        self,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        app_id: str | None = None,
    ) -> dict[str, Any]:
        """Delete the memories that carry all of the given ids; see ``Memory.delete_all``."""
        scope = scope_of(user_id, agent_id, app_id, run_id)
        return deleted(await run_in(self._engine.working, self._verbs.delete_all, scope))

    async def history(self, memory_id: str) -> list[Item]:
        """What was done to a memory, oldest first."""
        return await run_in(self._engine.working, self._verbs.history, memory_id)

    async def facts(self, user_id: str, *, as_of: Any = None, history: bool = False) -> dict[str, Any]:
        """What a person plainly stated of themselves; see ``Memory.facts``."""
        owner, moment = facts_request(user_id, as_of)
        return {"results": await run_in(self._engine.working, self._verbs.facts, owner, moment, history)}

    async def get_profile(self, user_id: str, *, as_of: Any = None) -> dict[str, Any]:
        """A person at a glance, for a greeting; see ``Memory.get_profile``."""
        owner, moment = facts_request(user_id, as_of)
        return await run_in(self._engine.working, self._verbs.profile, owner, moment)

    async def messages(
        self,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        app_id: str | None = None,
        run_id: str | None = None,
        limit: int | None = None,
        offset: int = 0,
        latest: int | None = None,
    ) -> list[Item]:
        """The journal; see ``Memory.messages``."""
        scope = scope_of(user_id, agent_id, app_id, run_id)
        return await run_in(self._engine.working, self._verbs.messages, scope, limit, offset, latest)

    async def warm(
        self,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        app_id: str | None = None,
        run_id: str | None = None,
    ) -> int:
        """Load what a first search would have to; see ``Memory.warm``."""
        return await run_in(self._engine.searching, self._verbs.warm, scope_of(user_id, agent_id, app_id, run_id))

    async def erase(
        self,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        app_id: str | None = None,
        *,
        memory_id: str | None = None,
        allow_return: bool = False,
        wait: float = 10.0,
    ) -> dict[str, Any]:
        """Leave no byte of a user, agent, run, app or memory; see ``Memory.erase``."""
        kind, entity = what_to_erase(
            user_id=user_id, agent_id=agent_id, app_id=app_id, run_id=run_id, memory_id=memory_id
        )

        def work() -> Item:
            return erase(self._verbs, kind, entity, allow_return=allow_return, within=wait)

        return await run_in(self._engine.working, work)

    async def reset(self) -> None:
        """Erase everything of this memory's project; see ``Memory.reset``."""
        await run_in(self._engine.working, self._verbs.reset)

    async def close(self) -> None:
        """Let go of the folder. What was acknowledged is on disk with or without this."""
        closing = ThreadPoolExecutor(1, "toldonce-close")  # not one of the engine's, which end with it
        await run_in(closing, self._release)
        closing.shutdown(wait=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
