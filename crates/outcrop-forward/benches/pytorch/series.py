"""A series of checkpoints in the shape of Pythia-14m, and its measurement with PyTorch.

    python3 series.py FOLDER CHECKPOINTS          writes a series of so many, always the same
    python3 series.py FOLDER THREADS MEASUREMENTS measures it
    python3 series.py FOLDER THREADS MEASUREMENTS AUDIT measures it, and audits what it reads

Measuring: of every checkpoint the body alone, 10 sequences of 512 ids in one batch, SDPA attention, hooks on the outputs of the
blocks; to MEASUREMENTS goes a CSV with the columns step, sequence, layer, top1, median. Prints the seconds from after the imports
to the end, loading included. The audit, as JSON in the file AUDIT, is of each file its SHA-256 and of each tensor its SHA-256, how
many of its numbers are not finite, and whether they are all the same; nothing is hashed without it.
"""
import csv
import hashlib
import json
import sys
import time
from pathlib import Path

import torch
from safetensors import safe_open
from transformers import AutoModel, GPTNeoXConfig, GPTNeoXForCausalLM

TOKENS, SEQUENCES = 512, 10


def write(folder, checkpoints):
    """Weights that move by a random step from checkpoint to checkpoint, and the ids as 16-bit words."""
    torch.manual_seed(1234)
    config = GPTNeoXConfig(vocab_size=50304, hidden_size=128, num_hidden_layers=6, num_attention_heads=4,
                           intermediate_size=512, rotary_pct=0.25, max_position_embeddings=2048,
                           use_parallel_residual=True, hidden_act="gelu")
    model = GPTNeoXForCausalLM(config)
    for step in range(checkpoints):
        with torch.no_grad():
            for weight in model.parameters():
                weight.add_(torch.randn_like(weight), alpha=1e-3)
        model.save_pretrained(folder / "series" / f"step{1000 * step}")
    drawn(config.vocab_size).numpy().astype("<u2").tofile(folder / "ids.u16")


def drawn(vocabulary):
    """Ids by a fixed rule."""
    ids = torch.arange(TOKENS * SEQUENCES).mul(2_654_435_761).bitwise_right_shift(7)
    return ids.remainder(vocabulary).view(SEQUENCES, TOKENS)


def audit(checkpoint):
    """What is known of a checkpoint's file and of each of its tensors."""
    path = checkpoint / "model.safetensors"
    with open(path, "rb") as file:
        found = {"file": hashlib.file_digest(file, "sha256").hexdigest()}
    with safe_open(path, "pt") as tensors:
        for name in tensors.keys():
            tensor = tensors.get_tensor(name)
            found[name] = (hashlib.sha256(tensor.numpy()).hexdigest(), (~tensor.isfinite()).sum().item(),
                           bool((tensor == tensor.flatten()[0]).all()))
    return found


@torch.inference_mode()
def measure(folder, rows, audits):
    for checkpoint in sorted((folder / "series").iterdir(), key=lambda path: int(path.name[4:])):
        if audits is not None:
            audits[checkpoint.name] = audit(checkpoint)
        model = AutoModel.from_pretrained(checkpoint, dtype=torch.float32, attn_implementation="sdpa").eval()

        def hook(layer):
            def see(module, inputs, output):
                hidden = output[0] if isinstance(output, tuple) else output
                for sequence, one in enumerate(hidden):
                    magnitudes = one.abs().flatten()
                    top = magnitudes.topk(3).values[0].item()
                    rows.writerow([checkpoint.name[4:], sequence, layer, top, magnitudes.median().item()])
            return see

        for layer, block in enumerate(model.layers):
            block.register_forward_hook(hook(layer + 1))
        model(drawn(model.config.vocab_size), use_cache=False)


def main():
    folder = Path(sys.argv[1])
    if len(sys.argv) == 3:
        return write(folder, int(sys.argv[2]))
    torch.set_num_threads(int(sys.argv[2]))
    start = time.perf_counter()
    audits = {} if len(sys.argv) > 4 else None
    with open(sys.argv[3], "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["step", "sequence", "layer", "top1", "median"])
        measure(folder, rows, audits)
    if audits is not None:
        Path(sys.argv[4]).write_text(json.dumps(audits))
    print(time.perf_counter() - start)


main()
