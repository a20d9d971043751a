"""What the documents say is true: commands exist, examples run, dependencies are declared."""

from __future__ import annotations

import ast
import datetime as dt
import importlib.metadata
import re
import sys
import tomllib
from pathlib import Path

import pandas as pd
import pytest

from playbook import abtest, cli, resources
from playbook.data import rules

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
CONSTRAINTS = (ROOT / "constraints.txt").read_text("utf-8").splitlines()


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def requirement(line):
    return normal(re.match(r"[A-Za-z0-9_.-]+", line)[0])


def blocks(language):
    return re.findall(rf"^ *```{language}\n(.*?)^ *```", README, flags=re.MULTILINE | re.DOTALL)


def test_the_readme_lists_every_notebook_with_the_question_it_asks():
    listed = dict(re.findall(r"^\| `([\w/]+)` \| (.+?) \|$", README, flags=re.MULTILINE))
    folder = resources.notebooks()
    found = {p.relative_to(folder).with_suffix("").as_posix(): p for p in folder.rglob("*.ipynb")}
    assert set(listed) == set(found)
    for name, path in found.items():
        assert listed[name] in path.read_text("utf-8")


def test_every_command_of_the_readme_exists_with_its_options():
    lines = [line for block in blocks("sh") + blocks("cron") for line in block.splitlines()]
    used = [re.search(r"playbook (\w+)(.*?)(#|$)", line) for line in lines]
    for match in filter(None, used):
        command = cli.main.commands[match[1]]
        options = {o for p in command.params for o in p.opts}
        assert set(re.findall(r"--[\w-]+", match[2])) <= options, match[0]


def test_the_make_targets_of_the_readme_exist():
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in set(re.findall(r"^make (\w+)", README, flags=re.MULTILINE)):
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target


def test_the_mapping_of_the_readme_is_a_valid_rules_file(tmp_path):
    (text,) = blocks("toml")
    path = tmp_path / "playbook.toml"
    path.write_text(text, "utf-8")
    assert rules.load(path).sources["deals"].table == "opportunity"


def test_the_session_of_the_readme_runs(book, monkeypatch):
    session, *_ = blocks("python")
    monkeypatch.setenv("PLAYBOOK_CACHE", str(book.path.parent))
    exec(compile(session, "README.md", "exec"), {})


def test_the_attribution_of_the_readme_runs(book):
    _, _, attribution, _ = blocks("python")
    columns = ("account_id", "channel", "touched_at")
    deals = book.sql(
        "SELECT account_id, closed_at AS converted_at, won_amount AS value FROM deal WHERE is_won"
    )
    paths = {"path": ["search > event", "event"], "conversions": [3, 0], "nulls": [40, 9]}
    given = {
        "touches": book.sql(f"SELECT {', '.join(columns)} FROM touchpoint WHERE account_id <> ''"),
        "won": deals,
        "today": book.as_of,
        "table": pd.DataFrame({**paths, "value": [9000, 0]}),
    }
    exec(compile(attribution, "README.md", "exec"), given)
    assert given["result"].totals["conversions"].iloc[-1] == len(deals)


def test_the_test_of_the_readme_runs():
    *_, experiment = blocks("python")
    people = abtest.made_units(n=1000, arms=("old", "new"), lift=0.3)
    seen = people.groupby("arm")["converted"].agg(exposures="size", conversions="sum").reset_index()
    dates = {"start_date": dt.date(2026, 9, 1), "end_date": dt.date(2026, 9, 29)}
    given = {
        "table": seen,
        "people": people.rename(columns={"unit": "person_id"}).assign(
            experiment_id="form", unsubscribed=people.index % 7 == 0, **dates
        ),
        "visitors_by_day": [90, 80, 85, 88, 70, 30, 25] * 4,
        "tests": seen.replace("old", "control").assign(experiment_id="form", **dates),
        "today": dt.date(2026, 10, 31),
    }
    exec(compile(experiment, "README.md", "exec"), given)
    assert [test.problem for test in given["found"]] == [""]
    assert given["plan"].lift == pytest.approx(0.2)


def test_links_and_pictures_of_the_documents_are_there():
    for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/warehouse.md"):
        text = (ROOT / name).read_text("utf-8")
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", text):
            assert ((ROOT / name).parent / target).exists(), f"{name}: {target}"


def third_party():
    """Every distribution that the package imports itself."""
    names = {
        node.module if isinstance(node, ast.ImportFrom) else alias.name
        for path in (ROOT / "playbook").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
        if not (isinstance(node, ast.ImportFrom) and node.level)
    }
    tops = {name.split(".")[0] for name in names if name}
    ours = set(sys.stdlib_module_names) | {"playbook", "msvcrt"}
    owners = importlib.metadata.packages_distributions()
    return {normal(owners[top][0]) for top in tops - ours}


def test_every_import_is_a_declared_dependency():
    declared = {requirement(d) for d in PROJECT["dependencies"]}
    declared |= {requirement(d) for d in PROJECT["optional-dependencies"]["lab"]}
    assert third_party() <= declared


def test_constraints_pin_every_dependency_and_name_no_index():
    pinned = {requirement(line) for line in CONSTRAINTS if line and not line.startswith("#")}
    extras = PROJECT["optional-dependencies"]
    asked = [*PROJECT["dependencies"], *(d for extra in extras.values() for d in extra)]
    needed = {requirement(d) for d in asked} - {"playbook", "tzdata"}
    assert needed <= pinned
    for line in CONSTRAINTS:
        assert "://" not in line
        assert not line.startswith("-")
        assert not line.strip() or line.startswith("#") or "==" in line


@pytest.mark.parametrize("name", ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE"])
def test_the_documents_of_a_project_are_there(name):
    assert (ROOT / name).stat().st_size > 500
