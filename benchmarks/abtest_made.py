"""Units of a made-up test as a Parquet file; always the same.

Two arms of about half the units each, a binary metric, a revenue metric and the revenue before
the test, which correlates with it by about 0.8. The true effects shrink with the number of units,
so that a test of any size is about equally sure.

    python -m benchmarks.abtest_made FOLDER [UNITS]
"""

from __future__ import annotations

import math
import sys
from pathlib import Path

BASELINE = 0.1
SURE = 2.0
"""Standard errors that the true effects are apart from none."""


def statement(folder: Path, units: int) -> str:
    """What writes `units.parquet` into a folder."""
    error = SURE * 2 / math.sqrt(units)
    more = error * math.sqrt(BASELINE * (1 - BASELINE))
    return f"""
        COPY (
          SELECT CASE WHEN treated THEN 'B' ELSE 'A' END AS arm,
            ({_share(3)} < {BASELINE} + {more!r} * treated::INT)::INT AS converted,
            round(exp(3 + 0.7 * person + 0.3 * {_normal(4)}) * (1 + {error!r} * treated::INT), 2)
              AS revenue,
            round(exp(3 + 0.7 * person + 0.3 * {_normal(6)}), 2) AS before
          FROM (
            SELECT i, {_share(0)} < 0.5 AS treated, {_normal(1)} AS person
            FROM range({units}) AS numbers(i)
          )
        ) TO '{folder / "units.parquet"}' (FORMAT parquet)
    """


def _share(salt: int) -> str:
    """A number above 0 and up to 1 of a row."""
    return f"((hash(i * 8 + {salt}) % 1000003 + 1) / 1000003.0)"


def _normal(salt: int) -> str:
    """A normal deviate of a row, by Box and Muller."""
    return f"(sqrt(-2 * ln({_share(salt)})) * cos(2 * pi() * {_share(salt + 1)}))"


def make(folder: Path, units: int) -> None:
    """Write the file."""
    import duckdb

    folder.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as con:
        con.execute("SET enable_progress_bar = false")
        con.execute(statement(folder, units))


if __name__ == "__main__":
    make(Path(sys.argv[1]), *(int(number) for number in sys.argv[2:]))
