"""Segments against statsmodels' meta-analysis and SciPy's chi-square, and what they warn of."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.meta_analysis import combine_effects
from statsmodels.stats.multitest import multipletests

from playbook.abtest import Mean, Proportion, compare, counts, made_units, segments, units
from playbook.abtest.after.segments import heterogeneity
from playbook.errors import ParameterError

ROWS = [
    ("known", "A", 500, 60),
    ("known", "B", 500, 58),
    ("new", "A", 1000, 80),
    ("new", "B", 1000, 112),
    ("partner", "A", 700, 70),
    ("partner", "B", 690, 72),
]


def arms(rows=ROWS):
    table = pd.DataFrame(rows, columns=["kind", "arm", "exposures", "conversions"])
    return counts(table, control="A", by="kind")


effects = st.lists(
    st.tuples(st.floats(-1, 1), st.floats(0.01, 1)), min_size=2, max_size=12, unique=True
)


@settings(deadline=None)
@given(seen=effects)
def test_heterogeneity_is_that_of_statsmodels(seen):
    differences, errors = map(np.array, zip(*seen, strict=True))
    found = heterogeneity(differences, errors)
    oracle = combine_effects(differences, errors**2)
    assert found.q == pytest.approx(oracle.q, rel=1e-9, abs=1e-9)
    assert found.df == oracle.df
    assert found.p_value == pytest.approx(stats.chi2.sf(oracle.q, oracle.df), rel=1e-9)
    assert found.mean == pytest.approx(oracle.mean_effect_fe, rel=1e-9, abs=1e-12)
    if oracle.q > 0:
        assert found.i_squared == pytest.approx(max(0, oracle.i2), abs=1e-9)


def test_where_nothing_differs_heterogeneity_is_found_in_5_percent():
    rng = np.random.default_rng(8)
    errors = np.array([0.01, 0.02, 0.03, 0.015, 0.01])
    seen = [heterogeneity(0.1 + errors * rng.standard_normal(5), errors) for _ in range(6000)]
    share = np.mean([one.p_value <= 0.05 for one in seen])
    assert share == pytest.approx(0.05, abs=0.008)


def test_effects_without_an_error_take_no_part():
    assert np.isnan(heterogeneity([0.1, 0.2], [0.0, 0.1]).p_value)
    assert heterogeneity([0.1, 0.5, 0.1], [0.1, 0.0, 0.1]).df == 1


def test_each_segment_is_a_comparison_of_its_own_adjusted_for_all():
    found = segments(arms(), "kind", Proportion())
    table = found.table.set_index("segment")
    alone = arms().by("kind")
    for key in ("known", "new", "partner"):
        one = compare(alone[key]).one()
        assert table.loc[key, "difference"] == one.difference
        assert table.loc[key, "lift_high"] == one.lift_high
        assert table.loc[key, "p_value"] == one.p_value
    oracle = multipletests(table["p_value"], method="holm")[1]
    assert table["p_adjusted"].tolist() == pytest.approx(oracle.tolist(), rel=1e-9)
    assert found.overall.one().n == 2190


def test_q_is_of_the_differences_with_each_arm_s_own_spread():
    found = segments(arms(), "kind", Proportion()).heterogeneity["B"]
    share = np.array([[60 / 500, 58 / 500], [80 / 1000, 112 / 1000], [70 / 700, 72 / 690]])
    n = np.array([[500, 500], [1000, 1000], [700, 690]])
    variance = (share * (1 - share) / n).sum(axis=1)
    oracle = combine_effects(share[:, 1] - share[:, 0], variance)
    assert found.q == pytest.approx(oracle.q, rel=1e-9)


def test_arms_that_are_shared_out_differently_have_moved_people():
    uneven = [*ROWS[:4], ("partner", "A", 700, 70), ("partner", "B", 850, 72)]
    found = segments(arms(uneven), "kind", Proportion())
    oracle = stats.chi2_contingency([[500, 500], [1000, 1000], [700, 850]], correction=False)
    assert found.moved_p == pytest.approx(oracle.pvalue, rel=1e-9)
    assert not found.has_moved
    moved = [*ROWS[:4], ("partner", "A", 700, 70), ("partner", "B", 900, 72)]
    found = segments(arms(moved), "kind", Proportion())
    assert found.warning == (
        "Do not read these: the arms' shares differ between values of kind (p = 0.00028), so the "
        "arm moved people between them, or they were recorded after the test began."
    )


def test_it_warns_of_fishing_in_words():
    assert segments(arms(), "kind", Proportion()).warning == (
        "3 comparisons by kind: were there no effect anywhere, at least one would look proven with "
        "a chance of 14 %. One by one 1 would be called proven, taken together 1: the chance of "
        "even one false alarm among them is at most 5 % (Holm)."
    )


def test_it_says_whether_segments_differ_at_all():
    lines = str(segments(arms(), "kind", Proportion())).splitlines()
    assert lines[1] == (
        "B: no sign that the effect differs between values of kind (Q = 2.95, df = 2, p = 0.23). "
        "The overall figure is the best for each of them."
    )


def test_it_prints_each_segment_with_its_people_and_the_method():
    small = [*ROWS, ("rare", "A", 9, 0), ("rare", "B", 1, 0)]
    lines = str(segments(arms(small), "kind", Proportion())).splitlines()
    table = segments(arms(small), "kind", Proportion()).table.set_index("segment")
    heads = ["kind", "arm", "n", "n control", "difference", "interval", "lift", "p adjusted (holm)"]
    assert lines[3].split() == " ".join(heads).split()
    assert [line.split()[:4] for line in lines[4:8]] == [
        ["known", "B", "500", "500"], ["new", "B", "1,000", "1,000"],
        ["partner", "B", "690", "700"], ["rare", "B", "1", "9"],
    ]  # fmt: skip
    new = table.loc["new"]
    assert lines[5].split()[4:6] == [f"+{100 * new['difference']:.2f}", "points"]
    assert lines[5].split()[-1] == f"{new['p_adjusted']:.2g}"
    assert lines[7].split()[4:8] == ["–"] * 4
    assert lines[7].endswith("  fewer than two units in B")
    assert lines[9].startswith("Control A (n = 2,209); 95 % intervals, two-sided;")
    assert lines[11] == "converted (score test: pooled z, intervals by inverting it)"


def test_a_segment_without_figures_says_why_and_counts_for_nothing():
    small = [
        *ROWS,
        ("rare", "A", 9, 0),
        ("rare", "B", 1, 0),
        ("odd", "A", 9, 0),
        ("odd", "B", 9, 0),
    ]
    found = segments(arms(small), "kind", Proportion())
    notes = found.table.set_index("segment")["note"]
    assert notes[["known", "rare", "odd"]].tolist() == [
        "",
        "fewer than two units in B",
        "converted: no unit of any arm has a 1 in 'converted', so there is nothing to compare yet.",
    ]
    assert found.questions == 3
    assert found.table.set_index("segment").loc["known", "p_adjusted"] == pytest.approx(
        segments(arms(), "kind", Proportion()).table.loc[0, "p_adjusted"]
    )


def test_a_planted_segment_is_found_and_the_others_are_not():
    names = ("small", "middle", "large")
    rows = made_units(
        n=60_000, lift=0.0, segments=names, segment_lift={"large": 0.4}, baseline=0.1, seed=4
    )
    found = segments(units(rows, "converted", control="A", by="segment"), "segment", Proportion())
    proven = found.table.loc[found.table["is_proven"], "segment"].tolist()
    assert proven == ["large"]
    assert found.heterogeneity["B"].p_value < 1e-3
    assert not found.has_moved


def test_arms_swapped_turn_the_signs_and_leave_q():
    table = pd.DataFrame(ROWS, columns=["kind", "arm", "exposures", "conversions"])
    one, other = (
        segments(counts(table, control=name, by="kind"), "kind", Proportion()) for name in "AB"
    )
    assert one.table["difference"].tolist() == pytest.approx(
        (-other.table["difference"]).tolist(), abs=1e-12
    )
    assert one.table["p_value"].tolist() == pytest.approx(other.table["p_value"].tolist())
    assert one.heterogeneity["B"].q == pytest.approx(other.heterogeneity["A"].q)


def test_means_have_segments_too_and_several_arms_their_own_q():
    rows = made_units(n=3000, arms=("A", "B", "C"), seed=1)
    arms_ = units(rows, "revenue", control="A", by="segment")
    found = segments(arms_, "segment", Mean("revenue"), adjust="bh")
    assert list(found.heterogeneity) == ["B", "C"]
    assert found.questions == 2 * rows["segment"].nunique()


@pytest.mark.parametrize(
    ("rows", "asked", "message"),
    [
        (
            ROWS,
            {"adjust": "none", "alpha": 0},
            (
                "unknown how 'none'. Allowed: holm, bh, by\n"
                "alpha must be above 0 and below 1, not 0; 5 % is written 0.05."
            ),
        ),
        (ROWS[:2], {}, "kind has only one value, known: there is nothing to cut."),
    ],
)
def test_what_cannot_be_cut_is_refused(rows, asked, message):
    with pytest.raises(ParameterError) as caught:
        segments(arms(rows), "kind", Proportion(), **asked)
    assert str(caught.value) == message


def test_segments_that_were_not_read_are_refused():
    with pytest.raises(ParameterError) as caught:
        segments(arms(), "city", Proportion())
    assert str(caught.value) == "unknown group 'city'. Allowed: kind"


def test_one_segment_with_figures_says_that_nothing_can_be_compared():
    rows = [
        ("new", "A", 1000, 80),
        ("new", "B", 1000, 99),
        ("known", "A", 1, 0),
        ("known", "B", 0, 0),
    ]
    table = pd.DataFrame(rows, columns=["kind", "arm", "exposures", "conversions"])
    found = segments(counts(table, control="A", by="kind"), "kind", "converted")
    assert str(found).splitlines()[1] == (
        "B: fewer than two values of kind have figures, so whether the effect differs between them "
        "cannot be said."
    )
