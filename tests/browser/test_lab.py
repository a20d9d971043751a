"""The notebooks in JupyterLab, as an analyst and a trainee use them."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request

import pytest
from selenium.common.exceptions import (
    ElementNotInteractableException,
    StaleElementReferenceException,
)
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from playbook import resources

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("lab")]

NOTEBOOKS = sorted(
    path.relative_to(resources.notebooks()).as_posix()
    for path in resources.notebooks().glob("*/*.ipynb")
)
PRACTICE = "funnel/01_growth_funnel.ipynb"
TOKEN = "only-for-this-test"
START_S = 60
OPEN_S = 60
RUN_S = 180
ANSWER_S = 30
OFF = (
    "--no-browser",
    "--allow-root",
    "--ip=127.0.0.1",
    "--port=0",
    f"--IdentityProvider.token={TOKEN}",
    "--LabApp.news_url=None",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.extension_manager=readonly",
)
# JupyterLab takes cells that are out of sight off the page unless told not to.
SETTINGS = {"@jupyterlab/notebook-extension/tracker.jupyterlab-settings": {"windowingMode": "none"}}


@pytest.fixture(scope="module")
def lab(chrome, book, tmp_path_factory):  # noqa: ARG001 - the Book is frozen before it starts
    """The address of a JupyterLab on a copy of the notebooks, with nothing of the user's in it."""
    home = tmp_path_factory.mktemp("lab")
    shutil.copytree(resources.notebooks(), home / "notebooks")
    for name, values in SETTINGS.items():
        file = home / "settings" / name
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps(values), "utf-8")
    places = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "IPYTHONDIR": "ipython",
    }
    with (home / "log.txt").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *OFF],
            cwd=home / "notebooks",
            env=os.environ | {name: str(home / place) for name, place in places.items()},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield address(server, home)
    finally:
        chrome.get("about:blank")
        end(server)


def address(server, home):
    """Where the server listens, once it answers."""
    file = home / "runtime" / f"jpserver-{server.pid}.json"
    until = time.monotonic() + START_S
    while time.monotonic() < until and server.poll() is None:
        with contextlib.suppress(OSError, ValueError):
            url = f"http://127.0.0.1:{json.loads(file.read_text('utf-8'))['port']}"
            urllib.request.urlopen(f"{url}/api/status?token={TOKEN}", timeout=5).close()
            return url
        time.sleep(0.2)
    end(server)
    pytest.fail(f"JupyterLab did not start:\n{(home / 'log.txt').read_text('utf-8')[-3000:]}")


def end(server):
    """Stop the server, which stops its kernels; kill it if it does not."""
    server.terminate()
    try:
        server.wait(20)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


@pytest.fixture(scope="module", params=NOTEBOOKS)
def opened(chrome, lab, request):
    """A notebook with every cell run."""
    chrome.set_window_size(1400, 1000)
    chrome.get(f"{lab}/lab/tree/{request.param}?token={TOKEN}&reset")
    wait(OPEN_S, lambda: cells(chrome))
    idle = '.jp-NotebookPanel-toolbar [data-status="idle"]'
    wait(OPEN_S, lambda: found(chrome, idle))
    wait(OPEN_S, lambda: run_all(chrome))
    wait(RUN_S, lambda: found(cells(chrome)[-1], ".pb-lesson"), lambda: state(chrome))
    return chrome


def run_all(chrome):
    """Run every cell; whether one has begun to run, because a menu may close unheard."""
    menu(chrome, "Run", "runmenu:run-all")
    time.sleep(1)
    return any(prompt not in {"", "[ ]:"} for prompt in prompts(chrome))


def prompts(chrome):
    """What stands before each code cell: `[*]:` while it runs, then its number."""
    return [e.text for e in chrome.find_elements(By.CSS_SELECTOR, ".jp-CodeCell .jp-InputPrompt")]


def state(chrome):
    """How far the cells have come, and what the page says of errors."""
    said = found(chrome, '.jp-Dialog, [data-mime-type="application/vnd.jupyter.error"]')
    return " ".join([*prompts(chrome), *(e.text for e in said)])


def wait(seconds, look, state=lambda: ""):
    """What `look` returns, once it is something; if nothing comes, `state` says how it stands."""
    until = time.monotonic() + seconds
    while True:
        # JupyterLab replaces parts of the page at will.
        with contextlib.suppress(StaleElementReferenceException, ElementNotInteractableException):
            if seen := look():
                return seen
        if time.monotonic() > until:
            pytest.fail(f"nothing after {seconds} s: {state()}")
        time.sleep(0.1)


def found(place, selector):
    """The elements that are to be seen."""
    return [e for e in place.find_elements(By.CSS_SELECTOR, selector) if e.is_displayed()]


def menu(chrome, name, command):
    """Take a command from a menu."""
    if not found(chrome, ".lm-Menu"):
        next(e for e in found(chrome, ".lm-MenuBar-item") if e.text == name).click()
    entries = found(chrome, f'.lm-Menu-item[data-command="{command}"]')
    if entries:
        entries[0].click()
    return bool(entries)


def cells(chrome):
    return chrome.find_elements(By.CSS_SELECTOR, ".jp-Notebook .jp-CodeCell")


def cell_with(chrome, words):
    """The code cell whose source holds these words."""
    texts = chrome.execute_script(
        "return [...document.querySelectorAll('.jp-Notebook .jp-CodeCell')]"
        ".map(cell => cell.querySelector('.cm-content')?.textContent ?? '')"
    )
    return cells(chrome)[next(i for i, text in enumerate(texts) if words in text)]


def explorers(chrome):
    """Places of the cells that show a widget."""
    shown = ".widget-dropdown, .widget-slider"
    return [place for place, cell in enumerate(cells(chrome)) if found(cell, shown)]


def drawn(chrome, place):
    """The words of what a widget has drawn, once it has."""
    output = found(cells(chrome)[place], ".widget-output .jp-OutputArea-output")
    return [entry.get_attribute("textContent") for entry in output]


def choose(chrome, place):
    """Take the second entry of a widget's first list, or move its slider by one."""
    cell = cells(chrome)[place]
    chrome.execute_script("arguments[0].scrollIntoView({block: 'center'})", cell)
    lists = found(cell, ".widget-dropdown select")
    if lists:
        Select(lists[0]).select_by_index(1)
    else:
        found(cell, ".widget-slider .noUi-handle")[0].send_keys(Keys.ARROW_RIGHT)
    return True


def said(chrome, words):
    """What a practice cell says."""
    return [e.text for e in found(cell_with(chrome, words), ".pb-lesson")]


def answer(chrome, words, source):
    """Write another source into a cell and run it with the keyboard."""
    editor = cell_with(chrome, words).find_element(By.CSS_SELECTOR, ".cm-content")
    chrome.execute_script("arguments[0].scrollIntoView({block: 'center'})", editor)
    editor.click()
    keys = ActionChains(chrome).key_down(Keys.CONTROL).send_keys("a").key_up(Keys.CONTROL)
    keys.send_keys(source).pause(0.3).send_keys(Keys.ESCAPE)
    keys.key_down(Keys.SHIFT).send_keys(Keys.ENTER).key_up(Keys.SHIFT).perform()


def test_every_cell_runs_without_an_error_or_noise(opened):
    kinds = ("application/vnd.jupyter.error", "application/vnd.jupyter.stderr")
    shown = [e.text for kind in kinds for e in found(opened, f'[data-mime-type="{kind}"]')]
    assert shown == []


def test_another_choice_draws_something_else(opened):
    places = explorers(opened)
    assert places
    for place in places:
        first = wait(ANSWER_S, lambda at=place: drawn(opened, at))
        wait(ANSWER_S, lambda at=place: choose(opened, at))
        second = wait(
            ANSWER_S,
            lambda at=place, old=first: (now := drawn(opened, at)) and now != old and now,
        )
        assert len(first) == len(second) == 1


@pytest.mark.parametrize("opened", [PRACTICE], indirect=True)
def test_a_practice_cell_answers_at_once_and_knows_the_right_answer(opened, book):
    from playbook.report import lessons

    right = lessons.find("growth-1").solve(book)
    (words,) = said(opened, 'lessons.check("growth-1"')
    assert words.startswith("Not answered yet.")
    for given, reply in ((0, "Not yet."), (right, "✓ Right.")):
        source = f"lessons.check('growth-1', {given})"
        answer(opened, "lessons.check(" + ('"growth-1"' if given == 0 else "'growth-1'"), source)
        wait(ANSWER_S, lambda r=reply: any(t.startswith(r) for t in said(opened, "'growth-1'")))
