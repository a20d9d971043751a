"""A headless Chromium for each worker, and one review of each company for all of them."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PROBES = (Path(__file__).parent / "probes.js").read_text("utf-8")
REVIEW_S = 300


def programs():
    """Chromium and its driver; without both the tests skip, or fail where CI=true."""
    browsers = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    browser = next((found for name in browsers if (found := shutil.which(name))), None)
    driver = shutil.which("chromedriver")
    if browser and driver:
        return browser, driver
    words = "needs Chromium and chromedriver on the PATH"
    if os.environ.get("CI") == "true":
        pytest.fail(words)
    pytest.skip(words)


@pytest.fixture(scope="session")
def chrome(tmp_path_factory):
    """The driver of a headless Chromium with an empty profile, which keeps what it logs."""
    browser, driver = programs()
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    opened = webdriver.Chrome(options=options, service=Service(driver))
    opened.set_page_load_timeout(60)
    opened.set_script_timeout(60)
    yield opened
    opened.quit()


class Look:
    """A page as someone sees it, from disk, with the network off."""

    def __init__(self, chrome):
        self.chrome = chrome

    def at(self, path, width=1280, *, scheme="light", media="screen", whole=False, fresh=False):
        """Open a page.

        `whole` makes the window as tall as the page; `fresh` loads it even if it is open already.
        """
        self.tell("Network.enable")
        off = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
        self.tell("Network.emulateNetworkConditions", **off)
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.tell("Emulation.setEmulatedMedia", media=media, features=[feature])
        self._size(width, 900)
        if fresh or self.chrome.current_url != path.as_uri():
            self._forget()
            self.chrome.get(path.as_uri())
        if whole:
            self._size(width, self.script("return document.documentElement.scrollHeight"))
        return self

    def _size(self, width, height):
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.tell("Emulation.setDeviceMetricsOverride", **size)

    def _forget(self):
        for kind in ("browser", "performance"):
            self.chrome.get_log(kind)

    def close(self):
        """Undo what was emulated: other tests have the same window."""
        on = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
        self.tell("Network.emulateNetworkConditions", **on)
        self.tell("Emulation.setEmulatedMedia", media="", features=[])
        self.tell("Emulation.clearDeviceMetricsOverride")

    def tell(self, command, **parameters):
        """Send a command of the DevTools."""
        return self.chrome.execute_cdp_cmd(command, parameters)

    def script(self, source, *arguments):
        return self.chrome.execute_script(source, *arguments)

    def probe(self, call):
        """What a function of probes.js says about the page."""
        return self.script(f"{PROBES}\nreturn probes.{call};")

    def console(self):
        """What the browser had to say since the page was loaded; only once."""
        return [entry["message"] for entry in self.chrome.get_log("browser")]

    def requests(self):
        """The addresses asked for since the page was loaded, without data: ones; only once."""
        entries = [json.loads(e["message"])["message"] for e in self.chrome.get_log("performance")]
        sent = [e["params"] for e in entries if e["method"] == "Network.requestWillBeSent"]
        urls = [params["request"]["url"] for params in sent]
        return [url for url in urls if not url.startswith("data:")]

    def pdf(self):
        """The page as printed."""
        printed = self.tell("Page.printToPDF", preferCSSPageSize=True, printBackground=False)
        return base64.b64decode(printed["data"])


@pytest.fixture
def look(chrome):
    """Opens pages; see `Look`."""
    looking = Look(chrome)
    yield looking
    looking.close()


@pytest.fixture(scope="session")
def make_review(chrome, _own_cache, tmp_path_factory):  # noqa: ARG001 - no browser, no review
    """Makes a review as anybody makes one, once for all xdist workers; returns its folder."""
    base = tmp_path_factory.getbasetemp()
    root = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def make(name, data, period, *options):
        out = root / f"{name}-review"
        finished = out / "finished"
        try:
            out.mkdir()
        except FileExistsError:
            until = time.monotonic() + 2 * REVIEW_S
            while not finished.exists() and time.monotonic() < until:
                time.sleep(0.2)
        else:
            try:
                run_review(data, out, period, *options)
            finally:
                finished.touch()
        assert (out / period).is_dir(), "another worker failed to make the review and tells why"
        return out / period

    return make


def run_review(data, out, period, *options):
    command = [sys.executable, "-m", "playbook", "review", "--data", str(data), "--out", str(out)]
    done = subprocess.run(
        [*command, "--period", period, *options],
        capture_output=True,
        text=True,
        timeout=REVIEW_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def sample_review(make_review):
    """The folder of the sample company's review; `.ci/run` has just made it, and says where."""
    from playbook import resources

    if reviews := os.environ.get("PLAYBOOK_SAMPLE_REVIEWS"):
        return Path(reviews) / "2026-10"
    return make_review("sample", resources.sample(), "2026-10")


@pytest.fixture(scope="session")
def week_review(make_review):
    """The folder of the sample company's weekly review."""
    from playbook import resources

    return make_review("week", resources.sample(), "2026-W43")


@pytest.fixture(scope="session")
def olist_review(olist, make_review):
    """The folder of the real company's review, which has leads, deals and nothing else."""
    rules = Path(__file__).parents[1] / "olist" / "playbook.toml"
    return make_review("olist", olist, "2018-05", "--rules", str(rules))
