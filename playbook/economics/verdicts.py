"""Keep, watch or cut: a line, an interval, and no verdict that chance could have made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from playbook.economics.unit_costs import CONFIDENCE, unit_costs
from playbook.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

Verdict = Literal["keep", "watch", "cut", "no cost"]


@dataclass(frozen=True, slots=True)
class Yardstick:
    """A cost per thing by which channels are judged.

    Attributes:
        thing: Column that is counted, such as `customers`.
        limit: The most that one may cost; None for `factor` times the middle channel's.
        factor: How many times the middle channel's cost is too dear; unused with a `limit`.
    """

    thing: str
    limit: float | None = None
    factor: float = 1.5

    def __post_init__(self) -> None:
        """Refuse lines that judge nothing."""
        if self.limit is not None and self.limit <= 0:
            raise ParameterError(f"limit must be above 0, not {self.limit}")
        if self.factor <= 0:
            raise ParameterError(f"factor must be above 0, not {self.factor}")


def judge(
    table: pd.DataFrame,
    yardsticks: Sequence[Yardstick],
    *,
    min_leads: int = 30,
    min_months: int = 6,
    confidence: float = CONFIDENCE,
) -> pd.DataFrame:
    """Keep, watch or cut each channel, by the first yardstick whose interval can tell.

    The yardsticks are tried in order, the one nearest to money first. A channel is cut only where
    the whole interval of its cost per thing lies above the line, and kept only where all of it
    lies at or below; where it lies across, the next yardstick is asked, and after the last one the
    channel is watched. With too few leads or months it is watched whatever the figures say. The
    middle channel is the median over the channels that have enough of both and a cost.

    Args:
        table: One row per channel: `leads`, `months` (with a cost), `cost`, and the columns that
            the yardsticks count.
        yardsticks: What to judge by.
        min_leads: With fewer leads a channel is only watched.
        min_months: With a cost in fewer months a channel is only watched.
        confidence: Of the intervals.

    Returns:
        The table with `verdict` (keep, watch, cut, or "no cost" where nothing is spent),
        `judged_by` (the yardstick's thing; missing where none could tell), `figure`,
        `figure_low`, `figure_high` (its cost per thing), `limit`, and `why` (`below`, `above`,
        `across`, `few leads`, `few months`, `no cost`).

    Raises:
        ParameterError: A column is missing, or there is no yardstick.
    """
    priced = _priced(table, yardsticks, confidence)
    limits = lines(table, yardsticks, min_leads=min_leads, min_months=min_months)
    spent = priced["cost"].astype(float) > 0
    result = table.assign(
        verdict="watch", judged_by=None, figure=float("nan"), figure_low=float("nan"),
        figure_high=float("nan"), limit=float("nan"), why="across",
    )  # fmt: skip
    # From the last to the first: what is nearer to money overrules, once it can tell.
    for yard in reversed(yardsticks):
        name, limit = f"per_{yard.thing}", limits[yard.thing]
        above = priced[f"{name}_low"] > limit
        below = priced[f"{name}_high"] <= limit
        shown = (above | below) | (yard is yardsticks[0]) & result["judged_by"].isna()
        result.loc[shown, "limit"] = limit
        for side in ("", "_low", "_high"):
            result.loc[shown, f"figure{side}"] = priced.loc[shown, f"{name}{side}"]
        for told, verdict, why in ((above, "cut", "above"), (below, "keep", "below")):
            result.loc[told, ["verdict", "judged_by", "why"]] = [verdict, yard.thing, why]
    for few, why in (
        (priced["months"] < min_months, "few months"),
        (priced["leads"] < min_leads, "few leads"),
    ):
        result.loc[few, ["verdict", "judged_by", "why"]] = ["watch", None, why]
    result.loc[~spent, ["verdict", "judged_by", "why"]] = ["no cost", None, "no cost"]
    return result


def lines(
    table: pd.DataFrame,
    yardsticks: Sequence[Yardstick],
    *,
    min_leads: int = 30,
    min_months: int = 6,
) -> dict[str, float]:
    """The line of each yardstick: its limit, or its factor times the middle channel's cost.

    Args:
        table: As `judge` takes it.
        yardsticks: As `judge` takes them.
        min_leads: With fewer leads a channel has no say in the middle.
        min_months: With a cost in fewer months neither.

    Returns:
        The line by thing; nan where no channel has enough, infinite where half have none of it.

    Raises:
        ParameterError: A column is missing, or there is no yardstick.
    """
    priced = _priced(table, yardsticks, CONFIDENCE)
    enough = priced["cost"].astype(float) > 0
    enough &= (priced["leads"] >= min_leads) & (priced["months"] >= min_months)
    return {yard.thing: _limit(yard, priced[enough]) for yard in yardsticks}


def _priced(
    table: pd.DataFrame, yardsticks: Sequence[Yardstick], confidence: float
) -> pd.DataFrame:
    if not yardsticks:
        raise ParameterError("judge needs at least one yardstick")
    if lacking := [c for c in ("leads", "months", "cost") if c not in table.columns]:
        raise ParameterError(f"the table lacks {', '.join(lacking)}")
    per = {f"per_{yard.thing}": yard.thing for yard in yardsticks}
    return unit_costs(table, per, confidence=confidence)


def _limit(yard: Yardstick, priced: pd.DataFrame) -> float:
    """The line; the median counts a channel without any of the thing as dearest of all."""
    if yard.limit is not None:
        return yard.limit
    figures = priced[f"per_{yard.thing}"].fillna(float("inf"))
    middle = float(figures.median()) if len(figures) else float("nan")
    return middle * yard.factor
