"""Whatever a cell or a page turns into: an error that says so, and right answers about everything else.

``make damage`` makes thousands of trials; a plain test run makes a short, seeded slice.
"""

from __future__ import annotations

import io
import json
import logging
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.stores.damaging import Cell, cells, damage_bytes, damage_cell, fill, orders
from toldonce import Memory
from toldonce.errors import CorruptStore, EmbedderMismatch, MemoryNotFound, NewerStore, StoreError
from toldonce.stores.jobs import Wanted
from toldonce.stores.opening import open_store
from toldonce.stores.protocol import Read, Write
from toldonce.takeover import DATABASE
from toldonce.testing import WordEmbedder
from toldonce.times import now
from toldonce.transfer.jsonl import export

TRIALS = int(os.environ.get("TOLDONCE_DAMAGE_TRIALS", "24"))
FILTERS = {user: {"user_id": user} for user in ("ann", "bob")}


def read_all(read: Read) -> None:
    """What a server reads."""
    serving = read.serving
    questions: list[Callable[[], object]] = [
        lambda: serving.project("p1"),
        lambda: serving.project_named("org", "helpdesk"),
        lambda: serving.projects("org"),
        lambda: serving.members("p1"),
        lambda: serving.key("k1"),
        lambda: serving.keys(None),
        lambda: serving.call("default", "c1"),
        lambda: serving.call_with_key("default", "idem"),
        lambda: serving.calls("default", 10, 0),
        lambda: serving.entities("default"),
        lambda: serving.operations("default", 10, 0),
        lambda: serving.feedback("default", "m1"),
        lambda: serving.export("default", "e1"),
        lambda: serving.newest_export("default", {"user_id": "ann"}),
        lambda: serving.webhook("w1"),
        lambda: serving.webhooks("default"),
        lambda: serving.deliveries("w1", 10),
        lambda: read.feed.changes(0, 1 << 40, 100),
        lambda: read.feed.position("webhooks"),
        lambda: read.jobs.next_due(now(), Wanted(("webhook",))),
        lambda: read.rebuilding.next(0, 1000),
        lambda: read.unembedded(None, 100),
    ]
    for question in questions:
        told(question)


def told(question: Callable[[], object]) -> object:
    """The answer, or the error that says that something is damaged. Anything else is not caught."""
    try:
        return question()
    except (CorruptStore, MemoryNotFound) as error:  # the second where its id turned into another
        return error


def lease(write: Write) -> object:
    return write.jobs.lease(now(), now() + 1, Wanted(("webhook",)))


def use(folder: Path, ids: list[str]) -> object:
    """Do everything there is to do with ann's memories, and delete them in the end; what that answered."""
    with Memory(folder=folder, embedder=WordEmbedder()) as memory:
        engine = memory._engine

        def serve() -> None:
            with engine.store.read() as read:
                read_all(read)

        steps: list[Callable[[], object]] = [
            lambda: memory.search("Who keeps bees?", filters=FILTERS["ann"], explain=True),
            lambda: memory.search("bees", filters={"AND": [FILTERS["ann"], {"metadata": {"topic": "bees"}}]}),
            lambda: memory.get_all(filters=FILTERS["ann"]),
            lambda: memory.get_all(filters=FILTERS["ann"], page=1, page_size=2),
            *((lambda uid=uid: memory.get(uid)) for uid in ids),
            *((lambda uid=uid: memory.history(uid)) for uid in ids),
            lambda: memory.messages(user_id="ann"),
            lambda: memory.messages(user_id="ann", latest=3),
            serve,
            lambda: engine.store.write_now(lease),
            lambda: export(engine, "default", io.StringIO(), vectors=True, done=lambda count: None),
            lambda: memory.add("I bought a violin.", user_id="ann", run_id="r2"),
            lambda: memory.add("I am fond of rowing.", user_id="ann", run_id="r1"),
            lambda: memory.update(ids[0], "I have a dog."),
            lambda: memory.delete(ids[1]),
            lambda: memory.search("violin", filters=FILTERS["ann"]),
            lambda: memory.delete_all(user_id="ann"),
        ]
        for step in steps[:-1]:
            told(step)
        return told(steps[-1])


def answers(folder: Path) -> list[Any]:
    """What is said about bob, who has nothing to do with it."""
    with Memory(folder=folder, embedder=WordEmbedder()) as memory:
        found = [
            memory.search("Who keeps bees?", filters=FILTERS["bob"])["results"],
            memory.get_all(filters=FILTERS["bob"])["results"],
            memory.messages(user_id="bob"),
        ]
        return [[{key: row[key] for key in row if key != "score"} for row in rows] for rows in found]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, list[str]], list[Any]]:
    folder = tmp_path_factory.mktemp("whole") / "data"
    ids = fill(folder)
    return folder, ids, answers(folder)


def test_everything_is_used(whole: tuple[Path, dict[str, list[str]], list[Any]], tmp_path: Path) -> None:
    """Without damage nothing fails: what fails below fails of damage."""
    folder, ids, right = whole
    assert len({cell.table for cell in cells(folder / DATABASE)}) >= 24
    assert all(right)
    shutil.copytree(folder, tmp_path / "copy")
    use(tmp_path / "copy", ids["ann"])
    assert answers(tmp_path / "copy") == right
    with Memory(folder=tmp_path / "copy", embedder=WordEmbedder()) as memory:
        assert memory.get_all(filters=FILTERS["ann"])["results"] == []


def test_damage_is_told_and_stops_nobody_else(
    whole: tuple[Path, dict[str, list[str]], list[Any]], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    folder, ids, right = whole
    chance = random.Random(20261128)
    for number, (cell, value) in enumerate(orders(cells(folder / DATABASE), TRIALS, chance)):
        copy = tmp_path / str(number)
        shutil.copytree(folder, copy)
        if cell is None:
            damage_bytes(copy, chance)
        else:
            damage_cell(copy, cell, value, chance)
        try:
            _try(copy, cell, ids, right)
        except Exception as error:
            raise AssertionError(f"trial {number}: {cell or value} turned into {value}: {error!r}") from error
        shutil.rmtree(copy)


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("message", "recorded_at", "nothing"),
        ("conversation", "id", "zero"),
        ("operation", "place", "no UTF-8"),
        ("event", "created_at", "a letter"),
    ],
)
def test_every_row_with_the_same_damage_is_told_and_treated(
    whole: tuple[Path, dict[str, list[str]], list[Any]], tmp_path: Path, table: str, column: str, value: str
) -> None:
    """Which row the trials damage is chance; these are the ones that were found so."""
    folder, ids, right = whole
    [cell] = [cell for cell in cells(folder / DATABASE) if (cell.table, cell.column) == (table, column)]
    for seed in range(6):
        for number in range(2):
            copy = tmp_path / f"{seed} {number}"
            shutil.copytree(folder, copy)
            damage_cell(copy, cell, value, random.Random(seed))
            if number:
                _treat(copy, cell, ids, right)
            else:
                _try(copy, cell, ids, right)


def _try(folder: Path, cell: Cell | None, ids: dict[str, list[str]], right: list[Any]) -> None:
    try:
        deleted = use(folder, ids["ann"])
        found = answers(folder)
    except CorruptStore:
        assert cell is None or cell.table in ("setting", "owner")  # a page belongs to everybody
        return
    except (EmbedderMismatch, NewerStore):
        assert cell is None or cell.table == "setting"
        return
    if cell is not None:  # words in the file may turn into other words
        assert found == right
    with Memory(folder=folder, embedder=WordEmbedder()) as memory:
        left = told(lambda: memory.get_all(filters=FILTERS["ann"])["results"])
        assert left == [] or isinstance(deleted, StoreError)
        assert not isinstance(deleted, StoreError) or cell is None or cell.table == "owner"


def test_what_is_damaged_is_set_aside_and_everything_else_goes_on(
    whole: tuple[Path, dict[str, list[str]], list[Any]], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """After the doctor nothing is damaged, and nobody meets an error, unless it said that it can do nothing."""
    caplog.set_level(logging.CRITICAL)
    folder, ids, right = whole
    chance = random.Random(28112026)
    every = [order for order in orders(cells(folder / DATABASE), TRIALS * 2, chance) if order[0] is not None][:TRIALS]
    seen = set()
    for number, (cell, value) in enumerate(every):
        assert cell is not None
        copy = tmp_path / str(number)
        shutil.copytree(folder, copy)
        damage_cell(copy, cell, value, chance)
        try:
            seen |= _treat(copy, cell, ids, right)
        except Exception as error:
            raise AssertionError(f"trial {number}: {cell} turned into {value}: {error!r}") from error
        shutil.rmtree(copy)
    assert {"set aside", "made anew"} <= seen


def _treat(folder: Path, cell: Cell, ids: dict[str, list[str]], right: list[Any]) -> set[str]:
    store = open_store(folder)
    try:
        named = store.examine(set_aside=False)
        treated = store.examine(set_aside=True)
        again = store.examine(set_aside=True)
    finally:
        store.close()
    assert named.findings == treated.findings
    actions: set[str] = {one.action for one in treated.findings}
    assert all(one.table == cell.table or one.why.startswith(("missing", "its")) for one in treated.findings)
    assert [one for one in again.findings if one.action != "none"] == []
    if treated.kept_in is not None:
        kept = [json.loads(line) for line in treated.kept_in.read_text().splitlines()]
        assert cell.table in {line["table"] for line in kept}
        assert treated.kept_in.stat().st_mode & 0o077 == 0
    if "none" in actions or cell.table in ("setting", "owner"):
        return actions
    assert answers(folder) == right
    with Memory(folder=folder, embedder=WordEmbedder()) as memory:
        memory.get_all(filters=FILTERS["ann"])
        memory.messages(user_id="ann")
        memory.add("I bought a violin.", user_id="ann", run_id="r2")
        memory._engine.settled().result()
        assert memory.search("violin", filters=FILTERS["ann"])["results"]
        export(memory._engine, "default", io.StringIO(), vectors=True, done=lambda count: None)
    return actions
