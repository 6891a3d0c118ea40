"""Making everything derived anew beside what is there: read what changed, keep what was made, switch at the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from toldonce.stores.protocol import Embedding, Unembedded


@dataclass(frozen=True, slots=True)
class Outdated:
    """A version whose vector and tokens are not made yet, or no longer fit; its stamp tells whether it changes."""

    version: Unembedded
    said_at: int
    sayings: tuple[int, ...]
    """When else its memory was said."""


@dataclass(slots=True)
class Stretch:
    """What is to be done next, and where it ends for each owner in it."""

    memories: int = 0
    versions: list[Outdated] = field(default_factory=list)
    places: list[tuple[int, int, int]] = field(default_factory=list)
    """(owner, version it was changed in, memory)."""
    ended: bool = False
    """There is nothing behind it."""


class RebuildRead(Protocol):
    """Questions of a rebuild."""

    def next(self, after_owner: int, limit: int) -> Stretch:
        """Up to ``limit`` memories that changed since the rebuild was with their owners, of owners behind this one."""
        ...

    def progress(self) -> tuple[int, int]:
        """Versions that are done, and all there are."""
        ...


class RebuildWrite(RebuildRead, Protocol):
    """Changes of a rebuild."""

    def forget(self) -> None:
        """Throw away what a rebuild has made so far."""
        ...

    def keep(
        self,
        stretch: Stretch,
        vectors: Sequence[tuple[Unembedded, Embedding]],
        tokens: Sequence[tuple[Unembedded, bytes]],
    ) -> None:
        """Store what was made for a stretch, but for what changed meanwhile: that comes again.

        An empty vector stands for a text that cannot be embedded; it waits for its vector after the switch.
        """
        ...

    def switch(self, left: Stretch, *, tokens: bool, refused: bool = False) -> None:
        """Put what was made in the place of what was there; ``left`` has changed since and waits for its vectors.

        Without ``tokens`` those that are there stay. ``refused``: there are empty vectors. Every owner's version grows.
        """
        ...
