"""Routing: which team gets a lead by which rule, who of it is next, and what a change would do.

Works on a table of leads with a column `table.column` for each field that a rule names, as a
pandas DataFrame or an Ibis table. `Plan` holds every choice; `plan_of` reads it from `[routing]`.
"""

from __future__ import annotations

from playbook.routing.assign import assign, load, matches
from playbook.routing.plan import FALLBACK, Leave, Plan, Rule, plan_of
from playbook.routing.rehearsal import ASSUMPTION, DryRun, dry_run

__all__ = [
    "ASSUMPTION",
    "FALLBACK",
    "DryRun",
    "Leave",
    "Plan",
    "Rule",
    "assign",
    "dry_run",
    "load",
    "matches",
    "plan_of",
]
