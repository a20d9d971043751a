"""Four answers about a test, against one aggregate by hand and the packages for it.

Two arms, a binary metric, a revenue metric and the revenue before in Parquet. Asked for: whether
the split is as planned, the test of the two shares, Welch's test of revenue, and the same by CUPED.
The hand-written aggregate is met in a warm process, turn about; packages in whole processes,
imports included.

    python -m benchmarks.abtest [--units 100000 1000000 10000000] [--peers PYTHON]

`PYTHON` is an interpreter whose environment has the packages; without it their rows are left out.
"""

from __future__ import annotations

import argparse
import functools
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import process

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.process import Cost

UNITS = (100_000, 1_000_000, 10_000_000)
SMALL = 10_000
MEMORY = "4GB"
"""What the engine may hold, whoever asks."""
EXACT = 1e-7
"""How far ours and the hand-written aggregate may differ: they have the same formulas, but threads
add up in any order, and a p value of 1e-6 shows 25 times the rounding of a difference."""
NEAR = 0.05
"""How far a package may: others take a normal for a t distribution, or other degrees of freedom."""


def ours(con: Any, folder: str) -> dict[str, float]:
    return _ours(con.read_parquet(f"{folder}/units.parquet"))


def ours_by_ibis(con: Any, folder: str) -> dict[str, float]:
    import ibis

    return _ours(ibis.duckdb.from_connection(con).read_parquet(f"{folder}/units.parquet"))


def _ours(rows: Any) -> dict[str, float]:
    from playbook import abtest

    metrics = (
        abtest.Proportion("converted", name="proportion"),
        abtest.Mean("revenue", name="welch"),
        abtest.Mean("revenue", covariates=("before",), name="cuped"),
    )
    arms = abtest.units(rows, metrics, control="A")
    found = {"split p": abtest.split(arms).p_value}
    for one in abtest.compare(arms, metrics).rows:
        ends = {} if one.metric == "proportion" else {"low": one.low, "high": one.high}
        each = {"difference": one.difference, **ends, "p": one.p_value}
        found |= {f"{one.metric} {key}": float(value) for key, value in each.items()}
    return found


def by_hand(con: Any, folder: str) -> dict[str, float]:
    from benchmarks import abtest_by_hand

    return abtest_by_hand.answers(con, folder)


WAYS: dict[str, Callable[[Any, str], dict[str, float]]] = {
    "ours": ours,
    "ours, an Ibis table": ours_by_ibis,
    "SQL: aggregate, closed formulas": by_hand,
}


# What a process of its own does.


def make(folder: str, units: str) -> None:
    from benchmarks import abtest_made

    abtest_made.make(Path(folder), int(units))


def connected() -> Any:
    import duckdb

    return duckdb.connect(config={"memory_limit": MEMORY})


def above(name: str, small: str, folder: str) -> float:
    """Peak memory in MB above what a process holds that has answered for a small file."""
    con, call = connected(), WAYS[name]
    call(con, small)
    baseline = process.peak_mb()
    call(con, folder)
    return process.peak_mb() - baseline


def turn_about(folder: str, times: str) -> dict[str, list[float]]:
    """Per way the CPU seconds of each turn, in one warm process, once all agree."""
    connections = {name: connected() for name in WAYS}
    limit = by_hand(connected(), folder)
    for name, call in WAYS.items():
        check(name, call(connections[name], folder), limit, EXACT)
    taken: dict[str, list[float]] = {name: [] for name in WAYS}
    for _ in range(int(times)):
        for name, call in WAYS.items():
            began = time.process_time()
            call(connections[name], folder)
            taken[name].append(time.process_time() - began)
    return taken


def whole(name: str, folder: str) -> dict[str, float]:
    return WAYS[name](connected(), folder)


def package(name: str, folder: str) -> dict[str, float]:
    from benchmarks import abtest_peers

    return abtest_peers.PACKAGES[name](folder)


# Agreement.


def off(found: dict[str, float], limit: dict[str, float]) -> tuple[float, str]:
    """How far the figure that differs most does, and its name.

    P values relative to the limit's, differences and their ends in half widths of the interval.
    """
    return max((abs(found[key] - value) / _scale(key, limit), key) for key, value in limit.items())


def _scale(key: str, limit: dict[str, float]) -> float:
    kind, what = key.split()
    if what == "p" or f"{kind} high" not in limit:
        return abs(limit[key])
    return (limit[f"{kind} high"] - limit[f"{kind} low"]) / 2


def check(name: str, found: dict[str, float], limit: dict[str, float], most: float) -> None:
    """Stops where a way gives other figures than the aggregate by hand."""
    far, key = off(found, limit)
    if not far <= most:
        raise SystemExit(f"{name} gives another {key}: {found[key]}, by hand {limit[key]}")


# What is printed.

cost = functools.partial(process.task, "benchmarks.abtest")
told = functools.partial(process.told, "benchmarks.abtest")


def written(folder: Path, units: int) -> str:
    """The folder with so many units."""
    inside = folder / f"units{units}"
    inside.mkdir()
    told("make", str(inside), str(units))
    return str(inside)


def show_warm(folder: str, small: str, times: int) -> None:
    """Warm CPU seconds and memory of each way, and its ratios to the aggregate by hand."""
    taken = told("turn_about", folder, str(times))
    best = {name: min(each) for name, each in taken.items()}
    memory = {name: min(told("above", name, small, folder) for _ in range(3)) for name in WAYS}
    limit = list(WAYS)[-1]
    title = f"warm, best and median of {times}"
    print(f"\n{title:34}{'CPU s':>8}{'median':>8}{'ratio':>7}{'MB':>7}{'ratio':>7}")
    for name, each in taken.items():
        middle, ratio = sorted(each)[len(each) // 2], best[name] / best[limit]
        line = f"{name:34}{best[name]:8.3f}{middle:8.3f}{ratio:7.2f}"
        print(f"{line}{memory[name]:7,.0f}{memory[name] / memory[limit]:7.2f}", flush=True)


def show_whole(folder: str, python: str | None, times: int) -> None:
    """Whole processes, imports included: ours, the aggregate by hand, each package."""
    from benchmarks.abtest_peers import PACKAGES

    print(f"{'whole process':34}{'CPU s':>8}{'wall s':>8}{'MB':>7}{'to ours':>9}  furthest")
    runs = {name: functools.partial(cost, "whole", name, folder) for name in WAYS}
    for name in PACKAGES if python else ():
        runs[name] = functools.partial(cost, "package", name, folder, python=python)
    found = {name: _best(run, times) for name, run in runs.items()}
    first, limit = found["ours"], process.answer(found[list(WAYS)[-1]])
    for name, one in found.items():
        answer = process.answer(one)
        check(name, answer, limit, EXACT if name in WAYS else NEAR)
        far, key = off(answer, limit)
        line = f"{name:34}{one.cpu_s:8.2f}{one.wall_s:8.2f}{one.peak_mb:7,.0f}"
        most = f"{far:.0e}, {key}" if far > EXACT else ""
        print(f"{line}{one.cpu_s / first.cpu_s:9.2f}  {most}", flush=True)


def _best(run: Callable[[], Cost], times: int) -> Cost:
    """The cheapest of several runs; of one where that takes long."""
    found = [run()]
    while len(found) < times and found[0].cpu_s < 20:
        found.append(run())
    return min(found, key=lambda one: one.cpu_s)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--units", type=int, nargs="+", default=UNITS)
    parser.add_argument("--peers", metavar="PYTHON")
    parser.add_argument("--times", type=int, default=7)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="playbook-benchmark-") as name:
        small = written(Path(name), SMALL)
        for units in arguments.units:
            path = written(Path(name), units)
            size = sum(file.stat().st_size for file in Path(path).iterdir()) / 2**20
            print(f"\n{units:,} units, {size:,.1f} MB", flush=True)
            show_whole(path, arguments.peers, arguments.times)
        show_warm(path, small, arguments.times)


TASKS: dict[str, Callable[..., object]] = {
    task.__name__: task for task in (make, above, turn_about, whole, package)
}

if __name__ == "__main__":
    process.serve(TASKS, main)
