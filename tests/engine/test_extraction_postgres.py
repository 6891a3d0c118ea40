"""Facts from a model in PostgreSQL: read, replaced, repeated and deleted as in SQLite."""

from __future__ import annotations

import pytest

from tests.engine.test_extraction import ANN, _moves, facts_of, read_through, remembering
from tests.postgres import Server
from toldonce.engine import extraction
from toldonce.engine.jobs import worker


def test_a_contradiction_closes_the_older_fact_there_too(postgres: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "LOOK_AGAIN", 0.02)
    monkeypatch.setattr(extraction, "GATHER", 0)
    with remembering(postgres.database(), _moves) as (memory, model):
        memory.add("I live in Lisbon.", **ANN, timestamp=1_700_000_000)
        read_through(memory)
        memory.add("I live in Porto now.", **ANN, timestamp=1_750_000_000)
        read_through(memory)
        lisbon, porto = facts_of(memory)
        assert (lisbon.fact["superseded_by"], lisbon.fact["valid_to"]) == (porto.uid, 1_750_000_000_000_000)
        memory.add("I live in Porto now.", **ANN, timestamp=1_750_000_009)
        read_through(memory)
        assert len(facts_of(memory)) == 2
        assert len(model.asked) == 3
        memory.delete_all(user_id="ann")
        assert facts_of(memory) == []
