"""How visible the company is in search engines and in AI answers (P03-R4, M12, M13, D6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from playbook.book import remembered
from playbook.chapters.digital.declared import AI_LEADS_COUNT, CITED_SHARE
from playbook.chapters.digital.inputs import as_text, search_words, tracked
from playbook.chapters.span import span
from playbook.format import div
from playbook.intervals import wilson
from playbook.metrics import history

if TYPE_CHECKING:
    from datetime import date

    import pandas as pd

    from playbook.book import Book

BACK = 24
"""Periods that the trends go back: two years of months."""

FIRST = 10
"""Places that count as seen: the first page of results."""

INTENT_ORDER = {"decision": 0, "evaluation": 1, "awareness": 2}


@remembered
def visibility(book: Book) -> pd.DataFrame:
    """Places in organic search by class of words, now and a year earlier; brand words apart.

    Returns:
        One row per class, and all but brand at the end: `word_class`, `words`, `readings`,
        `rank` (median), `rank_before` (the same period a year earlier), `top3_share`,
        `top10_share` with `top10_low`, `top10_high` (Wilson 95 %), `top10_before`, `volume`
        (searches a reading day).
    """
    import pandas as pd

    now = _ranks(book, book.period.first, book.period.last)
    year = _ranks(book, book.last_year.first, book.last_year.last)
    rest = "all but brand"
    rows = []
    for group, own in [*now.groupby("word_class"), (rest, now[now["word_class"] != "brand"])]:
        past = (
            year[year["word_class"] == group]
            if group != rest
            else year[year["word_class"] != "brand"]
        )
        if own.empty:
            continue
        rows.append(
            {
                "word_class": group,
                "words": own["keyword_id"].nunique(),
                "readings": len(own),
                "rank": own["rank"].median(),
                "rank_before": past["rank"].median() if len(past) else float("nan"),
                "top3_share": (own["rank"] <= 3).mean(),
                "first": int((own["rank"] <= FIRST).sum()),
                "top10_before": (past["rank"] <= FIRST).mean() if len(past) else float("nan"),
                "volume": div(own["search_volume"].sum(), own["date"].nunique()),
            }
        )
    columns = ["word_class", "words", "readings", "rank", "rank_before", "top3_share"]
    table = pd.DataFrame(rows, columns=[*columns, "first", "top10_before", "volume"])
    table["top10_share"] = div(table["first"], table["readings"])
    low, high = wilson(table["first"].astype(float), table["readings"].astype(float))
    table["top10_low"], table["top10_high"] = low, high
    columns += ["top10_share", "top10_low", "top10_high", "top10_before", "volume"]
    return table[columns]


def _ranks(book: Book, first: date, last: date) -> pd.DataFrame:
    rows = book.sql(
        """SELECT date, keyword_id, engine, rank::DOUBLE AS rank,
            search_volume::DOUBLE AS search_volume FROM clean.search_daily
        WHERE date >= $first AND date <= $last AND rank IS NOT NULL ORDER BY ALL""",
        first=first,
        last=last,
    )
    return as_text(rows).merge(
        tracked(book)[["keyword_id", "word_class", "intent_stage"]], how="left"
    )


@remembered
def cited_trend(book: Book) -> pd.DataFrame:
    """The share of tracked questions whose AI answer cites the company, over two years.

    Returns:
        As `metrics.history`, oldest first, from the first period with answers on.
    """
    return _from_first(history(book, [CITED_SHARE], periods=BACK))


class Mentions(NamedTuple):
    """What AI answers said of the company, as far as somebody kept it.

    Attributes:
        n: Mentions on record in the span.
        negative: Those with a negative tone.
        risky: Those with a risk level above 0.
    """

    n: int
    negative: int
    risky: int


@remembered
def ai_mentions(book: Book) -> Mentions:
    """Mentions whose medium is an AI answer, over the months up to the period's end."""
    days = span(book)
    row = book.sql(
        """SELECT count(*) AS n, count(*) FILTER (sentiment < 0) AS negative,
            count(*) FILTER (risk_level > 0) AS risky
        FROM clean.mention
        WHERE medium = 'ai_answer' AND published_at >= $start AND published_at < $end""",
        start=days.start,
        end=days.end,
    ).iloc[0]
    return Mentions(int(row["n"]), int(row["negative"]), int(row["risky"]))


@remembered
def cited_by_engine(book: Book) -> pd.DataFrame:
    """The same for each AI engine, over the last thirteen periods, with `series` (the engine)."""
    past = history(book, [CITED_SHARE], by="engine")
    past = past[past["recent"] & (past["denominator"] > 0)]
    ordered = past.sort_values(["engine", "start"], ignore_index=True)
    return ordered.assign(series=ordered["engine"])


@remembered
def ai_leads_trend(book: Book) -> pd.DataFrame:
    """Leads from AI search, over two years; as `metrics.history`, oldest first."""
    return _from_first(history(book, [AI_LEADS_COUNT], periods=BACK))


def _from_first(past: pd.DataFrame) -> pd.DataFrame:
    ordered = past[past["recent"]].sort_values("start", ignore_index=True)
    known = ordered.index[ordered["value"].notna()]
    return ordered.loc[known[0] :].reset_index(drop=True) if len(known) else ordered.head(0)


@remembered
def gaps(book: Book) -> pd.DataFrame:
    """Words for which the company is not found, or not cited, and what they are worth.

    Returns:
        One row per tracked word, decision before evaluation before awareness, most searched
        first: `keyword`, `word_class`, `intent_stage`, `volume` (searches a reading day), `rank`
        (median of the period, best engine), `in_top10`, `asked` (AI answers of the span's last
        thirteen weeks), `cited_share`, `ad_cost` (paid for the word in the span), `mql` (of these
        leads), `gap` (`not in the first 10`, `not cited`, both, or empty).
    """
    seen = _ranks(book, book.period.first, book.period.last)
    places = seen.groupby(["keyword_id", "engine"])["rank"].median().groupby("keyword_id").min()
    volume = seen.groupby("keyword_id")["search_volume"].mean()
    answers = _answers(book)
    table = tracked(book)[["keyword_id", "keyword", "word_class", "intent_stage"]]
    table = table.set_index("keyword_id").assign(rank=places, volume=volume).join(answers)
    paid = search_words(book).set_index("keyword_id")[["cost", "mql"]]
    table = table.join(paid.rename(columns={"cost": "ad_cost"})).reset_index()
    known = table[table["rank"].notna() | table["asked"].notna()].copy()
    known["in_top10"] = known["rank"] <= FIRST
    known["gap"] = [
        _gap(row["rank"], row["asked"], row["cited"]) for row in known.to_dict("records")
    ]
    known["cited_share"] = div(known["cited"], known["asked"])
    known["place"] = known["intent_stage"].map(INTENT_ORDER).fillna(len(INTENT_ORDER))
    ordered = known.sort_values(
        ["place", "volume", "keyword"], ascending=[True, False, True], ignore_index=True
    )
    columns = ["keyword", "word_class", "intent_stage", "volume", "rank", "in_top10", "asked"]
    return ordered[[*columns, "cited_share", "ad_cost", "mql", "gap"]]


def _answers(book: Book) -> pd.DataFrame:
    """AI answers of thirteen weeks by keyword: asked and citing."""
    return book.sql(
        """SELECT keyword_id, count(ai_cited)::DOUBLE AS asked, sum(ai_cited::INT)::DOUBLE AS cited
        FROM clean.search_daily
        WHERE date > $last - INTERVAL 91 DAY AND date <= $last AND ai_cited IS NOT NULL
        GROUP BY keyword_id ORDER BY keyword_id""",
        last=span(book).last,
    ).set_index("keyword_id")


def _gap(rank: float, asked: float, cited: float) -> str:
    found = []
    if rank == rank and rank > FIRST:  # noqa: PLR0124 - nan is not itself
        found.append("not in the first 10")
    if asked > 0 and cited == 0:
        found.append("not cited")
    return ", ".join(found)


@remembered
def covered(book: Book) -> pd.DataFrame:
    """Of the tracked words of each intent, those found in the first ten results.

    Returns:
        `intent_stage`, `words`, `found`, `share`; the least covered first. Brand words are left
        out.
    """
    table = gaps(book)
    table = table[table["rank"].notna() & (table["word_class"] != "brand")]
    groups = table.groupby("intent_stage")["in_top10"]
    counts = groups.agg(words="count", found="sum").reset_index()
    counts["share"] = div(counts["found"], counts["words"])
    return counts.sort_values(["share", "intent_stage"], ignore_index=True)
