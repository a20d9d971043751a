"""The section `[attribution]`: what counts as a touch, for what, and how it is credited."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from playbook.data.rules.fields import Items, Section, code_of, column_of, unknown_code
from playbook.data.rules.scoring import TouchType  # noqa: TC001 - pydantic reads it at run time

Model = Literal[
    "first",
    "last",
    "last_non_direct",
    "linear",
    "position",
    "w",
    "full_path",
    "time_decay",
    "markov",
    "shapley",
    "shapley_rate",
]
DealType = Literal["new", "renewal", "expansion", "referral"]
Direction = Literal["in", "out"]

CLOSE = 1e-9
"""How far from 1 a sum of shares may be for the sake of binary fractions."""


def _whole(weights: tuple[float, float, float]) -> tuple[float, float, float]:
    if abs(sum(weights) - 1) > CLOSE:
        raise ValueError(f"must sum to 1; these sum to {sum(weights):g}")
    return weights


def _once(models: tuple[Model, ...]) -> tuple[Model, ...]:
    twice = sorted({model for model in models if models.count(model) > 1})
    if twice:
        raise ValueError(f"names {', '.join(twice)} more than once")
    return models


def _group(value: str) -> str:
    column = column_of("channel.channel_group")
    if column is None:
        raise AssertionError("the schema has no channel.channel_group")
    if wrong := unknown_code(column, value):
        raise ValueError(wrong)
    return str(code_of(column, value))


ChannelGroup = Annotated[str, AfterValidator(_group)]
Weight = Annotated[float, Field(ge=0, le=1)]
Weights = Annotated[Items[Weight], Field(min_length=3, max_length=3), AfterValidator(_whole)]


LEAST_DRAWS = 40
"""Fewer draws give no 95 % interval: one in forty lies beyond each end."""


def _enough(draws: int) -> int:
    if 0 < draws < LEAST_DRAWS:
        raise ValueError(f"must be 0 or at least {LEAST_DRAWS}, not {draws}")
    return draws


class Attribution(Section):
    """Who gets the credit for what was won (B2-M2): journeys, models, scope.

    The handbook names three models: first, last and linear. All else is ours.
    """

    months: int = Field(
        default=12,
        ge=1,
        le=60,
        description="Conversions of so many months up to the period's end are looked at: those of "
        "one month are too few (ours).",
    )
    deal_types: Items[DealType] = Field(
        default=("new", "referral"),
        min_length=1,
        description="Deals that marketing is credited for; the others, renewals and expansions, "
        "are shown apart (ours).",
    )
    directions: Items[Direction] = Field(
        default=("in",),
        min_length=1,
        description='Touches that count: "in" is what customers do; what is sent to them ("out") '
        "is no answer of theirs (ours).",
    )
    leave_out: Items[TouchType] = Field(
        default=(), description="Types of touches that do not count.", examples=[["demo"]]
    )
    lookback_days: float = Field(
        default=180.0, gt=0, description="Days before a conversion in which touches count (ours)."
    )
    session_minutes: float = Field(
        default=30.0,
        ge=0,
        description="Touches of one channel within so many minutes are one; 0 keeps each (ours).",
    )
    direct_groups: Items[ChannelGroup] = Field(
        default=("direct",),
        description="Groups of channels that say nothing of where somebody came from; a touch "
        "without a channel is direct too. last_non_direct passes over them.",
    )
    ignore_direct: bool = Field(
        default=True,
        description="Credit direct touches only where a journey has no other, by channel and "
        "source, as web analytics does (ours).",
    )
    models: Annotated[Items[Model], AfterValidator(_once)] = Field(
        default=("first", "last", "linear", "position", "time_decay", "markov"),
        min_length=1,
        description="Models shown side by side: first, last and linear are the handbook's (B2-M2), "
        "the others ours.",
    )
    main_model: Model = Field(
        default="linear",
        description="The model by which the boards credit pipeline and won amount (ours).",
    )
    position_weights: Weights = Field(
        default=(0.4, 0.2, 0.4),
        description="Shares of the first touch, those between, and the last, for position (ours).",
    )
    half_life_days: float = Field(
        default=30.0,
        gt=0,
        description="Days before the conversion after which a touch is worth half, for time_decay "
        "(ours).",
    )
    markov_order: int = Field(
        default=1,
        ge=1,
        le=4,
        description="How many touches back the next one depends on, for markov (ours).",
    )
    draws: Annotated[int, AfterValidator(_enough)] = Field(
        default=200,
        ge=0,
        le=10_000,
        description="How often journeys are drawn anew for the intervals; 0 shows none (ours).",
    )
