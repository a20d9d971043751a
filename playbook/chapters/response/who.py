"""Who breaks the promise: people beside their team mates, and teams beside what they used to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook import response
from playbook.book import remembered
from playbook.chapters.response.declared import METRICS
from playbook.chapters.response.inputs import ENOUGH, YEAR, of_period, sure
from playbook.format import div
from playbook.intervals import wilson
from playbook.metrics import history

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book


@remembered
def people(book: Book) -> pd.DataFrame:
    """Who keeps the promise, beside their team mates in the same periods: this one and twelve more.

    The mates' share is weighted by when the person had leads, so that nobody is blamed for a
    month in which the whole team was late.

    Returns:
        One row per owner with an answer due, least kept first: `owner`, `team`, `due`, `met`,
        `rate`, `low`, `high`, `mates_due`, `mates_rate` (missing where there were none),
        `difference` (from the mates), `difference_low`, `difference_high` (an interval that
        allows for the number of people), `is_apart` (whether all of it lies below zero,
        from `ENOUGH` answers due on).

    Source: Newcombe (1998), "Interval estimation for the difference between independent
    proportions", method 10, the mates' share taken as if it were a plain one.
    """
    table = _beside_mates(_by_period(book))
    confidence = sure(len(table))
    low, high = wilson(table["met"], table["due"])
    table = table.assign(
        rate=div(table["met"], table["due"]), low=low, high=high,
        mates_rate=div(table["mates_met"], table["mates_due"]),
    )  # fmt: skip
    own, own_low, own_high = _share(table["met"], table["due"], confidence)
    mates, mates_low, mates_high = _share(table["mates_met"], table["mates_due"], confidence)
    table["difference"] = own - mates
    table["difference_low"] = (
        own - mates - ((own - own_low) ** 2 + (mates_high - mates) ** 2) ** 0.5
    )
    table["difference_high"] = (
        own - mates + ((own_high - own) ** 2 + (mates - mates_low) ** 2) ** 0.5
    )
    table["is_apart"] = (table["difference_high"] < 0) & (table["due"] >= ENOUGH)
    columns = ["owner", "team", "due", "met", "rate", "low", "high", "mates_due", "mates_rate"]
    columns += ["difference", "difference_low", "difference_high", "is_apart"]
    return table.sort_values(["rate", "owner"], ignore_index=True)[columns]


def _share(met: pd.Series[Any], due: pd.Series[Any], confidence: float) -> tuple[Any, Any, Any]:
    return (div(met, due), *wilson(met, due, confidence))


def _by_period(book: Book) -> pd.DataFrame:
    """Answers due and met by `team`, `owner` and `place` (of the period)."""
    import ibis

    rows = of_period(book, periods=YEAR)
    rows = rows.filter(rows.step == response.RESPONSE, rows.owner.notnull())
    ends = [(rows.opened_at < p.end, place) for place, p in enumerate(book.period.trailing(YEAR))]
    rows = rows.mutate(place=ibis.cases(*ends, else_=YEAR))
    found = response.summary(rows, by=["team", "owner", "place"])
    return found.loc[found["due"] > 0, ["team", "owner", "place", "due", "met"]]


def _beside_mates(rows: pd.DataFrame) -> pd.DataFrame:
    """Per person `due`, `met`, and `mates_due`, `mates_met` as if they had had the person's months.

    `mates_met` is not whole: it is the number of `mates_due` times their weighted share.
    """
    sums = rows.groupby(["team", "place"], dropna=False)[["due", "met"]].transform("sum")
    rows = rows.assign(mates_due=sums["due"] - rows["due"], rest=sums["met"] - rows["met"])
    shared = rows["mates_due"] > 0
    weight = rows["due"].where(shared, 0)
    rows = rows.assign(weight=weight, expected=weight * div(rows["rest"], rows["mates_due"]))
    names = ["due", "met", "mates_due", "weight", "expected"]
    table = rows.groupby(["owner", "team"], dropna=False)[names].sum().reset_index()
    table["mates_met"] = table["mates_due"] * div(table["expected"], table["weight"])
    return table.drop(columns=["weight", "expected"])


@remembered
def team_trend(book: Book) -> pd.DataFrame:
    """Share answered in time by team, over the last thirteen periods.

    Returns:
        As `metrics.history`, with `series` (the team); by team, oldest period first.
    """
    wanted = [m for m in METRICS if m.key == "response_in_time"]
    past = history(book, wanted, by="team")
    past = past[past["recent"] & past["team"].notna()]
    ordered = past.sort_values(["team", "start"], ignore_index=True)
    return ordered.assign(series=ordered["team"])


@remembered
def turns(book: Book) -> pd.DataFrame:
    """Teams that have answered in time less often since some period, beyond chance.

    The periods up to now are counted back as long as each by itself lies below what the team did
    in all the periods before.

    Returns:
        One row per team that turned, the largest fall first: `team`, `since` (label of the first
        such period), `periods` (how many), `due`, `met`, `rate`, `low`, `high`, `before_due`,
        `before_rate`.
    """
    import pandas as pd

    trend = team_trend(book)
    confidence = sure(trend["team"].nunique() * YEAR)
    found = [_turn(part, confidence) for _, part in trend.groupby("team")]
    columns = ["team", "since", "periods", "due", "met", "rate", "low", "high"]
    columns += ["before_due", "before_rate"]
    table = pd.DataFrame([row for row in found if row], columns=columns)
    table["fall"] = table["before_rate"] - table["rate"]
    return table.sort_values(["fall", "team"], ascending=[False, True], ignore_index=True)[columns]


def _turn(part: pd.DataFrame, confidence: float) -> dict[str, object] | None:
    """The longest run of periods up to now that each lie below what the team did before it."""
    counts = part[part["n"] > 0].sort_values("start", ignore_index=True)
    begin = None
    for first in range(len(counts) - 1, 0, -1):
        usual = _rate(counts.iloc[:first])
        since = counts.iloc[first:]
        _, highs = wilson(since["numerator"], since["n"], confidence)
        if (highs >= usual).any():
            break
        begin = first
    if begin is None:
        return None
    before, since = counts.iloc[:begin], counts.iloc[begin:]
    low, high = wilson(since[["numerator"]].sum(axis=0), since[["n"]].sum(axis=0))
    due, met = int(since["n"].sum()), int(since["numerator"].sum())
    return {
        "team": part["team"].iloc[0], "since": since["period"].iloc[0], "periods": len(since),
        "due": due, "met": met, "rate": div(met, due), "low": float(low[0]),
        "high": float(high[0]), "before_due": int(before["n"].sum()), "before_rate": _rate(before),
    }  # fmt: skip


def _rate(rows: pd.DataFrame) -> float:
    return div(rows["numerator"].sum(), rows["n"].sum())
