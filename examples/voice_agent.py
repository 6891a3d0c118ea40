"""A voice agent that remembers: Deepgram hears, OpenAI thinks, Cartesia speaks, Toldonce recalls.

    pip install "toldonce[pipecat]" "pipecat-ai[deepgram,openai,cartesia,silero,webrtc,runner]"
    export DEEPGRAM_API_KEY=... OPENAI_API_KEY=... CARTESIA_API_KEY=...
    python examples/voice_agent.py

Open the page it prints, talk, hang up, and talk again. With ELEVENLABS_API_KEY instead of CARTESIA_API_KEY it speaks
through ElevenLabs (extra "elevenlabs").

While it runs, Pipecat's evals hold two short conversations with it (extra "evals"); the second asks for what the first
told:

    pipecat eval run examples/evals/told_once.yaml
"""

from __future__ import annotations

import os
from typing import Any

from pipecat.frames.frames import LLMRunFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import LLMContextAggregatorPair, LLMUserAggregatorParams
from pipecat.processors.frame_processor import FrameProcessor
from pipecat.workers.runner import WorkerRunner

from toldonce.pipecat import Mem0MemoryService

INTRODUCTION: Any = {"role": "developer", "content": "Greet the user, and say in one sentence what you can do."}
PROMPT = "You are a friendly voice assistant. Answer in one or two short sentences that sound natural when spoken."


def make_memory(user_id: str) -> Mem0MemoryService:
    """The memory of one person. It lies on this machine, in TOLDONCE_HOME or the platform's folder for user data."""
    return Mem0MemoryService(
        user_id=user_id,
        agent_id="voice-agent",
        # Right before the latest message: the rest of the prompt stays in the provider's cache.
        params=Mem0MemoryService.InputParams(search_limit=10, position=-1),
    )


def make_speech() -> tuple[FrameProcessor, FrameProcessor, FrameProcessor]:
    """Hearing, thinking and speaking."""
    from pipecat.services.deepgram.stt import DeepgramSTTService
    from pipecat.services.openai.llm import OpenAILLMService

    stt = DeepgramSTTService(api_key=os.environ["DEEPGRAM_API_KEY"])
    llm = OpenAILLMService(
        api_key=os.environ["OPENAI_API_KEY"],
        settings=OpenAILLMService.Settings(model="gpt-4.1-mini", system_instruction=PROMPT),
    )
    if "ELEVENLABS_API_KEY" in os.environ:
        from pipecat.services.elevenlabs.tts import ElevenLabsTTSService

        return stt, llm, ElevenLabsTTSService(api_key=os.environ["ELEVENLABS_API_KEY"])
    from pipecat.services.cartesia.tts import CartesiaTTSService

    return stt, llm, CartesiaTTSService(api_key=os.environ["CARTESIA_API_KEY"])


async def bot(runner_args: Any) -> None:
    """One call. Pipecat's development runner starts it for each client that connects."""
    from pipecat.audio.vad.silero import SileroVADAnalyzer
    from pipecat.evals.transport import EvalTransportParams
    from pipecat.runner.utils import create_transport
    from pipecat.transports.base_transport import TransportParams

    options = {
        "webrtc": lambda: TransportParams(audio_in_enabled=True, audio_out_enabled=True),
        "eval": lambda: EvalTransportParams(audio_in_enabled=True, audio_out_enabled=True),
    }
    transport = await create_transport(runner_args, options)
    memory = make_memory(user_id=(runner_args.body or {}).get("user_id", "guest"))
    stt, llm, tts = make_speech()
    context = LLMContext(tools=memory.tools())
    user, assistant = LLMContextAggregatorPair(
        context, user_params=LLMUserAggregatorParams(vad_analyzer=SileroVADAnalyzer())
    )
    worker = PipelineWorker(
        Pipeline([transport.input(), stt, user, memory, llm, tts, transport.output(), assistant]),
        params=PipelineParams(enable_metrics=True),
    )

    async def greet(*_: object) -> None:
        known = [found["memory"] for found in await memory.get_memories(limit=3)]
        if known:
            context.add_message({"role": "developer", "content": f"The user is back. They once said: {known}"})
        context.add_message(INTRODUCTION)
        await worker.queue_frame(LLMRunFrame())

    async def leave(*_: object) -> None:
        await worker.cancel()

    transport.add_event_handler("on_client_connected", greet)
    transport.add_event_handler("on_client_disconnected", leave)

    runner = WorkerRunner(handle_sigint=runner_args.handle_sigint)
    await runner.add_workers(worker)
    await runner.run()


if __name__ == "__main__":
    from pipecat.runner.run import main

    main()
