"""What a funnel is: its stages, and every choice that decides who is counted in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, get_args

from playbook.errors import ParameterError, unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Order = Literal["ordered", "strict", "any"]
Anchor = Literal["first", "best", "each"]


@dataclass(frozen=True, slots=True)
class Funnel:
    """Stages in their order, and how entities are followed through them.

    Attributes:
        stages: Names of the stages; the first one is the entry.
        order: `ordered`: each stage is taken at its first entry at or after the one before;
            entries of other stages may lie between. `strict`: as `ordered`, and no other entry
            of the entity, in whatever stage, lies between the two moments. `any`: a stage is
            reached by its own entry or any later stage's, in whatever order they were recorded;
            stages passed without an own entry are counted as skipped.
        anchor: Which entry into the first stage counts. `first`: the first one; later ones are
            ignored. `best`: the one that gets furthest inside the window, the earliest of these;
            without windows by step that is what ClickHouse's `windowFunnel` counts. `each`: every
            one, each with what follows until the next (re-entry).
        within_days: Days after the entry in which a stage must be reached; no limit where None.
        step_days: Days in which the next stage must be reached, by the stage that is left.
        lost: Stages that end the way without being won; who enters one is no longer open.
        entity: Column that names the entity.
        stage: Column that names the stage.
        time: Column of the entry's moment.

    Raises:
        ParameterError: Everything that is wrong with the settings, at once.

    >>> print(Funnel(("lead", "mql", "won"), within_days=30))
    lead → mql → won: in order, from the first entry, within 30 days of it
    """

    stages: tuple[str, ...]
    order: Order = "ordered"
    anchor: Anchor = "first"
    within_days: float | None = None
    step_days: Mapping[str, float] = field(default_factory=dict, hash=False)
    lost: tuple[str, ...] = ()
    entity: str = "entity"
    stage: str = "stage"
    time: str = "time"

    def __post_init__(self) -> None:
        """Refuse what cannot be counted."""
        object.__setattr__(self, "stages", tuple(self.stages))
        object.__setattr__(self, "step_days", dict(sorted(self.step_days.items())))
        object.__setattr__(self, "lost", tuple(self.lost))
        if wrong := list(self._mistakes()):
            raise ParameterError("\n".join(wrong))

    def _mistakes(self) -> Iterator[str]:
        if not self.stages or len(set(self.stages)) < len(self.stages):
            yield f"stages must be one or more different names, not {list(self.stages)}."
        if self.order not in get_args(Order):
            yield unknown("order", self.order, get_args(Order))
        if self.anchor not in get_args(Anchor):
            yield unknown("anchor", self.anchor, get_args(Anchor))
        if self.within_days is not None and self.within_days <= 0:
            yield f"within_days must be above 0, not {self.within_days}."
        for name, days in self.step_days.items():
            if name not in self.stages[:-1]:
                yield unknown("stage to leave in step_days", name, self.stages[:-1])
            if days <= 0:
                yield f"step_days of {name} must be above 0, not {days}."
        if self.step_days and self.order == "any":
            yield "step_days need an order: with 'any' no stage is the one before."
        if both := set(self.lost) & set(self.stages):
            yield f"{', '.join(sorted(both))} cannot be a stage of the way and its end in lost."

    def days_after(self, stage: str) -> float | None:
        """Days in which the stage after this one must be reached; None without a limit."""
        return self.step_days.get(stage)

    def __str__(self) -> str:
        """Every choice, in words."""
        limits = [f"{name} left within {days:g} days" for name, days in self.step_days.items()]
        window = [] if self.within_days is None else [f"within {self.within_days:g} days of it"]
        choices = [_ORDERS[self.order], _ANCHORS[self.anchor], *window, *limits]
        return f"{' → '.join(self.stages)}: {', '.join(choices)}"


_ORDERS = {
    "ordered": "in order",
    "strict": "in order with nothing between",
    "any": "in any order",
}
_ANCHORS = {
    "first": "from the first entry",
    "best": "from the entry that gets furthest",
    "each": "from each entry until the next",
}
