"""Tables: every column of the command's own tables, in pandas, polars and Arrow."""

import gzip
from pathlib import Path

import numpy as np
import pytest

import outcrop

ATLAS = Path(__file__).parents[3] / "data" / "atlas"


def test_a_table_has_the_cells_that_pandas_reads():
    pandas = pytest.importorskip("pandas")
    for name in ("fits",):
        file = next(iter(ATLAS.glob(f"{name}.csv*")))
        ours, theirs = outcrop.read(file).to_pandas(), pandas.read_csv(file)
        assert len(ours) == len(theirs)
        for column in theirs.columns.intersection(ours.columns):
            one, other = ours[column], theirs[column]
            if other.dtype.kind in "if":
                finite = np.isfinite(other.astype(float))
                assert np.array_equal(one[finite].astype(float), other[finite].astype(float)), column
            elif other.dtype.kind != "b":
                assert list(one.fillna("")) == list(other.fillna("")), column


def test_pandas_polars_and_arrow_agree():
    for needed in ("pandas", "polars", "pyarrow"):
        pytest.importorskip(needed)
    table = outcrop.read(ATLAS, "architectures")
    pandas = table.to_pandas()
    assert pandas["d_model"].tolist() == table.to_polars()["d_model"].to_list() == table.to_arrow()["d_model"].to_pylist()
    assert pandas["model"].tolist() == table.to_polars()["model"].to_list() == table.to_arrow()["model"].to_pylist()
    assert table["d_model"].dtype == np.int64


MEASUREMENTS = "model,step,sequence,layer,top1,top2,top3,median\nm,0,0,1,3.0,2.5,2.0,0.5\nm,8,0,1,,,,\n"


def test_files_and_folders(tmp_path):
    (tmp_path / "measurements.csv").write_text(MEASUREMENTS)
    with gzip.open(tmp_path / "other.csv.gz", "wt") as file:
        file.write(MEASUREMENTS)
    whole = outcrop.read(tmp_path)
    assert whole["top1"][0] == 3.0 and np.isnan(whole["top1"][1]) and list(whole["step"]) == [0, 8]
    assert outcrop.read(tmp_path / "other.csv.gz", "measurements")["median"][0] == 0.5
    assert outcrop.trajectories(tmp_path)["ratio"][0] == 6.0
    assert "Table of 2 rows" in repr(whole) and whole.where(step=8).rows == 1


def test_what_cannot_be_read_is_named(tmp_path):
    file = tmp_path / "measurements.csv"
    file.write_text(MEASUREMENTS + "m,torn\n")
    with pytest.warns(outcrop.OutcropWarning, match="line 4"):
        assert outcrop.read(file).rows == 2
    with pytest.raises(OSError, match="nowhere"):
        outcrop.read(tmp_path / "nowhere" / "fits.csv")
    with pytest.raises(ValueError, match="measurements, trajectories"):
        outcrop.read(file, "measurement")
    file.write_text("date,price\n")
    with pytest.raises(ValueError, match="price"):
        outcrop.read(file)


def test_infinite_numbers_are_no_empty_cells(tmp_path):
    """An infinite t0 is what a curve without a logarithm has."""
    (tmp_path / "fits.csv").write_text("model,layer,hypothesis,n,t0\nm,1,emergence,25,inf\nm,2,emergence,25,\n")
    t0 = outcrop.read(tmp_path / "fits.csv")["t0"]
    assert t0[0] == np.inf and np.isnan(t0[1])
