"""What watching costs a training loop of nanoGPT's shape (its Shakespeare model: 6 layers, d_model 384, context 256, batch 64,
character tokens): 40 measurements in 1000 steps.

    python watch.py [--rounds 5] [--sequences 10] [--threads 2]

Times some updates and some measurements alternately, and prints the share 40 measurements / 1000 updates."""

import argparse
import statistics
import tempfile
import time

import torch
from transformers import GPT2Config, GPT2LMHeadModel

import outcrop

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument("--sequences", type=int, default=10)
parser.add_argument("--threads", type=int, default=2)
arguments = parser.parse_args()

torch.manual_seed(0)
torch.set_num_threads(arguments.threads)
shape = {"vocab_size": 65, "n_positions": 256, "n_embd": 384, "n_layer": 6, "n_head": 6}
model = GPT2LMHeadModel(GPT2Config(**shape, bos_token_id=0, eos_token_id=0)).train()
optimizer = torch.optim.AdamW(model.parameters())
batch = torch.randint(0, 65, (64, 256))


def update():
    model(batch, labels=batch).loss.backward()
    optimizer.step()
    optimizer.zero_grad()


def seconds(work):
    """Of the processor, which other programs disturb less than those of the clock."""
    began = time.process_time()
    work()
    return time.process_time() - began


with tempfile.TemporaryDirectory() as folder:
    watch = outcrop.watch(model, every=1, sequences=batch[: arguments.sequences], out=f"{folder}/run")
    update()
    pairs = [(seconds(update), seconds(watch.step)) for _ in range(arguments.rounds)]
    watch.close()
updates, measurements = map(statistics.median, zip(*pairs))
share = 40 * measurements / (1000 * updates)
print(f"processor time: update {updates:.2f} s, measurement of {arguments.sequences} sequences {measurements:.2f} s, share {100 * share:.2f} %")
assert share < 0.01, "more than 1 % of the training"
