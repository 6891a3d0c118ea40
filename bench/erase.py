"""How long it takes until no byte of a person is left, alone and beside two processes that read and write."""

from __future__ import annotations

import argparse
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from bench.corpus import GivenTokens, Talk
from bench.filling import fill, scratch
from bench.report import Figure, Part, Scale, Table, quantile
from toldonce import Memory

INCLUDES = (
    "Everybody in a folder is erased, one after the other: `Memory.erase` from the call until the receipt is signed, "
    "when nobody finds anything of the person and no byte of theirs is left in any file. Vectors, those of each "
    "message's first 48 tokens too, are in the folder. The first are erased alone, the others beside two processes "
    "that search and add by turns without a pause. Then every file is read for words that only the erased had said."
)
_BESIDE = 2
_COLUMNS = ("", "p50 s", "p90 s", "max s", "people")


@dataclass(frozen=True)
class Sizes:
    people: int
    memories: int
    """Of each."""
    alone: int
    """People who are erased before the others begin to read and write."""


SIZES: dict[Scale, Sizes] = {
    "full": Sizes(50, 2000, 10),
    "quick": Sizes(10, 2000, 3),
    "tiny": Sizes(3, 20, 1),
}


def person(number: int) -> str:
    return f"person{number}"


def word_of(number: int) -> str:
    """A word that only this person says, and that is long enough to be no part of another."""
    return f"zq{number}erasable{number}qz"


@contextmanager
def busy(folder: Path, people: int) -> Iterator[None]:
    """Other processes read and write the folder."""
    command = [sys.executable, "-m", "bench.erase", "--beside", str(folder), "--people", str(people)]
    running = [
        subprocess.Popen([*command, "--number", str(number)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for number in range(_BESIDE)
    ]
    try:
        for process in running:
            assert process.stdout is not None
            process.stdout.readline()  # It has begun.
        yield
    finally:
        for process in running:
            process.communicate()
            if process.returncode:
                raise RuntimeError(f"a process beside it ended with {process.returncode}")


def beside(folder: Path, people: int, number: int) -> None:
    """Search and add by turns, until the standard input ends."""
    ended = threading.Event()

    def listen() -> None:
        sys.stdin.read()
        ended.set()

    threading.Thread(target=listen, daemon=True).start()
    talk = Talk(100 + number)
    questions, texts = talk.questions(500), talk.texts(500)
    with Memory(folder=folder, embedder=GivenTokens()) as memory:
        for turn in count():
            memory.search(questions[turn % 500], filters={"user_id": person(turn % people)})
            memory.add(f"{texts[turn % 500]} {turn}", user_id=f"beside{number}")
            if turn == 0:
                print("begun", flush=True)
            if ended.is_set():
                return


def erase(memory: Memory, number: int) -> float:
    """Seconds until a person is erased."""
    start = time.perf_counter()
    done = memory.erase(user_id=person(number), wait=60.0)
    took = time.perf_counter() - start
    if done["status"] != "erased":
        raise RuntimeError(f"not erased: {done}")
    return took


def found(folder: Path, people: int) -> int:
    """How many people's words stand in any file."""
    seen: set[int] = set()
    for path in (path for path in folder.rglob("*") if path.is_file()):
        held = path.read_bytes().lower()
        seen |= {number for number in range(people) if word_of(number).encode() in held}
    return len(seen)


def row(name: str, took: list[float]) -> list[str | float | int | None]:
    return [name, quantile(took, 0.5), quantile(took, 0.9), max(took), len(took)]


def measure(scale: Scale) -> Part:
    """Fill a folder, and erase everybody in it."""
    sizes = SIZES[scale]
    with scratch() as folder:
        with Memory(folder=folder, embedder=GivenTokens()) as memory:
            talk = Talk(11)
            for number in range(sizes.people):
                fill(memory, person(number), [f"{said} {word_of(number)}" for said in talk.texts(sizes.memories)])
        kept = found(folder, sizes.people)
        if kept != sizes.people:
            raise RuntimeError(f"only {kept} people's words are in the folder before they are erased")
        on_disk = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        with Memory(folder=folder, embedder=GivenTokens()) as memory:
            alone = [erase(memory, number) for number in range(sizes.alone)]
            with busy(folder, sizes.people):
                others = [erase(memory, number) for number in range(sizes.alone, sizes.people)]
            left = found(folder, sizes.people)
    return Part(
        "Erasing",
        INCLUDES,
        [
            Figure("a person erased beside two busy processes, slowest", max(others), "s", most=2),
            Figure("a person erased beside two busy processes, p50", quantile(others, 0.5), "s"),
            Figure("a person erased alone, slowest", max(alone), "s", most=2),
            Figure("erased people whose words a file still holds", left, "people", most=0),
            Figure("the folder before", on_disk / 1e6, "MB"),
        ],
        [
            Table(
                f"{sizes.people} people with {sizes.memories} memories each",
                _COLUMNS,
                [row("alone", alone), row("beside two busy processes", others)],
            )
        ],
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--beside", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--people", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--number", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    beside(given.beside, given.people, given.number)
