"""Who was invited to the events, who signed up and who came."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from playbook.data.sample import clock, gatherings
from playbook.data.sample.clock import DAY, HOUR, NEVER
from playbook.data.sample.draw import below, child
from playbook.data.sample.funnel import WRONG_CONTACT
from playbook.data.sample.people import EMPTY

if TYPE_CHECKING:
    from playbook.data.sample.draw import Bools, Ints, Rng
    from playbook.data.sample.funnel import Course
    from playbook.data.sample.people import People

FOLLOWED = 0.97
"""Share of the reachable arrivals whom sales writes to or calls in the two days after."""


@dataclass(frozen=True)
class Attendance:
    """One row a person at an event, by event and sign-up; `arrived` is `NEVER` for who stayed away.

    `lead` is the person's latest capture before the event's end, `EMPTY` where there is none.
    """

    event: Ints
    person: Ints
    lead: Ints
    signed: Ints
    arrived: Ints

    def __len__(self) -> int:
        return len(self.event)

    @property
    def ends(self) -> Ints:
        """When the event of each row ended."""
        return np.array([e.end for e in gatherings.events()])[self.event]

    @property
    def quiet(self) -> Bools:
        """Whether it is the event after which nobody followed up."""
        out: Bools = self.event == gatherings.quiet()
        return out


def draw_attendance(seed: int, block: int, units: int, people: People) -> Attendance:
    """The leads of each event and the contacts who were invited besides them."""
    rng = child(seed, "attendance", block)
    leads = people.leads
    at_event = np.flatnonzero(leads.event >= 0)
    guest_event, guest = _guests(rng, people, units)
    event = np.concatenate([leads.event[at_event], guest_event])
    who = np.concatenate([leads.person[at_event], guest])
    is_lead = np.arange(len(who)) < len(at_event)
    start = np.array([e.start for e in gatherings.events()])[event]
    early = (start // DAY - 1 - below(rng, 12, len(who))) * DAY
    signed = early + clock.times_of_day(rng, len(who))
    signed[: len(at_event)] = leads.created[at_event]
    _, first = np.unique(event * (len(people.persons.created) + 1) + who, return_index=True)
    order = first[np.lexsort((signed[first], event[first]))]
    event, who, is_lead = event[order], who[order], is_lead[order]
    start, signed = start[order], signed[order]
    n = len(who)
    came = rng.random(n) < np.where(is_lead, 0.66, 0.52)
    came |= (signed >= start) | ((event == gatherings.quiet()) & (rng.random(n) < 0.9))
    arrived = np.where(signed >= start, signed, start + below(rng, 3_000, n) - 900)
    arrived = np.where(came & (arrived < clock.END), arrived, NEVER)
    ends = np.array([e.end for e in gatherings.events()])[event]
    return Attendance(event, who, _latest(people, who, ends), signed, arrived)


def _guests(rng: Rng, people: People, units: int) -> tuple[Ints, Ints]:
    """Known contacts who were invited besides the leads: event and person."""
    order = np.argsort(people.persons.created, kind="stable")
    created = people.persons.created[order]
    events, guests = [], []
    for i, e in enumerate(gatherings.events()):
        known = int(np.searchsorted(created, e.start - 15 * DAY))
        count = min(int((14 + 3 * e.weight) * units), known)
        chosen = np.unique(order[below(rng, known, count)])
        events.append(np.full(len(chosen), i))
        guests.append(chosen)
    return np.concatenate(events), np.concatenate(guests)


def _latest(people: People, who: Ints, until: Ints) -> Ints:
    """Each person's last lead before a time; leads stand in the order of their capture."""
    leads = people.leads
    span = 2 * clock.END
    keys = leads.person * span + leads.created
    order = np.argsort(keys, kind="stable")
    place = np.searchsorted(keys[order], who * span + until) - 1
    found = order[place.clip(0)]
    return np.where((place >= 0) & (leads.person[found] == who), found, EMPTY)


def follow_ups(rng: Rng, attendance: Attendance, course: Course) -> tuple[Ints, Ints]:
    """Lead and time of the calls and messages after each event, none after the quiet one.

    Most who came and whom sales had spoken to before are followed up the same evening or on the
    next two days; who still waits for a first answer goes on waiting.
    """
    n = len(attendance)
    ends = attendance.ends
    day = ends // DAY + np.array([1, 1, 1, 2])[below(rng, 4, n)]
    office = day * DAY + 9 * HOUR + below(rng, 6 * HOUR, n)
    evening = ends + 900 + below(rng, 3 * HOUR, n)
    when = np.where(clock.is_workday(day), office, evening)
    lead = attendance.lead
    met = (attendance.arrived < NEVER) & ~attendance.quiet & (lead >= 0)
    answered = course.response[lead.clip(0)] < when
    wrong = (course.reason == WRONG_CONTACT)[lead.clip(0)]
    reached = met & answered & ~wrong
    chosen = np.flatnonzero(reached & (rng.random(n) < FOLLOWED))
    return lead[chosen], when[chosen]
