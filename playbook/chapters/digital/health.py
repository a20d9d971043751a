"""The health check of accounts and channels, eleven points (P03-T1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from playbook import format as fmt
from playbook.book import remembered
from playbook.chapters import economics
from playbook.chapters.digital.blocking import blocking
from playbook.chapters.digital.inputs import ads, search_words, tracked
from playbook.chapters.digital.money import money
from playbook.chapters.digital.pages import mislanded, pages
from playbook.chapters.digital.search import covered
from playbook.chapters.digital.tracking import invalid_origin, lacking, tracking
from playbook.chapters.span import span
from playbook.format import div

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from playbook.book import Book

OK, WATCH, ACT, UNKNOWN = "ok", "watch", "act", "cannot say"
FAR = 2.0
"""Leads per reported conversion: from so many times more or less than one it is watched (ours)."""


class Point(NamedTuple):
    """One point of the check, judged.

    Attributes:
        state: `ok`, `watch`, `act` or `cannot say`.
        figure: Its number, in words.
        evidence: What it rests on, and what stands out.
        remedy: What to do; empty where there is nothing.
    """

    state: str
    figure: str
    evidence: str
    remedy: str = ""


def by_limits(value: float, limits: tuple[float, ...]) -> str:
    """`ok`, `watch` or `act`, by two shares: rising limits are reached from below.

    >>> by_limits(0.31, (0.1, 0.25)), by_limits(0.9, (0.95, 0.8)), by_limits(0.96, (0.95, 0.8))
    ('act', 'watch', 'ok')
    """
    if fmt.is_missing(value):
        return UNKNOWN
    watch, act = limits
    rises = act > watch
    reached = [value >= limit if rises else value < limit for limit in (watch, act)]
    return ACT if reached[1] else WATCH if reached[0] else OK


@remembered
def health(book: Book) -> pd.DataFrame:
    """The eleven points to check before a budget grows, over the months up to the period's end.

    Returns:
        One row per point, in the handbook's order: `point`, `zh`, `state` (`ok`, `watch`, `act`,
        `cannot say`), `figure` (its number, in words), `evidence`, `remedy`.
    """
    import pandas as pd

    rows = []
    for name, zh, needs, check in POINTS:
        absent = book.missing(*needs)
        point = _unsupplied(absent) if absent else check(book)
        remedy = point.remedy if point.state in {WATCH, ACT} else ""
        rows.append((name, zh, point.state, point.figure, point.evidence, remedy))
    columns = ["point", "zh", "state", "figure", "evidence", "remedy"]
    return pd.DataFrame(rows, columns=columns)


def _unsupplied(absent: list[str]) -> Point:
    return Point(UNKNOWN, fmt.MISSING, f"No data: supply {', '.join(absent)}.")


def _nothing(what: str) -> Point:
    return Point(UNKNOWN, fmt.MISSING, f"Nothing to judge by: {what}.")


def _share(value: float, of: str) -> str:
    return f"{fmt.percent(value, 0 if value >= 0.1 else 1)} of {of}"


def _structure(book: Book) -> Point:
    """Whether ad groups keep the classes apart."""
    rows = ads(book)
    rows = rows[rows["keyword_id"].notna() & (rows["cost"] > 0)]
    classes = tracked(book).set_index("keyword_id")["word_class"]
    rows = rows.assign(word_class=rows["keyword_id"].map(classes))
    rows = rows[rows["word_class"].notna()]
    if rows.empty:
        return _nothing("no keyword of a known class was paid for")
    keys = ["ad_account", "campaign", "ad_group"]
    groups = rows.groupby(keys, dropna=False).agg(
        classes=("word_class", "nunique"), cost=("cost", "sum")
    )
    mixed = groups[groups["classes"] > 1].sort_values("cost", ascending=False)
    share = div(mixed["cost"].sum(), groups["cost"].sum())
    told = f"{len(mixed)} of {fmt.plural(len(groups), 'ad group')} mix word classes"
    if len(mixed):
        told += f"; the dearest is {mixed.index[0][2]} ({mixed.index[0][1]})"
    return Point(
        by_limits(share, book.rules.keywords.health.mixed),
        _share(share, "search cost in mixed ad groups"),
        f"{told}.",
        "Give each class an ad group of its own: brand, industry, competitor, pain, product, "
        "solution.",
    )


def _precision(book: Book) -> Point:
    """How much goes to broad match where it is most, and what it brings."""
    table = search_words(book)
    known = table[table["match_type"].notna() & (table["cost"] > 0)]
    if known.empty:
        return _nothing("no match type on record")
    broad = known[known["match_type"] == "broad"]
    spent = known.groupby("platform")["cost"].sum()
    shares = div(broad.groupby("platform")["cost"].sum().reindex(spent.index).fillna(0.0), spent)
    platform = str(shares.sort_values().index[-1])
    rest = known.drop(broad.index)
    told = f"Broad match: {money(book, broad['cost'].sum())}, {_mql(broad)}"
    told += f"; phrase and exact: {money(book, rest['cost'].sum())}, {_mql(rest)}."
    return Point(
        by_limits(shares[platform], book.rules.keywords.health.broad),
        _share(shares[platform], f"search cost with {platform} on broad match"),
        told,
        "Move what brings MQLs to phrase or exact match, pause the rest.",
    )


def _mql(rows: pd.DataFrame) -> str:
    n = int(rows["mql"].sum())
    return f"{n or 'no'} MQL"


def _negatives(book: Book) -> Point:
    found = blocking(book)
    if fmt.is_missing(found.cost_share):
        return _nothing("no search term was paid for")
    paid = found.words[found.words["cost"] > 0].sort_values("cost", ascending=False)
    named = ", ".join(paid["word"].head(6))
    told = f"{money(book, found.cost)} on searches with {named}; {fmt.number(found.mql_most)} MQL "
    told += "of their keywords at most." if found.cost else ""
    if not found.cost:
        told = f"Not one of the {len(found.words)} negative words was paid for."
    return Point(
        by_limits(found.cost_share, book.rules.keywords.health.negative),
        _share(found.cost_share, "search cost on negative words"),
        told,
        "Block these words in every account, and look at new search terms each week.",
    )


def _landing(book: Book) -> Point:
    table = search_words(book)
    spent = table["cost"].sum()
    known = table.loc[table["page_type"].notna(), "cost"].sum()
    if not spent or not known:
        return _nothing("no word with a landing page was paid for")
    wrong = mislanded(book)
    share = div(wrong["cost"].sum(), spent)
    told = f"{fmt.plural(len(wrong), 'word lands', 'words land')} wrongly, "
    told += money(book, wrong["cost"].sum())
    high = wrong[wrong["verdict"].str.startswith("high")]
    told += (
        f"; {len(high)} of high intent ({money(book, high['cost'].sum())})." if len(wrong) else "."
    )
    return Point(
        by_limits(share, book.rules.keywords.health.misled),
        _share(share, "search cost on the wrong page"),
        told,
        "Send evaluation and decision words to product, case, trial or inquiry pages.",
    )


def _form(book: Book) -> Point:
    table = pages(book)
    seen, sent = table["form_views"].sum(), table["form_submits"].sum()
    if not seen:
        return _nothing("no form was seen")
    rate = div(sent, seen)
    told = f"{fmt.number(sent)} of {fmt.number(seen)} forms seen were sent."
    weak = table[table["is_below"]].sort_values("form_rate")
    state = by_limits(rate, book.rules.keywords.health.form)
    if len(weak):
        row = weak.iloc[0]
        told += f" Below the others: {row['page']} ({fmt.percent(row['form_rate'])})."
        state = WATCH if state == OK else state
    tested = _form_test(book)
    told += f" {tested}" if tested else " How many fields a form has is not on record."
    return Point(
        state,
        f"{fmt.percent(rate)} of forms sent",
        told,
        "Ask on the weak page only for what the next step needs, and test it.",
    )


def _form_test(book: Book) -> str:
    """The latest finished test of a form, in a sentence; empty where there is none."""
    table = book.sql(
        """SELECT experiment_id, arm, hypothesis, exposures, conversions
        FROM clean.experiment_arm WHERE element = 'form' AND end_date <= $last
        ORDER BY end_date DESC, experiment_id, arm <> 'control', arm""",
        last=span(book).last,
    )
    own = table[table["experiment_id"] == table["experiment_id"].iloc[0]] if len(table) else table
    if len(own) < 2 or "control" not in set(own["arm"]):
        return ""
    rates = [
        f"{row['arm']} {fmt.rate(div(row['conversions'], row['exposures']), row['exposures'])}"
        for row in own.to_dict("records")
    ]
    return f"Form test {own['experiment_id'].iloc[0]}: {', '.join(rates)}."


def _conversions(book: Book) -> Point:
    """Whether the platforms count what the CRM counts."""
    table = economics.platform(book)
    paid = table[table["cost"] > 0]
    if paid.empty:
        return _nothing("no media cost")
    blind = paid[paid["conversions"].fillna(0) == 0]
    told = "; ".join(
        f"{r.channel}: {fmt.number(r.leads)} leads for {fmt.number(r.conversions)} reported"
        for r in paid.itertuples()
    )
    ratios = paid["ratio"].dropna()
    far = (ratios > FAR) | (ratios < 1 / FAR)
    state = ACT if len(blind) else WATCH if far.any() else OK
    whole = div(paid["leads"].sum(), paid["conversions"].sum())
    figure = f"{fmt.number(whole, 2)} leads per reported conversion"
    return Point(
        state,
        figure,
        f"{told}.",
        "Compare tag and CRM lead by lead for a week; report MQLs back to the platform.",
    )


def _traceable(book: Book) -> Point:
    table = tracking(book)
    if absent := lacking(book):
        return _unsupplied(absent)
    own = table[table["is_advertised"]]
    leads, lost = own["leads"].sum(), own["untraced"].sum()
    if not leads:
        return _nothing("no lead of an advertised channel")
    share = div(leads - lost, leads)
    told = (
        f"{fmt.number(lost)} of {fmt.number(leads)} leads of advertised channels lack campaign or "
        "keyword"
    )
    if not book.has("lead_journey.mql_at"):
        told += "; MQLs are not recorded"
    return Point(
        by_limits(share, book.rules.keywords.health.tracked),
        _share(share, "their leads traced"),
        f"{told}.",
        "Carry campaign and keyword in every landing page's address into the CRM.",
    )


def _invalid(book: Book) -> Point:
    if not (book.has("lead.invalid_reason") or book.has("stage_event.reason_code")):
        return _unsupplied(["lead.invalid_reason"])
    n, known, reason = invalid_origin(book)
    if not n:
        return _nothing("no invalid lead")
    share = known / n
    told = f"{fmt.number(known)} of {fmt.number(n)} invalid leads carry reason and channel"
    told += f"; the commonest reason is {reason.replace('_', ' ')}." if reason else "."
    return Point(
        by_limits(share, book.rules.keywords.health.reasons),
        _share(share, "invalid leads explained"),
        told,
        "Make the reason a required field when a lead is marked invalid.",
    )


def _coverage(book: Book) -> Point:
    table = covered(book)
    if table.empty:
        return _nothing("no organic place on record for the period")
    least = table.iloc[0]
    told = "; ".join(
        f"{r.intent_stage} {fmt.number(r.found)} of {fmt.number(r.words)}"
        for r in table.itertuples()
    )
    return Point(
        by_limits(float(least["share"]), book.rules.keywords.health.top_ten),
        f"{fmt.percent(least['share'], 0)} of {least['intent_stage']} words in the first 10",
        f"In the first 10 results: {told}.",
        "Write the pages that the gap list names, decision words first.",
    )


def _call(book: Book) -> Point:
    table = pages(book)
    visits = table["sessions"].sum()
    if not visits:
        return _nothing("no visit on record")
    with_form = table["form_views"].fillna(0) > 0
    share = div(table.loc[with_form, "sessions"].sum(), visits)
    without = table[~with_form].head(1)
    told = f"{int(with_form.sum())} of {fmt.plural(len(table), 'page')} show a form"
    if len(without):
        row = without.iloc[0]
        told += f"; the most visited without one is {row['page']} ({fmt.number(row['sessions'])} "
        told += "visits)"
    return Point(
        by_limits(share, book.rules.keywords.health.with_form),
        _share(share, "visits meet a form"),
        f"{told}. Other calls to action are not on record.",
        "Put the next step on the pages that most visits see.",
    )


def _stages(book: Book) -> Point:
    table = book.sql(
        """SELECT journey_stage AS stage, count(*) AS n FROM clean.content
        WHERE journey_stage IS NOT NULL AND (published_at IS NULL OR published_at < $end)
            AND (expires_on IS NULL OR expires_on > $last) GROUP BY ALL""",
        end=span(book).end,
        last=span(book).last,
    )
    counts = dict(zip(table["stage"], table["n"], strict=True))
    told = ", ".join(f"{stage.replace('_', ' ')} {counts.get(stage, 0)}" for stage in STAGES)
    least = min(STAGES, key=lambda stage: counts.get(stage, 0))
    n = counts.get(least, 0)
    usual = sum(counts.values()) / len(STAGES)
    state = ACT if not n else WATCH if n < usual / 2 else OK
    return Point(
        state,
        f"{fmt.plural(n, 'asset')} for {least.replace('_', ' ')}",
        f"Published and not expired: {told}.",
        f"Fill the stage {least.replace('_', ' ')} first; gaps by industry stand with content.",
    )


STAGES = ("awareness", "interest", "evaluation", "decision", "post_sale")

_SEARCH = ("ad_daily", "keyword")
POINTS: tuple[tuple[str, str, tuple[str, ...], Callable[[Any], Point]], ...] = (
    ("Account structure", "账户结构", _SEARCH, _structure),
    ("Keyword precision", "关键词精准度", ("ad_daily.match_type",), _precision),
    ("Negative words", "否词完善度", ("ad_daily.search_term",), _negatives),
    ("Landing pages", "落地页承接", (*_SEARCH, "keyword.landing_content_id"), _landing),
    ("Form fields", "表单字段", ("web_daily.form_views",), _form),
    ("Conversion tracking", "转化埋点", ("ad_daily.conversions", "campaign"), _conversions),
    ("Traceability to MQL and SQL", "追踪到MQL/SQL", ("ad_daily", "lead.campaign_id"), _traceable),
    ("Reasons of invalid leads", "无效线索归因", ("lead_journey.is_valid",), _invalid),
    ("SEO coverage of intents", "SEO覆盖搜索意图", ("search_daily.rank", "keyword"), _coverage),
    ("Calls to action", "官网CTA", ("web_daily.form_views",), _call),
    ("Content for each stage", "内容承接购买阶段", ("content.journey_stage",), _stages),
)
"""Name, the handbook's name, what it needs, and how it is judged."""
