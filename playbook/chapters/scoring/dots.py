"""The chapter's tables as rows of its figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def as_odds(table: pd.DataFrame) -> pd.DataFrame:
    """The clear rows of `odds` for a forest: `name`, `value`, `low`, `high`, `n`; largest first."""
    clear = table[table["is_clear"]].sort_values("odds_ratio", ascending=False, kind="stable")
    against = clear["compared_with"].where(~clear["level"].str.contains("capture|deviation"), "")
    words = [f" ({other})" if other else "" for other in against]
    named = clear.assign(name=clear["factor"] + ": " + clear["level"] + words)
    named = named.rename(columns={"odds_ratio": "value", "odds_low": "low", "odds_high": "high"})
    return named[["name", "value", "low", "high", "n"]].reset_index(drop=True)


def as_tenths(table: pd.DataFrame) -> pd.DataFrame:
    """`deciles` as rows of a dot plot: the fitted score, the rules' points as a grey mark."""
    words = {1: "best tenth", 10: "last tenth"}
    named = table.assign(name=[words.get(int(i), f"tenth {i}") for i in table["decile"]])
    columns = {"sql_rate": "value", "sql_low": "low", "sql_high": "high", "rule_rate": "previous"}
    return named.rename(columns=columns)[["name", "value", "low", "high", "n", "previous"]]


def as_calibration(table: pd.DataFrame) -> pd.DataFrame:
    """`calibration` of the fitted score as a curve: `predicted`, `rate`, `low`, `high`, `n`."""
    own = table[table["score"] == "Fitted score"]
    return own[["predicted", "rate", "low", "high", "n"]].reset_index(drop=True)
