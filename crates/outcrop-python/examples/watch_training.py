"""Trains a small model of transformers, watches it, fits the curve of every layer and draws them.

    python watch_training.py runs/example

It takes seconds: sixty updates are too few for massive activations, and the ratio of both layers falls.
"""

import sys

import matplotlib.pyplot
import torch
from transformers import GPT2Config, GPT2LMHeadModel

import outcrop

out = sys.argv[1] if len(sys.argv) > 1 else "runs/example"

# %% A small model, and text with structure: token t + 1 is a fixed permutation of token t, after one first token.
torch.manual_seed(0)
torch.set_num_threads(1)
VOCABULARY, CONTEXT, STEPS = 64, 32, 60
shape = {"vocab_size": VOCABULARY, "n_positions": CONTEXT, "n_embd": 32, "n_layer": 2, "n_head": 2}
model = GPT2LMHeadModel(GPT2Config(**shape, bos_token_id=0, eos_token_id=0))
follows = torch.randperm(VOCABULARY - 1) + 1


def sequences(count, seed):
    generator = torch.Generator().manual_seed(seed)
    token = torch.randint(1, VOCABULARY, (count,), generator=generator)
    columns = [torch.zeros(count, dtype=torch.long)]
    while len(columns) < CONTEXT:
        columns.append(token)
        token = follows[token - 1]
    return torch.stack(columns, dim=1)


# %% Train it. The only new line is `watch`; the optimizer counts the updates.
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.1)
watch = outcrop.watch(
    model, every="0,pow2:16,every:4", steps=STEPS, sequences=sequences(8, seed=1), out=out, optimizer=optimizer
)
model.train()
for step in range(STEPS):
    batch = sequences(16, seed=100 + step)
    model(batch, labels=batch).loss.backward()
    optimizer.step()
    optimizer.zero_grad()
watch.close()

# %% What was measured.
loss = outcrop.read(out, "loss")
print(outcrop.read(out))
print("held-out loss", loss["held_out_loss"][0], "to", loss["held_out_loss"][-1])
assert loss["held_out_loss"][-1] < loss["held_out_loss"][0]
assert watch.steps == [0, 1, 2, 4, *range(8, STEPS + 1, 4)]

# %% The curve of every layer.
fits = outcrop.fit_run(out)
axes = None
for fit in fits:
    half = fit.quantity("t_half")
    print(f"layer {fit.layer}: best described by {fit.best}, half way at step {half.value:.0f} ({half.lo:.0f} to {half.hi:.0f})")
    axes = fit.plot(axes)
assert [fit.layer for fit in fits] == [1, 2]
axes.legend()
axes.figure.savefig(f"{out}/fits.png")
matplotlib.pyplot.close(axes.figure)
