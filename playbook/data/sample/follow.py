"""What sales does: first responses, further attempts, meetings, work on opportunities."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from playbook.data.sample import clock, dims, library
from playbook.data.sample.attendance import follow_ups
from playbook.data.sample.clock import NEVER
from playbook.data.sample.deals import LOST
from playbook.data.sample.draw import below, child, pick, pick_by
from playbook.data.sample.frames import Cols, coded, codes_of
from playbook.data.sample.names import FEEDBACK, SUMMARIES
from playbook.data.sample.people import EMPTY

if TYPE_CHECKING:
    from playbook.data.sample.attendance import Attendance
    from playbook.data.sample.deals import Deals
    from playbook.data.sample.draw import Ints, Rng
    from playbook.data.sample.funnel import Course
    from playbook.data.sample.people import People

METHODS = codes_of("activity", "method")
OUTCOMES = codes_of("activity", "outcome")
_CALL, _WECOM, _EMAIL, _SMS, _VISIT, _MEETING, _DEMO, _SHARE = range(8)
_CONNECTED, _NO_ANSWER, _WRONG, _REFUSED, _BOOKED, _NONE = range(6)
_DEAL_METHODS = (4, 5, 3, 0, 2, 4, 4, 4)
STAND_IN = 18
_ONLINE = ("sem", "website", "seo", "whitepaper", "geo", "direct", "content")


class Actions:
    """Rows gathered piece by piece."""

    def __init__(self) -> None:
        self._parts: list[tuple[Ints, ...]] = []

    def add(
        self,
        when: Ints,
        staff: Ints,
        lead: Ints,
        *,
        method: Ints,
        outcome: Ints,
        deal: Ints | None = None,
        automatic: bool = False,
    ) -> None:
        """Add rows; those that lie beyond the end of the data are dropped.

        What falls to a colleague who has left is done by the head of team B.
        """
        keep = when < clock.END
        staff = staff if automatic else np.where(when >= _left(staff), STAND_IN, staff)
        no_deal = np.full(len(when), EMPTY)
        auto = np.full(len(when), int(automatic))
        columns = (when, staff, lead, no_deal if deal is None else deal, method, outcome, auto)
        self._parts.append(tuple(column[keep] for column in columns))

    def sorted(self) -> list[Ints]:
        """All columns, in the order of time."""
        columns = [np.concatenate(parts) for parts in zip(*self._parts, strict=True)]
        order = np.argsort(columns[0], kind="stable")
        return [column[order] for column in columns]


def _first(rng: Rng, people: People, course: Course, actions: Actions) -> Ints:
    """The first response of a person; returns its outcome."""
    n = len(people.leads)
    reached = pick(rng, (48, 44, 0, 3, 5, 0), n)
    wrong = (course.invalid < NEVER) & (course.reason == 0)
    outcome = np.where(wrong, _WRONG, reached)
    outcome = np.where((course.sql < NEVER) & (outcome == _NO_ANSWER), _CONNECTED, outcome)
    method = np.array([_CALL, _CALL, _CALL, _WECOM, _EMAIL])[below(rng, 5, n)]
    method = np.where(course.team == 3, np.where(method == _WECOM, _EMAIL, method), method)
    actions.add(course.response, course.owner, np.arange(n), method=method, outcome=outcome)
    return outcome


def _automatic(rng: Rng, people: People, course: Course, actions: Actions) -> None:
    """The system's e-mail within minutes: no human response."""
    online = [dims.GROUPS.index(g) for g in _ONLINE] + [dims.GOOGLE]
    lead = np.flatnonzero(
        np.isin(people.leads.channel, online) & (rng.random(len(people.leads)) < 0.6)
    )
    n = len(lead)
    when = people.leads.created[lead] + 40 + below(rng, 200, n)
    actions.add(
        when,
        course.owner[lead],
        lead,
        method=np.full(n, _EMAIL),
        outcome=np.full(n, _NONE),
        automatic=True,
    )


def _attempts(rng: Rng, course: Course, first: Ints, actions: Actions) -> None:
    """Second to fifth attempts, office days apart, until reached or given up."""
    silent = first == _NO_ANSWER
    more = np.where(silent, 1 + below(rng, 4, len(first)), below(rng, 3, len(first)))
    more = np.where((course.invalid < NEVER) | (course.response == NEVER), 0, more)
    lead = np.repeat(np.arange(len(first)), more)
    n = len(lead)
    step = np.arange(n) - np.repeat(np.cumsum(more) - more, more)
    hours = (step + 1) * (9.0 + 20.0 * rng.random(n)) + 3.0 * rng.random(n)
    when = clock.after_office(course.response[lead], hours)
    still = (step < more[lead] - 1) & silent[lead]
    outcome = np.where(still, _NO_ANSWER, pick(rng, (52, 30, 0, 8, 10, 0), n))
    method = pick(rng, (50, 28, 12, 5, 0, 0, 0, 5), n)
    actions.add(when, course.owner[lead], lead, method=method, outcome=outcome)


def _left(owner: Ints) -> Ints:
    """When each colleague left, `NEVER` for those who are there."""
    days = np.array(
        [NEVER if row[7] == "-" else (clock.day(row[7]) + 1) * clock.DAY for row in dims.STAFF]
    )
    return days[owner]


def _before_sql(rng: Rng, course: Course, actions: Actions) -> None:
    """The meeting or demo on which sales decides."""
    lead = np.flatnonzero((course.sql < NEVER) | (course.rejected < NEVER))
    decided = np.where(course.sql < NEVER, course.sql, course.rejected)[lead]
    n = len(lead)
    start = np.maximum(course.response[lead], course.mql[lead])
    when = start + ((0.45 + 0.5 * rng.random(n)) * (decided - start)).astype(np.int64)
    when = np.minimum(clock.settle(when.clip(max=clock.END)), decided - 300)
    when = np.where(when > start, when, NEVER)
    method = np.array([_MEETING, _DEMO, _DEMO, _VISIT, _CALL])[below(rng, 5, n)]
    outcome = np.where(course.sql[lead] < NEVER, _CONNECTED, pick(rng, (5, 2, 0, 3), n))
    actions.add(when, course.owner[lead], lead, method=method, outcome=outcome)


def _on_deals(rng: Rng, deals: Deals, actions: Actions) -> None:
    count = 3 + below(rng, 7, len(deals))
    deal = np.repeat(np.arange(len(deals)), count)
    n = len(deal)
    end = np.minimum(
        deals.closed[deal], np.minimum(deals.created[deal] + 150 * clock.DAY, clock.END)
    )
    when = deals.created[deal] + (rng.random(n) * (end - deals.created[deal])).astype(np.int64)
    when = np.maximum(clock.settle(when), deals.created[deal] + 300)
    method = pick(rng, _DEAL_METHODS, n)
    presales = (method == _DEMO) & (rng.random(n) < 0.6)
    staff = np.where(presales, 30 + below(rng, 2, n), deals.owner[deal])
    outcome = pick(rng, (62, 12, 0, 4, 22, 0), n)
    actions.add(when, staff, deals.lead[deal], deal=deal, method=method, outcome=outcome)


def _after_events(rng: Rng, course: Course, came: Attendance, actions: Actions) -> None:
    """Who came to an event hears from sales within two days."""
    lead, when = follow_ups(rng, came, course)
    n = len(lead)
    method = pick(rng, (40, 42, 8, 0, 0, 0, 0, 10), n)
    outcome = pick(rng, (56, 30, 0, 4, 10, 0), n)
    actions.add(when, course.owner[lead], lead, method=method, outcome=outcome)


_MATERIAL = ("case", "sales_ppt", "quote_aid", "demo_script", "faq", "whitepaper")


def _materials(rng: Rng, seed: int, when: Ints, method: Ints, deal: Ints) -> Ints:
    """Material in one of three meetings and every sharing; a few assets are never used."""
    n = len(when)
    chance = np.where(method == _SHARE, 0.95, np.where(deal >= 0, 0.38, 0.10))
    chosen = library.library(seed).choose(rng, when, *_MATERIAL)
    unused = chosen % 11 == 4
    return np.where((rng.random(n) < chance) & ~unused, chosen, EMPTY)


def activity(
    seed: int,
    block: int,
    drawn: tuple[People, Course, Deals, Attendance],
    base: dict[str, int],
) -> Cols:
    """Table `activity`."""
    people, course, deals, came = drawn
    rng = child(seed, "activity", block)
    actions = Actions()
    outcome = _first(rng, people, course, actions)
    _automatic(rng, people, course, actions)
    _attempts(rng, course, outcome, actions)
    _before_sql(rng, course, actions)
    _on_deals(rng, deals, actions)
    _after_events(child(seed, "after events", block), course, came, actions)
    when, staff, lead, deal, method, result, auto = actions.sorted()
    n = len(when)
    account = np.where(deal >= 0, deals.account[deal.clip(0)], people.leads.account[lead.clip(0)])
    overseas = people.accounts.overseas[account].astype(np.int64)
    said = (result == _CONNECTED) & (rng.random(n) < 0.22)
    feedback = pick_by(rng, [(1,) * 8 + (0,) * 4, (0,) * 8 + (1,) * 4], overseas)
    noted = (auto == 0) & (rng.random(n) < 0.45)
    summary = pick_by(rng, [(4, 4, 3, 3, 2, 2, 1, 0, 0, 0), (0,) * 7 + (3, 2, 3)], overseas)
    return {
        "activity_id": base["activity"] + np.arange(n),
        "activity_at": when,
        "staff_id": staff,
        "lead_id": np.where(lead >= 0, lead + base["lead"], EMPTY),
        "opportunity_id": np.where(deal >= 0, deal + base["opportunity"], EMPTY),
        "account_id": np.where(deal >= 0, account + base["account"], EMPTY),
        "method": coded(method, METHODS),
        "outcome": coded(result, OUTCOMES),
        "is_automatic": auto,
        "content_id": _materials(rng, seed, when, method, deal),
        "feedback": coded(np.where(said, feedback, EMPTY), FEEDBACK),
        "summary": coded(np.where(noted, summary, EMPTY), SUMMARIES),
    }


def stage_event(
    people: People,
    course: Course,
    deals: Deals,
    invalid_codes: tuple[str, ...],
    base: dict[str, int],
) -> Cols:
    """Table `stage_event`: every entry of a lead or an opportunity into a stage."""
    stages = codes_of("stage_event", "stage")
    reasons = (*invalid_codes, "no_response", "no_need", "no_budget", "timing")
    lead_count, deal_count = len(people.leads), len(deals)
    nobody = np.full(lead_count, EMPTY)
    why_back = len(invalid_codes) + np.arange(lead_count) % 4
    entries = [
        ("lead", people.leads.created, nobody),
        ("valid", course.valid, nobody),
        ("invalid", course.invalid, course.reason),
        ("mql", course.mql, nobody),
        ("sql", course.sql, nobody),
        ("nurture", course.nurture, np.where(course.mql < course.nurture, why_back, EMPTY)),
        ("mql", course.again, nobody),
    ]
    none = np.full(deal_count, EMPTY)
    why_lost = np.where(deals.lost < 0, EMPTY, deals.lost + len(reasons))
    on_deals = [
        ("opportunity", deals.created, none),
        ("poc", deals.poc, none),
        ("quote", deals.quote, none),
        ("contract", deals.contract, none),
        ("won", np.where(deals.won == 1, deals.closed, NEVER), none),
        ("lost", np.where(deals.won == 0, deals.closed, NEVER), why_lost),
    ]
    pieces = []
    for rows, of_deal in ((entries, False), (on_deals, True)):
        for name, when, why in rows:
            here = np.flatnonzero(when < clock.END)
            which = np.full(len(here), stages.index(name))
            owner = (deals.owner if of_deal else course.owner)[here]
            order = np.full(len(here), stages.index(name))
            lead = np.full(len(here), EMPTY) if of_deal else here
            deal = here if of_deal else np.full(len(here), EMPTY)
            reason = np.where(why[here] < 0, EMPTY, why[here])
            pieces.append((when[here], order, which, lead, deal, owner, reason))
    when, order, which, lead, deal, owner, why = map(np.concatenate, zip(*pieces, strict=True))
    rows_in_order = np.lexsort((order, when))
    lead, deal = lead[rows_in_order], deal[rows_in_order]
    return {
        "stage_event_id": base["stage_event"] + np.arange(len(when)),
        "lead_id": np.where(lead >= 0, lead + base["lead"], EMPTY),
        "opportunity_id": np.where(deal >= 0, deal + base["opportunity"], EMPTY),
        "stage": coded(which[rows_in_order], stages),
        "entered_at": when[rows_in_order],
        "owner_id": owner[rows_in_order],
        "reason_code": coded(why[rows_in_order], (*reasons, *LOST)),
    }
