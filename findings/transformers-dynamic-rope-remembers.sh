#!/bin/sh
# transformers 5.24.0, torch 2.15.0 (seen 2026-11-29): with `rope_type: dynamic` the base grows with the longest sequence
# that the model has seen. A sequence above the trained length, after a longer one, is still rotated by the longer one's
# angles: the hidden states of the same tokens depend on what ran before. Measuring sequences in another order, or one
# process a checkpoint instead of one for all, gives other numbers. It resets at or below the trained length.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet torch==2.15.0 transformers==5.24.0
cd "$folder" && HF_HUB_OFFLINE=1 venv/bin/python - <<'P'
import torch
from transformers import LlamaConfig, LlamaModel

config = LlamaConfig(vocab_size=50, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
                     max_position_embeddings=32,
                     rope_parameters={"rope_type": "dynamic", "factor": 4.0, "rope_theta": 10000.0})
torch.manual_seed(0)
model = LlamaModel(config).eval()
for parameter in model.parameters():
    torch.nn.init.normal_(parameter, std=0.3)
long, middle, short = (torch.arange(n)[None] % 50 for n in (120, 48, 16))

@torch.no_grad()
def states(ids):
    return model(ids, use_cache=False).last_hidden_state

first = states(middle)
states(long)
after_long = states(middle)
states(short)
after_short = states(middle)
print("48 tokens, alone and after 120:", (first - after_long).abs().max().item())
print("48 tokens, alone and after 120 and 16:", (first - after_short).abs().max().item())
assert (first - after_long).abs().max() > 0.01 and torch.equal(first, after_short)
P
echo "as described"
