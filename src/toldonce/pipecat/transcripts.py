"""Hearing the user while they speak, as the user aggregator of this service hears them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pipecat.frames.frames import (
    Frame,
    InterimTranscriptionFrame,
    LLMMessagesAppendFrame,
    LLMMessagesUpdateFrame,
    TranscriptionFrame,
    UserStartedSpeakingFrame,
)
from pipecat.processors.frame_processor import FrameProcessor

from .capture import Context
from .compat import (
    CONTEXT_FRAMES,
    MUTE_STARTED_FRAMES,
    MUTE_STOPPED_FRAMES,
    TRANSCRIPT_FRAMES,
    USER_TURN_FRAMES,
    is_speculative,
)
from .messages import readable, utterance_of

_NOTEWORTHY: tuple[type[Frame], ...] = (UserStartedSpeakingFrame, *MUTE_STARTED_FRAMES, *MUTE_STOPPED_FRAMES)


@dataclass(frozen=True, slots=True)
class Transcript:
    """Something the user aggregator has taken into an open turn."""

    turn: str
    """The turn so far."""
    words: str
    """What this transcript adds to it."""
    final: bool
    """Whether these words will stay."""
    committed: bool
    """Whether they are part of the turn now; an eager transcript only guesses that they will be."""
    speaker: str | None
    """The user id that the transport gave them, if any."""


class TurnTranscript:
    """The turn being spoken, word by word.

    Only what the aggregator takes into an open turn counts. What it hears while the user is muted, or before a wake
    phrase opens a turn, is neither told nor kept: nobody may look it up.
    """

    def __init__(
        self,
        heard: Callable[[Transcript], None],
        dropped: Callable[[], None],
        committed: Callable[[str], None],
        typed: Callable[[str], None],
        sent: Callable[[Context, int], None],
    ) -> None:
        """``committed``: told of a turn at the moment it is put into the context; ``typed``: of one that a frame
        brings; ``sent``: of a context that goes to the LLM, at the moment it is sent."""
        self._heard = heard
        """Told each time a transcript adds to the turn."""
        self._dropped = dropped
        """Told that what was heard so far belongs to no turn any more."""
        self._committed = committed
        self._typed = typed
        self._sent = sent
        self._announced: int | None = None
        """The frame that announced the latest turn."""
        self._final: list[str] = []
        self._open = False
        self._muted = False
        self._was_muted = False
        """Whether the user was muted when the frame being processed arrived: the aggregator then drops it."""

    def attach(self, aggregator: FrameProcessor) -> None:
        """Listen to a user aggregator."""
        aggregator.add_event_handler("on_before_process_frame", self._before)
        aggregator.add_event_handler("on_before_process_frame", self.appended)
        aggregator.add_event_handler("on_after_process_frame", self._after)
        aggregator.add_event_handler("on_before_push_frame", self._pushed)
        aggregator.add_event_handler("on_user_turn_stopped", self._stopped)

    def committed(self) -> None:
        """The words so far are in the context: the next transcript begins anew."""
        self._final.clear()

    def appended(self, _: FrameProcessor, frame: Frame) -> None:
        """An aggregator puts messages into the context: what is typed is a turn too, whether the LLM is run or not."""
        if isinstance(frame, LLMMessagesAppendFrame):
            put = frame.messages
        elif isinstance(frame, LLMMessagesUpdateFrame) and frame.run_llm:
            put = frame.messages[-1:]  # What is to be answered; the rest may be a history put back.
        else:
            return
        for said in map(utterance_of, put):
            if said is not None and said.role == "user":
                self._typed(said.text)

    def _before(self, _: FrameProcessor, frame: Frame) -> None:
        self._was_muted = self._muted

    def _pushed(self, _: FrameProcessor, frame: Frame) -> None:
        """The aggregator announces with these frames, before anything else, what it has done."""
        if isinstance(frame, USER_TURN_FRAMES):
            # It goes both ways, as two frames that know of each other.
            if self._announced is None or getattr(frame, "broadcast_sibling_id", None) != self._announced:
                self._committed(frame.text)  # type: ignore[attr-defined] # absent below 1.13
            self._announced = frame.id
        elif isinstance(frame, CONTEXT_FRAMES) and not is_speculative(frame):
            self._sent(frame.context, frame.id)  # type: ignore[attr-defined] # each has one
        if not isinstance(frame, _NOTEWORTHY):
            return
        if isinstance(frame, MUTE_STOPPED_FRAMES):
            self._muted = False
        elif isinstance(frame, MUTE_STARTED_FRAMES):
            self._muted = True
            self._drop()
        elif not self._open:
            self._open = True
            self._drop()

    def _stopped(self, *_: object) -> None:
        self._open = False

    def _drop(self) -> None:
        self._final.clear()
        self._dropped()

    def _after(self, _: FrameProcessor, frame: Frame) -> None:
        if not isinstance(frame, TRANSCRIPT_FRAMES) or not self._open or self._muted or self._was_muted:
            return
        text = readable(getattr(frame, "text", "")).strip()
        if not text:
            return
        turn = " ".join((*self._final, text))
        committed = isinstance(frame, TranscriptionFrame)
        if committed:
            self._final.append(text)
        speaker = getattr(frame, "user_id", "") or None
        self._heard(Transcript(turn, text, not isinstance(frame, InterimTranscriptionFrame), committed, speaker))
