"""Every part runs at its smallest, hands in what it promises, and the page can be written from it."""

from __future__ import annotations

import json
from math import isfinite
from pathlib import Path
from typing import Any

import pytest
from bench.page import render, shown
from bench.report import Figure, quantile

from bench import registry

_CIRCUMSTANCES = {
    "date": "2026-01-02T03:04:05+00:00",
    "processor": "a processor",
    "cores": 2,
    "memory_gb": 8.0,
    "system": "a system",
    "disk": "a disk",
    "load_before": 0.1,
    "versions": {"python": "3.11"},
}


def _measured(name: str, locomo: Path | None = None) -> dict[str, Any]:
    """A part's record, as it is read back from its file."""
    part = registry.measure_of(name, locomo)("tiny")
    record: dict[str, Any] = json.loads(json.dumps(part.as_json()))
    return record | {"scale": "tiny", "measured": _CIRCUMSTANCES}


@pytest.fixture
def scratch_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.filling.SCRATCH", tmp_path / "scratch")


@pytest.mark.usefixtures("scratch_here")
@pytest.mark.parametrize("name", [name for name in registry.MODULES if name != "peers"])
def test_part_hands_in_what_the_page_shows(name: str, tmp_path: Path) -> None:
    record = _measured(name)
    assert record["title"]
    assert record["includes"].endswith(".")
    assert record["figures"]
    assert all(isfinite(figure["value"]) for figure in record["figures"])  # a difference may be negative
    assert all(len(row) == len(table["columns"]) for table in record["tables"] for row in table["rows"])

    (tmp_path / "results").mkdir()
    (tmp_path / "results" / f"{name}.json").write_text(json.dumps(record))
    page = tmp_path / "docs" / "benchmarks.md"
    render(tmp_path / "results", page, registry.names())
    text = page.read_text()
    assert f"## {record['title']}" in text
    assert record["figures"][0]["name"] in text
    for plot in record["plots"]:
        assert f"(benchmarks/{plot['name']}.svg)" in text
        assert (page.parent / "benchmarks" / f"{plot['name']}.svg").read_text().endswith("</svg>\n")


def test_recall_reads_locomos_file(tmp_path: Path) -> None:
    said = ["I adopted a grey cat called Miso.", "How lovely!", "My sister moved to Lisbon in May.", "I miss her."]
    turns = [
        {"speaker": "Ana" if number % 2 == 0 else "Bo", "dia_id": f"D1:{number + 1}", "text": text}
        for number, text in enumerate(said)
    ]
    talk = {"session_1": turns, "session_1_date_time": "1:56 pm on 8 May, 2023"}
    asked = [
        {"question": "What is the cat called?", "category": category, "evidence": ["D1:1"]} for category in range(1, 6)
    ]
    file = tmp_path / "talk.json"
    file.write_text(json.dumps([{"conversation": talk, "qa": asked}]))
    record = _measured("recall", file)
    assert record["figures"][0] | {"value": 0} == {
        "name": "recall@10, categories 1-4",
        "value": 0,
        "unit": "%",
        "most": None,
        "least": 82,
        "holds": True,
    }
    assert len(record["tables"][0]["rows"]) == 6


def test_recall_is_left_out_without_the_file() -> None:
    assert "--locomo" in (registry.skipped("recall", None) or "")


def test_scripts_are_taken_as_they_print(tmp_path: Path) -> None:
    record = _measured("processes")
    assert record["title"].startswith("Several processes")
    assert dict(record["tables"][0]["rows"])["lost"] == 0


def test_a_bar_is_held_or_not() -> None:
    assert Figure("a", 3.0, "ms", most=3).holds is True
    assert Figure("a", 3.1, "ms", most=3).holds is False
    assert Figure("a", 9.0, "%", least=10).holds is False
    assert Figure("a", 9.0, "%").holds is None


def test_quantiles_are_values_that_were_measured() -> None:
    assert quantile(list(range(1, 101)), 0.99) == 99
    assert quantile([5.0], 0.999) == 5.0


@pytest.mark.parametrize(
    ("value", "text"), [(0.01234, "0.0123"), (1234.5, "1,234"), (123.45, "123.5"), (7, "7"), ("a", "a"), (None, "")]
)
def test_numbers_have_three_digits_that_count(value: object, text: str) -> None:
    assert shown(value) == text
