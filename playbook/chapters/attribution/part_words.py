"""What the chapter's figures on events, brand ads, nurture and returns say, from their tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook import format as fmt
from playbook.chapters import economics
from playbook.chapters.attribution.before_form import BEFORE_DAYS, ways_in
from playbook.chapters.attribution.inputs import NAMES, valued
from playbook.chapters.attribution.parts import earlier_stage
from playbook.chapters.attribution.words import money
from playbook.chapters.growth.pace import ENOUGH
from playbook.chapters.span import span
from playbook.chapters.words import Words

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book
    from playbook.chapters.economics import Budget

ROI_PAIRS = {
    "before_label": "won in the months",
    "after_label": "won so far by their own leads",
    "axis_label": "came back for each 1 spent",
}
"""Words of the figure of simple beside realised ROI."""

BEFORE_UNITS = {"rate_with": "share", "rate_without": "share"}
"""Units of the table of things done before the form."""

NO_BEFORE = (
    f"What was done before the form: at least {ENOUGH} leads that did a thing, {ENOUGH} that did "
    "not, and one later SQL with a touch before its form are needed to compare."
)
"""Said where touches and SQLs are recorded but too few to compare."""


def of_events(book: Book, table: pd.DataFrame, cost: dict[str, float]) -> Words:
    """For what events are credited with; see `events_share` and `events_cost`."""
    kind = events_kind(table)
    own = table[table["conversion"] == kind]
    low, high = own["value"].min(), own["value"].max()
    title = f"Events are credited with {_span(low, high)} of the {kind}, by model"
    see = (
        f"Touches at events, exhibitions and webinars, as a share of the {kind} of "
        f"{span(book).title} with a touch; lines are 95 % intervals."
    )
    if not fmt.is_missing(cost["share"]):
        title += f", and cost {fmt.percent(cost['share'], 0)} of the money"
        see += (
            f" The line is their share of all marketing cost: {money(book, cost['cost'])} of "
            f"{money(book, cost['all_cost'])}."
        )
    rows = ", ".join(f"{r['model']} {fmt.percent(r['value'])}" for _, r in own.iterrows())
    return Words(title, see, f"{title}. {rows}.")


def _span(low: float, high: float) -> str:
    if fmt.percent(low, 0) == fmt.percent(high, 0):
        return fmt.percent(low, 0)
    return f"{fmt.percent(low, 0).removesuffix(' %')} to {fmt.percent(high, 0)}"


def part_table(book: Book) -> dict[str, Any]:
    """How the tables by campaign, content, event and partner are shown."""
    known = valued(book, "won")
    unit = "money" if known else "ratio"
    stage = NAMES[earlier_stage(book)]
    beside = f"{stage[0].upper()}{stage[1:]}"
    return {
        "names": {
            "sqls": f"{beside}, linear",
            "sourced": "Sourced deals",
            "influenced": "Influenced deals",
            "first": "First touch",
            "last": "Last touch",
            "linear": "Linear",
        },
        "units": {"sqls": "ratio", **dict.fromkeys(("first", "last", "linear"), unit)},
        "folded": True,
        "note": f"{'Won amount' if known else 'Deals won'} by the handbook's three models; "
        f"{stage} because deals are few. Sourced and influenced are never added up.",
    }


def events_kind(table: pd.DataFrame) -> str:
    """The kind of conversion by which events are judged: the one with intervals, else the last.

    Args:
        table: What `events_share` returned.
    """
    bounded = table.loc[table["low"].notna(), "conversion"]
    return str(bounded.iloc[0] if len(bounded) else table["conversion"].iloc[-1])


def as_events(table: pd.DataFrame) -> pd.DataFrame:
    """`events_share` of the conversion they are judged by, as rows of a dot plot."""
    own = table[table["conversion"] == events_kind(table)]
    return own.rename(columns={"model": "name"})[["name", "value", "low", "high", "n"]]


def of_before_form(table: pd.DataFrame) -> Words:
    """For what was done before the form; see `before_form`."""
    equal = table[(table["low"] <= 0) & (table["high"] >= 0) & (table["kind"].str.contains(" ad"))]
    top = equal.iloc[0] if len(equal) else table.iloc[0]
    title = (
        f"“{top['kind'].capitalize()}” stands last before {fmt.percent(top['last_share'], 0)} of "
        f"the forms of later SQLs; those leads became SQL {_as_often(top)} than leads alike"
    )
    see = (
        f"What the company did in the {BEFORE_DAYS} days before a lead left its details. The dots "
        "are how many more of them became SQL than of leads alike in need, rank and size that did "
        "not do it, with 95 % intervals; one in twenty leaves zero by chance. The table below says "
        "what credit each takes."
    )
    rows = "; ".join(f"{r['kind']} {fmt.points(r['difference'])}" for r in table.to_dict("records"))
    return Words(title, see, f"Difference in the share that became SQL: {rows}.")


def _as_often(row: pd.Series[float]) -> str:
    if row["low"] > 0:
        return "more often"
    return "less often" if row["high"] < 0 else "no more often"


def of_roi(book: Book, table: pd.DataFrame) -> Words:
    """For simple beside realised ROI; see `economics.roi`."""
    said = economics.words.roi(book, table)
    row = table.iloc[-1]
    if fmt.is_missing(row["simple_roi"]):
        return said
    simple, own = row["simple_roi"] + 1, row["realised_roi"] + 1
    title = (
        f"{money(book, simple)} came back for each {money(book, 1)} (simple ROI "
        f"{fmt.number(row['simple_roi'], 2)}); from the months' own leads so far "
        f"{money(book, own)} (realised ROI {fmt.number(row['realised_roi'], 2)})"
    )
    return Words(title, said.see, f"{title}. {said.see}")


def budget_title(book: Book, asked: Budget | None) -> str:
    """What the table of the next budget is."""
    if asked is None:
        return ""
    quarter = economics.next_quarter(book).title
    return f"{money(book, asked.amount)} for {quarter}, by channel"


def as_differences(table: pd.DataFrame) -> pd.DataFrame:
    """`before_form` as rows of a dot plot."""
    named = table.rename(columns={"kind": "name", "difference": "value", "leads": "n"})
    return named[["name", "value", "low", "high", "n"]]


def before_note(book: Book) -> str:
    """What the table of things done before the form rests on."""
    n = len(ways_in(book))
    return (
        f"{fmt.number(n)} valid leads on record, old enough; credit among those that became "
        "SQL. With and without: leads alike in need clarity, the person's rank and the company's "
        f"size. Looked for in the {BEFORE_DAYS} days before the form."
    )


def reference(cost: dict[str, float]) -> float | None:
    """The share of cost as the line of the figure of events; None where no cost is known."""
    return None if fmt.is_missing(cost["share"]) else cost["share"]


def of_nurture(table: pd.DataFrame) -> Words:
    """For nurture's part; see `nurture_part`."""
    row = table.set_index("what").loc["deals won"]
    title = (
        f"Nurture had written to {fmt.number(row['from_nurture'])} of the "
        f"{fmt.plural(row['all'], 'new customer')} before the deal was opened"
    )
    see = (
        "Influenced, not sourced: the same deals are credited to channels above, and a message "
        "before a deal did not thereby bring it. The page on nurture compares leads with and "
        "without each step."
    )
    return Words(title, see, f"{title}. {see}")


def as_nurture(book: Book, table: pd.DataFrame) -> pd.DataFrame:
    """`nurture_part` with counts and amounts written as what they are."""

    def written(row: pd.Series[Any], column: str) -> str:
        return money(book, row[column]) if "amount" in row["what"] else fmt.number(row[column])

    columns = {
        column: [written(row, column) for _, row in table.iterrows()]
        for column in ("all", "from_nurture")
    }
    return table.assign(**columns)
