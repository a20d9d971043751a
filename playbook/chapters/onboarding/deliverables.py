"""The first 90 days: four phases and the deliverables P01-D1 … D28 with their due days."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from datetime import date

    import pandas as pd

    from playbook.book import Book


class Phase(NamedTuple):
    """One of the four phases of P01-R1."""

    name: str
    zh: str
    task: str
    deliverables: tuple[tuple[str, str], ...]


PHASES: tuple[Phase, ...] = (
    Phase(
        "Diagnosis",
        "诊断",
        "Find out what the company needs marketing to solve. Change nothing yet.",
        (
            ("市场现状诊断表", "Marketing status diagnosis sheet"),
            ("公司增长链路初步地图", "Preliminary growth-chain map"),
            ("现有市场资产盘点表", "Existing asset inventory"),
            ("关键协同部门访谈纪要", "Interview minutes of key departments"),
            ("30/60/90天工作计划初稿", "Draft 30/60/90-day plan"),
        ),
    ),
    Phase(
        "Order",
        "建秩序",
        "Find where growth is blocked; give every item one owner; get the first dashboard running.",
        (
            ("市场增长漏斗诊断报告", "Funnel diagnosis report"),
            ("市场资产盘点与缺口分析", "Asset inventory and gap analysis"),
            ("渠道效果初步复盘", "Preliminary channel review"),
            ("内容资产地图", "Content asset map"),
            ("市场团队职责分工表", "Team responsibility table"),
            ("市场核心数据看板V1", "Core dashboard V1"),
            ("Q1重点项目优先级建议", "Q1 key-project priority proposal"),
        ),
    ),
    Phase(
        "Key projects",
        "打重点",
        "Pick two or three projects, finish them, and say what is not done.",
        (
            ("MQL/SQL定义与流转规则", "MQL/SQL definition and routing rules"),
            ("销售跟进SLA机制", "Sales follow-up SLA mechanism"),
            ("内容营销月度计划", "Monthly content plan"),
            ("重点渠道投放优化方案", "Key-channel optimisation plan"),
            ("官网/落地页优化方案", "Website and landing-page optimisation plan"),
            ("重点Campaign方案", "Key campaign plan"),
            ("AI营销 workflow SOP", "AI marketing workflow SOP"),
            ("月度市场经营复盘", "Monthly marketing operations review"),
        ),
    ),
    Phase(
        "System",
        "体系化",
        "Turn the projects into mechanisms that run without firefighting.",
        (
            ("年度/季度市场增长规划", "Annual and quarterly growth plan"),
            ("市场预算分配方案", "Budget allocation plan"),
            ("市场数据驾驶舱V2", "Cockpit V2"),
            ("内容资产库与销售赋能库", "Content and enablement libraries"),
            ("活动获客SOP", "Event acquisition SOP"),
            ("渠道生态合作SOP", "Ecosystem cooperation SOP"),
            ("团队绩效指标表", "Team performance metrics"),
            ("市场对业务贡献复盘报告", "Marketing contribution review"),
        ),
    ),
)


EMPHASIS = {
    "subscription": "MQL, SQL, renewal and customer success",
    "project": "industry solutions, key accounts and tenders",
    "hardware": "exhibitions, demos, channels and proof on the customer's site",
}
"""What each business model looks at first (P01-Q2); the handbook names three."""


def emphasis(book: Book) -> str:
    """What the company's business model makes marketing look at first, as a sentence."""
    model = book.rules.company.business_model
    if model not in EMPHASIS:
        return f"The handbook names no emphasis for the business model “{model}”."
    return f"Business model “{model}”: look first at {EMPHASIS[model]}."


def phases(book: Book) -> pd.DataFrame:
    """The four phases with their days and dates (P01-R1).

    Returns:
        `phase`, `zh`, `from_day`, `to_day`, `starts`, `ends` (missing without
        `company.start_date`), `state` (past, now, ahead or empty), `task`.
    """
    import pandas as pd

    start, today = book.rules.company.start_date, book.local(book.as_of).date()
    limits = book.rules.onboarding.phase_days
    firsts = (0, *(last + 1 for last in limits[:-1]))
    rows = [
        {
            "phase": phase.name,
            "zh": phase.zh,
            "from_day": first,
            "to_day": last,
            "starts": start + timedelta(days=first) if start else None,
            "ends": start + timedelta(days=last) if start else None,
            "state": _state((today - start).days, first, last) if start else "",
            "task": phase.task,
        }
        for phase, first, last in zip(PHASES, firsts, limits, strict=True)
    ]
    return pd.DataFrame(rows)


def deliverables(book: Book) -> pd.DataFrame:
    """All 28 deliverables with their due date and what the project table knows of them.

    A deliverable counts as done when a finished project carries its Chinese or English name.

    Returns:
        `id`, `deliverable`, `zh`, `phase`, `due_day`, `due` (missing without
        `company.start_date`), `state` (done, overdue, due in n days, or empty).
    """
    import pandas as pd

    start, today = book.rules.company.start_date, book.local(book.as_of).date()
    done = _finished_projects(book)
    rows: list[dict[str, object]] = []
    for phase, due_day in zip(PHASES, book.rules.onboarding.phase_days, strict=True):
        for zh, name in phase.deliverables:
            due = start + timedelta(days=due_day) if start else None
            finished = zh in done or name.lower() in done
            rows.append(
                {
                    "id": f"P01-D{len(rows) + 1}",
                    "deliverable": name,
                    "zh": zh,
                    "phase": phase.name,
                    "due_day": due_day,
                    "due": due,
                    "state": "done" if finished else _due_state(due, today),
                }
            )
    return pd.DataFrame(rows)


def day_number(book: Book) -> int | None:
    """Which day of the marketing head's time in office it is; None without `start_date`."""
    start = book.rules.company.start_date
    return (book.local(book.as_of).date() - start).days if start else None


def _finished_projects(book: Book) -> set[str]:
    names = book.sql(
        "SELECT name FROM clean.project WHERE done_at IS NOT NULL AND name IS NOT NULL"
    )
    return {str(name).strip("《》 ").lower() for name in names["name"]} | {
        str(name).strip("《》 ") for name in names["name"]
    }


def _state(day: int, first: int, last: int) -> str:
    return "past" if day > last else "now" if day >= first else "ahead"


def _due_state(due: date | None, today: date) -> str:
    if due is None:
        return ""
    left = (due - today).days
    return "overdue" if left < 0 else "due today" if left == 0 else f"due in {left} days"
