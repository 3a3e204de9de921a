"""Draws the thirty-six architectures of profile.toml: python3 draw.py > profile.toml

Each of layers, d_model, heads and d_ff/d_model takes a value that the atlas has, at random; an
architecture that the atlas has, or that was drawn before, is passed over.
"""

import csv
import random

HEAD = """\
# Written by draw.py: thirty-six architectures that are not in data/atlas, trained as those are.
name = "unseen"
description = "Thirty-six architectures within the range of data/atlas, drawn at random and not in it."

[base.arch]
layers = 3
d_model = 64
heads = 1
context = 32
residual = "sequential"
position = { kind = "learned" }
activation = "relu"
init = { kind = "normal", std = 0.02 }

[base.data]
corpus = "bigram-backcopy"

[base.train]
steps = 2000
batch = 32
learning_rate = 1e-2
weight_decay = 0.1
warmup = 100

[base.schedule]
measure = "0,geometric:1..last*60"
save = "every:500"
"""

with open("../atlas/architectures.csv", newline="") as file:
    numbers = ("layers", "d_model", "heads", "d_ff")
    taken = {tuple(int(row[n]) for n in numbers) for row in csv.DictReader(file)}

rng = random.Random(14)
drawn = []
while len(drawn) < 36:
    layers, width = rng.choice([1, 2, 3, 4, 5, 6]), rng.choice([32, 48, 64, 96, 128])
    heads, factor = rng.choice([1, 2, 4, 8]), rng.choice([1, 2, 4, 8])
    arch = (layers, width, heads, factor * width)
    if arch not in taken and width // heads >= 8:
        taken.add(arch)
        drawn.append(arch)

print(HEAD)
for layers, width, heads, mlp in sorted(drawn):
    print("[[runs]]")
    print(f'model = "un-{layers}x{width}-h{heads}-ff{mlp // width}"')
    print(f"arch = {{ layers = {layers}, d_model = {width}, heads = {heads}, d_ff = {mlp} }}\n")
