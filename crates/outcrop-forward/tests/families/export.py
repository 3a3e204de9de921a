"""Runs random models of every family in transformers and writes what they compute.

    cargo xtask fixtures families
    python export.py llama qwen2        # these types alone

`cases/TYPE-CASE.json` holds `config`, as `save_pretrained` writes it; `tensors`, the [name, shape, mean, scale] of every
tensor that it writes; `ids`, the sequences; `layers`, for each layer and sequence the top 3 magnitudes with position
and channel, the lower median, the largest magnitude and some whole rows of the residual stream; `loss`, the mean
next-token cross-entropy of each sequence; `routers`, for each layer that has one, how many tokens chose each expert and
the mean of their probabilities; `sinks`, of models whose weights do not add up to 1, for each layer and head of the first
sequence the attention that the first position receives.

Models of images see the patches that their `ids` name (`patch`); they have no `loss`.

`types.json` holds the class of every type of `AutoModelForCausalLM`.

`settings/TYPE.jsonl` holds as many models of random settings (`settings.py`), a line each, in the same form.

Weights are not stored: number i of a tensor is mean + scale * (u - 0.5), in f32, u a multiple of 2^-24 that follows from
the tensor's name and i (`drawn`). They are written to a file, which transformers reads as it reads any other.
"""
import json
import pathlib
import random
import sys
import tempfile

import numpy as np
import torch
import transformers
from safetensors import safe_open
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModel, AutoModelForCausalLM
from transformers.models.auto.configuration_auto import CONFIG_MAPPING_NAMES
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

from cases import CASES, HF_OLMO, IMAGES
from settings import FAMILIES, draw

HERE = pathlib.Path(__file__).parent
MASK = (1 << 64) - 1
SETTINGS = 64


def drawn(name, count, mean, scale):
    """`count` numbers: FNV-1a of the name, then splitmix64 of the index."""
    state = 0xcbf29ce484222325
    for byte in name.encode():
        state = (state ^ byte) * 0x100000001b3 & MASK
    with np.errstate(over="ignore"):
        z = np.uint64(state) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9e3779b97f4a7c15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xbf58476d1ce4e5b9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94d049bb133111eb)
        z = z ^ (z >> np.uint64(31))
    u = (z >> np.uint64(40)).astype(np.float32) / np.float32(1 << 24) - np.float32(0.5)
    return np.float32(mean) + np.float32(scale) * u


def patch(token, count):
    """The numbers of the patch that a token id names: splitmix64 of 2^32 id + i, scaled to a standard deviation of 1."""
    with np.errstate(over="ignore"):
        z = ((np.uint64(token) << np.uint64(32)) + np.arange(1, count + 1, dtype=np.uint64)) * np.uint64(0x9e3779b97f4a7c15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xbf58476d1ce4e5b9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94d049bb133111eb)
        z = z ^ (z >> np.uint64(31))
    return np.float32(12 ** 0.5) * ((z >> np.uint64(40)).astype(np.float32) / np.float32(1 << 24) - np.float32(0.5))


def both(size):
    return size if isinstance(size, (list, tuple)) else (size, size)


def grid(config):
    """Rows and columns of patches of an image, and the shape of a patch."""
    (height, width), (rows, columns) = both(config.image_size), both(config.patch_size)
    return height // rows, width // columns, (config.num_channels, rows, columns)


def image(config, ids):
    """The pixels [1, channels, height, width] of the patches that ids name, row by row, with a rest of 0."""
    _, across, (channels, rows, columns) = grid(config)
    pixels = np.zeros((channels, *both(config.image_size)), np.float32)
    for i, token in enumerate(ids):
        top, left = i // across * rows, i % across * columns
        pixels[:, top:top + rows, left:left + columns] = patch(token, channels * rows * columns).reshape(channels, rows, columns)
    return torch.from_numpy(pixels)[None]


def spread(name, shape, draws):
    """Mean and scale of a tensor: those of the first part of its name that `draws` knows, else by its kind."""
    for part, given in draws.items():
        if part in name:
            return given
    if len(shape) == 1 and ("norm" in name or ".ln_" in name or "ln_f" in name) and not name.endswith("bias"):
        return [1.0, 0.4]
    if len(shape) == 1:
        return [0.0, 0.4]
    embedding = any(part in name for part in ("embed", "wte", "wpe")) and "embed_out" not in name
    return [0.0, 2.0 if embedding else 0.6]


def blocks(model):
    """The blocks, in order: the first list of modules as long as there are layers."""
    layers = model.config.get_text_config().num_hidden_layers
    lists = (m for m in model.modules() if isinstance(m, torch.nn.ModuleList))
    return next(found for found in lists if len(found) == layers)


def rounded(value, digits):
    return float(f"{value:.{digits}g}")


def statistics(hidden):
    flat = hidden.abs().flatten()
    top, d = flat.topk(3), hidden.shape[1]
    rows = [1, hidden.shape[0] - 1]
    return {
        "max": rounded(float(flat.max()), 8),
        "top": [[rounded(float(v), 8), int(i) // d, int(i) % d] for v, i in zip(*top)],
        "median": rounded(float(flat.median()), 8),
        "rows": {row: [rounded(v, 6) for v in hidden[row].tolist()] for row in rows},
    }


def reference(model, ids):
    """States after each block, by layer and sequence, and the losses."""
    seen, layers, losses = [], [], []
    for block in blocks(model):
        block.register_forward_hook(lambda _, __, out: seen.append(out[0] if isinstance(out, (tuple, list)) else out))
    for sequence in ids:
        seen.clear()
        if model.config.model_type in IMAGES:
            model(pixel_values=image(model.config, sequence))
            layers.append([statistics(hidden[0].float()) for hidden in seen])
            continue
        tokens = torch.tensor(sequence)
        logits = model(tokens[None], use_cache=False).logits[0].double()
        losses.append(rounded(float(torch.nn.functional.cross_entropy(logits[:-1], tokens[1:])), 8))
        layers.append([statistics(hidden[0].float()) for hidden in seen])
    return [list(of) for of in zip(*layers)], losses


def routers(model, ids):
    """For each layer with a router: how many tokens of all sequences chose each expert, and its mean probability."""
    settings = model.config.get_text_config()
    if not getattr(settings, "num_experts_per_tok", None):
        return []
    layers = [i + 1 for i, block in enumerate(blocks(model))
              if any(type(module).__name__.endswith("Router") for module in block.modules())]
    found = [[] for _ in layers]
    for sequence in ids if layers else []:
        logits = model(torch.tensor(sequence)[None], use_cache=False, output_router_logits=True).router_logits
        assert len(logits) == len(layers)
        for of, row in zip(found, logits):
            of.append(row.reshape(-1, row.shape[-1]).double())
    listed = []
    for layer, of in zip(layers, found):
        p = torch.cat(of).softmax(-1)
        chosen = p.topk(settings.num_experts_per_tok).indices.flatten()
        listed.append({"layer": layer, "counts": torch.bincount(chosen, minlength=p.shape[1]).tolist(),
                       "probabilities": [rounded(x, 8) for x in p.mean(0).tolist()]})
    return listed


def sinks(model, sequence):
    """For each layer and head, the attention that the first position receives, averaged over the queries."""
    attention = model(torch.tensor(sequence)[None], use_cache=False, output_attentions=True).attentions
    return [[rounded(float(head[:, 0].mean()), 8) for head in layer[0]] for layer in attention]


def auto(kind):
    return AutoModel if kind in IMAGES else AutoModelForCausalLM


def write_model(kind, settings, edit, folder, draws, original):
    """A model with drawn weights in `folder`, with its config; the list of its tensors."""
    config = AutoConfig.for_model(kind, **settings)
    auto(kind).from_config(config).save_pretrained(folder, save_original_format=original)
    (folder / "generation_config.json").unlink(missing_ok=True)
    path, tensors, listed = folder / "model.safetensors", {}, []
    with safe_open(path, "pt") as file:
        shapes = {name: file.get_slice(name).get_shape() for name in sorted(file.keys())}
    for name, shape in shapes.items():
        mean, scale = spread(name, shape, draws)
        listed.append([name, shape, mean, scale])
        tensors[name] = torch.from_numpy(drawn(name, int(np.prod(shape)), mean, scale).reshape(shape))
    save_file(tensors, path, metadata={"format": "pt"})
    saved = json.loads((folder / "config.json").read_text())
    saved.pop("transformers_version", None)
    for key, value in edit.items():
        saved.update({key: value})
    saved = {key: value for key, value in saved.items() if value != "REMOVED"}
    (folder / "config.json").write_text(json.dumps(saved))
    return saved, listed


def write_hf_olmo(settings, folder, draws):
    """As `write_model`. transformers has this type in code beside checkpoints only: it runs the same model as `olmo`,
    whose matrices are rows of these (github.com/allenai/OLMo, `olmo/model.py`)."""
    config = dict(HF_OLMO, **settings)
    d, layers, inner = config["d_model"], config["n_layers"], config["mlp_hidden_size"]
    vocab, body = config["embedding_size"] or config["vocab_size"], "model.transformer."
    shapes = {f"{body}wte.weight": [vocab, d]}
    for i in range(layers):
        block = {"att_proj": [3 * d, d], "attn_out": [d, d], "ff_proj": [inner, d], "ff_out": [d, inner // 2]}
        shapes.update({f"{body}blocks.{i}.{name}.weight": shape for name, shape in block.items()})
    if not config["weight_tying"]:
        shapes[f"{body}ff_out.weight"] = [vocab, d]
    listed = [[name, shape, *spread(name, shape, draws)] for name, shape in sorted(shapes.items())]
    drawn_ = {name: torch.from_numpy(drawn(name, int(np.prod(shape)), *how).reshape(shape))
              for name, shape, *how in listed}
    tensors = {"model.embed_tokens.weight": drawn_[f"{body}wte.weight"]}
    for i in range(layers):
        of = lambda name: drawn_[f"{body}blocks.{i}.{name}.weight"]
        query, key, value = of("att_proj").chunk(3)
        up, gate = of("ff_proj").chunk(2)
        parts = {"self_attn.q_proj": query, "self_attn.k_proj": key, "self_attn.v_proj": value,
                 "self_attn.o_proj": of("attn_out"), "mlp.up_proj": up, "mlp.gate_proj": gate,
                 "mlp.down_proj": of("ff_out")}
        tensors.update({f"model.layers.{i}.{name}.weight": part for name, part in parts.items()})
    if not config["weight_tying"]:
        tensors["lm_head.weight"] = drawn_[f"{body}ff_out.weight"]
    twin = AutoConfig.for_model("olmo", vocab_size=vocab, hidden_size=d, num_hidden_layers=layers,
                                num_attention_heads=config["n_heads"], intermediate_size=inner // 2,
                                max_position_embeddings=config["max_sequence_length"], clip_qkv=config["clip_qkv"],
                                tie_word_embeddings=config["weight_tying"], pad_token_id=None)
    twin.architectures = ["OlmoForCausalLM"]
    twin.save_pretrained(folder)
    save_file({name: part.clone() for name, part in tensors.items()}, folder / "model.safetensors", metadata={"format": "pt"})
    return config, listed


def tokens_of(kind, vocab, count):
    """Token ids, none twice where there are enough, so that no two magnitudes are the same by design."""
    generator = np.random.default_rng(sum(kind.encode()) + count)
    return generator.choice(vocab, count, replace=count > vocab).tolist()


def case(kind, settings, edit=(), tokens=12, sequences=2, draws=(), attention="eager", original=True):
    """Everything about one model, as it is stored."""
    with tempfile.TemporaryDirectory() as folder:
        if kind == "hf_olmo":
            config, tensors = write_hf_olmo(settings, pathlib.Path(folder), dict(draws))
        else:
            config, tensors = write_model(kind, settings, dict(edit), pathlib.Path(folder), dict(draws), original)
        # the usual one needs widths that are multiples of 4
        more = {"experts_implementation": "eager"} if "num_experts_per_tok" in config else {}
        model = auto(kind).from_pretrained(folder, dtype=torch.float32, attn_implementation=attention, **more).eval()
        if kind in IMAGES:
            down, across, _ = grid(model.config)
            ids = [tokens_of(kind + str(i), 1 << 16, down * across) for i in range(sequences)]
        else:
            vocab = model.config.get_text_config().vocab_size
            ids = [tokens_of(kind, vocab, tokens - 3 * i) for i in range(sequences)]
        layers, loss = reference(model, ids)
        routed = routers(model, ids)
        first = sinks(model, ids[0]) if kind == "gpt_oss" else []
    made = {"config": config, "tensors": tensors, "ids": ids, "layers": layers, "loss": loss}
    if routed:
        made["routers"] = routed
    if kind == "gpt_oss":
        made["sinks"] = first
    return made


def settings(kind):
    """Models of random settings that transformers makes something of; their numbers are finite."""
    generator, found = random.Random(f"settings of {kind}"), []
    while len(found) < SETTINGS:
        try:
            made = case(kind, **draw(kind, generator))
        except Exception:
            continue
        if all(np.isfinite(state["max"]) for layer in made["layers"] for state in layer):
            found.append(made)
    return found


def write_types():
    """The class of every type, and that of its configuration: two types with the same are one."""
    classes = sorted(MODEL_FOR_CAUSAL_LM_MAPPING_NAMES.items())
    rows = [json.dumps([kind, of, CONFIG_MAPPING_NAMES.get(kind)]) for kind, of in classes]
    (HERE / "types.json").write_text("[\n" + ",\n".join(rows) + "\n]\n")


@torch.no_grad()
def main(types):
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    torch.manual_seed(0)
    (HERE / "cases").mkdir(exist_ok=True)
    for (kind, name), arguments in CASES.items():
        if types and kind not in types:
            continue
        text = json.dumps(case(kind, **arguments), separators=(",", ":"))
        (HERE / "cases" / f"{kind}-{name}.json").write_text(text)
    write_types()
    (HERE / "settings").mkdir(exist_ok=True)
    for kind in FAMILIES:
        if types and kind not in types:
            continue
        lines = "\n".join(json.dumps(case, separators=(",", ":")) for case in settings(kind))
        (HERE / "settings" / f"{kind}.jsonl").write_text(lines + "\n")


main(sys.argv[1:])
