"""Whose vectors a folder holds: it says so itself, and refuses others."""

from __future__ import annotations

import shlex
from typing import NamedTuple

from toldonce.errors import EmbedderMismatch
from toldonce.stores.place import Place
from toldonce.stores.protocol import Write

FINGERPRINT = "fingerprint"
EMBEDDER = "embedder"
REBUILD = "rebuild"
REFUSED = "rebuild_refused"
"""The settings: what the vectors depend on, how to open the embedder that makes such (``EmbedderSpec``), from what to
what a rebuild that is not finished leads, and whether it met texts that cannot be embedded."""

_KEYS, _TOKENS = " keys:", " tokens:"


class Fingerprint(NamedTuple):
    """What the vectors in a folder depend on, as it is written in the setting ``FINGERPRINT``."""

    embedder: str
    keys: str
    """The way in which texts are prepared."""
    tokens: str = ""
    """The way in which vectors of tokens are kept; empty where the embedder gives none."""

    def __str__(self) -> str:
        return f"{self.embedder}{_KEYS}{self.keys}" + (f"{_TOKENS}{self.tokens}" if self.tokens else "")


def parted(fingerprint: str) -> Fingerprint:
    """A fingerprint's parts."""
    embedder, _, rest = fingerprint.partition(_KEYS)
    keys, _, tokens = rest.partition(_TOKENS)
    return Fingerprint(embedder, keys, tokens)


def is_earlier(known: str, wanted: str) -> bool:
    """Whether the vectors are of the wanted embedder, and made as an earlier version made them."""
    made, asked = parted(known), parted(wanted)
    before, now = ((part.keys, part.tokens or "0") for part in (made, asked))
    if made.embedder != asked.embedder or before == now or not all(map(str.isdecimal, before + now)):
        return False
    return all(int(earlier) <= int(later) for earlier, later in zip(before, now, strict=True))


def claim(store: Write, place: Place, fingerprint: str, spec: str | None) -> None:
    """Note what a new folder's vectors depend on; raise ``EmbedderMismatch`` where those there are depend on other."""
    known = store.setting(FINGERPRINT)
    if known is None:
        store.keep_setting(FINGERPRINT, fingerprint)
    elif known != fingerprint:
        raise mismatch(place, known, fingerprint, spec)
    if spec is not None:
        store.keep_setting(EMBEDDER, spec)


def mismatch(place: Place, known: str, wanted: str, spec: str | None) -> EmbedderMismatch:
    """The error, with the command that makes the folder's vectors anew."""
    (made, keys, _), (asked, *_) = parted(known), parted(wanted)
    if made == asked:
        return EmbedderMismatch(
            f"The memories in {place} are keyed in the way of another version of Toldonce ({keys}). Bring them up to "
            f"date with: {rebuild_command(place)}"
        )
    return EmbedderMismatch(
        f"The vectors in {place} were made with {made}; this memory is set up for {asked}. Vectors of two embedders "
        "cannot be compared. Open it without naming an embedder to use the one it has, or make all vectors anew "
        f"with: {rebuild_command(place, spec)}"
    )


def rebuild_command(place: Place, spec: str | None = None) -> str:
    """What to type."""
    command = ["toldonce", "rebuild", "--data", str(place)]
    return shlex.join(command if spec is None else [*command, "--embedder", spec])
