"""What marketing has and lacks: the asset inventory (P01-T7) and the content map (P01-D9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from playbook.book import remembered

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book


class Asset(NamedTuple):
    """One of the handbook's 22 kinds of asset and where the data shows it.

    Attributes:
        name: English name.
        zh: The handbook's name.
        query: Counts it and gives its latest date; empty where no table can hold it.
        needs: The table the query reads.
    """

    name: str
    zh: str
    query: str = ""
    needs: str = "content"


def _content(*types: str) -> str:
    wanted = ", ".join(f"'{t}'" for t in types)
    return (
        "SELECT count(*), max(coalesce(updated_at, published_at))::DATE FROM clean.content "
        f"WHERE content_type IN ({wanted})"
    )


def _platform(*names: str) -> str:
    like = " OR ".join(f"platform ILIKE '%{n}%'" for n in names)
    return f"SELECT count(DISTINCT content_id), max(date) FROM clean.content_daily WHERE {like}"


ASSETS: tuple[Asset, ...] = (
    Asset("Website home page", "官网", _content("home_page")),
    Asset("Product pages", "产品页", _content("product_page")),
    Asset("Solution pages", "解决方案页", _content("solution")),
    Asset("Customer cases", "客户案例", _content("case")),
    Asset("Whitepapers", "白皮书", _content("whitepaper")),
    Asset("WeChat official account", "公众号", _platform("公众号", "wechat"), "content_daily"),
    Asset("WeChat video account", "视频号", _platform("视频号"), "content_daily"),
    Asset("Xiaohongshu", "小红书", _platform("小红书", "xiaohongshu"), "content_daily"),
    Asset("Douyin", "抖音", _platform("抖音", "douyin"), "content_daily"),
    Asset("LinkedIn", "LinkedIn", _platform("linkedin"), "content_daily"),
    Asset("Bidding accounts", "竞价账户",
          "SELECT count(DISTINCT (platform, ad_account)), max(date) FROM clean.ad_daily",
          "ad_daily"),
    Asset("SEO keywords", "SEO关键词",
          "SELECT count(DISTINCT keyword_id), max(date) FROM clean.search_daily", "search_daily"),
    Asset("Exhibition material", "展会资料", _content("poster")),
    Asset("Sales deck", "销售PPT", _content("sales_ppt")),
    Asset("Product manuals", "产品手册", _content("manual")),
    Asset("Quotation aids", "报价辅助资料", _content("quote_aid")),
    Asset("Demo scripts", "Demo脚本", _content("demo_script", "script")),
    Asset("Customer FAQ", "客户FAQ", _content("faq")),
    Asset("Past event records", "历史活动数据",
          "SELECT count(*), max(start_at)::DATE FROM clean.event", "event"),
    Asset("Media reports", "媒体报道",
          "SELECT count(*), max(published_at)::DATE FROM clean.mention WHERE medium = 'media'",
          "mention"),
    Asset("Channel partners", "合作渠道", "SELECT count(*), max(started_on) FROM clean.partner",
          "partner"),
    Asset("CRM leads", "CRM线索数据", "SELECT count(*), max(created_at)::DATE FROM lead_journey",
          "lead"),
)  # fmt: skip

STALE_DAYS = 365
"""An asset untouched for so long is called stale (our default)."""

JOURNEY = ("awareness", "interest", "evaluation", "decision", "post_sale")


@remembered
def inventory(book: Book) -> pd.DataFrame:
    """The 22 kinds of asset: how many, how fresh, and the gaps.

    Returns:
        `asset`, `zh`, `count` (missing where the data cannot tell), `latest` (date), `state`
        (there, stale, none, or no data with the table to supply).
    """
    import pandas as pd

    today = book.local(book.as_of).date()
    rows = []
    for asset in ASSETS:
        row: dict[str, object] = {
            "asset": asset.name,
            "zh": asset.zh,
            "count": None,
            "latest": None,
        }
        if book.has(asset.needs):
            count, latest = book.sql(asset.query).iloc[0]
            date = None if pd.isna(latest) else pd.Timestamp(latest).date()
            stale = date is not None and (today - date).days > STALE_DAYS
            state = "none" if not count else "stale" if stale else "there"
            row |= {"count": int(count), "latest": date, "state": state}
        else:
            row["state"] = f"no data: supply {asset.needs}"
        rows.append(row)
    return pd.DataFrame(rows).astype({"count": "Int64"})


@remembered
def content_map(book: Book) -> pd.DataFrame:
    """Content by industry and journey stage, beside the demand of each industry (P01-D9).

    Only industries with leads are shown. Content without an industry serves all of them, and
    stands in the row "any industry".

    Returns:
        One row per industry, most leads first: `industry`, `leads`, and one column per journey
        stage with the number of assets.
    """
    table = book.sql(
        """WITH assets AS (
            SELECT coalesce(industry, 'any industry') AS industry, journey_stage, count(*) AS assets
            FROM clean.content WHERE journey_stage IS NOT NULL
                AND (expires_on IS NULL OR expires_on > $as_of::DATE)
            GROUP BY ALL
        ), demand AS (
            SELECT industry, count(*) AS leads FROM lead_journey
            WHERE industry IS NOT NULL GROUP BY ALL
            UNION ALL SELECT 'any industry', NULL
        )
        SELECT d.industry, d.leads, a.journey_stage, a.assets
        FROM demand d LEFT JOIN assets a USING (industry)""",
        as_of=book.as_of,
    )
    wide = table.pivot_table(
        index="industry", columns="journey_stage", values="assets", dropna=False
    )
    wide = wide.reindex(columns=list(JOURNEY)).fillna(0).astype(int)
    leads = table.groupby("industry")["leads"].max().astype("Int64")
    wide.insert(0, "leads", leads)
    wide = wide.sort_values("leads", ascending=False, na_position="last", kind="stable")
    return wide.rename_axis(columns=None).reset_index()


def gaps(table: pd.DataFrame, *, most: int = 5) -> pd.DataFrame:
    """The empty cells of the content map that most leads would need.

    Args:
        table: What `content_map` returned.
        most: How many industries count, by their leads.

    Returns:
        `industry`, `stage`, `leads`; most leads first.
    """
    known = table[table["leads"].notna()].head(most)
    long = known.melt(["industry", "leads"], list(JOURNEY), "stage", "assets")
    empty = long[long["assets"] == 0].sort_values(["leads", "industry"], ascending=[False, True])
    return empty[["industry", "stage", "leads"]].reset_index(drop=True)
