"""``examples/voice_agent.py`` as Pipecat's development runner serves it, with stand-ins where it needs keys.

python -m tests.pipecat.eval_bot --port 7860
"""

from __future__ import annotations

from typing import Any

from pipecat.processors.frame_processor import FrameProcessor

from .harness import Passing
from .test_examples import load

voice_agent, local_agent = load("voice_agent"), load("local_agent")
_make_memory = voice_agent.make_memory
_memories: list[Any] = []


def make_memory(user_id: str) -> Any:
    _memories.append(_make_memory(user_id))
    return _memories[-1]


def make_speech() -> tuple[FrameProcessor, FrameProcessor, FrameProcessor]:
    return Passing(), local_agent.Quoter(_memories[-1]), Passing()


voice_agent.make_memory, voice_agent.make_speech = make_memory, make_speech
bot = voice_agent.bot

if __name__ == "__main__":
    from pipecat.runner.run import main

    main()
