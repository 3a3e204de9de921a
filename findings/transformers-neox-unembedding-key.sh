#!/bin/sh
# transformers 5.24.0, torch 2.15.0 (seen 2026-11-29): GPT-NeoX (Pythia) calls its unembedding `lm_head` in the module and
# `embed_out` in the file that `save_pretrained` writes. `from_pretrained` renames it. Who reads the file of a checkpoint
# into a model that is there already, `load_state_dict(load_file(...), strict=False)`, as scripts over many revisions do,
# keeps the unembedding that was drawn: hidden states are right, logits and losses are of a random matrix.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet torch==2.15.0 transformers==5.24.0
cd "$folder" && HF_HUB_OFFLINE=1 venv/bin/python - <<'P'
import torch
from safetensors.torch import load_file
from transformers import GPTNeoXConfig, GPTNeoXForCausalLM

config = GPTNeoXConfig(vocab_size=50, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64,
                       max_position_embeddings=64)
torch.manual_seed(0)
saved = GPTNeoXForCausalLM(config)
saved.save_pretrained("model")
torch.manual_seed(1)
model = GPTNeoXForCausalLM(config)
result = model.load_state_dict(load_file("model/model.safetensors"), strict=False)
print(result)
assert result.missing_keys == ["lm_head.weight"] and result.unexpected_keys == ["embed_out.weight"]
ids = torch.arange(10)[None]
with torch.no_grad():
    hidden = torch.equal(model.gpt_neox(ids).last_hidden_state, saved.gpt_neox(ids).last_hidden_state)
    same = torch.equal(GPTNeoXForCausalLM.from_pretrained("model")(ids).logits, saved(ids).logits)
    error = (model(ids).logits - saved(ids).logits).abs().max().item()
print("hidden states agree:", hidden, " logits differ by", error, " by from_pretrained they agree:", same)
assert hidden and same and error > 0.1
P
echo "as described"
