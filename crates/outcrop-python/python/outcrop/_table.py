"""Tables as columns."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from os import PathLike, fspath
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import _outcrop

_ENDINGS = (".csv", ".csv.gz", ".parquet")


class OutcropWarning(UserWarning):
    """Something that was left out, such as a line of a table that cannot be read."""


class Table(Mapping[str, NDArray[Any]]):
    """Columns by name, all of one length: int64, float64 (NaN for empty cells), bool, or text (None for empty cells)."""

    def __init__(self, columns: Mapping[str, Any]) -> None:
        self._columns = {name: _array(cells) for name, cells in columns.items()}

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self._columns[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        """Number of columns."""
        return len(self._columns)

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(next(iter(self._columns.values()), ()))

    def where(self, **values: Any) -> Table:
        """The rows in which each of these columns has this value."""
        keep = np.ones(self.rows, dtype=bool)
        for name, value in values.items():
            keep &= np.asarray(self[name] == value, dtype=bool)
        return Table({name: cells[keep] for name, cells in self.items()})

    def to_pandas(self) -> Any:
        """A pandas.DataFrame; pandas must be installed."""
        import pandas

        return pandas.DataFrame(self._columns)

    def to_polars(self) -> Any:
        """A polars.DataFrame; polars must be installed."""
        import polars

        return polars.DataFrame(self._lists())

    def to_arrow(self) -> Any:
        """A pyarrow.Table; pyarrow must be installed."""
        import pyarrow

        return pyarrow.table(self._lists())

    def _lists(self) -> dict[str, Any]:
        return {name: cells.tolist() if cells.dtype == object else cells for name, cells in self.items()}

    def __repr__(self) -> str:
        return f"Table of {self.rows} rows: {', '.join(self)}"


def _array(cells: Any) -> NDArray[Any]:
    return np.array(cells, dtype=object) if isinstance(cells, list) else np.asarray(cells)


def read(path: str | PathLike[str], table: str | None = None) -> Table:
    """Reads a table that the command or this package wrote.

    Parameters
    ----------
    path
        A file (.csv, .csv.gz, .parquet), or a folder, of which the table `table` is read.
    table
        Its name, such as "measurements", "fits", "curves", "loss"; by default the name of the file, or "measurements" of a
        folder.

    Returns
    -------
    Table, with `to_pandas()`, `to_polars()` and `to_arrow()`.

    Raises
    ------
    OSError
        If the file cannot be read.
    ValueError
        If it is no such table. A single line that cannot be read is left out, with an OutcropWarning.
    """
    file = Path(fspath(path))
    if file.is_dir():
        table = table or "measurements"
        there = [file / (table + ending) for ending in _ENDINGS]
        file = next((one for one in there if one.is_file()), there[0])
    kind = table or file.name.split(".")[0]
    columns, problems = _outcrop.read(file, kind)
    for problem in problems:
        warnings.warn(f"{file}, {problem}", OutcropWarning, stacklevel=2)
    return Table(columns)
