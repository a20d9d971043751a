"""Metrics say which columns they need, and refuse to be what they cannot be."""

from __future__ import annotations

import pytest

from playbook.abtest import Mean, Proportion, Ratio
from playbook.abtest.metrics import covariate_columns
from playbook.errors import ParameterError


def test_the_columns_come_once_each_the_metrics_own_first():
    before = Ratio("revenue_before", "visits_before")
    metric = Ratio("revenue", "visits", covariates=[before, "visits_before", "age"])
    assert metric.columns == ("revenue", "visits", "revenue_before", "visits_before", "age")
    assert covariate_columns(metric) == ("revenue_before", "visits_before", "age")
    assert Mean("revenue", covariates=before).columns == (
        "revenue", "revenue_before", "visits_before",
    )  # fmt: skip


def test_names_are_the_columns_unless_given():
    metrics = [Proportion(), Mean("revenue"), Ratio("revenue", "visits"), Mean("x", name="orders")]
    assert [m.label for m in metrics] == ["converted", "revenue", "revenue per visits", "orders"]


def test_adjusted_metrics_say_by_what():
    before = Ratio("revenue_before", "visits_before")
    assert Ratio("revenue", "visits", covariates=[before, "age"]).label == (
        "revenue per visits, adjusted by revenue_before per visits_before, age"
    )
    assert Mean("revenue", "age", name="CUPED").label == "CUPED"


def test_metrics_are_equal_by_what_they_measure():
    assert Mean("revenue", "before") == Mean("revenue", ("before",))
    assert len({Proportion(), Proportion("converted"), Proportion(method="exact")}) == 2


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Proportion("", method="wald"),
         ("column must be the name of a column, not ''.\n"
         "unknown method 'wald'. Allowed: score, unpooled, pooled, exact")),
        (lambda: Mean(3), "column must be the name of a column, not 3."),
        (lambda: Mean("x", covariates=(3,)),
         "covariates must be names of columns or Ratios, not 3."),
        (lambda: Ratio("x", "x"),
         "numerator and denominator are both 'x': the ratio is always 1."),
        (lambda: Mean("x", covariates=Ratio("y", "z", covariates="w")),
         "a Ratio that is a covariate has no covariates of its own."),
        (lambda: Mean("x", covariates=Ratio("x", "z")),
         ("'x' is measured by the metric and cannot be its own covariate: use what was known "
         "before the unit saw its arm.")),
    ],
)  # fmt: skip
def test_what_is_no_metric_is_refused(make, message):
    with pytest.raises(ParameterError) as refused:
        make()
    assert str(refused.value) == message
