"""Everything that can be wrong with `playbook.toml`, and what is said about it."""

import contextlib
import copy

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from playbook.data import rules, schema
from playbook.data.rules import Rules
from playbook.data.rules.template import toml
from playbook.errors import RulesError


@pytest.fixture
def mistakes(tmp_path):
    """The whole message about a text, without the folder."""

    def about(text: str) -> str:
        path = tmp_path / "playbook.toml"
        path.write_text(text, encoding="utf-8")
        with pytest.raises(RulesError) as refused:
            rules.load(path)
        return str(refused.value).replace(f"{tmp_path}/", "")

    return about


FIT = (
    '{{factor = "{}", when = {{field = "lead.need_clarity", op = "{}", value = {}}}, points = {}}}'
)
FIT_BIG = (
    '{factor = "title", when = {field = "person.seniority", op = "in", value = ["vp"]}, '
    "points = 90}"
)
TOUCH = '{{touch_type = "{}", points = {}, cap = {}, half_life_days = {}}}'


def test_every_mistake_is_reported_at_once_with_its_line(mistakes):
    text = """\
[company]
report_zone = "Asia/Shangai"
currency = "yuan"

[sla]
high_intent_hour = 2
normal_hours = "24"
clock = "clok"

[onboarding]
key_projects_min = 5

[mql.when]
all = [
  {field = "led.status", op = "eq", value = "new"},
  {field = "account.icp_teir", op = "filled"},
  {field = "lead.status", op = "eq", value = "wrking"},
  {field = "lead.status", op = "filed"},
]

[sources.crm]
table = "leads"
file = "crm.csv"
query = "SELECT 1"
"""
    account = ", ".join(f"account.{name}" for name in schema.TABLES["account"].column_names)
    assert mistakes(text) == (
        "playbook.toml has 12 mistakes:\n"
        "  line 2, company.report_zone: unknown time zone 'Asia/Shangai'; did you mean "
        "'Asia/Shanghai'? Allowed: names of the tz database such as Asia/Shanghai, "
        "Europe/Berlin or UTC\n"
        "  line 3, company.currency: 'yuan' is not a currency code: three capitals (ISO 4217), "
        "such as CNY\n"
        "  line 6, sla.high_intent_hour: unknown key 'high_intent_hour'; did you mean "
        "'high_intent_hours'? Allowed: high_intent_hours, normal_hours, clock, from, "
        "high_intent, steps\n"
        '  line 7, sla.normal_hours: must be a number, not "24"\n'
        "  line 8, sla.clock: unknown value 'clok'; did you mean 'clock'? "
        "Allowed: clock, business\n"
        "  line 11, onboarding.key_projects_min: 5 is more than key_projects_max (3)\n"
        "  line 15, mql.when.all[0].field: unknown table 'led'; did you mean 'lead'? Allowed: "
        "lead, account, person, channel, campaign, content, event, partner, keyword\n"
        "  line 16, mql.when.all[1].field: unknown field 'account.icp_teir'; did you mean "
        f"'account.icp_tier'? Allowed: {account}\n"
        "  line 17, mql.when.all[2].value: unknown status 'wrking'; did you mean 'working'? "
        "Allowed: new, working, nurture, qualified, invalid, converted\n"
        "  line 18, mql.when.all[3].op: unknown op 'filed'; did you mean 'filled'? Allowed: eq, "
        "ne, in, not_in, ge, gt, le, lt, is_true, is_false, filled, empty, contains\n"
        "  line 22, sources.crm.table: unknown table 'leads'; did you mean 'lead'? Allowed: "
        f"{', '.join(schema.TABLES)}\n"
        "  line 24, sources.crm.query: stands beside file; give one of file, from_table, query"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[slaa]\n", "line 1, slaa: unknown key 'slaa'; did you mean 'sla'? Allowed: "),
        ("sla = 3\n", "line 1, sla: must be a table, not 3"),
        ("[company]\nname = 3\n", "line 2, company.name: must be a text in quotes, not 3"),
        (
            "[company]\nfiscal_year_start_month = 13\n",
            "line 2, company.fiscal_year_start_month: must be at most 12, not 13",
        ),
        (
            "[company]\nfiscal_year_start_month = 4.5\n",
            "line 2, company.fiscal_year_start_month: must be a whole number, not 4.5",
        ),
        (
            '[company]\nstart_date = "2026-09-01"\n',
            (
                "line 2, company.start_date: must be a date such as 2026-10-01, without quotes, "
                'not "2026-09-01"'
            ),
        ),
        (
            "[company]\nstart_date = 2026-09-01T10:00:00\n",
            (
                "line 2, company.start_date: must be a date such as 2026-10-01, without quotes, "
                "not 2026-09-01T10:00:00"
            ),
        ),
        ("[sla]\nnormal_hours = inf\n", "line 2, sla.normal_hours: must be a finite number, not "),
        (
            "[checks]\nmerge_duplicates = 1\n",
            "line 2, checks.merge_duplicates: must be true or false, not 1",
        ),
        (
            "[calendar]\nextra_holidays = 3\n",
            "line 2, calendar.extra_holidays: must be a list in brackets, not 3",
        ),
        (
            "[onboarding]\nphase_days = [7, 60, 30, 90]\n",
            "line 2, onboarding.phase_days: must be days that rise from 1, not 7, 60, 30, 90",
        ),
        (
            "[onboarding]\nphase_days = [0, 30, 60, 90]\n",
            "line 2, onboarding.phase_days: must be days that rise from 1, not 0, 30, 60, 90",
        ),
        (
            "[onboarding]\nphase_days = [7, 30]\n",
            "line 2, onboarding.phase_days: must have at least 4 entries, not 2",
        ),
        (
            "[onboarding]\nkey_projects_min = 5\n",
            "line 2, onboarding.key_projects_min: 5 is more than key_projects_max (3)",
        ),
        (
            "[sla]\nnormal_hours = 1\n",
            "line 2, sla.high_intent_hours: 2 is more than normal_hours (1)",
        ),
        (
            '[calendar]\nlunch = "17:00-19:00"\n',
            (
                "line 2, calendar.lunch: lies outside the office hours 09:00-18:00; "
                'use "" for no break'
            ),
        ),
        (
            '[calendar]\nhours = "9-18"\n',
            'line 2, calendar.hours: must be a span of clock times such as "09:00-18:00"',
        ),
        (
            '[calendar]\nhours = "18:00-09:00"\n',
            "line 2, calendar.hours: '18:00-09:00' ends before it begins",
        ),
        (
            "[calendar]\nextra_holidays = [2026-10-10]\nextra_workdays = [2026-10-10]\n",
            (
                "line 3, calendar.extra_workdays: 2026-10-10 is in extra_holidays too; "
                "keep it in one of them"
            ),
        ),
        (
            '[funnel]\nstages = ["lead", "sql", "mql"]\n',
            (
                "line 2, funnel.stages: each stage once, in this order: lead, valid, mql, sql, "
                "opportunity, poc, quote, contract, won"
            ),
        ),
        (
            '[funnel]\nstages = ["mql", "sql"]\n',
            "line 2, funnel.stages: must begin with 'lead'; the funnel counts from there",
        ),
        (
            '[funnel]\nstages = ["lead", "mql", "mql"]\n',
            "line 2, funnel.stages: each stage once, in this order: lead, valid, mql, sql, ",
        ),
        (
            '[company.tax]\nspend = "inkl"\n',
            "line 2, company.tax.spend: unknown value 'inkl'; did you mean 'incl'? Allowed: ",
        ),
        (
            '[icp]\nsource = "rule"\n',
            'line 2, icp.source: is "rule", but [icp.tiers] has no condition',
        ),
        (
            '[icp.tiers]\nA = {field = "account.icp_tier", op = "eq", value = "A"}\n',
            "line 2, icp.tiers.A.field: unknown field 'account.icp_tier'",
        ),
        (
            '[mql]\nwhen = {field = "person.mobile", op = "eq", value = "138"}\n',
            (
                "line 2, mql.when.op: 'eq' does not fit person.mobile, contact details, which are "
                "masked. Allowed: filled, empty"
            ),
        ),
        (
            '[mql]\nwhen = {field = "lead.contact_valid", op = "eq", value = true}\n',
            (
                "line 2, mql.when.op: 'eq' does not fit lead.contact_valid, true or false. "
                "Allowed: is_true, is_false, filled, empty"
            ),
        ),
        (
            '[mql]\nwhen = {field = "lead.need_clarity", op = "eq", value = "2"}\n',
            "line 2, mql.when.value: '2' does not fit lead.need_clarity, a number",
        ),
        (
            '[checks]\nperson_keys = [\n  "mobile",\n  "emial",\n]\n',
            "line 4, checks.person_keys[1]: unknown value 'emial'; did you mean 'email'? Allowed: ",
        ),
        (
            '[icp]\nfit = ["D"]\n',
            "line 2, icp.fit[0]: unknown value 'D'. Allowed: A, B, C",
        ),
        (
            '[[mql.when.all]]\nfield = "lead.status"\nop = "in"\nvalue = "new"\n',
            "line 4, mql.when.all[0].value: 'in' needs a list such as [\"A\", \"B\"], not 'new'",
        ),
        (
            "[scoring.bands]\nhot = 40\nwarm = 50\n",
            "line 2, scoring.bands.hot: 40 is not above warm (50)",
        ),
        (
            "[scoring.bands]\nhot = 500\n",
            (
                "line 2, scoring.bands.hot: no lead can reach 500: the most that fit and behaviour "
                "give is 186"
            ),
        ),
        (
            '[scoring]\nconfirmed = ["lead.sql_wil"]\n',
            (
                "line 2, scoring.confirmed[0]: unknown field 'lead.sql_wil'; did you mean "
                "'lead.sql_will'?"
            ),
        ),
        (
            "[scoring]\nmql_points = 187\n",
            (
                "line 2, scoring.mql_points: no lead can reach 187: the most that fit and "
                "behaviour give is 186"
            ),
        ),
        (
            (
                f"[scoring]\nfit = [\n  {FIT_BIG},\n  {FIT.format('all', 'ge', 2, 5)},\n"
                f"  {FIT.format('all', 'ge', 1, 3)},\n]\n"
            ),
            (
                "line 5, scoring.fit[2]: overlaps scoring.fit[1] of the same factor 'all': both "
                "hold for lead.need_clarity 2; narrow one of them, or give it a factor of its own"
            ),
        ),
        (
            f"[scoring]\nfit = [\n  {FIT_BIG},\n  {FIT_BIG},\n]\n",
            (
                "line 4, scoring.fit[1]: overlaps scoring.fit[0] of the same factor 'title': both "
                "hold for person.seniority vp; "
            ),
        ),
        (
            f"[scoring]\nfit = [\n  {FIT_BIG.replace('seniority', 'senority')},\n]\n",
            (
                "line 3, scoring.fit[0].when.field: unknown field 'person.senority'; did you mean "
                "'person.seniority'? Allowed: "
            ),
        ),
        (
            f"[scoring]\nbehaviour = [\n  {TOUCH.format('demo', 5, 5, -3)},\n]\n",
            "line 3, scoring.behaviour[0].half_life_days: must be more than 0, not -3",
        ),
        (
            f"[scoring]\nbehaviour = [\n  {TOUCH.format('demo', 5, 0, 3)},\n]\n",
            "line 3, scoring.behaviour[0].cap: must be more than 0, not 0",
        ),
        (
            f"[scoring]\nbehaviour = [\n  {TOUCH.format('demo', -5, 4, 3)},\n]\n",
            "line 3, scoring.behaviour[0].cap: 4 is less than the points of one touch (-5)",
        ),
        (
            f"[scoring]\nbehaviour = [\n  {TOUCH.format('dmo', 5, 9, 3)},\n]\n",
            "line 3, scoring.behaviour[0].touch_type: unknown touch_type 'dmo'; did you mean ",
        ),
        (
            (
                "[scoring]\nbehaviour = [\n"
                f"  {TOUCH.format('demo', 5, 9, 3)},\n  {TOUCH.format('演示', 5, 9, 3)},\n]\n"
            ),
            (
                "line 4, scoring.behaviour[1].touch_type: 'demo' has points in "
                "scoring.behaviour[0] too; keep one"
            ),
        ),
        (
            f"[scoring]\nbehaviour = [\n  {TOUCH.format('demo', 1.5, 9, 3)},\n]\n",
            "line 3, scoring.behaviour[0].points: must be a whole number, not 1.5",
        ),
        (
            '[[mql.when.all]]\nop = "filled"\n',
            (
                "line 1, mql.when.all[0]: field must be a table and a column such as "
                "'account.industry'"
            ),
        ),
    ],
)
def test_a_wrong_setting_is_refused_with_what_is_allowed(mistakes, text, message):
    found = mistakes(text)
    assert found.startswith(f"playbook.toml has 1 mistake:\n  {message}")
    assert found.count("\n") == 1


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ('file = "x.csv"', "line 1, sources.crm.table: is missing"),
        (
            'table = "lead"',
            (
                "line 1, sources.crm: says nothing to read: give file, or from_table or query of a "
                "database"
            ),
        ),
        (
            'table = "lead"\nfile = "x.csv"\nfrom_table = "y"',
            (
                "line 4, sources.crm.from_table: stands beside file; give one of file, from_table, "
                "query"
            ),
        ),
        (
            'table = "lead"\nquery = "SELECT 1"\nsheet = "线索"',
            "line 4, sources.crm.sheet: is about files, but the section reads query",
        ),
        (
            'table = "lead"\nfile = "x.csv"\nencoding = "utf-9"',
            (
                "line 4, sources.crm.encoding: unknown encoding 'utf-9'. Allowed: names that "
                "Python knows, such as utf-8, gb18030"
            ),
        ),
        (
            'table = "lead"\nfile = "x.csv"\ndelimiter = ",,"',
            "line 4, sources.crm.delimiter: must have at most 1 characters, not 2",
        ),
        (
            'table = "lead"\nfile = "x.csv"\ndelimiter = ","\ndecimal = ","',
            "line 5, sources.crm.decimal: is the delimiter too",
        ),
        (
            'table = "lead"\nfile = "x.csv"\nheader_row = 0',
            "line 4, sources.crm.header_row: must be at least 1, not 0",
        ),
        (
            'table = "lead"\nfile = "x.csv"\ncolumns = {led_id = "编号"}',
            (
                "line 4, sources.crm.columns.led_id: unknown column of lead 'led_id'; did you mean "
                "'lead_id'? Allowed: "
            ),
        ),
        (
            'table = "lead"\nfile = "x.csv"\nvalues.status = {"新" = "nwe"}',
            "line 4, sources.crm.values.status.新: unknown status 'nwe'; did you mean 'new'? ",
        ),
        (
            'table = "lead"\nfile = "x.csv"\nvalues.contact_valid = {"是" = "ja"}',
            (
                "line 4, sources.crm.values.contact_valid.是: unknown contact_valid 'ja'. Allowed: "
                "true, false"
            ),
        ),
        (
            'table = "lead"\nfile = "x.csv"\nconstants = {intent_level = "hot"}',
            "line 4, sources.crm.constants.intent_level: unknown intent_level 'hot'",
        ),
        (
            'table = "lead"\nfile = "x.csv"\nconstants = {status = ["new"]}',
            (
                "line 4, sources.crm.constants.status: must be a single value: text, number, true, "
                "false or date"
            ),
        ),
        (
            'table = "lead"\nfile = "x.csv"\ncolumns.status = "a"\nconstants.status = "new"',
            (
                "line 5, sources.crm.constants.status: status is given by columns too; keep one of "
                "them"
            ),
        ),
        (
            'table = "lead"\nfile = "x.csv"\nkey = {column = "id", from = ["a"]}',
            "line 4, sources.crm.key.column: unknown column of lead 'id'",
        ),
        (
            'table = "lead"\nfile = "x.csv"\nkey = {column = "lead_id"}',
            "line 4, sources.crm.key.from: is missing",
        ),
        (
            'table = "lead"\nfile = "x.csv"\njoin = {on = {a = "b"}}',
            "line 4, sources.crm.join: give one of file, from_table",
        ),
        (
            'table = "lead"\nfile = "x.csv"\njoin = {from_table = "y", sheet = "z", on.a = "b"}',
            "line 4, sources.crm.join.sheet: is about files, but the join reads from_table",
        ),
        (
            'table = "lead"\nfile = "x.csv"\ndate_format = {creatd_at = "%Y"}',
            (
                "line 4, sources.crm.date_format.creatd_at: unknown column of lead 'creatd_at'; "
                "did you mean 'created_at'? Allowed: "
            ),
        ),
        (
            'table = "lead"\nfile = "x.csv"\njoin = {file = "y.csv", on.a = "b", hw = "left"}',
            "line 4, sources.crm.join.hw: unknown key 'hw'; did you mean 'how'? Allowed: file, ",
        ),
        (
            'table = "lead"\nfile = "x.csv"\ncolums = {lead_id = "x"}',
            "line 4, sources.crm.colums: unknown key 'colums'; did you mean 'columns'? Allowed: ",
        ),
    ],
)
def test_a_wrong_source_is_refused_with_what_is_allowed(mistakes, settings, message):
    found = mistakes(f"[sources.crm]\n{settings}\n")
    assert found.startswith(f"playbook.toml has 1 mistake:\n  {message}")
    assert found.count("\n") == 1


def test_a_contradiction_with_a_setting_that_is_wrong_itself_is_not_reported(mistakes):
    """Its default takes its place while looking on, and is not the company's word."""
    text = '[sla]\nhigh_intent_hours = "x"\nnormal_hours = 1\n'
    assert mistakes(text) == (
        'playbook.toml has 1 mistake:\n  line 2, sla.high_intent_hours: must be a number, not "x"'
    )


def test_several_wrong_items_of_a_list_are_each_reported_once(mistakes):
    text = """\
[onboarding]
phase_days = [
  "7",
  30,
  60.5,
  90,
]
[[mql.when.all]]
field = "lead.status"
op = "eq"
value = 0
[[mql.when.all]]
op = "filled"
[[mql.when.all]]
field = "lead.stauts"
op = "filled"
valu = "x"
"""
    found = mistakes(text).splitlines()[1:]
    assert [line.split(":")[0].strip() for line in found] == [
        "line 3, onboarding.phase_days[0]",
        "line 5, onboarding.phase_days[2]",
        "line 11, mql.when.all[0].value",
        "line 12, mql.when.all[1]",
        "line 17, mql.when.all[2].valu",
    ]


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("[company\n", "line 1, column 9: "),
        ("[company]\nname = A\n", "line 2, column 8: "),
        ("a = 1\na = 2\n", "line 2, column 6: "),
        ("a = [1,\n", "line 2, the end: "),
    ],
)
def test_what_is_not_toml_is_refused_with_its_place(mistakes, text, where):
    found = mistakes(text)
    assert found.startswith(f"playbook.toml is not TOML: {where}")
    assert found.endswith("Text stands in quotes, lists in brackets, one setting a line.")


def test_a_file_in_another_encoding_is_refused(tmp_path):
    path = tmp_path / "playbook.toml"
    path.write_bytes('[company]\nname = "北京"\n'.encode("gb18030"))
    with pytest.raises(RulesError, match=r"is not UTF-8 text \(byte 19\)\. Save it as UTF-8\.$"):
        rules.load(path)


def test_a_byte_order_mark_is_forgiven(tmp_path):
    path = tmp_path / "playbook.toml"
    path.write_text('[company]\nname = "北京"\n', encoding="utf-8-sig")
    assert rules.load(path).company.name == "北京"


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(RulesError, match=r"^there is no rules file .*nothing\.toml\. Leave it out"):
        rules.load(tmp_path / "nothing.toml")


def test_a_folder_is_no_rules_file(tmp_path):
    with pytest.raises(RulesError, match=r" cannot be read: Is a directory\.$"):
        rules.load(tmp_path)


JUNK = st.one_of(
    st.integers(-5, 200),
    st.floats(),
    st.booleans(),
    st.text(max_size=4),
    st.dates(),
    st.just([]),
    st.lists(st.sampled_from([1, "x", True]), min_size=1, max_size=3),
    st.dictionaries(st.sampled_from(["a", "field", "op", "all"]), st.just("x"), max_size=2),
    st.just([{}]),
)


@st.composite
def spoiled(draw):
    """A full set of rules with junk in up to three places."""
    data = copy.deepcopy(without_none(Rules().as_dict()))
    data["sources"] = {"a": {"table": "lead", "file": "x.csv", "columns": {"lead_id": "y"}}}
    for _ in range(draw(st.integers(1, 3))):
        below = data
        while True:
            keys = list(below) if isinstance(below, dict) else list(range(len(below)))
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            if not isinstance(below[key], dict | list) or draw(st.booleans()):
                below[key] = copy.deepcopy(draw(JUNK))
                break
            below = below[key]
    return data


def without_none(value):
    if isinstance(value, dict):
        return {key: without_none(item) for key, item in value.items() if item is not None}
    return value


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(spoiled())
def test_whatever_the_file_holds_there_are_rules_or_a_message(tmp_path, data):
    path = tmp_path / "playbook.toml"
    text = "\n".join(f"{key} = {toml(value)}" for key, value in data.items())
    path.write_text(text.replace("Infinity", "inf").replace("NaN", "nan"), encoding="utf-8")
    with contextlib.suppress(RulesError):
        rules.load(path)


def test_a_misspelt_key_of_an_entry_is_refused_with_the_nearest_and_all_there_are(mistakes):
    entry = '{touch_type = "demo", points = 5, cap = 9, half_life = 3}'
    text = f"[scoring]\nbehaviour = [\n  {entry},\n]\n"
    assert mistakes(text).splitlines()[1] == (
        "  line 3, scoring.behaviour[0].half_life: unknown key 'half_life'; did you mean "
        "'half_life_days'? Allowed: touch_type, points, cap, half_life_days"
    )


VALUES = st.one_of(
    st.builds(
        lambda op, value: {"field": "lead.need_clarity", "op": op, "value": value},
        st.sampled_from(["eq", "ne", "ge", "gt", "le", "lt"]),
        st.integers(0, 3),
    ),
    st.builds(
        lambda op, value: {"field": "lead.need_clarity", "op": op, "value": value},
        st.sampled_from(["in", "not_in"]),
        st.lists(st.integers(0, 3), min_size=1, max_size=3),
    ),
    st.builds(
        lambda op: {"field": "lead.need_clarity", "op": op}, st.sampled_from(["filled", "empty"])
    ),
)


@given(VALUES, VALUES)
def test_two_conditions_overlap_exactly_where_some_value_meets_both(one, other):
    from playbook import conditions
    from playbook.data.rules.overlap import overlap

    tests = {
        "eq": lambda x, v: x == v,
        "ne": lambda x, v: x != v,
        "ge": lambda x, v: x >= v,
        "gt": lambda x, v: x > v,
        "le": lambda x, v: x <= v,
        "lt": lambda x, v: x < v,
        "in": lambda x, v: x in v,
        "not_in": lambda x, v: x not in v,
    }

    def meets(written, value):
        if written["op"] in {"filled", "empty"}:
            return (value is None) == (written["op"] == "empty")
        return value is not None and tests[written["op"]](value, written["value"])

    both = any(meets(one, value) and meets(other, value) for value in [None, *range(-9, 15)])
    found = overlap(conditions.parse(one, "one"), conditions.parse(other, "other"))
    assert (found is not None) == both
