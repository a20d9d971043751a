"""What becomes of each lead: owner, first response, valid, MQL, SQL, nurture, in time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from playbook.data.sample import clock, dims, gatherings
from playbook.data.sample.clock import DAY, HOUR, NEVER
from playbook.data.sample.draw import below, child, even, logistic, lognormal, pick, steady
from playbook.data.sample.story import (
    BREAKER_SHARE,
    D7_SENT,
    FEED_VALID,
    LATE_MONTH,
    LATE_SHARE,
    LATE_TEAM,
    RETURN_WITH_D7,
    RETURN_WITHOUT_D7,
    SCORE,
    SCORE_INTERCEPT,
    SLA_BREAKER,
    SLOW_HOURS,
    SLOW_KEEPS,
    SURGE_VALID,
    USUAL_VALID,
)

if TYPE_CHECKING:
    from playbook.data.sample.draw import Bools, Floats, Ints, Rng
    from playbook.data.sample.people import People

_TEAM_OF_REGION = {
    "south_china": 0,
    "hmt": 0,
    "east_china": 1,
    "north_china": 2,
    "central_china": 2,
    "southwest": 2,
    "northwest": 2,
    "northeast": 2,
    "southeast_asia": 3,
    "europe": 3,
    "north_america": 3,
}
INVALID_REASONS = (
    "wrong_contact",
    "student",
    "competitor",
    "no_need",
    "not_icp",
    "job_seeker",
    "spam",
)
WRONG_CONTACT = INVALID_REASONS.index("wrong_contact")
_REASONS = (34, 10, 8, 20, 16, 6, 6)
_REASONS_WASTE = (10, 48, 6, 10, 6, 20, 0)
_REASONS_FEED = (46, 12, 2, 24, 10, 4, 2)
BREAKER = int(SLA_BREAKER[1:]) - 1
INTENTS = ("high", "normal", "low")


@dataclass
class Course:
    """One row a lead; times are `NEVER` where the thing has not happened by the end of the data.

    `fit` is the planted probability of SQL, `late` whether the first response came too late.
    """

    owner: Ints
    team: Ints
    intent: Ints
    assigned: Ints
    response: Ints
    late: Bools
    verified: Ints
    valid: Ints
    invalid: Ints
    reason: Ints
    fit: Floats
    mql: Ints
    sql: Ints
    rejected: Ints
    nurture: Ints
    again: Ints
    steps: Bools
    opportunity: Ints


def _owners(rng: Rng, team: Ints, created: Ints) -> Ints:
    """Somebody of the team who works there in the month of the lead."""
    out = np.zeros(len(team), dtype=np.int64)
    month = clock.month_of(created // DAY)
    u = rng.random(len(team))
    for t in range(len(clock.MONTHS)):
        for number, name in enumerate(dims.TEAMS):
            here = (month == t) & (team == number)
            staff = np.array(dims.team_on(name, clock.month_start(t) + 14))
            out[here] = staff[(u[here] * len(staff)).astype(np.int64)]
    return out


def _response(
    rng: Rng, people: People, owner: Ints, team: Ints, intent: Ints
) -> tuple[Ints, Ints, Bools]:
    """Assigned, first response, and whether that came too late."""
    leads = people.leads
    n = len(leads)
    assigned = clock.after_office(leads.created, lognormal(rng, 0.15, 0.8, n))
    median = np.array([0.55, 2.6, 4.2])[intent]
    hours = lognormal(rng, median, 0.75, n).clip(0.05, 8.5)
    short = dims.TEAMS.index(LATE_TEAM)
    from_month = clock.at(f"{LATE_MONTH}-01")
    short_now = (team == short) & (leads.created >= from_month)
    breaks = owner == BREAKER
    chance = np.where(short_now, LATE_SHARE, np.where(breaks, BREAKER_SHARE, 0.025))
    late = steady(rng, chance, leads.month, 2 * short_now + breaks)
    hours = np.where(late, 16.0 + lognormal(rng, 12.0, 0.5, n), hours)
    response = clock.after_office(assigned, hours)
    late = response - leads.created > SLOW_HOURS * HOUR + 2 * DAY
    late |= hours > 9.0
    never = rng.random(n) < 0.02
    event = leads.event == gatherings.quiet()
    silent = clock.after_office(leads.created, 9.0 * 22 + 60 * rng.random(n))
    response = np.where(event, silent, np.where(never, NEVER, response))
    return assigned, response, late


def _validity(rng: Rng, people: People) -> tuple[Bools, Ints]:
    leads = people.leads
    n = len(leads)
    chance = np.full(n, USUAL_VALID)
    chance = np.where(leads.channel == dims.FEED, FEED_VALID, chance)
    chance = np.where(leads.surge, SURGE_VALID, chance)
    chance = np.where(leads.channel == dims.UNKNOWN, 0.62, chance)
    chance = np.where(leads.waste, 0.35, chance)
    good = steady(rng, chance, leads.month, leads.channel + 100 * leads.waste)
    reason = pick(rng, _REASONS, n)
    reason = np.where(leads.channel == dims.FEED, pick(rng, _REASONS_FEED, n), reason)
    reason = np.where(leads.waste, pick(rng, _REASONS_WASTE, n), reason)
    return good, np.where(good, -1, reason)


def _split_even(rng: Rng, group: Ints) -> Floats:
    """Uniforms that are even inside every group."""
    out = np.zeros(len(group))
    for value in np.unique(group):
        here = np.flatnonzero(group == value)
        out[here] = even(rng, len(here))
    return out


def fitness(people: People) -> Floats:
    """The planted probability that a valid lead becomes an SQL."""
    leads, accounts = people.leads, people.accounts
    senior = people.persons.seniority[leads.person] <= 2
    large = accounts.large[leads.account]
    score = (
        SCORE_INTERCEPT
        + SCORE["senior"] * senior
        + SCORE["large"] * large
        + SCORE["need_clarity"] * leads.need
        + SCORE["pricing_view"] * leads.pricing
        + SCORE["webinar_join"] * leads.webinar
        + SCORE["whitepaper"] * leads.paper
        + SCORE["brand_search"] * leads.brand
        + dims.OFFSETS[leads.channel]
    )
    return np.where(leads.waste, 0.0, logistic(score))


def _nurture(rng: Rng, course_mql: Ints, sql: Ints, valid: Ints) -> tuple[Ints, Ints, Bools]:
    """Entry to the pool, return to MQL and which of the three steps were sent."""
    n = len(valid)
    u = rng.random((3, n))
    fresh = (valid < NEVER) & (course_mql == NEVER) & (u[0] < 0.62)
    back = (course_mql < NEVER) & (sql == NEVER) & (u[0] < 0.42)
    entry = clock.after_days(np.where(fresh, valid, NEVER), lognormal(rng, 6.0, 0.6, n))
    later = clock.after_days(np.where(back, course_mql, NEVER), 14 + lognormal(rng, 9.0, 0.6, n))
    entry = np.where(fresh, entry, later)
    steps = np.stack([u[1] < 0.95, even(rng, n) < 0.88, even(rng, n) < D7_SENT], axis=1)
    chance = np.where(steps[:, 2], RETURN_WITH_D7, RETURN_WITHOUT_D7)
    returns = (entry < NEVER) & (_split_even(rng, steps[:, 2].astype(np.int64)) < chance)
    wait = 7.3 + lognormal(rng, 8.0, 0.8, n)
    return entry, clock.after_days(np.where(returns, entry, NEVER), wait), steps


def _month(times: Ints) -> Ints:
    """Month number of each time; what never happens falls into the month after the data."""
    return clock.month_of(np.minimum(times, clock.END) // DAY)


def _censor(times: Ints) -> Ints:
    return np.where(times < clock.END, times, NEVER)


def draw_course(seed: int, block: int, people: People) -> Course:
    """The whole course of every lead."""
    rng = child(seed, "course", block)
    leads = people.leads
    n = len(leads)
    intent = np.select(
        [
            (leads.need >= 2) & (leads.pricing | (leads.need == 3)),
            (leads.need == 0) & ~leads.pricing,
        ],
        [0, 2],
        1,
    )
    regions = np.array([_TEAM_OF_REGION[r] for r in _regions()])
    team = regions[people.accounts.region[leads.account]]
    team = np.where(np.isin(leads.channel, (dims.FEED, dims.UNKNOWN)), 4, team)
    owner = _owners(rng, team, leads.created)
    assigned, response, late = _response(rng, people, owner, team, intent)
    quiet = leads.event == gatherings.quiet()
    good, reason = _validity(rng, people)
    verified = clock.after_office(leads.created, lognormal(rng, 3.0, 0.9, n) + 0.2)
    valid = np.where(good, verified, NEVER)
    invalid = np.where(good, NEVER, verified)

    fit = fitness(people)
    hope = np.where(quiet, 0.0, fit)
    lean = 0.85 * logistic(0.05 + 0.6 * np.log(fit.clip(1e-4) / (1 - fit)))
    chance = np.where(good & ~leads.waste, hope + (1 - hope) * lean, 0.0)
    direct = steady(rng, chance, leads.month, team)
    mql = clock.after_office(np.where(direct, valid, NEVER), lognormal(rng, 7.0, 1.1, n))
    wants = steady(rng, np.where(direct, hope / chance.clip(1e-9), 0.0), _month(mql), team)
    kept = ~late | steady(rng, np.where(late, SLOW_KEEPS, 0.0), _month(mql), wants.astype(int))
    kept &= response < NEVER
    taken = wants & kept
    ready = np.where(taken, np.maximum(mql, response), NEVER)
    sql = clock.after_days(ready, lognormal(rng, 7.0, 0.85, n) + 0.5)
    nurture, again, steps = _nurture(rng, mql, sql, valid)
    again = np.where(leads.waste, NEVER, again)
    returning = np.where((again < NEVER) & kept, np.clip(1.7 * hope, 0, 0.6), 0.0)
    second = steady(rng, returning, _month(again))
    second_sql = clock.after_days(
        np.where(second, again, NEVER), lognormal(rng, 7.0, 0.85, n) + 0.5
    )
    sql = np.minimum(sql, second_sql)
    mql = np.where(mql < NEVER, mql, again)
    again = np.where(mql == again, NEVER, again)
    opens = steady(rng, np.where(sql < NEVER, 0.62, 0.0), _month(sql))
    opened = clock.after_days(np.where(opens, sql, NEVER), lognormal(rng, 6.0, 0.7, n) + 0.3)
    heard = (mql < NEVER) & (sql == NEVER) & (response < NEVER)
    refused = heard & (rng.random(n) < 0.55)
    rejected = clock.after_days(
        np.where(refused, np.maximum(mql, response), NEVER), lognormal(rng, 11.0, 0.6, n) + 2
    )
    return Course(
        owner=owner,
        team=team,
        intent=intent,
        assigned=_censor(assigned),
        response=_censor(response),
        late=late,
        verified=_censor(verified),
        valid=_censor(valid),
        invalid=_censor(invalid),
        reason=reason,
        fit=fit,
        mql=_censor(mql),
        sql=_censor(sql),
        rejected=_censor(rejected),
        nurture=_censor(nurture),
        again=_censor(again),
        steps=steps,
        opportunity=_censor(opened),
    )


def _regions() -> tuple[str, ...]:
    from playbook.data.sample.frames import codes_of

    return tuple(
        r if r in _TEAM_OF_REGION else "south_china" for r in codes_of("account", "region")
    )


STATUS = ("new", "working", "nurture", "qualified", "invalid", "converted")


def status(course: Course) -> Ints:
    """Status of each lead as of the export."""
    in_pool = (course.nurture < NEVER) & (course.again == NEVER) & (course.nurture >= course.mql)
    in_pool |= (course.nurture < NEVER) & (course.mql == NEVER)
    return np.select(
        [
            course.invalid < NEVER,
            course.opportunity < NEVER,
            course.sql < NEVER,
            in_pool,
            course.response < NEVER,
        ],
        [4, 5, 3, 2, 1],
        0,
    )


def pick_answers(rng: Rng, course: Course) -> Ints:
    """The four SQL answers of sales: 1 yes, 0 no, -1 not asked; filled once it has decided."""
    n = len(course.owner)
    answered = (course.sql < NEVER) | (course.rejected < NEVER)
    out = np.full((n, 4), -1)
    yes = course.sql < NEVER
    out[yes] = 1
    no = answered & ~yes
    out[no] = (rng.random((int(no.sum()), 4)) < (0.7, 0.5, 0.35, 0.1)).astype(np.int64)
    some = below(rng, 4, n)
    out[np.flatnonzero(no), some[no]] = 0
    return out
