"""What the packages do with the same file: from touches in Parquet to credit by channel.

Each takes the folder of the two files and returns credit by channel. Packages that want path
strings get them from DuckDB, as their users would write them, and the time of it is theirs.
pychattr 0.2.1 is left out: it fails with pandas 3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

PATHS = """
SELECT path, sum(converted)::BIGINT AS conversions, sum(1 - converted)::BIGINT AS nulls
FROM (
    SELECT string_agg(t.channel, ' > ' ORDER BY t.touched_at, t.channel) AS path,
        (any_value(c.converted_at) IS NOT NULL)::INT AS converted
    FROM '{folder}/touches.parquet' t LEFT JOIN '{folder}/conversions.parquet' c USING (account_id)
    WHERE c.converted_at IS NULL OR t.touched_at <= c.converted_at
    GROUP BY t.account_id
)
GROUP BY path
"""
"""Distinct paths with the journeys that converted and that did not."""


def paths(folder: str) -> pd.DataFrame:
    import duckdb

    return duckdb.connect().execute(PATHS.format(folder=folder)).df()


def channel_attribution(folder: str, kind: str) -> dict[str, float]:
    import ChannelAttribution

    table = paths(folder)
    if kind == "heuristics":
        found = ChannelAttribution.heuristic_models(
            table, "path", "conversions", sep=">", flg_pro=False
        )
        return dict(zip(found["channel_name"].str.strip(), found["linear_touch"], strict=True))
    found = ChannelAttribution.markov_model(
        table, "path", "conversions", var_null="nulls", sep=">", verbose=False, flg_pro=False
    )
    return dict(zip(found["channel_name"].str.strip(), found["total_conversions"], strict=True))


def mam(folder: str, kind: str) -> dict[str, float]:
    import polars as pl
    from mam.core import MAM

    touches = pl.read_parquet(f"{folder}/touches.parquet")
    conversions = pl.read_parquet(f"{folder}/conversions.parquet")
    rows = touches.join(conversions, on="account_id", how="left").filter(
        pl.col("converted_at").is_null() | (pl.col("touched_at") <= pl.col("converted_at"))
    )
    rows = rows.with_columns(pl.col("converted_at").is_not_null().alias("converted"))
    model = MAM(
        df=rows.select("account_id", "touched_at", "channel", "converted"),
        format_type="session",
        channels_colname="channel",
        journey_with_conv_colname="converted",
        datetime_colname="touched_at",
        user_id_colname="account_id",
    )
    if kind == "heuristics":
        model.run_first_click()
        model.run_last_click()
        return _named(model.run_linear())
    if kind == "markov":
        return _named(model.run_markov(transition_to_same_state=True))
    return _named(model.run_shapley())


def _named(result: Any) -> dict[str, float]:
    table = result.to_pandas()
    names, credit = table.columns[:2]
    return dict(zip(table[names].astype(str), table[credit].astype(float), strict=True))


def mta(folder: str, kind: str) -> dict[str, float]:
    from mta import MTA

    table = paths(folder).rename(
        columns={"conversions": "total_conversions", "nulls": "total_null"}
    )
    table["exposure_times"] = ""
    model = MTA(table, allow_loops=True, add_timepoints=False, normalize_by_default=False)
    if kind == "heuristics":
        model.first_touch()
        model.last_touch()
        model.linear(share="proportional")
        return dict(model.attribution["linear"])
    if kind == "markov":
        model.markov(sim=False)
        return dict(model.attribution["markov"])
    model.shapley(max_coalition_size=8)
    return dict(model.attribution["shapley"])


PACKAGES: dict[str, tuple[Callable[[str, str], dict[str, float]], tuple[str, ...]]] = {
    "ChannelAttribution": (channel_attribution, ("heuristics", "markov")),
    "marketing_attribution_models": (mam, ("heuristics", "markov", "shapley")),
    "mta": (mta, ("heuristics", "markov", "shapley")),
}
"""How each is called, and what it can."""
