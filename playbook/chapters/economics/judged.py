"""Keep, watch or cut each channel (P03-R3), and how sure that is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook import economics
from playbook.book import remembered
from playbook.chapters.economics.board import APART, unit_costs
from playbook.chapters.economics.costs import cost_rows
from playbook.chapters.economics.verdict_words import confidence, reason
from playbook.chapters.span import span

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book

COLUMNS = [
    "channel", "verdict", "reason", "confidence", "cost", "leads", "sql", "customers",
    "expected_customers", "cpl", "judged_by", "figure", "figure_low", "figure_high", "limit",
    "months", "models", "same",
]  # fmt: skip

CONVERSIONS = {"customers": "won", "sql": "sql"}
"""What attribution credits for each thing that is counted."""

OPPOSITE = {"cut": "keep", "keep": "cut"}


def yardsticks(book: Book) -> list[economics.Yardstick]:
    """What channels are judged by: customers where they are enough to tell, else SQLs."""
    rules = book.rules.verdicts
    limits = {"customers": rules.target_cac, "sql": rules.target_cost_per_sql}
    used = {
        "customers": book.has("opportunity"),
        "sql": book.has("lead_journey.sql_at"),
    }
    return [
        economics.Yardstick(thing, limits[thing], rules.factor)
        for thing, there in used.items()
        if there
    ]


@remembered
def judged_by(book: Book) -> tuple[economics.Yardstick, ...]:
    """The yardsticks with their lines, as the leads' own channels have them."""
    yards = yardsticks(book)
    table = _channels(book)
    if not yards or table.empty:
        return ()
    found = economics.lines(table, yards, **_enough(book))
    return tuple(economics.Yardstick(y.thing, found[y.thing], y.factor) for y in yards)


@remembered
def verdicts(book: Book) -> pd.DataFrame:
    """Keep, watch or cut each channel, with the reason and how sure it is.

    A channel is cut only where the whole 95 % interval of what a customer costs (or an SQL, where
    customers are too few to tell) lies above the line, kept only where all of it lies below. The
    credit is the lead's own channel; where a model of attribution says the opposite of it, the
    channel is watched.

    Returns:
        One row per channel with a cost or leads, what to cut first: `channel`, `verdict`,
        `reason`, `confidence` (both a sentence), `cost`, `leads`, `sql`, `customers`,
        `expected_customers` (at the rate of all leads captured in the same months), `cpl`,
        `judged_by`, `figure`, `figure_low`, `figure_high`, `limit`, `months`, `models` (of
        attribution that were asked) and `same` (that say the same); empty where nothing can judge.
    """
    import pandas as pd

    yards = judged_by(book)
    if not yards:
        return pd.DataFrame(columns=COLUMNS)
    table = _channels(book)
    table["expected_customers"] = table["channel"].map(expected_customers(book))
    judged = economics.judge(table, yards, **_enough(book))
    asked = second_opinion(book).reindex(judged["channel"])
    own = judged["verdict"].to_numpy()[:, None]
    judged["models"] = asked.shape[1]
    judged["same"] = (asked.to_numpy() == own).sum(axis=1)
    against = asked.to_numpy() == judged["verdict"].map(OPPOSITE).to_numpy()[:, None]
    judged["against"] = against.any(axis=1)
    judged["reason"] = [reason(book, row) for _, row in judged.iterrows()]
    judged.loc[judged["against"], "verdict"] = "watch"
    judged["confidence"] = [confidence(row) for _, row in judged.iterrows()]
    order = judged["verdict"].map({"cut": 0, "watch": 1, "keep": 2, "no cost": 3})
    judged = judged.assign(order=order).sort_values(
        ["order", "cost", "channel"], ascending=[True, False, True], ignore_index=True
    )
    return judged[COLUMNS]


@remembered
def second_opinion(book: Book) -> pd.DataFrame:
    """The verdict on each channel by every model of `[attribution] models`, same lines.

    Returns:
        One row per channel (the index), one column per model: keep, watch, cut or no cost; without
        columns where no deals are recorded.
    """
    import pandas as pd

    # Inside: the chapter on attribution shows this one's tables, and so imports it first.
    from playbook.chapters import attribution

    table, yards = _channels(book), judged_by(book)
    opinions = pd.DataFrame(index=pd.Index(table["channel"], name="channel"))
    if not yards or not book.has(*attribution.NEEDS["won"]):
        return opinions
    counts = {
        yard.thing: attribution.credits(book, CONVERSIONS[yard.thing], "channel").wide()
        for yard in yards
    }
    for name in book.rules.attribution.models:
        credited = table.copy()
        for thing, wide in counts.items():
            by_channel = wide.set_index(wide.columns[0])[name]
            credited[thing] = credited["channel"].map(by_channel).fillna(0.0)
        found = economics.judge(credited, yards, **_enough(book))
        opinions[name] = found["verdict"].to_numpy()
    return opinions


@remembered
def for_brand(book: Book) -> set[str]:
    """Channels all of whose campaigns in the span are meant for brand: leads are not their goal."""
    days = span(book)
    found = book.sql(
        """SELECT ch.channel_name AS channel
        FROM clean.campaign c JOIN clean.channel ch USING (channel_id)
        WHERE coalesce(c.start_date, $last) <= $last AND coalesce(c.end_date, $first) >= $first
        GROUP BY channel HAVING bool_and(coalesce(c.objective = 'brand', false))""",
        first=days.first,
        last=days.last,
    )
    return set(found["channel"])


def _channels(book: Book) -> pd.DataFrame:
    """The rows of `unit_costs` that are channels, with the months since each one's first cost."""
    table = unit_costs(book)
    table = table[~table["channel"].isin(APART) & table["channel"].notna()].reset_index(drop=True)
    return table.assign(months=table["channel"].map(_months(book)).fillna(0).astype(int))


def _enough(book: Book) -> dict[str, int]:
    rules = book.rules.verdicts
    return {"min_leads": rules.min_leads, "min_months": rules.min_months}


def _months(book: Book) -> dict[str, int]:
    """Months of the span since each channel's first cost: spend in bursts counts between them."""
    import pandas as pd

    rows, days = cost_rows(book), span(book)
    paid = rows[(rows["cost"] > 0) & rows["channel"].notna()]
    first = pd.to_datetime(paid["date"]).groupby(paid["channel"]).min()
    start = pd.Timestamp(days.first)
    since = first.where(first >= start, start)
    lived = (pd.Timestamp(days.last) - since).dt.days / (365.25 / 12)
    return {str(k): round(v) for k, v in lived.items()}


@remembered
def expected_customers(book: Book) -> dict[str, float]:
    """Customers each channel's leads of the span would have brought at everybody's rate.

    Month by month, so that a channel whose leads are young is not blamed for it: indirect
    standardisation, as in Breslow and Day (1987), "Statistical Methods in Cancer Research II".
    """
    days = span(book)
    table = book.sql(
        """WITH monthly AS (
            SELECT channel, date_trunc('month', created_at) AS month, count(*) AS leads,
                count(won_at) AS won
            FROM lead_journey WHERE created_at >= $start AND created_at < $end GROUP BY ALL
        ), rates AS (
            SELECT month, sum(won) / sum(leads) AS rate FROM monthly GROUP BY month
        )
        SELECT channel, sum(leads * rate) AS expected FROM monthly JOIN rates USING (month)
        GROUP BY channel""",
        start=days.start,
        end=days.end,
    )
    return dict(zip(table["channel"], table["expected"].astype(float), strict=True))
