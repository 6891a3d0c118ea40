"""An outbox whose file has another name now."""

from __future__ import annotations

from pathlib import Path

from toldonce.remote.outbox.file import OutboxFile
from toldonce.remote.outbox.sender import lease_of


def take_over(earlier: Path, path: Path) -> None:
    """Move what the earlier file holds into the other, in order, and what was parked too.

    Nothing happens while a process sends from the earlier one: it sends what waits there, and the rest is moved at the
    next opening. The file stays: a process that has it open may still put something in.
    """
    lease = lease_of(earlier)
    if not earlier.exists() or not lease.take():
        return
    old = OutboxFile(earlier)
    new = OutboxFile(path, old.setting("destination"))
    try:
        moved = [*old.parked(), *old.waiting()]
        for entry in moved:
            if new.put(entry.key, entry.conversation, entry.payload, entry.put_at) and entry.parked_at is not None:
                mine = [found.id for found in new.waiting() if found.key == entry.key]
                new.park(mine, entry.reason or "", entry.parked_at)
        old.drop(entry.id for entry in moved)
        old.fold()
    finally:
        new.close()
        old.close()
        lease.let_go()
