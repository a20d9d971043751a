"""The first call of a notebook: parameters refused before anything is read, the look set up."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest

from playbook import book as books
from playbook.errors import ParameterError, PlaybookError
from playbook.report import session, show

ROOT = Path(__file__).parents[2]
DECLARED = 'data: str = "sample"  # help\nperiod: str = "2026-10"  # help\nwindow_days: int = 90'


@pytest.fixture
def opened(monkeypatch):
    """What `open_book` was called with, its answer being a stub."""
    calls = []

    def open_book(**settings):
        calls.append(settings)
        company = SimpleNamespace(currency="USD")
        report = SimpleNamespace(number_style="en")
        rules = SimpleNamespace(company=company, report=report)
        return SimpleNamespace(rules=rules, period=SimpleNamespace(kind="week"))

    monkeypatch.setattr(books, "open_book", open_book)
    monkeypatch.setattr(session._State, "book", None)
    monkeypatch.setattr(session._State, "parameters", {})
    yield calls
    show.configure(currency="CNY", style="en", lang="en", period="period")


@pytest.fixture
def cells(monkeypatch):
    """Sources of the cells that a notebook has run so far."""
    run: list[str] = [""]
    monkeypatch.setattr(session, "_shell", lambda: SimpleNamespace(user_ns={"In": run}))
    return run


def test_the_book_is_opened_with_empty_parameters_as_none(opened):
    book = session.start(data="sample", period="2026-10", as_of="", rules="", lang="en")
    assert opened == [{"data": "sample", "period": "2026-10", "as_of": None, "rules": None}]
    assert session.current() is book


def test_spaces_around_a_value_are_forgiven(opened):
    session.start(data=" sample ", period=" 2026-10 ", as_of=" 2026-10-31 ")
    assert opened[0] == {
        "data": "sample", "period": "2026-10", "as_of": "2026-10-31", "rules": None,
    }  # fmt: skip


def test_a_year_that_papermill_made_a_number_is_a_period(opened):
    session.start(period=2026)
    assert opened[0]["period"] == "2026"


@pytest.mark.usefixtures("opened")
def test_what_is_shown_follows_the_companys_currency_the_language_and_the_periods_length():
    session.start(lang="zh")
    expected = show.Settings(currency="USD", style="en", lang="zh", period="week")
    assert show.settings() == expected


@pytest.mark.usefixtures("opened")
def test_further_parameters_are_remembered():
    session.start(window_days=30)
    assert session.parameters()["window_days"] == 30


@pytest.mark.usefixtures("opened")
def test_without_a_book_the_message_says_how_to_open_one():
    with pytest.raises(PlaybookError, match=r'no Book is open: .* session.start\(data="sample"'):
        session.current()


def test_an_undeclared_parameter_is_refused_before_anything_is_read(opened, cells):
    cells += [DECLARED, "# Parameters\nperod = '2026-09'\n"]
    with pytest.raises(ParameterError, match="unknown parameter 'perod'; did you mean 'period'"):
        session.start(data="sample", period="2026-10")
    assert opened == []


def test_a_declared_parameter_passes(opened, cells):
    cells += [DECLARED, "# Parameters\nperiod = '2026-09'\nwindow_days = 30\n"]
    session.start(data="sample", period="2026-09", window_days=30)
    assert opened[0]["period"] == "2026-09"


@pytest.mark.usefixtures("opened")
def test_a_value_of_another_type_than_declared_is_refused(cells):
    cells += [DECLARED, "# Parameters\nwindow_days = 'ninety'\n"]
    message = "parameter 'window_days' is 'ninety'; it must be of type int"
    with pytest.raises(ParameterError, match=message):
        session.start(window_days="ninety")


@pytest.mark.usefixtures("opened")
def test_only_the_last_injected_cell_counts(cells):
    """An analyst corrects the cell and runs it again."""
    cells += ["# Parameters\nperod = '2026-09'", "# Parameters\nperiod = '2026-09'"]
    session.start(period="2026-09")


@pytest.mark.usefixtures("opened")
def test_cells_with_magics_and_expressions_do_no_harm(cells):
    cells += ["%matplotlib inline\n!ls", "# Parameters\nperiod = '2026-09'\nx = float('nan')"]
    session.start(period="2026-09", x=float("nan"))


def test_every_mistake_is_listed_at_once(opened):
    with pytest.raises(ParameterError) as caught:
        session.start(data="", period=None, as_of="soon", rules=3, lang="cn")
    assert str(caught.value).splitlines() == [
        "parameter 'rules' is 3; it must be a path, as text",
        "parameter 'data' is empty; name a folder, a file or 'sample'",
        "parameter 'period' is None; write it as text, '2026-10'",
        "parameter 'as_of' is 'soon'; write a date such as '2026-10-31', or leave it empty",
        "unknown value of parameter 'lang': 'cn'. Allowed: en, zh",
    ]
    assert opened == []


KERNEL = """
from types import SimpleNamespace as S
from playbook import book as books
rules = S(company=S(currency="CNY"), report=S(number_style="en"))
books.open_book = lambda **settings: S(rules=rules, period=S(kind="month"))
"""


def run(tmp_path, *sources, **parameters):
    import papermill

    cell = nbformat.v4.new_code_cell
    nb = nbformat.v4.new_notebook()
    nb.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nb.cells = [
        cell('period: str = "2026-10"  # the month', metadata={"tags": ["parameters"]}),
        cell(KERNEL),
        *map(cell, sources),
    ]
    nbformat.write(nb, tmp_path / "in.ipynb")
    papermill.execute_notebook(
        tmp_path / "in.ipynb",
        tmp_path / "out.ipynb",
        parameters=parameters,
        cwd=ROOT,
        progress_bar=False,
        log_output=False,
    )
    return nbformat.read(tmp_path / "out.ipynb", as_version=4).cells


START = "from playbook.report import plots, session, show\nbook = session.start(period=period)"
FIGURE = """
import pandas as pd
picture = plots.bars(pd.DataFrame({"name": ["线索"], "value": [3]}), title="线索")
show.figure(picture, alt="three")
"""
PYPLOT = "import seaborn as sns\nsns.barplot(x=[1], y=['漏斗'], orient='h');"


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_in_a_kernel_the_look_is_set_up_and_nothing_prints_noise(tmp_path):
    cells = run(tmp_path, START, FIGURE, "picture", PYPLOT, period="2026-09")
    by_source = {c.source: c.outputs for c in cells if c.cell_type == "code"}
    (style,) = by_source[START]
    assert style.data["text/html"].startswith('<div class="pb"><style>')
    (figure,) = by_source[FIGURE]
    assert "<figure" in figure.data["text/html"]
    assert "线索" in figure.data["text/html"]
    assert "[three]" in figure.data["text/plain"]
    (bare,) = by_source["picture"]
    assert "线索</figcaption>" in bare.data["text/html"]
    (plain,) = by_source[PYPLOT]
    assert "漏斗" in plain.data["image/svg+xml"]
    assert all(out.output_type != "stream" for outputs in by_source.values() for out in outputs)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_papermills_own_command_cannot_pass_an_undeclared_parameter(tmp_path):
    from papermill.exceptions import PapermillExecutionError

    with pytest.raises(PapermillExecutionError, match="unknown parameter 'perod'"):
        run(tmp_path, START, perod="2026-09")
