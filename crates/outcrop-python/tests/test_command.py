"""The command that the wheel installs: everything but training."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import outcrop

OURS = Path(sys.executable).parent / ("outcrop.exe" if os.name == "nt" else "outcrop")
DATA = Path(__file__).parents[2] / "outcrop-fit" / "examples" / "data"


def run(*words, **options):
    return subprocess.run([str(OURS), *(str(word) for word in words)], capture_output=True, text=True, **options)


def test_it_is_the_version_of_the_package():
    assert run("--version").stdout.split() == ["outcrop", outcrop.__version__]
    module = subprocess.run([sys.executable, "-m", "outcrop", "--version"], capture_output=True, text=True)
    assert module.stdout == run("--version").stdout


def test_a_fit_is_that_of_the_package(tmp_path):
    out = tmp_path / "fits.csv"
    assert run("fit", DATA / "early-peak.csv", "--out", out).returncode == 0
    ours = {(fit.model, fit.layer): fit.best for fit in outcrop.fit_run(DATA / "early-peak.csv")}
    table = outcrop.read(out)
    best = [(m, l, h) for m, l, h, b in zip(table["model"], table["layer"], table["hypothesis"], table["best"]) if b]
    assert {(m, int(l)): h for m, l, h in best} == ours


def test_it_predicts_and_reports(tmp_path):
    predicted = run("predict", "--layers", 4, "--d-model", 64, "--heads", 2)
    assert predicted.returncode == 0 and "layer" in predicted.stdout
    (tmp_path / "trajectories.csv").write_text((DATA / "early-peak.csv").read_text())
    reported = run("report", tmp_path)
    assert reported.returncode == 0, reported.stderr
    page = (tmp_path / "report" / "report.html").read_text()
    assert 'href="../trajectories.csv"' in page


@pytest.mark.parametrize(
    "words",
    [
        ("train", "tiny.toml"),
        ("reproduce", "--profile", "tiny"),
        ("sweep", "tiny", "--engine", "local"),
        ("sweep", "tiny", "--engine", "slurm", "--time", "00:30:00", "--dry-run"),
    ],
)
def test_training_says_what_to_install(tmp_path, words):
    (tmp_path / "tiny.toml").write_text("model = 'tiny'\n[arch]\nlayers = 1\nd_model = 8\nheads = 1\n")
    done = run(*words, cwd=tmp_path)
    assert done.returncode == 1
    assert "built without training" in done.stderr and "cargo install" in done.stderr
    assert not list(tmp_path.glob("runs/*/runs/*"))


def test_exit_statuses(tmp_path):
    wrong = run("fit", "--no-such-option")
    assert wrong.returncode == 2 and "--no-such-option" in wrong.stderr
    absent = run("fit", tmp_path / "absent.csv")
    assert absent.returncode == 1 and "absent.csv" in absent.stderr


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for another process")
def test_ctrl_c_ends_it(tmp_path):
    """It waits for a table on standard input, in Rust."""
    waiting = subprocess.Popen([str(OURS), "fit", "-"], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
    time.sleep(2)
    assert waiting.poll() is None
    waiting.send_signal(signal.SIGINT)
    assert waiting.wait(10) == -signal.SIGINT
