"""A process that was told nothing greets the person from memory and answers the questions of a transcript."""

from __future__ import annotations

from collections.abc import Sequence

from rich.markup import escape

from toldonce.memory import AsyncMemory
from toldonce.pipecat import Mem0MemoryService
from toldonce.stores.place import Place

from .answering import PATIENCE, RIGHT_BEFORE, Model, TurnRecall, greeting, make_responder, told
from .evidence import TOP, TurnFinder, figures, recalled_fraction
from .show import Screen, one_line
from .stage import NoAnswer, Stage
from .transcript import Question, Transcript

ALL_SHOWN = 20
"""Up to so many questions are all asked through the pipeline ..."""
SOME_SHOWN = 5
"""... and of more, so many, spread over the list. The figures are always of all."""


async def ask_questions(transcript: Transcript, folder: Place, model: Model, screen: Screen) -> bool:
    """Greet, ask, and say how well the answers' turns were recalled. False if the language model did not answer."""
    async with AsyncMemory(folder=folder) as memory:
        screen.new_process()
        answered = await _converse(transcript, memory, model, screen)
        await _measure(transcript, memory, screen)
    return answered


async def _converse(transcript: Transcript, memory: AsyncMemory, model: Model, screen: Screen) -> bool:
    """Greet the person and answer the questions through the pipeline."""
    user, assistant = transcript.user_name, transcript.assistant_name
    service = Mem0MemoryService(
        user_id=transcript.user_id,
        memory=memory,
        user_name=user,
        assistant_name=assistant,
        params=Mem0MemoryService.InputParams(position=RIGHT_BEFORE),
        recall_timeout=PATIENCE,
        should_store=lambda _message: False,  # so that asking again finds the same memory, and not these questions
    )
    known = told(await service.get_memories())
    screen.greets(assistant, greeting(user, known), known)
    if facts := (await memory.facts(transcript.user_id, history=True))["results"]:
        screen.profile(user, facts)
    recall = TurnRecall(service)
    names = {"user": user, "assistant": assistant}
    words = {turn.id: turn.text for session in transcript.sessions for turn in session.turns}
    added: list[float] = []
    async with Stage(service, make_responder(model, recall, user, assistant)) as stage:
        for question in asked(transcript.questions):
            screen.says(user, question.text, agent=False)
            recall.next_turn()
            try:
                heard = await stage.hear(question.text, answered=True)
            except NoAnswer as error:
                screen.no_answer(str(error))
                return False
            screen.says(assistant, heard.reply, agent=True)
            if question.answer is not None:
                screen.expected(question.answer)
            hits = recall.hits()
            marked = [any(words[turn_id] in hit["memory"] for turn_id in question.evidence) for hit in hits]
            screen.recalled(hits, heard.added_ms, names, marked)
            added.append(heard.added_ms)
    if added:
        screen.added(added)
    return True


async def _measure(transcript: Transcript, memory: AsyncMemory, screen: Screen) -> None:
    """Evidence recall over all questions that name their evidence, if any does."""
    questions = [question for question in transcript.questions if question.evidence]
    finder = TurnFinder(transcript, await memory.messages(user_id=transcript.user_id))
    fractions: list[tuple[Question, float]] = []
    with screen.progress() as progress:
        bar = progress.add_task("Evidence recall", total=len(questions), now="")
        for question in questions:
            progress.update(bar, now=escape(one_line(question.text)))
            found = await memory.search(
                question.text, filters={"user_id": transcript.user_id}, top_k=TOP, threshold=0, explain=True
            )
            turns = [finder.turns_of(hit) for hit in found["results"]]
            fractions.append((question, recalled_fraction(question.evidence, turns)))
            progress.advance(bar)
    if fractions:
        screen.evidence(figures(fractions), TOP)


def asked(questions: Sequence[Question]) -> list[Question]:
    """The questions that are asked through the pipeline."""
    if len(questions) <= ALL_SHOWN:
        return list(questions)
    return [questions[number * len(questions) // SOME_SHOWN] for number in range(SOME_SHOWN)]
