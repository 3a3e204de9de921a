"""A GPT-NeoX with one other switch, and a Llama block, in eager PyTorch: the variants of `cargo xtask bench switches`.

Attention is SDPA where that can say the formula, else scores, weights and their product with the values.
"""
import math

import torch
import torch.nn.functional as F
from torch import nn

EXTRA = 0.02  # of a learned key or value


class Switched:
    """Sizes, and what a variant changes."""

    def __init__(self, layers, d, heads, context, vocab, variant):
        self.layers, self.d, self.heads, self.context, self.vocab = layers, d, heads, context, vocab
        self.variant, self.d_head = variant, d // heads
        self.leading = 1 if variant == "sink-token" else 0
        positions = torch.arange(context + self.leading)
        rotary = self.d_head if variant == "llama" else self.d_head // 4
        angles = torch.outer(positions, 10000.0 ** -(torch.arange(0, rotary, 2) / rotary))
        self.rotary, self.cos, self.sin = rotary, angles.cos(), angles.sin()
        self.seen = (positions[:, None] >= positions).float()
        self.mask = torch.zeros(len(positions), len(positions)).masked_fill(self.seen == 0, -math.inf)
        self.window = self.mask.masked_fill(positions[:, None] - positions >= context // 2, -math.inf)
        slopes = 2.0 ** (-8.0 * torch.arange(1, heads + 1) / heads)
        self.alibi = self.mask + slopes[:, None, None] * (positions - positions[:, None])

    def rotate(self, x):
        half = self.rotary // 2
        first, second, rest = x.split([half, half, self.d_head - self.rotary], -1)
        return torch.cat([first * self.cos - second * self.sin, second * self.cos + first * self.sin, rest], -1)

    def weights(self, scores, sink):
        """[..., query, key] from scores of which those of later keys are -inf."""
        if self.variant in ("softmax-one", "sink-logits"):
            zero = torch.zeros(self.heads) if sink is None else sink
            zero = zero[:, None, None].expand(*scores.shape[:-1], 1)
            return torch.softmax(torch.cat([scores, zero], -1), -1)[..., :-1]
        if self.variant == "clipped-softmax":
            return torch.clamp((1 + 4 / self.context) * torch.softmax(scores, -1) - 4 / self.context, 0, 1) * self.seen
        if self.variant == "softpick":
            most = scores.amax(-1, keepdim=True).clamp(min=0)
            shifted = (torch.exp(scores - most) - torch.exp(-most)) * self.seen
            return F.relu(shifted) / (shifted.abs().sum(-1, keepdim=True) + 1e-8 * torch.exp(-most))
        if self.variant == "sigmoid":
            return torch.sigmoid(scores)
        if self.variant == "softcap":
            capped = 50 * torch.tanh((scores.masked_fill(self.seen == 0, 0)) / 50)
            return torch.softmax(capped + self.mask, -1)
        raise SystemExit(f"no variant `{self.variant}`")

    def attend(self, query, key, value, sink, extra):
        """What heads read: [batch, head, position, channel]."""
        sdpa = F.scaled_dot_product_attention
        if self.variant in ("key", "key-value"):
            rows = [x.view(self.heads, 1, -1).expand(len(query), -1, -1, -1) for x in extra]
            mask = F.pad(self.mask, (0, 1))
            return sdpa(query, torch.cat([key, rows[0]], 2), torch.cat([value, rows[1]], 2), attn_mask=mask)
        if self.variant == "window":
            return sdpa(query, key, value, attn_mask=self.window)
        if self.variant == "alibi":
            return sdpa(query, key, value, attn_mask=self.alibi)
        if self.variant in ("neox", "gate-element", "gate-head", "gate-head-slice", "qk-norm", "sink-token", "llama"):
            return sdpa(query, key, value, is_causal=True)
        scores = query @ key.transpose(-1, -2) / math.sqrt(self.d_head) + self.mask
        return self.weights(scores, sink) @ value


class Attention(nn.Module):
    def __init__(self, to):
        super().__init__()
        self.switched = to
        self.query_key_value = nn.Linear(to.d, 3 * to.d)
        self.dense = nn.Linear(to.d, to.d)
        self.sink_logits = nn.Parameter(torch.zeros(to.heads)) if to.variant == "sink-logits" else None
        keys = to.variant in ("key", "key-value")
        self.extra_key = nn.Parameter(EXTRA * torch.randn(to.d)) if keys else None
        self.extra_value = nn.Parameter(EXTRA * torch.randn(to.d)) if to.variant == "key-value" else None
        gates = {"gate-element": [to.d, to.d], "gate-head": [to.d, to.heads], "gate-head-slice": [to.d_head, to.heads]}
        gate = gates.get(to.variant)
        self.gate = nn.Linear(*gate, bias=False) if gate else None
        self.norms = nn.ModuleList(nn.RMSNorm(to.d_head, eps=1e-5) for _ in range(2 * (to.variant == "qk-norm")))

    def forward(self, x):
        to, (batch, positions, _) = self.switched, x.shape
        qkv = self.query_key_value(x).view(batch, positions, to.heads, 3, to.d_head).permute(3, 0, 2, 1, 4)
        qk = torch.stack([norm(part) for norm, part in zip(self.norms, qkv)]) if self.norms else qkv[:2]
        query, key = qk if to.variant == "alibi" else to.rotate(qk)
        none = torch.zeros(to.d) if self.extra_value is None else self.extra_value
        read = to.attend(query, key, qkv[2], self.sink_logits, (self.extra_key, none))
        read = read.transpose(1, 2)
        if self.gate is not None:
            slices = x.view(batch, positions, to.heads, -1)
            own = lambda: torch.einsum("bthc,hc->bth", slices, self.gate.weight)
            gates = own() if to.variant == "gate-head-slice" else self.gate(x)
            read = read * torch.sigmoid(gates).view(batch, positions, to.heads, -1)
        return self.dense(read.reshape(batch, positions, to.d))


class Block(nn.Module):
    def __init__(self, to):
        super().__init__()
        self.input_layernorm, self.post_attention_layernorm = nn.LayerNorm(to.d), nn.LayerNorm(to.d)
        self.attention = Attention(to)
        self.mlp = nn.ModuleDict({"dense_h_to_4h": nn.Linear(to.d, 4 * to.d), "dense_4h_to_h": nn.Linear(4 * to.d, to.d)})

    def forward(self, x):
        hidden = self.mlp["dense_h_to_4h"](self.post_attention_layernorm(x))
        return x + self.attention(self.input_layernorm(x)) + self.mlp["dense_4h_to_h"](F.gelu(hidden))


class LlamaAttention(nn.Module):
    def __init__(self, to):
        super().__init__()
        self.switched, self.kv = to, to.d // 2
        self.q_proj, self.o_proj = (nn.Linear(to.d, to.d, bias=False) for _ in range(2))
        self.k_proj, self.v_proj = (nn.Linear(to.d, self.kv, bias=False) for _ in range(2))

    def forward(self, x):
        to = self.switched
        heads = lambda x: x.view(len(x), to.context, -1, to.d_head).transpose(1, 2)
        query, key, value = heads(self.q_proj(x)), heads(self.k_proj(x)), heads(self.v_proj(x))
        read = F.scaled_dot_product_attention(to.rotate(query), to.rotate(key), value, is_causal=True, enable_gqa=True)
        return self.o_proj(read.transpose(1, 2).reshape(x.shape))


class LlamaBlock(nn.Module):
    """RMSNorm, SwiGLU of 2 d, two query heads a key-value head, rotary over whole heads, no biases."""

    def __init__(self, to):
        super().__init__()
        self.input_layernorm, self.post_attention_layernorm = (nn.RMSNorm(to.d, eps=1e-5) for _ in range(2))
        self.self_attn = LlamaAttention(to)
        linear = lambda i, o: nn.Linear(i, o, bias=False)
        self.mlp = nn.ModuleDict({
            "gate_proj": linear(to.d, 2 * to.d), "up_proj": linear(to.d, 2 * to.d), "down_proj": linear(2 * to.d, to.d)})

    def forward(self, x):
        x = x + self.self_attn(self.input_layernorm(x))
        y = self.post_attention_layernorm(x)
        return x + self.mlp["down_proj"](F.silu(self.mlp["gate_proj"](y)) * self.mlp["up_proj"](y))


class Model(nn.Module):
    """Its parameters have the names of our file, without the first part."""

    def __init__(self, to):
        super().__init__()
        self.switched, self.llama = to, to.variant == "llama"
        embedding, head = nn.Embedding(to.vocab, to.d), nn.Linear(to.d, to.vocab, bias=False)
        if self.llama:
            self.embed_tokens, self.lm_head, self.norm = embedding, head, nn.RMSNorm(to.d, eps=1e-5)
        else:
            self.embed_in, self.embed_out, self.final_layer_norm = embedding, head, nn.LayerNorm(to.d)
        self.layers = nn.ModuleList((LlamaBlock if self.llama else Block)(to) for _ in range(to.layers))
        self.registers = nn.Parameter(torch.zeros(to.leading, to.d)) if to.leading else None

    def forward(self, ids, targets):
        x = (self.embed_tokens if self.llama else self.embed_in)(ids)
        if self.registers is not None:
            x = torch.cat([self.registers.expand(len(x), -1, -1), x], 1)
        for block in self.layers:
            x = block(x)
        x = (self.norm if self.llama else self.final_layer_norm)(x[:, self.switched.leading :])
        logits = (self.lm_head if self.llama else self.embed_out)(x)
        return F.cross_entropy(logits.view(-1, self.switched.vocab), targets.view(-1))

    def load(self, weights):
        """Ours, by the names of our file."""
        own, renamed = self.state_dict(), {}
        for name, value in weights.items():
            name = name.removeprefix("gpt_neox.").removeprefix("model.")
            for part, norm in (("query", 0), ("key", 1)):
                name = name.replace(f"attention.{part}_layernorm.weight", f"attention.norms.{norm}.weight")
            renamed["registers" if "register" in name else name] = value
        for name in own.keys() & renamed.keys():
            renamed[name] = renamed[name].view(own[name].shape)
        self.load_state_dict(renamed)
