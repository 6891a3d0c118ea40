"""The chat, with lines piped to it as a person would type them."""

from __future__ import annotations

import re
import signal
from pathlib import Path

from toldonce import Memory

from .command import finish, read_until, run, start
from .openai_server import LanguageModel, serve


def test_what_is_typed_is_remembered_in_the_next_chat_and_told_to_nobody_else(tmp_path: Path) -> None:
    told = "I keep two goats called Salt and Pepper.\n\n/quit\nnever read\n"

    first = run("chat", "--data", tmp_path / "memory", "--user", "Ana", home=tmp_path, typed=told)
    second = run("chat", "--data", tmp_path / "memory", "--user", "ana", home=tmp_path, typed="What goats do I keep?\n")

    assert (first.returncode, first.stderr) == (0, "")
    assert "Hello Ana. We have not talked before." in first.stdout
    assert "never read" not in first.stdout
    assert (second.returncode, second.stderr) == (0, "")
    greeting, answer = second.stdout.split("What goats do I keep?")
    assert "Hello ana, good to have you back. You told me:\n  - “I keep two goats called Salt and Pepper.”" in greeting
    assert re.search(r"You told me on .*: “I keep two goats called Salt and Pepper.”", answer)
    assert re.search(r"memory added \d+\.\d ms and recalled 1:\n +[01]\.\d\d  Ana", answer)

    other = run("chat", "--data", tmp_path / "memory", "--user", "Bo", home=tmp_path, typed="What goats do I keep?\n")
    assert "We have not talked before." in other.stdout
    assert "I don't know" in other.stdout
    assert "two goats" not in other.stdout


def test_commands_are_never_remembered_and_what_is_known_can_be_forgotten(tmp_path: Path) -> None:
    run("chat", "--data", tmp_path, home=tmp_path, typed="I keep two goats.\n/help\n")
    typed = "/elephant zanzibar\n/list\n/forget 7\n/forget 1\n/list\n/quit\n"

    done = run("chat", "--data", tmp_path, home=tmp_path, typed=typed)

    assert (done.returncode, done.stderr) == (0, "")
    assert "1. I keep two goats." in done.stdout
    assert "There is no command /elephant" in done.stdout
    assert "Name a number of the last /list" in done.stdout
    assert "Forgotten: I keep two goats." in done.stdout
    assert "I remember nothing of you yet." in done.stdout
    with Memory(folder=tmp_path) as memory:
        said = [message["content"] for message in memory.messages(user_id="you") if message["role"] == "user"]
    assert said == ["I keep two goats."]


def test_a_question_asked_before_is_no_answer(tmp_path: Path) -> None:
    typed = "Where do I keep my goats?\nWhere do I keep the goats?\n"

    done = run("chat", "--data", tmp_path, home=tmp_path, typed=typed)

    assert done.stdout.count("I don't know") == 2


def test_the_default_folder_is_the_one_of_the_library(tmp_path: Path) -> None:
    run("chat", home=tmp_path, typed="I keep two goats.\n")

    assert list((tmp_path / "share").rglob("*"))
    assert "two goats" in run("chat", home=tmp_path).stdout


def test_a_language_model_answers_and_its_failure_does_not_end_the_talk(tmp_path: Path) -> None:
    with serve(LanguageModel(["Lovely", " goats."])) as model:
        done = run("chat", "--data", tmp_path, "--llm-base-url", model.url, home=tmp_path, typed="I keep two goats.\n")
    with serve(LanguageModel([], status=400)) as broken:
        failed = run("chat", "--data", tmp_path, "--llm-base-url", broken.url, home=tmp_path, typed="Hello?\nHello?\n")

    assert "Toldonce: Lovely goats." in done.stdout
    assert failed.returncode == 0
    assert failed.stdout.count("The language model did not answer") == 2


def test_ctrl_c_ends_the_talk_quietly(tmp_path: Path) -> None:
    process = start("chat", "--data", tmp_path, home=tmp_path)
    read_until(process, "Ctrl-D")
    process.send_signal(signal.SIGINT)
    _, err = finish(process, seconds=20)

    assert process.returncode == 130
    assert err == ""


def test_a_statement_is_acknowledged_and_a_question_answered(tmp_path: Path) -> None:
    typed = "I keep two goats\nMy goats are called Salt and Pepper.\nWhat are my goats called?\n"
    done = run("chat", "--data", tmp_path, home=tmp_path, typed=typed)
    replies = [line.removeprefix("Toldonce: ") for line in done.stdout.splitlines() if line.startswith("Toldonce: ")]
    assert replies[1] == "I'll remember that."
    assert replies[2].startswith("I'll remember that.")
    assert replies[3].startswith("You told me on ")
    assert "Salt and Pepper" in replies[3]
    with Memory(folder=tmp_path) as memory:
        kept = {row["memory"] for row in memory.get_all(filters={"user_id": "you"})["results"]}
    assert not any("remember that" in text for text in kept), "an acknowledgement is no memory"
