"""A made-up test with a row per person, whose truth is known: what more can be read from it.

The company's record has sums per arm. With a row per person a test needs fewer people, and shows
what sums hide: a few large orders, an effect that fades.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from playbook import abtest
from playbook import format as fmt
from playbook.chapters.ab_testing.said import change
from playbook.chapters.words import Words
from playbook.format import div

if TYPE_CHECKING:
    import pandas as pd

CONTROL = "control"
ORDERS: dict[str, Any] = {"n": 8000, "lift": 0.06, "outliers": 0.002, "correlation": 0.8, "seed": 4}
"""The test of revenue: its true lift is 6 %, and one person in 500 spends fifty times as much."""
DAYS: dict[str, Any] = {"n": 40_000, "lift": 0.05, "novelty": 0.6, "days": 21, "seed": 2}
"""The test of a new page: +65 % on its first day, half of the charm gone every two days."""
UPPER = 0.99


@cache
def ways() -> pd.DataFrame:
    """The same test of revenue per person read in three ways, as `plots.forest` takes them.

    Returns:
        `name`, `note`, `value`, `low`, `high` (lifts), `n`, `n_control`, `p_value`,
        `std_error`: as it is; the largest orders cut; and what each person spent before taken into
        account as well (CUPED).
    """
    import pandas as pd

    rows = abtest.made_units(arms=(CONTROL, "new"), **ORDERS)
    limit = abtest.winsorised(rows, "revenue", control=CONTROL, upper=UPPER).limit
    rows = rows.assign(capped=rows["revenue"].clip(upper=limit))
    metrics = {
        "As it is": (abtest.Mean("revenue"), "a few large orders drown the rest"),
        "Largest 1 % cut": (
            abtest.Mean("capped"),
            f"orders above {fmt.number(limit)} count so much",
        ),
        "And set against before": (
            abtest.Mean("capped", covariates=("revenue_before",), name="capped, CUPED"),
            "what each had spent before the test (CUPED)",
        ),
    }
    asked = [metric for metric, _ in metrics.values()]
    effects = abtest.compare(abtest.units(rows, asked, control=CONTROL), asked)
    return pd.DataFrame(
        [
            {
                "name": name, "note": note, "value": effect.lift, "low": effect.lift_low,
                "high": effect.lift_high, "n": effect.n, "n_control": effect.n_control,
                "p_value": effect.p_value, "std_error": effect.std_error,
            }
            for (name, (_, note)), effect in zip(metrics.items(), effects, strict=True)
        ]
    )  # fmt: skip


def saved(table: pd.DataFrame) -> pd.Series:
    """How many times the people of the first way each way is worth: the errors' ratio, squared."""
    return div(table["std_error"].iloc[0], table["std_error"]) ** 2


def of_ways(table: pd.DataFrame) -> Words:
    """For the same test read in three ways."""
    more = saved(table)
    gain = div(more.iloc[-1], more.iloc[1])
    true = fmt.percent(ORDERS["lift"], 0)
    return Words(
        f"The same {fmt.number(sum(table.iloc[0][['n', 'n_control']]))} people: nothing to see in "
        "raw revenue, a clear lift once it is read well",
        f"Made-up people, true lift +{true}. Cutting the largest orders to a limit, the same for "
        "both arms, answers for the usual customer. What people spent before the test, taken into "
        f"account as well, is worth {fmt.number(gain, 1)} times the people; it must be measured "
        "before anybody sees the test.",
        "Three intervals of one test's lift: "
        + "; ".join(
            f"{name.lower()} {change(low)} to {change(high)}"
            for name, low, high in zip(table["name"], table["low"], table["high"], strict=True)
        ),
    )


@cache
def by_day() -> abtest.Novelty:
    """A made-up test of a new page whose effect fades, day by day."""
    rows = abtest.made_units(arms=(CONTROL, "new"), **DAYS)
    metric = abtest.Proportion("converted")
    return abtest.novelty(abtest.units(rows, metric, control=CONTROL, by="day"), metric)


def days(found: abtest.Novelty) -> pd.DataFrame:
    """The days as `plots.effect_by_day` takes them: differences of the day, and of all so far."""
    return found.table.rename(
        columns={
            "difference": "value", "value": "value_arm", "so_far": "cumulative",
            "so_far_low": "cumulative_low", "so_far_high": "cumulative_high",
        }
    )  # fmt: skip


def of_by_day(found: abtest.Novelty) -> Words:
    """For the effect by day of exposure."""
    week = found.table["so_far"].iloc[found.first_days - 1]
    last = found.table["so_far"].iloc[-1]
    later = ""
    if found.later is not None:
        later = (
            f" From the second week on it differs by {fmt.points(found.later.value)} from the "
            f"first (95 % interval {fmt.points(found.later.low)} to "
            f"{fmt.points(found.later.high)})."
        )
    return Words(
        f"What is new fades: {fmt.points(week)} after a week, {fmt.points(last)} after three",
        "Made-up people again. Each dot is the effect on those who first came on that day, the "
        f"line all days so far.{later} Where the days move, ship for what the later ones show.",
        f"Effect by day: {fmt.points(week)} over the first week, {fmt.points(last)} over "
        f"{len(found.table)} days.",
    )
