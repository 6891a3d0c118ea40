"""Erasing, step by step: ordered, carried out, every byte overwritten, and a receipt signed.

Each step is on disk before the next begins. Whoever opens the store after a crash goes on where it stood, and so does a
thread of this engine where somebody who reads holds the last step up.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from toldonce.engine.receipts import PUBLIC_KEY, public_key, receipt
from toldonce.errors import Closed, StoreError, ToldonceError
from toldonce.stores import damaged_file
from toldonce.stores.erasing import Erasure, Orphans
from toldonce.stores.protocol import Store, Write
from toldonce.times import now
from toldonce.types import ErasedKind
from toldonce.uids import new_uid

if TYPE_CHECKING:
    from toldonce.engine.engine import Engine

_LOG = logging.getLogger(__name__)

HIDDEN: Literal["hidden"] = "hidden"
ERASED: Literal["erased"] = "erased"

_AT_ONCE = 0.5
"""Seconds that opening a store waits for those who hold up an erasure that was left unfinished."""
_LOGGED_AT_ONCE = 250
"""Entries of a log that are dropped in one commit."""
_TRY_AGAIN = 1.0
"""Seconds between two tries to finish one."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure did."""

    id: str
    status: Literal["hidden", "erased"]
    """``hidden``: nobody finds anything of it any more. ``erased``: no byte of it is left."""
    counts: Mapping[str, int]
    waits_for: Sequence[str] = ()
    """Who holds it up, if bytes are left."""
    receipt: dict[str, Any] | None = field(default=None)


def erase(engine: Engine, project: str, kind: ErasedKind, entity: str, *, allow_return: bool, within: float) -> Erased:
    """Leave no byte of an entity, a memory or a project in the store.

    ``within``: seconds to wait for those who hold it up. If that is not enough, a thread goes on with it.
    """
    number = engine.store.write_now(lambda store: order(store, project, kind, entity, allow_return=allow_return))
    return go_on(engine, number, within)


def order(store: Write, project: str, kind: ErasedKind, entity: str, *, allow_return: bool) -> int:
    """Note, in a transaction, that something is to be erased; the number to go on with."""
    at = now()
    return store.erasing.order(new_uid(at), project, kind, entity, allow_return, at)


def go_on(engine: Engine, number: int, within: float) -> Erased:
    """Carry out an erasure that was ordered, and finish it; see ``erase``."""
    _carry_out(engine, number)
    waits_for = _finish(engine.store, number, within)
    if waits_for:
        engine.finish_erasures()
    with engine.reading() as store:
        erasure = store.erasing.erasure(number)
    if erasure is None:
        raise StoreError("The erasure is not in the store any more: somebody replaced the store. Erase again.")
    signed = None if erasure.receipt is None else json.loads(erasure.receipt)
    return Erased(erasure.id, HIDDEN if signed is None else ERASED, erasure.counts, waits_for, signed)


def resume(engine: Engine) -> bool:
    """Go on with what a process left unfinished; whether all of it is finished now."""
    with engine.reading() as store:
        unfinished = store.erasing.erasures(unfinished=True)
    for erasure in unfinished:
        _carry_out(engine, erasure.number)
    return not any(_finish(engine.store, erasure.number, _AT_ONCE) for erasure in unfinished)


def keep_resuming(engine: Engine) -> None:
    """Do so until all is finished or the engine is closed."""
    try:
        while not engine.closing.wait(_TRY_AGAIN):
            if resume(engine):
                return
    except Closed:
        pass
    except ToldonceError as error:
        _LOG.error("An erasure is not finished; the next opening goes on: %s", error)


def _carry_out(engine: Engine, number: int) -> None:
    with engine.reading() as store:
        erasure = store.erasing.erasure(number)
    place = engine.place
    if erasure is not None and erasure.entity is not None and isinstance(place, Path):  # a database has no such files
        damaged_file.forget(place, erasure.project, erasure.kind, erasure.entity)
    turn = ("" if erasure is None else erasure.project), ("erasure", number)
    while (some := engine.write_edit(lambda store: store.erasing.thin_out(number, now()), turn).result()) is not None:
        engine.follow_up(some)
    waiting = engine.write_edit(lambda store: store.erasing.carry_out(number, now()), turn).result()
    engine.follow_up(waiting)
    if erasure is not None:
        with engine.reading() as store:  # whole logs are read: nobody is to wait for that
            orphans = store.erasing.orphans(erasure.project)
        for part in orphans.parts(_LOGGED_AT_ONCE):
            engine.store.write(partial(_drop_orphans, number, part), turn).result()


def _drop_orphans(number: int, orphans: Orphans, write: Write) -> None:
    write.erasing.drop_orphans(number, orphans)


def _finish(store: Store, number: int, within: float) -> list[str]:
    """Overwrite what is left and sign that it is gone; who held that up."""
    if waits_for := store.purge(number, within):
        return waits_for
    key = public_key(store)

    def sign(write: Write) -> None:
        erasure = write.erasing.erasure(number)
        if erasure is not None and erasure.receipt is None:  # else another process has finished it
            at = now()
            write.erasing.finish(number, _signed(store, erasure, at), at)
            write.keep_setting(PUBLIC_KEY, key)

    store.write_now(sign)
    return []


def _signed(store: Store, erasure: Erasure, at: int) -> str:
    return json.dumps(receipt(store, erasure, at))
