"""The models of `export.py`: odd shapes, one table a family, at least four models each, the types in alphabetical order.

`settings` are the arguments of the configuration's class; `edit` changes the `config.json` before it is read again
("REMOVED" takes a key out); `tokens` and `sequences` are the sizes of the input; `draws` gives tensors, by a part of
their name, a [mean, scale] of their own; `original` is false where the file holds tensors as transformers has them in
memory.
"""


def grouped(**more):
    """A small model with the names that most families give their shapes."""
    base = dict(vocab_size=61, hidden_size=24, num_hidden_layers=2, num_attention_heads=6, num_key_value_heads=2,
                intermediate_size=40, max_position_embeddings=32, tie_word_embeddings=False, pad_token_id=0,
                bos_token_id=1, eos_token_id=2)
    return dict(settings={**base, **more})


def gpt2(**more):
    base = dict(vocab_size=61, n_embd=24, n_layer=2, n_head=3, n_positions=32, bos_token_id=1, eos_token_id=2)
    return dict(settings={**base, **more})


def sharp(case):
    """Scores that differ enough to tell their factor."""
    return {**case, "draws": {"c_attn.weight": [0.0, 1.2]}}


def named(kind, case):
    """Under an old name, which transformers does not write."""
    return {**case, "edit": {"model_type": kind}}


def gptj(**more):
    base = dict(vocab_size=61, n_embd=24, n_layer=2, n_head=4, n_positions=32, rotary_dim=4, bos_token_id=1,
                eos_token_id=2)
    return dict(settings={**base, **more})


def first_gpt(**more):
    base = dict(vocab_size=61, n_embd=24, n_layer=2, n_head=3, n_positions=32)
    return dict(settings={**base, **more})


def learned(**more):
    base = dict(vocab_size=53, hidden_size=24, num_hidden_layers=2, num_attention_heads=4, intermediate_size=36,
                max_position_embeddings=32)
    return dict(settings={**base, **more})


def image(**more):
    """A model of images of 5 x 5 patches."""
    base = dict(hidden_size=24, num_hidden_layers=2, num_attention_heads=3, image_size=20, patch_size=4)
    return dict(settings={**base, **more})


# Models of images: their ids name patches.
IMAGES = {"clip_vision_model", "dinov2", "dinov2_with_registers", "vit"}

# What stands in the files of allenai/OLMo-1B, at an odd shape.
HF_OLMO = {
    "activation_type": "swiglu", "alibi": False, "alibi_bias_max": 8.0, "architectures": ["OLMoForCausalLM"],
    "attention_dropout": 0.0, "attention_layer_norm": False, "attention_layer_norm_with_affine": False,
    "auto_map": {"AutoConfig": "configuration_olmo.OLMoConfig", "AutoModelForCausalLM": "modeling_olmo.OLMoForCausalLM",
                 "AutoTokenizer": ["tokenization_olmo_fast.OLMoTokenizerFast",
                                   "tokenization_olmo_fast.OLMoTokenizerFast"]},
    "bias_for_layer_norm": False, "block_group_size": 1, "block_type": "sequential", "clip_qkv": None, "d_model": 24,
    "embedding_dropout": 0.0, "embedding_size": 61, "eos_token_id": 2, "flash_attention": True, "include_bias": False,
    "init_cutoff_factor": None, "init_device": "meta", "init_fn": "mitchell", "init_std": 0.02,
    "layer_norm_type": "default", "layer_norm_with_affine": False, "max_sequence_length": 32, "mlp_hidden_size": 60,
    "mlp_ratio": 8, "model_type": "hf_olmo", "multi_query_attention": False, "n_heads": 3, "n_layers": 2,
    "pad_token_id": 1, "precision": "amp_bf16", "residual_dropout": 0.0, "rope": True, "rope_full_precision": True,
    "scale_logits": False, "transformers_version": "4.36.2", "use_cache": True, "vocab_size": 59, "weight_tying": True,
}


def bigcode(**more):
    return gpt2(**more)


def bloom(**more):
    base = dict(vocab_size=53, hidden_size=24, n_layer=2, n_head=4, bos_token_id=1, eos_token_id=2)
    return dict(settings={**base, **more})


def oss(**more):
    """Experts far enough from 0 for their bounds, and sinks that take much."""
    base = dict(num_local_experts=5, num_experts_per_tok=2, head_dim=8, sliding_window=4, intermediate_size=14,
                rope_parameters=rope(base=150000.0))
    return {**grouped(**{**base, **more}), "draws": {"gate_up_proj": [0.0, 6.0], "sinks": [1.0, 4.0]}}


def falcon(**more):
    base = dict(vocab_size=61, hidden_size=24, num_hidden_layers=2, num_attention_heads=6, max_position_embeddings=32,
                bos_token_id=1, eos_token_id=2)
    return dict(settings={**base, **more})


def less_one(case):
    """Gains that are stored less 1."""
    return {**case, "draws": {"norm.weight": [0.0, 0.4], "norm1.weight": [0.0, 0.4], **case.get("draws", {})}}


def xielu(case):
    """Constants as they are in every file."""
    return {**case, "draws": {"act_fn.beta": [0.5, 0.0], "act_fn.eps": [-1e-6, 0.0], "act_fn.alpha": [0.0, 2.0]}}


def gemma(**more):
    return less_one(grouped(**{"head_dim": 8, "tie_word_embeddings": True, **more}))


def neo(kinds, **more):
    base = dict(vocab_size=61, hidden_size=24, num_layers=2, num_heads=4, max_position_embeddings=32, window_size=4,
                attention_types=[[kinds, 2 // len(kinds)]], bos_token_id=1, eos_token_id=2)
    return dict(settings={**base, **more}, draws={"q_proj": [0.0, 0.3], "k_proj": [0.0, 0.3]})


def mpt(attention=None, **more):
    base = dict(vocab_size=53, d_model=24, n_layers=2, n_heads=4, max_seq_len=32, bos_token_id=1, eos_token_id=2)
    return dict(settings={**base, **more, "attn_config": attention or {}})


def opt(**more):
    base = dict(vocab_size=53, hidden_size=24, num_hidden_layers=2, num_attention_heads=4, ffn_dim=36,
                max_position_embeddings=32, word_embed_proj_dim=24)
    return dict(settings={**base, **more})


def neox(**more):
    base = dict(vocab_size=61, hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=40,
                max_position_embeddings=32, bos_token_id=1, eos_token_id=2)
    return dict(settings={**base, **more})


def rope(fraction=None, base=10000.0):
    """Unscaled rotary positions."""
    parameters = {"rope_type": "default", "rope_theta": base}
    return parameters if fraction is None else {**parameters, "partial_rotary_factor": fraction}


def scaled(kind, **more):
    """Stretched rotary positions of a model made for 32 positions, stretched from 16."""
    table = {"rope_type": kind, "rope_theta": 10000.0, "factor": 2.0}
    if kind in ("llama3", "yarn", "longrope"):
        table["original_max_position_embeddings"] = 16
    if kind == "llama3":
        table |= {"low_freq_factor": 1.0, "high_freq_factor": 4.0}
    return {**table, **more}


def cohere(**more):
    draws = {"q_norm": [1.0, 0.4], "k_norm": [1.0, 0.4]}
    return {**grouped(**{"tie_word_embeddings": True, "rope_parameters": rope(base=8e6), **more}), "draws": draws}


def persimmon(**more):
    base = dict(rope_parameters=rope(0.5, 25000.0))
    arguments = grouped(**{**base, **more})
    del arguments["settings"]["num_key_value_heads"]
    return arguments


def alpha(by, **more):
    """A stretched base, as Hunyuan has it, with what stands beside it."""
    return {"alpha": by, "factor": 1.0, "beta_fast": 32, "beta_slow": 1, "mscale": 1.0, "mscale_all_dim": 1.0, **more}


def growing(beta, **more):
    """YaRN whose queries grow beyond 16 positions."""
    return scaled("yarn", llama_4_scaling_beta=beta, **more)


def swa(**more):
    return {**grouped(**{"sliding_window": 4, "attention_multiplier": 0.4, **more}), "draws": {"sinks": [0.5, 3.0]}}


def longrope(pairs, **more):
    """Each wavelength stretched by its own factor, from 16 positions to 32."""
    factors = lambda step: [1.0 + step * i for i in range(pairs)]
    return {"rope_type": "longrope", "rope_theta": 10000.0, "short_factor": factors(0.1), "long_factor": factors(0.7),
            "original_max_position_embeddings": 16, **more}


def long(arguments, tokens=24):
    """The same with longer sequences."""
    return {**arguments, "tokens": tokens}


def alone(arguments):
    """One sequence: with dynamic scaling, what transformers computes depends on the sequences before."""
    return {**arguments, "sequences": 1}


TABLE = {
    "apertus": {
        "plain": xielu(grouped()),
        "biases": xielu(grouped(attention_bias=True, num_hidden_layers=3, rope_parameters=rope(base=500.0))),
        "one-key": xielu(grouped(num_key_value_heads=1, num_attention_heads=3, tie_word_embeddings=True,
                                 rms_norm_eps=1e-3)),
        "relu2": grouped(hidden_act="relu2", num_key_value_heads=6, rope_parameters=scaled("linear")),
    },
    "apertus1p5_text": {
        "plain": xielu(grouped()),
        "biases": xielu(grouped(attention_bias=True, num_hidden_layers=3, rope_parameters=rope(base=500.0))),
        "one-key": xielu(grouped(num_key_value_heads=1, num_attention_heads=3, rms_norm_eps=1e-3)),
        "tied": xielu(grouped(num_key_value_heads=6, tie_word_embeddings=True, rope_parameters=scaled("llama3"))),
    },
    "arcee": {
        "plain": grouped(),
        "llama3": long(grouped(rope_parameters=scaled("llama3"), mlp_bias=True, num_hidden_layers=3)),
        "yarn": grouped(rope_parameters=scaled("yarn"), attention_bias=True, tie_word_embeddings=True),
        "relu": grouped(hidden_act="relu", head_dim=10, num_attention_heads=3, num_key_value_heads=1),
    },
    "biogpt": {
        "plain": learned(),
        "unscaled": learned(scale_embedding=False, tie_word_embeddings=False, layer_norm_eps=1e-2),
        "relu": learned(hidden_act="relu", num_attention_heads=1, num_hidden_layers=3),
        "wide": learned(hidden_size=36, num_attention_heads=6, intermediate_size=17, hidden_act="gelu_new"),
    },
    "clip_vision_model": {
        "plain": image(intermediate_size=36),
        "gelu": image(intermediate_size=50, hidden_act="gelu", num_attention_heads=4, layer_norm_eps=1e-3),
        "gray": image(intermediate_size=31, num_channels=1, image_size=23, patch_size=3, num_hidden_layers=3),
        "many-patches": image(intermediate_size=24, image_size=24, patch_size=2, num_attention_heads=1),
    },
    "codegen": {
        "plain": gptj(),
        "odd-heads": gptj(n_embd=36, n_head=3, rotary_dim=6, n_inner=17, n_layer=3),
        "whole-heads": gptj(n_head=2, rotary_dim=12, activation_function="gelu", layer_norm_epsilon=1e-3),
        "tied": gptj(n_head=1, rotary_dim=10, tie_word_embeddings=True),
    },
    "cohere": {
        "plain": cohere(),
        "norms": cohere(use_qk_norm=True, num_hidden_layers=3, logit_scale=0.25),
        "one-key-norms": cohere(use_qk_norm=True, num_key_value_heads=1, num_attention_heads=3, layer_norm_eps=1e-3),
        "biases": cohere(attention_bias=True, tie_word_embeddings=False, num_key_value_heads=6, hidden_act="gelu"),
        "linear": cohere(rope_parameters=scaled("linear"), num_attention_heads=2, num_key_value_heads=2),
    },
    "cohere2": {
        "plain": cohere(sliding_window=5, num_hidden_layers=5),
        "layers": cohere(sliding_window=3, num_hidden_layers=3, attention_bias=True,
                         layer_types=["full_attention", "sliding_attention", "full_attention"]),
        "pattern": cohere(sliding_window=4, sliding_window_pattern=2, num_key_value_heads=1, logit_scale=1.5),
        "windows": cohere(sliding_window=7, layer_types=["sliding_attention"] * 2, num_attention_heads=3,
                          num_key_value_heads=3, tie_word_embeddings=False, rope_parameters=rope(base=500.0)),
    },
    "cwm": {
        "plain": long(grouped(sliding_window=5, num_hidden_layers=5, rope_parameters=scaled("llama3"), head_dim=4)),
        "layers": grouped(sliding_window=3, head_dim=8, rope_parameters=rope(base=1e6), mlp_bias=True,
                          layer_types=["sliding_attention", "full_attention"]),
        "full": grouped(head_dim=10, layer_types=["full_attention"] * 2, num_attention_heads=3, num_key_value_heads=1,
                        rope_parameters=rope(base=500.0)),
        "tied": grouped(sliding_window=7, head_dim=4, tie_word_embeddings=True, rope_parameters=scaled("yarn"),
                        num_hidden_layers=3),
    },
    "dinov2": {
        "plain": image(mlp_ratio=2),
        "no-bias": image(mlp_ratio=3, qkv_bias=False, num_attention_heads=4, layer_norm_eps=1e-3),
        "no-mask": image(mlp_ratio=1, use_mask_token=False, image_size=23, patch_size=3, num_hidden_layers=3,
                         hidden_act="gelu_new"),
        "many-patches": image(image_size=30, patch_size=[2, 2], num_channels=1),
    },
    "dinov2_with_registers": {
        "plain": image(mlp_ratio=2),
        "one": image(num_register_tokens=1, qkv_bias=False, num_attention_heads=6, num_hidden_layers=3),
        "none": image(num_register_tokens=0, mlp_ratio=1, image_size=21, hidden_act="relu"),
        "many": image(num_register_tokens=9, image_size=30, patch_size=2, num_channels=2, layer_norm_eps=1e-2),
    },
    "ernie4_5": {
        "plain": grouped(head_dim=8, tie_word_embeddings=True),
        "biases": grouped(head_dim=6, use_bias=True, rope_parameters=rope(base=500000.0)),
        "one-key": grouped(head_dim=4, num_key_value_heads=1, num_hidden_layers=3, rms_norm_eps=1e-3),
        "linear": grouped(head_dim=10, num_attention_heads=3, num_key_value_heads=3, rope_parameters=scaled("linear")),
    },
    "exaone": {
        "plain": grouped(rope_parameters=rope(base=500000.0)),
        "llama3": long(grouped(rope_parameters=scaled("llama3"), head_dim=10, num_key_value_heads=6)),
        "biases": grouped(attention_bias=True, mlp_bias=True, rope_parameters=rope(base=500.0), num_hidden_layers=3),
        "old-names": {**grouped(num_key_value_heads=1, tie_word_embeddings=True, rope_parameters=rope(base=1e4)),
                      "edit": {"num_hidden_layers": "REMOVED", "num_layers": 2, "rms_norm_eps": "REMOVED",
                               "layer_norm_epsilon": 1e-3, "hidden_act": "REMOVED", "activation_function": "silu",
                               "rope_parameters": "REMOVED", "rope_theta": 1e4}},
    },
    "exaone4": {
        "plain": grouped(sliding_window=5, num_hidden_layers=5),
        "full": grouped(sliding_window=None, layer_types=["full_attention"] * 2, num_key_value_heads=1),
        "nowhere-rotated": grouped(layer_types=["full_attention"] * 3, num_hidden_layers=3, head_dim=10),
        "pattern": grouped(sliding_window=4, sliding_window_pattern=2, tie_word_embeddings=True,
                           rope_parameters=rope(base=500.0)),
        "word": {**long(grouped(sliding_window=6, layer_types=["sliding_attention", "full_attention"],
                                num_attention_heads=3, num_key_value_heads=3, rope_parameters=scaled("llama3"))),
                 "edit": {"sliding_window_pattern": "LLLG"}},
    },
    "falcon": {
        "one-norm": falcon(),
        "one-norm-multi-head": falcon(multi_query=False, num_hidden_layers=3, bias=True, ffn_hidden_size=50),
        "groups": falcon(new_decoder_architecture=True, num_kv_heads=2, rope_parameters=rope(base=500.0)),
        "groups-one-norm": falcon(new_decoder_architecture=True, num_kv_heads=3, num_ln_in_parallel_attn=1,
                                  activation="gelu_pytorch_tanh", tie_word_embeddings=False),
        # with `eager`, linear biases are added twice: to scores, and in the mask
        "linear": {**falcon(alibi=True, parallel_attn=False, multi_query=False, bias=True, layer_norm_epsilon=1e-3),
                   "attention": "sdpa"},
        "linear-long": {**falcon(alibi=True, parallel_attn=False, multi_query=False, num_attention_heads=3),
                        "attention": "sdpa", "tokens": 300, "sequences": 1},
    },
    "gemma": {
        "plain": gemma(),
        "untied": gemma(tie_word_embeddings=False, num_attention_heads=3, num_key_value_heads=3, head_dim=10),
        "legacy": {**gemma(num_key_value_heads=1, head_dim=4, num_hidden_layers=3),
                   "edit": {"hidden_act": "gelu", "hidden_activation": None}},
        "biases": gemma(attention_bias=True, rms_norm_eps=1e-3, rope_parameters=rope(base=500.0)),
    },
    "gemma2": {
        "plain": gemma(query_pre_attn_scalar=8, sliding_window=5),
        "bounds": gemma(query_pre_attn_scalar=3, attn_logit_softcapping=1.5, final_logit_softcapping=2.5,
                        sliding_window=4, num_hidden_layers=3),
        "no-bounds": gemma(attn_logit_softcapping=None, final_logit_softcapping=None, tie_word_embeddings=False,
                           sliding_window=7, query_pre_attn_scalar=24),
        "layers": gemma(layer_types=["full_attention", "sliding_attention", "sliding_attention"], num_hidden_layers=3,
                        sliding_window=3, num_key_value_heads=1, attention_bias=True, hidden_activation="gelu"),
    },
    "gemma3_text": {
        "plain": gemma(query_pre_attn_scalar=8, sliding_window=5, num_hidden_layers=7),
        "linear": gemma(sliding_window=4, layer_types=["sliding_attention", "full_attention", "sliding_attention"],
                        num_hidden_layers=3, query_pre_attn_scalar=16,
                        rope_parameters={"full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 5e4},
                                         "sliding_attention": {"rope_type": "default", "rope_theta": 500.0}}),
        "older": {**gemma(query_pre_attn_scalar=8, sliding_window=3, num_key_value_heads=1),
                  "edit": {"rope_parameters": "REMOVED", "layer_types": "REMOVED", "sliding_window_pattern": 2,
                           "rope_theta": 1e6, "rope_local_base_freq": 100.0,
                           "rope_scaling": {"factor": 8.0, "rope_type": "linear"}}},
        "bounds": gemma(final_logit_softcapping=2.5, tie_word_embeddings=False,
                        layer_types=["full_attention", "full_attention"], query_pre_attn_scalar=6),
    },
    "glm": {
        "plain": grouped(head_dim=8),
        "no-bias": grouped(head_dim=12, attention_bias=False, num_attention_heads=3, num_key_value_heads=1),
        "full-rotary": grouped(head_dim=4, rope_parameters=rope(1.0, 500.0), tie_word_embeddings=True),
        "yarn": long(grouped(head_dim=8, num_hidden_layers=3, hidden_act="gelu",
                             rope_parameters=scaled("yarn", partial_rotary_factor=0.5))),
    },
    "glm4": {
        "plain": grouped(head_dim=8),
        "no-bias": grouped(head_dim=12, attention_bias=False, num_attention_heads=3, num_key_value_heads=1),
        "full-rotary": grouped(head_dim=4, rope_parameters=rope(1.0, 500.0), tie_word_embeddings=True),
        "deep": grouped(head_dim=16, num_hidden_layers=4, num_attention_heads=2, num_key_value_heads=2),
    },
    "bloom": {
        "plain": bloom(),
        "six-heads": bloom(n_head=6, n_layer=3, layer_norm_epsilon=1e-3),
        "one-head": bloom(n_head=1, hidden_size=20, tie_word_embeddings=False),
        "twelve-heads": {**bloom(n_head=12, hidden_size=36), "tokens": 40},
    },
    "gpt_bigcode": {
        "one-key": bigcode(),
        "multi-head": bigcode(multi_query=False, n_head=4),
        "unscaled": {**bigcode(scale_attn_weights=False, n_inner=17, activation_function="relu"),
                     "draws": {"c_attn": [0.0, 0.3]}},
        "untied": bigcode(n_embd=40, n_head=5, n_layer=3, tie_word_embeddings=False, layer_norm_epsilon=1e-3),
    },
    "gptj": {
        "plain": gptj(),
        "odd-heads": gptj(n_embd=30, n_head=3, rotary_dim=6, n_inner=17, n_layer=3),
        "whole-heads": gptj(n_head=2, rotary_dim=12, activation_function="gelu", layer_norm_epsilon=1e-3),
        "tied": gptj(n_head=1, rotary_dim=10, tie_word_embeddings=True),
    },
    "gpt_neo": {
        "alternating": neo(["global", "local"]),
        "local": {**neo(["local"], window_size=1, tie_word_embeddings=False), "tokens": 9},
        "global": neo(["global"], intermediate_size=17, layer_norm_epsilon=1e-3),
        "wide": neo(["local", "global"], hidden_size=36, num_heads=3, activation_function="gelu", window_size=7),
    },
    "gpt2": {
        "plain": gpt2(),
        "exact-gelu": gpt2(activation_function="gelu", n_head=1),
        "narrow-mlp": gpt2(n_inner=17, n_head=4, tie_word_embeddings=False),
        "wide": gpt2(n_embd=40, n_head=5, n_layer=3, layer_norm_epsilon=1e-3),
        "by-layer": sharp(gpt2(scale_attn_by_inverse_layer_idx=True, n_layer=4)),
        "unscaled": sharp(gpt2(scale_attn_weights=False)),
        "unscaled-by-layer": sharp(gpt2(scale_attn_weights=False, scale_attn_by_inverse_layer_idx=True, n_head=2,
                                        n_layer=3, reorder_and_upcast_attn=True)),
    },
    "gpt-sw3": {
        "plain": named("gpt-sw3", gpt2()),
        "relu": named("gpt-sw3", gpt2(activation_function="relu", n_head=1, n_inner=17)),
        "untied": named("gpt-sw3", gpt2(n_embd=40, n_head=5, n_layer=3, tie_word_embeddings=False)),
        "by-layer": named("gpt-sw3", sharp(gpt2(scale_attn_by_inverse_layer_idx=True, layer_norm_epsilon=1e-3))),
    },
    "gpt_neox": {
        "parallel": neox(hidden_size=48),
        "sequential": neox(use_parallel_residual=False, rope_parameters=rope(0.5)),
        "full-rotary": neox(rope_parameters=rope(1.0, 500.0), hidden_act="gelu_new", tie_word_embeddings=True),
        "relu": neox(num_attention_heads=1, rope_parameters=rope(0.5), hidden_act="relu", num_hidden_layers=3),
    },
    "gpt_oss": {
        "plain": oss(),
        "yarn": long(oss(rope_parameters=scaled("yarn", truncate=False), num_hidden_layers=3, sliding_window=9)),
        "layers": oss(layer_types=["full_attention", "sliding_attention", "sliding_attention"], num_hidden_layers=3,
                      sliding_window=3, num_experts_per_tok=1, num_attention_heads=3, num_key_value_heads=1),
        "no-bias": oss(attention_bias=False, num_local_experts=3, num_experts_per_tok=3, head_dim=12,
                       tie_word_embeddings=True, rope_parameters=rope(base=500.0)),
    },
    "helium": {
        "plain": grouped(head_dim=4),
        "biases": grouped(head_dim=8, num_attention_heads=3, num_key_value_heads=1, attention_bias=True, mlp_bias=True),
        "one-key": grouped(head_dim=4, num_key_value_heads=1, num_hidden_layers=3, tie_word_embeddings=True),
        "linear": grouped(head_dim=12, num_attention_heads=2, num_key_value_heads=2, mlp_bias=True,
                          rope_parameters=scaled("linear")),
    },
    "granite": {
        "factors": grouped(embedding_multiplier=12.0, attention_multiplier=0.0078125, residual_multiplier=0.22,
                           logits_scaling=8.0),
        "defaults": {**grouped(), "draws": {"q_proj": [0.0, 0.3], "k_proj": [0.0, 0.3]}},
        "biases": grouped(attention_bias=True, mlp_bias=True, attention_multiplier=0.5, residual_multiplier=1.5,
                          num_hidden_layers=3),
        "one-key": grouped(num_key_value_heads=1, tie_word_embeddings=True, attention_multiplier=0.3,
                           logits_scaling=0.5, rope_parameters=rope(base=500.0), rms_norm_eps=1e-5),
    },
    "granitemoe": {
        "plain": {**grouped(num_local_experts=5, num_experts_per_tok=2),
                  "draws": {"q_proj": [0.0, 0.3], "k_proj": [0.0, 0.3]}},
        "factors": grouped(num_local_experts=4, num_experts_per_tok=3, embedding_multiplier=12.0, logits_scaling=6.0,
                           attention_multiplier=0.015625, residual_multiplier=0.22, num_hidden_layers=3),
        "biases": grouped(num_local_experts=3, num_experts_per_tok=1, attention_bias=True, attention_multiplier=0.4,
                          num_key_value_heads=1, intermediate_size=15, tie_word_embeddings=True),
        "memory": {**grouped(num_local_experts=6, num_experts_per_tok=4, attention_multiplier=0.3, hidden_act="gelu",
                             rope_parameters=rope(base=500.0)), "original": False},
    },
    "flex_olmo": {
        "plain": grouped(num_experts=5, num_experts_per_tok=2),
        "normalised": grouped(num_experts=4, num_experts_per_tok=3, norm_topk_prob=True, num_hidden_layers=3,
                              num_key_value_heads=6, rms_norm_eps=1e-3),
        "biases": grouped(num_experts=3, num_experts_per_tok=1, attention_bias=True, num_key_value_heads=1,
                          intermediate_size=15, tie_word_embeddings=True),
        "stacked": {**grouped(num_experts=7, num_experts_per_tok=5, rope_parameters=rope(base=500.0),
                              num_attention_heads=3, num_key_value_heads=3), "original": False},
    },
    "granite_swa": {
        "plain": swa(num_hidden_layers=5),
        "bases": swa(num_hidden_layers=3, layer_types=["sliding_attention", "full_attention", "sliding_attention"],
                     layer_rope_theta=[500.0, 1e6, 500.0], attention_bias=True, mlp_bias=True),
        "not-rotated": swa(num_hidden_layers=3, layer_rope_theta=[0, 10000.0, 10000.0], num_key_value_heads=1,
                           residual_multiplier=0.5, logits_scaling=4.0),
        "factors": swa(embedding_multiplier=3.0, attention_multiplier=0.3, residual_multiplier=0.22, logits_scaling=8.0,
                       tie_word_embeddings=True, rope_parameters=rope(base=500.0), rms_norm_eps=1e-3),
    },
    "hf_olmo": {
        "plain": dict(settings={}),
        "clipped": dict(settings=dict(clip_qkv=0.5, n_heads=6, n_layers=3)),
        "untied": dict(settings=dict(weight_tying=False, mlp_hidden_size=36, layer_norm_type="low_precision")),
        "rows": dict(settings=dict(embedding_size=None, n_heads=1, clip_qkv=2.0)),
    },
    "hunyuan_v1_dense": {
        "plain": grouped(head_dim=4),
        "alpha": long(grouped(head_dim=8, rope_parameters=alpha(50.0, rope_type="dynamic", rope_theta=500.0),
                              num_hidden_layers=3)),
        "old-alpha": {**grouped(head_dim=6, num_key_value_heads=1, tie_word_embeddings=True),
                      "edit": {"rope_parameters": "REMOVED", "rope_theta": 500.0,
                               "rope_scaling": alpha(1000.0, type="dynamic")}},
        "biases": grouped(head_dim=10, attention_bias=True, num_attention_heads=3, num_key_value_heads=3,
                          rms_norm_eps=1e-3, rope_parameters=rope(base=500.0)),
    },
    "hyperclovax": {
        "plain": grouped(),
        "factors": grouped(embedding_multiplier=3.0, attention_multiplier=0.3, residual_multiplier=0.22,
                           logits_scaling=0.125, num_hidden_layers=3),
        "no-post-norm": grouped(use_post_norm=False, head_dim=10, attention_bias=True, mlp_bias=True),
        "one-key": grouped(num_key_value_heads=1, tie_word_embeddings=True, residual_multiplier=1.5,
                           rope_parameters=rope(base=500.0), rms_norm_eps=1e-3),
    },
    "internlm3": {
        "plain": grouped(head_dim=8),
        "biases": grouped(head_dim=4, attention_bias=True, mlp_bias=True, num_hidden_layers=3),
        "dynamic": alone(long(grouped(head_dim=10, rope_parameters=scaled("dynamic", factor=6.0), num_key_value_heads=1,
                                      max_position_embeddings=24))),
        "old-names": {**grouped(head_dim=6, num_attention_heads=3, num_key_value_heads=3, tie_word_embeddings=True,
                                attention_bias=True, mlp_bias=True),
                      "edit": {"attention_bias": "REMOVED", "qkv_bias": True, "mlp_bias": "REMOVED", "bias": True}},
    },
    "iquestcoder": {
        "plain": grouped(head_dim=8),
        "biases": grouped(head_dim=4, attention_bias=True, num_hidden_layers=3),
        "mlp-bias": grouped(head_dim=10, mlp_bias=True, num_key_value_heads=1, rope_parameters=rope(base=500000.0)),
        "tied": grouped(head_dim=6, num_attention_heads=3, num_key_value_heads=3, tie_word_embeddings=True),
    },
    "jais2": {
        "plain": grouped(),
        "no-biases": grouped(attention_bias=False, mlp_bias=False, num_key_value_heads=6, num_hidden_layers=3),
        "mixed": grouped(mlp_bias=False, head_dim=10, hidden_act="gelu", layer_norm_eps=1e-3),
        "tied": grouped(num_attention_heads=3, num_key_value_heads=1, tie_word_embeddings=True,
                        rope_parameters=rope(base=500000.0)),
    },
    "llama": {
        "grouped": grouped(),
        "llama3": long(grouped(rope_parameters=scaled("llama3"), head_dim=12)),
        "linear": grouped(rope_parameters=scaled("linear"), mlp_bias=True),
        "dynamic": alone(long(grouped(rope_parameters=scaled("dynamic", factor=3.0), max_position_embeddings=16))),
        "yarn": long(grouped(rope_parameters=scaled("yarn", beta_fast=8, beta_slow=0.5), num_attention_heads=3,
                             num_key_value_heads=3)),
        "longrope": long(grouped(rope_parameters=longrope(5), head_dim=10)),
        "old-yarn": long(dict(settings=grouped()["settings"],
                              edit={"rope_parameters": "REMOVED", "rope_theta": 10000.0,
                                    "rope_scaling": {"type": "yarn", "factor": 4.0,
                                                     "original_max_position_embeddings": 8}})),
        "geglu": grouped(hidden_act="gelu_pytorch_tanh", attention_bias=True),
        "relu2": grouped(hidden_act="relu2", rms_norm_eps=0.37, num_attention_heads=3, num_key_value_heads=1),
        "multi-head": grouped(num_attention_heads=3, num_key_value_heads=3, rms_norm_eps=1e-5, num_hidden_layers=4),
        "one-key": grouped(num_key_value_heads=1, tie_word_embeddings=True, rope_parameters=rope(base=500.0)),
        "biases": grouped(attention_bias=True, mlp_bias=True, head_dim=10),
    },
    "ministral": {
        "plain": grouped(sliding_window=5, head_dim=4),
        "layers": grouped(sliding_window=3, head_dim=8, num_hidden_layers=3,
                          layer_types=["sliding_attention", "full_attention", "sliding_attention"]),
        "full": grouped(layer_types=["full_attention"] * 2, head_dim=10, num_attention_heads=3, num_key_value_heads=1),
        "tied": grouped(sliding_window=7, head_dim=16, tie_word_embeddings=True, rope_parameters=rope(base=1e6),
                        layer_types=["full_attention", "sliding_attention"]),
    },
    "ministral3": {
        "plain": grouped(head_dim=4, rope_parameters=growing(0.1)),
        "window": grouped(head_dim=8, sliding_window=5, rope_parameters=growing(0.3), num_hidden_layers=3),
        "never": long(grouped(head_dim=10, rope_parameters=growing(0.0, original_max_position_embeddings=8),
                              num_key_value_heads=1)),
        "tied": grouped(head_dim=6, num_attention_heads=3, num_key_value_heads=3, tie_word_embeddings=True,
                        rope_parameters=growing(0.2, mscale=1.0, mscale_all_dim=1.0), rms_norm_eps=1e-3),
    },
    "mistral": {
        "window": grouped(sliding_window=5),
        "full": grouped(sliding_window=None, num_attention_heads=3, num_key_value_heads=1, num_hidden_layers=3),
        "wide-heads": grouped(sliding_window=7, head_dim=16, tie_word_embeddings=True),
        "window-of-one": grouped(sliding_window=1, rms_norm_eps=1e-5, rope_parameters=rope(base=1e6)),
    },
    "persimmon": {
        "plain": persimmon(),
        "no-norms": persimmon(qk_layernorm=False, num_hidden_layers=3, hidden_act="gelu"),
        "whole-heads": persimmon(rope_parameters=rope(1.0, 500.0), tie_word_embeddings=True, layer_norm_eps=1e-3),
        "one-head": persimmon(num_attention_heads=1, rope_parameters=rope(0.75, 25000.0)),
    },
    "phi": {
        "plain": grouped(num_attention_heads=3, num_key_value_heads=3),
        "groups": grouped(num_hidden_layers=3, rope_parameters=rope(1.0), hidden_act="gelu"),
        "norms": grouped(qk_layernorm=True, num_attention_heads=2, num_key_value_heads=1, layer_norm_eps=1e-3),
        "tied": grouped(num_attention_heads=4, num_key_value_heads=4, tie_word_embeddings=True,
                        rope_parameters=rope(0.7, 500.0)),
    },
    "phi3": {
        "plain": grouped(),
        "window": grouped(sliding_window=5, num_attention_heads=3, num_key_value_heads=3),
        "longrope": long(grouped(rope_parameters=longrope(6), original_max_position_embeddings=16, hidden_size=36,
                                 num_attention_heads=3, num_key_value_heads=1)),
        "partial": long(grouped(rope_parameters=longrope(3, partial_rotary_factor=0.75), hidden_size=48,
                                original_max_position_embeddings=16, tie_word_embeddings=True)),
        "old-name": long(dict(settings=grouped(hidden_size=48, original_max_position_embeddings=16)["settings"],
                            edit={"rope_parameters": "REMOVED", "rope_theta": 500.0,
                                  "rope_scaling": {"type": "yarn", "short_factor": [1.0, 1.1, 1.2, 1.3],
                                                   "long_factor": [1.0, 2.0, 3.0, 4.5]}})),
    },
    "mpt": {
        "plain": mpt(),
        "six-heads": mpt({"clip_qkv": 0.5}, n_heads=6, n_layers=3),
        "three-heads": mpt({"softmax_scale": 0.7}, n_heads=3, tie_word_embeddings=False),
        "twelve-heads": {**mpt(n_heads=12, d_model=36, layer_norm_epsilon=1e-3, max_seq_len=64), "tokens": 40},
    },
    "nanochat": {
        "plain": grouped(),
        "bias": grouped(attention_bias=True, num_key_value_heads=6, num_hidden_layers=3, rms_norm_eps=1e-3),
        "no-bound": grouped(final_logit_softcapping=None, head_dim=10, num_key_value_heads=1),
        "tied": grouped(final_logit_softcapping=2.5, num_attention_heads=3, num_key_value_heads=3,
                        tie_word_embeddings=True, rope_parameters=rope(base=500.0), hidden_act="silu"),
    },
    "nemotron": {
        "plain": less_one(grouped(num_key_value_heads=6)),
        "biases": less_one(grouped(attention_bias=True, mlp_bias=True, head_dim=12, num_hidden_layers=3)),
        "full-rotary": less_one(grouped(rope_parameters=rope(1.0, 500.0), tie_word_embeddings=True, norm_eps=1e-3)),
        "one-key": less_one(grouped(num_key_value_heads=1, num_attention_heads=3, hidden_act="relu")),
    },
    "mixtral": {
        "plain": grouped(num_local_experts=5, num_experts_per_tok=2),
        "one": grouped(num_local_experts=3, num_experts_per_tok=1, num_hidden_layers=3, sliding_window=5,
                       intermediate_size=17, tie_word_embeddings=True),
        "all": grouped(num_local_experts=4, num_experts_per_tok=4, head_dim=10, num_key_value_heads=1,
                       rope_parameters=rope(base=500.0)),
        "stacked": {**grouped(num_local_experts=7, num_experts_per_tok=3, hidden_act="gelu", rms_norm_eps=1e-3),
                    "original": False},
    },
    "olmo": {
        "plain": grouped(),
        "clipped": grouped(clip_qkv=0.5, num_key_value_heads=6, num_hidden_layers=3),
        "tied": grouped(tie_word_embeddings=True, num_key_value_heads=1, rope_parameters=rope(base=500.0)),
        "biases": grouped(attention_bias=True, num_attention_heads=3, num_key_value_heads=3, clip_qkv=1.5),
    },
    "olmo2": {
        "plain": grouped(),
        "multi-head": grouped(num_attention_heads=3, num_key_value_heads=3, rms_norm_eps=1e-6, num_hidden_layers=4),
        "one-key": grouped(num_key_value_heads=1, tie_word_embeddings=True, rope_parameters=rope(base=500.0)),
        "biases": grouped(attention_bias=True, num_key_value_heads=6),
    },
    "olmo3": {
        "plain": grouped(sliding_window=5, num_hidden_layers=5),
        "yarn": long(grouped(sliding_window=6, num_hidden_layers=3, num_key_value_heads=6,
                             layer_types=["sliding_attention", "full_attention", "sliding_attention"],
                             rope_parameters={"full_attention": scaled("yarn", rope_theta=5e5),
                                              "sliding_attention": rope(base=5e5)})),
        "bases": grouped(sliding_window=3, layer_types=["full_attention", "sliding_attention"], attention_bias=True,
                         rope_parameters={"full_attention": rope(base=1e4), "sliding_attention": rope(base=100.0)}),
        "older": {**grouped(sliding_window=4, num_key_value_heads=1, tie_word_embeddings=True, num_hidden_layers=4),
                  "edit": {"rope_parameters": "REMOVED", "rope_theta": 500000, "layer_types": "REMOVED",
                           "rope_scaling": {"rope_type": "linear", "factor": 2.0}}},
    },
    "olmoe": {
        "plain": grouped(num_experts=5, num_experts_per_tok=2),
        "normalised": grouped(num_experts=6, num_experts_per_tok=3, norm_topk_prob=True, num_key_value_heads=6,
                              num_hidden_layers=3, clip_qkv=0.7),
        "biases": grouped(num_experts=3, num_experts_per_tok=1, attention_bias=True, num_attention_heads=3,
                          num_key_value_heads=1, intermediate_size=11, tie_word_embeddings=True),
        "stacked": {**grouped(num_experts=9, num_experts_per_tok=4, rope_parameters=rope(base=500.0),
                              rms_norm_eps=1e-3), "original": False},
    },
    "openai-gpt": {
        "plain": first_gpt(),
        "relu": first_gpt(afn="relu", n_head=1, n_layer=3),
        "silu": first_gpt(afn="silu", n_embd=36, n_head=6, layer_norm_epsilon=1e-3),
        "untied": first_gpt(tie_word_embeddings=False, n_head=4),
    },
    "opt": {
        "before": opt(),
        "after": opt(do_layer_norm_before=False, word_embed_proj_dim=10),
        "narrow": opt(word_embed_proj_dim=17, num_hidden_layers=3, tie_word_embeddings=False),
        "wide": opt(word_embed_proj_dim=40, do_layer_norm_before=False, activation_function="gelu"),
        "plain": opt(enable_bias=False, layer_norm_elementwise_affine=False, num_attention_heads=3),
    },
    "qwen2": {
        "plain": grouped(),
        "window": grouped(use_sliding_window=True, sliding_window=4, max_window_layers=1, num_hidden_layers=3),
        "tied": grouped(tie_word_embeddings=True, num_attention_heads=3, num_key_value_heads=3),
        "one-key": grouped(num_key_value_heads=1, rope_parameters=rope(base=1e6), rms_norm_eps=1e-5),
    },
    "qwen2_moe": {
        "plain": grouped(num_experts=5, num_experts_per_tok=2, moe_intermediate_size=14,
                         shared_expert_intermediate_size=22),
        "steps": grouped(num_experts=4, num_experts_per_tok=3, moe_intermediate_size=9, norm_topk_prob=True,
                         shared_expert_intermediate_size=18, decoder_sparse_step=2, num_hidden_layers=4,
                         mlp_only_layers=[3], num_key_value_heads=1),
        "window": grouped(num_experts=3, num_experts_per_tok=1, moe_intermediate_size=21, qkv_bias=False,
                          shared_expert_intermediate_size=10, num_hidden_layers=3, use_sliding_window=True,
                          sliding_window=4, mlp_only_layers=[0], max_window_layers=2),
        "stacked": {**grouped(num_experts=6, num_experts_per_tok=2, moe_intermediate_size=13,
                              shared_expert_intermediate_size=7, tie_word_embeddings=True, num_attention_heads=3,
                              num_key_value_heads=3), "original": False},
    },
    "qwen3": {
        "plain": grouped(head_dim=8),
        "window": grouped(head_dim=8, use_sliding_window=True, sliding_window=5, num_hidden_layers=3,
                          layer_types=["sliding_attention", "full_attention", "sliding_attention"]),
        "biases": grouped(head_dim=4, attention_bias=True),
        "tied": grouped(head_dim=12, num_attention_heads=3, num_key_value_heads=1, tie_word_embeddings=True),
    },
    "qwen3_moe": {
        "plain": grouped(num_experts=5, num_experts_per_tok=2, moe_intermediate_size=14, head_dim=8),
        "steps": grouped(num_experts=4, num_experts_per_tok=3, moe_intermediate_size=9, norm_topk_prob=True, head_dim=4,
                         decoder_sparse_step=2, num_hidden_layers=4, mlp_only_layers=[1], attention_bias=True),
        "window": grouped(num_experts=3, num_experts_per_tok=1, moe_intermediate_size=21, head_dim=6,
                          use_sliding_window=True, sliding_window=4, tie_word_embeddings=True),
        "dense": grouped(num_experts=3, num_experts_per_tok=1, mlp_only_layers=[0, 1], head_dim=4),
        "stacked": {**grouped(num_experts=11, num_experts_per_tok=8, moe_intermediate_size=6, head_dim=12,
                              num_attention_heads=3, num_key_value_heads=1, norm_topk_prob=True), "original": False},
    },
    "seed_oss": {
        "plain": grouped(head_dim=8),
        "all-biases": grouped(head_dim=6, attention_out_bias=True, mlp_bias=True),
        "mixed-biases": grouped(head_dim=4, attention_bias=False, attention_out_bias=True, num_hidden_layers=3),
        "mlp-bias": grouped(head_dim=10, attention_bias=True, mlp_bias=True, num_key_value_heads=1,
                            tie_word_embeddings=True),
    },
    "smollm3": {
        "every-fourth": grouped(num_hidden_layers=4),
        "listed": grouped(num_hidden_layers=3, no_rope_layers=[0, 1, 0], attention_bias=True),
        "window": grouped(num_hidden_layers=4, no_rope_layer_interval=2, use_sliding_window=True, sliding_window=5,
                          tie_word_embeddings=True),
        "layer-types": grouped(num_hidden_layers=3, no_rope_layers=[1, 0, 1], use_sliding_window=True, sliding_window=4,
                               layer_types=["sliding_attention", "full_attention", "sliding_attention"]),
        "yarn": long(grouped(num_hidden_layers=2, no_rope_layer_interval=2, mlp_bias=True,
                             rope_parameters=scaled("yarn"))),
    },
    "stablelm": {
        "plain": grouped(hidden_size=48),
        "parallel": grouped(use_parallel_residual=True, rope_parameters=rope(0.5), num_hidden_layers=3),
        "norms": grouped(qk_layernorm=True, rope_parameters=rope(1.0, 500.0), use_qkv_bias=True),
        "parallel-norms": grouped(qk_layernorm=True, use_parallel_residual=True, hidden_size=30, num_attention_heads=3,
                                  num_key_value_heads=1, rope_parameters=rope(0.4), layer_norm_eps=1e-3),
        "one-head": grouped(qk_layernorm=True, num_attention_heads=1, num_key_value_heads=1, tie_word_embeddings=True,
                            hidden_act="gelu"),
    },
    "starcoder2": {
        "plain": grouped(),
        "window": grouped(sliding_window=5, num_hidden_layers=3, tie_word_embeddings=True),
        "no-bias": grouped(use_bias=False, num_key_value_heads=1, rope_parameters=rope(base=500.0)),
        "wide": grouped(num_attention_heads=3, num_key_value_heads=3, norm_epsilon=1e-3, hidden_act="gelu"),
    },
    "vaultgemma": {
        "plain": gemma(query_pre_attn_scalar=8, sliding_window=5),
        "bounds": gemma(query_pre_attn_scalar=3, attn_logit_softcapping=1.5, final_logit_softcapping=2.5,
                        sliding_window=4, num_hidden_layers=3),
        "no-bounds": gemma(attn_logit_softcapping=None, final_logit_softcapping=None, tie_word_embeddings=False,
                           sliding_window=7, query_pre_attn_scalar=24),
        "layers": gemma(layer_types=["full_attention", "sliding_attention", "sliding_attention"], num_hidden_layers=3,
                        sliding_window=3, num_key_value_heads=1, attention_bias=True, hidden_activation="gelu"),
    },
    "vit": {
        "plain": image(intermediate_size=36),
        "no-bias": image(intermediate_size=40, qkv_bias=False, num_attention_heads=4, hidden_act="gelu_new"),
        "wide": image(intermediate_size=31, image_size=[12, 27], patch_size=[3, 5], num_hidden_layers=3, layer_norm_eps=1e-3),
        "many-patches": image(intermediate_size=24, image_size=31, patch_size=2, num_channels=1, hidden_act="silu"),
    },
}

CASES = {(kind, name): arguments for kind, models in TABLE.items() for name, arguments in models.items()}
