"""Fixture notebooks, a small frozen Book, and a review of both."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING

import duckdb
import nbformat
import pytest

from playbook.data import rules
from playbook.report import kernels
from playbook.report.site import Page, Site

if TYPE_CHECKING:
    from pathlib import Path

PARAMETERS = """
    data: str = "sample"  # a folder, or a frozen Book
    period: str = "2026-10"  # the period under review
    as_of: str = ""  # what was known at that moment
    rules: str = ""  # a playbook.toml
    lang: str = "en"  # language of names
"""
COLLECT = """
    import json
    import os
    from pathlib import Path

    import pandas as pd

    place = Path(os.environ["PLAYBOOK_COLLECT"])
    (place / "tables").mkdir(parents=True)
    (place / "worklists").mkdir()
    (place / "headline.txt").write_text("Leads rose to 412 <b>in October</b>.")
    finding = {
        "id": "P02-R2/late", "level": "act", "claim": "41 of 96 MQLs waited past the SLA.",
        "evidence": "n = 96", "remedy": "Answer within 2 h.", "owner": "Sales",
        "question": "next", "worth": "", "effort": "",
    }
    (place / "findings.json").write_text(json.dumps([finding]))
    row = {
        "layer": 2, "name": "MQL", "value_text": "96", "change_text": "-12", "last_year_text": "+3",
        "target_share": 0.8, "trend": [90.0, None, 96.0], "judgement": "short", "level": "watch",
    }
    (place / "cockpit.json").write_text(json.dumps([row]))
    table = pd.DataFrame({"company": ["=1+1", "<script>alert(1)</script>"], "leads": [1, 2]})
    table.to_parquet(place / "tables" / "01_leads.parquet", index=False)
    about = {"name": "leads", "title": "Leads", "note": "", "units": {"leads": "count"}}
    (place / "tables" / "01_leads.json").write_text(json.dumps(about))
    (place / "worklists" / "overdue.csv").write_text("lead_id\\nL1\\n")
    about = {"title": "Overdue", "rows": 1}
    (place / "worklists" / "overdue.json").write_text(json.dumps(about))
"""
PICTURE = """
    import matplotlib.pyplot as plt
    from IPython.display import SVG, display
    import io

    fig, ax = plt.subplots()
    ax.plot([1, 2], [3, 4])
    ax.set_title("线索")
    with plt.rc_context({"svg.fonttype": "none", "svg.hashsalt": "x", "font.family": "sans-serif"}):
        import warnings
        warnings.simplefilter("ignore")
        buffer = io.StringIO()
        fig.savefig(buffer, format="svg")
    plt.close(fig)
    meta = {"image/svg+xml": {"alt": "Leads rise from 3 to 4"}}
    display(SVG(buffer.getvalue()), metadata=meta)
"""
CELLS = {
    "good": (COLLECT, PICTURE, "print(data, period, lang)"),
    "draws": (
        "import random\nimport numpy as np\nprint(random.random(), np.random.rand(), {'a', 'b'})",
        "import matplotlib.pyplot as plt\nplt.plot([1, 2]);",
    ),
    "raises": ("print('before')", "1 / 0", "print('after')"),
    "kills": ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "print('after')"),
    "exits": ("import sys\nsys.exit(0)", "print('after')"),
    "sleeps": ("import time\ntime.sleep(60)", "print('after')"),
}


def notebook(*cells: str, title: str = "A page", tags: dict[int, str] | None = None):
    """A notebook with a title, our parameters cell and the given code cells."""
    v4 = nbformat.v4
    parameters = v4.new_code_cell(textwrap.dedent(PARAMETERS).strip())
    parameters.metadata.tags = ["parameters"]
    code = [v4.new_code_cell(textwrap.dedent(cell).strip()) for cell in cells]
    for number, tag in (tags or {}).items():
        code[number].metadata.tags = [tag]
    return v4.new_notebook(cells=[v4.new_markdown_cell(f"# {title}\n\nWhy?"), parameters, *code])


@pytest.fixture(scope="session")
def make_notebook():
    """The function `notebook`, for tests that need one of their own."""
    return notebook


@pytest.fixture(scope="session")
def save_notebooks():
    """Writes named fixture notebooks, and own ones given by their cells, into a folder."""

    def write(folder: Path, *names: str, **own: tuple[str, ...]) -> Path:
        for name in names:
            _save(folder / f"{name}.ipynb", CELLS[name.rpartition("/")[2]])
        for name, cells in own.items():
            _save(folder / f"{name}.ipynb", cells)
        return folder

    return write


@pytest.fixture
def notebooks(save_notebooks, tmp_path: Path):
    """Writes fixture notebooks into this test's own folder and returns it."""
    return lambda *names, **own: save_notebooks(tmp_path / "notebooks", *names, **own)


def _save(path: Path, cells: tuple[str, ...]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook(*cells, title=path.stem.capitalize()), path)


@pytest.fixture
def site():
    """A site of the given pages."""

    def make(*names: str) -> Site:
        pages = tuple(Page(name, name.capitalize()) for name in names)
        return Site("Marketing review", "October 2026", pages)

    return make


@pytest.fixture
def frozen(tmp_path: Path) -> Path:
    """A frozen Book with two leads, one problem and one merge."""
    return freeze(tmp_path / "frozen.duckdb")


@pytest.fixture(scope="session")
def freeze_to():
    """The function `freeze`, for tests that need a Book of their own."""
    return freeze


def freeze(path: Path, input_hash: str = "aaaaaaaaaaaaaaaa") -> Path:
    """Write a file as `playbook.book.freeze` lays it out."""
    loaded = rules.load(None)
    facts = {
        "format": "1",
        "version": "0",
        "as_of": "2026-11-01T00:00:00",
        "rules": loaded.model_dump_json(),
        "rules_hash": loaded.hash,
        "supplied": json.dumps({"lead": ["lead_id", "created_at"]}),
        "source": "leads.csv",
        "deciders": json.dumps(dict.fromkeys(("valid", "mql", "sql", "icp"), "rule")),
        "input_hash": input_hash,
    }
    with duckdb.connect(path) as con:
        con.execute("CREATE SCHEMA meta")
        con.execute("CREATE SCHEMA clean")
        con.execute("CREATE TABLE meta.facts (name VARCHAR, value VARCHAR)")
        con.executemany("INSERT INTO meta.facts VALUES (?, ?)", list(facts.items()))
        con.execute(
            "CREATE TABLE clean.lead AS SELECT * FROM (VALUES "
            "('L1', TIMESTAMP '2026-09-03 04:00:00'), ('L2', TIMESTAMP '2026-10-05 06:00:00')) "
            "AS leads(lead_id, created_at)"
        )
        con.execute(
            "CREATE TABLE meta.counts AS SELECT 'aside' AS severity, 'missing-key' AS code, "
            "'lead' AS \"table\", 'lead_id' AS \"column\", 'leads.csv' AS file, 3 AS count, "
            "'<b>no id</b>' AS message, 'Give each lead an id.' AS remedy"
        )
        con.execute("CREATE TABLE meta.problems AS FROM meta.counts")
        con.execute(
            "CREATE TABLE meta.merges AS SELECT 'lead' AS \"table\", 'L1' AS kept_id, "
            "'L3' AS merged_id, 'mobile' AS rule"
        )
        con.execute(
            "CREATE TABLE meta.files AS SELECT 'leads.csv' AS file, '' AS sheet, 5 AS rows, "
            "'lead' AS tables, 'ab12' AS sha256"
        )
    return path


@pytest.fixture(params=kernels.MODES)
def mode(request) -> str:
    """Both ways to start kernels, where the platform has both."""
    if request.param == "fork" and kernels.default_mode() != "fork":
        pytest.skip("kernels are not forked on this platform")
    return request.param
