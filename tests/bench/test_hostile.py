"""A short slice of ``make hostile``: nobody hangs, no process ends by itself, nothing is lost, every answer is right.

How long a bystander waits is measured by ``make hostile``: a test depends on no time.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from bench.hostile.attackers import ALL
from bench.hostile.bystander import SAID_AND_ASKED, Noticed
from bench.hostile.kills import kills
from bench.hostile.rounds import Round, attacked, filled

from toldonce import Memory
from toldonce.text.tokens import words

SEED = 14
MEMORIES = 2_000
SECONDS = 1.0

SLICE = tuple(name for name in ALL if name != "nothing")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which one user has many memories."""
    return filled(tmp_path_factory.mktemp("hostile") / "full", MEMORIES)


@pytest.mark.parametrize("name", SLICE)
def test_a_bystander_goes_on_as_if_nothing_happened(folder: Path, tmp_path: Path, name: str) -> None:
    target = Path(shutil.copytree(folder, tmp_path / "attacked"))
    found = attacked(target, name, SEED, SECONDS)
    assert found.problems(bars=False) == []
    assert found.noticed.acknowledged > 0
    assert found.answers, "nobody attacked"


def test_kills_lose_and_double_nothing(tmp_path: Path) -> None:
    problems, told = kills(tmp_path / "kills", SEED, 4.0)
    assert problems == [], told


@pytest.mark.parametrize(("said", "asked"), SAID_AND_ASKED)
def test_what_a_bystander_looks_for_by_meaning_is_found_by_nothing_else(tmp_path: Path, said: str, asked: str) -> None:
    with Memory(folder=tmp_path / "with vectors") as memory:
        memory.add(said, user_id="ann")
        found = memory.search(asked, filters={"user_id": "ann"})["results"]
    assert [one["memory"] for one in found] == [said]
    assert not set(words(said)) & set(words(asked))


def noticed(**changes: object) -> Noticed:
    kept = Noticed(adds=[1.0], searches=[1.0], health=[1.0], probes=3, found=3, acknowledged=3)
    for name, value in changes.items():
        setattr(kept, name, value)
    return kept


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (Round("texts", noticed(hangs=1), {}, 0, 1.0, 0.0), "hung"),
        (Round("texts", noticed(lost=1), {}, 0, 1.0, 0.0), "lost"),
        (Round("texts", noticed(doubled=1), {}, 0, 1.0, 0.0), "doubled"),
        (Round("texts", noticed(refused=["503"]), {}, 0, 1.0, 0.0), "refused"),
        (Round("texts", noticed(searches=[]), {}, 0, 1.0, 0.0), "nothing done"),
        (Round("texts", noticed(), {"hang": 2}, 0, 1.0, 0.0), "2 of the attacker's requests hung"),
        (Round("texts", noticed(), {"500": 2}, 0, 1.0, 0.0), "status 500"),
        (Round("texts", noticed(), {}, 134, 1.0, 0.0), "status 134"),
        (Round("texts", noticed(), {}, 0, 11.0, 0.0), "11.0 s to stop"),
        (Round("texts", noticed(), {}, 0, 1.0, 0.0, ["Traceback"]), "log"),
        (Round("texts", noticed(), {}, 0, 1.0, 0.0, ended=True), "by itself"),
    ],
)
def test_what_goes_wrong_is_told(found: Round, told: str) -> None:
    [problem] = found.problems(bars=False)
    assert told in problem


def test_bars_are_held_to_where_it_is_asked_for() -> None:
    late = noticed(adds=[40.0] * 100, searches=[80.0] * 100, health=[120.0] * 100, found=2)
    assert Round("import in large calls", late, {}, 0, 1.0, 0.0).problems(bars=False) == []
    kept = Round("import in large calls", late, {}, 0, 1.0, 0.0).problems(bars=True)
    assert [problem.split()[0] for problem in kept] == ["add", "search", "healthz", "1"]
    assert len(Round("listings", late, {}, 0, 1.0, 0.0).problems(bars=True)) == 2
