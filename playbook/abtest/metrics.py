"""What is compared between arms: a share of units, a mean per unit, a ratio of two sums."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from playbook.errors import refuse, unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

Method = Literal["score", "unpooled", "pooled", "exact"]


@dataclass(frozen=True)
class Proportion:
    """The share of units with a 1 in a column of 0 and 1.

    Attributes:
        column: The column.
        method: How share is compared with share.
            `score`, the default, asks of every possible difference (and of every possible lift)
            how well it explains what was seen. So the p value, the interval of the difference and
            the interval of the lift always say the same, and they hold with few conversions. Its p
            value is the pooled z test's, which is the chi-square test's without correction.
            `pooled`: the same p value, intervals with the pooled spread around the difference.
            `unpooled`: z test and intervals with each arm's own spread (Wald).
            `exact`: for small samples; never too narrow, and therefore wide. See
            `playbook.abtest.after.exact`.
        name: What the metric is called; the column where None.

    Raises:
        ParameterError: Everything that is wrong with the metric, at once.

    >>> Proportion().columns, Proportion("clicked", name="clicks").label
    (('converted',), 'clicks')
    """

    column: str = "converted"
    method: Method = "score"
    name: str | None = None

    def __post_init__(self) -> None:
        """Refuse what is no metric."""
        wrong = list(_no_name("column", self.column))
        if self.method not in get_args(Method):
            wrong.append(unknown("method", str(self.method), get_args(Method)))
        refuse(wrong)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it needs."""
        return (self.column,)

    @property
    def covariates(self) -> tuple[str | Ratio, ...]:
        """None: a share is adjusted as a Mean of its column."""
        return ()

    @property
    def label(self) -> str:
        """What it is called."""
        return self.name or self.column


@dataclass(frozen=True)
class Mean:
    """The mean of a column per unit, by Welch's test; adjusted (CUPED) where it has covariates.

    Attributes:
        column: The column.
        covariates: Columns, or Ratios, measured before the unit saw its arm, such as the same
            metric in the weeks before. One may be given without a tuple.
        name: What the metric is called; the column where None, with what it is adjusted by.

    Raises:
        ParameterError: Everything that is wrong with the metric, at once.

    >>> Mean("revenue", covariates="revenue_before").label
    'revenue, adjusted by revenue_before'
    >>> Mean("revenue", covariates="revenue_before").columns
    ('revenue', 'revenue_before')
    """

    column: str
    covariates: tuple[str | Ratio, ...] = ()
    name: str | None = None

    def __post_init__(self) -> None:
        """Refuse what is no metric."""
        _take_covariates(self)
        refuse([*_no_name("column", self.column), *_wrong_covariates(self, (self.column,))])

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it needs, the covariates' last."""
        return tuple(dict.fromkeys((self.column, *covariate_columns(self))))

    @property
    def label(self) -> str:
        """What it is called."""
        return self.name or _adjusted(self.column, self)


@dataclass(frozen=True)
class Ratio:
    """A sum over a sum, such as revenue per visit where the unit is a person.

    Its spread is found by the delta method, since what is divided by varies too; adjusted (CUPED)
    where it has covariates.

    Attributes:
        numerator: The column that is summed above.
        denominator: The column that is summed below.
        covariates: Columns, or Ratios, measured before the unit saw its arm. One may be given
            without a tuple.
        name: What the metric is called; "numerator per denominator" where None, with what it is
            adjusted by.

    Raises:
        ParameterError: Everything that is wrong with the metric, at once.

    >>> before = Ratio("revenue_before", "visits_before")
    >>> metric = Ratio("revenue", "visits", covariates=before)
    >>> metric.label
    'revenue per visits, adjusted by revenue_before per visits_before'
    >>> metric.columns
    ('revenue', 'visits', 'revenue_before', 'visits_before')
    """

    numerator: str
    denominator: str
    covariates: tuple[str | Ratio, ...] = ()
    name: str | None = None

    def __post_init__(self) -> None:
        """Refuse what is no metric."""
        _take_covariates(self)
        refuse(list(self._mistakes()))

    def _mistakes(self) -> Iterator[str]:
        yield from _no_name("numerator", self.numerator)
        yield from _no_name("denominator", self.denominator)
        if self.numerator == self.denominator:
            yield f"numerator and denominator are both '{self.numerator}': the ratio is always 1."
        yield from _wrong_covariates(self, (self.numerator, self.denominator))

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it needs, the covariates' last."""
        own = (self.numerator, self.denominator)
        return tuple(dict.fromkeys((*own, *covariate_columns(self))))

    @property
    def label(self) -> str:
        """What it is called."""
        return self.name or _adjusted(f"{self.numerator} per {self.denominator}", self)


Metric = Proportion | Mean | Ratio

METRICS = "a Proportion, a Mean, a Ratio or a column's name"
"""What may be given where one metric is asked for, in words."""


def said(given: object) -> str:
    """What was given in a metric's place, in words.

    >>> print(said(Mean), said([Mean("x")]), said(None), said(3), sep="; ")
    the class Mean itself, which needs a column, such as Mean('revenue'); a list; None; 3
    """
    if isinstance(given, type):
        name = given.__name__
        return f"the class {name} itself, which needs a column, such as {name}('revenue')"
    if given is None or isinstance(given, (int, float)):
        return str(given)
    return f"a {type(given).__name__}"


def covariate_columns(metric: Metric) -> tuple[str, ...]:
    """The columns of a metric's covariates.

    >>> covariate_columns(Mean("revenue", covariates=("age", Ratio("revenue_before", "visits"))))
    ('age', 'revenue_before', 'visits')
    """
    found = [(c,) if isinstance(c, str) else c.columns for c in metric.covariates]
    return tuple(dict.fromkeys(name for names in found for name in names))


def _adjusted(label: str, metric: Mean | Ratio) -> str:
    names = [c if isinstance(c, str) else c.label for c in metric.covariates]
    return f"{label}, adjusted by {', '.join(names)}" if names else label


def _take_covariates(metric: Mean | Ratio) -> None:
    given = metric.covariates
    many = (given,) if isinstance(given, (str, Ratio)) else tuple(given)
    object.__setattr__(metric, "covariates", many)


def _no_name(what: str, given: object) -> Iterator[str]:
    if not isinstance(given, str) or not given:
        yield f"{what} must be the name of a column, not {given!r}."


def _wrong_covariates(metric: Mean | Ratio, own: tuple[str, ...]) -> Iterator[str]:
    if odd := [c for c in metric.covariates if not isinstance(c, (str, Ratio)) or not c]:
        yield f"covariates must be names of columns or Ratios, not {odd[0]!r}."
        return
    if len(set(metric.covariates)) < len(metric.covariates):
        yield "covariates must be different, each named once."
    if any(isinstance(c, Ratio) and c.covariates for c in metric.covariates):
        yield "a Ratio that is a covariate has no covariates of its own."
    for name in own:
        if name in covariate_columns(metric):
            yield (
                f"'{name}' is measured by the metric and cannot be its own covariate: use what "
                "was known before the unit saw its arm."
            )
