"""Marketing money: what a lead, a customer and a return cost, and where more would bring more.

Tables in, tidy tables out; money is in units of one currency, already converted. Small tables:
whoever has many rows adds them up in the engine first.
"""

from __future__ import annotations

from playbook.economics.allocate import DIRECT, UNALLOCATED, allocate, apportion
from playbook.economics.payback import Usual, payback, payback_curves, usual
from playbook.economics.plan import TESTS, by_verdict
from playbook.economics.reallocate import DRAWS, SEED, Plan, best, bounds, marginal, reallocate
from playbook.economics.reported import beside
from playbook.economics.response_curves import Curve, Demands, assumed, fit_curve, weeks_to_know
from playbook.economics.returns import returns
from playbook.economics.unit_costs import FEW, poisson_interval, unit_costs
from playbook.economics.verdicts import Yardstick, judge, lines

__all__ = [
    "DIRECT",
    "DRAWS",
    "FEW",
    "SEED",
    "TESTS",
    "UNALLOCATED",
    "Curve",
    "Demands",
    "Plan",
    "Usual",
    "Yardstick",
    "allocate",
    "apportion",
    "assumed",
    "beside",
    "best",
    "bounds",
    "by_verdict",
    "fit_curve",
    "judge",
    "lines",
    "marginal",
    "payback",
    "payback_curves",
    "poisson_interval",
    "reallocate",
    "returns",
    "unit_costs",
    "usual",
    "weeks_to_know",
]
