"""Journeys: checked tables with the choices that make journeys of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from playbook import queries
from playbook.attribution import intake
from playbook.attribution.rows import STATES, Plan
from playbook.attribution.settings import Journey
from playbook.errors import ParameterError

if TYPE_CHECKING:
    from datetime import datetime

    import ibis.expr.types as ir
    import pandas as pd

    from playbook.attribution.intake import Facts
    from playbook.queries import Given


@dataclass(frozen=True, eq=False)
class Journeys:
    """Journeys that have been checked and not yet counted: their rows are where they were.

    Attributes:
        journey: The choices they are made by.
        as_of: What is known up to here; everything where None.
        since: Journeys that ended before this moment are not counted.
        facts: What is known of the tables.
        given: The tables.
        plan: The choices as queries see them.
    """

    journey: Journey
    as_of: datetime | None
    since: datetime | None
    facts: Facts
    given: tuple[Given, ...]
    plan: Plan
    _answers: dict[Any, pd.DataFrame] = field(default_factory=dict, repr=False)

    def ask(self, query: queries.Query, *args: Any) -> pd.DataFrame:
        """The answer of the tables' engine to `query(tables, plan, *args)`, asked for once."""
        key = (query, *args)
        if key not in self._answers:
            answer = queries.ask(query, self.given, self.plan, *args)
            if "state" in answer:
                answer["state"] = answer["state"].map(dict(enumerate(STATES))).astype("object")
            self._answers[key] = answer
        return self._answers[key].copy()

    def __str__(self) -> str:
        """What was counted, in words."""
        if self.plan.of_paths:
            more = [
                "repeats in a row count once" * self.plan.collapse,
                f"without {', '.join(self.plan.direct)}" * self.plan.ignore_direct,
            ]
            what = f"{self.journey.by} in a table of paths: {self._touches()}"
            return "; ".join([*filter(None, [what, *more]), self._conversions()])
        span = {"as of": self.as_of, "since": self.since}
        moments = [f"{word} {at:%Y-%m-%d %H:%M} UTC" for word, at in span.items() if at]
        what = f"{self._touches()}, {self._conversions()}"
        return "; ".join([str(self.journey), *moments, what])

    def _touches(self) -> str:
        many = self.facts.touches
        return f"{many:,} touch{'es' * (many != 1)}"

    def _conversions(self) -> str:
        many = self.facts.conversions
        return f"{many:,} conversion{'s' * (many != 1)}"


def journeys(
    touches: pd.DataFrame | ir.Table,
    conversions: pd.DataFrame | ir.Table,
    journey: Journey | None = None,
    *,
    as_of: datetime | None = None,
    since: datetime | None = None,
) -> Journeys:
    """The journeys of touches that led to conversions, or did not.

    Nothing is copied: an Ibis table stays where it is, and every question runs there.

    A journey that did not convert has an entity's touches after its last conversion (only of
    entities that never converted, unless `journey.reenter`). With a lookback it keeps those of the
    last `lookback_days` up to its last touch, as a conversion at that moment would. It is `open`
    where its last touch is at most `lookback_days` before `as_of`: a conversion could still count
    it. Else it is `null`: over. Without `as_of` or without a lookback there is no telling, and
    every journey that did not convert is `null`.

    Args:
        touches: One row per touch.
        conversions: One row per conversion.
        journey: The choices, and the names of the columns; the defaults where None.
        as_of: What is known up to here, naive UTC: later touches and conversions do not count.
        since: Conversions before this moment end a journey and are not counted themselves;
            neither are journeys without conversion whose last touch lies before it.

    Raises:
        ParameterError: Everything in the tables that cannot be used, at once.

    >>> import pandas as pd
    >>> days = [pd.Timestamp(2026, 10, day) for day in (1, 3, 4)]
    >>> touches = pd.DataFrame({"account_id": [*"aab"], "touched_at": days})
    >>> touches["channel"] = ["search", "event", "search"]
    >>> won = {"account_id": ["a"], "converted_at": [pd.Timestamp(2026, 10, 9)], "value": [500]}
    >>> print(journeys(touches, pd.DataFrame(won)))
    channel by account_id: touches up to the conversion, after the conversion before; 3 touches, \
1 conversion
    """
    chosen = journey or Journey()
    for name, moment in (("as_of", as_of), ("since", since)):
        if moment is not None and moment.tzinfo is not None:
            raise ParameterError(f"{name} must be naive UTC, not in the zone {moment.tzinfo}.")
    given = intake.given(touches, conversions, chosen)
    plan = _plan(chosen, as_of, since)
    facts = intake.checked(given, chosen, plan)
    return Journeys(chosen, as_of, since, facts, given, plan._replace(unique=facts.unique))


def _plan(journey: Journey, as_of: datetime | None, since: datetime | None) -> Plan:
    def seconds(many: float | None, each: int) -> int | None:
        return None if many is None else round(many * each)

    return Plan(
        value=journey.value is not None,
        touch=journey.touch is not None,
        conversion=journey.conversion is not None,
        milestones=len(journey.milestones),
        lookback_s=seconds(journey.lookback_days, 86400),
        session_s=seconds(journey.session_minutes, 60),
        collapse=journey.repeats == "collapse",
        direct=journey.direct,
        ignore_direct=journey.ignore_direct,
        restart=journey.restart,
        reenter=journey.reenter,
        as_of=as_of,
        since=since,
    )
