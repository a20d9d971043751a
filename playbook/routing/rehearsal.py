"""What a changed plan would have done to past leads: who gets what, load, response time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from playbook.errors import ParameterError, unknown
from playbook.format import div
from playbook.routing.assign import assign, load

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from playbook.routing.assign import Rows
    from playbook.routing.plan import Plan

    Array = np.ndarray[Any, Any]

ASSUMPTION = (
    "Assumes that each team goes on answering as it did, whichever leads it gets and however many; "
    "a team that gets more leads will hardly answer as fast as before."
)


class DryRun(NamedTuple):
    """Two plans on the same leads.

    Attributes:
        leads: One row per lead: `lead_id`, `created_at`, and `rule`, `team`, `owner` under
            either plan (`_now`, `_new`), `moved` (whether the team changes).
        flows: How many leads go from which team to which: `team_now`, `team_new`, `leads`.
        load: One row per person: `owner`, `leads_now`, `leads_new`, `change`, `busiest_now`,
            `busiest_new` (most leads on one day).
        response: Two rows, `plan` (now, new): `leads` (with a team whose past is known),
            `unknown` (without), `in_time` (expected share), `median_hours` (missing where half
            are never answered).
        change: Expected share in time under the new plan less that under the old one.
        low: Lower end of its 95 % interval: how far the teams' past shares are known.
        high: Its upper end.
        notes: What to say beside it.
    """

    leads: pd.DataFrame
    flows: pd.DataFrame
    load: pd.DataFrame
    response: pd.DataFrame
    change: float
    low: float
    high: float
    notes: tuple[str, ...]


def dry_run(leads: Rows, now: Plan, new: Plan, staff: Rows, past: Rows) -> DryRun:
    """What the new plan would have done to past leads, beside the present one.

    Both plans are run from their beginning over the same leads, so that the difference is theirs.

    Args:
        leads: As for `assign`.
        now: The plan in force.
        new: The plan proposed.
        staff: As for `assign`.
        past: How the teams answered: `team`, `state` (met, late, overdue; pending is left out)
            and `hours` (missing where there was no answer), such as the response step of
            `response.clocks`.

    Returns:
        See `DryRun`. The expected share in time is each team's own past share, weighted by the
        leads it would get; the median that of its past hours, never answered counting as longest.

    Raises:
        ParameterError: As `assign`, or a column of `past` is missing.
    """
    import ibis

    known = past.to_pandas() if isinstance(past, ibis.Table) else past
    for name in ("team", "state", "hours"):
        if name not in known.columns:
            raise ParameterError(unknown("column of past", name, list(known.columns)))
    known = known[known["team"].notna() & (known["state"] != "pending")]
    either = {"now": assign(leads, now, staff), "new": assign(leads, new, staff)}
    both = _both(either)
    change, low, high = _change(either, known)
    return DryRun(
        leads=both,
        flows=_flows(both),
        load=_loads(either),
        response=_responses(either, known),
        change=change,
        low=low,
        high=high,
        notes=_notes(either, known),
    )


def _both(either: dict[str, pd.DataFrame]) -> pd.DataFrame:
    parts: list[pd.DataFrame | pd.Series[Any]] = [
        table.set_index("lead_id")[["rule", "team", "owner"]].add_suffix(f"_{plan}")
        for plan, table in either.items()
    ]
    joined = either["now"][["lead_id", "created_at"]].set_index("lead_id").join(parts)
    return joined.assign(moved=joined["team_now"] != joined["team_new"]).reset_index()


def _flows(both: pd.DataFrame) -> pd.DataFrame:
    counted = both.groupby(["team_now", "team_new"], as_index=False).agg(leads=("lead_id", "size"))
    return counted.sort_values(
        ["leads", "team_now", "team_new"], ascending=[False, True, True], ignore_index=True
    )


def _loads(either: dict[str, pd.DataFrame]) -> pd.DataFrame:
    now, new = (load(either[plan]).dropna(subset=["owner"]) for plan in ("now", "new"))
    columns = ["owner", "leads", "busiest"]
    joined = now[columns].merge(new[columns], on="owner", how="outer", suffixes=("_now", "_new"))
    counts = ["leads_now", "leads_new", "busiest_now", "busiest_new"]
    joined[counts] = joined[counts].fillna(0).astype(int)
    joined["change"] = joined["leads_new"] - joined["leads_now"]
    ordered = ["owner", "leads_now", "leads_new", "change", "busiest_now", "busiest_new"]
    return joined.sort_values("owner", ignore_index=True)[ordered]


def _weights(assigned: pd.DataFrame, past: pd.DataFrame) -> pd.Series[Any]:
    """Leads per team, of the teams whose past is known, that somebody got."""
    owned = assigned[assigned["owner"].notna()]
    return owned["team"].value_counts().reindex(sorted(past["team"].unique()), fill_value=0)


def _responses(either: dict[str, pd.DataFrame], past: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    in_time = past["state"].eq("met").groupby(past["team"]).mean()
    rows = []
    for plan, assigned in either.items():
        weights = _weights(assigned, past)
        n = int(weights.sum())
        share = div(float((weights * in_time).sum()), n)
        rows.append([plan, n, len(assigned) - n, share, _median(past, weights)])
    columns = ["plan", "leads", "unknown", "in_time", "median_hours"]
    return pd.DataFrame(rows, columns=columns)


def _median(past: pd.DataFrame, weights: pd.Series[Any]) -> float:
    """The median of the teams' past hours, each team as often as it would get leads."""
    import math

    import numpy as np

    sizes = past["team"].value_counts()
    mass = past["team"].map(weights / sizes).to_numpy(float)
    hours = past["hours"].fillna(math.inf).to_numpy(float)
    if not mass.sum():
        return math.nan
    order = np.argsort(hours, kind="stable")
    passed = np.cumsum(mass[order])
    found = float(hours[order][np.searchsorted(passed, passed[-1] / 2)])
    return found if math.isfinite(found) else math.nan


def _change(either: dict[str, pd.DataFrame], past: pd.DataFrame) -> tuple[float, float, float]:
    """Difference of the expected shares, with its interval from the teams' past counts."""
    import math

    now, new = (_weights(either[plan], past) for plan in ("now", "new"))
    if not now.sum() or not new.sum():
        return math.nan, math.nan, math.nan
    met = past["state"].eq("met").groupby(past["team"])
    share, n = met.mean(), met.size()
    moved = new / new.sum() - now / now.sum()
    # Agresti and Coull: two answers added either way, so that a share of 0 or 1 is not certain.
    eased = (share * n + 2) / (n + 4)
    error = math.sqrt(float((moved**2 * eased * (1 - eased) / (n + 4)).sum()))
    change = float((moved * share).sum())
    return change, change - 1.959964 * error, change + 1.959964 * error


def _notes(either: dict[str, pd.DataFrame], past: pd.DataFrame) -> tuple[str, ...]:
    notes = [ASSUMPTION]
    for plan, assigned in either.items():
        unowned = int(assigned["owner"].isna().sum())
        if unowned:
            notes.append(f"Under the plan {plan}, nobody is free for {unowned} leads.")
        teams = sorted(set(assigned["team"]) - set(past["team"]))
        if teams:
            shown = ", ".join(teams)
            notes.append(f"Nothing is known of how {shown} answers: left out of the plan {plan}.")
    return tuple(notes)
