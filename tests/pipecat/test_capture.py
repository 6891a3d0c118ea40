"""What is stored of a call: each thing that was said, as it was said, and nothing else."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pipecat.frames import frames
from pipecat.frames.frames import LLMFullResponseStartFrame, LLMTextFrame, TranscriptionFrame
from pipecat.processors.frame_processor import FrameDirection
from pipecat.turns import user_turn_strategies
from pipecat.utils.time import time_now_iso8601

from toldonce.memory import AsyncMemory
from toldonce.pipecat.compat import ASSISTANT_TURN_FRAMES, EAGER_FRAMES, USER_TURN_FRAMES

from .conftest import Ann
from .harness import Call, LLMContext, ScriptedLLM, blocks, messages_of, until, within

EAGER = pytest.mark.skipif(not (EAGER_FRAMES and USER_TURN_FRAMES), reason="this Pipecat does not speculate")


UNUSABLE: Any = getattr(sys.modules.get("pipecat.pipeline.worker"), "ProcessorUnusablePolicy", None)  # since 1.8

CUT = "The fjords of Norway were carved by glaciers that"


class CutOff(ScriptedLLM):
    """Begins to answer, and never ends its first answer by itself."""

    async def process_frame(self, frame: frames.Frame, direction: FrameDirection) -> None:
        if isinstance(frame, frames.LLMContextFrame) and not self.shown:
            await super(ScriptedLLM, self).process_frame(frame, direction)
            self.shown.append(messages_of(frame.context))
            await self.push_frame(LLMFullResponseStartFrame())
            await self.push_frame(LLMTextFrame(CUT))
            self.received.set()
        else:
            await super().process_frame(frame, direction)


async def test_an_interrupted_answer_is_stored_as_spoken_and_marked(ann: Ann) -> None:
    async with Call(ann.service(), llm=CutOff()) as call:
        await call.hear("Tell me about the fjords, please.")
        await asyncio.sleep(0.05)
        call._answered.clear()
        await call.user.broadcast_interruption()
        await within(call._answered.wait())
        await call.say("Actually I moved away from the coast.")
    assert await ann.said() == [
        ("user", "Tell me about the fjords, please."),
        ("assistant", CUT),
        ("user", "Actually I moved away from the coast."),
        ("assistant", "answer 2"),
    ]
    memories = (await ann.memory.get_all(filters={"user_id": "ann"}, top_k=50))["results"]
    assert [memory["memory"] for memory in memories if memory["metadata"].get("interrupted")] == [CUT]


async def test_an_answer_cut_off_by_the_end_of_the_call_is_stored_and_marked(ann: Ann) -> None:
    async with Call(ann.service(), llm=CutOff(), cancel=True) as call:
        await call.hear("Tell me about the fjords, please.")
        await asyncio.sleep(0.05)
    assert await ann.said() == [
        ("user", "Tell me about the fjords, please."),
        ("assistant", CUT),
    ]


async def test_an_application_keeps_its_own_prompts_out(ann: Ann) -> None:
    context = LLMContext([{"role": "user", "content": "Please introduce yourself."}])
    service = ann.service(should_store=lambda message: message["content"] != "Please introduce yourself.")
    async with Call(service, context=context) as call:
        call.llm.received.clear()
        await call.worker.queue_frame(frames.LLMRunFrame())
        await within(call.llm.received.wait())
        await call.say("I moved to Oslo in March.")
    assert await ann.said() == [
        ("assistant", "answer 1"),
        ("user", "I moved to Oslo in March."),
        ("assistant", "answer 2"),
    ]


async def test_runs_without_new_words_store_nothing(ann: Ann) -> None:
    async with Call(ann.service(), llm=ScriptedLLM(lambda n: "answer 1" if n == 1 else "")) as call:
        await call.say("I moved to Oslo in March.")
        for n in range(3):
            await call.worker.queue_frame(frames.LLMRunFrame())
            await until(lambda n=n: len(call.shown) == n + 2)  # type: ignore[misc]
    assert await ann.said() == [("user", "I moved to Oslo in March."), ("assistant", "answer 1")]


async def test_times_come_from_the_given_clock(ann: Ann) -> None:
    moment = datetime(2023, 5, 8, 13, 56, tzinfo=UTC)
    async with Call(ann.service(now=lambda: moment)) as call:
        await call.say("I moved to Oslo in March.")
    journal = await ann.memory.messages(user_id="ann")
    assert {datetime.fromisoformat(message["said_at"]) for message in journal} == {moment}


async def test_names_of_speakers_are_stored(ann: Ann) -> None:
    async with Call(ann.service(assistant_name="Robin")) as call:
        await call.say("I moved to Oslo in March.")
    assert [message["name"] for message in await ann.memory.messages(user_id="ann")] == ["Ann", "Robin"]


async def test_a_history_of_an_earlier_call_is_not_stored_again(ann: Ann) -> None:
    async with Call(ann.service(run_id="one")) as call:
        await call.say("I moved to Oslo in March.")
        await call.say("yes")
        history: Any = json.loads(json.dumps(messages_of(call.context)))
    async with Call(ann.service(run_id="two"), context=LLMContext(history)) as call:
        await call.say("yes")
    assert await ann.said() == [
        ("user", "I moved to Oslo in March."),
        ("assistant", "answer 1"),
        ("user", "yes"),
        ("assistant", "answer 2"),
        ("user", "yes"),
        ("assistant", "answer 1"),
    ]


@pytest.mark.skipif(not ASSISTANT_TURN_FRAMES, reason="this Pipecat does not announce turns")
async def test_turns_announced_without_a_context_are_stored(ann: Ann) -> None:
    async with Call(llm=ScriptedLLM(), processors=[service := ann.service()]) as call:
        service.session.log.context = None
        service._aggregators.detach()
        for frame in USER_TURN_FRAMES:
            await call.user.push_frame(frame("I moved to Oslo in March.", time_now_iso8601()))  # type: ignore[call-arg]
        for frame in ASSISTANT_TURN_FRAMES:
            turn = frame("Congratulations!", time_now_iso8601())  # type: ignore[call-arg]
            await call.assistant.push_frame(turn, FrameDirection.UPSTREAM)
        await until(lambda: len(service.session.log.capture._first) == len(USER_TURN_FRAMES) + 1)
    assert ("assistant", "Congratulations!") in await ann.said()


@EAGER
@pytest.mark.parametrize("held", [True, False], ids=["held", "withdrawn"])
async def test_words_answered_ahead_are_stored_only_if_they_were_said(ann: Ann, held: bool) -> None:
    await ann.told("I moved to Oslo in March.")
    strategies = user_turn_strategies.EagerUserTurnStrategies()
    async with Call(ann.service(), strategies=strategies, llm=_llm()) as call:
        await _answered_ahead(call)
        assert not blocks(messages_of(call.context)), "the conversation itself is not touched"
        said = "In which city do I live?" if held else "In which city does my sister live?"
        await _say_it(call, said)
        assert len(call.shown) == (1 if held else 2)
        assert len(blocks(messages_of(call.context))) == 1, "confirmed, it carries the block of the turn"
    told = (await ann.said())[1:]
    assert told == [("user", said), ("assistant", f"answer {len(call.shown)}")]


async def test_half_an_emoji_takes_no_turn_with_it(ann: Ann) -> None:
    await ann.told("I moved to Oslo in March.")
    async with Call(ann.service()) as call:
        await call.say("I am happy in Oslo \ud83d today\0")
        await call.say("And where do I live?")
        assert [len(blocks(shown)) for shown in call.shown] == [1, 1]
    assert (await ann.said())[1] == ("user", "I am happy in Oslo ? today")


async def test_a_summary_as_short_as_a_word_takes_nothing_with_it(ann: Ann) -> None:
    service = ann.service()
    async with Call(service) as call:
        service.session.log.capture.summary_text("ok")
        await call.say("That is ok with me.")
    assert (await ann.said())[0] == ("user", "That is ok with me.")


@EAGER
@pytest.mark.parametrize("change", ["user", "pause", "forget"])
async def test_what_was_answered_ahead_is_shown_to_nobody_else(ann: Ann, change: str) -> None:
    await ann.told("I moved to Oslo in March.")
    strategies = user_turn_strategies.EagerUserTurnStrategies()
    service = ann.service()
    async with Call(service, strategies=strategies, llm=_llm()) as call:
        await _answered_ahead(call)
        if change == "user":
            service.user_id = "bob"
        elif change == "pause":
            service.pause()
        else:
            await service.forget("Oslo")
        await _say_it(call, "In which city do I live?")
        assert not blocks(messages_of(call.context))


async def _answered_ahead(call: Call) -> None:
    """The user seems to have asked where they live, and the LLM was asked for words that may still be taken back."""
    (eager,) = EAGER_FRAMES
    call._turn_started.clear()
    await call.worker.queue_frame(frames.ProposedUserStartedSpeakingFrame())
    await within(call._turn_started.wait())
    await call.worker.queue_frame(eager("in which city do i live", "", time_now_iso8601()))  # type: ignore[call-arg]
    await within(call.llm.received.wait())
    assert len(blocks(call.shown[0])) == 1


async def _say_it(call: Call, text: str) -> None:
    await call._transcript(TranscriptionFrame(text, "", time_now_iso8601()))
    await call.worker.queue_frame(frames.ProposedUserStoppedSpeakingFrame())
    await within(call._answered.wait())


def _llm() -> Any:
    from .llm import ServiceLLM

    return ServiceLLM()


class Unauthorized(ConnectionError):
    """What Pipecat would take for permanent."""

    status_code = 401


class Broken(AsyncMemory):
    """Never finds anything, and fails to store the first times."""

    def __init__(self, failures: int, **options: Any) -> None:
        super().__init__(**options)
        self.failures = failures

    async def add(self, messages: Any, **options: Any) -> dict[str, Any]:
        if self.failures:
            self.failures -= 1
            raise Unauthorized("401")
        return await super().add(messages, **options)

    async def search(self, query: str, **options: Any) -> dict[str, Any]:
        raise Unauthorized("401")


async def test_a_failing_memory_ends_no_call_says_so_once_and_loses_no_word(ann: Ann, tmp_path: Path) -> None:
    memory = Broken(3, folder=tmp_path / "memory")
    policy: Any = {"processor_unusable_policy": UNUSABLE.END} if UNUSABLE else {}
    async with Call(ann.service(memory=memory), **policy) as call:
        for n in range(6):
            await call.say(f"This is number {n}.")
        await until(lambda: memory.failures == 0)
    await memory.close()
    assert [text for _, text in await ann.said()] == [
        text for n in range(6) for text in (f"This is number {n}.", f"answer {n + 1}")
    ]
    assert sorted(error.split(" failed")[0] for error in call.errors) == ["Memory: recall", "Memory: storing"]


async def test_a_hanging_write_does_not_hold_up_the_end(ann: Ann, tmp_path: Path) -> None:
    class Hanging(AsyncMemory):
        async def add(self, messages: Any, **options: Any) -> dict[str, Any]:
            await asyncio.sleep(3600)
            raise AssertionError

    memory = Hanging(folder=tmp_path / "memory")
    async with Call(ann.service(memory=memory, shutdown_timeout=0.1)) as call:
        await call.say("I moved to Oslo in March.")
    await memory.close()  # Leaving the call did not hang, as the harness would have told.


async def test_what_cannot_be_stored_is_left_out_and_the_rest_is_not(ann: Ann) -> None:
    async with Call(ann.service()) as call:
        await call.say("x" * 1_000_000)
        await call.say("I moved to Oslo in March.")
    assert [text for _, text in await ann.said()] == ["answer 1", "I moved to Oslo in March.", "answer 2"]


KILLED = """
import asyncio, os, signal, sys
from toldonce.memory import AsyncMemory
from toldonce.pipecat import Mem0MemoryService
from tests.pipecat.harness import Call

async def main():
    memory = AsyncMemory(folder=sys.argv[1])
    async with Call(Mem0MemoryService(user_id="ann", memory=memory)) as call:
        await call.say("I moved to Oslo in March.")
        await asyncio.sleep(0.1)
        os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""

SLOW = """
import asyncio, os, sys, time
from toldonce.embedders.minilm import MiniLM
from toldonce.pipecat import Mem0MemoryService
from tests.pipecat.harness import Call

def embed_documents(*_):
    time.sleep(3600)

MiniLM.embed_documents_by_token = embed_documents

async def main():
    os.environ["TOLDONCE_HOME"] = sys.argv[1]
    async with Call(Mem0MemoryService(user_id="ann", shutdown_timeout=0.2)) as call:
        await call.say("I moved to Oslo in March.")
        await call.say("My sister Eva plays the cello.")

asyncio.run(main())
"""


async def child(script: str, folder: Path) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-c", script, str(folder)]
    return await asyncio.to_thread(subprocess.run, command, capture_output=True, timeout=60, check=False)


async def test_the_last_turn_survives_a_kill_100_ms_after_it(tmp_path: Path) -> None:
    done = await child(KILLED, tmp_path / "memory")
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    async with AsyncMemory(folder=tmp_path / "memory") as memory:
        assert await Ann(memory).said() == [("user", "I moved to Oslo in March."), ("assistant", "answer 1")]


async def test_words_are_on_disk_and_the_process_ends_while_an_embedder_hangs(tmp_path: Path) -> None:
    done = await child(SLOW, tmp_path / "memory")
    assert done.returncode == 0, done.stderr.decode()
    async with AsyncMemory(folder=tmp_path / "memory") as memory:
        assert [text for _, text in await Ann(memory).said()] == [
            "I moved to Oslo in March.",
            "answer 1",
            "My sister Eva plays the cello.",
            "answer 2",
        ]


@pytest.mark.parametrize("rewrite", ["cleared", "replaced", "shortened"])
async def test_what_the_pair_announced_is_stored_though_the_context_is_rewritten_at_once(
    ann: Ann, rewrite: str
) -> None:
    call = Call(ann.service())
    texts = ["I like chess.", "Please start over, my name is Petra by the way.", "I like go too."]

    async def start_over(_: Any, message: Any) -> None:
        if "start over" not in message.content:
            return
        messages = call.context.get_messages()
        system: list[Any] = [{"role": "system", "content": "You are terse."}]
        kept = {
            "cleared": system,
            "replaced": [*system, {"role": "user", "content": "Hello."}],
            "shortened": messages[:2],
        }
        call.context.set_messages(kept[rewrite])

    call.user.add_event_handler("on_user_turn_message_added", start_over)
    async with call:
        for text in texts:
            await call.say(text)
    said = [text for role, text in await ann.said() if role == "user" and text != "Hello."]
    assert said == texts


async def test_an_answer_filed_before_known_words_is_stored(ann: Ann) -> None:
    call = Call(ann.service(), llm=ScriptedLLM(lambda n: "" if n < 3 else "Noted."))
    async with call:
        await call.hear("Hello, I need four tires.")
        await call.hear("Alex.")
        await until(lambda: len(call.shown) == 2)
        await asyncio.sleep(0.05)
        call.context.get_messages().insert(-1, {"role": "assistant", "content": "What should I call you?"})
        await call.say("That is my name.")
    said = [text for _, text in await ann.said()]
    assert sorted(said) == sorted(
        ["Hello, I need four tires.", "Alex.", "What should I call you?", "That is my name.", "Noted."]
    )
