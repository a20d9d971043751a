"""The company's systems and what each of them exports."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from playbook.data import schema
from playbook.data.sample.dirt import soil
from playbook.data.sample.files import Sheet, Text, write_book, write_text
from playbook.data.sample.render import render
from playbook.data.sample.toml import PLAYBOOK

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    import pyarrow as pa

    from playbook.data.sample.render import Style

EXTRACTED_AT = "2026-11-01 06:00:00"

BOOKS: dict[str, tuple[Sheet, ...]] = {
    "CRM导出_20261101.xlsx": (
        Sheet("客户公司", "account"),
        Sheet("联系人", "person", text_times=True),
        Sheet("线索", "lead", stamped=True, text_times=True),
        Sheet("商机", "opportunity", stamped=True),
        Sheet("合同与回款", "payment"),
    ),
    "财务_费用与目标.xlsx": (
        Sheet(
            "费用", "spend", title="岑海智能 市场部费用明细（2024-11 至 2026-10）", total="amount"
        ),
        Sheet("目标与预算", "target"),
    ),
    "events.xlsx": (
        Sheet("活动", "event"),
        Sheet("参会", "event_attendee"),
        Sheet("传播与舆情", "mention"),
    ),
    "内容资产.xlsx": (Sheet("内容资产", "content"), Sheet("关键词", "keyword")),
    "市场部台账.xlsx": (
        Sheet("渠道", "channel"),
        Sheet("活动计划", "campaign"),
        Sheet("伙伴", "partner"),
        Sheet("人员", "staff"),
        Sheet("项目与需求", "project"),
        Sheet("实验分组", "experiment_arm"),
        Sheet("手工指标", "manual_metric"),
    ),
}

_GOOGLE = {
    "date": "Day",
    "ad_account": "Customer ID",
    "campaign_id": "Campaign ID",
    "ad_group": "Ad group",
    "keyword_id": "Keyword ID",
    "match_type": "Match type",
    "search_term": "Search term",
    "cost": "Cost",
    "impressions": "Impr.",
    "clicks": "Clicks",
    "conversions": "Conversions",
}
_WEBINAR = {
    "event_id": "Session",
    "person_id": "Contact",
    "registered_at": "Signed up",
    "checked_in_at": "Joined",
    "is_target": "Target account",
    "met_sales_booked": "Meeting booked",
    "demo_booked": "Demo booked",
    "thanked_at": "Thank-you sent",
    "graded_at": "Graded",
    "feedback_done_at": "Survey done",
    "csat": "Rating",
}

TEXTS: tuple[Text, ...] = (
    Text("阶段流转.csv", "stage_event", "zh", "utf-8-sig"),
    Text("跟进记录.tsv", "activity", "zh", "gb18030", "\t"),
    Text("touch.csv", "touch", "utc"),
    Text("投放日报_百度.csv", "baidu", "zh", "gb18030"),
    Text(
        "google_search_terms.csv",
        "google",
        "en",
        "utf-8-sig",
        above=("Search terms report", '"November 1, 2024 - October 31, 2026"'),
        renamed=_GOOGLE,
        dropped=("platform", "currency"),
    ),
    Text("投放日报_巨量.csv", "feed", "zh", dropped=("keyword_id", "match_type", "search_term")),
    Text("search_daily.csv", "search_daily", "en"),
    Text("web_daily.csv", "web_daily", "en"),
    Text("content_daily.csv", "content_daily", "zh", "utf-16"),
    Text(
        "webinar_attendance.csv",
        "webinar",
        "en",
        renamed=_WEBINAR,
        dropped=tuple(
            c.name for c in schema.table("event_attendee").columns if c.name not in _WEBINAR
        ),
    ),
    Text("ai_use.csv", "ai_use", "en"),
    Text("fx_rate.csv", "fx_rate", "en", delimiter=";", comma=True),
    Text("calendar.csv", "calendar", "en"),
)
PARTS = {"baidu": "ad_daily", "google": "ad_daily", "feed": "ad_daily", "webinar": "event_attendee"}
"""Files that hold a part of a table."""

_SIGNS = {",": "comma", "\t": "tab", ";": "semicolon"}


def contents() -> list[tuple[str, str, str]]:
    """Every file: its name, its form and the tables in it."""
    rows = [(file.name, _form(file), PARTS.get(file.table, file.table)) for file in TEXTS]
    for name, sheets in BOOKS.items():
        rows.append((name, "Excel workbook", ", ".join(f"{s.table} ({s.name})" for s in sheets)))
    rows.append(("playbook.toml", "rules and two mappings", ""))
    return sorted(rows)


def _form(file: Text) -> str:
    language = "Chinese" if file.style == "zh" else "English"
    times = ", UTC" if file.style == "utc" else ""
    comma = ", decimal commas" if file.comma else ""
    own = ", headers of its own (mapped)" if file.renamed else ""
    return f"{file.encoding}, {_SIGNS[file.delimiter]}, {language} headers{times}{comma}{own}"


_MATCHES = {"exact": "Exact match", "phrase": "Phrase match", "broad": "Broad match"}


def write_export(folder: Path, tables: dict[str, pa.Table], seed: int) -> list[Path]:
    """Writes the files as the systems export them, dirt included, and `playbook.toml`."""
    frames = soil({name: render(name, table, _style(name)) for name, table in tables.items()}, seed)
    frames["calendar"] = render("calendar", _empty("calendar"), "en")
    frames |= _split(frames)
    written = [write_text(folder, _as_table(file), frames[file.table]) for file in TEXTS]
    for name, sheets in BOOKS.items():
        stamped = {
            s.table: _stamp(frames[s.table]) if s.stamped else frames[s.table] for s in sheets
        }
        written.append(write_book(folder, name, sheets, stamped))
    rules = folder / "playbook.toml"
    rules.write_text(PLAYBOOK, encoding="utf-8", newline="\n")
    return sorted([*written, rules])


def _as_table(file: Text) -> Text:
    return replace(file, table=PARTS.get(file.table, file.table))


def _style(name: str) -> Style:
    for file in TEXTS:
        if file.table == name:
            return file.style
    return "zh"


def _stamp(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(导出时间=EXTRACTED_AT)


def _split(frames: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The ad platforms and the webinar platform each export their own part."""
    ads = frames["ad_daily"]
    google = ads[ads["platform"] == "Google"].copy()
    labels = {"精确": "exact", "短语": "phrase", "广泛": "broad"}
    google["match_type"] = [_MATCHES[labels.get(m, m)] for m in google["match_type"]]
    seen = frames["event_attendee"]
    kinds = dict(zip(frames["event"]["event_id"], frames["event"]["event_type"], strict=True))
    online = seen["event_id"].map(lambda key: kinds.get(key) == "线上直播")
    webinar = seen[online].copy()
    return {
        "baidu": ads[ads["platform"] == "百度"],
        "google": google,
        "feed": ads[ads["platform"] == "巨量引擎"],
        "event_attendee": seen[~online],
        "webinar": webinar,
    }


def _empty(name: str) -> pa.Table:
    """A table of the schema without rows."""
    import pyarrow as pa

    from playbook.data.sample.frames import arrow_type

    columns = schema.table(name).columns
    return pa.table({c.name: pa.array([], type=arrow_type(c)) for c in columns})
