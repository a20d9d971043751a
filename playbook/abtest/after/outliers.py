"""How much of a difference hangs on a few very great values.

One order of a million decides a test of revenue. Winsorising cuts every value above a limit down to
it, the same limit for all arms, taken from all of them together, so that where nothing differs
nothing is made to differ. The cut mean answers another question than the mean: what happens to the
usual customer. So both stand side by side, and how much of the difference lies in what was cut.
Which of the two decides is settled before the test, not by which of them is proven.

Sources: Dixon and Tukey (1968), "Approximate behavior of the distribution of Winsorized t"; Kohavi,
Tang and Xu (2020), "Trustworthy Online Controlled Experiments", chapter 17, for capping in tests.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from playbook.abtest.after.compare import compare
from playbook.abtest.after.refusals import wrong_settings
from playbook.abtest.inputs.orders import as_rows, quantile_of_all
from playbook.abtest.inputs.units import units
from playbook.abtest.metrics import Mean
from playbook.errors import refuse
from playbook.format import div, number, percent, plural, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    import ibis.expr.types as ir
    import pandas as pd

    from playbook.abtest.arms import Arms
    from playbook.abtest.effect import Alternative, Effect, Effects, Relative

CUT = "value below the limit"
IS_CUT = "is above the limit"


@dataclass(frozen=True, eq=False)
class Winsorised:
    """A mean as it is beside the mean with its greatest values cut.

    Attributes:
        effects: For each arm the mean of the column, and the mean after cutting.
        limit: What values were cut down to.
        upper: The quantile of all arms together that the limit is.
        table: One row per arm, the control first: `arm`, `n`; `cut`, the units above the limit;
            `cut_share`; `cut_off`, what was taken away per unit of the arm. Of the others also
            `difference`, `difference_cut`, and `hangs_share`: the part of the difference that
            lies in what was cut off, above 1 where the rest points the other way; missing where
            there is no difference.
    """

    effects: Effects
    limit: float
    upper: float
    table: pd.DataFrame

    @property
    def is_sensitive(self) -> bool:
        """Whether an arm's answer is another after cutting: proven, not proven, or reversed."""
        rows, alpha = self.effects.rows, 1 - self.effects.confidence
        half = len(rows) // 2
        return any(
            _answer(raw, alpha) != _answer(cut, alpha)
            for raw, cut in zip(rows[:half], rows[half:], strict=True)
        )

    _repr_pretty_ = shown

    def __str__(self) -> str:
        """The limit, what hangs on it, and both answers."""
        units = int(self.table["cut"].sum())
        column = self.effects.rows[0].metric
        said = (
            f"{column}: {plural(units, 'unit')} above {number(self.limit)} (the "
            f"{100 * self.upper:g} % quantile of all arms) cut down to it; the answer "
            + ("depends on them." if self.is_sensitive else "is the same without their excess.")
        )
        lines = [
            f"{row.arm}: difference {number(row.difference)}, after cutting "
            f"{number(row.difference_cut)}; {percent(row.hangs_share, 0)} of it hangs on what was "
            "cut off."
            for row in self.table.iloc[1:].itertuples()
        ]
        return "\n".join([said, *lines, "", str(self.effects)])


def winsorised(
    rows: Any,
    column: str,
    *,
    control: str,
    arm: str = "arm",
    upper: float = 0.99,
    confidence: float = 0.95,
    alternative: Alternative = "two-sided",
    relative: Relative = "fieller",
) -> Winsorised:
    """The means of the arms as they are, beside those with the greatest values cut to a limit.

    Args:
        rows: One row per unit: pandas, Ibis, or an Arrow table such as Polars gives.
        column: Numbers.
        control: The arm that the others are compared with.
        arm: Column with the arm.
        upper: The limit, as a quantile of all arms together.
        confidence: Coverage of the intervals.
        alternative: What the p value is against.
        relative: How the lift's interval is found, see `compare`.

    Raises:
        ParameterError: Everything that is wrong with the arguments, at once; or the limit is the
            smallest value, so that nothing is left to compare.

    >>> import pandas as pd
    >>> spent = [3, 4, 5, 6] * 50
    >>> rows = pd.DataFrame({"arm": ["A"] * 200 + ["B"] * 200, "spent": spent + [500, *spent[1:]]})
    >>> found = winsorised(rows, "spent", control="A")
    >>> found.limit, found.table["cut"].tolist(), found.table["hangs_share"].round(3).tolist()
    (6.0, [0, 1], [nan, 0.994])
    """
    refuse(
        [
            *_wrong_level(upper),
            *wrong_settings(confidence=confidence, alternative=alternative, relative=relative),
        ]
    )
    table = as_rows(rows)
    raw = units(table, column, control=control, arm=arm)
    limit = quantile_of_all(table, column, upper)
    refuse(_nothing_left(raw, column, limit, upper))
    beside = (column, CUT, IS_CUT)
    arms = units(_cut(table, arm, column, limit), beside, control=control, arm=arm)
    both = (Mean(column), Mean(CUT, name=f"{column}, at most {number(limit)}"))
    effects = compare(arms, both, confidence=confidence, alternative=alternative, relative=relative)
    return Winsorised(effects, limit, upper, _hangs(arms, effects))


def _hangs(arms: Arms, effects: Effects) -> pd.DataFrame:
    """How many values were cut, and how much of each difference lies there."""
    import pandas as pd

    raw, cut, is_cut = (arms.means[:, at] for at in range(3))
    counts = arms.ones(IS_CUT)
    names = list(dict.fromkeys(row.metric for row in effects))
    rows = []
    for at, name in enumerate(arms.names):
        one, other = ((effects[metric, name].difference if at else math.nan) for metric in names)
        shared = (arms.n[at], counts[at], is_cut[at], raw[at] - cut[at])
        rows.append((name, *shared, one, other, div(one - other, one)))
    columns = ["arm", "n", "cut", "cut_share", "cut_off"]
    return pd.DataFrame(rows, columns=[*columns, "difference", "difference_cut", "hangs_share"])


def _answer(effect: Effect, alpha: float) -> int:
    """What a test says: 0 where nothing is proven, else the direction."""
    return 0 if effect.p_value > alpha else 1 if effect.difference > 0 else -1


def _cut(
    rows: pd.DataFrame | ir.Table, arm: str, column: str, limit: float
) -> pd.DataFrame | ir.Table:
    """The rows with the value cut down to the limit, and whether it was."""
    import ibis

    if not isinstance(rows, ibis.Table):
        kept = rows[[arm, column]]
        above = kept[column] > limit
        return kept.assign(**{CUT: kept[column].mask(above, limit), IS_CUT: above})
    above = rows[column] > limit
    value = rows[column].cast("float64")
    return rows.select(
        arm, column, **{CUT: ibis.ifelse(above, ibis.literal(limit), value), IS_CUT: above}
    )


def _wrong_level(upper: float) -> Iterator[str]:
    if not 0.5 <= upper < 1:
        yield f"upper must be at least 0.5 and below 1, not {upper:g}; 0.99 cuts one unit in 100."


def _nothing_left(arms: Arms, column: str, limit: float, upper: float) -> Iterator[str]:
    """The limit may be the smallest value, such as 0 where few buy, or the greatest."""
    if limit <= arms.lows[:, 0].min():
        yield (
            f"{100 * upper:g} % of the units have the smallest value of {column}, {number(limit)}: "
            "nothing would be left to compare. Take a higher upper, such as 0.999."
        )
