"""`playbook.toml`: its defaults, what it means, and the template that explains it."""

import json
import re
from datetime import date, time

import pytest

from playbook import conditions
from playbook.calendar import Workdays
from playbook.data import rules, schema
from playbook.data.rules import Rules, Source, model
from playbook.data.rules.template import toml


@pytest.fixture
def load(tmp_path):
    """Loads rules from a text."""

    def from_text(text: str) -> Rules:
        path = tmp_path / "playbook.toml"
        path.write_text(text, encoding="utf-8")
        return rules.load(path)

    return from_text


# Defaults


def test_without_a_file_the_numbers_of_the_handbook_hold():
    own = rules.load(None)
    assert (own.sla.high_intent_hours, own.sla.normal_hours) == (2.0, 24.0)  # P02-R2
    assert own.nurture.touches_before_pool == 3  # P02-R3
    assert own.onboarding.phase_days == (7, 30, 60, 90)  # P01-R1
    assert (own.onboarding.key_projects_min, own.onboarding.key_projects_max) == (2, 3)  # P01-R3


def test_an_sql_needs_all_four_confirmations_of_sales():
    """P02-T4."""
    assert conditions.describe(Rules().sql.when) == (
        "lead.sql_need is true and lead.sql_scene is true and lead.sql_budget is true "
        "and lead.sql_will is true"
    )


def test_the_bands_are_hot_warm_and_cold_and_hot_begins_at_the_handbooks_eighty():
    """B2-R3, B2-R4."""
    own = Rules().scoring
    assert (own.bands.hot, own.bands.warm, own.mql_points) == (80, 50, 60)
    assert {"pricing_view", "download", "event_checkin"} <= {b.touch_type for b in own.behaviour}
    assert {"title", "company size", "need", "budget", "source"} <= {f.factor for f in own.fit}


def test_touch_types_are_read_in_either_language(load):
    own = load(
        '[scoring]\nmql_points = 9\nbehaviour = [{touch_type = "下载", points = 5, cap = 99}]\n'
    )
    assert own.scoring.behaviour[0].touch_type == "download"
    assert own.scoring.behaviour[0].half_life_days is None


def test_an_empty_file_holds_the_defaults(load):
    assert load("") == Rules()


def test_the_workdays_are_those_of_the_calendar_section(load):
    own = load(
        '[calendar]\nworkdays = "mon-fri"\nhours = "08:30-17:30"\nlunch = ""\n'
        "extra_holidays = [2026-12-24]\nextra_workdays = [2026-12-19]\n"
    )
    assert own.workdays == Workdays(
        source="mon-fri",
        extra_holidays=frozenset({date(2026, 12, 24)}),
        extra_workdays=frozenset({date(2026, 12, 19)}),
        hours=(time(8, 30), time(17, 30)),
        lunch=None,
    )
    assert Rules().workdays == Workdays()


def test_the_stages_are_declared_in_the_schema():
    known = schema.TABLES["stage_event"].column("stage").values
    assert set(model.Stage.__args__) <= set(known)


def test_the_tax_tables_are_those_with_money():
    with_money = {
        table.name
        for table in schema.TABLES.values()
        if any(column.unit == "money" for column in table.columns)
    }
    assert set(model.TaxTreatment.model_fields) == with_money


def test_labels_of_enumerations_are_read_in_either_language(load):
    own = load(
        "[mql]\n"
        'when = {field = "account.industry", op = "in", value = ["金融", "Retail", "航天"]}\n'
        '[sla]\nhigh_intent = {field = "lead.status", op = "eq", value = "跟进中"}\n'
    )
    assert own.mql.when.value == ("finance", "retail", "航天")
    assert own.sla.high_intent.value == "working"


def test_tiers_come_best_first(load):
    own = load(
        "[icp.tiers]\n"
        'B = {field = "account.region", op = "eq", value = "华南"}\n'
        'A = {field = "account.is_target", op = "is_true"}\n'
    )
    assert [(tier, conditions.describe(when)) for tier, when in own.icp.tiers.as_pairs()] == [
        ("A", "account.is_target is true"),
        ("B", "account.region is south_china"),
    ]


# Hash and dictionary


def test_comments_and_order_do_not_change_the_hash(load):
    one = load('[company]\nname = "A"\ncurrency = "EUR"\n[sla]\nnormal_hours = 12\n')
    two = load('# x\n[sla]\nnormal_hours = 12.0\n[company]\ncurrency = "EUR"\nname = "A"\n')
    assert one == two
    assert one.hash == two.hash
    assert re.fullmatch(r"[0-9a-f]{64}", one.hash)


def test_any_other_value_changes_the_hash(load):
    assert load("[sla]\nnormal_hours = 12\n").hash != Rules().hash


def test_the_order_of_sources_changes_the_hash(load):
    section = '[sources.{}]\ntable = "lead"\nfile = "x.csv"\n'
    one, two = section.format("a"), section.format("b")
    assert load(one + two).hash != load(two + one).hash


FULL = """
[company]
start_date = 2026-09-01
[icp.tiers]
A = {field = "account.created_at", op = "ge", value = 2025-01-01}
[mql.when]
any = [
  {field = "lead.assigned_at", op = "lt", value = 2025-01-01T10:00:00},
  {field = "lead.need_clarity", op = "in", value = [1, 2]},
]
[sources.deals]
table = "opportunity"
file = "deals.csv"
date_format = "%d.%m.%Y"
values.is_won = {"赢" = true}
constants = {created_at = 2026-01-01, deal_type = "新签"}
key = {column = "opportunity_id", from = ["编号"]}
join = {file = "x.csv", on = {a = "b"}, columns = {amount = "c"}}
where = {"状态" = "*", n = 3}
"""


def test_the_dictionary_is_json_and_reads_back_as_the_same_rules(load):
    own = load(FULL)
    assert Rules.model_validate_json(json.dumps(own.as_dict())) == own
    assert Rules.model_validate_json(own.model_dump_json()).hash == own.hash
    assert own.as_dict()["sources"]["deals"]["key"]["from"] == ["编号"]


def test_a_source_keeps_what_the_file_says(load):
    source = load(FULL).sources["deals"]
    assert source.values == {"is_won": {"赢": "true"}}
    assert source.constants == {"created_at": "2026-01-01", "deal_type": "新签"}
    assert source.format_of("created_at") == "%d.%m.%Y"
    assert source.key.from_ == ("编号",)
    assert source.join.how == "left"


def test_a_date_format_may_be_given_by_column(load):
    text = '[sources.a]\ntable = "lead"\nfile = "x"\ndate_format = {created_at = "%Y/%m/%d"}\n'
    source = load(text).sources["a"]
    assert source.format_of("created_at") == "%Y/%m/%d"
    assert source.format_of("assigned_at") is None


# Template


def test_the_template_loads_to_the_defaults(load):
    assert load(rules.template()) == Rules()


def test_the_template_shows_every_setting():
    text = rules.template()

    def keys(section):
        for name, field in section.model_fields.items():
            yield field.alias or name
            if isinstance(field.annotation, type) and issubclass(field.annotation, model.Section):
                yield from keys(field.annotation)

    for section in (model.Scoring.model_fields["fit"], model.Scoring.model_fields["behaviour"]):
        for name in section.annotation.__args__[0].model_fields:
            assert f"# {name}: " in text, name
    for key in [*keys(Rules), *keys(Source)]:
        assert re.search(rf"^(# )?\[{{0,2}}([\w.]*\.)?{key}(\.\w+)?(\]| =)", text, re.MULTILINE), (
            key
        )


def test_every_setting_of_the_template_is_explained():
    """Above each setting stands a comment; a condition's keys are explained above."""
    text = rules.template().split("# How the company's own files")[0]
    assert [block for block in text.strip().split("\n\n") if not block.startswith("# ")] == []


def test_lines_of_the_template_stay_readable():
    comments = [line for line in rules.template().splitlines() if line.startswith("# ")]
    prose = [line for line in comments if " = " not in line]
    assert max(map(len, prose)) <= 100


@pytest.mark.parametrize("section", [model.Company, model.Tiers])
def test_each_example_of_an_optional_setting_loads(load, section):
    path = {"Company": "company", "Tiers": "icp.tiers"}[section.__name__]
    for name, field in section.model_fields.items():
        for example in field.examples or ():
            load(f"[{path}]\n{name} = {toml(example)}\n")


@pytest.mark.parametrize("name", list(Source.model_fields))
def test_each_example_of_a_source_setting_loads(load, name):
    origin = "" if name in {"file", "from_table", "query"} else 'file = "x.csv"\n'
    table = "" if name == "table" else 'table = "lead"\n'
    example = toml(Source.model_fields[name].examples[0])
    assert load(f"[sources.a]\n{table}{origin}{name} = {example}\n").sources
