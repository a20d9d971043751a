"""Credits, paths and journeys are the same tables on pandas, DuckDB, PostgreSQL and Spark."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import ibis
import numpy as np
import pandas as pd
import pytest
import sqlglot
from ibis.expr import types as ir
from sqlglot import exp

from playbook import attribution
from playbook.attribution import Custom, Journey, Markov, Shapley

START = pd.Timestamp("2026-01-01")
SINCE = dt.datetime(2026, 1, 20)  # noqa: DTZ001 - naive UTC, as in a Book
AS_OF = dt.datetime(2026, 4, 2, 6)  # noqa: DTZ001
CHANNELS = ("搜索广告", "行业展会", "直接访问", "Email", "email", "referral 'B'")
CAMPAIGNS = tuple(f"C{n:02}" for n in range(9))
ENTITIES, TOUCHES, CONVERSIONS = 260, 1_500, 220
DAYS = 100

MILESTONES = ("lead_at", "opportunity_at")
NAMED = {"conversion": "conversion_id", "currency": "currency"}
VARIANTS = {
    "plain": (
        "won",
        Journey(direct=("直接访问",), milestones=MILESTONES, **NAMED),
        {},
    ),
    "one journey each": ("once", Journey(touch="touch_id", by="campaign", value="amount"), {}),
    "with every switch": (
        "won",
        Journey(
            touch="touch_id",
            lookback_days=20.5,
            session_minutes=45,
            repeats="collapse",
            direct=("直接访问", "email"),
            ignore_direct=True,
            restart=False,
            reenter=True,
            milestones=MILESTONES,
            value="amount",
            **NAMED,
        ),
        {"as_of": AS_OF, "since": SINCE},
    ),
    "without value": (
        "won",
        Journey(lookback_days=12, reenter=True, value=None, repeats="collapse"),
        {"as_of": AS_OF},
    ),
}
"""The table of conversions, the journey, and the moments of each."""

PLACED = (
    "first",
    "last",
    "linear",
    "u_40_20_40",
    "position_30_20_50",
    "time_decay",
    "time_decay_2",
)
MORE = ("last_non_direct", "w", "full_path")
RECENT = Custom("recent", lambda position, size, days: 1 + position / size - (days + 1) / 400)
CHAINS = ("markov", "markov_2", Markov(3, "all", "long"), Markov(1, "none", "won only"))
GAMES = ("shapley", "shapley_rate", Shapley("rate", "all", label="shapley_open"))


def credited(models, **draws):
    def call(found):
        named = models if len(found.plan.direct) and found.plan.milestones else without(models)
        return attribution.attribute(found, named, **draws).credits

    return call


def without(models):
    """The models that need no names of direct touches and no milestones."""
    return [model for model in models if model not in MORE]


CALLS = {
    "heuristics": credited([*PLACED, *MORE, RECENT]),
    "markov": credited(CHAINS),
    "shapley": credited(GAMES),
    "draws": credited(["linear", "w", "markov", "shapley", "shapley_rate"], draws=50, seed=7),
    "totals": lambda j: attribution.attribute(j, ["time_decay", "markov"]).totals,
    "agreement": lambda j: attribution.attribute(j, ["first", "last"], draws=50).agreement(),
    "paths": attribution.paths,
    "states": attribution.states,
    "lengths": attribution.lengths,
    "days": attribution.days,
    "contributions": attribution.contributions,
    "transitions": attribution.transitions,
    "transitions of order 3": lambda j: attribution.transitions(j, 3, nulls="all"),
    "removal effects": attribution.removal_effects,
    "by position": attribution.by_position,
    "credit rows": lambda j: attribution.credit_rows(
        j, ["last", "linear", "time_decay", "shapley"]
    ),
}
SPARK = {
    "plain": ("markov", "shapley", "paths", "days"),
    "with every switch": ("heuristics", "contributions"),
}
"""What asks each of the questions once: Spark takes seconds to plan one of them."""


def moments(rng, size):
    """Every sixth hour, so that many are equal, with minutes on one of them in two."""
    hours, minutes = rng.integers(0, DAYS * 4, size) * 6, rng.choice([0, 0, 7, 41], size)
    spans = pd.to_timedelta(hours, unit="h") + pd.to_timedelta(minutes, unit="m")
    return pd.Series((START + spans).as_unit("us"))


@pytest.fixture(scope="module")
def given():
    """Random touches and conversions.

    Many touches follow another of their entity and channel by minutes, or are at its very moment.
    Some conversions share the moment of another one of their entity, some have no value, some no
    touch.
    """
    rng = np.random.default_rng(20261103)
    names = np.array([f"客户-{n:03}" for n in range(ENTITIES)])
    touch = pd.DataFrame({"account_id": rng.choice(names, TOUCHES), "channel": ""})
    touch["touched_at"] = moments(rng, TOUCHES)
    touch["channel"] = rng.choice(CHANNELS, TOUCHES)
    touch["campaign"] = rng.choice(CAMPAIGNS, TOUCHES)
    again = touch.sample(TOUCHES // 3, random_state=3)
    later = pd.to_timedelta(rng.integers(0, 90, len(again)), unit="m")
    again = again.assign(touched_at=again["touched_at"] + later.as_unit("us"))
    twins = touch.sample(TOUCHES // 10, random_state=4)
    twins = twins.assign(channel=rng.choice(CHANNELS, len(twins)))
    touch = pd.concat([touch, again, twins], ignore_index=True)
    touch["touch_id"] = rng.permutation(len(touch))
    won = pd.DataFrame({"conversion_id": [f"K{n:03}" for n in range(CONVERSIONS)]})
    won["account_id"] = rng.choice(names[ENTITIES // 4 :], CONVERSIONS)
    won["converted_at"] = moments(rng, CONVERSIONS)
    twin = won.index.to_series().where(won.index % 9 != 1, won.index - 1)
    for name in ("account_id", "converted_at"):
        won[name] = won.loc[twin, name].to_numpy()
    worth = rng.integers(0, 5_000_000, CONVERSIONS)
    won["value"] = np.where(rng.random(CONVERSIONS) < 0.1, np.nan, worth / 100)
    won["amount"] = [Decimal(int(cents)) / 100 for cents in worth]
    for name, most in zip(MILESTONES, (60, 25), strict=True):
        before = pd.to_timedelta(rng.integers(0, most * 24, CONVERSIONS), unit="h")
        won[name] = (won["converted_at"] - before).where(rng.random(CONVERSIONS) < 0.8)
    won["currency"] = "CNY"
    return {"touch": touch, "won": won, "once": won.drop_duplicates("account_id")}


@pytest.fixture(scope="module")
def duckdb_touches(given):
    con = ibis.duckdb.connect()
    yield {name: con.create_table(name, ibis.memtable(frame)) for name, frame in given.items()}
    con.disconnect()


@pytest.fixture(scope="module")
def postgres_touches(given, cluster):
    cluster.load("touches", given)
    con = ibis.connect(cluster.url("touches", "reader"))
    yield {name: con.table(name) for name in given}
    con.disconnect()


@pytest.fixture(scope="module")
def spark_touches(given, spark):
    con = ibis.pyspark.connect(spark)
    return {name: con.create_table(f"touches_{name}", frame) for name, frame in given.items()}


@pytest.fixture(scope="module")
def made():
    """The journeys of a variant over an engine's tables, made once."""
    known = {}

    def make(engine, tables, variant):
        if (engine, variant) not in known:
            of, journey, span = VARIANTS[variant]
            known[engine, variant] = attribution.journeys(
                tables["touch"], tables[of], journey, **span
            )
        return known[engine, variant]

    return make


@pytest.fixture
def both(given, made, request):
    """A variant's journeys in an engine, and the same in pandas."""

    def ask(engine, variant):
        there = request.getfixturevalue(engine)
        return made(engine, there, variant), made("pandas", given, variant)

    return ask


def plain(table):
    """Tuples of names as text, which is what holds tables to be equal compares."""
    for name in table:
        if table[name].map(type).eq(tuple).any():
            table = table.assign(**{name: table[name].map(str)})
    return table


def of(engine, variants, marks=()):
    return [
        pytest.param(
            f"{engine}_touches", variant, name, id=f"{engine}, {variant}, {name}", marks=marks
        )
        for variant, names in variants.items()
        for name in names
    ]


EVERYTHING = dict.fromkeys(VARIANTS, CALLS)
ENGINES = [
    *of("duckdb", EVERYTHING),
    *of("postgres", EVERYTHING, pytest.mark.xdist_group("postgres")),
    *of("spark", SPARK, pytest.mark.xdist_group("spark")),
]


@pytest.mark.parametrize(("engine", "variant", "name"), ENGINES)
def test_a_call_gives_the_table_that_pandas_gives(engine, variant, name, both, same):
    found, expected = (plain(CALLS[name](journeys)) for journeys in both(engine, variant))
    assert len(expected)
    same(found, expected)


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_words_of_a_result_are_the_same(variant, given, made, duckdb_touches):
    words = [
        str(attribution.attribute(made(engine, tables, variant)))
        for engine, tables in (("pandas", given), ("duckdb_touches", duckdb_touches))
    ]
    assert words[0] == words[1]


def test_a_frame_and_a_table_of_an_engine_go_together(given, made, duckdb_touches, same):
    mixed = {**given, "touch": duckdb_touches["touch"]}
    found = CALLS["heuristics"](made("mixed", mixed, "plain"))
    same(found, CALLS["heuristics"](made("pandas", given, "plain")))


def test_paths_that_are_in_an_engine(given, made, duckdb_touches, same):
    table = attribution.paths(made("pandas", given, "plain"), separator=" > ")
    con = duckdb_touches["touch"].get_backend()
    there = con.create_table("paths", ibis.memtable(table))
    read = [attribution.from_paths(one, nulls="nulls", value="value") for one in (table, there)]
    models = ["first", "linear", *CHAINS, *GAMES]
    found = [attribution.attribute(one, models, draws=50).credits for one in read]
    same(found[1], found[0])


def test_the_tables_have_what_engines_may_disagree_about(given, made):
    """Equal times, conversions without a touch or a value, journeys of every state."""
    touch, won = given["touch"], given["won"]
    assert touch.duplicated(["account_id", "touched_at"]).sum() > 50
    assert touch.duplicated(["account_id", "touched_at", "channel"]).sum() > 5
    assert won.duplicated(["account_id", "converted_at"]).sum() > 10
    assert won["account_id"].duplicated().sum() > 30
    assert won["value"].isna().sum() > 5
    assert won[list(MILESTONES)].isna().sum().min() > 10
    for variant, (_, journey, span) in VARIANTS.items():
        found = attribution.states(made("pandas", given, variant)).set_index("state")["journeys"]
        assert found["converted"] > 50
        assert found["null"] > 10
        assert found["unattributed"] > 5
        assert (found["open"] > 5) == ("as_of" in span and journey.lookback_days is not None)


# Warehouses that no test can reach: what is asked parses in their own grammar.

DIFFERENT = ("heuristics", "markov", "shapley", "paths", "states", "contributions", "days")
"""Calls that ask for something of their own; the others ask for the same again."""
DIALECTS = ("bigquery", "snowflake", "clickhouse", "trino", "postgres")
OWN_FUNCTIONS = {
    "bigquery": {"ieee_divide"},
    "clickhouse": {
        "bitShiftLeft", "isNull", "lagInFrame", "leadInFrame", "parseDateTimeBestEffort",
        "reinterpretAsUInt64", "toDecimal32", "toDecimal128", "toRelativeSecondNum",
    },
    "trino": {"BITWISE_LEFT_SHIFT"},
}  # fmt: skip
"""Functions of a warehouse that sqlglot has no class for; each is in that warehouse's manual."""


@pytest.fixture
def asked(monkeypatch, duckdb_touches):
    """Every query over tables that are only declared; DuckDB answers in their place."""
    con = duckdb_touches["touch"].get_backend()
    seen = []

    def answer(expression, **_):
        seen.append(expression)
        return con.to_pandas(expression)

    for kind in (ir.Table, ir.Column, ir.Scalar):
        for way in ("to_pandas", "execute"):
            monkeypatch.setattr(kind, way, answer, raising=False)
    return seen


@pytest.fixture
def declared(duckdb_touches):
    return {name: ibis.table(table.schema(), name=name) for name, table in duckdb_touches.items()}


@pytest.mark.parametrize("variant", ["plain", "with every switch"])
def test_every_query_is_valid_in_each_dialect(variant, asked, declared):
    of_variant, journey, span = VARIANTS[variant]
    found = attribution.journeys(declared["touch"], declared[of_variant], journey, **span)
    for name in DIFFERENT:
        assert len(CALLS[name](found))
    assert len(asked) > len(DIFFERENT)
    for dialect in DIALECTS:
        for query in asked:
            tree = sqlglot.parse_one(ibis.to_sql(query, dialect=dialect), read=dialect)
            functions = {function.name for function in tree.find_all(exp.Anonymous)}
            assert functions <= OWN_FUNCTIONS.get(dialect, set()), dialect
