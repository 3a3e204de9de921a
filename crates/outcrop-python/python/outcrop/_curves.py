"""Fits and forecasts of trajectories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _outcrop
from ._table import Table


class Quantity(NamedTuple):
    """A number with its interval; what the data do not identify is NaN."""

    value: float
    lo: float
    hi: float


@dataclass(frozen=True)
class Fit:
    """Curves fitted to the trajectory of one layer."""

    model: str
    layer: int
    """From 1."""
    steps: NDArray[np.int64]
    values: NDArray[np.float64]
    table: Table
    """One row a hypothesis, with the columns of fits.csv (docs/fit-quantities.md)."""
    curves: Table
    """Points of the curves: hypothesis, step, value, value_lo, value_hi."""

    @property
    def best(self) -> str:
        """The hypothesis with the lowest AICc."""
        chosen = self.table.where(best=True)
        return str(chosen["hypothesis"][0]) if chosen.rows else str(self.table["hypothesis"][0])

    @property
    def status(self) -> str:
        """Of the best hypothesis: "ok", or what the data do not identify."""
        return str(self._row(None)["status"][0])

    def quantity(self, name: str, hypothesis: str | None = None) -> Quantity:
        """A quantity such as "t_half" or "f_max" of a hypothesis (by default the best).

        Raises KeyError for a name that is no column of the table."""
        row = self._row(hypothesis)
        ends = (row[name + end][0] if name + end in row else np.nan for end in ("_lo", "_hi"))
        return Quantity(float(row[name][0]), *map(float, ends))

    def _row(self, hypothesis: str | None) -> Table:
        row = self.table.where(hypothesis=hypothesis or self.best)
        if not row.rows:
            raise KeyError(f"no fit of the hypothesis {hypothesis!r}; there are {list(self.table['hypothesis'])}")
        return row

    def plot(self, ax: Any = None, hypothesis: str | None = None) -> Any:
        """Draws the values, the curve and its band; returns the axes. matplotlib must be installed."""
        ax = _axes(ax)
        curve = self.curves.where(hypothesis=hypothesis or self.best)
        (line,) = ax.plot(curve["step"], curve["value"], label=f"layer {self.layer}")
        _band(ax, curve, "value", line.get_color())
        ax.plot(self.steps, self.values, "o", markersize=3, color=line.get_color())
        ax.set(xlabel="training step", ylabel="largest magnitude / median", title=self.model)
        return ax


@dataclass(frozen=True)
class Forecast:
    """A trajectory at later steps."""

    steps: NDArray[np.int64]
    values: NDArray[np.float64]
    table: Table
    """One row a step: step, average, lo, hi, last_value (the baseline), status, and the columns of forecasts.csv."""

    def plot(self, ax: Any = None) -> Any:
        """Draws the values and the forecast with its band; returns the axes. matplotlib must be installed."""
        ax = _axes(ax)
        (line,) = ax.plot(self.table["step"], self.table["average"], "--", label="forecast")
        ax.fill_between(self.table["step"], self.table["lo"], self.table["hi"], alpha=0.2, color=line.get_color())
        ax.plot(self.steps, self.values, "o", markersize=3, color=line.get_color())
        ax.set(xlabel="training step", ylabel="largest magnitude / median")
        return ax


def fit(
    steps: ArrayLike,
    values: ArrayLike,
    sem: ArrayLike | None = None,
    *,
    model: str = "model",
    layer: int = 1,
    weights: str = "relative",
    hypotheses: Sequence[str] = (),
    draws: int = 1000,
    level: float = 0.9,
    curve_points: int = 200,
) -> Fit:
    """Fits the emergence curve f(t) = exp(-beta t) (A1 ln(t + tau0) + A2) + K and its rivals to one trajectory.

    Parameters
    ----------
    steps, values
        Ascending whole training steps from 0, at least 7, and the ratio (no unit, at least 0) at each.
    sem
        Standard error of each value, for weights="sem".
    model, layer
        Names in tables and drawings; layers count from 1.
    weights
        "relative" (residuals relative to the curve), "raw" (least squares), "sem" or "robust".
    hypotheses
        Which curves; by default the six of `outcrop fit`.
    draws, level
        Curves drawn from the posterior for intervals, 0 or 100 to 100000, and their probability.
    curve_points
        Points of the curves, 0 or 2 to 100000.

    Raises
    ------
    ValueError
        For a series that cannot be fitted, with the reason, or an option outside its range.
    """
    at, values_at, given = _given(steps, values, sem, model, layer)
    options = _options(weights, hypotheses, draws, level, curve_points)
    table, curves = map(Table, _outcrop.fit(given, options))
    if not curves.rows and str(table["status"][0]).startswith("failed"):
        raise ValueError(str(table["status"][0]))
    return Fit(model, layer, at, values_at, table, curves)


def fit_run(
    path: str | PathLike[str],
    *,
    weights: str = "relative",
    hypotheses: Sequence[str] = (),
    draws: int = 1000,
    level: float = 0.9,
    curve_points: int = 200,
) -> list[Fit]:
    """Fits every layer of a run folder, a results folder or a table, as `outcrop fit` does; one Fit a layer.

    A layer that cannot be fitted has a table with one row, whose status is the reason. Raises as `read`."""
    options = _options(weights, hypotheses, draws, level, curve_points)
    table, curves = map(Table, _outcrop.fit_run(path, options))
    points = trajectories(path)
    found = []
    for model, layer in dict.fromkeys(zip(table["model"], map(int, table["layer"]))):
        own = points.where(model=model, layer=layer)
        of = {"model": model, "layer": layer}
        found.append(Fit(model, layer, own["step"], own["ratio"], table.where(**of), curves.where(**of) if curves else curves))
    return found


def trajectories(path: str | PathLike[str]) -> Table:
    """The ratio of every layer over the steps, mean(max) / mean(median) over sequences: model, layer, step, ratio, sem.

    Of a run folder, a results folder, a table of measurements or one of trajectories. Raises as `read`."""
    return Table(_outcrop.trajectories(path))


def forecast(
    steps: ArrayLike,
    values: ArrayLike,
    at: ArrayLike,
    *,
    sem: ArrayLike | None = None,
    weights: str = "relative",
    draws: int = 1000,
    level: float = 0.9,
) -> Forecast:
    """Forecasts a trajectory at later steps: the emergence curve and the one without decay, averaged by their weights.

    Parameters are those of `fit`; `at` is a step or several, at least 0. Raises ValueError as `fit`."""
    wanted = np.atleast_1d(np.asarray(at, dtype=np.float64))
    at_steps, values_at, given = _given(steps, values, sem, "model", 1)
    options = _options(weights, (), draws, level, 0)
    table = Table(_outcrop.forecast(given, wanted.tolist(), options))
    if failed := [status for status in table["status"] if str(status).startswith("failed")]:
        raise ValueError(str(failed[0]))
    return Forecast(at_steps, values_at, table)


def _given(steps: ArrayLike, values: ArrayLike, sem: ArrayLike | None, model: str, layer: int) -> Any:
    at, of = np.asarray(steps), np.asarray(values, dtype=np.float64)
    whole = at.astype(np.int64)
    if at.ndim != 1 or of.ndim != 1 or not np.array_equal(whole, at) or (whole < 0).any():
        raise ValueError("steps and values are two lists of numbers; steps are whole and at least 0")
    errors = [] if sem is None else np.asarray(sem, dtype=np.float64).tolist()
    return whole, of, (model, layer, whole.tolist(), of.tolist(), errors)


def _options(weights: str, hypotheses: Sequence[str], draws: int, level: float, points: int) -> dict[str, Any]:
    names = [hypotheses] if isinstance(hypotheses, str) else list(hypotheses)
    return {"weights": weights, "hypotheses": names, "draws": draws, "level": level, "curve_points": points}


def _axes(ax: Any) -> Any:
    if ax is not None:
        return ax
    import matplotlib.pyplot

    return matplotlib.pyplot.subplots()[1]


def _band(ax: Any, curve: Table, name: str, color: Any) -> None:
    lo, hi = f"{name}_lo", f"{name}_hi"
    if lo in curve and hi in curve and not np.isnan(curve[lo].astype(float)).all():
        ax.fill_between(curve["step"], curve[lo].astype(float), curve[hi].astype(float), alpha=0.2, color=color)
