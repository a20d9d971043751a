"""What journeys and models refuse, each with its whole message, and what they do not refuse."""

from __future__ import annotations

import datetime as dt
import math
import re

import ibis
import pandas as pd
import pytest

from playbook import attribution
from playbook.attribution import (
    Custom,
    Journey,
    Markov,
    Milestones,
    Position,
    Shapley,
    TimeDecay,
    attribute,
)
from playbook.errors import ParameterError

NAMED = Journey(touch="touch_id", conversion="conversion_id", currency="currency")
MODELS = (
    "Allowed: first, last, last_non_direct, linear, u_50_50, u_40_20_40, w, full_path, time_decay, "
    "markov, markov_1, markov_2, markov_3, markov_4, shapley, shapley_rate, position_40_20_40, "
    "time_decay_30"
)


def at(day, hour=0):
    return pd.Timestamp(2026, 10, day, hour)


def touches(**columns):
    table = pd.DataFrame(
        {
            "touch_id": ["T1", "T2", "T3"],
            "account_id": ["a", "a", "b"],
            "touched_at": [at(1, 9), at(3), at(4)],
            "channel": ["search", "event", "search"],
        }
    )
    return table.assign(**columns)


def won(**columns):
    table = pd.DataFrame(
        {
            "conversion_id": ["K1", "K2"],
            "account_id": ["a", "b"],
            "converted_at": [at(9), at(10)],
            "value": [500.0, 300.0],
            "currency": "CNY",
        }
    )
    return table.assign(**columns)


def refused(call, *sentences):
    """The whole message is these sentences, one to a line."""
    with pytest.raises(ParameterError) as error:
        call()
    assert str(error.value).split("\n") == list(sentences)


def zoned(table, name, zone):
    return table.assign(**{name: table[name].dt.tz_localize(zone)})


IN_ROWS = {
    "a touch without channel": (
        touches(channel=["search", None, "search"]),
        won(),
        Journey(),
        (
            "1 touch has no channel: account_id a touched_at 2026-10-03 00:00; name them or leave "
            "them out."
        ),
    ),
    "a touch with an empty channel, named": (
        touches(channel=["search", None, " "]),
        won(),
        NAMED,
        "2 touches have no channel: touch_id T2, T3; name them or leave them out.",
    ),
    "a touch without time": (
        touches(touched_at=[at(1), None, at(2)]),
        won(),
        Journey(),
        "1 touch has no touched_at: account_id a; leave them out.",
    ),
    "touches without time, named": (
        touches(touched_at=[at(1), None, None]),
        won(),
        NAMED,
        "2 touches have no touched_at: touch_id T2, T3; leave them out.",
    ),
    "a touch without account": (
        touches(account_id=["a", None, "b"]),
        won(),
        Journey(),
        "1 touch has no account_id: touched_at 2026-10-03 00:00; resolve them or leave them out.",
    ),
    "a conversion without account": (
        touches(),
        won(account_id=["a", None]),
        Journey(),
        (
            "1 conversion has no account_id: converted_at 2026-10-10 00:00; name them or leave "
            "them out."
        ),
    ),
    "a conversion without time": (
        touches(),
        won(converted_at=[at(9), None]),
        Journey(),
        "1 conversion has no converted_at: account_id b; leave out what did not convert.",
    ),
    "a negative value": (
        touches(),
        won(value=[-0.01, 300]),
        Journey(),
        (
            "1 conversion has a value below 0: account_id a converted_at 2026-10-09 00:00; allowed "
            "are 0, more, or empty; take refunds off what was refunded."
        ),
    ),
    "negative values, named": (
        touches(),
        won(value=[-5, -3]),
        NAMED,
        (
            "2 conversions have a value below 0: conversion_id K1, K2; allowed are 0, more, or "
            "empty; take refunds off what was refunded."
        ),
    ),
    "two currencies": (
        touches(),
        won(currency=["CNY", "USD"]),
        NAMED,
        "conversions are in several currencies: CNY (1), USD (1); convert them to one first.",
    ),
    "a currency that is not said": (
        touches(),
        won(currency=["CNY", None]),
        NAMED,
        "conversions are in several currencies: CNY (1), empty (1); convert them to one first.",
    ),
    "a conversion twice": (
        touches(),
        won(conversion_id="K1"),
        NAMED,
        "conversion_id of conversions must name each once: K1 (2 rows).",
    ),
    "a conversion without a name": (
        touches(),
        won(conversion_id=["K1", None]),
        NAMED,
        "conversion_id of conversions must name each once: empty (1 row).",
    ),
    "a value without end": (
        touches(),
        won(value=[float("inf"), 300]),
        NAMED,
        "1 conversion has an infinite value: conversion_id K1; give its worth or nothing.",
    ),
    "times that are all missing": (
        touches(touched_at=pd.NaT),
        won(),
        NAMED,
        "3 touches have no touched_at: touch_id T1, T2, T3; leave them out.",
    ),
    "a name that tables use": (
        touches(channel=["(start)", "search", "search"]),
        won(),
        Journey(),
        "channel '(start)' is what our tables call something else; rename it.",
    ),
    "several things at once": (
        touches(channel=["search", None, "x"], account_id=["a", "a", None]),
        won(value=[-1, 3], conversion_id="K", currency=["CNY", "USD"]),
        NAMED,
        "1 touch has no channel: touch_id T2; name them or leave them out.",
        "1 touch has no account_id: touch_id T3; resolve them or leave them out.",
        (
            "1 conversion has a value below 0: conversion_id K; allowed are 0, more, or empty; "
            "take refunds off what was refunded."
        ),
        "conversion_id of conversions must name each once: K (2 rows).",
        "conversions are in several currencies: CNY (1), USD (1); convert them to one first.",
    ),
}
"""Touches, conversions, the journey, and what is said of them."""


@pytest.mark.parametrize("name", IN_ROWS)
@pytest.mark.parametrize("kind", ["pandas", "duckdb"])
def test_rows_that_make_no_journey(name, kind):
    one, other, journey, *said = IN_ROWS[name]
    if kind == "duckdb":
        con = ibis.duckdb.connect()
        one, other = (con.create_table(n, ibis.memtable(t)) for n, t in (("t", one), ("c", other)))
    refused(lambda: attribution.journeys(one, other, journey), *said)


def test_three_rows_are_named_of_many():
    many = touches().merge(pd.DataFrame({"n": range(5)}), how="cross")
    many["touch_id"] = [f"T{n:02}" for n in range(len(many))]
    many["channel"] = many["channel"].where(many.index % 2 == 1)
    refused(
        lambda: attribution.journeys(many, won(), NAMED),
        "8 touches have no channel: touch_id T00, T02, T04; name them or leave them out.",
    )


IN_COLUMNS = {
    "columns that are not there": (
        touches().rename(columns={"touched_at": "touch_at", "channel": "chanel"}),
        won().rename(columns={"value": "worth"}),
        (
            "unknown column of touches 'touched_at'; did you mean 'touch_at'? Allowed: touch_id, "
            "account_id, touch_at, chanel"
        ),
        (
            "unknown column of touches 'channel'; did you mean 'chanel'? Allowed: touch_id, "
            "account_id, touch_at, chanel"
        ),
        (
            "unknown column of conversions 'value'. Allowed: conversion_id, account_id, "
            "converted_at, worth, currency"
        ),
    ),
    "times with a zone beside times without": (
        zoned(touches(), "touched_at", "UTC"),
        won(),
        (
            "Time zones are mixed: touched_at of touches UTC, converted_at of conversions no zone. "
            "Give all of them in UTC without a zone; in pandas "
            '.dt.tz_convert("UTC").dt.tz_localize(None) turns what has a zone into that.'
        ),
    ),
    "times without a zone beside times with": (
        touches(),
        zoned(won(), "converted_at", "UTC"),
        (
            "Time zones are mixed: touched_at of touches no zone, converted_at of conversions UTC. "
            "Give all of them in UTC without a zone; in pandas "
            '.dt.tz_convert("UTC").dt.tz_localize(None) turns what has a zone into that.'
        ),
    ),
    "times with a zone": (
        zoned(touches(), "touched_at", "UTC"),
        zoned(won(), "converted_at", "UTC"),
        (
            "Times have a time zone: touched_at of touches UTC, converted_at of conversions UTC. "
            "Give all of them in UTC without a zone; in pandas "
            '.dt.tz_convert("UTC").dt.tz_localize(None) turns what has a zone into that.'
        ),
    ),
    "times that are text": (
        touches(touched_at="2026-10-01 09:00"),
        won(),
        "touched_at of touches is text, not a moment; read it as naive UTC times.",
    ),
    "days, which do not say when they begin": (
        touches(touched_at=[dt.date(2026, 10, day) for day in (1, 2, 3)]),
        won(),
        (
            "touched_at of touches is a date, not a moment; give the moment from which it counts "
            "as naive UTC times."
        ),
    ),
    "a value that is text, and accounts of two kinds": (
        touches(account_id=[1, 1, 2]),
        won(value="500"),
        "account_id is a whole number in touches and text in conversions; give both the same kind.",
        "value of conversions is text, not a number.",
    ),
}
"""Touches, conversions, and what is said of their columns."""


@pytest.mark.parametrize("name", IN_COLUMNS)
def test_columns_that_make_no_journey(name):
    one, other, *said = IN_COLUMNS[name]
    refused(lambda: attribution.journeys(one, other), *said)


def test_time_zones_of_an_engine_are_named():
    """A warehouse's column knows its zone; a DataFrame's is UTC once DuckDB reads it."""
    one = ibis.table(
        {"account_id": "string", "touched_at": "timestamp('Asia/Shanghai')", "channel": "string"},
        name="touch",
    )
    other = ibis.table(
        {"account_id": "string", "converted_at": "timestamp('UTC')", "value": "int64"}, name="won"
    )
    refused(
        lambda: attribution.journeys(one, other),
        "Time zones are mixed: touched_at of touches Asia/Shanghai, converted_at of conversions "
        "UTC. Give all of them in UTC without a zone; in pandas "
        '.dt.tz_convert("UTC").dt.tz_localize(None) turns what has a zone into that.',
    )


@pytest.mark.parametrize("zones", [("UTC", "Asia/Shanghai", "UTC"), ("UTC", None, "UTC")])
def test_one_column_of_several_time_zones(zones):
    mixed = [pd.Timestamp(2026, 10, day, tz=zone) for day, zone in enumerate(zones, 1)]
    table = touches(touched_at=pd.Series(mixed, dtype=object))
    with pytest.raises(ParameterError, match=r"^Time zones are mixed: touched_at of touches"):
        attribution.journeys(table, won())


def test_moments_of_a_call_are_without_a_zone():
    late = dt.datetime(2026, 10, 31, tzinfo=dt.UTC)
    for name in ("as_of", "since"):
        refused(
            lambda name=name: attribution.journeys(touches(), won(), **{name: late}),
            f"{name} must be naive UTC, not in the zone UTC.",
        )


@pytest.mark.parametrize("days", [math.inf, math.nan, -1])
def test_a_lookback_that_is_no_number_of_days(days):
    refused(
        lambda: Journey(lookback_days=days),
        f"lookback_days must be above 0 and at most 1,000,000, or None, not {days}.",
    )


def test_settings_that_make_no_journey_all_at_once():
    refused(
        lambda: Journey(
            lookback_days=0,
            session_minutes=-1,
            repeats="colapse",
            ignore_direct=True,
            milestones=("lead_at", "lead_at"),
        ),
        "lookback_days must be above 0 and at most 1,000,000, or None, not 0.",
        "session_minutes must be above 0 and at most 1,000,000, or None, not -1.",
        "unknown repeats 'colapse'; did you mean 'collapse'? Allowed: keep, collapse",
        "ignore_direct needs the names in direct, such as direct=('direct',).",
        "milestones must be different columns, not lead_at, lead_at.",
    )


MISTAKES = {
    "a name": (lambda: "linaer", f"unknown model 'linaer'; did you mean 'linear'? {MODELS}"),
    "no model": (list, f"models must name at least one. {MODELS}"),
    "one twice": (
        lambda: ["first", "last", "first"],
        "model first is asked for twice; give one a label.",
    ),
    "no model at all": (
        lambda: 40,
        "a model is a name or an object such as TimeDecay(14), not int.",
    ),
    "several at once": (
        lambda: ["lst", "markov_9", "time_decay_0", "position_40_20_30"],
        f"unknown model 'lst'; did you mean 'last'? {MODELS}",
        "order of markov must be 1, 2, 3 or 4, not 9.",
        "half_life_days must be above 0, not 0.0.",
        "position_40_20_30: weights must sum to 100 %; 40 % + 20 % + 30 % is 90 %.",
    ),
    "weights below 1": (
        lambda: Position(0.4, 0.2, 0.3),
        "position weights: weights must sum to 100 %; 40 % + 20 % + 30 % is 90 %.",
    ),
    "weights above 1": (
        lambda: Milestones("mine", 0.5, (0.3, 0.3), 0.0, 0.1),
        "mine: weights must sum to 100 %; 50 % + 30 % + 30 % + 0 % + 10 % is 120 %.",
    ),
    "a weight below 0": (
        lambda: Position(-0.2, 0.8, 0.4),
        "position weights: weights must be 0 or more, not -20 % + 80 % + 40 %.",
    ),
    "a weight that is none": (
        lambda: Position(math.nan, 0.6, 0.4),
        "position weights: weights must be 0 or more, not nan % + 60 % + 40 %.",
    ),
    "milestones alone": (
        lambda: Milestones("mine", 0.0, (0.5, 0.5), 0.0, 0.0),
        "mine: first or last must have weight: a journey may lack its milestones.",
    ),
    "a half-life of 0": (lambda: TimeDecay(0), "half_life_days must be above 0, not 0."),
    "a half-life below 0": (lambda: TimeDecay(-7), "half_life_days must be above 0, not -7."),
    "a half-life without end": (
        lambda: TimeDecay(math.inf),
        "half_life_days must be above 0, not inf.",
    ),
    "order 9": (lambda: Markov(9), "order of markov must be 1, 2, 3 or 4, not 9."),
    "order 0": (lambda: "markov_0", "order of markov must be 1, 2, 3 or 4, not 0."),
    "other nulls": (
        lambda: Markov(nulls="close"),
        "unknown nulls 'close'; did you mean 'closed'? Allowed: closed, all, none",
    ),
    "another game": (
        lambda: Shapley("rates"),
        "unknown game 'rates'; did you mean 'rate'? Allowed: sum, rate",
    ),
    "no names of direct touches": (
        lambda: "last_non_direct",
        "last_non_direct needs the names in direct of the journey, such as ('direct',).",
    ),
    "no milestones": (
        lambda: ["w", "full_path"],
        (
            "w needs 2 milestones; the journey names none. Name columns of conversions, such as "
            "('lead_at', 'opportunity_at')."
        ),
        (
            "full_path needs 2 milestones; the journey names none. Name columns of conversions, "
            "such as ('lead_at', 'opportunity_at')."
        ),
    ),
    "weights of its own that are no numbers": (
        lambda: Custom("mine", lambda position, *_: (position - position) / (position - position)),
        "mine: weights must be numbers of 0 or more; some are empty or no number.",
    ),
    "weights of its own below 0": (
        lambda: Custom("mine", lambda position, *_: position - 2),
        "mine: weights must be 0 or more, not -1. A touch cannot owe credit.",
    ),
}
"""What makes the models, and what is said of them."""


@pytest.mark.parametrize("name", MISTAKES)
def test_models_that_there_are_not(name):
    make, *said = MISTAKES[name]
    refused(lambda: attribute(attribution.journeys(touches(), won()), make()), *said)


def test_weights_may_miss_1_by_what_decimal_fractions_leave():
    assert Position(0.1, 0.7, 0.2).name == "position_10_70_20"
    refused(
        lambda: Position(0.1, 0.7, 0.2001),
        "position weights: weights must sum to 100 %; 10 % + 70 % + 20.01 % is 100.01 %.",
    )


def forty():
    names = [f"channel {n:02}" for n in range(40)]
    table = pd.DataFrame({"account_id": [f"A{n // 2:02}" for n in range(40)], "channel": names})
    ends = pd.DataFrame({"account_id": ["A00", "A07"], "converted_at": at(20), "value": [5, 3]})
    return attribution.journeys(table.assign(touched_at=at(1)), ends)


def test_forty_channels_are_too_many_for_the_exact_rate_game():
    refused(
        lambda: attribute(forty(), Shapley("rate", exact=True)),
        "shapley_rate: 40 names of channel are too many for the exact game, which takes 20; group "
        "them, or leave exact out to sample orders, with their error.",
    )
    sampled = attribute(forty(), "shapley_rate").credits
    assert sampled["conversions"].sum() == pytest.approx(2)
    assert (sampled["conversions_error"] >= 0).all()
    assert sampled["conversions_error"].max() > 0


def test_the_sum_game_of_forty_channels_needs_no_sample():
    found = attribute(forty(), "shapley").credits
    assert found["conversions"].tolist() == [0.5] * 4 + [0.0] * 36
    assert "conversions_error" not in found


def test_what_is_asked_of_a_result():
    journeys = attribution.journeys(touches(), won())
    cases = [
        (
            lambda: attribute(journeys, draws=10),
            "draws: 10; an interval at 0.95 takes 40 or more, better 1000",
        ),
        (
            lambda: attribute(journeys, draws=50, confidence=1.5),
            "confidence: 1.5; allowed is between 0 and 1, such as 0.95",
        ),
        (
            lambda: attribute(journeys, draws=50).agreement("share"),
            "unknown what 'share'. Allowed: conversions, value",
        ),
        (
            lambda: attribute(journeys).agreement(),
            "agreement needs intervals; call attribute with draws=1000.",
        ),
        (
            lambda: attribute(journeys, "first", draws=50).agreement(),
            "models: first; it takes two or more to differ",
        ),
        (
            lambda: attribute(journeys).wide("shares"),
            (
                "unknown what 'shares'; did you mean 'share'? Allowed: conversions, value, share, "
                "value_share"
            ),
        ),
        (
            lambda: attribution.paths(journeys, top=0),
            "top must be 1 or more, or None for all paths, not 0.",
        ),
        (
            lambda: attribution.transitions(journeys, 9),
            "order of markov must be 1, 2, 3 or 4, not 9.",
        ),
        (
            lambda: attribution.removal_effects(journeys, nulls="some"),
            "unknown nulls 'some'. Allowed: closed, all, none",
        ),
    ]
    for call, said in cases:
        refused(call, said)


def test_credit_of_single_conversions_that_there_is_not():
    refused(
        lambda: attribution.credit_rows(
            attribution.journeys(touches(), won()), ["first", "markov", "shapley", "shapley_rate"]
        ),
        "markov credits all journeys together, not single conversions; ask attribute for it.",
        "shapley_rate credits all journeys together, not single conversions; ask attribute for it.",
    )


def test_a_channel_that_holds_the_separator():
    named = attribution.journeys(touches(channel=["a > b", "b", "c"]), won())
    refused(
        lambda: attribution.paths(named, separator=" > "),
        "channel 'a > b' holds the separator '>': paths could not be read back. Use another "
        "separator, or None for tuples of names.",
    )
    assert "a > b|b" in attribution.paths(named, separator="|")["path"].tolist()


# What is no mistake.


@pytest.mark.parametrize("draws", [0, 50])
def test_a_conversion_before_every_touch_is_unattributed(draws):
    early = won(converted_at=[pd.Timestamp(2025, 1, 1), at(10)])
    found = attribution.journeys(touches(), early)
    result = attribute(found, ["first", "time_decay", "markov", "shapley"], draws=draws)
    assert result.totals["what"].tolist() == ["attributed", "unattributed", "all"]
    assert result.totals["conversions"].tolist() == [1, 1, 2]
    assert result.totals["value"].tolist() == [300, 500, 800]
    for _, table in result.credits.groupby("model"):
        credit = table.set_index("channel")
        assert credit["conversions"].to_dict() == {"search": 1, "event": 0, "unattributed": 1}
        assert credit["value"].to_dict() == {"search": 300, "event": 0, "unattributed": 500}
        assert credit.index[-1] == "unattributed"
    assert re.search(r"1 of 2 conversions have no touch and are unattributed\.$", str(result))


def test_no_conversion_at_all_and_no_touch_at_all():
    models = ["first", "time_decay", "markov", "shapley", "shapley_rate"]
    nothing_won = attribute(attribution.journeys(touches(), won().head(0)), models, draws=50)
    assert nothing_won.totals["conversions"].tolist() == [0, 0, 0]
    assert set(nothing_won.credits["conversions"]) == {0.0}
    assert nothing_won.credits.columns.tolist()[-2:] == ["value_share_low", "value_share_high"]
    assert not nothing_won.agreement()["is_beyond_noise"].any()
    untouched = attribute(attribution.journeys(touches().head(0), won()), models).credits
    assert untouched["channel"].tolist() == ["unattributed"] * len(models)
    assert untouched["value"].tolist() == [800.0] * len(models)


def test_an_empty_value_is_a_conversion_without_value():
    found = attribute(attribution.journeys(touches(), won(value=[None, 300.0])), "linear")
    assert found.totals.loc[2, ["conversions", "value"]].tolist() == [2, 300.0]
    counted = attribute(attribution.journeys(touches(), won(), Journey(value=None)), "linear")
    assert counted.totals["value"].isna().all()
    assert counted.credits["value"].isna().all()
    assert counted.credits["conversions"].sum() == 2


def test_a_touch_at_the_moment_of_the_conversion_belongs_to_it():
    late = touches(touched_at=[at(9), at(9, 1), at(10)])
    credit = attribute(attribution.journeys(late, won()), "first").credits.set_index("channel")
    assert credit["conversions"].to_dict() == {"search": 2, "event": 0}


def test_even_weights_where_all_of_a_models_own_are_0():
    nothing = Custom("nothing", lambda position, *_: position * 0)
    found = attribute(attribution.journeys(touches(), won()), [nothing, "linear"]).wide()
    assert found["nothing"].tolist() == found["linear"].tolist()


def test_a_path_to_a_file_is_no_table():
    words = (
        "{} must be a pandas DataFrame or an Ibis table, not str. Read a file first, such as by "
    )
    words += "pandas.read_csv."
    refused(lambda: attribution.from_paths("paths.csv"), words.format("the table of paths"))
    refused(lambda: attribution.journeys("touches.csv", won()), words.format("touches"))
    refused(
        lambda: attribution.journeys(touches(), 3),
        words.format("conversions").replace("str", "int"),
    )


def test_weights_in_per_cent_are_told_to_be_shares():
    refused(
        lambda: attribution.Position(40, 20, 40),
        "position weights: weights must sum to 100 %; 4000 % + 2000 % + 4000 % is 10000 %. Give "
        "shares, such as 0.4.",
    )


def test_a_frame_s_own_zones_are_named():
    refused(
        lambda: attribution.journeys(
            zoned(touches(), "touched_at", "Asia/Shanghai"),
            zoned(won(), "converted_at", "America/New_York"),
        ),
        "Time zones are mixed: touched_at of touches Asia/Shanghai, converted_at of conversions "
        "America/New_York. Give all of them in UTC without a zone; in pandas "
        '.dt.tz_convert("UTC").dt.tz_localize(None) turns what has a zone into that.',
    )
