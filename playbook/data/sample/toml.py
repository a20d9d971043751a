"""The sample's `playbook.toml`: its rules and the two mappings it needs."""

from __future__ import annotations

PLAYBOOK = """\
# Rules of the sample company. Only what differs from the defaults stands here;
# `playbook new DIR` writes a file with every setting explained.

[company]
name = "岑海智能 Cenhai AI"
business_model = "subscription"
start_date = 2026-08-17        # first day of the marketing head
currency = "CNY"
report_zone = "Asia/Shanghai"

# Who gets a lead: the first rule that holds. Sales teams have regions, the SDRs call what
# feed ads bring and what no region claims.
[routing]
fallback = "SDR组"
capacity_per_day = 8

[[routing.rules]]
name = "South China, above 80"
team = "销售A组"
when.all = [
    { field = "account.region", op = "eq", value = "华南" },
    { field = "score.points", op = "gt", value = 80 },
]

[[routing.rules]]
name = "Feed ads"
team = "SDR组"
when = { field = "channel.channel_group", op = "eq", value = "feed_ads" }

[[routing.rules]]
name = "Overseas"
team = "海外组"
when.field = "account.region"
when.op = "in"
when.value = ["europe", "north_america", "southeast_asia"]

[[routing.rules]]
name = "South China and Hong Kong"
team = "销售A组"
when = { field = "account.region", op = "in", value = ["华南", "hmt"] }

[[routing.rules]]
name = "East China"
team = "销售B组"
when = { field = "account.region", op = "eq", value = "华东" }

[[routing.rules]]
name = "North and inland"
team = "销售C组"
when = { field = "account.region", op = "filled" }

# Our name as people type it; competitors, products and industries are taken from the data.
[keywords.classes]
brand = ["岑海", "Cenhai"]

# Google's report has its own headers, two lines above them, and no word of its currency.
[sources.google]
file = "google_search_terms.csv"
table = "ad_daily"
header_row = 3
constants = { platform = "Google", currency = "USD" }

[sources.google.columns]
date = "Day"
ad_account = "Customer ID"
campaign_id = "Campaign ID"
ad_group = "Ad group"
keyword_id = "Keyword ID"
match_type = "Match type"
search_term = "Search term"
cost = "Cost"
impressions = "Impr."
clicks = "Clicks"
conversions = "Conversions"

[sources.google.values.match_type]
"Exact match" = "exact"
"Phrase match" = "phrase"
"Broad match" = "broad"

# The webinar platform knows sessions and contacts; both carry our keys.
[sources.webinar]
file = "webinar_attendance.csv"
table = "event_attendee"
constants = { capture_method = "form" }

[sources.webinar.columns]
event_id = "Session"
person_id = "Contact"
registered_at = "Signed up"
checked_in_at = "Joined"
is_target = "Target account"
met_sales_booked = "Meeting booked"
demo_booked = "Demo booked"
thanked_at = "Thank-you sent"
graded_at = "Graded"
feedback_done_at = "Survey done"
csat = "Rating"
"""
