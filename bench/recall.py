"""What is recalled on LoCoMo, given its file; ``bench.locomo`` says how it is stored and asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from bench.followups import share_kept
from bench.locomo import THRESHOLD, Answer, Conversation, Turn, ask, engine, interval, read, small_talk
from bench.report import Cell, Figure, Part, Plot, Scale, Table
from bench.vectors import CachedVectors
from toldonce.engine.search import SHORTEST
from toldonce.recall import fitting, hits
from toldonce.types import MemoryRecord

INCLUDES = (
    "Every turn of LoCoMo (Maharana et al., ACL 2024) is one memory, stored as it was said, with the speaker's name "
    "and the session as its run; no model reads it. Recall is the mean share of a question's evidence turns among the "
    "first k memories, a hit is a question with any of them there; in brackets the 95 % interval of the mean, by "
    "bootstrap over questions. Categories 1 to 4 together are *all*; category 5 asks about one speaker what the other "
    "said. Tokens are characters / 4 of the first ten memories, for each evidence turn among them; a budget of 1,000 "
    "is filled as `token_budget` fills it, at the default threshold. Small talk asks for nothing; its figure is how "
    "many of ten memories at that threshold the voice service would show for it, which asks `recall.needs_memory` "
    "first; `search` asks nobody and shows what it finds. Follow-ups are a hundred second turns "
    "(`bench/followups.py`): of the "
    'evidence among the ten memories for a question, the share that is among the ten for "and when was that?", or for '
    '"yes please" to an assistant that said the question again. Most are read as the first question once more. The '
    "list was used in development."
)
BUDGET = 1_000

CATEGORIES = {1: "several turns", 2: "time", 3: "inference", 4: "one turn", 5: "wrong speaker"}


def with_interval(answers: Sequence[Answer], value: Callable[[Answer], float]) -> str:
    """A percentage and its interval."""
    values = np.array([value(answer) for answer in answers])
    low, high = interval(values)
    return f"{100 * values.mean():.1f} ({100 * low:.1f}-{100 * high:.1f})"


def percentage(answers: Sequence[Answer], value: Callable[[Answer], float]) -> float:
    return 100 * float(np.mean([value(answer) for answer in answers]))


def tokens_per_evidence(conversations: Sequence[Conversation], answers: Sequence[Answer], k: int = 10) -> float:
    """What a recalled piece of evidence costs of a context."""
    shown = [
        sum(len(conversations[answer.conversation].turns[hit.memory_id].text) for hit in answer.ranked[:k]) / 4
        for answer in answers
    ]
    found = sum(answer.recall(k) * len(answer.evidence) for answer in answers)
    return sum(shown) / max(found, 1)


def evidence_in_budget(conversations: Sequence[Conversation], answers: Sequence[Answer]) -> float:
    """The mean share of evidence turns that ``token_budget`` leaves room for."""
    shares = []
    for answer in answers:
        turns = conversations[answer.conversation].turns
        above = [hit for hit in answer.ranked[: BUDGET // SHORTEST + 1] if hit.score >= THRESHOLD]
        records = {hit.memory_id: _record(turns[hit.memory_id]) for hit in above}
        shown = {hit.scored.memory_id for hit in fitting(hits(above, records, answer.question), BUDGET)}
        shares.append(len(shown & answer.evidence) / len(answer.evidence))
    return 100 * float(np.mean(shares))


def _record(turn: Turn) -> MemoryRecord:
    return MemoryRecord(
        id=turn.place,
        text=turn.text,
        user_id="user",
        agent_id=None,
        app_id=None,
        run_id=str(turn.session),
        run_ids=(str(turn.session),),
        role="user",
        actor_id=turn.speaker,
        created_at=turn.said_at,
        updated_at=turn.said_at,
        said_at=turn.said_at,
        sayings=1,
        expires_on=None,
    )


def category_rows(answers: Sequence[Answer]) -> list[list[Cell]]:
    """A line for each category, and one for 1 to 4."""
    groups = [
        (f"{number}: {name}", [a for a in answers if a.category == number]) for number, name in CATEGORIES.items()
    ]
    groups.append(("all", [answer for answer in answers if answer.category != 5]))
    return [
        [
            name,
            len(asked),
            with_interval(asked, lambda answer: answer.recall(10)),
            with_interval(asked, lambda answer: answer.recall(20)),
            with_interval(asked, lambda answer: answer.hit(10)),
            with_interval(asked, lambda answer: answer.session_recall(10)),
        ]
        for name, asked in groups
        if asked
    ]


def curve(answers: Sequence[Answer]) -> list[tuple[Cell, float]]:
    """Recall against the number of memories."""

    def at(k: int) -> float:
        return percentage(answers, lambda answer: answer.recall(k))

    return [(k, at(k)) for k in (1, 2, 5, 10, 20, 50)]


def measure(scale: Scale, file: Path) -> Part:
    """Recall, with names and runs and without both."""
    conversations = read(file)
    if scale == "tiny":
        conversations = conversations[:1]
    vectors = CachedVectors()
    answers = ask(conversations, vectors, engine)
    bare = ask(conversations, vectors, engine, names=False, runs=False)
    kept = share_kept(conversations, vectors)
    quiet = small_talk(conversations, vectors, names=True, runs=True)
    vectors.save()
    asked = [answer for answer in answers if answer.category != 5]
    wrong_speaker = [answer for answer in answers if answer.category == 5]
    asked_bare = [answer for answer in bare if answer.category != 5]
    at_10 = percentage(asked, lambda answer: answer.recall(10))
    figures = [
        Figure("recall@10, categories 1-4", at_10, "%", least=82),
        Figure("recall@20, categories 1-4", percentage(asked, lambda answer: answer.recall(20)), "%", least=87),
        Figure("hit@10, categories 1-4", percentage(asked, lambda answer: answer.hit(10)), "%", least=88),
        Figure("recall@10, category 5", percentage(wrong_speaker, lambda answer: answer.recall(10)), "%", least=84),
        Figure("recall@10 of sessions", percentage(asked, lambda answer: answer.session_recall(10)), "%", least=95),
        Figure(
            "recall@10 lost at threshold 0.1",
            at_10 - percentage(asked, lambda answer: answer.recall_over(10, THRESHOLD)),
            "points",
            most=1,
        ),
        Figure(
            "recall@10 without names and runs",
            percentage(asked_bare, lambda answer: answer.recall(10)),
            "%",
            least=76,
        ),
        Figure("tokens for a recalled evidence turn", tokens_per_evidence(conversations, asked), "tokens"),
        Figure(f"evidence in a budget of {BUDGET:,} tokens", evidence_in_budget(conversations, asked), "%", least=88),
        Figure("evidence kept by follow-ups", 100 * kept, "%", least=90),
    ]
    figures += [
        Figure(f"memories recalled for small talk, {kind}", count, "", most=0.3) for kind, count in quiet.items()
    ]
    columns = ("category", "questions", "recall@10", "recall@20", "hit@10", "sessions recall@10")
    return Part(
        "Recall on LoCoMo",
        INCLUDES,
        figures,
        [Table("By category, %", columns, category_rows(answers))],
        [
            Plot(
                "recall",
                "Recall on LoCoMo, categories 1-4",
                "memories",
                "%",
                {"names and runs": curve(asked), "neither": curve(asked_bare)},
                logarithmic=False,
            )
        ],
    )
