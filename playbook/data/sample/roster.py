"""The CRM's tables of companies, contacts, leads and attendees, with their fictional names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from playbook.data.sample import clock, library
from playbook.data.sample.clock import HOUR, NEVER
from playbook.data.sample.draw import below, child, lognormal, pick, pick_by
from playbook.data.sample.frames import Cols, coded, codes_of
from playbook.data.sample.funnel import INTENTS, INVALID_REASONS, STATUS, pick_answers, status
from playbook.data.sample.names import (
    BRANDS,
    CITIES,
    CITY_PROVINCE,
    ENGLISH_FIRST,
    ENGLISH_LEGAL,
    ENGLISH_SECOND,
    FIELDS,
    FOREIGN_FIRST,
    FOREIGN_LAST,
    GIVEN,
    LEGAL,
    OVERSEAS,
    PAINS,
    SURNAMES,
    TITLES_EN,
    TITLES_ZH,
)
from playbook.data.sample.people import EMPTY

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from playbook.data.sample.attendance import Attendance
    from playbook.data.sample.draw import Bools, Ints
    from playbook.data.sample.funnel import Course
    from playbook.data.sample.people import People

PAIRS = len(BRANDS) ** 2
_ENGLISH_PAIRS = len(ENGLISH_FIRST) * len(ENGLISH_SECOND)
_HAN = tuple(word[0] for word in BRANDS)
_PINYIN = tuple(word[1:] for word in BRANDS)


def _take(values: Sequence[str], codes: Ints) -> pa.Array:
    import pyarrow as pa

    return pa.array(list(values), type=pa.string()).take(pa.array(codes))


def _join(*parts: pa.Array | str) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    pieces = [pa.scalar(part) if isinstance(part, str) else part for part in parts]
    return pc.binary_join_element_wise(*pieces, "")


def _digits(numbers: Ints, width: int = 0) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    text = pa.array(numbers).cast(pa.string())
    return pc.utf8_lpad(text, width, "0") if width else text


def _choose(condition: Bools, yes: pa.Array, no: pa.Array | None) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    other = pa.nulls(len(yes), pa.string()) if no is None else no
    return pc.if_else(pa.array(condition), yes, other)


def _brand(numbers: Ints, words: Sequence[str]) -> pa.Array:
    """Two words a company, unique; further words once the pairs are used up."""
    pair = (numbers * 2897 + 1311) % PAIRS
    name = _join(_take(words, pair // len(words)), _take(words, pair % len(words)))
    rest = numbers // PAIRS
    while rest.max(initial=0) > 0:
        more = _take(words, (rest - 1).clip(0) % len(words))
        name = _choose(rest > 0, _join(name, more), name)
        rest = (rest - 1).clip(0) // len(words)
    return name


def _foreign(numbers: Ints, legal: Ints) -> pa.Array:
    pair = (numbers * 577 + 13) % _ENGLISH_PAIRS
    first = _take(ENGLISH_FIRST, pair // len(ENGLISH_SECOND))
    second = _take(ENGLISH_SECOND, pair % len(ENGLISH_SECOND))
    more = numbers // _ENGLISH_PAIRS
    middle = _choose(more > 0, _join(" ", _digits(more)), _take(("",), np.zeros_like(more)))
    return _join(first, middle, " ", second, " ", _take(ENGLISH_LEGAL, legal))


def account(seed: int, block: int, people: People, base: dict[str, int]) -> Cols:
    """Table `account`."""
    rng = child(seed, "account", block)
    accounts = people.accounts
    n = len(accounts.created)
    number = base["account"] + np.arange(n)
    abroad = accounts.overseas
    industries = codes_of("account", "industry")
    fields = tuple(FIELDS.get(code, "实业") for code in industries)
    home = _join(
        _take((*CITIES, *("香港",) * len(OVERSEAS)), accounts.place),
        _brand(number, _HAN),
        _take(fields, accounts.industry),
        _take(LEGAL, pick(rng, (8, 2, 1, 3), n)),
    )
    foreign = _foreign(base["overseas"] + np.cumsum(abroad), below(rng, len(ENGLISH_LEGAL), n))
    pinyin = _brand(number, _PINYIN)
    target = np.isin(accounts.industry, [industries.index(c) for c in library.INDUSTRY_ZH])
    tier = np.where(target & (accounts.size >= 2), 0, np.where(target & (accounts.size == 1), 1, 2))
    tier = np.where(accounts.size == 0, 3, tier)
    group = (accounts.size >= 2) & (rng.random(n) < 0.04) & (np.arange(n) > 50)
    parent = np.where(group, number - 1 - below(rng, 40, n), EMPTY)
    code = _join("91999900MA", _digits(number, 7), _take(tuple("ABCDEFGHJK"), number % 10))
    return {
        "account_id": number,
        "account_name": _choose(abroad, foreign, home),
        "domain": _choose(
            rng.random(n) < 0.8, _join(pinyin, _digits(number + 1), ".example"), None
        ),
        "credit_code": _choose(~abroad & (rng.random(n) < 0.62), code, None),
        "parent_account_id": parent,
        "industry": coded(accounts.industry, industries),
        "employee_band": coded(accounts.size, codes_of("account", "employee_band")),
        "region": coded(accounts.region, codes_of("account", "region")),
        "province": coded(accounts.place, (*CITY_PROVINCE, *(land for _, land in OVERSEAS))),
        "icp_tier": coded(tier, ("A", "B", "C", "none")),
        "is_target": (tier == 0) & (rng.random(n) < 0.4),
        "created_at": accounts.created,
    }


_ROLES = ((8, 1, 0, 1, 0), (7, 1, 1, 1, 1), (4, 2, 1, 2, 2), (1, 4, 2, 2, 2), (0, 6, 1, 2, 2))


def person(seed: int, block: int, people: People, base: dict[str, int]) -> Cols:
    """Table `person`: fictional names, mobile numbers of no carrier, mail at example domains."""
    rng = child(seed, "person", block)
    persons = people.persons
    n = len(persons.created)
    number = base["person"] + np.arange(n)
    abroad = people.accounts.overseas[persons.account]
    first, last = below(rng, len(GIVEN), n), below(rng, len(SURNAMES), n)
    names = [
        tuple(w[: len(w) - len(w.lstrip(_HAN_RANGE))] for w in words) for words in (GIVEN, SURNAMES)
    ]
    latin = [tuple(w.lstrip(_HAN_RANGE) for w in words) for words in (GIVEN, SURNAMES)]
    home = _join(_take(names[1], last), _take(names[0], first))
    there = (below(rng, len(FOREIGN_FIRST), n), below(rng, len(FOREIGN_LAST), n))
    away = _join(_take(FOREIGN_FIRST, there[0]), " ", _take(FOREIGN_LAST, there[1]))
    site = _join(
        _brand(persons.account + base["account"], _PINYIN),
        _digits(persons.account + base["account"] + 1),
        ".example",
    )
    local = _join(_take(latin[0], first), ".", _take(latin[1], last), _digits(number % 10_000))
    mobile = _choose(
        number < 10_000,
        _join("1990000", _digits(number % 10_000, 4)),
        _join("100", _digits(number, 8)),
    )
    levels = codes_of("person", "seniority")
    title = persons.seniority * 4 + below(rng, 4, n)
    titles = [
        tuple(t for level in levels for t in table[level]) for table in (TITLES_ZH, TITLES_EN)
    ]
    u = rng.random((4, n))
    return {
        "person_id": number,
        "account_id": persons.account + base["account"],
        "full_name": _choose(abroad, away, home),
        "email": _choose(u[0] < np.where(abroad, 0.98, 0.66), _join(local, "@", site), None),
        "mobile": _choose(~abroad & (u[1] < 0.93), mobile, None),
        "wecom_id": _choose(~abroad & (u[2] < 0.45), _join("wm", _digits(number, 7)), None),
        "job_title": _choose(abroad, _take(titles[1], title), _take(titles[0], title)),
        "seniority": coded(persons.seniority, levels),
        "buying_role": coded(
            pick_by(rng, _ROLES, persons.seniority), codes_of("person", "buying_role")
        ),
        "consent_status": coded(pick(rng, (82, 15, 3), n), codes_of("person", "consent_status")),
        "created_at": persons.created,
    }


_HAN_RANGE = "".join({c for word in (*GIVEN, *SURNAMES) for c in word if not c.isascii()})
_NEEDS = ("new_purchase", "replacement", "expansion", "consulting")
_BUDGET = ((8, 1, 0, 0), (4, 5, 2, 0), (2, 4, 5, 1), (1, 2, 5, 3))
_STAGE = ((6, 1, 0, 0, 3), (4, 4, 1, 0, 1), (1, 4, 4, 1, 0), (0, 2, 5, 3, 0))


def lead(seed: int, block: int, people: People, course: Course, base: dict[str, int]) -> Cols:
    """Table `lead`, as of the export."""
    rng = child(seed, "lead", block)
    leads = people.leads
    n = len(leads)
    answers = pick_answers(rng, course)
    known = course.verified < NEVER
    reachable = np.where(known, (course.invalid == NEVER) | (course.reason != 0), EMPTY)
    abroad = people.accounts.overseas[leads.account].astype(np.int64)
    pain = pick_by(rng, [(1,) * 7 + (0,) * 5, (0,) * 7 + (1,) * 5], abroad)
    budget = pick_by(rng, _BUDGET, leads.need) + (people.accounts.size[leads.account] >= 3)
    given = course.assigned < NEVER
    return {
        "lead_id": base["lead"] + np.arange(n),
        "created_at": leads.created,
        "person_id": leads.person + base["person"],
        "account_id": leads.account + base["account"],
        "channel_id": leads.channel,
        "campaign_id": leads.campaign,
        "content_id": leads.content,
        "event_id": leads.event,
        "partner_id": leads.partner,
        "keyword_id": leads.keyword,
        "capture_type": coded(leads.capture, codes_of("lead", "capture_type")),
        "need_type": coded(pick(rng, (5, 2, 1, 3), n), _NEEDS),
        "need_clarity": leads.need,
        "budget_band": coded(budget, codes_of("lead", "budget_band")),
        "project_stage": coded(pick_by(rng, _STAGE, leads.need), codes_of("lead", "project_stage")),
        "pain_point": coded(np.where(rng.random(n) < 0.4, pain, EMPTY), PAINS),
        "contact_valid": reachable.astype(np.int64),
        "intent_level": coded(course.intent, INTENTS),
        "sql_need": answers[:, 0],
        "sql_scene": answers[:, 1],
        "sql_budget": answers[:, 2],
        "sql_will": answers[:, 3],
        "owner_id": np.where(given, course.owner, EMPTY),
        "assigned_at": course.assigned,
        "status": coded(status(course), STATUS),
        "invalid_reason": coded(
            np.where(course.invalid < NEVER, course.reason, EMPTY), INVALID_REASONS
        ),
        "merged_into_lead_id": np.full(n, EMPTY),
    }


_SOURCES = ("sales", "channel", "media", "private_domain", "edm", "sms")


def event_attendee(
    seed: int, block: int, attendance: Attendance, people: People, base: dict[str, int]
) -> Cols:
    """Table `event_attendee`: who was invited, who came, and what was done about them."""
    rng = child(seed, "attendee", block)
    n = len(attendance)
    who, end, quiet = attendance.person, attendance.ends, attendance.quiet
    here = attendance.arrived < NEVER
    source = pick(rng, (30, 14, 10, 22, 18, 6), n)
    u = rng.random((6, n))
    thanked = end + (lognormal(rng, 6.0, 0.6, n) * HOUR).astype(np.int64)
    graded = clock.after_days(end, lognormal(rng, 3.0, 0.5, n))
    told = clock.after_days(end, lognormal(rng, 8.0, 0.5, n))
    done = here & ~quiet

    def state(times: Ints, share: float, row: int) -> Ints:
        return np.where(done & (u[row] < share) & (times < clock.END), times, NEVER)

    feedback = state(told, 0.55, 2)
    target = (people.accounts.size[people.persons.account[who]] >= 2) & (u[3] < 0.55)
    return {
        "event_id": attendance.event,
        "person_id": who + base["person"],
        "invite_source": coded(source, _SOURCES),
        "invited_by": np.where(source == 0, 15 + below(rng, 3, n), EMPTY),
        "registered_at": attendance.signed,
        "checked_in_at": attendance.arrived,
        "is_target": target,
        "met_sales_booked": here & (u[4] < 0.12) & ~quiet,
        "demo_booked": here & (u[5] < 0.09) & ~quiet,
        "capture_method": coded(
            np.where(here, pick(rng, (5, 2, 3, 1, 1, 1), n), EMPTY),
            codes_of("event_attendee", "capture_method"),
        ),
        "thanked_at": state(thanked, 0.94, 0),
        "graded_at": state(graded, 0.9, 1),
        "feedback_done_at": feedback,
        "csat": np.where(feedback < NEVER, 3.0 + pick(rng, (2, 5, 4), n), np.nan),
    }
