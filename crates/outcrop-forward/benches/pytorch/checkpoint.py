"""Writes a randomly initialised checkpoint in the shape of Pythia-70m, always the same.

    python3 checkpoint.py FOLDER
"""
import sys

import torch
from transformers import GPTNeoXConfig, GPTNeoXForCausalLM

torch.manual_seed(1234)
config = GPTNeoXConfig(vocab_size=50304, hidden_size=512, num_hidden_layers=6, num_attention_heads=8,
                       intermediate_size=2048, rotary_pct=0.25, max_position_embeddings=2048,
                       use_parallel_residual=True, hidden_act="gelu")
GPTNeoXForCausalLM(config).save_pretrained(sys.argv[1])
