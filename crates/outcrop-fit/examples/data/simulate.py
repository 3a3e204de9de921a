#!/usr/bin/env python3
"""Writes the trajectories of docs/fitting.md beside this file: Eq. 9 with noise, and one that is not Eq. 9.

    python3 crates/outcrop-fit/examples/data/simulate.py
"""

import math
import pathlib
import random

# 37 checkpoints: 0, doubling to 512, every 1000 to 10,000, then ever wider to 143,000
STEPS = (
    [0]
    + [2**i for i in range(10)]
    + [1000 * i for i in range(1, 11)]
    + [15_000, 20_000, 25_000]
    + [10_000 * i for i in range(3, 15)]
    + [143_000]
)


def emergence(a, lambda_, gamma, t0, k):
    """Eq. 9: A exp(-lambda x) ln(x) + K, x = gamma t + t0."""

    def f(t):
        x = gamma * t + t0
        return a * math.exp(-lambda_ * x) * math.log(x) + k

    return f


def plateau_then_rise(t):
    """What Eq. 9 cannot be: half of the training nothing happens."""
    return 12 + 180 / (1 + math.exp((85_000 - t) / 6_000))


EARLY = emergence(a=150, lambda_=3e-3, gamma=0.02, t0=1.5, k=60)
LATE = emergence(a=210, lambda_=1e-5, gamma=0.01, t0=1.2, k=10)
UNFINISHED = emergence(a=60, lambda_=1e-4, gamma=0.01, t0=1.3, k=20)


def table(name, f, noise, seed, sem=False, spoil=None):
    """`noise`: coefficient of variation; `spoil`: a step whose ratio is tripled."""
    rng = random.Random(seed)
    lines = ["model,layer,step,ratio" + (",sem" if sem else "")]
    for t in STEPS:
        size = noise * f(t)
        ratio = rng.gauss(f(t), size) * (3 if t == spoil else 1)
        # the standard error of ten sequences, itself estimated from ten
        error = size * math.sqrt(sum(rng.gauss(0, 1) ** 2 for _ in range(9)) / 9)
        cells = [name, "1", str(t), f"{ratio:.5g}"] + ([f"{error:.3g}"] if sem else [])
        lines.append(",".join(cells))
    path = pathlib.Path(__file__).with_name(f"{name}.csv")
    path.write_text("\n".join(lines) + "\n")


table("early-peak", EARLY, noise=0.05, seed=1, sem=True)
table("log-increase", LATE, noise=0.05, seed=2)
table("bad-checkpoint", EARLY, noise=0.05, seed=3, spoil=20_000)
table("unfinished", UNFINISHED, noise=0.05, seed=4)
table("wrong-form", plateau_then_rise, noise=0.05, seed=5)
