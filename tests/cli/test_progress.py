"""Progress: a bar for a person, lines for a pipe."""

from __future__ import annotations

import re
import sys

import pytest

from toldonce.cli.progress import progress, reached


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().err.splitlines()


def test_a_pipe_reads_a_line_for_each_tenth_with_rate_and_time_left(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("Importing", "memories", 2_000) as advance:
        for _ in range(200):
            advance(10)
    found = lines(capsys)
    assert len(found) == 10
    assert re.fullmatch(r"Importing: 200 of 2,000 memories, [\d,]+/s, [\d,]+ s left", found[0])
    assert found[-1].startswith("Importing: 2,000 of 2,000 memories")
    assert found[-1].endswith(" 0 s left")


def test_work_whose_end_is_unknown_is_told_ever_more_seldom(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("Exporting", "memories") as advance:
        for _ in range(100):
            advance(100)
    assert [line.split()[1] for line in lines(capsys)] == ["1,000", "2,000", "4,000", "8,000"]


def test_work_may_tell_how_far_it_has_come(capsys: pytest.CaptureFixture[str]) -> None:
    with reached("Embedding", "vectors") as reach:
        assert lines(capsys) == []
        reach(5, 10)
        reach(10, 10)
    assert [line.split()[1] for line in lines(capsys)] == ["5", "10"]


def test_a_terminal_gets_a_bar(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    for total in (100, None):
        with progress("Importing", "memories", total) as advance:
            advance(100)
        shown = capsys.readouterr().err
        assert "Importing" in shown
        assert "/s" in shown
