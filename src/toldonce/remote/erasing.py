"""Erasing from a folder and from the outboxes in it: what waits for a Mem0 host is taken back."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

from toldonce.config import files_beside
from toldonce.engine.operations import Operations
from toldonce.engine.requests import PROJECT
from toldonce.engine.shapes import Item, erased
from toldonce.remote.outbox.file import OutboxFile
from toldonce.remote.outbox.states import FOLDER
from toldonce.remote.payload import belongs_to
from toldonce.types import ErasedKind

_LOG = logging.getLogger(__name__)


def erase(verbs: Operations, kind: ErasedKind, entity: str, *, allow_return: bool, within: float) -> Item:
    """What ``Memory.erase`` returns. An outbox knows no project: what waits there counts to ``default``."""
    withdrawn = 0
    if verbs.project == PROJECT and kind not in ("memory", "project"):
        withdrawn = withdraw(files_beside(verbs.engine.place), {f"{kind}_id": entity}, within)
    answer = erased(verbs.erase(kind, entity, allow_return=allow_return, within=within))
    if withdrawn:
        answer["erased"]["waiting_for_a_host"] = withdrawn
    return answer


def withdraw(folder: Path, ids: Mapping[str, str], within: float) -> int:
    """Throw away what waits for any Mem0 host, or was put aside, and carries these ids; how many calls of ``add``.

    No byte of them is left in the outboxes of a data folder, nor of what was sent before. ``within``: seconds to wait
    for those who read an outbox; its own upkeep empties it later.
    """
    count = 0
    for path in sorted((folder / FOLDER).glob("*.db")):
        file = OutboxFile(path)
        try:
            unwanted = [entry.id for entry in (*file.waiting(), *file.parked()) if belongs_to(entry.payload, ids)]
            file.drop(unwanted)
            count += len(unwanted)
            if not file.purge(within):
                _LOG.warning("%s may hold words that were sent or withdrawn: somebody is reading it", path)
        finally:
            file.close()
    return count
