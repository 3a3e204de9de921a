"""How good predictions of ln f_max of this atlas and of atlas 3 are, and what would make them better: tables of
docs/predicting.md. `tried.py [TABLES]`, by default `atlas2 atlas3`; numpy 2, pandas 2.

Ridge on depth and the features of `shape` predicts each of 24 groups of architectures from the others. Q2 is told twice: every row
counting the same, and every architecture. Prints both with their standard errors (jackknife over architectures) and ceilings; the
architectures that are missed most; Q2 by number of architectures in training; by features chosen inside the training rows; with
other tables in training; and of a corpus left out, by what tells corpora apart. `f_max` is of the fitted curve, `smoothed` the
largest measured ratio after a moving mean of weights 1, 2, 1.
"""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd

DATA = Path(__file__).parent.parent
TABLES = sys.argv[1:] or ["atlas2", "atlas3"]
ALPHA, FREE, GROUPS, KNOTS = 4.0, 10.0, 24, [0.05, 0.35, 0.65, 0.95]


def read(name):
    folder = DATA / name
    arch = pd.read_csv(folder / "architectures.csv").drop(columns=["vocab", "context"])
    rows = arch.merge(pd.read_csv(folder / "recipes.csv").drop(columns=["parameters"]), on="model")
    fits = pd.read_csv(folder / ("fits.csv" if name == "atlas" else "fits.csv.gz"))
    fits = fits[fits["hypothesis"] == "emergence"][["model", "layer", "f_max", "f_last", "t_half"]]
    if name == "atlas":
        read = pd.read_csv(folder / "measurements.csv.gz").groupby(["model", "layer", "step"])[["top1", "median"]].mean()
        ratio = (read["top1"] / read["median"]).rename("ratio").reset_index()
    else:
        ratio = pd.read_csv(folder / "trajectories.csv.gz")
    smoothed = ratio.groupby(["model", "layer"], sort=False)["ratio"].apply(highest).rename("smoothed").reset_index()
    return rows.merge(fits, on="model").merge(smoothed, on=["model", "layer"]).assign(table=name)


def highest(ratios):
    y = np.log(ratios.to_numpy())
    return np.exp(np.convolve(np.r_[y[0], y, y[-1]], [0.25, 0.5, 0.25], "valid").max())


def spline(depth, j):
    cube = lambda knot: np.maximum(depth - knot, 0) ** 3
    share = lambda knot: (knot - KNOTS[j]) / (KNOTS[3] - KNOTS[2])
    return (cube(KNOTS[j]) - cube(KNOTS[2]) * share(KNOTS[3]) + cube(KNOTS[3]) * share(KNOTS[2])) / 0.9**2


def schedule_time(steps, warmup):
    fall = (np.arange(steps - warmup) + 1) / (steps - warmup)
    return (warmup + 1) / 2 + (0.1 + 0.45 * (1 + np.cos(np.pi * fall))).sum()


rows = pd.concat([read(name) for name in [*TABLES, "atlas"]], ignore_index=True)
two = (rows["table"] != "atlas").to_numpy()
name = rows["model"].str.replace(r"-s\d+$", "", regex=True)
group = pd.factorize(name)[0]
fold = np.where(two, group % GROUPS, -1)
depth, spec = rows["layer"] / rows["layers"], rows["arch_json"].map(json.loads)
word = lambda test: np.array([float(test(s)) for s in spec])
log = {
    "ln d": rows["d_model"], "ln d_head": rows["d_model"] / rows["heads"], "ln L": rows["layers"],
    "ln d_ff/d": rows["d_ff"] / rows["d_model"], "ln V": rows["vocab"], "ln eta": rows["learning_rate"],
    "ln B": rows["batch"], "ln T": rows["context"],
    "ln S/eta": pd.Series([schedule_time(s, w) for s, w in zip(rows["steps"], rows["warmup"])]),
}  # fmt: skip
x = {"l/L": depth, "s1": spline(depth, 0), "s2": spline(depth, 1), "H2": rows["bigram_entropy"]}
x = {key: np.asarray(value, float) for key, value in (x | {k: np.log(v) for k, v in log.items()}).items()}
SHAPE = list(x)
x["H2/ln V"] = x["H2"] / x["ln V"]
x["H1 - H2"] = rows["unigram_entropy"].to_numpy() - x["H2"]
x |= {"rms": word(lambda s: "rms" in s["norm"]), "relu": word(lambda s: s["activation"] == "relu")}
x |= {"gated": word(lambda s: "glu" in s["activation"]), "gate": word(lambda s: s.get("attention_gate", "none") != "none")}
x |= {kind: word(lambda s: s["position"]["kind"] == kind) for kind in ["learned", "alibi"]}
WORDS = list(x)[len(SHAPE) + 2 :]
scaled = lambda v: (v - v[two].mean()) / v[two].std()
PAIRS = [("ln eta", "ln d"), ("ln eta", "ln L"), ("ln V", "ln S/eta"), ("ln V", "ln eta"), ("H2", "ln S/eta"), ("H2", "ln eta")]
PAIRS += [("ln d", "ln L"), ("ln d", "ln S/eta"), ("ln V", "l/L"), ("ln T", "l/L"), ("ln B", "l/L"), ("H2", "l/L"), ("ln d", "l/L")]
x |= {f"{a} x {b}": scaled(x[a]) * scaled(x[b]) for a, b in PAIRS}
equal = two / pd.Series(group).groupby(group).transform("size").to_numpy()
WEIGHTS = {"rows": two.astype(float), "architectures": equal}


def ridge(features, y, train, test):
    z = np.column_stack([x[f] * (FREE if f in ("l/L", "s1", "s2") else 1.0) for f in features])
    free = np.where(np.isin(features, ["l/L", "s1", "s2"]), FREE, 1.0)
    weight = 1 / np.bincount(group[train])[group[train]]
    mean = np.average(z[train], axis=0, weights=weight)
    z = (z - mean) / (np.sqrt(np.average((z[train] - mean) ** 2, axis=0, weights=weight)) + 1e-12) * free
    centre, inner = np.average(y[train], weights=weight), z[train].T * weight
    slopes = np.linalg.solve(inner @ z[train] + ALPHA * np.eye(len(features)), inner @ (y[train] - centre))
    return centre + z[test] @ slopes


def left_out(y, predict, fold=fold):
    """Errors, and distances from the mean of training."""
    off = np.zeros((2, len(y)))
    for k in range(fold.max() + 1):
        train, test = np.flatnonzero(two & (fold != k)), np.flatnonzero(fold == k)
        off[:, test] = y[test] - predict(y, train, test), y[test] - y[train].mean()
    return off


def q2(off):
    return {name: 1 - (w @ off[0] ** 2) / (w @ off[1] ** 2) for name, w in WEIGHTS.items()}


def told(off):
    return ", ".join(f"{name} {value:.2f}" for name, value in q2(off).items())


def jackknife(off):
    found = {name: [] for name in WEIGHTS}
    for k in np.unique(group[two]):
        kept = np.where(group == k, 0.0, off)
        for name, value in q2(kept).items():
            found[name].append(value)
    spread = lambda v: np.sqrt((len(v) - 1) * np.var(v))
    return ", ".join(f"{name} {spread(np.array(v)):.2f} (at most {max(v):.2f})" for name, v in found.items())


def ceiling(y):
    """1 - variance between seeds of a layer / variance, rows or architectures counting the same."""
    frame = pd.DataFrame({"y": y, "layer": rows["layer"], "group": group})[two]
    seeds = frame.groupby(["group", "layer"])["y"]
    count = seeds.transform("size")
    square = (frame["y"] - seeds.transform("mean")) ** 2 * count / (count - 1).clip(lower=1)
    several = (count > 1).to_numpy()
    of = {}
    for key, w in WEIGHTS.items():
        w = w[two]
        centre = np.average(frame["y"], weights=w)
        of[key] = 1 - np.average(square[several], weights=w[several]) / np.average((frame["y"] - centre) ** 2, weights=w)
    return ", ".join(f"{key} {value:.2f}" for key, value in of.items())


def chosen(y, train, test):
    """Ridge with up to three more features, each chosen by eight groups of the training architectures."""
    inner = np.unique(group[train], return_inverse=True)[1] % 8
    groups = [(train[inner != j], train[inner == j]) for j in range(8)]
    cost = lambda f: sum(equal[out] @ (y[out] - ridge(f, y, kept, out)) ** 2 for kept, out in groups)
    features, least = list(SHAPE), cost(SHAPE)
    for _ in range(3):
        costs = {f: cost([*features, f]) for f in x if f not in features}
        best = min(costs, key=costs.get)
        if costs[best] > 0.98 * least:
            break
        features, least = [*features, best], costs[best]
    return ridge(features, y, train, test)


def fewer(count, draw):
    def predict(y, train, test):
        kept = np.random.default_rng(draw).choice(np.unique(group[train]), count, replace=False)
        return ridge(SHAPE, y, train[np.isin(group[train], kept)], test)

    return predict


by = lambda features: lambda y, train, test: ridge(features, y, train, test)
other = np.flatnonzero(~two)
for target in ["f_max", "smoothed"]:
    y = np.log(rows[target].to_numpy())
    off = left_out(y, by(SHAPE))
    print(f"ln {target}: Q2 {told(off)}; standard error, and Q2 without one architecture: {jackknife(off)}; ceiling {ceiling(y)}")
    missed = pd.Series(off[0] ** 2)[two].groupby(name[two]).sum().sort_values(ascending=False)
    print("  missed most, share of the squared error:", (missed / missed.sum()).head(3).round(2).to_dict())
    for count in [count for count in [24, 48, 72, 92, 120, 150, 180] if count <= np.unique(group[two]).size * 23 // 24]:
        draws = [q2(left_out(y, fewer(count, draw))) for draw in range(5)]
        print(f"  {count} architectures: " + ", ".join(f"{key} {np.mean([d[key] for d in draws]):.2f}" for key in WEIGHTS))
    print("  with words:", told(left_out(y, by(SHAPE + WORDS))))
    print("  with atlas 1:", told(left_out(y, lambda y, train, test: ridge(SHAPE, y, np.r_[train, other], test))))
    print("  up to three features chosen inside:", told(left_out(y, chosen)))
corpus = np.where(two, pd.factorize(rows["corpus"] + rows["tokenizer"])[0], -1)
rest = [f for f in SHAPE if f not in ("ln V", "H2")]
for target in ["f_max", "f_last", "t_half"]:
    y = np.log(rows[target].clip(lower=0.1).to_numpy())
    for features in [["ln V", "H2"], [], ["ln V"], ["H2"], ["H1 - H2"], ["H2/ln V"]]:
        out = [told(left_out(y, by(rest + features), which)) for which in (corpus, fold)]
        print(f"ln {target} by {features}: a corpus left out {out[0]}; architectures {out[1]}")
