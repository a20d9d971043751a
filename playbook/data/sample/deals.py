"""Opportunities, their course and their money: from leads, from customers, from sales itself."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from playbook.data.sample import clock, dims
from playbook.data.sample.clock import DAY, NEVER
from playbook.data.sample.draw import below, between, child, even, lognormal, pick
from playbook.data.sample.frames import Cols, coded, codes_of
from playbook.data.sample.library import PRODUCTS
from playbook.data.sample.people import EMPTY, add_accounts, draw_accounts
from playbook.data.sample.story import EASY_WIN, HARD_COMPETITOR, HARD_WIN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playbook.data.sample.draw import Bools, Floats, Ints, Rng
    from playbook.data.sample.funnel import Course
    from playbook.data.sample.people import People

CUSTOMERS = 90
OUTBOUND = 105
REFERRED = 16
EXPANSIONS = 52
RIVALS = (HARD_COMPETITOR, "智擎科技", "Botwise")
TYPES = ("new", "renewal", "expansion", "referral")
NEW, RENEWAL, EXPANSION, REFERRED_DEAL = range(4)
_MEDIAN = np.array([85_000.0, 140_000.0, 240_000.0, 430_000.0])
_MET = np.array([0, 0, 0, 1, 1, 2, EMPTY, EMPTY, EMPTY, EMPTY])
_WIN = {RENEWAL: 0.84, EXPANSION: 0.45}
LOST = ("price", "competitor", "no_budget", "no_decision", "product_gap", "timing", "no_response")
_LOST_WEIGHTS = (24, 8, 16, 20, 10, 10, 12)


@dataclass
class Deals:
    """One row an opportunity, in the order of creation."""

    account: Ints
    lead: Ints
    partner: Ints
    owner: Ints
    kind: Ints
    created: Ints
    poc: Ints
    quote: Ints
    contract: Ints
    closed: Ints
    won: Ints
    amount: Floats
    paid: Floats
    currency: Ints
    rival: Ints
    lost: Ints
    product: Ints

    def __len__(self) -> int:
        return len(self.created)


Start = tuple["Ints", "Ints", "Ints", "Ints", "Ints", "Ints"]


def _from_leads(people: People, course: Course) -> Start:
    lead = np.flatnonzero(course.opportunity < NEVER)
    kind = np.full(len(lead), NEW)
    leads = people.leads
    owner = np.where(course.team[lead] == 4, 15 + lead % 3, course.owner[lead])
    return (
        leads.account[lead],
        lead,
        leads.partner[lead],
        owner,
        kind,
        course.opportunity[lead],
    )


def _owners_now(rng: Rng, n: int) -> Ints:
    return np.array([15, 16, 17, 18, 21, 22, 23, 24, 26])[below(rng, 9, n)]


def _from_customers(rng: Rng, people: People, units: int) -> Start:
    n = CUSTOMERS * units
    created = clock.times_in(rng, clock.day("2023-01-01"), clock.day("2024-09-30"), n)
    more = draw_accounts(rng, created, rng.random(n) < 0.1)
    number, _ = add_accounts(people, more, created, rng)
    ends = clock.START_DAY + 40 + below(rng, 365, n)
    first = clock.clock(clock.office((ends - 62) * DAY) + below(rng, clock.SHIFT, n))
    renewed = np.concatenate([first, first + 365 * DAY])
    account = np.concatenate([number, number])
    grown = below(rng, n, EXPANSIONS * units)
    extra = clock.times_in(rng, clock.START_DAY, clock.END_DAY, EXPANSIONS * units)
    created = np.concatenate([renewed, extra])
    account = np.concatenate([account, number[grown]])
    kind = np.repeat([RENEWAL, EXPANSION], [2 * n, EXPANSIONS * units])
    inside = (created >= clock.START) & (created < clock.END)
    empty = np.full(int(inside.sum()), EMPTY)
    owner = _owners_now(rng, len(created))[inside]
    return account[inside], empty, empty, owner, kind[inside], created[inside]


def _from_sales(rng: Rng, people: People, units: int) -> Start:
    n = (OUTBOUND + REFERRED) * units
    created = clock.times_in(rng, clock.START_DAY, clock.END_DAY, n)
    known = created - 9 * DAY
    more = draw_accounts(rng, known, rng.random(n) < 0.12)
    number, _ = add_accounts(people, more, known, rng)
    kind = np.where(np.arange(n) < OUTBOUND * units, NEW, REFERRED_DEAL)
    partner = pick(rng, dims.PARTNER_WEIGHTS, n)
    begun = dims.PARTNER_STARTS[partner] * DAY < created
    partner = np.where((rng.random(n) < 0.22) & begun, partner, EMPTY)
    return number, np.full(n, EMPTY), partner, _owners_now(rng, n), kind, created


def _outcome(rng: Rng, kind: Ints, rival: Ints, channel: Ints) -> Ints:
    """Whether each would be won, in the end."""
    group = np.where(rival < 0, 0, np.where(rival == 0, 1, 2))
    chance = np.array([0.29, HARD_WIN, EASY_WIN])[group]
    fresh = (kind == NEW) | (kind == REFERRED_DEAL)
    u = np.zeros(len(kind))
    for value in range(3):
        here = np.flatnonzero(fresh & (group == value))
        u[here] = even(rng, len(here))
    for value, share in _WIN.items():
        here = np.flatnonzero(kind == value)
        u[here], chance[here] = even(rng, len(here)), share
    won = u < chance
    feed = np.flatnonzero(channel == dims.FEED)
    won[feed] = np.arange(len(feed)) % 3 == 0
    return won.astype(np.int64)


def _renewals(deals: Deals) -> Start:
    """New customers of the data renew two months before their contract ends."""
    again = np.flatnonzero((deals.won == 1) & ((deals.kind == NEW) | (deals.kind == REFERRED_DEAL)))
    created = clock.after_days(deals.closed[again], np.full(len(again), 305.0))
    inside = created < clock.END
    again, created = again[inside], created[inside]
    empty = np.full(len(again), EMPTY)
    kind = np.full(len(again), RENEWAL)
    return deals.account[again], empty, empty, deals.owner[again], kind, created


def draw_deals(seed: int, block: int, units: int, people: People, course: Course) -> Deals:
    """All opportunities of the block; companies without leads are added to `people`."""
    rng = child(seed, "deals", block)
    starts = (
        _from_leads(people, course),
        _from_customers(rng, people, units),
        _from_sales(rng, people, units),
    )
    first = _complete(rng, people, starts)
    second = _complete(rng, people, (_renewals(first),))
    order = np.argsort(np.concatenate([first.created, second.created]), kind="stable")
    both = {
        f.name: np.concatenate([getattr(first, f.name), getattr(second, f.name)])[order]
        for f in fields(Deals)
    }
    return Deals(**both)


def _complete(rng: Rng, people: People, starts: Sequence[Start]) -> Deals:
    """The course and the money of opportunities that begin like this."""
    account, lead, partner, owner, kind, created = map(np.concatenate, zip(*starts, strict=True))
    n = len(created)
    channel = np.where(lead >= 0, people.leads.channel[lead.clip(0)], EMPTY)
    rival = np.where(kind == RENEWAL, EMPTY, _MET[below(rng, len(_MET), n)])
    won = _outcome(rng, kind, rival, channel)
    cycle = lognormal(rng, np.where(kind == RENEWAL, 48.0, 62.0), 0.5, n).clip(6, 400)
    closed = clock.after_days(created, cycle)
    currency = _currency(people, account)
    amount, paid = _money(rng, people.accounts.size[account], kind, currency)
    lost = pick(rng, _LOST_WEIGHTS, n)
    lost = np.where((rival == 0) & (rng.random(n) < 0.6), 1, lost)
    seen = rng.random((2, n))
    has_poc = (seen[0] < np.where(won == 1, 0.74, 0.5)) & (kind != RENEWAL)
    has_quote = (won == 1) | (seen[1] < 0.62)
    parts = np.array([[0.12], [0.38], [0.8]]) + np.array([[0.15], [0.2], [0.12]]) * rng.random(
        (3, n)
    )
    steps = clock.settle(created + (parts * (closed - created)).astype(np.int64))
    seconds_apart = np.arange(3)[:, None]
    steps = np.maximum.accumulate(steps + seconds_apart, axis=0)
    closed = np.maximum(closed, steps[2] + 1_800)
    done = closed < clock.END
    return Deals(
        account=account,
        lead=lead,
        partner=partner,
        owner=owner,
        kind=kind,
        created=created,
        poc=_within(steps[0], has_poc),
        quote=_within(steps[1], has_quote),
        contract=_within(steps[2], won == 1),
        closed=np.where(done, closed, NEVER),
        won=np.where(done, won, -1),
        amount=amount,
        paid=np.where(done & (won == 1), paid, np.nan),
        currency=currency,
        rival=np.where(done, rival, EMPTY),
        lost=np.where(done & (won == 0), lost, EMPTY),
        product=pick(rng, (5, 3, 2), n),
    )


def _within(times: Ints, happened: Bools) -> Ints:
    """Times of the steps that happened inside the data."""
    return np.where(happened & (times < clock.END), times, NEVER)


def _money(rng: Rng, size: Ints, kind: Ints, currency: Ints) -> tuple[Floats, Floats]:
    """Expected amount, here and there unknown, and what would be paid, in the deal's currency."""
    n = len(size)
    rate = np.array([1.0, *dims.RATES])[currency]
    worth = lognormal(rng, _MEDIAN[size], 0.42, n).clip(60_000, 1_200_000)
    amount = np.round(worth / rate / 1_000) * 1_000
    share = np.where(kind == RENEWAL, 1.0, between(rng, 0.84, 1.0, n))
    paid = np.round(amount * share / 100) * 100
    return np.where(rng.random(n) < 0.05, np.nan, amount), paid


def _currency(people: People, account: Ints) -> Ints:
    regions = codes_of("account", "region")
    region = people.accounts.region[account]
    euro = region == regions.index("europe")
    dollar = np.isin(region, [regions.index("north_america"), regions.index("southeast_asia")])
    return np.where(euro, 2, np.where(dollar, 1, 0))


MONEY = ("CNY", *dims.CURRENCIES)
STAGES = ("opportunity", "poc", "quote", "contract", "won", "lost")


def stage(deals: Deals) -> Ints:
    """Where each opportunity stands as of the export."""
    return np.select(
        [
            deals.won == 1,
            deals.won == 0,
            deals.contract < NEVER,
            deals.quote < NEVER,
            deals.poc < NEVER,
        ],
        [4, 5, 3, 2, 1],
        0,
    )


def opportunity(seed: int, block: int, deals: Deals, first: int, base: dict[str, int]) -> Cols:
    """Table `opportunity`; `base` is how many rows earlier blocks have."""
    rng = child(seed, "opportunity", block)
    n = len(deals)
    due = deals.created // DAY + 45 + below(rng, 60, n)
    year = deals.closed // DAY + 365
    return {
        "opportunity_id": first + np.arange(n),
        "account_id": deals.account + base["account"],
        "created_at": deals.created,
        "lead_id": np.where(deals.lead >= 0, deals.lead + base["lead"], EMPTY),
        "partner_id": deals.partner,
        "owner_id": deals.owner,
        "deal_type": coded(deals.kind, TYPES),
        "product": coded(deals.product, PRODUCTS),
        "amount": deals.amount,
        "currency": coded(deals.currency, MONEY),
        "stage": coded(stage(deals), STAGES),
        "expected_close_on": due,
        "closed_at": deals.closed,
        "is_won": deals.won,
        "won_amount": deals.paid,
        "lost_reason": coded(deals.lost, LOST),
        "competitor": coded(deals.rival, RIVALS),
        "contract_end_on": np.where(deals.won == 1, year, NEVER),
    }


def payment(seed: int, block: int, deals: Deals, first: int, base: dict[str, int]) -> Cols:
    """Table `payment`: a contract for every win, then receipts, here and there a refund."""
    rng = child(seed, "payment", block)
    won = np.flatnonzero(deals.won == 1)
    n = len(won)
    signed = deals.closed[won] // DAY
    full = deals.paid[won]
    once = rng.random(n) < 0.35
    shares = np.where(once, 1.0, 0.5)
    second = np.where(once, 0.0, 0.5)
    refund = np.where(rng.random(n) < 0.02, 0.1, 0.0)
    waits = (0, 12, 70, 150)
    amounts = [full, full * shares, full * second, full * refund]
    days = [signed + wait + (below(rng, 25, n) if wait else 0) for wait in waits]
    kind = np.repeat([0, 1, 1, 2], n)
    booked = np.concatenate(days)
    amount = np.round(np.concatenate(amounts), 2)
    deal = np.tile(won, 4)
    keep = (booked < clock.END_DAY) & (amount > 0)
    order = np.flatnonzero(keep)[np.argsort(booked[keep], kind="stable")]
    return {
        "payment_id": first + np.arange(len(order)),
        "opportunity_id": deal[order] + base["opportunity"],
        "kind": coded(kind[order], ("contract", "receipt", "refund")),
        "booked_on": booked[order],
        "amount": amount[order],
        "currency": coded(deals.currency[deal[order]], MONEY),
    }
