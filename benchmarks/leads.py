"""Scores, routes, SLA clocks and nurture of a million leads, against hand-written SQL.

Every call gives the same table as its peer in SQL, which is checked first; then both run in one
warm process, turn about, and once more in processes of their own for their memory.

    python -m benchmarks.leads [--leads 1000000] [--times 5]
"""

from __future__ import annotations

import argparse
import functools
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmarks import leads_by_hand, leads_made, process

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

ROUTING = """
[routing]
fallback = "team D"
[[routing.rules]]
name = "South China, hot"
when = {all = [
  {field = "account.region", op = "eq", value = "south_china"},
  {field = "score.points", op = "gt", value = 80},
]}
team = "team A"
[[routing.rules]]
name = "East China"
when = {field = "account.region", op = "eq", value = "east_china"}
team = "team B"
[[routing.rules]]
name = "high intent"
when = {field = "lead.intent_level", op = "eq", value = "high"}
team = "team C"
"""


MEMORY = "1.2GB"
"""What the engine may hold, whoever asks; beyond it, it writes to disk."""


class Question(NamedTuple):
    """A call, and the SQL that gives the same table.

    Attributes:
        ours: From the tables to an Ibis table or a DataFrame.
        by_hand: The query.
        stays: Whether the answer is as long as the table of leads and stays in the engine; else it
            comes out as a DataFrame.
    """

    ours: Callable[[Any], Any]
    by_hand: str
    stays: bool = False


@functools.cache
def rules() -> Any:
    """The default rules, with routes."""
    from playbook.data import rules as read

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "playbook.toml"
        path.write_text(ROUTING, "utf-8")
        return read.load(path)


def score(con: Any) -> Any:
    from playbook import scoring

    lead, touch = con.table("lead"), con.table("touch")
    return scoring.rule_score(lead, touch, rules().scoring, as_of=leads_made.AS_OF)


def plan() -> Any:
    from playbook import routing

    found = rules()
    return routing.plan_of(found.routing, found.workdays, found.company.report_zone)


def matches(con: Any) -> pd.DataFrame:
    from playbook import routing

    return routing.matches(con.table("lead"), plan())


def assign(con: Any) -> pd.DataFrame:
    from playbook import routing

    return routing.assign(con.table("lead"), plan(), con.table("staff"))


def clocks(con: Any) -> Any:
    from playbook import response

    found = rules()
    sla = response.sla_of(found.sla, found.workdays, found.company.report_zone)
    acts = response.actions(con.table("activity"), con.table("touch"))
    return response.clocks(con.table("lead"), acts, sla, as_of=leads_made.AS_OF)


def summary(con: Any) -> pd.DataFrame:
    from playbook import response

    return response.summary(clocks(con))


def nurture_of(con: Any) -> tuple[Any, Any]:
    """The flow of the pool, and the tables it is evaluated on."""
    from dataclasses import replace

    from playbook import nurture
    from playbook.chapters.nurture.inputs import programme

    every = programme(rules())
    lead, touch = con.table("lead"), con.table("touch")
    sent = touch.filter(touch.direction == "out", touch.touch_type != "thank_you")
    tables = nurture.Tables(
        people=lead.select(
            entity="lead_id",
            contact="person_id",
            consent="person.consent_status",
            industry="industry",
            source="channel.channel_group",
            viewed="viewed",
        ),
        signals=con.table("signal"),
        sends=sent.select(entity="lead_id", at="touched_at", program="program"),
    )
    return replace(every, flows=(every.flow("nurture_137"),)), tables


def counts(con: Any) -> pd.DataFrame:
    from playbook import nurture

    return nurture.counts(*nurture_of(con), as_of=leads_made.AS_OF)


def due(con: Any) -> pd.DataFrame:
    from playbook import nurture

    return nurture.due(*nurture_of(con), as_of=leads_made.AS_OF, ahead_days=7)


QUESTIONS = {
    "scoring.rule_score": Question(score, leads_by_hand.SCORE, stays=True),
    "routing.matches": Question(matches, leads_by_hand.MATCHES),
    "routing.assign": Question(assign, leads_by_hand.ASSIGN),
    "response.clocks": Question(clocks, leads_by_hand.CLOCKS, stays=True),
    "response.summary": Question(summary, leads_by_hand.SUMMARY),
    "nurture.counts": Question(counts, leads_by_hand.COUNTS),
    "nurture.due": Question(due, leads_by_hand.DUE),
}


# What a process of its own does.


def opened(path: str) -> Any:
    """The file, with the small table of workdays that the SQL looks days up in."""
    import ibis

    con = ibis.duckdb.connect(path, read_only=True)
    con.con.execute(f"SET enable_progress_bar = false; SET memory_limit = '{MEMORY}'")
    con.con.register("workday_given", workdays())
    con.con.execute("CREATE TEMP TABLE workday AS FROM workday_given")
    return con


def workdays() -> pd.DataFrame:
    """Each `day` of the data with `next_workday`: itself, or the first worked one after it."""
    import pandas as pd

    calendar = plan().workdays
    days = pd.date_range("2024-11-01", "2026-11-04")
    worked = pd.Series(days).where([calendar.is_workday(day.date()) for day in days]).bfill()
    return pd.DataFrame({"day": days.date, "next_workday": worked.dt.date})


def runs(con: Any, question: Question) -> dict[str, Callable[[], Any]]:
    """Both ways to answer, each with where the answer goes."""
    import ibis

    raw, sql = con.con, question.by_hand
    if not question.stays:
        return {
            "ours": lambda: question.ours(con),
            # By Arrow, as Ibis does it: .df() makes a Python object of every text.
            "by hand": lambda: raw.execute(sql).to_arrow_table().to_pandas(),
        }

    def keep(name: str, query: str) -> None:
        raw.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {query}")

    return {
        "ours": lambda: keep("ours", ibis.to_sql(question.ours(con), dialect="duckdb")),
        "by hand": lambda: keep("by_hand", sql),
    }


def forget(con: Any) -> None:
    """Frees what an answer took."""
    kept = con.con.execute(
        "SELECT table_name, table_type FROM information_schema.tables "
        "WHERE table_name IN ('ours', 'by_hand')"
    )
    for name, kind in kept.fetchall():
        con.con.execute(f"DROP {'VIEW' if kind == 'VIEW' else 'TABLE'} {name}")


def check(con: Any, question: Question) -> int:
    """How many rows both ways give; stops where they differ in any."""
    for name, run in runs(con, question).items():
        frame = run()
        if frame is not None:
            con.con.register(name.replace(" ", "_"), frame)
    by_hand = con.con.execute("SELECT * FROM by_hand LIMIT 0").description
    ours = {column[0] for column in con.con.execute("SELECT * FROM ours LIMIT 0").description}
    if missing := [column[0] for column in by_hand if column[0] not in ours]:
        raise SystemExit(f"not in ours: {missing}")
    columns = ", ".join(
        f'round("{name}", 6)' if str(kind) == "DOUBLE" else f'"{name}"'
        for name, kind, *_ in by_hand
    )
    first, second = (f"SELECT {columns} FROM {name}" for name in ("ours", "by_hand"))
    for one, other in ((first, second), (second, first)):
        wrong = con.con.execute(f"{one} EXCEPT ALL {other} LIMIT 3").fetchall()
        if wrong:
            raise SystemExit(f"they differ: {wrong}")
    return int(con.con.execute("SELECT count(*) FROM by_hand").fetchall()[0][0])


def turn_about(path: str, name: str, times: str) -> dict[str, Any]:
    """The number of rows, and of both ways the CPU seconds of each turn, in one warm process."""
    con, question = opened(path), QUESTIONS[name]
    found: dict[str, Any] = {"rows": check(con, question)}
    forget(con)
    ways = runs(con, question)
    found |= {way: [] for way in ways}
    for _ in range(int(times)):
        for way, run in ways.items():
            began = time.process_time()
            run()
            found[way].append(time.process_time() - began)
            forget(con)
    return found


def peak(path: str, name: str, way: str) -> float:
    """The most memory, in MB, that a process held which answered once."""
    runs(opened(path), QUESTIONS[name])[way]()
    return process.peak_mb()


TASKS: dict[str, Callable[..., object]] = {
    "make": lambda path, leads: leads_made.make(path, int(leads)),
    "turn_about": turn_about,
    "peak": peak,
}


told = functools.partial(process.told, "benchmarks.leads")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leads", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--only", choices=QUESTIONS, nargs="*", default=list(QUESTIONS))
    parser.add_argument("--file", help="made before, or to be kept")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="playbook-benchmark-") as folder:
        path = arguments.file or f"{folder}/leads.duckdb"
        if not Path(path).exists():
            told("make", path, str(arguments.leads))
        print(f"medians of {arguments.times}, warm{'':8}{'rows':>10}{'CPU s':>8}{'SQL':>8}", end="")
        print(f"{'ratio':>7}{'MB':>7}{'SQL MB':>8}")
        for name in arguments.only:
            found = told("turn_about", path, name, str(arguments.times))
            ours, by_hand = (statistics.median(found[way]) for way in ("ours", "by hand"))
            memory = [told("peak", path, name, way) for way in ("ours", "by hand")]
            line = f"{name:25}{found['rows']:10,}{ours:8.2f}{by_hand:8.2f}{ours / by_hand:7.2f}"
            print(f"{line}{memory[0]:7,.0f}{memory[1]:8,.0f}", flush=True)


if __name__ == "__main__":
    process.serve(TASKS, main)
