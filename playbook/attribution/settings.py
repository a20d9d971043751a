"""What a journey is: every choice that decides which touches a conversion has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from playbook.errors import ParameterError, unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

Repeats = Literal["keep", "collapse"]
LONGEST = 10**6
"""Days or minutes beyond which a limit is none."""


@dataclass(frozen=True, slots=True)
class Journey:
    """Who travels, what gets the credit, and which touches belong to a conversion.

    A touch belongs to a conversion of its entity that it does not come after: a touch at the very
    moment of the conversion still belongs to it.

    Attributes:
        by: Column of touches that gets the credit: channel, campaign, content, event, partner.
        entity: Column of touches and of conversions that says who travels.
        time: Column of touches with their moment, naive UTC.
        converted: Column of conversions with their moment, naive UTC.
        value: Column of conversions with what they are worth; None where they have no value. An
            empty cell counts as a conversion without value.
        touch: Column of touches that orders those of one moment, such as touch_id: no two alike.
            The name of what gets the credit orders them where None.
        conversion: Column of conversions that names each; it must not name two alike. None where
            they have no name.
        lookback_days: A touch counts up to so many days before the conversion; no limit where None.
        session_minutes: Touches of one name of `by`, each at most so many minutes after the
            journey's touch of that name before it, are one visit and count once, at the first.
        repeats: `collapse` counts touches of one name in a row once, at the first of them.
        direct: Names that say where no touch came from, such as a typed address.
        ignore_direct: Leave these out of every journey that has another touch.
        restart: A journey begins after the entity's conversion before; conversions at one moment
            share theirs. Where False, a touch belongs to every later conversion in its lookback.
        reenter: What follows an entity's last conversion is a journey of its own, which has not
            converted. Where False, these touches belong to nothing.
        milestones: Columns of conversions with moments on the way, in their order, such as
            ("lead_at", "opportunity_at"); the models `w` and `full_path` need them.
        currency: Column of conversions; more than one currency is refused.

    Raises:
        ParameterError: Everything that is wrong with the settings, at once.

    >>> print(Journey(lookback_days=90, direct=("direct",), ignore_direct=True))
    channel by account_id: touches up to the conversion, at most 90 days before it, after the \
conversion before; without direct (direct) where there is another touch
    """

    by: str = "channel"
    entity: str = "account_id"
    time: str = "touched_at"
    converted: str = "converted_at"
    value: str | None = "value"
    touch: str | None = None
    conversion: str | None = None
    lookback_days: float | None = None
    session_minutes: float | None = None
    repeats: Repeats = "keep"
    direct: tuple[str, ...] = ()
    ignore_direct: bool = False
    restart: bool = True
    reenter: bool = False
    milestones: tuple[str, ...] = ()
    currency: str | None = None

    def __post_init__(self) -> None:
        """Refuse what makes no journey."""
        for name in ("direct", "milestones"):
            given = getattr(self, name)
            object.__setattr__(self, name, (given,) if isinstance(given, str) else tuple(given))
        if wrong := list(self._mistakes()):
            raise ParameterError("\n".join(wrong))

    def _mistakes(self) -> Iterator[str]:
        for name in ("lookback_days", "session_minutes"):
            given = getattr(self, name)
            if given is not None and not 0 < given <= LONGEST:
                yield f"{name} must be above 0 and at most {LONGEST:,}, or None, not {given}."
        if self.repeats not in get_args(Repeats):
            yield unknown("repeats", str(self.repeats), get_args(Repeats))
        if self.ignore_direct and not self.direct:
            yield "ignore_direct needs the names in direct, such as direct=('direct',)."
        if len(set(self.milestones)) < len(self.milestones):
            yield f"milestones must be different columns, not {', '.join(self.milestones)}."

    def __str__(self) -> str:
        """Every choice, in words."""
        rules = ["touches up to the conversion"]
        if self.lookback_days is not None:
            rules.append(f"at most {self.lookback_days:g} days before it")
        rules.append(
            "after the conversion before" if self.restart else "also of an earlier conversion"
        )
        more = []
        if self.ignore_direct:
            more.append(f"without direct ({', '.join(self.direct)}) where there is another touch")
        if self.session_minutes is not None:
            more.append(f"repeats within {self.session_minutes:g} minutes count once")
        if self.repeats == "collapse":
            more.append("repeats in a row count once")
        if self.reenter:
            more.append("what follows the last conversion is a journey too")
        return "; ".join([f"{self.by} by {self.entity}: {', '.join(rules)}", *more])
