"""The training loop with PyTorch: GPT-NeoX with SDPA attention, fused AdamW, clipping by global norm; eager.

    python3 train.py LAYERS D_MODEL HEADS CONTEXT BATCH VOCAB SECONDS WEIGHTS THREADS [VARIANT [DEVICE]]

Starts from the weights in the safetensors file WEIGHTS and prints what examples/train_speed.rs prints: the
`losses` of the first updates, `tokens` a second, those of the `fastest` update, and `peak` memory in KiB; and
`gflops`, the speed of the matrix products of an MLP alone, at its best. VARIANT is a model of `switched.py`.
"""
import resource
import sys
import time

import switched
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import nn

WARM_UP, LOSSES, BATCHES = 3, 5, 16
LAYERS, D, HEADS, CONTEXT, BATCH, VOCAB = map(int, sys.argv[1:7])
SECONDS, WEIGHTS, THREADS = float(sys.argv[7]), sys.argv[8], int(sys.argv[9])
DEVICE = (sys.argv[11:] or ["cpu"])[0]
torch.set_num_threads(THREADS)
D_HEAD = D // HEADS
ROTARY = D_HEAD // 4
ANGLES = torch.outer(torch.arange(CONTEXT), 10000.0 ** -(torch.arange(0, ROTARY, 2) / ROTARY))
COS, SIN = ANGLES.cos().to(DEVICE), ANGLES.sin().to(DEVICE)


def rotate(x):
    """Rotary embedding of the first quarter of each head's channels."""
    first, second, rest = x.split([ROTARY // 2, ROTARY // 2, D_HEAD - ROTARY], -1)
    return torch.cat([first * COS - second * SIN, second * COS + first * SIN, rest], -1)


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.query_key_value = nn.Linear(D, 3 * D)
        self.dense = nn.Linear(D, D)

    def forward(self, x):
        # [query, key, value] x batch x head x position x channel; queries and keys rotate together
        qkv = self.query_key_value(x).view(-1, CONTEXT, HEADS, 3, D_HEAD).permute(3, 0, 2, 1, 4)
        query, key = rotate(qkv[:2])
        mixed = F.scaled_dot_product_attention(query, key, qkv[2], is_causal=True)
        return self.dense(mixed.transpose(1, 2).reshape(-1, CONTEXT, D))


class MLP(nn.Module):
    def __init__(self):
        super().__init__()
        self.dense_h_to_4h = nn.Linear(D, 4 * D)
        self.dense_4h_to_h = nn.Linear(4 * D, D)

    def forward(self, x):
        return self.dense_4h_to_h(F.gelu(self.dense_h_to_4h(x)))


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.input_layernorm = nn.LayerNorm(D)
        self.post_attention_layernorm = nn.LayerNorm(D)
        self.attention = Attention()
        self.mlp = MLP()

    def forward(self, x):
        return x + self.attention(self.input_layernorm(x)) + self.mlp(self.post_attention_layernorm(x))


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed_in = nn.Embedding(VOCAB, D)
        self.layers = nn.ModuleList(Block() for _ in range(LAYERS))
        self.final_layer_norm = nn.LayerNorm(D)
        self.embed_out = nn.Linear(D, VOCAB, bias=False)

    def forward(self, ids, targets):
        x = self.embed_in(ids)
        for block in self.layers:
            x = block(x)
        logits = self.embed_out(self.final_layer_norm(x))
        return F.cross_entropy(logits.view(-1, VOCAB), targets.view(-1))


def batch(index):
    """The tokens of train_speed.rs."""
    size = BATCH * CONTEXT
    place = torch.arange(index * size, (index + 1) * size + 1)
    uniform = (place * 2_654_435_761 >> 7) % 65536 / 65536.0
    ids = (uniform.double() ** 2 * VOCAB).long()
    return ids[:-1].view(BATCH, CONTEXT).to(DEVICE), ids[1:].view(BATCH, CONTEXT).to(DEVICE)


def limit(m, k, n):
    """Billions of operations a second in [m, k] x [k, n]."""
    x, w, best = torch.randn(m, k), torch.randn(n, k), float("inf")
    for _ in range(50):
        start = time.perf_counter()
        F.linear(x, w)
        best = min(best, time.perf_counter() - start)
    return 2 * m * n * k / best / 1e9


def started():
    """The model with the weights that it starts from."""
    weights = load_file(WEIGHTS)
    if sys.argv[10:11] not in ([], [""]):
        model = switched.Model(switched.Switched(LAYERS, D, HEADS, CONTEXT, VOCAB, sys.argv[10]))
        model.load(weights)
        return model
    model = Model()
    model.load_state_dict({name.removeprefix("gpt_neox."): value for name, value in weights.items()})
    return model


def main():
    model = started().to(DEVICE)
    matrices = [p for p in model.parameters() if p.ndim == 2]
    others = [p for p in model.parameters() if p.ndim != 2]
    groups = [{"params": matrices, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.95), eps=1e-8, fused=True)
    batches, losses = [batch(i) for i in range(BATCHES)], []
    updates, start, fastest = 0, 0.0, float("inf")
    while updates < LOSSES or time.perf_counter() - start < SECONDS:
        if updates == WARM_UP:
            start = time.perf_counter()
        before = time.perf_counter()
        loss = model(*batches[updates % BATCHES])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
        fastest = min(fastest, time.perf_counter() - before)
        updates += 1
    seconds = time.perf_counter() - start
    print("losses", *losses[:LOSSES])
    print("tokens", (updates - WARM_UP) * BATCH * CONTEXT / seconds)
    print("fastest", BATCH * CONTEXT / fastest)
    print("peak", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    print("gflops", max(limit(BATCH * CONTEXT, D, 4 * D), limit(BATCH * CONTEXT, 4 * D, D)))


main()
