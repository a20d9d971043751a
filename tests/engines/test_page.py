"""What docs/warehouse.md says is true: its code runs, and gives what pandas gives."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import ibis
import pandas as pd
import pytest

from playbook import cli, funnel
from playbook.data import rules

PAGE = (Path(__file__).parents[2] / "docs" / "warehouse.md").read_text("utf-8")


def blocks(language):
    return re.findall(rf"^ *```{language}\n(.*?)^ *```", PAGE, flags=re.MULTILINE | re.DOTALL)


def run(source):
    """The names that a block leaves behind."""
    names = {}
    exec(compile(source, "warehouse.md", "exec"), names)
    return names


@pytest.fixture
def expected(files):
    """The same call on pandas."""
    lead = pd.read_parquet(files / "lead.parquet")[["lead_id", "channel_id"]]
    events = pd.read_parquet(files / "stage_event.parquet").merge(lead, on="lead_id")
    stages = ("mql", "sql", "opportunity", "won")
    way = funnel.Funnel(stages, within_days=90, entity="lead_id", time="entered_at")
    table = funnel.cohort(
        events,
        way,
        start=pd.Timestamp("2026-04-01"),
        end=pd.Timestamp("2026-07-01"),
        by="channel_id",
    )
    assert table["entered"].sum() > 100
    return table


@pytest.mark.xdist_group("postgres")
def test_the_example_of_a_warehouse_runs(crm, expected, monkeypatch, same):
    connect, opened = ibis.connect, []

    def connected(url):
        assert url == "postgresql://reader@db.example/crm"
        opened.append(connect(crm))
        return opened[0]

    monkeypatch.setattr(ibis, "connect", connected)
    try:
        same(run(blocks("python")[0])["table"], expected)
    finally:
        opened[0].disconnect()


@pytest.mark.xdist_group("spark")
def test_the_example_of_a_cluster_runs(spark, files, expected, same):
    assert spark
    source = blocks("python")[1].replace("s3a://lake", str(files))
    same(run(source)["table"], expected)


@pytest.mark.xdist_group("postgres")
def test_the_password_may_come_from_the_environment(crm, cluster, monkeypatch):
    from playbook.data import sources

    assert crm
    monkeypatch.setenv("PGPASSWORD", cluster.password)
    with duckdb.connect() as con:
        staged = sources.stage(con, cluster.url("crm", "reader", None), rules.load(None))
    assert "lead" in staged.tables


def test_the_mapping_is_a_valid_rules_file(tmp_path):
    (text,) = blocks("toml")
    path = tmp_path / "playbook.toml"
    path.write_text(text, "utf-8")
    assert set(rules.load(path).sources) == {"deals", "visits"}


def test_the_commands_exist_with_their_options():
    (block,) = blocks("sh")
    for name, rest in re.findall(r"^playbook (\w+)(.*)$", block, flags=re.MULTILINE):
        options = {o for p in cli.main.commands[name].params for o in p.opts}
        assert set(re.findall(r"--[\w-]+", rest)) <= options
