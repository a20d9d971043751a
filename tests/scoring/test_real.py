"""On 8,000 real leads: what is recorded of won deals alone is found out, and nothing else is."""

from __future__ import annotations

import pandas as pd
import pytest

from playbook import scoring

BEFOREHAND = {"origin", "landing_page_id"}


@pytest.fixture(scope="module")
def joined(olist):
    """Qualified leads with what was recorded of their deals, as an analyst would join them."""
    leads = pd.read_csv(
        olist / "olist_marketing_qualified_leads_dataset.csv", parse_dates=["first_contact_date"]
    )
    deals = pd.read_csv(olist / "olist_closed_deals_dataset.csv")
    table = leads.merge(deals, on="mql_id", how="left")
    return table.assign(won=table["won_date"].notna())


def test_every_column_of_the_deal_is_suspected_and_what_was_known_at_contact_is_not(joined):
    found = scoring.suspects(joined, "won")
    deal = set(joined.columns) - BEFOREHAND - {"mql_id", "first_contact_date", "won"}
    assert len(deal) == 13
    assert set(found["column"]) == deal
    evidence = found.set_index(["column", "sign"])["evidence"]
    assert evidence[("seller_id", "filled")] == (
        "filled for 100 % of the 842 with the outcome and for 0 % of the 7,158 without it"
    )


def test_a_score_that_knows_only_the_contact_is_honest_and_weak(joined):
    fitted = scoring.fit(joined, "won", time="first_contact_date", key="mql_id")
    assert {one.column for one in fitted.encodings} == BEFOREHAND
    chance = scoring.predict(fitted, joined)
    later = chance["is_later"]
    judged = scoring.judge(chance["probability"][later], joined["won"][later])
    assert 0.55 < judged.auc_low < judged.auc < judged.auc_high < 0.75


def test_the_odds_of_social_against_organic_search_are_those_of_the_published_counts(joined):
    fitted = scoring.fit(joined, "won", columns=["origin"])
    social = fitted.coefficients.set_index("level").loc["social"]
    counts = joined.groupby("origin")["won"].agg(["sum", "size"])
    won, lost = counts["sum"], counts["size"] - counts["sum"]
    ratio = (won["social"] / lost["social"]) / (won["organic_search"] / lost["organic_search"])
    assert social["compared_with"] == "organic_search"
    assert social["odds_ratio"] == pytest.approx(ratio, rel=1e-6)
    assert social["high"] < 1
