#!/bin/sh
# transformers 5.24.0 (seen 2026-11-28): `rope_parameters` is the new key of a config.json, `rope_scaling` the old one.
# A file that has both, such as one written by version 5 to which a long-context guide's `rope_scaling` was added, loses
# `rope_parameters` whole: its `rope_theta` of 500000 becomes the default 10000, without a warning. An empty or null
# `rope_scaling` changes nothing, and the old `rope_theta` beside `rope_scaling` is kept.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet transformers==5.24.0
"$folder/venv/bin/python" - <<'P' 2>&1 | tee "$folder/said"
from transformers import LlamaConfig

def rope(**keys):
    keys = {name: dict(value) if isinstance(value, dict) else value for name, value in keys.items()}
    return LlamaConfig.from_dict({"model_type": "llama", "max_position_embeddings": 8192, **keys}).rope_parameters

new, old = {"rope_type": "default", "rope_theta": 500000.0}, {"rope_type": "linear", "factor": 2.0}  # copied: from_dict writes into it
print("new alone      ", rope(rope_parameters=new))
print("new, empty old ", rope(rope_parameters=new, rope_scaling={}))
print("new and old    ", rope(rope_parameters=new, rope_scaling=old))
print("theta and old  ", rope(rope_theta=500000.0, rope_scaling=old))
assert rope(rope_parameters=new)["rope_theta"] == 500000.0
assert rope(rope_parameters=new, rope_scaling={})["rope_theta"] == 500000.0
assert rope(rope_parameters=new, rope_scaling=old) == {**old, "rope_theta": 10000.0}
assert rope(rope_theta=500000.0, rope_scaling=old) == {**old, "rope_theta": 500000.0}
print("asserted")
P
grep -q asserted "$folder/said"
if grep -i 'rope' "$folder/said" | grep -qi 'warn'; then echo "it warns now"; exit 1; fi
echo "as described"
