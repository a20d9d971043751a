"""Scores, routes, clocks and flows are the same tables on pandas, DuckDB, PostgreSQL and Spark."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import ibis
import numpy as np
import pandas as pd
import pytest

from playbook import nurture, response, routing, scoring
from playbook.calendar import Workdays
from playbook.chapters.nurture.inputs import ladder, programme
from playbook.conditions import Comparison, Joined
from playbook.data import rules
from playbook.routing import Plan, Rule

RULES = rules.load(None)
AS_OF = dt.datetime(2026, 4, 15, 3, 30)  # noqa: DTZ001 - naive UTC, as in a Book
START = pd.Timestamp("2026-01-01")
LEADS = 240
ZONE = "Asia/Shanghai"
BY_SCORE = Joined(
    "all",
    (
        Comparison("account.region", "eq", "south_china"),
        Comparison("score.points", "gt", 80),
    ),
)
PLAN = Plan(
    rules=(
        Rule("South China, hot", BY_SCORE, "A"),
        Rule("named", Comparison("account.region", "filled"), "B"),
    ),
    fallback="C",
    capacity_per_day=2,
)
SLA = response.sla_of(RULES.sla, Workdays(), ZONE)
OFFICE = replace(SLA, clock="business", start="assigned")
ICP = {
    "large": Comparison("account.employee_band", "eq", "1000+"),
    "clear": Joined(
        "any",
        (Comparison("lead.need_clarity", "ge", 2), Comparison("lead.budget_band", "filled")),
    ),
}
FLOWS = programme(RULES)


def acts(t):
    return response.actions(t["activity"], t["touch"], alias=t["alias"])


def clocks(t, sla):
    opened = response.openings(t["lead"], t["stage"], alias=t["alias"])
    return response.clocks(
        t["lead"], acts(t), sla, as_of=AS_OF, reopened=opened, keep=["account.region"]
    )


def first_clocks(t):
    return response.clocks(t["lead"], acts(t), SLA, as_of=AS_OF, keep=["account.region"])


def of_flows(t):
    return nurture.Tables(t["people"], t["signals"], t["sends"])


CALLS = {
    "score": lambda t: scoring.rule_score(t["lead"], t["touch"], RULES.scoring, as_of=AS_OF),
    "score at capture": lambda t: scoring.rule_score(
        t["lead"], t["touch"], RULES.scoring, as_of="created_at"
    ),
    "points": lambda t: scoring.rule_points(t["lead"], t["touch"], RULES.scoring, as_of=AS_OF),
    "standards": lambda t: scoring.standards(t["lead"], ICP),
    "verdicts": lambda t: scoring.verdicts(t["lead"], ICP),
    "passes": lambda t: scoring.pass_counts(t["lead"], ICP),
    "routes": lambda t: routing.assign(t["lead"], PLAN, t["staff"]).astype({"day": "str"}),
    "clocks": lambda t: clocks(t, SLA),
    "office clocks": lambda t: clocks(t, OFFICE),
    "first clocks": first_clocks,
    "summary": lambda t: response.summary(first_clocks(t), by="account.region"),
    "to the pool": lambda t: response.to_pool(t["lead"], acts(t), touches=2),
    "untouched": lambda t: response.untouched(t["lead"], acts(t), as_of=AS_OF),
    "enrolments": lambda t: nurture.enrolments(FLOWS, of_flows(t), as_of=AS_OF),
    "due": lambda t: nurture.due(FLOWS, of_flows(t), as_of=AS_OF, ahead_days=30),
    "counts": lambda t: nurture.counts(FLOWS, of_flows(t), as_of=AS_OF),
    "steps": lambda t: nurture.step_rows(FLOWS, of_flows(t), as_of=AS_OF),
    "states": lambda t: nurture.states(ladder(RULES), FLOWS, of_flows(t), as_of=AS_OF),
}

SLOW = (
    "score at capture", "points", "passes", "clocks", "first clocks", "enrolments", "counts",
    "states",
)  # fmt: skip
"""Parts of other calls, which Spark need not plan once more: it takes seconds for each."""


def moments(rng, size, days=100):
    """Every sixth hour, so that many are equal, with minutes on one of them in two."""
    hours = rng.integers(0, days * 4, size) * 6
    minutes = rng.choice([0, 0, 7, 41], size)
    spans = pd.to_timedelta(hours, unit="h") + pd.to_timedelta(minutes, unit="m")
    return (START + spans).as_unit("us")


def some(rng, size, *values):
    return pd.Series(rng.choice(np.array([*values, None], dtype=object), size), dtype="str")


@pytest.fixture(scope="module")
def given():
    """Random leads, what was done for them and what happened to them."""
    rng = np.random.default_rng(20261102)
    names = [f"客户-{i:03}" for i in range(LEADS)]
    created = moments(rng, LEADS)
    lead = pd.DataFrame({"lead_id": names, "created_at": created})
    lead["assigned_at"] = created + pd.to_timedelta(rng.integers(0, 60, LEADS), unit="h")
    lead.loc[rng.random(LEADS) < 0.2, "assigned_at"] = pd.NaT
    lead["lead.need_clarity"] = pd.array(rng.choice([0, 1, 2, 3, None], LEADS), dtype="Int64")
    lead["score.points"] = rng.integers(0, 120, LEADS)
    words = {
        "person.seniority": ("c_level", "director", "manager"),
        "account.employee_band": ("1000+", "50-199"),
        "account.icp_tier": ("A", "B", "none"),
        "account.region": ("south_china", "east_china"),
        "lead.budget_band": ("none", "500k-2m"),
        "channel.channel_group": ("sem", "event"),
        "person.consent_status": ("granted", "none", "withdrawn"),
        "lead.capture_type": ("form", "card"),
        "lead.intent_level": ("high", "low"),
        "status": ("new", "working", "closed"),
    }
    for name, values in words.items():
        lead[name] = some(rng, LEADS, *values)
    for name in ("nurture_at", "invalid_at", "sql_at", "opportunity_at", "won_at"):
        lead[name] = moments(rng, LEADS).where(rng.random(LEADS) < 0.1)
    return {"lead": lead} | around(rng, names) | flows(rng, lead)


def around(rng, names):
    """Touches, activities, stages, merged leads and people."""
    touch, activity, stage = (rng.choice(names, size) for size in (2_000, 900, 200))
    types = ("page_view", "pricing_view", "demo", "email_sent", "wecom_add", "email_click")
    return {
        "touch": pd.DataFrame(
            {
                "touch_id": [f"T{i}" for i in range(len(touch))],
                "lead_id": touch,
                "touched_at": moments(rng, len(touch), 110),
                "touch_type": rng.choice(types, len(touch)),
                "direction": some(rng, len(touch), "in", "out"),
            }
        ),
        "activity": pd.DataFrame(
            {
                "activity_id": [f"A{i}" for i in range(len(activity))],
                "lead_id": activity,
                "activity_at": moments(rng, len(activity), 110),
                "staff_id": some(rng, len(activity), "S1", "S2", "S3"),
                "method": some(rng, len(activity), "call", "email", "wecom"),
                "outcome": some(rng, len(activity), "connected", "no_answer", "no_answer"),
                "is_automatic": pd.array(
                    rng.choice([True, False, False, None], len(activity)), dtype="boolean"
                ),
            }
        ),
        "stage": pd.DataFrame(
            {
                "lead_id": stage,
                "stage": rng.choice(["lead", "mql"], len(stage)),
                "entered_at": moments(rng, len(stage), 110),
            }
        ),
        "alias": pd.DataFrame({"lead_id": names, "kept_id": [*names[:-9], *names[:9]]}),
        "staff": pd.DataFrame({"staff_id": list("pqrstu"), "team": list("AABBCC")}),
    }


def flows(rng, lead):
    """People, signals and sends of the nurture flows."""
    names = lead["lead_id"].to_numpy()
    kinds = ("lead", "nurture", "nurture", "attended", "contract_end", "mql", "replied",
             "unsubscribed", "won", "connected", "sql")  # fmt: skip
    signals, sends = 700, 900
    programs = [flow.program(step) for flow in FLOWS.flows for step in flow.steps]
    at = moments(rng, signals, 130)
    return {
        "people": pd.DataFrame(
            {
                "entity": names,
                "contact": [f"P{i}" for i in rng.integers(0, LEADS // 2, LEADS)],
                "consent": lead["person.consent_status"],
                "industry": some(rng, LEADS, "finance", "retail"),
                "source": some(rng, LEADS, "sem", "event"),
                "viewed": some(rng, LEADS, "价格页"),
            }
        ),
        "signals": pd.DataFrame(
            {
                "entity": rng.choice(names, signals),
                "signal": rng.choice(kinds, signals),
                "at": at,
                "known_at": at - pd.to_timedelta(rng.choice([0, 0, 90], signals), unit="D"),
            }
        ),
        "sends": pd.DataFrame(
            {
                "entity": rng.choice(names, sends),
                "at": moments(rng, sends, 110),
                "program": some(rng, sends, *programs),
            }
        ),
    }


@pytest.fixture(scope="module")
def duckdb_leads(given):
    con = ibis.duckdb.connect()
    yield {name: con.create_table(name, ibis.memtable(frame)) for name, frame in given.items()}
    con.disconnect()


@pytest.fixture(scope="module")
def postgres_leads(given, cluster):
    cluster.load("leads", given)
    con = ibis.connect(cluster.url("leads"))  # small tables of the rules go there for the session
    yield {name: con.table(name) for name in given}
    con.disconnect()


@pytest.fixture(scope="module")
def spark_leads(given, spark):
    con = ibis.pyspark.connect(spark)
    return {name: con.create_table(f"leads_{name}", frame) for name, frame in given.items()}


def as_frame(answer):
    """A table in an order that no engine decides, its words and moments of one kind."""
    frame = answer.to_pandas() if isinstance(answer, ibis.Table) else answer
    for name in frame:
        kind = frame[name].dtype.kind
        if kind == "M":
            frame = frame.assign(**{name: frame[name].astype("datetime64[us]")})
        elif kind not in "fibu":
            frame = frame.assign(**{name: frame[name].astype("str")})
    return frame.sort_values(list(frame.columns), ignore_index=True)


ENGINES = [
    *(pytest.param("duckdb_leads", name, id=f"duckdb, {name}") for name in CALLS),
    *(
        pytest.param(
            "postgres_leads",
            name,
            id=f"postgres, {name}",
            marks=pytest.mark.xdist_group("postgres"),
        )
        for name in CALLS
    ),
    *(
        pytest.param(
            "spark_leads", name, id=f"spark, {name}", marks=pytest.mark.xdist_group("spark")
        )
        for name in CALLS
        if name not in SLOW
    ),
]


@pytest.mark.parametrize(("engine", "name"), ENGINES)
def test_a_call_gives_the_table_that_pandas_gives(engine, name, given, same, request):
    expected = as_frame(CALLS[name](given))
    assert len(expected)
    same(as_frame(CALLS[name](request.getfixturevalue(engine))), expected)
