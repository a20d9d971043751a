"""How long `import playbook` takes beyond Python, and a cached Book beyond its imports.

python -m benchmarks.startup
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time

ROUNDS = 9
OPEN = """
import sys, time
import duckdb, ibis, pandas, pydantic
import playbook.book, playbook.data.rules, playbook.data.sources
ibis.duckdb.connect()
began = time.perf_counter()
book = playbook.book.open_book("sample", "2026-10")
book.sql("SELECT count(*) FROM lead_journey")
print(time.perf_counter() - began)
"""


def seconds(code: str) -> float:
    """Median wall time of a fresh interpreter that runs `code`."""
    taken = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def told(code: str) -> float:
    """Median of what fresh interpreters print of themselves."""
    command = [sys.executable, "-W", "ignore", "-c", code]
    runs = [
        subprocess.run(command, check=True, capture_output=True, text=True) for _ in range(ROUNDS)
    ]
    return statistics.median(float(run.stdout) for run in runs)


def main() -> None:
    import os

    with tempfile.TemporaryDirectory(prefix="playbook-benchmark-") as folder:
        os.environ["PLAYBOOK_CACHE"] = folder
        subprocess.run(
            [sys.executable, "-W", "ignore", "-c", OPEN], check=True, capture_output=True
        )
        extra = seconds("import playbook") - seconds("pass")
        print(f"import playbook        {extra:6.3f} s beyond Python, aim 0.1 or less")
        print(f"opening a cached Book  {told(OPEN):6.3f} s beyond imports, aim 0.3 or less")


if __name__ == "__main__":
    main()
