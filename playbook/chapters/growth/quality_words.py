"""What the figures on lead quality, channels by step and losses say, from their tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook import format as fmt
from playbook.chapters.growth.buyers import given_days
from playbook.chapters.growth.quality import NOT_RECORDED
from playbook.chapters.growth.words import LARGE, same_days
from playbook.chapters.words import Words
from playbook.format import div

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book

MOST = 0.8
"""The share of all losses whose few reasons a Pareto picks out."""


def of_quality(table: pd.DataFrame, by: str) -> Words:
    """For lead quality by one breakdown; see `lead_quality`."""
    leads, judged = table["leads"].sum(), table["judged"].sum()
    if not judged:
        title = "Nothing is recorded on whether leads are valid"
        return Words(title, "", title)
    valid = div(table["valid"].sum(), judged)
    large = table[(table["leads"] >= LARGE * leads) & (table[by] != NOT_RECORDED)]
    apart = large[large["valid_high"] < valid].sort_values(["valid_rate", by])
    if apart.empty:
        title = f"No {_kind(by)} has a valid rate that stands out below the {fmt.percent(valid)}"
    else:
        worst = apart.iloc[0]
        title = (
            f"{worst[by]}: {fmt.rate(worst['valid_rate'], worst['judged'])} valid, all leads "
            f"{fmt.percent(valid)}"
        )
    see = (
        f"Looked at are those with at least {fmt.percent(LARGE, 0)} of the leads, and named is the "
        "lowest whose 95 % interval ends below the rate of all."
    )
    rates = "; ".join(
        f"{name} {fmt.rate(rate, n)}"
        for name, rate, n in table[[by, "valid_rate", "judged"]].itertuples(index=False)
    )
    return Words(title, see, f"Valid rate by {_kind(by)}: {rates}.")


def of_customers(book: Book, table: pd.DataFrame) -> Words:
    """For who buys; see `customers`."""
    rows = table[(table["trait"] == table["trait"].iloc[0]) & (table["value"] != NOT_RECORDED)]
    total = int(table.loc[table["trait"] == table["trait"].iloc[0], "customers"].sum())
    if rows.empty or not total:
        title = "No customer has been won with new business yet"
        return Words(title, "", title)
    top = rows.iloc[0]
    title = f"Most customers: {top['value']}, {fmt.number(top['customers'])} of {fmt.number(total)}"
    see = (
        f"Share won: of the leads that have had {given_days(book)} days, those won within them. "
        f"{_easiest(rows)}"
    )
    alt = "Customers: " + ", ".join(f"{r.value} {r.customers}" for r in rows.itertuples())
    return Words(title, see, alt)


def _easiest(rows: pd.DataFrame) -> str:
    """Who is won most often of those with enough customers, and whether that is clear."""
    known = rows[rows["note"] == ""].sort_values("won_rate", ascending=False)
    if len(known) < 2:
        return "Too few are won for saying who is won most easily."
    best, rest = known.iloc[0], known.iloc[1:]
    clear = bool((rest["won_high"] < best["won_low"]).all())
    return (
        f"Most easily won, of those with enough customers to say: {best['value']}, "
        f"{fmt.rate(best['won_rate'], best['leads'])}"
        + ("." if clear else "; the intervals overlap, so chance may decide.")
    )


def of_channel_steps(table: pd.DataFrame) -> Words:
    """For every channel at every step; see `channel_stages`."""
    if table.empty:
        title = "No conversion between stages is recorded"
        return Words(title, "", title)
    news = table[table["is_news"]].sort_values(["p_adjusted", "channel"])
    if news.empty:
        title = "No channel differs from the others by more than chance, at any step"
    else:
        row = news.iloc[0]
        title = (
            f"{row['channel']}: {row['step']} {fmt.percent(row['rate'], 0)}, all channels "
            f"{fmt.percent(row['overall'], 0)}"
        )
    see = (
        "Of the leads in the stage before, the share that went on; this and the twelve before "
        f"together. Every lead is given the same time: {same_days(table)}."
    )
    sizes = table.groupby("step", sort=False)["n"].sum()
    young = ", ".join(str(step) for step in sizes[sizes == 0].index)
    if young:
        see += f" Nobody has had that long yet for {young}."
    told = "; ".join(
        f"{r.channel}, {r.step}: {fmt.rate(r.rate, r.n)}" for r in news.itertuples(index=False)
    )
    alt = f"Clear differences by channel and step: {told}." if told else f"{title}."
    return Words(title, see, alt)


def pareto(table: pd.DataFrame, where: str) -> pd.DataFrame:
    """`loss_reasons` of leads or deals as bars, with the share up to each reason beside them."""
    rows = table[table["where"] == where].reset_index(drop=True)
    before = rows["cumulative"] - rows["share"]
    return rows.assign(
        name=[_written(reason) for reason in rows["reason"]],
        value=rows["lost"],
        beside=[f"{fmt.percent(share, 0)} up to here" for share in rows["cumulative"]],
        emphasis=before < MOST - 1e-9,
    )[["name", "value", "beside", "emphasis", "share"]]


def of_pareto(rows: pd.DataFrame, where: str) -> Words:
    """For the reasons why leads or deals were lost; see `pareto`."""
    total, most = int(rows["value"].sum()), rows[rows["emphasis"]]
    top = rows.iloc[0]
    title = (
        f"{str(top['name'])[0].upper()}{str(top['name'])[1:]}: {fmt.number(top['value'])} of "
        f"{fmt.plural(total, f'lost {where}')}"
    )
    reasons = fmt.plural(len(most), "reason")
    verb = "makes" if len(most) == 1 else "make"
    see = (
        f"{reasons} of {len(rows)} {verb} {fmt.percent(most['share'].sum(), 0)} of them. Beside "
        "each bar: its share together with all bars above it."
    )
    unsaid = rows.loc[rows["name"] == NOT_RECORDED, "share"].sum()
    if unsaid:
        see += f" {fmt.percent(unsaid, 0)} carry no reason."
    counts = ", ".join(f"{r.name} {r.value}" for r in rows.itertuples(index=False))
    return Words(title, see, f"Reasons for lost {where}s: {counts}.")


def _written(reason: str) -> str:
    """A reason with its abbreviations in capitals."""
    words = (w.upper() if w in {"icp", "mql", "sql", "poc"} else w for w in reason.split())
    return " ".join(words)


def _kind(by: str) -> str:
    return by.removesuffix("_band").replace("_", " ")
