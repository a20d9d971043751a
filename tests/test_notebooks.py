"""Every notebook keeps the anatomy that analyst, scheduler and trainee rely on."""

from __future__ import annotations

import ast

import nbformat
import pytest

from playbook import resources
from playbook.report import contents

NOTEBOOKS = sorted(resources.notebooks().rglob("*.ipynb"))
PARAMETERS = ["data", "period", "as_of", "rules", "lang"]


def name(path):
    return str(path.relative_to(resources.notebooks()))


@pytest.fixture(params=NOTEBOOKS, ids=name)
def notebook(request):
    return nbformat.read(request.param, as_version=4)


def tagged(notebook, tag):
    return [c for c in notebook.cells if tag in c.metadata.get("tags", [])]


def code(notebook):
    return [c for c in notebook.cells if c.cell_type == "code"]


def test_every_notebook_is_in_the_reading_order():
    assert {name(p).removesuffix(".ipynb") for p in NOTEBOOKS} <= {p.name for p in contents.PAGES}


def test_it_carries_no_outputs(notebook):
    assert all(not c.outputs and c.execution_count is None for c in code(notebook))


def test_it_opens_with_a_title_and_the_one_question_it_answers(notebook):
    first = notebook.cells[0]
    assert first.cell_type == "markdown"
    assert first.source.startswith("# ")
    assert first.source.rstrip().endswith("?**")


def test_it_has_one_parameters_cell_that_papermill_can_read(notebook):
    (cell,) = tagged(notebook, "parameters")
    lines = cell.source.splitlines()
    assert [line.split(":")[0] for line in lines] == PARAMETERS
    for line in lines:
        assert line.count("=") == 1, f"papermill would drop this parameter: {line}"
        assert "  # " in line


def test_the_first_code_after_the_parameters_checks_them(notebook):
    cells = code(notebook)
    (place,) = [i for i, c in enumerate(cells) if "parameters" in c.metadata.get("tags", [])]
    passed = ", ".join(f"{p}={p}" for p in PARAMETERS)
    assert cells[place + 1].source == f"book = session.start({passed})"


def test_it_defines_no_functions_and_no_cell_is_longer_than_a_screen(notebook):
    for cell in code(notebook):
        tree = ast.parse(cell.source)
        assert not any(isinstance(n, (ast.FunctionDef, ast.ClassDef)) for n in ast.walk(tree))
        assert len(cell.source.splitlines()) <= 42


def test_it_goes_from_headline_to_practice_in_the_same_order(notebook):
    text = "\n".join(c.source for c in notebook.cells)
    landmarks = [
        "show.headline(",
        "show.sop(",
        "## Findings",
        "leader",
        "## What this does not show",
    ]
    landmarks += ["## Practice"]
    at = 0
    for landmark in landmarks:
        at = text.find(landmark, at)
        assert at >= 0, f"nothing with {landmark!r} after what comes before it"


def test_it_asks_at_least_three_questions_and_has_a_widget(notebook):
    practice = "\n".join(c.source for c in tagged(notebook, "practice"))
    assert practice.count("lessons.check(") >= 3
    assert practice.count("answer = ...") == practice.count("lessons.check(")
    assert any("widgets." in c.source for c in tagged(notebook, "interactive"))
