"""Credit by campaign, content, event and partner, what events earn, and the part of nurture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.book import remembered
from playbook.chapters import nurture
from playbook.chapters.attribution import credit
from playbook.chapters.attribution.compare import UNATTRIBUTED, drawn
from playbook.chapters.attribution.credit import MODEL_NAMES
from playbook.chapters.attribution.inputs import AT_EVENTS, EVENT_GROUPS, NAMES, valued
from playbook.chapters.attribution.scope import known, pictured
from playbook.chapters.span import span
from playbook.format import div
from playbook.touchpoint import OTHERS

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book

HANDBOOK = ("first", "last", "linear")
"""The three models that the handbook names."""


def earlier_stage(book: Book) -> str:
    """The conversion shown beside the few deals: SQLs, or leads where no SQL is recorded."""
    return "sql" if "sql" in known(book) else "lead"


@remembered
def by_part(book: Book, by: str) -> pd.DataFrame:
    """What each campaign, asset, event or partner sourced, influenced, and is credited with.

    Args:
        book: The Book.
        by: `campaign`, `content`, `event`, `partner`, or another of `inputs.DIMENSIONS`.

    Returns:
        `by`, `sqls` (credited by the linear model: there are more of them than deals; leads where
        no SQL is recorded, see `earlier_stage`), `sourced`, `influenced` (deals won), `first`,
        `last`, `linear` (won amount; deals where amounts are not known); most by linear first,
        then the touches outside, then "unattributed".
    """
    won = credit.credits(book, "won", by, HANDBOOK)
    table = won.wide("value" if valued(book, "won") else "conversions")
    sides = credit.sides(book, "won", by).set_index(by)
    earlier = credit.credited(book, earlier_stage(book), by, "linear").set_index(by)["conversions"]
    names = [*table[by], *(n for n in earlier.index if n not in set(table[by]))]
    table = table.set_index(by).reindex(names)
    table["sqls"] = earlier.reindex(names)
    for side in ("sourced", "influenced"):
        table[side] = sides[side].reindex(names)
    table = table[["sqls", "sourced", "influenced", *HANDBOOK]].rename_axis(by).reset_index()
    last = table[by].map({OTHERS.get(by, ""): 1, UNATTRIBUTED: 2}).fillna(0)
    order = ["_last", "linear", "sqls", by]
    table = table.assign(_last=last).sort_values(order, ascending=[True, False, False, True])
    return table.drop(columns="_last").reset_index(drop=True)


@remembered
def events_share(book: Book) -> pd.DataFrame:
    """What events, webinars among them, are credited with by each model, from leads to deals.

    Returns:
        `conversion`, `model` (in words), `conversions` (credited to events), `value` (share of
        those with a touch), `low`, `high` (95 %, of the conversion by which events are judged:
        that of `pictured`), `amount_share` (of the won amount or pipeline with a touch), `n`
        (journeys); by the handbook's three models.
    """
    import pandas as pd

    judged = pictured(book)
    kinds = [name for name in known(book) if name != "received"]
    rows = [row for name in kinds for row in _at_events(book, name, bounded=name == judged)]
    columns = ["conversion", "model", "conversions", "value", "low", "high", "amount_share", "n"]
    return pd.DataFrame(rows, columns=columns)


def _at_events(book: Book, conversion: str, *, bounded: bool) -> list[dict[str, object]]:
    """The rows of `events_share` for one kind of conversion."""
    found = (
        drawn(book, conversion, "setting", HANDBOOK)
        if bounded
        else credit.credits(book, conversion, "setting", HANDBOOK)
    )
    total = found.totals.iloc[0]
    own = found.credits[found.credits["setting"] == AT_EVENTS]
    has_amounts = valued(book, conversion)
    return [
        {
            "conversion": NAMES[conversion],
            "model": MODEL_NAMES[row["model"]],
            "conversions": row["conversions"],
            "value": div(row["conversions"], total["conversions"]),
            "low": div(row.get("conversions_low"), total["conversions"]),
            "high": div(row.get("conversions_high"), total["conversions"]),
            "amount_share": div(row["value"], total["value"]) if has_amounts else float("nan"),
            "n": found.journeys,
        }
        for row in own.to_dict("records")
    ]


@remembered
def events_cost(book: Book) -> dict[str, float]:
    """What events cost over the span: `cost`, `all_cost`, `share`; missing where no cost is known.

    Cost of an event is what names it, or a channel of the kinds event, exhibition or webinar.
    """
    days = span(book)
    row = book.sql(
        """SELECT sum(cost)::DOUBLE AS all_cost,
            (sum(cost) FILTER (event_id IS NOT NULL
                OR list_contains($groups, channel_group)))::DOUBLE AS cost
        FROM cost_by_day WHERE date BETWEEN $first AND $last""",
        first=days.first,
        last=days.last,
        groups=list(EVENT_GROUPS),
    ).iloc[0]
    cost, everything = float(row["cost"]), float(row["all_cost"])
    return {"cost": cost, "all_cost": everything, "share": div(cost, everything)}


@remembered
def nurture_part(book: Book) -> pd.DataFrame:
    """The part of new business whose lead nurture had written to before the deal was opened.

    It was influenced, not sourced: the same deals are credited to channels elsewhere.

    Returns:
        `what` (opportunities opened, deals won, won amount), `all`, `from_nurture`, `share`, `n`
        (deals) over the months of the rules; amounts in report currency.
    """
    import pandas as pd

    days = span(book)
    deals = nurture.deals(book)
    opened = deals[(deals["created_at"] >= days.start) & (deals["created_at"] < days.end)]
    closed = deals[(deals["closed_at"] >= days.start) & (deals["closed_at"] < days.end)]
    won = closed[closed["is_won"]]
    parts = {
        "opportunities opened": (len(opened), int(opened["nurtured"].sum()), len(opened)),
        "pipeline amount": (*_amounts(opened, "amount"), len(opened)),
        "deals won": (len(won), int(won["nurtured"].sum()), len(won)),
        "won amount": (*_amounts(won, "won_amount"), len(won)),
    }
    rows = [
        {"what": what, "all": whole, "from_nurture": part, "share": div(part, whole), "n": n}
        for what, (whole, part, n) in parts.items()
    ]
    return pd.DataFrame(rows, columns=["what", "all", "from_nurture", "share", "n"])


def _amounts(deals: pd.DataFrame, column: str) -> tuple[float, float]:
    return float(deals[column].sum()), float(deals.loc[deals["nurtured"], column].sum())


@remembered
def nurture_programs(book: Book) -> pd.DataFrame:
    """Which message of nurture came last before the deals that it had written to.

    Returns:
        `program`, `opportunities` (opened in the span), `won`, `won_amount`; most first.
    """
    days = span(book)
    deals = nurture.deals(book)
    own = deals[deals["nurtured"]]
    opened = own[(own["created_at"] >= days.start) & (own["created_at"] < days.end)]
    closed = own[(own["closed_at"] >= days.start) & (own["closed_at"] < days.end) & own["is_won"]]
    counted = opened.groupby("program").size().rename("opportunities").to_frame()
    counted = counted.join(closed.groupby("program").size().rename("won"), how="outer")
    counted = counted.join(closed.groupby("program")["won_amount"].sum(), how="outer")
    counted = counted.fillna(0).astype({"opportunities": int, "won": int}).reset_index()
    order = ["won_amount", "opportunities", "program"]
    return counted.sort_values(order, ascending=[False, False, True], ignore_index=True)
