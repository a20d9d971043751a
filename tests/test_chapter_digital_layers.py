"""The three layers: counted again in plain Python, tested as SciPy and statsmodels do."""

from __future__ import annotations

from datetime import timedelta

import pytest
from scipy.stats import binomtest, chi2
from statsmodels.stats import proportion
from statsmodels.stats.multitest import multipletests

from playbook import format as fmt
from playbook.chapters import digital, economics
from playbook.chapters.digital.explained import sentence
from playbook.chapters.digital.layers import year_before
from playbook.chapters.span import span
from playbook.data.sample import story

FEED = "信息流广告"
BAIDU = "百度搜索推广"


@pytest.fixture(scope="module")
def table(book):
    """Every channel at every layer."""
    return digital.layers(book).set_index(["channel", "layer"])


def went_on(book, first, then, days, *, within):
    """Who entered a stage in a span and had the days, and who went on in them, by channel."""
    later = {"sql_at": ["sql_at", "won_at"], "won_at": ["won_at"]}[then]
    rows = book.sql("SELECT channel, created_at, sql_at, won_at FROM lead_journey")
    counted = {}
    for row in rows.to_dict("records"):
        at = row[first]
        if (
            fmt.is_missing(at)
            or not within[0] <= at < within[1]
            or at + timedelta(days=days) > book.as_of
        ):
            continue
        limit = at + timedelta(days=days)
        done = any(not fmt.is_missing(row[name]) and row[name] <= limit for name in later)
        n, k = counted.get(row["channel"], (0, 0))
        counted[row["channel"]] = n + 1, k + done
    return counted


def test_a_leads_price_is_that_of_the_roi_board(book, table):
    priced = economics.unit_costs(book).set_index("channel")
    for channel in (FEED, BAIDU, "AI搜索"):
        row = table.loc[channel, 1]
        assert row["figure"] == pytest.approx(priced.loc[channel, "cpl"])
        assert row["low"] == pytest.approx(row["n"] / (chi2.ppf(0.975, 2 * row["done"] + 2) / 2))


def test_money_is_tested_by_its_share_of_all_leads(table):
    first = table.xs(1, level="layer")
    paid = first[first["n"].notna()]
    leads, cost = paid["done"].sum(), paid["n"].sum()
    row = paid.loc[FEED]
    assert row["others"] == pytest.approx((cost - row["n"]) / (leads - row["done"]))
    raw = binomtest(int(row["done"]), int(leads), row["n"] / cost).pvalue
    assert row["p_adjusted"] >= raw
    assert row["verdict"] == "above"


def test_leads_to_sql_are_counted_in_the_same_days(book, table):
    days = span(book)
    row = table.loc[FEED, 2]
    counted = went_on(book, "created_at", "sql_at", row["days"], within=(days.start, days.end))
    assert (row["n"], row["done"]) == counted[FEED]
    others = [v for k, v in counted.items() if k in set(table.index.get_level_values(0)) - {FEED}]
    n, k = (sum(v[i] for v in others) for i in (0, 1))
    assert row["others"] == pytest.approx(k / n)
    low, high = proportion.proportion_confint(row["done"], row["n"], method="wilson")
    assert (row["low"], row["high"]) == pytest.approx((low, high))
    before = year_before(book)
    past = went_on(book, "created_at", "sql_at", row["days"], within=(before.start, before.end))
    assert row["before_done"] == past[FEED][1]


def test_sqls_to_won_look_at_twice_the_months(book, table):
    days, before = span(book), year_before(book)
    row = table.loc["自然搜索", 3]
    counted = went_on(book, "sql_at", "won_at", row["days"], within=(before.start, days.end))
    assert (row["n"], row["done"]) == counted["自然搜索"]


def test_all_comparisons_are_allowed_for_together(table):
    raw = []
    for (_, layer), row in table.iterrows():
        same = table.xs(layer, level="layer")
        if layer == 1:
            paid = same[same["n"].notna()]
            if not fmt.is_missing(row["n"]):
                share = row["n"] / paid["n"].sum()
                raw.append(binomtest(int(row["done"]), int(paid["done"].sum()), share).pvalue)
        elif row["n"]:
            rest_n, rest_k = same["n"].sum() - row["n"], same["done"].sum() - row["done"]
            found = proportion.test_proportions_2indep(
                row["done"], row["n"], rest_k, rest_n, method="score", compare="diff",
                correction=False,
            )  # fmt: skip
            raw.append(found.pvalue)
    known = table["p_adjusted"].dropna()
    assert list(known) == pytest.approx(list(multipletests(raw, method="holm")[1]), abs=1e-9)


def test_the_cheap_lead_fails_in_the_second_layer(book):
    truth = next(t for t in story.TRUTHS if t.id == "cheap-lead-dear-customer")
    table = digital.layers(book).set_index(["channel", "layer"])
    cheap, dear = table.loc[FEED, 1]["figure"], table.loc[BAIDU, 1]["figure"]
    assert cheap < truth.size["cpl_below_baidu"] * dear
    row = digital.failing(book).set_index("channel").loc[FEED]
    assert row["layer"] == "2 · Lead → SQL"
    assert "became SQL" in row["evidence"]
    assert row["below"] == "2"


def test_waste_shows_in_the_first_layer(book):
    table = digital.failing(book)
    row = table.set_index("channel").loc[BAIDU]
    assert row["layer"] == "1 · Money → leads"
    fails = ~table["layer"].isin(["none", "cannot say"])
    assert fails.is_monotonic_decreasing  # those that fail stand first


def test_few_cannot_say(table):
    few = table[(table["n"] < 30) & (table.index.get_level_values("layer") == 3)]
    assert len(few)
    assert set(few["verdict"]) == {"cannot say"}


def test_a_channel_without_cost_is_not_judged_by_money(book, table):
    assert table.loc["直接访问", 1]["verdict"] == "no cost"
    row = digital.failing(book).set_index("channel").loc["直接访问"]
    assert row["layer"] == "none"


def test_offline_channels_and_unknown_origin_are_left_out(table):
    assert not {"行业展会", "自办活动", "来源未知", "no origin"} & set(
        table.index.get_level_values(0)
    )


def test_sentences_and_cells_carry_the_numbers(book):
    layers = digital.layers(book)
    row = layers[(layers["channel"] == FEED) & (layers["layer"] == 2)].iloc[0]
    text = sentence(book, row)
    assert text.startswith(f"{row['done']:.0f} of {row['n']:.0f} leads became SQL")
    cells = digital.as_cells(book, layers)
    assert list(cells) == ["name", "step", "text", "side", "state"]
    own = cells[(cells["name"] == FEED) & (cells["step"] == "2 · Lead → SQL")].iloc[0]
    assert own["state"] == "below"


def test_nothing_is_said_of_leads_alone(open_files):
    book = open_files({"lead.csv": "lead_id,created_at,channel_id\nL1,2026-10-03 09:00,C1\n"})
    assert set(digital.layers(book)["verdict"]) == {"no cost"}
    assert digital.failing(book)["layer"].tolist() == ["cannot say"]
