"""The peer, ``mem0ai`` over three of its local stores, doing the same with the same vectors in the same run."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from bench.corpus import GivenTokens, Talk, messages
from bench.filling import BATCH, fill_many, request, scratch, verbs
from bench.report import Cell, Figure, Part, Plot, Scale, Table, quantile
from toldonce import Memory

VENV = Path(__file__).parents[1] / ".venv-peers"
STORES = ("qdrant", "faiss", "chroma")
VERSION = "2.2.1"
TURN = 50
"""Searches of one before the other's. Call by call, each would find the processor's caches full of the other's data."""

INCLUDES = (
    f"mem0ai {VERSION} runs in a process and an environment of its own and takes turns with Toldonce, fifty "
    "searches each. Both are given the vectors, of messages and of questions, so no figure has an embedding in it; "
    "both are asked for ten results with threshold 0. Ours rank words, neighbours and speakers besides. The peer's "
    "words' half needs models that its default installation does not have, and stays out. An add is one message "
    "with infer=False until it returns: ours is then on disk, and its vector is on the way; the peer's is where its"
    " store leaves it. It is filled below its `add`, which would take some stores hours. Results are the mean "
    "number of the ten asked for."
)


@dataclass(frozen=True)
class Setting:
    users: int
    each: int

    @property
    def name(self) -> str:
        return f"{self.users:,} x {self.each:,}"


@dataclass(frozen=True)
class Sizes:
    settings: tuple[Setting, ...]
    searches: int
    adds: int


_SETTINGS = (Setting(1, 1_000), Setting(1, 10_000), Setting(100, 100))
SIZES: dict[Scale, Sizes] = {
    "full": Sizes(_SETTINGS, 300, 60),
    "quick": Sizes(_SETTINGS, 40, 10),
    "tiny": Sizes((Setting(2, 20),), 4, 2),
}
LEAST_TIMES = {("qdrant", "1 x 1,000"): 20.0, ("qdrant", "1 x 10,000"): 60.0}


@dataclass
class Took:
    """Milliseconds, and results of each search."""

    search: list[float] = field(default_factory=list)
    add: list[float] = field(default_factory=list)
    results: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Load:
    """What both are given."""

    texts: list[str]
    users: list[str]
    questions: list[str]
    added: list[str]

    def save(self, file: Path, embedder: GivenTokens) -> None:
        """For the peer's process: its texts, and the vectors of everything it will embed."""
        known = list(dict.fromkeys([*self.texts, *self.questions, *self.added]))
        np.savez(file, texts=self.texts, users=self.users, known=known, vectors=embedder.embed_documents(known))


def load(setting: Setting, sizes: Sizes) -> Load:
    """Texts by the users' turns."""
    talk = Talk(setting.users)
    count = setting.users * setting.each
    return Load(
        talk.texts(count),
        [f"u{number // setting.each}" for number in range(count)],
        talk.questions(sizes.searches + 3),
        talk.texts(sizes.adds + 2),
    )


class Peer:
    """mem0 in its own process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._answer()

    def call(self, verb: str, text: str, user: str) -> dict[str, Any]:
        """What one call took, and its results."""
        assert self._process.stdin is not None
        print(json.dumps({"verb": verb, "text": text, "user": user}), file=self._process.stdin, flush=True)
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        while line and not line.startswith("{"):  # something in the peer prints to standard output
            line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("The peer's process ended; its last words are above.")
        return dict(json.loads(line))


@contextmanager
def peer(store: str, folder: Path, data: Path) -> Iterator[Peer]:
    """mem0 over one store, filled."""
    worker = Path(__file__).with_name("peer_worker.py")
    command = [str(VENV / "bin" / "python"), str(worker), store, str(folder), str(data)]
    folder.mkdir()
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, cwd=folder
    ) as process:
        try:
            yield Peer(process)
        finally:
            process.kill()


def fill_ours(folder: Path, given: Load, embedder: GivenTokens) -> None:
    """Our folder with the same texts, each message a memory of its own."""
    by_user: dict[str, list[str]] = {}
    for text, user in zip(given.texts, given.users, strict=True):
        by_user.setdefault(user, []).append(text)
    with verbs(folder, embedder) as (engine, steps):
        if len(by_user) > 1:
            fill_many(engine, steps, by_user)
            return
        for first in range(0, len(given.texts), BATCH):
            said = messages(given.texts[first : first + BATCH], first)
            added = steps.write_add(request(said, user_id=given.users[0], infer=False)).result()
            engine.embed(added.versions).result()


def compare(memory: Memory, other: Peer, given: Load) -> tuple[Took, Took]:
    """Ours and the peer's, by turns."""
    ours, theirs = Took(), Took()
    users = list(dict.fromkeys(given.users))
    for user in users:
        memory.warm(user_id=user)
    asked = [(question, users[number % len(users)]) for number, question in enumerate(given.questions)]
    for first in range(0, len(asked), TURN):
        turn = asked[first : first + TURN]
        for question, user in turn:
            start = time.perf_counter()
            found = memory.search(question, filters={"user_id": user}, top_k=10, threshold=0)["results"]
            ours.search.append((time.perf_counter() - start) * 1e3)
            ours.results.append(len(found))
        for question, user in turn:
            answer = other.call("search", question, user)
            theirs.search.append(answer["ms"])
            theirs.results.append(answer["results"])
    for number, text in enumerate(given.added):
        user = users[number % len(users)]
        start = time.perf_counter()
        memory.add(text, user_id=user, infer=False)
        ours.add.append((time.perf_counter() - start) * 1e3)
        theirs.add.append(other.call("add", text, user)["ms"])
    return _warmed(ours), _warmed(theirs)


def _warmed(took: Took) -> Took:
    return Took(took.search[3:], took.add[2:], took.results[3:])


def rows_of(setting: Setting, who: str, took: Took) -> list[Cell]:
    """A line of the table."""
    return [
        setting.name,
        who,
        *(quantile(took.search, part) for part in (0.5, 0.99)),
        float(np.mean(took.results)),
        *(quantile(took.add, part) for part in (0.5, 0.99)),
    ]


def available() -> str | None:
    """Why the peer cannot be measured, or None if it can."""
    return None if (VENV / "bin" / "python").exists() else f"{VENV.name} is missing: `make bench` makes it"


def measure(scale: Scale, stores: Sequence[str] = STORES) -> Part:
    """Toldonce beside mem0 over each store."""
    sizes = SIZES[scale]
    embedder = GivenTokens()
    part = Part("Beside mem0", INCLUDES)
    columns = ("users x memories", "", "search p50 ms", "p99 ms", "results of 10", "add p50 ms", "p99 ms")
    rows: list[list[Cell]] = []
    series: dict[str, list[tuple[Cell, float]]] = {"Toldonce": [], **{f"mem0 + {store}": [] for store in stores}}
    for setting in sizes.settings:
        given = load(setting, sizes)
        for store in stores:
            with scratch() as folder:
                given.save(folder / "given.npz", embedder)
                embedder.know(given.questions)
                fill_ours(folder / "ours", given, embedder)
                with (
                    Memory(folder=folder / "ours", embedder=embedder) as memory,
                    peer(store, folder / "theirs", folder / "given.npz") as other,
                ):
                    ours, theirs = compare(memory, other, given)
            rows += [rows_of(setting, f"Toldonce, beside {store}", ours), rows_of(setting, f"mem0 + {store}", theirs)]
            part.figures += ratios(setting, store, ours, theirs)
            series[f"mem0 + {store}"].append((setting.name, quantile(theirs.search, 0.5)))
        series["Toldonce"].append((setting.name, quantile(ours.search, 0.5)))
    part.tables.append(Table("Search and add", columns, rows))
    part.plots.append(Plot("peers", "Search with given vectors, p50", "users x memories", "ms", series, "bars"))
    return part


def ratios(setting: Setting, store: str, ours: Took, theirs: Took) -> list[Figure]:
    """How much faster we are, and that nothing is missing."""
    beside = f"mem0 + {store}, {setting.name}"
    return [
        Figure(
            f"search, times faster than {beside}, p50",
            quantile(theirs.search, 0.5) / quantile(ours.search, 0.5),
            "times",
            least=LEAST_TIMES.get((store, setting.name)),
        ),
        Figure(f"add, times faster than {beside}, p50", quantile(theirs.add, 0.5) / quantile(ours.add, 0.5), "times"),
        Figure(f"results of ten asked for, beside {beside}", float(np.mean(ours.results)), "", least=10),
    ]
