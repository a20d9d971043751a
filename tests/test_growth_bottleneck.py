"""The nine bottlenecks: each found where it is planted, worth what a hand reckons, never twice."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from datetime import date, timedelta

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep

from playbook.book import open_book
from playbook.chapters import growth
from playbook.chapters.growth import bottleneck, signs, verdicts

NINE = [c.name for c in growth.CANDIDATES]
MONTHS = [f"{2025 + (9 + k) // 12}-{(9 + k) % 12 + 1:02}" for k in range(13)]


@pytest.fixture(scope="module")
def ranked():
    """The ranking of the sample by period."""
    return {
        p: growth.bottlenecks(open_book("sample", p)) for p in ("2026-05", "2026-06", "2026-08")
    }


def row(table, candidate):
    return table.set_index("candidate").loc[candidate]


def leads(now, usual, *, columns="", cells=lambda _i, _now: ""):
    """Leads of thirteen months: `usual` in each of the twelve before and `now` in October."""
    lines = [f"lead_id,created_at{columns}"]
    for month in MONTHS:
        is_now = month == MONTHS[-1]
        for i in range(now if is_now else usual):
            day = 1 + i % 28
            lines.append(f"{month}-{i:03},{month}-{day:02} 10:00{cells(i, is_now)}")
    return "\n".join(lines)


def won(leads_text, who, days=10):
    """A stage entry `won`, days after its capture, for the leads that `who` picks."""
    lines = ["stage_event_id,lead_id,stage,entered_at"]
    for line in leads_text.splitlines()[1:]:
        lead, created, *_ = line.split(",")
        if who(lead):
            at = date.fromisoformat(created[:10]) + timedelta(days=days)
            lines.append(f"W{lead},{lead},won,{at} 10:00")
    return "\n".join(lines)


def validity(usual_invalid, now_invalid):
    """Cells of `contact_valid`: so many of each month's leads are not valid."""
    return lambda i, now: f",{int(i >= (now_invalid if now else usual_invalid))}"


def old_and_last(lead):
    """The last of each month's ten leads, but none of October."""
    return lead.endswith("-009") and not lead.startswith(MONTHS[-1])


@pytest.fixture
def invalid_leads(open_files):
    """Of ten leads a month eight are valid and one is won; of October's 60 only 30 are valid."""
    text = leads(60, 10, columns=",contact_valid", cells=validity(2, 30))
    files = {"lead.csv": text, "stage_event.csv": won(text, old_and_last)}
    return open_files(files, as_of="2027-01-01")


def test_the_nine_are_the_handbooks_and_each_is_ranked_once(ranked):
    for table in ranked.values():
        assert sorted(table["candidate"]) == sorted(NINE)
        assert table["rank"].tolist() == list(range(1, 10))
        assert table["evidence"].str.len().min() > 20
        assert set(table["verdict"]) <= {"bottleneck", "watch", "fine", "cannot say"}


def test_the_planted_bottleneck_is_first_in_the_month_it_opens_and_none_before(ranked):
    top = ranked["2026-08"].iloc[0]
    assert (top["candidate"], top["verdict"]) == ("sales does not follow", "bottleneck")
    assert top["worth_low"] > 0
    assert (ranked["2026-08"]["verdict"] == "bottleneck").sum() == 1
    assert row(ranked["2026-06"], "sales does not follow")["verdict"] == "fine"
    assert not (ranked["2026-05"]["verdict"] == "bottleneck").any()


def test_in_the_surge_imprecise_traffic_is_first_and_the_lead_count_trap_follows(ranked):
    june = ranked["2026-06"]
    assert june["candidate"].tolist()[:2] == ["imprecise traffic", "boss looks at lead count only"]
    assert june["verdict"].tolist()[:2] == ["bottleneck", "watch"]
    assert row(ranked["2026-08"], "boss looks at lead count only")["verdict"] == "fine"


def test_the_finding_names_the_bottleneck_and_says_its_worth():
    for period, name in {
        "2026-06": "imprecise traffic",
        "2026-08": "sales does not follow",
    }.items():
        book = open_book("sample", period)
        (found,) = [f for f in growth.findings(book) if f.id == "P02-R1/bottleneck"]
        assert f"“{name}” costs most" in found.claim
        worth = growth.bottlenecks(book)["worth"][0]
        assert f"would bring {worth:.1f} more customers" in found.evidence


def test_those_with_a_worth_come_first_the_largest_on_top(ranked):
    for table in ranked.values():
        gain = table["worth"].fillna(0.0)
        assert gain.is_monotonic_decreasing
        assert (table["worth"].dropna() >= 0).all()
        assert (table["worth_low"].dropna() <= table["worth"].dropna()).all()
        assert (table["worth_high"].dropna() >= table["worth"].dropna()).all()


def test_p_values_are_adjusted_as_holm_says(ranked):
    for table in ranked.values():
        tested = table[table["p_value"].notna()]
        p = sorted(tested["p_value"])
        steps = [min((len(p) - k) * x, 1.0) for k, x in enumerate(p)]
        by_hand = [max(steps[: k + 1]) for k in range(len(p))]
        assert sorted(tested["p_holm"]) == pytest.approx(by_hand)
        oracle = multipletests(tested["p_value"], method="holm")[1]
        assert tested["p_holm"].tolist() == pytest.approx(oracle.tolist())


def test_each_lost_step_is_laid_to_one_candidate_only(ranked):
    for table in ranked.values():
        laid = [e.split("Laid to it: ")[1] for e in table["evidence"] if "Laid to it: " in e]
        named = [step for words in laid for step in words.rstrip(".").split(" and ")]
        assert sorted(named) == ["Leads → Valid leads", "MQL → SQL", "Valid leads → MQL"]


def test_a_lost_step_goes_to_what_moved_at_the_same_time():
    calm = signs.Sign("", "share", "up", p_value=0.6, distance=0.5)
    fallen = replace(calm, p_value=0.001, distance=3.3)
    better = replace(calm, p_value=0.001, distance=-3.3)
    laid = bottleneck.carriers({"form": calm, "sales": fallen})
    assert (laid["mql"], laid["sql"]) == ("mql", "sales")
    laid = bottleneck.carriers({"form": fallen, "sales": better})
    assert (laid["mql"], laid["sql"]) == ("form", "mql")


def test_the_worth_of_invalid_leads_is_what_a_hand_reckons(invalid_leads):
    found = row(growth.bottlenecks(invalid_leads), "imprecise traffic")
    assert (found["now"], found["now_n"], found["usual"], found["usual_n"]) == (0.5, 60, 0.8, 120)
    # All 180 leads had their time: 96 + 30 were valid, and 12 of them were won.
    to_won = 12 / 126
    assert found["worth"] == pytest.approx((0.8 - 0.5) * 60 * to_won)
    low, high = confint_proportions_2indep(30, 60, 96, 120, method="newcomb")
    assert found["worth_low"] == pytest.approx(-high * 60 * to_won)
    assert found["worth_high"] == pytest.approx(-low * 60 * to_won)
    assert found["verdict"] == "bottleneck"


def test_leads_without_their_time_are_not_held_against_the_period(open_files):
    """Contacts are checked after four days; on the 25th those since the 22nd are unknown."""
    text = leads(
        28, 10, columns=",contact_valid", cells=lambda i, now: f",{int(i < 21 or not now)}"
    )
    checked = "\n".join(
        f"V{lead},{lead},valid,{date.fromisoformat(created[:10]) + timedelta(days=4)} 10:00"
        for lead, created, valid in (line.split(",") for line in text.splitlines()[1:])
        if valid == "1"
    )
    files = {
        "lead.csv": text,
        "stage_event.csv": f"stage_event_id,lead_id,stage,entered_at\n{checked}",
    }
    young = open_files(files, as_of="2026-10-25 12:00")
    found = row(growth.bottlenecks(young), "imprecise traffic")
    assert (found["now"], found["now_n"]) == (1.0, 21)
    assert found["verdict"] == "fine"


def test_decisions_without_a_reason_are_a_bottleneck_without_a_price(open_files):
    def told(i, now):
        return ",invalid," + ("" if now and i % 2 else "no_need")

    text = leads(60, 10, columns=",status,invalid_reason", cells=told)
    found = row(growth.bottlenecks(open_files({"lead.csv": text})), "feedback not returned")
    assert (found["now"], found["usual"], found["verdict"]) == (0.5, 0.0, "bottleneck")
    assert math.isnan(found["worth"])
    assert "cannot be counted in customers" in found["evidence"]


def test_forms_that_ask_for_less_are_found(open_files):
    def asked(i, now):
        return "," + ("" if now and i < 45 else "demo")

    text = leads(60, 10, columns=",need_type", cells=asked)
    found = row(growth.bottlenecks(open_files({"lead.csv": text})), "form too coarse")
    assert (found["now"], found["usual"], found["verdict"]) == (0.75, 0.0, "bottleneck")
    assert found["measure"] == "leads that leave open the need"


def test_deals_closed_without_an_origin_are_found(open_files):
    lines = ["opportunity_id,account_id,created_at,closed_at,is_won,lead_id"]
    for month in MONTHS:
        for i in range(40 if month == "2026-10" else 4):
            lead = "" if month == "2026-10" and i < 30 else "L1"
            at = f"{month}-{1 + i % 28:02}"
            lines.append(f"{month}-{i},A{month}-{i},{at} 09:00,{at} 10:00,{i % 2},{lead}")
    given = {
        "lead.csv": "lead_id,created_at,channel_id\nL1,2025-01-01,C1",
        "channel.csv": "channel_id,channel_name,channel_group\nC1,SEM,sem",
        "opportunity.csv": "\n".join(lines),
    }
    found = row(growth.bottlenecks(open_files(given)), "marketing does not know what closed")
    assert (found["now"], found["now_n"], found["usual"]) == (0.75, 40, 0.0)
    assert found["verdict"] == "bottleneck"


def website(now, days):
    """Sessions a day: 90 and 110 by turns in the months before, and `now` in October."""
    lines = ["date,sessions,form_submits"]
    for k, month in enumerate(MONTHS):
        is_now = month == MONTHS[-1]
        sessions = now if is_now else 90 + 20 * (k % 2)
        for day in range(1, (days if is_now else 28) + 1):
            lines += [f"{month}-{day:02},{sessions},2"]
    return "\n".join(lines)


def test_little_traffic_is_judged_by_the_spread_of_the_periods_before(open_files):
    files = {"lead.csv": leads(10, 10), "web_daily.csv": website(40, 31)}
    found = row(growth.bottlenecks(open_files(files)), "little traffic")
    assert (found["now"], found["now_n"], found["usual"]) == (40, 31, 100)
    spread = math.sqrt(12 / 11 * 100) * math.sqrt(1 + 1 / 12)
    assert found["p_value"] == pytest.approx(2 * stats.t.sf(60 / spread, 11))
    assert found["verdict"] == "bottleneck"


def test_a_month_under_way_is_not_short_of_traffic(open_files):
    files = {"lead.csv": leads(10, 10), "web_daily.csv": website(100, 5)}
    found = row(growth.bottlenecks(open_files(files, as_of="2026-10-06")), "little traffic")
    assert (found["now"], found["now_n"], found["verdict"]) == (100, 5, "fine")


def test_a_target_for_the_lead_count_alone_is_watched(open_files):
    goal = "period,metric_id,scope_type,value\n2026-10,leads,company,60\n"
    found = row(
        growth.bottlenecks(open_files({"lead.csv": leads(10, 10), "target.csv": goal})),
        "boss looks at lead count only",
    )
    assert found["verdict"] == "watch"
    assert "The only target of the period is the lead count." in found["evidence"]


def test_what_cannot_be_measured_says_what_to_supply_and_claims_nothing(open_files):
    book = open_files({"lead.csv": "lead_id,created_at\nL1,2026-10-03\nL2,2026-10-04\n"})
    table = growth.bottlenecks(book)
    assert set(table["verdict"]) == {"cannot say"}
    assert table["needs"].str.len().min() > 3
    assert table[["now", "usual", "p_value", "worth"]].isna().all(axis=None)
    assert not table["is_news"].any()
    assert "web_daily.sessions" in row(table, "little traffic")["needs"]
    assert row(table, "sales does not follow")["evidence"] == "Not measured: supply activity."
    assert verdicts.of_bottlenecks(table).title == (
        "The data cannot say which of the nine bottlenecks it is"
    )


def test_few_cases_are_no_verdict(open_files):
    text = leads(9, 10, columns=",contact_valid", cells=validity(2, 9))
    found = row(growth.bottlenecks(open_files({"lead.csv": text})), "imprecise traffic")
    assert (found["now"], found["verdict"]) == (0.0, "cannot say")
    assert found["needs"] == "at least 10 cases in the period (there are 9)"
    assert math.isnan(found["worth"])


def test_between_ten_and_thirty_cases_are_watched_and_no_bottleneck(open_files):
    text = leads(20, 10, columns=",contact_valid", cells=validity(2, 16))
    found = row(growth.bottlenecks(open_files({"lead.csv": text})), "imprecise traffic")
    assert found["p_holm"] < 0.001
    assert found["verdict"] == "watch"


def test_without_a_customer_there_is_no_worth_in_customers(open_files):
    text = leads(60, 10, columns=",contact_valid", cells=validity(2, 30))
    found = row(growth.bottlenecks(open_files({"lead.csv": text})), "imprecise traffic")
    assert found["verdict"] == "bottleneck"
    assert math.isnan(found["worth"])


def test_the_order_of_the_input_rows_changes_nothing(open_files, invalid_leads, tmp_path):
    given = {
        name: (tmp_path / "data" / name).read_text("utf-8")
        for name in ("lead.csv", "stage_event.csv")
    }

    def turned(text):
        head, *rows = text.strip().splitlines()
        return "\n".join([head, *sorted(rows, key=lambda line: line[::-1])])

    before = growth.bottlenecks(invalid_leads)
    after = growth.bottlenecks(
        open_files({k: turned(v) for k, v in given.items()}, as_of="2027-01-01")
    )
    assert_frame_equal(before, after)


def test_rates_of_few_expected_cases_are_tested_exactly():
    counts = signs.Counts(3, 12, 0, 120)
    *_, p_value = signs.differ(counts)
    assert p_value == pytest.approx(stats.hypergeom.sf(2, 132, 3, 12))
    *_, p_value = signs.differ(signs.Counts(40, 100, 300, 1000))
    pooled = 340 / 1100
    z = (0.4 - 0.3) / math.sqrt(pooled * (1 - pooled) * (1 / 100 + 1 / 1000))
    assert p_value == pytest.approx(2 * stats.norm.sf(z))
    assert signs.differ(signs.Counts(0, 10, 0, 90))[2] == 1.0
    assert all(math.isnan(x) for x in signs.differ(signs.Counts(0, 0, 5, 90)))


def test_what_was_before_foresees_the_next_one_no_tighter_than_chance_counts():
    middle, low, high, p_value = signs.foreseen([100.0] * 12, 100.0)
    reach = stats.t.ppf(0.975, 11) * 10 * math.sqrt(13 / 12)
    assert (middle, p_value) == (100.0, pytest.approx(1.0))
    assert (low, high) == pytest.approx((100 - reach, 100 + reach))
    assert all(math.isnan(x) for x in signs.foreseen([1.0, 2.0, math.nan], 3.0))


def test_the_table_of_the_page_writes_each_figure_in_its_unit(ranked):
    shown = verdicts.ranking(open_book("sample", "2026-08"), ranked["2026-08"])
    assert shown.columns.tolist() == list(verdicts.COLUMNS)
    now = shown.set_index("candidate")["now"]
    assert re.fullmatch(r"\d+\.\d % \(n\s=\s\d+\)", now["sales does not follow"])
    assert re.fullmatch(r"\d\.\d \(\d\.\d–\d\.\d\)", shown["gain"][0])
    assert set(verdicts.SHOWN) <= set(shown.columns)
    assert now["little traffic"].isdigit()
    assert isinstance(shown, pd.DataFrame)
    title = verdicts.of_bottlenecks(ranked["2026-08"]).title
    assert title.startswith("Bottleneck: sales does not follow, worth 2.0 customers a period")
