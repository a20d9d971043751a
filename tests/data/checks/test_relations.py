"""What must hold between rows."""

from __future__ import annotations

import pytest

from playbook.data import rules


def codes(outcome):
    return [(code, table, count) for _, code, table, _, count in outcome.codes]


def test_sql_before_mql_is_reported_at_the_sql(check, good):
    good["stage_event"][1]["entered_at"] = "2026-02-02 09:00"
    outcome = check(good)
    assert codes(outcome) == [("stage-order", "stage_event", 1)]
    problem = outcome.checked.problems.iloc[0]
    assert problem["row"] == 3
    assert problem["value"] == "sql 2026-02-02 09:00, mql 2026-02-02 10:00"
    assert problem["message"] == "stages must come in the order mql, sql, opportunity, won"


def test_stages_at_the_same_moment_are_in_order(check, good):
    good["stage_event"][1]["entered_at"] = good["stage_event"][0]["entered_at"]
    assert check(good).codes == []


def test_an_opportunity_before_its_sql_is_reported_at_the_opportunity(check, good):
    good["opportunity"][0]["created_at"] = "2026-02-04"
    assert codes(check(good)) == [("stage-order", "opportunity", 1)]


def test_a_win_before_its_opportunity_is_reported(check, good):
    good["stage_event"][2]["entered_at"] = "2026-02-09 10:00"
    assert codes(check(good)) == [("stage-order", "stage_event", 1)]


def test_a_lead_may_enter_a_stage_again(check, good):
    again = {**good["stage_event"][0], "stage_event_id": "E9", "entered_at": "2026-02-20"}
    good["stage_event"].append(again)
    assert check(good).codes == []


def test_an_activity_before_capture_is_reported(check, good):
    good["activity"][0]["activity_at"] = "2026-02-01 09:59"
    outcome = check(good)
    assert codes(outcome) == [("activity-before-lead", "activity", 1)]
    assert outcome.checked.problems.iloc[0]["value"] == "2026-02-01 09:59, lead 2026-02-01 10:00"


def test_a_stage_before_capture_is_reported(check, good):
    good["stage_event"][0]["entered_at"] = "2026-01-30"
    assert codes(check(good)) == [("stage-before-lead", "stage_event", 1)]


def test_an_opportunity_before_its_lead_is_reported_once(check, good):
    del good["stage_event"]
    good["opportunity"][0]["created_at"] = "2026-01-30"
    assert codes(check(good)) == [("opportunity-before-lead", "opportunity", 1)]


def test_a_lead_won_before_it_was_created_is_reported_once(check, good):
    del good["stage_event"]
    good["opportunity"][0] |= {"created_at": "2026-01-30", "closed_at": "2026-01-30"}
    outcome = check(good)
    assert codes(outcome) == [("won-before-lead", "opportunity", 1)]
    assert outcome.checked.problems.iloc[0]["message"] == (
        "the opportunity was won before its lead was captured"
    )


def test_closed_before_created_is_reported(check, good):
    del good["stage_event"]
    good["opportunity"][0]["closed_at"] = "2026-02-09"
    assert codes(check(good)) == [("closed-before-created", "opportunity", 1)]


def test_a_win_without_a_date_is_reported(check, good):
    good["opportunity"][0]["closed_at"] = ""
    assert codes(check(good)) == [("won-without-date", "opportunity", 1)]


def test_a_won_stage_without_a_won_opportunity_is_reported(check, good):
    good["opportunity"][0]["is_won"] = "否"
    assert codes(check(good)) == [
        ("won-disagrees", "stage_event", 1),
        ("payment-not-won", "payment", 1),
    ]


def test_a_won_opportunity_whose_last_stage_is_lost_is_reported(check, good):
    lost = {**good["stage_event"][2], "stage_event_id": "E9", "stage": "输单"}
    good["stage_event"].append(lost | {"entered_at": "2026-03-25"})
    assert codes(check(good)) == [("won-disagrees", "opportunity", 1)]


def test_a_refund_of_a_lost_opportunity_is_no_disagreement(check, good):
    del good["stage_event"]
    good["opportunity"][0]["is_won"] = "否"
    good["payment"][0] |= {"kind": "refund", "amount": "-1"}
    assert check(good).codes == []


@pytest.mark.parametrize("link", [{"campaign_id": "K1"}, {"campaign_id": "", "channel_id": "c1"}])
def test_media_that_also_stands_in_ad_daily_is_reported(check, good, link):
    good["spend"][0] |= {"cost_type": "媒体", **link}
    assert codes(check(good)) == [("media-twice", "spend", 1)]


def test_media_of_another_month_is_not_the_same_media(check, good):
    good["spend"][0] |= {"cost_type": "媒体", "spend_date": "2026-03-01"}
    assert check(good).codes == []


def test_a_currency_without_a_rate_is_reported(check, good):
    good["spend"][0]["currency"] = "USD"
    outcome = check(good)
    assert codes(outcome) == [("missing-rate", "spend", 1)]
    problem = outcome.checked.problems.iloc[0]
    assert problem["value"] == "800.00 USD"
    assert problem["message"] == (
        "the amount is not in CNY, and fx_rate (汇率) has no rate of its currency on or before "
        "its day"
    )
    assert problem["remedy"] == (
        "supply fx_rate: date, currency, rate; until then the amount is left out of sums"
    )


def test_a_rate_on_or_before_the_day_is_enough(check, good):
    good["spend"][0]["currency"] = "USD"
    good["fx_rate"] = [{"date": "2026-02-03", "currency": "美元", "rate": "7.1"}]
    assert check(good).codes == []


def test_a_rate_after_the_day_is_not_enough(check, good):
    good["spend"][0]["currency"] = "USD"
    good["fx_rate"] = [{"date": "2026-02-04", "currency": "USD", "rate": "7.1"}]
    assert codes(check(good)) == [("missing-rate", "spend", 1)]


def test_an_empty_currency_beside_another_one_is_reported(check, good):
    good["fx_rate"] = [{"date": "2026-01-01", "currency": "USD", "rate": "7.1"}]
    good["spend"].append({**good["spend"][0], "spend_id": "F2", "currency": "USD"})
    assert codes(check(good)) == [("missing-currency", "spend", 1)]


def test_an_empty_currency_alone_means_the_companys_own(check, good):
    assert check(good).codes == []


def test_leads_without_channel_are_counted_with_their_share(check, good):
    good["lead"][0]["channel_id"] = ""
    problem = check(good).code("unmapped-channel").iloc[0]
    assert problem["severity"] == "flag"
    assert problem["count"] == 1
    assert problem["message"] == (
        "50.0% of the leads (1 of 2) have no known channel: 1 are empty, 0 name one that is not "
        "in channel (渠道); up to 10% is usual"
    )


def test_few_leads_without_channel_are_only_noted(check, good, tmp_path):
    file = tmp_path / "playbook.toml"
    file.write_text("[checks]\nunmapped_channel_share = 0.6\n", encoding="utf-8")
    good["lead"][0]["channel_id"] = ""
    assert check(good, company=rules.load(file)).codes == [
        ("note", "unmapped-channel", "lead", "渠道来源", 1)
    ]


def test_a_lead_without_account_is_reported(check, good):
    good["lead"][1] |= {"account_id": "", "person_id": ""}
    assert codes(check(good)) == [("lead-without-account", "lead", 1)]


def test_a_lead_whose_person_has_an_account_has_one(check, good):
    good["lead"][1]["account_id"] = ""
    assert check(good).codes == []


def test_references_into_a_table_that_was_not_supplied_are_noted(check, good):
    del good["channel"]
    assert ("note", "unresolved", "lead", "渠道来源", 2) in check(good).codes
