"""What a notebook shows: every function returns one block, escaped, without scripts.

In a review the same calls also leave tables, worklists, findings, the headline and cockpit rows
in the folder that `PLAYBOOK_COLLECT` names (see `playbook.report.show.collect`).
"""

from __future__ import annotations

from playbook.report.show.documents import document
from playbook.report.show.figures import figure, svg
from playbook.report.show.html import Html, Settings, Shown, configure, humanised, settings
from playbook.report.show.marks import bullet, sparkline
from playbook.report.show.metrics import (
    LAYERS,
    change_html,
    cockpit_html,
    cockpit_rows,
    metrics,
)
from playbook.report.show.styles import css, style
from playbook.report.show.tables import definitions, table, worklist
from playbook.report.show.texts import (
    LEVEL_WORDS,
    blocks,
    code,
    finding_html,
    findings,
    headline,
    missing,
    note,
    sop,
)

__all__ = [
    "LAYERS",
    "LEVEL_WORDS",
    "Html",
    "Settings",
    "Shown",
    "blocks",
    "bullet",
    "change_html",
    "cockpit_html",
    "cockpit_rows",
    "code",
    "configure",
    "css",
    "definitions",
    "document",
    "figure",
    "finding_html",
    "findings",
    "headline",
    "humanised",
    "metrics",
    "missing",
    "note",
    "settings",
    "sop",
    "sparkline",
    "style",
    "svg",
    "table",
    "worklist",
]
