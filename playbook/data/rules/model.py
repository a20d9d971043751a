"""The sections of `playbook.toml` and their defaults: the handbook's own numbers.

Where the handbook gives no number, the description says "ours" (X-11 to X-13).
"""

from __future__ import annotations

import hashlib
import json
from datetime import date, time
from typing import Any, Literal

from pydantic import Field

from playbook.calendar import Workdays
from playbook.conditions import parse
from playbook.data.rules.abtest import Abtest
from playbook.data.rules.attribution import Attribution
from playbook.data.rules.condition import (  # noqa: TC001 - pydantic reads them at run time
    AccountCondition,
    LeadCondition,
)
from playbook.data.rules.economics import Economics, Verdicts
from playbook.data.rules.fields import (
    Break,
    Currency,
    Items,
    OfficeHours,
    Section,
    Share,
    Zone,
)
from playbook.data.rules.keywords import Keywords
from playbook.data.rules.nurture import Nurture
from playbook.data.rules.sales import STEPS, Routing, SlaStep
from playbook.data.rules.scoring import Scoring
from playbook.data.rules.source import Source  # noqa: TC001 - pydantic reads it at run time

BusinessModel = Literal[
    "subscription", "project", "hardware", "licence", "solution", "service", "channel"
]
Tax = Literal["incl", "excl"]
Decider = Literal["auto", "recorded", "rule"]
Tier = Literal["A", "B", "C"]
Stage = Literal["lead", "valid", "mql", "sql", "opportunity", "poc", "quote", "contract", "won"]

_DECIDER = (
    '"recorded" takes what the CRM recorded, "rule" computes it from the condition, '
    '"auto" takes the record where the data has any, else the rule.'
)


class TaxTreatment(Section):
    """Whether the amounts of a table include tax (含税) or not (不含税)."""

    opportunity: Tax = Field(default="incl", description="Opportunity and won amounts.")
    payment: Tax = Field(default="incl", description="Contracts and receipts.")
    spend: Tax = Field(default="incl", description="Spend other than ad media.")
    ad_daily: Tax = Field(default="incl", description="Ad media.")
    event: Tax = Field(default="incl", description="Event budgets.")


class Company(Section):
    """Who the review is about, and how its years and its money are counted (X-13)."""

    name: str = Field(default="", description="Name on the pages; empty shows none.")
    business_model: BusinessModel = Field(
        default="subscription", description="Decides what is looked at first (P01-Q2)."
    )
    start_date: date | None = Field(
        default=None,
        description="First day of the marketing head; onboarding phases count from it (P01-R1).",
        examples=[date(2026, 9, 1)],
    )
    fiscal_year_start_month: int = Field(
        default=1,
        ge=1,
        le=12,
        description="Month in which the fiscal year starts; the year is named after its end.",
    )
    report_zone: Zone = Field(
        default="Asia/Shanghai",
        description="Time zone in which periods are cut and times without a zone are read.",
    )
    currency: Currency = Field(default="CNY", description="Currency of the report, ISO 4217.")
    tax: TaxTreatment = TaxTreatment()


class Calendar(Section):
    """Which days and hours are worked."""

    workdays: Literal["china", "mon-fri"] = Field(
        default="china",
        description='"china" knows public holidays and make-up days, "mon-fri" only weekends.',
    )
    hours: OfficeHours = Field(
        default=(time(9), time(18)),
        description="Office hours, in the wall clock of the report zone.",
    )
    lunch: Break = Field(
        default=(time(12), time(13, 30)),
        description="Break inside the office hours that does not count; empty for none.",
    )
    extra_holidays: Items[date] = Field(default=(), description="Further days off, as dates.")
    extra_workdays: Items[date] = Field(default=(), description="Further days worked, as dates.")


class Report(Section):
    """How the pages are written."""

    lang: Literal["en", "zh"] = Field(default="en", description="Language of names on the pages.")
    number_style: Literal["en", "zh"] = Field(
        default="en", description='Large numbers: "en" writes 4.2 m, "zh" writes 420 万.'
    )


class Onboarding(Section):
    """The marketing head's first 90 days (P01)."""

    phase_days: Items[int] = Field(
        default=(7, 30, 60, 90),
        min_length=4,
        max_length=4,
        description="Last day of diagnosis, order, key projects and system (P01-R1).",
    )
    key_projects_min: int = Field(default=2, ge=1, description="Key projects at least (P01-R3).")
    key_projects_max: int = Field(
        default=3,
        ge=1,
        description="Key projects at most; more open ones raise a warning (P01-R3).",
    )


class Tiers(Section):
    """Conditions on the account; an account gets the first tier whose condition holds."""

    A: AccountCondition | None = Field(
        default=None,
        description="Best fit.",
        examples=[
            {
                "all": [
                    {"field": "account.industry", "op": "in", "value": ["finance"]},
                    {"field": "account.employee_band", "op": "in", "value": ["1000+"]},
                ]
            }
        ],
    )
    B: AccountCondition | None = Field(
        default=None,
        description="Good fit.",
        examples=[{"field": "account.industry", "op": "in", "value": ["finance"]}],
    )
    C: AccountCondition | None = Field(
        default=None,
        description="Acceptable fit.",
        examples=[{"field": "account.employee_band", "op": "in", "value": ["1000+"]}],
    )

    def as_pairs(self) -> list[tuple[Tier, AccountCondition]]:
        """The tiers that have a condition, best first."""
        pairs: list[tuple[Tier, AccountCondition | None]] = [
            ("A", self.A),
            ("B", self.B),
            ("C", self.C),
        ]
        return [(tier, condition) for tier, condition in pairs if condition is not None]


class Icp(Section):
    """The ideal customer (P02-T2): the handbook names no industry, so a company writes its own."""

    source: Decider = Field(default="auto", description=_DECIDER)
    fit: Items[Tier] = Field(
        default=("A", "B"),
        min_length=1,
        description="Tiers that count as ICP in the fit rate (ours).",
    )
    tiers: Tiers = Tiers()


class ValidLead(Section):
    """When a lead counts as valid (P02-M2): reachable, and not marked invalid (ours)."""

    source: Decider = Field(default="auto", description=_DECIDER)
    when: LeadCondition = Field(
        default=parse(
            {
                "all": [
                    {"field": "lead.contact_valid", "op": "is_true"},
                    {"field": "lead.invalid_reason", "op": "empty"},
                ]
            },
            "valid.when",
        ),
        description="The rule.",
    )


class Mql(Section):
    """When marketing hands over (P02-T3): not "left a phone number" but a fitting, reachable need.

    The handbook names company type, title, need, budget, project stage and contact validity;
    how much of each is enough is ours.
    """

    source: Decider = Field(default="auto", description=_DECIDER)
    when: LeadCondition = Field(
        default=parse(
            {
                "all": [
                    {"field": "lead.contact_valid", "op": "is_true"},
                    {"field": "account.icp_tier", "op": "in", "value": ["A", "B"]},
                    {"field": "lead.need_clarity", "op": "ge", "value": 1},
                    {
                        "any": [
                            {
                                "field": "person.seniority",
                                "op": "in",
                                "value": ["c_level", "vp", "director", "manager"],
                            },
                            {"field": "lead.budget_band", "op": "filled"},
                            {"field": "lead.project_stage", "op": "filled"},
                        ]
                    },
                ]
            },
            "mql.when",
        ),
        description="The rule.",
    )


class Sql(Section):
    """When sales accepts (P02-T4): real need, clear scene, possible budget and will, all four."""

    source: Decider = Field(default="auto", description=_DECIDER)
    when: LeadCondition = Field(
        default=parse(
            {
                "all": [
                    {"field": "lead.sql_need", "op": "is_true"},
                    {"field": "lead.sql_scene", "op": "is_true"},
                    {"field": "lead.sql_budget", "op": "is_true"},
                    {"field": "lead.sql_will", "op": "is_true"},
                ]
            },
            "sql.when",
        ),
        description="The rule.",
    )


class Funnel(Section):
    """The growth funnel (P02-T1)."""

    stages: Items[Stage] = Field(
        default=("lead", "valid", "mql", "sql", "opportunity", "won"),
        min_length=2,
        description="Stages shown, in their order.",
    )


class Sla(Section):
    """How fast a lead must be answered (P02-R2)."""

    high_intent_hours: float = Field(default=2.0, gt=0, description="Hours for high intent.")
    normal_hours: float = Field(default=24.0, gt=0, description="Hours for all other leads.")
    clock: Literal["clock", "business"] = Field(
        default="clock", description='"clock" counts every hour, "business" those of [calendar].'
    )
    from_: Literal["created", "assigned"] = Field(
        default="created",
        alias="from",
        description="What starts the clock: capture, or assignment; a lead that was never assigned "
        "counts from its capture.",
    )
    high_intent: LeadCondition = Field(
        default=parse(
            {"field": "lead.intent_level", "op": "eq", "value": "high"}, "sla.high_intent"
        ),
        description="Which leads are of high intent (ours, X-11).",
    )
    steps: Items[SlaStep] = Field(
        default=STEPS,
        description="Further steps (B2-R2, X-2): website leads, those that came by a form, an "
        "inquiry or a download (ours), get an e-mail at once (a quarter of an hour, ours), a "
        "WeCom request and a call. name: of steps with one name, the strictest that applies "
        "counts; hours: on the clock above; done_by: methods of activities and types of touches "
        "that count as done; automatic: whether a system may do it, a step for people alone is "
        "never due later than the answer; when: which leads are owed it.",
    )


class Checks(Section):
    """When the input is worth a warning, and what counts as the same lead, person or account."""

    unmapped_channel_share: Share = Field(
        default=0.1,
        description="Share of leads without a known channel that raises a warning (ours).",
    )
    future_hours: float = Field(
        default=24.0, ge=0, description="Hours that a time may lie after the data's latest (ours)."
    )
    merge_duplicates: bool = Field(
        default=True, description="Merge duplicates, reversibly; false only lists them."
    )
    person_keys: Items[Literal["mobile", "email"]] = Field(
        default=("mobile", "email"), description="What makes two persons of one account the same."
    )
    account_keys: Items[Literal["credit_code", "domain", "name"]] = Field(
        default=("credit_code", "domain", "name"), description="What makes two accounts the same."
    )
    lead_hours: float = Field(
        default=24.0,
        ge=0,
        description="Hours within which captures of a person in a channel are one lead (ours).",
    )
    free_mail_domains: Items[str] = Field(
        default=(
            "qq.com", "163.com", "126.com", "139.com", "189.cn", "sina.com", "sohu.com",
            "foxmail.com", "aliyun.com", "gmail.com", "outlook.com", "hotmail.com", "yahoo.com",
            "icloud.com",
        ),
        description="Domains that never make two accounts the same.",
    )  # fmt: skip


class Rules(Section):
    """Everything a company decides: one immutable value, equal for equal rules."""

    company: Company = Company()
    calendar: Calendar = Calendar()
    report: Report = Report()
    onboarding: Onboarding = Onboarding()
    icp: Icp = Icp()
    valid: ValidLead = ValidLead()
    mql: Mql = Mql()
    sql: Sql = Sql()
    funnel: Funnel = Funnel()
    sla: Sla = Sla()
    routing: Routing = Routing()
    nurture: Nurture = Nurture()
    scoring: Scoring = Scoring()
    keywords: Keywords = Keywords()
    economics: Economics = Economics()
    verdicts: Verdicts = Verdicts()
    attribution: Attribution = Attribution()
    abtest: Abtest = Abtest()
    checks: Checks = Checks()
    sources: dict[str, Source] = Field(default_factory=dict)

    @property
    def workdays(self) -> Workdays:
        """The workdays and office hours of `[calendar]`."""
        return Workdays(
            source=self.calendar.workdays,
            extra_holidays=frozenset(self.calendar.extra_holidays),
            extra_workdays=frozenset(self.calendar.extra_workdays),
            hours=self.calendar.hours,
            lunch=self.calendar.lunch,
        )

    @property
    def hash(self) -> str:
        """A SHA-256 of the rules: comments and the order of keys do not change it.

        The order of sources does, because it is the order in which they are read.
        """
        content = [list(self.sources), self.as_dict()]
        canonical = json.dumps(content, ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(canonical.encode()).hexdigest()

    def as_dict(self) -> dict[str, Any]:
        """The rules, defaults included, as JSON-ready values under the keys of the file."""
        return self.model_dump(mode="json")
