#!/bin/sh
# transformers 5.24.0, torch 2.15.0 (seen 2026-11-28): `tie_word_embeddings: true` no longer decides. Where a file holds an
# embedding and an unembedding with different values, both are kept untied; a line is logged, and `config` goes on saying
# true. Saved and loaded again the two matrices are still there under a config that says that there is one. A reader that
# believes the config, or counts parameters by it, has another model.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet torch==2.15.0 transformers==5.24.0
cd "$folder" && HF_HUB_OFFLINE=1 venv/bin/python - <<'P'
import json
import torch
from safetensors import safe_open
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM

torch.manual_seed(0)
untied = LlamaForCausalLM(LlamaConfig(hidden_size=64, num_attention_heads=4, num_hidden_layers=1, intermediate_size=64,
                                      vocab_size=100, max_position_embeddings=64))
untied.save_pretrained("model")
config = json.load(open("model/config.json"))
config["tie_word_embeddings"] = True
json.dump(config, open("model/config.json", "w"))
loaded = AutoModelForCausalLM.from_pretrained("model")
tied = torch.equal(loaded.lm_head.weight, loaded.model.embed_tokens.weight)
print("config says tied:", loaded.config.tie_word_embeddings, " tied:", tied)
assert loaded.config.tie_word_embeddings and not tied
assert torch.equal(loaded.lm_head.weight, untied.lm_head.weight)
loaded.save_pretrained("again")
names = sorted(safe_open("again/model.safetensors", "pt").keys())
print("saved again:", [n for n in names if "layers" not in n], json.load(open("again/config.json"))["tie_word_embeddings"])
assert "lm_head.weight" in names and json.load(open("again/config.json"))["tie_word_embeddings"] is True
P
echo "as described"
