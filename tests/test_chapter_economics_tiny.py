"""What is missing switches a table off; it never breaks one."""

from __future__ import annotations

import math

import pytest

from playbook.book import Book
from playbook.chapters import economics

LEADS = "lead_id,created_at,channel_id\nL1,2026-10-02 09:00,A\nL2,2026-10-03 09:00,A\n"
CHANNEL = "channel_id,channel_name,channel_group\nA,Alpha,sem"
SPEND = "spend_id,spend_date,amount,channel_id,cost_type\nS1,2026-10-02,100.00,A,media"
DEAL = (
    "opportunity_id,account_id,lead_id,created_at,deal_type,amount,closed_at,is_won,won_amount\n"
    "O1,K1,L1,2026-10-05 09:00,new,500,2026-10-20 09:00,true,400"
)
ACCOUNT = "account_id,account_name,created_at\nK1,One,2026-10-01 09:00"

INPUTS = {
    "leads alone": {"lead.csv": LEADS},
    "cost without deals": {"lead.csv": LEADS, "channel.csv": CHANNEL, "spend.csv": SPEND},
    "deals without cost": {"lead.csv": LEADS, "opportunity.csv": DEAL, "account.csv": ACCOUNT},
    "both": {
        "lead.csv": LEADS,
        "channel.csv": CHANNEL,
        "spend.csv": SPEND,
        "opportunity.csv": DEAL,
        "account.csv": ACCOUNT,
    },
    "cost before any lead": {
        "lead.csv": LEADS,
        "spend.csv": SPEND.replace("2026-10-02", "2024-01-05"),
    },
}
PERIODS = ("2026-10", "2026-W43", "2026-Q3", "2026", "2023-01", "2030-01")


def everything(book):
    """Every call of the chapter, one after the other."""
    tables = [
        economics.costs(book), economics.how_allocated(book), economics.unit_costs(book),
        economics.board(book), economics.board(book, "lead", "period"), economics.total(book),
        economics.roi(book), economics.payback(book), economics.payback_curves(book),
        economics.verdicts(book), economics.curves(book), economics.platform(book),
        economics.budget_table(book), economics.reallocation(book).table, economics.traps(book),
        economics.as_times(book), economics.as_elasticities(economics.curves(book)),
        economics.as_share_pairs(economics.unit_costs(book)),
        economics.as_payback(economics.payback_curves(book), economics.payback(book)),
        economics.worth_of_lead(book),
        *(economics.unit_costs(book, by) for by in ("campaign", "event", "partner", "content")),
    ]  # fmt: skip
    said = [
        economics.words.cpl_vs_cac(book),
        economics.words.curves(economics.curves(book)),
        economics.words.verdicts(economics.verdicts(book)),
        economics.words.payback(economics.payback(book), economics.usual_payback(book)),
        economics.words.reallocation(book, economics.reallocation(book)),
        economics.words.platform(economics.platform(book)),
        economics.words.what_if(book, economics.what_if(book), 0.7),
        economics.words.shares(book, economics.as_share_pairs(economics.unit_costs(book))),
    ]
    papers = [
        economics.channel_review(book),
        economics.optimisation_plan(book),
        economics.budget_plan(book),
    ]
    return tables, said, papers, economics.findings(book)


@pytest.mark.parametrize("name", INPUTS)
@pytest.mark.parametrize("period", PERIODS)
def test_small_and_empty_input_gives_tables_words_and_documents(open_files, name, period):
    book = open_files(INPUTS[name], period)
    tables, said, papers, findings = everything(book)
    assert all(list(table.columns) for table in tables)
    text = " ".join(part for words in said for part in words)
    text += " ".join(section.text for paper in papers for section in paper.sections)
    text += " ".join(f"{f.claim} {f.evidence} {f.remedy}" for f in findings)
    for rude in ("nan", "None", "inf", "NaT"):
        assert rude not in text.replace("finance", "").replace("information", "").split()
    assert "nan" not in text


@pytest.mark.parametrize("period", ["2026-W43", "2026", "2023-01", "2030-01"])
def test_any_period_of_the_sample_can_be_asked_for(book, period):
    tables, *_ = everything(Book(book.path, period))
    assert all(list(table.columns) for table in tables)


def test_what_is_needed_is_named(open_files):
    book = open_files(INPUTS["leads alone"])
    assert economics.missing(book) == ["spend"]
    assert economics.return_needs(book) == ["spend", "opportunity", "opportunity.won_amount"]
    assert economics.findings(book) == []
    (section,) = economics.budget_plan(book).sections
    assert section.text == "No cost is recorded. Supply: spend."


def test_ad_media_alone_is_cost_enough(open_files):
    ads = "date,platform,ad_account,campaign_id,cost,impressions,clicks\n2026-10-01,p,A,K1,10,9,3"
    book = open_files({"lead.csv": LEADS, "ad_daily.csv": ads})
    assert economics.missing(book) == []
    assert economics.costs(book)["cost"].tolist() == [10.0]


def test_one_deal_by_hand(open_files):
    book = open_files(INPUTS["both"])
    row = economics.board(book, "lead").set_index("channel").loc["Alpha"]
    assert (row["cost"], row["leads"], row["won"], row["customers"]) == (100.0, 2.0, 1.0, 1.0)
    assert (row["cpl"], row["cac"], row["roi"]) == (50.0, 100.0, 3.0)
    assert row["pipeline"] == 500.0
    assert math.isnan(row["cost_per_sql"])
    back = economics.payback(book).iloc[0]
    assert (back["share"], back["months"], back["paid_back"]) == (4.0, 0.0, True)


def test_two_leads_are_never_a_verdict(open_files):
    row = economics.verdicts(open_files(INPUTS["both"])).iloc[0]
    assert row["verdict"] == "watch"
    assert row["reason"] == "2 leads in the span; 30 are needed to judge."


def test_cost_for_a_channel_nobody_knows_is_told_and_kept(open_files):
    spend = f"{SPEND}\nS2,2026-10-03,60.50,ZZ,tool\nS3,2026-10-04,39.50,,tool"
    book = open_files({**INPUTS["both"], "spend.csv": spend})
    table = economics.costs(book).set_index("channel")
    assert table["cost"].to_dict() == {"Alpha": 100.0, "ZZ": 60.5, "cost without a channel": 39.5}
    assert table["known"].to_dict() == {"Alpha": True, "ZZ": False, "cost without a channel": True}
    claims = {f.id: f.claim for f in economics.findings(book, about="channels")}
    assert claims["P03-T6/unknown-channel"] == (
        "¥60.50 went to ZZ, which table channel does not have."
    )
    assert claims["P03-T6/no-channel"] == "20 % of the cost belongs to no channel."


def test_salaries_count_or_not_as_the_rule_says(open_files):
    spend = f"{SPEND}\nS2,2026-10-03,900,A,salary"
    files = {**INPUTS["both"], "spend.csv": spend}
    assert economics.costs(open_files(files))["cost"].tolist() == [1000.0]
    without = open_files(files, rules="[economics]\nsalaries = false")
    assert economics.costs(without)["cost"].tolist() == [100.0]


def test_a_customer_with_two_deals_is_one_customer_and_its_first_channel_has_it(open_files):
    second = DEAL + "\nO2,K1,L2,2026-10-06 09:00,new,100,2026-10-25 09:00,true,100"
    leads = LEADS.replace("L2,2026-10-03 09:00,A", "L2,2026-10-03 09:00,B")
    channel = f"{CHANNEL}\nB,Beta,seo"
    book = open_files(
        {**INPUTS["both"], "opportunity.csv": second, "lead.csv": leads, "channel.csv": channel}
    )
    table = economics.unit_costs(book).set_index("channel")
    assert table["won"].to_dict() == {"Alpha": 1.0, "Beta": 1.0}
    assert table["customers"].to_dict() == {"Alpha": 1.0, "Beta": 0.0}


def test_renewals_are_not_credited_to_channels(open_files):
    renewal = DEAL.replace(",new,", ",renewal,")
    row = economics.unit_costs(open_files({**INPUTS["both"], "opportunity.csv": renewal})).iloc[0]
    assert (row["won"], row["won_amount"], row["roi"]) == (0.0, 0.0, -1.0)


def test_what_is_not_recorded_is_missing_and_not_nothing(open_files):
    head, row = DEAL.splitlines()
    at = head.split(",").index("amount")
    lines = [",".join(c for i, c in enumerate(x.split(",")) if i != at) for x in (head, row)]
    book = open_files({**INPUTS["both"], "opportunity.csv": "\n".join(lines)})
    for table in (economics.board(book), economics.unit_costs(book), economics.total(book)):
        unknown = ["mql", "sql", "pipeline", "cost_per_mql", "cost_per_sql", "cost_per_sql_low"]
        assert table[unknown].isna().all(axis=None)
        assert table[["leads", "opportunities", "won", "cost"]].notna().all(axis=None)
    said = economics.words.roi(book, economics.roi(book)).see
    assert "By the lead's own channel; the board on the digital page credits by attribution" in said
    assert "belong to a lead of a channel with a cost: ¥400 of ¥400 won" in said


def test_a_budget_without_recorded_sql_says_so_and_not_zero(open_files):
    recent = {"lead.csv": LEADS.replace("2026-10", "2026-08"), "channel.csv": CHANNEL}
    book = open_files(recent | {"spend.csv": SPEND.replace("2026-10", "2026-08")})
    table = economics.budget_table(book, 1000.0).set_index("channel")
    assert table.loc["Alpha", "leads"] == 2
    assert math.isnan(table.loc["Alpha", "sql"])
    plan = economics.budget_plan(book).sections
    whole = next(part.table for part in plan if part.heading == "By channel")
    assert whole["sql"].isna().all()
