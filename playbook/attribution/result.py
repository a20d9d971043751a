"""What `attribute` gives: credits, what they were made of, and the words for both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from playbook.errors import ParameterError, unknown

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from playbook.attribution.journeys import Journeys
    from playbook.attribution.models import Model
    from playbook.attribution.resample import Replicates
    from playbook.attribution.settings import Journey

    Floats = np.ndarray[Any, np.dtype[np.float64]]

What = Literal["conversions", "value", "share", "value_share"]
UNATTRIBUTED = "unattributed"
CENTS = 100


@dataclass(frozen=True, eq=False)
class Attribution:
    """Credits of any number of models, side by side.

    Attributes:
        credits: One row per model and name: `model`, the name under the journey's `by`,
            `conversions`, `value` (to the cent), `share` and `value_share` (of all conversions and
            all value, unattributed included). With draws each of the four also has `_low` and
            `_high`; where a model had to be sampled there are `conversions_error` and
            `value_error`, its standard errors. Models are in the order asked; within one the names
            go by value, then conversions, greatest first; "unattributed" is last, where there are
            conversions without a touch. Values are missing where conversions have none.
        totals: `what` (attributed, unattributed, all), `conversions`, `value`.
        source: The journeys.
        models: The models, in the order asked.
        journeys: Journeys that converted and have a touch.
        replicates: The credits over journeys drawn again; None without draws.
        confidence: Coverage of the intervals.
    """

    credits: pd.DataFrame
    totals: pd.DataFrame
    source: Journeys
    models: tuple[Model, ...]
    journeys: int
    replicates: Replicates | None = None
    confidence: float = 0.95

    @property
    def journey(self) -> Journey:
        """The choices the journeys were made by."""
        return self.source.journey

    @property
    def as_of(self) -> Any:
        """What was known up to here."""
        return self.source.as_of

    @property
    def touches(self) -> int:
        """How many touches belong to a journey that converted."""
        from playbook.attribution import tallies

        return int(self.source.ask(tallies.eligible)["n"].sum())

    def wide(self, what: What = "conversions") -> pd.DataFrame:
        """One row per name, one column per model, in the order of the first model.

        Raises:
            ParameterError: `what` is none of conversions, value, share, value_share.
        """
        if what not in get_args(What):
            raise ParameterError(unknown("what", str(what), get_args(What)))
        by = self.journey.by
        names = self.credits[by].drop_duplicates()
        table = self.credits.pivot_table(index=by, columns="model", values=what, dropna=False)
        ordered = table.reindex(index=names, columns=[model.name for model in self.models])
        return ordered.rename_axis(columns=None).reset_index()

    def agreement(self, what: Literal["conversions", "value"] = "conversions") -> pd.DataFrame:
        """Where models differ, by how much, and whether that is more than chance makes.

        Returns:
            One row per name, see `agreement.table`.

        Raises:
            ParameterError: No draws were asked for, only one model, or another `what`.
        """
        from playbook.attribution import agreement

        if what not in (units := ("conversions", "value")):
            raise ParameterError(unknown("what", str(what), units))
        if self.replicates is None:
            raise ParameterError("agreement needs intervals; call attribute with draws=1000.")
        return agreement.table(
            self.wide(what),
            self.replicates,
            by=self.journey.by,
            what=what,
            confidence=self.confidence,
        )

    def __str__(self) -> str:
        """Models, window, scope, eligible touches, journeys, and what no touch explains."""
        facts = self.source.facts
        left = int(self.totals["conversions"].iloc[1])
        names = ", ".join(model.name for model in self.models)
        return (
            f"{names}: {self.source}; {self.touches:,} of the touches belong to the "
            f"{self.journeys:,} journeys that converted; {left:,} of {facts.conversions:,} "
            "conversions have no touch and are unattributed."
        )


def to_the_cent(parts: Floats, total: float) -> Floats:
    """Amounts rounded to cents so that they sum to the total, rounded to cents.

    By the largest remainder: each is rounded down, and the cents left go to those that lost most;
    of equals, to the first.

    >>> import numpy as np
    >>> to_the_cent(np.array([100 / 3, 100 / 3, 100 / 3]), 100).tolist()
    [33.34, 33.33, 33.33]
    """
    import numpy as np

    exact = parts * CENTS
    down = np.floor(np.round(exact, 6))
    left = round(total * CENTS) - int(down.sum())
    if len(parts) and left:
        order = np.argsort(-np.round(exact - down, 6), kind="stable")
        each, extra = divmod(left, len(parts))
        down += each
        down[order[:extra]] += 1
    cents: Floats = down / CENTS
    return cents
