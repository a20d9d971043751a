"""The states of a customer and the next move in each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from playbook.errors import ParameterError
from playbook.nurture import ask

if TYPE_CHECKING:
    from datetime import datetime

    import ibis.expr.types as ir
    import pandas as pd

    from playbook.nurture.settings import Programme
    from playbook.nurture.tables import Read, Tables


@dataclass(frozen=True, slots=True)
class State:
    """A state of the customer.

    Attributes:
        name: Its name.
        reached_by: Signals that lead into it.
        goal: What is to be reached.
        move: The next move.
    """

    name: str
    reached_by: tuple[str, ...]
    goal: str
    move: str


def states(
    ladder: tuple[State, ...], programme: Programme, tables: Tables, *, as_of: datetime
) -> pd.DataFrame:
    """The furthest state that each entity has reached, and the next move.

    Args:
        ladder: The states, the furthest last.
        programme: The flows; only its place in the question counts.
        tables: What happened.
        as_of: Nothing later is looked at.

    Returns:
        `entity`, `contact`, `state`, `since` (first signal of that state), `goal`, `move`; whoever
        has reached none is left out. Sorted by entity.

    Raises:
        ParameterError: There are no states.
    """
    import pandas as pd

    if not ladder:
        raise ParameterError("states must be one or more.")
    frame = ask.ask(_states, programme, tables, as_of, ladder)
    words = pd.DataFrame(
        [
            {"place": i, "state": s.name, "goal": s.goal, "move": s.move}
            for i, s in enumerate(ladder)
        ]
    )
    found = frame.merge(words, on="place").assign(since=lambda t: pd.to_datetime(t.since, unit="s"))
    columns = ["entity", "contact", "state", "since", "goal", "move"]
    return found.sort_values("entity", ignore_index=True)[columns]


def _states(_: Programme, read: Read, now: Any, ladder: tuple[State, ...]) -> ir.Table:
    import ibis

    people, signals, _sends = read
    names = [(signals.signal.isin(s.reached_by), i) for i, s in enumerate(ladder)]
    placed = signals.filter(signals.known <= now, signals["at"] <= now)
    placed = placed.mutate(place=ibis.cases(*reversed(names), else_=-1))
    firsts = placed.filter(placed.place >= 0).group_by("entity", "place")
    firsts = firsts.aggregate(since=lambda t: t["at"].min())
    order = ibis.row_number().over(group_by="entity", order_by=ibis.desc("place"))
    last = firsts.mutate(order=order).filter(lambda t: t.order == 0)
    return last.inner_join(people.select("entity", "contact"), "entity").select(
        "entity", "contact", "place", "since"
    )
