"""Every notebook runs from top to bottom on whatever there is, and switches off what is not."""

from __future__ import annotations

import nbformat
import pytest

from playbook import resources
from playbook.report import lessons

NOTEBOOKS = sorted(resources.notebooks().rglob("*.ipynb"))
LEADS = "lead_id,created_at,channel_id\nL1,2026-10-03 09:00,C1\nL2,2026-10-04 10:00,\n"
STAGES = "stage_event_id,lead_id,stage,entered_at\nS1,L1,mql,2026-10-05 09:00\n"
DEALS = (
    "opportunity_id,account_id,created_at,lead_id,closed_at,is_won\n"
    "O1,A1,2026-10-06 09:00,L1,2026-10-20 09:00,1\n"
)
ANSWERS = "activity_id,activity_at,staff_id,lead_id\nV1,2026-10-03 10:00,X,L1\n"
CONTENT = "content_id,title,content_type\nK1,One,case\n"
INPUTS = {
    "leads alone": {},
    "an empty table": {"stage_event.csv": STAGES.splitlines()[0]},
    "stages": {"stage_event.csv": STAGES},
    "deals": {"opportunity.csv": DEALS},
    "answers": {"activity.csv": ANSWERS},
    "content": {"content.csv": CONTENT},
    "deals and stages": {"stage_event.csv": STAGES, "opportunity.csv": DEALS},
}


def run(path, **parameters):
    """Run the cells as Python, as an analyst would, with the parameters papermill would give."""
    space = {}
    for number, cell in enumerate(nbformat.read(path, as_version=4).cells):
        if cell.cell_type != "code":
            continue
        exec(compile(cell.source, f"{path.name}, cell {number}", "exec"), space)
        if "parameters" in cell.metadata.get("tags", []):
            space |= parameters
    return space


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
@pytest.mark.parametrize("given", INPUTS)
def test_it_runs_on_a_small_input(path, given, open_files):
    book = open_files({"lead.csv": LEADS, **INPUTS[given]})
    run(path, data=str(book.path))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
@pytest.mark.parametrize("period", ["2026-W43", "2026-Q3", "2026", "2023-01", "2030-01"])
def test_it_runs_on_any_period_of_the_sample(path, period, book):
    run(path, data=str(book.path), period=period)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_every_practice_question_can_be_answered_from_the_sample(path, book):
    asked = [
        cell.source.split('"')[1]
        for cell in nbformat.read(path, as_version=4).cells
        if cell.source.startswith("lessons.ask(")
    ]
    run(path, data=str(book.path))
    for name in asked:
        lesson = lessons.find(name)
        answer = lesson.solve(book)
        right = answer[0] if isinstance(answer, tuple) else answer
        assert "Right" in str(lessons.check(name, right))
        assert "Right" not in str(lessons.check(name, "nonsense"))
        assert "Not answered yet" in str(lessons.check(name, ...))
        assert str(lessons.hint(name))
        assert str(lessons.solution(name))
