"""LoCoMo's own file format (Maharana et al., ACL 2024): a list of conversations between two people.

``speaker_a`` is taken for the user and ``speaker_b`` for the assistant, and session times for UTC.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from toldonce.errors import InvalidTranscript

from .transcript import Question, Session, Transcript, Turn, user_id_of

_SESSION = re.compile(r"session_(\d+)")
_EVIDENCE = re.compile(r"D:?(\d+):(\d+)")


def read_locomo(content: list[Any], conversation: str | None, path: Path) -> Transcript:
    """The conversation with the ``sample_id`` ``conversation``, or the only one. Raises InvalidTranscript."""
    try:
        by_id = {sample["sample_id"]: sample for sample in content}
        sample = _pick(by_id, conversation, path)
        return _transcript(sample, path)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        if isinstance(error, InvalidTranscript):
            raise
        raise InvalidTranscript(
            f"{path} is a list, but not of LoCoMo's conversations ({type(error).__name__}: {error}); "
            "docs/transcripts.md shows both formats."
        ) from error


def _pick(by_id: dict[str, Any], conversation: str | None, path: Path) -> dict[str, Any]:
    names = ", ".join(by_id)
    if conversation is None:
        if len(by_id) != 1:
            raise InvalidTranscript(
                f"{path} holds {len(by_id)} conversations; pick one with --conversation: {names or 'none'}."
            )
        (sample,) = by_id.values()
    elif conversation in by_id:
        sample = by_id[conversation]
    else:
        raise InvalidTranscript(f"{path} has no conversation {conversation!r}; it has: {names or 'none'}.")
    assert isinstance(sample, dict)
    return sample


def _transcript(sample: dict[str, Any], path: Path) -> Transcript:
    sample_id, talk = sample["sample_id"], sample["conversation"]
    user, assistant = talk["speaker_a"], talk["speaker_b"]
    numbers = sorted(int(m[1]) for key in talk if (m := _SESSION.fullmatch(key)) and talk[key])
    if not numbers:
        raise InvalidTranscript(f"{path}: the conversation {sample_id!r} has no sessions; pick another.")
    sessions = tuple(_session(sample_id, talk, number, user) for number in numbers)
    turn_ids = {turn.id for session in sessions for turn in session.turns}
    return Transcript(
        # Two conversations may have a John each.
        user_id=user_id_of(f"{sample_id} {user}"),
        user_name=user,
        assistant_name=assistant,
        sessions=sessions,
        questions=tuple(_question(qa, turn_ids) for qa in sample.get("qa", [])),
    )


def _session(sample_id: str, talk: dict[str, Any], number: int, user: str) -> Session:
    started_at = datetime.strptime(talk[f"session_{number}_date_time"], "%I:%M %p on %d %B, %Y").replace(tzinfo=UTC)
    turns = tuple(
        Turn(id=turn["dia_id"], role="user" if turn["speaker"] == user else "assistant", text=_text(turn))
        for turn in talk[f"session_{number}"]
    )
    return Session(f"{sample_id}-session-{number}", started_at, turns)


def _text(turn: dict[str, Any]) -> str:
    caption = turn.get("blip_caption")
    return f"{turn['text']} [shares a photo: {caption}]" if caption else str(turn["text"])


def _question(qa: dict[str, Any], turn_ids: set[str]) -> Question:
    # A few evidence strings hold several ids or odd ones ("D8:6; D9:17", "D:11:26", "D30:05"), and a few name no turn.
    named = (f"D{int(day)}:{int(turn)}" for text in qa.get("evidence", []) for day, turn in _EVIDENCE.findall(text))
    answer = qa.get("answer")
    return Question(
        text=qa["question"],
        answer=None if answer is None else str(answer),
        evidence=tuple(dict.fromkeys(turn_id for turn_id in named if turn_id in turn_ids)),
        category=qa.get("category"),
    )
