"""What marketing cost, each amount once, brought to channels by the rules in force."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook import economics
from playbook.book import remembered
from playbook.chapters.span import span

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book
    from playbook.chapters.span import Over

KINDS = ("partner_id", "content_id", "event_id", "campaign_id")
"""What a cost without a channel may belong to, the most telling first."""

NO_CHANNEL = "cost without a channel"

HOW = {
    "direct": "names its channel",
    "partner_id": "by its partner's {}",
    "content_id": "by its asset's {}",
    "event_id": "by its event's {}",
    "campaign_id": "by its campaign's {}",
    "shared": "by the {} of all",
    "unallocated": "left as it is",
}
"""How a cost came to its channel, in words."""


@remembered
def cost_rows(book: Book) -> pd.DataFrame:
    """Every cost up to the period's end, at its channel; each by itself in whole cents.

    Returns:
        `date`, `source` (ad or spend), `cost_type`, `channel` (missing where nothing tells),
        `known` (whether table `channel` has it), `campaign_id`, `event_id`, `partner_id`,
        `content_id`, `how` (see `economics.allocate`), `cost`.
    """
    rules = book.rules.economics
    found = book.sql(
        """SELECT date, source, cost_type, coalesce(channel, channel_id) AS channel,
            channel_id IS NULL OR channel IS NOT NULL AS known,
            campaign_id, event_id, partner_id, content_id, cost::DOUBLE AS cost
        FROM cost_by_day
        WHERE date <= $last AND ($salaries OR coalesce(cost_type, '') != 'salary')
        ORDER BY ALL""",
        last=book.period.last,
        salaries=rules.salaries,
    )
    # A column that is empty throughout comes as numbers, and would not be compared with names.
    costs = found.astype(dict.fromkeys(("channel", *KINDS), object))
    linked = _weights(book, rules.linked, KINDS, costs)
    shared = None if rules.shared == "none" else _weights(book, rules.shared, (), costs)
    kinds = () if rules.linked == "none" else KINDS
    divided = economics.allocate(costs, linked, kinds=kinds, shared=shared)
    columns = [c for c in divided.columns if c not in {"how", "cost"}]
    return divided[[*columns, "how", "cost"]]


_SOURCES = {
    "leads": """SELECT lead_id AS id, channel, partner_id, content_id, event_id, campaign_id
        FROM lead_journey WHERE channel_id IS NOT NULL AND created_at < $end""",
    "touches": """SELECT t.touch_id AS id, coalesce(c.channel_name, t.channel_id) AS channel,
            t.partner_id, t.content_id, t.event_id, t.campaign_id
        FROM clean.touch t LEFT JOIN clean.channel c USING (channel_id)
        WHERE t.channel_id IS NOT NULL AND coalesce(t.direction, 'in') = 'in'
            AND t.touched_at < $end""",
}


def _weights(
    book: Book, division: str, kinds: tuple[str, ...], costs: pd.DataFrame
) -> pd.DataFrame:
    """What divides: `kind`, `key`, `channel`, `weight`; without kinds, `channel`, `weight`."""
    import pandas as pd

    columns = ["kind", "key", "channel", "weight"]
    if division == "none":
        return pd.DataFrame(columns=columns)
    if division == "direct":
        return _by_direct_cost(costs, kinds)
    if not kinds:
        return book.sql(
            f"SELECT channel, count(*) AS weight FROM ({_SOURCES[division]}) GROUP BY channel",
            end=book.period.end,
        )
    names = ", ".join(kinds)
    return book.sql(
        f"""SELECT kind, key, channel, count(*) AS weight FROM (
            UNPIVOT ({_SOURCES[division]}) ON {names} INTO NAME kind VALUE key
        ) GROUP BY ALL""",
        end=book.period.end,
    )


def _by_direct_cost(costs: pd.DataFrame, kinds: tuple[str, ...]) -> pd.DataFrame:
    import pandas as pd

    known = costs[costs["channel"].notna()]
    weights = known.groupby("channel")[["cost"]].sum().clip(lower=0).reset_index()
    weights = weights.rename(columns={"cost": "weight"})
    if not kinds:
        return weights
    # A kind without a key of its own is divided by all of the kind, which here is everything.
    return pd.concat([weights.assign(kind=kind, key="") for kind in kinds], ignore_index=True)


@remembered
def costs(book: Book, over: Over = "span") -> pd.DataFrame:
    """What each channel cost and how the cost came to it; all together what was spent.

    Args:
        book: The Book.
        over: The months up to the period's end, or the period.

    Returns:
        One row per channel, dearest first, then "cost without a channel": `channel`, `cost`,
        `media`, `other` (they add up to it), `direct` (names its channel), `divided` (brought to
        it by rule), `months` (with a cost), `known` (False: no row of table `channel`).
    """
    import pandas as pd

    rows = _within(book, over)
    if rows.empty:
        columns = ["channel", "cost", "media", "other", "direct", "divided", "months", "known"]
        return pd.DataFrame(columns=columns)
    named = rows.assign(
        channel=rows["channel"].fillna(NO_CHANNEL),
        media=rows["cost"].where(rows["source"] == "ad", 0.0),
        direct=rows["cost"].where(rows["how"] == economics.DIRECT, 0.0),
        divided=rows["cost"].where(~rows["how"].isin([economics.DIRECT, "unallocated"]), 0.0),
        month=pd.to_datetime(rows["date"]).dt.to_period("M"),
    )
    groups = named.groupby("channel")
    table = groups[["cost", "media", "direct", "divided"]].sum().round(2)
    table["other"] = (table["cost"] - table["media"]).round(2)
    paid = named[named["cost"] > 0].groupby("channel")["month"].nunique()
    table["months"] = paid.reindex(table.index, fill_value=0)
    table["known"] = groups["known"].all()
    table = table.reset_index().assign(last=lambda t: t["channel"] == NO_CHANNEL)
    table = table.sort_values(["last", "cost", "channel"], ascending=[True, False, True])
    columns = ["channel", "cost", "media", "other", "direct", "divided", "months", "known"]
    return table[columns].reset_index(drop=True)


@remembered
def how_allocated(book: Book, over: Over = "span") -> pd.DataFrame:
    """The same cost by how it came to its channel, so that nobody wonders where it went.

    Returns:
        One row per way: `way` (in words), `cost`, `share`; they add up to all cost.
    """
    rows = _within(book, over)
    table = rows.groupby("how")[["cost"]].sum().round(2)
    table = table.reindex([how for how in HOW if how in table.index]).reset_index()
    rules = book.rules.economics
    words = {how: text.format(_word(how, rules.shared, rules.linked)) for how, text in HOW.items()}
    total = table["cost"].sum()
    return table.assign(
        way=table["how"].map(words), share=table["cost"] / total if total else float("nan")
    )[["way", "cost", "share"]]


def _word(how: str, shared: str, linked: str) -> str:
    division = shared if how == "shared" else linked
    return "direct cost" if division == "direct" else division


def _within(book: Book, over: Over) -> pd.DataFrame:
    import pandas as pd

    rows, days = cost_rows(book), span(book, over)
    dates = pd.to_datetime(rows["date"]).dt.date
    return rows[(dates >= days.first) & (dates <= days.last)]
