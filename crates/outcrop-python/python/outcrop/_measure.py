"""Statistics and observables of hidden states."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from . import _outcrop
from ._array import scalars

# The families whose time grows with the number of scalars only.
_CHEAP = "tails,tokens,channel_maxima"


class Top(NamedTuple):
    """One of the largest magnitudes of a hidden state."""

    magnitude: float
    """|h|, finite, at least 0."""
    position: int
    """Position in the sequence, from 0."""
    channel: int
    """Channel, from 0."""


@dataclass(frozen=True)
class Measured:
    """What was measured of one hidden state [positions, channels]. Only finite scalars are ranked."""

    top: list[Top]
    """The largest magnitudes, in descending order, ties by place."""
    median: float | None
    """Lower median of |h|, as torch.median has it; None if no scalar is finite."""
    ratio: float | None
    """Largest magnitude over median; None where either is absent or the median is 0."""
    count: int
    """Number of scalars."""
    non_finite: int
    """Number of scalars that are NaN or infinite."""
    massive: int | None
    """Number of scalars above 100 and at least 1000 times the median (Sun et al., arXiv 2402.17762)."""
    rms: float | None
    """Root mean square; None if some scalars are not finite, as are the two below."""
    kurtosis: float | None
    """Kurtosis over all scalars: 3 for a normal distribution."""
    channel_kurtosis: float | None
    """Kurtosis of the channels' root mean squares: 1 if all are alike, d_model if a single one is nonzero."""
    observables: dict[str, float]
    """Each number of each observable that was asked for."""
    missing: dict[str, str]
    """Numbers that this tensor does not define, with the reason."""


class ObservableAbout(NamedTuple):
    """What an observable is."""

    name: str
    family: str
    numbers: list[str]
    """Names of its numbers: keys of Measured.observables."""
    convention: str
    cost: str
    source: str


def measure(array: Any, *, k: int = 3, observables: str = "cheap") -> Any:
    """Measures a hidden state: largest magnitudes with their places, exact lower median, ratio, observables.

    Parameters
    ----------
    array
        [positions, channels], or [sequences, positions, channels] for several. A NumPy array, a PyTorch or JAX tensor on
        the CPU, or what has `__dlpack__`. float32, float16 and bfloat16 are read where they lie if they are contiguous
        (16 bits are widened, one sequence at a time, which is exact); float64 is rounded to float32.
    k
        How many of the largest magnitudes are wanted, from 1.
    observables
        Observables or families, separated by commas; "cheap" for all whose time grows with the number of scalars only,
        "all" for every one of a hidden state alone, "" for none. `outcrop.observables()` lists them.

    Returns
    -------
    Measured, or for three dimensions a list of one a sequence.

    Raises
    ------
    TypeError
        For scalars of another type, or a tensor that is not on the CPU.
    ValueError
        For an empty array, another number of dimensions, or an unknown observable.
    """
    values, name = scalars(array)
    if values.ndim not in (2, 3):
        raise ValueError(
            f"an array of {values.ndim} dimensions: [positions, channels] or [sequences, positions, channels] is measured"
        )
    if values.size == 0:
        raise ValueError(f"an array of shape {list(values.shape)} has no scalars: at least one position is needed")
    if k < 1:
        raise ValueError(f"k = {k}: allowed is 1 or more")
    batch = values if values.ndim == 3 else values[None]
    found = _outcrop.measure(batch, name, k, _CHEAP if observables == "cheap" else observables)
    measured = [Measured(**{**one, "top": [Top(*top) for top in one["top"]]}) for one in found]
    return measured if values.ndim == 3 else measured[0]


def observables() -> list[ObservableAbout]:
    """The observables that `measure` can compute of a hidden state alone. docs/observables.md describes all."""
    all_of_states = _outcrop.observables()
    return [ObservableAbout(name, family, numbers, *words) for name, family, numbers, words in all_of_states]
