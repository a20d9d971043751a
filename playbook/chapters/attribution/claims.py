"""What the chapter says about who made the revenue: findings and the headline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook import format as fmt
from playbook.book import remembered
from playbook.chapters import economics
from playbook.chapters.attribution import credit
from playbook.chapters.attribution.before_form import before_form
from playbook.chapters.attribution.compare import ALL, UNATTRIBUTED, agreement, by_models, drawn
from playbook.chapters.attribution.credit import MODEL_NAMES
from playbook.chapters.attribution.inputs import NAMES, valued
from playbook.chapters.attribution.part_words import events_kind
from playbook.chapters.attribution.parts import earlier_stage, events_cost, events_share
from playbook.chapters.attribution.reconcile import reconciliation
from playbook.chapters.attribution.scope import known, pictured
from playbook.chapters.attribution.words import FEW, money
from playbook.chapters.growth.pace import ENOUGH
from playbook.chapters.span import span
from playbook.findings import Finding, Level, by_level
from playbook.format import div

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book

MANY_UNATTRIBUTED = 0.2
"""Share of the deals in scope without a touch from which on it is worth a look (ours)."""


@remembered
def findings(book: Book) -> list[Finding]:
    """What attribution and the returns say about the months of the rules, most pressing first."""
    deals = known(book)
    found = [
        *(_credited(book) if "won" in deals else []),
        *_last_touch(book),
        *_agreed(book),
        *_brand(book),
        *_events(book),
        *economics.findings(book, about="return"),
    ]
    return by_level(found)


def headline(book: Book, table: pd.DataFrame) -> str:
    """The answer to the chapter's question in one sentence.

    Args:
        book: The Book.
        table: What `metrics` returned.
    """
    deals = table.set_index("key")["value"].get("credited_deals")
    if "won" in known(book) and (not fmt.is_missing(deals) or _won(book)[0]):
        return _sentence(book)
    kind = pictured(book)
    found = by_models(book, kind)
    n = float(found.iloc[-1][book.rules.attribution.main_model])
    if not n:
        return f"Nothing to credit in {span(book).title}: no {NAMES[kind]}."
    top = found.iloc[0]
    share = div(top[book.rules.attribution.main_model], n)
    return (
        f"{top['channel']} is credited with {fmt.percent(share, 0)} of the {fmt.number(n)} "
        f"{NAMES[kind]} of {span(book).title}; no deals are recorded."
    )


def _won(book: Book) -> tuple[int, int]:
    """Deals in scope won over the span, and those of them with a touch."""
    totals = credit.credits(book, "won").totals["conversions"].astype(int)
    return int(totals.iloc[-1]), int(totals.iloc[0])


def _sentence(book: Book) -> str:
    deals, touched = _won(book)
    kind, title = fmt.plural(deals, "new deal"), span(book).title
    if not deals:
        return f"No deal to be credited was won in {title}."
    if not touched:
        return f"Not one of the {kind} won in {title} had a touch before it."
    table = by_models(book, "won").set_index("channel")
    main = book.rules.attribution.main_model
    whole, left = table.loc[ALL, main], table[main].get(UNATTRIBUTED, 0.0)
    own = table.drop(index=[ALL, UNATTRIBUTED], errors="ignore")
    ranked = own[main].sort_values(ascending=False, kind="stable")
    top = [f"{name} {fmt.percent(div(ranked[name], whole), 0)}" for name in ranked.index[:3]]
    without = f"{fmt.number(deals - touched)} of {kind} had no touch"
    if deals == touched:
        without = f"all {kind} had a touch" if deals > 1 else "that one deal had a touch"
    what = f"{money(book, whole)} new business" if valued(book, "won") else f"{kind}"
    return (
        f"Of {what} won in {title}, "
        f"{fmt.percent(1 - div(left, whole), 0)} is credited to touches, most of it to "
        f"{fmt.listed(top)} ({MODEL_NAMES[main]} model); {without}."
    )


def _credited(book: Book) -> list[Finding]:
    """B2-M2: how much is credited at all, and on how many journeys that rests."""
    deals, touched = _won(book)
    if deals == touched:
        return []
    claim = (
        f"{fmt.number(deals - touched)} of the {fmt.plural(deals, 'new deal')} won in "
        f"{span(book).title} had no touch in the "
        f"{book.rules.attribution.lookback_days:g} days before."
    )
    without, led = _without_lead(book)
    evidence = (
        f"{_unattributed_amount(book)}{fmt.number(without)} of these deals belong to no lead, "
        f"{fmt.number(led)} to a lead whose touches are older or not recorded."
    )
    if touched < FEW:
        evidence += (
            f" {fmt.plural(touched, 'journey')} to a deal are few: shares of the won amount are "
            f"loose, those of {NAMES[earlier_stage(book)]} and opportunities carry more."
        )
    level: Level = "watch" if deals - touched >= MANY_UNATTRIBUTED * deals else "info"
    remedy = "Let sales record how the contact began on every deal without a lead."
    needed = level == "watch" and without
    return [
        Finding(
            "B2-M2/unattributed",
            level,
            claim,
            evidence,
            remedy if needed else "",
            "head of sales" if needed else "",
            "",
        )
    ]


def _unattributed_amount(book: Book) -> str:
    """What they are worth, as the start of a sentence; empty where amounts are not known."""
    if not valued(book, "won"):
        return ""
    rows = reconciliation(book)["won_amount"]
    whole = rows.iloc[0] + rows.iloc[1]
    return f"{money(book, rows.iloc[1])} of {money(book, whole)} is unattributed; "


def _without_lead(book: Book) -> tuple[int, int]:
    """Of the deals without a touch: how many belong to no lead, how many to one."""
    from playbook.chapters.attribution.declared import deal_credits

    days = span(book)
    deals = deal_credits(book)
    inside = (deals["closed_at"] >= days.start) & (deals["closed_at"] < days.end)
    ids = deals.loc[inside & ~deals["is_touched"].astype(bool), "opportunity_id"].tolist()
    row = book.sql(
        """SELECT count(*) FILTER (lead_id IS NULL) AS without, count(lead_id) AS led FROM deal
        WHERE list_contains($ids, opportunity_id)""",
        ids=ids,
    ).iloc[0]
    return int(row["without"]), int(row["led"])


def _judged_by(book: Book) -> str:
    """The conversion by which the models are compared: the latest with enough journeys."""
    return pictured(book)


def _last_touch(book: Book) -> list[Finding]:
    """Where the last touch alone misleads: what the first touch brings and the last hides."""
    names = {model.name for model in drawn(book, _judged_by(book)).models}
    if not {"first", "last"} <= names:
        return []
    kind = _judged_by(book)
    found = drawn(book, kind)
    if found.journeys < ENOUGH:
        return []
    wide = found.wide("conversions").set_index("channel").drop(index=UNATTRIBUTED, errors="ignore")
    gaps = (wide["first"] - wide["last"]).sort_values(ascending=False, kind="stable")
    apart = set(_beyond(book, kind))
    hidden = [name for name in gaps.index if gaps[name] > 0 and name in apart][:3]
    if not hidden:
        return []
    shares = [
        f"{name} {fmt.percent(div(wide['first'][name], found.journeys), 0)} and "
        f"{fmt.percent(div(wide['last'][name], found.journeys), 0)}"
        for name in hidden
    ]
    claim = (
        f"Judged by the last touch alone, {fmt.listed(hidden)} would lose budget: "
        f"{'it begins' if len(hidden) == 1 else 'they begin'} more journeys to {NAMES[kind]} than "
        f"{'it ends' if len(hidden) == 1 else 'they end'}."
    )
    evidence = (
        f"Share of {fmt.number(found.journeys)} journeys by first and by last touch: "
        f"{'; '.join(shares)}. The difference between models is beyond chance."
    )
    remedy = "Decide on budgets by first, linear and last touch side by side, never by last alone."
    return [
        Finding(
            "B2-M2/last-touch", "watch", claim, evidence, remedy, "head of marketing", "",
            "no cut where demand begins", "one decision",
        )
    ]  # fmt: skip


def _beyond(book: Book, kind: str) -> list[str]:
    """Channels for which the models differ by more than chance."""
    table = agreement(book, kind)
    return table.loc[table["is_beyond_noise"].astype(bool), "channel"].tolist()


def _agreed(book: Book) -> list[Finding]:
    """On which channels the models agree: there the choice of model decides nothing."""
    kind = _judged_by(book)
    table = agreement(book, kind)
    if table.empty:
        return []
    same = table[~table["is_beyond_noise"].astype(bool)].sort_values(
        "highest", ascending=False, kind="stable"
    )
    claim = (
        f"For {len(same)} of {len(table)} channels {fmt.number(drawn(book, kind).journeys)} "
        f"journeys to {NAMES[kind]} cannot tell the models apart."
    )
    largest = [
        f"{row['channel']} {fmt.percent(row['lowest'], 0)} to {fmt.percent(row['highest'], 0)}"
        for _, row in same.head(3).iterrows()
    ]
    apart = _beyond(book, kind)
    evidence = f"Lowest and highest share: {'; '.join(largest)}." if largest else ""
    if apart:
        evidence += f" They differ beyond chance for {fmt.listed(apart[:5])}."
    return [Finding("B2-M2/agreement", "info", claim, evidence.strip(), question="")]


def _brand(book: Book) -> list[Finding]:
    """Ads on the own name stand last; whether they change anything, alike leads tell."""
    if not book.has("lead_journey.sql_at", "keyword.word_class"):
        return []
    table = before_form(book).set_index("kind")
    if "clicked a brand ad" not in table.index:
        return []
    row: Any = table.loc["clicked a brand ad"]
    if not row["low"] <= 0 <= row["high"]:
        return []
    adds = table[(table["low"] > 0)].sort_values("difference", ascending=False, kind="stable")
    claim = (
        f"A click on an ad for our own name stands last before "
        f"{fmt.percent(row['last_share'], 0)} of the forms of later SQLs, yet leads with it become "
        "SQL no more often than leads alike."
    )
    evidence = (
        f"SQL among {fmt.number(row['leads'])} leads with it {fmt.percent(row['rate_with'])}, "
        f"among alike leads without it {fmt.percent(row['rate_without'])} (difference "
        f"{fmt.points(row['difference'])}, 95 % {fmt.points(row['low'])} to "
        f"{fmt.points(row['high'])})."
    )
    if len(adds):
        more = [f"{kind} ({fmt.points(adds['difference'][kind])})" for kind in adds.index[:3]]
        evidence += f" Of those who {fmt.listed(more)} more became SQL."
    remedy = (
        "Pause brand ads in half of the regions for four weeks and compare forms and SQLs: only "
        "that tells what they add."
    )
    return [
        Finding(
            "B2-M2/brand-ads", "watch", claim, evidence, remedy, "digital marketing", "",
            "the cost of brand ads, if they add nothing", "four weeks",
        )
    ]  # fmt: skip


def _events(book: Book) -> list[Finding]:
    """B2-M2: what events are credited with by first, last and linear, beside what they cost."""
    table = events_share(book)
    if table.empty or not table["n"].max() or not table["value"].max() > 0:
        return []
    kind, cost = events_kind(table), events_cost(book)
    own = table[table["conversion"] == kind].set_index("model")
    low, high = own["value"].min(), own["value"].max()
    claim = f"Events are credited with {_range(low, high)} of the {kind}"
    each = "; ".join(f"{name} {fmt.percent(row['value'])}" for name, row in own.iterrows())
    evidence = f"{fmt.number(own['n'].iloc[0])} journeys of {span(book).title}: {each}."
    level: Level = "info"
    remedy = owner = ""
    if not fmt.is_missing(cost["share"]):
        claim += f" and cost {fmt.percent(cost['share'], 0)} of the marketing money"
        ends = own["high"].max()
        if not fmt.is_missing(ends) and ends < cost["share"]:
            level, owner = "watch", "head of marketing"
            evidence += (
                f" Even the highest interval ends at {fmt.percent(ends, 0)}. Events serve more "
                "than new deals: brand, partners and customers are not in these credits."
            )
            remedy = (
                "Before the next event budget, write down each event's goal; move the money of "
                "those held for leads that brought none."
            )
    return [Finding("B2-M2/events", level, f"{claim}.", evidence, remedy, owner, "")]


def _range(low: float, high: float) -> str:
    one, other = fmt.percent(low, 0), fmt.percent(high, 0)
    return one if one == other else f"{one.removesuffix(' %')} to {other}"
