"""Pipecat's own Mem0 service in a pipeline: python stock_pipecat.py URL KEY.

Twenty turns, a memory deleted between two of them, and a second session. Runs in Pipecat's own environment. Prints one
JSON object: what was found.
"""

import asyncio
import json
import sys
import urllib.request

from loguru import logger
from pipecat.frames.frames import EndFrame, LLMContextFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.frame_processor import FrameProcessor
from pipecat.services.mem0.memory import Mem0MemoryService
from pipecat.workers.runner import WorkerRunner

URL, KEY = sys.argv[1:]
TURNS = 20
CITIES = (
    "Oslo Lisbon Cairo Quito Lima Accra Hanoi Dakar Perth Osaka Turin Malmo Porto Cork Basel Lyon Bonn Graz Nice Bari"
)
FACTS = [f"My friend number {n} lives in {city}." for n, city in enumerate(CITIES.split())]


def ask(method, path, body=None):
    """One call over plain HTTP."""
    headers = {"Authorization": f"Token {KEY}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(URL + path, data, headers, method=method)) as answer:
        return json.load(answer)


def stored():
    return ask("POST", "/v3/memories/?page_size=200", {"filters": {"user_id": "ann"}})["results"]


class Answering(FrameProcessor):
    """Where the language model would be: it notes what it was given, and answers."""

    def __init__(self):
        super().__init__()
        self.given = asyncio.Queue()

    async def process_frame(self, frame, direction):
        await super().process_frame(frame, direction)
        if isinstance(frame, LLMContextFrame):
            self.given.put_nowait([dict(message) for message in frame.context.get_messages()])
        await self.push_frame(frame, direction)


class Session:
    """A pipeline of Pipecat's memory and an answer."""

    def __init__(self):
        ids = {"user_id": "ann", "agent_id": "helper", "run_id": "session"}
        self.memory = Mem0MemoryService(api_key=KEY, host=URL, **ids)
        self.answering = Answering()
        self.context = LLMContext()
        self.worker = PipelineWorker(Pipeline([self.memory, self.answering]))

    async def say(self, text, answer):
        """One turn; what the model was given."""
        self.context.add_message({"role": "user", "content": text})
        await self.worker.queue_frame(LLMContextFrame(self.context))
        given = await asyncio.wait_for(self.answering.given.get(), 30)
        self.context.add_message({"role": "assistant", "content": answer})
        return given


async def until(true):
    """Pipecat stores in the background."""
    for _ in range(600):
        if await asyncio.to_thread(true):
            return True
        await asyncio.sleep(0.05)
    return False


async def session(talk):
    """Run a talk in a pipeline of its own."""
    made = Session()
    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(made.worker)
    running = asyncio.create_task(runner.run())
    try:
        return await talk(made)
    finally:
        await made.worker.queue_frame(EndFrame())
        await running


async def first(made):
    """Twenty turns; a memory is deleted in the middle. Every message is stored once all later turns were sent."""
    for number, fact in enumerate(FACTS):
        await made.say(fact, f"I will remember friend {number}.")
        assert await until(lambda fact=fact: any(one["memory"] == fact for one in stored())), fact
        if number == TURNS // 2:
            [gone] = [one for one in stored() if one["memory"] == FACTS[3]]
            await asyncio.to_thread(ask, "DELETE", f"/v1/memories/{gone['id']}/")
    answers = [f"I will remember friend {number}." for number in range(TURNS - 1)]  # the last is never sent (Pipecat)
    said = [fact for fact in FACTS if fact != FACTS[3]] + answers
    return sorted(one["memory"] for one in stored()) == sorted(said)


async def second(made):
    """A new session asks."""
    given = await made.say("Which friend of mine lives in Osaka?", "Number 9.")
    memories = await made.memory.get_memories()
    recalled = [message["content"] for message in given if "I recall" in str(message["content"])]
    return {
        "recalled": any(FACTS[9] in text for text in recalled),
        "deleted stays deleted": not any(FACTS[3] in str(message) for message in given),
        "get_memories": any(one["memory"] == FACTS[9] for one in memories),
    }


async def main():
    once = await session(first)
    seen = {"exactly what was said": once, **await session(second)}
    print(json.dumps(seen))


logger.remove()
logger.add(sys.stderr, level="ERROR")
asyncio.run(main())
