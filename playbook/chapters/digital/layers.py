"""Why money did not become deals, layer by layer and channel by channel (P03-L1)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import ceil, isnan
from typing import TYPE_CHECKING, Any

from playbook import economics, funnel
from playbook.book import remembered
from playbook.chapters.digital.inputs import FEWEST, as_text
from playbook.chapters.economics import cost_rows
from playbook.chapters.growth import funnel_events
from playbook.chapters.growth.pace import usual_days
from playbook.chapters.span import Span, span
from playbook.data.periods import Period
from playbook.derive import NO_ORIGIN
from playbook.format import div
from playbook.funnel import Funnel
from playbook.intervals import holm, wilson

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book

EXPECTED = 5.0
"""Where the others' rate would bring fewer than this, a low count says nothing (ours)."""

NONE, UNKNOWN = "none", "cannot say"


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of the explanation.

    Attributes:
        number: 1 to 3.
        name: What goes on to what.
        zh: The handbook's own name.
        remedy: Where to look when it fails.
    """

    number: int
    name: str
    zh: str
    remedy: str

    @property
    def title(self) -> str:
        """Number and name."""
        return f"{self.number} · {self.name}"


LAYERS = (
    Layer(
        1, "Money → leads", "流量和留资",
        "Look at words, audience and landing page: who comes, and what they find.",
    ),
    Layer(
        2, "Lead → SQL", "MQL和SQL",
        "Look at who is reached and what the form asks; agree with sales why leads are refused.",
    ),
    Layer(
        3, "SQL → won", "Pipeline和成交",
        "Look with sales and presales at offers, price and competitors in the lost deals.",
    ),
)  # fmt: skip

COLUMNS = [
    "channel", "layer", "step", "n", "done", "figure", "low", "high", "others", "relative",
    "p_adjusted", "before", "before_done", "change_p", "days", "verdict",
]  # fmt: skip


@remembered
def layers(book: Book) -> pd.DataFrame:
    """Each online channel at each layer, beside the other online channels and its own last year.

    Layer 1 sets leads beside the channel's cost (as on the ROI board): its cost per lead, tested
    by the exact binomial test of its share of all leads against its share of all cost. Layers 2
    and 3 are shares of leads and of SQLs that went on within the days that nine in ten take (score
    test); who is younger is left out. SQLs are few, so layer 3 looks at twice the months and has no
    last year.

    Returns:
        One row per channel and layer: `channel`, `layer`, `step`, `n` (cost, leads, SQLs), `done`
        (leads, SQLs, won), `figure` (cost per lead, or share), `low`, `high` (95 %), `others` (the
        same of all other online channels together), `relative` (how it does beside them: 1 is
        equal, less is worse), `p_adjusted` (Holm, all rows), `before`, `before_done` (a year
        earlier), `change_p` (Holm), `days` (given to each), `verdict`: `below` or `above` the
        others beyond chance, `fallen` against last year beyond chance, `as others`, `cannot say`
        or `no cost`; channels with most leads first.
    """
    import pandas as pd

    parts = [part for part in (_money(book), _stages(book)) if len(part)]
    if not parts:
        return pd.DataFrame(columns=COLUMNS)
    table = pd.concat(parts, ignore_index=True)
    table["p_adjusted"] = holm(table["p_value"].astype(float))
    table["change_p"] = holm(table["change_p"].astype(float))
    table["step"] = table["layer"].map({layer.number: layer.title for layer in LAYERS})
    table["verdict"] = [_verdict(row) for row in table.to_dict("records")]
    leads = table[table["layer"] == 1].set_index("channel")["done"]
    table["size"] = table["channel"].map(leads).fillna(0)
    ordered = table.sort_values(
        ["size", "channel", "layer"], ascending=[False, True, True], ignore_index=True
    )
    return ordered[COLUMNS]


@remembered
def online(book: Book) -> list[str]:
    """Names of the channels that are not offline; those of unknown origin left out.

    Where nobody marked a channel, events and exhibitions count as offline.
    """
    found = book.sql(
        """SELECT DISTINCT l.channel FROM lead_journey l
        LEFT JOIN clean.channel c USING (channel_id)
        WHERE coalesce(c.is_online, l.channel_group NOT IN ('event', 'exhibition'), true)
            AND l.channel <> $no_origin AND coalesce(l.channel_group, '') <> 'other' ORDER BY 1""",
        no_origin=NO_ORIGIN,
    )
    return [str(name) for name in found["channel"]]


def year_before(book: Book) -> Span:
    """The same months a year before the span."""
    days = span(book)
    first, last = (
        Period("day", day, book.period.zone).last_year for day in (days.first, days.last)
    )
    return Span(first.first, last.last, first.start, last.end, "a year before")


def _money(book: Book) -> pd.DataFrame:
    """Layer 1: cost and leads of each channel, now and a year before."""
    from scipy.stats import binomtest

    now, before = (_spent(book, days) for days in (span(book), year_before(book)))
    table = now[now["channel"].isin(online(book)) & (now["done"] > 0)]
    table = table.merge(before, on="channel", how="left", suffixes=("", "_was"))
    table = economics.unit_costs(table.rename(columns={"n": "cost"}), {"figure": "done"})
    paid = table["cost"].where(table["cost"] > 0)
    rest = paid.sum() - paid
    came = table["done"].where(paid.notna()).sum() - table["done"]
    others = div(rest, came)
    table = table.assign(
        layer=1,
        n=paid,
        low=table["figure_low"],
        high=table["figure_high"],
        others=others,
        relative=div(others, table["figure"]),
        before=div(table["n_was"].where(table["n_was"] > 0), table["done_was"]),
        before_done=table["done_was"],
        days=float("nan"),
        expected=div(paid, others),
        enough=(table["done"] >= FEWEST) & (came >= FEWEST),
    )
    table["p_value"] = [
        binomtest(int(k), int(k + c), float(m / (m + r))).pvalue if m > 0 and r > 0 else None
        for k, c, m, r in zip(table["done"], came, paid, rest, strict=True)
    ]
    table["change_p"] = [
        binomtest(int(k), int(k + b), float(m / (m + w))).pvalue if m > 0 and w > 0 else None
        for k, b, m, w in zip(table["done"], table["done_was"], paid, table["n_was"], strict=True)
    ]
    worse = table["figure"] > table["before"]
    return table.assign(is_worse=worse)[_RAW]


_RAW = [
    "channel", "layer", "n", "done", "figure", "low", "high", "others", "relative", "p_value",
    "before", "before_done", "change_p", "is_worse", "days", "expected", "enough",
]  # fmt: skip


def _spent(book: Book, days: Span) -> pd.DataFrame:
    """Cost and leads by channel, the cost brought to channels by `[economics]`."""
    import pandas as pd

    rows = cost_rows(book)
    dates = pd.to_datetime(rows["date"]).dt.date
    inside = rows[(dates >= days.first) & (dates <= days.last)]
    spent = inside.groupby("channel")["cost"].sum().round(2)
    leads = book.sql(
        """SELECT channel, count(*)::DOUBLE AS done FROM lead_journey
        WHERE created_at >= $start AND created_at < $end GROUP BY ALL ORDER BY channel""",
        start=days.start,
        end=days.end,
    )
    return as_text(leads).assign(n=leads["channel"].map(spent).fillna(0.0))


def _stages(book: Book) -> pd.DataFrame:
    """Layers 2 and 3: leads to SQL and SQLs to won, within the days that most take."""
    import pandas as pd

    stages = ["lead", *(s for s in ("sql", "won") if book.has(f"lead_journey.{s}_at"))]
    if stages[1:2] != ["sql"]:
        return pd.DataFrame(columns=_RAW)
    taken = {first: usual_days(book, first, then) for first, then in pairwise(stages)}
    days = {stage: max(ceil(usual or 0.0), 1) for stage, usual in taken.items()}
    now, before = span(book), year_before(book)
    channel = book.table("lead_journey").select("lead_id", "channel")
    counted = funnel.steps(
        funnel_events(book).join(channel, "lead_id"),
        Funnel(tuple(stages), order="any", entity="lead_id", stage="stage", time="entered_at"),
        days=days,
        spans={
            "now": (now.start, now.end),
            "before": (before.start, before.end),
            "both": (before.start, now.end),
        },
        as_of=book.as_of,
        by="channel",
    )
    present = counted.loc[(counted["first"] == "lead") & (counted["span"] == "now"), :]
    there = set(present.loc[present["n"] > 0, "channel"]) & set(online(book))
    counted = counted[counted["channel"].isin(there)]
    counted = counted.assign(days=counted["first"].map(days).astype(float))
    parts = [
        _shares(counted[counted["first"] == first], number, spans)
        for first, number, spans in (("lead", 2, ("now", "before")), ("sql", 3, ("both", None)))
        if taken.get(first)
    ]
    kept = [part for part in parts if len(part)]
    return pd.concat(kept, ignore_index=True) if kept else pd.DataFrame(columns=_RAW)


def _shares(counted: pd.DataFrame, number: int, spans: tuple[str, str | None]) -> pd.DataFrame:
    """One layer's shares, each channel beside all others and beside its own last year."""
    table = counted[counted["span"] == spans[0]].rename(columns={"converted": "done"})
    table = table.set_index("channel")
    past = counted[counted["span"] == spans[1]].set_index("channel")[["n", "converted"]]
    past = past.reindex(table.index).fillna(0)
    rest = table[["n", "done"]].sum() - table[["n", "done"]]
    low, high = wilson(table["done"], table["n"])
    figure, others = div(table["done"], table["n"]), div(rest["done"], rest["n"])
    beside = _compared(table, rest["done"], rest["n"])
    changed = _compared(table, past["converted"], past["n"])
    enough = (table["n"] >= FEWEST) & (rest["n"] >= FEWEST)
    return table.assign(
        layer=number,
        figure=figure,
        low=low,
        high=high,
        others=others,
        relative=div(figure, others),
        p_value=beside,
        before=div(past["converted"], past["n"]).where(past["n"] >= FEWEST),
        before_done=past["converted"],
        change_p=changed,
        is_worse=figure < div(past["converted"], past["n"]),
        expected=table["n"] * others,
        enough=enough,
    ).reset_index()[_RAW]


def _compared(table: pd.DataFrame, done: pd.Series[Any], n: pd.Series[Any]) -> pd.Series[Any]:
    """The p value of each row's share against another."""
    sides = table[["n"]].assign(
        name=table.index, converted=table["done"], base_converted=done, base_n=n
    )
    found: pd.Series[Any] = funnel.differences(sides, adjust="none")["p_value"]
    return found


def _verdict(row: dict[Any, Any]) -> str:
    if row["layer"] == 1 and isnan(row["n"]):
        return "no cost"
    if not row["enough"] or not row["expected"] >= EXPECTED:
        return UNKNOWN
    if row["p_adjusted"] < 0.05:
        return "below" if row["relative"] < 1 else "above"
    has_past = not isnan(row["before"]) and row["before_done"] >= EXPECTED
    return "fallen" if has_past and row["is_worse"] and row["change_p"] < 0.05 else "as others"
