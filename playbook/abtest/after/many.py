"""Many questions at once: which of the answers still stand.

A test at 5 % calls one in twenty of the changes that do nothing proven. Who asks twenty questions
and reports the best of the answers finds something nearly always. Two promises are possible:

- `holm`: the chance of even one false alarm among all questions stays at alpha, whatever depends
  on what. For a few questions, each of which decides something.
- `bh`: of all that is called proven, at most a share of alpha is false on average. For many
  questions that only say where to look next. Where questions pull against each other in odd ways
  it is no longer exact, `by` is, at a price.

Sources: Holm (1979), "A simple sequentially rejective multiple test procedure"; Benjamini and
Hochberg (1995), "Controlling the false discovery rate"; Benjamini and Yekutieli (2001), "The
control of the false discovery rate in multiple testing under dependency", and (2005), "False
discovery rate-adjusted multiple confidence intervals for selected parameters".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from playbook.abtest.after.refusals import wrong_settings
from playbook.abtest.effect import Adjust, Effect, Effects
from playbook.errors import ParameterError, refuse, unknown
from playbook.format import number, percent, plural, shown, trimmed
from playbook.intervals import benjamini_hochberg, holm

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

How = Literal["holm", "bh", "by"]

PROMISES = {
    "holm": "the chance of even one false alarm among them is at most {alpha} (Holm)",
    "bh": "of those called proven at most {alpha} are false on average (Benjamini–Hochberg)",
    "by": "of those called proven at most {alpha} are false on average, whatever depends on what "
    "(Benjamini–Yekutieli)",
}


@dataclass(frozen=True, eq=False)
class Family:
    """Comparisons of several tests, metrics or arms, judged together.

    Attributes:
        table: One row per comparison, in the order given: `test`, `metric`, `arm`, `n`,
            `n_control`, `difference`, `lift`, `p_value`, `p_adjusted`, `is_proven`.
        how: holm, bh or by.
        alpha: The share of false alarms that is promised.
        interval_confidence: The confidence at which to ask `compare` for the intervals of what is
            proven, so that they hold together: 1 - alpha times the proven over all (Benjamini and
            Yekutieli 2005), and 1 - alpha over all with Holm (Bonferroni).
    """

    table: pd.DataFrame
    how: How
    alpha: float
    interval_confidence: float

    @property
    def proven(self) -> int:
        """How many comparisons are proven."""
        return int(self.table["is_proven"].sum())

    _repr_pretty_ = shown

    def __str__(self) -> str:
        """What was asked, what stands, what is promised."""
        raw = int((self.table["p_value"] <= self.alpha).sum())
        asked = int(self.table["p_value"].notna().sum())
        promise = PROMISES[self.how].format(alpha=trimmed(self.alpha, 2))
        return (
            f"{plural(asked, 'comparison')}: {number(raw)} with p at most {number(self.alpha)} one "
            f"by one, {number(self.proven)} taken together; {promise}. Were there nothing in any, "
            f"one by one at least one would look proven with a chance of "
            f"{percent(false_alarm(asked, self.alpha), 0)}, if independent."
        )


def family(
    results: Mapping[str, Effects] | Effects, how: How = "holm", *, alpha: float = 0.05
) -> Family:
    """Comparisons judged together, over tests, metrics and arms.

    Args:
        results: What `compare` gave: of one test, or of several by name.
        how: `holm`, `bh` or `by`; see the module.
        alpha: The share of false alarms to promise.

    Raises:
        ParameterError: Another `how`, an alpha that is none, or nothing to judge.

    >>> from playbook.abtest.arms import Arms
    >>> from playbook.abtest.after.compare import compare
    >>> def of(converted):
    ...     shares = [0.2, converted / 100]
    ...     sums = [[[100 * p * (1 - p)]] for p in shares]
    ...     means = [[p] for p in shares]
    ...     return compare(Arms(("A", "B"), ("c",), [100, 100], means, sums, frozenset({"c"})))
    >>> found = family({"page": of(34), "form": of(30), "price": of(21)}, "bh")
    >>> found.table[["test", "p_value", "p_adjusted", "is_proven"]].round(3)
        test  p_value  p_adjusted  is_proven
    0   page    0.026       0.077      False
    1   form    0.102       0.154      False
    2  price    0.861       0.861      False
    """
    refuse([*wrong_how(how), *wrong_settings(alpha=alpha), *_no_results(results)])
    table = _listed(results)
    table["p_adjusted"] = adjusted(table["p_value"], how)
    table["is_proven"] = table["p_adjusted"] <= alpha
    asked = max(1, int(table["p_value"].notna().sum()))
    kept = 1 if how == "holm" else max(1, int(table["is_proven"].sum()))
    return Family(table, how, alpha, 1 - alpha * kept / asked)


def adjusted(p_values: pd.Series[float], how: How) -> pd.Series[float]:
    """The p values adjusted for all that are known; missing ones stay missing and do not count.

    >>> import pandas as pd
    >>> adjusted(pd.Series([0.01, 0.02, 0.03]), "by").round(4).tolist()
    [0.055, 0.055, 0.055]
    """
    if how == "holm":
        return holm(p_values)
    if how == "bh":
        return benjamini_hochberg(p_values)
    asked = int(p_values.notna().sum())
    return (benjamini_hochberg(p_values) * sum(1 / i for i in range(1, asked + 1))).clip(upper=1)


def together(rows: Sequence[Effect], adjust: Adjust) -> tuple[Effect, ...]:
    """Effects with their p values adjusted for all of them."""
    if adjust == "none":
        return tuple(rows)
    import pandas as pd

    values = adjusted(pd.Series([row.p_value for row in rows]), adjust)
    return tuple(row._replace(p_adjusted=float(p)) for row, p in zip(rows, values, strict=True))


def false_alarm(questions: int, alpha: float = 0.05) -> float:
    """The chance that at least one of so many independent questions looks proven by accident.

    >>> round(false_alarm(14), 4)
    0.5123
    """
    return float(1 - (1 - alpha) ** questions)


def _no_results(results: object) -> Iterator[str]:
    given = results if isinstance(results, Mapping) else {"": results}
    for name, one in given.items():
        if not isinstance(one, Effects):
            of = f" of '{name}'" if name else ""
            yield (
                f"results{of} must be what compare gave, not {type(one).__name__}: give "
                "compare(arms, metric)."
            )


def _listed(results: Mapping[str, Effects] | Effects) -> pd.DataFrame:
    import pandas as pd

    by_test = {"": results} if isinstance(results, Effects) else dict(results)
    rows = [
        (name, row.metric, row.arm, row.n, row.n_control, row.difference, row.lift, row.p_value)
        for name, effects in by_test.items()
        for row in effects
    ]
    if not rows:
        raise ParameterError("There is nothing to judge: results are empty.")
    columns = ["test", "metric", "arm", "n", "n_control", "difference", "lift", "p_value"]
    return pd.DataFrame(rows, columns=columns)


def wrong_how(how: str) -> Iterator[str]:
    """What is wrong with a way to adjust."""
    if how not in get_args(How):
        yield unknown("how", str(how), get_args(How))
