"""Which two or three projects to pick first, out of the handbook's eight (P01-R3, P01-D12)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from playbook.book import remembered
from playbook.format import div

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book


class Candidate(NamedTuple):
    """One of the eight projects, with the share that would be high if it were not needed.

    Attributes:
        name: The project.
        zh: The handbook's name.
        sign: What holds where the share is high.
        needs: Tables the query reads.
        query: Gives two numbers: for how much it holds, of how much.
    """

    name: str
    zh: str
    sign: str
    needs: tuple[str, ...]
    query: str


RECENT = "$as_of - INTERVAL 180 DAY"

CANDIDATES: tuple[Candidate, ...] = (
    Candidate(
        "Landing-page conversion", "官网或落地页转化优化",
        "ad cost lands on a page of its own, not on the home page",
        ("ad_daily", "keyword", "content"),
        "SELECT sum(d.cost) FILTER (c.content_type <> 'home_page'), sum(d.cost) "
        "FROM clean.ad_daily d JOIN clean.keyword k USING (keyword_id) "
        f"JOIN clean.content c ON c.content_id = k.landing_content_id WHERE d.date > {RECENT}",
    ),
    Candidate(
        "MQL/SQL standard", "MQL/SQL标准建立",
        "MQLs that did not become SQL carry a reason",
        ("lead", "stage_event"),
        "SELECT count(coalesce(invalid_reason, reason_code, lost_reason)), count(*) "
        "FROM lead_journey WHERE mql_at IS NOT NULL AND sql_at IS NULL AND opportunity_at IS NULL "
        f"AND mql_at > {RECENT} AND mql_at < $as_of - INTERVAL 30 DAY",
    ),
    Candidate(
        "Sales-enablement library", "销售赋能内容库",
        "sales materials were used in the last half year",
        ("content", "activity"),
        "SELECT count(DISTINCT a.content_id), count(DISTINCT c.content_id) FROM clean.content c "
        "LEFT JOIN clean.activity a ON a.content_id = c.content_id "
        f"AND a.activity_at > {RECENT} WHERE c.is_sales_material",
    ),
    Candidate(
        "High-intent industry topic", "高意向行业内容专题",
        "leads come from an industry that has a case of its own",
        ("content", "account"),
        "SELECT count(*) FILTER (industry IN (SELECT industry FROM clean.content "
        "WHERE content_type = 'case')), count(*) FROM lead_journey "
        f"WHERE industry IS NOT NULL AND created_at > {RECENT}",
    ),
    Candidate(
        "Online acquisition campaign", "线上获客Campaign",
        "leads from paid channels are valid",
        ("lead.contact_valid", "channel.is_paid"),
        "SELECT count(*) FILTER (l.is_valid), count(l.is_valid) FROM lead_journey l "
        "JOIN clean.channel c USING (channel_id) "
        f"WHERE c.is_paid AND c.is_online AND l.created_at > {RECENT}",
    ),
    Candidate(
        "Industry event or closed-door meeting", "行业活动或闭门会",
        "people who came to an event were followed up within 48 hours",
        ("event", "event_attendee", "activity"),
        "SELECT count(*) FILTER (followed), count(*) FROM (SELECT a.person_id, e.event_id, "
        "bool_or(v.activity_at BETWEEN e.end_at AND e.end_at + INTERVAL 48 HOUR) AS followed "
        "FROM clean.event_attendee a JOIN clean.event e USING (event_id) "
        "LEFT JOIN clean.lead l ON l.person_id = a.person_id "
        "LEFT JOIN clean.activity v ON v.lead_id = l.lead_id "
        "AND NOT coalesce(v.is_automatic, false) "
        f"WHERE a.checked_in_at IS NOT NULL AND e.end_at > {RECENT} GROUP BY ALL)",
    ),
    Candidate(
        "AI content and review workflow", "AI内容生产和复盘workflow",
        "AI work uses a template",
        ("ai_use",),
        f"SELECT count(template_id), count(*) FROM clean.ai_use WHERE used_at > {RECENT}",
    ),
    Candidate(
        "CRM lead routing", "CRM线索流转机制",
        "leads are answered within the SLA",
        ("activity",),
        "SELECT count(*) FILTER (response_met), count(response_met) FROM lead_journey "
        f"WHERE created_at > {RECENT}",
    ),
)  # fmt: skip

CLEAR_NEED = 0.2
"""From this gap on a project is worth a place on the short list (our default)."""


@remembered
def short_list(book: Book) -> pd.DataFrame:
    """The eight candidates by need, over the last 180 days, and which to take first.

    Returns:
        Greatest gap first: `project`, `zh`, `sign`, `share` (for how much it holds), `n`, `gap`
        (1 − share; missing where the data cannot tell), `supply` (tables that are missing),
        `pick` (on the short list: `onboarding.key_projects_min` to `key_projects_max` of them).
    """
    import pandas as pd

    rows = []
    for place, candidate in enumerate(CANDIDATES):
        missing = book.missing(*candidate.needs)
        holds, n = (float("nan"),) * 2 if missing else _ask(book, candidate.query)
        share = div(holds, n)
        rows.append(
            {
                "project": candidate.name,
                "zh": candidate.zh,
                "sign": candidate.sign,
                "share": share,
                "n": n,
                "gap": 1 - share,
                "supply": ", ".join(missing),
                "place": place,
            }
        )
    table = pd.DataFrame(rows).sort_values(
        ["gap", "place"], ascending=[False, True], na_position="last", ignore_index=True
    )
    worth = table["gap"] >= CLEAR_NEED
    rules, rank = book.rules.onboarding, table.index + 1
    needed = (worth & (rank <= rules.key_projects_max)) | (rank <= rules.key_projects_min)
    table["pick"] = needed & table["gap"].notna()
    return table.drop(columns="place")


@remembered
def open_key_projects(book: Book) -> pd.DataFrame:
    """Key projects that are not done yet: `name`, `dri`, `due_at`, `progress`, `late`."""
    return book.sql(
        """SELECT p.name, coalesce(s.name, p.dri_id) AS dri, p.due_at, p.progress,
            coalesce(p.due_at < $as_of::DATE, false) AS late
        FROM clean.project p LEFT JOIN clean.staff s ON s.staff_id = p.dri_id
        WHERE p.is_key AND p.done_at IS NULL ORDER BY p.due_at, p.project_id""",
        as_of=book.as_of,
    )


def _ask(book: Book, query: str) -> tuple[float, float]:
    holds, n = book.sql(query, as_of=book.as_of).astype(float).iloc[0]
    return float(holds), float(n)
