"""What an answer brings in: a process that asks one question is mostly imports."""

from __future__ import annotations

import subprocess
import sys

import duckdb
import pytest

HEAVY = ("statsmodels", "seaborn", "matplotlib", "scipy.stats", "scipy.optimize")
TABLES = ("pandas", "pyarrow", "ibis", "polars")
NUMBERS = ("numpy", "scipy", "duckdb")

IMPORT = "from playbook import abtest"
ANSWERS = """
import duckdb
from playbook import abtest

metrics = [
    abtest.Proportion("converted"),
    abtest.Mean("revenue", name="plain"),
    abtest.Mean("revenue", covariates=("before",)),
]
arms = abtest.units(duckdb.read_parquet(FILE), metrics, control="A")
print(abtest.split(arms), abtest.compare(arms, metrics), sep="\\n")
"""
PLAN = """
from playbook import abtest

print(abtest.sample_size(0.2, 0.01), abtest.power(0.2, 0.01, n=10_000), sep="\\n")
"""


def loaded(code: str, names: tuple[str, ...]) -> list[str]:
    """Which of the modules a fresh interpreter has after running `code`."""
    ends = f"\nimport sys\nprint([name for name in {names!r} if name in sys.modules])"
    command = [sys.executable, "-c", code + ends]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return [name for name in names if repr(name) in done.stdout.splitlines()[-1]]


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "units.parquet"
    duckdb.sql(
        "SELECT CASE i % 2 WHEN 0 THEN 'A' ELSE 'B' END AS arm, (i % 7 < 2)::INT AS converted, "
        "ln(1 + i % 11) AS revenue, i % 11 + i % 3 AS before FROM range(1000) AS t(i)"
    ).write_parquet(str(path))
    return path


def test_importing_the_package_loads_no_library():
    assert loaded(IMPORT, HEAVY + TABLES + NUMBERS) == []


def test_four_answers_from_a_file_load_no_statistics_package_and_no_tables(file):
    code = ANSWERS.replace("FILE", repr(str(file)))
    assert loaded(code, HEAVY + TABLES) == []
    assert loaded(code, NUMBERS) == list(NUMBERS)


def test_planning_loads_no_statistics_package_and_no_tables():
    assert loaded(PLAN, HEAVY + TABLES) == []


def test_what_is_loaded_is_seen():
    assert loaded(f"{IMPORT}\nimport statsmodels.stats.proportion", HEAVY)[0] == "statsmodels"
