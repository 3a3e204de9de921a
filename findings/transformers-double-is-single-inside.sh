#!/bin/sh
# transformers 5.24.0, torch 2.15.0 (seen 2026-11-29): a model after `.double()` says torch.float64 everywhere and computes parts
# in float32: what norms give, attention weights, cosines and sines are float64 numbers with the digits of float32. So its hidden
# states differ from float64 arithmetic by some 1e-7: no reference for anything finer.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet torch==2.15.0 transformers==5.24.0
cd "$folder" && HF_HUB_OFFLINE=1 venv/bin/python - <<'P'
import torch
from transformers import (Gemma2Config, Gemma2ForCausalLM, LlamaConfig, LlamaForCausalLM, Olmo2Config, Olmo2ForCausalLM,
                          Qwen3Config, Qwen3ForCausalLM)

shape = dict(vocab_size=64, hidden_size=32, intermediate_size=48, num_hidden_layers=1, num_attention_heads=4,
             num_key_value_heads=4, head_dim=8, max_position_embeddings=64, pad_token_id=0, bos_token_id=1, eos_token_id=2,
             attn_implementation="eager")

def in_single(x):
    """The share of numbers that float32 holds exactly."""
    return (x.double() == x.float().double()).double().mean().item()

for config, kind in ((LlamaConfig, LlamaForCausalLM), (Qwen3Config, Qwen3ForCausalLM),
                     (Gemma2Config, Gemma2ForCausalLM), (Olmo2Config, Olmo2ForCausalLM)):
    torch.manual_seed(0)
    model, seen = kind(config(**shape)).double().eval(), {}
    for name in ("model.norm", "model.layers.0.post_attention_layernorm", "model.layers.0.self_attn", "model.rotary_emb"):
        module = model.get_submodule(name)
        module.register_forward_hook(lambda _, given, out, name=name: seen.update({name: (given, out)}))
    with torch.no_grad():
        logits = model(torch.arange(20)[None]).logits
    norm, weights = seen["model.norm"][1], seen["model.layers.0.self_attn"][1][1]
    stream = seen["model.norm"][0][0]
    exact = stream / (stream.pow(2).mean(-1, keepdim=True) + config(**shape).rms_norm_eps).sqrt()
    error = ((norm - exact).abs() / exact.abs().max()).max().item()
    shares = [in_single(x) for x in (norm, weights, seen["model.rotary_emb"][1][0], logits)]
    print(f"{kind.__name__}: logits {logits.dtype}; share of numbers that float32 holds: norm {shares[0]}, attention "
          f"weights {shares[1]}, cosines {shares[2]}, logits {shares[3]:.2f}; error of the norm {error:.1e}")
    assert logits.dtype == norm.dtype == weights.dtype == torch.float64
    assert shares[:3] == [1, 1, 1] and shares[3] < 0.5 and 1e-9 < error < 1e-6
P
echo "as described"
