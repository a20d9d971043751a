"""Attribution of a Book: hand-worked deals, sums to the cent, what was planted in the sample."""

from __future__ import annotations

from decimal import Decimal

import pandas as pd
import pytest

from playbook.book import Book
from playbook.chapters import attribution
from playbook.chapters.attribution import claims, inputs, ways
from playbook.chapters.span import span
from playbook.errors import ParameterError

ACCOUNTS = """
account_id,account_name
A1,One
A2,Two
A3,Three
A4,Four
"""
CHANNELS = """
channel_id,channel_name,channel_group
C1,Search,sem
C2,Webinar,webinar
C3,Direct,direct
"""
TOUCHES = """
touch_id,touched_at,account_id,touch_type,direction,channel_id
T1,2026-08-01 09:00,A1,page_view,in,C1
T2,2026-08-10 09:00,A1,webinar_join,in,C2
T3,2026-09-01 09:00,A1,page_view,in,C3
T4,2026-09-01 09:10,A1,page_view,in,C3
T5,2026-09-02 09:00,A1,email_sent,out,C2
T6,2026-09-10 09:00,A2,webinar_join,in,C2
T7,2026-09-15 09:00,A4,page_view,in,C1
T8,2026-10-06 09:00,A2,page_view,in,C3
"""
DEALS = """
opportunity_id,account_id,created_at,lead_id,closed_at,is_won,amount,won_amount,deal_type
O1,A1,2026-08-20 09:00,L1,2026-09-20 09:00,1,1100,1000.00,new
O2,A2,2026-09-20 09:00,,2026-10-05 09:00,1,310,300.01,referral
O3,A3,2026-09-20 09:00,,2026-10-06 09:00,1,60,50,new
O4,A1,2026-09-21 09:00,,2026-10-07 09:00,1,700,700,renewal
O5,A4,2026-10-10 09:00,,,,90,,new
"""
LEADS = """
lead_id,created_at,account_id,channel_id
L1,2026-08-10 09:05,A1,C2
"""
PAYMENTS = """
payment_id,opportunity_id,kind,booked_on,amount
P1,O1,contract,2026-09-20,1000
P2,O1,receipt,2026-09-25,600
P3,O1,refund,2026-09-26,100
P4,O2,receipt,2026-10-08,10
P5,O2,refund,2026-10-09,10
"""
FILES = {
    "account.csv": ACCOUNTS,
    "channel.csv": CHANNELS,
    "touch.csv": TOUCHES,
    "opportunity.csv": DEALS,
    "lead.csv": LEADS,
    "payment.csv": PAYMENTS,
}
DIRECT = "[attribution]\nignore_direct = false\n"
HANDBOOK = ("first", "last", "linear")


@pytest.fixture
def small(open_files):
    return open_files(FILES, rules=DIRECT)


def won(book, model, by="channel"):
    table = attribution.credits(book, "won", by, (model,)).credits
    return table.set_index(by)["value"].to_dict()


def test_first_last_and_linear_share_the_hand_worked_deals(small):
    assert won(small, "first") == {
        "Search": 1000.0, "Webinar": 300.01, "Direct": 0.0, "unattributed": 50.0,
    }  # fmt: skip
    assert won(small, "last") == {
        "Direct": 1000.0, "Webinar": 300.01, "Search": 0.0, "unattributed": 50.0,
    }  # fmt: skip
    linear = won(small, "linear")
    assert linear["Webinar"] == pytest.approx(300.01 + 1000 / 3, abs=0.01)
    assert linear["Search"] == pytest.approx(1000 / 3, abs=0.01)
    assert linear["Direct"] == pytest.approx(1000 / 3, abs=0.01)
    assert round(sum(linear.values()), 2) == 1350.01


def test_a_renewal_is_outside_the_scope_and_the_lines_add_up_to_the_cent(small):
    table = attribution.reconciliation(small).set_index("line")
    assert table["won_amount"].to_dict() == {
        "credited to touches": Decimal("1300.01"),
        "unattributed: no touch before it": Decimal("50.00"),
        "outside the scope: renewals": Decimal("700.00"),
        "outside the scope: expansions": Decimal(0),
        "all that was won": Decimal("2050.01"),
        "difference": Decimal("0.00"),
    }
    assert table["deals"].tolist() == [2, 1, 1, 0, 4, 0]
    assert table["period_amount"].tolist()[:3] == [
        Decimal("300.01"), Decimal("50.00"), Decimal(700),
    ]  # fmt: skip
    assert table["period_deals"].tolist() == [1, 1, 1, 0, 3, 0]


def test_scope_and_directions_are_those_of_the_rules(open_files):
    rules = f'{DIRECT}deal_types = ["new", "renewal"]\ndirections = ["in", "out"]\n'
    book = open_files(FILES, rules=rules)
    # The renewal of A1 begins after its first deal: nothing was touched since.
    assert won(book, "last") == {
        "Webinar": 1000.0, "Direct": 0.0, "Search": 0.0, "unattributed": 750.0,
    }  # fmt: skip
    lines = attribution.reconciliation(book)["line"].tolist()
    assert "outside the scope: referrals" in lines
    assert "outside the scope: renewals" not in lines


def test_types_left_out_and_the_lookback_are_those_of_the_rules(open_files):
    rules = f'{DIRECT}leave_out = ["webinar_join"]\nlookback_days = 30\n'
    book = open_files(FILES, rules=rules)
    assert won(book, "first") == {
        "Direct": 1000.0, "Search": 0.0, "Webinar": 0.0, "unattributed": 350.01,
    }  # fmt: skip
    whole = attribution.credits(book, "won", names=("first",), lookback_days=90).credits
    assert whole.set_index("channel")["value"]["Search"] == 1000.0, "the page of 1 August"


def test_direct_visits_are_credited_only_where_there_is_nothing_else(open_files):
    book = open_files(FILES)
    assert won(book, "last") == {
        "Webinar": 1300.01, "Search": 0.0, "Direct": 0.0, "unattributed": 50.0,
    }  # fmt: skip
    alone = "\n".join(line for line in TOUCHES.strip().splitlines() if ",C1" not in line)
    alone = "\n".join(line for line in alone.splitlines() if ",C2" not in line)
    book = open_files({**FILES, "touch.csv": alone, "lead.csv": LEADS.replace(",C2", ",")})
    assert won(book, "last") == {"Direct": 1000.0, "no origin": 0.0, "unattributed": 350.01}


def test_position_and_time_decay_take_their_numbers_from_the_rules(open_files):
    rules = f"{DIRECT}position_weights = [0.6, 0.3, 0.1]\nhalf_life_days = 1\n"
    book = open_files(FILES, rules=rules)
    shares = won(book, "position")
    assert (shares["Search"], shares["Direct"]) == (600.0, 100.0)
    assert won(book, "time_decay")["Direct"] > 999.9


def test_what_was_received_is_receipts_less_refunds(small):
    rows = inputs.conversions(small, "received").execute()
    assert rows["conversion_id"].tolist() == ["O1"], "what was refunded whole was not received"
    assert rows["value"].tolist() == [Decimal("500.00")]


def test_conversions_carry_their_amount_and_the_moments_on_the_way(small):
    rows = inputs.conversions(small, "opportunity").execute().set_index("conversion_id")
    assert sorted(rows.index) == ["O1", "O2", "O3", "O5"]
    assert rows.loc["O1", "value"] == Decimal("1100.00")
    assert rows.loc["O1", "lead_at"] == pd.Timestamp("2026-08-10 01:05")
    assert pd.isna(rows.loc["O2", "lead_at"])
    leads = inputs.conversions(small, "lead").execute()
    assert leads["value"].isna().all()


def test_stages_of_leads_are_worth_nothing_rather_than_zero(small):
    found = attribution.credits(small, "lead", names=("linear",))
    assert found.credits["value"].isna().all()
    assert found.totals["value"].isna().all()
    assert found.totals["conversions"].tolist() == [1, 0, 1]


def test_another_conversion_or_dimension_is_refused_with_the_names_there_are(small):
    with pytest.raises(ParameterError, match=r"unknown conversion 'sold'.*Allowed: lead, mql"):
        attribution.credits(small, "sold")
    with pytest.raises(ParameterError, match=r"unknown dimension 'color'.*Allowed: channel"):
        attribution.credits(small, by="color")


def test_a_company_with_nothing_but_leads_is_attributed_by_their_channels(open_files):
    leads = (
        "lead_id,created_at,channel_id\nL1,2026-10-02 09:00,C1\nL2,2026-10-03 09:00,C1\n"
        "L3,2026-10-04 09:00,C3\nL4,2026-10-05 09:00,\n"
    )
    book = open_files({"lead.csv": leads, "channel.csv": CHANNELS})
    for model in ("first", "last", "linear", "markov"):
        table = attribution.credits(book, "lead", "channel", (model,)).credits
        counts = table.set_index("channel")["conversions"].round(9).to_dict()
        assert counts == {"Search": 2.0, "Direct": 1.0, "no origin": 1.0}
    assert "no deals are recorded" in attribution.headline(book, attribution.metrics(book))


def test_deals_without_amounts_are_counted_and_no_money_is_shown(open_files):
    deals = DEALS.replace(",amount,won_amount,", ",").replace(",1100,1000.00,", ",")
    deals = deals.replace(",310,300.01,", ",").replace(",60,50,", ",").replace(",700,700,", ",")
    deals = deals.replace(",90,,new", ",new").replace("payment_id", "payment_id")
    book = open_files({**FILES, "opportunity.csv": deals}, rules=DIRECT)
    table = attribution.by_models(book, "won").set_index("channel")
    assert table["first"].to_dict() == {
        "Webinar": 1.0, "Search": 1.0, "Direct": 0.0, "unattributed": 1.0, "all": 3.0,
    }  # fmt: skip
    assert attribution.cockpit(book)[["won_amount", "sourced_amount"]].isna().all(axis=None)
    lines = attribution.reconciliation(book)
    assert lines["deals"].tolist() == [2, 1, 1, 0, 4, 0]
    assert lines["won_amount"].isna().all()
    assert attribution.headline(book, attribution.metrics(book)).startswith(
        "Of 3 new deals won in Nov 2025 to Oct 2026, 67 % is credited to touches"
    )
    found = {f.id: f for f in attribution.findings(book)}
    assert "¥" not in found["B2-M2/unattributed"].evidence


def test_every_model_adds_up_to_what_the_book_says_was_won(book):
    days = span(book)
    row = book.sql(
        """SELECT sum(won_amount)::VARCHAR AS won FROM deal
        WHERE is_won AND deal_type IN ('new', 'referral') AND closed_at >= $start
            AND closed_at < $end""",
        start=days.start,
        end=days.end,
    )
    total = float(row["won"][0])
    for by in ("channel", "source", "campaign", "content", "event", "partner"):
        table = attribution.by_models(book, "won", by)
        assert table.iloc[-1, 0] == "all"
        models = table.columns[1:]
        assert len(models) == 6
        sums = table.iloc[:-1][models].sum().round(2)
        assert (sums == total).all(), by
        assert (table.iloc[-1][models].astype(float) == total).all()


def test_the_sample_reconciles_to_the_cent(book):
    table = attribution.reconciliation(book).set_index("line")
    assert table.loc["difference", ["deals", "period_deals"]].tolist() == [0, 0]
    assert table.loc["difference", "won_amount"] == 0
    assert table.loc["difference", "period_amount"] == 0
    days = span(book)
    won_at_all = book.sql(
        "SELECT sum(won_amount)::VARCHAR AS won FROM deal WHERE is_won "
        "AND closed_at >= $start AND closed_at < $end",
        start=days.start,
        end=days.end,
    )["won"][0]
    assert table.loc["all that was won", "won_amount"] == Decimal(won_at_all)
    assert table["share"].iloc[:4].sum() == pytest.approx(1)


def test_the_cockpit_keeps_sourced_and_influenced_apart(book):
    table = attribution.cockpit(book)
    own = table[~table["channel"].isin(["unattributed", "all"])]
    whole = table.set_index("channel").loc["all"]
    left = table.set_index("channel").loc["unattributed"]
    assert own["sourced"].sum() == whole["won"] - left["won"]
    assert own["sourced_amount"].sum() == pytest.approx(whole["won_amount"] - left["won_amount"])
    assert own["influenced"].sum() > own["sourced"].sum()
    assert pd.isna(whole["influenced"])
    assert (own["influenced"] >= own["sourced"]).all()
    for column in ("won_amount", "pipeline_amount"):
        assert own[column].sum() + left[column] == pytest.approx(whole[column], abs=0.01)


def test_pictures_count_every_journey_once(book):
    kind = attribution.pictured(book)
    n = attribution.credits(book, kind, names=("linear",)).journeys
    assert n >= 100
    assert attribution.ends(book, kind)["value"].sum() == pytest.approx(n)
    assert attribution.top_paths(book, kind)["conversions"].sum() == n
    steps = attribution.steps(book, kind)
    assert steps.groupby("name")["value"].sum().to_list() == pytest.approx(
        [1.0] * steps["name"].nunique()
    )
    reached = steps[steps["step"] == ways.CONVERTED]
    assert (reached["value"] * reached["n"]).sum() == pytest.approx(n)


def test_a_journey_of_three_or_more_is_shared_by_what_lies_between(open_files):
    book = open_files(FILES, rules=DIRECT)
    table = attribution.ends(book, "won").set_index(["first", "middle", "last"])["value"]
    assert table.to_dict() == {
        ("Search", "Webinar", "Direct"): 1.0,
        ("Webinar", ways.ONE, "Webinar"): 1.0,
    }


def test_colours_do_not_depend_on_the_period(book):
    first = attribution.channel_order(book)
    earlier = Book(book.path, "2025-06")
    assert attribution.channel_order(earlier) == first
    counts = book.sql("SELECT channel, count(*) AS n FROM lead_journey GROUP BY 1")
    assert (
        first[0] == counts.loc[counts["channel"] != "no origin"].nlargest(1, "n")["channel"].item()
    )


def brute_linear(book, conversion, by):
    """Linear credit in plain Python: lookback, restart and visits as the rules say."""
    asked, days = book.rules.attribution, span(book)
    touches = inputs.counted(book).execute().sort_values(["touched_at", "touch_id"])
    groups = dict(tuple(touches.groupby("entity")))
    rows = inputs.conversions(book, conversion).execute().sort_values("converted_at")
    credit, before = {}, {}
    for row in rows.to_dict("records"):
        moment, entity = row["converted_at"], row["entity"]
        since = before.get(entity)
        before[entity] = moment
        if moment < days.start or entity not in groups:
            continue
        own = groups[entity]
        own = own[own["touched_at"] <= moment]
        own = own[own["touched_at"] >= moment - pd.Timedelta(days=asked.lookback_days)]
        own = own if since is None else own[own["touched_at"] > since]
        others = own[~own[by].isin(inputs.direct_names(book))]
        own = own if others.empty else others
        kept, last = [], {}
        for touch in own.to_dict("records"):
            name, at = touch[by], touch["touched_at"]
            near = name in last and at <= last[name] + pd.Timedelta(minutes=asked.session_minutes)
            last[name] = at
            if not near:
                kept.append(name)
        for name in kept:
            credit[name] = credit.get(name, 0.0) + 1 / len(kept)
    return credit


@pytest.mark.parametrize("by", ["channel", "setting"])
def test_linear_credit_is_that_of_plain_python(book, by):
    ours = attribution.credits(book, "opportunity", by, ("linear",)).credits
    ours = ours[ours[by] != "unattributed"].set_index(by)["conversions"].to_dict()
    theirs = brute_linear(book, "opportunity", by)
    assert {name: n for name, n in ours.items() if n > 0} == pytest.approx(theirs)


def test_events_are_credited_by_the_handbooks_three_models(book):
    table = attribution.events_share(book)
    assert set(table["model"]) == {"first touch", "last touch", "linear"}
    row = table[(table["conversion"] == "opportunities") & (table["model"] == "linear")].iloc[0]
    credit = brute_linear(book, "opportunity", "setting")
    assert row["value"] == pytest.approx(credit["at events"] / sum(credit.values()))
    cost = attribution.events_cost(book)
    days = span(book)
    known = book.sql(
        "SELECT sum(cost)::DOUBLE AS cost FROM cost_by_day WHERE date BETWEEN $a AND $b",
        a=days.first,
        b=days.last,
    )["cost"][0]
    assert cost["all_cost"] == pytest.approx(known)
    assert 0 < cost["share"] < 1


def test_webinars_and_white_papers_begin_what_others_end(book):
    """The planted truth: webinars come early; by last touch they would lose their credit."""
    wide = attribution.credits(book, "sql", names=HANDBOOK).wide("share").set_index("channel")
    for name in ("线上直播", "白皮书下载"):
        assert wide["first"][name] > 2 * wide["last"][name]
        assert wide["last"][name] < wide["linear"][name] < wide["first"][name]


def test_a_brand_ad_stands_last_and_changes_nothing_while_webinars_do(book):
    """The planted truth: brand search 0, webinars 0.7 in log-odds, on leads otherwise alike."""
    table = attribution.before_form(book).set_index("kind")
    brand, webinar = table.loc["clicked a brand ad"], table.loc["joined a webinar"]
    assert brand["last_share"] > 0.2
    assert brand["first_share"] < 0.05
    assert brand["low"] < 0 < brand["high"]
    assert webinar["first_share"] > 3 * webinar["last_share"]
    assert webinar["low"] > 0
    found = attribution.ways_in(book)
    naive = found.groupby([("brand_ad" in kinds) for kinds in found["kinds"]])["sql"].mean()
    assert naive[True] > 1.15 * naive[False], "unadjusted, the click looks good"


def test_what_stood_last_before_the_form_is_that_of_plain_python(book):
    found = attribution.ways_in(book).set_index("lead_id")
    touches = book.sql(
        """SELECT entity, touched_at, touch_id, touch_type, word_class FROM touchpoint
        WHERE direction = 'in' AND NOT is_capture"""
    )
    groups = dict(tuple(touches.groupby("entity")))
    for lead in found.sample(60, random_state=1).itertuples():
        own = groups.get(lead.entity)
        own = touches.iloc[:0] if own is None else own
        since = lead.created_at - pd.Timedelta(days=attribution.BEFORE_DAYS)
        own = own[(own["touched_at"] < lead.created_at) & (own["touched_at"] >= since)]
        own = own.sort_values(["touched_at", "touch_id"])
        kinds = [
            "brand_ad" if (t.word_class == "brand" and t.touch_type == "ad_click") else t.touch_type
            for t in own.itertuples()
        ]
        assert lead.kinds == frozenset(kinds)
        assert pd.isna(lead.last_kind) if not kinds else lead.last_kind == kinds[-1]


def test_nurture_influences_and_is_counted_apart(book):
    table = attribution.nurture_part(book).set_index("what")
    assert table.loc["deals won", "all"] == 72
    assert 0 < table.loc["deals won", "from_nurture"] < 72
    programs = attribution.nurture_programs(book)
    assert programs["won"].sum() == table.loc["deals won", "from_nurture"]
    assert programs["won_amount"].sum() == pytest.approx(table.loc["won amount", "from_nurture"])


def test_metrics_count_the_period_and_rest_on_the_same_deals(book):
    table = attribution.metrics(book).set_index("key")
    lines = attribution.reconciliation(book).set_index("line")
    touched, left = lines.iloc[0], lines.iloc[1]
    assert table.loc["credited_deals", "value"] == touched["period_deals"] + left["period_deals"]
    assert table.loc["credited_amount", "value"] == pytest.approx(float(touched["period_amount"]))
    assert table.loc["touched_share", "value"] == pytest.approx(
        touched["period_deals"] / (touched["period_deals"] + left["period_deals"])
    )


def test_parts_name_what_lies_outside_them_last(book):
    table = attribution.by_part(book, "event")
    assert table["event"].tolist()[-2:] == ["outside events", "unattributed"]
    wide = attribution.credits(book, "won", "event", HANDBOOK).wide("value").set_index("event")
    assert table["linear"].sum() == pytest.approx(wide["linear"].sum())
    assert table["linear"].iloc[:-2].is_monotonic_decreasing


def test_findings_say_what_is_unattributed_where_last_touch_misleads_and_what_brand_ads_add(book):
    found = {f.id: f for f in attribution.findings(book)}
    assert len(found) == len(attribution.findings(book))
    assert found["B2-M2/unattributed"].claim.startswith("20 of the 74 new deals")
    assert "54 journeys to a deal are few" in found["B2-M2/unattributed"].evidence
    assert "白皮书下载" in found["B2-M2/last-touch"].claim
    assert "线上直播" in found["B2-M2/last-touch"].claim
    assert "no more often" in found["B2-M2/brand-ads"].claim
    assert "Even the highest interval" in found["B2-M2/events"].evidence
    assert "of 16 channels 224 journeys" in found["B2-M2/agreement"].claim
    assert any(name.startswith("P02-M12") for name in found)


def test_the_headline_names_the_amount_the_channels_and_what_has_no_touch(book):
    said = attribution.headline(book, attribution.metrics(book))
    assert said.startswith("Of ¥15 m new business won in Nov 2025 to Oct 2026, 72 % is credited")
    assert said.endswith("20 of 74 new deals had no touch.")
    empty = Book(book.path, "2030-01")
    assert attribution.headline(empty, attribution.metrics(empty)).startswith(
        ("No deal to be credited", "Nothing to credit")
    )


def test_the_leader_is_told_what_happened_and_what_to_do(book):
    found = attribution.findings(book)
    table = attribution.leader_report(book, attribution.metrics(book), found)
    assert table["block"].iloc[0] == "In short"
    assert table["block"].iloc[-1] == "Next month"
    assert "influenced, not sourced" in table["text"].iloc[0]
    assert claims.headline(book, attribution.metrics(book)) in table["text"].iloc[0]


def test_words_name_the_kind_that_is_there_and_keep_silent_on_nurture(small):
    from playbook.chapters.attribution import leader, part_words

    shown = part_words.part_table(small)
    assert shown["names"]["sqls"] == "Leads, linear"
    assert "leads because deals are few" in shown["note"]
    table = leader.leader_report(small, attribution.metrics(small), attribution.findings(small))
    assert not table["text"].str.contains("Nurture").any()
