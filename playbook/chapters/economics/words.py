"""What each figure about money says, and how the tables' columns are named and written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook import format as fmt
from playbook.chapters.economics.board import APART, main_model, total
from playbook.chapters.economics.dots import traps
from playbook.chapters.economics.returned import ALL
from playbook.chapters.economics.verdict_words import money
from playbook.chapters.span import span
from playbook.chapters.words import Words
from playbook.format import div

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book
    from playbook.chapters.economics.moved import Reallocation
    from playbook.economics import Usual

_MONEY = (
    "cost", "media", "other", "direct", "divided", "pipeline", "won_amount", "cpl", "cost_per_mql",
    "cost_per_sql", "cost_per_opportunity", "cac", "figure", "limit", "won_in_span", "own_revenue",
    "from_earlier_leads", "won_after_span", "revenue", "start", "proposal", "proposed", "move",
    "quarter_cost", "next_lead_costs", "cost_per_conversion",
)  # fmt: skip
_PRICES = ("cpl", "cost_per_mql", "cost_per_sql", "cost_per_opportunity", "cac", "figure")
_RATIOS = (
    "roi", "simple_roi", "realised_roi", "difference", "by_earlier_leads", "by_later_wins",
    "elasticity", "low", "high", "ratio", "ratio_low", "ratio_high",
)  # fmt: skip

UNITS: dict[str, str] = {
    **dict.fromkeys(_MONEY, "money"),
    **{f"{name}{side}": "money" for name in _PRICES for side in ("_low", "_high")},
    **dict.fromkeys(_RATIOS, "ratio"),
    **dict.fromkeys(("share", "spread", "change", "young_share"), "share"),
    **dict.fromkeys(("leads", "quarter_leads", "expected_customers", "before", "after"), "count"),
    **dict.fromkeys(("months", "lived", "age", "weeks_to_know"), "count"),
}
"""Units of the chapter's columns, as `show.table` takes them; `units` picks those of a table."""

NAMES: dict[str, tuple[str, str]] = {
    "channel": ("Channel", "渠道"),
    "cost": ("Cost", "消耗"),
    "leads": ("Leads", "线索"),
    "mql": ("MQL", "MQL"),
    "sql": ("SQL", "SQL"),
    "opportunities": ("Opportunities", "商机"),
    "pipeline": ("Pipeline", "商机金额"),
    "won": ("Won", "成交"),
    "won_amount": ("Won amount", "成交金额"),
    "customers": ("New customers", "新客户"),
    "expected_customers": ("Usual for its leads", "预期客户"),
    "cpl": ("Cost per lead", "CPL"),
    "cost_per_mql": ("Cost per MQL", "MQL成本"),
    "cost_per_sql": ("Cost per SQL", "SQL成本"),
    "cost_per_opportunity": ("Cost per opportunity", "商机成本"),
    "cac": ("Cost per customer", "CAC"),
    "cac_low": ("At least (95 %)", "CAC下限"),
    "cac_high": ("At most (95 %)", "CAC上限"),
    "roi": ("Simple ROI", "ROI"),
    "simple_roi": ("Simple ROI", "当期ROI"),
    "realised_roi": ("Realised ROI", "实现ROI"),
    "difference": ("Difference", "差异"),
    "by_earlier_leads": ("From earlier leads", "往期线索贡献"),
    "by_later_wins": ("Won after the span", "期后成交"),
    "young_share": ("Leads too young", "未成熟线索占比"),
    "verdict": ("Verdict", "结论"),
    "reason": ("Why", "理由"),
    "confidence": ("How sure", "把握"),
    "figure": ("Costs", "单位成本"),
    "limit": ("Line", "标准线"),
    "start": ("As things are", "原分配"),
    "proposal": ("Proposal", "建议分配"),
    "move": ("Move", "调整"),
    "conversions": ("Reported by the platform", "平台转化"),
    "ratio": ("Leads per reported", "线索/平台转化"),
    "months": ("Months", "月数"),
    "share": ("Share back", "回收比例"),
    "paid_back": ("Paid back", "已回本"),
    "elasticity": ("Elasticity", "弹性"),
    "basis": ("Rests on", "依据"),
    "proposed": ("Proposed", "建议"),
    "change": ("Change", "调整幅度"),
    "before": ("Expected now", "现预期"),
    "after": ("Expected then", "调整后预期"),
}
"""Headers of the chapter's columns, in English and in the handbook's words."""

MISSING: dict[str, str] = {
    "cac": "no customer came; the lower bound says how dear one is at least",
    "cpl": "no cost, or no leads",
    "months": "not yet paid back",
    "roi": "no cost",
}
"""Why figures may be missing."""


def units(table: pd.DataFrame) -> dict[str, str]:
    """The units of a table's columns that their names do not tell."""
    return {name: UNITS[name] for name in table.columns if name in UNITS}


def names(table: pd.DataFrame) -> dict[str, tuple[str, str]]:
    """The headers of a table's columns."""
    return {name: NAMES[name] for name in table.columns if name in NAMES}


def why_missing(table: pd.DataFrame) -> dict[str, str]:
    """Why figures of a table's columns may be missing."""
    return {name: MISSING[name] for name in table.columns if name in MISSING}


def cpl_vs_cac(book: Book) -> Words:
    """For cost per lead beside cost per customer (P03-X1)."""
    whole = total(book).iloc[0]
    found = traps(book).sort_values("cpl", ignore_index=True)
    if found.empty:
        title = "No channel is clearly cheap per lead and dear per customer"
    else:
        row = found.iloc[0]
        title = f"{row['channel']}: {money(book, row['cpl'])} a lead, {_per_customer(book, row)}"
    see = (
        f"{span(book).title}. One is what all channels together cost: {money(book, whole['cpl'])} "
        f"a lead, {money(book, whole['cac'])} a customer. A dot far left that runs far right is "
        "cheap per lead and dear per customer. Long bands rest on few customers."
    )
    alt = f"{title}. " + "; ".join(
        f"{row['channel']}: {money(book, row['cpl'])} a lead, {_per_customer(book, row)}"
        for _, row in found.iterrows()
    )
    return Words(title, see, alt)


def _per_customer(book: Book, row: pd.Series[Any]) -> str:
    if row["customers"] > 0:
        came = fmt.plural(row["customers"], "customer")
        return f"{money(book, row['cost'] / row['customers'])} a customer ({came})"
    return f"no customer for {money(book, row['cost'])}"


def shares(book: Book, table: pd.DataFrame, result: str = "customers") -> Words:
    """For shares of cost beside shares of what came of it.

    Args:
        book: The Book.
        table: What `as_share_pairs` returned.
        result: What it compared with, as in `as_share_pairs`.
    """
    noun = {"customers": "new customers", "won_amount": "won amount"}.get(result, result)
    short = table[table["emphasis"]].sort_values("spend", ascending=False)
    if short.empty:
        title = f"No channel takes more than twice its share of the {noun}"
    else:
        row = short.iloc[0]
        title = (
            f"{row['name']} takes {fmt.percent(row['spend'], 0)} of the cost and brings "
            f"{fmt.percent(row['result'], 0)} of the {noun}"
        )
    see = (
        f"{span(book).title}. A grey bar longer than the coloured one: more of the money than of "
        f"the {noun}. Strong colour where it is more than twice as long."
    )
    pairs = (
        f"{name}: {fmt.percent(spend, 0)} against {fmt.percent(came, 0)}"
        for name, spend, came in table[["name", "spend", "result"]].itertuples(index=False)
    )
    return Words(title, see, f"{title}. " + "; ".join(pairs))


def roi(book: Book, table: pd.DataFrame) -> Words:
    """For simple beside realised ROI.

    Args:
        book: The Book.
        table: What `roi` returned.
    """
    row = table[table["channel"] == ALL].iloc[0]
    title = (
        f"Simple ROI {_signed(row['simple_roi'])}, of the span's own leads "
        f"{_signed(row['realised_roi'])}"
    )
    earlier = money(book, row["from_earlier_leads"])
    see = (
        f"{span(book).title}. {roi_basis(book, table)} {earlier} of that amount came from leads "
        "captured before; realised ROI against what the span's own "
        f"leads have brought so far. {fmt.percent(row['young_share'], 0)} of these are younger "
        "than most wins take, so the second is not final."
    )
    return Words(title, see, f"{title}. {see}")


def roi_basis(book: Book, table: pd.DataFrame) -> str:
    """Whose deals the ROIs count, by whom they are credited, and what the board does instead.

    Args:
        book: The Book.
        table: What `roi` returned.
    """
    row = table[table["channel"] == ALL].iloc[0]
    model, kinds = main_model(book), " and ".join(book.rules.attribution.deal_types)
    board = (
        "as on the board on the digital page"
        if model == "lead"
        else f"the board on the digital page credits by attribution, model {model}"
    )
    return (
        f"By the lead's own channel; {board}. Simple ROI sets the cost against the deals won in "
        f"the span that belong to a lead of a channel with a cost: "
        f"{money(book, row['won_in_span'])} of {money(book, total(book)['won_amount'].iloc[0])} "
        f"won with deals of type {kinds}."
    )


def _signed(x: object) -> str:
    return fmt.MISSING if fmt.is_missing(x) else fmt.number(x, 2)


def payback(table: pd.DataFrame, usual: Usual) -> Words:
    """For the share of a month's cost that has come back.

    Args:
        table: What `payback` returned.
        usual: What `usual_payback` returned.
    """
    waiting = int((~table["paid_back"].astype(bool) & table["share"].notna()).sum())
    if fmt.is_missing(usual.months):
        title = f"{usual.paid_back} of {usual.cohorts} months have their cost back so far"
    else:
        title = f"A month's cost is usually back after {fmt.plural(usual.months, 'month')}"
        if not fmt.is_missing(usual.low) and not fmt.is_missing(usual.high):
            title += f" (95 %: {fmt.number(usual.low)} to {fmt.number(usual.high)})"
    see = (
        f"The leads of each month against the cost of that month. {usual.paid_back} of "
        f"{usual.cohorts} months are paid back; the {waiting} others count as still waiting, so "
        "that the quick ones alone do not decide. Revenue, before the cost of what is sold."
    )
    return Words(title, see, f"{title}. {see}")


def curves(table: pd.DataFrame) -> Words:
    """For response curves.

    Args:
        table: What `curves` returned.
    """
    accepted = table[table["accepted"].astype(bool)]
    n = len(table)
    if accepted.empty:
        title = f"For none of {fmt.plural(n, 'channel')} do the data carry a response curve"
    else:
        named = ", ".join(accepted["channel"].head(3))
        title = f"{len(accepted)} of {fmt.plural(n, 'channel')} have a response curve: {named}"
    see = (
        "Elasticity: per cent more leads for one per cent more cost. Below 1, each further amount "
        "brings less. A curve is believed only where its interval lies between 0 and 1. It is what "
        "happened to go together, no experiment."
    )
    pairs = zip(table["channel"], table["reason"], strict=True)
    why = "; ".join(f"{channel}: {reason}" for channel, reason in pairs if reason)
    return Words(title, see, f"{title}. {why}")


def reallocation(book: Book, found: Reallocation) -> Words:
    """For a budget moved along response curves.

    Args:
        book: The Book.
        found: What `reallocation` returned.
    """
    if found.plan is None:
        title = "No budget move is proposed: no channel has a response curve to move along"
        see = (
            "A move without a curve would be a guess. To know more, change the cost of a channel "
            "on purpose, up and down from week to week, and look again."
        )
        return Words(title, see, title)
    plan = found.plan
    gain, low, high = (fmt.number(x, 1) for x in (plan.gain, plan.gain_low, plan.gain_high))
    unit = found.outcome if found.outcome == "leads" else f"{found.outcome}s"
    title = f"The same budget could bring {gain} more {unit} a quarter (95 %: {low} to {high})"
    if found.budget != round(float(found.table["cost"].sum()), 2):
        title = f"{money(book, found.budget)} could bring {gain} {unit} more than now a quarter"
        title += f" (95 %: {low} to {high})"
    moved = found.table[found.table["moved"]]
    see = (
        f"Only the {fmt.plural(len(moved), 'channel')} with an accepted curve move, until one more "
        "unit of money brings the same in each or a bound is reached. Better in "
        f"{fmt.percent(plan.chance, 0)} of the curves that the data allow."
    )
    if abs(found.unplaced) >= 0.01:
        see += f" {money(book, found.unplaced)} could not be placed within the bounds."
    return Words(title, see, f"{title}. {see}")


def what_if(book: Book, found: Reallocation, elasticity: float) -> Words:
    """For a budget moved along a curve that is assumed.

    Args:
        book: The Book.
        found: What `what_if` returned.
        elasticity: What was assumed.
    """
    if found.plan is None:
        title = "Nothing was spent lately, so there is nothing to move"
        return Words(title, "", title)
    plan, table = found.plan, found.table
    gain, low, high = (fmt.number(x, 1) for x in (plan.gain, plan.gain_low, plan.gain_high))
    unit = found.outcome if found.outcome == "leads" else f"{found.outcome}s"
    power = fmt.number(elasticity, 2).rstrip("0")
    title = (
        f"An assumption, no proposal: if 1 % more cost brought {power} % more leads, "
        f"{gain} {unit} more a quarter (95 %: {low} to {high})"
    )
    if abs(found.budget - float(table["cost"].sum())) >= 0.01:
        title += f" for {money(book, found.budget)}"
    counts = "leads" if unit == "leads" else f"leads and {unit}"
    counted = table["basis"].value_counts()
    said = ", ".join(f"{basis}: {fmt.plural(counted[basis], 'channel')}" for basis in counted.index)
    see = (
        f"An assumption, not a finding. What each channel's elasticity rests on: {said}. The "
        f"interval holds the counts of {counts} and the fitted curves; the assumption is "
        "taken as given, so try others."
    )
    if abs(found.unplaced) >= 0.01:
        see += f" {money(book, found.unplaced)} could not be placed within the bounds."
    return Words(title, see, f"{title}. {see}")


def verdicts(table: pd.DataFrame) -> Words:
    """For keep, watch and cut.

    Args:
        table: What `verdicts` returned.
    """
    groups = {
        verdict: list(table.loc[table["verdict"] == verdict, "channel"])
        for verdict in ("cut", "watch", "keep")
    }
    cut = groups["cut"]
    some = ", ".join(cut[:3]) + (" and others" if len(cut) > 3 else "")
    kept, watched = len(groups["keep"]), len(groups["watch"])
    title = f"Cut {some}" if cut else "Nothing is to be cut"
    title += f"; keep {kept}, watch {watched}"
    see = (
        "A channel is cut only where the whole 95 % interval of what a customer costs lies above "
        "the line, or of what an SQL costs where customers are too few to tell; kept where all of "
        "it lies below. All others are watched: the data cannot tell."
    )
    listed = "; ".join(
        f"{verdict}: {', '.join(group) or 'none'}" for verdict, group in groups.items()
    )
    return Words(title, see, f"{title}. {listed}")


def platform(table: pd.DataFrame, by: str = "channel") -> Words:
    """For platform-reported conversions beside CRM leads.

    Args:
        table: What `platform` returned.
        by: What it is broken down by.
    """
    said, there = table["conversions"].sum(), table["leads"].sum()
    ratio = fmt.number(div(there, said), 2)
    title = (
        f"The platforms report {fmt.number(said)} conversions, {fmt.number(there)} leads arrived"
    )
    known = table[table["ratio"].notna()].sort_values("ratio")
    see = f"{ratio} leads per reported conversion."
    if len(known) > 1:
        low, high = known.iloc[0], known.iloc[-1]
        see += (
            f" Lowest with {low[by]} ({fmt.number(low['ratio'], 2)}), highest with {high[by]} "
            f"({fmt.number(high['ratio'], 2)})."
        )
    see += (
        " A platform counts what its own tag saw, the CRM people; bids set by the platform's count "
        "follow the platform's mistakes."
    )
    return Words(title, see, f"{title}. {see}")


def board_note(book: Book, model: str) -> str:
    """What the board counts and who is credited, as a note below it.

    Args:
        book: The Book.
        model: The model of the board, or "lead".
    """
    who = (
        "the channel of the deal's lead"
        if model == "lead"
        else f"attribution, model {model}: credits come in parts"
    )
    kinds = " and ".join(book.rules.attribution.deal_types)
    return (
        f"{span(book).title}. Opportunities and deals of type {kinds}, credited by {who}. Ratios "
        f"are of sums. Rows that are no channel ({', '.join(APART)}) stand last, so that all adds "
        "up."
    )
