"""A model in a folder of this machine."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from toldonce.embedders.minilm import FOLDER, MiniLM
from toldonce.embedders.onnx import OnnxEmbedder
from toldonce.errors import InvalidConfig

TABLE = np.array([[1, 0, 0], [0, 2, 0], [0, 0, 4], [3, 0, 4]], np.float32)
"""The vectors of [UNK], tea, with and milk."""


def tiny(folder: Path) -> Path:
    """A model as exporters write it: vectors of tokens, looked up in a table."""
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(_model())
    words = Tokenizer(WordLevel({"[UNK]": 0, "tea": 1, "with": 2, "milk": 3}, unk_token="[UNK]"))
    words.pre_tokenizer = Whitespace()
    words.save(str(folder / "tokenizer.json"))
    return folder


def test_token_vectors_are_averaged(tmp_path: Path) -> None:
    embedder = OnnxEmbedder(tiny(tmp_path / "model"))
    assert embedder.dimensions == 3
    for vector, mean in zip(
        embedder.embed_documents(["tea", "tea milk", "with milk coffee"]),
        (TABLE[1], TABLE[[1, 3]].mean(0), TABLE[[2, 3, 0]].mean(0)),
        strict=True,
    ):
        np.testing.assert_allclose(vector, mean / np.linalg.norm(mean), atol=1e-6)


def test_a_folder_as_published_is_read(tmp_path: Path) -> None:
    folder = tiny(tmp_path / "model")
    (folder / "onnx").mkdir()
    (folder / "model.onnx").rename(folder / "onnx" / "model.onnx")
    (folder / "sentence_bert_config.json").write_text('{"max_seq_length": 2}')
    embedder = OnnxEmbedder(folder)
    assert embedder.fingerprint.endswith("/mean/2")
    np.testing.assert_array_equal(*embedder.embed_queries(["tea milk", "tea milk with"]))


def test_the_bundled_model_is_a_folder_like_any_other(tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path / "copy")
    text = ["My sister lives in Lisbon."]
    copy = OnnxEmbedder(tmp_path / "copy", max_tokens=256)
    np.testing.assert_array_equal(copy.embed_documents(text), MiniLM().embed_documents(text))


def test_parts_follow_one_another_and_count_in_the_fingerprint(tmp_path: Path) -> None:
    """The bundled model is cut in two; without its second half it gives other vectors, and says so."""
    shutil.copytree(FOLDER, tmp_path / "half")
    (tmp_path / "half" / "model.2.onnx").unlink()
    half, whole = OnnxEmbedder(tmp_path / "half"), OnnxEmbedder(FOLDER)
    assert half.fingerprint != whole.fingerprint
    (one,), (other,) = half.embed_documents(["My sister"]), whole.embed_documents(["My sister"])
    assert abs(one @ other) < 0.5


def test_the_fingerprint_follows_the_files_and_not_their_place(tmp_path: Path) -> None:
    one, other = tiny(tmp_path / "one"), tiny(tmp_path / "other")
    before = OnnxEmbedder(one).fingerprint
    assert OnnxEmbedder(other).fingerprint == before
    content = json.loads((other / "tokenizer.json").read_text())
    content["model"]["vocab"] = {"[UNK]": 0, "tea": 2, "with": 1, "milk": 3}
    (other / "tokenizer.json").write_text(json.dumps(content))
    assert OnnxEmbedder(other).fingerprint != before


def test_a_folder_that_holds_no_such_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfig, match=r"model\.onnx"):
        OnnxEmbedder(tmp_path)
    folder = tiny(tmp_path / "model")
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text('{"pooling_mode_cls_token": true}')
    with pytest.raises(InvalidConfig, match="mean"):
        OnnxEmbedder(folder)


def _model() -> bytes:
    """``last_hidden_state = Gather(table, input_ids)``, in ONNX's protocol buffers."""
    table = b"".join((_number(1, 4), _number(1, 3), _number(2, 1), _part(8, b"table"), _part(9, TABLE.tobytes())))
    node = b"".join((_part(1, b"table"), _part(1, b"input_ids"), _part(2, b"last_hidden_state"), _part(4, b"Gather")))
    inputs = [_part(11, _value(name, 7, (b"batch", b"length"))) for name in (b"input_ids", b"attention_mask")]
    output = _part(12, _value(b"last_hidden_state", 1, (b"batch", b"length", b"width")))
    graph = b"".join((_part(1, node), _part(2, b"tiny"), _part(5, table), *inputs, output))
    return _number(1, 8) + _part(7, graph) + _part(8, _number(2, 13))


def _value(name: bytes, kind: int, axes: tuple[bytes, ...]) -> bytes:
    shape = b"".join(_part(1, _part(2, axis)) for axis in axes)
    return _part(1, name) + _part(2, _part(1, _number(1, kind) + _part(2, shape)))


def _part(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 127:
        encoded.append(value & 127 | 128)
        value >>= 7
    return bytes([*encoded, value])
