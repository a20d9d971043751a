"""One notebook: what is run, with what, and what is said of how it ended."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import nbformat
import pytest

from playbook.errors import ReviewError
from playbook.report import kernels, runner, workers
from playbook.report.site import Page, Site

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ("good", "raises", "kills", "exits", "sleeps")
OWN = {
    "leaves": ("import os\nos._exit(0)",),
    "exits_last": ("import sys\nsys.exit()",),
    "prints": ("import os\nprint(os.path.basename(os.getcwd()), data, period)",),
    "noisy": (
        "import os, sys\nprint('to stderr', file=sys.stderr)\nos.system('echo from a child')",
    ),
}


@pytest.fixture(scope="module")
def ran(tmp_path_factory, request):
    """The results and the folder of all fixture notebooks, run side by side."""
    folder = tmp_path_factory.mktemp("run")
    helper = request.getfixturevalue("save_notebooks")
    helper(folder / "in", *NAMES, **OWN)
    names = (*NAMES, *OWN)
    pages = tuple(Page(name, name) for name in names)
    jobs = [job(folder, page.name, Site("Review", "October", pages)) for page in pages]
    runtime = tmp_path_factory.mktemp("r")
    with workers.Workers(kernels.default_mode(), 4, runtime) as pool:
        results = {result.page: result for result in pool.run(jobs)}
    return folder, results


def job(folder: Path, name: str, site: Site) -> runner.Job:
    return runner.Job(
        page=name,
        source=folder / "in" / f"{name}.ipynb",
        executed=folder / "out" / "notebooks" / f"{name}.ipynb",
        html=folder / "out" / f"{name}.html",
        collect=folder / "out" / "collected" / name,
        parameters={"data": "../book.duckdb", "period": "2026-10", "unknown": "x"},
        timeout_s=6 if name == "sleeps" else 60,
        site=site,
    )


@pytest.mark.parametrize(
    ("name", "status", "ename", "cell"),
    [
        ("raises", "failed", "ZeroDivisionError", 4),
        ("kills", "killed", "KernelKilled", 3),
        ("leaves", "killed", "KernelKilled", 3),
        ("exits", "stopped", "SystemExit", 3),
        ("exits_last", "stopped", "SystemExit", 3),
        ("sleeps", "timeout", "Timeout", 3),
    ],
)
def test_a_notebook_that_does_not_end_well_is_told_apart(ran, name, status, ename, cell):
    _, results = ran
    result = results[name]
    assert (result.status, result.error.ename, result.cell) == (status, ename, cell)


def test_a_good_notebook_is_ok_and_tells_what_it_took(ran):
    result = ran[1]["good"]
    assert (result.status, result.error, result.cell) == ("ok", None, None)
    assert result.cpu_seconds > 0
    assert 0 < result.seconds < 60


def test_every_notebook_leaves_its_executed_file_and_its_page(ran):
    folder, results = ran
    for name in results:
        nbformat.validate(nbformat.read(folder / "out" / "notebooks" / f"{name}.ipynb", 4))
        assert "</html>" in (folder / "out" / f"{name}.html").read_text()


def test_a_failed_page_shows_what_ran_and_says_what_failed(ran):
    page = (ran[0] / "out" / "raises.html").read_text()
    assert "before" in page
    assert "ZeroDivisionError: division by zero" in page
    assert "The rest of this page was not made." in page
    assert "papermill-error" not in page


def test_a_notebook_runs_in_the_folder_of_its_executed_file_with_its_declared_parameters(ran):
    page = (ran[0] / "out" / "prints.html").read_text()
    assert "notebooks ../book.duckdb 2026-10" in page
    nb = nbformat.read(ran[0] / "out" / "notebooks" / "prints.ipynb", 4)
    assert nb.metadata.papermill.parameters == {"data": "../book.duckdb", "period": "2026-10"}


def test_noise_stays_in_the_executed_notebook_and_off_the_page(ran):
    executed = (ran[0] / "out" / "notebooks" / "noisy.ipynb").read_text()
    page = (ran[0] / "out" / "noisy.html").read_text()
    assert "to stderr" in executed
    assert "to stderr" not in page
    assert "from a child" in page


def test_the_executed_notebook_tells_no_time_and_no_path(ran):
    folder, _ = ran
    text = (folder / "out" / "notebooks" / "prints.ipynb").read_text()
    assert str(folder) not in text
    assert "start_time" not in text
    assert "iopub" not in text


def test_what_is_interactive_or_practice_is_not_run(make_notebook, tmp_path):
    path = tmp_path / "n.ipynb"
    nb = make_notebook("1", "widget()", "answer = ...", tags={1: "interactive", 2: "practice"})
    nbformat.write(nb, path)
    kept = [cell.source for cell in runner.prepare(path).cells if cell.cell_type == "code"]
    assert kept[1:] == ["1"]


def test_a_notebook_without_a_parameters_cell_is_refused(tmp_path, site):
    path = tmp_path / "in" / "bare.ipynb"
    path.parent.mkdir()
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1")]), path)
    with pytest.raises(ReviewError, match=r"bare\.ipynb has no cell tagged 'parameters'. Add one."):
        runner.declared(runner.prepare(path), job(tmp_path, "bare", site("bare")))


def test_a_notebook_that_ignores_the_period_is_refused(tmp_path, site):
    path = tmp_path / "in" / "stuck.ipynb"
    path.parent.mkdir()
    cell = nbformat.v4.new_code_cell('data: str = "sample"', metadata={"tags": ["parameters"]})
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    with pytest.raises(ReviewError, match=r"stuck\.ipynb declares no parameter period"):
        runner.declared(runner.prepare(path), job(tmp_path, "stuck", site("stuck")))


def test_a_file_that_is_no_notebook_is_refused(tmp_path):
    path = tmp_path / "half.ipynb"
    path.write_text('{"cells": [')
    with pytest.raises(ReviewError, match=r"half\.ipynb cannot be read as a notebook"):
        runner.prepare(path)


def test_a_result_survives_the_way_through_json(ran):
    for result in ran[1].values():
        assert runner.PageResult.from_dict(json.loads(json.dumps(result.as_dict()))) == result
