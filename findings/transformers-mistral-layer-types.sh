#!/bin/sh
# transformers 5.24.0, torch 2.15.0 (seen 2026-11-28): a Mistral folder whose config.json has `layer_types` is computed
# in two ways. MistralForCausalLM ignores the list, a window in every layer, and logs a hint. AutoModelForCausalLM returns
# another class, MinistralForCausalLM, which obeys the list, and says nothing. The same files give other logits: with all
# layers full and a sequence of 32 over a window of 4 they differ by 6.9, where the largest logit is 6.0.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet torch==2.15.0 transformers==5.24.0
cd "$folder" && HF_HUB_OFFLINE=1 venv/bin/python - <<'P'
import json
import torch
from transformers import AutoModelForCausalLM, MistralConfig, MistralForCausalLM

torch.manual_seed(0)
sizes = dict(hidden_size=64, num_attention_heads=4, num_key_value_heads=4, num_hidden_layers=2, intermediate_size=64,
             vocab_size=100, max_position_embeddings=64, head_dim=16, sliding_window=4, initializer_range=0.2)
MistralForCausalLM(MistralConfig(**sizes)).save_pretrained("model")
config = json.load(open("model/config.json"))
config["layer_types"] = ["full_attention", "full_attention"]
json.dump(config, open("model/config.json", "w"))
ids = torch.arange(32)[None]
with torch.no_grad():
    auto, named = (kind.from_pretrained("model").eval() for kind in (AutoModelForCausalLM, MistralForCausalLM))
    a, b = auto(ids).logits, named(ids).logits
print(type(auto).__name__, type(named).__name__, "largest logit", b.abs().max().item(), "difference", (a - b).abs().max().item())
assert type(auto).__name__ == "MinistralForCausalLM" and type(named).__name__ == "MistralForCausalLM"
assert torch.equal(a[:, :4], b[:, :4]) or (a[:, :4] - b[:, :4]).abs().max() < 1e-5  # inside the window they agree
assert (a - b).abs().max() > 0.1 * b.abs().max()
P
echo "as described"
