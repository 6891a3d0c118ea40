"""``toldonce retry``: what a model failed on is read after all, here or by whoever has a model."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.llm.fake import refuses, serving, tells
from tests.waiting import until
from toldonce import Memory
from toldonce.cli.app import app
from toldonce.engine import extraction
from toldonce.engine.jobs import worker

SAID = "I like tea with milk."


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A memory whose model refused."""
    monkeypatch.setattr(worker, "LOOK_AGAIN", 0.02)
    monkeypatch.setattr(extraction, "GATHER", 0)
    monkeypatch.delenv("TOLDONCE_LLM", raising=False)
    with serving(refuses(401)) as model, Memory({"llm": model.config}, folder=tmp_path) as memory:
        memory.add(SAID, user_id="ann")
        until(lambda: _counts(memory) == {extraction.FAILED: 1})
    return tmp_path


def _counts(memory: Memory) -> dict[str, int]:
    with memory._engine.store.read() as store:
        return store.jobs.counts()


def test_without_a_model_it_waits_for_who_has_one(folder: Path) -> None:
    done = CliRunner().invoke(app, ["retry", "--data", str(folder)])
    assert done.exit_code == 0, done.output
    assert "Ordered again: 1. Waiting for a model: 1. Given up: 0." in done.output
    assert "TOLDONCE_LLM" in done.output
    again = CliRunner().invoke(app, ["retry", "--data", str(folder), "--json"])
    assert json.loads(again.stdout) == {"retried": 0, "waiting": 1, "failed": 0}


def test_with_a_model_it_is_read_here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fact = {
        "statement": SAID,
        "about": "user",
        "attribute": "drink",
        "value": "tea",
        "category": "preference",
        "evidence": ["m1"],
        "relation": "new",
    }
    with serving(tells(fact)) as model:
        monkeypatch.setenv("TOLDONCE_LLM", f"vllm:fake@{model.url}")
        done = CliRunner().invoke(app, ["retry", "--data", str(folder), "--json"])
        assert done.exit_code == 0, done.output
        assert json.loads(done.stdout) == {"retried": 1, "waiting": 0, "failed": 0}
        assert len(model.asked) == 1
    monkeypatch.delenv("TOLDONCE_LLM")
    with Memory(folder=folder) as memory:
        assert [one["value"] for one in memory.facts("ann")["results"]] == ["tea"]
