"""Follow massive activations through the training of transformers.

A few scalars of a transformer's hidden state grow thousands of times larger than the rest while it trains. This package
measures them, in any array or in a PyTorch model while it trains, fits the curve by which they emerge, forecasts it and
predicts it from an architecture. Tables and folders are those of the command `outcrop`.

    measured = outcrop.measure(hidden)                        # one hidden state [positions, channels]
    watch = outcrop.watch(model, every=25, sequences=ids, out="runs/mine")
    found = outcrop.fit(steps, ratios)                        # the curve of one layer
    outcrop.read("runs/mine").to_pandas()                     # a table

The longer guide is docs/python.md in the repository.
"""

from ._curves import Fit, Forecast, Quantity, fit, fit_run, forecast, trajectories
from ._measure import Measured, ObservableAbout, Top, measure, observables
from ._outcrop import __version__
from ._predict import Prediction, predict
from ._table import OutcropWarning, Table, read
from ._watch import Watch, watch

__all__ = [
    "Fit",
    "Forecast",
    "Measured",
    "ObservableAbout",
    "OutcropWarning",
    "Prediction",
    "Quantity",
    "Table",
    "Top",
    "Watch",
    "__version__",
    "fit",
    "fit_run",
    "forecast",
    "measure",
    "observables",
    "predict",
    "read",
    "trajectories",
    "watch",
]
