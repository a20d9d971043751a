"""Figures: tidy tables in, matplotlib figures out, drawn for a page and for a phone.

Every title is the answer; every rate has its n; what is too young to judge is hatched.
"""

from __future__ import annotations

from playbook.report.plots.bars import bars, bullet, distribution, dot_interval, funnel_bars
from playbook.report.plots.calibration import calibration
from playbook.report.plots.canvas import Picture
from playbook.report.plots.flows import flow
from playbook.report.plots.grids import cohort_heatmap
from playbook.report.plots.lines import slopes, trend
from playbook.report.plots.look import PALETTE, REST, theme
from playbook.report.plots.odds import odds
from playbook.report.plots.panels import panels
from playbook.report.plots.rates import rate_grid

__all__ = [
    "PALETTE",
    "REST",
    "Picture",
    "bars",
    "bullet",
    "calibration",
    "cohort_heatmap",
    "distribution",
    "dot_interval",
    "flow",
    "funnel_bars",
    "odds",
    "panels",
    "rate_grid",
    "slopes",
    "theme",
    "trend",
]
