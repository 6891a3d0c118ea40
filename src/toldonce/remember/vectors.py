"""Giving vectors to what was acknowledged without one."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import TypeAlias

import numpy as np

from toldonce.embedders import Embedder
from toldonce.errors import ToldonceError
from toldonce.stores.protocol import Read, Store, Unembedded, Write
from toldonce.text.keys import key_text

_LOG = logging.getLogger(__name__)
_SMALLEST_CHUNK = 16
_FIRST_CHUNK = 64
_LARGEST_CHUNK = 2048
_PATIENCE = 1.0
"""Seconds that closing waits for the vectors of what was added, and once more for a chunk under way."""

_LOOK_AGAIN = 5.0
"""Seconds without work after which this thread looks for what others left: a process may die between the commit of
words and that of their vectors."""

_AHEAD = 8
"""Calls whose vectors may be under way before the next has to wait for some of them."""

_CHUNK_SECONDS = 0.1
"""What is worth a commit of its own: others wait no longer than this to write, and a crash wastes no more."""

DONE: Future[None] = Future()
DONE.set_result(None)

Reading: TypeAlias = Callable[[], AbstractContextManager[tuple[Read, Embedder, str]]]
"""Opens a view of the store, with the embedder that its vectors come from and the fingerprint of that."""


class Vectoriser:
    """A thread that embeds versions right after they were committed, and those a crash left behind.

    Until its vector is there a memory is found by its words. A vector is kept only if the text it was made from,
    the memory's own and its predecessor's, still holds; otherwise a newer request is under way.
    """

    def __init__(self, store: Store, reading: Reading) -> None:
        self._store = store
        self._reading = reading
        self._behind = False
        self._chunk = _FIRST_CHUNK
        self._requests: queue.SimpleQueue[tuple[Sequence[int] | None, Future[None]] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._under_way: deque[Future[None]] = deque()
        self._stopping = False
        self._seen: set[int] = set()
        """What waited for a vector when this thread last had nothing to do."""
        self._thread = threading.Thread(target=self._run, name="toldonce-embedder", daemon=True)
        self._thread.start()

    def embed(self, version_ids: Sequence[int] | None) -> Future[None]:
        """Embed these versions, or with ``None`` all that wait. The future is done when that was tried."""
        done: Future[None] = Future()
        with self._lock:
            self._under_way.append(done)
            self._requests.put((version_ids, done))
        return done

    def room(self) -> Future[None]:
        """Done when few enough requests are under way that another may be made without waiting for it."""
        with self._lock:
            return self._under_way[-_AHEAD - 1] if len(self._under_way) > _AHEAD else DONE

    def close(self) -> None:
        """Finish what was asked for, if it takes no longer than a moment; the rest is embedded at the next start.

        An embedder that hangs is not waited for: its thread ends with the process.
        """
        self._requests.put(None)
        self._thread.join(_PATIENCE)
        self._stopping = True
        self._thread.join(_PATIENCE)

    def _run(self) -> None:
        while True:
            try:
                request = self._requests.get(timeout=_LOOK_AGAIN)
            except queue.Empty:
                self._take_over()
                continue
            if request is None:
                return
            version_ids, done = request
            awaited = done.set_running_or_notify_cancel()  # nobody may wait any more; the vectors are wanted anyway
            self._try(version_ids)
            with self._lock:
                self._under_way.popleft()
            if awaited:
                done.set_result(None)
            if self._behind and version_ids is not None and not self._stopping:
                self._try(None)

    def _take_over(self) -> None:
        """Embed what another process left without a vector and has not embedded since the last look."""
        if self._behind:
            return  # it would fail again
        try:
            with self._reading() as (store, _, _):
                waiting = {version.version_id for version in store.unembedded(None, _LARGEST_CHUNK)}
        except ToldonceError as error:
            _LOG.debug("What others left cannot be read: %s", error)
            return
        left, self._seen = sorted(waiting & self._seen), waiting
        if left:
            self._try(left)

    def _try(self, version_ids: Sequence[int] | None) -> None:
        """What was added is safe and found by its words: vectors that failed wait for the next that succeed."""
        failed = True
        try:
            self._embed(version_ids)
            failed = False
        except ToldonceError as error:
            if not self._stopping:
                _LOG.warning("Embedding failed; these memories are found by their words alone for now: %s", error)
        except Exception:
            _LOG.exception("Embedding failed; these memories are found by their words alone for now")
        self._behind = failed or (self._behind and version_ids is not None)

    def _embed(self, version_ids: Sequence[int] | None) -> None:
        """Chunk after chunk, as large as a model embeds in a moment."""
        start = 0
        while not self._stopping and (version_ids is None or start < len(version_ids)):
            size, begun = self._chunk, time.monotonic()
            tried = self._embed_chunk(version_ids and version_ids[start : start + size], size)
            if version_ids is None and not tried:
                return
            start += size
            took = time.monotonic() - begun
            if took > 2 * _CHUNK_SECONDS:
                self._chunk = max(size // 2, _SMALLEST_CHUNK)
            elif tried == size and took < _CHUNK_SECONDS:
                self._chunk = min(2 * size, _LARGEST_CHUNK)

    def _embed_chunk(self, version_ids: Sequence[int] | None, size: int) -> int:
        with self._reading() as (store, embedder, fingerprint):
            waiting = store.unembedded(version_ids, size)
        if not waiting:
            return 0
        rows = embedded(embedder, waiting)

        def keep(write: Write) -> int | None:
            return write.keep_vectors(rows) if write.setting("fingerprint") == fingerprint else None

        kept = self._store.write_now(keep)
        # None: the folder was rebuilt with another embedder meanwhile.
        return self._embed_chunk(version_ids, size) if kept is None else kept


def embedded(embedder: Embedder, versions: Sequence[Unembedded]) -> list[tuple[Unembedded, bytes]]:
    """Each version with its vector as stores keep it: float32, little-endian."""
    texts = [key_text(v.text, v.actor_id, v.previous_text, v.previous_actor_id) for v in versions]
    vectors = np.ascontiguousarray(embedder.embed_documents(texts), "<f4")
    return [(version, vector.tobytes()) for version, vector in zip(versions, vectors, strict=True)]
