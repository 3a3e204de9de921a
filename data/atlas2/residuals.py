"""What predictions of this atlas miss: the table "What is missed" of docs/predicting.md. numpy 2, pandas 2, scipy.

Ridge on depth and the features of `shape` predicts each architecture from the others. Its squared error, as a share of the
variance, is split into the mean error of an architecture (all layers and seeds), the difference of a layer from it, and the
difference of a seed from that. Then, for each factor of the design: the share of the variance of mean errors that lies
between its values, with p of an F-test, not corrected for their number.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import f as fisher

ATLAS = Path(__file__).parent
ALPHA = 4.0

fits = pd.read_csv(ATLAS / "fits.csv.gz")
arch = pd.read_csv(ATLAS / "architectures.csv").drop(columns=["vocab", "context"])
rows = fits[fits["hypothesis"] == "emergence"].merge(arch, on="model")
rows = rows.merge(pd.read_csv(ATLAS / "recipes.csv").drop(columns=["parameters"]), on="model").reset_index(drop=True)
spec = rows["arch_json"].map(json.loads)
for word in ["norm", "activation"]:
    rows[word] = [str(s[word]) for s in spec]
rows["positions"] = [s["position"]["kind"] for s in spec]
rows["gate"] = [str(s.get("attention_gate", "none")) for s in spec]
rows["corpus"] += " " + rows["tokenizer"]
group = rows["model"].str.rsplit("-s", n=1).str[0]


def schedule_time(steps, warmup):
    fall = (np.arange(steps - warmup) + 1) / (steps - warmup)
    return (warmup + 1) / 2 + (0.1 + 0.45 * (1 + np.cos(np.pi * fall))).sum()


depth = rows["layer"] / rows["layers"]
logs = [rows["d_model"], rows["d_model"] / rows["heads"], rows["layers"], rows["d_ff"] / rows["d_model"], rows["vocab"]]
logs += [rows["learning_rate"], rows["batch"], rows["context"]]
logs.append(pd.Series([schedule_time(s, w) for s, w in zip(rows["steps"], rows["warmup"])]))
x = np.column_stack([depth, depth**2, depth**3, rows["bigram_entropy"], *map(np.log, logs)])
weight = 1 / group.map(group.value_counts()).to_numpy()


def left_out(y):
    errors = np.empty(len(y))
    for name in group.unique():
        out = (group == name).to_numpy()
        w = weight[~out] / weight[~out].mean()
        mean = np.average(x[~out], axis=0, weights=w)
        scale = np.sqrt(np.average((x[~out] - mean) ** 2, axis=0, weights=w))
        z, middle = (x - mean) / scale, np.average(y[~out], weights=w)
        inner = z[~out].T * w
        slope = np.linalg.solve(inner @ z[~out] + ALPHA * np.eye(x.shape[1]), inner @ (y[~out] - middle))
        errors[out] = y[out] - middle - z[out] @ slope
    return errors


FACTORS = ["layers", "d_model", "heads", "kv_heads", "positions", "norm", "activation", "gate"]
FACTORS += ["corpus", "steps", "batch", "learning_rate", "context"]
targets = {f"ln {name}": np.log(rows[name]) for name in ["f_max", "f_last"]} | {"ln t_half": np.log1p(rows["t_half"])}
for name, y in targets.items():
    y = (y / y.std(ddof=0)).to_numpy()
    error = pd.Series(left_out(y))
    of_group = error.groupby(group).transform("mean")
    of_layer = error.groupby([group, rows["layer"]]).transform("mean")
    parts = [error, of_group, of_layer - of_group, error - of_layer]
    total, *parts = [f"{(part**2).mean():.2f}" for part in parts]
    print(f"{name}: error {total} = architecture {parts[0]} + layer {parts[1]} + seed {parts[2]}")
    means = error.groupby(group).mean()
    for factor in FACTORS:
        value = rows.groupby(group)[factor].first()
        between = means.groupby(value).transform("mean") - means.mean()
        share, free = (between**2).sum() / ((means - means.mean()) ** 2).sum(), value.nunique() - 1
        rest = len(means) - free - 1
        p = fisher.sf(share / free / ((1 - share) / rest), free, rest)
        print(f"    {factor}: {share:.2f}, p = {p:.3f}")
