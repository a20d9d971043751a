"""Who comes and how: captures, the companies and people behind them, what they want."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from playbook.data.sample import clock, dims, gatherings, library
from playbook.data.sample.draw import below, child, pick, pick_by
from playbook.data.sample.frames import codes_of
from playbook.data.sample.names import (
    CITIES,
    CITY_REGION,
    CITY_WEIGHTS,
    OVERSEAS,
    OVERSEAS_WEIGHTS,
)
from playbook.data.sample.story import SURGE_FACTOR, SURGE_MONTHS

if TYPE_CHECKING:
    from playbook.data.sample.draw import Bools, Ints, Rng

VOLUME = 1.0
_SEASON = (0.92, 0.6, 1.12, 1.05, 1.0, 1.08, 1.0, 1.0, 1.12, 0.95, 1.1, 1.02)
_INDUSTRY = {
    "manufacturing": 0.23,
    "finance": 0.18,
    "retail": 0.14,
    "energy": 0.08,
    "healthcare": 0.11,
    "internet": 0.09,
    "logistics": 0.05,
    "automotive": 0.05,
    "education": 0.04,
    "services": 0.03,
}
_SIZE = (0.28, 0.32, 0.26, 0.14)
_SENIORITY = (0.07, 0.08, 0.22, 0.33, 0.30)
_REPEATS = 0.26
_REGIONS = (*CITY_REGION, *(region for region, _ in OVERSEAS))
EMPTY = -1


@dataclass
class Accounts:
    """Companies; positions in the lists of names, labels by position in the schema."""

    place: Ints
    industry: Ints
    size: Ints
    created: Ints

    @property
    def overseas(self) -> Bools:
        """Whether the company sits outside the mainland."""
        out: Bools = self.place >= len(CITIES)
        return out

    @property
    def region(self) -> Ints:
        """Position of the region in the schema's list."""
        codes = codes_of("account", "region")
        return np.array([codes.index(region) for region in _REGIONS])[self.place]

    @property
    def large(self) -> Bools:
        """Whether it has 200 people or more."""
        return self.size >= 2


@dataclass
class Persons:
    """Contacts."""

    account: Ints
    seniority: Ints
    created: Ints


@dataclass
class Leads:
    """Captures in the order of their time, with what is known on the spot."""

    created: Ints
    channel: Ints
    event: Ints
    account: Ints
    person: Ints
    need: Ints
    pricing: Bools
    webinar: Bools
    paper: Bools
    brand: Bools
    keyword: Ints
    partner: Ints
    campaign: Ints
    content: Ints
    capture: Ints

    def __len__(self) -> int:
        return len(self.created)

    @property
    def month(self) -> Ints:
        """Month number of each capture."""
        return clock.month_of(self.created // clock.DAY)

    @property
    def surge(self) -> Bools:
        """Whether it belongs to the rise of the feed ads."""
        wanted = [clock.MONTHS.index(m) for m in SURGE_MONTHS]
        out: Bools = (self.channel == dims.FEED) & np.isin(self.month, wanted)
        return out

    @property
    def waste(self) -> Bools:
        """Whether a word that only costs brought it."""
        out: Bools = np.isin(self.keyword, library.keywords().waste)
        return out


@dataclass
class People:
    """One block's leads, companies and contacts."""

    leads: Leads
    accounts: Accounts
    persons: Persons


def plan() -> list[list[float]]:
    """Leads a month (rows) and channel (columns) of the company at scale 1."""
    rows = []
    for t, month in enumerate(clock.MONTHS):
        grown = t / (len(clock.MONTHS) - 1)
        season = _SEASON[int(month[5:]) - 1]
        row = []
        for channel, (_, group, _, _, first, last, _) in enumerate(dims.CHANNELS):
            curve = grown**2 if group == "geo" else grown
            mean = (float(first) + (float(last) - float(first)) * curve) * season * VOLUME
            surge = channel == dims.FEED and month in SURGE_MONTHS
            row.append(mean * (SURGE_FACTOR if surge else 1.0))
        rows.append(row)
    return rows


def _captures(seed: int, block: int, units: int) -> tuple[Ints, Ints, Ints]:
    """Time, channel and event of every capture, in the order of time."""
    rng = child(seed, "captures", block)
    times, channels, chosen = [], [], []
    table = np.array(plan()) * units
    for channel in range(len(dims.CHANNELS)):
        if channel in (dims.OWN_EVENT, dims.EXPO, dims.WEBINAR):
            numbers, weight = gatherings.weights(channel)
            counts = np.rint(weight / weight.sum() * table[:, channel].sum()).astype(int)
            event = np.repeat(numbers, counts)
            when = np.full(len(event), clock.START)
        else:
            counts = np.rint(table[:, channel]).astype(int)
            parts = [
                clock.times_in(rng, clock.month_start(t), clock.month_start(t + 1), int(count))
                for t, count in enumerate(counts)
            ]
            when = np.concatenate(parts)
            event = np.full(len(when), EMPTY)
        times.append(when)
        channels.append(np.full(len(when), channel))
        chosen.append(event)
    created, channel_of, event_of = map(np.concatenate, (times, channels, chosen))
    met = event_of >= 0
    created[met] = gatherings.registrations(seed, block, event_of[met], channel_of[met])
    order = np.argsort(created, kind="stable")
    return created[order], channel_of[order], event_of[order]


def _roots(parent: Ints) -> Ints:
    while True:
        further = parent[parent]
        if np.array_equal(further, parent):
            return parent
        parent = further


def _sources(rng: Rng, created: Ints, units: int) -> tuple[Ints, Ints]:
    """For each capture the first one of the same company, and of the same person."""
    n = len(created)
    position = np.arange(n)
    back = position - 15 * units - below(rng, 500 * units, n)
    apart = created - created[back.clip(0)] > clock.DAY
    repeat = (rng.random(n) < _REPEATS) & (back >= 0) & apart
    earlier = np.where(repeat, back, position)
    same = repeat & (rng.random(n) < 0.5)
    return _roots(earlier), _roots(np.where(same, back, position))


def _overseas_share(channel: Ints, event: Ints) -> Ints:
    abroad = np.array([e.city == "新加坡" for e in gatherings.events()])
    at_event = np.where(event >= 0, abroad[event.clip(0)], False)
    share = np.select(
        [at_event, channel == dims.GOOGLE, np.isin(channel, (dims.BAIDU, dims.FEED))],
        [0.75, 0.86, 0.0],
        0.07,
    )
    share[(event >= 0) & ~at_event] = 0.0
    out: Ints = share
    return out


def draw_accounts(rng: Rng, created: Ints, overseas: Bools) -> Accounts:
    """Companies that came into the CRM at these times."""
    n = len(created)
    home = pick(rng, CITY_WEIGHTS, n)
    away = len(CITIES) + pick(rng, OVERSEAS_WEIGHTS, n)
    industries = codes_of("account", "industry")
    positions = np.array([industries.index(code) for code in _INDUSTRY])
    return Accounts(
        place=np.where(overseas, away, home),
        industry=positions[pick(rng, list(_INDUSTRY.values()), n)],
        size=pick(rng, _SIZE, n),
        created=created,
    )


_CAPTURE = {
    "sem": (6, 3, 0, 0, 0, 1),
    "feed_ads": (9, 0, 1, 0, 0, 0),
    "event": (2, 0, 0, 4, 2, 3),
    "exhibition": (1, 0, 0, 2, 6, 6),
    "whitepaper": (0, 0, 1, 0, 0, 0),
    "webinar": (0, 0, 0, 1, 0, 0),
    "private_domain": (1, 3, 1, 0, 0, 4),
    "partner": (0, 3, 0, 0, 1, 0),
    "referral": (0, 5, 0, 0, 1, 0),
}
_CAPTURE_ELSE = (6, 3, 1, 0, 0, 0)


def _need(rng: Rng, channel: Ints) -> Ints:
    rows = [(0.28, 0.34, 0.25, 0.13), (0.50, 0.32, 0.14, 0.04)]
    return pick_by(rng, rows, (channel == dims.FEED).astype(np.int64))


def _keywords(rng: Rng, channel: Ints) -> Ints:
    n = len(channel)
    out = np.full(n, EMPTY)
    for number, english in ((dims.BAIDU, False), (dims.GOOGLE, True)):
        words = library.keywords_for(rng, n, english=english)
        out = np.where((channel == number) & (rng.random(n) < 0.97), words, out)
    return out


def _partners(rng: Rng, channel: Ints, created: Ints) -> Ints:
    n = len(channel)
    chosen = pick(rng, dims.PARTNER_WEIGHTS, n)
    begun = dims.PARTNER_STARTS[chosen] * clock.DAY <= created
    return np.where(channel == dims.PARTNER, np.where(begun, chosen, 3), EMPTY)


def _contents(rng: Rng, seed: int, created: Ints, channel: Ints, keyword: Ints) -> Ints:
    assets = library.library(seed)
    n = len(created)
    out = np.full(n, EMPTY)
    paper = assets.choose(rng, created, "whitepaper")
    piece = assets.choose(rng, created, "article", "video", "report", "case")
    page = np.array([library.TRIAL, 5, 6, 7, 8, 9, 10, library.TRIAL])[below(rng, 8, n)]
    out = np.where(channel == dims.PAPER, paper, out)
    out = np.where(np.isin(channel, (dims.CONTENT, dims.EMAIL, dims.GEO)), piece, out)
    out = np.where(np.isin(channel, (dims.SEO, dims.SITE, dims.DIRECT)), page, out)
    out = np.where(channel == dims.FEED, library.PAPER_PAGE, out)
    landed = keyword >= 0
    out[landed] = library.keywords().landings[keyword[landed]]
    return out


def _campaigns(rng: Rng, channel: Ints, created: Ints, keyword: Ints, event: Ints) -> Ints:
    out = np.full(len(channel), EMPTY)
    u = below(rng, 1_000, len(channel))
    for number in range(len(dims.CHANNELS)):
        here = channel == number
        out[here] = dims.campaigns_of(number, created[here] // clock.DAY, u[here])
    events = np.asarray(gatherings.event()["campaign_id"])
    out = np.where(event >= 0, events[event.clip(0)], out)
    words = library.keywords()
    classes = np.array(words.classes)[keyword.clip(0)]
    baidu = np.where(classes == "brand", 0, np.where(np.isin(keyword, words.waste), 2, 1))
    return np.where((channel == dims.BAIDU) & (keyword >= 0), baidu, out)


def campaign_of_keyword(keyword: Ints) -> Ints:
    """The Baidu campaign a word is bid in."""
    words = library.keywords()
    classes = np.array(words.classes)[keyword]
    return np.where(classes == "brand", 0, np.where(np.isin(keyword, words.waste), 2, 1))


def draw_people(seed: int, block: int, units: int) -> People:
    """All captures of one block and who is behind them."""
    created, channel, event = _captures(seed, block, units)
    rng = child(seed, "people", block)
    n = len(created)
    company, contact = _sources(rng, created, units)
    first_company, account = np.unique(company, return_inverse=True)
    first_contact, person = np.unique(contact, return_inverse=True)
    share = _overseas_share(channel, event)[first_company]
    overseas = rng.random(len(first_company)) < share
    accounts = draw_accounts(rng, created[first_company], overseas)
    seniority = pick(rng, _SENIORITY, len(first_contact))
    persons = Persons(account[first_contact], seniority, created[first_contact])
    need = _need(rng, channel)
    keyword = _keywords(rng, channel)
    u = rng.random((4, n))
    feed = channel == dims.FEED
    capture = [_CAPTURE.get(group, _CAPTURE_ELSE) for group in dims.GROUPS]
    brand_word = np.isin(keyword, (0, 1, 2))
    leads = Leads(
        created=created,
        channel=channel,
        event=event,
        account=account.astype(np.int64),
        person=person.astype(np.int64),
        need=need,
        pricing=(u[0] < 0.09 + 0.06 * need) & ~feed,
        webinar=(u[1] < 0.15) & ~feed,
        paper=(u[2] < 0.22) & ~feed,
        brand=((u[3] < 0.06 + 0.08 * need) & ~feed) | brand_word,
        keyword=keyword,
        partner=_partners(rng, channel, created),
        campaign=_campaigns(rng, channel, created, keyword, event),
        content=_contents(rng, seed, created, channel, keyword),
        capture=pick_by(rng, capture, channel),
    )
    return People(leads, accounts, persons)


def add_accounts(people: People, more: Accounts, created: Ints, rng: Rng) -> tuple[Ints, Ints]:
    """Append companies with one contact each; their positions and their contacts' positions."""
    old = people.accounts
    first = len(old.created)
    n = len(more.created)
    people.accounts = Accounts(
        np.concatenate([old.place, more.place]),
        np.concatenate([old.industry, more.industry]),
        np.concatenate([old.size, more.size]),
        np.concatenate([old.created, more.created]),
    )
    number = np.arange(first, first + n)
    persons = people.persons
    first_person = len(persons.account)
    people.persons = Persons(
        np.concatenate([persons.account, number]),
        np.concatenate([persons.seniority, pick(rng, _SENIORITY, n)]),
        np.concatenate([persons.created, created]),
    )
    return number, np.arange(first_person, first_person + n)
