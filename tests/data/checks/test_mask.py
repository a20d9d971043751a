"""Contact details never get into the clean tables, the problems or the set-aside rows."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from playbook.data.checks import mask


@pytest.mark.parametrize(
    ("column", "value", "shown"),
    [
        ("full_name", "王小明", "王**"),
        ("full_name", "John Smith", "J**"),
        ("email", "wang@chenguang.cn", "w***@***"),
        ("email", "wang@QQ.com", "w***@qq.com"),
        ("email", "not an address", "n***@***"),
        ("mobile", "13900001111", "139********"),
        ("mobile", "+86 139-0000-1111", "139********"),
        ("mobile", "0755-1234567", "***"),
        ("wecom_id", "wx_wang", "w**"),
        ("full_name", "", None),
    ],
)
def test_a_contact_detail_is_masked(read, column, value, shown):
    assert read(f"person.{column}", [value], free_mail=("qq.com",)) == [shown]


@pytest.mark.parametrize(
    ("text", "scrubbed"),
    [
        ("call 13900001111 now", "call [phone] now"),
        ("call +86 139 0000 1111", "call [phone]"),
        ("139-0000-1111,13900002222", "[phone],[phone]"),
        ("电话１３９００００１１１１", "电话[phone]"),
        ("office 0755-12345678-801", "office [phone]"),
        ("office (010)12345678", "office [phone]"),
        ("London +44 20 7946 0958", "London [phone]"),
        ("write li.na+x@mail.acme.com.cn please", "write [e-mail] please"),
        ("身份证 44030019900101123X", "身份证 [id]"),
        ("card 6222020200112233445", "card [number]"),
        ("微信号: wx_wang88", "微信号: [id]"),
        ("QQ 12345678", "QQ [id]"),
    ],
)
def test_free_text_is_scrubbed_of_numbers_and_addresses(read, text, scrubbed):
    assert read("activity.feedback", [text]) == [scrubbed]


@pytest.mark.parametrize(
    "text",
    ["2026-10-03 talked about 1,200,000 for 50 users", "预算 20000000", "版本 3.2.1", "A@B", "@"],
)
def test_other_numbers_stay(read, text):
    assert read("activity.feedback", [text]) == [text]


def test_names_and_codes_are_not_scrubbed(read):
    assert read("account.credit_code", ["91440300123456789X"]) == ["91440300123456789X"]
    assert read("content.url", ["https://a.cn/p/1234567890"]) == ["https://a.cn/p/1234567890"]


SECRET = "13912340000"


def test_no_contact_detail_survives_anywhere(check, good, tmp_path):
    """Planted in every column that is text, in every table, and searched in all that comes out."""
    for table, rows in good.items():
        rows[0] |= {
            "account": {"account_name": f"晨光 {SECRET}"},
            "person": {"full_name": "欧阳secret", "mobile": SECRET, "email": "secret@chenguang.cn"},
            "lead": {"pain_point": f"call {SECRET}", "status": f"new {SECRET}"},
            "activity": {"feedback": "mail secret@chenguang.cn", "method": SECRET},
            "partner": {"contact_name": "欧阳secret", "goal": SECRET},
            "project": {"background": SECRET, "next_step": "secret@chenguang.cn"},
        }.get(table, {})
    good["lead"].append({**good["lead"][0], "lead_id": ""})
    good["person"].append({**good["person"][0], "person_id": ""})
    outcome = check(good, aside=tmp_path)
    dumped = [outcome.checked.problems.to_csv(), outcome.checked.counts.to_csv()]
    dumped += [file.read_text("utf-8-sig") for file in tmp_path.iterdir()]
    tables = outcome.rows("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'clean'")
    dumped += [str(outcome.rows(f'SELECT * FROM clean."{name}"')) for (name,) in tables]
    assert len(tables) == 29
    assert len(list(tmp_path.iterdir())) == 2
    for text in dumped:
        assert SECRET not in text
        assert "secret" not in text


def test_a_contact_that_serves_as_a_key_becomes_a_pseudonym(check, good):
    """The same one wherever the person is meant, and not the number's plain hash."""
    good["person"][0]["person_id"] = good["lead"][0]["person_id"] = SECRET
    good["touch"][0]["person_id"] = SECRET
    outcome = check(good)
    assert outcome.codes == [("note", "contact-as-key", "person", "联系人ID", 1)]
    (name,) = outcome.rows("SELECT person_id FROM clean.person WHERE account_id = 'A1'")[0]
    assert name.startswith("k")
    assert hashlib.sha256(SECRET.encode()).hexdigest()[:15] not in name
    assert outcome.rows("SELECT person_id FROM clean.lead WHERE lead_id = 'L1'") == [(name,)]
    assert outcome.rows("SELECT person_id FROM clean.touch") == [(name,)]
    assert outcome.code("contact-as-key")["value"].tolist() == ["[contact]"]


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=st.text(max_size=200), key=st.binary(max_size=64))
def test_the_keyed_hash_is_hmac_sha256(con, text, key):
    """The oracle is the standard library's."""
    text = text.replace("\x00", "").encode("utf-8", "ignore").decode()
    con.execute("CREATE OR REPLACE TABLE t AS SELECT ?::VARCHAR AS v", [text])
    found = con.execute(f"SELECT {mask.keyed('v', key)} FROM t").fetchall()[0][0]
    assert found == hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def test_the_key_of_a_run_comes_from_the_content_alone(con):
    """Not from the order of rows, nor from where they stand."""
    con.execute("CREATE SCHEMA raw")
    rows = "VALUES ('P1', '139', {}, 2), ('P2', '138', {}, 3)"
    keys = []
    for number, order in ((0, "ASC"), (1, "DESC")):
        con.execute(
            "CREATE OR REPLACE TABLE raw.person AS "
            f"SELECT * FROM ({rows.format(number, number)}) AS t(person_id, mobile, _file, _row) "
            f"ORDER BY person_id {order}"
        )
        keys.append(mask.secret(con, ["person"]))
    con.execute("UPDATE raw.person SET mobile = '137' WHERE person_id = 'P1'")
    keys.append(mask.secret(con, ["person"]))
    assert keys[0] == keys[1] != keys[2]
