"""Fits, forecasts and predictions: closed forms, signals, drawings."""

import os
import signal
import threading
import time

import numpy as np
import pytest

import outcrop
from outcrop import _outcrop

STEPS = np.array([0, *(2**i for i in range(10)), *range(1000, 40001, 1000)])


def emergence(steps):
    return np.exp(-2e-5 * steps) * (90 * np.log(steps + 40.0) - 250) + 30


def test_a_curve_is_found_again():
    found = outcrop.fit(STEPS, emergence(STEPS), model="m", layer=3)
    assert found.best == "emergence"
    assert found.quantity("beta").value == pytest.approx(2e-5, rel=1e-3)
    assert found.quantity("tau0").value == pytest.approx(40, rel=1e-3)
    curve = found.curves.where(hypothesis="emergence")
    assert np.allclose(curve["value"], emergence(curve["step"]), rtol=1e-4)
    assert (found.model, found.layer) == ("m", 3)
    assert set(found.table["model"]) == {"m"}
    with pytest.raises(KeyError):
        found.quantity("no_such_quantity")
    with pytest.raises(KeyError, match="logistik"):
        found.quantity("f_last", "logistik")


def test_options():
    values = emergence(STEPS) * np.random.default_rng(0).normal(1, 0.02, STEPS.size)
    found = outcrop.fit(STEPS, values, hypotheses=["emergence", "log only"], draws=100, curve_points=5)
    assert list(found.table["hypothesis"]) == ["emergence", "log only"]
    assert found.curves.rows == 10
    last = found.quantity("f_last", "emergence")
    assert last.lo < last.value < last.hi
    with pytest.raises(ValueError, match="weights"):
        outcrop.fit(STEPS, values, weights="heavy")
    with pytest.raises(ValueError, match="logistic"):
        outcrop.fit(STEPS, values, hypotheses=["logistik"])


@pytest.mark.parametrize(
    ("steps", "values", "said"),
    [
        ([0, 1, 2], [1.0, 2.0, 3.0], "at least 7"),
        (range(10), [1.0] * 9, "10 steps but 9 values"),
        ([0, 2, 1, *range(3, 10)], range(10), "out of order"),
        ([0.5, *range(1, 10)], range(10), "whole"),
    ],
)
def test_a_series_that_is_none_is_refused(steps, values, said):
    with pytest.raises(ValueError, match=said):
        outcrop.fit(list(steps), list(values))


def test_a_forecast():
    early = STEPS[STEPS <= 20000]
    found = outcrop.forecast(early, emergence(early), at=[30000, 40000])
    assert np.allclose(found.table["average"], emergence(np.array([30000, 40000])), rtol=0.05)
    assert found.table["last_value"][0] == emergence(20000.0)
    assert (found.table["lo"] <= found.table["average"]).all()
    with pytest.raises(ValueError, match="forecast step -1"):
        outcrop.forecast(early, emergence(early), at=-1)


def test_a_prediction():
    found = outcrop.predict(layers=3, d_model=64, heads=4)
    assert set(found.curves["layer"]) == {1, 2, 3}
    assert (found.curves["value_lo"] <= found.curves["value"]).all()
    assert (found.curves["value"] <= found.curves["value_hi"]).all()
    assert found.model == "3x64-h4" and found.level == 0.9
    assert "ln_f_last" in set(found.targets["target"]) or found.targets.rows
    assert outcrop.predict(layers=80, d_model=8192, heads=64).outside
    for width, heads in [(32, 1), (64, 1), (128, 2), (200, 2), (768, 12)]:
        assert outcrop.predict(layers=2, d_model=width).model == f"2x{width}-h{heads}"
    with pytest.raises(ValueError, match="heads"):
        outcrop.predict(layers=3, d_model=64, heads=5)
    with pytest.raises(ValueError, match="d_model"):
        outcrop.predict(layers=3, d_model=0)
    with pytest.raises(ValueError, match="no_such_key"):
        outcrop.predict(layers=3, d_model=64, heads=4, no_such_key=1)


def test_everything_can_be_drawn(tmp_path):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    early = STEPS[STEPS <= 20000]
    results = [
        outcrop.fit(STEPS, emergence(STEPS)),
        outcrop.forecast(early, emergence(early), at=[30000, 40000]),
        outcrop.predict(layers=2, d_model=64, heads=4),
    ]
    for i, result in enumerate(results):
        axes = result.plot()
        assert axes.get_xlabel() == "training step" and axes.lines
        axes.figure.savefig(tmp_path / f"{i}.png")


def slow():
    """A fit that takes seconds."""
    steps = np.arange(0, 200000, 20)
    values = emergence(steps) * np.random.default_rng(0).normal(1, 0.05, steps.size)
    return outcrop.fit(steps, values, draws=100000)


@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="threads are counted by /proc")
def test_ctrl_c_ends_a_fit():
    threads = lambda: len(os.listdir("/proc/self/task"))
    before = threads()
    press = threading.Timer(0.3, signal.raise_signal, [signal.SIGINT])
    press.start()
    with pytest.raises(KeyboardInterrupt):
        slow()
    press.join()
    assert threads() > before  # the exception did not wait for what is computed


def test_other_threads_run_while_a_fit_is_computed():
    ticks = []
    ended = threading.Event()

    def tick():
        while not ended.is_set():
            ticks.append(time.monotonic())
            time.sleep(0.0005)

    ticking = threading.Thread(target=tick)
    ticking.start()
    fits = []
    for _ in range(20):
        begun = time.monotonic()
        outcrop.fit(STEPS, emergence(STEPS))
        fits.append((begun, time.monotonic()))
    ended.set()
    ticking.join()
    # in the middle of a fit, not before or after the lock is given back
    inside = [tick for begun, end in fits for tick in ticks if abs(tick - (begun + end) / 2) < (end - begun) / 4]
    assert inside


def test_schedules():
    assert _outcrop.schedule("0,pow2:8,every:20,last", 50) == [0, 1, 2, 4, 8, 20, 40, 50]
    with pytest.raises(ValueError, match="steps="):
        _outcrop.schedule("every:20", None)
