"""Staging a folder in one call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb
import pytest

from playbook.data import rules, sources

if TYPE_CHECKING:
    from pathlib import Path


@dataclass
class Input:
    con: duckdb.DuckDBPyConnection
    staged: sources.Staged

    def rows(self, table, columns="*"):
        """The rows of a raw table in the order of files and rows."""
        query = f"SELECT {columns} FROM raw.{table} ORDER BY _file, _row"
        return self.con.execute(query).fetchall()

    def problems(self, *codes):
        return [p for p in self.staged.problems if not codes or p.code in codes]

    @property
    def codes(self):
        return [p.code for p in self.staged.problems]


@pytest.fixture
def stage(tmp_path):
    """Stages a folder or file with the given text of `playbook.toml`."""
    connections = []

    def run(data: Path | str, toml: str = "", **options) -> Input:
        path = None
        if toml:
            path = tmp_path / "rules" / "playbook.toml"
            path.parent.mkdir(exist_ok=True)
            path.write_text(toml, "utf-8")
        con = duckdb.connect()
        connections.append(con)
        return Input(con, sources.stage(con, data, rules.load(path), **options))

    yield run
    for con in connections:
        con.close()


@pytest.fixture
def data(tmp_path):
    """An empty data folder."""
    folder = tmp_path / "data"
    folder.mkdir()
    return folder
