"""Load, check and freeze a company as Parquet, against DuckDB copying the same files.

Each run is a process of its own; the files are in the page cache for both.

    python -m benchmarks.load [--scale 100]
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from benchmarks import process

PLAIN = """
import sys, duckdb
from pathlib import Path
folder, out = map(Path, sys.argv[1:])
with duckdb.connect(out) as con:
    con.execute("SET enable_progress_bar = false")
    for file in sorted(folder.glob("*.parquet")):
        con.execute(f'CREATE TABLE "{file.stem}" AS SELECT * FROM read_parquet($1)', [str(file)])
"""
OURS = """
import sys
from pathlib import Path
from playbook.book import freeze
folder, out = map(Path, sys.argv[1:])
freeze(folder, out)
"""
MAKE = """
import sys
from pathlib import Path
from playbook.data import sample
sample.write(Path(sys.argv[1]), scale=int(sys.argv[2]), format="parquet")
"""
COUNT = "SELECT sum(num_rows) FROM parquet_file_metadata($1)"


def measure(scale: int, folder: Path) -> None:
    """Both ways at one size."""
    import duckdb

    data = folder / f"company{scale}"
    process.code(MAKE, data, scale)
    rows = duckdb.execute(COUNT, [str(data / "*.parquet")]).fetchone()[0]
    plain = process.code(PLAIN, data, folder / f"plain{scale}.duckdb")
    ours = process.code(OURS, data, folder / f"book{scale}.duckdb")
    print(f"\n{rows:,} rows ({scale} × the sample)")
    print(f"{'':26}{'wall s':>8}{'CPU s':>8}{'rows/s':>12}{'peak MB':>9}")
    for name, taken in (("CREATE TABLE AS SELECT", plain), ("load, check and freeze", ours)):
        rate = rows / taken.wall_s
        print(f"{name:26}{taken.wall_s:8.1f}{taken.cpu_s:8.1f}{rate:12,.0f}{taken.peak_mb:9,.0f}")
    print(f"ratio {ours.wall_s / plain.wall_s:.1f} wall, {ours.cpu_s / plain.cpu_s:.1f} CPU")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=int, nargs="+", default=[10, 100])
    with tempfile.TemporaryDirectory(prefix="playbook-benchmark-") as name:
        for scale in parser.parse_args().scale:
            measure(scale, Path(name))


if __name__ == "__main__":
    main()
