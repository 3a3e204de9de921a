#!/bin/sh
# transformers 5.24.0, torch 2.15.0 (seen 2026-11-29): `use_sliding_window` and `max_window_layers` of Qwen2, Qwen2-MoE and
# Qwen3-MoE have the same names and three meanings. Qwen2: the layers from `max_window_layers` on have windows. Qwen2-MoE:
# every second layer below it. Qwen3-MoE: `max_window_layers` says nothing. The config class decides, not the file.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet torch==2.15.0 transformers==5.24.0
cd "$folder" && HF_HUB_OFFLINE=1 venv/bin/python - <<'P'
import torch
from transformers import (Qwen2Config, Qwen2Model, Qwen2MoeConfig, Qwen2MoeModel, Qwen3MoeConfig, Qwen3MoeModel)

ids = torch.arange(16)[None]
shape = dict(vocab_size=50, hidden_size=32, intermediate_size=64, num_hidden_layers=6, num_attention_heads=4,
             num_key_value_heads=2, head_dim=8, sliding_window=4, moe_intermediate_size=32,
             shared_expert_intermediate_size=32, num_experts=4, num_experts_per_tok=2)

@torch.no_grad()
def windows(kind, config, most):
    """The layers, from 0, whose last position does not see the first one."""
    made = config(**shape, use_sliding_window=True, max_window_layers=most)
    made._attn_implementation = "eager"
    torch.manual_seed(0)
    model = kind(made).eval()
    seen = {}
    for i, layer in enumerate(model.layers):
        layer.self_attn.register_forward_hook(lambda _, __, out, i=i: seen.update({i: out[1][0, :, -1, 0].max().item()}))
    model(ids, use_cache=False)
    return [i for i, weight in seen.items() if weight == 0]

found = {name: [windows(kind, config, most) for most in (2, 4)]
         for name, kind, config in (("Qwen2", Qwen2Model, Qwen2Config), ("Qwen2-MoE", Qwen2MoeModel, Qwen2MoeConfig),
                                    ("Qwen3-MoE", Qwen3MoeModel, Qwen3MoeConfig))}
for name, layers in found.items():
    print(name, "layers with windows at max_window_layers 2 and 4:", *layers)
assert found["Qwen2"] == [[2, 3, 4, 5], [4, 5]]
assert found["Qwen2-MoE"][0] != found["Qwen2-MoE"][1] and not set(found["Qwen2-MoE"][1]) & {4, 5}
assert found["Qwen3-MoE"][0] == found["Qwen3-MoE"][1]
P
echo "as described"
