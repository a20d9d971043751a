"""The chance of winning from each stage, step by step: Aalen–Johansen over a chain of stages.

Arrays carry a leading axis of replicates, so that a bootstrap is one calculation. The last two
outcomes counted, lost and open, lead nowhere; all others are ways on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import pandas as pd

    Array = np.ndarray[Any, Any]

WON, LOST, OPEN = "won", "lost", "open"


class Chances(NamedTuple):
    """The chances of one stage, in each of B replicates.

    Attributes:
        leaving: B × T × ways on; chance, at the entry, of leaving in that step that way.
        staying: B × T; chance, at the entry, of being in the stage when that step begins.
        worth: B × R × ways on; chance of winning within r further steps after leaving that way.
        steps: How many steps from now count; all where None (then R is 1: whenever).
    """

    leaving: Array
    staying: Array
    worth: Array
    steps: int | None

    def at(self, ages: Array) -> Array:
        """B × ages: the chance of winning, for one still in the stage at that age."""
        import numpy as np

        chance = np.zeros((len(self.leaving), len(ages)))
        ever = self._ever() if self.steps is None else None
        for age in np.unique(ages[ages < self.leaving.shape[1]]):
            won = self._within(int(age), self.steps or 0) if ever is None else ever[:, age]
            known = self.staying[:, age] > 0
            chance[np.ix_(known, ages == age)] = (won[known] / self.staying[known, age])[:, None]
        return np.minimum(chance, 1.0)

    def entering(self) -> Array:
        """B × R: the chance of winning within r steps of entering the stage."""
        import numpy as np

        if self.steps is None:
            return (
                self._ever()[:, :1] if self.leaving.shape[1] else np.zeros((len(self.leaving), 1))
            )
        within = [self._within(0, steps) for steps in range(self.steps)]
        return np.stack(within, axis=1) if within else np.zeros((len(self.leaving), 0))

    def _ever(self) -> Array:
        """B × T: the chance, at the entry, of leaving in that step or later, and winning ever."""
        import numpy as np

        won = np.sum(self.leaving * self.worth, axis=2)
        return np.asarray(np.cumsum(won[:, ::-1], axis=1)[:, ::-1])

    def _within(self, age: int, steps: int) -> Array:
        """The chance, at the entry, of leaving after `age` and winning within `steps` of it."""
        import numpy as np

        last = min(self.leaving.shape[1], age + steps)
        # Who leaves i steps from now has steps - 1 - i left; a part of a step is lost.
        worth = self.worth[:, age + steps - last : steps][:, ::-1]
        return np.asarray(np.sum(self.leaving[:, age:last] * worth, axis=(1, 2)))


def chances(counts: dict[str, Array], steps: int | None) -> dict[str, Chances]:
    """Every stage's chances, from counts of B × T × outcomes, the last stage first."""
    import numpy as np

    found: dict[str, Chances] = {}
    replicates = len(next(iter(counts.values())))
    size = 1 if steps is None else steps
    worth = np.zeros((replicates, size, len(counts) + 1))
    worth[:, :, -1] = 1.0
    for place, stage in reversed(list(enumerate(counts))):
        leaving, staying = _incidence(counts[stage])
        found[stage] = Chances(leaving, staying, worth.copy(), steps)
        worth[:, :, place] = found[stage].entering()
    return found


def _incidence(counts: Array) -> tuple[Array, Array]:
    """Aalen–Johansen: chances of leaving in each step each way, and of staying until it."""
    import numpy as np

    at_risk = counts.sum(axis=2)[:, ::-1].cumsum(axis=1)[:, ::-1, None]
    hazard = np.divide(counts, at_risk, out=np.zeros(counts.shape), where=at_risk > 0)
    ended = hazard[:, :, :-1].sum(axis=2)  # all but the end of follow-up
    still = np.cumprod(1 - ended, axis=1)
    staying = np.concatenate([np.ones((len(counts), 1)), still[:, :-1]], axis=1)
    staying = np.where(at_risk[:, :, 0] > 0, staying[:, : counts.shape[1]], 0.0)
    return staying[:, :, None] * hazard[:, :, :-2], staying


def tally(rows: pd.DataFrame, stages: Sequence[str], step_hours: int) -> Array:
    """Counts of one stage: steps × outcomes (each stage, won, lost, open)."""
    import numpy as np

    rows = rows[rows["n"] > 0]
    step = (rows["hours"] // step_hours).to_numpy(dtype="int64")
    places = {outcome: place for place, outcome in enumerate([*stages, WON, LOST, OPEN])}
    table = np.zeros((step.max(initial=-1) + 1, len(places)))
    np.add.at(table, (step, rows["outcome"].map(places).to_numpy(dtype="int64")), rows["n"])
    return table


def redraw(counts: Array, replicates: int, rng: np.random.Generator) -> Array:
    """As many entities as there were, drawn again with replacement, `replicates` times."""
    import numpy as np

    result = np.zeros((replicates, counts.size))
    total = counts.sum()
    if total:
        cells = np.flatnonzero(counts)
        result[:, cells] = rng.multinomial(
            int(total), counts.ravel()[cells] / total, size=replicates
        )
    return result.reshape(replicates, *counts.shape)
