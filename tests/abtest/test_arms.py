"""Arms: sums of groups are put together exactly, and named as they were given."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbook.abtest import Arms, counts, merged, units
from playbook.abtest.metrics import Mean
from playbook.errors import ParameterError

PAIRS = st.tuples(st.integers(-1000, 1000), st.integers(-1000, 1000))
GROUPS = st.lists(st.lists(PAIRS, max_size=6), min_size=1, max_size=5).filter(any)


def exact(rows):
    """Mean and sums of centred products of pairs, in fractions."""
    columns = [[Fraction(value) for value in column] for column in zip(*rows, strict=True)]
    means = [sum(column) / len(column) for column in columns]
    products = [
        [sum((a - x) * (b - y) for a, b in zip(first, second, strict=True))
         for second, y in zip(columns, means, strict=True)]
        for first, x in zip(columns, means, strict=True)
    ]  # fmt: skip
    return np.array(means, dtype=float), np.array(products, dtype=float)


def summed(groups):
    """What is known of each group, as `merged` takes it."""
    found = [exact(rows) if rows else (np.full(2, np.nan), np.zeros((2, 2))) for rows in groups]
    means, products = zip(*found, strict=True)
    return np.array([len(rows) for rows in groups]), np.array(means), np.array(products)


@given(GROUPS, st.sampled_from([0, 10**9]))
def test_groups_merge_to_the_sums_of_all_rows(groups, shift):
    groups = [[(x + shift, y - shift) for x, y in rows] for rows in groups]
    found = merged(*summed(groups))
    means, products = exact([pair for rows in groups for pair in rows])
    assert found.n == sum(map(len, groups))
    np.testing.assert_allclose(found.means, means, rtol=1e-15, atol=1e-12)
    # A mean of 1e9 is known to 1e-7, times 30 units up to 2,000 apart; squares would miss by 1e3.
    np.testing.assert_allclose(found.products, products, rtol=1e-12, atol=1e-2 if shift else 1e-9)


@given(GROUPS)
def test_the_order_of_groups_makes_no_difference(groups):
    both = merged(*summed(groups)), merged(*summed(groups[::-1]))
    for first, second in zip(*both, strict=True):
        np.testing.assert_allclose(first, second, rtol=1e-12, atol=1e-9)


@pytest.fixture
def frame():
    rng = np.random.default_rng(6)
    return pd.DataFrame(
        {
            "arm": rng.choice(["C", "A", "B"], 300),
            "page": rng.choice(["form", "price"], 300),
            "day": rng.integers(1, 4, 300),
            "spent": rng.gamma(2, 50, 300),
            "before": rng.gamma(2, 50, 300),
        }
    )


@pytest.fixture
def arms(frame):
    return units(frame, ["spent", "before"], control="B", by=("page", "day"))


def hold_alike(first, second):
    assert first.names == second.names
    for name in ("n", "means", "products", "lows", "highs"):
        np.testing.assert_allclose(getattr(first, name), getattr(second, name), rtol=1e-12)


def test_the_control_is_first_and_the_others_are_sorted(arms):
    assert arms.names == ("B", "A", "C")
    assert (arms.control, arms.others) == ("B", ("A", "C"))
    assert [arms.place(name) for name in arms.names] == [0, 1, 2]


def test_the_arms_of_a_group_are_those_of_its_rows(arms, frame):
    by_day = arms.by("day")
    assert list(by_day) == [1, 2, 3]
    rows = frame[frame["day"] == 2]
    hold_alike(by_day[2], units(rows, ["spent", "before"], control="B"))


def test_groups_of_groups(arms, frame):
    found = arms.by("page")["price"].by("day")[3]
    rows = frame[frame["page"].eq("price") & frame["day"].eq(3)]
    hold_alike(found, units(rows, ["spent", "before"], control="B"))


def test_some_of_the_arms_keep_their_groups(arms, frame):
    found = arms.only("C")
    assert found.names == ("B", "C")
    rows = frame[frame["arm"].isin(["B", "C"]) & frame["page"].eq("form")]
    hold_alike(found.by("page")["form"], units(rows, ["spent", "before"], control="B"))


def test_all_arms_as_one(arms, frame):
    found = arms.total()
    assert found.names == ("all",)
    np.testing.assert_allclose(found.covariance("all"), frame[["spent", "before"]].cov())
    np.testing.assert_allclose(found.lows, [frame[["spent", "before"]].min()])
    form = frame[frame["page"].eq("form")]
    np.testing.assert_allclose(found.by("page")["form"].means[0, 0], form["spent"].mean())


def test_variances_and_covariances_are_those_of_the_sample(arms, frame):
    of_arm = frame[frame["arm"].eq("C")][["spent", "before"]]
    np.testing.assert_allclose(arms.covariance("C"), of_arm.cov())
    np.testing.assert_allclose(arms.variances[2], of_arm.var())


def test_one_unit_has_no_variance():
    arms = Arms(("A", "B"), ("x",), [1, 0], [[3], [np.nan]], np.zeros((2, 1, 1)))
    assert np.isnan(arms.variances).all()
    assert np.isnan(arms.covariance("A")).all()


def test_an_arm_may_be_missing_in_a_group():
    rows = pd.DataFrame({"arm": ["A", "A", "B"], "day": [1, 2, 1], "spent": [1.0, 2.0, 3.0]})
    second = units(rows, "spent", control="A", by="day").by("day")[2]
    assert second.n.tolist() == [1, 0]
    assert second.means[0, 0] == 2
    assert np.isnan(second.means[1, 0])


def test_a_missing_group_is_the_last():
    rows = pd.DataFrame({"arm": list("ABAB"), "page": ["z", None, None, "z"], "x": [1, 2, 3, 4]})
    found = units(rows, "x", control="A", by="page").by("page")
    assert list(found) == ["z", "(missing)"]
    assert found["(missing)"].means.tolist() == [[3], [2]]


def test_ones_are_whole_numbers():
    seen = pd.DataFrame({"arm": ["A", "B"], "exposures": [3, 7], "conversions": [1, 5]})
    arms = counts(seen, control="A")
    assert arms.ones("converted").tolist() == [1, 5]
    assert arms.ones("converted").dtype == np.int64


def test_nobody_writes_into_arms(arms):
    with pytest.raises(ValueError, match="read-only"):
        arms.n[0] = 7


def test_its_words():
    table = {"arm": ["B", "A"], "day": [1, 1], "exposures": [1200, 1180], "conversions": [30, 20]}
    arms = counts(pd.DataFrame(table), control="A", by="day")
    assert str(arms) == "control A (1,180 units); B (1,200 units); measured: converted; by day"


REFUSED = {
    "an unknown arm": (
        lambda a: a.place("b"),
        "unknown arm 'b'; did you mean 'B'? Allowed: B, A, C",
    ),
    "an unknown column": (
        lambda a: a.column("spend"),
        "unknown column 'spend'; did you mean 'spent'? Allowed: spent, before",
    ),
    "the control alone": (
        lambda a: a.only("B"),
        "B is the control: name another arm beside it.",
    ),
    "an unknown group": (
        lambda a: a.by("pages"),
        "unknown group 'pages'; did you mean 'page'? Allowed: page, day",
    ),
    "ones of amounts": (
        lambda a: a.ones("spent"),
        "spent holds other values than 0 and 1, so nothing can be counted. Compare its mean.",
    ),
    "groups that were not read": (
        lambda a: Arms(a.names, a.columns, a.n, a.means, a.products).by("day"),
        "The units are not grouped by 'day'. Read them again with by='day'.",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_there_is_refused(name, arms):
    call, message = REFUSED[name]
    with pytest.raises(ParameterError) as refused:
        call(arms)
    assert str(refused.value) == message


def test_columns_that_were_not_read_together_are_refused(frame):
    arms = units(frame, [Mean("spent"), Mean("before")], control="B")
    arms.need("spent")
    with pytest.raises(ParameterError) as refused:
        arms.need("spent", "before")
    assert str(refused.value) == (
        "spent and before were not read together. Read the units again with the metric that takes "
        "them, or with the columns' names."
    )
