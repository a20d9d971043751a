"""Run one notebook: parameters in, executed notebook and page out, and a verdict on what was seen.

The verdict comes from the kernel's own replies. What papermill leaves in a notebook's metadata
calls a killed kernel "completed" and a `sys.exit(0)` a success.
"""

from __future__ import annotations

import ast
import os
import re
import time
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from playbook.errors import ReviewError
from playbook.report import files, kernels

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playbook.report.engine import Record
    from playbook.report.site import Site

Status = Literal["ok", "failed", "timeout", "killed", "stopped"]

COLLECT_VARIABLE = "PLAYBOOK_COLLECT"
DROPPED_TAGS = frozenset({"interactive", "practice"})
REQUIRED_PARAMETERS = frozenset({"data", "period"})
_START_TIMEOUT_S = 60
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


@dataclass(frozen=True, slots=True)
class Job:
    """One notebook to run.

    Attributes:
        page: Its name, such as `funnel/01_growth_funnel`.
        source: The notebook file.
        executed: Where the executed notebook goes; its folder is the working directory.
        html: Where the page goes.
        collect: The folder that `show.*` collects tables, worklists and findings in.
        parameters: Notebook parameters; those that the notebook does not declare are left out.
        timeout_s: Limit for the whole notebook.
        site: The pages around it, for navigation.
    """

    page: str
    source: Path
    executed: Path
    html: Path
    collect: Path
    parameters: dict[str, str]
    timeout_s: float
    site: Site


@dataclass(frozen=True, slots=True)
class PageError:
    """What went wrong on a page: exception name, its message, the traceback as plain text."""

    ename: str
    evalue: str
    traceback: str = ""


@dataclass(frozen=True, slots=True)
class PageResult:
    """How a notebook ended.

    Attributes:
        page: Its name.
        status: `ok`, or `failed` (a cell raised), `timeout`, `killed` (the kernel died),
            `stopped` (a cell ended the kernel, as `sys.exit(0)` does).
        seconds: From start to page written.
        cpu_seconds: Of the kernel and of what drives it; 0 where the system does not tell.
        error: What went wrong; None if ok.
        cell: Number of the code cell it happened in, from 1; None if in none.
    """

    page: str
    status: Status
    seconds: float
    cpu_seconds: float = 0.0
    error: PageError | None = None
    cell: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """The result as JSON-ready fields."""
        return asdict(self)

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> PageResult:
        """The result that `as_dict` gave."""
        error = fields["error"]
        return cls(**{**fields, "error": PageError(**error) if error else None})


def run(job: Job, start: Callable[[Path], Any]) -> PageResult:
    """Execute a notebook, write it and its page, and say how it went.

    Args:
        job: What to run and where to.
        start: Gives a kernel manager for a working directory; the kernel may run already.

    Returns:
        The result; a failing notebook is a result, not an exception.
    """
    from playbook.report.engine import Record

    began = time.monotonic()
    os.environ[COLLECT_VARIABLE] = str(job.collect)
    os.environ[kernels.SEED_VARIABLE] = str(kernels.seed_of(job.page))
    job.executed.parent.mkdir(parents=True, exist_ok=True)
    job.collect.mkdir(parents=True, exist_ok=True)
    record = Record(deadline=began + job.timeout_s)
    status, error = _attempt(job, start, record)
    cell = None if status == "ok" else _code_cell_number(record)
    result = PageResult(job.page, status, 0.0, error=error, cell=cell)
    if record.nb is not None:
        try:
            _publish(job, record, result)
        except Exception as problem:  # noqa: BLE001 - one page must not take the others with it
            result = PageResult(job.page, "failed", 0.0, error=_page_error(problem))
    return replace(result, seconds=round(time.monotonic() - began, 3))


def _attempt(
    job: Job, start: Callable[[Path], Any], record: Record
) -> tuple[Status, PageError | None]:
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    try:
        record.nb = prepare(job.source)
        parameters = declared(record.nb, job)
        cwd = job.executed.parent
        _execute(record, start(cwd), parameters, cwd)
    except PapermillExecutionError as error:
        return _raised(error)
    except CellTimeoutError:
        return "timeout", PageError("Timeout", f"It took longer than {job.timeout_s:g} s.")
    except DeadKernelError:
        return _killed()
    except Exception as error:  # noqa: BLE001 - one page must not take the others with it
        return "failed", _page_error(error)
    return ("ok", None) if _complete(record) else _stopped()


def _raised(error: Any) -> tuple[Status, PageError]:
    if error.ename == "SystemExit":
        return _stopped()
    text = _ANSI.sub("", "\n".join(error.traceback))
    return "failed", PageError(error.ename, _ANSI.sub("", error.evalue), text)


def _stopped() -> tuple[Status, PageError]:
    words = "A cell ended the notebook early (exit); the cells after it did not run."
    return "stopped", PageError("SystemExit", words)


def _killed() -> tuple[Status, PageError]:
    words = (
        "The kernel was killed while it ran this notebook. "
        "Most often the machine ran out of memory: try fewer jobs."
    )
    return "killed", PageError("KernelKilled", words)


def _page_error(error: Exception) -> PageError:
    import traceback

    return PageError(type(error).__name__, str(error), "".join(traceback.format_exception(error)))


def _complete(record: Record) -> bool:
    """Whether every code cell was answered without an error."""
    cells = enumerate(record.nb.cells)
    return all(i in record.answered for i, cell in cells if _is_code(cell))


def _is_code(cell: Any) -> bool:
    return bool(cell.cell_type == "code" and cell.source.strip())


def _code_cell_number(record: Record) -> int | None:
    if record.nb is None or record.started is None:
        return None
    cells = [cell for cell in record.nb.cells if not _is_marker(cell)]
    return sum(_is_code(cell) for cell in cells[: record.started + 1])


def _is_marker(cell: Any) -> bool:
    return "papermill-error-cell-tag" in cell.metadata.get("tags", [])


def prepare(source: Path) -> Any:
    """Read a notebook, without outputs and the cells that a review does not run.

    Raises:
        ReviewError: The file is not a notebook.
    """
    import nbformat

    try:
        nb = nbformat.read(source, as_version=4)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, nbformat.ValidationError) as error:
        raise ReviewError(f"{source.name} cannot be read as a notebook: {error}") from error
    nb = nbformat.v4.upgrade(nb) or nb  # type: ignore[no-untyped-call]
    nb.cells = [cell for cell in nb.cells if not DROPPED_TAGS & set(cell.metadata.get("tags", []))]
    for number, cell in enumerate(nb.cells):
        cell.id = f"cell-{number}"
        cell.metadata.pop("papermill", None)
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    nb.metadata.pop("widgets", None)
    nb.metadata.pop("papermill", None)
    nb.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return nb


def declared(nb: Any, job: Job) -> dict[str, str]:
    """Those of the job's parameters that the notebook declares.

    Raises:
        ReviewError: It has no `parameters` cell, or that cell lacks an indispensable one.
    """
    cell = next((c for c in nb.cells if "parameters" in c.metadata.get("tags", [])), None)
    if cell is None:
        raise ReviewError(f"{job.source.name} has no cell tagged 'parameters'. Add one.")
    names = _assigned(cell.source)
    missing = sorted(REQUIRED_PARAMETERS - names)
    if missing:
        raise ReviewError(
            f"{job.source.name} declares no parameter {', '.join(missing)}. "
            'Add it to the parameters cell, such as: period: str = "2026-10"  # the period'
        )
    return {name: value for name, value in job.parameters.items() if name in names}


def _assigned(code: str) -> set[str]:
    targets: list[ast.expr] = []
    for statement in ast.parse(code).body:
        if isinstance(statement, ast.AnnAssign):
            targets.append(statement.target)
        elif isinstance(statement, ast.Assign):
            targets.extend(statement.targets)
    return {target.id for target in targets if isinstance(target, ast.Name)}


def _execute(record: Record, manager: Any, parameters: dict[str, str], cwd: Path) -> None:
    import papermill

    from playbook.report import engine

    engine.register()
    papermill.execute_notebook(
        record.nb,
        None,
        parameters,
        engine_name=engine.NAME,
        request_save_on_cell_execute=False,
        progress_bar=False,
        start_timeout=_START_TIMEOUT_S,
        cwd=cwd,
        record=record,
        manager=manager,
    )


def _publish(job: Job, record: Record, result: PageResult) -> None:
    """Write the executed notebook and its page."""
    import nbformat

    from playbook.report import export

    nb = _normal(record.nb)
    files.write(job.executed, nbformat.writes(nb))  # type: ignore[no-untyped-call]
    files.write(job.html, export.page(nb, job.site, job.page, failure=result))


def _normal(nb: Any) -> Any:
    """Drop times, paths and random names: the same input gives the same notebook."""
    nb.metadata.papermill = {"parameters": nb.metadata.get("papermill", {}).get("parameters", {})}
    for number, cell in enumerate(nb.cells):
        cell.metadata.pop("papermill", None)
        cell.id = f"cell-{number}"
    return nb
