"""Play one session of a transcript into a memory folder, through a Pipecat pipeline in this process."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rich.markup import escape

from toldonce.memory import AsyncMemory
from toldonce.pipecat import Mem0MemoryService
from toldonce.stores.place import Place

from .responders import Speaker
from .show import Screen, one_line
from .stage import Stage
from .transcript import Session, Transcript

STORE_SECONDS = 30.0
"""The end of a session waits so long for what was said to be stored; half a session is played for nothing."""


@dataclass(slots=True)
class SessionClock:
    """Tells the time in a session that is being played; it moves from turn to turn, not with the world's clock."""

    session: Session
    turn: int = 0

    def now(self) -> datetime:
        """When the turn being played is said."""
        return self.session.said_at(self.turn)


class SessionMemory(AsyncMemory):
    """A memory in which what is said has its place in the session, whichever process it is said in.

    A pipeline's context has no name that outlives its process. The session has one, so playing it again is recognised.
    """

    def __init__(self, folder: Place, session: Session) -> None:
        super().__init__(folder=folder)
        self._session_id = session.id

    async def add(self, messages: Any, **options: Any) -> dict[str, Any]:
        """Add to the session's conversation."""
        return await super().add(messages, **{**options, "conversation_id": self._session_id})


async def play_session(transcript: Transcript, number: int, folder: Place, screen: Screen) -> None:
    """Play session ``number`` (from 1) and say how much of it was new to the memory."""
    session = transcript.sessions[number - 1]
    async with SessionMemory(folder, session) as memory:
        before = await _journal_length(memory, transcript)
        await _play(transcript, session, memory, screen, f"Session {number} of {len(transcript.sessions)}")
        new = await _journal_length(memory, transcript) - before
    screen.session(session, number, len(transcript.sessions), said=len(session.turns), new=new)


async def _play(transcript: Transcript, session: Session, memory: AsyncMemory, screen: Screen, title: str) -> None:
    clock = SessionClock(session)
    service = Mem0MemoryService(
        user_id=transcript.user_id,
        run_id=session.id,
        memory=memory,
        user_name=transcript.user_name,
        assistant_name=transcript.assistant_name,
        now=clock.now,
        shutdown_timeout=STORE_SECONDS,
    )
    names = {"user": transcript.user_name, "assistant": transcript.assistant_name}
    with screen.progress() as progress:
        bar = progress.add_task(title, total=len(session.turns), now="")
        async with Stage(service, Speaker()) as stage:
            for index, turn in enumerate(session.turns):
                clock.turn = index
                progress.update(bar, now=escape(f"{names[turn.role]}: {one_line(turn.text)}"))
                if turn.role == "user":
                    await stage.hear(turn.text, answered=False)
                else:
                    await stage.say(turn.text)
                progress.advance(bar)


async def _journal_length(memory: AsyncMemory, transcript: Transcript) -> int:
    return len(await memory.messages(user_id=transcript.user_id))
