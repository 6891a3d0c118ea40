"""Giving vectors to what was acknowledged without one."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future

import numpy as np

from recollect.embedders import Embedder
from recollect.stores.protocol import Store, Unembedded
from recollect.text.keys import key_text

_LOG = logging.getLogger(__name__)
_FIRST_CHUNK = 64
_LARGEST_CHUNK = 2048
_CHUNK_SECONDS = 0.1
"""What is worth a commit of its own: others wait no longer than this to write, and a crash wastes no more."""


class Vectoriser:
    """A thread that embeds versions right after they were committed, and those a crash left behind.

    Until its vector is there a memory is found by its words. A vector is kept only if the text it was made from,
    the memory's own and its predecessor's, still holds; otherwise a newer request is under way.
    """

    def __init__(self, store: Store, embedder: Embedder) -> None:
        self._store = store
        self._embedder = embedder
        self._requests: queue.SimpleQueue[tuple[Sequence[int] | None, Future[None]] | None] = queue.SimpleQueue()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="recollect-embedder", daemon=True)
        self._thread.start()

    def embed(self, version_ids: Sequence[int] | None) -> Future[None]:
        """Embed these versions, or with ``None`` all that wait. The future is done when that was tried."""
        done: Future[None] = Future()
        self._requests.put((version_ids, done))
        return done

    def close(self) -> None:
        """Stop after the chunk under way; the rest is embedded at the next start."""
        self._stopping = True
        self._requests.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (request := self._requests.get()) is not None:
            version_ids, done = request
            try:
                self._embed(version_ids)
            except Exception:
                # What was added is safe and found by its words; its vectors are tried again at the next start.
                _LOG.exception("Embedding failed; these memories are found by their words alone for now")
            done.set_result(None)

    def _embed(self, version_ids: Sequence[int] | None) -> None:
        """Chunk after chunk, as large as a model embeds in a moment."""
        start, size = 0, _FIRST_CHUNK
        while not self._stopping and (version_ids is None or start < len(version_ids)):
            begun = time.monotonic()
            tried = self._embed_chunk(version_ids and version_ids[start : start + size], size)
            if version_ids is None and not tried:
                return
            start += size
            if time.monotonic() - begun < _CHUNK_SECONDS:
                size = min(2 * size, _LARGEST_CHUNK)

    def _embed_chunk(self, version_ids: Sequence[int] | None, size: int) -> int:
        with self._store.read() as store:
            waiting = store.unembedded(version_ids, size)
        if not waiting:
            return 0
        vectors = np.ascontiguousarray(self._embedder.embed_documents([_key(version) for version in waiting]), "<f4")
        rows = [(version, vector.tobytes()) for version, vector in zip(waiting, vectors, strict=True)]
        return self._store.write(lambda write: write.keep_vectors(rows)).result()


def _key(version: Unembedded) -> str:
    return key_text(version.text, version.actor_id, version.previous_text, version.previous_actor_id)
