"""Hearing the user while they speak: an observer that sees transcripts before the user aggregator swallows them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from pipecat.frames.frames import Frame, InterimTranscriptionFrame, TranscriptionFrame
from pipecat.observers.base_observer import BaseObserver, FramePushed

from .compat import TRANSCRIPT_FRAMES
from .messages import readable


class TranscriptObserver(BaseObserver):
    """Tells ``heard`` the turn so far each time a transcript adds to it, and whether those words will stay."""

    def __init__(self, heard: Callable[[str, bool], None]) -> None:
        super().__init__()
        self._heard = heard
        self._kinds: dict[type[Frame], bool] = {}
        self._final: list[str] = []
        self._seen: deque[int] = deque(maxlen=64)

    def turn_ended(self) -> None:
        """The turn was committed: the next transcript begins another."""
        self._final.clear()

    async def on_push_frame(self, data: FramePushed) -> None:
        """See a frame; most are audio, so what is no transcript is told by a dict lookup."""
        frame = data.frame
        kind = type(frame)
        if kind not in self._kinds:
            self._kinds[kind] = issubclass(kind, TRANSCRIPT_FRAMES)
        if not self._kinds[kind] or frame.id in self._seen:
            return
        self._seen.append(frame.id)  # A frame is seen again at every processor that passes it on.
        text = readable(getattr(frame, "text", "")).strip()
        if not text:
            return
        final = not isinstance(frame, InterimTranscriptionFrame)
        self._heard(" ".join((*self._final, text)), final)
        if isinstance(frame, TranscriptionFrame):
            self._final.append(text)
