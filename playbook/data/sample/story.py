"""The numbers of the planted truths: the generator writes them in, the documentation tells them.

One place for both, so that what is said about the sample is what is in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

SEED = 20261031
COMPANY = "岑海智能 (Cenhai AI)"

SURGE_MONTHS = ("2026-05", "2026-06", "2026-07")
SURGE_FACTOR = 2.8
SURGE_VALID = 0.45
USUAL_VALID = 0.82
FEED_VALID = 0.70
FEED_CHANNEL = "CH04"

LATE_MONTH = "2026-08"
LATE_TEAM = "销售B组"
LATE_SHARE = 0.9
SLOW_HOURS = 24.0
SLOW_KEEPS = 0.10

SLA_BREAKER = "S26"
BREAKER_SHARE = 0.75

SCORE = {
    "senior": 0.8,
    "large": 0.7,
    "need_clarity": 0.6,
    "pricing_view": 0.9,
    "webinar_join": 0.7,
    "whitepaper": 0.5,
    "brand_search": 0.0,
}
SCORE_INTERCEPT = -3.85

NURTURE_PROGRAM = "nurture_137"
D7_SENT = 0.60
RETURN_WITH_D7 = 0.21
RETURN_WITHOUT_D7 = 0.09

QUIET_EVENT = "E039"
EVENT_FOLLOWED = 0.75

HEAD_START = "2026-08-17"
DUE = 20
DELIVERED = 15
DELIVERED_LATE = 2
KEY_PROJECTS = 4
GAP = ("decision", "finance")
EMPTY_PARTNER = "PT03"
EARNED_PARTNER = "PT09"

AB_WINNER = "EXP-03"
AB_WINNER_ARMS = ((2_140, 96), (2_163, 152))
AB_FALSE = "EXP-05"
AB_FALSE_ARMS = ((212, 9), (205, 17))
AB_MISMATCH = "EXP-07"
AB_MISMATCH_ARMS = ((5_012, 201), (4_437, 203))

WASTE_SHARE = 0.31
NEGATIVE_WORDS = ("学生", "免费", "论文", "教程", "招聘", "破解版下载")

GEO_START = 0.0
GEO_END = 24.0
GEO_CITED = (0.05, 0.45)

INSERT_MONTH = "2026-06"
INSERTED = 15
INSERT_REQUESTS = 24

AI_WITH_TEMPLATE = 0.45
AI_WITHOUT_TEMPLATE = 0.98

UNOWNED_PAGES = 5
HARD_COMPETITOR = "云启智言"
HARD_WIN = 0.12
EASY_WIN = 0.40


@dataclass(frozen=True, slots=True)
class Truth:
    """One effect that is written into the sample, to be found again.

    Attributes:
        id: Short stable name.
        title: What a reader of the review should come to know.
        what: How it is planted and where to look.
        size: Its size and the ids it concerns, as data.
        notebook: The notebook that finds it.
        chapter: Chapter of the handbook.
    """

    id: str
    title: str
    what: str
    size: Mapping[str, object]
    notebook: str
    chapter: str


TRUTHS: tuple[Truth, ...] = (
    Truth(
        "bottleneck",
        "MQL to SQL falls from August 2026 on because one team answers late",
        "销售B组 has about half of all leads, and two of its five people leave at the end of July "
        "2026; from then on nine in ten of the team's new leads wait more than a day for their "
        "first response, and of those answered late only one in ten would-be SQLs remains. Other "
        "teams stay as they were. Nothing else moves the step from month to month: it can be seen "
        "in August.",
        {
            "month": LATE_MONTH,
            "team": LATE_TEAM,
            "late_share": LATE_SHARE,
            "late_after_hours": SLOW_HOURS,
            "sql_kept_when_late": SLOW_KEEPS,
        },
        "funnel/01_growth_funnel",
        "P02",
    ),
    Truth(
        "cheap-lead-dear-customer",
        "Feed ads look cheap per lead and are dear per customer",
        "信息流广告 brings leads at well under half of the Baidu price per lead; nearly none of "
        "them ever buys.",
        {"channel_id": FEED_CHANNEL, "cpl_below_baidu": 0.5, "cac_above_baidu": 1.5},
        "channels/01_digital_marketing",
        "P03",
    ),
    Truth(
        "sla-breaker",
        "One salesperson breaks the response SLA in three of four leads",
        "Leads of 贺铭 (销售C组) wait beyond a day whatever the month; his team mates' do not.",
        {"staff_id": SLA_BREAKER, "late_share": BREAKER_SHARE, "late_after_hours": SLOW_HOURS},
        "funnel/03_response_sla",
        "P02",
    ),
    Truth(
        "ab-winner",
        "The short form wins",
        "Arm b of the form test converts half as much again, on enough people.",
        {"experiment_id": AB_WINNER, "control": AB_WINNER_ARMS[0], "b": AB_WINNER_ARMS[1]},
        "channels/03_ab_testing",
        "P03",
    ),
    Truth(
        "ab-false-winner",
        "A winner that was called after three days is none",
        "The button test was stopped early on some four hundred people and kept; its interval "
        "includes zero.",
        {"experiment_id": AB_FALSE, "control": AB_FALSE_ARMS[0], "b": AB_FALSE_ARMS[1]},
        "channels/03_ab_testing",
        "P03",
    ),
    Truth(
        "ab-mismatch",
        "One test did not split its visitors evenly",
        "A redirect lost part of arm b: the arms' sizes differ by far more than chance allows, so "
        "the result says nothing.",
        {"experiment_id": AB_MISMATCH, "control": AB_MISMATCH_ARMS[0], "b": AB_MISMATCH_ARMS[1]},
        "channels/03_ab_testing",
        "P03",
    ),
    Truth(
        "content-gap",
        "There is nothing for finance customers at the decision stage",
        "Of the five stages times six target industries one cell holds no asset, although finance "
        "is the second largest industry among the opportunities.",
        {"journey_stage": GAP[0], "industry": GAP[1], "assets": 0},
        "content/01_content_marketing",
        "P04",
    ),
    Truth(
        "event-no-follow-up",
        "After one exhibition nobody followed up",
        "华东智能制造展 in May 2026: full stand, no thanks, no grading, no first response within a "
        "month, no SQL. After the other events most of those who came hear from sales within two "
        "days.",
        {
            "event_id": QUIET_EVENT,
            "followed_up_48h": 0,
            "sql": 0,
            "followed_up_48h_elsewhere": EVENT_FOLLOWED,
        },
        "channels/04_events",
        "P07",
    ),
    Truth(
        "partner-tier",
        "A partner of tier A has earned nothing, one of tier C most",
        "The alliance that is declared A brought no lead, opportunity or exposure in twelve months "
        "and cost most; an integrator declared C brings the largest share of partner leads.",
        {"declared_a": EMPTY_PARTNER, "leads_12_months": 0, "declared_c": EARNED_PARTNER},
        "channels/05_partners",
        "P08",
    ),
    Truth(
        "keyword-waste",
        "Competitor and what-is words on broad match eat a third of the Baidu budget",
        "They land on the home page, their search terms speak of students, theses and free copies, "
        "and not one MQL came from them.",
        {
            "cost_share": WASTE_SHARE,
            "match_type": "broad",
            "landing": "home_page",
            "mql": 0,
            "negative_words": NEGATIVE_WORDS,
        },
        "channels/01_digital_marketing",
        "P03",
    ),
    Truth(
        "surge",
        "More leads, worse leads: feed ads from May to July 2026",
        "Lead numbers of the channel nearly triple for three months while the share of valid ones "
        "falls from about seven in ten to under half.",
        {
            "channel_id": FEED_CHANNEL,
            "months": SURGE_MONTHS,
            "factor": SURGE_FACTOR,
            "valid_before": FEED_VALID,
            "valid_during": SURGE_VALID,
        },
        "funnel/01_growth_funnel",
        "P02",
    ),
    Truth(
        "nurture-day-7",
        "The success case of day 7 brings leads back",
        "Three in five leads of the programme get the case, drawn at random; they return to MQL "
        "more than twice as often. Days 1 and 3 change nothing.",
        {
            "program": NURTURE_PROGRAM,
            "sent": D7_SENT,
            "return_with": RETURN_WITH_D7,
            "return_without": RETURN_WITHOUT_D7,
        },
        "funnel/04_nurture",
        "B2",
    ),
    Truth(
        "score",
        "What makes a lead a sales lead, in log-odds",
        "SQL among valid leads is drawn from a logistic model of seniority (director and above), "
        "size (200 and more), need clarity (per point), a pricing view, a webinar and a white "
        "paper before capture, and an offset for each channel. Fit it on leads before August 2026.",
        {"log_odds": SCORE},
        "funnel/02_lead_scoring",
        "P02",
    ),
    Truth(
        "leak",
        "sql_will knows the outcome",
        "Sales fills the four SQL answers only after it has decided: whether the column is filled "
        "predicts SQL almost perfectly, and is of no use beforehand.",
        {"columns": ("sql_need", "sql_scene", "sql_budget", "sql_will")},
        "funnel/02_lead_scoring",
        "P02",
    ),
    Truth(
        "journey",
        "Brand search takes the credit, webinars do the work",
        "A click on a brand ad stands last before capture and is commoner among clear needs, but "
        "adds nothing itself; a webinar earlier in the journey does.",
        {"brand_search": SCORE["brand_search"], "webinar_join": SCORE["webinar_join"]},
        "channels/02_attribution",
        "B2",
    ),
    Truth(
        "geo",
        "AI answers become a source of leads",
        "From nothing in November 2024 to some two dozen leads a month; the share of tracked "
        "questions whose AI answer cites the company rises with it.",
        {"leads_first_month": GEO_START, "leads_last_month": GEO_END, "cited": GEO_CITED},
        "channels/01_digital_marketing",
        "P03",
    ),
    Truth(
        "competitor",
        "One competitor is rarely beaten",
        "Against 云启智言 about one closed new opportunity in eight is won, against the others two "
        "in five.",
        {"competitor": HARD_COMPETITOR, "win_against": HARD_WIN, "win_others": EASY_WIN},
        "content/03_product_marketing",
        "P06",
    ),
    Truth(
        "inserted-orders",
        "June 2026 was a month of inserted orders",
        "Fifteen of 24 requests of that month came without plan, most without a word on the key "
        "projects they displaced; the month's projects finish late.",
        {"month": INSERT_MONTH, "inserted": INSERTED, "requests": INSERT_REQUESTS},
        "management/03_work_intake",
        "C13",
    ),
    Truth(
        "first-90-days",
        "Five deliverables are overdue, and four key projects are open at once",
        "The marketing head started in August 2026. Of the 20 deliverables due by the end of "
        "October, 15 are finished (two of them late); what is overdue belongs to the same few "
        "subjects as the four key projects that are open beside each other, one of them late.",
        {
            "start": HEAD_START,
            "due": DUE,
            "delivered": DELIVERED,
            "late": DELIVERED_LATE,
            "open_key_projects": KEY_PROJECTS,
        },
        "00_diagnosis",
        "P01",
    ),
    Truth(
        "ai-templates",
        "AI saves time only with a template",
        "With a template a task takes under half of its usual minutes, without one as long as "
        "before.",
        {"minutes_with": AI_WITH_TEMPLATE, "minutes_without": AI_WITHOUT_TEMPLATE},
        "management/02_ai_workflow",
        "P10",
    ),
    Truth(
        "unowned-pages",
        "Five pages of the website belong to nobody",
        "They have no owner and were last touched more than a year ago.",
        {"pages": UNOWNED_PAGES},
        "management/05_obstacles",
        "C15",
    ),
)
