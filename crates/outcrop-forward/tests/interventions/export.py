"""Writes tiny trained checkpoints with planted massive activations, and their losses while hooks set
these to zero or to their mean: the reference of tests/interventions.rs.

    cargo xtask fixtures interventions

One neuron of the second block's MLP answers to the tokens FIRST and DELIMITER alone and writes a large
value into channels 7 and 13. Everything else is trained on a noisy permutation of the vocabulary, so
that later blocks make use of what is there. In neox and llama the values are massive by the rule of Sun
et al., in gpt2 only by the fallback.

Weights that are there are taken as they are: the order in which a processor adds makes training another one there.
Each folder NAME gets config.json, model.safetensors and reference.json: `calibration` and `evaluation`
(sequences of ids); `rule`; `layers`, for each layer the channels found there as
[channel, sequences, count and mean at position 0, count and mean at later ones]; `first_layer`; and
`rows`, [set, layer or null for all, scalars per sequence, loss].
"""
import json
import pathlib

import torch
import torch.nn.functional as F
from transformers import (GPT2Config, GPT2LMHeadModel, GPTNeoXConfig, GPTNeoXForCausalLM, LlamaConfig,
                          LlamaForCausalLM)

HERE = pathlib.Path(__file__).parent
VOCAB, D, FF, LAYERS, TOKENS, STEPS = 32, 24, 32, 3, 24, 400
FIRST, DELIMITER, MARK, CHANNELS = 0, 1, 0, {7: 1.0, 13: -0.6}


def sequences(count, generator):
    """FIRST, then tokens that mostly follow a fixed permutation; DELIMITER is frequent."""
    permutation = torch.arange(2, VOCAB).roll(7)
    rows = torch.zeros(count, TOKENS, dtype=torch.long)
    for row in rows:
        row[0] = FIRST
        last = 2
        for at in range(1, TOKENS):
            draw = torch.rand((), generator=generator)
            if draw < 0.15 and row[at - 1] > DELIMITER:
                row[at] = DELIMITER
                continue
            noise = int(torch.randint(2, VOCAB, (), generator=generator))
            last = noise if draw < 0.25 else int(permutation[last - 2])
            row[at] = last
    return rows


def neox():
    return GPTNeoXForCausalLM(GPTNeoXConfig(
        vocab_size=VOCAB, hidden_size=D, num_hidden_layers=LAYERS, num_attention_heads=3, intermediate_size=FF,
        max_position_embeddings=TOKENS, hidden_act="gelu", attention_dropout=0.0, hidden_dropout=0.0)), 1000.0


def llama():
    return LlamaForCausalLM(LlamaConfig(
        vocab_size=VOCAB, hidden_size=D, num_hidden_layers=LAYERS, num_attention_heads=6, num_key_value_heads=2,
        intermediate_size=FF, max_position_embeddings=TOKENS, tie_word_embeddings=False)), 100.0


def gpt2():
    return GPT2LMHeadModel(GPT2Config(
        vocab_size=VOCAB, n_embd=D, n_layer=LAYERS, n_head=3, n_positions=TOKENS, n_inner=FF, resid_pdrop=0.0,
        embd_pdrop=0.0, attn_pdrop=0.0)), 24.0


def blocks(model):
    body = model.base_model
    return getattr(body, "layers", None) or body.h


def writers(block):
    """The last matrix of attention and of the MLP as (weight [d, in], bias or None)."""
    if hasattr(block, "attention"):
        maps = [(block.attention.dense, False), (block.mlp.dense_4h_to_h, False)]
    elif hasattr(block, "self_attn"):
        maps = [(block.self_attn.o_proj, False), (block.mlp.down_proj, False)]
    else:
        maps = [(block.attn.c_proj, True), (block.mlp.c_proj, True)]
    return [(m.weight.T if turned else m.weight, m.bias) for m, turned in maps]


@torch.no_grad()
def plant(model, size):
    """Channel MARK tells the two tokens from the others and nothing writes to it; one neuron reads it."""
    table = model.get_input_embeddings().weight
    table[:, MARK] = 0
    table[FIRST, MARK], table[DELIMITER, MARK] = 3.0, 2.0
    if hasattr(model.base_model, "wpe"):
        model.base_model.wpe.weight[:, MARK] = 0
    for block in blocks(model):
        for weight, bias in writers(block):
            weight[MARK] = 0
            if bias is not None:
                bias[MARK] = 0
    block = blocks(model)[1]
    norm = getattr(block, "ln_2", None) or block.post_attention_layernorm
    norm.weight[MARK] = 1
    if getattr(norm, "bias", None) is not None:
        norm.bias[MARK] = 0
    mlp = block.mlp
    if hasattr(mlp, "gate_proj"):
        readers = [(mlp.gate_proj.weight, None), (mlp.up_proj.weight, None)]
    elif hasattr(mlp, "c_fc"):
        readers = [(mlp.c_fc.weight.T, mlp.c_fc.bias)]
    else:
        readers = [(mlp.dense_h_to_4h.weight, mlp.dense_h_to_4h.bias)]
    for weight, bias in readers:
        weight[0] = 0
        weight[0, MARK] = 4
        if bias is not None:
            bias[0] = -8
    down, _ = writers(block)[1]
    down[:, 0] = 0
    for channel, factor in CHANNELS.items():
        down[channel, 0] = factor * size


def train(model, size, batches):
    plant(model, size)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    for ids in batches:
        logits = model(ids).logits[:, :-1]
        F.cross_entropy(logits.reshape(-1, VOCAB), ids[:, 1:].reshape(-1)).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        plant(model, size)


def massive(hidden, rule):
    """Places (position, channel) of a [tokens, d] state."""
    size, median = hidden.abs(), hidden.abs().flatten().median()
    if rule == "sun":
        found = (size > 100) & (size >= 1000 * median)
    else:
        found = (size >= size.flatten().topk(3).values[-1]) & (size >= 20 * median)
    return [tuple(place) for place in found.nonzero().tolist()]


def run(model, ids, change):
    """Logits while `change(layer, state)` gets each block's output and may write to it."""
    hooks = []
    for layer, block in enumerate(blocks(model), 1):
        def hook(_, __, out, layer=layer):
            change(layer, (out[0] if isinstance(out, tuple) else out).view(len(ids), -1))
            return out
        hooks.append(block.register_forward_hook(hook))
    logits = model(ids[None]).logits[0]
    for hook in hooks:
        hook.remove()
    return logits


def calibrate(model, calibration, rule):
    """Per layer: channel -> [sequences, values at position 0, values at later ones]."""
    layers = {layer: {} for layer in range(1, LAYERS + 1)}
    ratios = {layer: [0.0, 0.0] for layer in layers}
    for ids in calibration:
        def look(layer, state):
            places = massive(state, rule)
            ratios[layer][0] += float(state.abs().max())
            ratios[layer][1] += float(state.abs().median())
            for channel in {c for _, c in places}:
                layers[layer].setdefault(channel, [0, [], []])[0] += 1
            for p, c in places:
                layers[layer][c][1 if p == 0 else 2].append(float(state[p, c]))
        run(model, ids, look)
    for found in layers.values():
        for channel in [c for c, seen in found.items() if seen[0] < len(calibration) / 2]:
            del found[channel]
    having = [layer for layer in layers if layers[layer]]
    if not having:
        return layers, None
    peak = max(having, key=lambda layer: ratios[layer][0] / ratios[layer][1])
    return layers, min(layer for layer in having if set(layers[layer]) & set(layers[peak]))


def mean(values):
    return sum(values) / len(values) if values else None


def intervene(model, evaluation, rule, layers, kind, at):
    """Mean loss, and scalars that were set per sequence."""
    count, losses = 0, []
    for ids in evaluation:
        def change(layer, state):
            nonlocal count
            if kind == "none" or at not in (None, layer):
                return
            for p, c in massive(state, rule):
                if c not in layers[layer]:
                    continue
                _, first, later = layers[layer][c]
                means = mean(first), mean(later)
                own, other = means if p == 0 else means[::-1]
                state[p, c] = 0.0 if kind == "zero" else own if own is not None else other
                count += 1
        logits = run(model, ids, change)
        losses.append(float(F.cross_entropy(logits[:-1].double(), ids[1:])))
    return sum(losses) / len(losses), count / len(evaluation)


def main():
    torch.set_num_threads(1)
    for name, build in [("neox", neox), ("llama", llama), ("gpt2", gpt2)]:
        torch.manual_seed(7)
        generator = torch.Generator().manual_seed(11)
        batches = [sequences(16, generator) for _ in range(STEPS)]
        model, size = build()
        model.config._attn_implementation = "eager"
        if not (HERE / name / "model.safetensors").exists():
            train(model, size, batches)
            model.save_pretrained(HERE / name)
            (HERE / name / "generation_config.json").unlink(missing_ok=True)
        model.config.architectures, model.config.dtype = [type(model).__name__], "float32"
        model.config.save_pretrained(HERE / name)
        model = type(model).from_pretrained(HERE / name, attn_implementation="eager").eval()
        calibration, evaluation = sequences(4, generator), sequences(3, generator)
        with torch.no_grad():
            for rule in ["sun", "top3"]:
                layers, first = calibrate(model, calibration, rule)
                if first:
                    break
            rows = []
            for kind, at in [("none", None), ("zero", first), ("mean", first), ("zero", None), ("mean", None),
                             ("zero", 1), ("mean", LAYERS)]:
                loss, scalars = intervene(model, evaluation, rule, layers, kind, at)
                rows.append([kind, at, scalars, loss])
        found = [[[c, s, len(f), mean(f), len(l), mean(l)] for c, (s, f, l) in sorted(layers[layer].items())]
                 for layer in layers]
        reference = dict(calibration=calibration.tolist(), evaluation=evaluation.tolist(), rule=rule, layers=found,
                         first_layer=first, rows=rows)
        (HERE / name / "reference.json").write_text(json.dumps(reference))
        print(name, rule, first, json.dumps(found), *rows, sep="\n")


main()
