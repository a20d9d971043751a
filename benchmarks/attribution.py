"""Attribution of ten million touches, against hand-written SQL and the packages for it.

Eight channels, four touches a journey, one journey in twenty converts. Hand-written SQL is met in
a warm process, turn about; packages in whole processes, imports included, each beginning with
the same two Parquet files.

    python -m benchmarks.attribution [--touches 10000000] [--large 100000000] [--peers PYTHON]

`PYTHON` is an interpreter whose environment has the packages; without it their rows are left out.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import math
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import process

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.process import Cost

SMALL = 10_000
MEMORY = "4GB"
"""What the engine may hold, whoever asks; beyond it, it writes to disk."""
HEURISTICS = (
    "first", "last", "linear", "u_50_50", "u_40_20_40", "time_decay", "last_non_direct",
)  # fmt: skip


# Hand-written SQL; each gives credit by channel of the same journeys.

NUMBERED = """
WITH steps AS (
    SELECT t.channel, c.value,
        row_number() OVER (PARTITION BY account_id ORDER BY touched_at, channel) AS place,
        count(*) OVER (PARTITION BY account_id) AS size
    FROM '{folder}/touches.parquet' t JOIN '{folder}/conversions.parquet' c USING (account_id)
    WHERE t.touched_at <= c.converted_at
)
SELECT channel, sum((place = 1)::INT) AS first, sum((place = size)::INT) AS last,
    sum(1 / size) AS linear, sum(value * (place = 1)::INT) AS first_value,
    sum(value * (place = size)::INT) AS last_value, sum(value / size) AS linear_value
FROM steps GROUP BY channel ORDER BY channel
"""
GROUPED = """
WITH steps AS MATERIALIZED (
    SELECT account_id, t.channel, t.touched_at, c.value
    FROM '{folder}/touches.parquet' t JOIN '{folder}/conversions.parquet' c USING (account_id)
    WHERE t.touched_at <= c.converted_at
), ends AS (
    SELECT account_id, count(*) AS size, any_value(value) AS value,
        arg_min(channel, (touched_at, channel)) AS first,
        arg_max(channel, (touched_at, channel)) AS last
    FROM steps GROUP BY account_id
), shared AS (
    SELECT s.channel, sum(1 / e.size) AS linear, sum(s.value / e.size) AS linear_value
    FROM steps s JOIN ends e USING (account_id) GROUP BY s.channel
), firsts AS (
    SELECT first AS channel, count(*) AS first, sum(value) AS first_value FROM ends GROUP BY first
), lasts AS (
    SELECT last AS channel, count(*) AS last, sum(value) AS last_value FROM ends GROUP BY last
)
FROM shared LEFT JOIN firsts USING (channel) LEFT JOIN lasts USING (channel) ORDER BY channel
"""
COUNTS = """
WITH steps AS (
    SELECT t.channel, c.converted_at, c.value,
        lag(t.channel) OVER w AS before, lead(t.channel) OVER w AS after
    FROM '{folder}/touches.parquet' t
    LEFT JOIN '{folder}/conversions.parquet' c USING (account_id)
    WHERE c.converted_at IS NULL OR t.touched_at <= c.converted_at
    WINDOW w AS (PARTITION BY account_id ORDER BY touched_at, channel)
)
SELECT coalesce(before, '(start)') AS state, channel AS next, count(*) AS n,
    count(*) FILTER (after IS NULL AND converted_at IS NOT NULL) AS converted,
    count(*) FILTER (after IS NULL AND converted_at IS NULL) AS ended,
    sum(value) FILTER (after IS NULL) AS value
FROM steps GROUP BY ALL
"""
MASKS = """
WITH sets AS (
    SELECT account_id, bit_or(1 << right(t.channel, 3)::INT) AS mask, any_value(c.value) AS value
    FROM '{folder}/touches.parquet' t JOIN '{folder}/conversions.parquet' c USING (account_id)
    WHERE t.touched_at <= c.converted_at GROUP BY account_id
)
SELECT mask, count(*) AS conversions, sum(value) AS value FROM sets GROUP BY mask
"""


def markov_by_hand(con: Any, folder: str) -> dict[str, float]:
    """Counts in SQL, one inverse in NumPy."""
    import numpy as np

    table = con.execute(COUNTS.format(folder=folder)).df()
    names = ["(start)", *sorted(table["next"].unique())]
    place = {name: i for i, name in enumerate(names)}
    moves, ends = np.zeros((len(names), len(names))), np.zeros((len(names), 2))
    for row in table.itertuples():
        moves[place[row.state], place[row.next]] += row.n
        ends[place[row.next]] += row.converted, row.ended
    out = moves.sum(axis=1) + ends.sum(axis=1)
    visits = np.linalg.inv(np.eye(len(names)) - moves / out[:, None])
    reach = visits @ (ends[:, 0] / out)
    effect = (visits[0] / np.diag(visits) * reach / reach[0])[1:]
    credit = effect / effect.sum() * ends[:, 0].sum()
    return dict(zip(names[1:], credit.tolist(), strict=True))


def shapley_by_hand(con: Any, folder: str) -> dict[str, float]:
    """Masks in SQL, each shared equally among its channels."""
    credit: dict[str, float] = {}
    for mask, conversions, _ in con.execute(MASKS.format(folder=folder)).fetchall():
        inside = [i for i in range(mask.bit_length()) if mask >> i & 1]
        for i in inside:
            name = f"channel {i:03}"
            credit[name] = credit.get(name, 0.0) + conversions / len(inside)
    return dict(sorted(credit.items()))


def linear_by_hand(sql: str) -> Callable[[Any, str], dict[str, float]]:
    def credit(con: Any, folder: str) -> dict[str, float]:
        table = con.execute(sql.format(folder=folder)).df()
        return dict(zip(table["channel"], table["linear"].astype(float), strict=True))

    return credit


# Ours.


def ours(models: tuple[str, ...], shown: str) -> Callable[[Any, str], dict[str, float]]:
    """The credit of model `shown`; all of `models` are asked for in one call."""

    def credit(con: Any, folder: str) -> dict[str, float]:
        from playbook import attribution

        touches = con.read_parquet(f"{folder}/touches.parquet")
        conversions = con.read_parquet(f"{folder}/conversions.parquet")
        way = attribution.Journey(direct=("channel 000",))
        found = attribution.attribute(attribution.journeys(touches, conversions, way), models)
        table = found.credits[found.credits["model"] == shown]
        return dict(zip(table["channel"], table["conversions"].astype(float), strict=True))

    return credit


WAYS: dict[str, tuple[str, Callable[[Any, str], dict[str, float]]]] = {
    "ours, seven heuristics": ("heuristics", ours(HEURISTICS, "linear")),
    "SQL: numbered": ("heuristics", linear_by_hand(NUMBERED)),
    "SQL: grouped": ("heuristics", linear_by_hand(GROUPED)),
    "ours, first + last + linear": ("heuristics", ours(("first", "last", "linear"), "linear")),
    "ours, markov": ("markov", ours(("markov",), "markov")),
    "SQL: counts + inverse": ("markov", markov_by_hand),
    "ours, shapley": ("shapley", ours(("shapley",), "shapley")),
    "SQL: masks + closed form": ("shapley", shapley_by_hand),
    "ours, shapley_rate": ("rate", ours(("shapley_rate",), "shapley_rate")),
}
"""What is asked, and the call."""


# What a process of its own does.


def make(folder: str, touches: str, channels: str) -> None:
    from benchmarks import attribution_made

    attribution_made.make(Path(folder), int(touches), int(channels))


def connected(name: str) -> Any:
    """An Ibis connection for ours, a bare one for SQL by hand."""
    import duckdb

    if not name.startswith("ours"):
        return duckdb.connect(config={"memory_limit": MEMORY})
    import ibis

    return ibis.duckdb.connect(memory_limit=MEMORY)


def above(name: str, small: str, folder: str) -> float:
    """Peak memory in MB above what a process holds that has answered for a small file."""
    con, call = connected(name), WAYS[name][1]
    call(con, small)
    baseline = process.peak_mb()
    call(con, folder)
    return process.peak_mb() - baseline


def check(found: dict[str, tuple[str, dict[str, float]]]) -> None:
    """Stops where two ways to ask the same give different credit."""
    first: dict[str, dict[str, float]] = {}
    for name, (kind, credit) in found.items():
        peer = first.setdefault(kind, credit)
        wrong = {c: (v, peer.get(c)) for c, v in credit.items() if not _near(v, peer.get(c, 0))}
        if wrong or credit.keys() != peer.keys():
            raise SystemExit(f"{name} gives another credit: {wrong or sorted(credit)}")


def _near(value: float, other: float) -> bool:
    return math.isclose(value, other, rel_tol=1e-6)


def turn_about(folder: str, times: str) -> dict[str, list[float]]:
    """Per way the CPU seconds of each turn, in one warm process, once all agree."""
    connections = {name: connected(name) for name in WAYS}
    check({name: (kind, call(connections[name], folder)) for name, (kind, call) in WAYS.items()})
    taken: dict[str, list[float]] = {name: [] for name in WAYS}
    for _ in range(int(times)):
        for name, (_, call) in WAYS.items():
            began = time.process_time()
            call(connections[name], folder)
            taken[name].append(time.process_time() - began)
    return taken


def whole(name: str, folder: str) -> dict[str, float]:
    return WAYS[name][1](connected(name), folder)


def repeated(name: str, folder: str) -> list[float]:
    """CPU seconds of each of three turns, after one that does not count."""
    con, call = connected(name), WAYS[name][1]
    taken = []
    for _ in range(4):
        began = time.process_time()
        call(con, folder)
        taken.append(time.process_time() - began)
    return taken[1:]


def package(name: str, kind: str, folder: str) -> dict[str, float]:
    from benchmarks import attribution_peers

    with contextlib.redirect_stdout(sys.stderr):
        return attribution_peers.PACKAGES[name][0](folder, kind)


# What is printed.

cost = functools.partial(process.task, "benchmarks.attribution")
told = functools.partial(process.told, "benchmarks.attribution")


def written(folder: Path, touches: int, channels: int = 8) -> str:
    """The folder with so many touches."""
    inside = folder / f"touches{touches}x{channels}"
    if not inside.exists():
        inside.mkdir()
        told("make", str(inside), str(touches), str(channels))
    size = sum(file.stat().st_size for file in inside.iterdir()) / 2**20
    print(f"\n{touches:,} touches, {channels} channels, {size:,.0f} MB", flush=True)
    return str(inside)


def show_warm(folder: str, small: str, times: int) -> None:
    """Warm CPU seconds and memory of each way, and its ratio to the best SQL of its kind."""
    taken = told("turn_about", folder, str(times))
    best = {name: min(each) for name, each in taken.items()}
    print(f"\nwarm, best and median of {times}{'':9}{'CPU s':>8}{'median':>8}{'ratio':>7}{'MB':>7}")
    for name, each in taken.items():
        kind = WAYS[name][0]
        peers = [best[n] for n in WAYS if WAYS[n][0] == kind and n.startswith("SQL")]
        ratio = f"{best[name] / min(peers):7.2f}" if peers else " " * 7
        memory = told("above", name, small, folder)
        middle = sorted(each)[len(each) // 2]
        print(f"{name:32}{best[name]:8.2f}{middle:8.2f}{ratio}{memory:7,.0f}", flush=True)


OURS = {
    "heuristics": "ours, first + last + linear",
    "markov": "ours, markov",
    "shapley": "ours, shapley",
}


def show_whole(folder: str, python: str | None) -> None:
    """Whole processes, imports included, ours and each package, for each kind of model."""
    from benchmarks.attribution_peers import PACKAGES

    print(f"\nwhole process{'':27}{'CPU s':>8}{'wall s':>8}{'MB':>7}{'to ours':>9}{'furthest':>10}")
    for kind, name in OURS.items():
        best = min((cost("whole", name, folder) for _ in range(2)), key=_cpu)
        line = f"{name:40}{best.cpu_s:8.1f}{best.wall_s:8.1f}{best.peak_mb:7,.0f}{1:9.1f}"
        print(line, flush=True)
        able = [p for p, (_, kinds) in PACKAGES.items() if kind in kinds] if python else []
        for peer in able:
            found = cost("package", peer, kind, folder, python=python or "")
            ratio, off = (
                found.cpu_s / best.cpu_s,
                _furthest(process.answer(found), process.answer(best)),
            )
            line = f"{peer + ', ' + kind:40}{found.cpu_s:8.1f}{found.wall_s:8.1f}"
            print(f"{line}{found.peak_mb:7,.0f}{ratio:9.1f}{off:9.1%}", flush=True)


def _cpu(one: Cost) -> float:
    return one.cpu_s


def _furthest(found: dict[str, float], ours: dict[str, float]) -> float:
    """By how much a share of the credit differs most, relative to ours."""
    whole, all_ours = sum(found.values()), sum(ours.values())
    return max(abs(found[n] / whole / (ours[n] / all_ours) - 1) for n in ours)


def show_many(folder: Path, touches: int) -> None:
    """Markov with 500 channels, and the rate game with 8 and with 20."""
    print(f"\nwhole call, warm{'':20}{'CPU s':>8}")
    for channels, name in ((8, "ours, shapley_rate"), (20, "ours, shapley_rate")):
        each = told("repeated", name, written(folder, touches, channels))
        print(f"{name}, {channels} channels{'':6}{min(each):8.2f}")
    each = told("repeated", "ours, markov", written(folder, touches, 500))
    print(f"ours, markov, 500 channels{'':10}{min(each):8.2f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--touches", type=int, default=10_000_000)
    parser.add_argument(
        "--large", type=int, default=0, help="touches of a second, larger file; slow"
    )
    parser.add_argument("--peers", metavar="PYTHON")
    parser.add_argument("--times", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="playbook-benchmark-") as name:
        small, path = written(Path(name), SMALL), written(Path(name), arguments.touches)
        show_warm(path, small, arguments.times)
        show_whole(path, arguments.peers)
        show_many(Path(name), arguments.touches)
        if arguments.large:
            show_whole(written(Path(name), arguments.large), None)


TASKS: dict[str, Callable[..., object]] = {
    task.__name__: task for task in (make, above, turn_about, repeated, whole, package)
}

if __name__ == "__main__":
    process.serve(TASKS, main)
