"""A quarter's budget moved along response curves, those that are known or one that is assumed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from playbook import economics
from playbook.book import remembered
from playbook.chapters.economics.curved import LATELY, fitted, points
from playbook.chapters.growth.pace import usual_days
from playbook.format import div

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import pandas as pd

    from playbook.book import Book
    from playbook.economics import Curve, Plan

    Floats = np.ndarray[Any, np.dtype[np.float64]]

STAGES = ("sql", "mql")
"""What a lead is worth by: the share that became one, the nearest to money first."""


OWN, LOOSE, ASSUMED = "its own curve", "fitted, not certain", "assumed"
BASES = (OWN, LOOSE, ASSUMED)
"""What an elasticity rests on."""


class Reallocation(NamedTuple):
    """A budget moved along response curves.

    Attributes:
        table: One row per channel: `channel`, `cost` (last thirteen weeks, or three months where
            it is spent monthly), `proposed`, `change` (share), `before`, `after` (expected
            `outcome`), `elasticity` and `basis` (what it rests on, of `BASES`), `moved` (False: no
            curve, it stays); together the budget, but for `unplaced`.
        plan: See `economics.Plan`; None where no curve is accepted, and nothing is proposed.
        outcome: What is maximised: `SQL`, `MQL` or `leads`.
        budget: Asked for.
        unplaced: What the bounds did not allow to place; below 0, what they needed beyond it.
    """

    table: pd.DataFrame
    plan: Plan | None
    outcome: str
    budget: float
    unplaced: float


@remembered
def worth_of_lead(book: Book) -> pd.DataFrame:
    """What share of each channel's leads became SQL (MQL, where no SQL is recorded).

    Over the leads old enough: captured longer ago than nine in ten take to get there.

    Returns:
        `channel`, `n`, `reached`, `share`; `attrs["outcome"]` names what was reached. Without
        recorded stages a lead is worth one lead.
    """
    stage = next((s for s in STAGES if book.has(f"lead_journey.{s}_at")), None)
    days = usual_days(book, "lead", stage) if stage else None
    table = book.sql(
        f"""SELECT channel, count(*) AS n, count({stage or "created_at"}_at) AS reached
        FROM lead_journey WHERE created_at < $end
            AND created_at <= $now - to_days($days::INTEGER)
        GROUP BY channel ORDER BY channel""".replace("created_at_at", "created_at"),
        end=book.period.end,
        now=book.as_of,
        days=int(days or 0),
    )
    table["share"] = div(table["reached"], table["n"])
    table.attrs["outcome"] = stage.upper() if stage else "leads"
    return table


def reallocation(
    book: Book, budget: float | None = None, shift: float | None = None
) -> Reallocation:
    """A quarter's budget moved to where it brings most, along accepted curves alone.

    Args:
        book: The Book.
        budget: Of all channels with a curve or without, for a quarter; by default what they cost
            lately.
        shift: How far a channel may be moved, as a share of its cost; by default
            `[economics] shift`.

    Returns:
        See `Reallocation`. Channels without an accepted curve stay as they are; where no curve is
        accepted, nothing is proposed.

    Raises:
        ParameterError: A share that makes no sense.
    """
    accepted = {name: curve for name, (curve, _) in fitted(book).items() if curve.accepted}
    return _moved(book, accepted, budget, shift)


def what_if(
    book: Book, elasticity: float = 0.7, shift: float | None = None, budget: float | None = None
) -> Reallocation:
    """The same if leads followed cost by an elasticity that nobody has seen.

    Channels with an accepted curve keep their own. One whose curve was fitted and refused takes
    what its interval leaves between 0 and 1; all others take the assumption. The gain's interval
    holds what is known: how many leads came, how many of them become SQL, and those two kinds of
    curves; the assumption itself is taken as given.

    Args:
        book: The Book.
        elasticity: Assumed where the data say nothing: per cent more leads for one per cent more
            cost, between 0 and 1.
        shift: As in `reallocation`.
        budget: As in `reallocation`.

    Returns:
        See `Reallocation`.

    Raises:
        ParameterError: An elasticity that is not between 0 and 1, or a share that makes no sense.
    """
    economics.assumed(1.0, 1.0, elasticity)
    curves = {}
    for name, (curve, per_year) in fitted(book).items():
        lately = points(book, name, per_year).tail(LATELY[per_year])
        cost, leads = float(lately["cost"].sum()), float(lately["outcome"].sum())
        if curve.accepted:
            curves[name] = curve
        elif cost > 0:
            own = _between(curve)
            power = elasticity if own is None else float(own.mean())
            curves[name] = economics.assumed(cost, leads, power)
    return _moved(book, curves, budget, shift)


def _between(curve: Curve) -> Any:
    """A fitted elasticity's distribution, cut to between 0 and 1; None where none was fitted."""
    from scipy.stats import truncnorm

    error = curve.covariance[1][1] ** 0.5
    if not error > 0:
        return None
    low, high = (0.0 - curve.elasticity) / error, (1.0 - curve.elasticity) / error
    return truncnorm(low, high, curve.elasticity, error)


def _moved(
    book: Book, curves: Mapping[str, Curve], budget: float | None, shift: float | None
) -> Reallocation:
    import pandas as pd

    own = fitted(book)
    lately = {name: _lately(book, name, per_year) for name, (_, per_year) in own.items()}
    table = pd.DataFrame({"channel": list(lately), "cost": list(lately.values())})
    nothing = pd.Series(float("nan"), table.index)
    table = table.assign(proposed=table["cost"], before=nothing, after=nothing)
    table["basis"] = [_basis(own[name][0]) for name in table["channel"]]
    table["moved"] = table["channel"].isin(list(curves))
    power = {name: curve.elasticity for name, curve in curves.items()}
    table["elasticity"] = table["channel"].map(power).astype(float)
    asked = float(table["cost"].sum()) if budget is None else budget
    plan = None
    if curves:
        plan = _planned(book, curves, asked - table.loc[~table["moved"], "cost"].sum(), shift)
        for column, amounts in (
            ("proposed", _cents(plan.cost)), ("before", plan.before), ("after", plan.after)
        ):  # fmt: skip
            found = table["channel"].map(dict(zip(curves, amounts, strict=True)))
            table[column] = found.astype(float).fillna(table[column])
    table["change"] = div(table["proposed"] - table["cost"], table["cost"])
    table = table.sort_values(["moved", "cost", "channel"], ascending=[False, False, True])
    columns = ["channel", "cost", "proposed", "change", "before", "after", "elasticity", "basis"]
    unplaced = round(asked - float(table["proposed"].sum()), 2) if plan else 0.0
    shown = table[[*columns, "moved"]].reset_index(drop=True)
    return Reallocation(shown, plan, str(worth_of_lead(book).attrs["outcome"]), asked, unplaced)


def _basis(curve: Curve) -> str:
    return OWN if curve.accepted else ASSUMED if _between(curve) is None else LOOSE


def _planned(book: Book, curves: Mapping[str, Curve], budget: float, shift: float | None) -> Plan:
    import numpy as np

    value, drawn = _values(worth_of_lead(book), list(curves))
    powers = None
    if any(not fitted(book)[name][0].accepted for name in curves):
        rng = np.random.default_rng(economics.SEED + 1)
        pairs = [(fitted(book)[name][0], curve) for name, curve in curves.items()]
        powers = np.column_stack([_powers(own, used, rng) for own, used in pairs])
    return economics.reallocate(
        list(curves.values()),
        budget=budget,
        shift=book.rules.economics.shift if shift is None else shift,
        worth=value,
        worth_draws=drawn,
        elasticity_draws=powers,
    )


def _powers(own: Curve, used: Curve, rng: np.random.Generator) -> Floats:
    """Elasticities that the data leave open; the assumed one where they say nothing."""
    import numpy as np

    fitted_one = _between(own)
    if fitted_one is None:
        return np.full(economics.DRAWS, used.elasticity)
    drawn: Floats = fitted_one.rvs(size=economics.DRAWS, random_state=rng)
    return drawn


def _cents(amounts: list[float]) -> list[float]:
    """The amounts in whole cents, their sum as it was."""
    total = round(sum(amounts), 2)
    return economics.apportion(total, amounts) if total > 0 else amounts


def _values(worth: pd.DataFrame, names: list[str]) -> tuple[list[float], Floats]:
    """SQLs per lead of each channel, and the same drawn anew (Jeffreys' prior)."""
    import numpy as np

    by = worth.set_index("channel")
    rng = np.random.default_rng(economics.SEED)
    n = by["n"].reindex(names).fillna(0).to_numpy(float)
    k = by["reached"].reindex(names).fillna(0).to_numpy(float)
    value = [(a + 0.5) / (b + 1.0) for a, b in zip(k, n, strict=True)]
    if worth.attrs["outcome"] == "leads":
        return [1.0] * len(names), np.ones((economics.DRAWS, len(names)))
    return value, rng.beta(k + 0.5, n - k + 0.5, size=(economics.DRAWS, len(names)))


def _lately(book: Book, channel: str, per_year: int) -> float:
    table = points(book, channel, per_year)
    return round(float(table["cost"].tail(LATELY[per_year]).sum()), 2)
