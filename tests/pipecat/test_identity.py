"""Whose memory it is, and what one person's service may see."""

from __future__ import annotations

import asyncio
import copy
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from pipecat.frames.frames import Frame, LLMContextFrame, LLMMessagesAppendFrame
from pipecat.processors.frame_processor import FrameDirection

from toldonce.memory import AsyncMemory
from toldonce.pipecat import Mem0MemoryService, MemorySettings, MemoryUpdateSettingsFrame
from toldonce.pipecat.identity import Answers, Identity, User, what_may_be_seen
from toldonce.pipecat.writer import Owner

from .conftest import Ann
from .harness import Call, Passing, ScriptedLLM, blocks, messages_of, until, within

NOBODYS = {"NOT": [{"user_id": "*"}]}
OF_NO_RUN = {"NOT": [{"run_id": "*"}]}


@pytest.mark.parametrize(
    ("ids", "scope", "expected"),
    [
        ({"user_id": "u"}, "user", {"user_id": "u"}),
        ({"user_id": "u", "run_id": "r"}, "user", {"user_id": "u"}),
        (
            {"user_id": "u", "agent_id": "a"},
            "user",
            {"OR": [{"user_id": "u"}, {"AND": [{"agent_id": "a"}, NOBODYS, OF_NO_RUN]}]},
        ),
        ({"user_id": "u", "agent_id": "a"}, "user+agent", {"AND": [{"user_id": "u"}, {"agent_id": "a"}]}),
        (
            {"agent_id": "a", "run_id": "r"},
            "user",
            {"AND": [{"agent_id": "a"}, NOBODYS, {"OR": [{"run_id": "r"}, OF_NO_RUN]}]},
        ),
        ({"run_id": "r"}, "user", {"AND": [{"run_id": "r"}, NOBODYS]}),
    ],
)
def test_what_may_be_seen(ids: dict[str, str], scope: Any, expected: dict[str, Any]) -> None:
    assert what_may_be_seen(ids, scope) == expected


async def recalled(ann: Ann, **options: Any) -> str:
    service = ann.service(**options)
    async with Call(service) as call:
        await call.say("What do you know?")
        await until(lambda: len(call.shown) == 1)
    return "".join(block["content"] for block in blocks(call.shown[0]))


async def test_no_one_sees_another_users_talk_with_the_same_agent(ann: Ann) -> None:
    await ann.told("I moved to Oslo in March.", agent_id="clerk")
    await ann.told("I moved to Rome in May.", user_id="bob", agent_id="clerk")
    await ann.memory.add("The shop opens at nine in the morning.", agent_id="clerk")
    seen = await recalled(ann, agent_id="clerk")
    assert "Oslo" in seen
    assert "nine" in seen
    assert "Rome" not in seen
    seen = await recalled(ann, user_id=None, agent_id="clerk")
    assert "nine" in seen
    assert "Oslo" not in seen
    assert "Rome" not in seen


async def test_scope_user_and_agent_sees_only_what_was_said_with_this_agent(ann: Ann) -> None:
    await ann.told("I moved to Oslo in March.", agent_id="clerk")
    await ann.told("My sister Eva plays the cello.", agent_id="coach")
    seen = await recalled(ann, agent_id="clerk", scope="user+agent")
    assert "Oslo" in seen
    assert "cello" not in seen
    assert "cello" in await recalled(ann, agent_id="clerk")


@pytest.mark.parametrize("kind", ["set", "callable", "async callable", "awaitable"])
async def test_until_the_user_is_known_words_are_held_for_them(ann: Ann, kind: str) -> None:
    await ann.told("I moved to Oslo in March.")
    known = asyncio.get_running_loop().create_future()

    async def ask() -> str | None:
        return str(await known)

    how: Any = {"set": lambda: None, "callable": lambda: known.result() if known.done() else None}
    how |= {"async callable": ask, "awaitable": known}
    service = ann.service(user_id=how[kind], recall_timeout=0.2)
    async with Call(service) as call:
        await call.say("Hello, who am I?")
        service.recall_timeout = 10.0
        assert service.user_id is None
        assert not blocks(call.shown[0])
        assert await service.get_memories() == []
        assert len(await ann.said()) == 1
        known.set_result("ann")
        if kind == "set":
            service.user_id = "ann"
        await call.say("In which city do I live?")
        await call.say("In which city do I live?")
    assert service.user_id == "ann"
    assert len(blocks(call.shown[-1])) == 1
    assert [text for _, text in await ann.said()][1:3] == ["Hello, who am I?", "answer 1"]
    assert len(await ann.said()) == 1 + 6


async def test_another_user_sees_and_gets_nothing_of_the_one_before(ann: Ann) -> None:
    await ann.told("I moved to Oslo in March.")
    service = ann.service()
    async with Call(service) as call:
        await call.say("In which city do I live?")
        assert len(blocks(messages_of(call.context))) == 1
        service.user_id = "bob"
        assert not blocks(messages_of(call.context)), "the block is gone at once"
        assert (service.last_query, list(service.last_recall)) == (None, [])
        await call.say("And I live in Rome, in the old town.")
        await call.say("Where do I live, in which city?")
    assert "Oslo" not in str([blocks(shown) for shown in call.shown[1:]])
    assert [text for _, text in await ann.said()][1:] == ["In which city do I live?", "answer 1"]
    assert [text for _, text in await ann.said("bob")] == [
        "And I live in Rome, in the old town.",
        "answer 2",
        "Where do I live, in which city?",
        "answer 3",
    ]


async def test_settings_change_while_the_pipeline_runs(ann: Ann) -> None:
    await ann.told("I moved to Oslo in March.", "My sister Eva plays the cello.")
    service = ann.service()
    other = ann.service(user_id="bob")
    async with Call(service, other) as call:
        delta = MemorySettings(search_limit=1, system_prompt="I know:\n", position=-1)
        await call.worker.queue_frame(MemoryUpdateSettingsFrame(delta=delta, service=service))
        await call.say("Where do I live, and what does my sister play?")
    (block,) = blocks(call.shown[0], "I know:\n")
    assert call.shown[0].index(block) == len(call.shown[0]) - 2
    assert "\n2. " not in block["content"]
    assert (service.settings.search_limit, other.settings.search_limit) == (1, 10)


@pytest.mark.parametrize(
    "wrong",
    [{"search_limit": 0}, {"search_threshold": "high"}, {"recall_timeout": -1}, {"prefetch": "no"}, {"user_id": " "}],
)
async def test_a_setting_that_cannot_be_is_refused_by_name(ann: Ann, wrong: dict[str, Any]) -> None:
    await ann.told("I moved to Oslo in March.")
    service = ann.service()
    before = service.settings
    async with Call(service) as call:
        await call.worker.queue_frame(MemoryUpdateSettingsFrame(delta=MemorySettings(**wrong)))
        await call.say("In which city do I live?")
    assert service.settings == before
    assert len(blocks(call.shown[0])) == 1
    (error,) = call.errors
    assert next(iter(wrong)) in error


async def test_off_the_record(ann: Ann) -> None:
    await ann.told("I moved to Oslo in March.")
    service = ann.service()
    async with Call(service) as call:
        await call.say("In which city do I live?")
        service.pause()
        assert service.paused
        await call.say("I have a secret: I am moving to Bergen.")
        assert not blocks(call.shown[1])
        service.resume()
        await call.say("In which city do I live?")
    assert len(blocks(call.shown[2])) == 1
    assert [text for _, text in await ann.said()][1:] == [
        "In which city do I live?",
        "answer 1",
        "In which city do I live?",
        "answer 3",
    ]


async def test_sessions_of_one_process_share_nothing_but_the_engine(ann: Ann) -> None:
    await ann.told("I moved to Oslo in March.")
    await ann.told("I moved to Rome in May.", user_id="bob")

    async def session(user_id: str) -> str:
        async with Call(ann.service(user_id=user_id)) as call:
            for _ in range(5):
                await call.say("In which city do I live?")
        return str([blocks(shown) for shown in call.shown])

    anns, bobs = await asyncio.gather(session("ann"), session("bob"))
    assert ("Oslo" in anns, "Rome" in anns, "Oslo" in bobs, "Rome" in bobs) == (True, False, False, True)
    assert len(await ann.said("ann")) == len(await ann.said("bob")) == 11


async def test_an_id_that_cannot_be_asked_for_leaves_the_user_unknown() -> None:
    def broken() -> str:
        raise LookupError

    user = User(lambda: None)
    user.begin(lambda work, name: asyncio.create_task(work, name=name))
    user.set(broken)
    assert user.pending


class Slow(ScriptedLLM):
    """Begins to answer, and ends when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.go_on = asyncio.Event()

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        if isinstance(frame, LLMContextFrame):
            self.received.set()
            await self.go_on.wait()
        await super().process_frame(frame, direction)


async def test_an_answer_is_kept_for_the_user_it_was_given_to(ann: Ann) -> None:
    service = ann.service()
    llm = Slow()
    async with Call(service, llm=llm) as call:
        saying = asyncio.create_task(call.say("What is my pin code?"))
        await within(llm.received.wait())
        service.user_id = "bob"
        llm.go_on.set()
        await within(saying)
        await call.say("Good morning, I am Bob.")
    assert await ann.said() == [("user", "What is my pin code?"), ("assistant", "answer 1")]
    assert await ann.said("bob") == [("user", "Good morning, I am Bob."), ("assistant", "answer 2")]


async def test_a_number_or_a_uuid_is_an_id_too(ann: Ann) -> None:
    for given, text in ((42, "42"), (uuid.UUID(int=7), str(uuid.UUID(int=7)))):
        service = ann.service(user_id=given)
        assert service.user_id == text
        service.user_id = given
        assert service.user_id == text


@pytest.mark.parametrize("given", [" ", b"ann", ["a"], 1.5, True])
async def test_what_can_be_no_id_is_refused(ann: Ann, given: Any) -> None:
    with pytest.raises(ValueError, match="user_id"):
        ann.service(user_id=given)
    with pytest.raises(ValueError, match="run_id"):
        ann.service(run_id=given)
    service = ann.service()
    with pytest.raises(ValueError, match="user_id"):
        service.user_id = given
    assert service.user_id == "ann"


async def test_a_callable_that_gives_no_id_leaves_the_user_unknown(ann: Ann) -> None:
    service = ann.service(user_id=lambda: ["a"])
    async with Call(service) as call:
        await call.say("Good morning.")
        assert service.user_id is None


async def test_two_services_on_one_folder_store_each_thing_once(tmp_path: Path) -> None:
    async with AsyncMemory(folder=tmp_path) as one, AsyncMemory(folder=tmp_path) as other:
        first = Mem0MemoryService(user_id="ann", memory=one)
        second = Mem0MemoryService(user_id="ann", memory=other)
        async with Call(first, second) as call:
            await call.say("My dog is called Rex.")
        journal = await one.messages(user_id="ann")
    assert [message["content"] for message in journal] == ["My dog is called Rex.", "answer 1"]


@pytest.mark.parametrize("wrong", [{"scope": "agent"}, {"recall_timeout": -1}, {"shutdown_timeout": None}])
async def test_what_makes_no_sense_is_refused(ann: Ann, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        ann.service(**wrong)


async def test_a_service_serves_one_call(ann: Ann) -> None:
    service = ann.service()
    async with Call(service) as call:
        await call.say("My dog is called Rex.")
    async with Call(service) as call:
        await call.say("My cat is called Tom.")
        assert not blocks(call.shown[0])
        assert not call.errors
    assert [text for _, text in await ann.said()] == ["My dog is called Rex.", "answer 1"]


def _asks(kind: str, who: list[str]) -> Any:
    async def ask() -> str:
        await asyncio.sleep(0.01)
        return who[0]

    return {"set": who[0], "callable": lambda: who[0], "async callable": ask}[kind]


@pytest.mark.parametrize("kind", ["set", "callable", "async callable"])
async def test_words_stay_with_whom_they_were_said_to_when_the_user_changes_and_comes_back(ann: Ann, kind: str) -> None:
    who = ["ann"]
    service = ann.service(user_id=_asks(kind, who))
    await ann.told("My daughter Ida plays chess.")
    await ann.told("My PIN is 9999.", user_id="bob")
    said = {
        "ann": ["My PIN is 4711.", "I like tea.", "What does my daughter play?"],
        "bob": ["I have a secret daughter. What is my PIN?"],
    }
    async with Call(service) as call:
        for user, words in (("ann", 0), ("bob", 0), ("ann", 1), ("ann", 2)):
            who[0] = user
            if kind == "set":
                service.user_id = user
            await call.say(said[user][words])
            await until(lambda: len(service.session.writer) == 0)
    for user in ("ann", "bob"):
        assert [text for role, text in await ann.said(user) if role == "user"][1:] == said[user]
    assert [text for role, text in await ann.said() if role == "assistant"] == ["answer 1", "answer 3", "answer 4"]
    assert "9999" in str(blocks(call.shown[1])), "positive control"
    assert "4711" not in str(blocks(call.shown[1])), "nothing of ann is recalled to bob"
    assert "Ida" in str(blocks(call.shown[3])), "positive control"
    assert "secret" not in str([blocks(shown) for shown in call.shown[2:]])


def words_of(memories: Iterable[Mapping[str, Any]]) -> str:
    """Their words only: four digits may well stand in an id or a time."""
    return " ".join(str(memory["memory"]) for memory in memories)


async def test_what_a_guest_said_is_recalled_to_nobody_else(ann: Ann) -> None:
    """A kiosk: whoever speaks has no id. The agent's own knowledge is for all."""
    await ann.memory.add("The shop opens at nine in the morning.", agent_id="kiosk")
    kiosk: dict[str, Any] = {"agent_id": "kiosk", "user_name": None}
    async with Call(ann.service(user_id=None, run_id="r1", **kiosk)) as call:
        await call.say("My PIN is 4711.")
    async with Call(ann.service(user_id=None, run_id="r1", **kiosk)) as call:
        await call.say("And now, what is my PIN?")
    assert "4711" in str(blocks(call.shown[0])), "the guest talks on, in another process"
    other = ann.service(user_id=None, **kiosk)
    async with Call(other) as call:
        await call.say("What is the PIN, and when does the shop open?")
        assert "4711" not in words_of(await other.get_memories())
        forgotten, perhaps = await other.forget("PIN 4711")
        assert "4711" not in words_of([*forgotten, *perhaps])
    assert "nine" in str(blocks(call.shown[0]))
    assert "4711" not in str(blocks(call.shown[0]))
    async with Call(ann.service(agent_id="kiosk")) as call:
        await call.say("What is the PIN, and when does the shop open?")
    assert "nine" in str(blocks(call.shown[0]))
    assert "4711" not in str(blocks(call.shown[0]))
    async with Call(ann.service(user_id=None, shared_guests=True, **kiosk)) as call:
        await call.say("What is the PIN, and when does the shop open?")
    assert "4711" in str(blocks(call.shown[0])), "positive control: guests who share"


async def test_what_a_guest_said_is_not_signed_with_the_users_name(ann: Ann) -> None:
    async with Call(ann.service(user_id=None, agent_id="kiosk", user_name=None)) as call:
        await call.say("My PIN is 4711.")
    async with Call(ann.service(agent_id="kiosk", shared_guests=True)) as call:
        await call.say("What is the PIN?")
    assert "My PIN is 4711. (a guest" in str(blocks(call.shown[0]))
    assert "(Ann" not in str(blocks(call.shown[0]))


async def test_while_it_is_asked_who_it_is_nothing_of_the_user_before_is_forgotten(ann: Ann) -> None:
    await ann.told("My job at the harbour bores me.", "My sister has a boat.")
    known = asyncio.get_running_loop().create_future()
    asked = 0

    async def ask() -> str:
        nonlocal asked
        asked += 1
        return "ann" if asked == 1 else str(await known)

    service = ann.service(user_id=ask, recall_timeout=0.1, shutdown_timeout=0.1)
    async with Call(service) as call:
        await until(lambda: service.user_id == "ann")
        await call.say("Hello.")
        assert asked > 1
        assert await service.forget("my job") == ([], [])
        known.set_result("ann")
        await until(lambda: service.session.identity.ids is not None)
        forgotten, _ = await service.forget("my job")
    assert [hit["memory"] for hit in forgotten] == ["My job at the harbour bores me."]


def test_answers_are_of_the_turns_they_answer_in_order() -> None:
    answers = Answers()

    def is_of(owner: Owner | None) -> bool:
        return answers.owner is owner

    ann, bob = Owner({"user_id": "ann"}), Owner({"user_id": "bob"})
    answers.asked(ann)
    answers.begun()
    answers.asked(bob)  # Typed while the answer to Ann is being given.
    assert is_of(ann)
    answers.ended()
    answers.begun()
    assert is_of(bob)
    answers.function_called()
    answers.ended()
    answers.begun()
    assert is_of(bob), "it goes on with the result"
    answers.ended()
    answers.begun()
    assert is_of(None), "the agent speaks by itself"
    answers.asked(ann)
    answers.ended()
    answers.interrupted()
    answers.asked(bob)
    answers.begun()
    assert is_of(bob), "what was interrupted before it began is not answered"


class Asked:
    """Who it is, each time somebody asks."""

    def __init__(self) -> None:
        self.questions: list[asyncio.Future[str]] = []
        self.identity = Identity(lambda: None, lambda: None)
        self.identity.user.set(self)
        self.identity.user.begin(lambda work, name: asyncio.create_task(work, name=name))

    async def __call__(self) -> str:
        self.questions.append(asyncio.get_running_loop().create_future())
        return await self.questions[-1]

    async def answer(self, number: int, user_id: str) -> None:
        await until(lambda: len(self.questions) > number)
        self.questions[number].set_result(user_id)
        await asyncio.sleep(0.01)


async def test_an_answer_to_a_question_of_before_is_not_about_words_said_since() -> None:
    who = Asked()
    user = who.identity.user
    user.look("hello")
    early = who.identity.owner()
    user.look("it is me, Bob")
    user.look("it is me, Bob")
    late = who.identity.owner()
    await who.answer(0, "ann")
    assert (early.ids, late.ids) == ({"user_id": "ann"}, None)
    assert user.pending
    await who.answer(1, "bob")
    assert (early.ids, late.ids) == ({"user_id": "ann"}, {"user_id": "bob"})
    assert len(who.questions) == 2


async def test_a_turn_waits_once_for_the_answer_to_a_question(ann: Ann) -> None:
    """The first turn has the caller's memories too; a question that takes minutes delays no second one."""
    await ann.told("I moved to Oslo in March.")

    async def ask() -> str:
        await asyncio.sleep(0.05)
        return "ann"

    async with Call(ann.service(user_id=ask)) as call:
        await call.say("In which city do I live?")
    assert "Oslo" in str(blocks(call.shown[0]))
    user = User(lambda: None)
    user.set(asyncio.get_running_loop().create_future())
    user.begin(lambda work, name: asyncio.create_task(work, name=name))
    loop = asyncio.get_running_loop()
    await user.settle(loop.time() + 0.05)
    began = loop.time()
    await user.settle(began + 30)
    assert loop.time() - began < 15
    assert user.asking is not None
    user.asking.cancel()


async def test_a_lookup_waits_until_it_is_known_again_who_the_user_is(ann: Ann) -> None:
    """What it would find before that is nothing, which is no answer."""
    await ann.told("I moved to Oslo in March.")
    known = asyncio.Event()
    known.set()

    async def who() -> str:
        await known.wait()
        return "ann"

    service = ann.service(user_id=who)
    async with Call(service) as call:
        await call.say("Hello, it is me again.")
        known.clear()
        service.session.identity.user.look("And now?")
        service.session.prefetcher.ahead("In which city do I live?", final=True)
        await asyncio.sleep(0.05)
        known.set()
        answer = await service.session.prefetcher.at_turn("In which city do I live?", 10.0)
    assert "I moved to Oslo in March." in [hit["memory"] for hit in answer.hits]


async def test_a_turn_is_of_whoever_was_there_when_it_was_committed(ann: Ann) -> None:
    """The user changes while the turn is on its way to the LLM: it is not answered with what the other one told."""
    await ann.told("I moved to Oslo in March.")
    await ann.told("I moved to Rome in May.", user_id="bob")
    service = ann.service()

    class Changes(Passing):
        async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
            if isinstance(frame, LLMContextFrame) and len(call.shown) == 1:
                service.user_id = "bob"
            await super().process_frame(frame, direction)

    llm = ScriptedLLM()
    async with Call(service, llm=llm, processors=[Changes(), service, llm]) as call:
        await call.say("In which city do I live?")
        await call.say("And in which city did I live before that?")
        await call.say("In which city do I live?")
    assert ["Oslo" in str(blocks(shown)) for shown in call.shown] == [True, False, False]
    assert ["Rome" in str(blocks(shown)) for shown in call.shown] == [False, False, True]
    assert [text for _, text in await ann.said()][1:] == [
        "In which city do I live?",
        "answer 1",
        "And in which city did I live before that?",
        "answer 2",
    ]
    assert [text for _, text in await ann.said("bob")][1:] == ["In which city do I live?", "answer 3"]


async def test_the_same_words_of_the_next_person_are_theirs(ann: Ann) -> None:
    service = ann.service()
    async with Call(service) as call:
        for user, text in (("ann", "Yes, please."), ("bob", "Yes, please.")):
            service.user_id = user
            await call.say(text)
        for user in ("ann", "bob"):
            service.user_id = user
            call.llm.received.clear()
            typed: Any = {"role": "user", "content": "No, thanks."}
            await call.worker.queue_frame(LLMMessagesAppendFrame([typed], run_llm=True))
            await within(call.llm.received.wait())
            await asyncio.sleep(0.05)
    expected = [("user", "Yes, please."), ("assistant", "answer 1"), ("user", "No, thanks."), ("assistant", "answer 3")]
    assert await ann.said() == expected
    assert [role for role, _ in await ann.said("bob")] == ["user", "assistant", "user", "assistant"]


async def test_a_block_that_was_put_back_is_not_shown_when_the_user_changes_during_the_lookup(ann: Ann) -> None:
    """The application restores a saved context, with the block of the user before."""
    await ann.told("I moved to Rome in May.", user_id="bob")
    service = ann.service(user_id="bob")
    search = ann.memory.search

    async def search_and_change(query: str, **options: Any) -> Any:
        found = await search(query, **options)
        if service.user_id == "ann":
            service.user_id = "cyd"
        return found

    ann.memory.search = search_and_change  # type: ignore[method-assign] # the user changes while it searches
    async with Call(service) as call:
        await call.say("In which city do I live?")
        saved = copy.deepcopy(list(call.context.get_messages()))
        service.user_id = "ann"
        call.context.set_messages(saved)
        await call.say("And in which city did I live before that?")
    assert ["Rome" in str(blocks(shown)) for shown in call.shown] == [True, False]
    assert service.user_id == "cyd"
