"""Negative words in what people searched: what they cost, and what blocking them might lose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.errors import ParameterError
from playbook.format import div
from playbook.keywords.texts import Finder

if TYPE_CHECKING:
    import pandas as pd

    from playbook.keywords.wording import Wording

SUMS = ("cost", "impressions", "clicks", "conversions")
OUTCOMES = ("leads", "mql")


def terms_with(terms: pd.DataFrame, wording: Wording) -> pd.DataFrame:
    """The rows of a search-term report with the negative word that is in each.

    Args:
        terms: A row per search term and whatever else: `search_term`, and any other columns.
        wording: Its `negatives`, `kept` and `matching`.

    Returns:
        The rows of `terms` with `negative` (the first listed word in the term; None for none, and
        for a term that holds a wording of `kept`).

    Raises:
        ParameterError: There is no column `search_term`.

    >>> import pandas as pd
    >>> from playbook.keywords import Wording
    >>> terms = pd.DataFrame({"search_term": ["客服系统免费", "免费试用客服系统", "客服系统"]})
    >>> words = Wording(negatives=("免费",), kept=("免费试用",))
    >>> terms_with(terms, words)["negative"].tolist()
    ['免费', None, None]
    """
    if "search_term" not in terms.columns:
        raise ParameterError(f"the table lacks search_term; there are: {', '.join(terms.columns)}")
    found = Finder(wording.negatives, wording.matching).in_column(terms["search_term"])
    if wording.kept:
        kept = Finder(wording.kept, "anywhere").in_column(terms["search_term"])
        found = found.where(kept.isna(), None)
    return terms.assign(negative=found.astype(object).where(found.notna(), None))


def negatives(
    terms: pd.DataFrame, wording: Wording, outcomes: pd.DataFrame | None = None
) -> pd.DataFrame:
    """What each negative word costs, and the most that blocking it could lose.

    A search term has no leads of its own: a lead knows its keyword. So what is lost is bounded: at
    most every lead of the keywords under which the word was searched, and as many as the terms'
    share of those keywords' clicks if all their clicks were alike.

    Args:
        terms: A row per search term and keyword: `search_term`, `keyword_id`, `cost`, and where
            known `impressions`, `clicks`, `conversions`.
        wording: The negative words; a term with two of them counts with the first listed.
        outcomes: One row per keyword: `keyword_id`, `leads`, `mql`; None where not known.

    Returns:
        One row per negative word, in the order listed: `word`, `terms` (different ones),
        `keywords` (under which they were searched), the sums, `cost_share` (of all terms), and
        with outcomes `leads_most`, `mql_most`, `leads_alike`, `mql_alike`; `state`: `costs`,
        `blocked` (declared, and seen no more), `leaks` (declared, and still paid), `not seen`.
        The costs add up to that of all terms with a negative word.

    Raises:
        ParameterError: A column is missing.
    """
    import pandas as pd

    for name in ("search_term", "keyword_id", "cost"):
        if name not in terms.columns:
            raise ParameterError(f"the table lacks {name}; there are: {', '.join(terms.columns)}")
    marked = terms_with(terms, wording)
    hit = marked[marked["negative"].notna()]
    summed = [name for name in SUMS if name in terms.columns]
    words = pd.Index(dict.fromkeys(wording.negatives), name="word", dtype=object)
    groups = hit.groupby("negative")
    table = groups[summed].sum().reindex(words, fill_value=0)
    table["terms"] = groups["search_term"].nunique().reindex(words, fill_value=0)
    table["keywords"] = groups["keyword_id"].nunique().reindex(words, fill_value=0)
    table["cost_share"] = div(table["cost"], terms["cost"].sum())
    if outcomes is not None:
        lost = _lost(marked, hit, outcomes).reindex(words, fill_value=0)
        table = table.join(lost)
    blocked = set(wording.blocked)
    table["state"] = [
        _state(cost > 0, word in blocked) for word, cost in zip(words, table["cost"], strict=True)
    ]
    order = ["terms", "keywords", *summed, "cost_share"]
    order += [name for name in table.columns if name not in {*order, "state"}]
    return table.reset_index()[["word", *order, "state"]]


def _lost(marked: pd.DataFrame, hit: pd.DataFrame, outcomes: pd.DataFrame) -> pd.DataFrame:
    """Leads and MQLs of the keywords that each word was searched under: at most, and if alike."""
    weight = "clicks" if "clicks" in marked.columns else "cost"
    own = hit.groupby(["negative", "keyword_id"])[[weight]].sum().reset_index()
    whole = marked.groupby("keyword_id")[weight].sum()
    own["part"] = div(own[weight], own["keyword_id"].map(whole)).fillna(0.0)
    known = outcomes.set_index("keyword_id")[list(OUTCOMES)]
    own = own.join(known, on="keyword_id").fillna(dict.fromkeys(OUTCOMES, 0))
    for name in OUTCOMES:
        own[f"{name}_most"] = own[name].astype(int)
        own[f"{name}_alike"] = own[name] * own["part"]
    columns = [f"{name}_{how}" for how in ("most", "alike") for name in OUTCOMES]
    return own.groupby("negative")[columns].sum()


def _state(costs: bool, declared: bool) -> str:
    if declared:
        return "leaks" if costs else "blocked"
    return "costs" if costs else "not seen"
