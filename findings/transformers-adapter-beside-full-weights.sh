#!/bin/sh
# transformers 5.24.0 with peft 0.21.2, torch 2.15.0 (seen 2026-11-28): a folder that holds a whole model and, beside it,
# a LoRA adapter (as a trainer leaves that saves both into one folder) is not the whole model when it is loaded. If peft
# is installed, AutoModelForCausalLM takes the weights of the folder, not those of the adapter's `base_model_name_or_path`,
# and applies the adapter to them; without peft in the environment the same call gives the weights as they lie.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet torch==2.15.0 transformers==5.24.0
cd "$folder"
cat > load.py <<'P'
import sys
import torch
from transformers import AutoModelForCausalLM

ids = torch.arange(10)[None]
with torch.no_grad():
    print(AutoModelForCausalLM.from_pretrained("model").eval()(ids).logits.double().pow(2).sum().item())
P
cat > make.py <<'P'
import torch
from peft import LoraConfig, get_peft_model
from transformers import LlamaConfig, LlamaForCausalLM

torch.manual_seed(0)
model = LlamaForCausalLM(LlamaConfig(hidden_size=64, num_attention_heads=4, num_hidden_layers=2, intermediate_size=64,
                                     vocab_size=100, max_position_embeddings=64, initializer_range=0.2))
model.save_pretrained("model")
adapted = get_peft_model(model, LoraConfig(r=4, target_modules=["q_proj", "v_proj"], init_lora_weights=False,
                                           base_model_name_or_path="somebody/another-base"))
adapted.save_pretrained("model")
P
export HF_HUB_OFFLINE=1
venv/bin/pip install --quiet peft==0.21.2
venv/bin/python make.py 2>/dev/null
with=$(venv/bin/python load.py 2>/dev/null)
venv/bin/pip uninstall --quiet --yes peft
without=$(venv/bin/python load.py 2>/dev/null)
ls model
echo "sum of squared logits with peft installed: $with, without: $without"
[ -n "$with" ]
[ -n "$without" ]
[ "$with" != "$without" ]
echo "as described"
