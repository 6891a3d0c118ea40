"""Erasing: every row of what goes, set by set."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any, TypeAlias

from toldonce.stores.erasing import Erasure
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
    "changes": "drop_changes",
    "history": "drop_operations",
    "events": "drop_events",
    "memberships": "drop_memberships",
    "deliveries": "drop_deliveries",
    "messages": "drop_messages",
}

ForUpdate: TypeAlias = Callable[[Sequence[int]], dict[int, MemoryForUpdate]]


class ErasingReader(Part):
    """Questions over a database inside a transaction that someone else began."""

    file = "erasing"

    def erasure(self, number: int) -> Erasure | None:
        return next(map(_erasure, self._rows("erasure", number)), None)

    def erasures(self, *, unfinished: bool = False) -> list[Erasure]:
        return [_erasure(row) for row in self._rows("erasures", int(unfinished))]

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
            gathering: Has empty temporary tables of ids for what is to go: gone_memory, gone_message, gone_version,
                gone_uid and gone_event.
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

    def carry_out(self, number: int, now: int) -> list[int]:
        self._removes()
        erasure = self.erasure(number)
        if erasure is None or erasure.entity is None:
            return []
        with self._gathering():
            return self._carry_out(erasure, erasure.entity, now)

    def finish(self, number: int, receipt: str, now: int) -> None:
        self._removes()
        self._run("finish", number, receipt, now)

    def _carry_out(self, erasure: Erasure, entity: str, now: int) -> list[int]:
        project, kind = erasure.project, erasure.kind
        whole = self._whole_owners(project, kind, entity)
        leaving = self._gather(project, kind, entity, whole)
        touched = whole | {row[0]: (row[1], row[2]) for row in self._rows("owners_of_gone")}
        self._keep_words(erasure, touched, now)
        waiting = self._delete_rest(project, kind, entity, whole, leaving, now)
        counts = self._drop_rows(project, kind, entity, list(whole))
        self._forget(list(touched))
        self._run("hide", erasure.number, now, json.dumps(counts), json.dumps(list(whole)))
        return waiting

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
        stay = json.dumps(leaving)
        while self._changed("gather_said") + self._changed("gather_quoting", stay):
            pass  # a question that goes takes the answers along whose texts hold it
        for name in ("gather_versions", "gather_uids"):
            self._run(name)
        return leaving

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

    def _drop_rows(self, project: str, kind: ErasedKind, entity: str, whole: list[int]) -> dict[str, int]:
        owners = json.dumps(whole)
        counts = {"memories": int(self._value("count_memories"))}
        counts["events"] = self._drop_calls(project, kind)
        self._run("gather_events")
        for name in _DERIVED:
            self._run(name)
        for counted, name in _COUNTED.items():
            counts[counted] = counts.get(counted, 0) + self._changed(name)
        counts["feedback"] = self._changed("drop_feedback", project)
        counts["exports"] = self._changed("drop_exports", project, kind, entity)
        for name in ("drop_locators", "drop_progress", "drop_conversations", "drop_memories", "drop_owners"):
            self._run(name, *([] if name == "drop_locators" else [owners]))
        self._run("blank_memories")
        if kind == "run":
            self._run("drop_empty_runs", project, entity)
        return {name: count for name, count in counts.items() if count}

    def _drop_calls(self, project: str, kind: ErasedKind) -> int:
        """Take what goes out of the log of calls; how many calls named it."""
        if kind == "project":
            return self._changed("drop_calls_of_project", project)
        gone = {row[0] for row in self._rows("gone_uids")}
        naming: list[Any] = self._rows("calls_naming", project)
        for call_id, results in naming:
            left = [result for result in json.loads(results) if result[0] not in gone]
            if left:
                self._run("keep_call", call_id, json.dumps(left))
            else:
                self._run("drop_call", call_id)
        return len(naming)


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
