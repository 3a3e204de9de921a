"""Random settings of a family, for `export.py`: what a `config.json` may say, in the words of old and new versions.

`draw(kind, random)` gives the arguments of `export.case`. Some make no model: the exporter passes over them.
"""

ACTIVATIONS = ["silu", "swish", "gelu", "gelu_new", "gelu_fast", "gelu_pytorch_tanh", "gelu_python", "gelu_accurate",
               "gelu_python_tanh", "quick_gelu", "relu", "relu2", "relu6", "mish", "gelu_10", "tanh", "laplace"]
HARMLESS = [
    {"transformers.js_config": {"dtype": "q8"}}, {"auto_map": {"AutoTokenizer": ["mine.Tokenizer", None]}},
    {"pretraining_tp": 2}, {"_name_or_path": "x"}, {"torch_dtype": "float32"}, {"use_cache": False},
    {"quantization_config": None}, {"unsloth_fixed": True}, {"rope_scaling": None}, {"sliding_window": None},
    {"use_sliding_window": False}, {"task_specific_params": None}, {"max_window_layers": 1},
]


def maybe(random, share, changes):
    return changes if random.random() < share else {}


def scaling(random, pairs, context):
    """One table of scaled wavelengths, as version 5 writes it, without the base."""
    original = random.choice([context, context // 2, 4])
    factor = random.choice([1.0, 2.0, 4, 3.7])
    kind = random.choice(["linear", "dynamic", "yarn", "longrope", "llama3"])
    factors = lambda most: [round(random.uniform(1.0, most), 2) for _ in range(pairs)]
    table = {"rope_type": kind, "factor": factor}
    if kind == "yarn":
        table |= maybe(random, 0.7, {"original_max_position_embeddings": original})
        table |= maybe(random, 0.3, {"attention_factor": random.choice([0.8, 1.3])})
        table |= maybe(random, 0.3, {"beta_fast": random.choice([2, 8.0, 64]), "beta_slow": random.choice([0.25, 1])})
        table |= maybe(random, 0.3, {"truncate": random.choice([True, False])})
        table |= maybe(random, 0.3, {"mscale": 0.7, "mscale_all_dim": random.choice([0, 1.2])})
    if kind == "longrope":
        table |= {"short_factor": factors(1.5), "long_factor": factors(4.0)}
        table |= maybe(random, 0.7, {"original_max_position_embeddings": original})
        table |= maybe(random, 0.3, {"attention_factor": random.choice([0.8, 1.3])})
        if random.random() < 0.5:
            del table["factor"]
    if kind == "llama3":
        table |= {"low_freq_factor": 1.0, "high_freq_factor": random.choice([2.0, 4]),
                  "original_max_position_embeddings": original}
    return table


def rotary(random, pairs, context, fraction=None, base_key="rope_theta"):
    """Settings and edits of rotary positions: plain or scaled, in the new table, the old one or both."""
    base = random.choice([10000.0, 500.0, 1e6])
    table = {"rope_type": "default"} if random.random() < 0.35 else scaling(random, pairs, context)
    part = {} if fraction is None else {"partial_rotary_factor": fraction}
    new = {**table, "rope_theta": base, **part}
    style = random.choice(["new", "new", "old", "old", "both", "disagree"])
    outside = {base_key: base} if fraction is None else {base_key: base, "rotary_pct": fraction}
    if table["rope_type"] == "longrope" and random.random() < 0.3:
        outside["original_max_position_embeddings"] = table.get("original_max_position_embeddings", context)
    if style == "new":
        return {"rope_parameters": new}, {}
    old = dict(table)
    if random.random() < 0.5:
        old["type"] = old["rope_type"]
        if random.random() < 0.7:
            del old["rope_type"]
    if style == "old":
        return {}, {"rope_parameters": "REMOVED", "rope_scaling": old, **outside}
    if style == "both":
        return {"rope_parameters": new}, {"rope_scaling": old, **outside}
    other = {**new, "rope_type": "linear", "factor": 7.0}
    return {}, {"rope_parameters": other, "rope_scaling": old, **outside}


def shape(random, heads_of=(2, 3, 4, 6)):
    heads = random.choice(heads_of)
    width = heads * random.choice([4, 8])
    layers = random.choice([1, 2, 3])
    context = random.choice([8, 16, 32])
    return heads, width, layers, context


def common(random, heads, width, layers, context):
    return dict(vocab_size=37, hidden_size=width, num_hidden_layers=layers, num_attention_heads=heads,
                intermediate_size=random.choice([12, 20, 33]), max_position_embeddings=context, pad_token_id=0,
                bos_token_id=1, eos_token_id=2, tie_word_embeddings=random.random() < 0.4,
                hidden_act=random.choice(ACTIVATIONS) if random.random() < 0.5 else "silu")


def odd(random, layers):
    """Edits that most files do not have."""
    edit = {}
    for _ in range(random.choice([0, 1, 1, 2])):
        edit |= random.choice(HARMLESS)
    kinds = lambda: [random.choice(["full_attention", "sliding_attention"]) for _ in range(layers)]
    edit |= maybe(random, 0.1, {"layer_types": kinds()})
    edit |= maybe(random, 0.08, {"sliding_window": random.choice([1, 3, 100])})
    return edit | maybe(random, 0.05, {"partial_rotary_factor": random.choice([0.5, 1.0])})


def llama_like(random, kind):
    heads, width, layers, context = shape(random)
    settings = common(random, heads, width, layers, context)
    settings["rms_norm_eps"] = random.choice([1e-6, 1e-5, 1e-8, 1e-3, 0.05])
    settings["num_key_value_heads"] = random.choice([h for h in range(1, heads + 1) if heads % h == 0])
    head_dim = width // heads
    if kind in ("llama", "mistral", "qwen3") and (kind == "qwen3" or random.random() < 0.4):
        head_dim = settings["head_dim"] = random.choice([4, 6, 10])
    if kind == "llama":
        settings |= {"attention_bias": random.random() < 0.4, "mlp_bias": random.random() < 0.4}
    if kind == "mistral":
        settings["sliding_window"] = random.choice([None, 1, 3, 5, 100])
    if kind in ("qwen2", "qwen3"):
        settings |= maybe(random, 0.6, {"use_sliding_window": True, "sliding_window": random.choice([1, 2, 5, None]),
                                        "max_window_layers": random.choice([0, 1, 2, 28])})
        kinds = [random.choice(["full_attention", "sliding_attention"]) for _ in range(layers)]
        settings |= maybe(random, 0.4, {"layer_types": kinds})
    if kind == "qwen3":
        settings["attention_bias"] = random.random() < 0.4
    more, edit = rotary(random, head_dim // 2, context)
    return settings | more, edit | odd(random, layers)


def gpt2(random, _):
    heads, width, layers, context = shape(random)
    settings = dict(vocab_size=37, n_embd=width, n_layer=layers, n_head=heads, n_positions=24, bos_token_id=1,
                    eos_token_id=2, tie_word_embeddings=random.random() < 0.6,
                    activation_function=random.choice(ACTIVATIONS), n_inner=random.choice([None, 12, 33]),
                    layer_norm_epsilon=random.choice([1e-5, 1e-8, 1e-3]))
    settings |= maybe(random, 0.4, {"scale_attn_by_inverse_layer_idx": True})
    settings |= maybe(random, 0.3, {"scale_attn_weights": False})
    settings |= maybe(random, 0.2, {"reorder_and_upcast_attn": True})
    edit = {}
    for _ in range(random.choice([0, 1, 2])):
        edit |= random.choice(HARMLESS)
    return settings, edit | maybe(random, 0.3, {"n_ctx": 1024, "summary_type": "mean"})


def gpt_neox(random, _):
    heads, width, layers, context = shape(random)
    fraction = random.choice([0.25, 0.5, 1.0, 0.75])
    settings = common(random, heads, width, layers, context)
    settings |= {"layer_norm_eps": random.choice([1e-5, 1e-8, 1e-3]),
                 "use_parallel_residual": random.random() < 0.5, "attention_bias": random.random() < 0.7,
                 "hidden_act": random.choice(ACTIVATIONS)}
    more, edit = rotary(random, int(width // heads * fraction) // 2, context, fraction, "rotary_emb_base")
    return settings | more, edit | odd(random, layers)


FAMILIES = {"llama": llama_like, "mistral": llama_like, "qwen2": llama_like, "qwen3": llama_like, "gpt2": gpt2,
            "gpt_neox": gpt_neox}


def draw(kind, random):
    settings, edit = FAMILIES[kind](random, kind)
    tokens = random.choice([7, 13, 24])
    return dict(settings=settings, edit=edit, tokens=tokens, sequences=1)
