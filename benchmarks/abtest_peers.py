"""What the packages do with the same file: from units in Parquet to the four answers.

Each takes the folder of the file and returns the figures that it gives, by our names. gbstats takes
sums, which its users get by SQL from where the units are; tea-tasting asks the engine itself, or
takes a table in memory; statsmodels takes arrays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

SUMS = """
SELECT arm, count(*) AS n, sum(converted) AS converted, sum(revenue) AS revenue,
    sum(revenue * revenue) AS revenue_squares, sum(before) AS before,
    sum(before * before) AS before_squares, sum(revenue * before) AS both
FROM '{folder}/units.parquet' GROUP BY arm ORDER BY arm
"""


def gbstats(folder: str) -> dict[str, float]:
    import duckdb
    from gbstats.frequentist.tests import FrequentistConfig, TwoSidedTTest
    from gbstats.models.statistics import (
        ProportionStatistic,
        RegressionAdjustedStatistic,
        SampleMeanStatistic,
    )
    from gbstats.utils import check_srm

    rows = duckdb.connect().execute(SUMS.format(folder=folder)).fetchall()
    sizes = [row[1] for row in rows]
    found = {"split p": float(check_srm(sizes, [0.5, 0.5]))}
    kinds: dict[str, list[Any]] = {"proportion": [], "welch": [], "cuped": []}
    for _, n, converted, revenue, squares, before, before_squares, both in rows:
        raw, past = (
            SampleMeanStatistic(n, revenue, squares),
            SampleMeanStatistic(n, before, before_squares),
        )
        kinds["proportion"].append(ProportionStatistic(n, converted))
        kinds["welch"].append(raw)
        kinds["cuped"].append(RegressionAdjustedStatistic(n, raw, past, both, theta=0))
    for kind, (control, treatment) in kinds.items():
        config = FrequentistConfig(difference_type="absolute")
        result = TwoSidedTTest(control, treatment, config).compute_result()
        found |= _named(kind, result.expected, *result.ci, result.p_value)
    return found


def tea_tasting_duckdb(folder: str) -> dict[str, float]:
    import ibis

    return _tea_tasting(ibis.duckdb.connect().read_parquet(f"{folder}/units.parquet"))


def tea_tasting_arrow(folder: str) -> dict[str, float]:
    import pyarrow.parquet

    return _tea_tasting(pyarrow.parquet.read_table(f"{folder}/units.parquet"))


def _tea_tasting(units: Any) -> dict[str, float]:
    import tea_tasting

    experiment = tea_tasting.Experiment(
        split=tea_tasting.SampleRatio(correction=False),
        proportion=tea_tasting.Proportion("converted", correction=False),
        welch=tea_tasting.Mean("revenue"),
        cuped=tea_tasting.Mean("revenue", "before"),
        variant="arm",
    )
    result = experiment.analyze(units, control="A")
    found = {"split p": result["split"].pvalue}
    for kind in ("proportion", "welch", "cuped"):
        one = result[kind]
        ends = one.effect_size_ci_lower, one.effect_size_ci_upper
        found |= _named(kind, one.effect_size, *ends, one.pvalue)
    return found


def _arms(folder: str) -> tuple[Any, Any]:
    import pandas as pd

    units = pd.read_parquet(f"{folder}/units.parquet")
    return units[units["arm"] == "A"], units[units["arm"] == "B"]


def statsmodels(folder: str) -> dict[str, float]:
    import numpy as np

    a, b = _arms(folder)
    found = _plain(a, b)
    within = [np.cov(one["revenue"], one["before"]) * (len(one) - 1) for one in (a, b)]
    theta = sum(products[0, 1] for products in within) / sum(products[1, 1] for products in within)
    adjusted = [(one["revenue"] - theta * one["before"]).to_numpy() for one in (a, b)]
    return found | _welch("cuped", *adjusted)


def statsmodels_robust(folder: str) -> dict[str, float]:
    import pandas as pd
    import statsmodels.formula.api as smf

    a, b = _arms(folder)
    found = _plain(a, b)
    units = pd.concat([a, b])
    fitted = smf.ols("revenue ~ arm + before", units).fit(cov_type="HC1")
    low, high = fitted.conf_int().loc["arm[T.B]"]
    return found | _named("cuped", fitted.params["arm[T.B]"], low, high, fitted.pvalues["arm[T.B]"])


def _plain(a: Any, b: Any) -> dict[str, float]:
    """The answers without a covariate."""
    from scipy.stats import chisquare
    from statsmodels.stats.proportion import proportions_ztest

    found = {"split p": float(chisquare([len(a), len(b)]).pvalue)}
    ones, sizes = [b["converted"].sum(), a["converted"].sum()], [len(b), len(a)]
    found["proportion difference"] = float(ones[0] / sizes[0] - ones[1] / sizes[1])
    found["proportion p"] = float(proportions_ztest(ones, sizes)[1])
    return found | _welch("welch", a["revenue"].to_numpy(), b["revenue"].to_numpy())


def _welch(kind: str, a: Any, b: Any) -> dict[str, float]:
    from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

    means = CompareMeans(DescrStatsW(b), DescrStatsW(a))
    p = means.ttest_ind(usevar="unequal")[1]
    return _named(kind, b.mean() - a.mean(), *means.tconfint_diff(usevar="unequal"), p)


def _named(kind: str, difference: float, low: float, high: float, p: float) -> dict[str, float]:
    found = {"difference": difference, "low": low, "high": high, "p": p}
    return {f"{kind} {key}": float(value) for key, value in found.items()}


PACKAGES: dict[str, Callable[[str], dict[str, float]]] = {
    "gbstats": gbstats,
    "tea-tasting, DuckDB": tea_tasting_duckdb,
    "tea-tasting, Arrow": tea_tasting_arrow,
    "statsmodels": statsmodels,
    "statsmodels, OLS robust": statsmodels_robust,
}
"""How each is called."""
