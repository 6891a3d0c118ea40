"""Ranking alone beside one product of the same vectors; ``bench.engine`` measures, this holds it to its bars."""

from __future__ import annotations

from bench import engine
from bench.report import Cell, Figure, Part, Plot, Scale, Table

INCLUDES = (
    "Ranking an owner's memories in a warmed process: the question read, words, meaning, neighbours, session and "
    "speaker scored, the best ten found. The question's vector is given and no record is read from disk. It takes "
    "turns with BLAS's product of all vectors with one, 384 float32 numbers each, on one thread. The index holds half "
    "precision, so for many memories the ratio may be under 1."
)

SIZES: dict[Scale, tuple[int, ...]] = {"full": (1_000, 10_000, 100_000), "quick": (1_000, 10_000), "tiny": (100, 200)}
ROUNDS: dict[Scale, int] = {"full": 2_000_000, "quick": 400_000, "tiny": 2_000}
MOST_TIMES = {1_000: 12.0, 10_000: 5.0, 100_000: 2.2}


def measure(scale: Scale) -> Part:
    """Ranking against owner size."""
    found = [engine.measure(size, min(max(ROUNDS[scale] // size, 200), 2000)) for size in SIZES[scale]]
    part = Part("Ranking", INCLUDES)
    for row in found:
        size = row["memories"]
        name = f"owner of {size:,}"
        part.figures += [
            Figure(f"ranking / product, {name}, p50", float(row["times product"]), "times", most=MOST_TIMES.get(size)),
            Figure(
                f"ranking, {name}, p99 / p50", float(row["p99 / p50"]), "times", most=3 if size in MOST_TIMES else None
            ),
        ]
    columns = tuple(found[0])
    rows: list[list[Cell]] = [[float(row[column]) for column in columns] for row in found]
    part.tables.append(Table("By owner's size", columns, rows))
    series: dict[str, list[tuple[Cell, float]]] = {
        name: [(row["memories"], float(row[column])) for row in found]
        for name, column in (("product", "product ms p50"), ("ranking", "rank ms p50"))
    }
    part.plots.append(Plot("ranking", "Ranking beside the product, p50", "memories of the owner", "ms", series))
    return part
