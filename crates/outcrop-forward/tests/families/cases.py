"""The models of `export.py`: odd shapes, one table a family, at least four models each, the types in alphabetical order.

`settings` are the arguments of the configuration's class; `edit` changes the `config.json` before it is read again
("REMOVED" takes a key out); `tokens` and `sequences` are the sizes of the input; `draws` gives tensors, by a part of
their name, a [mean, scale] of their own.
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
    "arcee": {
        "plain": grouped(),
        "llama3": long(grouped(rope_parameters=scaled("llama3"), mlp_bias=True, num_hidden_layers=3)),
        "yarn": grouped(rope_parameters=scaled("yarn"), attention_bias=True, tie_word_embeddings=True),
        "relu": grouped(hidden_act="relu", head_dim=10, num_attention_heads=3, num_key_value_heads=1),
    },
    "ernie4_5": {
        "plain": grouped(head_dim=8, tie_word_embeddings=True),
        "biases": grouped(head_dim=6, use_bias=True, rope_parameters=rope(base=500000.0)),
        "one-key": grouped(head_dim=4, num_key_value_heads=1, num_hidden_layers=3, rms_norm_eps=1e-3),
        "linear": grouped(head_dim=10, num_attention_heads=3, num_key_value_heads=3, rope_parameters=scaled("linear")),
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
    "gpt2": {
        "plain": gpt2(),
        "exact-gelu": gpt2(activation_function="gelu", n_head=1),
        "narrow-mlp": gpt2(n_inner=17, n_head=4, tie_word_embeddings=False),
        "wide": gpt2(n_embd=40, n_head=5, n_layer=3, layer_norm_epsilon=1e-3),
    },
    "gpt_neox": {
        "parallel": neox(hidden_size=48),
        "sequential": neox(use_parallel_residual=False, rope_parameters=rope(0.5)),
        "full-rotary": neox(rope_parameters=rope(1.0, 500.0), hidden_act="gelu_new", tie_word_embeddings=True),
        "relu": neox(num_attention_heads=1, rope_parameters=rope(0.5), hidden_act="relu", num_hidden_layers=3),
    },
    "helium": {
        "plain": grouped(head_dim=4),
        "biases": grouped(head_dim=8, num_attention_heads=3, num_key_value_heads=1, attention_bias=True, mlp_bias=True),
        "one-key": grouped(head_dim=4, num_key_value_heads=1, num_hidden_layers=3, tie_word_embeddings=True),
        "linear": grouped(head_dim=12, num_attention_heads=2, num_key_value_heads=2, mlp_bias=True,
                          rope_parameters=scaled("linear")),
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
        "multi-head": grouped(num_attention_heads=3, num_key_value_heads=3, rms_norm_eps=1e-5, num_hidden_layers=4),
        "one-key": grouped(num_key_value_heads=1, tie_word_embeddings=True, rope_parameters=rope(base=500.0)),
        "biases": grouped(attention_bias=True, mlp_bias=True, head_dim=10),
    },
    "mistral": {
        "window": grouped(sliding_window=5),
        "full": grouped(sliding_window=None, num_attention_heads=3, num_key_value_heads=1, num_hidden_layers=3),
        "wide-heads": grouped(sliding_window=7, head_dim=16, tie_word_embeddings=True),
        "window-of-one": grouped(sliding_window=1, rms_norm_eps=1e-5, rope_parameters=rope(base=1e6)),
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
    "qwen2": {
        "plain": grouped(),
        "window": grouped(use_sliding_window=True, sliding_window=4, max_window_layers=1, num_hidden_layers=3),
        "tied": grouped(tie_word_embeddings=True, num_attention_heads=3, num_key_value_heads=3),
        "one-key": grouped(num_key_value_heads=1, rope_parameters=rope(base=1e6), rms_norm_eps=1e-5),
    },
    "qwen3": {
        "plain": grouped(head_dim=8),
        "window": grouped(head_dim=8, use_sliding_window=True, sliding_window=5, num_hidden_layers=3,
                          layer_types=["sliding_attention", "full_attention", "sliding_attention"]),
        "biases": grouped(head_dim=4, attention_bias=True),
        "tied": grouped(head_dim=12, num_attention_heads=3, num_key_value_heads=1, tie_word_embeddings=True),
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
}

CASES = {(kind, name): arguments for kind, models in TABLE.items() for name, arguments in models.items()}
