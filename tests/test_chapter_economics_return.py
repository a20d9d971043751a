"""What came back, what more would bring, and a budget that adds up."""

from __future__ import annotations

import math
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from playbook.book import Book
from playbook.chapters import economics
from playbook.chapters.economics.returned import ALL
from playbook.errors import ParameterError


def cents(amounts):
    return sum(round(float(amount) * 100) for amount in amounts)


def won_deals(book):
    """Won deals of the credited types with their lead, in plain columns."""
    return book.sql(
        """SELECT l.channel, l.created_at AS came, d.closed_at AS closed,
            d.won_amount::DOUBLE AS amount
        FROM deal d JOIN lead_journey l USING (lead_id)
        WHERE d.is_won AND d.deal_type IN ('new', 'referral')"""
    )


def test_both_returns_are_those_of_a_plain_count(book):
    days, deals = economics.span(book), won_deals(book)
    own = deals["came"].between(days.start, days.end, inclusive="left")
    within = deals["closed"].between(days.start, days.end, inclusive="left")
    table = economics.roi(book).set_index("channel").drop(index=ALL)
    for channel, row in table.iterrows():
        mine = deals["channel"] == channel
        in_span, revenue = deals[mine & within]["amount"].sum(), deals[mine & own]["amount"].sum()
        assert row["won_in_span"] == pytest.approx(in_span)
        assert row["own_revenue"] == pytest.approx(revenue)
        assert row["simple_roi"] == pytest.approx((in_span - row["cost"]) / row["cost"])
        assert row["realised_roi"] == pytest.approx((revenue - row["cost"]) / row["cost"])


@pytest.mark.parametrize("period", ["2026-10", "2026-03", "2025-12"])
def test_the_difference_of_the_two_is_the_sum_of_its_parts(book, period):
    table = economics.roi(Book(book.path, period))
    parts = table["by_earlier_leads"] + table["by_later_wins"]
    assert (table["difference"] - parts).abs().max() < 1e-9
    assert (table["simple_roi"] - table["realised_roi"] - parts).abs().max() < 1e-9
    assert (table["by_earlier_leads"] > 0).any()
    if period != "2026-10":
        assert (table["by_later_wins"] < 0).any()


def test_all_channels_together_are_the_sum_of_them(book):
    table = economics.roi(book)
    each, whole = table.iloc[:-1], table.iloc[-1]
    for column in ("cost", "won_in_span", "own_revenue", "from_earlier_leads", "won_after_span"):
        assert cents([each[column].sum()]) == cents([whole[column]])
    assert whole["channel"] == ALL


def test_payback_is_that_of_a_plain_loop(book):
    deals = won_deals(book)
    shift = pd.Timedelta(hours=8)
    deals["cohort"] = (deals["came"] + shift).dt.to_period("M")
    deals["month"] = (deals["closed"] + shift).dt.to_period("M")
    table = economics.payback(book).set_index("month")
    cost = book.sql("SELECT strftime(date, '%Y-%m') AS m, sum(cost)::DOUBLE AS c FROM cost_by_day "
                    "GROUP BY 1").set_index("m")["c"]  # fmt: skip
    assert table["cost"].round(2).to_dict() == cost.round(2).to_dict()
    for label, row in table.iterrows():
        own = deals[deals["cohort"] == pd.Period(label)]
        months = None
        for age in range(int(row["lived"]) + 1):
            until = pd.Period(label) + age
            if own.loc[own["month"] <= until, "amount"].sum() >= cost[label]:
                months = age
                break
        assert row["months"] == months or (months is None and math.isnan(row["months"]))
        assert row["paid_back"] == (months is not None)


def test_the_usual_payback_is_longer_than_that_of_the_months_that_are_paid_back(book):
    table, found = economics.payback(book), economics.usual_payback(book)
    assert (found.cohorts, found.paid_back) == (len(table), table["paid_back"].sum())
    assert found.months >= table["months"].median()
    assert found.low <= found.months <= found.high


def test_payback_of_one_channel_takes_its_own_cost_and_leads(book):
    table = economics.payback(book, "官网表单")
    assert cents(table["cost"]) == cents([economics.payback(book, "官网表单")["cost"].sum()])
    assert (
        table["leads"].sum()
        == book.sql("SELECT count(*) AS n FROM lead_journey WHERE channel = '官网表单'")["n"][0]
    )


def test_the_figure_of_payback_only_rises_and_ends_where_its_months_do(book):
    line = economics.as_payback(economics.payback_curves(book), economics.payback(book))
    assert line["value"].is_monotonic_increasing
    assert list(line["period"]) == [str(age) for age in range(13)]
    assert line["cohorts"].nunique() == 1


def test_the_sample_carries_no_curve_and_says_why_for_each_channel(book):
    table = economics.curves(book)
    assert not table["accepted"].any()
    assert table["reason"].str.len().min() > 20
    feed = table.set_index("channel").loc["信息流广告"]
    assert feed["reason"].startswith("nothing shows that returns diminish: elasticity 1.0")
    found = economics.reallocation(book)
    assert found.plan is None
    assert (found.table["proposed"] == found.table["cost"]).all()
    assert economics.words.reallocation(book, found).title.startswith("No budget move is proposed")


def test_weeks_are_whole_weeks_with_every_lead_and_cost_in_them(book):
    weeks = economics.points(book, "百度搜索推广")
    starts = pd.to_datetime(weeks["starts_on"])
    assert (starts.diff().dropna() == pd.Timedelta(days=7)).all()
    assert set(starts.dt.day_name()) == {"Monday"}
    first, last = starts.iloc[0], starts.iloc[-1] + pd.Timedelta(days=6)
    plain = book.sql(
        "SELECT sum(cost)::DOUBLE AS c FROM cost_by_day WHERE channel = '百度搜索推广' "
        "AND date BETWEEN $a AND $b",
        a=first.date(),
        b=last.date(),
    )["c"][0]
    assert cents([weeks["cost"].sum()]) == cents([plain])
    leads = book.sql(
        "SELECT count(*) AS n FROM lead_journey WHERE channel = '百度搜索推广' "
        "AND (created_at + INTERVAL 8 HOUR)::DATE BETWEEN $a AND $b",
        a=first.date(),
        b=last.date(),
    )["n"][0]
    assert weeks["outcome"].sum() == leads


WEEKS = 100
RICH, POOR = "Rich", "Poor"


@pytest.fixture
def curved(open_files):
    """Two channels whose weekly cost was moved on purpose; leads follow a known elasticity."""
    rng = np.random.default_rng(4)
    leads, costs, stages, at = [], [], [], date(2024, 11, 4)
    for week in range(WEEKS):
        monday = at + timedelta(weeks=week)
        for name, level, elasticity, sql in (("R", 30, 0.6, 0.4), ("P", 30, 0.3, 0.02)):
            move = rng.normal(0, 0.6)
            costs.append(f"{name}{week},{monday},{1000 * math.exp(move):.2f},{name},media")
            for i in range(rng.poisson(level * math.exp(elasticity * move))):
                lead = f"{name}{week}-{i}"
                day = monday + timedelta(days=int(rng.integers(7)))
                leads.append(f"{lead},{day} 10:00,{name}")
                if rng.random() < sql:
                    stages.append(f"E{lead},{lead},sql,{day} 11:00")
    return open_files(
        {
            "lead.csv": "\n".join(["lead_id,created_at,channel_id", *leads]),
            "spend.csv": "\n".join(["spend_id,spend_date,amount,channel_id,cost_type", *costs]),
            "stage_event.csv": "\n".join(["stage_event_id,lead_id,stage,entered_at", *stages]),
            "channel.csv": f"channel_id,channel_name,channel_group\nR,{RICH},sem\nP,{POOR},sem",
        }
    )


def test_known_curves_are_found_again(curved):
    table = economics.curves(curved).set_index("channel")
    assert table["accepted"].all()
    assert table.loc[RICH, "low"] < 0.6 < table.loc[RICH, "high"]
    assert table.loc[POOR, "low"] < 0.3 < table.loc[POOR, "high"]
    assert (table["next_lead_costs"] > table["cpl"]).all()


def test_money_moves_to_the_leads_that_become_sql(curved):
    found = economics.reallocation(curved)
    table = found.table.set_index("channel")
    assert found.outcome == "SQL"
    assert cents([table["proposed"].sum()]) == cents([table["cost"].sum()])
    assert table.loc[RICH, "change"] > 0.05
    assert table.loc[POOR, "change"] == pytest.approx(-0.3, abs=0.001)
    assert 0 < found.plan.gain_low < found.plan.gain < found.plan.gain_high
    assert found.plan.gain == pytest.approx(table["after"].sum() - table["before"].sum())
    said = economics.words.reallocation(curved, found)
    assert said.title.startswith("The same budget could bring ")
    assert "SQLs a quarter (95 %" in said.title


def test_a_given_budget_is_placed_as_far_as_the_bounds_allow(curved):
    now = economics.reallocation(curved)
    total = float(now.table["cost"].sum())
    more = economics.reallocation(curved, budget=total * 1.1)
    assert cents([more.table["proposed"].sum() + more.unplaced]) == cents([total * 1.1])
    assert more.unplaced == pytest.approx(0.0, abs=0.01)
    much = economics.reallocation(curved, budget=total * 3)
    assert much.unplaced == pytest.approx(total * 1.7, rel=0.01)
    still = economics.reallocation(curved, shift=0.0)
    assert still.plan.gain == pytest.approx(0.0, abs=0.01)


def test_an_assumed_curve_moves_money_by_the_worth_of_leads_alone(book):
    """Without a fit of its own every channel has the same elasticity: what a lead costs decides."""
    found = economics.what_if(book, elasticity=0.5, shift=0.3)
    table = found.table.set_index("channel")
    assert cents([table["proposed"].sum() + found.unplaced]) == cents([table["cost"].sum()])
    assert (table["change"].abs() <= 0.3001).all()
    assumed = table[table["basis"] == "assumed"]
    assert set(assumed["elasticity"]) == {0.5}
    price = assumed["cost"] / assumed["before"]
    given, taken = price[assumed["change"] > 0.29], price[assumed["change"] < -0.29]
    assert given.max() < taken.min()
    assert found.plan.gain_low < found.plan.gain < found.plan.gain_high
    expected = assumed["before"] * (assumed["proposed"] / assumed["cost"]) ** 0.5
    assert (expected - assumed["after"]).abs().max() < 1e-6


def test_a_fitted_curve_counts_as_far_as_it_lies_between_none_and_all(book):
    feed = economics.what_if(book).table.set_index("channel").loc["信息流广告"]
    fitted = economics.curves(book).set_index("channel").loc["信息流广告"]
    assert feed["basis"] == "fitted, not certain"
    assert fitted["low"] < feed["elasticity"] < 1 < fitted["elasticity"]


def test_known_curves_are_kept_whatever_is_assumed(curved):
    one, other = economics.what_if(curved, 0.3), economics.what_if(curved, 0.9)
    assert one.plan == other.plan == economics.reallocation(curved).plan
    assert set(one.table["basis"]) == {"its own curve"}


def test_more_is_gained_the_more_leads_follow_cost(book):
    gains = [economics.what_if(book, power).plan.gain for power in (0.3, 0.5, 0.7, 0.9)]
    assert gains == sorted(gains)
    none = economics.what_if(book, shift=0.0).plan
    assert none.gain == pytest.approx(0.0, abs=0.01)


@pytest.mark.parametrize("wrong", [0.0, 1.0, -2.0])
def test_an_elasticity_that_cannot_be_is_refused(book, wrong):
    with pytest.raises(ParameterError, match=r"^elasticity must lie between 0 and 1, not "):
        economics.what_if(book, wrong)


def test_the_words_of_an_assumption_call_it_one(book):
    said = economics.words.what_if(book, economics.what_if(book), 0.7)
    assert said.title.startswith("An assumption, no proposal: if 1 % more cost brought 0.7 %")
    assert said.see.startswith("An assumption, not a finding.")


def test_the_budget_follows_the_curves_where_they_are_accepted(curved):
    table = economics.budget_table(curved).set_index("channel")
    assert table.loc[RICH, "proposal"] > table.loc[RICH, "start"]
    assert table.loc[RICH, "reason"].startswith("Along its response curve")
    assert cents(table["proposal"]) == cents([economics.budget_of(curved).amount])


@pytest.mark.parametrize("period", ["2026-10", "2026-Q3"])
def test_proposals_add_up_to_the_budget_to_the_cent(book, period):
    opened = Book(book.path, period)
    for budget in (None, 1.0, 800_000.0, 123_456.78):
        table = economics.budget_table(opened, budget)
        asked = economics.budget_of(opened).amount if budget is None else budget
        assert cents(table["proposal"]) == cents([asked])
        assert cents(table["start"]) == cents([asked])


def test_the_budget_is_the_rules_else_the_targets_else_the_last_quarters_cost(book):
    third = economics.budget_of(Book(book.path, "2026-Q3"))
    assert (third.amount, third.source) == (797_000.0, "table target, budget of Q4 2026 (Oct–Dec)")
    spent = book.sql(
        "SELECT sum(cost) AS c FROM cost_by_day WHERE date BETWEEN '2026-07-01' AND '2026-09-30'"
    )["c"][0]
    assert cents([economics.budget_of(book).amount]) == cents([spent])
    ruled = Book(book.path, "2026-10")
    own = ruled.rules.economics.model_copy(update={"budget": 500_000.0})
    ruled.rules = ruled.rules.model_copy(update={"economics": own})
    found = economics.budget_of(ruled)
    assert (found.amount, found.source) == (500_000.0, "[economics] budget")


def test_what_is_cut_gives_and_what_is_kept_takes(book):
    table = economics.budget_table(book).set_index("channel")
    shift = book.rules.economics.shift
    cut = table[table["verdict"] == "cut"]
    assert len(cut)
    assert (cut["move"] / cut["start"]).tolist() == pytest.approx([-shift] * len(cut), abs=1e-3)
    assert (table.loc[table["verdict"] == "keep", "move"] > 0).all()
    assert (table.loc[table["verdict"] == "watch", "move"].abs() < 0.02).all()


def test_the_documents_say_what_the_handbook_calls_them(book):
    papers = {
        "P01-D8": (economics.channel_review, "渠道效果初步复盘"),
        "P01-D16": (economics.optimisation_plan, "重点渠道投放优化方案"),
        "P01-D22": (economics.budget_plan, "市场预算分配方案"),
    }
    for number, (write, name) in papers.items():
        paper = write(book)
        assert (paper.id, paper.zh) == (number, name)
        assert len(paper.sections) >= 3
        assert all(section.text or section.table is not None for section in paper.sections)


def test_the_budget_plan_adds_up_on_its_page(book):
    (table,) = [s.table for s in economics.budget_plan(book).sections if s.heading == "By channel"]
    whole = table[table["channel"] == "Together"].iloc[0]
    each = table[table["channel"] != "Together"]
    assert cents(each["proposal"]) == cents([whole["proposal"]])
    assert cents([whole["proposal"]]) == cents([economics.budget_of(book).amount])


def test_the_key_channels_take_most_of_the_money(book):
    first = economics.optimisation_plan(book).sections[0].table
    whole = economics.unit_costs(book)
    named = whole[~whole["channel"].isin(economics.APART)]["cost"].sum()
    assert first["cost"].sum() >= 0.8 * named
    assert first["cost"].iloc[:-1].sum() < 0.8 * named
