"""Money is counted once, to the cent, and every cost per thing is what a plain query gives."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from playbook.book import Book
from playbook.chapters import economics, growth
from playbook.derive import NO_ORIGIN
from playbook.errors import ParameterError

FEED, PARTNERS = "信息流广告", "渠道伙伴"
NO_CHANNEL, NO_LEAD = "cost without a channel", "deals without a lead"


@pytest.fixture
def under(book):
    """Opens the sample under other rules of sections that are read only when asked."""

    def opened(**sections):
        other = Book(book.path, "2026-10")
        rules = {k: getattr(other.rules, k).model_copy(update=v) for k, v in sections.items()}
        other.rules = other.rules.model_copy(update=rules)
        return other

    return opened


def cents(amounts):
    return sum(round(float(amount) * 100) for amount in amounts)


def spent(book, where="true"):
    days = economics.span(book)
    query = f"SELECT sum(cost) AS c FROM cost_by_day WHERE date BETWEEN $a AND $b AND {where}"
    return book.sql(query, a=days.first, b=days.last)["c"][0]


def test_the_cost_of_all_channels_is_what_was_spent_to_the_cent(book):
    table = economics.costs(book)
    assert cents(table["cost"]) == cents([spent(book)])
    assert cents(table["media"]) == cents([spent(book, "source = 'ad'")])
    parts = table["direct"] + table["divided"]
    named = table["channel"] != NO_CHANNEL
    assert cents(parts[named]) == cents(table.loc[named, "cost"])
    assert cents(economics.how_allocated(book)["cost"]) == cents(table["cost"])


def test_a_cost_that_names_its_channel_stays_with_it(book):
    table = economics.costs(book).set_index("channel")
    days = economics.span(book)
    plain = book.sql(
        "SELECT channel, sum(cost)::DOUBLE AS c FROM cost_by_day WHERE date BETWEEN $a AND $b "
        "AND channel IS NOT NULL GROUP BY channel",
        a=days.first,
        b=days.last,
    ).set_index("channel")["c"]
    assert table["direct"][table["direct"] > 0].sort_index().round(2).to_dict() == plain.to_dict()


def test_partners_fees_go_to_the_channel_that_their_leads_came_by(book):
    """All leads that name a partner came by the partner channel, so all its fees do too."""
    fees = spent(book, "partner_id IS NOT NULL")
    row = economics.costs(book).set_index("channel").loc[PARTNERS]
    assert cents([row["divided"]]) == cents([fees])


def test_the_parts_of_a_month_add_up_as_those_of_the_year_do(book):
    """Each cost is divided by itself, so that a page on a month and one on a year agree."""
    rows = economics.cost_rows(book)
    october = pd.to_datetime(rows["date"]).dt.strftime("%Y-%m") == "2026-10"
    by_month = rows[october].groupby("channel", dropna=False)["cost"].sum()
    period = economics.costs(book, "period").set_index("channel")["cost"]
    for channel, cost in by_month.items():
        name = NO_CHANNEL if pd.isna(channel) else channel
        assert period[name] == pytest.approx(cost, abs=0.005)


DIVISIONS = [
    ("leads", "none"),
    ("touches", "touches"),
    ("direct", "leads"),
    ("none", "direct"),
    ("none", "none"),
]


@pytest.mark.parametrize(("linked", "shared"), DIVISIONS)
def test_however_it_is_divided_it_is_all_there(under, linked, shared):
    book = under(economics={"linked": linked, "shared": shared})
    table = economics.costs(book)
    assert cents(table["cost"]) == cents([spent(book)])
    homeless = cents(table.loc[table["channel"] == NO_CHANNEL, "cost"])
    unlinked = "channel IS NULL AND coalesce(partner_id, content_id, event_id, campaign_id) IS NULL"
    left = 0 if shared != "none" else cents([spent(book, unlinked)])
    if linked == shared == "none":
        left = cents([spent(book, "channel IS NULL")])
    assert homeless == left


def test_counts_are_those_of_a_plain_query(book):
    table = economics.unit_costs(book).set_index("channel")
    days = economics.span(book)
    leads = book.sql("SELECT * FROM lead_journey")
    for column, at in (("leads", "created_at"), ("mql", "mql_at"), ("sql", "sql_at")):
        inside = leads[(leads[at] >= days.start) & (leads[at] < days.end)]
        expected = inside.groupby("channel").size()
        assert table[column][table[column] > 0].sort_index().to_dict() == expected.to_dict()


def test_deals_are_those_of_a_plain_query(book):
    table = economics.unit_costs(book).set_index("channel")
    days = economics.span(book)
    deals = book.sql(
        "SELECT d.*, coalesce(l.channel, $none) AS channel FROM deal d "
        "LEFT JOIN lead_journey l USING (lead_id) WHERE d.deal_type IN ('new', 'referral')",
        none=NO_LEAD,
    )
    opened = deals[(deals["created_at"] >= days.start) & (deals["created_at"] < days.end)]
    closed = deals[(deals["closed_at"] >= days.start) & (deals["closed_at"] < days.end)]
    won = closed[closed["is_won"].fillna(value=False).astype(bool)]
    assert table["opportunities"].sum() == len(opened)
    assert cents([table["pipeline"].sum()]) == cents([opened["amount"].sum()])
    assert table["won"][table["won"] > 0].sort_index().to_dict() == (
        won.groupby("channel").size().to_dict()
    )
    new = won[won["deal_type"] == "new"]
    assert table["customers"].sum() == new["account_id"].nunique()


def test_every_cost_per_thing_is_the_ratio_of_the_two(book):
    table = economics.unit_costs(book)
    for price, thing in (("cpl", "leads"), ("cost_per_sql", "sql"), ("cac", "customers")):
        known = table[(table["cost"] > 0) & (table[thing] > 0)]
        assert (known[price] * known[thing] - known["cost"]).abs().max() < 1e-6
        assert table.loc[(table["cost"] == 0) | (table[thing] == 0), price].isna().all()
        assert (known[f"{price}_low"] < known[price]).all()
        assert (known[price] < known[f"{price}_high"]).all()


def test_the_whole_of_a_period_is_what_the_growth_page_says(book):
    whole = economics.total(book, "period").iloc[0]
    declared = growth.metrics(book).set_index("key")["value"]
    assert whole["cpl"] == pytest.approx(declared["cpl"])
    assert whole["leads"] == declared["leads"]
    assert whole["sql"] == declared["sql"]
    assert whole["customers"] == declared["customers"]
    assert (math.isnan(whole["cac"]) and math.isnan(declared["cac"])) or whole[
        "cac"
    ] == pytest.approx(declared["cac"])


@pytest.mark.parametrize("by", ["campaign", "event", "partner", "content"])
def test_any_breakdown_adds_up_to_the_same_whole(book, by):
    table, whole = economics.unit_costs(book, by), economics.total(book).iloc[0]
    assert cents([table["cost"].sum()]) == cents([whole["cost"]])
    for column in ("leads", "mql", "sql", "opportunities", "won", "customers"):
        assert table[column].sum() == whole[column]
    assert cents([table["won_amount"].sum()]) == cents([whole["won_amount"]])
    assert list(table.columns[:2]) == [by, "name"]


def test_an_unknown_breakdown_is_refused(book):
    with pytest.raises(ParameterError, match="unknown breakdown 'chanel'; did you mean 'channel'"):
        economics.unit_costs(book, "chanel")
    with pytest.raises(ParameterError, match="unknown breakdown 'camp"):
        economics.platform(book, "camp")


@pytest.mark.parametrize("model", [None, "first", "last", "markov"])
def test_a_model_moves_credit_and_neither_adds_nor_loses_any(book, model):
    credited, whole = economics.board(book, model), economics.total(book).iloc[0]
    assert cents([credited["won_amount"].sum()]) == cents([whole["won_amount"]])
    assert cents([credited["pipeline"].sum()]) == cents([whole["pipeline"]])
    assert credited["won"].sum() == pytest.approx(whole["won"])
    assert credited["opportunities"].sum() == pytest.approx(whole["opportunities"])
    assert credited["leads"].sum() == whole["leads"]
    assert cents([credited["cost"].sum()]) == cents([whole["cost"]])


def test_the_board_by_the_lead_is_the_table_of_unit_costs(book):
    pd.testing.assert_frame_equal(economics.board(book, "lead"), economics.unit_costs(book))


def test_what_is_no_channel_stands_last(book):
    names = list(economics.unit_costs(book)["channel"])
    assert set(names[-3:]) == {NO_CHANNEL, NO_ORIGIN, NO_LEAD}


def test_the_channel_that_is_cheap_per_lead_and_dear_per_customer_is_found(book):
    table = economics.verdicts(book).set_index("channel")
    feed = table.loc[FEED]
    assert feed["verdict"] == "cut"
    assert feed["cpl"] < table["cpl"].median()
    assert feed["customers"] < feed["expected_customers"] / 3
    assert feed["figure_low"] > feed["limit"]
    assert list(economics.traps(book)["channel"]) == [FEED]
    claim = next(f for f in economics.findings(book) if f.id == "P03-X1/cheap-lead").claim
    assert claim.startswith(f"{FEED} costs ¥324 a lead")


def test_every_cut_and_every_keep_lies_wholly_on_its_side(book):
    table = economics.verdicts(book)
    cut, kept = (table[table["verdict"] == verdict] for verdict in ("cut", "keep"))
    assert (cut["figure_low"] > cut["limit"]).all()
    assert (kept["figure_high"] <= kept["limit"]).all()
    assert (cut["leads"] >= 30).all()
    assert table["reason"].str.len().min() > 20


def test_no_verdict_stands_against_a_model_of_attribution(book):
    from playbook.chapters.economics.judged import second_opinion

    opinions = second_opinion(book)
    assert list(opinions.columns) == list(book.rules.attribution.models)
    opposite = {"cut": "keep", "keep": "cut"}
    for row in economics.verdicts(book).itertuples():
        said = set(opinions.loc[row.channel])
        assert opposite.get(row.verdict) not in said
        assert row.same == (opinions.loc[row.channel] == row.verdict).sum()


def test_a_channel_that_is_meant_for_brand_is_told_apart(book):
    from playbook.chapters.economics.judged import for_brand

    assert for_brand(book) == {"行业展会"}  # CP013 and CP014; others have a campaign for leads
    evidence = next(f for f in economics.findings(book) if f.id == "P03-R3/cut").evidence
    assert evidence.count("meant for brand") == 1


def test_expected_customers_are_those_of_everybodys_rate_month_by_month(book):
    days = economics.span(book)
    leads = book.sql("SELECT channel, created_at, won_at FROM lead_journey")
    inside = leads[(leads["created_at"] >= days.start) & (leads["created_at"] < days.end)]
    month = inside["created_at"].dt.to_period("M")
    rate = inside.groupby(month)["won_at"].count() / inside.groupby(month).size()
    expected = month.map(rate).astype(float).groupby(inside["channel"]).sum()
    found = economics.expected_customers(book)
    assert found[FEED] == pytest.approx(expected[FEED])
    assert sum(found.values()) == pytest.approx(inside["won_at"].count())


TARGETS = [(1.0, "cut"), (1e9, "keep")]


@pytest.mark.parametrize(("target", "verdict"), TARGETS)
def test_a_target_of_the_company_is_the_line(under, target, verdict):
    limits = {"target_cac": target, "target_cost_per_sql": target}
    table = economics.verdicts(under(verdicts=limits))
    judged = table[~table["verdict"].isin(["no cost"])]
    assert set(judged["verdict"]) == {verdict}
    assert set(judged["limit"]) == {target}


def test_platform_counts_are_those_of_their_reports_beside_leads_of_their_campaigns(book):
    days = economics.span(book)
    table = economics.platform(book, "campaign").set_index("campaign")
    ads = book.sql("SELECT * FROM clean.ad_daily WHERE date BETWEEN $a AND $b",
                   a=days.first, b=days.last)  # fmt: skip
    assert table["conversions"].sum() == ads["conversions"].sum()
    names = book.sql("SELECT campaign_id, campaign_name FROM clean.campaign")
    leads = book.sql(
        "SELECT campaign_id, count(*) AS n FROM lead_journey "
        "WHERE created_at >= $a AND created_at < $b GROUP BY campaign_id",
        a=days.start,
        b=days.end,
    )
    expected = leads.merge(names).set_index("campaign_name")["n"]
    assert table["leads"].to_dict() == expected[table.index].to_dict()
    for by in ("channel", "account"):
        other = economics.platform(book, by)
        assert other["leads"].sum() == table["leads"].sum()
        assert cents([other["cost"].sum()]) == cents([table["cost"].sum()])
    assert cents([table["cost"].sum()]) == cents([spent(book, "source = 'ad'")])


def test_a_campaign_in_two_accounts_counts_its_leads_once(open_files):
    book = open_files(
        {
            "lead.csv": "lead_id,created_at,campaign_id\nL1,2026-10-02 09:00,K1\n"
            "L2,2026-10-03 09:00,K1\nL3,2026-10-03 10:00,K2",
            "campaign.csv": "campaign_id,campaign_name,channel_id\nK1,One,C1\nK2,Two,C1",
            "channel.csv": "channel_id,channel_name,channel_group\nC1,Search,sem",
            "ad_daily.csv": "date,platform,ad_account,campaign_id,cost,impressions,clicks,"
            "conversions\n2026-10-01,p,A,K1,10,9,3,1\n2026-10-01,p,B,K1,10,9,3,2\n"
            "2026-10-01,p,B,K2,5,9,3,4",
        }
    )
    campaigns = economics.platform(book, "campaign").set_index("campaign")
    assert campaigns["leads"].to_dict() == {"One": 2.0, "Two": 1.0}
    assert campaigns["conversions"].to_dict() == {"One": 3.0, "Two": 4.0}
    assert economics.platform(book, "channel")["leads"].tolist() == [3.0]
    accounts = economics.platform(book, "account").set_index("account")
    assert accounts["leads"].to_dict() == {"B": 1.0}  # K1 ran in both: told apart by nobody
