"""What the chapter's figures say, from the tables they draw."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook import format as fmt
from playbook.chapters.onboarding.systems import LEVELS
from playbook.chapters.words import Words

if TYPE_CHECKING:
    import pandas as pd


def of_baseline(table: pd.DataFrame) -> Words:
    """For the funnel of all leads old enough to judge; see `growth.baseline_rates`."""
    last = table.iloc[-1]
    leads = table["count"].iloc[0]
    title = f"{fmt.rate(last['overall'], leads)} of leads become customers"
    if len(table) == 1:
        title = f"{fmt.number(leads)} leads; no later stage is recorded"
        return Words(title, "", title)
    weakest = table.iloc[1:].sort_values("rate").iloc[0]
    see = (
        f"The narrowest step is into {weakest['stage']}: {fmt.percent(weakest['rate'])} of the "
        "stage before. A narrow step is not yet a bad one: compare it with its own past."
    )
    later = table.iloc[1:][["stage", "rate", "n"]].itertuples(index=False)
    alt = "Baseline: " + ", ".join(f"{name} {fmt.rate(rate, n)}" for name, rate, n in later)
    return Words(title, see, alt)


def of_systems(table: pd.DataFrame) -> Words:
    """For how far the nine systems are built; see `maturity`."""
    running = table[table["level"] == LEVELS[3]]
    title = f"{len(running)} of {len(table)} systems show every sign of running"
    dark = table.loc[table["level"] == LEVELS[0], "system"]
    see = "Each bar is the share of a system's signs that hold."
    if len(dark):
        see += f" No data for: {', '.join(dark)}."
    signs = table[["system", "met", "asked"]].itertuples(index=False)
    alt = "Signs that hold: " + ", ".join(f"{s} {met} of {asked}" for s, met, asked in signs)
    return Words(title, see, alt)
