from __future__ import annotations

import copy
import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from toldonce.cli.transcript import BUNDLED, Transcript, read_transcript
from toldonce.errors import InvalidTranscript

OURS: dict[str, Any] = {
    "user": {"id": "ana", "name": "Ana"},
    "assistant": {"name": "Bo"},
    "sessions": [
        {
            "id": "s1",
            "started_at": "2025-09-14T18:40:00+01:00",
            "turns": [
                {"role": "assistant", "text": "Any allergies?"},
                {"speaker": "Ana", "text": "Yes, peanuts."},
                {"speaker": "Ana", "text": "And cats.", "id": "cats"},
            ],
        }
    ],
    "questions": [{"question": "What am I allergic to?", "answer": "Peanuts.", "evidence": ["s1:2", "cats"]}],
}

LOCOMO: list[dict[str, Any]] = [
    {
        "sample_id": "talk-1",
        "conversation": {
            "speaker_a": "Ana Li",
            "speaker_b": "Bo",
            "session_2": [{"speaker": "Bo", "dia_id": "D2:1", "text": "Nice shirt."}],
            "session_2_date_time": "9:05 am on 2 December, 2023",
            "session_10": [{"speaker": "Ana Li", "dia_id": "D10:1", "text": "Bye."}],
            "session_10_date_time": "12:30 am on 3 December, 2023",
            "session_1": [
                {"speaker": "Ana Li", "dia_id": "D1:1", "text": "Look!", "blip_caption": "a red kite", "query": "kite"},
                {"speaker": "Ana Li", "dia_id": "D1:2", "text": "Isn't it fine?"},
            ],
            "session_1_date_time": "1:56 pm on 8 May, 2023",
            "session_11": [],
            "session_12_date_time": "1:56 pm on 8 May, 2024",
        },
        "qa": [
            {"question": "What flies?", "answer": 1, "evidence": ["D1:1; D2:01", "D:10:1"], "category": 1},
            {"question": "What sinks?", "adversarial_answer": "x", "evidence": ["D", "D9:9"], "category": 5},
        ],
    },
    {"sample_id": "talk-2", "conversation": {"speaker_a": "C", "speaker_b": "D"}, "qa": []},
]


def write(folder: Path, content: object) -> Path:
    path = folder / "talk.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def test_our_format_is_read_whole(tmp_path: Path) -> None:
    transcript = read_transcript(write(tmp_path, OURS))

    assert (transcript.user_id, transcript.user_name, transcript.assistant_name) == ("ana", "Ana", "Bo")
    (session,) = transcript.sessions
    assert [(turn.id, turn.role, turn.text) for turn in session.turns] == [
        ("s1:1", "assistant", "Any allergies?"),
        ("s1:2", "user", "Yes, peanuts."),
        ("cats", "user", "And cats."),
    ]
    assert session.said_at(2) == datetime(2025, 9, 14, 18, 40, 20, tzinfo=timezone(timedelta(hours=1)))
    (question,) = transcript.questions
    assert (question.text, question.answer, question.evidence) == (
        "What am I allergic to?",
        "Peanuts.",
        ("s1:2", "cats"),
    )


def test_locomo_is_read_as_its_readme_says(tmp_path: Path) -> None:
    transcript = read_transcript(write(tmp_path, LOCOMO), "talk-1")

    assert (transcript.user_id, transcript.user_name, transcript.assistant_name) == ("talk-1-ana-li", "Ana Li", "Bo")
    assert [session.id for session in transcript.sessions] == [
        "talk-1-session-1",
        "talk-1-session-2",
        "talk-1-session-10",
    ]
    first, second, last = transcript.sessions
    assert first.started_at == datetime(2023, 5, 8, 13, 56, tzinfo=UTC)
    assert last.started_at == datetime(2023, 12, 3, 0, 30, tzinfo=UTC)
    assert [(turn.role, turn.text) for turn in first.turns] == [
        ("user", "Look! [shares a photo: a red kite]"),
        ("user", "Isn't it fine?"),
    ]
    assert [turn.role for turn in second.turns] == ["assistant"]
    flies, sinks = transcript.questions
    assert (flies.evidence, flies.answer, flies.category) == (("D1:1", "D2:1", "D10:1"), "1", 1)
    assert (sinks.evidence, sinks.answer, sinks.category) == ((), None, 5)


def test_the_only_conversation_needs_no_name(tmp_path: Path) -> None:
    assert read_transcript(write(tmp_path, LOCOMO[:1])).user_name == "Ana Li"


def bundled() -> Transcript:
    return read_transcript(BUNDLED)


def test_the_bundled_transcript_is_long_and_spread_over_months() -> None:
    transcript = bundled()
    times = [session.started_at for session in transcript.sessions]

    assert len(times) >= 4
    assert times == sorted(times)
    assert times[-1] - times[0] > timedelta(days=90)
    assert transcript.turn_count() >= 70
    assert len(transcript.questions) >= 12
    assert all(question.evidence and question.answer for question in transcript.questions)


def test_the_documented_example_is_a_transcript(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "transcripts.md").read_text(encoding="utf-8")
    example = page.split("```json\n")[1].split("```")[0]

    assert read_transcript(write(tmp_path, example)).questions[0].evidence == ("s1:2",)


def changed(*path: str | int, to: object) -> dict[str, Any]:
    """OURS with one place changed; None takes it away."""
    content = copy.deepcopy(OURS)
    place: Any = content
    for key in path[:-1]:
        place = place[key]
    if to is None:
        del place[path[-1]]
    else:
        place[path[-1]] = to
    return content


@pytest.mark.parametrize(
    ("content", "conversation", "complaint"),
    [
        ("{", None, r"not JSON \(line 1, column 2"),
        ("[" * 100_000, None, "not JSON"),
        ('"talk"', None, "no transcript: expected an object with sessions"),
        (OURS, "conv-1", "a single conversation.*leave out --conversation"),
        (changed("user", to=None), None, "user: Field required"),
        (changed("user", "id", to="an a"), None, "user.id: .*pattern"),
        (changed("assistant", "name", to="Ana"), None, "assistant.name: 'Ana' is the user's name too"),
        (changed("sessions", to=[]), None, "sessions: List should have at least 1 item"),
        (changed("sessions", 0, "turns", to=[]), None, r"sessions\[0\].turns: List should have at least 1 item"),
        (changed("sessions", 0, "started_at", to="2025-09-14T18:40:00"), None, r"sessions\[0\].started_at: .*timezone"),
        (changed("sessions", 0, "turns", 1, "text", to=" "), None, r"sessions\[0\].turns\[1\].text: .*at least 1"),
        (changed("sessions", 0, "turns", 1, "text", to=5), None, r"sessions\[0\].turns\[1\].text: .*valid string"),
        (changed("sessions", 0, "turns", 0, "role", to="system"), None, r"sessions\[0\].turns\[0\].role: .*'user' or"),
        (changed("sessions", 0, "turns", 0, "role", to=None), None, 'either "role" or "speaker"'),
        (changed("sessions", 0, "turns", 1, "role", to="user"), None, 'either "role" or "speaker"'),
        (changed("sessions", 0, "turns", 1, "speaker", to="Eve"), None, r"turns\[1\].speaker: 'Eve' is neither of"),
        (changed("sessions", 0, "turns", 2, "id", to="s1:1"), None, "turn id 's1:1' is used twice"),
        (changed("sessions", to=OURS["sessions"] * 2), None, "session id 's1' is used twice"),
        (changed("questions", 0, "evidence", to=["s1:9"]), None, r"questions\[0\].evidence: no turn has the id 's1:9'"),
        (changed("questions", 0, "evidense", to=[]), None, r"questions\[0\].evidense: Extra inputs"),
        (LOCOMO, None, "2 conversations; pick one with --conversation: talk-1, talk-2"),
        (LOCOMO, "talk-3", "no conversation 'talk-3'; it has: talk-1, talk-2"),
        (LOCOMO, "talk-2", "'talk-2' has no sessions"),
        ([], None, "0 conversations"),
        ([1, 2], None, "not of LoCoMo's conversations"),
        ([{"sample_id": "x"}], None, "not of LoCoMo's conversations .*'conversation'"),
        (
            [{"sample_id": "x", "conversation": {"speaker_a": "A", "speaker_b": "B", "session_1": "hello"}}],
            None,
            "not of LoCoMo's conversations",
        ),
    ],
)
def test_what_cannot_be_read_is_named(
    tmp_path: Path, content: object, conversation: str | None, complaint: str
) -> None:
    path = write(tmp_path, content)

    with pytest.raises(InvalidTranscript, match=complaint) as caught:
        read_transcript(path, conversation)

    assert str(path) in str(caught.value)


def test_files_that_cannot_be_opened_are_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidTranscript, match=r"no transcript at .*missing\.json"):
        read_transcript(tmp_path / "missing.json")
    with pytest.raises(InvalidTranscript, match="cannot be read"):
        read_transcript(tmp_path)
    (tmp_path / "latin.json").write_bytes(b'{"a": "\xe9"}')
    with pytest.raises(InvalidTranscript, match="UTF-8"):
        read_transcript(tmp_path / "latin.json")
