"""The demo in real processes: sessions played in some, questions answered in another."""

from __future__ import annotations

import json
import re
import signal
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from toldonce import Memory
from toldonce.embedders.multilingual import Multilingual

from .command import finish, read_until, run, start
from .openai_server import LanguageModel, serve
from .test_transcript import LOCOMO, changed

SESSION = re.compile(r"Session (\d) of 5 · .* · process (\d+) · (\d+) turns said, (\d+) new")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def folder(home: Path) -> Path:
    return home / "memory"


@pytest.fixture(scope="module")
def played(home: Path, folder: Path) -> CompletedProcess[str]:
    """The bundled conversation, played into ``folder``."""
    return run("demo", "--data", folder, home=home)


def test_each_session_is_played_in_a_process_of_its_own(played: CompletedProcess[str]) -> None:
    assert (played.returncode, played.stderr) == (0, "")
    sessions = SESSION.findall(played.stdout)
    asker = re.findall(r"A new process, (\d+)", played.stdout)

    assert [int(number) for number, *_ in sessions] == [1, 2, 3, 4, 5]
    assert len({process for _, process, *_ in sessions} | set(asker)) == 6
    assert all(said == new for *_, said, new in sessions)
    assert sum(int(new) for *_, new in sessions) == 111


def test_the_greeting_says_three_true_things(played: CompletedProcess[str]) -> None:
    greeting = played.stdout.split("Juno: Hello Maya, good to have you back. You told me:")[1].split("Maya:")[0]

    assert re.findall(r"“(.*?)”", greeting) == [
        "Cold, but lovely. We've been in Leith for a month now.",
        "My neighbour Tom takes her. He's got a garden, and he spoils her rotten.",
        "Is there any food you can't eat? — Yes, peanuts.",
    ]


def test_facts_are_shown_as_they_hold_with_what_they_replaced(played: CompletedProcess[str]) -> None:
    facts = played.stdout.split("as facts, without a model:")[1].split("Maya: ")[0]

    assert [line.split(maxsplit=1) for line in facts.strip().splitlines()] == [
        ["name", "Maya (since 14 Sep 2025)"],
        ["occupation", "physiotherapist (since 14 Sep 2025)"],
        ["avoids", "peanuts (since 14 Sep 2025)"],
        ["neighbour", "Tom (since 19 Oct 2025)"],
        ["home", "Leith (since 22 Mar 2026, before: Bristol)"],
    ]


def test_questions_are_answered_from_what_earlier_processes_were_told(played: CompletedProcess[str]) -> None:
    answers = dict(re.findall(r"Maya: (.*)\nJuno: (.*)", played.stdout))

    assert len(answers) == 16
    assert answers["Is there any food I can't eat?"] == (
        "You told me on 14 Sep 2025: “Is there any food you can't eat? — Yes, peanuts.”"
    )
    assert "on the ninth of March, not the second" in answers["When do I start the new job?"]
    assert "I told you on 19 Oct 2025" in answers["Which bookshop did you tell me about?"]


def test_what_was_recalled_is_shown_with_score_speaker_day_and_milliseconds(played: CompletedProcess[str]) -> None:
    turn = played.stdout.split("Maya: Which of my knees")[1].split("Maya: ")[0]

    assert re.search(r"memory added \d+\.\d ms and recalled \d+.*:", turn)
    assert re.search(r"0\.\d\d +Maya +30 Nov 2025 +My left knee", turn)


def test_it_ends_with_the_evidence_recall(played: CompletedProcess[str]) -> None:
    end = played.stdout[played.stdout.index("Evidence recall@10") :]
    (questions, recall) = re.findall(r"all questions\W+(\d+)\W+([\d.]+)%", end)[0]

    assert questions == "16"
    assert float(recall) >= 90


def test_asking_again_gives_the_same_answers_and_leaves_nothing_behind(
    played: CompletedProcess[str], home: Path, folder: Path
) -> None:
    again = run("demo", "--data", folder, "--ask", home=home)

    assert (again.returncode, again.stderr) == (0, "")
    said = re.compile(r"^(?:Maya|Juno): .*", re.MULTILINE)
    assert said.findall(again.stdout) == said.findall(played.stdout)


def test_a_session_played_again_stores_nothing_twice(played: CompletedProcess[str], home: Path, folder: Path) -> None:
    again = run("demo", "--data", folder, "--session", "2", home=home)

    assert SESSION.findall(again.stdout)[0][2:] == ("22", "0")


def test_without_the_folder_it_forgets(home: Path, tmp_path: Path) -> None:
    asked = run("demo", "--data", tmp_path / "empty", "--ask", home=home)

    assert asked.returncode == 0
    assert "Hello Maya. We have not talked before." in asked.stdout
    assert asked.stdout.count("I don't know anything about that yet.") == 16
    assert "peanuts.”" not in asked.stdout


def test_locomo_is_played_and_its_categories_reported(tmp_path: Path) -> None:
    path = tmp_path / "locomo.json"
    path.write_text(json.dumps(LOCOMO), encoding="utf-8")

    done = run("demo", "--transcript", path, "--conversation", "talk-1", home=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert "3 of 3" in done.stdout
    assert "categories 1-4" in done.stdout
    assert "1 multi-hop" in done.stdout
    assert not list(tmp_path.glob("toldonce-demo-*"))


def test_a_transcript_without_questions_ends_with_the_greeting(home: Path, folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "talk.json"
    path.write_text(json.dumps(changed("questions", to=None)), encoding="utf-8")

    asked = run("demo", "--transcript", path, "--data", folder, "--ask", home=home)

    assert (asked.returncode, asked.stderr) == (0, "")
    assert asked.stdout.rstrip().endswith("Bo: Hello Ana. We have not talked before.")


def test_a_new_folder_remembers_the_multilingual_embedder(home: Path, tmp_path: Path) -> None:
    path, folder = tmp_path / "talk.json", tmp_path / "memory"
    path.write_text(json.dumps(changed("questions", to=None)), encoding="utf-8")

    played = run("demo", "--multilingual", "--transcript", path, "--data", folder, home=home)

    assert (played.returncode, played.stderr) == (0, "")
    with Memory(folder=folder) as memory:
        assert memory._engine.vectors_from.startswith(Multilingual.fingerprint)


def test_a_language_model_answers_if_one_is_named(played: CompletedProcess[str], home: Path, folder: Path) -> None:
    with serve(LanguageModel(["Peanuts,", " I", " think."])) as model:
        asked = run("demo", "--data", folder, "--ask", "--llm-base-url", model.url, "--llm-model", "tiny", home=home)

    assert (asked.returncode, asked.stderr) == (0, "")
    assert asked.stdout.count("Juno: Peanuts, I think.") == 16
    assert {request["model"] for request in model.requests} == {"tiny"}
    instruction, block, question = model.requests[0]["messages"]
    assert instruction["role"] == "system"
    assert "You are Juno" in instruction["content"]
    assert "Yes, peanuts." in block["content"]
    assert question == {"role": "user", "content": "Is there any food I can't eat?"}
    for request in model.requests:
        assert sum("I recall" in message["content"] for message in request["messages"]) <= 1


def test_a_language_model_that_fails_is_named(played: CompletedProcess[str], home: Path, folder: Path) -> None:
    with serve(LanguageModel([], status=404)) as model:
        asked = run("demo", "--data", folder, "--ask", "--llm-base-url", model.url, home=home)

    assert asked.returncode == 1
    assert "The language model did not answer" in asked.stdout
    assert "Check --llm-base-url" in asked.stdout
    assert "Evidence recall@10" in asked.stdout
    assert "Traceback" not in asked.stderr


def test_ctrl_c_stops_the_children_and_leaves_no_folder(tmp_path: Path) -> None:
    process = start("demo", home=tmp_path)
    read_until(process, "Session 1")
    process.send_signal(signal.SIGINT)
    _, err = finish(process, seconds=20)

    assert process.returncode == 130
    assert "Traceback" not in err
    assert not list(tmp_path.glob("toldonce-demo-*"))
