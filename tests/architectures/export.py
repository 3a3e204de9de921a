"""What small models of many architectures compute, in PyTorch and float64.

    cargo xtask fixtures architectures

reads cases.json (architectures by name, with the keys of docs/architecture-keys.md) and writes pytorch.json: for each
case the loss (mean cross-entropy of each token given those before it), the residual stream after every block, and the
gradients of the loss by every weight. Of tensors a summary is kept: see `summary`.

Everything follows from the switches as papers define them; nothing is taken from the plans of outcrop-arch. Weights and
tokens follow from names, see `uniform`, so that no file holds them. A key or word that is not known here is refused.
"""

import json
import math
import pathlib

import numpy as np
import torch
import torch.nn.functional as F

HERE = pathlib.Path(__file__).parent
SEQUENCES = 3
DEFAULTS = {
    "layers": None, "d_model": None, "heads": None, "kv_heads": None, "head_dim": None, "d_ff": None, "vocab": None,
    "context": None, "norm": "layer-norm", "norm_placement": "pre", "norm_eps": 1e-5, "residual": "parallel",
    "position": {"kind": "rotary", "fraction": 0.25, "base": 10000.0}, "attention": "softmax", "sink_logits": False,
    "clipping": {}, "kv_bias": "none", "attention_gate": "none", "attention_gate_init": None, "window": None,
    "unrotated_layers": [], "rotary_pairs": "halves", "rotary_scaling": None, "local_base": None, "embedding_dim": None,
    "embedding_norm": False, "embedding_projection": False, "registers": 0, "unembedding_bias": False, "clip_qkv": None, "scale": {}, "softcap": {}, "alibi": {},
    "qk_norm": False, "activation": "gelu", "tied": False, "bias": True, "experts": None, "init": {"kind": "small-wang"},
}
# Whether the mean is subtracted, whether there is a gain, and a shift. That of SSNorm is one number.
NORMS = {
    "ss-norm": (False, True, False), "dynamic-tanh": (False, True, True),
    "layer-norm": (True, True, True), "rms-norm": (False, True, False), "layer-norm-gain": (True, True, False),
    "layer-norm-plain": (True, False, False), "rms-norm-plain": (False, False, False),
}
# Whether what a sublayer reads is normed, what it writes, the stream after an addition, what the unembedding reads.
PLACEMENTS = {
    "pre": (True, False, False, True), "post": (False, False, True, False), "peri": (True, True, False, True),
    "output": (False, True, False, True),
}
# Whether the MLP reads what attention reads; whether by the same norm.
RESIDUALS = {"parallel": (True, False), "sequential": (False, False), "parallel-shared": (True, True)}
# Of queries and keys: whether the mean is subtracted, whether all heads are normed together, whether each has a gain of
# its own, whether there is a shift. Those in the second list follow the rotation; the last has no gain.
QK_NORMS = {
    True: (False, False, False, False), "width": (False, True, True, False), "layer-norm": (True, False, False, True),
    "layer-norm-heads": (True, False, True, False), "after-rotation": (False, False, False, False),
    "after-rotation-plain": (False, False, False, False),
}
LATE = ["after-rotation", "after-rotation-plain"]
# The function, and whether it is of a gate that multiplies the rest.
ACTIVATIONS = {
    "gelu": (F.gelu, False), "gelu-tanh": (lambda x: F.gelu(x, approximate="tanh"), False), "relu": (F.relu, False),
    "swiglu": (F.silu, True), "silu": (F.silu, False), "geglu": (F.gelu, True), "reglu": (F.relu, True),
    "geglu-tanh": (lambda x: F.gelu(x, approximate="tanh"), True),
    "relu2": (lambda x: F.relu(x).square(), False), "reglu2": (lambda x: F.relu(x).square(), True),
    "quick-gelu": (lambda x: x * torch.sigmoid(1.702 * x), False),
    "quick-geglu": (lambda x: x * torch.sigmoid(1.702 * x), True),
    "xielu": (None, False),  # with learned numbers: `Model.activated`
}
ATTENTIONS = ["softmax", "softmax-one", "clipped-softmax", "softpick", "sigmoid"]
# Of queries, keys and values; of what attention writes; of the MLP.
BIASES = {
    True: (1, 1, 1), False: (0, 0, 0), "qkv": (1, 0, 0), "attention": (1, 1, 0), "mlp": (0, 0, 1), "output": (0, 1, 0),
    "qkv-mlp": (1, 0, 1), "output-mlp": (0, 1, 1),
}


def bits(name, count):
    """24 bits a place: the upper ones of FNV-1a over the name and the place (four bytes, the lowest first), mixed as at
    the end of MurmurHash3, since names and places differ in few bits."""
    prime, value = np.uint64(0x100000001B3), 0xCBF29CE484222325
    for byte in name.encode():
        value = (value ^ byte) * int(prime) % 2**64
    value = np.full(count, value, dtype=np.uint64)
    places = np.arange(count, dtype=np.uint64)
    for byte in range(4):
        value = (value ^ (places >> np.uint64(8 * byte) & np.uint64(255))) * prime
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        value = (value ^ value >> np.uint64(33)) * np.uint64(factor)
    return value >> np.uint64(40)


def uniform(name, count):
    """Numbers from -0.5 to 0.5 that follow from the name."""
    return bits(name, count).astype(np.float64) / 2**24 - 0.5


def f32(x):
    """As float32 has it."""
    return float(np.float32(x))


def summary(tensor):
    """The root of the sum of squares, the sum weighted with uniform numbers, and four of the numbers."""
    x = tensor.detach().flatten()
    weighted = x @ torch.from_numpy(uniform("probe", len(x)))
    some = [x[quarter * len(x) // 4] for quarter in range(4)]
    return [float(f"{float(v):.12g}") for v in [x.square().sum().sqrt(), weighted, *some]]


class Model:
    """An architecture with its weights, as float32 has them."""

    def __init__(self, arch):
        a = self.a = {**DEFAULTS, **arch}
        assert a.keys() == DEFAULTS.keys(), a.keys() - DEFAULTS.keys()
        assert a["attention"] in ATTENTIONS, a["attention"]
        self.d, self.heads = a["d_model"], a["heads"]
        self.kv_heads = a["kv_heads"] or self.heads
        self.d_head = a["head_dim"] or self.d // self.heads
        self.centred, self.gain, self.shift = NORMS[a["norm"]]
        self.normed_input, self.normed_output, self.normed_stream, self.normed_last = PLACEMENTS[a["norm_placement"]]
        self.parallel, self.shared = RESIDUALS[a["residual"]]
        scale = dict(a["scale"])
        self.by_layer = scale.pop("by_layer", False)
        self.scale = {"embedding": 1.0, "attention": 1 / math.sqrt(self.d_head), "residual": 1.0, "logits": 1.0}
        assert scale.keys() <= self.scale.keys() and a["softcap"].keys() <= {"scores", "logits"}
        self.scale.update({name: f32(x) for name, x in scale.items()})
        self.alibi = {"order": "press", "max": 8.0, "scaled": False, "bf16": False}
        assert a["alibi"].keys() <= self.alibi.keys()
        self.alibi.update(a["alibi"])
        self.act, self.gated = ACTIVATIONS[a["activation"]]
        self.w = {}
        self.draw()

    # Weights

    def tensor(self, name, shape, mean, std):
        values = mean + std * math.sqrt(12) * uniform(name, math.prod(shape))
        self.w[name] = torch.from_numpy(values.astype(np.float32)).reshape(shape).double().requires_grad_()

    def matrix(self, name, outputs, inputs, bias=False, writes=False, kind=None):
        """`writes` to the residual stream."""
        match self.a["init"]:
            case {"kind": "normal", "std": std}:
                pass
            case {"kind": "small-wang"}:
                std = 2 / (self.a["layers"] * math.sqrt(self.d)) if writes else math.sqrt(0.4 / self.d)
        kind = kind or ("Embedding" if name.endswith("Embedding") or name == "Registers" else "Matrix")
        self.tensor(f"{name}.{kind}", (outputs, inputs), 0, std)
        if bias:
            self.tensor(f"{name}.Bias", (outputs,), 0, 0.2)

    def norm_vectors(self, name, width):
        """Park et al. 2025, section 3.2; Zhu et al. 2025, section 4."""
        self.vectors(name, 1 if self.a["norm"] == "ss-norm" else width, self.gain, self.shift)
        if self.a["norm"] == "dynamic-tanh":
            self.tensor(f"{name}.Alpha", (1,), 0.5, 0.2)

    def vectors(self, name, width, gain, shift):
        if gain:
            self.tensor(f"{name}.Gain", (width,), 1, 0.2)
        if shift:
            self.tensor(f"{name}.Shift", (width,), 0, 0.2)

    def draw(self):
        a, d = self.a, self.d
        width = a["embedding_dim"] or d
        self.matrix("TokenEmbedding", a["vocab"], width)
        if a["embedding_projection"]:
            # drawn as wide as a rotation is
            self.tensor("EmbeddingProjection.Matrix", (d, d), 0, 1 / math.sqrt(d))
            self.tensor("UnembeddingProjection.Matrix", (d, d), 0, 1 / math.sqrt(d))
        if a["embedding_dim"]:
            self.matrix("EmbeddingProjection", d, width)
            self.matrix("UnembeddingProjection", width, d)
        if a["embedding_norm"]:
            self.norm_vectors("EmbeddingNorm", d)
        if a["position"]["kind"] == "learned":
            self.matrix("PositionEmbedding", a["context"], d)
        if a["registers"]:
            self.matrix("Registers", a["registers"], d)
        for layer in range(1, a["layers"] + 1):
            self.draw_block(f"{layer}.")
        if self.normed_last:
            self.norm_vectors("FinalNorm", d)
        if not a["tied"]:
            self.matrix("Unembedding", a["vocab"], width)
        if a["unembedding_bias"]:
            self.tensor("Unembedding.Bias", (a["vocab"],), 0, 0.2)

    def draw_block(self, block):
        a, d, widths = self.a, self.d, self.heads * self.d_head
        qkv, out, mlp = BIASES[a["bias"]]
        for norm, there in [
            ("AttentionNorm", self.normed_input or self.normed_stream), ("AttentionOutputNorm", self.normed_output),
            ("MlpNorm", self.normed_input and not self.shared or self.normed_stream),
            ("MlpOutputNorm", self.normed_output),
        ]:
            if there:
                self.norm_vectors(block + norm, d)
        self.matrix(block + "Query", widths, d, qkv)
        self.matrix(block + "Key", self.kv_heads * self.d_head, d, qkv)
        self.matrix(block + "Value", self.kv_heads * self.d_head, d, qkv)
        if a["qk_norm"]:
            _, _, each, shift = QK_NORMS[a["qk_norm"]]
            gain = a["qk_norm"] != "after-rotation-plain"
            self.vectors(block + "QueryNorm", widths if each else self.d_head, gain, shift)
            self.vectors(block + "KeyNorm", self.kv_heads * self.d_head if each else self.d_head, gain, shift)
        if a["attention_gate"] != "none":
            bias = a["attention_gate_init"] is not None
            match a["attention_gate"]:
                case "per-head-slice":
                    self.matrix(block + "AttentionGate", self.heads, d // self.heads, bias, kind="Embedding")
                case "per-head":
                    self.matrix(block + "AttentionGate", self.heads, d, bias)
                case "per-element":
                    self.matrix(block + "AttentionGate", widths, d, bias)
        if a["sink_logits"]:
            self.tensor(block + "SinkLogits.Bias", (self.heads,), 0, 0.2)
        # Sun et al. 2024, eq. 3, one of each key-value head
        for name in {"none": [], "key": ["Key"], "key-value": ["Key", "Value"]}[a["kv_bias"]]:
            self.tensor(f"{block}Extra{name}.Bias", (self.kv_heads * self.d_head,), 0, 0.02)
        self.matrix(block + "AttentionOutput", d, widths, out, writes=True)
        if self.experts(int(block[:-1])):
            return self.draw_experts(block, mlp)
        if self.gated:
            self.matrix(block + "MlpGate", a["d_ff"], d, mlp)
        self.matrix(block + "MlpUp", a["d_ff"], d, mlp)
        if a["activation"] == "xielu":
            self.vectors(block + "ActivationPositive", 1, False, True)
            self.vectors(block + "ActivationNegative", 1, False, True)
        self.matrix(block + "MlpDown", d, a["d_ff"], mlp, writes=True)

    def experts(self, layer):
        """Those of a layer, none where its MLP is one."""
        experts = self.a["experts"]
        return experts if experts and layer in experts["layers"] else None

    def draw_experts(self, block, bias):
        """Matrices of experts one below another."""
        experts, d = self.a["experts"], self.d
        assert experts.keys() <= {"count", "chosen", "width", "layers", "normalised", "limit", "shared"}
        count, width, shared = experts["count"], experts["width"], experts.get("shared")
        self.matrix(block + "Router", count, d, bias)
        self.matrix(block + "ExpertGate", count * width, d, bias)
        self.matrix(block + "ExpertUp", count * width, d, bias)
        self.matrix(block + "ExpertDown", count * d, width, bias, writes=True)
        if shared:
            self.matrix(block + "SharedScore", 1, d)
            self.matrix(block + "SharedGate", shared, d, bias)
            self.matrix(block + "SharedUp", shared, d, bias)
            self.matrix(block + "SharedDown", d, shared, bias, writes=True)

    # What is computed

    def linear(self, x, name):
        return F.linear(x, self.w[f"{name}.Matrix"], self.w.get(f"{name}.Bias"))

    def norm(self, x, name):
        x = self.tanh(x, name) if self.a["norm"] == "dynamic-tanh" else self.normed(x, self.centred)
        return x * self.w.get(f"{name}.Gain", 1.0) + self.w.get(f"{name}.Shift", 0.0)

    def tanh(self, x, name):
        return torch.tanh(self.w[f"{name}.Alpha"] * x)

    def normed(self, x, centred):
        if centred:
            x = x - x.mean(-1, keepdim=True)
        return x / (x.square().mean(-1, keepdim=True) + f32(self.a["norm_eps"])).sqrt()

    def norm_heads(self, x, name):
        """Of queries or keys [sequences, heads, positions, d_head]."""
        centred, together, each, _ = QK_NORMS[self.a["qk_norm"]]
        if together:
            x = self.normed(x.transpose(1, 2).flatten(2), centred).unflatten(-1, (-1, self.d_head)).transpose(1, 2)
        else:
            x = self.normed(x, centred)
        gain = self.w.get(f"{name}.Gain", torch.ones(self.d_head, dtype=torch.float64))
        return x * (gain.view(-1, 1, self.d_head) if each else gain) + self.w.get(f"{name}.Shift", 0.0)

    def capped(self, x, what):
        """Gemma Team 2024."""
        cap = self.a["softcap"].get(what)
        return x if cap is None else f32(cap) * torch.tanh(x / f32(cap))

    def powers(self, dims, base):
        """base^(2i / dims)."""
        base = torch.tensor(base, dtype=torch.float32).double()
        exponents = torch.arange(0, dims, 2, dtype=torch.float32) / dims
        return (base ** exponents.double()).float()

    def frequencies(self, dims, tokens, windowed):
        """Of each pair, and by what cosines and sines are multiplied."""
        base, scaling = self.a["position"]["base"], self.a["rotary_scaling"]
        if windowed and self.a["local_base"]:
            base, scaling = self.a["local_base"], None
        plain = 1 / self.powers(dims, base)
        match scaling:
            case None:
                return plain, 1.0
            case {"kind": "linear", "factor": factor}:
                return plain / factor, 1.0
            case {"kind": "dynamic", "factor": factor, "original_context": known}:
                # bloc97, emozilla 2023
                grown = torch.tensor(factor, dtype=torch.float32) * max(tokens, known) / known - (factor - 1)
                grown = float((grown.double() ** f32(dims / (dims - 2))).float() * base)
                return 1 / self.powers(dims, grown), 1.0
            case {"kind": "long-rope", "original_context": known} as scaling:
                # Ding et al. 2024, eq. 3
                factors = scaling["long_factors" if tokens > known else "short_factors"]
                return 1 / (torch.tensor(factors) * self.powers(dims, base)), scaling["attention_factor"]
            case {"kind": "yarn", "factor": factor, "original_context": known} as scaling:
                # Peng et al. 2023, with the ramp over pairs as in the authors' code: github.com/jquesnelle/yarn
                pair = lambda turns: dims * math.log(known / (turns * 2 * math.pi)) / (2 * math.log(base))
                first, last = pair(scaling["beta_fast"]), pair(scaling["beta_slow"])
                if scaling["truncate"]:
                    first, last = math.floor(first), math.ceil(last)
                first, last = max(first, 0), min(last, dims - 1)
                stretched = ((torch.arange(dims // 2) - first) / (last - first)).clamp(0, 1)
                kept = 1 - stretched
                long = 1 / (factor * self.powers(dims, base))
                return long * (1 - kept) + plain * kept, scaling["attention_factor"]
            case {"kind": "llama3", "factor": factor, "original_context": known} as scaling:
                # github.com/meta-llama/llama-models, models/llama3/model.py
                low, high = scaling["low_frequency_factor"], scaling["high_frequency_factor"]
                turns = known / (2 * math.pi / plain)
                kept = ((turns - low) / (high - low)).clamp(0, 1)
                return (1 - kept) * plain / factor + kept * plain, 1.0

    def rotate(self, x, windowed):
        """Channel i of a head turns with channel i + dims / 2, or channels 2i and 2i + 1. Rounded to float32 as models
        of float32 have it: frequencies, angles, cosines and sines."""
        dims = int(self.d_head * self.a["position"]["fraction"]) // 2 * 2
        frequencies, scale = self.frequencies(dims, x.shape[-2], windowed)
        places = torch.arange(x.shape[-2], dtype=torch.float32)
        angles = torch.outer(places, frequencies).double()
        cos, sin = ((f(angles).float() * scale).double() for f in (torch.cos, torch.sin))
        neighbours = self.a["rotary_pairs"] == "neighbours"
        pairs = (dims // 2, 2) if neighbours else (2, dims // 2)
        which = -1 if neighbours else -2
        first, second = x[..., :dims].unflatten(-1, pairs).unbind(which)
        if self.a["rotary_pairs"] == "halves-back":
            sin = -sin
        turned = torch.stack([first * cos - second * sin, second * cos + first * sin], which).flatten(-2)
        return torch.cat([turned, x[..., dims:]], -1)

    def slopes(self):
        """As in the authors' code: github.com/ofirpress/attention_with_linear_biases, where the last slope is 2^-8; or
        as in that of MPT: github.com/mosaicml/llm-foundry."""

        def power_of_2(n):
            start = 2 ** (-self.alibi["max"] / n)
            return [start * start**i for i in range(n)]

        n = self.heads
        if self.alibi["order"] == "mpt":
            slopes = power_of_2(2 ** math.ceil(math.log2(n)))
            return slopes if len(slopes) == n else (slopes[1::2] + slopes[::2])[:n]
        assert self.alibi["order"] == "press", self.alibi
        if math.log2(n).is_integer():
            return power_of_2(n)
        closest = 2 ** math.floor(math.log2(n))
        return power_of_2(closest) + power_of_2(2 * closest)[0::2][: n - closest]

    def attention(self, x, block, layer):
        split = lambda name: self.linear(x, block + name).unflatten(-1, (-1, self.d_head)).transpose(1, 2)
        query, key, value = split("Query"), split("Key"), split("Value")
        normed = self.a["qk_norm"]
        if normed and normed not in LATE:
            query, key = self.norm_heads(query, block + "QueryNorm"), self.norm_heads(key, block + "KeyNorm")
        if self.a["clip_qkv"]:
            limit = f32(self.a["clip_qkv"])
            query, key, value = (x.clamp(-limit, limit) for x in (query, key, value))
        window = self.a["window"]
        windowed = bool(window) and layer in window["layers"]
        distance = torch.arange(x.shape[1])[:, None] - torch.arange(x.shape[1])
        bias = torch.zeros(self.heads, 1, 1, dtype=torch.float64)
        match self.a["position"]["kind"]:
            case "rotary" if layer in self.a["unrotated_layers"]:
                pass
            case "rotary":
                query, key = self.rotate(query, windowed), self.rotate(key, windowed)
            case "alibi":
                # float32 has the slopes rounded
                slopes = torch.tensor(self.slopes(), dtype=torch.float32)[:, None, None]
                bias = -slopes.double() * distance
                if self.alibi["bf16"]:
                    # as in the code of Falcon, by the key's place: the softmax forgets what all keys of a query get
                    bias = (slopes.bfloat16() * torch.arange(x.shape[1]).bfloat16()).double()
                if self.alibi["scaled"]:
                    bias = bias * self.scale["attention"]
            case kind:
                assert kind in ("learned", "none"), kind
        if normed in LATE:
            query, key = self.norm_heads(query, block + "QueryNorm"), self.norm_heads(key, block + "KeyNorm")
        key, value = (x.repeat_interleave(self.heads // self.kv_heads, 1) for x in (key, value))
        factor = self.scale["attention"] / (layer if self.by_layer else 1)
        scores = self.capped(query @ key.transpose(-1, -2) * factor, "scores") + bias
        seen = distance >= 0
        if windowed:
            seen &= distance < window["width"]
        scores = scores.masked_fill(~seen, -math.inf)
        if self.a["kv_bias"] != "none":
            # the query as it is multiplied with other keys; no position code, no mask, no linear bias
            by_head = lambda name: self.w[f"{block}Extra{name}.Bias"].view(self.kv_heads, 1, self.d_head)
            own, value_of_own = by_head("Key").repeat_interleave(self.heads // self.kv_heads, 0), 0 * value[:, :, :1]
            scores = torch.cat([scores, self.capped(query @ own.transpose(-1, -2) * factor, "scores")], -1)
            if self.a["kv_bias"] == "key-value":
                value_of_own = value_of_own + by_head("Value").repeat_interleave(self.heads // self.kv_heads, 0)
            value = torch.cat([value, value_of_own], 2)
        mixed = (self.weights(scores, block) @ value).transpose(1, 2)
        if self.a["attention_gate"] != "none":
            gates = torch.sigmoid(self.gate_logits(x, block + "AttentionGate"))
            mixed = mixed * gates.unflatten(-1, (self.heads, -1))
        return self.linear(mixed.flatten(2), block + "AttentionOutput")

    def gate_logits(self, x, name):
        if self.a["attention_gate"] != "per-head-slice":
            # Qiu et al. 2025, eq. 5
            return self.linear(x, name)
        # Bondarenko et al. 2023, section 4.2: the linear layer of a head reads its slice of the input
        slices = x.unflatten(-1, (self.heads, -1))
        return torch.einsum("bthc,hc->bth", slices, self.w[f"{name}.Embedding"]) + self.w.get(f"{name}.Bias", 0.0)

    def weights(self, scores, block):
        """Of keys, from scores [sequences, heads, queries, keys], minus infinity where a key is not seen."""
        if self.a["attention"] == "softmax-one":
            # Miller 2023: as if there were one more score, which is 0
            most = scores.amax(-1, keepdim=True).clamp(min=0)
            exp = (scores - most).exp()
            return exp / ((-most).exp() + exp.sum(-1, keepdim=True))
        if self.a["sink_logits"]:
            # github.com/openai/gpt-oss, gpt_oss/torch/model.py
            sinks = self.w[block + "SinkLogits.Bias"].view(1, -1, 1, 1).expand(*scores.shape[:3], 1)
            return torch.cat([scores, sinks], -1).softmax(-1)[..., :-1]
        if self.a["attention"] == "clipped-softmax":
            # Bondarenko et al. 2023, eq. 4
            numbers = {"eta": 1.0, "alpha": 4.0, **self.a["clipping"]}
            eta, gamma = f32(numbers["eta"]), f32(-numbers["alpha"] / self.a["context"])
            return ((eta - gamma) * scores.softmax(-1) + gamma).clamp(0, 1)
        if self.a["attention"] == "softpick":
            # Zuhri et al. 2025, eq. 3: github.com/zaydzuhri/softpick-attention
            x = torch.expm1(scores)
            return F.relu(x) / (torch.where(scores.isfinite(), x.abs(), 0).sum(-1, keepdim=True) + 1e-8)
        if self.a["attention"] == "sigmoid":
            return torch.sigmoid(scores)
        return scores.softmax(-1)

    def activated(self, x, block):
        if self.a["activation"] != "xielu":
            return self.act(x)
        # Huang and Schlag 2024, eq. 13
        a, b = (F.softplus(self.w[f"{block}Activation{which}.Shift"]) for which in ("Positive", "Negative"))
        return torch.where(x > 0, a * x.square(), (0.5 + b) * (torch.expm1(x.clamp(max=0)) - x)) + 0.5 * x

    def mixture(self, x, block):
        """Shazeer et al. 2017, eq. 1 to 4 without noise, softmax before the choice; every expert computes every row."""
        experts, d = self.a["experts"], self.d
        count, width = experts["count"], experts["width"]
        p = self.linear(x, block + "Router").softmax(-1)
        factors = p * F.one_hot(p.topk(experts["chosen"], -1).indices, count).sum(-2)
        if experts.get("normalised"):
            factors = factors / factors.sum(-1, keepdim=True)
        gate = self.linear(x, block + "ExpertGate").unflatten(-1, (count, width))
        up = self.linear(x, block + "ExpertUp").unflatten(-1, (count, width))
        down = self.w[f"{block}ExpertDown.Matrix"].view(count, d, width)
        bias = self.w.get(f"{block}ExpertDown.Bias", torch.zeros(count * d, dtype=torch.float64)).view(count, d)
        written = torch.einsum("btew,edw->bted", self.gated_by(gate, up), down) + bias
        y = (factors[..., None] * written).sum(-2)
        if experts.get("shared"):
            # Qwen Team 2024, transformers' Qwen2MoeSparseMoeBlock
            hidden = self.gated_by(self.linear(x, block + "SharedGate"), self.linear(x, block + "SharedUp"))
            score = torch.sigmoid(self.linear(x, block + "SharedScore"))
            y = y + score * self.linear(hidden, block + "SharedDown")
        return y

    def gated_by(self, gate, up):
        limit = self.a["experts"].get("limit")
        if limit is None:
            return self.act(gate) * up
        # github.com/openai/gpt-oss, gpt_oss/torch/model.py
        return self.act(gate.clamp(max=f32(limit))) * (1 + up.clamp(-f32(limit), f32(limit)))

    def mlp(self, x, block):
        if self.experts(int(block[:-1])):
            return self.mixture(x, block)
        up = self.linear(x, block + "MlpUp")
        h = self.act(self.linear(x, block + "MlpGate")) * up if self.gated else self.activated(up, block)
        return self.linear(h, block + "MlpDown")

    def block(self, x, layer):
        block = f"{layer}."
        norm = lambda there, x, name: self.norm(x, block + name) if there else x
        attended = self.attention(norm(self.normed_input, x, "AttentionNorm"), block, layer)
        factor = self.scale["residual"]
        attended = x + factor * norm(self.normed_output, attended, "AttentionOutputNorm")
        attended = norm(self.normed_stream, attended, "AttentionNorm")
        given = x if self.parallel else attended
        written = self.mlp(norm(self.normed_input, given, "AttentionNorm" if self.shared else "MlpNorm"), block)
        y = attended + factor * norm(self.normed_output, written, "MlpOutputNorm")
        return norm(self.normed_stream, y, "MlpNorm")

    def states(self, ids):
        """The residual stream before the first block and after each."""
        x = self.w["TokenEmbedding.Embedding"][ids] * self.scale["embedding"]
        if self.a["embedding_dim"] or self.a["embedding_projection"]:
            x = self.linear(x, "EmbeddingProjection")
        if self.a["position"]["kind"] == "learned":
            x = x + self.w["PositionEmbedding.Embedding"]
        if self.a["registers"]:
            # Darcet et al. 2024, section 2.2: behind the positional embedding
            registers = self.w["Registers.Embedding"].expand(len(x), -1, -1)
            x = torch.cat([registers, x], 1)
        if self.a["embedding_norm"]:
            x = self.norm(x, "EmbeddingNorm")
        states = [x]
        for layer in range(1, self.a["layers"] + 1):
            states.append(self.block(states[-1], layer))
        return states

    def logits(self, x):
        x = self.norm(x, "FinalNorm") if self.normed_last else x
        if self.a["embedding_dim"] or self.a["embedding_projection"]:
            x = self.linear(x, "UnembeddingProjection")
        matrix = self.w["TokenEmbedding.Embedding" if self.a["tied"] else "Unembedding.Matrix"]
        return self.capped(F.linear(x, matrix, self.w.get("Unembedding.Bias")) * self.scale["logits"], "logits")


def computed(arch):
    model = Model(arch)
    count = SEQUENCES * (arch["context"] + 1)
    tokens = torch.from_numpy((bits("tokens", count) % np.uint64(arch["vocab"])).astype(np.int64))
    tokens = tokens.reshape(SEQUENCES, arch["context"] + 1)
    states = model.states(tokens[:, :-1])
    kept = states[-1][:, arch.get("registers", 0) :]
    loss = F.cross_entropy(model.logits(kept).flatten(0, 1), tokens[:, 1:].flatten())
    loss.backward()
    return {
        "loss": loss.item(),
        "hidden": [summary(state) for state in states[1:]],
        "gradients": {name: summary(weight.grad) for name, weight in sorted(model.w.items())},
    }


def main():
    cases = json.loads((HERE / "cases.json").read_text()).items()
    text = json.dumps({name: computed(arch) for name, arch in cases})
    # a line a tensor
    text = text.replace("], ", "],\n").replace("{", "{\n").replace("}, ", "},\n")
    (HERE / "pytorch.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
