"""What a young cohort will come to, and what is to be expected of those who are open now."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from playbook.errors import ParameterError
from playbook.funnel import clock, engine, forecast, match, survival
from playbook.funnel.incidence import LOST, OPEN, WON

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    import ibis.expr.types as ir
    import pandas as pd

    from playbook.funnel.engine import Events
    from playbook.funnel.settings import Funnel


def conversion_curve(
    events: Events,
    funnel: Funnel,
    *,
    as_of: datetime,
    start: datetime | None = None,
    end: datetime | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """The share that has reached the last stage by each age, young entries counted while known.

    Args:
        events: One row per stage entry.
        funnel: The stages, and how entities are followed through them. Who is lost stays
            counted: it has not converted and will not.
        as_of: What is known up to here.
        start: Entries into the first stage from this moment on; all where None.
        end: Entries before this moment; all where None.
        confidence: Coverage of the interval at each single age.

    Returns:
        As `survival.curve`: `days`, `at_risk`, `converted`, `rate`, `low`, `high`.

    Raises:
        ParameterError: A missing column.

    Source: Kaplan and Meier (1958); see `survival.curve`.

    >>> import pandas as pd
    >>> from playbook.funnel import Funnel
    >>> days = [pd.Timestamp(2026, 10, day) for day in (2, 4, 10, 3, 9)]
    >>> went = ["lead", "mql", "won", "lead", "mql"]
    >>> events = pd.DataFrame({"entity": [*"aaabb"], "stage": went, "time": days})
    >>> way, today = Funnel(("lead", "mql", "won")), pd.Timestamp(2026, 10, 31)
    >>> conversion_curve(events, way, as_of=today)[["days", "at_risk", "converted", "rate"]]
       days  at_risk  converted  rate
    0   8.0        2          1   0.5
    """
    found = _followed(events, funnel, as_of=as_of, start=start, end=end)
    return survival.curve(found, confidence=confidence)


def conversion_at(
    events: Events,
    funnel: Funnel,
    days: Sequence[float],
    *,
    as_of: datetime,
    start: datetime | None = None,
    end: datetime | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """The share that reaches the last stage within so many days, as `conversion_curve` has it.

    Returns:
        As `survival.at`: `days`, `rate`, `low`, `high`, `at_risk`; missing beyond the longest
        follow-up.

    Raises:
        ParameterError: A missing column, or a negative number of days.

    >>> import pandas as pd
    >>> from playbook.funnel import Funnel
    >>> days = [pd.Timestamp(2026, 10, day) for day in (2, 4, 10, 3, 9)]
    >>> went = ["lead", "mql", "won", "lead", "mql"]
    >>> events = pd.DataFrame({"entity": [*"aaabb"], "stage": went, "time": days})
    >>> way, today = Funnel(("lead", "mql", "won")), pd.Timestamp(2026, 10, 31)
    >>> conversion_at(events, way, [7, 14], as_of=today)[["days", "rate", "at_risk"]]
       days  rate  at_risk
    0   7.0   0.0        2
    1  14.0   0.5        1
    """
    found = _followed(events, funnel, as_of=as_of, start=start, end=end)
    return survival.at(found, days, confidence=confidence)


def expected_won(
    events: Events,
    funnel: Funnel,
    *,
    as_of: datetime,
    horizon_days: float | None = None,
    **how: Any,
) -> pd.DataFrame:
    """How many of those open now are to be expected at the last stage, from what became of others.

    Each stage's history is how long entities stayed in it from their own first entry and what
    came next: a later stage, one of `funnel.lost`, or nothing yet. Order and windows are not
    used; who has already been seen further on is no longer in the stage.

    Args:
        events: One row per stage entry.
        funnel: The stages; the last one is what is expected, `lost` ends the way.
        as_of: What is known up to here.
        horizon_days: Count only who gets there within so many days from now; whenever where None.
        **how: `confidence`, `replicates`, `seed` of `forecast.expected_won`.

    Returns:
        As `forecast.expected_won`: one row per stage and `total`, with `open`, `expected`, `low`,
        `high`, `probability`, `too_old`, `reason`.

    Raises:
        ParameterError: A missing column, or fewer than two stages.

    Source: Aalen and Johansen (1978); see `forecast.expected_won`.

    >>> import pandas as pd
    >>> from playbook.funnel import Funnel
    >>> days = [pd.Timestamp(2026, 10, day) for day in (2, 4, 10, 3, 9)]
    >>> went = ["lead", "mql", "won", "lead", "mql"]
    >>> events = pd.DataFrame({"entity": [*"aaabb"], "stage": went, "time": days})
    >>> way, today = Funnel(("lead", "mql", "won")), pd.Timestamp(2026, 10, 31)
    >>> found = expected_won(events, way, as_of=today)
    >>> found.loc[found["stage"] == "total", ["open", "reason"]]
       open             reason
    2     1  no number for mql
    """
    if len(funnel.stages) < 2:
        raise ParameterError("a forecast needs a stage to be open in and one to be reached.")
    found = engine.ask(stays, events, funnel, as_of)
    names = dict(enumerate(funnel.stages[:-1]))
    outcomes = {**names, len(funnel.stages) - 1: WON, GONE: LOST, STILL: OPEN}
    history = found.assign(stage=found["place"].map(names), outcome=found["outcome"].map(outcomes))
    waiting: pd.DataFrame = history.query("outcome == @OPEN")
    return forecast.expected_won(
        history, waiting, funnel.stages[:-1], horizon_days=horizon_days, **how
    )


def _followed(events: Events, funnel: Funnel, **span: Any) -> pd.DataFrame:
    """How long entries were followed, as `survival` takes it."""
    found = clock.durations(events, replace(funnel, lost=()), **span)
    return found.assign(hours=found["days"] * 24, converted=found["state"] == "moved")


GONE, STILL = -1, -2


def stays(events: ir.Table, funnel: Funnel, as_of: datetime) -> ir.Table:
    """The query behind `expected_won`: `place`, whole `hours`, `outcome` (a place), `n`.

    What comes next is the earliest later stage or loss; at one moment, the furthest.
    """
    import ibis

    known = events.filter(
        events.time <= as_of, events.stage.isin([*funnel.stages, *funnel.lost]),
        events.entity.notnull(),
    )  # fmt: skip
    places = [(known.stage == name, place) for place, name in enumerate(funnel.stages)]
    placed = known.mutate(place=ibis.cases(*places, else_=GONE))
    firsts = placed.group_by("entity", "place").aggregate(at=placed.time.min())
    stay = firsts.filter(firsts.place >= 0, firsts.place < len(funnel.stages) - 1)
    other = firsts.select(who="entity", goal="place", then="at")
    ahead = [stay.entity == other.who, (other.goal > stay.place) | (other.goal == GONE)]
    pairs = stay.left_join(other, ahead)
    earlier = (pairs.then < pairs["at"]) & (pairs.goal != GONE)
    following = match.earliest(pairs.then, pairs.then >= pairs["at"])
    moved = pairs.group_by("entity", "place", "at").aggregate(
        passed=ibis.ifelse(earlier, 1, 0).max(), next_at=following
    )
    moved = moved.filter(moved.passed == 0).drop("passed")
    ways = moved.left_join(
        other,
        [
            moved.entity == other.who,
            moved.next_at == other.then,
            (other.goal > moved.place) | (other.goal == GONE),
        ],
    )
    ended = ways.group_by("entity", "place", "at", "next_at").aggregate(outcome=ways.goal.max())
    until = ibis.coalesce(ended.next_at, ibis.literal(as_of, "timestamp"))
    hours = (until.epoch_seconds() - ended["at"].epoch_seconds()) // 3600
    timed = ended.mutate(
        hours=hours.cast("int64"), outcome=ibis.coalesce(ended.outcome, ibis.literal(STILL))
    )
    return timed.group_by("place", "hours", "outcome").aggregate(n=timed.count())
