"""Examples and types."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import outcrop

CRATE = Path(__file__).parents[1]


def test_watch_training(tmp_path):
    for needed in ("torch", "transformers", "matplotlib"):
        pytest.importorskip(needed)
    environment = {**os.environ, "MPLBACKEND": "agg"}
    example = [sys.executable, CRATE / "examples" / "watch_training.py", tmp_path / "run"]
    subprocess.run(example, check=True, env=environment, cwd=tmp_path)
    assert (tmp_path / "run" / "fits.png").stat().st_size > 10_000


def test_types(tmp_path):
    pytest.importorskip("mypy")
    assert (Path(outcrop.__file__).parent / "py.typed").exists()
    use = tmp_path / "use.py"
    use.write_text(
        "import outcrop\n"
        "found: outcrop.Fit = outcrop.fit([0, 1], [1.0, 2.0])\n"
        "peak: float = found.quantity('t_peak').value\n"
        "wrong: str = found.layer\n"
    )
    run = subprocess.run([sys.executable, "-m", "mypy", "--strict", use], capture_output=True, text=True, cwd=tmp_path)
    assert "Found 1 error" in run.stdout and "use.py:4" in run.stdout, run.stdout + run.stderr


def test_everything_public_has_a_docstring():
    undocumented = [name for name in outcrop.__all__ if not name.startswith("_") and not getattr(outcrop, name).__doc__]
    assert undocumented == []
