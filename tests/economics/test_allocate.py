"""Cost is divided to the cent, and none of it is lost."""

from __future__ import annotations

from fractions import Fraction

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbook.economics import allocate, apportion
from playbook.errors import ParameterError

KINDS = ("partner_id", "content_id")


def cents(amounts):
    return sum(round(amount * 100) for amount in amounts)


def costs(*rows):
    return pd.DataFrame(rows, columns=["day", "channel", "partner_id", "content_id", "cost"])


def weights(*rows):
    return pd.DataFrame(rows, columns=["kind", "key", "channel", "weight"])


WEIGHTS = weights(
    ("partner_id", "P1", "A", 2),
    ("partner_id", "P1", "B", 1),
    ("partner_id", "P2", "B", 3),
    ("content_id", "C1", "A", 1),
)


def test_three_equal_parts_give_the_odd_cent_to_the_first():
    assert apportion(100, [1, 1, 1]) == [33.34, 33.33, 33.33]


def test_parts_of_a_credit_note_add_up_too():
    assert apportion(-0.05, [1, 1]) == [-0.03, -0.02]


@given(
    total=st.integers(0, 10**12),
    parts=st.lists(st.integers(0, 10**6), min_size=1, max_size=12).filter(any),
)
def test_apportion_is_hamiltons_method_in_exact_fractions(total, parts):
    exact = [Fraction(total * part, sum(parts)) for part in parts]
    found = [round(part * 100) for part in apportion(total / 100, parts)]
    assert sum(found) == total
    assert all(
        int(share) <= part <= int(share) + 1 for share, part in zip(exact, found, strict=True)
    )
    rounded_up = [s - int(s) for s, p in zip(exact, found, strict=True) if p > int(s)]
    left_down = [s - int(s) for s, p in zip(exact, found, strict=True) if p == int(s)]
    assert not rounded_up or not left_down or min(rounded_up) >= max(left_down) - Fraction(1, 10**6)


@pytest.mark.parametrize("wrong", [[0, 0], [1, -1], [], [float("nan"), 1]])
def test_weights_that_divide_nothing_are_refused(wrong):
    with pytest.raises(ParameterError, match=r"^weights must be 0 or more and at least one above"):
        apportion(10, wrong)


def test_a_cost_with_a_channel_stays_with_it_whatever_else_it_names():
    found = allocate(costs(("mon", "A", "P2", None, 10.0)), WEIGHTS, kinds=KINDS)
    assert found[["channel", "cost", "how"]].values.tolist() == [["A", 10.0, "direct"]]


def test_a_partners_cost_follows_the_leads_of_that_partner():
    found = allocate(costs(("mon", None, "P1", None, 10.0)), WEIGHTS, kinds=KINDS)
    rows = found[["channel", "cost", "how", "day"]].values.tolist()
    assert rows == [["A", 6.67, "partner_id", "mon"], ["B", 3.33, "partner_id", "mon"]]


def test_a_partner_without_leads_is_divided_as_all_partners_are():
    found = allocate(costs(("mon", None, "P9", None, 6.0)), WEIGHTS, kinds=KINDS)
    assert found[["channel", "cost"]].values.tolist() == [["A", 2.0], ["B", 4.0]]


def test_the_first_kind_that_is_filled_decides():
    found = allocate(costs(("mon", None, "P2", "C1", 6.0)), WEIGHTS, kinds=KINDS)
    assert found[["channel", "how"]].values.tolist() == [["B", "partner_id"]]


def test_a_kind_that_nobody_has_leads_of_leaves_it_to_the_next():
    only_content = WEIGHTS[WEIGHTS["kind"] == "content_id"]
    found = allocate(costs(("mon", None, "P2", "C1", 6.0)), only_content, kinds=KINDS)
    assert found[["channel", "how"]].values.tolist() == [["A", "content_id"]]


def test_what_names_nothing_stays_a_line_of_its_own_unless_a_rule_divides_it():
    homeless = costs(("mon", None, None, None, 9.0))
    kept = allocate(homeless, WEIGHTS, kinds=KINDS)
    assert kept["channel"].isna().all()
    assert kept[["cost", "how"]].values.tolist() == [[9.0, "unallocated"]]
    shared = pd.DataFrame({"channel": ["A", "B"], "weight": [1, 2]})
    divided = allocate(homeless, WEIGHTS, kinds=KINDS, shared=shared)
    assert divided[["channel", "cost", "how"]].values.tolist() == [
        ["A", 3.0, "shared"],
        ["B", 6.0, "shared"],
    ]


def test_without_kinds_only_the_channel_that_is_named_counts():
    found = allocate(costs(("mon", None, "P1", None, 10.0)), WEIGHTS)
    assert found["how"].tolist() == ["unallocated"]


def test_a_channel_that_weighs_nothing_gets_nothing():
    none = pd.concat([WEIGHTS, weights(("partner_id", "P1", "Z", 0))])
    found = allocate(costs(("mon", None, "P1", None, 10.0)), none, kinds=KINDS)
    assert set(found["channel"]) == {"A", "B"}


def test_no_cost_gives_no_rows():
    found = allocate(costs(), WEIGHTS, kinds=KINDS)
    assert found.empty
    assert list(found.columns) == ["day", "channel", "partner_id", "content_id", "cost", "how"]


_rows = st.lists(
    st.tuples(
        st.sampled_from(["mon", "tue"]),
        st.sampled_from(["A", "Q", None]),
        st.sampled_from(["P1", "P2", "P9", None]),
        st.sampled_from(["C1", None]),
        st.integers(-5000, 10**7).map(lambda c: c / 100),
    ),
    max_size=20,
)


@given(rows=_rows, shares=st.booleans())
def test_every_part_of_the_result_adds_up_to_the_same_part_of_the_costs(rows, shares):
    given_costs = costs(*rows)
    shared = pd.DataFrame({"channel": ["A", "B", "C"], "weight": [1, 1, 1]}) if shares else None
    found = allocate(given_costs, WEIGHTS, kinds=KINDS, shared=shared)
    for column, values in (("day", ["mon", "tue"]), ("partner_id", ["P1", "P2", "P9"])):
        for value in values:
            before = given_costs.loc[given_costs[column] == value, "cost"]
            assert cents(found.loc[found[column] == value, "cost"]) == cents(before)
    assert cents(found["cost"]) == cents(given_costs["cost"])


def test_missing_columns_are_named_with_those_there_are():
    with pytest.raises(ParameterError) as error:
        allocate(pd.DataFrame({"cost": [1.0]}), WEIGHTS, kinds=KINDS)
    assert str(error.value) == "costs lacks channel, partner_id, content_id; there are: cost"
