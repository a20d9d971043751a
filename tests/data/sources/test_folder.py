"""Which files are data, what an empty folder says, and the hash of the input."""

from __future__ import annotations

import json
import os

import duckdb
import pytest

from playbook.data import rules, sources
from playbook.errors import InputError

LEAD = "lead_id,created_at\nL1,2026-10-01\n"
DEFAULT = rules.load(None)


def test_an_empty_folder_says_what_to_supply(stage, data):
    with pytest.raises(InputError) as error:
        stage(data)
    assert str(error.value) == (
        f"No data in '{data}': it holds no CSV, Excel, Parquet or DuckDB file. Supply at least the "
        "leads, such as lead.csv or 线索.xlsx with columns lead_id (线索ID) and created_at "
        "(留资时间). `playbook new DIR` makes a folder with a template of every table."
    )


def test_a_folder_of_other_files_names_them(stage, data):
    (data / "leads.zip").write_bytes(b"")
    with pytest.raises(InputError, match=r"It has only leads\.zip"):
        stage(data)


def test_a_path_that_does_not_exist_is_named(stage, data):
    with pytest.raises(InputError, match="there is no such folder or file"):
        stage(data / "nowhere")


def test_what_is_not_data_is_passed_over(stage, data):
    (data / "lead.csv").write_text(LEAD)
    for name in (
        "README.md",
        "readme.txt",
        "playbook.toml",
        ".hidden.csv",
        "~$lead.xlsx",
        "_SUCCESS",
    ):
        (data / name).write_text("lead_id,created_at\nX,2026-10-01\n")
    (data / "notes.docx").write_bytes(b"")
    for folder in ("reviews", "2026-10", ".playbook_cache", "deep"):
        (data / folder).mkdir()
    (data / "reviews" / "lead.csv").write_text(LEAD)
    (data / "2026-10" / "lead.csv").write_text(LEAD)
    (data / "2026-10" / "manifest.json").write_text("{}")
    (data / "deep" / "deeper").mkdir()
    (data / "deep" / "deeper" / "lead.csv").write_text(LEAD)
    (data / "deep" / "touch.csv").write_text("touch_id,touched_at,touch_type\nT1,2026-10-01,form\n")
    found = stage(data)
    assert [f.file for f in found.staged.files] == ["deep/touch.csv", "lead.csv"]
    (problem,) = found.problems()
    assert (problem.severity, problem.code, problem.file) == ("note", "ignored-file", "notes.docx")


def test_a_single_file_is_an_input(stage, data):
    (data / "lead.csv").write_text(LEAD)
    (data / "touch.csv").write_text("touch_id,touched_at,touch_type\nT1,2026-10-01,form\n")
    found = stage(data / "lead.csv")
    assert [f.file for f in found.staged.files] == ["lead.csv"]


def test_a_file_that_may_not_be_read_is_a_problem(stage, data, monkeypatch):
    (data / "lead.csv").write_text(LEAD)

    def refuse(*_args, **_options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("playbook.data.sources.text.dialect_of", refuse)
    (problem,) = stage(data).problems()
    assert (problem.severity, problem.message) == (
        "stop",
        "the file cannot be read: Permission denied",
    )


def test_the_fingerprint_follows_the_content(tmp_path, data):
    cache = tmp_path / "cache"
    (data / "lead.csv").write_text(LEAD)
    first = sources.fingerprint(data, DEFAULT, cache)
    assert sources.fingerprint(data, DEFAULT, cache) == first == sources.fingerprint(data, DEFAULT)
    (data / "lead.csv").write_text(LEAD.replace("L1", "L2"))
    os.utime(data / "lead.csv", ns=(1, 1))
    changed = sources.fingerprint(data, DEFAULT, cache)
    assert changed != first
    (data / "lead.csv").rename(data / "leads.csv")
    assert sources.fingerprint(data, DEFAULT, cache) not in {first, changed}


def test_the_fingerprint_is_the_hash_of_the_staged_input(stage, data):
    (data / "lead.csv").write_text(LEAD)
    (data / "account.csv").write_text("account_id,account_name\nA,B\n")
    assert stage(data).staged.input_hash == sources.fingerprint(data, DEFAULT)


def test_hashes_are_remembered_by_size_and_time(tmp_path, data):
    cache = tmp_path / "cache"
    (data / "lead.csv").write_text(LEAD)
    sources.fingerprint(data, DEFAULT, cache)
    memory = cache / "digests.json"
    known = json.loads(memory.read_text())
    ((key, (size, changed, _)),) = known.items()
    memory.write_text(json.dumps({key: [size, changed, "remembered"]}))
    trusted = sources.fingerprint(data, DEFAULT, cache)
    memory.write_text("damaged")
    assert (
        sources.fingerprint(data, DEFAULT, cache) == sources.fingerprint(data, DEFAULT) != trusted
    )


def test_a_file_that_may_not_be_read_has_no_hash(data, monkeypatch):
    (data / "lead.csv").write_text(LEAD)
    before = sources.fingerprint(data, DEFAULT)

    def refuse(*_args):
        raise PermissionError

    monkeypatch.setattr("hashlib.file_digest", refuse)
    assert sources.fingerprint(data, DEFAULT) not in {None, before}


def test_a_database_address_has_no_fingerprint():
    assert sources.fingerprint("sqlite:///crm.db", DEFAULT) is None


def test_staging_again_replaces_what_was_staged(data):
    (data / "lead.csv").write_text(LEAD)
    con = duckdb.connect()
    for _ in range(2):
        sources.stage(con, data, DEFAULT)
        assert con.execute("SELECT count(*) FROM raw.lead").fetchone() == (1,)
    con.close()


def test_an_attached_database_named_raw_takes_all_rows(tmp_path, data):
    """So that nothing of the raw input stays in the connection's own file."""
    (data / "lead.csv").write_text(LEAD)
    con = duckdb.connect(tmp_path / "book.duckdb")
    con.execute("ATTACH ':memory:' AS raw")
    for _ in range(2):
        sources.stage(con, data, DEFAULT)
        assert con.execute("SELECT lead_id, _row FROM raw.lead").fetchall() == [("L1", 2)]
    con.execute("DETACH raw")
    left = con.execute("SELECT count(*) FROM duckdb_tables()").fetchone()
    assert left == (0,)
    con.close()


def test_the_order_setting_of_the_connection_is_put_back(data):
    (data / "lead.csv").write_text(LEAD)
    con = duckdb.connect()
    con.execute("SET preserve_insertion_order = false")
    sources.stage(con, data, DEFAULT)
    assert con.execute("SELECT current_setting('preserve_insertion_order')").fetchone() == (False,)
    con.close()


def test_the_files_are_a_table(stage, data):
    (data / "lead.csv").write_text(LEAD)
    frame = sources.to_frame(stage(data).staged.files)
    assert frame[["id", "file", "tables", "rows", "kind", "header_row"]].to_dict("records") == [
        {"id": 1, "file": "lead.csv", "tables": "lead", "rows": 1, "kind": "text", "header_row": 1}
    ]
