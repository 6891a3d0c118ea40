"""Making a folder's vectors anew with another embedder, while others go on searching and adding."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from toldonce.embedders import Embedder, close
from toldonce.embedders.spec import EmbedderSpec, open_embedder
from toldonce.engine.embedding import Embedded, embed_versions
from toldonce.engine.generation import fingerprint, own_spec
from toldonce.engine.vectors import Vectoriser
from toldonce.errors import FolderNotUsable, RemoteError, StoreError
from toldonce.net.retry import Retries
from toldonce.remember.facts import memory_tokens
from toldonce.stores.claim import EMBEDDER, FINGERPRINT, REBUILD, REFUSED, is_earlier, parted
from toldonce.stores.opening import has_store, open_store
from toldonce.stores.place import Place
from toldonce.stores.protocol import Embedding, Read, Store, Unembedded, Write
from toldonce.stores.rebuilding import Outdated, Stretch
from toldonce.text.keys import KEY_VERSION, indexed_tokens

Progress: TypeAlias = Callable[[int, int], None]
"""Told how many vectors are made, and of how many, after each that were stored."""

_CHUNK = 128
"""Memories a transaction: what a crash makes to be done again."""

_RETRIES = Retries(5)
"""For an embedder that can embed nothing."""

_PATIENCE = 10
"""Times it goes after what others write before it leaves them some to be embedded after the switch."""
_LEFT = 256
"""Memories left then; twice as many each time that more were written."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What came of it."""

    before: str | None
    """The folder's fingerprint before."""
    fingerprint: str
    """And now."""


def rebuild(place: Place, spec: EmbedderSpec | None = None, progress: Progress = lambda done, total: None) -> Rebuilt:
    """Give every memory in a folder a vector of the embedder ``spec`` names, or of the folder's own.

    What is keyed as an earlier version of Toldonce did gets new tokens too. Nobody has to wait: until the one
    transaction that switches, others search and add with the vectors there are; afterwards they use the new ones
    from their next search on. Interrupted, the same call goes on where it stood; one to another embedder begins anew.

    Raises:
        StoreError: there is no memory in the folder, or another rebuild of it is running.
        InvalidConfig: the embedder cannot be opened.
        RemoteError: the embedder's server cannot be used.
    """
    if not has_store(place):
        raise FolderNotUsable(f"There is no memory in {place}. Name its folder with --data.")
    store = open_store(place)
    try:
        with store.exclusively("rebuild"):
            with store.read() as read:
                known, remembered = read.setting(FINGERPRINT), read.setting(EMBEDDER)
            spec = spec or own_spec(place, known, remembered)
            embedder = open_embedder(spec, known and parted(known).embedder)
            try:
                return _Rebuild(store, embedder, str(spec), known, progress).run()
            finally:
                close(embedder)
    finally:
        store.close()


def bring_up_to_date(store: Store, embedder: Embedder, progress: Progress) -> None:
    """Make vectors and tokens anew that an earlier version made with this embedder, while others go on.

    Does nothing where another process does it. What ``progress`` raises ends it; the next call goes on there.
    """
    with ExitStack() as held:
        try:
            held.enter_context(store.exclusively("rebuild"))
        except StoreError:
            return
        with store.read() as read:
            known, remembered = read.setting(FINGERPRINT), read.setting(EMBEDDER)
        if known is not None and is_earlier(known, fingerprint(embedder)):
            _Rebuild(store, embedder, remembered, known, progress).run()


class _Rebuild:
    """One call."""

    def __init__(
        self, store: Store, embedder: Embedder, spec: str | None, known: str | None, progress: Progress
    ) -> None:
        self._store = store
        self._embedder = embedder
        self._spec = spec
        self._known = known
        self._target = fingerprint(embedder)
        self._retokenise = known is not None and parted(known).keys != KEY_VERSION
        self._progress = progress
        self._made = 0

    def run(self) -> Rebuilt:
        if self._known in (None, self._target):
            self._store.write_now(self._settle)
        else:
            self._store.write_now(self._begin)
            self._work()
            self._embed_the_rest()
        return Rebuilt(self._known, self._target)

    def _begin(self, store: Write) -> None:
        way = f"{self._known} -> {self._target}"
        if store.setting(REBUILD) != way:
            store.rebuilding.forget()
            store.keep_setting(REBUILD, way)
            store.keep_setting(REFUSED, None)

    def _settle(self, store: Write) -> None:
        """Note what the folder has, and that no rebuild is under way."""
        store.rebuilding.forget()
        store.keep_setting(FINGERPRINT, self._target)
        store.keep_setting(EMBEDDER, self._spec)
        store.keep_setting(REBUILD, None)
        store.keep_setting(REFUSED, None)

    def _work(self) -> None:
        with self._store.read() as read:
            begun, total = read.rebuilding.progress()
        self._progress(begun, total)
        owner = passes = 0
        while True:
            with self._store.read() as read:
                stretch = read.rebuilding.next(owner, _CHUNK)
            self._make(stretch)
            self._progress(min(begun + self._made, total), total)
            if not stretch.ended:
                owner = stretch.places[-1][0] - 1  # it may have more
                continue
            owner = 0
            passes += 1
            allowed = _LEFT << (passes - _PATIENCE) if passes > _PATIENCE else 0
            if self._store.write_now(partial(self._switch, allowed=allowed)):
                return

    def _make(self, stretch: Stretch) -> None:
        found = self._embedded(stretch)
        vectors = found.vectors + [(version, Embedding(b"")) for version, _ in found.refused]
        tokens = self._tokens(stretch)

        def keep(write: Write) -> None:
            write.rebuilding.keep(stretch, vectors, tokens)
            if found.refused:
                write.keep_setting(REFUSED, "yes")

        self._store.write_now(keep)
        self._made += len(vectors)

    def _embedded(self, stretch: Stretch) -> Embedded:
        """The vectors of a stretch; an embedder that is out of order for a moment is asked again."""
        versions = [outdated.version for outdated in stretch.versions]
        attempt = 1
        while True:
            try:
                return embed_versions(self._embedder, versions)
            except RemoteError as error:
                pause = _RETRIES.pause(error, attempt)
                if pause is None:
                    raise
                time.sleep(pause)
                attempt += 1

    def _tokens(self, stretch: Stretch) -> list[tuple[Unembedded, bytes]]:
        return [(outdated.version, _tokens(outdated)) for outdated in stretch.versions] if self._retokenise else []

    def _switch(self, store: Write, allowed: int) -> bool:
        """Whether it was done: not if more than ``allowed`` memories changed since they were made."""
        left = store.rebuilding.next(0, allowed + _CHUNK)
        if left.memories > allowed or not left.ended:
            return False
        store.rebuilding.keep(left, [], self._tokens(left))
        refused = store.setting(REFUSED) is not None
        store.rebuilding.switch(left, tokens=self._retokenise, refused=refused)
        self._settle(store)
        return True

    def _embed_the_rest(self) -> None:
        """What the switch left; if this fails it is done by the next process that opens the folder."""

        @contextmanager
        def reading() -> Iterator[tuple[Read, Embedder, str]]:
            with self._store.read() as read:
                yield read, self._embedder, self._target

        vectoriser = Vectoriser(self._store, reading)
        vectoriser.embed_all().result()
        vectoriser.close()


def _tokens(outdated: Outdated) -> bytes:
    """The words a version is found by, and every day its memory was said on."""
    version = outdated.version
    tokens = memory_tokens(version.text, version.actor_id, outdated.said_at).tobytes()
    for said_at in outdated.sayings:
        day = indexed_tokens("", None, said_at).tobytes()
        tokens = tokens if day in tokens else tokens + day
    return tokens
