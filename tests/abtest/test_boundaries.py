"""Group sequential bounds.

Oracles: Jennison and Turnbull (2000), tables 2.1 to 2.4; Armitage, McPherson and Rowe (1969); what
R's ldbounds and SeqBounds print; SciPy's bivariate normal and nested quadrature, to 1e-9; simulated
tests.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import multivariate_normal, norm

from playbook import abtest
from playbook.abtest.during.exits import exits
from playbook.errors import ParameterError
from tests.abtest.plain import shares

POCOCK = {  # table 2.1: the constant for 1 to 5 looks
    0.01: (2.576, 2.772, 2.873, 2.939, 2.986),
    0.05: (1.960, 2.178, 2.289, 2.361, 2.413),
    0.1: (1.645, 1.875, 1.992, 2.067, 2.122),
}
OBRIEN_FLEMING = {  # table 2.3
    0.01: (2.576, 2.580, 2.595, 2.609, 2.621),
    0.05: (1.960, 1.977, 2.004, 2.024, 2.040),
    0.1: (1.645, 1.678, 1.710, 1.733, 1.751),
}
fractions = st.lists(st.floats(0.02, 0.98), min_size=0, max_size=6, unique=True)


@pytest.mark.parametrize("alpha", [0.01, 0.05, 0.1])
@pytest.mark.parametrize("looks", [1, 2, 3, 4, 5])
def test_classical_bounds_are_those_of_the_tables(looks, alpha):
    pocock = abtest.group_sequential(looks, kind="pocock", alpha=alpha)
    assert pocock.z == (pytest.approx(POCOCK[alpha][looks - 1], abs=6e-4),) * looks
    steep = abtest.group_sequential(looks, kind="obrien_fleming", alpha=alpha)
    assert steep.z[-1] == pytest.approx(OBRIEN_FLEMING[alpha][looks - 1], abs=6e-4)
    falling = [steep.z[-1] * math.sqrt(looks / k) for k in range(1, looks + 1)]
    assert steep.z == pytest.approx(falling, abs=1e-9)


def test_five_looks_of_obrien_and_fleming():
    found = abtest.group_sequential(5, kind="obrien_fleming").z
    assert np.round(found, 4).tolist() == [4.5617, 3.2256, 2.6337, 2.2809, 2.0401]


@pytest.mark.parametrize(
    ("looks", "kind", "power", "factor"),
    [
        (2, "pocock", 0.8, 1.110),
        (2, "pocock", 0.9, 1.100),
        (5, "pocock", 0.8, 1.229),
        (5, "pocock", 0.9, 1.207),
        (2, "obrien_fleming", 0.8, 1.008),
        (5, "obrien_fleming", 0.8, 1.028),
        (5, "obrien_fleming", 0.9, 1.026),
    ],
)
def test_looks_take_so_many_times_the_people(looks, kind, power, factor):
    """Tables 2.2 and 2.4."""
    found = abtest.group_sequential(looks, kind=kind)
    assert found.inflation(power) == pytest.approx(factor, abs=6e-4)


@pytest.mark.parametrize(
    ("looks", "spending", "sides", "expected"),
    [
        (5, "ld_obrien_fleming", 2, [4.8769, 3.3569, 2.6803, 2.2898, 2.0310]),
        (5, "ld_pocock", 2, [2.4380, 2.4268, 2.4101, 2.3966, 2.3859]),
        ([0.1, 0.33, 1], "ld_obrien_fleming", 2, [6.9913, 3.7308, 1.9605]),
        (4, "ld_obrien_fleming", 1, [3.74955, 2.53993, 2.01604, 1.72014]),
    ],
)
def test_bounds_by_spending_are_those_of_r_and_julia(looks, spending, sides, expected):
    """R's ldbounds for the first three, SeqBounds.jl for the last; both integrate on a grid."""
    found = abtest.group_sequential(looks, spending=spending, sides=sides)
    assert found.z == pytest.approx(expected, abs=2e-4)


def test_unequal_looks_spend_what_ldbounds_spends():
    table = abtest.group_sequential([0.1, 0.33, 1]).table
    assert table["alpha_spent"].tolist() == pytest.approx([2.7227e-12, 1.9097e-4, 0.05], rel=3e-5)


@pytest.mark.parametrize(
    ("looks", "wrong"),
    [(1, 0.05), (2, 0.083), (3, 0.107), (4, 0.126), (5, 0.142), (10, 0.193), (20, 0.248)],
)
def test_repeated_tests_are_wrong_as_often_as_armitage_found(looks, wrong):
    found = exits([norm.ppf(0.975)] * looks, range(1, looks + 1))
    assert found.total == pytest.approx(wrong, abs=6e-4)


@pytest.mark.parametrize("sides", [1, 2])
@pytest.mark.parametrize("drift", [0.0, 2.3])
def test_two_looks_are_a_bivariate_normal(sides, drift):
    first, second, at = 2.6, 1.9, 0.37
    found = exits([first, second], [at, 1], drift=drift, sides=sides)
    mean, shared = [drift * math.sqrt(at), drift], math.sqrt(at)
    law = multivariate_normal(mean, [[1, shared], [shared, 1]])
    floor = [-first, -second] if sides == 2 else [-np.inf, -np.inf]
    inside = law.cdf([first, second], lower_limit=floor)
    assert found.total == pytest.approx(1 - inside, abs=1e-9)
    assert found.upper[0] == pytest.approx(norm.sf(first - mean[0]), abs=1e-12)


def test_three_looks_are_a_nested_integral():
    z, at, drift = (2.8, 2.3, 2.0), (0.2, 0.65, 1.0), 1.4

    def second(s1):
        step = at[1] - at[0]

        def density(s2):
            last = at[2] - at[1]
            beyond = norm.sf((z[2] - s2 - drift * last) / math.sqrt(last))
            return beyond * norm.pdf(s2, s1 + drift * step, math.sqrt(step))

        reach = z[1] * math.sqrt(at[1])
        return quad(density, -reach, reach, epsabs=1e-12)[0]

    reach = z[0] * math.sqrt(at[0])
    start = norm(drift * at[0], math.sqrt(at[0]))
    third = quad(lambda s: second(s) * start.pdf(s), -reach, reach, epsabs=1e-11)[0]
    assert exits(z, at, drift=drift).upper[2] == pytest.approx(third, abs=1e-9)


@settings(deadline=None, max_examples=50)
@given(
    fractions,
    st.sampled_from(["ld_obrien_fleming", "ld_pocock", "ld_power_1", "ld_power_2.5"]),
    st.floats(0.005, 0.2),
    st.sampled_from([1, 2]),
)
def test_all_looks_together_spend_alpha_whenever_they_are(some, spending, alpha, sides):
    looks = sorted({round(t, 2) for t in some} | {1})
    found = abtest.group_sequential(looks, spending=spending, alpha=alpha, sides=sides)
    spent = found.table["alpha_spent"]
    assert spent.is_monotonic_increasing
    assert spent.iloc[-1] == pytest.approx(alpha, abs=1e-9)


@settings(deadline=None, max_examples=20)
@given(st.integers(1, 12), st.sampled_from(["pocock", "obrien_fleming"]), st.floats(0.005, 0.2))
def test_classical_bounds_spend_alpha(looks, kind, alpha):
    found = abtest.group_sequential(looks, kind=kind, alpha=alpha)
    assert found.table["alpha_spent"].iloc[-1] == pytest.approx(alpha, abs=1e-9)


def test_bounds_do_not_hang_on_looks_to_come():
    whole = abtest.group_sequential([0.21, 0.48, 0.9, 1])
    for upto in (1, 2, 3):
        so_far = abtest.group_sequential(whole.fractions[:upto])
        assert so_far.z == pytest.approx(whole.z[:upto], abs=1e-12)
        assert not so_far.is_whole


def test_a_numpy_number_of_looks_is_a_number():
    assert abtest.group_sequential(np.int64(4)) == abtest.group_sequential(4)


def test_looks_in_people_are_shares_of_the_plan():
    plan = abtest.sample_size(0.05, 0.01)
    people = [plan.total * 0.25, plan.total * 0.6, plan.total]
    found = abtest.group_sequential(people, planned=plan)
    assert found.z == pytest.approx(abtest.group_sequential([0.25, 0.6, 1]).z, abs=1e-12)


def test_a_last_look_beyond_the_plan_still_spends_alpha():
    found = abtest.group_sequential([500, 900, 1300], planned=1000)
    assert found.fractions == (0.5, 0.9, 1.3)
    assert found.is_whole
    assert found.table["alpha_spent"].iloc[-1] == pytest.approx(0.05, abs=1e-9)


@pytest.mark.parametrize(
    "chosen",
    [
        {"kind": "obrien_fleming"},
        {"kind": "pocock"},
        {"spending": "ld_obrien_fleming"},
        {"spending": "ld_pocock"},
    ],
)
def test_five_per_cent_hold_under_every_look(chosen):
    draws = 200_000
    steps = np.random.default_rng(11).normal(size=(draws, 10))
    z = steps.cumsum(axis=1) / np.sqrt(np.arange(1, 11))
    bounds = abtest.group_sequential(10, **chosen).z
    wrong = (np.abs(z) >= bounds).any(axis=1).mean()
    assert wrong == pytest.approx(0.05, abs=4 * math.sqrt(0.05 * 0.95 / draws))


def test_five_per_cent_hold_at_unequal_looks_on_real_conversions():
    people = np.array([900, 1500, 4200, 4600, 9000])
    rng, draws = np.random.default_rng(12), 60_000
    steps = np.diff(people, prepend=0)
    first, second = (rng.binomial(steps, 0.06, (draws, 5)).cumsum(axis=1) for _ in range(2))
    both = (first + second) / (2 * people)
    z = (second - first) / people / np.sqrt(2 * both * (1 - both) / people)
    for spending in ("ld_obrien_fleming", "ld_pocock", "ld_power_2"):
        bounds = abtest.group_sequential(2 * people, planned=18_000, spending=spending).z
        wrong = (np.abs(z) >= bounds).any(axis=1).mean()
        assert wrong == pytest.approx(0.05, abs=0.004)


def test_power_and_expected_size_are_those_of_a_simulation():
    found = abtest.group_sequential(5, kind="pocock")
    drift, draws = found.drift(0.8), 100_000
    assert found.power(drift) == pytest.approx(0.8, abs=1e-10)
    at = np.arange(1, 6) / 5
    rng = np.random.default_rng(13)
    walk = rng.normal(drift / 5, math.sqrt(1 / 5), (draws, 5)).cumsum(axis=1)
    over = walk / np.sqrt(at) >= found.z
    assert over.any(axis=1).mean() == pytest.approx(0.8, abs=0.005)
    either = np.abs(walk / np.sqrt(at)) >= found.z
    stopped = np.where(either.any(axis=1), at[either.argmax(axis=1)], 1)
    assert found.expected(drift) == pytest.approx(stopped.mean(), abs=0.003)


def test_a_look_is_read_in_words():
    bounds = abtest.group_sequential(5)
    said = "Look 3 of 5: z = −2.90 has reached ±2.68: proven at 5 % over all looks. Stop."
    assert bounds.read(3, -2.9) == (3, -2.9, bounds.z[2], True, True, said)
    said = "Look 5 of 5: z = 2.00 has not reached ±2.03. Stop without proof."
    assert bounds.read(5, 2.0) == (5, 2.0, bounds.z[4], True, False, said)
    going = bounds.read(1, 4.0)
    assert (going.is_over, going.is_proven) == (False, False)


def test_one_side_does_not_look_at_a_fall():
    bounds = abtest.group_sequential(3, sides=1)
    assert not bounds.read(1, -9).is_proven
    assert bounds.read(1, 9).is_proven
    assert bounds.interval(3, 1, 1)[1] == math.inf


def test_the_repeated_interval_leaves_out_zero_where_the_bound_is_reached():
    bounds = abtest.group_sequential(4)
    for look, bound in enumerate(bounds.z, start=1):
        low, high = bounds.interval(look, bound * 0.5, 0.5)
        assert low == pytest.approx(0, abs=1e-12)
        assert high == pytest.approx(bound)


def test_next_to_no_information_cannot_stop_a_test():
    found = abtest.group_sequential([1e-5, 1])
    assert found.z[0] == math.inf
    assert found.z[1] == pytest.approx(1.959964, abs=1e-6)
    assert "stop where z reaches never, ±1.96." in str(found)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"looks": 0}, "looks must be 1 or more, not 0."),
        (
            {"looks": [0.2, 0.1]},
            "looks must rise: each sees more than the one before, not 0.2, 0.1.",
        ),
        ({"looks": []}, "looks must be shares of the planned information above 0, not none."),
        (
            {"looks": [500, 1000]},
            (
                "looks must be shares up to 1, not 500, 1000; people need planned=, the people "
                "planned."
            ),
        ),
        (
            {"looks": [500, 1000, 1200], "planned": 1000},
            (
                "looks has one after the last: all planned people were there at 1, so alpha is "
                "spent. Drop what follows."
            ),
        ),
        (
            {"looks": 3, "planned": 1000},
            "planned is for looks given in people; drop it, or give these.",
        ),
        (
            {"looks": [3], "planned": 0},
            "planned must be people above 0, or a Plan, not 0.",
        ),
        (
            {"looks": 3, "alpha": 5},
            "alpha must be above 0 and below 1, not 5; 5 % is written 0.05.",
        ),
        ({"looks": 3, "sides": 3}, "sides must be 1 or 2, not 3."),
        (
            {"looks": 3, "kind": "pocock", "spending": "ld_pocock"},
            "kind 'pocock' and spending 'ld_pocock' exclude each other: drop one.",
        ),
        (
            {"looks": [0.3, 1], "kind": "pocock"},
            "kind 'pocock' needs evenly spaced looks up to 1; spending= takes looks at any time.",
        ),
        (
            {"looks": 3, "kind": "haybittle"},
            "unknown kind 'haybittle'. Allowed: obrien_fleming, pocock",
        ),
        (
            {"looks": 3, "spending": "ld_power_x"},
            (
                "unknown spending 'ld_power_x'; did you mean 'ld_power_N'? Allowed: "
                "ld_obrien_fleming, ld_pocock, ld_power_N"
            ),
        ),
    ],
)
def test_looks_that_cannot_be_are_refused(wrong, said):
    with pytest.raises(ParameterError) as error:
        abtest.group_sequential(**wrong)
    assert str(error.value) == said


def test_a_look_after_the_last_is_refused():
    with pytest.raises(ParameterError) as error:
        abtest.group_sequential(4).read(5, 2.1)
    assert str(error.value) == (
        "look must be 1 to 4, not 5: alpha is spent at the last, and a look after it has no error "
        "rate."
    )
    with pytest.raises(ParameterError) as error:
        abtest.group_sequential([0.2, 0.4]).interval(3, 0.1, 0.1)
    assert str(error.value) == (
        "look must be 1 to 2, not 3: give the information at the looks after it too."
    )


def test_a_look_that_saw_nothing_and_a_certain_test_are_refused():
    with pytest.raises(ParameterError) as error:
        abtest.group_sequential(4).read(1, math.nan)
    assert str(error.value) == "z must be a number, not nan: nothing was seen at this look."
    with pytest.raises(ParameterError) as error:
        abtest.group_sequential(4).inflation(1)
    assert str(error.value) == (
        "power must be above alpha (0.05) and below 1, not 1: no test is certain. 0.8 is usual."
    )


def test_a_share_beyond_one_is_a_look_after_the_last():
    with pytest.raises(ParameterError) as error:
        abtest.group_sequential([0.5, 1, 1.2])
    assert str(error.value) == (
        "looks has one after the last: 1.2 lies beyond 1, where all that was planned is seen. Drop "
        "it; or give people at each look, and planned=."
    )


def test_a_look_reads_the_effect_that_compare_gives():
    arms, bounds = shares([100, 140], [1000, 1000]), abtest.group_sequential(3)
    row = abtest.compare(arms).one()
    assert bounds.read(2, row) == bounds.read(2, row.statistic)
    few = shares([5, 9], [40, 40])
    for seen, said in (
        (
            "2.4",
            "z must be the difference over its standard error, or an Effect of compare, not str.",
        ),
        (
            abtest.compare(few, abtest.Proportion(method="exact")).one(),
            "z: the Effect of an exact test has no statistic; compare by another method.",
        ),
    ):
        with pytest.raises(ParameterError) as error:
            bounds.read(2, seen)
        assert str(error.value) == said
