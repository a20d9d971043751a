"""A funnel of five stages within 30 days, against hand-written SQL, pandas and retentioneering.

Ten events per entity, in random order, 18 % of them outside the funnel. Hand-written SQL is
met in a warm process, turn about; packages in whole processes, imports included.

    python -m benchmarks.funnel [--events 10000000] [--large 100000000]
        [--retentioneering PYTHON]

`PYTHON` is an interpreter whose environment has retentioneering; without it its rows are left out.
"""

from __future__ import annotations

import argparse
import functools
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import process

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.process import Cost

STAGES = ("a", "b", "c", "d", "e")
DAYS = 30
SMALL = 10_000
MAKE = """
COPY (
  SELECT (hash(i * 7 + 1) % {entities})::BIGINT AS entity,
    CASE WHEN dice < 30 THEN 'a' WHEN dice < 50 THEN 'b' WHEN dice < 65 THEN 'c'
      WHEN dice < 75 THEN 'd' WHEN dice < 82 THEN 'e' WHEN dice < 90 THEN 'x' ELSE 'y'
    END AS stage,
    TIMESTAMP '2026-01-01' + to_seconds((hash(i * 13 + 5) % (90 * 86400))::BIGINT) AS time
  FROM (SELECT i, hash(i * 31 + 3) % 100 AS dice FROM range({events}) AS numbers(i))
) TO '{path}' (FORMAT parquet)
"""


# Hand-written SQL; `source` is the name of a table or a quoted path.


def first_two(source: str) -> list[str]:
    """Who entered, with the end of the window, and who of them reached the second stage."""
    entered = (
        f"s0 AS (SELECT entity, min(time) AS t, min(time) + INTERVAL {DAYS} DAY AS until "
        f"FROM {source} WHERE stage = 'a' GROUP BY entity)"
    )
    return [entered, after(source, 1)]


def after(source: str, place: int) -> str:
    """Who reached a stage, from those who reached the one before."""
    return (
        f"s{place} AS (SELECT e.entity, min(e.time) AS t, min(p.until) AS until "
        f"FROM {source} AS e JOIN s{place - 1} AS p "
        "ON e.entity = p.entity AND e.time BETWEEN p.t AND p.until "
        f"WHERE e.stage = '{STAGES[place]}' GROUP BY e.entity)"
    )


def counted(parts: list[str]) -> str:
    """The query that counts the rows of every part `s0`, `s1` ..."""
    counts = ", ".join(f"(SELECT count(*) FROM s{place})" for place in range(len(STAGES)))
    return f"WITH {', '.join(parts)} SELECT {counts}"


def chain(source: str) -> str:
    """A join and a group-by per stage."""
    return counted([*first_two(source), *(after(source, place) for place in (2, 3, 4))])


def read_once(source: str) -> str:
    """The chain; what the last three stages need is read once, after the second."""
    rest = (
        "rest AS MATERIALIZED (SELECT e.entity, e.stage, e.time "
        f"FROM {source} AS e JOIN s1 ON e.entity = s1.entity AND e.time BETWEEN s1.t AND s1.until "
        "WHERE e.stage IN ('c', 'd', 'e'))"
    )
    third = "s2 AS (SELECT entity, min(time) AS t FROM rest WHERE stage = 'c' GROUP BY entity)"
    found = [
        (
            f"s{place} AS (SELECT e.entity, min(e.time) AS t FROM rest AS e "
            f"JOIN s{place - 1} AS p ON e.entity = p.entity "
            f"WHERE e.stage = '{STAGES[place]}' AND e.time >= p.t GROUP BY e.entity)"
        )
        for place in (3, 4)
    ]
    return counted([*first_two(source), rest, third, *found])


def lists(source: str) -> str:
    """The chain for two stages, then one group-by with a list per stage."""
    gathered = (
        "g AS (SELECT e.entity, min(e.time) FILTER (e.stage = 'c') AS t2, "
        "list(e.time) FILTER (e.stage = 'd') AS d, list(e.time) FILTER (e.stage = 'e') AS e "
        f"FROM {source} AS e JOIN s1 ON e.entity = s1.entity AND e.time BETWEEN s1.t AND s1.until "
        "WHERE e.stage IN ('c', 'd', 'e') GROUP BY e.entity HAVING t2 IS NOT NULL)"
    )
    third = "g3 AS (SELECT *, list_min(list_filter(d, lambda x: x >= t2)) AS t3 FROM g)"
    fourth = "g4 AS (SELECT *, list_min(list_filter(e, lambda x: x >= t3)) AS t4 FROM g3)"
    return (
        f"WITH {', '.join([*first_two(source), gathered, third, fourth])} "
        "SELECT (SELECT count(*) FROM s0), (SELECT count(*) FROM s1), "
        "count(t2), count(t3), count(t4) FROM g4"
    )


def windows(source: str) -> str:
    """A window function per stage."""
    query = f"(SELECT *, min(time) FILTER (stage = 'a') OVER w AS t0 FROM {source} {OVER})"
    for place, name in enumerate(STAGES[1:], 1):
        fits = f"stage = '{name}' AND time BETWEEN t{place - 1} AND t0 + INTERVAL {DAYS} DAY"
        query = f"(SELECT *, min(time) FILTER ({fits}) OVER w AS t{place} FROM {query} {OVER})"
    counts = ", ".join(
        f"count(DISTINCT entity) FILTER (t{place} IS NOT NULL)" for place in range(5)
    )
    return f"SELECT {counts} FROM {query}"


OVER = "WINDOW w AS (PARTITION BY entity)"
BY_HAND = {"chain": chain, "read once": read_once, "lists": lists}


# Ways to count, each from a file to five numbers.


def ours(path: str) -> list[int]:
    import ibis

    from playbook import funnel

    events = ibis.duckdb.connect().read_parquet(path)
    table = funnel.cohort(events, funnel.Funnel(STAGES, within_days=DAYS))
    return [int(n) for n in table["entered"]]


def in_sql(write: Callable[[str], str]) -> Callable[[str], list[int]]:
    def count(path: str) -> list[int]:
        import duckdb

        return list(duckdb.connect().execute(write(f"'{path}'")).fetchall()[0])

    return count


def in_pandas(path: str) -> list[int]:
    import pandas as pd

    events = pd.read_parquet(path)
    by_stage = {name: events.loc[events["stage"] == name, ["entity", "time"]] for name in STAGES}
    reached = by_stage["a"].groupby("entity", as_index=False)["time"].min()
    reached = reached.rename(columns={"time": "since"})
    reached["until"] = reached["since"] + pd.Timedelta(days=DAYS)
    counts = [len(reached)]
    for name in STAGES[1:]:
        pairs = by_stage[name].merge(reached, on="entity")
        pairs = pairs[(pairs["time"] >= pairs["since"]) & (pairs["time"] <= pairs["until"])]
        grouped = pairs.groupby("entity", as_index=False)
        reached = grouped.agg(since=("time", "min"), until=("until", "min"))
        counts.append(len(reached))
    return counts


def in_retentioneering(path: str, *, within: bool = True) -> list[int]:
    """Its funnel has no window: each path is cut before to the days after its first `a`."""
    os.environ["RETENTIONEERING_NO_TRACK"] = "1"
    import pandas as pd
    from retentioneering.eventstream import Eventstream

    schema = {"path_cols": ["entity"], "event_col": "stage", "timestamp_col": "time"}
    stream = Eventstream(pd.read_parquet(path), schema=schema)
    if within:
        stream = stream.truncate_paths("a", {"pattern": "a", "offset": f"{DAYS}D"})
    found = stream.funnel_data(steps=list(STAGES))
    return [step["unique_paths"] for step in found["steps"]]


def in_retentioneering_without_window(path: str) -> list[int]:
    return in_retentioneering(path, within=False)


RETENTIONEERING = {
    "retentioneering": in_retentioneering,
    "retentioneering, no window": in_retentioneering_without_window,
}
WAYS = {
    "funnel.cohort": ours,
    **{f"SQL by hand, {name}": in_sql(write) for name, write in BY_HAND.items()},
    "SQL by hand, windows": in_sql(windows),
    "pandas by hand": in_pandas,
    **RETENTIONEERING,
}


# What a process of its own does.


def make(path: str, events: str) -> None:
    import duckdb

    sql = MAKE.format(path=path, events=events, entities=int(events) // 10)
    with duckdb.connect() as con:
        con.execute("SET enable_progress_bar = false")
        con.execute(sql)


def above(name: str, small: str, path: str) -> float:
    """Peak memory in MB above what a process holds that has counted a small file."""
    count = WAYS[name]
    count(small)
    baseline = process.peak_mb()
    count(path)
    return process.peak_mb() - baseline


def turn_about(path: str, times: str) -> dict[str, list[float]]:
    """Per way the CPU seconds of each turn, in one warm process."""
    import ibis

    from playbook import funnel

    con = ibis.duckdb.connect()
    events, way = con.read_parquet(path), funnel.Funnel(STAGES, within_days=DAYS)
    calls: dict[str, Callable[[], object]] = {"funnel.cohort": lambda: funnel.cohort(events, way)}
    for name, write in BY_HAND.items():
        sql = write(f"'{path}'")
        calls[f"SQL by hand, {name}"] = lambda sql=sql: con.con.execute(sql).fetchall()
    for call in calls.values():
        call()
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(int(times)):
        for name, call in calls.items():
            began = time.process_time()
            call()
            taken[name].append(time.process_time() - began)
    return taken


def repeated(path: str, times: str) -> dict[str, list[float]]:
    """Per way the milliseconds (wall) of each repeated call on a table in memory."""
    import ibis
    import pandas as pd

    from playbook import funnel

    frame, con = pd.read_parquet(path), ibis.duckdb.connect()
    events, way = con.create_table("held", frame), funnel.Funnel(STAGES, within_days=DAYS)
    con.con.register("frame", frame)
    calls: dict[str, Callable[[], object]] = {
        "table: funnel.cohort": lambda: funnel.cohort(events, way),
        "table: SQL, .df()": lambda: con.con.execute(chain("held")).df(),
        "table: SQL, .fetchall()": lambda: con.con.execute(chain("held")).fetchall(),
        "frame: funnel.cohort": lambda: funnel.cohort(frame, way),
        "frame: SQL, .df()": lambda: con.con.execute(chain("frame")).df(),
        "frame: SQL, .fetchall()": lambda: con.con.execute(chain("frame")).fetchall(),
    }
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(int(times)):
        for name, call in calls.items():
            began = time.perf_counter()
            call()
            taken[name].append((time.perf_counter() - began) * 1000)
    return taken


def whole(name: str, path: str) -> list[int]:
    return WAYS[name](path)


TASKS: dict[str, Callable[..., object]] = {
    task.__name__: task for task in (make, above, turn_about, repeated, whole)
}


# What is printed.

cost = functools.partial(process.task, "benchmarks.funnel")
told = functools.partial(process.told, "benchmarks.funnel")


def written(folder: Path, events: int) -> str:
    """The file with so many events."""
    path = folder / f"events{events}.parquet"
    told("make", str(path), str(events))
    print(f"\n{events:,} events, {events // 10:,} entities, {path.stat().st_size / 2**20:,.0f} MB")
    return str(path)


def show_warm(path: str, small: str, times: int) -> str:
    """Warm CPU and memory of ours and of the SQL by hand; the best of these."""
    taken = told("turn_about", path, str(times))
    best = {name: min(each) for name, each in taken.items()}
    peer = min((name for name in best if name != "funnel.cohort"), key=best.__getitem__)
    print(
        f"\nwarm, best and median of {times}{'':12}{'CPU s':>8}{'median':>8}{'ratio':>7}{'MB':>7}"
    )
    for name, each in taken.items():
        memory = told("above", name, small, path)
        middle, ratio = sorted(each)[len(each) // 2], best[name] / best[peer]
        print(f"{name:35}{best[name]:8.2f}{middle:8.2f}{ratio:7.2f}{memory:7,.0f}")
    return peer


def show_whole(path: str, ways: dict[str, str], times: int) -> None:
    """Whole processes, imports included: the cheapest of several runs of each."""
    runs: dict[str, list[Cost]] = {name: [] for name in ways}
    for _ in range(times):
        for name, python in ways.items():
            runs[name].append(cost("whole", name, path, python=python))
    best = {name: min(each, key=lambda run: run.cpu_s) for name, each in runs.items()}
    ours_s, counts = best["funnel.cohort"].cpu_s, process.answer(best["funnel.cohort"])
    print(
        f"\nwhole process, best of {times}{'':11}{'CPU s':>8}{'wall s':>8}{'MB':>7}{'to ours':>9}"
    )
    for name, run in best.items():
        line = f"{name:35}{run.cpu_s:8.1f}{run.wall_s:8.1f}{run.peak_mb:7,.0f}"
        found = process.answer(run)
        other = "" if found == counts else f"  counts {found}, not {counts}"
        print(f"{line}{run.cpu_s / ours_s:9.2f}{other}")


def show_repeated(small: str, times: int) -> None:
    """A repeated call on few events against the chain by hand."""
    taken = told("repeated", small, str(times))
    print(f"\na repeated call, {times} each{'':12}{'best ms':>8}{'median':>8}")
    for name, each in taken.items():
        print(f"{name:35}{min(each):8.1f}{sorted(each)[len(each) // 2]:8.1f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument(
        "--large", type=int, default=0, help="events of a second, larger comparison; slow"
    )
    parser.add_argument("--retentioneering", metavar="PYTHON")
    parser.add_argument("--times", type=int, default=7)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="playbook-benchmark-") as name:
        folder = Path(name)
        small = written(folder, SMALL)
        show_repeated(small, 100)
        path = written(folder, arguments.events)
        peer = show_warm(path, small, arguments.times)
        ways = ["funnel.cohort", peer, "SQL by hand, windows", "pandas by hand"]
        pythons = dict.fromkeys(ways, sys.executable)
        if arguments.retentioneering:
            pythons |= dict.fromkeys(RETENTIONEERING, arguments.retentioneering)
        show_whole(path, pythons, 2)
        if arguments.large:
            path = written(folder, arguments.large)
            by_hand = [f"SQL by hand, {name}" for name in BY_HAND]
            show_whole(path, dict.fromkeys(["funnel.cohort", *by_hand], sys.executable), 2)


if __name__ == "__main__":
    process.serve(TASKS, main)
