"""What is wrong is said in one line, with exit 2, and nothing is left half-written."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from .command import run
from .test_transcript import LOCOMO, changed


@pytest.mark.parametrize(
    ("content", "options", "complaint"),
    [
        (None, [], "no transcript at"),
        ("{]", [], "is not JSON (line 1"),
        ([], [], "0 conversations"),
        ({"sessions": []}, [], "user: Field required"),
        (changed("sessions", to=[]), [], "sessions: List should have at least 1 item"),
        (LOCOMO, ["--conversation", "conv-0"], "no conversation 'conv-0'; it has: talk-1, talk-2"),
        (LOCOMO, [], "pick one with --conversation"),
    ],
)
def test_a_transcript_that_cannot_be_played(
    tmp_path: Path, content: object, options: list[str], complaint: str
) -> None:
    path = tmp_path / "talk.json"
    if content is not None:
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")

    done = run("demo", "--transcript", path, "--data", tmp_path / "memory", *options, home=tmp_path)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("toldonce: ")
    assert complaint in done.stderr
    assert not (tmp_path / "memory").exists()


@pytest.mark.parametrize("command", [["demo"], ["demo", "--ask"], ["chat"]])
def test_a_folder_that_cannot_be_used(tmp_path: Path, command: list[str]) -> None:
    (tmp_path / "file").write_text("not a folder")

    done = run(*command, "--data", tmp_path / "file" / "memory", home=tmp_path)

    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert str(tmp_path / "file") in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["demo", "--session", "1"], "--data"),
        (["demo", "--ask"], "--data"),
        (["demo", "--session", "6", "--data", "x"], "5 sessions"),
        (["demo", "--session", "0", "--data", "x"], "--session"),
        (["demo", "--llm-model", "tiny"], "--llm-base-url"),
        (["chat", "--user", " "], "--user"),
        (["remember"], "remember"),
    ],
)
def test_options_that_do_not_fit(tmp_path: Path, arguments: list[str], complaint: str) -> None:
    done = run(*arguments, home=tmp_path)

    assert done.returncode == 2
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr


def test_importing_the_command_loads_neither_pipecat_nor_a_model() -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", "import toldonce.cli.app, sys; print(*sys.modules)"], capture_output=True, check=True
    ).stdout.split()

    assert not {b"pipecat", b"onnxruntime", b"tokenizers"} & set(loaded)


def test_the_version_is_told(tmp_path: Path) -> None:
    done = run("--version", home=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("toldonce 0.")
