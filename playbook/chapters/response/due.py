"""The lists of the day: who is to get a lead, whose answer is due, overdue, or given up."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from playbook import conditions, response, routing
from playbook import format as fmt
from playbook.book import remembered
from playbook.calendar import ONE_DAY
from playbook.chapters.response.inputs import NOBODY, acts, clocks, leads, promise
from playbook.chapters.response.routes import left, names, no_routing, plan, to_route

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from playbook.book import Book

FIRST = ["lead_id", "owner", "reason", "deadline", "rule"]
AROUND = ["account", "channel", "person_id"]

STALE = timedelta(days=30)
"""After so long a step that others have followed is no longer made good (our default)."""

ROUNDS = 60
"""Days over which a pile of leads is handed out at most."""

WITHOUT = 10
"""Days without anybody free after which no more are tried."""


@remembered
def assignments(book: Book) -> pd.DataFrame:
    """Open leads that nobody looks after, and who is to get each by `[routing]`.

    Nobody looks after a lead without an owner, or whose owner has left. They are handed out from
    the next workday on, those without an owner first, high intent and the newest before others,
    as many a day as people take; leads that come meanwhile are not allowed for.

    Returns:
        Those of `FIRST` (`owner`: who is to get it, missing where no rule can say; `deadline`: when
        the answer is due where there was none, else the end of the day it is handed out), then
        `team`, `intent_level`, `last_owner` and those of `AROUND`.
    """
    import pandas as pd

    waiting = _unowned(book)
    columns = [*FIRST, "team", "intent_level", "last_owner", *AROUND]
    if waiting.empty:
        return pd.DataFrame(columns=columns).astype({"deadline": "datetime64[us]"})
    lacking = no_routing(book)
    given = _to_nobody(waiting, lacking) if lacking else _handed_out(book, waiting)
    table = waiting.merge(given, on="lead_id", how="left")
    known = names(book)
    table["owner"] = table["to"].map(lambda person: known.get(person, person), na_action="ignore")
    table["reason"] = [_why_unowned(row) for row in table.to_dict("records")]
    ends = pd.Series([_closing(book, day) for day in table["day"]], dtype="datetime64[us]")
    table["deadline"] = book.local_times(table["due_at"]).astype("datetime64[us]").fillna(ends)
    table["rule"] = "[routing] " + table["rule"]
    return table[columns]


def _unowned(book: Book) -> pd.DataFrame:
    """Open leads that nobody looks after, in the order in which they are handed out."""
    import ibis

    gone = left(book)
    rows = leads(book)
    alone = rows.owner_id.isnull()
    if gone:
        alone = alone | rows.owner_id.isin(list(gone))
    rows = rows.filter(rows.is_open, alone)
    waits = clocks(book)
    last = ibis.window(group_by="lead_id", order_by=ibis.desc("clock"))
    waits = waits.filter(waits.step == response.RESPONSE).mutate(turn=ibis.row_number().over(last))
    waits = waits.filter(waits.turn == 0, waits.state.isin(["pending", "overdue"]))
    waits = waits.select(_lead="lead_id", due_at="due_at")
    joined = rows.left_join(waits, rows.lead_id == waits["_lead"])
    found = joined.select(
        "lead_id", "owner_id", "intent_level", "channel", "person_id", "created_at", "due_at",
        account="account_name", last_owner="owner",
    ).to_pandas()  # fmt: skip
    found["left_on"] = found["owner_id"].map(gone)
    found = found.assign(
        has_left=found["owner_id"].notna(), is_lower=found["intent_level"].ne("high")
    )
    order = ["has_left", "is_lower", "created_at", "lead_id"]
    ordered: pd.DataFrame = found.sort_values(
        order, ascending=[True, True, False, True], ignore_index=True
    )
    return ordered.drop(columns=["has_left", "is_lower"])


def _handed_out(book: Book, waiting: pd.DataFrame) -> pd.DataFrame:
    """Who gets each: `lead_id`, `to`, `team`, `rule`, `why`, `day`; `to` missing for no one."""
    import ibis
    import pandas as pd

    own, staff = plan(book), book.table("staff").to_pandas()
    fields = [field for rule in own.rules for field in conditions.fields(rule.when)]
    facts = to_route(book).select("lead_id", *dict.fromkeys(fields))
    left_over, last = waiting["lead_id"], _last_given(book)
    parts: list[pd.DataFrame] = []
    for number, ahead in enumerate(_days_ahead(book, own)):
        # A microsecond apart, in their order: `assign` goes by the moment, here of handing out.
        moments = pd.Timestamp(book.as_of + ahead * ONE_DAY) + pd.to_timedelta(
            range(len(left_over)), unit="us"
        )
        queue = ibis.memtable({"_lead": left_over.tolist(), "created_at": moments})
        rows = facts.join(queue, facts.lead_id == queue["_lead"]).drop("_lead")
        given = routing.assign(rows, own, staff, after=last)
        taken = given[given["owner"].notna()]
        last |= dict(zip(taken["team"], taken["owner"], strict=True))
        parts.append(taken)
        left_over = left_over[~left_over.isin(taken["lead_id"])]
        if left_over.empty or (taken.empty and number >= WITHOUT):
            break
    parts.append(given[given["owner"].isna()])
    every = pd.concat([part for part in parts if len(part)], ignore_index=True)
    teams = {rule.name: rule.team for rule in own.rules} | {routing.FALLBACK: own.fallback}
    every["why"] = [
        _why_team(rule, teams[rule], team, is_free=owner == owner)  # noqa: PLR0124 - nan
        for rule, team, owner in zip(every["rule"], every["team"], every["owner"], strict=True)
    ]
    return every.rename(columns={"owner": "to"})[["lead_id", "to", "team", "rule", "why", "day"]]


def _days_ahead(book: Book, own: routing.Plan) -> Iterator[int]:
    """In how many days leads can be handed out: today or the next workday, and those after it."""
    today = day = book.local(book.as_of).date()
    for _ in range(ROUNDS):
        while own.workdays_only and not own.workdays.is_workday(day):
            day += ONE_DAY
        yield (day - today).days
        day += ONE_DAY


def _last_given(book: Book) -> dict[str, str]:
    """By team, whom the record says to have been given the last lead."""
    found = book.sql(
        """SELECT team, arg_max(owner_id, (coalesce(assigned_at, created_at), lead_id)) AS owner
        FROM lead_journey WHERE team IS NOT NULL AND owner_id IS NOT NULL
        GROUP BY team ORDER BY team"""
    )
    return dict(zip(found["team"], found["owner"], strict=True))


def _why_team(rule: str, meant: str, team: str, *, is_free: bool) -> str:
    """Which team a rule gives a lead to, and whether it had anybody free."""
    said = f"no rule takes it, so {meant}" if rule == routing.FALLBACK else f"“{rule}” is {meant}"
    if not is_free:
        return f"{said}, which has nobody free"
    return said if team == meant else f"{said}, which is full, so {team}"


def _to_nobody(waiting: pd.DataFrame, lacking: list[str]) -> pd.DataFrame:
    """Nobody gets them, for want of what routing needs."""
    why = f"nothing says who gets it: supply {', '.join(lacking)}"
    return waiting[["lead_id"]].assign(to=None, team=None, rule="no rules", why=why, day=None)


def _why_unowned(row: dict[Any, Any]) -> str:
    since = f"Its owner left on {row['left_on']}" if row["left_on"] == row["left_on"] else ""
    return f"{since or 'No owner'}; {row['why']}."


def _closing(book: Book, day: Any) -> Any:
    """When the office closes on a day, in the report zone; missing where there is none."""
    import pandas as pd

    if fmt.is_missing(day):
        return pd.NaT
    return pd.Timestamp(datetime.combine(day, book.workdays.hours[1]))


@remembered
def sla_due(book: Book) -> pd.DataFrame:
    """Promised steps of open leads that fall due within 24 hours, or on the next workday.

    Returns:
        One row per lead, the first due first: those of `FIRST`, then `step`, `also` (other steps
        that fall due), `intent_level`, `captured_at` (report zone) and those of `AROUND`.
    """
    rows = _steps(book, "pending")
    return _listed(book, rows[rows["due_at"] <= _soon(book)], ["due_at", "lead_id"])


@remembered
def sla_overdue(book: Book) -> pd.DataFrame:
    """Open leads with a promised step that is overdue: the answer itself, or another step.

    Of a lead that a person has answered, further steps are listed for thirty days.

    Returns:
        One row per lead: those of `FIRST` (`deadline`: when it was due), then `step`, `also`,
        `intent_level`, `captured_at` and those of `AROUND`; the answers first, of these high
        intent first, then what fell due last: it can be made good soonest.
    """
    rows = _steps(book, "overdue")
    is_answer = rows["step"].eq(response.RESPONSE)
    waiting = rows["lead_id"].isin(rows.loc[is_answer, "lead_id"])
    rows = rows[waiting | (rows["opened_at"] >= book.as_of - STALE)]
    rows = rows.assign(
        is_step=rows["step"].ne(response.RESPONSE),
        is_lower=rows["intent_level"].ne("high"),
        late=book.as_of - rows["due_at"],
    )
    return _listed(book, rows, ["is_step", "is_lower", "late", "lead_id"])


def _steps(book: Book, state: str) -> pd.DataFrame:
    """The clocks of open leads in a state; none where nobody's activities are known."""
    rows = clocks(book)
    known = book.has("activity")
    found: pd.DataFrame = rows.filter(rows.is_open, rows.state == state, known).to_pandas()
    return found


def _soon(book: Book) -> datetime:
    """The end of the next workday, and at least a day from now; naive UTC."""
    day = book.local(book.as_of).date() + ONE_DAY
    zone = book.rules.company.report_zone
    shifts = book.workdays.shifts(day, day + 30 * ONE_DAY, zone)
    first = min(start for start, _ in shifts) if shifts else book.as_of
    ends = [end for start, end in shifts if start < first + ONE_DAY]
    return max([book.as_of + ONE_DAY, *ends])


def _listed(book: Book, rows: pd.DataFrame, order: list[str]) -> pd.DataFrame:
    """One row per lead, its most pressing step named and the others beside it."""
    sla, gone = promise(book), left(book)
    places = {name: place for place, name in enumerate(sla.names)}
    rows = rows.assign(place=rows["step"].map(places)).sort_values([*order, "place"])
    others = rows.groupby("lead_id")["step"].agg(lambda steps: ", ".join(steps.iloc[1:]))
    table = rows.drop_duplicates("lead_id").reset_index(drop=True)
    records = table.to_dict("records")
    table = table.assign(
        owner=table["owner"].fillna(NOBODY),
        reason=[_why_due(row, sla, gone) for row in records],
        deadline=book.local_times(table["due_at"]),
        rule=[rule_of(sla, row["step"], row["limit_hours"]) for row in records],
        also=table["lead_id"].map(others),
        captured_at=book.local_times(table["opened_at"]),
        account=table["account_name"],
    )
    return table[[*FIRST, "step", "also", "intent_level", "captured_at", *AROUND]]


def rule_of(sla: response.Sla, step: str, limit_hours: float) -> str:
    """The rule that a step's limit comes from, such as `[sla] response, high intent (2 h)`."""
    if step != response.RESPONSE:
        return f"[sla.steps] {step} ({limit_hours:g} h)"
    is_high = any(s.when is not None and s.hours == limit_hours for s in sla.of(step))
    return f"[sla] response{', high intent' if is_high else ''} ({limit_hours:g} h)"


def _why_due(row: dict[Any, Any], sla: response.Sla, gone: dict[str, str]) -> str:
    what = "No answer by a person" if row["step"] == response.RESPONSE else f"No {row['step']}"
    waited = fmt.hours(row["waited_hours"])
    if sla.clock == "business":
        waited = f"{fmt.number(row['waited_hours'], 1)} office hours"
    text = f"{what} after {waited}; {row['limit_hours']:g} h promised"
    if row["owner_id"] in gone:
        text += f"; the owner left on {gone[row['owner_id']]}"
    return f"{text}."


@remembered
def move_to_nurture(book: Book) -> pd.DataFrame:
    """Open leads that were tried often enough in vain, to be moved to the nurture pool (P02-R3).

    An attempt is what a person did and that reached nobody; whoever was reached once, even to
    refuse, is not on the list, nor is a lead that sales has accepted.

    Returns:
        Most attempts first, then those that have waited longest: those of `FIRST` (`deadline`:
        the attempt that should have been the last), then `attempts`, `last_attempt_at` (report
        zone) and those of `AROUND`. Empty where no outcomes of activities were supplied.
    """
    enough = book.rules.nurture.touches_before_pool
    rows = leads(book).rename(account="account_name")
    found = response.to_pool(rows, acts(book), touches=enough, keep=("owner", *AROUND))
    return found.assign(
        owner=found["owner"].fillna(NOBODY),
        reason=[f"Tried {n} times, never reached; {enough} are enough." for n in found["attempts"]],
        deadline=book.local_times(found["due_at"]),
        rule=f"[nurture] touches_before_pool = {enough}",
        last_attempt_at=book.local_times(found["last_attempt_at"]),
    )[[*FIRST, "attempts", "last_attempt_at", *AROUND]]
