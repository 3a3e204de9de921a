#!/bin/sh
# transformers 5.24.0, torch 2.15.0 (seen 2026-11-29): settings that a config class documents and stores, and the model
# never applies. MPT: `attn_config.alibi: false` and `alibi_bias_max` leave the linear biases as they are by default, and
# `qk_ln` adds no norms of queries and keys. Gemma 3: `attn_logit_softcapping`, which is read into the attention layer and
# not handed to the attention function, while Gemma 2 applies it. BioGPT: `layer_norm_eps`, whose default 1e-12 is not what
# its norms use. GPT-OSS: `hidden_act`, which says silu where the gate is g sigmoid(1.702 g). A config of another trainer
# with such a setting loads without a word and computes something else.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet torch==2.15.0 transformers==5.24.0
cd "$folder" && HF_HUB_OFFLINE=1 venv/bin/python - <<'P'
import torch
from transformers import (BioGptConfig, BioGptForCausalLM, Gemma2Config, Gemma2ForCausalLM, Gemma3ForCausalLM,
                          Gemma3TextConfig, GptOssConfig, GptOssForCausalLM, MptConfig, MptForCausalLM)

ids = torch.arange(24)[None]

@torch.no_grad()
def logits(kind, config):
    config._attn_implementation = "eager"
    torch.manual_seed(0)
    made = kind(config).eval()
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return made(ids).logits

def mpt(**attention):
    return logits(MptForCausalLM, MptConfig(d_model=32, n_heads=4, n_layers=2, vocab_size=50, max_seq_len=64,
                                            attn_config=attention))

def gemma(kind, config, **more):
    return logits(kind, config(vocab_size=50, hidden_size=32, intermediate_size=64, num_hidden_layers=2,
                               num_attention_heads=4, num_key_value_heads=2, head_dim=8, pad_token_id=0, **more))

for setting in ({"alibi": False}, {"alibi_bias_max": 2}, {"qk_ln": True}):
    same = torch.equal(mpt(), mpt(**setting))
    print("MPT", setting, "changes nothing:", same)
    assert same
for name, kind, config, expected in (("Gemma 3", Gemma3ForCausalLM, Gemma3TextConfig, True),
                                     ("Gemma 2", Gemma2ForCausalLM, Gemma2Config, False)):
    free, capped = (gemma(kind, config, attn_logit_softcapping=cap) for cap in (None, 0.5))
    same = torch.equal(free, capped)
    print(name, "attn_logit_softcapping 0.5 changes nothing:", same)
    assert same == expected
def biogpt(**more):
    return logits(BioGptForCausalLM, BioGptConfig(vocab_size=50, hidden_size=32, intermediate_size=64,
                                                  num_hidden_layers=2, num_attention_heads=4, **more))

def gpt_oss(**more):
    return logits(GptOssForCausalLM, GptOssConfig(vocab_size=50, hidden_size=32, intermediate_size=32, head_dim=8,
                                                  num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
                                                  num_local_experts=4, num_experts_per_tok=2, **more))

for name, made, setting in (("BioGPT", biogpt, {"layer_norm_eps": 1.0}), ("GPT-OSS", gpt_oss, {"hidden_act": "relu"})):
    same = torch.equal(made(), made(**setting))
    print(name, setting, "changes nothing:", same)
    assert same
P
echo "as described"
