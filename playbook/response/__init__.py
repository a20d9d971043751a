"""The response SLA: what each lead is owed, when it was done, and what lateness goes with.

Works on a table of leads and a table of what was done for them, as pandas DataFrames or Ibis
tables of one engine. `Sla` holds every choice; `sla_of` reads it from `[sla]` of the rules.
"""

from __future__ import annotations

from playbook.response.actions import MISSED, REACHED, actions, openings
from playbook.response.attempts import to_pool
from playbook.response.clocks import STATES, clocks, only
from playbook.response.lateness import BANDS, Lateness, lateness
from playbook.response.settings import RESPONSE, Sla, Step, sla_of
from playbook.response.summary import breaches, summary, untouched

__all__ = [
    "BANDS",
    "MISSED",
    "REACHED",
    "RESPONSE",
    "STATES",
    "Lateness",
    "Sla",
    "Step",
    "actions",
    "breaches",
    "clocks",
    "lateness",
    "only",
    "openings",
    "sla_of",
    "summary",
    "to_pool",
    "untouched",
]
