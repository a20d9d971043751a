"""`[abtest]`: when an A/B test may be judged, and what a result must show to be worth shipping."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from playbook.data.rules.fields import Section

Running = Literal["always_valid", "wait"]


class Abtest(Section):
    """A/B tests: how they are planned, when they may be judged, what proves a winner (all ours)."""

    alpha: float = Field(
        default=0.05,
        gt=0,
        le=0.5,
        description="How often a test may call a difference where there is none, both sides "
        "together; intervals are 1 − alpha wide (ours).",
    )
    power: float = Field(
        default=0.8,
        ge=0.5,
        le=0.99,
        description="How often a difference of `minimum_lift` shall be found (ours).",
    )
    minimum_lift: float = Field(
        default=0.2,
        gt=0,
        le=10,
        description="The smallest relative change worth having, such as 0.2 for one fifth more: "
        "tests are planned for it, and one that is open and can show no more is stopped (ours).",
    )
    min_days: int = Field(
        default=7,
        ge=7,
        description="No verdict before so many days, since weekdays and weekends bring other "
        "people; only certain harm is stopped at once (ours).",
    )
    max_weeks: int = Field(
        default=8,
        ge=1,
        description="After so many weeks a test that shows nothing is stopped, where its planned "
        "end is not on record (ours).",
    )
    min_conversions: int = Field(
        default=10,
        ge=1,
        description="No verdict while an arm has fewer conversions, or fewer people who did not "
        "convert; only certain harm is stopped (ours).",
    )
    split_alpha: float = Field(
        default=0.001,
        gt=0,
        le=0.1,
        description="A split so unlikely by chance is broken, and the test says nothing (ours).",
    )
    tuned_at: int = Field(
        default=10_000,
        ge=100,
        description="People in control and variant together at which the always-valid interval is "
        "narrowest; it must not be chosen by what a test shows (ours).",
    )
    running: Running = Field(
        default="always_valid",
        description='How a test is judged that runs: "always_valid" by an interval that stays '
        'right however often one looks, "wait" not at all, but for certain harm. On the day of its '
        "planned end it is read by the ordinary interval (ours).",
    )
