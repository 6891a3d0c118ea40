"""What users get for their own tests behaves as the real thing does."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import toldonce.testing
from toldonce.embedders import Embedder
from toldonce.errors import Closed, InvalidMessage
from toldonce.testing import AsyncTemporaryMemory, TemporaryMemory, WordEmbedder

ANN = {"user_id": "ann"}


def test_the_example_in_its_docstring_runs() -> None:
    documented = (toldonce.testing.__doc__ or "").split("\n\n")
    (example,) = ("\n\n".join(documented[n : n + 2]) for n, part in enumerate(documented) if "from toldonce" in part)
    names: dict[str, object] = {}
    exec("\n".join(line.removeprefix("    ") for line in example.splitlines()), names)
    test = names["test_the_agent_knows_the_allergy"]
    assert callable(test)
    test()


def test_nothing_is_shared_and_nothing_is_left() -> None:
    with TemporaryMemory() as one, TemporaryMemory() as other:
        folder = one.folder
        assert isinstance(folder, Path)
        one.add("I keep bees behind the shed.", user_id="ann")
        assert [found["memory"] for found in one.search("bees", filters=ANN)["results"]] == [
            "I keep bees behind the shed."
        ]
        assert other.get_all(filters=ANN)["results"] == []
        assert any(folder.iterdir())
    assert not folder.exists()
    with pytest.raises(Closed):
        one.search("bees", filters=ANN)
    one.close()


def test_the_async_one_is_the_same() -> None:
    async def run() -> Path:
        async with AsyncTemporaryMemory() as memory:
            folder = memory.folder
            assert isinstance(folder, Path)
            await memory.add("I keep bees behind the shed.", user_id="ann")
            found = await memory.search("bees", filters=ANN)
            assert [row["memory"] for row in found["results"]] == ["I keep bees behind the shed."]
            with pytest.raises(InvalidMessage):
                await memory.add([{"role": "user", "content": 7}], user_id="ann")
        return folder

    assert not asyncio.run(run()).exists()


def test_an_embedder_that_cannot_be_used_leaves_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with TemporaryMemory():
        assert len(list(tmp_path.iterdir())) == 1

    class Broken(WordEmbedder):
        @property
        def fingerprint(self) -> str:
            raise OSError("no such model")

    with pytest.raises(OSError, match="no such model"):
        TemporaryMemory(embedder=Broken())
    assert list(tmp_path.iterdir()) == []


def test_the_embedder_knows_words_and_nothing_else() -> None:
    embedder: Embedder = WordEmbedder()
    asked = embedder.embed_queries(["Where are my bees?"])[0]
    close, far = embedder.embed_documents(["My BEES are behind the shed", "I moved to Oslo"])
    assert asked @ close > 0.4
    assert abs(asked @ far) < 0.3
    odd = embedder.embed_documents(["", "?!", "\ud83d", "🙂", "a" * 10_000])
    np.testing.assert_allclose(np.linalg.norm(odd, axis=1), 1, atol=1e-5)
    assert embedder.embed_documents([]).shape == (0, 256)
    with pytest.raises(ValueError, match="dimensions"):
        WordEmbedder(0)


def test_the_embedder_is_the_same_in_every_process() -> None:
    script = (
        "from toldonce.testing import WordEmbedder; print(WordEmbedder(8).embed_queries(['tea with milk']).tolist())"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(WordEmbedder(8).embed_queries(["tea with milk"]).tolist())
