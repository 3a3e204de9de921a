#!/bin/sh
# transformers 4.57.6 and 5.24.0, torch 2.15.0 (seen 2026-11-29): the same class CLIPVisionModel writes other names of weights. Version
# 4 writes `vision_model.embeddings...`, as the published files of OpenAI have them, version 5 without `vision_model.`. Version 5
# reads both. Version 4 reads a file of version 5 as if none of its weights were there: it warns, and the model is random.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
cd "$folder"
for version in 4.57.6 5.24.0; do
    python3 -m venv "$version"
    "$version/bin/pip" install --quiet torch==2.15.0 "transformers==$version"
done
export HF_HUB_OFFLINE=1
cat > save.py <<'P'
import sys

from safetensors import safe_open
from transformers import CLIPVisionConfig, CLIPVisionModel

config = CLIPVisionConfig(hidden_size=32, intermediate_size=48, num_hidden_layers=1, num_attention_heads=4,
                          image_size=28, patch_size=14)
CLIPVisionModel(config).save_pretrained(sys.argv[1])
print(sys.argv[1], "writes", min(safe_open(f"{sys.argv[1]}/model.safetensors", "pt").keys()))
P
cat > load.py <<'P'
import sys

import torch
import transformers
from transformers import CLIPVisionModel

given = []
for seed in (1, 2):
    torch.manual_seed(seed)
    model = CLIPVisionModel.from_pretrained(sys.argv[1]).eval()
    with torch.no_grad():
        given.append(model(torch.ones(1, 3, 28, 28)).last_hidden_state)
same = torch.equal(*given)
print(transformers.__version__, "reads", sys.argv[1], "the same twice" if same else "at random")
assert same == (sys.argv[2] == "same")
P
4.57.6/bin/python save.py of-4 2> /dev/null
5.24.0/bin/python save.py of-5 2> /dev/null
4.57.6/bin/python load.py of-4 same 2> /dev/null
5.24.0/bin/python load.py of-4 same 2> /dev/null
5.24.0/bin/python load.py of-5 same 2> /dev/null
4.57.6/bin/python load.py of-5 random 2> /dev/null
echo "as described"
