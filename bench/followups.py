"""A hundred second turns that say little by themselves, and how much of the first turn's evidence they still recall."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bench.locomo import Conversation, indexed
from bench.vectors import CachedVectors
from toldonce.embedders.minilm import UNRELATED
from toldonce.index.ram import RamView
from toldonce.recall import analyse, rank
from toldonce.recall.followup import in_context, just_asked

SECOND_TURNS = """
Let me think. | And when was that?
Let me think. | And where was that?
Let me think. | Why?
Let me think. | How come?
Let me think. | Since when?
Let me think. | And how?
Let me think. | Why not?
Let me think. | When exactly?
Let me think. | Where to?
Let me think. | With whom?
I believe so. | And after that?
I believe so. | And before that?
I believe so. | And then?
I believe so. | What else?
I believe so. | Who else?
I believe so. | Where else?
I believe so. | So what happened?
I believe so. | And what came of it?
I believe so. | But why?
I believe so. | And who told you?
It came up once. | When did they say that?
It came up once. | Did she say why?
It came up once. | Did he say when?
It came up once. | Was that the first time?
It came up once. | Was it long ago?
It came up once. | How long ago was that?
It came up once. | Is that still so?
It came up once. | Is it the same now?
It came up once. | Are you sure about that?
It came up once. | Who said that?
That was a while ago. | And how did it go?
That was a while ago. | And did it work out?
That was a while ago. | Did they like it?
That was a while ago. | Did it help them?
That was a while ago. | And how did she feel about it?
That was a while ago. | And how did he feel about it?
That was a while ago. | What did they think of it?
That was a while ago. | What was it like?
That was a while ago. | How was it for them?
That was a while ago. | And what about it was so good?
There was something. | What was it called?
There was something. | What did it look like?
There was something. | How much was it?
There was something. | And how much did they pay?
There was something. | How many of them?
There was something. | Which one?
There was something. | Which ones?
There was something. | And the other one?
There was something. | Was there another one?
There was something. | Then what about the others?
I remember a little. | Tell me, was it this year?
I remember a little. | And was that in the summer?
I remember a little. | And this month?
I remember a little. | And last year?
I remember a little. | Was that on the same day?
I remember a little. | And on that day?
I remember a little. | How long did it take?
I remember a little. | How often is that?
I remember a little. | Did that happen again?
I remember a little. | And is there more to it?
You talked about it. | What did I say about it?
You talked about it. | And what did you say to that?
You talked about it. | And did I tell you why?
You talked about it. | Then did I say when?
You talked about it. | What else did I say about that?
You talked about it. | How did I put it?
You talked about it. | When did we talk about that?
You talked about it. | Did we talk about this before?
You talked about it. | So what was it again?
You talked about it. | And what about her?
Do you mean this: {question} | Yes please
Do you mean this: {question} | Yes
Do you mean this: {question} | Yeah
Do you mean this: {question} | Yep
Do you mean this: {question} | Sure
Do you mean this: {question} | Ok
Do you mean this: {question} | Okay, please do
Do you mean this: {question} | Please
Do you mean this: {question} | Go ahead
Do you mean this: {question} | Of course
Should I look this up? {question} | Why not
Should I look this up? {question} | Sounds good
Should I look this up? {question} | Great, do that
Should I look this up? {question} | Absolutely
Should I look this up? {question} | Exactly
Should I look this up? {question} | Definitely
Should I look this up? {question} | Right
Should I look this up? {question} | Correct
Should I look this up? {question} | Yes, that
Should I look this up? {question} | Do it please
I am not certain. | And what about him?
I am not certain. | What about them?
I am not certain. | How about her?
I am not certain. | And you?
I am not certain. | So who was it?
I am not certain. | So where was it?
I am not certain. | So when was it?
I am not certain. | Or was it somebody else?
I am not certain. | But what was it about?
I am not certain. | And what do you know of it?
"""


def share_kept(conversations: Sequence[Conversation], vectors: CachedVectors, k: int = 10) -> float:
    """Of the evidence that questions recall among ``k``, the share that each one's follow-up recalls too.

    A hundred questions of categories 1 to 4, evenly spread, each with a second turn of its own.
    """
    pairs = [line.split(" | ") for line in SECOND_TURNS.strip().splitlines()]
    asked = [
        (conversation, question)
        for conversation in conversations
        for question in conversation.questions
        if question.category != 5
    ]
    chosen = [asked[at] for at in np.linspace(0, len(asked) - 1, len(pairs)).astype(int).tolist()]
    views = {conversation.name: indexed(conversation, vectors, True, True) for conversation in conversations}
    before = after = 0
    for (reply, second), (conversation, question) in zip(pairs, chosen, strict=True):
        view, now = views[conversation.name], conversation.turns[-1].said_at
        talk = (("user", question.text), ("assistant", reply.format(question=question.text)))
        first = _found(view, vectors, question.text, (), now, k) & question.evidence
        before += len(first)
        after += len(first & _found(view, vectors, second, talk, now, k))
    return after / max(before, 1)


def _found(
    view: RamView, vectors: CachedVectors, text: str, earlier: Sequence[tuple[str, str]], now: int, k: int
) -> set[int]:
    query = analyse(in_context(text, earlier), view, now)
    vector, tokens = vectors.query(query.dense_text)
    ranked = rank(view, query, vector, tokens=tokens, limit=k, unrelated=UNRELATED, just_asked=just_asked(earlier))
    return {hit.memory_id for hit in ranked}
