"""The command line: what it says, and with which exit code."""

from __future__ import annotations

import csv
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from playbook import cli, resources
from playbook.data import rules, schema
from playbook.errors import InputError
from playbook.report import review, starter
from playbook.report.runner import PageError, PageResult

REPOSITORY = Path(__file__).parents[1]


@pytest.fixture
def frozen(tmp_path):
    """The frozen Book of the review's tests."""
    path = Path(__file__).parent / "report" / "conftest.py"
    spec = importlib.util.spec_from_file_location("report_fixtures", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.freeze(tmp_path / "frozen.duckdb")


@pytest.fixture
def run():
    """Runs a command in this process."""
    return lambda *arguments: CliRunner().invoke(cli.main, [str(a) for a in arguments])


@pytest.fixture
def reviewed(monkeypatch):
    """Replaces the review; gives the settings it was called with and takes its result."""
    calls = []

    def fake(*arguments, **settings):
        calls.append((arguments, settings))
        outcome = fake.outcome
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    fake.outcome = review.ReviewResult(Path("out/2026-10"), (PageResult("a", "ok", 1.0),), 3.2)
    monkeypatch.setattr(review, "run", fake)
    return fake, calls


REVIEW = ("review", "--data", "d", "--period", "2026-10", "--out", "out")


@pytest.mark.parametrize("command", sorted(cli.main.commands))
def test_every_command_explains_itself_with_an_example(command, run):
    done = run(command, "--help")
    assert done.exit_code == 0
    assert "Example" in done.output
    assert f"playbook {command}" in done.output


def test_help_lists_the_commands_and_the_exit_codes(run):
    output = run("--help").output
    for words in (*cli.main.commands, "Exit codes", "2    refused", "130  interrupted"):
        assert words in output


@pytest.mark.usefixtures("reviewed")
def test_a_good_review_prints_its_index_and_exits_with_0(run):
    done = run(*REVIEW)
    assert done.exit_code == 0
    assert done.stdout == f"{Path('out/2026-10/index.html')}\n"
    assert done.stderr == "1 of 1 pages in 3 s\n"


def test_only_the_command_line_tells_the_time(run, reviewed):
    run(*REVIEW)
    ((arguments, settings),) = reviewed[1]
    assert arguments == ("d", "2026-10", Path("out"))
    assert settings["now"].tzinfo is not None


def test_a_review_with_a_failed_page_says_so_and_exits_with_1(run, reviewed):
    pages = (
        PageResult("a", "ok", 1.0),
        PageResult("b", "failed", 1.0, error=PageError("KeyError", "'x'")),
    )
    reviewed[0].outcome = review.ReviewResult(Path("o/p.incomplete"), pages, 3.0, Path("o/p"))
    done = run(*REVIEW)
    assert done.exit_code == 1
    assert "  failed   b  KeyError: 'x'" in done.stderr
    assert "The last good review is left as it was: o/p" in done.stderr


def test_a_refusal_is_a_sentence_and_exits_with_2(run, reviewed):
    reviewed[0].outcome = InputError("no leads in d; supply lead.csv")
    done = run(*REVIEW)
    assert done.exit_code == 2
    assert done.stderr == "playbook: no leads in d; supply lead.csv\n"


def test_an_interrupt_exits_with_130(run, reviewed):
    reviewed[0].outcome = KeyboardInterrupt()
    done = run(*REVIEW)
    assert done.exit_code == 130
    assert done.stderr == "playbook: interrupted; nothing was changed.\n"


def test_an_unexpected_error_keeps_its_traceback(run, reviewed):
    reviewed[0].outcome = ZeroDivisionError("ours")
    assert isinstance(run(*REVIEW).exception, ZeroDivisionError)


def test_a_typo_in_an_option_is_told(run):
    done = run("review", "--peroid", "2026-10")
    assert done.exit_code == 2
    assert "--period" in done.stderr


def test_check_lists_problems_with_where_why_and_what_to_do(run, frozen):
    done = run("check", frozen)
    assert done.exit_code == 0
    for words in ("3", "set aside", "lead.lead_id", "(leads.csv)", "Give each lead an id.",
                  "Usable: 3 rows set aside, 0 problems flagged."):  # fmt: skip
        assert words in done.output


def test_check_strict_exits_with_1_where_there_are_problems(run, frozen):
    assert run("check", frozen, "--strict").exit_code == 1


def test_check_writes_examples_that_are_no_formulas(run, frozen, tmp_path):
    import duckdb

    with duckdb.connect(frozen) as con:
        con.execute("UPDATE meta.problems SET message = '=1+1'")
    target = tmp_path / "problems.csv"
    run("check", frozen, "--csv", target)
    with target.open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["message"] == "'=1+1"
    assert row["code"] == "missing-key"


def test_check_refuses_a_folder_that_is_not_there(run, tmp_path):
    done = run("check", tmp_path / "none")
    assert done.exit_code == 2
    assert "none" in done.stderr


def test_new_makes_a_template_of_every_table_and_rules_that_load(run, tmp_path):
    folder = tmp_path / "mine"
    done = run("new", folder)
    assert done.exit_code == 0
    for table in schema.TABLES.values():
        text = (folder / f"{table.name}.csv").read_bytes().decode("utf-8-sig")
        assert text == ",".join(table.column_names) + "\r\n"
        assert table.zh in (folder / "README.md").read_text()
    assert rules.load(folder / "playbook.toml") == rules.load(None)


def test_new_does_not_touch_a_folder_that_holds_something(run, tmp_path):
    (tmp_path / "precious.csv").write_text("x")
    done = run("new", tmp_path)
    assert done.exit_code == 2
    assert "is not empty" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["precious.csv"]


def test_lab_copies_the_notebooks_once_and_never_over_yours(tmp_path):
    place = starter.notebooks(tmp_path / "mine")
    assert place == tmp_path / "mine"
    (place / "own.txt").write_text("mine")
    assert starter.notebooks(tmp_path / "mine") == place
    assert (place / "own.txt").exists()


def test_lab_works_on_the_checkouts_own_notebooks():
    assert starter.notebooks(None) == resources.notebooks() == REPOSITORY / "notebooks"


def test_importing_the_package_loads_nothing_heavy():
    code = (
        "import sys, playbook\n"
        "print([m for m in ('pandas', 'ibis', 'duckdb', 'pydantic') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
