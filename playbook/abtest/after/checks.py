"""What is refused before arms are compared, and why: everything that is wrong, at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from playbook.abtest.after.levels import linear_of, sums_of
from playbook.abtest.after.refusals import wrong_settings
from playbook.abtest.arms import Arms
from playbook.abtest.metrics import METRICS, Mean, Metric, Proportion, Ratio, said
from playbook.errors import ParameterError, refuse, unknown
from playbook.format import number, plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np

    from playbook.abtest.after.ratios import Linear
    from playbook.abtest.arms import Floats, Ints

    Flags = np.ndarray[Any, np.dtype[np.bool_]]

FLAT = 1e-12
"""Standard deviation, as a share of the mean, that is rounding and no spread."""

SAME = 1e-10
"""Part of a covariate that the others leave unexplained, below which it says nothing of its own;
and part of a metric that its covariates leave."""


def chosen_metrics(
    arms: Arms, metrics: Metric | str | Sequence[Metric | str] | None
) -> tuple[Metric, ...]:
    """The metrics that were asked for, or one per column.

    Args:
        arms: The arms.
        metrics: Metrics, or names of columns: a column of 0 and 1 is read as a Proportion, any
            other as a Mean. Every column where None.

    Raises:
        ParameterError: Something else was given.

    >>> from playbook.abtest.arms import Arms
    >>> arms = Arms(("A", "B"), ("x", "y"), [9, 9], [[1, 1]] * 2, [[[1, 0], [0, 1]]] * 2, {"x"})
    >>> chosen_metrics(arms, None)
    (Proportion(column='x', method='score', name=None), Mean(column='y', covariates=(), name=None))
    """
    need_arms(arms)
    if metrics is None:
        metrics = arms.columns
    if isinstance(metrics, (str, Metric)):
        metrics = (metrics,)
    if not isinstance(metrics, Iterable):
        raise ParameterError(_no_metric(metrics))
    given = tuple(metrics)
    refuse(_no_metric(one) for one in given if not isinstance(one, (str, Metric)))
    return tuple(_read_as(arms, one) if isinstance(one, str) else one for one in given)


def chosen_metric(arms: Arms, metric: Metric | str) -> Metric:
    """The one metric that was asked for, see `chosen_metrics`.

    Raises:
        ParameterError: None was given, or several, or something else.
    """
    if not isinstance(metric, (str, Metric)):
        raise ParameterError(_no_metric(metric, "metric"))
    return chosen_metrics(arms, metric)[0]


def need_arms(arms: object) -> None:
    """Refuse what was not read into Arms.

    Raises:
        ParameterError: It is something else.
    """
    if not isinstance(arms, Arms):
        raise ParameterError(
            f"arms must be read by counts, moments or units first, not {type(arms).__name__}."
        )


def _read_as(arms: Arms, column: str) -> Metric:
    return Proportion(column) if column in arms.binary else Mean(column)


def _no_metric(given: object, name: str = "metrics") -> str:
    return f"{name} must be {METRICS}, not {said(given)}."


def check_arms(arms: Arms, metrics: Sequence[Metric]) -> None:
    """Refuse arms and metrics that leave nothing to compare.

    Raises:
        ParameterError: There is one arm only; two metrics have one name; a metric's columns are not
            there, its arms are too small, or it is the same for everybody; covariates say nothing,
            the same, or all that the metric says.
    """
    refuse(dict.fromkeys(_mistakes(arms, metrics)))


def check_question(
    *,
    confidence: float = 0.95,
    alternative: str = "two-sided",
    relative: str = "fieller",
    adjust: str = "none",
) -> None:
    """Refuse settings of a comparison that are not allowed.

    Raises:
        ParameterError: Everything that is wrong, at once.
    """
    wrong = wrong_settings(
        confidence=confidence, alternative=alternative, relative=relative, adjust=adjust
    )
    refuse(wrong)


def _mistakes(arms: Arms, metrics: Sequence[Metric]) -> Iterator[str]:
    if len(arms.names) < 2:
        yield f"there is only one arm, '{arms.control}': a test compares two or more."
        return
    if not metrics:
        yield "there is no metric to compare: give a Proportion, a Mean or a Ratio."
    labels = [metric.label for metric in metrics]
    for label in dict.fromkeys(label for label in labels if labels.count(label) > 1):
        yield f"two metrics are called '{label}': give one of them another name, with name=…."
    for metric in metrics:
        yield from (f"{metric.label}: {mistake}" for mistake in _of_metric(arms, metric))


def _of_metric(arms: Arms, metric: Metric) -> Iterator[str]:
    absent = [name for name in metric.columns if name not in arms.columns]
    yield from (unknown("column", name, arms.columns) for name in absent)
    if absent:
        return
    if too_small := list(_too_small(arms, metric)):
        yield from too_small
        return
    if isinstance(metric, Proportion):
        yield from _of_share(arms, metric)
        return
    try:
        arms.need(*metric.columns)
    except ParameterError as error:
        yield str(error)
        return
    if nothing := list(_no_ratio(arms, metric)):
        yield from nothing
        return
    linear = linear_of(arms, metric)
    yield from _no_spread(arms, metric, linear)
    if metric.covariates:
        yield from _of_covariates(arms, metric, linear)


def _too_small(arms: Arms, metric: Metric) -> Iterator[str]:
    least = 1 if isinstance(metric, Proportion) else 2
    for arm, n in zip(arms.names, arms.n, strict=True):
        if n < least:
            yield f"arm {arm} has {plural(int(n), 'unit')}, and needs at least {least}."
    left = int(arms.n.sum()) - len(arms.names) - len(metric.covariates)
    if metric.covariates and left < 1:
        yield f"{len(metric.covariates)} covariates need more units than there are."


def _of_share(arms: Arms, metric: Proportion) -> Iterator[str]:
    if not arms.is_known(metric.column):
        yield (
            f"'{metric.column}' was read for its mean alone: read the units with its Proportion, "
            "or compare its Mean."
        )
        return
    if metric.column not in arms.binary:
        yield f"'{metric.column}' holds other values than 0 and 1: compare its Mean."
        return
    ones = int(arms.ones(metric.column).sum())
    if ones in {0, int(arms.n.sum())}:
        who = "every unit of every arm has" if ones else "no unit of any arm has"
        yield f"{who} a 1 in '{metric.column}', so there is nothing to compare yet."
    elif metric.method == "unpooled":
        yield from _no_own_spread(arms, metric)


def _no_own_spread(arms: Arms, metric: Proportion) -> Iterator[str]:
    """Arms in which all or none converted, as in the control: their z test has no spread at all."""
    ones = arms.ones(metric.column)
    flat = (ones == 0) | (ones == arms.n)
    same = [name for name, is_flat in zip(arms.names, flat, strict=True) if is_flat]
    if flat[0] and len(same) > 1:
        yield (
            f"all or no units of arms {' and '.join(same)} have a 1 in '{metric.column}', so "
            "method='unpooled' sees no spread in them: use method='score', or 'exact'."
        )


def _no_ratio(arms: Arms, metric: Mean | Ratio) -> Iterator[str]:
    for part in (metric, *metric.covariates):
        if not isinstance(part, Ratio):
            continue
        means = arms.means[:, arms.column(part.denominator)]
        for arm, mean in zip(arms.names, means, strict=True):
            if not mean > 0:
                yield (
                    f"the mean of the denominator '{part.denominator}' is {number(mean)} in arm "
                    f"{arm}: a ratio needs one above zero."
                )


def constant(arms: Arms, metric: Mean | Ratio) -> Flags:
    """Whether a metric is the same for every unit, of each arm, (k,).

    >>> from playbook.abtest.arms import Arms
    >>> arms = Arms(("A", "B"), ("spent",), [9, 9], [[2.0], [0.0]], [[[8.0]], [[0.0]]])
    >>> constant(arms, Mean("spent")).tolist()
    [False, True]
    """
    return _constant(arms, metric, linear_of(arms, metric))


def _constant(arms: Arms, metric: Mean | Ratio, linear: Linear) -> Flags:
    import numpy as np

    flat = _flat(linear.products[:, 0, 0], linear.values[:, 0], arms.n)
    return np.asarray(flat | (linear.products[:, 0, 0] <= SAME * _unrelated(arms, metric, linear)))


def _no_spread(arms: Arms, metric: Mean | Ratio, linear: Linear) -> Iterator[str]:
    flat = _constant(arms, metric, linear)
    if not flat[0] or not flat[1:].any():
        return
    same = [name for name, is_flat in zip(arms.names, flat, strict=True) if is_flat]
    yield (
        f"it is constant, the same for every unit, in arms {' and '.join(same)}: without any "
        "spread there is nothing to test."
    )


def _of_covariates(arms: Arms, metric: Mean | Ratio, linear: Linear) -> Iterator[str]:
    """Covariates that are constant, repeat each other, or repeat the metric."""
    import numpy as np

    names = [c if isinstance(c, str) else c.label for c in metric.covariates]
    total = int(arms.n.sum())
    pooled = linear.products.sum(axis=0)
    # Measured within arms: what differs only between arms is no covariate but the arm itself.
    middle = np.abs(linear.values).max(axis=0)
    flat = _flat(np.diagonal(pooled), middle, np.array(total))[1:]
    if flat.any():
        for name in (name for name, is_flat in zip(names, flat, strict=True) if is_flat):
            yield f"the covariate '{name}' does not vary within the arms: leave it out."
        return
    scale = np.sqrt(np.diagonal(pooled))
    alike = pooled / np.where(scale > 0, scale, 1.0) / np.where(scale > 0, scale, 1.0)[:, None]
    if np.linalg.eigvalsh(alike[1:, 1:])[0] < SAME:
        yield f"the covariates {', '.join(names)} say the same: leave one out."
    elif scale[0] > 0 and np.linalg.eigvalsh(alike)[0] < SAME:
        yield (
            f"{', '.join(names)} and the metric are the same: a covariate has to be what was known "
            "before the unit saw its arm."
        )


def _unrelated(arms: Arms, metric: Mean | Ratio, linear: Linear) -> Floats:
    """What the spread of a ratio would be, were numerator and denominator not related; else 0."""
    import numpy as np

    if not isinstance(metric, Ratio):
        return np.zeros(len(arms.names))
    own = np.diagonal(sums_of(arms, metric).products, axis1=1, axis2=2)
    return np.asarray((linear.gradient[:, 0] ** 2 * own).sum(axis=1))


def _flat(products: Floats, means: Floats, n: Ints) -> Any:
    """Whether a sum of centred squares is rounding and no spread."""
    import numpy as np

    return products <= n * (FLAT * np.abs(means)) ** 2
