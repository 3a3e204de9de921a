"""The paper's fitting procedure with SciPy, as `outcrop_fit::paper` documents it.

Both forms of the curve go to `curve_fit(method="trf")` over data of which t is divided by its maximum
and y shifted by its minimum and divided by its range, each from one start and with its analytic
Jacobian. Sums of squares are in squared units of y.
"""

import csv
import warnings

import numpy as np
from scipy.optimize import curve_fit

# a parameter outside the logarithm's domain gives nan, which is part of the procedure
np.seterr(all="ignore")
warnings.simplefilter("ignore")

INF = np.inf


def original(t, a, lam, gamma, t0, k):
    x = gamma * t + t0
    return a * np.exp(-lam * x) * np.log(x) + k


def original_jacobian(t, a, lam, gamma, t0, k):
    x = gamma * t + t0
    decay, log = np.exp(-lam * x), np.log(x)
    by_x = a * decay * (1 / x - lam * log)
    return np.stack([decay * log, -a * x * decay * log, by_x * t, by_x, np.ones_like(t)], 1)


def reparametrised(t, a1, a2, beta, tau0, k):
    return np.exp(-beta * t) * (a1 * np.log(t + tau0) + a2) + k


def reparametrised_jacobian(t, a1, a2, beta, tau0, k):
    decay, log = np.exp(-beta * t), np.log(t + tau0)
    by_beta = -t * decay * (a1 * log + a2)
    return np.stack([decay * log, decay, by_beta, decay * a1 / (t + tau0), np.ones_like(t)], 1)


def original_start(t, y):
    a = y.max() - y.min()
    return [a, 1 / np.std(t), 1 / (t.max() - t.min()), 1.0, y.min() + a / 2]


def reparametrised_start(t, y):
    a, lam, gamma, t0, k = original_start(t, y)
    a1 = a * np.exp(-lam * t0)
    return [a1, a1 * np.log(gamma), lam * gamma, t0 / gamma, k]


FORMS = {
    "original": (original, original_jacobian, original_start, [-INF, 0, -INF, -INF, -INF]),
    "reparametrised": (
        reparametrised,
        reparametrised_jacobian,
        reparametrised_start,
        [-INF, -INF, 0, -INF, -INF],
    ),
}


def fit(form, t, y, max_nfev=20000):
    """Sum of squares and evaluations of one form; raises what curve_fit raises."""
    curve, jacobian, start, lower = FORMS[form]
    t, scale = t / t.max(), max(y.max() - y.min(), 1e-12)
    y = (y - y.min()) / scale
    found = curve_fit(
        curve,
        t,
        y,
        p0=start(t, y),
        jac=jacobian,
        bounds=(lower, INF),
        method="trf",
        max_nfev=max_nfev,
        full_output=True,
    )
    information = found[2]
    residuals = information["fvec"]
    return residuals @ residuals * scale * scale, information["nfev"]


def read(path):
    """The series of a table of trajectories (model,layer,step,ratio), by model."""
    rows = {}
    with open(path) as file:
        for row in csv.DictReader(file):
            rows.setdefault(row["model"], []).append((float(row["step"]), float(row["ratio"])))
    return {model: np.array(points).T for model, points in rows.items()}
