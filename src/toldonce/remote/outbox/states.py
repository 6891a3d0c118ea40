"""What the outboxes of a data folder hold, for whoever watches over it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from toldonce.remote.outbox.file import Filling, OutboxFile

FOLDER = "outbox"
"""Of outboxes, in the data folder."""


@dataclass(frozen=True, slots=True)
class State:
    """One outbox."""

    name: str
    """It begins with the host it sends to, and names no key."""
    filling: Filling
    parked: int
    held: bool
    """Nothing is sent until somebody mends what is wrong, such as a key."""


def states(folder: Path) -> list[State]:
    """The outboxes in a data folder, by name. Raises the ``StoreError``s of ``toldonce.errors``."""
    found = []
    for path in sorted((folder / FOLDER).glob("*.db")):
        file = OutboxFile(path)
        try:
            found.append(State(path.stem, file.filling(), len(file.parked()), file.setting("held") is not None))
        finally:
            file.close()
    return found
