"""Writing what was read elsewhere, a batch at a time. What is there already is left as it is, so it can be repeated."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from toldonce.engine import Engine
from toldonce.errors import InvalidExport
from toldonce.remember.facts import memory_tokens
from toldonce.stores.protocol import JournalMessage, Write
from toldonce.stores.transfer import Carried, Thread
from toldonce.text.digests import bare_digest, subject_digest
from toldonce.text.keys import indexed_tokens
from toldonce.times import now
from toldonce.transfer.lines import Owner

BATCH = 256


@dataclass(slots=True)
class Tally:
    """What an import did."""

    memories: int = 0
    messages: int = 0
    there: int = 0
    """Memories that were there already."""
    erased: int = 0
    """Memories whose words were erased here: they stay so."""


class Loader:
    """Writes into one project of an engine. Blocks; use it from one thread."""

    def __init__(self, engine: Engine, project: str) -> None:
        self._engine = engine
        self._project = project
        self._embedding: Future[None] | None = None
        self._said: dict[tuple[str, int], int] = {}
        """When the messages of this owner were said, by conversation and place."""
        self.tally = Tally()

    def begin(self) -> None:
        """Another owner begins."""
        self._said.clear()

    def messages(self, owner: Owner, messages: Sequence[JournalMessage]) -> None:
        """Write messages of an owner, in order."""
        self._said.update({(message.conversation, message.place): message.said_at for message in messages})

        def work(store: Write) -> int:
            erased = self._erased(store, owner, [message.content for message in messages])
            kept = [message for message in messages if message.content not in erased]
            owner_id = store.ensure_owner(self._project, owner.kind, owner.id, now())
            written, other = store.transfer.add_messages(owner_id, kept)
            if other is not None:
                raise InvalidExport(
                    f"Conversation {other.conversation!r} holds another message at place {other.place}: this talk went "
                    "on differently here. Import into another folder."
                )
            return written

        self.tally.messages += self._engine.store.write_now(work)

    def memories(self, owner: Owner, memories: Sequence[Carried]) -> None:
        """Write memories of an owner, in order, with the messages they came from already there."""
        tokens = [self._tokens(memory) for memory in memories]

        def work(store: Write) -> tuple[Tally, list[int]]:
            erased = self._erased(store, owner, [version.text for memory in memories for version in memory.versions])
            owner_id = store.ensure_owner(self._project, owner.kind, owner.id, now())
            done, versions = Tally(), []
            for memory, found in zip(memories, tokens, strict=True):
                if self._is_there(store, memory):
                    done.there += 1
                elif any(version.text in erased for version in memory.versions):
                    done.erased += 1
                else:
                    done.memories += 1
                    waiting = store.transfer.insert(self._project, owner_id, memory, found)
                    versions += [] if waiting is None else [waiting]
            return done, versions

        done, versions = self._engine.store.write_now(work)
        self.tally.memories += done.memories
        self.tally.there += done.there
        self.tally.erased += done.erased
        if versions:
            self.settle()  # one batch of vectors is made while the next is read, and no more pile up
            self._embedding = self._engine.embed(versions)

    def threads(self, owner: Owner, threads: Sequence[Thread]) -> None:
        """Let an owner's conversations stand where they stood."""

        def work(store: Write) -> None:
            owner_id = store.ensure_owner(self._project, owner.kind, owner.id, now())
            for thread in threads:
                store.transfer.keep_thread(owner_id, thread)

        self._engine.store.write_now(work)

    def settle(self) -> None:
        """Wait for the vectors that are being made."""
        if self._embedding is not None:
            self._embedding.result()
            self._embedding = None

    def _erased(self, store: Write, owner: Owner, texts: Sequence[str]) -> set[str]:
        """Those of these words that were erased from the owner."""
        digests = {text: bare_digest(store.digest_key, text) for text in texts}
        subject = subject_digest(store.digest_key, self._project, owner.kind, owner.id)
        known = store.erasing.erased_words(subject, list(digests.values()))
        return {text for text, digest in digests.items() if digest in known}

    def _is_there(self, store: Write, memory: Carried) -> bool:
        found = store.transfer.located(memory.uid)
        if found is not None and found[0] != self._project:
            raise InvalidExport(
                f"Memory {memory.uid} is in another project of this folder. Import into another folder."
            )
        return found is not None

    def _tokens(self, memory: Carried) -> bytes:
        """The words it is found by, and every day it was said on."""
        tokens = memory_tokens(memory.versions[memory.current].text, memory.actor_id, memory.said_at).tobytes()
        for key, place, kind in memory.sources:
            said_at = self._said.get((key, place))
            day = indexed_tokens("", None, said_at).tobytes() if kind == "said" and said_at is not None else b""
            tokens = tokens if day in tokens else tokens + day
        return tokens
