"""The test record: every test read by today's rules, beside what was decided then (P03-D8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook import abtest
from playbook import format as fmt
from playbook.book import remembered
from playbook.chapters.ab_testing.inputs import (
    ELEMENTS,
    NEEDS,
    NOT_ON_PAGES,
    criteria,
    element_names,
    in_words,
    tests,
    today,
)
from playbook.chapters.ab_testing.traffic import monthly, visited
from playbook.format import div

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book

COLUMNS = [
    "experiment_id", "arm", "page", "element", "hypothesis", "started", "ended", "planned_end",
    "is_running", "days", "weeks", "n_control", "n", "conversions_control", "conversions",
    "value_control", "value", "difference", "low", "high", "lift", "lift_low", "lift_high",
    "p_value", "p_adjusted", "confidence", "split_p", "needed", "power", "detectable", "verdict",
    "why", "reason", "decision", "reread", "agrees", "days_left", "people_month", "worth",
    "worth_low", "worth_high", "owner", "page_id", "method",
]  # fmt: skip

PROVEN = frozenset({"ship", "stop"})
"""Verdicts that answer the question of the test."""

UNPROVEN = frozenset({"kept without proof", "kept, yet no winner"})
"""What was kept although nothing proves it."""


@remembered
def evaluated(book: Book) -> abtest.Record:
    """Every test begun by the end of the period, read by `[abtest]`; see `abtest.evaluate`."""
    return abtest.evaluate(
        tests(book), criteria(book), as_of=today(book), worth=worths(book), traffic=people(book)
    )


@remembered
def record(book: Book) -> pd.DataFrame:
    """The test record, the latest test first: one row per test and variant.

    Returns:
        The columns of `abtest.evaluate` with `experiment_id`, `page`, `page_id`, `owner` (of the
        page), `element`, `hypothesis` and `people_month` (who would see what is shipped).
    """
    import pandas as pd

    if not book.has(*NEEDS):
        return pd.DataFrame(columns=COLUMNS)
    table = evaluated(book).table.rename(columns={"experiment": "experiment_id"})
    about = tests(book).rename(columns={"content_id": "page_id"})
    about = about.drop_duplicates("experiment_id")
    named = ["experiment_id", "page_id", "page", "owner", "element", "hypothesis"]
    table = table.merge(about[named], on="experiment_id", how="left")
    return table.assign(people_month=table["experiment_id"].map(people(book)))[COLUMNS]


@remembered
def people(book: Book) -> dict[str, float]:
    """How many people a month would see what a test tried, by test: visitors of its page lately.

    What is not on a page (subjects of e-mails), and pages without traffic on record, are left out:
    for them the test's own pace stands, see `abtest.evaluate`.
    """
    seen, found = monthly(book), {}
    for name, rows in tests(book).groupby("experiment_id", sort=False):
        page, element = rows["content_id"].iloc[0], rows["element"].iloc[0]
        if element not in NOT_ON_PAGES and page in seen:
            found[str(name)] = seen[page]
    return found


@remembered
def worths(book: Book) -> dict[str, float]:
    """What one conversion of each test is worth: one form of its page, see `form_worth`.

    Where the channels of its page are not known, a form is worth what one of all pages is. What is
    not on a page (subjects of e-mails) converts to something else, and has none.
    """
    pages = visited(book).set_index("page_id")["worth"]
    if pages.empty:
        return {}
    middle, found = float(pages.iloc[-1]), {}
    for name, rows in tests(book).groupby("experiment_id", sort=False):
        if rows["element"].iloc[0] not in NOT_ON_PAGES:
            own = pages.get(rows["content_id"].iloc[0], middle)
            found[str(name)] = middle if fmt.is_missing(own) else float(own)
    return found


def running(book: Book) -> pd.DataFrame:
    """The rows of `record` whose test still runs."""
    table = record(book)
    return table[table["is_running"].astype(bool)].reset_index(drop=True)


def ended(book: Book) -> pd.DataFrame:
    """The rows of `record` whose test is over."""
    table = record(book)
    return table[~table["is_running"].astype(bool)].reset_index(drop=True)


@remembered
def checks(book: Book) -> pd.DataFrame:
    """Whether each variant may be judged: is the split whole, a week full, are the people enough.

    Returns:
        `experiment_id`, `arm`, `page`, `people` (both arms), `split` (in words), `split_p`,
        `split_ok`, `days`, `week_ok`, `needed`, `enough` (share of them there), `enough_ok`,
        `says` (the first thing that is wrong, or "may be judged").
    """
    rules, table = criteria(book), record(book)
    readable = table[table["why"] != "not readable"]
    fewest = readable[["n_control", "n"]].min(axis=1)
    pairs = zip(readable["n_control"], readable["n"], strict=True)
    found = readable.assign(
        people=readable["n_control"] + readable["n"],
        split=[f"{fmt.number(a)} : {fmt.number(b)}" for a, b in pairs],
        split_ok=readable["split_p"] >= rules.split_alpha,
        week_ok=readable["days"] >= rules.min_days,
        enough=div(fewest, readable["needed"]),
        enough_ok=fewest >= readable["needed"],
    )
    found["says"] = [_says(row) for _, row in found.iterrows()]
    columns = ["experiment_id", "arm", "page", "people", "split", "split_p", "split_ok", "days"]
    columns += ["week_ok", "needed", "enough", "enough_ok", "says"]
    return found[columns].reset_index(drop=True)


def _says(row: pd.Series[Any]) -> str:
    if not row["split_ok"]:
        return "broken split"
    if not row["week_ok"]:
        return "no full week"
    if row["why"] == "few conversions":
        return "too few conversions"
    return "may be judged" if row["enough_ok"] else "may be judged, on too few people"


@remembered
def reread(book: Book) -> pd.DataFrame:
    """The tests that are over, with what was decided then and what the rules say now.

    Returns:
        `experiment_id`, `arm`, `page`, `element`, `days`, `people`, `decision`, `verdict`,
        `reread`, `reason`; decisions that do not hold first.
    """
    table = ended(book)
    table["people"] = table["n_control"] + table["n"]
    wrong = table["agrees"].map(lambda agrees: agrees is not False).astype(bool)
    columns = ["experiment_id", "arm", "page", "element", "days", "people", "decision", "verdict"]
    order = wrong.sort_values(kind="stable").index
    return table.loc[order, [*columns, "reread", "reason"]].reset_index(drop=True)


@remembered
def forest(book: Book) -> pd.DataFrame:
    """The lifts as `plots.forest` takes them, in the order of `record`.

    Returns:
        `name`, `note`, `value`, `low`, `high` (lifts), `value_control`, `value_arm`, `n`,
        `n_control`, `verdict`, `void` (the split is broken), `is_running`; tests with a lift.
    """
    table = record(book)
    several = table.duplicated("experiment_id", keep=False)
    names = table["experiment_id"] + (" " + table["arm"]).where(several, "")
    hypotheses = table["hypothesis"].fillna("")
    table = table.assign(
        name=names + " · " + table["element"].map(in_words),
        note=[
            f"{page}: {why}" if why else page
            for page, why in zip(table["page"], hypotheses, strict=True)
        ],
        void=table["why"] == "broken split",
    ).rename(columns={"value": "value_arm"})
    table = table.rename(columns={"lift": "value", "lift_low": "low_", "lift_high": "high_"})
    table = table.drop(columns=["low", "high"]).rename(columns={"low_": "low", "high_": "high"})
    columns = ["name", "note", "value", "low", "high", "value_control", "value_arm", "n"]
    columns += ["n_control", "verdict", "void", "is_running"]
    return table.loc[table["value"].notna(), columns].reset_index(drop=True)


@remembered
def elements(book: Book) -> pd.DataFrame:
    """What the handbook wants tested, and what was (P03-T5).

    Returns:
        `element`, `zh`, `tests`, `ended`, `answered` (ship or stop), `shipped`, `best_lift` (of
        those that may be shipped), `last` (first day of the latest test); those of the handbook
        first, then others that were tested.
    """
    import pandas as pd

    table, names = record(book), element_names()
    others = sorted(set(table["element"]) - set(ELEMENTS))
    rows = []
    for element in (*ELEMENTS, *others):
        own = table[table["element"] == element]
        over = own[~own["is_running"].astype(bool)]
        shipped = own[own["verdict"] == "ship"]
        rows.append(
            {
                "element": in_words(element),
                "zh": names.get(element, ""),
                "tests": own["experiment_id"].nunique(),
                "ended": over["experiment_id"].nunique(),
                "answered": over.loc[over["verdict"].isin(PROVEN), "experiment_id"].nunique(),
                "shipped": shipped["experiment_id"].nunique(),
                "best_lift": shipped["lift"].max() if len(shipped) else float("nan"),
                "last": own["started"].max() if len(own) else None,
            }
        )
    return pd.DataFrame(rows)


@remembered
def seen_beside(book: Book) -> pd.DataFrame:
    """How many people each test counted, beside the visitors of its page in the same days.

    Returns:
        `experiment_id`, `page`, `people`, `visitors`, `times` (people ÷ visitors); tests of pages
        whose visitors are on record for all their days.
    """
    import pandas as pd

    columns = ["experiment_id", "page", "people", "visitors", "times"]
    if not book.has(*NEEDS, "web_daily.visitors"):
        return pd.DataFrame(columns=columns)
    table = book.sql(
        """WITH test AS (
            SELECT experiment_id, any_value(content_id) AS content_id, min(start_date) AS first,
                coalesce(max(end_date), $today::DATE) AS last, sum(exposures) AS people
            FROM clean.experiment_arm
            WHERE start_date <= $until AND NOT list_contains($elsewhere, coalesce(element, ''))
            GROUP BY experiment_id
        ), known AS (SELECT min(date) AS since FROM clean.web_daily)
        SELECT t.experiment_id, coalesce(c.title, t.content_id) AS page,
            any_value(t.people)::DOUBLE AS people, sum(w.visitors)::DOUBLE AS visitors
        FROM test t JOIN known k ON k.since <= t.first
        JOIN clean.web_daily w
            ON w.content_id = t.content_id AND w.date >= t.first AND w.date < t.last
        LEFT JOIN clean.content c ON c.content_id = t.content_id
        GROUP BY ALL HAVING sum(w.visitors) > 0 ORDER BY t.experiment_id""",
        today=today(book),
        until=book.period.last,
        elsewhere=sorted(NOT_ON_PAGES),
    )
    return table.assign(times=div(table["people"], table["visitors"]))[columns]
