"""A conversation of several sessions, as the demo plays it, and the two file formats it is read from."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toldonce.errors import InvalidTranscript

if TYPE_CHECKING:
    from toldonce.types import Role

BUNDLED = Path(__file__).with_name("transcripts") / "maya.json"

TURN_SECONDS = 10
"""About what a turn of speech lasts. So each turn has a time of its own, the same at every playing."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One thing said in a session."""

    id: str
    """Unique within the transcript; what a question's evidence names."""
    role: Role
    text: str


@dataclass(frozen=True, slots=True)
class Session:
    """One sitting: what was said between two people from hello to goodbye."""

    id: str
    """Unique within the transcript; the run its memories carry."""
    started_at: datetime
    turns: tuple[Turn, ...]

    def said_at(self, index: int) -> datetime:
        """When the turn at ``index`` (from 0) is said."""
        return self.started_at + timedelta(seconds=TURN_SECONDS * index)


@dataclass(frozen=True, slots=True)
class Question:
    """Something to ask once all sessions have been played."""

    text: str
    answer: str | None
    """What a person who was there would answer; shown beside the agent's answer, never given to the agent."""
    evidence: tuple[str, ...]
    """Ids of the turns that hold the answer; empty when the transcript does not say."""
    category: int | None = None
    """LoCoMo's kind of question, 1 to 5; None in our own format."""


@dataclass(frozen=True, slots=True)
class Transcript:
    """Everything one file says about one conversation."""

    user_id: str
    user_name: str
    assistant_name: str
    sessions: tuple[Session, ...]
    questions: tuple[Question, ...]

    def turn_count(self) -> int:
        """How many things are said in all sessions."""
        return sum(len(session.turns) for session in self.sessions)


def user_id_of(name: str) -> str:
    """The id of a person who has only a name: the same for ``Maya`` and ``maya``."""
    return "-".join(name.casefold().split())


def read_transcript(path: Path, conversation: str | None = None) -> Transcript:
    """The conversation in the file at ``path``.

    A list is LoCoMo's format, of which ``conversation`` picks one by its ``sample_id``; an object is ours, described in
    docs/transcripts.md. Raises InvalidTranscript.
    """
    from .locomo import read_locomo
    from .own_format import read_own

    content = _read_json(path)
    if isinstance(content, list):
        return read_locomo(content, conversation, path)
    if isinstance(content, dict):
        if conversation is not None:
            raise InvalidTranscript(
                f"{path} holds a single conversation and no {conversation!r} to pick; leave out --conversation."
            )
        return read_own(content, path)
    raise InvalidTranscript(
        f"{path} is JSON but no transcript: expected an object with sessions (docs/transcripts.md) "
        "or LoCoMo's list of conversations."
    )


def _read_json(path: Path) -> Any:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise InvalidTranscript(f"There is no transcript at {path}; check the path.") from error
    except OSError as error:
        raise InvalidTranscript(f"{path} cannot be read ({error.strerror}); name a readable file.") from error
    except UnicodeDecodeError as error:
        raise InvalidTranscript(f"{path} is not text in UTF-8 (byte {error.start}); save it as UTF-8.") from error
    try:
        return json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        where = (
            f"line {error.lineno}, column {error.colno}: {error.msg}"
            if isinstance(error, json.JSONDecodeError)
            else "nested too deeply"
        )
        raise InvalidTranscript(f"{path} is not JSON ({where}); correct it there.") from error
