"""The chapter's metrics (P03-T5, P03-D8, P02-D9), and the tests of the moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.book import Book, remembered
from playbook.chapters.ab_testing.inputs import NEEDS
from playbook.chapters.ab_testing.record import PROVEN, record
from playbook.format import div
from playbook.metrics import Measure, Metric, evaluate

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

TESTS = "judged_test"
_SCHEMA = {
    "experiment_id": "string",
    "started": "date",
    "ended": "date",
    "people": "int64",
    "is_answered": "boolean",
    "is_kept": "boolean",
    "is_proven": "boolean",
    "is_broken": "boolean",
    "has_enough": "boolean",
}

ENDED = Measure(TESTS, "ended", lambda t: t.count(), NEEDS)
PEOPLE = Measure(TESTS, "ended", lambda t: t.people.sum(), NEEDS)
ANSWERED = Measure(TESTS, "ended", lambda t: t.is_answered.sum(), NEEDS)
ENOUGH = Measure(TESTS, "ended", lambda t: t.has_enough.sum(), NEEDS)
KEPT = Measure(TESTS, "ended", lambda t: t.is_kept.sum(), NEEDS)
KEPT_PROVEN = Measure(TESTS, "ended", lambda t: (t.is_kept & t.is_proven).sum(), NEEDS)
BROKEN = Measure(TESTS, "ended", lambda t: t.is_broken.sum(), NEEDS)
RUNNING = Measure(TESTS, "started", lambda t: t.count(), NEEDS, until="ended")

METRICS: tuple[Metric, ...] = (
    Metric(
        "P02-D9/running", "tests_running", "Tests running at the end", "进行中的测试数", "count",
        "up", RUNNING, "Tests begun that had not ended when the period did.",
    ),
    Metric(
        "P03-D8/ended", "tests_ended", "Tests ended", "完成测试数", "count", "up", ENDED,
        "Tests taken down in the period.",
    ),
    Metric(
        "P03-D8/people", "test_people", "People in tests ended", "测试样本量", "count", "up",
        PEOPLE, "People in all arms of the tests that ended in the period.",
    ),
    Metric(
        "P03-D8/enough", "tests_with_enough", "Tests with enough people", "样本量达标率", "share",
        "up", ENOUGH,
        "Of the tests that ended in the period, those whose smallest arm had the people that "
        "`[abtest] minimum_lift` takes.",
        denominator=ENDED, part=True,
    ),
    Metric(
        "P03-D8/answered", "tests_answered", "Tests with an answer", "有结论测试占比", "share",
        "up", ANSWERED,
        "Of the tests that ended in the period, those whose verdict by today's rules is ship or "
        "stop.",
        denominator=ENDED, part=True,
    ),
    Metric(
        "P03-D8/proven", "kept_proven", "Kept changes that were proven", "采用且有证据占比",
        "share", "up", KEPT_PROVEN,
        "Of the tests that ended in the period and whose change was kept, those whose verdict is "
        "ship.",
        denominator=KEPT, part=True,
    ),
    Metric(
        "P03-D8/broken", "tests_broken", "Tests with a broken split", "分流异常占比", "share",
        "down", BROKEN,
        "Of the tests that ended in the period, those whose arms' sizes chance does not explain.",
        denominator=ENDED, part=True,
    ),
)  # fmt: skip


class Tested(Book):
    """A Book with the chapter's table of tests beside its own, for `metrics.evaluate`."""

    def __init__(self, book: Book) -> None:
        """Share the Book's connection and memory, and add the table."""
        _ = book.con  # opened once, for both
        vars(self).update(vars(book))
        self._tests = judged_tests(book)

    def table(self, name: str) -> ir.Table:
        """A table of the Book, or the chapter's."""
        if name != TESTS:
            return super().table(name)
        import ibis

        return ibis.memtable(self._tests, schema=ibis.schema(_SCHEMA))

    def first_time(self, table: str, column: str) -> pd.Timestamp | None:
        """The earliest moment of a table's column, also of the chapter's table."""
        if table != TESTS:
            return super().first_time(table, column)
        import pandas as pd

        # A test is on record from its start: a month in which none ended had none, not nothing.
        known = self._tests["started"].dropna()
        return None if known.empty else pd.Timestamp(known.min())


@remembered
def judged_tests(book: Book) -> pd.DataFrame:
    """One row per test, its variants together.

    Returns:
        `experiment_id`, `started`, `ended` (dates; missing while it runs), `people` (all arms),
        `is_answered`, `is_kept`, `is_proven` (a variant may be shipped), `is_broken` (split),
        `has_enough` (people for the lift worth having).
    """
    import pandas as pd

    table = record(book)
    rows = [
        {
            "experiment_id": name,
            "started": own["started"].iloc[0],
            "ended": None if own["is_running"].iloc[0] else own["ended"].iloc[0],
            "people": int(own["n"].sum() + own["n_control"].iloc[0]),
            "is_answered": bool(own["verdict"].isin(PROVEN).any()),
            "is_kept": own["decision"].iloc[0] == "keep",
            "is_proven": bool((own["verdict"] == "ship").any()),
            "is_broken": own["why"].iloc[0] == "broken split",
            "has_enough": bool((own[["n_control", "n"]].min(axis=1) >= own["needed"]).all()),
        }
        for name, own in table.groupby("experiment_id", sort=False)
    ]
    return pd.DataFrame(rows, columns=list(_SCHEMA))


@remembered
def metrics(book: Book) -> pd.DataFrame:
    """The chapter's metrics now, before, last year and against target; see `metrics.evaluate`."""
    return evaluate(Tested(book), METRICS)


@remembered
def cockpit(book: Book) -> pd.DataFrame:
    """The tests that run, and those that ended in the period: how far they are, what follows.

    Returns:
        `experiment_id`, `arm`, `page`, `element`, `owner` (of the page), `started`, `ended`,
        `days`, `people`, `progress` (share of the people needed that the smaller arm has, at most
        1), `lift`, `lift_low`, `lift_high`, `verdict`, `days_left`; running ones first.
    """
    period, table = book.period, record(book)
    inside = [
        runs or (day is not None and period.first <= day <= period.last)
        for runs, day in zip(table["is_running"], table["ended"], strict=True)
    ]
    own = table.loc[inside].sort_values("is_running", ascending=False, kind="stable")
    fewest = own[["n_control", "n"]].min(axis=1)
    own = own.assign(
        people=own["n_control"] + own["n"],
        progress=div(fewest, own["needed"]).clip(upper=1.0),
    )
    columns = ["experiment_id", "arm", "page", "element", "owner", "started", "ended", "days"]
    columns += ["people", "progress", "lift", "lift_low", "lift_high", "verdict", "days_left"]
    return own[columns].reset_index(drop=True)
