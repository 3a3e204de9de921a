"""Prepares and checks a measurement of SmolLM2-135M, straight from its GGUF.

    python real_model.py prepare MODEL.gguf TEXT DIR   # DIR/tokenizer.json, DIR/ids.npy
    python real_model.py check MODEL.gguf DIR          # DIR/measured, beside transformers on the same numbers
    python real_model.py save MODEL.gguf DIR           # the model as transformers stores it, in f32

The reference is transformers' Llama in f32 with the weights that the package `gguf` unpacks, its residual stream
taken by a hook after each block.
"""
import hashlib
import json
import os
import sys

import gguf
import numpy as np
import pandas as pd
import torch
import transformers
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

WINDOWS, LENGTH = 4, 512


def metadata(reader, key):
    return reader.fields[key].contents()


def tokenizer(reader):
    """The tokenizer of SmolLM2: digits one by one, then byte-level BPE."""
    words = metadata(reader, "tokenizer.ggml.tokens")
    merges = [tuple(merge.split(" ", 1)) for merge in metadata(reader, "tokenizer.ggml.merges")]
    made = Tokenizer(models.BPE(vocab={word: i for i, word in enumerate(words)}, merges=merges))
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])
    made.decoder = decoders.ByteLevel()
    kinds = metadata(reader, "tokenizer.ggml.token_type")
    made.add_special_tokens([AddedToken(w, special=True) for w, kind in zip(words, kinds) if kind == 3])
    return made


def model(reader):
    def said(key):
        return metadata(reader, f"llama.{key}")

    heads, kv_heads = said("attention.head_count"), said("attention.head_count_kv")
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, said("block_count"))
    config = transformers.LlamaConfig(
        vocab_size=said("vocab_size"), hidden_size=said("embedding_length"), num_hidden_layers=said("block_count"),
        intermediate_size=said("feed_forward_length"), num_attention_heads=heads, num_key_value_heads=kv_heads,
        max_position_embeddings=said("context_length"), rope_theta=said("rope.freq_base"), rms_norm_eps=1e-5,
        tie_word_embeddings=True)
    made = transformers.LlamaForCausalLM(config).eval()
    weights = {}
    for tensor in reader.tensors:
        shape = tuple(int(n) for n in reversed(tensor.shape))
        weights[tensor.name] = gguf.dequantize(tensor.data, tensor.tensor_type).astype(np.float32).reshape(shape)
    with torch.no_grad():
        for key, parameter in made.named_parameters():
            value = weights[names.get_name(key, try_suffixes=(".weight",))]
            count = heads if "q_proj" in key else kv_heads if "k_proj" in key else None
            if count:
                # pairs of channels that are rotated together, as two halves
                value = value.reshape(count, -1, 2, value.shape[-1]).swapaxes(1, 2).reshape(value.shape)
            parameter.copy_(torch.from_numpy(np.ascontiguousarray(value)))
    return made


def bits(made, folder):
    """Makes sure that every tensor has the bits that `gguf` unpacks, by the hashes that the audit took."""
    with open(os.path.join(folder, "measured", "audit.json"), encoding="utf-8") as file:
        hashes = {t["name"]: t["sha256"] for t in json.load(file)["checkpoints"][0]["tensors"]}
    weights = {name: p.detach().numpy() for name, p in made.named_parameters()}
    same = [name for name, value in weights.items() if hashlib.sha256(value.tobytes()).hexdigest() == hashes.get(name)]
    print(f"tensors with the bits that gguf unpacks: {len(same)} of {len(hashes)}")
    if len(same) != len(hashes):
        sys.exit(f"others differ, as {sorted(set(hashes) - set(same))[0]}")


def prepare(path, text, folder):
    os.makedirs(folder, exist_ok=True)
    made = tokenizer(gguf.GGUFReader(path))
    made.save(os.path.join(folder, "tokenizer.json"))
    ids = made.encode(open(text, encoding="utf-8").read()).ids[: WINDOWS * LENGTH]
    np.save(os.path.join(folder, "ids.npy"), np.array(ids, dtype=np.int32).reshape(WINDOWS, LENGTH))


def save(path, folder):
    model(gguf.GGUFReader(path)).save_pretrained(folder)


@torch.no_grad()
def check(path, folder):
    made = model(gguf.GGUFReader(path))
    bits(made, folder)
    words = Tokenizer.from_file(os.path.join(folder, "tokenizer.json"))
    ids = torch.from_numpy(np.load(os.path.join(folder, "ids.npy")).astype(np.int64))
    rows = pd.read_csv(os.path.join(folder, "measured", "measurements.csv"))
    worst, places, counted = {}, 0, 0
    found, losses, states = {}, [], []
    for block in made.model.layers:
        block.register_forward_hook(lambda _, __, out: states.append(out[0] if isinstance(out, tuple) else out))
    for sequence, window in enumerate(ids):
        states.clear()
        losses.append(made(window[None], labels=window[None]).loss.item())
        for layer, state in enumerate(states, 1):
            h = state.reshape(LENGTH, -1).abs()
            top = torch.topk(h.flatten(), 3)
            row = rows[(rows.sequence == sequence) & (rows.layer == layer)].iloc[0]
            numbers = {f"top{i + 1}": v.item() for i, v in enumerate(top.values)} | {"median": h.median().item()}
            for name, value in numbers.items():
                worst[name] = max(worst.get(name, 0.0), abs(row[name] - value) / value)
            for i, place in enumerate(top.indices.tolist()):
                position, channel = divmod(place, h.shape[1])
                same = (row[f"top{i + 1}_position"], row[f"top{i + 1}_channel"]) == (position, channel)
                places, counted = places + same, counted + 1
                if row["massive"] > i and numbers[f"top{i + 1}"] > 100:
                    key = (words.id_to_token(int(window[position])), "first" if position == 0 else "later", channel)
                    layers, values = found.setdefault(key, (set(), []))
                    layers.add(layer)
                    values.append(numbers[f"top{i + 1}"])
    print("largest relative difference from transformers over", len(rows), "rows")
    for name, value in worst.items():
        print(f"  {name}: {value:.1e}")
    print(f"  places of the top 3 that agree: {places} of {counted}")
    changes = pd.read_csv(os.path.join(folder, "measured", "interventions.csv"))
    loss = float(np.mean(losses[WINDOWS // 2:]))
    before = changes.columns[changes.columns.str.contains("loss")][0]
    print(f"  loss of the second half: {loss:.6f} here, {changes[before].iloc[0]:.6f} there")
    print("massive activations (above 100 and 1000 times the median) among the top 3, by token, position and channel")
    order = sorted(found.items(), key=lambda item: -max(item[1][1]))
    for (token, position, channel), (layers, values) in order:
        print(f"  {token!r} {position}, channel {channel}: layers {min(layers)} to {max(layers)}, "
              f"{min(values):.0f} to {max(values):.0f}")
    print(changes.to_string(index=False))
    if max(worst.values()) > 1e-4 or places < 0.99 * counted or abs(loss - changes[before].iloc[0]) > 1e-4:
        sys.exit("they differ")


if __name__ == "__main__":
    {"prepare": prepare, "check": check, "save": save}[sys.argv[1]](*sys.argv[2:])
