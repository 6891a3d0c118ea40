"""Filters and memories drawn from so few values that they often meet."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from toldonce.types import MemoryRecord

from .records import micros, record

USERS = ["alice", "bob", "carol", "42"]
AGENTS = ["a1", "a2"]
RUNS = ["r1", "r2", "r3"]
TEXTS = ["Likes Coffee", "likes tea", "Straße", "STRASSE"]
PIECES = ["likes", "Coffee", "ss", "ß", "e", "Food", "x"]
LABELS = ["food", "Food and drink", "travel"]
MEMORIES = ["0190f0aa-0000-7000-8000-00000000000a", "0190f0aa-0000-7000-8000-00000000000b"]
MOMENTS = [
    "2024-02-28T23:59:59.999999",
    "2024-02-29T00:00:00",
    "2024-02-29T12:00:00",
    "2024-02-29T23:59:59.999999",
    "2024-03-01T00:00:00",
]
TIMES: list[Any] = [
    "2024-02-28",
    "2024-02-29",
    "2024-03-01",
    "2024-02-29T12:00:00",
    "2024-02-29T12:00:00Z",
    "2024-02-29T01:00:00+01:00",
    "2024-02-29T23:59:59.999999+00:00",
    micros("2024-02-29T12:00:00") // 1_000_000,
    micros("2024-02-29T12:00:00") / 1_000_000 + 0.5,
]
SCALARS: list[Any] = ["a", "B", "", "1", 0, 1, 1.0, 2.5, True, False]
KEYS = ["mood", "tags"]

EQUALITY = ["eq", "ne", "in", "nin"]
ORDER = ["gt", "gte", "lt", "lte"]
PIECEWISE = ["contains", "icontains"]


def memories() -> st.SearchStrategy[MemoryRecord]:
    moment = st.sampled_from(MOMENTS).map(micros)
    value = st.one_of(st.none(), st.sampled_from(SCALARS), st.lists(st.sampled_from([*SCALARS, None]), max_size=3))
    metadata = st.fixed_dictionaries(
        {},
        optional={
            "mood": value,
            "tags": value,
            "categories": st.lists(st.sampled_from(LABELS), max_size=2),
            "role": st.sampled_from(["user", "admin", ["user", "admin"], 1]),
            "text": st.sampled_from(TEXTS),
            "timestamp": st.sampled_from(["2024-02-29", "soon", 1_709_208_000, True]),
            "keywords": st.sampled_from(["likes", ["Coffee", "x"]]),
        },
    )
    return st.builds(
        record,
        id=st.sampled_from(MEMORIES),
        text=st.sampled_from(TEXTS),
        user_id=st.sampled_from([None, *USERS]),
        agent_id=st.sampled_from([None, *AGENTS]),
        app_id=st.sampled_from([None, "app"]),
        run_ids=st.lists(st.sampled_from(RUNS), unique=True, min_size=1),
        role=st.sampled_from(["user", "assistant"]),
        actor_id=st.sampled_from([None, "Alice", "Bob"]),
        created_at=moment,
        updated_at=moment,
        said_at=moment,
        expires_on=st.sampled_from([None, "2024-02-28", "2024-02-29"]),
        metadata=metadata,
    )


@st.composite
def filters(draw: st.DrawFn, depth: int = 3) -> dict[str, Any]:
    """A filter that can be read, in any spelling."""
    shape = draw(st.sampled_from(["condition", "AND", "OR", "NOT", "siblings"])) if depth else "condition"
    inner = filters(depth - 1)
    if shape == "condition":
        return draw(draw(st.sampled_from(_CONDITIONS)))
    if shape == "siblings":
        return draw(inner) | draw(inner)
    if shape == "NOT" and draw(st.booleans()):
        return {shape: draw(inner)}
    return {shape: draw(st.lists(inner, min_size=1, max_size=3))}


def _on(keys: list[str], values: list[Any], operators: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(keys), _asked(values, operators), min_size=1, max_size=1)


@st.composite
def _asked(draw: st.DrawFn, values: list[Any], operators: list[str]) -> Any:
    one, several = st.sampled_from(values), st.lists(st.sampled_from(values), min_size=1, max_size=3)
    bare = draw(st.sampled_from([one, several, st.just("*"), None]))
    if bare is not None:
        return draw(bare)
    together = {}
    for operator in draw(st.lists(st.sampled_from(operators), min_size=1, max_size=2, unique=True)):
        if operator in PIECEWISE:
            together[operator] = draw(st.sampled_from(PIECES))
        elif operator in ("eq", "ne"):
            together[operator] = draw(st.sampled_from([*values, "*"]))
        else:
            together[operator] = draw(several if operator in ("in", "nin") else one)
    return together


def _keywords() -> st.SearchStrategy[dict[str, Any]]:
    asked = st.one_of(
        st.sampled_from(PIECES), st.dictionaries(st.sampled_from(PIECEWISE), st.sampled_from(PIECES), min_size=1)
    )
    return st.dictionaries(st.sampled_from(["keywords", "keywords_search"]), asked, min_size=1)


def _memory_ids() -> st.SearchStrategy[dict[str, Any]]:
    several = st.lists(st.sampled_from([*MEMORIES, MEMORIES[0].upper(), "mem_123"]), min_size=1)
    listed = st.dictionaries(st.sampled_from(["in", "nin"]), several, min_size=1)
    return st.fixed_dictionaries({"memory_ids": st.one_of(several, listed)})


def _metadata() -> st.SearchStrategy[dict[str, Any]]:
    ordered = [value for value in SCALARS if not isinstance(value, bool)]
    order = st.dictionaries(st.sampled_from(ORDER), st.sampled_from(ordered), min_size=1)
    pieces = st.one_of(
        st.fixed_dictionaries({"contains": st.sampled_from([value for value in SCALARS if value != ""])}),
        st.fixed_dictionaries({"icontains": st.sampled_from(["A", "b", "1"])}),
    )
    return st.dictionaries(st.sampled_from(KEYS), st.one_of(_asked(SCALARS, EQUALITY), order, pieces), min_size=1)


_CONDITIONS = [
    _on(["user_id", "userId"], [*USERS, " alice ", 42], EQUALITY),
    _on(["agent_id", "agentId"], AGENTS, EQUALITY),
    _on(["app_id", "appId"], ["app", "none"], EQUALITY),
    _on(["run_id", "runId"], RUNS, EQUALITY),
    _on(["created_at", "updated_at", "timestamp", "expiration_date"], TIMES, EQUALITY + ORDER),
    _on(["text"], TEXTS, EQUALITY + PIECEWISE),
    _on(["categories"], LABELS, EQUALITY + PIECEWISE),
    _on(["role"], ["user", "assistant", "admin"], EQUALITY + PIECEWISE),
    _on(["actor_id"], ["Alice", "Bob"], EQUALITY + PIECEWISE),
    _keywords(),
    _memory_ids(),
    _metadata(),
    st.builds(lambda asked: {"metadata": asked}, _metadata()),
]


def garbage() -> st.SearchStrategy[Any]:
    """What JSON, or Python, might bring, with the grammar's own words in it."""
    words = [
        *("AND", "OR", "NOT", "metadata", "user_id", "userId", "run_id", "created_at", "expiration_date", "text"),
        *("keywords", "keywords_search", "categories", "memory_ids", "role", "mood", "*", "", "2024-02-29", "a\0"),
        *(*EQUALITY, *ORDER, *PIECEWISE, "exists", "$or", "\ud800"),
    ]
    text = st.one_of(st.sampled_from(words), st.text(max_size=6))
    leaves = st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), text, st.datetimes(), st.dates(), st.binary(max_size=3)
    )
    keys = st.one_of(text, text, text, text, st.none(), st.integers())
    return st.recursive(
        leaves,
        lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(keys, inner, max_size=4)),
        max_leaves=20,
    )
