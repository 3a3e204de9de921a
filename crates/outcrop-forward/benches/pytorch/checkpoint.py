"""Writes a randomly initialised checkpoint, always the same, in the shape that the folder's name says.

    python3 checkpoint.py FOLDER

FOLDER ends with pythia-70m, pythia-410m (both f32) or llama-1.1b (bf16, in shards), as in `random/pythia-70m`.
"""
import os
import sys

import torch
from transformers import AutoModelForCausalLM, GPTNeoXConfig, LlamaConfig


def pythia(**shape):
    return GPTNeoXConfig(vocab_size=50304, rotary_pct=0.25, max_position_embeddings=2048,
                         use_parallel_residual=True, hidden_act="gelu", **shape)


SHAPES = {
    "pythia-70m": (pythia(hidden_size=512, num_hidden_layers=6, num_attention_heads=8, intermediate_size=2048),
                   torch.float32),
    "pythia-410m": (pythia(hidden_size=1024, num_hidden_layers=24, num_attention_heads=16, intermediate_size=4096),
                    torch.float32),
    "llama-1.1b": (LlamaConfig(vocab_size=32000, hidden_size=2048, num_hidden_layers=22, num_attention_heads=32,
                               num_key_value_heads=4, intermediate_size=5632, max_position_embeddings=2048),
                   torch.bfloat16),
}

torch.manual_seed(1234)
config, dtype = SHAPES[os.path.basename(os.path.normpath(sys.argv[1]))]
AutoModelForCausalLM.from_config(config).to(dtype).save_pretrained(sys.argv[1], max_shard_size="500MB")
