"""The whole company, block by block: every table of a block, then those that exist once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.data.sample import (
    ads,
    attendance,
    dailies,
    deals,
    dims,
    follow,
    funnel,
    gatherings,
    goals,
    library,
    people,
    roster,
    touches,
    work,
)
from playbook.data.sample.frames import arrow

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

BLOCK = 10
"""So many times the sample are drawn at once; larger companies are drawn in several blocks."""


def blocks(scale: int, seed: int) -> Iterator[tuple[str, pa.Table]]:
    """Every table, in pieces; the facts come in blocks, everything else once."""
    base = dict.fromkeys(
        ("account", "person", "lead", "opportunity", "payment", "stage_event", "touch", "activity"),
        0,
    )
    base["overseas"] = 0
    for block, first in enumerate(range(0, scale, BLOCK)):
        units = min(BLOCK, scale - first)
        who = people.draw_people(seed, block, units)
        course = funnel.draw_course(seed, block, who)
        sold = deals.draw_deals(seed, block, units, who, course)
        if block == 0:
            yield from _once(scale, seed, units, sold, len(who.leads))
        came = attendance.draw_attendance(seed, block, units, who)
        pieces = _facts(seed, block, (who, course, sold, came), base)
        for name, table in pieces:
            yield name, table
            if name in base:
                base[name] += table.num_rows
        base["overseas"] += int(who.accounts.overseas.sum())


Drawn = tuple[people.People, funnel.Course, deals.Deals, attendance.Attendance]


def _facts(
    seed: int, block: int, drawn: Drawn, start: dict[str, int]
) -> list[tuple[str, pa.Table]]:
    who, course, sold, came = drawn
    base = dict(start)
    cols = {
        "account": roster.account(seed, block, who, base),
        "person": roster.person(seed, block, who, base),
        "lead": roster.lead(seed, block, who, course, base),
        "stage_event": follow.stage_event(who, course, sold, funnel.INVALID_REASONS, base),
        "touch": touches.touch(seed, block, who, course, base),
        "activity": follow.activity(seed, block, drawn, base),
        "opportunity": deals.opportunity(seed, block, sold, base["opportunity"], base),
        "payment": deals.payment(seed, block, sold, base["payment"], base),
        "event_attendee": roster.event_attendee(seed, block, came, who, base),
    }
    return [(name, arrow(name, table)) for name, table in cols.items()]


def _once(
    scale: int, seed: int, units: int, sold: deals.Deals, leads: int
) -> Iterator[tuple[str, pa.Table]]:
    cols = {
        "channel": dims.channel(),
        "campaign": dims.campaign(),
        "spend": ads.spend(seed, scale),
        "staff": dims.staff(),
        "target": goals.target(sold, units, scale),
        "keyword": library.keyword(),
        "search_daily": dailies.search_daily(seed, scale),
        "web_daily": dailies.web_daily(seed, scale),
        "experiment_arm": work.experiment_arm(),
        "content": library.library(seed).cols,
        "content_daily": dailies.content_daily(seed, scale),
        "event": gatherings.event(),
        "partner": dims.partner(),
        "mention": gatherings.mention(seed),
        "project": work.project(seed),
        "ai_use": work.ai_use(seed, leads),
        "manual_metric": work.manual_metric(seed),
        "fx_rate": dims.fx_rate(seed),
    }
    for name, table in cols.items():
        yield name, arrow(name, table)
    for part in ads.ad_daily(seed, scale):
        yield "ad_daily", arrow("ad_daily", part)


def clean(scale: int, seed: int) -> dict[str, pa.Table]:
    """Every table whole, in the order of the schema."""
    import pyarrow as pa

    from playbook.data import schema

    parts: dict[str, list[pa.Table]] = {}
    for name, table in blocks(scale, seed):
        parts.setdefault(name, []).append(table)
    return {name: pa.concat_tables(parts[name]) for name in schema.TABLES if name in parts}
