"""What it takes in PostgreSQL: an add beside the database's own commit, the first search for somebody, a copy."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psycopg
from tests.postgres import running

from bench.corpus import GivenVectors, Talk
from bench.filling import fill_many, scratch, verbs
from bench.report import LATENCY, Figure, Part, Scale, Table, latency_row, quantile
from bench.store import one_message
from toldonce import Memory
from toldonce.stores.opening import copy_store
from toldonce.stores.place import DatabaseUrl

INCLUDES = (
    "PostgreSQL 18 with pgvector from a wheel, on the same machine and disk, over TCP, with its default settings: "
    "every commit is on disk. A durable add is one message of 25 words from its arguments to the acknowledgement, as "
    "under *Keeping*, and takes turns with its floor: one INSERT of the same JSON in a transaction of its own. A "
    "*cold* search is the first for that owner by this process, with the index to load and the question's vector "
    "given; it asks for ten results. A copy is `toldonce copy` of a folder, with vectors, written by COPY, read back "
    "and compared. *Found* counts adds to one engine that the next search of another over the same database finds."
)
RESULTS = 10


@dataclass(frozen=True)
class Sizes:
    adds: int
    owners: int
    each: int
    asked: int
    found: int


SIZES: dict[Scale, Sizes] = {
    "full": Sizes(adds=3_000, owners=10_000, each=100, asked=2_000, found=10_000),
    "quick": Sizes(adds=600, owners=500, each=100, asked=400, found=500),
    "tiny": Sizes(adds=20, owners=5, each=20, asked=5, found=5),
}
_SETTINGS = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "autovacuum": "on",
    "shared_buffers": "128MB",
}


def durable(url: str, adds: int) -> tuple[list[float], list[float]]:
    """Milliseconds of adds and of their floor, by turns."""
    texts = Talk(1).texts(adds + 50)
    took: list[float] = []
    floor: list[float] = []
    with psycopg.connect(url, autocommit=True) as beside, verbs(DatabaseUrl(url), GivenVectors()) as (_, steps):
        beside.execute("CREATE TABLE floor (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, said bytea)")
        for number, text in enumerate(texts):
            said = json.dumps({"role": "user", "content": text}).encode()
            start = time.perf_counter()
            beside.execute("INSERT INTO floor (said) VALUES (%b)", (said,))
            between = time.perf_counter()
            steps.add_now(one_message(text, number))
            took.append((time.perf_counter() - between) * 1e3)
            floor.append((between - start) * 1e3)
    return took[50:], floor[50:]


def copied(folder: Path, url: str, sizes: Sizes, embedder: GivenVectors) -> float:
    """Memories a second that a copy of many owners takes."""
    talk = Talk(11)
    with verbs(folder, embedder) as (engine, steps):
        for first in range(0, sizes.owners, 500):
            users = range(first, min(first + 500, sizes.owners))
            fill_many(engine, steps, {f"u{number}": talk.texts(sizes.each) for number in users})
    start = time.perf_counter()
    done = copy_store(folder, url, lambda _: None)
    assert done.same
    return done.memories / (time.perf_counter() - start)


def cold(url: str, sizes: Sizes, embedder: GivenVectors) -> tuple[list[float], list[int]]:
    """Milliseconds of the first search for each of some owners, and how many results it had."""
    questions = Talk(12).questions(sizes.asked)
    embedder.know(questions)
    chosen = np.random.default_rng(3).permutation(sizes.owners)[: sizes.asked].tolist()
    took: list[float] = []
    results: list[int] = []
    with Memory(folder=url, embedder=embedder) as memory:
        memory.search(questions[0], filters={"user_id": "nobody"})
        for number, question in zip(chosen, questions, strict=False):
            start = time.perf_counter()
            found = memory.search(question, filters={"user_id": f"u{number}"}, top_k=RESULTS, threshold=0)["results"]
            took.append((time.perf_counter() - start) * 1e3)
            results.append(len(found))
    return took[len(took) // 50 :], results


def found_elsewhere(url: str, count: int) -> int:
    """How many adds to one engine the next search of another finds."""
    embedder = GivenVectors()
    other_way = url.replace("127.0.0.1", "localhost")  # an engine of its own, as another process has
    found = 0
    with Memory(folder=url, embedder=embedder) as one, Memory(folder=other_way, embedder=embedder) as two:
        for number in range(count):
            writer, reader = (one, two) if number % 2 else (two, one)
            user = f"reader{number // 200}"
            said = f"Door number{number} opens by key{number * 7919 % 9973}."
            writer.add(said, user_id=user)
            rows = reader.search(f"door number{number}", filters={"user_id": user}, top_k=5, threshold=0)["results"]
            found += any(row["memory"] == said for row in rows)
    return found


def measure(scale: Scale) -> Part:
    """Add, copy, cold search, and two engines over one database."""
    sizes = SIZES[scale]
    embedder = GivenVectors()
    with scratch() as folder, running(_SETTINGS) as server:
        took, floor = durable(server.database(), sizes.adds)
        url = server.database()
        rate = copied(folder / "many", url, sizes, embedder)
        server.run("ANALYZE", url.rpartition("/")[2])
        searched, results = cold(url, sizes, embedder)
        found = found_elsewhere(server.database(), sizes.found)
    owners = f"{sizes.owners:,} x {sizes.each:,}"
    return Part(
        "PostgreSQL",
        INCLUDES,
        [
            Figure(
                "durable add above the database's own commit, p50",
                quantile(took, 0.5) - quantile(floor, 0.5),
                "ms",
                most=1,
            ),
            Figure(f"search, cold owner of {owners}, p50", quantile(searched, 0.5), "ms", most=1.5),
            Figure(f"search, cold owner of {owners}, p99", quantile(searched, 0.99), "ms", most=6),
            Figure("results of the ten asked for, the fewest", min(results), "", least=RESULTS),
            Figure(
                f"adds found by the next search of another engine, of {sizes.found:,}", found, "", least=sizes.found
            ),
            Figure("copy of a folder, compared", rate, "memories/s"),
        ],
        [
            Table(
                "One call",
                LATENCY,
                [
                    latency_row("durable add", took),
                    latency_row("the database's own commit", floor),
                    latency_row("search, cold owner", searched),
                ],
            )
        ],
    )
