"""What a rule score is made of: points for fit, points for behaviour, and the bands.

The section `[scoring]` of `playbook.toml` has the same attributes and can be used in its place;
these classes are for tables that have no such file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playbook.conditions import Condition


class FitLike(Protocol):
    """Points for what a lead is."""

    @property
    def factor(self) -> str:
        """Name of the factor."""
        ...

    @property
    def when(self) -> Condition:
        """The condition."""
        ...

    @property
    def points(self) -> int:
        """Points, perhaps negative."""
        ...


class BehaviourLike(Protocol):
    """Points for what a lead does."""

    @property
    def touch_type(self) -> str:
        """Type of touch."""
        ...

    @property
    def points(self) -> int:
        """Points, perhaps negative."""
        ...

    @property
    def cap(self) -> int:
        """Most that the type can give or take."""
        ...

    @property
    def half_life_days(self) -> float | None:
        """Days after which a touch is worth half."""
        ...


class BandsLike(Protocol):
    """Where the bands begin."""

    @property
    def hot(self) -> int:
        """Lowest score that is Hot."""
        ...

    @property
    def warm(self) -> int:
        """Lowest score that is Warm."""
        ...


class PointRulesLike(Protocol):
    """Everything that a rule score needs."""

    @property
    def fit(self) -> Sequence[FitLike]:
        """Points for what a lead is."""
        ...

    @property
    def behaviour(self) -> Sequence[BehaviourLike]:
        """Points for what it does."""
        ...

    @property
    def bands(self) -> BandsLike:
        """Where Hot and Warm begin."""
        ...

    @property
    def mql_points(self) -> int:
        """Lowest score of an MQL."""
        ...


@dataclass(frozen=True, slots=True)
class FitPoints:
    """Points for a lead of which a condition holds.

    Attributes:
        factor: Name; of the entries of one factor the first that holds counts.
        when: The condition.
        points: May be negative.
    """

    factor: str
    when: Condition
    points: int


@dataclass(frozen=True, slots=True)
class BehaviourPoints:
    """Points for each touch of a type.

    Attributes:
        touch_type: The type, which is the factor's name too.
        points: For a touch of this moment; may be negative.
        cap: Most that all touches of the type can give, or take, in points.
        half_life_days: Days after which a touch is worth half; None where it never fades.
    """

    touch_type: str
    points: int
    cap: int
    half_life_days: float | None = None


@dataclass(frozen=True, slots=True)
class Bands:
    """The lowest score that is Hot, and that is Warm; below it is Cold."""

    hot: int
    warm: int


@dataclass(frozen=True, slots=True)
class PointRules:
    """A rule score.

    Attributes:
        fit: Points for what a lead is.
        behaviour: Points for what it does.
        bands: Where Hot and Warm begin.
        mql_points: The lowest score of an MQL.
    """

    fit: tuple[FitPoints, ...]
    behaviour: tuple[BehaviourPoints, ...]
    bands: Bands
    mql_points: int
