"""Putting talk into an engine before something is measured on it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from bench.corpus import messages
from toldonce import Memory
from toldonce.config import Config
from toldonce.embedders import Embedder
from toldonce.engine import Engine, open_engine
from toldonce.engine.operations import Operations
from toldonce.engine.requests import PROJECT, add_request, scope_of
from toldonce.remember.plan import AddRequest
from toldonce.stores.place import Place

SCRATCH = Path(__file__).parents[1] / "build" / "bench"
"""On the disk that holds the project: temporary folders are in RAM on some systems, where an fsync costs nothing."""

BATCH = 1000
_AT_ONCE = 64


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder that is gone afterwards."""
    SCRATCH.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=SCRATCH, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@contextmanager
def verbs(folder: Place, embedder: Embedder) -> Iterator[tuple[Engine, Operations]]:
    """The engine of a folder or a database and the steps its verbs are made of."""
    engine, let_go = open_engine(Config(folder), embedder)
    try:
        yield engine, Operations(engine, PROJECT)
    finally:
        let_go()


def request(said: object, *, infer: bool = True, **ids: str | None) -> AddRequest:
    """What ``Memory.add`` makes of its arguments."""
    scope = scope_of(*(ids.get(kind) for kind in ("user_id", "agent_id", "app_id", "run_id")))
    return add_request(
        said,
        scope,
        metadata=None,
        timestamp=None,
        expiration_date=None,
        infer=infer,
        memory_type=None,
        prompt=None,
        conversation_id=None,
    )


def fill(memory: Memory, user_id: str, texts: Sequence[str]) -> None:
    """Everything one person said, a thousand messages a call."""
    for start in range(0, len(texts), BATCH):
        memory.add(messages(texts[start : start + BATCH], start), user_id=user_id)


def fill_many(
    engine: Engine, steps: Operations, talks: Mapping[str, Sequence[str]], agent_id: str | None = None
) -> None:
    """What several people said, one call each; calls that wait together share a commit."""
    people = iter(talks.items())
    while chunk := list(islice(people, _AT_ONCE)):
        futures = [steps.write_add(request(messages(said), user_id=user, agent_id=agent_id)) for user, said in chunk]
        engine.embed([version for future in futures for version in future.result().versions]).result()
