"""A call with a model that reads facts: what was said is read, what was recalled is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.engine.test_extraction import by_text, fact, lines
from tests.llm.fake import serving
from toldonce.engine import extraction
from toldonce.engine.jobs import worker
from toldonce.memory import AsyncMemory
from toldonce.testing import WordEmbedder

from .conftest import Ann
from .harness import Call, LLMContext, blocks, until

SAID = "I have played chess since March 2024."


async def test_a_call_is_read_for_facts_and_its_recall_block_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "LOOK_AGAIN", 0.02)
    monkeypatch.setattr(extraction, "GATHER", 0)
    script = by_text({SAID: lambda m: fact(SAID, m, attribute="hobby", value="chess")})
    with serving(script) as model:
        memory = AsyncMemory({"llm": model.config}, folder=tmp_path, embedder=WordEmbedder())
        ann = Ann(memory)
        await memory.add(SAID, user_id="ann")
        await until(lambda: _waiting(memory) == 0)
        context = LLMContext([{"role": "system", "content": "The user is allergic to latex."}])
        async with Call(ann.service(), context=context) as call:
            await call.say("Do I play chess since March?")
        (block,) = blocks(call.shown[0])
        assert str(block["content"]).count("chess") == 1, "a fact and its words take one place"
        await until(lambda: _waiting(memory) == 0)
        assert [row["memory"] for row in await ann.service().get_memories()].count(SAID) == 1
        await memory.close()
    shown = [line["text"] for asked in model.asked for line in lines(asked) if "text" in line]
    assert set(shown) == {SAID, "Do I play chess since March?", "answer 1"}
    assert "latex" not in json.dumps(model.asked)


def _waiting(memory: Any) -> int:
    with memory._engine.store.read() as store:
        return extraction.waiting(store)
