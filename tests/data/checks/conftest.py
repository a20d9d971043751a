"""A small company without a fault, and ways to stage and check it."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from playbook.data import checks, rules, schema
from playbook.data.checks import columns, words
from playbook.data.checks.sqltext import ident
from playbook.data.sources import SourceFile, Staged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime
    from pathlib import Path

    import pandas as pd

    from playbook.data.rules import Rules

Tables = dict[str, list[dict[str, Any]]]

GOOD: Tables = {
    "account": [
        {"account_id": "A1", "account_name": "晨光科技有限公司", "domain": "chenguang.cn",
         "credit_code": "91440300MA5D000001", "parent_account_id": "", "created_at": "2026-01-05"},
        {"account_id": "A2", "account_name": "远山制造股份有限公司", "domain": "yuanshan.com",
         "credit_code": "91440300MA5D000002", "parent_account_id": "", "created_at": "2026-01-06"},
    ],
    "person": [
        {"person_id": "P1", "account_id": "A1", "full_name": "王小明", "email": "wang@chenguang.cn",
         "mobile": "13900001111", "created_at": "2026-01-05"},
        {"person_id": "P2", "account_id": "A2", "full_name": "Li Na", "email": "lina@qq.com",
         "mobile": "13900002222", "created_at": "2026-01-06"},
    ],
    "lead": [
        {"lead_id": "L1", "created_at": "2026-02-01 10:00", "person_id": "P1", "account_id": "A1",
         "channel_id": "c1", "status": "已转商机", "need_clarity": "2", "pain_point": "手工太慢",
         "owner_id": "S1", "assigned_at": "2026-02-01 11:00", "merged_into_lead_id": ""},
        {"lead_id": "L2", "created_at": "2026-02-02 10:00", "person_id": "P2", "account_id": "A2",
         "channel_id": "c1", "status": "new", "need_clarity": "1", "pain_point": "",
         "owner_id": "", "assigned_at": "", "merged_into_lead_id": ""},
    ],
    "stage_event": [
        {"stage_event_id": "E1", "lead_id": "L1", "opportunity_id": "", "stage": "mql",
         "entered_at": "2026-02-02 10:00"},
        {"stage_event_id": "E2", "lead_id": "L1", "opportunity_id": "", "stage": "sql",
         "entered_at": "2026-02-05 10:00"},
        {"stage_event_id": "E3", "lead_id": "", "opportunity_id": "O1", "stage": "won",
         "entered_at": "2026-03-20 10:00"},
    ],
    "touch": [
        {"touch_id": "T1", "touched_at": "2026-02-01 09:59", "person_id": "P1", "lead_id": "",
         "touch_type": "表单提交"},
    ],
    "activity": [
        {"activity_id": "V1", "activity_at": "2026-02-01 12:00", "staff_id": "S1",
         "lead_id": "L1", "method": "电话"},
    ],
    "opportunity": [
        {"opportunity_id": "O1", "account_id": "A1", "created_at": "2026-02-10", "lead_id": "L1",
         "amount": "100000", "currency": "CNY", "closed_at": "2026-03-20 10:00", "is_won": "是",
         "won_amount": "90000"},
    ],
    "payment": [
        {"payment_id": "R1", "opportunity_id": "O1", "kind": "回款", "booked_on": "2026-03-31",
         "amount": "45000", "currency": ""},
    ],
    "channel": [{"channel_id": "c1", "channel_name": "百度", "channel_group": "SEM"}],
    "campaign": [
        {"campaign_id": "K1", "campaign_name": "春季", "channel_id": "c1",
         "start_date": "2026-01-01", "end_date": "2026-03-01"},
    ],
    "spend": [
        {"spend_id": "F1", "spend_date": "2026-02-03", "amount": "800", "currency": "",
         "campaign_id": "K1", "channel_id": "", "cost_type": "制作"},
    ],
    "staff": [{"staff_id": "S1", "name": "赵强", "department": "销售"}],
    "ad_daily": [
        {"date": "2026-02-01", "platform": "baidu", "campaign_id": "K1", "cost": "120.5",
         "currency": "", "impressions": "1000", "clicks": "30"},
    ],
    "event": [
        {"event_id": "V1", "event_name": "沙龙", "primary_goal": "获客", "budget": "5000",
         "start_at": "2026-03-01 14:00", "end_at": "2026-03-01 17:00"},
    ],
    "partner": [
        {"partner_id": "N1", "partner_name": "云市场", "partner_type": "云市场", "tier": "A",
         "bound_project_id": "J1"},
    ],
    "project": [{"project_id": "J1", "name": "生态", "dri_id": "S1"}],
}  # fmt: skip


@dataclass
class Outcome:
    """What a run gave, and the connection that holds its tables."""

    con: duckdb.DuckDBPyConnection
    checked: checks.Checked

    @property
    def codes(self) -> list[tuple[str, str, str, str, int]]:
        """Every kind of problem: severity, code, table, column and count."""
        frame = self.checked.counts[["severity", "code", "table", "column", "count"]]
        return [tuple(row) for row in frame.itertuples(index=False)]

    def code(self, code: str) -> pd.DataFrame:
        """The examples of one code."""
        found = self.checked.problems
        return found[found["code"] == code].reset_index(drop=True)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query over schema `clean`."""
        return self.con.execute(query).fetchall()


def stage(con: duckdb.DuckDBPyConnection, tables: Tables, **parts: Any) -> Staged:
    """Put rows into schema `raw` as the sources would: text, one file a table, header on row 1."""
    con.execute("CREATE SCHEMA raw")
    files, headers = [], {}
    for number, (name, rows) in enumerate(tables.items()):
        names = list(rows[0]) if rows else schema.TABLES[name].column_names
        headers[name] = {n: schema.TABLES[name].column(n).zh for n in names if n in _known(name)}
        typed = ", ".join(f"{ident(n)} VARCHAR" for n in names if not n.startswith("_"))
        con.execute(f"CREATE TABLE raw.{ident(name)} ({typed}, _file INTEGER, _row BIGINT)")
        values = [
            [*(v for k, v in row.items() if not k.startswith("_")),
             row.get("_file", number), row.get("_row", at + 2)]
            for at, row in enumerate(rows)
        ]  # fmt: skip
        if values:
            marks = ", ".join("?" * len(values[0]))
            con.executemany(f"INSERT INTO raw.{ident(name)} VALUES ({marks})", values)
        files.append(SourceFile(number, f"{name}.csv", "", (name,), len(rows), "text"))
    return Staged(headers, parts.get("files", files), parts.get("problems", []))


def _known(table: str) -> set[str]:
    return set(schema.TABLES[table].column_names)


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty connection whose session zone is not the report's."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'Pacific/Kiritimati'")
        yield connection


@pytest.fixture
def good() -> Tables:
    """A copy of the faultless company, to spoil."""
    return copy.deepcopy(GOOD)


def _runner(con: duckdb.DuckDBPyConnection) -> Callable[..., Outcome]:
    def run(
        tables: Tables,
        *,
        as_of: datetime | None = None,
        aside: Path | None = None,
        company: Rules | None = None,
        **parts: Any,
    ) -> Outcome:
        con.execute("DROP SCHEMA IF EXISTS raw CASCADE")
        staged = stage(con, tables, **parts)
        settled = company or rules.load(None)
        return Outcome(con, checks.run(con, staged, settled, as_of=as_of, aside=aside))

    return run


@pytest.fixture
def check(con: duckdb.DuckDBPyConnection) -> Callable[..., Outcome]:
    """Stage tables and run the checks over them."""
    return _runner(con)


@pytest.fixture(scope="module")
def check_once() -> Iterator[Callable[..., Outcome]]:
    """The same for a run whose outcome many tests look at."""
    with duckdb.connect() as connection:
        yield _runner(connection)


@pytest.fixture(scope="module")
def sound() -> Tables:
    """The faultless company; not to be changed."""
    return GOOD


@pytest.fixture
def read(con: duckdb.DuckDBPyConnection) -> Callable[..., list[Any]]:
    """Read values into a column of a table as the checks read them."""

    def run(name: str, values: Iterable[Any], kind: str = "VARCHAR", **reading: Any) -> list[Any]:
        table, column = name.split(".")
        declared = schema.TABLES[table].column(column)
        settings = {"zone": "Asia/Shanghai", **reading}
        parsed = columns.parse(declared, kind, columns.Reading(**settings))
        con.execute(f"CREATE OR REPLACE TABLE given (raw {kind}, _file INTEGER, _row INTEGER)")
        rows = [(value, 0, place) for place, value in enumerate(values)]
        con.executemany("INSERT INTO given VALUES (?, ?, ?)", rows)
        source = f"SELECT raw AS {words.raw_column(column)}, _file, _row FROM given"
        query = columns.stacked([parsed], source)
        found = con.execute(f"SELECT {ident(column)} FROM ({query}) ORDER BY _row").fetchall()
        return [row[0] for row in found]

    return run
