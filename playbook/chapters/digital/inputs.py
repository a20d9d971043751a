"""From a Book to what `playbook.keywords` takes: ad rows, search words, wording."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playbook import keywords
from playbook.book import remembered
from playbook.chapters.span import span
from playbook.data import schema

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book
    from playbook.chapters.span import Over

CLASS_ZH = {
    "brand": "品牌词",
    "industry": "行业词",
    "competitor": "竞品词",
    "pain": "痛点词",
    "product": "产品词",
    "solution": "解决方案词",
}
INTENT_ZH = {"awareness": "认知", "evaluation": "评估", "decision": "决策"}

FEWEST = 30
"""Below so many leads nothing is judged (ours)."""

_ADS = """
WITH rated AS (
    SELECT a.*, report_rate(a.currency, fx.rate, $currency) AS rate
    FROM clean.ad_daily a
    ASOF LEFT JOIN clean.fx_rate fx ON fx.currency = a.currency AND fx.date <= a.date
    WHERE a.date >= $first AND a.date <= $last
), exact AS (
    SELECT *, cost * rate * 100 AS cents, floor(cost * rate * 100) AS whole,
        (sum(cost) OVER of_day * rate)::DECIMAL(18,2) * 100
            - sum(floor(cost * rate * 100)) OVER of_day AS spare,
        row_number() OVER (of_day ORDER BY cost * rate * 100 - floor(cost * rate * 100) DESC,
            platform, ad_account, ad_group, keyword_id, match_type, search_term) AS place
    FROM rated WINDOW of_day AS (PARTITION BY date, campaign_id, currency)
)
SELECT c.channel_id, coalesce(ch.channel_name, c.channel_id) AS channel, x.platform,
    x.ad_account, x.campaign_id, coalesce(c.campaign_name, x.campaign_id) AS campaign,
    x.ad_group, x.keyword_id, coalesce(k.keyword, x.keyword_id) AS keyword, x.match_type,
    x.search_term,
    (sum(x.whole + (x.place <= x.spare)::INT) / 100)::DOUBLE AS cost,
    sum(x.impressions)::DOUBLE AS impressions, sum(x.clicks)::DOUBLE AS clicks,
    sum(x.conversions)::DOUBLE AS conversions
FROM exact x
LEFT JOIN clean.campaign c ON c.campaign_id = x.campaign_id
LEFT JOIN clean.channel ch ON ch.channel_id = c.channel_id
LEFT JOIN clean.keyword k ON k.keyword_id = x.keyword_id
GROUP BY ALL
ORDER BY ALL
"""
"""Ad rows of a span in report currency: whole cents that add up to `cost_by_day` of the day."""


_NAMES = (
    "channel_id", "channel", "platform", "ad_account", "campaign_id", "campaign", "ad_group",
    "keyword_id", "keyword", "match_type", "search_term", "word_class", "intent_stage",
)  # fmt: skip
"""Columns that hold text, though all of a column may be missing."""


def as_text(table: pd.DataFrame) -> pd.DataFrame:
    """The table with its names as text, where a column without any would be taken for numbers."""
    return table.astype({name: object for name in _NAMES if name in table.columns})


@remembered
def ads(book: Book, over: Over = "span") -> pd.DataFrame:
    """What the ad reports say, added up over a span.

    Returns:
        One row per `channel_id`, `channel`, `platform`, `ad_account`, `campaign_id`, `campaign`,
        `ad_group`, `keyword_id`, `keyword`, `match_type` and `search_term`: `cost` (report
        currency, to the cent what `cost_by_day` holds of source `ad`), `impressions`, `clicks`,
        `conversions` (as the platform counts them; missing where it does not).
    """
    days = span(book, over)
    currency = book.rules.company.currency
    return as_text(book.sql(_ADS, currency=currency, first=days.first, last=days.last))


@remembered
def outcomes(book: Book, over: Over = "span") -> pd.DataFrame:
    """What came of the leads captured in a span, by the campaign and the keyword they name.

    Returns:
        One row per `channel_id`, `channel`, `campaign_id` and `keyword_id` (missing where the
        lead names none): `leads`, `valid`, `mql`, `sql`, `opportunities`, `won` (all so far),
        `pipeline`, `won_amount`, `invalid`.
    """
    days = span(book, over)
    table = book.sql(
        """SELECT channel_id, channel, campaign_id, keyword_id, count(*)::DOUBLE AS leads,
            count(*) FILTER (is_valid)::DOUBLE AS valid, count(mql_at)::DOUBLE AS mql,
            count(sql_at)::DOUBLE AS sql, count(opportunity_at)::DOUBLE AS opportunities,
            count(won_at)::DOUBLE AS won, coalesce(sum(amount), 0)::DOUBLE AS pipeline,
            coalesce(sum(won_amount), 0)::DOUBLE AS won_amount,
            count(invalid_reason)::DOUBLE AS invalid
        FROM lead_journey WHERE created_at >= $start AND created_at < $end
        GROUP BY ALL ORDER BY ALL""",
        start=days.start,
        end=days.end,
    )
    return as_text(table)


def recorded(book: Book, table: pd.DataFrame) -> pd.DataFrame:
    """The table without its counts of MQL and SQL where no such stage is on record: not none."""
    absent = {n for n in ("mql", "sql") if n in table and not book.has(f"lead_journey.{n}_at")}
    return table.assign(**dict.fromkeys(absent, float("nan"))) if absent else table


COUNTS = (
    "leads", "valid", "mql", "sql", "opportunities", "won", "pipeline", "won_amount", "invalid",
)  # fmt: skip


@remembered
def search_words(book: Book, over: Over = "span") -> pd.DataFrame:
    """Every search word that was paid for or brought a lead, classified, with its page.

    Returns:
        One row per keyword: `keyword_id`, `keyword`, the columns of `keywords.classify`,
        `match_type` (on which most was spent), `page_id`, `page`, `page_type` (where it lands),
        `platform`, `ad_account` (where most was spent), `cost`, `impressions`, `clicks`,
        `conversions`, and the counts of `outcomes`; dearest first.
    """
    spent = ads(book, over)
    spent = spent[spent["keyword_id"].notna()]
    sums = spent.groupby("keyword_id")[["cost", "impressions", "clicks", "conversions"]].sum()
    found = outcomes(book, over)
    came = found[found["keyword_id"].notna()].groupby("keyword_id")[list(COUNTS)].sum()
    table = _known_words(book).set_index("keyword_id")
    table = sums.join(came, how="outer").join(table, how="left").rename_axis("keyword_id")
    numbers = [*sums.columns, *COUNTS]
    table[numbers] = table[numbers].fillna(0.0)
    for name in ("match_type", "platform", "ad_account"):
        table[name] = _dearest(spent, name)
    table = table.reset_index()
    table["keyword"] = table["keyword"].fillna(table["keyword_id"])
    classified = keywords.classify(table, wording(book))
    return classified.sort_values(
        ["cost", "keyword_id"], ascending=[False, True], ignore_index=True
    )


@remembered
def tracked(book: Book) -> pd.DataFrame:
    """Every keyword of the data, paid for or not, with the columns of `keywords.classify`."""
    return keywords.classify(_known_words(book), wording(book))


def classified_ids(book: Book, group: str) -> list[str]:
    """The keywords of a class, by id."""
    table = tracked(book)
    return [str(name) for name in table.loc[table["word_class"] == group, "keyword_id"]]


def _known_words(book: Book) -> pd.DataFrame:
    table = book.sql(
        """SELECT k.keyword_id, k.keyword, k.word_class, k.intent_stage,
            k.landing_content_id AS page_id, c.title AS page, c.content_type AS page_type
        FROM clean.keyword k LEFT JOIN clean.content c ON c.content_id = k.landing_content_id
        ORDER BY k.keyword_id"""
    )
    return as_text(table)


def _dearest(spent: pd.DataFrame, name: str) -> pd.Series[str]:
    """The value of a column on which each keyword spent most."""
    sums = spent.dropna(subset=[name]).groupby(["keyword_id", name])["cost"].sum().reset_index()
    ordered = sums.sort_values(["cost", name], ascending=[False, True])
    return ordered.drop_duplicates("keyword_id").set_index("keyword_id")[name]


@remembered
def lists(book: Book) -> pd.DataFrame:
    """The words that tell classes, intents and negative words, and where each comes from.

    Returns:
        `what` (class, intent, negative, kept), `name` (which class or intent), `word`, `source`
        (`[keywords]`, or the table that it was taken from).
    """
    import pandas as pd

    rules = book.rules.keywords
    rows = [
        ("class", name, word, "[keywords.classes]")
        for name in keywords.CLASSES
        for word in getattr(rules.classes, name)
    ]
    rows += [("class", name, word, source) for name, word, source in _from_data(book)]
    rows += [
        ("intent", name, word, "[keywords.intents]")
        for name in keywords.INTENTS
        for word in getattr(rules.intents, name)
    ]
    rows += [("negative", "", word, "[keywords] negative") for word in rules.negative]
    rows += [("negative", "", word, "[keywords] unrelated") for word in rules.unrelated]
    rows += [("kept", "", word, "[keywords] kept") for word in rules.kept]
    table = pd.DataFrame(rows, columns=["what", "name", "word", "source"])
    same = table.assign(plain=table["word"].map(keywords.plain))
    return table[~same.duplicated(["what", "name", "plain"])].reset_index(drop=True)


@remembered
def wording(book: Book) -> keywords.Wording:
    """How search words are told apart: `[keywords]`, and the names that the data holds."""
    rules, table = book.rules.keywords, lists(book)

    def of(what: str, names: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
        rows = table[table["what"] == what]
        return {name: tuple(rows.loc[rows["name"] == name, "word"]) for name in names}

    return keywords.Wording(
        classes=of("class", keywords.CLASSES),
        intents=of("intent", keywords.INTENTS),
        intent_of_class=rules.intent_of_class.model_dump(),
        negatives=rules.all_negative,
        kept=rules.kept,
        blocked=rules.blocked,
        matching=rules.matching,
    )


_TAKEN = {
    "competitor": (("opportunity", "competitor"), ("mention", "competitor")),
    "product": (("opportunity", "product"), ("content", "product")),
}
"""Columns that hold names of a class."""

_OURS_TOO = {"software", "internet", "services", "other"}
"""Industries whose names are also words of a product, or of anything."""

_PARTS = re.compile(r"[\u3400-\u9fff]+|[A-Za-z][A-Za-z0-9 .&-]*")


def _from_data(book: Book) -> list[tuple[str, str, str]]:
    """Names that the data holds: `(class, word, where it stands)`."""
    found = []
    if not book.rules.keywords.classes.brand:
        name = book.rules.company.name
        found += [("brand", part.strip(), "[company] name") for part in _PARTS.findall(name)]
    for group, columns in _TAKEN.items():
        for table, column in columns:
            names = book.sql(
                f"SELECT DISTINCT trim({column}) AS name FROM clean.{table} "
                f"WHERE trim({column}) <> '' ORDER BY name"
            )["name"]
            found += [(group, str(name), f"{table}.{column}") for name in names]
    industries = schema.TABLES["account"].column("industry").values or {}
    for code, labels in industries.items():
        if code not in _OURS_TOO:
            found += [("industry", word, "account.industry") for word in (code, *labels)]
    return found
