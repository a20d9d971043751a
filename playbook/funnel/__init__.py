"""The funnel: how many entities enter each stage, how many go on, how fast, and who they are.

Works on any event table with an entity, a stage and a time, as a pandas DataFrame or an Ibis
table of any engine; what is heavy runs there. `Funnel` holds every choice that decides who is
counted; each cohort names them in `attrs["counted"]`.
"""

from __future__ import annotations

from playbook.funnel.clock import days_between, durations, moves, times, to_reach
from playbook.funnel.compare import against_rest, differences
from playbook.funnel.drill import rows
from playbook.funnel.engine import expression, sql
from playbook.funnel.estimates import conversion_at, conversion_curve, expected_won
from playbook.funnel.rates import cohort, flow
from playbook.funnel.settings import Funnel
from playbook.funnel.stepwise import steps
from playbook.intervals import wilson

__all__ = [
    "Funnel",
    "against_rest",
    "cohort",
    "conversion_at",
    "conversion_curve",
    "days_between",
    "differences",
    "durations",
    "expected_won",
    "expression",
    "flow",
    "moves",
    "rows",
    "sql",
    "steps",
    "times",
    "to_reach",
    "wilson",
]
