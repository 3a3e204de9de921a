"""Writes tables.json: the rotary embedding as transformers computes it.

    cargo xtask fixtures rotary

For each model, `config` as a config.json has it and `tokens`, the length of the sequence; `inverse_frequencies`, and at
some positions `cosines` and `sines`, as bits of f32.
"""
import json
import pathlib

import torch
from transformers import LlamaConfig
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

POSITIONS = [0, 1, 2047, 2048, 32768]
PLAIN = [(8, 1e4), (16, 1e4), (64, 1e4), (80, 1e4), (128, 1e4), (128, 5e5), (128, 1e6), (128, 5e6)]
LONG = [1.0 + 0.37 * i for i in range(16)]
SHORT = [1.0 + 0.01 * i for i in range(16)]

# Width of a head, base, longest sequence, scaling, tokens of the sequence.
SCALED = [
    (64, 5e5, 131072, {"rope_type": "llama3", "factor": 32.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                       "original_max_position_embeddings": 8192}, 32769),
    (128, 5e5, 131072, {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                        "original_max_position_embeddings": 8192}, 32769),
    (128, 1e4, 4096, {"rope_type": "linear", "factor": 3.0}, 32769),
    (32, 1e4, 32768, {"rope_type": "linear", "factor": 2.5}, 2049),
    (128, 1e4, 2048, {"rope_type": "dynamic", "factor": 4.0}, 2048),
    (128, 1e4, 2048, {"rope_type": "dynamic", "factor": 4.0}, 2049),
    (64, 1e6, 4096, {"rope_type": "dynamic", "factor": 3.7}, 32769),
    (128, 1e6, 32768, {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32768}, 32769),
    (64, 1e4, 4096, {"rope_type": "yarn", "factor": 16.0, "original_max_position_embeddings": 256, "beta_fast": 16,
                     "beta_slow": 2, "truncate": False}, 32769),
    (64, 1.5e5, 131072, {"rope_type": "yarn", "factor": 32.0, "original_max_position_embeddings": 4096,
                         "truncate": False}, 32769),
    (16, 1e4, 64, {"rope_type": "yarn", "factor": 8.0, "original_max_position_embeddings": 64, "mscale": 0.7,
                   "mscale_all_dim": 1.1}, 2049),
    (16, 1e4, 64, {"rope_type": "yarn", "factor": 8.0, "attention_factor": 0.5}, 2049),
    (32, 1e4, 131072, {"rope_type": "longrope", "original_max_position_embeddings": 4096, "short_factor": SHORT,
                       "long_factor": LONG}, 4096),
    (32, 1e4, 131072, {"rope_type": "longrope", "original_max_position_embeddings": 4096, "short_factor": SHORT,
                       "long_factor": LONG}, 32769),
    (32, 1e4, 131072, {"rope_type": "longrope", "original_max_position_embeddings": 4096, "short_factor": SHORT,
                       "long_factor": LONG, "factor": 7.0}, 2049),
    (32, 1e4, 131072, {"rope_type": "longrope", "original_max_position_embeddings": 4096, "short_factor": SHORT,
                       "long_factor": LONG, "attention_factor": 1.7}, 2049),
]


def bits(values):
    return values.contiguous().view(torch.int32).tolist()


def case(dims, base, context, scaling, tokens):
    settings = dict(hidden_size=dims, num_attention_heads=1, num_hidden_layers=1, intermediate_size=4, vocab_size=4,
                    max_position_embeddings=context)
    config = LlamaConfig(**settings, rope_parameters={**scaling, "rope_theta": base})
    saved = {"model_type": "llama", **settings, "rope_parameters": {**scaling, "rope_theta": base}}
    embedding = LlamaRotaryEmbedding(config)
    cosines, sines = embedding(torch.zeros(1), torch.arange(tokens)[None])
    half, positions = dims // 2, [p for p in POSITIONS if p < tokens]
    rows = lambda table: [bits(table[0, position, :half]) for position in positions]
    return {"config": saved, "tokens": tokens, "inverse_frequencies": bits(embedding.inv_freq), "positions": positions,
            "cosines": rows(cosines), "sines": rows(sines)}


plain = [(dims, base, 65536, {"rope_type": "default"}, 32769) for dims, base in PLAIN]
tables = {"cases": [case(*given) for given in plain + SCALED]}
(pathlib.Path(__file__).parent / "tables.json").write_text(json.dumps(tables))
