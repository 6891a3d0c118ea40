"""Which turns are recalled for LoCoMo's questions.

    python -m bench.locomo path/to/locomo.json [--no-names] [--no-runs] [--without-context]

The file is LoCoMo's own (Maharana et al., ACL 2024; CC BY-NC 4.0, not part of this project). Each turn is one memory,
stored as it was said with the speaker's name and the session as run; an image's caption, not its search query, counts
as part of the turn. Recall@k is the mean share of a question's evidence turns among its first k memories; categories
1-4 together are "all", category 5 (adversarial: asked of the wrong speaker) is reported beside it.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.smalltalk import LONGER, UTTERANCES
from bench.vectors import CachedVectors, Said
from toldonce.embedders.minilm import UNRELATED
from toldonce.index.ram import OwnerIndex, RamView
from toldonce.recall import Scored, analyse, needs_memory, rank
from toldonce.remember.facts import memory_tokens
from toldonce.types import IndexRow

GAP = 4 * 3600
"""Seconds of silence that end a session when no run is given."""

THRESHOLD = 0.1
"""A search's, unless it names another."""


@dataclass(frozen=True)
class Turn:
    """One thing said."""

    place: str
    """LoCoMo's dia_id."""
    speaker: str
    text: str
    session: int
    said_at: int


@dataclass(frozen=True)
class Question:
    text: str
    category: int
    evidence: frozenset[int]
    """Numbers of turns."""


@dataclass(frozen=True)
class Conversation:
    name: str
    turns: list[Turn]
    questions: list[Question]


def _time(text: str) -> int:
    """Microseconds of ``1:56 pm on 8 May, 2023``."""
    at = datetime.strptime(text.replace(",", ""), "%I:%M %p on %d %B %Y").replace(tzinfo=UTC)
    return int(at.timestamp()) * 1_000_000


def _places(evidence: Iterable[str]) -> list[str]:
    """``D8:6; D9:17`` -> both; ``D30:05`` -> ``D30:5``."""
    found = (re.findall(r"D:?(\d+):(\d+)", item) for item in evidence)
    return [f"D{int(session)}:{int(turn)}" for pairs in found for session, turn in pairs]


def read(path: Path) -> list[Conversation]:
    """The conversations of a LoCoMo file; questions without usable evidence are left out."""
    conversations = []
    for number, sample in enumerate(json.loads(path.read_text())):
        talk = sample["conversation"]
        sessions = sorted(int(key[8:]) for key in talk if re.fullmatch(r"session_\d+", key))
        turns = [
            Turn(
                place=turn["dia_id"],
                speaker=turn["speaker"],
                text=turn["text"] + (f" [shares a photo: {turn['blip_caption']}]" if turn.get("blip_caption") else ""),
                session=session,
                said_at=_time(talk[f"session_{session}_date_time"]),
            )
            for session in sessions
            for turn in talk[f"session_{session}"]
        ]
        number_of = {turn.place: row for row, turn in enumerate(turns)}
        questions = []
        for item in sample["qa"]:
            evidence = frozenset(number_of[place] for place in _places(item["evidence"]) if place in number_of)
            if evidence:
                questions.append(Question(item["question"], int(item["category"]), evidence))
        conversations.append(Conversation(sample.get("sample_id", str(number)), turns, questions))
    return conversations


def rows(conversation: Conversation, vectors: CachedVectors, names: bool = True, runs: bool = True) -> list[IndexRow]:
    """The conversation's turns as the engine indexes them; ids are turn numbers."""
    turns = conversation.turns
    sessions = [turn.session for turn in turns]
    if not runs:
        gaps = [0] + [b.said_at - a.said_at > GAP * 1_000_000 for a, b in pairwise(turns)]
        sessions = np.cumsum(gaps).tolist()
    actors = [turn.speaker if names else None for turn in turns]
    first = turns[0].speaker
    before = [row - 1 if row and sessions[row - 1] == sessions[row] else None for row in range(len(turns))]
    said = [
        Said(
            turn.text,
            actors[row],
            turns[previous].text if (previous := before[row]) is not None else None,
            actors[previous] if previous is not None else None,
        )
        for row, turn in enumerate(turns)
    ]
    return [
        IndexRow(
            memory_id=row,
            tokens=memory_tokens(turn.text, actors[row], turn.said_at),
            vector=made.vector,
            previous_id=before[row],
            session_id=sessions[row],
            role="user" if turn.speaker == first else "assistant",
            actor_id=actors[row],
            said_at=turn.said_at,
            token_vectors=made.tokens,
        )
        for row, (turn, made) in enumerate(zip(turns, vectors.memories(said), strict=True))
    ]


def indexed(conversation: Conversation, vectors: CachedVectors, names: bool, runs: bool) -> RamView:
    """The conversation as one owner's index."""
    index = OwnerIndex()
    index.apply(rows(conversation, vectors, names, runs))
    return index.view()


@dataclass(frozen=True)
class Answer:
    """What came back for a question."""

    conversation: int
    question: str
    category: int
    evidence: frozenset[int]
    sessions: frozenset[int]
    """Sessions with evidence."""
    ranked: list[Scored]
    ranked_sessions: list[int]

    def recall(self, k: int) -> float:
        found = {hit.memory_id for hit in self.ranked[:k]}
        return len(found & self.evidence) / len(self.evidence)

    def hit(self, k: int) -> float:
        return float(bool({hit.memory_id for hit in self.ranked[:k]} & self.evidence))

    def session_recall(self, k: int) -> float:
        return len(set(self.ranked_sessions[:k]) & self.sessions) / len(self.sessions)

    def recall_over(self, k: int, threshold: float) -> float:
        found = {hit.memory_id for hit in self.ranked[:k] if hit.score >= threshold}
        return len(found & self.evidence) / len(self.evidence)


Ranker = Callable[[RamView, str, CachedVectors, int, int], list[Scored]]


def engine(view: RamView, question: str, vectors: CachedVectors, limit: int, now: int) -> list[Scored]:
    """The ranking Toldonce ships."""
    query = analyse(question, view, now)
    vector, tokens = vectors.query(query.dense_text)
    return rank(view, query, vector, tokens=tokens, limit=limit, unrelated=UNRELATED)


def ask(
    conversations: Sequence[Conversation], vectors: CachedVectors, ranker: Ranker, names: bool = True, runs: bool = True
) -> list[Answer]:
    """Every question of every conversation, ranked over its own turns."""
    answers = []
    for number, conversation in enumerate(conversations):
        view = indexed(conversation, vectors, names, runs)
        now = conversation.turns[-1].said_at
        for question in conversation.questions:
            ranked = ranker(view, question.text, vectors, len(conversation.turns), now)
            session = [conversation.turns[hit.memory_id].session for hit in ranked]
            answers.append(
                Answer(
                    number,
                    question.text,
                    question.category,
                    question.evidence,
                    frozenset(conversation.turns[row].session for row in question.evidence),
                    ranked,
                    list(dict.fromkeys(session)),
                )
            )
    return answers


def small_talk(
    conversations: Sequence[Conversation], vectors: CachedVectors, names: bool, runs: bool
) -> dict[str, float]:
    """How many of ten memories a voice service shows for an utterance at ``THRESHOLD``, on average."""
    counts: dict[str, list[int]] = {"utterances": [], "second list": []}
    for conversation in conversations:
        view = indexed(conversation, vectors, names, runs)
        for label, utterances in (("utterances", UTTERANCES), ("second list", LONGER)):
            for utterance in utterances:
                hits = engine(view, utterance, vectors, 10, conversation.turns[-1].said_at)
                found = [conversation.turns[hit.memory_id].text for hit in hits if hit.score >= THRESHOLD]
                counts[label].append(len(found) if needs_memory(utterance, found) else 0)
    return {label: round(float(np.mean(found)), 3) for label, found in counts.items()}


def interval(values: NDArray[np.float64], rounds: int = 2000) -> tuple[float, float]:
    """95 % bootstrap interval of a mean over questions."""
    drawn = np.random.default_rng(0).integers(0, len(values), (rounds, len(values)))
    low, high = np.percentile(values[drawn].mean(axis=1), [2.5, 97.5])
    return float(low), float(high)


def figures(answers: Sequence[Answer]) -> dict[str, Any]:
    """Percentages over categories 1-4, by category, and for category 5."""
    asked = [answer for answer in answers if answer.category != 5]

    def mean(values: Iterable[float]) -> float:
        return round(100 * float(np.mean(list(values))), 2)

    at_10 = np.array([answer.recall(10) for answer in asked])
    found: dict[str, Any] = {f"recall@{k}": mean(answer.recall(k) for answer in asked) for k in (5, 10, 20, 50)}
    found["recall@10 interval"] = [round(100 * bound, 1) for bound in interval(at_10)]
    found["hit@10"] = mean(answer.hit(10) for answer in asked)
    found["sessions recall@10"] = mean(answer.session_recall(10) for answer in asked)
    found["recall@10 over 0.1"] = mean(answer.recall_over(10, THRESHOLD) for answer in asked)
    for category in range(1, 6):
        chosen = [answer.recall(10) for answer in answers if answer.category == category]
        found[f"category {category}"] = {"questions": len(chosen), "recall@10": mean(chosen)}
    found["by conversation"] = [
        mean(answer.recall(10) for answer in asked if answer.conversation == number)
        for number in sorted({answer.conversation for answer in asked})
    ]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description="Recall on LoCoMo.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--no-names", action="store_true", help="store turns without their speaker")
    parser.add_argument("--no-runs", action="store_true", help="sessions from gaps in time only")
    options = parser.parse_args()
    vectors = CachedVectors()
    conversations = read(options.file)
    stored = {"names": not options.no_names, "runs": not options.no_runs}
    found = figures(ask(conversations, vectors, engine, **stored))
    found["memories recalled for small talk"] = small_talk(conversations, vectors, **stored)
    vectors.save()
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
