"""Names that are scripts or formulas stay words, wherever the page puts them."""

from __future__ import annotations

import pytest
from selenium.common.exceptions import NoAlertPresentException

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SCRIPT = "<script>alert(1)</script>"
IMAGE = "<img src=x onerror=alert(2)>"
FORMULA = "=cmd|'/c calc'!A1"
FILES = {
    "lead.csv": """
lead_id,created_at,account_id,channel_id,status
L1,2026-10-05 09:00,A1,C1,new
L2,2026-10-06 09:00,A2,C1,new
L3,2026-10-07 09:00,A3,C1,working
""",
    "account.csv": f"""
account_id,account_name
A1,{SCRIPT}
A2,{IMAGE}
A3,{FORMULA}
""",
    "stage_event.csv": """
stage_event_id,lead_id,stage,entered_at
S1,L1,mql,2026-10-08 09:00
S2,L2,mql,2026-10-09 09:00
S3,L2,sql,2026-10-12 09:00
""",
    "channel.csv": f"""
channel_id,channel_name,channel_group
C1,{SCRIPT},sem
""",
    "playbook.toml": f"""
[company]
name = "{SCRIPT}"
""",
}


@pytest.fixture(scope="module")
def hostile(make_review, tmp_path_factory):
    """The review of a company whose names are scripts."""
    folder = tmp_path_factory.mktemp("hostile")
    for name, text in FILES.items():
        (folder / name).write_text(text.strip() + "\n", "utf-8")
    return make_review("hostile", folder, "2026-10", "--as-of", "2026-11-01")


@pytest.fixture(params=["index", "funnel/01_growth_funnel"])
def page(request, hostile):
    return hostile / f"{request.param}.html"


def test_they_are_shown_as_words_and_nothing_runs(look, chrome, page):
    look.at(page)
    with pytest.raises(NoAlertPresentException):
        _ = chrome.switch_to.alert.text
    assert SCRIPT in look.script("return document.title")
    assert SCRIPT in look.script("return document.body.innerText")
    assert (
        look.script("return document.querySelectorAll('script, [onerror], img[src=x]').length") == 0
    )
    assert look.requests() == [page.as_uri()]
    assert look.console() == []


def test_a_company_that_is_a_script_is_in_the_list_of_leads_by_its_name(look, hostile):
    look.at(hostile / "funnel" / "01_growth_funnel.html")
    words = look.script("return document.body.textContent")
    assert [name for name in (SCRIPT, IMAGE, FORMULA) if name not in words] == []
