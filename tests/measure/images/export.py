"""Saves small models of images as transformers saves them, and writes what it computes of them.

    cargo xtask fixtures images

NAME/ is what `save_pretrained` writes. `patches.npy` holds ids [images, patches]: an id names a patch of random numbers
(`patch`). `expected.json` has for each model, layer and image the hidden state after the block (`hidden_states`): the top 3
magnitudes with position and channel and the lower median, of `all` positions, of the `registers` where there are some,
and of the `patches`.
"""
import json
import pathlib

import numpy as np
import torch
import transformers
from transformers import (CLIPVisionConfig, CLIPVisionModel, Dinov2Config, Dinov2Model, Dinov2WithRegistersConfig,
                          Dinov2WithRegistersModel, ViTConfig, ViTModel)

HERE = pathlib.Path(__file__).parent
IMAGE, PATCH, REGISTERS = 12, 4, 3
SIZES = dict(hidden_size=16, num_hidden_layers=3, num_attention_heads=2, image_size=IMAGE, patch_size=PATCH)
DINO = dict(SIZES, mlp_ratio=2, layerscale_value=0.5)
MODELS = {
    "vit": ViTModel(ViTConfig(**SIZES, intermediate_size=32)),
    "dinov2": Dinov2Model(Dinov2Config(**DINO)),
    "dinov2_with_registers": Dinov2WithRegistersModel(Dinov2WithRegistersConfig(**DINO, num_register_tokens=REGISTERS)),
    "clip_vision_model": CLIPVisionModel(CLIPVisionConfig(**SIZES, intermediate_size=32)),
}


def patch(token):
    """The numbers of the patch that an id names: splitmix64 of 2^32 id + i, uniform with a standard deviation of 1."""
    with np.errstate(over="ignore"):
        z = ((np.uint64(token) << np.uint64(32)) + np.arange(1, 3 * PATCH ** 2 + 1, dtype=np.uint64)) * np.uint64(0x9e3779b97f4a7c15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xbf58476d1ce4e5b9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94d049bb133111eb)
        z = z ^ (z >> np.uint64(31))
    return np.float32(12 ** 0.5) * ((z >> np.uint64(40)).astype(np.float32) / np.float32(1 << 24) - np.float32(0.5))


def image(ids):
    """Pixels [1, 3, height, width] of patches, row by row from the top left."""
    across = IMAGE // PATCH
    rows = [np.concatenate([patch(i).reshape(3, PATCH, PATCH) for i in row], axis=2) for row in ids.reshape(across, across)]
    return torch.from_numpy(np.concatenate(rows, axis=1))[None]


def statistics(hidden, begin):
    """Of rows of a hidden state, whose first is position `begin` of the sequence."""
    flat = hidden.abs().flatten()
    top = [[float(value), begin + int(at) // hidden.shape[1], int(at) % hidden.shape[1]] for value, at in zip(*flat.topk(3))]
    return {"top": top, "median": float(flat.median())}


def parts(hidden, registers):
    found = {"all": statistics(hidden, 0), "patches": statistics(hidden[1 + registers:], 1 + registers)}
    if registers:
        found["registers"] = statistics(hidden[1:1 + registers], 1)
    return found


@torch.no_grad()
def main():
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    ids = np.random.default_rng(0).choice(1 << 16, (2, (IMAGE // PATCH) ** 2), replace=False)
    np.save(HERE / "patches.npy", ids)
    expected = {}
    for name, model in MODELS.items():
        generator = torch.Generator().manual_seed(len(name))
        for key, parameter in sorted(model.named_parameters()):
            center = 1.0 if "norm" in key and key.endswith("weight") else 0.0
            # large registers, as those of trained models
            scale = 20.0 if "register" in key else 0.4
            parameter.copy_(center + scale * (torch.rand(parameter.shape, generator=generator) - 0.5))
        model.save_pretrained(HERE / name)
        model = type(model).from_pretrained(HERE / name, attn_implementation="eager").eval()
        registers = REGISTERS if "registers" in name else 0
        states = [model(pixel_values=image(of), output_hidden_states=True).hidden_states for of in ids]
        expected[name] = [[parts(of[layer][0], registers) for of in states] for layer in range(1, len(states[0]))]
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(layers)}" for name, layers in expected.items())
    (HERE / "expected.json").write_text("{\n" + lines + "\n}\n")


if __name__ == "__main__":
    main()
