"""Work in processes of their own, and what each of them took."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ROOT = Path(__file__).resolve().parent.parent


class Cost(NamedTuple):
    """Of a process and all that it started and waited for.

    Attributes:
        wall_s: Seconds on the clock.
        cpu_s: Seconds of all cores, of users and the system.
        peak_mb: The most memory that it held.
        said: What it printed.
    """

    wall_s: float
    cpu_s: float
    peak_mb: float
    said: str


def run(command: list[str], cwd: Path | None = None) -> Cost:
    """Run a command to its end; one that fails ends the benchmark with what it said."""
    began = time.perf_counter()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            command, cwd=cwd, stdout=out, stderr=errors, env={**os.environ, "PYTHONPATH": str(ROOT)}
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{command[:6]}: {process.returncode}\n{_text(errors)[-2000:]}")
        return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, _text(out))


def _text(file: Any) -> str:
    file.seek(0)
    return str(file.read().decode())


def code(text: str, *arguments: object) -> Cost:
    """Run Python code with arguments."""
    return run([sys.executable, "-W", "ignore", "-c", text, *map(str, arguments)])


def task(module: str, name: str, *arguments: object, python: str = sys.executable) -> Cost:
    """Run a task of a module that calls `serve`."""
    command = [python, "-W", "ignore", "-m", module, "--task", name]
    return run([*command, *map(str, arguments)])


def answer(cost: Cost) -> Any:
    """What a task returned."""
    return json.loads(cost.said.splitlines()[-1])


def told(module: str, name: str, *arguments: object) -> Any:
    """What a task returns that is run for its answer alone."""
    return answer(task(module, name, *arguments))


def serve(tasks: Mapping[str, Callable[..., object]], main: Callable[[], None]) -> None:
    """Do the task that the command line names and print its answer, or run `main`."""
    if sys.argv[1:2] == ["--task"]:
        print(json.dumps(tasks[sys.argv[2]](*sys.argv[3:])))
    else:
        main()


def peak_mb() -> float:
    """The most memory that this process has held."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
