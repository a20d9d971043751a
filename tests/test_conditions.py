"""The condition language: what it accepts, what it says, and what it means in the engine."""

import math
from datetime import date

import duckdb
import ibis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbook import conditions
from playbook.conditions import Comparison, Joined
from playbook.errors import RulesError

LEADS = """
    CREATE TABLE lead AS FROM (VALUES
        (1, 'new', 'Needs a Demo', 0, true),
        (2, 'won', '  ', 2, false),
        (3, NULL, NULL, NULL, NULL)
    ) rows(id, status, note, clarity, valid)
"""


LEAD = ibis.table(
    {"id": "int", "status": "str", "note": "str", "clarity": "int", "valid": "bool"}, name="lead"
)


def held(declared) -> list[bool | None]:
    """What a condition says of each of the three leads, NULL as None."""
    condition = conditions.parse(declared, "rule")
    answer = conditions.holds(condition, lambda field: LEAD[field.removeprefix("lead.")])
    with duckdb.connect() as engine:
        engine.execute(LEADS)
        query = ibis.to_sql(LEAD.select("id", answer=answer).order_by("id"), dialect="duckdb")
        return [answer for _, answer in engine.execute(query).fetchall()]


def field(name, op, *value):
    return {"field": f"lead.{name}", "op": op, **({"value": value[0]} if value else {})}


@pytest.mark.parametrize(
    ("declared", "answers"),
    [
        (field("status", "eq", "new"), [True, False, None]),
        (field("status", "ne", "new"), [False, True, None]),
        (field("status", "in", ["new", "lost"]), [True, False, None]),
        (field("status", "not_in", ["new", "lost"]), [False, True, None]),
        (field("clarity", "ge", 2), [False, True, None]),
        (field("clarity", "gt", 2), [False, False, None]),
        (field("clarity", "le", 0), [True, False, None]),
        (field("clarity", "lt", 0.5), [True, False, None]),
        (field("valid", "is_true"), [True, False, None]),
        (field("valid", "is_false"), [False, True, None]),
        (field("note", "filled"), [True, False, False]),
        (field("note", "empty"), [False, True, True]),
        (field("clarity", "filled"), [True, True, False]),
        (field("note", "contains", "demo"), [True, False, None]),
        ({"all": [field("status", "eq", "new"), field("clarity", "ge", 1)]}, [False, False, None]),
        ({"any": [field("status", "eq", "new"), field("clarity", "ge", 1)]}, [True, True, None]),
        ({"any": [field("clarity", "ge", 1), field("note", "empty")]}, [False, True, True]),
        ({"all": [field("clarity", "ge", 1), field("note", "filled")]}, [False, False, False]),
    ],
)
def test_each_operator_knows_true_false_and_unknown(declared, answers):
    """Unknown is NULL, and gives way only where the other side decides."""
    assert held(declared) == answers


COMPARISONS = st.one_of(
    st.builds(
        Comparison,
        st.sampled_from(["lead.status", "account.industry"]),
        st.sampled_from(["eq", "ne"]),
        st.text() | st.integers() | st.booleans() | st.dates(),
    ),
    st.builds(
        Comparison,
        st.just("lead.status"),
        st.sampled_from(["in", "not_in"]),
        st.lists(st.text(), min_size=1).map(tuple),
    ),
    st.builds(Comparison, st.just("lead.status"), st.sampled_from(["filled", "is_true"])),
)
CONDITIONS = st.recursive(
    COMPARISONS,
    lambda inner: st.builds(
        Joined, st.sampled_from(["all", "any"]), st.lists(inner, min_size=1, max_size=3).map(tuple)
    ),
    max_leaves=8,
)


@given(CONDITIONS)
def test_what_is_written_is_read_back(condition):
    assert conditions.parse(conditions.as_dict(condition), "rule") == condition


@given(CONDITIONS)
def test_fields_are_those_of_the_leaves_each_once(condition):
    found = conditions.fields(condition)
    assert sorted(found) == sorted({leaf.field for _, leaf in conditions.leaves(condition)})


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        (
            "lead.status",
            (
                'rule: must be a condition such as {field = "account.industry", op = "in", '
                "value = [\"金融\"]}, not 'lead.status'"
            ),
        ),
        (
            {"field": "lead.status", "op": "equals", "value": 1},
            (
                "rule.op: unknown op 'equals'. Allowed: eq, ne, in, not_in, ge, gt, le, lt, "
                "is_true, is_false, filled, empty, contains"
            ),
        ),
        (
            {"feild": "lead.status", "op": "filled"},
            (
                "rule.feild: unknown key 'feild'; did you mean 'field'? "
                "Allowed: field, op, value, all, any\n"
                "rule: field must be a table and a column such as 'account.industry'"
            ),
        ),
        (
            {"field": "status"},
            (
                "rule.field: field must be a table and a column such as 'account.industry'\n"
                "rule: op must be one of eq, ne, in, not_in, ge, gt, le, lt, is_true, is_false, "
                "filled, empty, contains"
            ),
        ),
        (field("status", "filled", True), "rule.value: 'filled' takes no value"),
        (field("status", "eq"), "rule: 'eq' needs a value"),
        (field("status", "eq", ["a"]), "rule.value: 'eq' needs a single value, not ['a']"),
        (
            field("status", "in", "new"),
            "rule.value: 'in' needs a list such as [\"A\", \"B\"], not 'new'",
        ),
        (field("status", "in", []), 'rule.value: \'in\' needs a list such as ["A", "B"], not []'),
        (field("clarity", "ge", "2"), "rule.value: 'ge' needs a number or a date, not '2'"),
        (field("clarity", "ge", True), "rule.value: 'ge' needs a number or a date, not True"),
        (field("clarity", "ge", math.nan), "rule.value: 'ge' needs a number or a date, not nan"),
        (field("note", "contains", 3), "rule.value: 'contains' needs a text, not 3"),
        (
            {"all": [field("status", "filled")], "op": "eq"},
            "rule: 'all' stands alone; put the rest inside its list",
        ),
        (
            {"all": [{"any": []}]},
            (
                "rule.all[0].any: must be a list of conditions such as "
                '[{field = "account.industry", op = "in", value = ["金融"]}]'
            ),
        ),
    ],
)
def test_a_wrong_condition_is_refused_with_its_place(declared, message):
    with pytest.raises(RulesError) as refused:
        conditions.parse(declared, "rule")
    assert str(refused.value) == message


def test_every_mistake_of_a_condition_is_reported_at_once():
    declared = {"all": [field("status", "eq"), {"any": [field("clarity", "ge", "x")]}]}
    assert conditions.mistakes(declared) == [
        (("all", 0), "'eq' needs a value"),
        (("all", 1, "any", 0, "value"), "'ge' needs a number or a date, not 'x'"),
    ]


def test_a_field_that_is_not_allowed_comes_with_the_nearest():
    condition = Joined(
        "any", (Comparison("lead.stauts", "filled"), Comparison("lead.id", "filled"))
    )
    assert conditions.check(condition, ["lead.status", "lead.id"]) == [
        "unknown field 'lead.stauts'; did you mean 'lead.status'? Allowed: lead.status, lead.id"
    ]


def test_a_condition_reads_as_a_sentence():
    condition = conditions.parse(
        {
            "all": [
                field("created_at", "ge", date(2026, 1, 1)),
                {
                    "any": [
                        field("status", "in", ["new", "working"]),
                        field("note", "contains", "x"),
                    ]
                },
                {"all": [field("valid", "is_true")]},
            ]
        },
        "rule",
    )
    assert conditions.describe(condition) == (
        "lead.created_at is at least 2026-01-01 and (lead.status is one of new, working or "
        "lead.note contains x) and lead.valid is true"
    )
