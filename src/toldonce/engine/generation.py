"""What an engine embeds with, and what it holds in RAM that was embedded so."""

from __future__ import annotations

from dataclasses import dataclass, replace
from operator import itemgetter

from toldonce.caches import LRUCache
from toldonce.embedders import Embedder, close
from toldonce.embedders.cache import CachedQueries
from toldonce.embedders.minilm import FINGERPRINT as BUNDLED
from toldonce.embedders.spec import EmbedderSpec, open_embedder, parse_spec
from toldonce.embedders.tokens import TOKENS_VERSION, by_token
from toldonce.errors import EmbedderMismatch
from toldonce.index.ram import IndexCache
from toldonce.net.openai import require_confirmed
from toldonce.recall import Scored
from toldonce.stores.claim import EMBEDDER, FINGERPRINT, Fingerprint, claim, is_earlier, parted, rebuild_command
from toldonce.stores.place import Place
from toldonce.stores.protocol import Store
from toldonce.text.keys import KEY_VERSION

RANKINGS = 512
"""Rankings kept: a question is often asked twice before anything new is said."""


@dataclass(frozen=True, slots=True, eq=False)
class Generation:
    """All that has to change at once when a folder's vectors are made anew."""

    fingerprint: str
    """The store's: of the embedder and the way texts are keyed."""
    embedder: Embedder
    queries: CachedQueries
    indexes: IndexCache
    rankings: LRUCache[tuple[int, int, str, tuple[frozenset[int], ...], int], list[Scored]]
    """By owner, number of the view, query, the questions before it and how many were asked for."""
    given: bool
    """The embedder belongs to whoever opened the engine."""
    follows: bool
    """Nobody asked for this embedder: it is the folder's own, and what the folder has next will do as well."""
    outdated: bool
    """The store's vectors and tokens are of an earlier version's. They serve until they are made anew."""

    def close(self) -> None:
        """Let go of an embedder of our own."""
        if not self.given:
            close(self.embedder)


def open_generation(
    store: Store,
    place: Place,
    index_bytes: int,
    spec: EmbedderSpec | None = None,
    given: Embedder | None = None,
) -> Generation:
    """Open an embedder for a store: the one ``given``, or that of ``spec``, or the folder's own.

    ``index_bytes``: RAM for the indexes of the owners last asked about.

    Raises ``EmbedderMismatch`` if the store has vectors of another.
    """
    with store.read() as read:
        known, remembered = read.setting(FINGERPRINT), read.setting(EMBEDDER)
    asked = spec
    if given is None and spec is None:
        spec = own_spec(place, known, remembered)
    line = None if given is not None else str(spec)
    embedder = given or open_embedder(spec or EmbedderSpec(), known and parted(known).embedder)
    try:
        wanted = fingerprint(embedder)
        outdated = known is not None and is_earlier(known, wanted)
        if known is not None and outdated:
            wanted = known
        if known != wanted or line not in (None, remembered):
            store.write_now(lambda write: claim(write, place, wanted, line))
    except BaseException:
        if given is None:
            close(embedder)
        raise
    follows = given is None and asked is None
    made = _generation(store, wanted, embedder, index_bytes)
    return replace(made, given=given is not None, follows=follows, outdated=outdated)


def _generation(store: Store, fingerprint: str, embedder: Embedder, index_bytes: int) -> Generation:
    generation = Generation(
        fingerprint,
        embedder,
        CachedQueries(embedder),
        IndexCache(index_bytes),
        LRUCache(RANKINGS, owner_of=itemgetter(0)),
        given=True,
        follows=False,
        outdated=False,
    )
    for cache in (generation.queries, generation.indexes, generation.rankings):
        store.caches.register(cache)
    return generation


def current_generation(store: Store, place: Place, current: Generation) -> Generation:
    """What fits the store now: the same, or the generation for the embedder it was rebuilt with meanwhile."""
    with store.read() as read:
        known = read.setting(FINGERPRINT)
    if known == current.fingerprint:
        return current
    if known is not None and is_earlier(current.fingerprint, known):  # the same embedder, brought up to date
        made = _generation(store, known, current.embedder, current.indexes.capacity)
        return replace(made, given=current.given, follows=current.follows)
    if not current.follows:
        raise EmbedderMismatch(
            f"The vectors in {place} were made anew with {known} while this memory was open with an embedder of its "
            "own. Close it, and open it without naming an embedder, or with that one."
        )
    return open_generation(store, place, current.indexes.capacity)


def own_spec(place: Place, known: str | None, remembered: str | None) -> EmbedderSpec:
    """The embedder a folder has, by what it noted of itself; the bundled one in a new folder.

    Raises ``AddressNotConfirmed`` where only the folder names an address elsewhere.
    """
    if remembered is not None:
        spec = parse_spec(remembered)
        if spec.base_url is not None:
            require_confirmed(spec.base_url, f"The folder {place}")
        return spec
    if known is not None and parted(known).embedder != BUNDLED:
        raise EmbedderMismatch(
            f"The vectors in {place} were made with {parted(known).embedder}, an embedder that a program brought "
            "along. Open it with that one (embedder=), or make all vectors anew with one that can be named: "
            f"{rebuild_command(place, 'toldonce')}"
        )
    return EmbedderSpec()


def fingerprint(embedder: Embedder) -> str:
    """What vectors depend on: the embedder, the text each vector is made from, and how those of tokens are kept."""
    tokens = "" if by_token(embedder) is None else TOKENS_VERSION
    return str(Fingerprint(embedder.fingerprint, KEY_VERSION, tokens))
