"""How many leads have no known origin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.data.checks.problems import Collector, Kind

if TYPE_CHECKING:
    import duckdb


def check(con: duckdb.DuckDBPyConnection, limit: float, problems: Collector) -> None:
    """Report the share of leads whose channel is empty or not in table `channel`."""
    row = con.execute(
        """SELECT count(*), count(*) FILTER (WHERE l.channel_id IS NULL),
            count(*) FILTER (WHERE l.channel_id IS NOT NULL AND c.channel_id IS NULL)
        FROM clean.lead AS l LEFT JOIN clean.channel AS c USING (channel_id)"""
    ).fetchone()
    leads, empty, unknown = row or (0, 0, 0)
    if not leads or not empty + unknown:
        return
    share = (empty + unknown) / leads
    kind = Kind(
        "flag" if share > limit else "note", "unmapped-channel", "lead", "channel_id",
        f"{share:.1%} of the leads ({empty + unknown} of {leads}) have no known channel: {empty} "
        f"are empty, {unknown} name one that is not in channel (渠道); up to {limit:.0%} is usual",
        "map their names in [sources.<name>.values.channel_id], or add them to channel; "
        "empty ones are shown as no origin",
    )  # fmt: skip
    problems.add(kind, count=empty + unknown)
