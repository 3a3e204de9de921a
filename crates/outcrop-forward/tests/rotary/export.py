"""Writes tables.json: cosines and sines of the rotary embedding as transformers computes them.

    cargo xtask fixtures rotary

For each width and base: `inverse_frequencies`, and at some positions `cosines` and `sines`, as bits of f32.
"""
import json
import pathlib

import torch
from transformers import LlamaConfig
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

CASES = [(8, 1e4), (16, 1e4), (64, 1e4), (80, 1e4), (128, 1e4), (128, 5e5), (128, 1e6), (128, 5e6)]
POSITIONS = [0, 1, 31, 2047, 2048, 32767, 32768]


def bits(values):
    return values.contiguous().view(torch.int32).tolist()


def case(dims, base):
    config = LlamaConfig(hidden_size=dims, num_attention_heads=1, head_dim=dims, max_position_embeddings=65536,
                         rope_parameters={"rope_type": "default", "rope_theta": base})
    embedding = LlamaRotaryEmbedding(config)
    cosines, sines = embedding(torch.zeros(1), torch.tensor([POSITIONS]))
    half = dims // 2
    return {"dims": dims, "base": base, "inverse_frequencies": bits(embedding.inv_freq),
            "cosines": [bits(row[:half]) for row in cosines[0]], "sines": [bits(row[:half]) for row in sines[0]]}


tables = {"positions": POSITIONS, "cases": [case(*given) for given in CASES]}
(pathlib.Path(__file__).parent / "tables.json").write_text(json.dumps(tables))
