"""Touches and conversions of a made-up company as two Parquet files; always the same.

Eight channels, four touches in the mean, one journey in twenty converts. A journey's length is
geometric, its touches are days apart, and later touches come from the channels that close.

    python -m benchmarks.attribution_made FOLDER [TOUCHES] [CHANNELS]
"""

from __future__ import annotations

import sys
from pathlib import Path

MEAN = 4
CONVERTED = 0.05
DAYS = 365


def statements(folder: Path, touches: int, channels: int) -> list[str]:
    """What writes `touches.parquet` and `conversions.parquet` into a folder."""
    entities = touches // MEAN
    return [
        f"""
        CREATE OR REPLACE TEMP TABLE journey AS
        SELECT i, {_account("i")} AS account_id, hash(i * 8 + 1) % ({DAYS} * 86400) AS began,
          least(40, 1 + floor(ln(1 - {_share("i", 2)}) / ln(1 - 1.0 / {MEAN})))::INT AS size,
          {_share("i", 3)} < {CONVERTED} AS converted
        FROM range({entities}) AS numbers(i)
        """,
        f"""
        COPY (
          SELECT account_id, {_moment("began + step * 90000 + hash(k * 8 + 4) % 80000")}
              AS touched_at,
            'channel ' || lpad(
              floor(pow({_share("k", 5)}, CASE WHEN step * 2 < size THEN 1.6 ELSE 0.8 END)
                * {channels})::INT::VARCHAR, 3, '0') AS channel
          FROM (SELECT *, i * 64 + step AS k
            FROM (SELECT *, unnest(range(size)) AS step FROM journey))
          ORDER BY touched_at
        ) TO '{folder / "touches.parquet"}' (FORMAT parquet)
        """,
        f"""
        COPY (
          SELECT 'O' || lpad(i::VARCHAR, 9, '0') AS conversion_id, account_id,
            {_moment("began + size * 90000")} AS converted_at,
            (100 + hash(i * 8 + 6) % 9900000 / 100.0)::DECIMAL(18, 2) AS value,
            {_moment("began + size * 90000 // 3")} AS lead_at,
            {_moment("began + size * 90000 * 2 // 3")} AS opportunity_at
          FROM journey WHERE converted ORDER BY converted_at
        ) TO '{folder / "conversions.parquet"}' (FORMAT parquet)
        """,
    ]


def _account(row: str) -> str:
    return f"'A' || lpad({row}::VARCHAR, 9, '0')"


def _share(row: str, salt: int) -> str:
    """A number from 0 to 1 of a row."""
    return f"(hash({row} * 8 + {salt}) % 1000003 / 1000003.0)"


def _moment(seconds: str) -> str:
    return f"(TIMESTAMP '2024-01-01' + to_seconds(({seconds})::BIGINT))"


def make(folder: Path, touches: int, channels: int = 8) -> None:
    """Write the files; there are about as many touches as asked for."""
    import duckdb

    folder.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as con:
        con.execute("SET enable_progress_bar = false")
        for statement in statements(folder, touches, channels):
            con.execute(statement)


if __name__ == "__main__":
    make(Path(sys.argv[1]), *(int(number) for number in sys.argv[2:]))
