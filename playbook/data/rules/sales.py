"""The sections on who answers a lead, how soon, and what counts as done."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import AfterValidator, Field

from playbook.conditions import parse
from playbook.data import schema
from playbook.data.rules.condition import (  # noqa: TC001 - pydantic reads them at run time
    LeadCondition,
    RoutingCondition,
)
from playbook.data.rules.fields import Items, Section, code_of
from playbook.errors import unknown

_KINDS = (
    schema.TABLES["activity"].column("method"),
    schema.TABLES["touch"].column("touch_type"),
)


def _action(value: str) -> str:
    for column in _KINDS:
        code = str(code_of(column, value))
        if code in (column.values or {}):
            return code
    allowed = [code for column in _KINDS for code in column.values or ()]
    raise ValueError(unknown("method or touch type", value, dict.fromkeys(allowed)))


Action = Annotated[str, AfterValidator(_action)]
"""A method of an activity or a type of a touch."""

Name = Annotated[str, Field(min_length=1)]


class SlaStep(Section):
    """One thing that must happen within some hours of a capture."""

    name: Name = Field(
        description="What it is called; steps of one name are one step, of which the strictest "
        "that applies to a lead counts."
    )
    hours: float = Field(gt=0, description="Within how many hours, on the clock above.")
    done_by: Items[Action] = Field(
        min_length=1, description="Methods of activities and types of touches that count as done."
    )
    automatic: bool = Field(
        default=False,
        description="Whether it is done when a system has done it; a step that only a person can "
        "do is never due later than the answer itself.",
    )
    when: LeadCondition | None = Field(
        default=None, description="Which leads are owed it; without it, all."
    )


_WEBSITE = parse(
    {"field": "lead.capture_type", "op": "in", "value": ["form", "inquiry", "download"]}, ""
)

STEPS = (
    SlaStep(
        name="e-mail",
        hours=0.25,
        done_by=("email", "email_sent", "thank_you"),
        automatic=True,
        when=_WEBSITE,
    ),
    SlaStep(name="WeCom", hours=2.0, done_by=("wecom", "wecom_add"), automatic=True, when=_WEBSITE),
    SlaStep(name="SDR call", hours=24.0, done_by=("call",), when=_WEBSITE),
)
"""Website leads (B2-R2): e-mail at once, WeCom within two hours, a call within a day."""


class RoutingRule(Section):
    """Which leads go to which team."""

    name: Name = Field(description="What it is called, on pages and in worklists.")
    when: RoutingCondition = Field(description="Which leads it takes.")
    team: Name = Field(description="The team that gets them, as staff.team names it.")


class Leave(Section):
    """Days on which somebody gets no leads."""

    staff_id: Name = Field(description="Who is away.")
    first: date = Field(description="First day away.")
    last: date = Field(description="Last day away.")


class Routing(Section):
    """Who gets a lead (B2-R4): the first rule that holds, and its team in turn."""

    rules: Items[RoutingRule] = Field(
        default=(),
        description="The rules, in order; the first that holds takes the lead. name: what it is "
        "called; when: a condition on the lead, or on score.points and score.band; team: who "
        "gets it.",
        examples=[
            [
                {
                    "name": "South China, hot",
                    "when": {
                        "all": [
                            {"field": "account.region", "op": "eq", "value": "华南"},
                            {"field": "score.points", "op": "gt", "value": 80},
                        ]
                    },
                    "team": "销售A组",
                }
            ]
        ],
    )
    fallback: str = Field(
        default="",
        description="Team that gets what no rule takes, and what a full team cannot; required "
        "where there are rules.",
    )
    capacity_per_day: int | None = Field(
        default=None,
        ge=1,
        description="Leads that a person takes a day at most (ours); without it, any number.",
        examples=[20],
    )
    workdays_only: bool = Field(
        default=True,
        description="Whether leads of days off count for the next workday; false gives them out "
        "on the day.",
    )
    leave: Items[Leave] = Field(
        default=(),
        description="Who is away: staff_id, first and last day away.",
        examples=[[{"staff_id": "S21", "first": date(2026, 10, 12), "last": date(2026, 10, 16)}]],
    )
