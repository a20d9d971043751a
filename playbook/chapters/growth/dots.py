"""The chapter's tables as the rows of dot plots: `name`, `value`, `low`, `high`, `n`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook import funnel
from playbook.format import div

if TYPE_CHECKING:
    import pandas as pd


def as_dots(changes: pd.DataFrame) -> pd.DataFrame:
    """`fair_changes` as rows of a dot plot: this period with its interval, the base beside it."""
    low, high = funnel.wilson(changes["converted"], changes["n"])
    return changes.assign(
        name=changes["step"],
        value=changes["rate"],
        low=low,
        high=high,
        previous=changes["base_rate"],
        emphasis=changes["is_news"],
    )[["name", "value", "low", "high", "n", "previous", "emphasis"]]


def as_rates(table: pd.DataFrame, by: str) -> pd.DataFrame:
    """`response_by` as rows of a dot plot."""
    named = table.rename(columns={by: "name", "rate": "value"}).assign(n=table["due"])
    return named[["name", "value", "low", "high", "n"]]


def as_won(table: pd.DataFrame, by: str) -> pd.DataFrame:
    """`won_by` as rows of a dot plot; empty values are named."""
    columns = {by: "name", "won_rate": "value", "won_low": "low", "won_high": "high"}
    named = table.rename(columns=columns).assign(n=table["leads_followed"])
    return named.assign(name=named["name"].fillna("not recorded"))[
        ["name", "value", "low", "high", "n"]
    ]


def share_won(table: pd.DataFrame) -> float:
    """The share won of all leads that `won_by` followed."""
    return div(table["won_so_far"].sum(), table["leads_followed"].sum())
