"""`[sources.*]`: names, values, constants, keys, joins and formats of a company's own files."""

from __future__ import annotations

import pytest

from playbook.errors import RulesError


def test_a_file_can_feed_several_tables_and_is_not_recognised_as_well(stage, data):
    (data / "lead.csv").write_text("lead_id,created_at,who\nL1,2026-10-01,Ann\nL2,2026-10-02,Bob\n")
    toml = """
        [sources.a]
        table = "lead"
        file = "lead.csv"
        columns = { lead_id = "lead_id", created_at = "created_at" }
        [sources.b]
        table = "stage_event"
        file = "lead.csv"
        columns = { lead_id = "lead_id", entered_at = "created_at" }
        constants = { stage = "mql" }
        key = { column = "stage_event_id", from = ["lead_id"], prefix = "mql-" }
    """
    found = stage(data, toml)
    assert found.rows("lead", "lead_id") == [("L1",), ("L2",)]
    assert found.rows("stage_event", "stage_event_id, stage, entered_at, _row") == [
        ("mql-L1", "mql", "2026-10-01", 2),
        ("mql-L2", "mql", "2026-10-02", 3),
    ]
    assert found.staged.files[0].tables == ("lead", "stage_event")
    assert found.staged.tables["stage_event"]["entered_at"] == "created_at"


def test_a_pattern_takes_several_files_and_reaches_into_folders(stage, data):
    (data / "a" / "b").mkdir(parents=True)
    for at, path in enumerate(["x_1.csv", "a/x_2.csv", "a/b/x_3.csv"]):
        (data / path).write_text(f"nr,tag\nL{at},2026-10-01\n")
    toml = """
        [sources.a]
        table = "lead"
        file = "**/x_*.csv"
        columns = { lead_id = "nr", created_at = "tag" }
    """
    found = stage(data, toml)
    assert sorted(row[0] for row in found.rows("lead", "lead_id")) == ["L0", "L1", "L2"]


def test_what_a_section_does_not_name_is_still_recognised(stage, data):
    (data / "x.csv").write_text("nr,留资时间,状态\nL1,2026-10-01,跟进中\n")
    toml = """
        [sources.a]
        table = "lead"
        file = "x.csv"
        columns = { lead_id = "nr" }
    """
    found = stage(data, toml)
    assert found.rows("lead", "lead_id, created_at, status") == [("L1", "2026-10-01", "跟进中")]


def test_but_not_in_a_file_of_several_tables(stage, data):
    (data / "x.csv").write_text(
        "nr,留资时间,状态,谁\nL1,2026-10-01,跟进中,S1\nL2,2026-10-01,新,S1\n"
    )
    toml = """
        [sources.a]
        table = "lead"
        file = "x.csv"
        columns = { lead_id = "nr", created_at = "留资时间" }
        [sources.b]
        table = "staff"
        file = "x.csv"
        columns = { staff_id = "谁" }
    """
    found = stage(data, toml)
    assert set(found.staged.tables["lead"]) == {"lead_id", "created_at"}
    assert found.rows("staff", "staff_id") == [("S1",)]


def test_values_are_renamed_and_others_stay(stage, data):
    (data / "x.csv").write_text("nr,st\nL1,offen\nL2,fertig\nL3,\nL4,seltsam\n")
    toml = """
        [sources.a]
        table = "lead"
        file = "x.csv"
        columns = { lead_id = "nr", status = "st", intent_level = "st", contact_valid = "st" }
        [sources.a.values]
        status = { offen = "working", fertig = "converted" }
        intent_level = { offen = "high", "*" = "low" }
        contact_valid = { "" = false, "*" = true }
    """
    assert stage(data, toml).rows("lead", "status, intent_level, contact_valid") == [
        ("working", "high", "true"),
        ("converted", "low", "true"),
        (None, None, "false"),
        ("seltsam", "low", "true"),
    ]


def test_a_date_format_is_applied_and_what_does_not_fit_stays(stage, data):
    (data / "x.csv").write_text(
        "nr,tag,zone\nL1,03.10.2026 09:05,2026-10-01T08:00:00+0800\nL2,bald,\n"
    )
    toml = """
        [sources.a]
        table = "lead"
        file = "x.csv"
        columns = { lead_id = "nr", created_at = "tag", assigned_at = "zone" }
        date_format = { "*" = "%d.%m.%Y %H:%M", assigned_at = "%Y-%m-%dT%H:%M:%S%z" }
    """
    assert stage(data, toml).rows("lead", "created_at, assigned_at") == [
        ("2026-10-03 09:05:00", "2026-10-01 00:00:00+00:00"),
        ("bald", None),
    ]


def test_where_keeps_rows_with_a_value_filled_or_empty(stage, data):
    (data / "x.csv").write_text("nr,typ,won\n1,A,2026\n2,A,\n3,B,2026\n")
    section = """
        [sources.{name}]
        table = "{table}"
        file = "x.csv"
        columns = {{ {key} = "nr" }}
        where = {where}
    """
    toml = "".join(
        section.format(name=table, table=table, key=key, where=where)
        for table, key, where in [
            ("lead", "lead_id", '{ typ = "A", won = "*" }'),
            ("touch", "touch_id", '{ won = "" }'),
            ("activity", "activity_id", "{ nr = 3 }"),
        ]
    )
    found = stage(data, toml)
    assert found.rows("lead", "lead_id, _row") == [("1", 2)]
    assert found.rows("touch", "touch_id") == [("2",)]
    assert found.rows("activity", "activity_id") == [("3",)]


@pytest.mark.parametrize(("how", "kept"), [("left", ["1", "2", "3"]), ("inner", ["1", "2"])])
def test_a_join_adds_columns_and_no_rows(stage, data, how, kept):
    (data / "x.csv").write_text("nr,k\n1,a\n2,b\n3,c\n")
    (data / "y.csv").write_text("key,wer\na,Ann\nb,Bob\na,Again\n")
    toml = f"""
        [sources.a]
        table = "lead"
        file = "x.csv"
        columns = {{ lead_id = "nr" }}
        [sources.a.join]
        file = "y.csv"
        on = {{ k = "key" }}
        columns = {{ owner_id = "wer" }}
        how = "{how}"
    """
    found = stage(data, toml)
    owners = {"1": "Ann", "2": "Bob", "3": None}
    assert found.rows("lead", "lead_id, owner_id") == [(k, owners[k]) for k in kept]
    (problem,) = found.problems()
    assert (problem.severity, problem.code, problem.file) == ("flag", "join-many", "y.csv")
    assert problem.message == (
        "[sources.a] joins on key, which 1 rows repeat; the first row of each value is used"
    )


def test_things_listed_again_and_again_are_read_once(stage, data):
    (data / "deals.csv").write_text("deal,sr,sdr\n1,S1,S2\n2,S1,S3\n3,S2,S1\n")
    section = """
        [sources.{name}]
        table = "staff"
        file = "deals.csv"
        columns = {{ staff_id = "{name}" }}
        constants = {{ department = "sales" }}
    """
    found = stage(data, section.format(name="sr") + section.format(name="sdr"))
    assert sorted(found.rows("staff", "staff_id, _row")) == [("S1", 2), ("S2", 2), ("S3", 3)]
    (problem,) = found.problems()
    assert (problem.severity, problem.message) == (
        "note",
        "3 of 6 rows equal an earlier row of staff in all that is mapped, and are read once",
    )


def test_rows_that_differ_under_one_key_are_all_kept_for_the_checks(stage, data):
    (data / "x.csv").write_text("nr,firma\nA1,Eins\nA1,Zwei\nA1,Eins\n")
    toml = """
        [sources.a]
        table = "account"
        file = "x.csv"
        columns = { account_id = "nr", account_name = "firma" }
    """
    assert stage(data, toml).rows("account", "account_name") == [("Eins",), ("Zwei",)]


def test_a_key_from_contact_details_hides_them(stage, data):
    (data / "x.csv").write_text("日期,手机\n2026-10-01,13800138000\n2026-10-01,13800138001\n,\n")
    toml = """
        [sources.a]
        table = "lead"
        file = "x.csv"
        columns = { created_at = "日期" }
        key = { column = "lead_id", from = ["日期", "手机"], prefix = "web-" }
    """
    keys = [row[0] for row in stage(data, toml).rows("lead", "lead_id")]
    assert len(set(keys)) == 2
    assert all(key.startswith("web-") and len(key) == 24 for key in keys)
    assert not any("13800138" in key for key in keys)
    assert keys == [row[0] for row in stage(data, toml).rows("lead", "lead_id")]


def test_what_the_rules_name_and_the_file_lacks_is_reported(stage, data):
    (data / "x.csv").write_text("nr,datum\nL1,2026-10-01\n")
    toml = """
        [sources.a]
        table = "lead"
        file = "x.csv"
        columns = { lead_id = "nr", created_at = "datim" }
        [sources.b]
        table = "touch"
        file = "z.csv"
    """
    found = stage(data, toml)
    assert found.rows("lead", "lead_id") == [("L1",)]
    column, absent = found.problems()
    assert column.message == (
        "[sources.a] columns.created_at names 'datim', which the file does not have; did you mean "
        "'datum'? It has: nr, datum"
    )
    assert absent.message == "[sources.b] z.csv is not in the data; there is: x.csv"


def test_headers_of_the_rules_are_found_below_a_preamble(stage, data):
    (data / "x.csv").write_text("Export;;\nvom 31.10.2026;;\nnr;datum;betrag\nL1;01.10.2026;1,5\n")
    toml = """
        [sources.a]
        table = "opportunity"
        file = "x.csv"
        columns = { opportunity_id = "Nr", created_at = "Datum", amount = "Betrag" }
    """
    found = stage(data, toml)
    assert found.rows("opportunity", "opportunity_id, amount, _row") == [("L1", "1,5", 4)]
    assert found.staged.files[0].decimal_comma


def test_how_a_file_is_written_can_be_said(stage, data):
    (data / "x.dat").write_bytes("x|y\nnr|wert\nS1|1,234\n".encode("utf-16"))
    toml = """
        [sources.a]
        table = "spend"
        file = "x.dat"
        encoding = "utf-16"
        delimiter = "|"
        decimal = ","
        header_row = 2
        columns = { spend_id = "nr", amount = "wert" }
    """
    found = stage(data, toml)
    assert found.rows("spend", "spend_id, amount, _row") == [("S1", "1,234", 3)]
    assert found.staged.files[0].decimal_comma


def test_a_file_that_is_only_joined_is_not_reported_as_unknown(stage, data):
    (data / "x.csv").write_text("nr,k\n1,a\n")
    (data / "y.csv").write_text("key,wer\na,Ann\n")
    toml = """
        [sources.a]
        table = "lead"
        file = "x.csv"
        columns = { lead_id = "nr" }
        join = { file = "y.csv", on = { k = "key" }, columns = { owner_id = "wer" } }
    """
    assert stage(data, toml).codes == []


def test_a_date_format_that_does_not_exist_is_a_mistake_in_the_rules(stage, data):
    (data / "x.csv").write_text("nr,datum\nL1,2026-10-01\n")
    toml = """
        [sources.a]
        table = "lead"
        file = "x.csv"
        columns = { lead_id = "nr", created_at = "datum" }
        date_format = "%Q"
    """
    with pytest.raises(RulesError, match=r"\[sources.a\] of playbook.toml cannot be applied"):
        stage(data, toml)
