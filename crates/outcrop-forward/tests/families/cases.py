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


TABLE = {
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
    "llama": {
        "grouped": grouped(),
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
}

CASES = {(kind, name): arguments for kind, models in TABLE.items() for name, arguments in models.items()}
