#!/bin/sh
# transformers 5.24.0, torch 2.15.0 (seen 2026-11-29): Falcon with `alibi: true` (the falcon-rw models) adds its linear
# biases to the attention mask; the eager attention then adds them to the scores again. With `attn_implementation="eager"`,
# or where attention weights are asked for, every bias counts twice, and the logits differ from those under `sdpa`, the
# default. Who loads such a model eagerly to look at its attention sees another model than the one that was trained.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet torch==2.15.0 transformers==5.24.0
cd "$folder" && HF_HUB_OFFLINE=1 venv/bin/python - <<'P'
import math
import torch
from transformers import FalconConfig, FalconForCausalLM
from transformers.models.falcon import modeling_falcon

def model(attention, alibi=True):
    torch.manual_seed(0)
    config = FalconConfig(vocab_size=50, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, alibi=alibi, bias=True,
                          new_decoder_architecture=False, multi_query=False, parallel_attn=False)
    config._attn_implementation = attention
    made = FalconForCausalLM(config).eval()
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return made

ids = torch.arange(24)[None]
with torch.no_grad():
    rotary = (model("eager", False)(ids).logits - model("sdpa", False)(ids).logits).abs().max().item()
    eager, sdpa = model("eager")(ids).logits, model("sdpa")(ids).logits
    # eager attention whose own biases are zero leaves those of the mask
    once = modeling_falcon.FalconAttention.forward
    def without(self, hidden, alibi, *rest, **more):
        return once(self, hidden, torch.zeros_like(alibi), *rest, **more)
    modeling_falcon.FalconAttention.forward = without
    single = model("eager")(ids).logits
print(f"rotary positions, eager from sdpa: {rotary:.1e}")
print(f"linear biases, eager from sdpa: {(eager - sdpa).abs().max().item():.2f}")
print(f"linear biases, eager without its second addition from sdpa: {(single - sdpa).abs().max().item():.1e}")
assert rotary < 1e-4 and (eager - sdpa).abs().max() > 0.01 and (single - sdpa).abs().max() < 1e-4
P
echo "as described"
