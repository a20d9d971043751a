"""Figures: tidy tables in, matplotlib figures out, drawn for a page and for a phone.

Every title is the answer; every rate has its n; what is too young to judge is hatched.
"""

from __future__ import annotations

from playbook.report.plots.bars import bars, bullet, distribution, dot_interval, funnel_bars
from playbook.report.plots.calibration import calibration
from playbook.report.plots.canvas import Picture
from playbook.report.plots.effect_by_day import effect_by_day
from playbook.report.plots.flows import flow
from playbook.report.plots.forest import forest
from playbook.report.plots.grids import cohort_heatmap
from playbook.report.plots.heatmap import heatmap
from playbook.report.plots.journey_flow import journey_flow
from playbook.report.plots.lines import slopes, trend
from playbook.report.plots.look import PALETTE, REST, theme
from playbook.report.plots.models import model_dots
from playbook.report.plots.odds import odds
from playbook.report.plots.pairs import share_pairs, times_pairs
from playbook.report.plots.panels import panels
from playbook.report.plots.paths import paths
from playbook.report.plots.peeking_paths import peeking_paths
from playbook.report.plots.power_curve import power_curve
from playbook.report.plots.rates import rate_grid
from playbook.report.plots.verdict_grid import verdict_grid

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
    "effect_by_day",
    "flow",
    "forest",
    "funnel_bars",
    "heatmap",
    "journey_flow",
    "model_dots",
    "odds",
    "panels",
    "paths",
    "peeking_paths",
    "power_curve",
    "rate_grid",
    "share_pairs",
    "slopes",
    "theme",
    "times_pairs",
    "trend",
    "verdict_grid",
]
