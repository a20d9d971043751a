"""The command line: `playbook review`, `check`, `today`, `sample`, `new`, `lab`."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from playbook import resources
from playbook.errors import PlaybookError, ReviewError

if TYPE_CHECKING:
    import pandas as pd

EXIT_INCOMPLETE = 1
EXIT_REFUSED = 2
EXIT_INTERRUPTED = 130
_PROBLEMS_SHOWN = 40
_WORDS = {"stop": "stop", "aside": "set aside", "flag": "flagged", "note": "note"}


class _Commands(click.Group):
    """Commands whose refusals are a sentence, not a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except PlaybookError as error:
            click.echo(f"playbook: {error}", err=True)
            ctx.exit(EXIT_REFUSED)
        except KeyboardInterrupt:
            click.echo("playbook: interrupted; nothing was changed.", err=True)
            ctx.exit(EXIT_INTERRUPTED)


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 96},
)
@click.version_option(resources.version(), prog_name="playbook")
def main() -> None:
    """A B2B marketing playbook that runs: files in, one checked and explained review out.

    \b
    First steps:
      playbook review --data sample --period 2026-10 --out reviews
      playbook new my-data              an empty data folder to fill
      playbook check my-data            what is wrong with it, row by row
      playbook review --data my-data --period last-month --out reviews
      playbook today my-data --out lists    who is to do what for which lead today
      playbook lab                      the notebooks, to learn from and to change

    \b
    Exit codes of every command:
      0    done
      1    done, but not all is well: a page failed, or check --strict found problems
      2    refused: the message says what, where, and what to do; nothing was changed
      130  interrupted; nothing was changed
    """


@main.command(short_help="Make the review of a period.")
@click.option("--data", required=True, help="Folder, file or connection URL; or 'sample'.")
@click.option("--period", required=True, help="2026-10, 2026-W43, 2026-Q3, 2026, last-month …")
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of reviews; this one becomes OUT/PERIOD.",
)
@click.option(
    "--rules",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A playbook.toml; by default the one in the data folder.",
)
@click.option("--as-of", help="Look at the data as it was known then, such as 2026-11-01.")
@click.option("--jobs", type=click.IntRange(min=1), help="Notebooks at a time [default: cores].")
@click.option("--only-failed", is_flag=True, help="Run only the pages that failed last time.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=1),
    default=600.0,
    show_default=True,
    help="Seconds that one notebook may take.",
)
@click.option(
    "--kernels",
    type=click.Choice(["fork", "plain"]),
    help="How kernels start [default: fork on Linux, else plain]; the pages are the same.",
)
@click.option(
    "--notebooks",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Your own folder of notebooks instead of those that ship with the package.",
)
def review(
    *,
    data: str,
    period: str,
    out: Path,
    rules: Path | None,
    as_of: str | None,
    jobs: int | None,
    only_failed: bool,
    timeout: float,
    kernels: Any,
    notebooks: Path | None,
) -> None:
    """Make the review of a period: check the data, run the notebooks, publish one folder.

    OUT/PERIOD appears whole or not at all. It holds index.html (start there), one page for each
    notebook, tables.xlsx, worklists/, the executed notebooks, the frozen data and manifest.json.
    The pages need no network and no server. The same input gives the same pages.

    Where a page fails, the others are made all the same, the index says so first, and the exit
    code is 1. A good review of the same period is then left as it is, and the new one published
    as OUT/PERIOD.incomplete.

    \b
    Examples:
      playbook review --data sample --period 2026-10 --out reviews
      playbook review --data exports --period 2026-Q3 --out reviews --rules rules.toml
      playbook review --data exports --period 2026-10 --out reviews --only-failed

    \b
    Every first day of the month, from cron:
      15 6 1 * *  playbook review --data /data/crm --period last-month --out /srv/reviews
    """
    from playbook.report import review as reviews

    result = reviews.run(
        data,
        period,
        out,
        rules=rules,
        as_of=as_of,
        now=datetime.now(UTC),
        jobs=jobs,
        only_failed=only_failed,
        timeout_s=timeout,
        kernels=kernels,
        notebooks=notebooks,
    )
    done = len(result.pages) - len(result.failed)
    click.echo(f"{result.folder / 'index.html'}")
    click.echo(f"{done} of {len(result.pages)} pages in {result.seconds:.0f} s", err=True)
    for page in result.failed:
        reason = f"{page.error.ename}: {page.error.evalue}" if page.error else ""
        click.echo(f"  {page.status:<8} {page.page}  {reason}", err=True)
    if result.kept:
        click.echo(f"The last good review is left as it was: {result.kept}", err=True)
    if result.failed:
        sys.exit(EXIT_INCOMPLETE)


@main.command(short_help="Say what is wrong with the data.")
@click.argument("data")
@click.option(
    "--rules",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A playbook.toml; by default the one in the data folder.",
)
@click.option("--as-of", help="Check the data as it was known then, such as 2026-11-01.")
@click.option(
    "--csv",
    "target",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write every example (file, row, column, value, why, what to do) to this file.",
)
@click.option("--strict", is_flag=True, help="Exit with 1 if any row has a problem.")
def check(
    *, data: str, rules: Path | None, as_of: str | None, target: Path | None, strict: bool
) -> None:
    """Say what is wrong with DATA: all of it, by file, row and column, and how to put it right.

    DATA is a folder, a file or a connection URL; or 'sample'. Rows without a key or a time are
    set aside by a review, all others are flagged and kept.

    \b
    Exit codes:
      0  usable: a review can be made, whatever is flagged
      1  with --strict: usable, but some rows have problems
      2  not usable: no leads, nothing to read, or a mistake in playbook.toml

    \b
    Examples:
      playbook check exports
      playbook check exports --csv problems.csv --strict
    """
    from playbook.book import open_book

    book = open_book(data, rules=rules, as_of=as_of)
    counts = book.counts
    wrong = counts[counts.severity.isin(["stop", "aside", "flag"])]
    _print_counts(counts)
    click.echo(_summary(wrong))
    if target:
        _write_problems(book.problems, target)
        click.echo(f"Examples of each are in {target}.")
    if strict and len(wrong):
        sys.exit(EXIT_INCOMPLETE)


def _print_counts(counts: pd.DataFrame) -> None:
    rank = counts.severity.map({name: number for number, name in enumerate(_WORDS)})
    ordered = counts.assign(rank=rank).sort_values(
        ["rank", "count", "table", "code"], ascending=[True, False, True, True]
    )
    for row in ordered.head(_PROBLEMS_SHOWN).to_dict("records"):
        where = ".".join(row[part] for part in ("table", "column") if row[part])
        place = f"  ({row['file']})" if row["file"] else ""
        click.echo(f"{row['count']:>8,}  {_WORDS[row['severity']]:<9}  {where}{place}")
        for words in filter(None, (row["message"], row["remedy"])):
            click.echo(f"{'':21}{words}")
    if len(ordered) > _PROBLEMS_SHOWN:
        click.echo(f"… and {len(ordered) - _PROBLEMS_SHOWN} more kinds; --csv writes them all.")


def _summary(wrong: pd.DataFrame) -> str:
    by = {name: int(wrong.loc[wrong.severity == name, "count"].sum()) for name in ("aside", "flag")}
    if not len(wrong):
        return "No problems."
    return f"Usable: {by['aside']:,} rows set aside, {by['flag']:,} problems flagged."


def _write_problems(problems: pd.DataFrame, target: Path) -> None:
    from playbook.format import safe_cell

    safe = problems.copy()
    for column in safe.select_dtypes(include=["object", "string"]).columns:
        safe[column] = safe[column].map(safe_cell, na_action="ignore")
    try:
        safe.to_csv(target, index=False, encoding="utf-8-sig")
    except OSError as error:
        raise ReviewError(f"cannot write {target}: {error.strerror}.") from error


@main.command(short_help="Write the lists of the day.")
@click.argument("data")
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the lists; files of an earlier day are replaced.",
)
@click.option(
    "--as-of",
    help="The moment, such as 2026-11-02T09:00, or 'now' [default: when the data was "
    "extracted, else its latest moment].",
)
@click.option(
    "--rules",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A playbook.toml; by default the one in the data folder.",
)
@click.option(
    "--contacts",
    is_flag=True,
    help="Write names, numbers and addresses out, read from DATA again; masked otherwise.",
)
def today(*, data: str, out: Path, as_of: str | None, rules: Path | None, contacts: bool) -> None:
    """Write the lists of the day: who is to do what for which lead, by when, and by which rule.

    DATA is a folder, a file or a connection URL; or 'sample'. The lists are assignments, answers
    overdue and due next, leads to move to the nurture pool, nurture messages and tasks, renewals,
    and check-ins to tell the owner of. Nothing is sent: that is the CRM's. Lists whose tables are
    missing are off, and say what to supply. The same input gives the same files.

    \b
    Examples:
      playbook today exports --out lists
      playbook today exports --out lists --as-of now --contacts

    \b
    Every workday at 8, from cron:
      0 8 * * 1-5  playbook today /data/crm --as-of now --out /srv/lists
    """
    from playbook.report import today as lists

    moment = datetime.now(UTC) if as_of == "now" else as_of
    click.echo(str(lists.write(data, out, as_of=moment, rules=rules, contacts=contacts)))


@main.command(short_help="Write the data of a synthetic company.")
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder to write to.",
)
@click.option(
    "--scale",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="How many times as large a company.",
)
@click.option("--seed", type=int, help="Another company, with the same truths.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["export", "parquet"]),
    default="export",
    show_default=True,
    help="export: CSV and Excel as a CRM gives them, dirt included; parquet: clean, fast to make.",
)
def sample(*, out: Path, scale: int, seed: int | None, form: Any) -> None:
    """Write the data of a synthetic company: 24 months, all tables, known truths to be found.

    \b
    Examples:
      playbook sample --out my-sample
      playbook sample --out big --scale 100 --format parquet
    """
    from playbook.data import sample as samples

    chosen = samples.SEED if seed is None else seed
    samples.write(out, scale=scale, seed=chosen, format=form)
    click.echo(str(out))


@main.command(short_help="Make an empty data folder to fill.")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def new(*, folder: Path) -> None:
    """Make FOLDER for your own data: a template of every table and a commented playbook.toml.

    Fill the tables that you have and delete the others: only lead is indispensable. Headers may
    be English or Chinese, and your own names can be mapped in playbook.toml; README.md explains
    every column.

    \b
    Example:
      playbook new my-data && playbook check my-data
    """
    from playbook.report import starter

    starter.write(folder)
    click.echo(f"Fill the tables in {folder}, then: playbook check {folder}")


@main.command(short_help="Open JupyterLab on the notebooks.")
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where your copy of the notebooks is [default: ./playbook-notebooks].",
)
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def lab(*, folder: Path | None, options: tuple[str, ...]) -> None:
    """Open JupyterLab on the notebooks, to learn from and to change.

    In a checkout these are the notebooks themselves. Otherwise a copy is made on first use, and
    yours is never overwritten. What follows -- goes to JupyterLab.

    \b
    Example:
      playbook lab -- --no-browser --port 8890
    """
    import importlib.util
    import subprocess

    from playbook.report import starter

    if importlib.util.find_spec("jupyterlab") is None:
        raise ReviewError("JupyterLab is not installed. Run: pip install 'playbook[lab]'")
    place = starter.notebooks(folder)
    command = [sys.executable, "-m", "jupyterlab", *options]
    sys.exit(subprocess.run(command, cwd=place, check=False).returncode)  # noqa: S603 - our own interpreter
