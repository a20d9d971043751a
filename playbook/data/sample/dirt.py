"""Dirt of the kind that real exports have, put on after the clean tables, each kind counted.

Rows are chosen outside the planted truths, so that what is planted stays to be found.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from playbook.data.sample.draw import below, child
from playbook.data.sample.story import FEED_CHANNEL, QUIET_EVENT, SLA_BREAKER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pandas as pd

    from playbook.data.sample.draw import Rng

Frames = dict[str, "pd.DataFrame"]
FORMULA = "=cmd|'/c calc'!A1"
SCRIPT = "<script>alert(1)</script>"


@dataclass(frozen=True, slots=True)
class Dirt:
    """One kind of dirt.

    Attributes:
        id: Short stable name.
        what: What stands in the export.
        tables: The tables it is in.
        count: How many rows have it.
    """

    id: str
    what: str
    tables: tuple[str, ...]
    count: int


DIRT: tuple[Dirt, ...] = (
    Dirt(
        "duplicate-accounts", "companies entered twice under a spelling variant", ("account",), 28
    ),
    Dirt(
        "duplicate-persons", "contacts entered twice with the same mobile number", ("person",), 34
    ),
    Dirt("duplicate-leads", "forms sent twice within the hour", ("lead",), 26),
    Dirt("no-key", "leads without their key", ("lead",), 3),
    Dirt("no-time", "leads without their time of capture", ("lead",), 4),
    Dirt("slashed-dates", "times written as 2026/3/5 14:02", ("lead",), 40),
    Dirt("chinese-dates", "times written as 2026年3月5日 14:02", ("lead",), 40),
    Dirt("amounts-in-wan", "amounts written as 23.5万", ("opportunity",), 8),
    Dirt("amounts-as-text", "amounts written as ¥235,000.00", ("opportunity",), 10),
    Dirt("trailing-spaces", "labels followed by blanks, wide ones too", ("lead",), 60),
    Dirt("label-variants", "labels in the other language or in short", ("lead",), 45),
    Dirt("unknown-labels", "labels that nobody declared", ("lead",), 3),
    Dirt("orphan-leads", "activities of a lead that is not there", ("activity",), 9),
    Dirt("orphan-persons", "touches of a contact that is not there", ("touch",), 12),
    Dirt("stage-order", "MQL entered before the lead was captured", ("stage_event",), 10),
    Dirt("early-activity", "activities before the lead was captured", ("activity",), 6),
    Dirt("future-dates", "activities dated in the year 2027", ("activity",), 3),
    Dirt("negative-amounts", "receipts below zero", ("payment",), 2),
    Dirt("spend-without-dimension", "spend that belongs to nothing", ("spend",), 4),
    Dirt(
        "no-channel", "leads without channel, apart from those recorded as 来源未知", ("lead",), 58
    ),
    Dirt("currency-missing", "overseas deals without currency", ("opportunity",), 5),
    Dirt("currency-spelling", "currencies written as RMB or 人民币", ("opportunity",), 6),
    Dirt("closed-early", "deals lost before they were created", ("opportunity",), 2),
    Dirt("formula", f"company names that are a formula: {FORMULA}", ("account",), 1),
    Dirt("script", f"company names that are a script: {SCRIPT}", ("account",), 1),
    Dirt("contacts-in-text", "mobile numbers and mail addresses in free text", ("activity",), 14),
    Dirt("duplicate-keys", "touches exported twice", ("touch",), 8),
    Dirt("mobile-as-number", "mobile numbers that a sheet turned into numbers", ("person",), 12),
    Dirt("two-goals", "events with two main goals in one cell", ("event",), 1),
    Dirt("no-dri", "projects without a final owner", ("project",), 3),
    Dirt("header-only", "a file with headers and no rows", ("calendar",), 1),
    Dirt("title-and-total", "a sheet with a title above and a total below", ("spend",), 1),
)
COUNT = {kind.id: kind.count for kind in DIRT}


def soil(frames: Frames, seed: int) -> Frames:
    """The rendered tables with every kind of dirt; the given frames stay as they are."""
    out = {name: frame.copy() for name, frame in frames.items()}
    rng = child(seed, "dirt")
    safe = _safe_leads(out)
    taken = iter(safe[np.argsort(rng.random(len(safe)))].tolist())
    _leads_in_place(out, taken)
    _leads_added(out, rng, taken)
    _duplicates(out, rng)
    _activities(out, rng, taken)
    _touches(out, rng)
    _stages(out, taken)
    _deals(out, rng)
    _money(out)
    _rest(out)
    return out


def _safe_leads(frames: Frames) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Leads that no planted truth counts on."""
    leads = frames["lead"]
    nurtured = set(frames["stage_event"].query("stage == '培育'")["lead_id"])
    created = leads["created_at"].astype(str)
    fine = (
        (created > "2025-01-05")
        & (created < "2026-04-20")
        & (leads["channel_id"] != FEED_CHANNEL)
        & (leads["event_id"] != QUIET_EVENT)
        & leads["event_id"].isna()
        & leads["partner_id"].isna()
        & leads["keyword_id"].isna()
        & (leads["owner_id"] != SLA_BREAKER)
        & ~leads["lead_id"].isin(nurtured)
        & (leads["status"] != "已转商机")
    )
    return np.flatnonzero(fine.to_numpy())


def _next(taken: Iterator[int], count: int) -> list[int]:
    return [next(taken) for _ in range(count)]


def _change(frame: pd.DataFrame, rows: list[int], column: str, by: Callable[[Any], Any]) -> None:
    at = list(frame.columns).index(column)
    for row in rows:
        frame.iat[row, at] = by(frame.iat[row, at])


def _put(frame: pd.DataFrame, rows: list[int], column: str, value: object) -> None:
    frame.iloc[rows, list(frame.columns).index(column)] = value  # type: ignore[call-overload]


def _add(frames: Frames, name: str, rows: pd.DataFrame) -> None:
    import pandas as pd

    frames[name] = pd.concat([frames[name], rows], ignore_index=True).astype(object)


def _slashed(text: str) -> str:
    year, month, day = text[:10].split("-")
    return f"{year}/{int(month)}/{int(day)} {text[11:16]}"


def _chinese(text: str) -> str:
    year, month, day = text[:10].split("-")
    return f"{year}年{int(month)}月{int(day)}日 {text[11:16]}"


_VARIANTS = {
    "新线索": "new",
    "跟进中": "Working",
    "培育": "培育中",
    "已合格": "合格",
    "无效": "INVALID",
    "已转商机": "converted",
}


def _leads_in_place(frames: Frames, taken: Iterator[int]) -> None:
    leads = frames["lead"]
    _change(leads, _next(taken, COUNT["slashed-dates"]), "created_at", _slashed)
    _change(leads, _next(taken, COUNT["chinese-dates"]), "created_at", _chinese)
    blanks = ("  ", "\u3000", " ")
    spaced = _next(taken, COUNT["trailing-spaces"])
    _change(leads, spaced, "status", lambda v: f"{v}{blanks[len(v) % 3]}")
    varied = _next(taken, COUNT["label-variants"])
    _change(leads, varied, "status", lambda v: _VARIANTS.get(v, v))
    unknown = _next(taken, COUNT["unknown-labels"])
    _put(leads, unknown, "status", "已关单??")
    _put(leads, _next(taken, COUNT["no-channel"]), "channel_id", None)


def _leads_added(frames: Frames, rng: Rng, taken: Iterator[int]) -> None:
    leads = frames["lead"]
    keyless = leads.iloc[_next(taken, COUNT["no-key"])].copy()
    keyless["lead_id"] = None
    timeless = leads.iloc[_next(taken, COUNT["no-time"])].copy()
    timeless["lead_id"] = [f"L99000{i:02d}" for i in range(len(timeless))]
    timeless["created_at"] = None
    twice = leads.iloc[_next(taken, COUNT["duplicate-leads"])].copy()
    twice["lead_id"] = [f"L99100{i:02d}" for i in range(len(twice))]
    minutes = 3 + below(rng, 50, len(twice))
    twice["created_at"] = [
        _later(t, m) for t, m in zip(twice["created_at"], minutes.tolist(), strict=True)
    ]
    twice["status"] = "新线索"
    empty = ["sql_need", "sql_scene", "sql_budget", "sql_will", "owner_id", "assigned_at"]
    twice[empty] = None
    for rows in (keyless, timeless, twice):
        _add(frames, "lead", rows)


def _later(text: str, minutes: int) -> str:
    from datetime import datetime, timedelta

    return str(datetime.fromisoformat(text) + timedelta(minutes=minutes))


def _spelling(name: str, way: int) -> str:
    """The same company as another hand would type it."""
    if way == 0:
        return name.replace("有限公司", "")
    if way == 1:
        return f" {name} "
    return f"{name[:2]} {name[2:]}" if way == 2 else name.replace("有限公司", "(有限公司)")


def _duplicates(frames: Frames, rng: Rng) -> None:
    accounts, persons = frames["account"], frames["person"]
    home = np.flatnonzero(
        (
            accounts["account_name"].str.endswith("有限公司") & accounts["credit_code"].notna()
        ).to_numpy()
    )
    chosen = home[below(rng, len(home), 4 * COUNT["duplicate-accounts"])]
    rows = list(dict.fromkeys(chosen.tolist()))[: COUNT["duplicate-accounts"]]
    twins = accounts.iloc[rows].copy()
    twins["account_id"] = [f"A99{i:05d}" for i in range(len(twins))]
    twins["account_name"] = [_spelling(n, i % 4) for i, n in enumerate(twins["account_name"])]
    twins["parent_account_id"] = None
    with_mobile = np.flatnonzero(persons["mobile"].notna().to_numpy())
    chosen = with_mobile[below(rng, len(with_mobile), 4 * COUNT["duplicate-persons"])]
    rows = list(dict.fromkeys(chosen.tolist()))[: COUNT["duplicate-persons"]]
    doubles = persons.iloc[rows].copy()
    doubles["person_id"] = [f"P99{i:05d}" for i in range(len(doubles))]
    doubles["mobile"] = [
        f"+86 {m[:3]}-{m[3:7]}-{m[7:]}" if i % 2 else f"{m[:3]} {m[3:7]} {m[7:]}"
        for i, m in enumerate(doubles["mobile"])
    ]
    doubles["email"] = None
    spare = [r for r in with_mobile.tolist() if r not in set(rows)]
    _change(persons, spare[7 :: len(spare) // 13][: COUNT["mobile-as-number"]], "mobile", float)
    _add(frames, "account", twins)
    _add(frames, "person", doubles)


def _activities(frames: Frames, rng: Rng, taken: Iterator[int]) -> None:
    actions, leads = frames["activity"], frames["lead"]
    ordinary = np.flatnonzero(actions["opportunity_id"].isna().to_numpy())
    places = ordinary[below(rng, len(ordinary), COUNT["orphan-leads"])].tolist()
    orphans = actions.iloc[places].copy()
    orphans["activity_id"] = [f"AC990000{i:02d}" for i in range(len(orphans))]
    orphans["lead_id"] = [f"L98000{i:02d}" for i in range(len(orphans))]
    early = actions.iloc[ordinary[: COUNT["early-activity"]]].copy()
    chosen = leads.iloc[_next(taken, len(early))]
    early["activity_id"] = [f"AC991000{i:02d}" for i in range(len(early))]
    early["lead_id"] = chosen["lead_id"].tolist()
    early["staff_id"] = chosen["owner_id"].tolist()
    early["activity_at"] = [_later(t, -2_880) for t in chosen["created_at"]]
    early["is_automatic"] = "否"
    future = actions.iloc[ordinary[-COUNT["future-dates"] :]].copy()
    future["activity_id"] = [f"AC992000{i:02d}" for i in range(len(future))]
    future["activity_at"] = [f"2027-0{i + 1}-11 10:15:00" for i in range(len(future))]
    noted = np.flatnonzero(actions["summary"].notna().to_numpy())
    rows = noted[50 :: len(noted) // 15][: COUNT["contacts-in-text"]].tolist()
    texts = ("请回电 199 0000 8{i:03d}", "mail back to buyer{i}@client.example")
    for i, row in enumerate(rows):
        said = actions["summary"].iat[row]
        _put(actions, [row], "summary", f"{said}，{texts[i % 2].format(i=i)}")
    for more in (orphans, early, future):
        _add(frames, "activity", more)


def _touches(frames: Frames, rng: Rng) -> None:
    touches = frames["touch"]
    views = np.flatnonzero((touches["touch_type"] == "page_view").to_numpy())
    orphans = touches.iloc[views[below(rng, len(views), COUNT["orphan-persons"])]].copy()
    orphans["touch_id"] = [f"T990000{i:02d}" for i in range(len(orphans))]
    orphans["person_id"] = [f"P98000{i:02d}" for i in range(len(orphans))]
    again = touches.iloc[views[100 :: len(views) // 9][: COUNT["duplicate-keys"]]].copy()
    _add(frames, "touch", orphans)
    _add(frames, "touch", again)


def _stages(frames: Frames, taken: Iterator[int]) -> None:
    leads, stages = frames["lead"], frames["stage_event"]
    reached = set(stages.loc[stages["stage"] == "MQL", "lead_id"].dropna())
    done: dict[str, str] = {}
    for row in taken:
        key = str(leads["lead_id"].iat[row])
        created = str(leads["created_at"].iat[row])
        if key in reached and created[8:10] > "06":
            done[key] = _later(created, -1_600)
        if len(done) == COUNT["stage-order"]:
            break
    rows = np.flatnonzero(((stages["stage"] == "MQL") & stages["lead_id"].isin(done)).to_numpy())
    for row in rows.tolist():
        _put(stages, [row], "entered_at", done[str(stages["lead_id"].iat[row])])


def _wan(value: float) -> str:
    return f"{value / 10_000:g}万"


def _deals(frames: Frames, rng: Rng) -> None:
    deals = frames["opportunity"]
    plain = deals["amount"].notna() & (deals["currency"] == "CNY")
    home = np.flatnonzero(plain.to_numpy())
    home = home[np.argsort(rng.random(len(home)))].tolist()
    cut = COUNT["amounts-in-wan"]
    _change(deals, home[:cut], "amount", _wan)
    more = cut + COUNT["amounts-as-text"]
    _change(deals, home[cut:more], "amount", lambda v: f"¥{v:,.2f}")
    spelled = home[more : more + COUNT["currency-spelling"]]
    for i, row in enumerate(spelled):
        _put(deals, [row], "currency", ("RMB", "人民币", "rmb")[i % 3])
    euro = (deals["currency"] == "EUR") & deals["amount"].notna()
    open_abroad = euro & deals["won_amount"].isna()
    abroad = np.flatnonzero(open_abroad.to_numpy())
    _put(deals, abroad[: COUNT["currency-missing"]].tolist(), "currency", None)
    lost = np.flatnonzero(((deals["stage"] == "输单") & deals["lead_id"].isna()).to_numpy())
    for row in lost[20 : 20 + COUNT["closed-early"]].tolist():
        _put(deals, [row], "closed_at", _later(str(deals["created_at"].iat[row]), -4_320))


def _money(frames: Frames) -> None:
    payments, spend = frames["payment"], frames["spend"]
    negative = payments.iloc[[40, 140]].copy()
    negative["payment_id"] = ["PM990001", "PM990002"]
    negative["kind"] = "回款"
    negative["amount"] = [-3_000.0, -1_250.0]
    nowhere = spend.iloc[[11, 111, 211, 311]].copy()
    nowhere["spend_id"] = [f"F9900{i}" for i in range(len(nowhere))]
    nowhere[["channel_id", "campaign_id", "event_id", "partner_id", "content_id"]] = None
    nowhere["amount"] = [1_860.0, 2_400.0, 980.0, 3_120.0]
    _add(frames, "payment", negative)
    _add(frames, "spend", nowhere)


def _rest(frames: Frames) -> None:
    accounts, leads = frames["account"], frames["lead"]
    recent = leads[leads["created_at"].astype(str).between("2026-10-12", "2026-10-13")]
    keys = list(dict.fromkeys(recent["account_id"]))[:2]
    for key, name in zip(keys, (FORMULA, SCRIPT), strict=True):
        rows = np.flatnonzero((accounts["account_id"] == key).to_numpy()).tolist()
        _put(accounts, rows, "account_name", name)
    _change(frames["event"], [11], "primary_goal", lambda v: f"{v}/品牌")
    _put(frames["project"], [20, 60, 100], "dri_id", None)
