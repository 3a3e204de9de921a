"""Predictions of the emergence curve from an architecture."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from . import _outcrop
from ._curves import _axes, _band
from ._table import Table


@dataclass(frozen=True)
class Prediction:
    """The predicted curves of an architecture."""

    model: str
    targets: Table
    """layer, target, predicted, predicted_lo, predicted_hi: as predictions.csv."""
    curves: Table
    """layer, step, value, value_lo, value_hi: the ratio that is expected to be measured, with its band."""
    level: float | None
    """Probability of the bands."""
    outside: list[str]
    """Features outside the range of training: where there are any, bands have no stated coverage."""

    def plot(self, ax: Any = None) -> Any:
        """Draws the curve of every layer with its band; returns the axes. matplotlib must be installed."""
        ax = _axes(ax)
        for layer in dict.fromkeys(self.curves["layer"].tolist()):
            curve = self.curves.where(layer=layer)
            (line,) = ax.plot(curve["step"], curve["value"], label=f"layer {layer}")
            _band(ax, curve, "value", line.get_color())
        ax.set(xlabel="training step", ylabel="largest magnitude / median", title=f"predicted: {self.model}")
        ax.legend()
        return ax


def predict(
    *,
    layers: int,
    d_model: int,
    heads: int | None = None,
    d_ff: int | None = None,
    model: str | None = None,
    level: float | None = None,
    steps: ArrayLike | None = None,
    **keys: Any,
) -> Prediction:
    """Predicts the emergence curve of every layer by the bundled predictor, as `outcrop predict` does.

    Parameters
    ----------
    layers, d_model, heads, d_ff
        The architecture. By default heads have at least 64 channels, as Pythia's have, and d_ff is 4 d_model. `keys` are further keys of docs/architecture-keys.md.
    model
        Its name in tables.
    level
        Probability of the bands; by default 0.9.
    steps
        Steps of the curves, two or more, within those of the training runs; by default 200.

    Raises
    ------
    ValueError
        For an architecture that is none, a level that the data do not support, or a step beyond those measured.
    """
    if heads is None:
        heads = _heads(d_model)
    arch = {"layers": layers, "d_model": d_model, "heads": heads, "d_ff": d_ff, **keys}
    arch = {key: value for key, value in arch.items() if value is not None}
    name = model or f"{layers}x{d_model}-h{heads}" + (f"-ff{d_ff}" if d_ff else "")
    at = None if steps is None else np.asarray(steps, dtype=np.float64).tolist()
    targets, curves, used, outside = _outcrop.predict(name, json.dumps(arch), level, at)
    return Prediction(name, Table(targets), Table(curves), used, outside)


def _heads(d_model: int) -> int:
    """The most heads of equal width that have at least 64 channels; one where there are none."""
    most = max(1, d_model // 64)
    return next(heads for heads in range(most, 0, -1) if d_model % heads == 0)
