"""How long ranking takes beside one matrix-vector product over the same vectors, in float32.

    python -m bench.engine [--sizes 1000 10000 100000]

One process, BLAS on one thread, ranking and product by turns. Memories of 25 words drawn from a Zipf(1.0) vocabulary of
20,000, so that a query of seven such words hits most of an owner's rows: a hard case for the words' half. The query's
vector is given; reading the query is part of the time.
"""

from __future__ import annotations

import os

os.environ.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")

import argparse
import json
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toldonce.index.ram import OwnerIndex, RamView
from toldonce.recall import analyse, rank
from toldonce.text.tokens import token_id
from toldonce.types import IndexRow

DIMENSIONS = 384
WORDS = 25
VOCABULARY = 20_000
SESSION = 20
"""Memories a session."""


def zipf(rng: np.random.Generator, size: tuple[int, ...]) -> NDArray[np.intp]:
    """Word numbers, the n-th with a probability of about 1/n."""
    weights = 1 / np.arange(1, VOCABULARY + 1)
    return rng.choice(VOCABULARY, size=size, p=weights / weights.sum())


def filled(size: int, rng: np.random.Generator) -> tuple[OwnerIndex, NDArray[np.float32], float]:
    """An owner's index, its vectors in one matrix, and the seconds it took to load the rows."""
    ids = np.array([token_id(f"w{number}") for number in range(VOCABULARY)], np.uint32)
    texts = ids[zipf(rng, (size, WORDS))]
    vectors = rng.normal(size=(size, DIMENSIONS)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    rows = [
        IndexRow(
            memory_id=number,
            tokens=texts[number],
            vector=vectors[number],
            previous_id=number - 1 if number % SESSION else None,
            session_id=number // SESSION,
            role="user" if number % 2 else "assistant",
            actor_id="Ana" if number % 2 else "Bo",
            said_at=number * 60_000_000,
        )
        for number in range(size)
    ]
    index = OwnerIndex()
    start = time.perf_counter()
    index.apply(rows)
    index.view()
    return index, vectors, time.perf_counter() - start


def asked(view: RamView, question: str, vector: NDArray[np.float32]) -> None:
    rank(view, analyse(question, view), vector, limit=10)


def measure(size: int, rounds: int) -> dict[str, Any]:
    """Percentiles in milliseconds, and their ratios to the product's."""
    rng = np.random.default_rng(size)
    index, vectors, load = filled(size, rng)
    view = index.view()
    questions = [" ".join(f"w{word}" for word in words) for words in zipf(rng, (rounds, 7))]
    asked_vectors = rng.normal(size=(rounds, DIMENSIONS)).astype(np.float32)
    spent = np.empty((rounds, 2))
    for number, (question, vector) in enumerate(zip(questions, asked_vectors, strict=True)):
        start = time.perf_counter()
        _ = vectors @ vector
        between = time.perf_counter()
        asked(view, question, vector)
        spent[number] = between - start, time.perf_counter() - between
    product, ranking = (np.percentile(spent[rounds // 10 :, part] * 1000, [50, 99]) for part in (0, 1))
    return {
        "memories": size,
        "product ms p50": round(product[0], 4),
        "product ms p99": round(product[1], 4),
        "rank ms p50": round(ranking[0], 4),
        "rank ms p99": round(ranking[1], 4),
        "times product": round(ranking[0] / product[0], 2),
        "p99 / p50": round(ranking[1] / ranking[0], 2),
        "load ms": round(load * 1000, 1),
        "bytes a memory": round(index.nbytes / size),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Time of ranking beside a matrix-vector product.")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000, 100_000])
    for size in parser.parse_args().sizes:
        print(json.dumps(measure(size, max(200, 2_000_000 // size if size < 50_000 else 200))))


if __name__ == "__main__":
    main()
