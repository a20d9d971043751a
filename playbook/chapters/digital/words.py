"""The words around the chapter's figures: their titles are built from their numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook import format as fmt
from playbook import keywords
from playbook.chapters.digital.blocking import Saving, blocking
from playbook.chapters.digital.inputs import CLASS_ZH, INTENT_ZH, search_words
from playbook.chapters.digital.layers import LAYERS, UNKNOWN
from playbook.chapters.digital.money import money
from playbook.chapters.digital.search import BACK, ai_mentions
from playbook.chapters.digital.tracking import ALL, lacking
from playbook.chapters.span import span
from playbook.chapters.words import Words

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book

GROUPS = {
    "word_class": "word class",
    "intent_stage": "intent",
    "match_type": "match type",
    "page_type": "type of landing page",
    "platform": "platform",
}


HEALTH = {"figure": "Figure", "remedy": "What to do"}
PRICES = dict.fromkeys(
    (
        "cpl", "cpl_low", "cpl_high", "cost_per_mql", "cost_per_mql_low", "cost_per_mql_high",
    ),
    "money",
)  # fmt: skip
CLASS_NAMES = {
    "zh": "Chinese",
    "gap": "MQL less cost",
    "cost_per_mql_low": "At least (95 %)",
    "cost_per_mql_high": "At most (95 %)",
}
CLASS_SHOWN = [
    "word_class", "zh", "words", "cost", "cost_share", "leads", "cpl", "mql",
    "mql_share", "cost_per_mql", "cost_per_mql_low", "cost_per_mql_high",
]  # fmt: skip
LAYER_SHOWN = [
    "channel", "step", "verdict", "n", "done", "figure", "low", "high", "others", "relative",
    "p_adjusted", "before", "change_p", "days",
]  # fmt: skip
LAYER_UNITS = {
    **dict.fromkeys(("figure", "low", "high", "others", "before", "relative"), "ratio"),
    "change_p": "p",
    "days": "count",
}
LAYER_NAMES = {
    "n": "Cost, leads or SQLs",
    "done": "Leads, SQLs or won",
    "before": "A year before",
    "days": "Days given",
}
NEGATIVE_NAMES = {
    "terms": "Searches",
    "keywords": "Keywords",
    "leads_most": "Leads at most",
    "mql_most": "MQL at most",
}
SEARCH_NAMES = {
    "rank": "Middle place",
    "rank_before": "A year before",
    "top3_share": "In the first 3",
    "top10_share": "In the first 10",
    "top10_low": "At least (95 %)",
    "top10_high": "At most (95 %)",
    "top10_before": "First 10, a year before",
    "volume": "Searches a day read",
}


def of_health(table: pd.DataFrame) -> Words:
    """For the eleven points; see `health`."""
    n = table["state"].value_counts()
    act, watch, ok = (int(n.get(state, 0)) for state in ("act", "watch", "ok"))
    open_ = int(n.get(UNKNOWN, 0))
    title = (
        f"Of eleven points {act} {'needs' if act == 1 else 'need'} action, "
        f"{watch} {'is' if watch == 1 else 'are'} to be watched, "
        f"{ok} {'is' if ok == 1 else 'are'} fine"
    )
    title += f", {open_} cannot be told" if open_ else ""
    if open_ == len(table):
        title = "Not one of the eleven points can be told yet"
    see = "Check these before any budget grows. The limits stand in [keywords.health]."
    alt = "; ".join(f"{r.point}: {r.state}" for r in table.itertuples())
    return Words(title, see, alt)


def as_health(table: pd.DataFrame) -> pd.DataFrame:
    """`health` with each point under both its names."""
    both = table["point"] + " " + table["zh"]
    return table.assign(point=both).drop(columns="zh")


def of_layers(book: Book, table: pd.DataFrame) -> Words:
    """For the three layers; see `failing`."""
    failing = table[~table["layer"].isin(["none", UNKNOWN])]
    if failing.empty:
        title = _none_fails(table)
    else:
        parts = [f"{r.channel} in {_layer(str(r.layer))}" for r in failing.head(3).itertuples()]
        title = f"Where channels fail: {', '.join(parts)}"
    see = (
        f"{span(book).title}. 1 ({LAYERS[0].zh}): what a lead costs. 2 ({LAYERS[1].zh}): leads "
        f"that became SQL. 3 ({LAYERS[2].zh}): SQLs that were won, over twice as long. Each beside "
        "the other online channels together."
    )
    alt = "; ".join(f"{r.channel}: {r.layer}" for r in table.itertuples())
    return Words(title, see, f"Failing layer by channel: {alt}.")


def _none_fails(table: pd.DataFrame) -> str:
    """That no channel fails, and how many can be judged at all."""
    judged, every = int((table["layer"] != UNKNOWN).sum()), len(table)
    if not judged:
        return "No online channel can be judged yet: too little to tell in every layer"
    if judged == every:
        return "No online channel fails in any layer beyond chance"
    whose = fmt.plural(every, "online channel")
    can = "can be judged: it fails" if judged == 1 else "can be judged: none fails"
    return f"{judged} of {whose} {can} in {'no' if judged == 1 else 'a'} layer beyond chance"


def _layer(name: str) -> str:
    number, _, step = name.partition(" · ")
    return f"layer {number} ({step})"


LEGEND = (
    "Red is worse than the other channels, or than last year, blue is better, by more than chance; "
    "grey may be chance; without a ground: too few to tell."
)


def of_groups(book: Book, table: pd.DataFrame, group: str) -> Words:
    """For shares of cost beside shares of MQL; see `classes.by`."""
    below = table[table["is_below"]].sort_values("gap")
    n = fmt.number(table["mql"].sum())
    label = GROUPS[group]
    if below.empty:
        title = f"No {label} brings fewer MQLs than its cost would, beyond chance"
    else:
        row = below.iloc[0]
        take, bring = ("take", "bring") if group == "word_class" else ("takes", "brings")
        title = (
            f"{named(row[group]).capitalize()} {take} {fmt.percent(row['cost_share'], 0)} of the "
            f"search cost and {bring} {fmt.percent(row['mql_share'], 0)} of the MQLs"
        )
    see = (
        f"{span(book).title}, n = {n} MQL. Strong colour: fewer MQLs than the cost, beyond chance."
    )
    alt = "; ".join(
        f"{named(row[group])} {fmt.percent(row['cost_share'])} of cost, "
        f"{fmt.percent(row['mql_share'])} of MQL"
        for row in table.to_dict("records")
    )
    return Words(title, see, f"Share of cost and of MQLs by {label}: {alt}.")


def named(name: object) -> str:
    """A class or an intent with the handbook's name.

    >>> named("industry"), named("home_page")
    ('industry words (行业词)', 'home page')
    """
    text = str(name).replace("_", " ")
    if name in CLASS_ZH:
        return f"{text} words ({CLASS_ZH[str(name)]})"
    return f"{text} ({INTENT_ZH[str(name)]})" if name in INTENT_ZH else text


def of_waste(table: pd.DataFrame) -> str:
    """What broad match without an MQL took, for the note below the classes."""
    if table.empty:
        return "No word on broad match went without an MQL."
    row = table.iloc[0]
    return (
        f"On broad match {fmt.plural(row['words'], 'word')} of {row['platform']} took "
        f"{fmt.percent(row['cost_share'], 0)} of its search cost without one MQL."
    )


def of_unclassified(book: Book) -> str:
    """What share of the search cost has no class, as a further sentence; empty for none."""
    share = keywords.unclassified(search_words(book))
    if fmt.is_missing(share) or not share:
        return " Every word that was paid for has a class."
    return f" Not classified: {fmt.percent(share)} of the search cost."


def of_mislanded(book: Book, table: pd.DataFrame) -> Words:
    """For the words that land wrongly; see `mislanded`."""
    if table.empty:
        return Words("Every word lands on a page that suits it", "", "No word lands wrongly.")
    high = table[table["verdict"].str.startswith("high")]
    many = fmt.plural(len(table), "word lands", "words land")
    title = f"{many} on the wrong page: {_spent(book, table)}"
    if len(high):
        title += f", {_spent(book, high)} of it with high intent"
    see = (
        f"{span(book).title}. Evaluation and decision go to product, case, trial or inquiry pages; "
        "nothing but brand words to the home page. Whether another page would have brought more "
        "is for a test to say."
    )
    return Words(title, see, title)


def _spent(book: Book, table: pd.DataFrame) -> str:
    return money(book, table["cost"].sum())


def of_blocking(book: Book, found: Saving, period: Saving) -> Words:
    """For the negative words; see `blocking`."""
    if not found.cost:
        return Words("No search with a negative word was paid for", "", "Nothing to save.")
    title = (
        f"Blocking would have saved {money(book, found.cost)} "
        f"({fmt.percent(found.cost_share, 0)} of the search cost)"
    )
    lost = "no MQL" if not found.mql_most else f"at most {fmt.plural(found.mql_most, 'MQL')}"
    see = (
        f"{span(book).title}; in {book.period.title} {money(book, period.cost)}. Searches have no "
        f"leads of their own: the keywords under which they came brought "
        f"{fmt.plural(found.leads_most, 'lead')} in all and {lost}. More cannot be lost, as far "
        "as leads name their keyword."
    )
    return Words(title, see, title)


def as_bars(table: pd.DataFrame, name: str = "word") -> pd.DataFrame:
    """What negative words cost as bars, with the clicks beside; see `blocking`, `saving_by`."""
    beside = [f"{fmt.number(clicks)} clicks" for clicks in table["clicks"]]
    rows = table.assign(name=table[name], value=table["cost"], beside=beside)
    return rows[["name", "value", "beside"]]


def of_candidates(found: pd.DataFrame, known: pd.DataFrame) -> Words:
    """For new negative words; see `candidates` and `rediscovered`."""
    clear = found[found["is_clear"].astype(bool)]
    if len(clear):
        title = f"New: {', '.join(clear['word'].head(5))} cost money and never brought an MQL"
    elif len(found):
        title = "Further words without an MQL have cost too little to tell"
    else:
        title = "No further word has cost money without an MQL"
    see = (
        "Words that people add to our keywords, where none of those keywords has an MQL. Expected "
        "is what the same money brought elsewhere in the account."
    )
    hits = known[known["is_clear"].astype(bool)]
    if len(hits):
        see += (
            f" Without the list, the search terms alone would have named "
            f"{', '.join(hits['word'].head(8))}."
        )
    return Words(title, see, title)


def of_tracking(book: Book, table: pd.DataFrame) -> Words:
    """For the completeness of tracking; see `tracking`."""
    whole = table[table["channel"] == ALL].iloc[0]
    if absent := lacking(book):
        title = f"Whether leads can be traced cannot be said: {', '.join(absent)} not supplied"
        see = f"{span(book).title}, {fmt.plural(whole['leads'], 'lead')}. Supply {absent[0]}"
        see += f" and {absent[1]}" if len(absent) > 1 else ""
        see += " to see what each channel's leads carry of their origin."
        return Words(title, see, title)
    title = (
        f"{fmt.percent(whole['traced_share'], 0)} of {fmt.plural(whole['leads'], 'lead')} can be "
        "traced to what brought them"
    )
    rest = table[(table["channel"] != ALL) & (table["untraced"] > 0)]
    worst = rest.sort_values("untraced", ascending=False).head(3)
    see = (
        f"{span(book).title}. Traced: channel, campaign and, where keywords are paid for, keyword."
    )
    if len(worst):
        said = ", ".join(f"{r.channel} {fmt.number(r.untraced)}" for r in worst.itertuples())
        see += f" Most untraced: {said}."
    return Words(title, see, title)


def of_cited(book: Book, trend: pd.DataFrame) -> Words:
    """For the share of AI answers that cite the company; see `cited_trend`."""
    first, last = trend.iloc[0], trend.iloc[-1]
    title = (
        f"AI answers cite the company in {fmt.rate(last['value'], last['n'])} of the tracked "
        f"questions, in {_period(book, first)} in {fmt.percent(first['value'])}"
    )
    see = (
        "All AI engines together; the band is the 95 % interval. What is asked is what the company "
        "chose to track, not all that people ask."
    )
    kept = ai_mentions(book)
    if kept.n:
        see += (
            f" In {span(book).title} {fmt.plural(kept.n, 'mention')} in AI answers were kept, "
            f"{fmt.number(kept.negative)} of them negative."
        )
    return Words(title, see, f"Share of AI answers that cite the company: {title}.")


def _period(book: Book, row: pd.Series[Any]) -> str:
    titles = {p.label: p.title for p in book.period.trailing(BACK)}
    return titles.get(row["period"], str(row["period"]))


def of_ai_leads(book: Book, trend: pd.DataFrame) -> Words:
    """For leads from AI search; see `ai_leads_trend`."""
    first, last = trend.iloc[0], trend.iloc[-1]
    title = (
        f"{fmt.plural(last['value'], 'lead')} came from AI search, "
        f"{fmt.number(first['value']) if first['value'] else 'none'} in {_period(book, first)}"
    )
    see = "They rise with the citations above; that is no proof that the one brings the other."
    return Words(title, see, f"Leads from AI search by period: {title}.")


def of_visibility(book: Book, table: pd.DataFrame) -> Words:
    """For organic search; see `visibility`."""
    whole = table.iloc[-1]
    title = (
        f"In organic search the middle place is {fmt.number(whole['rank'])}"
        f"{_was(whole['rank_before'])}; {fmt.percent(whole['top10_share'], 0)} of the readings "
        "are in the first 10"
    )
    see = f"{book.period.title}, words other than the brand's."
    return Words(title, see, title)


def _was(value: Any) -> str:
    return "" if fmt.is_missing(value) else f" (a year before {fmt.number(value)})"


def of_gaps(table: pd.DataFrame) -> Words:
    """For the words where the company is not found; see `gaps`."""
    open_ = table[table["gap"] != ""]
    ready = open_[open_["intent_stage"].isin(["decision", "evaluation"])]
    title = (
        f"{len(open_)} of {len(table)} tracked words have a gap, {len(ready)} of them with high "
        "intent"
    )
    return Words(title, "Decision words first, then the most searched.", title)


def of_totals(book: Book, table: pd.DataFrame, by: str) -> Words:
    """For the ad reports added up; see `totals`."""
    named_by = by.replace("_", " ")
    if table.empty or not table["cost"].sum():
        return Words(f"No ad cost in {book.period.title}", "", "No ad cost.")
    row = table.iloc[0]
    name = "what names none" if fmt.is_missing(row[by]) else row[by]
    title = (
        f"{money(book, table['cost'].sum())} on ads in {book.period.title}, "
        f"{fmt.percent(row['cost_share'], 0)} of it on {name}"
    )
    return Words(title, f"By {named_by}.", title)


def as_costs(table: pd.DataFrame, by: str) -> pd.DataFrame:
    """`totals` as bars of cost, with the clicks beside."""
    beside = [f"{fmt.number(clicks)} clicks" for clicks in table["clicks"]]
    names = table[by].fillna("none named").astype(str)
    return table.assign(name=names, value=table["cost"], beside=beside)[["name", "value", "beside"]]


def saving_title(book: Book, table: pd.DataFrame, word: str) -> str:
    """The title of what blocking a word saves; see `saving_by`."""
    spent = table["cost"].sum()
    if not spent:
        return f"“{word}” costs nothing"
    return f"Blocking “{word}” would have saved {money(book, spent)} in {span(book).title}"


def worth_a_month(book: Book) -> str:
    """What blocking the negative words saves a month, in words."""
    days = (span(book).last - span(book).first).days + 1
    return f"about {money(book, blocking(book).cost / days * 30.4)} a month"
