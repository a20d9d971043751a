"""What the chapter says about the period: findings and the headline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook import format as fmt
from playbook.book import remembered
from playbook.chapters import economics
from playbook.chapters.digital.blocking import blocking, candidates
from playbook.chapters.digital.classes import by, wasted
from playbook.chapters.digital.declared import advertised
from playbook.chapters.digital.explained import failing
from playbook.chapters.digital.health import health
from playbook.chapters.digital.inputs import FEWEST
from playbook.chapters.digital.layers import NONE, UNKNOWN
from playbook.chapters.digital.money import money
from playbook.chapters.digital.pages import mislanded
from playbook.chapters.digital.search import ai_leads_trend, cited_trend, visibility
from playbook.chapters.digital.tracking import lacking, tracking
from playbook.chapters.digital.words import named, worth_a_month
from playbook.chapters.span import span
from playbook.findings import Finding, Level, by_level
from playbook.format import div
from playbook.funnel import differences

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book

MOST = 3
"""Channels whose failing layer is a finding; the table has them all."""

RARE = 0.05
"""Below this p value chance is no explanation."""


@remembered
def findings(book: Book) -> list[Finding]:
    """What the rules of P03 say about the months up to the period's end, most pressing first."""
    found = []
    if book.has("ad_daily"):
        found += [*_waste(book), *_blocking(book), *_landing(book), *_intents(book)]
    found += [*_layers(book), *_health(book), *_tracking(book), *_answers(book), *_places(book)]
    return by_level(found)


def headline(book: Book, table: pd.DataFrame) -> str:
    """The answer to the chapter's question in one sentence.

    Args:
        book: The Book.
        table: What `metrics` returned.
    """
    rows = table.set_index("key")
    title = book.period.title
    if not advertised(book) or fmt.is_missing(rows.loc["ad_cpl", "denominator"]):
        return f"{title}: {_without_ads(book)}"
    cost, leads = rows.loc["ad_cpl", ["numerator", "denominator"]]
    text = f"{title}: {money(book, cost)} on advertised channels, {fmt.plural(leads, 'lead')}"
    mql = rows.loc["ad_cost_per_mql"]
    if mql["denominator"] > 0:
        text += f" and {fmt.number(mql['denominator'])} MQL at {money(book, mql['value'])} each"
        if not fmt.is_missing(mql["previous"]):
            text += f" (the {book.period.kind} before {money(book, mql['previous'])})"
    waste = wasted(book)
    clear = waste[waste["p_value"] < RARE]
    if len(clear):
        row = clear.iloc[0]
        text += (
            f"; over {_months(book)} {fmt.percent(row['cost_share'], 0)} of {row['platform']}'s "
            "search cost went to broad-match words without an MQL"
        )
    return f"{text}."


def _without_ads(book: Book) -> str:
    """What cost and leads say where no ad report does."""
    absent = "ad reports of the period are missing, so nothing is known of clicks and search words"
    if economics.missing(book):
        return f"no cost is on record, and {absent}."
    whole = economics.total(book).iloc[0]
    text = f"{money(book, whole['cost'])} for {fmt.plural(whole['leads'], 'lead')}"
    if not fmt.is_missing(whole["cpl"]):
        text += f", {money(book, whole['cpl'])} each"
    table = economics.unit_costs(book)
    table = table[table["cpl"].notna() & ~table["channel"].isin(economics.APART)]
    priced = table.sort_values("cpl")
    if len(priced) > 1:
        low, high = (f"{money(book, r['cpl'])} ({r['channel']})" for _, r in _ends(priced))
        text += f", by channel from {low} to {high}"
    return f"over {_months(book)} {text}; {absent}."


def _ends(table: pd.DataFrame) -> list[tuple[Any, pd.Series[Any]]]:
    return list(table.iloc[[0, -1]].iterrows())


def _months(book: Book) -> str:
    return span(book).title


def _waste(book: Book) -> list[Finding]:
    """Words on broad match that cost and never bring an MQL (P03-T2, T3)."""
    found = []
    for row in wasted(book).to_dict("records"):
        if not row["p_value"] < RARE:
            continue
        first = ", ".join(row["names"][:3]) + (" …" if len(row["names"]) > 3 else "")
        claim = (
            f"{row['words']} words on broad match ({first}) took "
            f"{fmt.percent(row['cost_share'], 0)} of {row['platform']}'s search cost, "
            f"{money(book, row['cost'])}, and brought no MQL."
        )
        evidence = (
            f"{_months(book)}; classes: {row['classes']}; intents: {row['intents']}. "
            f"{fmt.number(row['clicks'])} clicks, {fmt.plural(row['leads'], 'lead')}; the same "
            f"money brought {row['expected']:.0f} MQLs with the platform's other words "
            f"(p {_p(row['p_value'])}). {fmt.percent(row['home_share'], 0)} of it lands on the "
            "home page."
        )
        remedy = (
            "Pause these words, or keep them on exact match with the negative words and a page of "
            "their own; give the money to words whose cost per MQL is below the usual."
        )
        days = (span(book).last - span(book).first).days + 1
        worth = f"about {money(book, row['cost'] / days * 30.4)} a month"
        found.append(
            Finding(
                f"P03-T2/waste-{row['platform']}", "act", claim, evidence, remedy,
                "digital marketing", "next", worth, "days",
            )
        )  # fmt: skip
    return found


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"= {value:.2g}"


def _blocking(book: Book) -> list[Finding]:
    """Negative words that are still paid for, and new ones (P03-T4)."""
    saved, found = blocking(book), []
    paid = saved.words[saved.words["cost"] > 0].sort_values("cost", ascending=False)
    if len(paid):
        claim = (
            f"Searches with {', '.join(paid['word'].head(6))} cost {money(book, saved.cost)}, "
            f"{fmt.percent(saved.cost_share, 0)} of the search cost."
        )
        leaks = paid.loc[paid["state"] == "leaks", "word"]
        evidence = (
            f"{_months(book)}, {fmt.number(paid['clicks'].sum())} clicks. Their keywords brought "
            f"{fmt.plural(saved.leads_most, 'lead')} and {fmt.number(saved.mql_most)} MQL in all: "
            "blocking cannot lose more. Partly the same money as words on broad match."
        )
        evidence += f" Declared as blocked, yet paid: {', '.join(leaks)}." if len(leaks) else ""
        level: Level = (
            "act" if saved.cost_share >= book.rules.keywords.health.negative[1] else "watch"
        )
        found.append(
            Finding(
                "P03-T4/negative", level, claim, evidence, "Block these words in every account.",
                "digital marketing", "", worth_a_month(book), "an hour",
            )
        )  # fmt: skip
    new = candidates(book)
    new = new[new["is_clear"].astype(bool)]
    if len(new):
        claim = f"Not on the list yet: {', '.join(new['word'].head(5))} cost money without an MQL."
        evidence = "; ".join(
            f"{r.word} {money(book, r.cost)} where {r.expected:.1f} MQL would be usual"
            for r in new.head(3).itertuples()
        )
        found.append(
            Finding(
                "P03-T4/new", "watch", claim, f"{evidence}. {_months(book)}.",
                "Look at the searches, then add them to [keywords] negative.",
                "digital marketing", "", "", "an hour",
            )
        )  # fmt: skip
    return found


def _landing(book: Book) -> list[Finding]:
    """Words of high intent on the home page (P03-T3)."""
    table = mislanded(book)
    high = table[table["verdict"].str.startswith("high")]
    if high.empty:
        return []
    claim = (
        f"{fmt.plural(len(high), 'word')} of high intent "
        f"{'lands' if len(high) == 1 else 'land'} on the wrong page: "
        f"{money(book, high['cost'].sum())}, {fmt.number(high['mql'].sum())} MQL."
    )
    pages = ", ".join(dict.fromkeys(high["page"].dropna()))
    evidence = (
        f"{_months(book)}; they land on {pages}. {', '.join(high['keyword'].head(4))}. That "
        "another page would bring more is likely, not shown: test it."
    )
    remedy = "Send each to a product, case, trial or inquiry page, half of the visits at first."
    limit = book.rules.keywords.health.misled[0]
    spent = by(book, "platform")["cost"].sum()
    level: Level = "act" if div(high["cost"].sum(), spent) >= limit else "watch"
    return [
        Finding(
            "P03-T3/landing", level, claim, evidence, remedy, "website and SEO", "", "", "a week"
        )
    ]


def _intents(book: Book) -> list[Finding]:
    """Budget against intent (P03-R2)."""
    table = by(book, "intent_stage")
    low = table[(table["intent_stage"] == "awareness") & table["is_below"]]
    if low.empty:
        return []
    row = low.iloc[0]
    claim = (
        f"{named('awareness').capitalize()} searches take {fmt.percent(row['cost_share'], 0)} of "
        f"the search cost and bring {fmt.percent(row['mql_share'], 0)} of the MQLs."
    )
    evidence = (
        f"{_months(book)}, {fmt.number(row['mql'])} of {fmt.number(table['mql'].sum())} MQLs "
        f"(95 % {fmt.interval(row['mql_share_low'], row['mql_share_high'])} of them), "
        f"p {_p(row['p_adjusted'])}."
    )
    remedy = "High intent, high budget: cap the bids of awareness words, answer them with content."
    return [
        Finding("P03-R2/intent", "watch", claim, evidence, remedy, "digital marketing", "", "", "")
    ]


def _layers(book: Book) -> list[Finding]:
    """The failing layer of each channel with a cost (P03-L1)."""
    table = failing(book)
    bad = table[~table["layer"].isin([NONE, UNKNOWN])]
    found = []
    for row in bad.head(MOST).to_dict("records"):
        number, _, step = row["layer"].partition(" · ")
        cost = "" if fmt.is_missing(row["cost"]) else f" ({money(book, row['cost'])})"
        claim = f"{row['channel']}{cost} fails in layer {number}, {_small(step)}: {row['evidence']}"
        evidence = (
            f"{_months(book)}, beside the other online channels, all comparisons allowed for. "
            "Where it fails, not why."
        )
        found.append(
            Finding(
                f"P03-L1/{row['channel']}", "watch", claim, evidence, row["look_at"],
                "digital marketing", "", "", "",
            )
        )  # fmt: skip
    return found


def _small(name: str) -> str:
    """A name inside a sentence: its first letter small, but for an abbreviation."""
    return name if name[:2].isupper() else name[:1].lower() + name[1:]


def _health(book: Book) -> list[Finding]:
    table = health(book)
    act = table[table["state"] == "act"]
    if act.empty:
        return []
    claim = (
        f"{len(act)} of eleven points of the health check {'needs' if len(act) == 1 else 'need'} "
        f"action before any budget grows: "
        f"{', '.join(_small(point) for point in act['point'])}."
    )
    evidence = "; ".join(f"{r.point}: {r.figure}" for r in act.itertuples())
    remedy = " ".join(dict.fromkeys(act["remedy"]))
    owner = "digital marketing"
    return [Finding("P03-T1/health", "watch", claim, f"{evidence}.", remedy, owner, "")]


def _tracking(book: Book) -> list[Finding]:
    """Leads of advertised channels that nobody can trace (P03-T6)."""
    if not book.has("ad_daily") or lacking(book):
        return []
    table = tracking(book)
    own = table[table["is_advertised"]]
    leads, lost = own["leads"].sum(), own["untraced"].sum()
    if leads < FEWEST or not lost:
        return []
    share = 1 - lost / leads
    watch, _ = book.rules.keywords.health.tracked
    claim = (
        f"{fmt.number(lost)} of {fmt.number(leads)} leads of advertised channels cannot be traced "
        "to campaign and keyword."
    )
    every = table.iloc[-1]
    evidence = (
        f"{_months(book)}; traced {fmt.rate(share, leads)}. Over all channels "
        f"{fmt.number(every['untraced'])} of {fmt.number(every['leads'])} lack channel, campaign "
        "or keyword."
    )
    if share >= watch:
        claim = f"{fmt.percent(share, 0)} of the leads of advertised channels can be traced."
        return [Finding("P03-T6/tracking", "good", claim, evidence, question="")]
    remedy = "Carry campaign and keyword in every landing page's address into the CRM."
    return [
        Finding("P03-T6/tracking", "watch", claim, evidence, remedy, "marketing operations", "", "",
                "days")
    ]  # fmt: skip


def _answers(book: Book) -> list[Finding]:
    """AI answers as a source (P03-R4)."""
    cited = cited_trend(book)
    if len(cited) < 2:
        return []
    first, last = cited.iloc[0], cited.iloc[-1]
    p_value = _apart(first, last)
    if not p_value < RARE:
        return []
    rises = last["value"] > first["value"]
    claim = (
        f"AI answers cite the company in {fmt.percent(last['value'], 0)} of the tracked questions, "
        f"{fmt.percent(first['value'], 0)} in {_title(book, first['period'])}"
    )
    leads = ai_leads_trend(book)
    if len(leads):
        now, then = leads.iloc[-1], leads.iloc[0]
        claim += f"; AI search brings {fmt.plural(now['value'], 'lead')}, then {then['value']:.0f}"
    evidence = (
        f"{fmt.number(last['numerator'])} of {fmt.number(last['n'])} answers against "
        f"{fmt.number(first['numerator'])} of {fmt.number(first['n'])}, p {_p(p_value)}. "
        "Both rose together; what brought what is not shown."
    )
    if not rises:
        return [
            Finding("P03-R4/answers", "watch", f"{claim}.", evidence, "Look at the gap list.",
                    "website and SEO", "", "", "weeks")
        ]  # fmt: skip
    return [Finding("P03-R4/answers", "good", f"{claim}.", evidence, question="")]


def _apart(first: pd.Series[Any], last: pd.Series[Any]) -> float:
    """The p value of the difference between two shares."""
    sides = first.to_frame().T.assign(
        name="first", converted=last["numerator"], base_converted=first["numerator"],
        n=last["n"], base_n=first["n"],
    )  # fmt: skip
    return float(differences(sides)["p_value"].iloc[0])


def _title(book: Book, label: str) -> str:
    titles = {p.label: p.title for p in book.period.trailing(60)}
    return titles.get(label, label)


def _places(book: Book) -> list[Finding]:
    """Organic places (P03-M12)."""
    table = visibility(book)
    table = table[table["word_class"] == "all but brand"]
    if table.empty or table["readings"].iloc[0] < FEWEST:
        return []
    row = table.iloc[0]
    claim = (
        f"{fmt.percent(row['top10_share'], 0)} of the readings in organic search are in the first "
        f"ten places, the middle place is {fmt.number(row['rank'])}"
    )
    if not fmt.is_missing(row["rank_before"]):
        claim += f" (a year before {fmt.number(row['rank_before'])})"
    evidence = (
        f"{book.period.title}, {fmt.number(row['readings'])} readings of "
        f"{fmt.number(row['words'])} words other than the brand's; 95 % "
        f"{fmt.interval(row['top10_low'], row['top10_high'])}."
    )
    return [Finding("P03-M12/places", "info", f"{claim}.", evidence, question="")]
