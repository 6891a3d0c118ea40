"""Our own transcript format, described in docs/transcripts.md."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from toldonce.errors import InvalidTranscript
from toldonce.types import Role

from .transcript import Question, Session, Transcript, Turn

_Said = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
_Id = Annotated[str, StringConstraints(pattern=r"^\S+$")]


class _Part(BaseModel):
    # A misspelt key would silently lose what it holds.
    model_config = ConfigDict(extra="forbid")


class _User(_Part):
    id: _Id
    name: _Said


class _Assistant(_Part):
    name: _Said = "Assistant"


class _Turn(_Part):
    text: _Said
    role: Role | None = None
    speaker: str | None = None
    id: _Id | None = None


class _Session(_Part):
    id: _Id
    started_at: AwareDatetime
    turns: list[_Turn] = Field(min_length=1)


class _Question(_Part):
    question: _Said
    answer: str | None = None
    evidence: list[str] = []


class _File(_Part):
    user: _User
    assistant: _Assistant = _Assistant()
    sessions: list[_Session] = Field(min_length=1)
    questions: list[_Question] = []


def read_own(content: dict[str, Any], path: Path) -> Transcript:
    """The transcript in ``content``, read from ``path``. Raises InvalidTranscript, naming the first wrong place."""
    try:
        file = _File.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        raise _wrong(path, _place(first["loc"]), first["msg"]) from error
    if file.user.name == file.assistant.name:
        raise _wrong(
            path, "assistant.name", f"{file.user.name!r} is the user's name too, so nobody can tell who speaks"
        )
    sessions = tuple(_session(file, number, path) for number in range(len(file.sessions)))
    _check_unique([session.id for session in sessions], "session id", path)
    turn_ids = [turn.id for session in sessions for turn in session.turns]
    _check_unique(turn_ids, "turn id", path)
    return Transcript(
        user_id=file.user.id,
        user_name=file.user.name,
        assistant_name=file.assistant.name,
        sessions=sessions,
        questions=tuple(_question(q, n, set(turn_ids), path) for n, q in enumerate(file.questions)),
    )


def _session(file: _File, number: int, path: Path) -> Session:
    session = file.sessions[number]
    turns = tuple(
        Turn(
            id=turn.id or f"{session.id}:{index + 1}",
            role=_role(turn, file, path, f"sessions[{number}].turns[{index}]"),
            text=turn.text,
        )
        for index, turn in enumerate(session.turns)
    )
    return Session(session.id, session.started_at, turns)


def _role(turn: _Turn, file: _File, path: Path, place: str) -> Role:
    by_name: dict[str, Role] = {file.user.name: "user", file.assistant.name: "assistant"}
    if (turn.role is None) == (turn.speaker is None):
        raise _wrong(path, place, 'say who speaks with either "role" or "speaker"')
    if turn.role is not None:
        return turn.role
    assert turn.speaker is not None
    if turn.speaker not in by_name:
        raise _wrong(path, f"{place}.speaker", f"{turn.speaker!r} is neither of {', '.join(map(repr, by_name))}")
    return by_name[turn.speaker]


def _question(question: _Question, number: int, turn_ids: set[str], path: Path) -> Question:
    for turn_id in question.evidence:
        if turn_id not in turn_ids:
            raise _wrong(path, f"questions[{number}].evidence", f"no turn has the id {turn_id!r}")
    return Question(question.question, question.answer, tuple(dict.fromkeys(question.evidence)))


def _check_unique(ids: list[str], what: str, path: Path) -> None:
    seen: set[str] = set()
    for one in ids:
        if one in seen:
            raise InvalidTranscript(f"{path}: the {what} {one!r} is used twice; give each its own.")
        seen.add(one)


def _wrong(path: Path, place: str, reason: str) -> InvalidTranscript:
    return InvalidTranscript(f"{path} is not a transcript: {place}: {reason} (the format is in docs/transcripts.md).")


def _place(loc: tuple[int | str, ...]) -> str:
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc)
    return place.lstrip(".") or "the file"
