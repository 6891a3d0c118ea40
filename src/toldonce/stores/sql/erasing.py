"""Erasing: every row of what goes, set by set."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any, TypeAlias

from toldonce.stores.erasing import Erasure, Orphans
from toldonce.stores.reading import MemoryForUpdate
from toldonce.stores.sql.database import Database, Part
from toldonce.stores.sql.edits import Edits
from toldonce.stores.sql.ids import first_id, last_id
from toldonce.text.digests import bare_digest, subject_digest
from toldonce.types import ErasedKind

_DERIVED = ("drop_unembedded", "drop_tokens", "drop_rebuilt_tokens", "drop_rebuilt_vectors", "drop_sources_of_messages")
"""Not counted: they follow from what is."""
_COUNTED = {
    "vectors": "drop_vectors",
    "versions": "drop_versions",
    "sources": "drop_sources",
    "history": "drop_operations",
    "messages": "drop_messages",
}

_PART = 64
"""Memories that go at once: some ten milliseconds, in which nobody else can write."""

ForUpdate: TypeAlias = Callable[[Sequence[int]], dict[int, MemoryForUpdate]]


class ErasingReader(Part):
    """Questions over a database inside a transaction that someone else began."""

    file = "erasing"

    def erasure(self, number: int) -> Erasure | None:
        return next(map(_erasure, self._rows("erasure", number)), None)

    def erasures(self, *, unfinished: bool = False) -> list[Erasure]:
        return [_erasure(row) for row in self._rows("erasures", int(unfinished))]

    def orphans(self, project: str) -> Orphans:
        return Orphans(
            [row[0] for row in self._rows("orphaned_calls", project)],
            [row[0] for row in self._rows("orphaned_events")],
            [row[0] for row in self._rows("orphaned_deliveries")],
            [row[0] for row in self._rows("orphaned_changes")],
        )

    def erased_words(self, subject: bytes, digests: Sequence[bytes]) -> dict[bytes, int]:
        return dict(self._rows("erased_words", subject, json.dumps([digest.hex() for digest in digests])))


class ErasingWriter(ErasingReader):
    """The statements of an erasure, inside the writer's transaction."""

    def __init__(
        self,
        database: Database,
        digest_key: bytes,
        edits: Edits,
        for_update: ForUpdate,
        forget: Callable[[Sequence[int]], None],
        removes: Callable[[], None],
        gathering: Callable[[], AbstractContextManager[None]],
    ) -> None:
        """
        Args:
            forget: Notes owners of whom RAM is to keep nothing.
            removes: Notes that something is taken away.
            gathering: Has empty temporary tables of ids for what is to go: gone_memory, gone_message, gone_version
                and gone_uid.
        """
        super().__init__(database)
        self._key = digest_key
        self._edits = edits
        self._for_update = for_update
        self._forget = forget
        self._removes = removes
        self._gathering = gathering

    def order(self, id: str, project: str, kind: ErasedKind, entity: str, allow_return: bool, now: int) -> int:
        self._removes()
        subject = subject_digest(self._key, project, kind, entity)
        return int(self._value("order", id, project, kind, subject, int(allow_return), now, entity))

    def thin_out(self, number: int, now: int) -> list[int] | None:
        self._removes()
        erasure = self.erasure(number)
        if erasure is None or erasure.entity is None or erasure.kind in ("memory", "run"):
            return None
        with self._gathering():
            return self._thin_out(erasure, erasure.entity, now)

    def carry_out(self, number: int, now: int) -> list[int]:
        self._removes()
        erasure = self.erasure(number)
        if erasure is None or erasure.entity is None:
            return []
        with self._gathering():
            return self._carry_out(erasure, erasure.entity, now)

    def drop_orphans(self, number: int, orphans: Orphans) -> None:
        self._removes()
        self._run("drop_changes", json.dumps(orphans.changes))  # not counted: the feed's last one goes with others
        counts: Counter[str] = Counter()
        naming: list[tuple[str, str]] = self._rows("left_of_calls", json.dumps(orphans.calls))
        for call_id, left in naming:
            if json.loads(left):
                self._run("keep_call", call_id, left)
            else:
                self._run("drop_call", call_id)
        counts["events"] = len(naming) + self._changed("drop_events", json.dumps(orphans.events))
        counts["deliveries"] = self._changed("drop_deliveries", json.dumps(orphans.deliveries))
        if (erasure := self.erasure(number)) is not None:
            self._run("count", number, json.dumps(Counter(erasure.counts) + counts))

    def finish(self, number: int, receipt: str, now: int) -> None:
        self._removes()
        self._run("finish", number, receipt, now)

    def _thin_out(self, erasure: Erasure, entity: str, now: int) -> list[int] | None:
        whole = self._whole_owners(erasure.project, erasure.kind, entity)
        for owner_id in whole:
            self._run("gather_some", first_id(owner_id), last_id(owner_id), _PART - self._gathered)
            if self._gathered == _PART:
                break
        else:
            return None
        self._gather_all_said([])
        waiting = self._leave_nothing(erasure, entity, whole, [], now)
        counts = Counter(erasure.counts) + self._drop_memories(erasure.project, list(whole))
        self._run("count", erasure.number, json.dumps(counts))
        return waiting

    def _carry_out(self, erasure: Erasure, entity: str, now: int) -> list[int]:
        project, kind = erasure.project, erasure.kind
        whole = self._whole_owners(project, kind, entity)
        leaving = self._gather(project, kind, entity, whole)
        waiting = self._leave_nothing(erasure, entity, whole, leaving, now)
        counts = Counter(erasure.counts) + self._drop_rows(project, kind, entity, list(whole))
        self._run("hide", erasure.number, now, json.dumps(counts), json.dumps(list(whole)))
        return waiting

    def _leave_nothing(
        self, erasure: Erasure, entity: str, whole: dict[int, tuple[str, str]], leaving: Sequence[int], now: int
    ) -> list[int]:
        """Keep digests of what goes, and take it from whatever else tells of it in RAM and in the store."""
        touched = whole | {row[0]: (row[1], row[2]) for row in self._rows("owners_of_gone")}
        self._keep_words(erasure, touched, now)
        self._forget(list(touched))
        return self._delete_rest(erasure.project, erasure.kind, entity, whole, leaving, now)

    @property
    def _gathered(self) -> int:
        return int(self._value("count_memories"))

    def _whole_owners(self, project: str, kind: ErasedKind, entity: str) -> dict[int, tuple[str, str]]:
        """Owners of whom everything goes."""
        if kind == "memory":
            return {}
        named = (None, None) if kind == "project" else (kind, entity)
        return {row[0]: (row[1], row[2]) for row in self._rows("owners", project, *named)}

    def _gather(self, project: str, kind: ErasedKind, entity: str, whole: Iterable[int]) -> list[int]:
        """Fill the temporary tables; the memories that stay because they were said in other runs too."""
        leaving: list[int] = []
        for owner_id in whole:
            self._run("gather_owner", first_id(owner_id), last_id(owner_id))
            self._run("gather_talk", owner_id)
        if kind == "memory":
            self._run("gather_memory", project, entity)
        elif kind != "project":
            if kind == "run":
                leaving = [row[0] for row in self._rows("leaving", project, entity)]
            self._run("gather_carriers", project, kind, entity)
            self._run("gather_said_with", project, kind, entity)
        self._gather_all_said(leaving)
        return leaving

    def _gather_all_said(self, leaving: Sequence[int]) -> None:
        """Add the messages that the memories came from, and whatever else has their words."""
        stay = json.dumps(list(leaving))
        while self._changed("gather_said") + self._changed("gather_quoting", stay):
            pass  # a question that goes takes the answers along whose texts hold it
        for name in ("gather_versions", "gather_uids"):
            self._run(name)

    def _keep_words(self, erasure: Erasure, owners: dict[int, tuple[str, str]], now: int) -> None:
        """Keep digests of the words that go, or let go of those there are."""
        subjects = {owner_id: subject_digest(self._key, erasure.project, *named) for owner_id, named in owners.items()}
        words = {
            (subjects[owner_id], bare_digest(self._key, text))
            for name in ("words_of_messages", "words_of_memories")
            for owner_id, text in self._rows(name)
        }
        if erasure.allow_return:
            self._many("welcome_words", words)
            self._run("welcome", erasure.subject)
        else:
            self._many("keep_words", [(*word, now) for word in words])

    def _delete_rest(
        self, project: str, kind: ErasedKind, entity: str, whole: dict[int, Any], leaving: Sequence[int], now: int
    ) -> list[int]:
        """Take what goes from owners that stay out of their talk; the neighbours' versions that wait for a vector."""
        if leaving:
            self._edits.leave_run(project, list(self._for_update(leaving).values()), entity)
        remembered = [row[0] for row in self._rows("remembered") if row[0] >> 24 not in whole]
        if not remembered:
            return []
        return self._edits.delete(project, list(self._for_update(remembered).values()), now)

    def _drop_rows(self, project: str, kind: ErasedKind, entity: str, whole: list[int]) -> Counter[str]:
        owners = json.dumps(whole)
        counts = self._drop_memories(project, whole)
        if kind == "project":
            counts["events"] += self._changed("drop_calls_of_project", project)
        counts["memberships"] += self._changed("drop_memberships", owners)
        counts["exports"] += self._changed("drop_exports", project, kind, entity)
        for name in ("drop_progress", "drop_conversations", "drop_owners"):
            self._run(name, owners)
        if kind == "run":
            self._run("drop_empty_runs", project, entity)
        return counts

    def _drop_memories(self, project: str, whole: list[int]) -> Counter[str]:
        """The rows of what was gathered; how many of each kind there were."""
        counts = Counter(memories=self._gathered)
        for name in _DERIVED:
            self._run(name)
        for counted, name in _COUNTED.items():
            counts[counted] += self._changed(name)
        counts["feedback"] += self._changed("drop_feedback", project)
        self._run("drop_locators")
        self._run("drop_memories", json.dumps(whole))
        self._run("blank_memories")
        return counts


def _erasure(row: tuple[Any, ...]) -> Erasure:
    (number, uid, project, kind, subject, allow_return, ordered_at, entity, hidden_at, erased_at, *rest) = row
    counts, owners, receipt = rest
    return Erasure(
        number=number,
        id=uid,
        project=project,
        kind=kind,
        subject=subject,
        allow_return=bool(allow_return),
        ordered_at=ordered_at,
        entity=entity,
        hidden_at=hidden_at,
        erased_at=erased_at,
        counts=json.loads(counts),
        owners=json.loads(owners),
        receipt=receipt,
    )
