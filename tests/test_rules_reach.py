"""A changed rule changes what is computed by rule, and nothing else."""

from __future__ import annotations

import tomllib
from types import SimpleNamespace

import pytest

from playbook import resources
from playbook.book import open_book
from playbook.chapters import ab_testing
from playbook.chapters.worklists import WORKLISTS

SAMPLE = (resources.sample() / "playbook.toml").read_text("utf-8")
AS_OF = "2026-10-20T11:00"

# One worker has them all, so that the sample's own rules are asked once.
pytestmark = pytest.mark.xdist_group("rules-reach")
MQL = """
[mql]
source = "{source}"
when = {{ all = [
    {{ field = "lead.contact_valid", op = "is_true" }},
    {{ field = "lead.need_clarity", op = "ge", value = {clarity} }},
] }}
"""


@pytest.fixture
def opened(tmp_path):
    """Opens the sample under its own rules with further ones."""

    def open_(rules):
        path = tmp_path / "playbook.toml"
        path.write_text(SAMPLE + rules, "utf-8")
        return open_book("sample", "2026-09", as_of=AS_OF, rules=path)

    return open_


@pytest.fixture(scope="module")
def before(tmp_path_factory):
    """The sample under its own rules, and what is computed by them."""
    path = tmp_path_factory.mktemp("rules") / "playbook.toml"
    path.write_text(SAMPLE, "utf-8")
    book = open_book("sample", "2026-09", as_of=AS_OF, rules=path)
    return SimpleNamespace(book=book, content=content(book), lists=lists(book))


def content(book):
    """A sum of hashes for every column of every derived table."""
    tables = book.sql(
        "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'main' ORDER BY table_name"
    )["table_name"]
    found = {}
    for table in tables:
        columns = book.sql(f"SELECT * FROM {table} LIMIT 0").columns
        sums = ", ".join(f'sum(hash("{c}")::HUGEINT)::VARCHAR AS "{c}"' for c in columns)
        row = book.sql(f"SELECT count(*) AS n, {sums} FROM {table}").iloc[0]
        found |= {(table, name): value for name, value in row.items()}
    return found


def lists(book):
    return {w.name: w.rows(book).to_csv() for w in WORKLISTS}


def changed(one, other):
    assert one.keys() == other.keys()
    return {name for name in one if one[name] != other[name]}


def test_the_comparison_sees_every_derived_table(before):
    tables = {table for table, _ in before.content}
    assert {"lead_journey", "funnel_event", "deal", "cost_by_day"} <= tables


@pytest.mark.parametrize(
    ("rule", "columns", "worklists"),
    [
        # Whoever is handed a lead without an owner is told by when it must be answered.
        (
            "[sla]\nnormal_hours = 12",
            {"sla_hours", "response_met"},
            {"sla_overdue", "sla_due", "assignments"},
        ),
        ("[nurture]\ntouches_before_pool = 2", set(), {"move_to_nurture"}),
        ("[nurture.touch]\nmissed_after_days = 3", set(), {"nurture_due", "renewals"}),
    ],
)
def test_a_changed_number_reaches_its_own_lists_alone(opened, before, rule, columns, worklists):
    after = opened(f"\n{rule}\n")
    moved = changed(before.content, content(after))
    assert moved == {("lead_journey", column) for column in columns}
    assert changed(before.lists, lists(after)) == worklists


def test_what_a_test_must_show_reaches_the_record_of_tests_alone(opened, before):
    after = opened("\n[abtest]\nminimum_lift = 0.5\nmin_conversions = 100\n")
    assert not changed(before.content, content(after))
    assert not changed(before.lists, lists(after))
    verdicts = [ab_testing.record(book)["why"].tolist() for book in (before.book, after)]
    assert verdicts[0] != verdicts[1]


def test_points_reach_no_table_and_only_who_is_assigned(opened, before):
    after = opened("\n[scoring.bands]\nhot = 70\nwarm = 40\n")
    assert not changed(before.content, content(after))
    assert changed(before.lists, lists(after)) <= {"assignments"}


def test_a_standard_moves_what_is_counted_only_where_the_rule_decides(opened):
    recorded = [opened(MQL.format(source="recorded", clarity=n)) for n in (1, 2)]
    assert changed(*map(content, recorded)) == {("lead_journey", "mql_by_rule")}
    ruled = [opened(MQL.format(source="rule", clarity=n)) for n in (1, 2)]
    assert changed(*map(content, ruled)) == {
        ("lead_journey", "mql_by_rule"),
        ("lead_journey", "mql_at"),
        ("funnel_event", "n"),
        *((("funnel_event", name)) for name in ("lead_id", "stage", "entered_at")),
    }


def test_the_sample_keeps_to_the_handbook_where_it_says_nothing():
    assert {"sla", "nurture", "scoring", "mql", "sql"}.isdisjoint(tomllib.loads(SAMPLE))
