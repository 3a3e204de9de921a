"""Writes a tiny random GPT-NeoX and the states of its residual stream on 2048 tokens, where rotary angles
of one precision are not those of another.

    cargo xtask fixtures long

Token i is (i * i + 7 * i) % 61. reference.safetensors has for layer L `rows_L`, the states at POSITIONS, three
of them those which angles of f64 change most (by 2e-4 of the layer's maximum, and more), and `statistics_L`,
the largest three magnitudes and the lower median.
"""
import pathlib

import torch
from safetensors.torch import save_file
from transformers import GPTNeoXConfig, GPTNeoXForCausalLM

HERE = pathlib.Path(__file__).parent
TOKENS = 2048
POSITIONS = [0, 1, 1515, 1889, 2003, 2047]


@torch.no_grad()
def main():
    torch.manual_seed(7)
    config = GPTNeoXConfig(vocab_size=61, hidden_size=32, num_hidden_layers=2, num_attention_heads=1,
                           intermediate_size=40, rope_parameters={"rope_type": "default", "rope_theta": 10000.0,
                                                                  "partial_rotary_factor": 1.0},
                           max_position_embeddings=TOKENS, hidden_act="gelu")
    config._attn_implementation = "eager"
    model = GPTNeoXForCausalLM(config).eval()
    for name, parameter in model.named_parameters():
        # attention that looks at few places, so that angles matter
        parameter.mul_(30 if "query_key_value.weight" in name else 1 if parameter.ndim == 1 else 4)
    seen = []
    for block in model.base_model.layers:
        block.register_forward_hook(lambda _, __, out: seen.append(out[0] if isinstance(out, tuple) else out))
    i = torch.arange(TOKENS)
    model(((i * i + 7 * i) % 61)[None])
    model.save_pretrained(HERE / "neox")
    (HERE / "neox" / "generation_config.json").unlink(missing_ok=True)
    tensors = {}
    for layer, states in enumerate(seen, 1):
        states = states.reshape(TOKENS, -1)
        flat = states.abs().flatten()
        tensors[f"rows_{layer}"] = states[POSITIONS]
        tensors[f"statistics_{layer}"] = torch.cat([flat.topk(3).values, flat.median()[None]])
    save_file(tensors, HERE / "reference.safetensors")


main()
