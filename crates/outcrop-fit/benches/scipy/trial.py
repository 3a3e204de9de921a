"""Fits every STEP-th series from OFFSET on with SciPy and prints a table of outcomes.

    python3 trial.py TRAJECTORIES.csv STEP OFFSET LIMIT

LIMIT is that of evaluations, curve_fit's max_nfev.

Columns: series, method (scipy), form, outcome (converged, or the exception), sse, seconds. Only the
call of the fit is timed. The table is the one that the example `trial` of outcrop-fit prints.
"""

import sys
import time

import paper


def outcome(form, t, y, limit):
    start = time.perf_counter()
    try:
        sse, _ = paper.fit(form, t, y, limit)
        said = "converged"
    except (RuntimeError, ValueError) as error:  # LinAlgError is a ValueError
        sse, said = None, f"{type(error).__name__}: {error}"
    seconds = time.perf_counter() - start
    said = said.replace(",", ";").replace("\n", " ")
    return said, "" if sse is None else repr(float(sse)), seconds


def main():
    path, (step, offset, limit) = sys.argv[1], map(int, sys.argv[2:])
    series = list(paper.read(path).items())
    outcome("original", *series[0][1], limit)  # what only the first call costs
    print("series,method,form,outcome,sse,seconds")
    for name, (t, y) in series[offset::step]:
        for form in paper.FORMS:
            said, sse, seconds = outcome(form, t, y, limit)
            print(f"{name},scipy,{form},{said},{sse},{seconds!r}")


main()
