"""Giving vectors to what was acknowledged without one: fairly, and in spite of texts that cannot be embedded."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import TypeAlias

from toldonce.embedders import Embedder
from toldonce.embedders.tokens import by_token
from toldonce.engine.embedding import embed_versions
from toldonce.engine.set_aside import SetAside
from toldonce.errors import Closed, RemoteError, ToldonceError
from toldonce.fair import FairQueue
from toldonce.stores.claim import FINGERPRINT
from toldonce.stores.protocol import Read, Store, Write

_LOG = logging.getLogger(__name__)

FEW = 16
"""Versions of a call that are embedded ahead of larger ones, and that the searches of their owners wait for."""
CATCH_UP = 1.0
"""Seconds a search waits at most for vectors under way; they mostly take milliseconds. Without them what was just said
is found by its words alone."""

_FEW_OF_AN_OWNER = 64
"""Versions of small calls beyond which an owner's next call queues with the large ones."""
_FEW_CHUNK = 4
"""Versions of small calls that are embedded together: who comes next waits for these and their commit."""
_FEW_BY_TOKEN = 1
"""The same of an embedder that takes one text after the other: a long one takes as much time as ten others."""
_QUANTUM = 2
"""Versions of an owner that are embedded before it is another's turn."""
_SMALLEST_CHUNK, _LARGEST_CHUNK = 16, 2048
_CHUNK_SECONDS = 0.1
"""What is worth a commit of its own: others wait no longer than this to write, and a crash wastes no more."""
_AHEAD = 8
"""Calls of an owner that may be under way before its next has to wait for some of them."""

_PATIENCE = 1.0
"""Seconds that closing waits for the vectors of what was added, and once more for a chunk under way."""
_LOOK_AGAIN = 5.0
"""Seconds without work after which leftovers are looked for: a process may die between the commit of words and that of
their vectors."""
_PAGE = 16_384
"""Version ids read at once."""
_SHORTEST_OUTAGE, _LONGEST_OUTAGE = 1.0, 30.0
"""Seconds that an embedder which can embed nothing is given to recover; doubled each time."""
_LONGEST_WISH = 3600.0
"""Seconds, where the embedder itself says when it is to be asked again."""

DONE: Future[None] = Future()
DONE.set_result(None)

Reading: TypeAlias = Callable[[], AbstractContextManager[tuple[Read, Embedder, str]]]
"""Opens a view of the store, with the embedder that its vectors come from and the fingerprint of that."""


class _Call:
    """One request for vectors."""

    __slots__ = ("done", "few", "left", "owners")

    def __init__(self, count: int, owners: Collection[int], *, few: bool) -> None:
        self.left = count
        self.owners = owners
        self.few = few
        self.done: Future[None] = Future()
        self.done.set_running_or_notify_cancel()  # nobody may call it off: others may wait for the same


class _Owner:
    """What is under way for an owner."""

    __slots__ = ("calls", "few", "project")

    def __init__(self) -> None:
        self.calls: deque[_Call] = deque()
        """Oldest first."""
        self.few = 0
        """Versions of its small calls."""
        self.project: str | None = None
        """None: not looked up yet."""


_Item: TypeAlias = tuple[int, _Call]
"""A version that waits, and the call it belongs to."""


class Vectoriser:
    """Embeds versions right after they were committed, and those a crash left behind.

    Until its vector is there a memory is found by its words. A vector is kept only if the text it was made from,
    the memory's own and its predecessor's, still holds; otherwise a newer request is under way.

    Two threads work: one for calls of ``FEW`` versions, so that nobody waits for another's import, and one for larger
    ones. In both queues projects and owners take turns. The store knows which versions wait, so a queue can be dropped
    at any time: a text that cannot be embedded is set aside and tried again later, and while an embedder can embed
    nothing everything is.
    """

    def __init__(
        self, store: Store, reading: Reading, caught_up: Callable[[Collection[int]], object] = lambda owner_ids: None
    ) -> None:
        """``caught_up`` is told of owners whose vectors were made when no other small call is under way."""
        self._store = store
        self._reading = reading
        self._caught_up = caught_up
        self._changed = threading.Condition()
        self._arrived: list[tuple[int, list[_Item], bool]] = []
        """By owner: not in a queue yet."""
        self._few: FairQueue[_Item] = FairQueue()
        self._many: FairQueue[_Item] = FairQueue(_QUANTUM)
        self._owners: dict[int, _Owner] = {}
        """Those with calls under way."""
        self._small_calls = 0
        self.followed = 0
        """Small calls that are done with: a read from before one ended may lack its vectors."""
        self.set_aside = SetAside()
        self._outage_until: float | None = None
        self._failures = 0
        """Times in a row that the embedder could embed nothing."""
        self._few_chunk = _FEW_CHUNK
        self._chunk = _SMALLEST_CHUNK
        self._seconds = 0.005
        """What a version of a small call takes."""
        self._loaded = False
        """Whether anything was embedded yet: the first call loads the model, which says nothing of the next."""
        self._begun: float | None = None
        """When the small calls being embedded were begun."""
        self._in_vain: float | None = None
        """The same of those that a search has waited for in vain."""
        self._looked, self._seen = time.monotonic(), frozenset[int]()
        """When leftovers were looked for, and what waited then."""
        self._closing = self._stopping = False
        self._threads = [
            threading.Thread(target=self._embed_few, name="toldonce-embed-few", daemon=True),
            threading.Thread(target=self._embed_many, name="toldonce-embed-many", daemon=True),
        ]
        store.caches.register(self.set_aside)
        for thread in self._threads:
            thread.start()

    def embed(self, version_ids: Sequence[int]) -> Future[None]:
        """Embed these versions. The future is done when that was tried, or put off until the embedder works again."""
        by_owner: dict[int, list[int]] = {}
        for version_id in version_ids:
            by_owner.setdefault(self._store.owner_of(version_id), []).append(version_id)
        with self._changed:
            if not by_owner or self._closing or self._outage_until is not None:
                return DONE
            owners = {owner_id: self._owners.setdefault(owner_id, _Owner()) for owner_id in by_owner}
            few = len(version_ids) <= FEW and all(owner.few < _FEW_OF_AN_OWNER for owner in owners.values())
            call = _Call(len(version_ids), by_owner.keys(), few=few)
            self._small_calls += few
            for owner_id, ids in by_owner.items():
                owners[owner_id].calls.append(call)
                owners[owner_id].few += len(ids) if few else 0
                self._arrived.append((owner_id, [(version_id, call) for version_id in ids], few))
            self._changed.notify_all()
        return call.done

    def embed_all(self) -> Future[None]:
        """Embed all that waits, at once also what was set aside and while the embedder is given time to recover."""
        with self._changed:
            self._outage_until = None
        return self.embed(self._left())

    def owed(self, owner_ids: Iterable[int]) -> list[Future[None]]:
        """What a search of these owners should wait for.

        Nothing where the queue is longer than ``CATCH_UP``, or while what others waited for in vain is still under way.
        """
        if not self._small_calls:
            return []
        with self._changed:
            if self._begun is not None and self._begun == self._in_vain:
                return []
            return [
                call.done
                for owner in map(self._owners.get, owner_ids)
                if owner is not None and self._wait_for(owner) <= CATCH_UP
                for call in owner.calls
                if call.few
            ]

    def waited_in_vain(self) -> None:
        """A search has waited as long as any does."""
        with self._changed:
            self._in_vain = self._begun

    def _wait_for(self, owner: _Owner) -> float:
        """Seconds until the small calls of an owner are done, as things go."""
        ahead = len(self._arrived) if owner.project is None else self._few.ahead(owner.project, owner.few)
        return ahead * self._seconds

    def room(self, version_ids: Sequence[int]) -> Future[None]:
        """Done when few enough calls of the versions' owners are under way that another may be made."""
        with self._changed:
            for owner_id in {self._store.owner_of(version_id) for version_id in version_ids}:
                owner = self._owners.get(owner_id)
                if owner is not None and len(owner.calls) > _AHEAD:
                    return owner.calls[-_AHEAD - 1].done
        return DONE

    def settled(self) -> Future[None]:
        """Done when all calls under way are."""
        with self._changed:
            calls = {call for owner in self._owners.values() for call in owner.calls}
            every = _Call(len(calls), (), few=False)
        if not calls:
            return DONE

        def count(_: Future[None]) -> None:
            with self._changed:
                every.left -= 1
                last = not every.left
            if last:
                every.done.set_result(None)

        for call in calls:
            call.done.add_done_callback(count)
        return every.done

    @property
    def failing(self) -> bool:
        """Whether the embedder refused memories, or could not be used when it was last tried."""
        return self._failures > 0 or len(self.set_aside) > 0

    @property
    def resting(self) -> bool:
        """Whether the embedder could embed nothing, and is left alone for a while."""
        return self._outage_until is not None

    @property
    def owners_behind(self) -> int:
        """Owners with calls under way."""
        return len(self._owners)

    def close(self) -> None:
        """Finish what was asked for, if it takes no longer than a moment; the rest is embedded at the next start.

        An embedder that hangs is not waited for: its thread ends with the process.
        """
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._join()
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        self._join()
        self._drop_queues()
        with self._changed:  # what a thread that hangs has in hand
            under_way = {call for owner in self._owners.values() for call in owner.calls}
            self._owners.clear()
        for call in under_way:
            call.done.set_result(None)

    def _join(self) -> None:
        until = time.monotonic() + _PATIENCE
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(max(0.0, until - time.monotonic()))

    def _embed_few(self) -> None:
        while not self._stopping:
            with self._changed:
                self._enqueue()
                taken = self._few.take(self._few_chunk)
                if not taken:
                    if self._closing:
                        return
                    self._changed.wait()
                    continue
                self._begun = begun = time.monotonic()
                projects = [self._project_of(version_id) for version_id, _ in taken]
            self._try(taken)
            took = (time.monotonic() - begun) / len(taken)
            with self._changed:
                for project in projects:  # who says long things has fewer turns
                    self._few.charge(project, took)
                self._begun = None
                if self._loaded:
                    self._seconds += (took - self._seconds) / 4
                self._loaded = True

    def _project_of(self, version_id: int) -> str:
        owner = self._owners.get(self._store.owner_of(version_id))
        return "" if owner is None else owner.project or ""

    def _embed_many(self) -> None:
        while not self._stopping:
            with self._changed:
                self._enqueue()
                taken = self._many.take(self._chunk)
                idle = not taken and not self._closing and not self._changed.wait(self._pause())
            if taken:
                self._embed_chunk(taken)
            elif idle:
                self._look_around()
            elif self._closing and not self._arrived and not self._many:
                return

    def _embed_chunk(self, taken: Sequence[_Item]) -> None:
        """As many as an embedder embeds in a moment."""
        begun = time.monotonic()
        self._try(taken)
        took = time.monotonic() - begun
        if took > 2 * _CHUNK_SECONDS:
            self._chunk = max(self._chunk // 2, _SMALLEST_CHUNK)
        elif len(taken) == self._chunk and took < _CHUNK_SECONDS:
            self._chunk = min(2 * self._chunk, _LARGEST_CHUNK)

    def _enqueue(self) -> None:
        """Put what arrived where it belongs. The caller has the lock."""
        if not self._arrived:
            return
        unknown = {owner_id for owner_id, _, _ in self._arrived if self._owners[owner_id].project is None}
        try:
            with self._store.read() as store:
                projects = store.projects_of(unknown) if unknown else {}
        except ToldonceError as error:  # they take turns as if they were of one project
            _LOG.debug("The projects of owners cannot be read: %s", error)
            projects = {}
        for owner_id, items, few in self._arrived:
            owner = self._owners[owner_id]
            if owner.project is None:
                owner.project = projects.get(owner_id, "")
            (self._few if few else self._many).put(owner.project, owner_id, items)
        self._arrived.clear()

    def _pause(self) -> float:
        """Seconds until there may be something to do that nobody asks for. The caller has the lock."""
        due = self._outage_until
        if due is None:
            look, retry = self._looked + _LOOK_AGAIN, self.set_aside.next_due()
            due = look if retry is None else min(look, retry)
        return max(0.0, due - time.monotonic())

    def _look_around(self) -> None:
        """Try again what is due, and what another process left and has not embedded since the last look."""
        now, due = time.monotonic(), self.set_aside.due()
        try:
            if self._outage_until is not None:
                self.embed_all()
                return
            if now >= self._looked + _LOOK_AGAIN:
                waiting = frozenset(self._left(_PAGE))
                due += sorted(version_id for version_id in waiting & self._seen if version_id not in self.set_aside)
                self._looked, self._seen = now, waiting
        except ToldonceError as error:
            self._looked = now
            _LOG.debug("What waits for vectors cannot be read: %s", error)
        self.embed(due)

    def _left(self, most: int | None = None) -> list[int]:
        """Versions that wait for their vectors."""
        found: list[int] = []
        with self._reading() as (store, _, _):
            while most is None or len(found) < most:
                page = store.unembedded_ids(found[-1] if found else 0, _PAGE)
                found += page
                if len(page) < _PAGE:
                    break
        return found

    def _try(self, taken: Sequence[_Item]) -> None:
        """What was added is safe and found by its words: what fails is tried again later."""
        try:
            self._embed([version_id for version_id, _ in taken])
            self._failures = 0
        except Closed:
            self._stopping = True
        except Exception as error:  # an embedder may be anybody's code
            self._give_time_to_recover(error)
        self._finish(taken)

    def _embed(self, version_ids: Sequence[int]) -> None:
        with self._reading() as (store, embedder, fingerprint):
            waiting = store.unembedded(version_ids, len(version_ids))
        self._few_chunk = _FEW_CHUNK if by_token(embedder) is None else _FEW_BY_TOKEN
        found = embed_versions(embedder, waiting)

        def keep(write: Write) -> bool:
            fits = write.setting(FINGERPRINT) == fingerprint
            if fits:
                write.keep_vectors(found.vectors)
            return fits

        if waiting and not self._store.write_now(keep):
            self._embed(version_ids)  # the folder was rebuilt with another embedder meanwhile
            return
        refused = [(version, self._store.owner_of(version.version_id), reason) for version, reason in found.refused]
        for entry in self.set_aside.note(version_ids, refused):
            _LOG.warning("A memory cannot be embedded; it is found by its words alone for now: %s", entry.reason)
        if refused:
            with self._changed:
                self._changed.notify_all()

    def _give_time_to_recover(self, error: Exception) -> None:
        """Put everything off: the embedder can embed nothing, or the store keep nothing."""
        asked_for = error.retry_after if isinstance(error, RemoteError) else None
        with self._changed:
            self._failures += 1
            pause = min(_SHORTEST_OUTAGE * 2.0 ** min(self._failures - 1, 30), _LONGEST_OUTAGE)
            self._outage_until = time.monotonic() + max(pause, min(asked_for or 0.0, _LONGEST_WISH))
        if self._failures == 1 and not self._stopping:
            unexpected = not isinstance(error, ToldonceError)
            _LOG.warning(
                "Embedding failed; new memories are found by their words alone until it works again: %s",
                error,
                exc_info=error if unexpected else None,
            )
        self._drop_queues()

    def _drop_queues(self) -> None:
        with self._changed:
            dropped = [item for _, items, _ in self._arrived for item in items]
            self._arrived.clear()
            dropped += self._few.clear() + self._many.clear()
            self._changed.notify_all()
        self._finish(dropped)

    def _finish(self, items: Sequence[_Item]) -> None:
        """Count what was tried, and tell who waits for a call that is done with."""
        finished: list[_Call] = []
        with self._changed:
            for version_id, call in items:
                if call.done.done():  # this object was closed meanwhile
                    continue
                call.left -= 1
                if call.few:
                    self._owners[self._store.owner_of(version_id)].few -= 1
                if not call.left:
                    finished.append(call)
            for call in finished:
                self._small_calls -= call.few
                self.followed += call.few
                for owner_id in call.owners:
                    self._owners[owner_id].calls.remove(call)
                    if not self._owners[owner_id].calls:
                        del self._owners[owner_id]
            busy = self._small_calls > 0
        for call in finished:
            call.done.set_result(None)
        owners = {owner_id for call in finished if call.few for owner_id in call.owners}
        if owners and not busy and not self._closing:
            self._caught_up(owners)
