"""Marketing touches: what people did before and after their capture, and what was sent to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from playbook.data.sample import clock, dims, gatherings, library
from playbook.data.sample.clock import DAY, HOUR, NEVER
from playbook.data.sample.draw import below, child, lognormal, pick
from playbook.data.sample.frames import Cols, coded, codes_of
from playbook.data.sample.people import EMPTY, campaign_of_keyword
from playbook.data.sample.story import NURTURE_PROGRAM

if TYPE_CHECKING:
    from playbook.data.sample.draw import Bools, Floats, Ints, Rng
    from playbook.data.sample.funnel import Course
    from playbook.data.sample.people import People

TYPES = codes_of("touch", "touch_type")
KIND = {name: i for i, name in enumerate(TYPES)}
PROGRAMS = (
    f"{NURTURE_PROGRAM}/d1",
    f"{NURTURE_PROGRAM}/d3",
    f"{NURTURE_PROGRAM}/d7",
    "welcome/0h",
    "welcome/2h",
    "post_event_21d/d1",
    "post_event_21d/d7",
    "post_event_21d/d21",
)
_CAPTURED = {
    "form": "form",
    "inquiry": "form",
    "download": "download",
    "registration": "webinar_reg",
    "card": "other",
    "qr": "wecom_add",
}


class Touches:
    """Rows gathered piece by piece; whatever is not given is empty."""

    def __init__(self) -> None:
        self._parts: list[tuple[Ints, ...]] = []

    def add(
        self,
        lead: Ints,
        when: Ints,
        kind: str | Ints,
        *,
        out: bool = False,
        channel: Ints | int = EMPTY,
        content: Ints | int = EMPTY,
        keyword: Ints | int = EMPTY,
        campaign: Ints | int = EMPTY,
        program: int = EMPTY,
        named: Bools | None = None,
    ) -> None:
        """Add rows; those that lie outside the data are dropped."""
        n = len(lead)
        number = KIND[kind] if isinstance(kind, str) else kind
        values = (number, int(out), channel, content, keyword, campaign, program)
        full = [np.broadcast_to(np.asarray(v, dtype=np.int64), n) for v in values]
        known = np.ones(n, dtype=np.int64) if named is None else named.astype(np.int64)
        keep = (when < clock.END) & (when >= clock.START)
        self._parts.append(tuple(a[keep] for a in (when, lead, known, *full)))

    def sorted(self) -> list[Ints]:
        """All columns, in the order of time."""
        columns = [np.concatenate(parts) for parts in zip(*self._parts, strict=True)]
        order = np.argsort(columns[0], kind="stable")
        return [column[order] for column in columns]


def _before(rng: Rng, created: Ints, days: Floats) -> Ints:
    """A time of day some days before each capture, at least minutes before it."""
    n = len(created)
    day = (created - (days * DAY).astype(np.int64)) // DAY
    some_time = day * DAY + clock.times_of_day(rng, n)
    out: Ints = np.minimum(some_time, created - 120 - below(rng, 900, n))
    return out


def _visits(rng: Rng, seed: int, people: People, touches: Touches) -> None:
    """Pages seen and ads clicked in the weeks before the capture."""
    leads = people.leads
    count = np.where(
        leads.channel == dims.FEED, below(rng, 2, len(leads)), below(rng, 5, len(leads))
    )
    lead = np.repeat(np.arange(len(leads)), count)
    n = len(lead)
    when = _before(rng, leads.created[lead], lognormal(rng, 9.0, 1.0, n).clip(0.0, 90.0))
    origin = np.array([dims.SEO, dims.DIRECT, dims.CONTENT, dims.GEO, dims.BAIDU, EMPTY])
    source = origin[pick(rng, (30, 14, 20, 6, 14, 16), n)]
    source = np.where(source == EMPTY, leads.channel[lead], source)
    early = when < clock.at("2025-06-01")
    source = np.where((source == dims.GEO) & early, dims.SEO, source)
    abroad = people.accounts.overseas[leads.account[lead]]
    source = np.where(abroad & (source == dims.BAIDU), dims.GOOGLE, source)
    clicked = np.isin(source, (dims.BAIDU, dims.GOOGLE, dims.FEED))
    words = np.where(
        source == dims.GOOGLE, *(library.keywords_for(rng, n, english=e) for e in (True, False))
    )
    keyword = np.where(np.isin(source, (dims.BAIDU, dims.GOOGLE)), words, EMPTY)
    brand = np.isin(keyword, (0, 1, 2, library.keywords().english + 4))
    keyword = np.where(brand, 3, keyword)
    paid = campaign_of_keyword(keyword.clip(0))
    campaign = np.select(
        [source == dims.BAIDU, source == dims.GOOGLE, source == dims.FEED], [paid, 3, 5], EMPTY
    )
    page = np.where(rng.random(n) < 0.6, 1 + below(rng, 10, n), 0)
    page = np.where(page == library.PRICING, 1, page)
    assets = library.library(seed)
    piece = assets.choose(rng, when, "article", "case", "faq", "video")
    content = np.where(source == dims.CONTENT, piece, page)
    kind = np.where(clicked, KIND["ad_click"], KIND["page_view"])
    touches.add(
        lead,
        when,
        kind,
        channel=source,
        content=content,
        keyword=keyword,
        campaign=campaign,
        named=rng.random(n) < 0.85,
    )


def _planted(rng: Rng, seed: int, people: People, touches: Touches) -> None:
    """The touches that the score and the journey truths speak of."""
    leads = people.leads
    assets = library.library(seed)

    def some(wanted: Bools, low: float, high: float) -> tuple[Ints, Ints]:
        lead = np.flatnonzero(wanted)
        days = low + (high - low) * rng.random(len(lead))
        when = np.maximum(_before(rng, leads.created[lead], days), clock.START + lead % 3_600)
        return lead, np.minimum(when, leads.created[lead] - 60)

    lead, when = some(leads.webinar, 4, 45)
    video = assets.choose(rng, when, "video")
    touches.add(lead, when, "webinar_join", channel=dims.WEBINAR, content=video)
    lead, when = some(leads.paper, 3, 40)
    paper = assets.choose(rng, when, "whitepaper")
    touches.add(lead, when, "download", channel=dims.PAPER, content=paper)
    lead, when = some(leads.pricing, 0, 12)
    touches.add(lead, when, "pricing_view", channel=dims.DIRECT, content=library.PRICING)
    lead, _ = some(leads.brand, 0, 1)
    when = leads.created[lead] - 100 - below(rng, 3_000, len(lead))
    abroad = people.accounts.overseas[leads.account[lead]]
    word = np.where(abroad, library.keywords().english + 4, below(rng, 3, len(lead)))
    touches.add(
        lead,
        np.maximum(when, clock.START),
        "ad_click",
        channel=np.where(abroad, dims.GOOGLE, dims.BAIDU),
        content=np.where(abroad, 19, library.HOME),
        keyword=word,
        campaign=np.where(abroad, 3, 0),
    )


def _captured(people: People, touches: Touches) -> None:
    """The capture itself; event captures come from the attendee list, not from here."""
    leads = people.leads
    codes = codes_of("lead", "capture_type")
    kinds = np.array([KIND[_CAPTURED.get(code, "other")] for code in codes])[leads.capture]
    lead = np.flatnonzero(leads.event < 0)
    touches.add(
        lead,
        leads.created[lead],
        kinds[lead],
        channel=leads.channel[lead],
        content=leads.content[lead],
        keyword=leads.keyword[lead],
        campaign=leads.campaign[lead],
    )


def _welcome(rng: Rng, people: People, touches: Touches) -> None:
    """Website leads: a thank-you at once, a WeCom request within office hours."""
    leads = people.leads
    online = (dims.SEO, dims.SITE, dims.PAPER, dims.GEO, dims.DIRECT, dims.BAIDU, dims.CONTENT)
    lead = np.flatnonzero(np.isin(leads.channel, online) & (rng.random(len(leads)) < 0.94))
    n = len(lead)
    when = leads.created[lead] + 20 + below(rng, 90, n)
    touches.add(lead, when, "thank_you", out=True, channel=dims.EMAIL, program=3)
    add = clock.after_office(leads.created[lead], lognormal(rng, 1.0, 0.7, n))
    home = ~people.accounts.overseas[leads.account[lead]] & (rng.random(n) < 0.7)
    touches.add(lead[home], add[home], "wecom_add", out=True, channel=dims.WECOM, program=4)


def _nurtured(rng: Rng, seed: int, course: Course, touches: Touches) -> None:
    """The steps of days 1, 3 and 7, and who opened them; a return ends the programme."""
    pool = np.flatnonzero(course.nurture < NEVER)
    assets = library.library(seed)
    ends = np.where(course.again < NEVER, course.again, course.mql)
    ends = np.where(ends > course.nurture, ends, NEVER)
    kinds = (("report", "article"), ("video",), ("case",))
    for step, (days, open_share) in enumerate(((1, 0.19), (3, 0.16), (7, 0.31))):
        lead = pool[course.steps[pool, step]]
        when = (course.nurture[lead] // DAY + days) * DAY + 10 * HOUR + below(rng, 1_800, len(lead))
        due = when < ends[lead]
        lead, when = lead[due], when[due]
        content = assets.choose(rng, when, *kinds[step])
        opened = np.flatnonzero(rng.random(len(lead)) < open_share)
        click = when[opened] + 1_800 + below(rng, 40 * HOUR, len(opened))
        for who, moment, kind, case in (
            (lead, when, "email_sent", content),
            (lead[opened], click, "email_click", content[opened]),
        ):
            touches.add(
                who,
                moment,
                kind,
                out=kind == "email_sent",
                channel=dims.EMAIL,
                content=case,
                campaign=dims.CAMPAIGN_OF["邮件培育137"],
                program=step,
            )


def _after_events(rng: Rng, seed: int, people: People, course: Course, touches: Touches) -> None:
    """Event leads that are no customers get three mails in 21 days; not after the quiet event."""
    leads = people.leads
    wanted = (leads.event >= 0) & (leads.event != gatherings.quiet()) & (course.invalid == NEVER)
    lead = np.flatnonzero(wanted & (rng.random(len(leads)) < 0.8))
    ends = np.array([e.end for e in gatherings.events()])[leads.event[lead]]
    for program, days in ((5, 1), (6, 7), (7, 21)):
        when = (ends // DAY + days) * DAY + 15 * HOUR + below(rng, 1_200, len(lead))
        content = library.library(seed).choose(rng, when, "case", "whitepaper")
        touches.add(
            lead, when, "email_sent", out=True, channel=dims.EMAIL, content=content, program=program
        )


def _later(rng: Rng, people: People, course: Course, touches: Touches) -> None:
    """Visits after the capture: more of them where an opportunity is near."""
    leads = people.leads
    near = (course.mql < NEVER).astype(np.int64) + 2 * (course.opportunity < NEVER)
    count = below(rng, 2 + 2 * near, len(leads))
    lead = np.repeat(np.arange(len(leads)), count)
    n = len(lead)
    when = leads.created[lead] + (lognormal(rng, 14.0, 1.0, n) * DAY).astype(np.int64)
    when = when // DAY * DAY + clock.times_of_day(rng, n)
    when = np.maximum(when, leads.created[lead] + 600)
    page = 1 + below(rng, 10, n)
    view = np.where(page == library.PRICING, KIND["pricing_view"], KIND["page_view"])
    source = np.array([dims.DIRECT, dims.SEO, dims.WECOM])[pick(rng, (5, 3, 2), n)]
    touches.add(lead, when, view, channel=source, content=page)
    demo = np.flatnonzero((course.sql < NEVER) & (rng.random(len(leads)) < 0.55))
    when = course.sql[demo] - below(rng, 2 * DAY, len(demo))
    touches.add(
        demo, np.maximum(when, leads.created[demo] + 900), "demo", channel=leads.channel[demo]
    )


def touch(seed: int, block: int, people: People, course: Course, base: dict[str, int]) -> Cols:
    """Table `touch`."""
    rng = child(seed, "touch", block)
    touches = Touches()
    _visits(rng, seed, people, touches)
    _planted(rng, seed, people, touches)
    _captured(people, touches)
    _welcome(rng, people, touches)
    _nurtured(rng, seed, course, touches)
    _after_events(rng, seed, people, course, touches)
    _later(rng, people, course, touches)
    when, lead, named, kind, out, channel, content, keyword, campaign, program = touches.sorted()
    person = people.leads.person[lead] + base["person"]
    account = people.leads.account[lead] + base["account"]
    return {
        "touch_id": base["touch"] + np.arange(len(when)),
        "touched_at": when,
        "person_id": np.where(named > 0, person, EMPTY),
        "account_id": account,
        "lead_id": np.where(when >= people.leads.created[lead], lead + base["lead"], EMPTY),
        "touch_type": coded(kind, TYPES),
        "direction": coded(out, ("in", "out")),
        "channel_id": channel,
        "campaign_id": campaign,
        "content_id": content,
        "event_id": np.full(len(when), EMPTY),
        "partner_id": np.where(channel == dims.PARTNER, people.leads.partner[lead], EMPTY),
        "keyword_id": keyword,
        "program": coded(program, PROGRAMS),
    }
