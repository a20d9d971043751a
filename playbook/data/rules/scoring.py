"""The section `[scoring]`: points for fit and behaviour, bands, and the MQL threshold."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Field

from playbook.conditions import Condition, parse
from playbook.data import schema
from playbook.data.rules.condition import LEAD_TABLES, LeadCondition, unknown_field
from playbook.data.rules.fields import Items, Section, code_of, column_of, unknown_code

TOUCH_TYPE = "touch.touch_type"


def _touch_type(value: str) -> str:
    column = column_of(TOUCH_TYPE)
    if column is None:
        raise AssertionError(f"the schema has no {TOUCH_TYPE}")
    if wrong := unknown_code(column, value):
        raise ValueError(wrong)
    return str(code_of(column, value))


def _field(value: str) -> str:
    allowed = [f"{t}.{name}" for t in LEAD_TABLES for name in schema.TABLES[t].column_names]
    if value not in allowed:
        raise ValueError(unknown_field(value, allowed))
    return value


LeadField = Annotated[str, AfterValidator(_field)]
TouchType = Annotated[str, AfterValidator(_touch_type)]


class FitPoints(Section):
    """Points for a lead of which a condition holds."""

    factor: str = Field(
        min_length=1,
        description="Name; of the entries of one factor only one can hold.",
    )
    when: LeadCondition = Field(description="The condition.")
    points: int = Field(description="Points, or with a minus what is taken off.")


class BehaviourPoints(Section):
    """Points for each touch of a type."""

    touch_type: TouchType = Field(description="Type of touch, each once.")
    points: int = Field(description="Points for a fresh touch, or with a minus taken off.")
    cap: int = Field(gt=0, description="Most that all touches of the type can give or take.")
    half_life_days: float | None = Field(
        default=None, gt=0, description="Days after which a touch is worth half; without it, never."
    )


class Bands(Section):
    """Hot, Warm and Cold (B2-R3): the lowest score of each; below Warm a lead is Cold."""

    hot: int = Field(
        default=80,
        description="Lowest score that is Hot: the handbook routes by a score of 80 (B2-R4).",
    )
    warm: int = Field(default=50, description="Lowest score that is Warm (ours).")


def _fit(factor: str, field: str, op: str, value: Any, points: int) -> FitPoints:
    when: Condition = parse({"field": field, "op": op, "value": value}, factor)
    return FitPoints(factor=factor, when=when, points=points)


def _behaviour(touch_type: str, points: int, cap: int, half_life_days: float) -> BehaviourPoints:
    return BehaviourPoints(
        touch_type=touch_type, points=points, cap=cap, half_life_days=half_life_days
    )


class Scoring(Section):
    """The rule score (P02-T6, B2-R3): points for what a lead is and for what it does.

    The handbook names the factors: title, company size, need, budget, source; downloads, pages
    visited, events. How many points each is worth is ours, until a company fits its own.
    """

    mql_points: int = Field(default=60, description="Lowest score of an MQL by points (ours).")
    bands: Bands = Bands()
    fit: Items[FitPoints] = Field(
        default=(
            _fit("title", "person.seniority", "in", ["c_level", "vp"], 20),
            _fit("title", "person.seniority", "eq", "director", 15),
            _fit("title", "person.seniority", "eq", "manager", 10),
            _fit("company size", "account.employee_band", "eq", "1000+", 15),
            _fit("company size", "account.employee_band", "eq", "200-999", 10),
            _fit("company size", "account.employee_band", "eq", "50-199", 5),
            _fit("ICP", "account.icp_tier", "eq", "A", 15),
            _fit("ICP", "account.icp_tier", "eq", "B", 10),
            _fit("need", "lead.need_clarity", "eq", 3, 15),
            _fit("need", "lead.need_clarity", "eq", 2, 10),
            _fit("need", "lead.need_clarity", "eq", 1, 5),
            _fit("budget", "lead.budget_band", "in", ["100k-500k", "500k-2m", "over_2m"], 10),
            _fit("budget", "lead.budget_band", "eq", "under_100k", 5),
            _fit("source", "channel.channel_group", "in", ["referral", "event", "exhibition"], 5),
            _fit("consent", "person.consent_status", "eq", "withdrawn", -30),
        ),
        description="Points for what a lead is; what is not known gives none (ours).",
    )
    behaviour: Items[BehaviourPoints] = Field(
        default=(
            _behaviour("pricing_view", 10, 20, 30),
            _behaviour("demo", 15, 15, 60),
            _behaviour("webinar_join", 10, 20, 60),
            _behaviour("event_checkin", 10, 20, 60),
            _behaviour("download", 5, 15, 45),
            _behaviour("wecom_add", 5, 5, 90),
            _behaviour("email_click", 2, 6, 14),
            _behaviour("page_view", 1, 5, 14),
        ),
        description="Points for what a lead does, fading with time (ours).",
    )

    confirmed: Items[LeadField] = Field(
        default=(),
        description="Fields that somebody knows to be filled by the capture: a fitted score may "
        "use them though they are suspected of knowing the outcome, or declared as exported.",
        examples=[["account.icp_tier"]],
    )

    def most_points(self) -> int:
        """The highest score that a lead can reach."""
        best: dict[str, int] = {}
        for entry in self.fit:
            best[entry.factor] = max(best.get(entry.factor, 0), entry.points)
        return sum(best.values()) + sum(b.cap for b in self.behaviour if b.points > 0)
