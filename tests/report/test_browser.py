"""Pages in a real browser: from disk, without a network, wide, narrow and dark."""

from __future__ import annotations

import json
import os
import shutil

import pytest

from playbook.report import review

OPTIONS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--hide-scrollbars",
)  # fmt: skip
EVIL = "<script>document.title = 'ran'</script><img src=x onerror=\"document.title = 'ran'\">"
WIDE, NARROW = 1280, 360

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """Chromium that can reach nothing, with its console and its requests on record."""
    program, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not (program and driver):
        if os.environ.get("CI") == "true":
            pytest.fail("Chromium and chromedriver are needed under CI=true")
        pytest.skip("needs Chromium and chromedriver")
    from selenium.webdriver import Chrome, ChromeOptions, ChromeService

    options = ChromeOptions()
    options.binary_location = program
    for option in (*OPTIONS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    chrome = Chrome(options=options, service=ChromeService(driver))
    chrome.execute_cdp_cmd("Network.enable", {})
    yield chrome
    chrome.quit()


@pytest.fixture(scope="module")
def folder(tmp_path_factory, save_notebooks, freeze_to):
    """A review of two pages, one of which failed, with hostile text in its data."""
    root = tmp_path_factory.mktemp("browser")
    cell = f"""
        import pandas as pd
        from IPython.display import HTML, Markdown, display
        from playbook.report import show

        evil = {EVIL!r}
        wide = pd.DataFrame([[evil] * 12], columns=[f"a_long_column_{{i}}" for i in range(12)])
        show.headline(evil)
        display(Markdown(evil), HTML(evil), wide, show.table(wide, "wide"))
    """
    source = save_notebooks(root / "in", "good", "raises", evil=(cell,))
    return review.run(
        freeze_to(root / "b.duckdb"), "2026-10", root / "out", notebooks=source
    ).folder


def opened(browser, folder, name: str, width: int, scheme: str = "light") -> list[str]:
    """Open a page and return what it asked for."""
    media = [{"name": "prefers-color-scheme", "value": scheme}]
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": media})
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.get_log("performance")
    browser.get((folder / f"{name}.html").as_uri())
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [
        event["params"]["request"]["url"]
        for event in events
        if event["method"] == "Network.requestWillBeSent"
    ]
    return [url for url in asked if not url.startswith(("chrome:", "data:"))]


@pytest.mark.parametrize("name", ["index", "good", "raises"])
@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_a_page_asks_for_itself_only_and_fits(browser, folder, name, width):
    asked = opened(browser, folder, name, width)
    assert asked == [(folder / f"{name}.html").as_uri()]
    assert browser.get_log("browser") == []
    assert browser.execute_script("return document.documentElement.scrollWidth") == width


def test_text_from_the_data_does_not_run(browser, folder):
    """Not even where a notebook shows it as HTML: the page's policy stops it."""
    for name in ("evil", "index"):
        opened(browser, folder, name, NARROW)
        assert browser.title != "ran"
        assert browser.execute_script("return document.documentElement.scrollWidth") == NARROW


@pytest.mark.parametrize(("scheme", "dark"), [("light", False), ("dark", True)])
def test_a_page_follows_the_readers_colours(browser, folder, scheme, dark):
    opened(browser, folder, "good", WIDE, scheme)
    colour = "return getComputedStyle(document.body).{}.match(/\\d+/g).map(Number)"
    ground = browser.execute_script(colour.format("backgroundColor"))
    ink = browser.execute_script(colour.format("color"))
    assert (sum(ground[:3]) < sum(ink[:3])) is dark


def test_the_contents_fold_out_on_a_phone_without_scripts(browser, folder):
    opened(browser, folder, "good", NARROW)
    shown = "return getComputedStyle(document.querySelector('.side-body')).display"
    assert browser.execute_script(shown) == "none"
    browser.find_element("css selector", ".side-label").click()
    assert browser.execute_script(shown) == "block"
