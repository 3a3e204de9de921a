"""Observables at the places of a forward pass, by transformers with hooks, NumPy and scikit-learn; prints observed.json.

    cargo xtask fixtures observed --write

Each model is compared with the one before it in the list as if that was its step before. Labels are ids modulo 3.

The models are those that crates/outcrop-forward/tests/fixtures/export.py wrote, in f64. For each model: `ids`, and rows
[layer, head, place, observable, mean over the sequences, standard error], with heads and layers from 1.
"""
import json
import pathlib

import numpy as np
import torch
from scipy import stats
from scipy.spatial.distance import pdist
from sklearn.decomposition import PCA
from sklearn.metrics.pairwise import cosine_similarity
from transformers import AutoModelForCausalLM

MODELS = ["gpt2", "llama-grouped", "neox-parallel"]


FIXTURES = pathlib.Path(__file__).resolve().parents[3] / "outcrop-forward/tests/fixtures"


# ---- the places of a block

def rotated(x, cos, sin):
    """The first channels of each head turned by halves (Su et al. 2021, in the order of GPT-NeoX)."""
    dims = cos.shape[-1]
    turned, rest = x[..., :dims], x[..., dims:]
    a, b = turned.chunk(2, dim=-1)
    return torch.cat([turned * cos + torch.cat([-b, a], dim=-1) * sin, rest], dim=-1)


def heads(x, count):
    return x.reshape(len(x), count, -1).transpose(0, 1)


class Watch:
    """Keeps what modules read and give."""

    def __init__(self):
        self.kept = {}

    def on(self, name, module):
        def hook(_, given, out):
            out = out[0] if isinstance(out, tuple) else out
            self.kept[name] = [t.detach().reshape(t.shape[-2], -1) for t in (given[0] if given else out, out)]
        module.register_forward_hook(hook)

    def out(self, name):
        return self.kept[name][1]

    def given(self, name):
        return self.kept[name][0]


def watch_gpt2(model):
    watch, config = Watch(), model.config
    for i, block in enumerate(model.transformer.h):
        for name in ["ln_1", "ln_2", "attn.c_attn", "attn.c_proj", "mlp.c_proj"]:
            watch.on((i, name), block.get_submodule(name))
        watch.on((i, "block"), block)

    def places(i, _):
        q, k, v = [heads(x, config.n_head) for x in watch.out((i, "attn.c_attn")).chunk(3, dim=-1)]
        before = watch.given((i, "ln_1"))
        attention = watch.out((i, "attn.c_proj"))
        return {
            "attention-input": watch.out((i, "ln_1")), "mlp-input": watch.out((i, "ln_2")),
            "queries": q, "keys": k, "values": v,
            "attention-write": attention, "mlp-hidden": watch.given((i, "mlp.c_proj")),
            "mlp-write": watch.out((i, "mlp.c_proj")),
        }, {"attention-write": before, "mlp-write": before + attention}

    return places


def watch_llama(model):
    watch, config = Watch(), model.config
    watched = ["input_layernorm", "post_attention_layernorm", "self_attn.q_proj", "self_attn.k_proj",
               "self_attn.v_proj", "self_attn.o_proj", "mlp.gate_proj", "mlp.down_proj"]
    for i, block in enumerate(model.model.layers):
        for name in watched:
            watch.on((i, name), block.get_submodule(name))

    def places(i, positions):
        out = lambda name: watch.out((i, name))
        cos, sin = [t[0].double() for t in model.model.rotary_emb(out("input_layernorm"), positions)]
        q = rotated(heads(out("self_attn.q_proj"), config.num_attention_heads), cos, sin)
        k = rotated(heads(out("self_attn.k_proj"), config.num_key_value_heads), cos, sin)
        before, attention = watch.given((i, "input_layernorm")), out("self_attn.o_proj")
        return {
            "attention-input": out("input_layernorm"), "mlp-input": out("post_attention_layernorm"),
            "queries": q, "keys": k, "values": heads(out("self_attn.v_proj"), config.num_key_value_heads),
            "attention-write": attention, "gate": out("mlp.gate_proj"),
            "mlp-hidden": watch.given((i, "mlp.down_proj")), "mlp-write": out("mlp.down_proj"),
        }, {"attention-write": before, "mlp-write": before + attention}

    return places


def watch_neox(model):
    watch, config = Watch(), model.config
    watched = ["input_layernorm", "post_attention_layernorm", "attention.query_key_value", "attention.dense",
               "mlp.dense_4h_to_h"]
    for i, block in enumerate(model.gpt_neox.layers):
        for name in watched:
            watch.on((i, name), block.get_submodule(name))

    def places(i, positions):
        out = lambda name: watch.out((i, name))
        cos, sin = [t[0].double() for t in model.gpt_neox.rotary_emb(out("input_layernorm"), positions)]
        q, k, v = heads(out("attention.query_key_value"), config.num_attention_heads).chunk(3, dim=-1)
        before = watch.given((i, "input_layernorm"))
        return {
            "attention-input": out("input_layernorm"), "mlp-input": out("post_attention_layernorm"),
            "queries": rotated(q, cos, sin), "keys": rotated(k, cos, sin), "values": v,
            "attention-write": out("attention.dense"), "mlp-hidden": watch.given((i, "mlp.dense_4h_to_h")),
            "mlp-write": out("mlp.dense_4h_to_h"),
        }, {"attention-write": before, "mlp-write": before}  # parallel

    return places


WATCHES = {"gpt2": watch_gpt2, "llama": watch_llama, "gpt_neox": watch_neox}


# ---- observables

def state(h):
    """What is observed of any tensor of positions."""
    a, norms = np.abs(h), np.linalg.norm(h, axis=1)
    return {
        "top1": a.max(),
        "median": float(torch.from_numpy(a).flatten().median()),
        "rms": np.sqrt(np.mean(h**2)),
        "norm_first": norms[0],
        "norm_mean": norms[1:].mean(),
        "norm_largest_over_mean": norms[1:].max() / norms[1:].mean(),
    }


def stream(h):
    """What is observed of hidden states and writes, too."""
    a, cosines = np.abs(h), cosine_similarity(h)
    later = cosines[np.triu_indices(len(h), 1)]
    x = torch.from_numpy(h)
    scale = x.abs().max() / 7
    return {
        "q90": np.quantile(a, 0.9),
        "tweo": np.mean((a / 3) ** 4),
        "kurtosis": stats.kurtosis(h, axis=None, fisher=False),
        "channel_kurtosis": np.mean(np.mean(h**2, axis=0) ** 2) / np.mean(h**2) ** 2,
        "channel_p95": np.percentile(a.max(axis=0), 95),
        "cosine_mean": later.mean(),
        "int4_tensor": float(torch.linalg.norm(x - torch.round(x / scale) * scale) / torch.linalg.norm(x)),
    }


def spectrum(h):
    sigma = np.linalg.svd(h, compute_uv=False)
    p = sigma / sigma.sum()
    values = PCA().fit(h).explained_variance_
    return {
        "effective_rank_sigma": np.exp(-np.sum(p * np.log(p))),
        "stable_rank": np.sum(sigma**2) / sigma[0] ** 2,
        "participation_ratio": values.sum() ** 2 / np.sum(values**2),
    }


def attention(w):
    n = len(w)
    w = torch.from_numpy(w)
    entropies = torch.special.entr(w).sum(dim=1)
    return {
        "attention_entropy": entropies.mean(),
        "attention_entropy_share": (entropies[1:] / torch.log(torch.arange(2, n + 1))).mean(),
        "alpha_first": w[:, 0].mean(),
        "alpha_other_all": w.mean(dim=0)[1:].max(),
        "first_argmax_later": (w[1:].argmax(dim=1) == 0).double().mean(),
    }


def lens(logits, last, targets):
    log_p, log_last = torch.log_softmax(logits, dim=1), torch.log_softmax(last, dim=1)
    at = lambda matrix, tokens: torch.gather(matrix, 1, tokens[:, None])[:, 0]
    ranks = lambda tokens: (logits[: len(tokens)] > at(logits[: len(tokens)], tokens)[:, None]).sum(dim=1).double()
    final = last.argmax(dim=1)
    return {
        "lens_rank_target": ranks(targets).mean(),
        "lens_probability_target": at(log_p[:-1].exp(), targets).mean(),
        "lens_rank_final": ranks(final).mean(),
        "lens_probability_final": at(log_p.exp(), final).mean(),
        "lens_kl": torch.nn.functional.kl_div(log_p, log_last, log_target=True, reduction="batchmean"),
    }


def cka(x, y):
    """Unbiased linear CKA (Song et al. 2012, equation 5)."""
    def hsic(k, l):
        n, one = len(k), np.ones(len(k))
        return np.trace(k @ l) + one @ k @ one * (one @ l @ one) / ((n - 1) * (n - 2)) - 2 / (n - 2) * (one @ k @ l @ one)
    k, l = [z @ z.T for z in (x, y)]
    for gram in (k, l):
        np.fill_diagonal(gram, 0)
    return hsic(k, l) / np.sqrt(hsic(k, k) * hsic(l, l))


def biased_cka(x, y):
    """Linear CKA of centred rows (Kornblith et al. 2019, equation 4)."""
    x, y = [z - z.mean(axis=0) for z in (x, y)]
    return np.linalg.norm(y.T @ x) ** 2 / (np.linalg.norm(x.T @ x) * np.linalg.norm(y.T @ y))


def labelled(h, labels):
    one_hot = np.eye(3)[labels]
    classes = [h[labels == y] for y in np.unique(labels)]
    scatter = sum(((rows - rows.mean(axis=0)) ** 2).sum() for rows in classes)
    spread = np.sqrt(scatter / (len(h) - len(classes)))
    means = np.stack([rows.mean(axis=0) for rows in classes])
    return {
        "cka_labels": cka(h, one_hot),
        "alignment_labels": biased_cka(h, one_hot),
        "concept_signal": pdist(means).mean() / spread,
    }


def top_channels(h):
    return set(np.argsort(-np.abs(h).max(axis=0), kind="stable")[:10].tolist())


def with_before(h, before):
    own, its = top_channels(h), top_channels(before)
    return {
        "cka_step_before": cka(h, before),
        "cka_step_before_biased": biased_cka(h, before),
        "jaccard_step_before": len(own & its) / len(own | its),
    }


def int8_loss(model, blocks, ids, plain):
    """The loss with what every block gives rounded to int8, one scale a sequence."""
    def rounded(module, inputs, output):
        h = output[0] if isinstance(output, tuple) else output
        scale = h.abs().max() / 127
        h = torch.round(h / scale) * scale
        return (h, *output[1:]) if isinstance(output, tuple) else h
    hooks = [block.register_forward_hook(rounded) for block in blocks]
    logits = model(ids[None]).logits[0]
    for hook in hooks:
        hook.remove()
    loss = lambda logits: torch.nn.functional.cross_entropy(logits[:-1], ids[1:])
    return {"int8_loss": loss(logits), "int8_loss_increase": loss(logits) - loss(plain)}


# ---- one sequence

def observe(model, places, ids, other):
    """Numbers by (layer, head, place, observable), and the hidden states by layer; `other` are those of another model."""
    out = model(ids[None], output_hidden_states=True, output_attentions=True)
    blocks = getattr(model.base_model, "layers", None) or model.base_model.h
    residuals = [out.hidden_states[0][0]]
    found = {}

    def put(layer, head, place, numbers):
        found.update({(layer, head, place, name): float(value) for name, value in numbers.items()})

    norm = model.base_model.ln_f if hasattr(model.base_model, "ln_f") else getattr(
        model.base_model, "norm", None) or model.base_model.final_layer_norm
    head = model.get_output_embeddings()
    embedding = residuals[0].numpy()
    of_any = {name: value for name, value in stream(embedding).items() if name not in ("cosine_mean", "int4_tensor")}
    put(0, None, "embedding", state(embedding) | of_any)
    positions = torch.arange(len(ids))[None]
    after = [residuals[0]]
    for i in range(len(blocks)):
        at, before = places(i, positions)
        # the last hidden state of transformers is normed
        after.append(before["mlp-write"] + at["mlp-write"] + (
            at["attention-write"] if before["mlp-write"] is before["attention-write"] else 0))
        for place, tensor in at.items():
            if tensor.ndim == 3:
                for h, one in enumerate(tensor):
                    put(i + 1, h + 1, place, state(one.numpy()))
                continue
            put(i + 1, None, place, state(tensor.numpy()) if place not in ("gate", "mlp-hidden") else {
                name: state(tensor.numpy())[name] for name in ("top1", "median", "rms")})
            if place in before:
                put(i + 1, None, place, stream(tensor.numpy()))
                rms = lambda x: x.pow(2).mean().sqrt()
                put(i + 1, None, place, {"write_over_stream": rms(tensor) / rms(before[place])})
            elif place in ("attention-input", "mlp-input"):
                put(i + 1, None, place, {"near_zero": (tensor.abs() < 0.01).double().mean()})
        for h, weights in enumerate(out.attentions[i][0]):
            put(i + 1, h + 1, "attention-weights", attention(weights.double().numpy()))
    last = after[-1]
    assert torch.allclose(norm(last), out.hidden_states[-1][0], rtol=1e-5, atol=1e-5), "the places add up"
    normed = norm(last).numpy()
    put(len(blocks), None, "final-norm", state(normed) | stream(normed))
    logits = head(norm(last))
    for layer, hidden in enumerate(after[1:], 1):
        h = hidden.numpy()
        put(layer, None, "residual-stream", state(h) | stream(h) | spectrum(h) | {
            "cka_last_layer": cka(h, last.numpy()), "cka_last_layer_biased": biased_cka(h, last.numpy()),
            "alignment_inputs": biased_cka(h, embedding)} | labelled(h, ids.numpy() % 3))
        if layer in other:
            put(layer, None, "residual-stream", with_before(h, other[layer]))
        put(layer, None, "logits", lens(head(norm(hidden)), logits, ids[1:]))
        put(layer, None, "logits-without-norm", lens(head(hidden), logits, ids[1:]))
    put(len(blocks), None, "logits-int8", int8_loss(model, blocks, ids, logits))
    return found, {layer: hidden.numpy() for layer, hidden in enumerate(after)}


@torch.no_grad()
def main():
    generator = torch.Generator().manual_seed(11)
    models, before = [], [{}, {}]
    for name in MODELS:
        model = AutoModelForCausalLM.from_pretrained(FIXTURES / name, attn_implementation="eager").double().eval()
        places = WATCHES[model.config.model_type](model)
        ids = torch.randint(0, model.config.vocab_size, (2, 21), generator=generator)
        found, before = zip(*[observe(model, places, row, other) for row, other in zip(ids, before)])
        rows = []
        for key in found[0]:
            values = np.array([one[key] for one in found])
            rows.append([*key, values.mean(), values.std(ddof=1) / np.sqrt(len(values))])
        models.append({"model": name, "ids": ids.tolist(), "rows": rows})
    print('{"models": [\n' + ",\n".join(map(json.dumps, models)) + "\n]}")


main()
