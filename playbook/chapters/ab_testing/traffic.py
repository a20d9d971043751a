"""Who comes to a page and what they do there: what a test is planned from, and what it is worth."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from playbook.book import remembered
from playbook.chapters import economics
from playbook.chapters.ab_testing.inputs import TRAFFIC_NEEDS, today
from playbook.chapters.economics.outcomes import NO_LEAD
from playbook.errors import ParameterError, unknown
from playbook.format import div

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book

ALL = "all"
ALL_PAGES = "All pages with a form together"
WEEKS = 13
"""Full weeks of traffic that a plan rests on."""

DAYS_A_MONTH = 365.25 / 12


@remembered
def daily(book: Book) -> pd.DataFrame:
    """Every page on each day of the last thirteen full weeks up to the period's end.

    Returns:
        `page_id`, `page`, `owner`, `date`, `people` (visitors; sessions where visitors are not
        supplied), `converted` (forms sent, at most one a visitor); a day without a record is 0.
        The weeks begin with the first Monday on record and end on the last Sunday that is over.
        Empty without traffic, or without a full week of it.
    """
    import pandas as pd

    columns = ["page_id", "page", "owner", "date", "people", "converted"]
    if not book.has(*TRAFFIC_NEEDS):
        return pd.DataFrame(columns=columns)
    last = min(book.period.last, today(book) - timedelta(days=1))
    last -= timedelta(days=(last.weekday() + 1) % 7)
    first = last - timedelta(days=7 * WEEKS - 1)
    people = "visitors" if book.has("web_daily.visitors") else "sessions"
    if not book.has(f"web_daily.{people}"):
        return pd.DataFrame(columns=columns)
    return book.sql(
        f"""WITH began AS (
            SELECT greatest($first::DATE, min(date)) AS day FROM clean.web_daily
        ), known AS (
            SELECT (day + ((8 - isodow(day)) % 7)::INTEGER)::DATE AS first FROM began
        ), seen AS (
            SELECT content_id, date, sum({people}) AS people, sum(form_submits) AS converted
            FROM clean.web_daily, known
            WHERE date BETWEEN first AND $last AND content_id IS NOT NULL GROUP BY ALL
        ), asked AS (
            SELECT content_id FROM seen GROUP BY content_id HAVING sum(people) > 0
        ), days AS (
            SELECT unnest(generate_series(first, $last::DATE, INTERVAL 1 DAY))::DATE AS date
            FROM known
        )
        SELECT a.content_id AS page_id, coalesce(c.title, a.content_id) AS page,
            coalesce(s.name, c.owner_id) AS owner, d.date,
            coalesce(w.people, 0)::DOUBLE AS people,
            coalesce(least(w.converted, w.people), 0)::DOUBLE AS converted
        FROM asked a CROSS JOIN days d LEFT JOIN seen w USING (content_id, date)
        LEFT JOIN clean.content c USING (content_id)
        LEFT JOIN clean.staff s ON s.staff_id = c.owner_id
        ORDER BY page_id, d.date""",
        first=first,
        last=last,
    )[columns]


@remembered
def visited(book: Book) -> pd.DataFrame:
    """Each page with a form: its people a week, its rate, and what a form is worth.

    Returns:
        `page_id`, `page`, `owner`, `people` (over the weeks), `people_week`, `people_month`,
        `converted`, `baseline` (forms sent ÷ people), `sql_share` (of its forms, by the channels
        they come from), `worth` (of one form, report currency); most visited first. With several
        pages the last row is all of them together, page_id "all".
    """
    import pandas as pd

    table = daily(book)
    columns = ["page_id", "page", "owner", "people", "people_week", "people_month", "converted"]
    columns += ["baseline", "sql_share", "worth"]
    if table.empty:
        return pd.DataFrame(columns=columns)
    days = table["date"].nunique()
    has_form = table.groupby("page_id")["converted"].transform("sum") > 0
    pages = (
        table[has_form]
        .groupby(["page_id", "page"], as_index=False, sort=False)
        .agg(owner=("owner", "first"), people=("people", "sum"), converted=("converted", "sum"))
    )
    pages = pages.merge(form_worth(book), on="page_id", how="left")
    pages = pages.sort_values(["people", "page_id"], ascending=[False, True], ignore_index=True)
    if len(pages) > 1:
        pages = pd.concat([pages, _together(pages)], ignore_index=True)
    pages["people_week"] = pages["people"] / days * 7
    pages["people_month"] = pages["people"] / days * DAYS_A_MONTH
    pages["baseline"] = div(pages["converted"], pages["people"])
    return pages[columns]


def _together(pages: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    sums = {name: pages[name].sum() for name in ("people", "converted")}
    weights = pages["converted"]
    means = {
        name: div((pages[name] * weights).sum(min_count=1), weights[pages[name].notna()].sum())
        for name in ("sql_share", "worth")
    }
    return pd.DataFrame([{"page_id": ALL, "page": ALL_PAGES, "owner": None, **sums, **means}])


@remembered
def monthly(book: Book) -> dict[str, float]:
    """People a month of every page, with a form or without."""
    table = daily(book)
    if table.empty:
        return {}
    means = table.groupby("page_id")["people"].mean() * DAYS_A_MONTH
    return {str(page): float(value) for page, value in means.items()}


@remembered
def form_worth(book: Book) -> pd.DataFrame:
    """What one more form of a page is worth: by the channels its forms come from.

    A form is taken for a lead of its channel: the share of that channel's leads that become SQL,
    times what an SQL has brought in won deals over the span.

    Returns:
        `page_id`, `sql_share`, `worth` (report currency; missing where no amount or no SQL is on
        record).
    """
    import pandas as pd

    if not book.has(*TRAFFIC_NEEDS, "web_daily.channel_id"):
        return pd.DataFrame(columns=["page_id", "sql_share", "worth"])
    sent = book.sql(
        """SELECT w.content_id AS page_id, c.channel_name AS channel,
            sum(w.form_submits)::DOUBLE AS sent
        FROM clean.web_daily w JOIN clean.channel c USING (channel_id)
        WHERE w.date <= $last AND w.content_id IS NOT NULL GROUP BY ALL HAVING sent > 0
        ORDER BY page_id, channel""",
        last=book.period.last,
    )
    became = economics.worth_of_lead(book)
    table = sent.merge(became[["channel", "share"]], on="channel")
    if became.attrs["outcome"] != "SQL":
        table["share"] = float("nan")
    table["sqls"] = table["sent"] * table["share"]
    pages = table.groupby("page_id", as_index=False)[["sent", "sqls"]].sum(min_count=1)
    pages["sql_share"] = div(pages["sqls"], pages["sent"])
    pages["worth"] = pages["sql_share"] * won_per_sql(book)
    return pages[["page_id", "sql_share", "worth"]]


def won_per_sql(book: Book) -> float:
    """Won amount of deals with a lead ÷ SQLs, over the span; missing without either."""
    if not book.has("lead_journey.sql_at", "opportunity.won_amount"):
        return float("nan")
    table = economics.outcomes(book)
    own = table[table["key"] != NO_LEAD]
    amount = own["won_amount"].sum()
    return div(amount, own["sql"].sum()) if amount else float("nan")


def page_of(book: Book, page_id: str) -> pd.Series[Any]:
    """One row of `visited`.

    Raises:
        ParameterError: No such page.
    """
    table = visited(book)
    if page_id not in set(table["page_id"]):
        raise ParameterError(unknown("page", page_id, table["page_id"]))
    return table[table["page_id"] == page_id].iloc[0]


def page_choices(book: Book) -> dict[str, str]:
    """The pages by title, most visited first, as a widget offers them."""
    table = visited(book)
    return dict(zip(table["page"], table["page_id"], strict=True))


@remembered
def history(book: Book, page_id: str = ALL) -> pd.DataFrame:
    """People and forms of a page, or of all pages with a form, day by day.

    Args:
        book: The Book.
        page_id: One of `page_choices`.

    Returns:
        `date`, `people`, `converted`; see `daily`.

    Raises:
        ParameterError: No such page.
    """
    table = daily(book)
    known = [ALL, *table["page_id"].unique()]
    if page_id not in known:
        raise ParameterError(unknown("page", page_id, known))
    asked = [page_id] if page_id != ALL else list(page_choices(book).values())
    own = table[table["page_id"].isin(asked)]
    return own.groupby("date", as_index=False)[["people", "converted"]].sum()
