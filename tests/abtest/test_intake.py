"""Aggregates give the arms that their units give, and what makes no sense is refused in words."""

from __future__ import annotations

import ibis
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbook.abtest import check_partition, counts, moments, units
from playbook.errors import ParameterError

ARMS = st.tuples(st.integers(1, 60), st.floats(0, 1))


def table(**columns):
    return pd.DataFrame(columns)


def hold_alike(first, second):
    assert first.names == second.names
    assert first.columns == second.columns
    assert first.binary == second.binary
    for name in ("n", "means", "products", "lows", "highs"):
        np.testing.assert_allclose(getattr(first, name), getattr(second, name), atol=1e-9)


@given(st.lists(ARMS, min_size=2, max_size=4))
def test_counts_are_the_arms_of_the_units_they_count(arms):
    ones = [round(n * share) for n, share in arms]
    names = [f"arm {place}" for place in range(len(arms))]
    seen = table(arm=names, exposures=[n for n, _ in arms], conversions=ones)
    rows = table(
        arm=np.repeat(names, seen["exposures"]),
        converted=[int(i < k) for (n, _), k in zip(arms, ones, strict=True) for i in range(n)],
    )
    found = counts(seen, control="arm 0")
    hold_alike(found, units(rows, "converted", control="arm 0"))
    assert found.ones("converted").tolist() == ones


def test_counts_by_day_add_up_to_the_counts_of_the_test():
    days = table(
        arm=["A", "B", "A", "B"],
        day=[1, 1, 2, 2],
        exposures=[100, 90, 0, 120],
        conversions=[10, 12, 0, 13],
    )
    whole = table(arm=["A", "B"], exposures=[100, 210], conversions=[10, 25])
    found = counts(days, control="A", by="day", whole=whole)
    hold_alike(found, counts(whole, control="A"))
    assert found.by("day")[2].n.tolist() == [0, 120]


def test_counts_of_an_engine_and_by_other_names():
    seen = table(版本=["新", "旧"], 展示=[1000, 1010], 转化=[70, 60])
    names = {"arm": "版本", "exposures": "展示", "conversions": "转化", "name": "留资"}
    found = counts(ibis.memtable(seen), control="旧", **names)
    assert str(found) == "control 旧 (1,010 units); 新 (1,000 units); measured: 留资"
    assert found.ones("留资").tolist() == [60, 70]


def test_moments_are_the_arms_of_the_units_they_sum_up():
    rng = np.random.default_rng(8)
    rows = table(arm=rng.choice(["A", "B"], 500), spent=rng.gamma(2, 50, 500))
    rows["page"] = rng.choice(["form", "price"], 500)
    grouped = rows.groupby(["arm", "page"])["spent"]
    summed = grouped.agg(n="size", mean="mean", variance="var").reset_index()
    found = moments(summed, control="A", by="page", name="spent")
    expected = units(rows, "spent", control="A", by="page")
    for name in ("n", "means", "products"):
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-12)
    np.testing.assert_allclose(
        found.by("page")["form"].variances, expected.by("page")["form"].variances
    )
    assert np.isnan(found.lows).all()
    assert found.binary == frozenset()


def test_one_unit_needs_no_variance():
    summed = table(arm=["A", "B"], n=[1, 1], mean=[3.0, 4.0], variance=[np.nan, 0.0])
    assert moments(summed, control="A").products.tolist() == [[[0]], [[0]]]


TWO = {"arm": ["A", "B"], "exposures": [100, 100], "conversions": [10, 12]}
WHOLE = "must be a whole number from 0 on"
REFUSED = {
    "no column": (
        {"arm": ["A", "B"], "exposure": [1, 2], "conversions": [0, 0]},
        {},
        (
            "unknown column of table 'exposures'; did you mean 'exposure'? Allowed: arm, exposure, "
            "conversions"
        ),
    ),
    "no rows": (
        {"arm": [], "exposures": [], "conversions": []},
        {},
        "there are no rows: a test needs a control and an arm to compare it with.",
    ),
    "one arm": (
        {"arm": ["A"], "exposures": [100], "conversions": [10]},
        {},
        "there is only one arm, 'A': a test compares two or more.",
    ),
    "an unknown control": (TWO, {"control": "C"}, "unknown control 'C'. Allowed: A, B"),
    "an arm without a name": (
        {"arm": ["A", "B", None], "exposures": [9, 9, 9], "conversions": [1, 1, 1]},
        {},
        "arm is empty on 1 row: name the arm, or leave the row out.",
    ),
    "an arm twice": (
        {"arm": ["A", "B", "B"], "exposures": [9, 9, 9], "conversions": [1, 1, 1]},
        {},
        (
            "arm 'B' is on more than one row. Add its rows up, or name in by what they are rows "
            "of, such as days."
        ),
    ),
    "an arm twice on a day": (
        {
            **{name: 3 * values[:1] for name, values in TWO.items()},
            "arm": ["A", "B", "B"],
            "day": [1, 1, 1],
        },
        {"by": "day"},
        (
            "arm 'B', day 1 is on more than one row. Add its rows up, or name in by what they are "
            "rows of, such as days."
        ),
    ),
    "zero exposures": (
        {**TWO, "exposures": [100, 0], "conversions": [10, 0]},
        {},
        "arm 'B' has no exposures: leave the arm out, or wait until somebody has seen it.",
    ),
    "more conversions than exposures": (
        {**TWO, "conversions": [10, 120]},
        {},
        (
            "arm 'B' has more conversions (120) than exposures (100). Count each unit once, or "
            "compare a mean."
        ),
    ),
    "NaN, infinity, text and halves at once": (
        {
            "arm": list("ABCD"),
            "exposures": [np.nan, np.inf, 10, -5],
            "conversions": ["x", 1, 0.5, 1],
        },
        {},
        (
            f"exposures of arm 'A' {WHOLE}, not nan.\n"
            f"exposures of arm 'B' {WHOLE}, not inf.\n"
            f"exposures of arm 'D' {WHOLE}, not -5.0.\n"
            f"conversions of arm 'A' {WHOLE}, not the text 'x'.\n"
            f"conversions of arm 'C' {WHOLE}, not 0.5.\n"
            "arm 'D' has more conversions (1) than exposures (-5). Count each unit once, or "
            "compare a mean."
        ),
    ),
    "many at once": (
        {"arm": list("ABCDE"), "exposures": [9] * 5, "conversions": [-1] * 5},
        {},
        "".join(f"conversions of arm '{arm}' {WHOLE}, not -1.\n" for arm in "ABC")
        + f"… and 2 more rows whose conversions {WHOLE}.",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_counts_that_make_no_sense_are_refused(name):
    columns, settings, message = REFUSED[name]
    with pytest.raises(ParameterError) as refused:
        counts(table(**columns), **{"control": "A", **settings})
    assert str(refused.value) == message


def test_what_is_no_table_is_refused():
    with pytest.raises(ParameterError) as refused:
        counts([1, 2], control="A")
    assert str(refused.value) == (
        "table must be a pandas DataFrame or an Ibis table, not list. Read a file first, such as "
        "by pandas.read_csv."
    )


NAN = float("nan")
MOMENTS = {
    "every mistake at once": (
        {"arm": ["A", "B"], "n": [10, 2.5], "mean": [NAN, 3], "variance": [-1, np.inf]},
        (
            f"n of arm 'B' {WHOLE}, not 2.5.\n"
            "mean of arm 'A' must be a number, not nan.\n"
            "variance of arm 'B' must be a number, not inf.\n"
            "variance of arm 'A' must not be negative, not -1.0."
        ),
    ),
    "nobody": (
        {"arm": ["A", "B"], "n": [10, 0], "mean": [1, NAN], "variance": [1, NAN]},
        "arm 'B' has no n: leave the arm out, or wait until somebody has seen it.",
    ),
    "no variance": (
        {"arm": ["A", "B"], "n": [10, 10], "mean": [1, 2], "variance": [1, NAN]},
        "variance of arm 'B' must be a number, not nan.",
    ),
}


@pytest.mark.parametrize("name", MOMENTS)
def test_moments_that_make_no_sense_are_refused(name):
    columns, message = MOMENTS[name]
    with pytest.raises(ParameterError) as refused:
        moments(table(**columns), control="A")
    assert str(refused.value) == message


SEGMENTS = {
    "arm": ["A", "A", "B", "B"],
    "segment": ["new", "known"] * 2,
    "exposures": [40, 60, 50, 50],
    "conversions": [4, 6, 5, 7],
}
ADVICE = "Groups must leave nobody out and count nobody twice."
PARTITIONS = {
    "somebody twice": (
        {**TWO, "exposures": [100, 90]},
        f"arm 'B': the groups add up to 100 units, the whole has 90. {ADVICE}",
    ),
    "other conversions": (
        {**TWO, "conversions": [10, 11]},
        "arm 'B': converted is 0.12 in all groups together, and 0.11 in the whole. " + ADVICE,
    ),
    "another arm": (
        {"arm": list("ABC"), "exposures": [100] * 3, "conversions": [10] * 3},
        "groups have the arms A, B, the whole has A, B, C: they must be the same.",
    ),
}


@pytest.mark.parametrize("name", PARTITIONS)
def test_segments_that_do_not_partition_are_refused(name):
    whole, message = PARTITIONS[name]
    with pytest.raises(ParameterError) as refused:
        counts(table(**SEGMENTS), control="A", by="segment", whole=table(**whole))
    assert str(refused.value) == message


PARTS = {
    "arm": ["A", "A", "B", "B"],
    "segment": ["new", "known"] * 2,
    "n": [40, 60, 3, 1],
    "mean": [1.0, -2 / 3, 4.0, 8.0],
    "variance": [2.0, 3.0, 1.0, NAN],
}
# A: 40 x 1 - 60 x 2/3 = 0; (39 x 2 + 59 x 3 + 40 x 60 / 100 x (5/3)^2) / 99. B: 3, 4, 5 and 8.
ADDED = {
    "arm": ["A", "B"],
    "n": [100, 4],
    "mean": [0.0, 5.0],
    "variance": [(78 + 177 + 24 * 25 / 9) / 99, 14 / 3],
}


def test_groups_of_moments_that_partition_are_taken():
    """Means of 0 too, where nothing is a share of the mean."""
    whole = table(**ADDED)
    hold_alike(
        moments(table(**PARTS), control="A", by="segment", whole=whole),
        moments(whole, control="A"),
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n": [100, 5]}, f"arm 'B': the groups add up to 4 units, the whole has 5. {ADVICE}"),
        (
            {"mean": [0.0, 5.01]},
            f"arm 'B': value is 5 in all groups together, and 5.01 in the whole. {ADVICE}",
        ),
        (
            {"variance": [3.2, 14 / 3]},
            (
                "arm 'A': the variance of value is 3.24916 in all groups together, and 3.2 in the "
                f"whole. {ADVICE}"
            ),
        ),
    ],
)
def test_groups_of_moments_that_do_not_partition_are_refused(change, message):
    with pytest.raises(ParameterError) as refused:
        moments(table(**PARTS), control="A", by="segment", whole=table(**ADDED | change))
    assert str(refused.value) == message


def test_segments_that_partition_are_taken():
    found = counts(table(**SEGMENTS), control="A", by="segment", whole=table(**TWO))
    check_partition(found, counts(table(**TWO), control="A"))
    assert found.n.tolist() == [100, 100]


def test_each_fault_of_a_count_is_told_once_and_text_as_such():
    with pytest.raises(ParameterError) as refused:
        counts(table(arm=["A", "B"], exposures=["4,000", 90], conversions=[5, np.inf]), control="A")
    assert str(refused.value) == (
        "exposures of arm 'A' must be a whole number from 0 on, not the text '4,000': write 4000, "
        "without a comma.\n"
        "conversions of arm 'B' must be a whole number from 0 on, not inf."
    )


def test_arms_called_1_and_1_in_words_are_one():
    table = pd.DataFrame(
        {"arm": [1, "1", "2"], "exposures": [10, 20, 30], "conversions": [1, 2, 3]}
    )
    found = counts(table, control=1)
    assert (found.names, found.n.tolist()) == (("1", "2"), [30, 30])
    assert found.ones("converted").tolist() == [3, 3]
