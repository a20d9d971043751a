"""Who should get which lead by `[routing]`: the rules in force, and what a change would do."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from playbook import conditions, response, routing
from playbook.book import remembered
from playbook.chapters.response.inputs import ENOUGH, NOBODY, clocks, leads
from playbook.chapters.response.words import plainly
from playbook.chapters.scoring import scores_at_capture
from playbook.conditions import Comparison, Joined
from playbook.errors import ParameterError, unknown

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from playbook.book import Book
    from playbook.conditions import Condition

QUARTER = timedelta(weeks=13)
"""How far back rules are tried: a quarter, with every weekday as often as the others."""

POINTS, BAND = "score.points", "score.band"


def no_routing(book: Book) -> list[str]:
    """What keeps leads from being routed by rule: what to supply or to write; empty for nothing."""
    rules = book.rules.routing
    if not rules.fallback:
        return ['[routing] in playbook.toml, such as fallback = "a team"']
    if missing := book.missing("staff.team"):
        return missing
    teams = set(book.table("staff").team.as_table().distinct().to_pandas()["team"].dropna())
    wanted = dict.fromkeys([*(rule.team for rule in rules.rules), rules.fallback])
    named = ", ".join(sorted(teams))
    return [
        f"people of {team} in staff, or one of its teams in [routing] ({named})"
        for team in wanted
        if team not in teams
    ]


def plan(book: Book) -> routing.Plan:
    """The plan that `[routing]` declares.

    Raises:
        ParameterError: It declares no fallback.
    """
    return routing.plan_of(book.rules.routing, book.workdays, book.rules.company.report_zone)


def to_route(book: Book) -> ir.Table:
    """`inputs.leads`, with the score at capture where a rule asks for it."""
    import ibis

    rows = leads(book)
    asked = {f for rule in book.rules.routing.rules for f in conditions.fields(rule.when)}
    if not asked & {POINTS, BAND}:
        return rows
    points = scores_at_capture(book)[["lead_id", "score", "band"]]
    scored = ibis.memtable(points).rename({"_lead": "lead_id", POINTS: "score", BAND: "band"})
    return rows.left_join(scored, rows.lead_id == scored["_lead"]).drop("_lead")


def quarter(book: Book) -> ir.Table:
    """`to_route` of the thirteen weeks before the Book's moment."""
    rows = to_route(book)
    return rows.filter(rows.created_at >= book.as_of - QUARTER)


@remembered
def routed(book: Book) -> pd.DataFrame:
    """The leads of the last thirteen weeks, who should have got each, and who has it.

    Returns:
        As `routing.assign`, with `recorded_owner`, `recorded_team` and `is_elsewhere` (whether
        the team on record is another one; false where none is).
    """
    rows = quarter(book)
    given = routing.assign(rows, plan(book), book.table("staff"))
    record = rows.select("lead_id", recorded_owner="owner", recorded_team="team").to_pandas()
    joined = given.merge(record, on="lead_id")
    elsewhere = joined["recorded_team"].notna() & (joined["recorded_team"] != joined["team"])
    return joined.assign(is_elsewhere=elsewhere)


@remembered
def rules_in_force(book: Book) -> pd.DataFrame:
    """The rules in order, and how many leads of the last thirteen weeks each takes.

    Returns:
        `place` (1, 2 …), `rule`, `takes` (its condition in words), `team`, `leads`, `elsewhere`
        (of them, on record with another team), `people` (of the team, there today), `busiest`
        (most leads that one of them would have got on a day).
    """
    import pandas as pd

    own, given = plan(book), routed(book)
    there = _there(book)
    rows = [(r.name, plainly(r.when), r.team) for r in own.rules]
    rows.append((routing.FALLBACK, "what no rule takes", own.fallback))
    table = pd.DataFrame(rows, columns=["rule", "takes", "team"])
    counted = given.groupby("rule").agg(
        leads=("lead_id", "size"), elsewhere=("is_elsewhere", "sum")
    )
    table = table.join(counted, on="rule").fillna({"leads": 0, "elsewhere": 0})
    table = table.astype({"leads": int, "elsewhere": int})
    table["people"] = table["team"].map(there["team"].value_counts()).fillna(0).astype(int)
    busiest = routing.load(given).dropna(subset=["owner"]).groupby("team")["busiest"].max()
    table["busiest"] = table["team"].map(busiest).fillna(0).astype(int)
    table.insert(0, "place", range(1, len(table) + 1))
    return table


def _there(book: Book) -> pd.DataFrame:
    staff: pd.DataFrame = book.table("staff").to_pandas()
    return staff[~staff["staff_id"].isin(left(book))]


def left(book: Book) -> dict[str, str]:
    """Who has left the company by the Book's moment: `staff_id` and their last day, in words."""
    import pandas as pd

    from playbook import format as fmt

    if not book.has("staff.left_on"):
        return {}
    staff = book.table("staff").select("staff_id", "left_on").to_pandas().dropna()
    today = pd.Timestamp(book.local(book.as_of).date())
    gone = staff[pd.to_datetime(staff["left_on"]) <= today]
    return {row.staff_id: fmt.date(row.left_on) for row in gone.itertuples()}


def names(book: Book) -> dict[str, str]:
    """The name of everybody in staff who has one, by `staff_id`."""
    if not book.has("staff.name"):
        return {}
    staff = book.table("staff").select("staff_id", "name").to_pandas().dropna()
    return dict(zip(staff["staff_id"], staff["name"], strict=True))


@remembered
def elsewhere(book: Book) -> pd.DataFrame:
    """Where the record and the rules disagree about the team, last thirteen weeks.

    Returns:
        `by_rule`, `recorded`, `leads`; most first. Leads without a team on record are left out.
    """
    given = routed(book)
    given = given[given["is_elsewhere"]]
    counted = given.groupby(["team", "recorded_team"]).size().reset_index(name="leads")
    counted.columns = ["by_rule", "recorded", "leads"]
    return counted.sort_values(
        ["leads", "by_rule", "recorded"], ascending=[False, True, True], ignore_index=True
    )


@remembered
def past_answers(book: Book) -> pd.DataFrame:
    """How the teams answered in the last thirteen weeks: `team`, `state`, `hours`."""
    rows = clocks(book)
    rows = rows.filter(rows.step == response.RESPONSE, rows.opened_at >= book.as_of - QUARTER)
    found: pd.DataFrame = rows.select("team", "state", "hours").to_pandas()
    return found


@remembered
def slowest_team(book: Book) -> str:
    """The team of the rules that answered least in time in the last thirteen weeks; "" for none.

    Only teams that a plan can do without count: not the fallback, and none with few answers due.
    """
    known = past_answers(book)
    known = known[known["team"].notna() & (known["state"] != "pending")]
    own = plan(book)
    teams = {rule.team for rule in own.rules} - {own.fallback}
    shares = known["state"].eq("met").groupby(known["team"]).agg(["mean", "size"])
    shares = shares[shares.index.isin(teams) & (shares["size"] >= ENOUGH)]
    return "" if shares.empty else str(shares.sort_index()["mean"].idxmin())


def changed(
    own: routing.Plan,
    *,
    without: str = "",
    score: float | None = None,
    capacity: int | None = None,
) -> routing.Plan:
    """A plan with something changed.

    Args:
        own: The plan.
        without: Team that gets no more leads: its rules go, and later ones or the fallback take
            what they took.
        score: The points that every rule on `score.points` asks for instead.
        capacity: Leads that a person takes a day.

    Raises:
        ParameterError: No rule has that team or names a score, or the team is the fallback.
    """
    rules = own.rules
    if without:
        teams = list(dict.fromkeys(rule.team for rule in rules))
        if without == own.fallback:
            raise ParameterError(f"{without} is the fallback: a plan cannot do without it.")
        if without not in teams:
            raise ParameterError(unknown("team of a rule", without, teams))
        rules = tuple(rule for rule in rules if rule.team != without)
    if score is not None:
        moved = tuple(rule._replace(when=_at_score(rule.when, score)) for rule in rules)
        if not any(POINTS in conditions.fields(rule.when) for rule in rules):
            raise ParameterError("no rule names score.points: there is no score to change.")
        rules = moved
    limit = own.capacity_per_day if capacity is None else capacity
    return replace(own, rules=rules, capacity_per_day=limit)


def _at_score(condition: Condition, score: float) -> Condition:
    if isinstance(condition, Comparison):
        return replace(condition, value=score) if condition.field == POINTS else condition
    return Joined(condition.how, tuple(_at_score(part, score) for part in condition.parts))


@remembered
def what_if(
    book: Book, *, without: str = "", score: float | None = None, capacity: int | None = None
) -> routing.DryRun:
    """What a changed plan would have done to the leads of the last thirteen weeks.

    Args:
        book: The Book.
        without: As in `changed`.
        score: As in `changed`.
        capacity: As in `changed`.

    Returns:
        See `routing.DryRun`; the teams' past is how they answered in the same weeks.

    Raises:
        ParameterError: As `changed`.
    """
    now = plan(book)
    new = changed(now, without=without, score=score, capacity=capacity)
    return routing.dry_run(quarter(book), now, new, book.table("staff"), past_answers(book))


def loads(book: Book, run: routing.DryRun) -> pd.DataFrame:
    """Leads per person under both plans, with names.

    Returns:
        `owner`, `team`, `leads_now`, `leads_new`, `change`, `busiest_now`, `busiest_new`; by team.
    """
    staff = book.table("staff").select("staff_id", "team").to_pandas()
    teams = dict(zip(staff["staff_id"], staff["team"], strict=True))
    known = names(book)
    table = run.load.assign(
        team=run.load["owner"].map(teams).fillna(NOBODY),
        owner=[known.get(person, person) for person in run.load["owner"]],
    )
    table = table.sort_values(["team", "owner"], ignore_index=True)
    return table[["owner", "team", *run.load.columns[1:]]]
