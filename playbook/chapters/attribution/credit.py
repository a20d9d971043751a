"""Journeys and credits of the Book under the rules `[attribution]`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from playbook import attribution
from playbook.book import remembered
from playbook.chapters.attribution.inputs import (
    conversions,
    counted,
    direct_names,
    touches,
    valued,
)
from playbook.chapters.span import Over, span

if TYPE_CHECKING:
    from datetime import datetime

    import pandas as pd

    from playbook.book import Book

MODEL_NAMES = {
    "first": "first touch",
    "last": "last touch",
    "last_non_direct": "last non-direct",
    "linear": "linear",
    "position": "position",
    "w": "W",
    "full_path": "full path",
    "time_decay": "time decay",
    "markov": "Markov",
    "shapley": "Shapley",
    "shapley_rate": "Shapley, rate",
}
"""What the models of `[attribution] models` are called on pages."""

SEED = 20_261_101
"""Of the draws for the intervals, so that the same input gives the same page."""


def model(book: Book, name: str) -> attribution.Model | str:
    """A model as the method takes it, with the numbers that the rules give it.

    Args:
        book: The Book.
        name: One of `MODEL_NAMES`.
    """
    asked = book.rules.attribution
    if name == "position":
        first, middle, last = asked.position_weights
        return attribution.Position(first=first, middle=middle, last=last, label=name)
    if name == "time_decay":
        return attribution.TimeDecay(half_life_days=asked.half_life_days, label=name)
    if name == "markov":
        return attribution.Markov(order=asked.markov_order, label=name)
    return name


def models(book: Book) -> tuple[str, ...]:
    """The models that the rules show, the main one among them."""
    asked = book.rules.attribution
    return tuple(dict.fromkeys((*asked.models, asked.main_model)))


def until(book: Book) -> datetime:
    """What is known up to here: the period's end, or the Book's own moment before it."""
    return min(book.period.end, book.as_of)


@remembered
def journeys(
    book: Book,
    conversion: str = "won",
    by: str = "channel",
    *,
    over: Over = "span",
    lookback_days: float | None = None,
) -> attribution.Journeys:
    """The journeys of customers, companies where they are known, up to a kind of conversion.

    Args:
        book: The Book.
        conversion: One of `inputs.CONVERSIONS`.
        by: One of `inputs.DIMENSIONS`.
        over: `span` for the months of the rules up to the period's end, `period` for it alone.
        lookback_days: Instead of those of the rules.

    Raises:
        ParameterError: No such conversion or dimension, or tables that the method refuses.
    """
    return attribution.journeys(
        touches(book, by, over, lookback_days),
        conversions(book, conversion),
        choices(book, by, lookback_days),
        as_of=until(book),
        since=span(book, over).start,
    )


@remembered
def every(book: Book, conversion: str = "won", by: str = "channel") -> attribution.Journeys:
    """As `journeys`, but of all conversions on record up to the period's end."""
    table = counted(book).select("entity", "touch_id", "touched_at", by)
    chosen = choices(book, by)
    return attribution.journeys(table, conversions(book, conversion), chosen, as_of=until(book))


def choices(book: Book, by: str, lookback_days: float | None = None) -> attribution.Journey:
    """What a journey is under the rules; the arguments are those of `journeys`.

    Stages of leads have the same columns as deals, with empty values: the engine's questions are
    the same for all kinds, and are put into SQL once.
    """
    asked = book.rules.attribution
    return attribution.Journey(
        by=by,
        entity="entity",
        value="value",
        touch="touch_id",
        conversion="conversion_id",
        lookback_days=lookback_days or asked.lookback_days,
        session_minutes=asked.session_minutes or None,
        direct=direct_names(book),
        ignore_direct=asked.ignore_direct,
        milestones=("lead_at", "opportunity_at"),
    )


@remembered
def credits(  # noqa: A001 - the field's own word
    book: Book,
    conversion: str = "won",
    by: str = "channel",
    names: tuple[str, ...] = (),
    over: Over = "span",
    *,
    lookback_days: float | None = None,
    draws: int = 0,
) -> attribution.Attribution:
    """Who gets the credit for the conversions of the span, by each model.

    Args:
        book: The Book.
        conversion: One of `inputs.CONVERSIONS`.
        by: One of `inputs.DIMENSIONS`.
        names: Models as the rules name them; those that the rules show if none are given.
        over: As in `journeys`.
        lookback_days: As in `journeys`.
        draws: How often journeys are drawn anew for intervals; 0 gives none.

    Returns:
        The method's result; see `playbook.attribution.Attribution`.

    Raises:
        ParameterError: No such conversion, dimension or model, or tables that the method refuses.
    """
    chosen = [model(book, name) for name in names or models(book)]
    found = journeys(book, conversion, by, over=over, lookback_days=lookback_days)
    result = attribution.attribute(found, chosen, draws=draws, seed=SEED)
    return result if valued(book, conversion) else _without_value(result)


def _without_value(result: attribution.Attribution) -> attribution.Attribution:
    """Credits of conversions that are worth nothing in money: their values are missing, not 0."""
    nothing = float("nan")
    columns = [name for name in result.credits.columns if str(name).startswith("value")]
    return replace(
        result,
        credits=result.credits.assign(**dict.fromkeys(columns, nothing)),
        totals=result.totals.assign(value=nothing),
    )


@remembered
def sides(book: Book, conversion: str = "won", by: str = "channel") -> pd.DataFrame:
    """What each name sourced and influenced; values are missing where the data have none.

    Args:
        book: The Book.
        conversion: One of `inputs.CONVERSIONS`.
        by: One of `inputs.DIMENSIONS`.

    Returns:
        See `attribution.contributions`.
    """
    table = attribution.contributions(journeys(book, conversion, by))
    nothing = dict.fromkeys(("sourced_value", "influenced_value"), float("nan"))
    return table if valued(book, conversion) else table.assign(**nothing)


def credited(
    book: Book, conversion: str = "won", by: str = "channel", name: str = ""
) -> pd.DataFrame:
    """The credits of one model as a plain table, for boards.

    Args:
        book: The Book.
        conversion: One of `inputs.CONVERSIONS`.
        by: One of `inputs.DIMENSIONS`.
        name: The model; the main one of the rules if empty.

    Returns:
        `by`, `conversions`, `value`; the last row is "unattributed" where there is any.
    """
    one = name or book.rules.attribution.main_model
    table = credits(book, conversion, by, (one,)).credits
    return table[[by, "conversions", "value"]].reset_index(drop=True)
