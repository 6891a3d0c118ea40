"""Recall in chats with an assistant whose replies are long.

    python -m bench.chats

Made up on the spot, always the same: in each of ten chats a person talks about all topics below, a fact of her own in a
few of her short questions, some advice worth finding again in a few of the assistant's replies of about 300 words. The
rest of every reply is filler about the same topic, so that words alone point everywhere. Asked are her facts and the
assistant's advice. Then fifty sessions that ask one thing over and over.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from bench.vectors import CachedVectors, Said
from toldonce.index.ram import OwnerIndex, RamView
from toldonce.recall import Scored, analyse, rank
from toldonce.text.keys import indexed_tokens
from toldonce.types import IndexRow

DAY = 86_400_000_000
START = 19_700 * DAY

TOPICS: dict[str, dict[str, Any]] = {
    "sourdough bread": {
        "nouns": "starter dough flour crumb crust oven hydration proofing kitchen scale banneton loaf",
        "asks": ["Why does my loaf come out flat?", "How long should dough rest?", "Is rye flour harder to handle?"],
        "facts": [
            ("I named my starter Gudrun, she lives on the windowsill.", "What did I name my sourdough starter?"),
            ("My oven only reaches 220 degrees, is that enough for a good crust?", "How hot does my oven get?"),
        ],
        "advice": [
            (
                "Put a tray of ice cubes on the floor of the oven during the first ten minutes.",
                "What did you suggest putting on the oven floor when baking?",
            ),
            (
                "Feed it at a ratio of one to five to five before a long holiday.",
                "Which feeding ratio did you recommend before a holiday?",
            ),
        ],
    },
    "bicycle touring": {
        "nouns": "panniers route gears tyres brakes saddle campsite hills traffic map spokes helmet",
        "asks": ["How do I plan daily distances?", "What should go into a repair kit?", "Are steel frames worth it?"],
        "facts": [
            (
                "In September I ride to Vienna with my cousin Leif.",
                "Who is coming with me along the Danube?",
            ),
            (
                "My knee hurts after sixty kilometres, is it the saddle?",
                "After what distance does my knee hurt?",
            ),
        ],
        "advice": [
            (
                "Carry a spare derailleur hanger, since no village shop will stock yours.",
                "Which spare part did you tell me no village shop would have?",
            ),
            ("Lower the front pressure to forty psi on gravel.", "What tyre pressure did you advise for gravel?"),
        ],
    },
    "balcony gardening": {
        "nouns": "tomatoes pots soil compost watering seedlings sunlight herbs aphids mulch harvest trellis",
        "asks": ["How often should I water in July?", "Which herbs survive shade?", "Why are the leaves yellow?"],
        "facts": [
            ("My balcony faces north and gets three hours of sun, will chard work?", "Which way does my balcony face?"),
            ("I'm growing Black Krim tomatoes from my grandfather's seeds.", "Whose seeds are my tomatoes from?"),
        ],
        "advice": [
            (
                "Spray a litre of water with two spoons of neem oil against the aphids every fifth evening.",
                "What was your remedy against aphids?",
            ),
            ("Bury a wine bottle upside down in the pot as a slow reservoir.", "What did you say to bury in the pot?"),
        ],
    },
    "learning the cello": {
        "nouns": "bow strings posture scales thumb lessons rosin vibrato practice tuning fingerings étude",
        "asks": ["How long should I practise?", "When does vibrato come?", "Do cheap strings matter?"],
        "facts": [
            ("My teacher Ottoline wants me to play at the summer concert.", "What is my cello teacher called?"),
            (
                "I rent mine for thirty euros a month, is buying better?",
                "How much do I pay for renting the cello?",
            ),
        ],
        "advice": [
            (
                "Hold a pencil like the bow for two minutes every day.",
                "Which exercise with a pencil did you give me?",
            ),
            ("Try medium-dark rosin in winter and light rosin in summer.", "Which rosin did you recommend for winter?"),
        ],
    },
    "moving house": {
        "nouns": "boxes lease landlord movers deposit furniture utilities address inventory painters keys elevator",
        "asks": ["When should I start packing?", "How do I compare movers?", "What goes into the handover protocol?"],
        "facts": [
            (
                "The new flat is on the fourth floor and has no elevator.",
                "On which floor is my new flat?",
            ),
            ("My landlord Mr Okafor still keeps my deposit of 1,800 euros.", "Who still has my deposit?"),
        ],
        "advice": [
            (
                "Photograph every meter on the day of the handover with a newspaper in the picture.",
                "What should be in the photograph of the meters, according to you?",
            ),
            (
                "Cancel the internet contract three months ahead by registered letter.",
                "How far ahead did you tell me to cancel the internet contract?",
            ),
        ],
    },
    "running a marathon": {
        "nouns": "training pace intervals shoes recovery calories hydration hills stretching watch race taper",
        "asks": ["How many weeks do I need?", "Is running in the heat dangerous?", "What do I eat before long runs?"],
        "facts": [
            (
                "I want to finish in Valencia in four hours and ten.",
                "What is my goal time for the marathon?",
            ),
            ("My physiotherapist forbade me to run on consecutive days.", "Who told me not to run two days in a row?"),
        ],
        "advice": [
            (
                "Freeze a banana and eat half of it at kilometre twenty-eight.",
                "When should I eat the banana, you said?",
            ),
            (
                "Cut the taper to nine days since you run so little.",
                "How long a taper did you recommend?",
            ),
        ],
    },
}

FILLER = [
    "When it comes to {a}, most people underestimate how much the {b} matters.",
    "A good rule of thumb is to change only one thing at a time and to write down how the {a} responds.",
    "If the {a} gives you trouble, look at the {b} first, because the two depend on each other.",
    "There is no single right answer here, but experience shows that patience with the {a} pays off.",
    "You could also ask in a local club, where somebody will have dealt with the same {a} before.",
    "Beginners often spend too much on the {a} and too little on the {b}.",
    "Many guides disagree about the {a}, so treat every number as a starting point.",
    "Another point to consider is the {b}, which changes with the season.",
    "It helps to set aside a fixed hour a week for the {a} and to keep the {b} ready beforehand.",
    "In short: check the {a}, keep an eye on the {b}, and do not rush the rest.",
    "Some prefer to start with the {b} and come back to the {a} once they feel more confident.",
    "Costs vary a lot, yet the {a} rarely needs to be the most expensive one.",
    "Remember that the {a} is meant to be enjoyable, so take breaks whenever the {b} frustrates you.",
    "A simple checklist for the {a} avoids most mistakes people make with the {b}.",
    "Should the problem persist, take a picture of the {a} and compare it with last week's.",
]


@dataclass(frozen=True)
class Asked:
    text: str
    evidence: int
    of_assistant: bool


def chat(seed: int, vectors: CachedVectors) -> tuple[RamView, list[Asked]]:
    """One person's chats, a session per topic visit, and what is asked of them."""
    rng = np.random.default_rng(seed)
    said: list[tuple[str, str, int]] = []
    asked: list[Asked] = []
    visits = [(topic, visit) for topic in TOPICS for visit in range(4)]
    for session, at in enumerate(rng.permutation(len(visits))):
        topic, visit = visits[at]
        about = TOPICS[topic]
        nouns = about["nouns"].split()

        def reply(advice: str | None, nouns: list[str] = nouns) -> str:
            sentences = [FILLER[n].format(a=rng.choice(nouns), b=rng.choice(nouns)) for n in rng.permutation(15)]
            sentences += [FILLER[n].format(a=rng.choice(nouns), b=rng.choice(nouns)) for n in rng.integers(0, 15, 5)]
            if advice is not None:
                sentences.insert(int(rng.integers(3, 18)), advice)
            return " ".join(sentences)

        for ask in rng.permutation(about["asks"])[:2]:
            said += [("user", f"{ask}", session), ("assistant", reply(None), session)]
        if visit < 2:
            fact, question = about["facts"][visit]
            asked.append(Asked(question, len(said), False))
            said += [("user", fact, session), ("assistant", reply(None), session)]
        else:
            advice, question = about["advice"][visit - 2]
            said += [("user", f"Any other advice about {topic}?", session)]
            asked.append(Asked(question, len(said), True))
            said += [("assistant", reply(advice), session), ("user", "Thanks, I will try that.", session)]
    return _view(said, vectors), asked


def repeated(vectors: CachedVectors) -> RamView:
    """One statement, then fifty sessions of the same question with the assistant's answer."""
    said = [("user", "By the way, my dog is called Pepperoni, he is a beagle.", 0), ("assistant", "What a name!", 0)]
    questions = ["What's my dog called?", "What is my dog's name?", "Do you know what my dog is called?"]
    answers = [
        "Your dog is called Pepperoni.",
        "Pepperoni!",
        "Your dog's name is Pepperoni.",
        "He is called Pepperoni, isn't he?",
    ]
    for session in range(1, 51):
        said += [("user", questions[session % 3], session), ("assistant", answers[session % 4], session)]
    return _view(said, vectors)


def _view(said: list[tuple[str, str, int]], vectors: CachedVectors) -> RamView:
    before = [n - 1 if n and said[n - 1][2] == said[n][2] else None for n in range(len(said))]
    memories = [Said(text, None, None if before[n] is None else said[n - 1][1]) for n, (_, text, _) in enumerate(said)]
    index = OwnerIndex()
    index.apply(
        [
            IndexRow(
                memory_id=n,
                tokens=indexed_tokens(text, None, START + session * DAY),
                vector=made.vector,
                previous_id=before[n],
                session_id=session,
                role="user" if role == "user" else "assistant",
                actor_id=None,
                said_at=START + session * DAY,
                token_vectors=made.tokens,
            )
            for n, ((role, text, session), made) in enumerate(zip(said, vectors.memories(memories), strict=True))
        ]
    )
    return index.view()


def ask(view: RamView, text: str, vectors: CachedVectors, limit: int = 10) -> list[Scored]:
    query = analyse(text, view)
    vector, tokens = vectors.query(query.dense_text)
    return rank(view, query, vector, tokens=tokens, limit=limit)


def main() -> None:
    argparse.ArgumentParser(description="Recall in chats with long replies.").parse_args()
    vectors = CachedVectors()
    found: dict[str, list[float]] = {"user's facts": [], "assistant's advice": []}
    for seed in range(10):
        view, asked = chat(seed, vectors)
        for question in asked:
            ids = [hit.memory_id for hit in ask(view, question.text, vectors)]
            found["assistant's advice" if question.of_assistant else "user's facts"].append(question.evidence in ids)
    view = repeated(vectors)
    ids = [hit.memory_id for hit in ask(view, "What is my dog called?", vectors)]
    vectors.save()
    print(
        json.dumps(
            {f"{label} recall@10": round(100 * float(np.mean(hits)), 1) for label, hits in found.items()}
            | {
                "fifty sessions: place of her own statement": ids.index(0) + 1 if 0 in ids else None,
                "fifty sessions: restatements among ten": sum(bool(view.by_assistant[n]) for n in ids),
            },
            indent=1,
        )
    )


if __name__ == "__main__":
    main()
