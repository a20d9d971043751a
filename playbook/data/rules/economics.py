"""`[economics]` and `[verdicts]`: how cost finds its channel, and when a channel is too dear."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from playbook.data.rules.fields import Section, Share

Division = Literal["leads", "touches", "direct", "none"]

_DIVISION = (
    '"leads" divides by the leads, "touches" by the inbound touches, "direct" by the cost that '
    'names a channel itself, "none" leaves it as a line of its own'
)


class Economics(Section):
    """Cost per lead, customer and return by channel; the handbook gives no numbers (all ours)."""

    linked: Division = Field(
        default="leads",
        description="Cost of a partner, an asset, an event or a campaign that names no channel: "
        f"{_DIVISION}; leads and touches are those of that partner, asset, event or campaign "
        "(ours).",
    )
    shared: Division = Field(
        default="none",
        description=f"Cost that names nothing: {_DIVISION} (ours).",
    )
    salaries: bool = Field(
        default=True,
        description="Whether cost of type salary counts, where any is recorded (ours).",
    )
    shift: Share = Field(
        default=0.3,
        description="How far a proposal may move a channel's budget, up or down, as a share of "
        "it (ours).",
    )
    budget: float | None = Field(
        default=None,
        gt=0,
        description="Budget of the next quarter in report currency; without it, the target "
        "`budget` of that quarter, else what the quarter before it cost (ours).",
        examples=[800_000],
    )


class Verdicts(Section):
    """Keep, watch or cut (P03-R3): never on what chance could have made (all ours)."""

    target_cac: float | None = Field(
        default=None,
        gt=0,
        description="The most that a new customer may cost; without it, `factor` times what one "
        "costs in the middle channel (ours).",
        examples=[60_000],
    )
    target_cost_per_sql: float | None = Field(
        default=None,
        gt=0,
        description="The most that an SQL may cost; without it, as above. Customers decide where "
        "they are enough to tell, else SQLs do (ours).",
        examples=[12_000],
    )
    factor: float = Field(
        default=1.5,
        gt=0,
        description="How many times the middle channel's cost is too dear (ours).",
    )
    min_leads: int = Field(
        default=30, ge=1, description="With fewer leads a channel is only watched (ours)."
    )
    min_months: int = Field(
        default=6,
        ge=1,
        description="With a cost in fewer months a channel is only watched (ours).",
    )
