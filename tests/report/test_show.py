"""What a notebook shows: escaped, formatted, and left for the review."""

from __future__ import annotations

import datetime as dt
import json
import re
from decimal import Decimal
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from playbook.errors import ParameterError
from playbook.findings import Finding
from playbook.report import show

EVIL = "<script>alert(1)</script>"
FORMULA = "=cmd|'/c calc'!A1"


class Page(HTMLParser):
    """Tags, attributes and text of what is shown."""

    def __init__(self, shown) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(shown._repr_html_())

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def titles(self) -> list[str]:
        return [attrs["title"] for _, attrs in self.tags if attrs.get("title")]

    def with_class(self, name: str) -> list[dict[str, str | None]]:
        return [attrs for _, attrs in self.tags if name in (attrs.get("class") or "").split()]


@pytest.fixture(autouse=True)
def _plain_settings():
    """Every test begins with yuan, English numbers and English names."""
    show.configure(currency="CNY", style="en", lang="en", period="period")
    yield
    show.configure(currency="CNY", style="en", lang="en", period="period")


@pytest.fixture
def collected(tmp_path, monkeypatch):
    """The folder that a review would set for a page."""
    folder = tmp_path / "page"
    monkeypatch.setenv("PLAYBOOK_COLLECT", str(folder))
    return folder


def metric(**changes):
    base = {
        "metric": "P02-M5", "name": "MQL → SQL", "zh": "MQL转SQL率", "unit": "share",
        "better": "up", "view": "cohort", "period": "2026-10", "value": 0.32, "numerator": 31,
        "denominator": 96, "n": 96, "low": 0.24, "high": 0.42, "previous": 0.5,
        "last_year": np.nan, "target": 0.4, "immature": False, "definition": "SQL per MQL",
    }  # fmt: skip
    return {**base, **changes}


def finding(**changes):
    base = {"id": "P02-R2/late", "level": "act", "claim": "41 of 96 waited.", "evidence": "42.7 %"}
    return Finding(**{**base, **changes})


def everything_evil():
    """One of each block, with a script wherever text from the data can be."""
    df = pd.DataFrame({EVIL: [EVIL, "b"], "account_name": [f'"{EVIL}', "x' onmouseover='y"]})
    names = {"account_name": (EVIL, EVIL)}
    return {
        "headline": show.headline(EVIL),
        "note": show.note(EVIL),
        "missing": show.missing(EVIL, [EVIL]),
        "sop": show.sop(EVIL, essence=[EVIL], todo=[EVIL], inputs=[EVIL], people=[EVIL]),
        "table": show.table(df, "leads", title=EVIL, note=EVIL, names=names),
        "worklist": show.worklist(df, "calls", EVIL),
        "findings": show.findings(
            [finding(id=EVIL, claim=EVIL, evidence=EVIL, remedy=EVIL, owner=EVIL, worth=EVIL)]
        ),
        "metrics": show.metrics(
            pd.DataFrame([metric(name=EVIL, zh=EVIL, definition=EVIL, channel=EVIL, reason=EVIL)]),
            title=EVIL,
        ),
        "definitions": show.definitions(
            pd.DataFrame([{"name": EVIL, "zh": EVIL, "definition": EVIL, EVIL: EVIL}])
        ),
        "cockpit_rows": show.cockpit_rows(
            [{"layer": 1, "name": EVIL, "value_text": EVIL, "change_text": EVIL, "judgement": EVIL}]
        ),
    }


@pytest.mark.parametrize("name", list(everything_evil()))
def test_text_from_the_data_is_never_a_tag_or_an_attribute(name):
    page = Page(everything_evil()[name])
    assert "script" not in {tag for tag, _ in page.tags}
    assert not any(key.startswith("on") for _, attrs in page.tags for key in attrs)
    assert EVIL in page.text


def test_every_block_has_html_for_notebooks_and_words_for_terminals():
    for name, shown in everything_evil().items():
        assert shown._repr_html_().startswith('<div class="pb">'), name
        assert repr(shown).strip(), name


def test_lines_to_paste_are_folded_escaped_and_keep_their_breaks():
    shown = show.code('[scoring]\nwhen = "<b>"', "To paste into playbook.toml")
    page = Page(shown)
    assert [name for name, _ in page.tags][1:5] == ["details", "summary", "div", "pre"]
    assert "b" not in [name for name, _ in page.tags]
    assert '[scoring]\nwhen = "&lt;b&gt;"' in shown._repr_html_()
    assert repr(shown) == 'To paste into playbook.toml\n[scoring]\nwhen = "<b>"'


def test_characters_that_hide_text_are_made_visible():
    page = Page(show.note("abc\u202edef\x00"))
    assert page.text == "abc\ufffddef\ufffd"


def test_a_long_table_shows_fifteen_rows_and_counts_the_rest():
    page = Page(show.table(pd.DataFrame({"leads": range(400)}), "leads"))
    assert sum(tag == "tr" for tag, _ in page.tags) == 16
    assert page.text.endswith("… 385 more rows")


@pytest.mark.usefixtures("collected")
def test_in_a_review_a_long_table_says_in_which_sheet_the_rest_is():
    page = Page(show.table(pd.DataFrame({"leads": range(400)}), "leads"))
    assert page.text.endswith("… 385 more rows in tables.xlsx, sheet leads")


def test_a_table_says_how_it_was_counted():
    table = pd.DataFrame({"stage": ["lead"], "n": [3]})
    table.attrs["counted"] = "Cohort view; lead → won: in order"
    assert "How counted: Cohort view; lead → won: in order." in show.table(table, "x")._repr_html_()


def test_a_table_can_show_all_its_rows():
    shown = show.table(pd.DataFrame({"leads": range(40)}), "leads", rows=None)
    assert "more row" not in shown.html


def test_cells_are_written_in_the_unit_told_or_inferred():
    df = pd.DataFrame(
        {
            "lead_id": [7],
            "won_rate": [0.105],
            "response_hours": [2.34],
            "cost": [Decimal("12345.60")],
            "created_at": pd.to_datetime(["2026-10-14"]),
            "met_at": pd.to_datetime(["2026-10-14 09:30"]),
            "is_mql": [True],
            "score": [0.5],
            "day": [dt.date(2026, 10, 14)],
        }
    )
    text = repr(show.table(df, "cells", units={"score": "share"}))
    cells = re.split(r"\s{2,}", text.splitlines()[1])
    assert cells == [
        "7", "10.5 %", "2.3 h", "12.3 k", "14 Oct 2026", "14 Oct 2026, 09:30", "yes", "50.0 %",
        "14 Oct 2026",
    ]  # fmt: skip


def test_money_names_its_currency_once_a_table():
    df = pd.DataFrame({"amount": [4.2e6, 1e6]})
    page = Page(show.table(df, "won", title="Won", units={"amount": "money"}))
    assert page.text.count("¥") == 1
    assert "amounts in CNY (¥)" in page.text


def test_rows_with_their_own_currency_name_it_themselves():
    df = pd.DataFrame({"amount": [4.2e6, 1e6], "currency": ["USD", None]})
    text = Page(show.table(df, "won", units={"amount": "money"})).text
    assert "$4.2 m" in text
    assert "¥1 m" in text
    assert "amounts in" not in text


@pytest.mark.parametrize("nothing", [None, np.nan, pd.NA, pd.NaT, np.inf])
def test_a_missing_cell_is_a_dash_with_its_reason_on_hover(nothing):
    df = pd.DataFrame({"name": ["a"], "response_hours": [nothing]})
    page = Page(show.table(df, "sla", missing={"response_hours": "nobody has answered"}))
    assert page.words[-1] == "–"
    assert "nobody has answered" in page.titles()


def test_headers_are_words_with_the_chinese_name_on_hover():
    page = Page(show.table(pd.DataFrame({"lead_id": ["L1"], "mql_rate": [0.5]}), "leads"))
    assert "Lead ID" in page.words
    assert "MQL rate" in page.words
    assert any(re.search(r"[\u4e00-\u9fff]", title) for title in page.titles())


def test_in_chinese_the_header_is_the_chinese_name():
    show.configure(lang="zh")
    page = Page(show.table(pd.DataFrame({"x": [1]}), "t", names={"x": ("Leads", "线索数")}))
    assert "线索数" in page.words
    assert "Leads" in page.titles()


def test_a_column_that_is_not_there_is_refused_with_those_that_are():
    with pytest.raises(ParameterError, match=r"unknown column of table 't' 'lead'.*'leads'"):
        show.table(pd.DataFrame({"leads": [1]}), "t", units={"lead": "count"})


def test_an_unknown_unit_is_refused():
    with pytest.raises(ParameterError, match="unknown unit of column 'leads' 'counts'"):
        show.table(pd.DataFrame({"leads": [1]}), "t", units={"leads": "counts"})


@pytest.mark.parametrize("name", ["", "Leads by channel", "../x", "a" * 40, "线索"])
def test_a_name_that_no_sheet_or_file_can_have_is_refused(name):
    with pytest.raises(ParameterError, match="cannot be a sheet or file name"):
        show.table(pd.DataFrame({"leads": [1]}), name)


def test_two_rows_of_headers_are_refused():
    df = pd.DataFrame([[1]], columns=pd.MultiIndex.from_tuples([("a", "b")]))
    with pytest.raises(ParameterError, match="two rows of headers"):
        show.table(df, "t")


def test_two_columns_of_one_name_are_refused():
    with pytest.raises(ParameterError, match="two columns named a"):
        show.table(pd.DataFrame([[1, 2]], columns=["a", "a"]), "t")


def test_an_empty_table_still_has_its_headers():
    page = Page(show.table(pd.DataFrame({"leads": pd.Series(dtype="int64")}), "t", title="None"))
    assert "Leads" in page.words


def test_showing_a_table_does_not_change_it():
    df = pd.DataFrame({"leads": [1]}, index=pd.Index(["SEM"], name="channel"))
    before = df.copy(deep=True)
    page = Page(show.table(df, "t"))
    pd.testing.assert_frame_equal(df, before)
    assert "Channel" in page.words


def test_what_a_table_carries_beside_its_columns_is_no_hindrance(collected):
    df = pd.DataFrame({"leads": [1]})
    df.attrs["plan"] = object()
    show.table(df, "t")
    assert "plan" in df.attrs
    assert pd.read_parquet(next(collected.rglob("*.parquet")))["leads"].tolist() == [1]


def test_a_page_leaves_its_tables_as_parquet_with_what_the_sheet_needs(collected):
    df = pd.DataFrame(
        {"channel": ["SEM", None], "won_rate": [0.5, np.nan], "path": [["a", "b"], []]}
    )
    show.table(df, "channels", title="Channels", note="By first touch.")
    show.table(df[["channel"]], "channels")
    files = sorted(path.name for path in (collected / "tables").iterdir())
    assert files == [
        "01_channels.json", "01_channels.parquet", "02_channels_2.json", "02_channels_2.parquet",
    ]  # fmt: skip
    about = json.loads((collected / "tables" / "01_channels.json").read_text("utf-8"))
    assert about["name"] == "channels"
    assert about["title"] == "Channels"
    assert about["units"] == {"channel": "text", "won_rate": "share", "path": "text"}
    assert about["labels"]["won_rate"] == "Won rate"
    back = pd.read_parquet(collected / "tables" / "01_channels.parquet")
    assert back["path"].tolist() == ["a, b", ""]
    assert back["won_rate"].isna().tolist() == [False, True]


def test_a_worklist_is_a_csv_that_a_spreadsheet_opens_and_cannot_run(collected):
    df = pd.DataFrame(
        {"account_name": [FORMULA, "华诺"], "=HYPERLINK()": ["@x", "-3"], "amount": [-2, 1.5]}
    )
    page = Page(show.worklist(df, "overdue", "Overdue"))
    raw = (collected / "worklists" / "overdue.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    assert raw.decode("utf-8-sig").split("\r\n")[:3] == [
        "account_name,'=HYPERLINK(),amount",
        "'=cmd|'/c calc'!A1,'@x,-2.0",
        "华诺,-3,1.5",
    ]
    assert "All 2 rows are in worklists/overdue.csv." in page.text


def test_an_empty_worklist_says_so():
    assert "Nothing on this list." in Page(show.worklist(pd.DataFrame({"a": []}), "x", "X")).text


def test_findings_headline_and_cockpit_are_left_for_the_index(collected):
    show.headline("October: 412 leads.")
    show.findings([finding(), finding(id="b", level="good")])
    show.findings([finding(id="c", level="info")])
    show.cockpit_rows([{"layer": 1, "name": "Revenue", "value_text": "¥41 m"}])
    show.cockpit_rows([{"layer": 2, "name": "Leads", "trend": [1, np.nan, 3], "target_share": 0.8}])
    assert (collected / "headline.txt").read_text("utf-8") == "October: 412 leads."
    stored = json.loads((collected / "findings.json").read_text("utf-8"))
    assert [entry["id"] for entry in stored] == ["P02-R2/late", "b", "c"]
    assert Finding(**stored[0]) == finding()
    cockpit = json.loads((collected / "cockpit.json").read_text("utf-8"))
    assert [row["layer"] for row in cockpit] == [1, 2]
    assert cockpit[1]["trend"] == [1.0, None, 3.0]


def test_nothing_is_written_outside_a_review(tmp_path, monkeypatch):
    monkeypatch.delenv("PLAYBOOK_COLLECT", raising=False)
    monkeypatch.chdir(tmp_path)
    everything_evil()
    assert list(tmp_path.iterdir()) == []


def test_findings_come_most_pressing_first_and_name_their_level_in_words():
    page = Page(show.findings([finding(level="good"), finding(level="act", claim="Do this.")]))
    assert page.text.index("Act") < page.text.index("Good")
    assert [c["class"] for c in page.with_class("pb-finding")] == [
        "pb-finding pb-act", "pb-finding pb-good",
    ]  # fmt: skip


def test_no_findings_say_that_nothing_stands_out():
    assert Page(show.findings([])).text == "Nothing stands out this period."


def test_a_metric_shows_its_n_and_interval_beside_the_value():
    text = Page(show.metrics(pd.DataFrame([metric()]))).text
    assert "32.0 %" in text
    assert "24.0–42.0 % · n = 96" in text
    assert "80 % of 40.0 %" in text


@pytest.mark.parametrize(
    ("better", "value", "previous", "colour"),
    [
        ("up", 120, 100, "pb-up"),
        ("up", 80, 100, "pb-down"),
        ("down", 80, 100, "pb-up"),
        ("down", 120, 100, "pb-down"),
        ("", 120, 100, "pb-flat"),
        ("up", 100, 100, "pb-flat"),
    ],
)
def test_a_change_is_coloured_by_what_is_better(better, value, previous, colour):
    row = metric(unit="count", better=better, value=value, previous=previous, low=None, high=None)
    page = Page(show.metrics(pd.DataFrame([row])))
    assert page.with_class("pb-change")[0]["class"] == f"pb-change {colour}"


def test_a_change_within_the_interval_is_grey_and_says_why():
    page = Page(show.metrics(pd.DataFrame([metric(previous=0.38)])))
    assert page.with_class("pb-change")[0]["class"] == "pb-change pb-flat"
    assert "within what chance does" in page.titles()


def test_a_young_cohort_is_marked_young_not_low():
    page = Page(show.metrics(pd.DataFrame([metric(immature=True, previous=0.9)])))
    assert "too young" in page.words
    assert not page.with_class("pb-down")


def test_a_missing_metric_says_why_on_hover():
    rows = [
        metric(value=np.nan, denominator=0, n=0, low=np.nan, high=np.nan),
        metric(value=np.nan, reason="no spend supplied"),
    ]
    titles = Page(show.metrics(pd.DataFrame(rows))).titles()
    assert "nothing to divide by: the denominator is 0" in titles
    assert "no spend supplied" in titles


def test_thirteen_periods_make_a_line_with_words_for_those_who_hear_it():
    trend = [float(i) for i in range(12)] + [np.nan]
    page = Page(show.metrics(pd.DataFrame([metric(trend=trend)])))
    line = page.with_class("pb-spark")[0]
    assert line["aria-label"] == "13 periods, from 0 to 11, lowest 0, highest 11"
    assert len(page.with_class("pb-spark-line")) == 1


def test_a_metric_table_without_its_columns_is_refused():
    with pytest.raises(ParameterError, match="missing: name, unit"):
        show.metrics(pd.DataFrame({"value": [1]}))


def test_further_columns_of_a_metric_table_come_after_the_name():
    page = Page(show.metrics(pd.DataFrame([metric(channel="SEM")])))
    assert page.words[:3] == ["Metric", "Channel", "Now"]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"layer": 8, "name": "x"}, "layer 8 is not one of 1 to 7"),
        ({"layer": 1, "name": ""}, "has no name"),
        ({"layer": 1, "name": "x", "level": "bad"}, "unknown level of cockpit row 'x' 'bad'"),
        ({"layer": 1, "name": "x", "vlaue_text": "3"}, "did you mean 'value_text'"),
    ],
)
def test_a_cockpit_row_that_is_wrong_is_refused(row, message):
    with pytest.raises(ParameterError, match=message):
        show.cockpit_rows([row])


def test_cockpit_rows_stand_under_their_layers_in_the_fixed_order():
    rows = [{"layer": 7, "name": "Projects"}, {"layer": 1, "name": "Revenue"}]
    page = Page(show.cockpit_rows(rows))
    assert page.text.index("Company") < page.text.index("Revenue") < page.text.index("Team")
    assert "公司经营层" in page.titles()


def test_the_sop_is_open_and_leaves_out_what_is_empty():
    page = Page(show.sop("B2B growth", todo=["Define ICP"]))
    assert ("details", {"class": "pb-sop", "open": "open"}) in page.tags
    assert "Inputs" not in page.words


def test_a_missing_section_says_what_to_supply():
    assert repr(show.missing("Cost", ["spend"])) == "Cost: no data for this: supply spend"


def test_a_language_or_number_style_that_is_not_there_is_refused():
    with pytest.raises(ParameterError, match="unknown lang 'de'"):
        show.configure(lang="de")
    with pytest.raises(ParameterError, match="unknown number style 'cn'"):
        show.configure(style="cn")


def test_the_style_sheet_asks_for_nothing_and_knows_every_class_that_is_used():
    css = show.css()
    assert "url(" not in css
    assert "@import" not in css
    used = {
        name
        for shown in everything_evil().values()
        for _, attrs in Page(shown).tags
        for name in (attrs.get("class") or "").split()
    }
    known = set(re.findall(r"\.(pb[\w-]*)", css))
    assert used <= known


def folded(**how):
    return Page(show.table(pd.DataFrame({"team": ["A"], "cost": [5.0]}), "teams", **how))


def test_a_folded_table_shows_its_title_and_opens_to_the_rest():
    page = folded(title="All teams", folded=True, note="Of one week.")
    (box,) = page.with_class("pb-folded")
    assert "open" not in box
    names = [name for name, _ in page.tags]
    assert names.index("details") < names.index("summary") < names.index("table")
    assert page.text.startswith("All teams amounts in CNY (¥)")
    assert page.text.endswith("Of one week.")
    assert not folded(title="All teams").with_class("pb-folded")


def test_a_folded_worklist_still_leaves_its_list(collected):
    rows = pd.DataFrame({"lead_id": ["L1"]})
    page = Page(show.worklist(rows, "to_call", "Whom to call", folded=True))
    assert page.with_class("pb-folded")
    assert (collected / "worklists" / "to_call.csv").exists()


def test_a_folded_table_without_a_title_is_refused():
    with pytest.raises(ParameterError, match="a folded table needs a title"):
        folded(folded=True)


def test_a_table_shows_the_columns_asked_for_and_leaves_all_of_them(collected):
    rows = pd.DataFrame({"team": ["A"], "late": [3], "due": [9]})
    page = Page(show.table(rows, "teams", columns=["team", "due"]))
    assert "Late" not in page.text
    assert "Due" in page.text
    (left,) = (collected / "tables").glob("*.parquet")
    assert pd.read_parquet(left).columns.tolist() == ["team", "late", "due"]
    with pytest.raises(ParameterError, match="unknown column of table 'teams' 'dew'"):
        show.table(rows, "teams", columns=["dew"])


def test_probabilities_and_differences_of_shares_are_written_as_such():
    rows = pd.DataFrame({"p_value": [0.00004, 0.0264], "gap": [-0.216, 0.05]})
    page = Page(show.table(rows, "tests", units={"gap": "points"}))
    assert "< 0.001 −21.6 points 0.026 +5.0 points" in page.text


def test_a_report_is_a_heading_with_blocks_and_every_line_an_item(collected):
    rows = pd.DataFrame({"block": ["Leads", "Next"], "text": [EVIL, "Call first.\nThen write."]})
    page = Page(show.blocks(rows, "weekly", title="Week 43", zh="周报", note="To paste."))
    names = [name for name, _ in page.tags]
    assert ("h2", {"class": "pb-heading"}) in page.tags
    assert names.count("dt") == names.count("dd") == 2
    assert names.count("li") == 2
    assert "script" not in names
    assert page.text.startswith("Week 43 周报 Leads ")
    assert page.text.endswith("Next Call first. Then write. To paste.")
    assert len(list((collected / "tables").glob("*_weekly.parquet"))) == 1


def test_the_procedure_is_folded_in_a_review_and_open_for_who_works(collected):
    (box,) = Page(show.sop("B2B growth", todo=["Define ICP"])).with_class("pb-sop")
    assert "open" not in box
    assert collected.parent.exists()


@pytest.mark.parametrize(
    ("kind", "heads"), [("week", "Now Last week"), ("month", "Now Last month")]
)
def test_the_metric_table_names_the_periods_length(kind, heads):
    show.configure(period=kind)
    page = Page(show.metrics(pd.DataFrame([metric(last_year=0.4, trend=[0.3, 0.4])])))
    assert heads in page.text
    assert f"{kind}s".capitalize() in page.text


def test_for_a_year_last_year_stands_only_once():
    show.configure(period="year")
    page = Page(show.metrics(pd.DataFrame([metric(last_year=0.5)])))
    assert page.text.count("Last year") == 1
