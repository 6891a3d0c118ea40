from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import cast

import numpy as np
import onnxruntime
import pytest

from toldonce.embedders import Embedder, Vectors
from toldonce.embedders.minilm import DIMENSIONS, FOLDER, MAX_TOKENS, MiniLM
from toldonce.embedders.onnx import CHARACTERS_A_TOKEN
from toldonce.errors import InvalidConfig

HERE = Path(__file__).parent
SENTENCES = cast("list[str]", json.loads((HERE / "sentences.json").read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def minilm() -> MiniLM:
    return MiniLM()


@pytest.fixture(scope="module")
def exact() -> Vectors:
    """What the unquantised network gives to SENTENCES, written by tools/build_minilm.py."""
    with np.load(HERE / "reference.npz") as reference:
        return cast("Vectors", reference["vectors"])


@pytest.fixture(scope="module")
def vectors(minilm: MiniLM) -> Vectors:
    return minilm.embed_documents(SENTENCES)


def test_is_an_embedder(minilm: MiniLM) -> None:
    embedder: Embedder = minilm
    assert embedder.dimensions == 384


def test_the_reference_has_enough_sentences(exact: Vectors) -> None:
    assert len(SENTENCES) >= 40
    assert exact.shape == (len(SENTENCES), DIMENSIONS)


@pytest.mark.parametrize("number", range(len(SENTENCES)), ids=[sentence[:30] for sentence in SENTENCES])
def test_quantising_costs_little(number: int, vectors: Vectors, exact: Vectors) -> None:
    assert vectors[number] @ exact[number] >= 0.98


def test_quantising_costs_less_on_average(vectors: Vectors, exact: Vectors) -> None:
    assert (vectors * exact).sum(axis=1).mean() >= 0.995


def test_rows_are_float32_of_length_one(vectors: Vectors) -> None:
    assert vectors.dtype == np.float32
    assert vectors.shape == (len(SENTENCES), DIMENSIONS)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_a_text_alone_and_beside_others_is_the_same(minilm: MiniLM, vectors: Vectors) -> None:
    for sentence, vector in zip(SENTENCES, vectors, strict=True):
        np.testing.assert_array_equal(minilm.embed_queries([sentence])[0], vector)


def test_what_belongs_together_is_closest(minilm: MiniLM) -> None:
    questions = ["What is my dog called?", "What am I allergic to?", "What time does my plane leave?"]
    memories = [
        "We adopted a greyhound, her name is Biscuit.",
        "Penicillin gives me a rash.",
        "The flight goes at 06:45 from gate B17.",
    ]
    likeness = minilm.embed_queries(questions) @ minilm.embed_documents(memories).T
    assert likeness.argmax(axis=1).tolist() == [0, 1, 2]


def test_no_texts_give_no_rows(minilm: MiniLM) -> None:
    assert minilm.embed_queries([]).shape == (0, DIMENSIONS)
    assert minilm.embed_documents(()).shape == (0, DIMENSIONS)


@pytest.mark.parametrize("text", ["", " \n\t", "\x00", "\ud83d cut in half", "🙂", "日本語", "a" * 1000])
def test_odd_texts_have_vectors(minilm: MiniLM, text: str) -> None:
    vector = minilm.embed_queries([text])[0]
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def test_a_long_text_counts_up_to_256_tokens(minilm: MiniLM) -> None:
    words = [
        f"{colour} {animal}" for colour in ("red", "blue", "old", "wet") for animal in ("dog", "cat", "owl", "bee")
    ]
    long = " ".join(words * 400)
    assert len(long.split()) > 10_000
    # 256 tokens are [CLS], 254 words and [SEP]: every word above is one token.
    first = " ".join(long.split()[:254])
    fewer = " ".join(long.split()[:253])
    cut, exactly, short = minilm.embed_documents([long, first, fewer])
    np.testing.assert_array_equal(cut, exactly)
    assert not np.array_equal(cut, short)


def test_no_prose_is_lost_to_the_limit_on_characters(minilm: MiniLM) -> None:
    word = "antidisestablishmentarianism, "
    read = CHARACTERS_A_TOKEN * MAX_TOKENS
    long = word * (2 * read // len(word))
    np.testing.assert_array_equal(*minilm.embed_documents([long, long[:read]]))


def test_threads_share_one_model_and_agree(vectors: Vectors) -> None:
    fresh, start = MiniLM(), Barrier(8)

    def embed(_: int) -> Vectors:
        start.wait()
        return fresh.embed_documents(SENTENCES)

    with ThreadPoolExecutor(8) as threads:
        for result in threads.map(embed, range(8)):
            np.testing.assert_array_equal(result, vectors)


def test_importing_loads_nothing_heavy() -> None:
    script = """
import sys
from toldonce.embedders.minilm import MiniLM
minilm = MiniLM()
minilm.dimensions, minilm.fingerprint
heavy = {"onnxruntime", "tokenizers"}
assert not heavy & set(sys.modules), "too early"
minilm.load()
assert heavy <= set(sys.modules), "load() loaded nothing"
minilm.embed_queries(["x"])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_half_a_model_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(FOLDER, tmp_path / "model")
    (tmp_path / "model" / "model.2.onnx").unlink()
    monkeypatch.setattr("toldonce.embedders.minilm.FOLDER", tmp_path / "model")
    with pytest.raises(InvalidConfig, match="Install Toldonce again"):
        MiniLM()


def test_the_fingerprint_names_the_files(minilm: MiniLM) -> None:
    parts = [onnxruntime.InferenceSession(FOLDER / name).get_modelmeta() for name in ("model.1.onnx", "model.2.onnx")]
    (network,) = {part.custom_metadata_map["sha256 of the whole"] for part in parts}
    tokenizer = hashlib.sha256((FOLDER / "tokenizer.json").read_bytes()).hexdigest()
    assert {f"model-{network[:12]}", f"tokenizer-{tokenizer[:12]}"} < set(minilm.fingerprint.split("/"))


def test_the_licence_and_the_card_lie_beside_the_model() -> None:
    assert "Apache License" in (FOLDER / "LICENSE").read_text(encoding="utf-8")
    assert "sentence-transformers/all-MiniLM-L6-v2" in (FOLDER / "MODEL_CARD.md").read_text(encoding="utf-8")
