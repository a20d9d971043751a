"""The models by name, and as objects whose fields are their choices."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

from playbook.errors import ParameterError, unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Game = Literal["sum", "rate"]
Nulls = Literal["closed", "all", "none"]
TOLERANCE = 1e-9
"""By how much weights may miss 1: what decimal fractions leave when they are added."""
PERCENT = 1000
"""Per cent from which on weights were given as per cent, not as shares."""


def _check(name: str, weights: tuple[float, ...]) -> None:
    shown = " + ".join(f"{100 * w:g} %" for w in weights)
    if any(not weight >= 0 for weight in weights):
        raise ParameterError(f"{name}: weights must be 0 or more, not {shown}.")
    if abs(math.fsum(weights) - 1) > TOLERANCE:
        whole = 100 * math.fsum(weights)
        hint = " Give shares, such as 0.4." if whole > PERCENT else ""
        raise ParameterError(f"{name}: weights must sum to 100 %; {shown} is {whole:g} %.{hint}")


def _known_nulls(nulls: str) -> None:
    if nulls not in get_args(Nulls):
        raise ParameterError(unknown("nulls", str(nulls), get_args(Nulls)))


@dataclass(frozen=True, slots=True)
class Position:
    """Weights of the first touch, of all between together, and of the last.

    With nothing between, the middle's weight goes to the ends in proportion (evenly, where both
    have none); a single touch gets all. Touches between share theirs evenly.

    Raises:
        ParameterError: A negative weight, or weights that do not sum to 1.
    """

    first: float
    middle: float
    last: float
    label: str = ""

    def __post_init__(self) -> None:
        """Refuse weights that lose or invent credit."""
        _check(str(self.label or "position weights"), (self.first, self.middle, self.last))

    @property
    def name(self) -> str:
        """Its name in tables."""
        shown = "_".join(f"{100 * w:g}" for w in (self.first, self.middle, self.last))
        return self.label or f"position_{shown}"


@dataclass(frozen=True, slots=True)
class Plain:
    """A model without choices: `first`, `last`, `last_non_direct` or `linear`."""

    name: str


@dataclass(frozen=True, slots=True)
class Milestones:
    """Weights of the first touch, of the touch at each milestone, of the last, and of the rest.

    The touch at a milestone is the last one at or before its moment. Where several fall on one
    touch it gets the weights of all. A milestone without a moment, or whose moment lies before the
    journey's first touch, hands its weight to the other named touches in proportion. The rest is
    shared evenly by the touches between; where there are none it goes to the named touches in
    proportion. So the weights of a journey always sum to 1.

    Attributes:
        name: Its name in tables.
        first: Weight of the first touch.
        milestones: Weight of each of the journey's milestones, in their order.
        last: Weight of the last touch before the conversion.
        rest: Weight of all other touches together.

    Raises:
        ParameterError: A negative weight, or weights that do not sum to 1.
    """

    name: str
    first: float
    milestones: tuple[float, ...]
    last: float
    rest: float

    def __post_init__(self) -> None:
        """Refuse weights that lose or invent credit."""
        object.__setattr__(self, "milestones", tuple(self.milestones))
        _check(self.name, (self.first, *self.milestones, self.last, self.rest))
        if self.first + self.last <= 0:
            raise ParameterError(
                f"{self.name}: first or last must have weight: a journey may lack its milestones."
            )


@dataclass(frozen=True, slots=True)
class TimeDecay:
    """A touch counts half as much as one that lies so many days nearer to the conversion.

    Raises:
        ParameterError: A half-life that is not above 0.
    """

    half_life_days: float = 7
    label: str = ""

    def __post_init__(self) -> None:
        """Refuse a half-life that leaves no weight."""
        if not (self.half_life_days > 0 and math.isfinite(self.half_life_days)):
            raise ParameterError(f"half_life_days must be above 0, not {self.half_life_days}.")

    @property
    def name(self) -> str:
        """Its name in tables."""
        return self.label or f"time_decay_{self.half_life_days:g}"


@dataclass(frozen=True, slots=True)
class Custom:
    """Weights of your own: a function of `position` (from 1), `size` and `days_before`.

    It is called with three Ibis columns and gives one, 0 or more; a journey's weights are scaled
    to sum to 1, and are even where they are all 0.
    """

    name: str
    weight: Callable[[Any, Any, Any], Any]


@dataclass(frozen=True, slots=True)
class Markov:
    """Removal effects on the absorbing chain whose states are the last `order` touches.

    Attributes:
        order: 1 to 4.
        nulls: Which journeys without conversion are in the chain: `closed`: those that are over;
            `all`: those still open at `as_of` as well; `none`: no such journey.

    Raises:
        ParameterError: Another order, or another choice of nulls.
    """

    order: int = 1
    nulls: Nulls = "closed"
    label: str = ""

    def __post_init__(self) -> None:
        """Refuse chains that cannot be counted."""
        if self.order not in range(1, 5):
            raise ParameterError(f"order of markov must be 1, 2, 3 or 4, not {self.order}.")
        _known_nulls(self.nulls)

    @property
    def name(self) -> str:
        """Its name in tables."""
        return self.label or (f"markov_{self.order}" if self.order > 1 else "markov")


@dataclass(frozen=True, slots=True)
class Shapley:
    """The Shapley value of a game over the sets of names that journeys touched.

    Attributes:
        game: `sum`: a coalition is worth the conversions of journeys that touched nothing else;
            `rate`: the conversion rate of those journeys, nulls included, which can give negative
            credit.
        nulls: As in `Markov`, for the game `rate`; the game `sum` does not see nulls.
        exact: Refuse the game `rate` beyond 20 names, which is otherwise sampled with its error.

    Raises:
        ParameterError: Another game, or another choice of nulls.
    """

    game: Game = "sum"
    nulls: Nulls = "closed"
    exact: bool = False
    label: str = ""

    def __post_init__(self) -> None:
        """Refuse games that we do not play."""
        if self.game not in get_args(Game):
            raise ParameterError(unknown("game", str(self.game), get_args(Game)))
        _known_nulls(self.nulls)

    @property
    def name(self) -> str:
        """Its name in tables."""
        return self.label or ("shapley" if self.game == "sum" else f"shapley_{self.game}")


Model: TypeAlias = Plain | Position | Milestones | TimeDecay | Custom | Markov | Shapley

PLAIN = ("first", "last", "last_non_direct", "linear")
NAMED: dict[str, Model] = {
    **{name: Plain(name) for name in PLAIN},
    "u_50_50": Position(0.5, 0.0, 0.5, "u_50_50"),
    "u_40_20_40": Position(0.4, 0.2, 0.4, "u_40_20_40"),
    "w": Milestones("w", 0.3, (0.3, 0.3), 0.0, 0.1),
    "full_path": Milestones("full_path", 0.225, (0.225, 0.225), 0.225, 0.1),
    "time_decay": TimeDecay(7, "time_decay"),
    "markov": Markov(),
    **{f"markov_{order}": Markov(order, label=f"markov_{order}") for order in range(1, 5)},
    "shapley": Shapley(),
    "shapley_rate": Shapley("rate"),
}
PATTERNS = ("position_40_20_40", "time_decay_30")
"""Examples of the names that carry numbers."""


def chosen(models: str | Model | Iterable[str | Model]) -> tuple[Model, ...]:
    """The models asked for, in their order.

    Raises:
        ParameterError: None, unknown names, wrong numbers in a name, or one name twice; everything
            at once.

    >>> [model.name for model in chosen(["linear", "position_30_40_30", TimeDecay(14)])]
    ['linear', 'position_30_40_30', 'time_decay_14']
    """
    asked = [models] if isinstance(models, str) or not hasattr(models, "__iter__") else [*models]
    found: list[Model] = []
    wrong: list[str] = []
    for one in asked:
        try:
            found.append(_named(one) if isinstance(one, str) else _model(one))
        except ParameterError as error:
            wrong.append(str(error))
    names = [model.name for model in found]
    wrong += [f"model {name} is asked for twice; give one a label." for name in _twice(names)]
    if not asked:
        wrong.append(f"models must name at least one. Allowed: {', '.join((*NAMED, *PATTERNS))}")
    if wrong:
        raise ParameterError("\n".join(wrong))
    return tuple(found)


def _named(name: str) -> Model:
    if name in NAMED:
        return NAMED[name]
    number = r"(\d+(?:\.\d+)?)"
    if found := re.fullmatch(rf"position_{number}_{number}_{number}", name):
        first, middle, last = (float(part) / 100 for part in found.groups())
        return Position(first, middle, last, name)
    if found := re.fullmatch(rf"time_decay_{number}", name):
        return TimeDecay(float(found[1]), name)
    if found := re.fullmatch(r"markov_(\d+)", name):
        return Markov(int(found[1]))
    raise ParameterError(unknown("model", name, (*NAMED, *PATTERNS)))


def _model(one: Any) -> Model:
    if not isinstance(one, Model):
        raise ParameterError(
            f"a model is a name or an object such as TimeDecay(14), not {type(one).__name__}."
        )
    return one


def _twice(names: list[str]) -> list[str]:
    return sorted({name for name in names if names.count(name) > 1})
