#!/bin/sh
# transformers 5.24.0 with torch 2.15.0 (seen 2026-11-30): mixtures of experts multiply by torch's grouped products by
# default, on the CPU too. These want rows of a multiple of 16 bytes and know no float64. So a Mixtral whose experts are 12
# channels wide computes in float32 and raises in bfloat16, one of 14 raises in both, and none computes in float64;
# with experts_implementation="eager" all of them compute. The widths of the config are not checked when a model is made or loaded.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet torch==2.15.0 transformers==5.24.0
cd "$folder" && HF_HUB_OFFLINE=1 venv/bin/python - <<'P'
import torch
from transformers import AutoModelForCausalLM, MixtralConfig

def computes(width, dtype, **more):
    """Whether a model with experts of this width computes; else what it raises."""
    config = MixtralConfig(vocab_size=16, hidden_size=32, intermediate_size=width, num_hidden_layers=1,
                           num_attention_heads=4, num_key_value_heads=2, num_local_experts=4, num_experts_per_tok=2)
    model = AutoModelForCausalLM.from_config(config, dtype=dtype, **more).eval()
    try:
        with torch.no_grad():
            model(torch.arange(10)[None])
        return "computes"
    except RuntimeError as error:
        return str(error)

STRIDES = "strides should be multiple of 16 bytes"
expected = {
    (12, torch.float32): "computes", (14, torch.float32): STRIDES, (24, torch.bfloat16): "computes",
    (12, torch.bfloat16): STRIDES, (12, torch.float64): "Expected mat_a to be Float32, BFloat16 or Float16 matrix, got Double",
}
for (width, dtype), said in expected.items():
    found = computes(width, dtype)
    print(f"experts of {width} in {dtype}: {found}")
    assert found == said, (found, said)
    assert computes(width, dtype, experts_implementation="eager") == "computes"
P
echo "as described"
