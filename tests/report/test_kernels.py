"""Kernels: forked or plain, the same outputs; nothing outlives the review."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from playbook.report import kernels, runner, workers

REPOSITORY = Path(__file__).parents[2]


def run_all(folder: Path, mode: str, *, names: tuple[str, ...], source: Path, site):
    jobs = [
        runner.Job(
            page=name,
            source=source / f"{name}.ipynb",
            executed=folder / "notebooks" / f"{name}.ipynb",
            html=folder / f"{name}.html",
            collect=folder / "collected" / name,
            parameters={"data": "book.duckdb", "period": "2026-10"},
            timeout_s=60,
            site=site(*names),
        )
        for name in names
    ]
    runtime = folder.with_name(f"r{folder.name}")
    runtime.mkdir()
    with workers.Workers(mode, 2, runtime) as pool:
        return {result.page: result.status for result in pool.run(jobs)}


def contents(folder: Path) -> dict[str, bytes]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.mark.skipif(kernels.default_mode() != "fork", reason="kernels are not forked here")
def test_forked_and_plain_kernels_give_the_same_bytes(notebooks, site, tmp_path):
    """Pages, executed notebooks and collected tables; random numbers and pictures included."""
    source = notebooks("good", "draws")
    for mode in kernels.MODES:
        done = run_all(tmp_path / mode, mode, names=("good", "draws"), source=source, site=site)
        assert done == {"good": "ok", "draws": "ok"}
    assert contents(tmp_path / "fork") == contents(tmp_path / "plain")
    assert "<img src" in (tmp_path / "fork" / "draws.html").read_text()


def test_unseeded_random_numbers_differ_between_pages(notebooks, site, tmp_path):
    """A fork would otherwise hand the same state to every kernel."""
    cell = "import random\nimport numpy as np\nprint('drawn', random.random(), np.random.rand())"
    source = notebooks(one=(cell,), two=(cell,))
    mode = kernels.default_mode()
    run_all(tmp_path / "out", mode, names=("one", "two"), source=source, site=site)
    drawn = [
        next(line for line in (tmp_path / "out" / f"{name}.html").read_text().splitlines()
             if "drawn" in line)
        for name in ("one", "two")
    ]  # fmt: skip
    assert drawn[0] != drawn[1]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_preloading_starts_no_thread():
    """A fork copies one thread only; what another one held would stay locked."""
    code = """
        import os
        from playbook.report import preload
        preload.warm_driver()
        preload.warm_kernel()
        print(len(os.listdir("/proc/self/task")))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        env=kernels.environment(os.environ, Path("unused")),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "1"


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_kernels_end_with_the_review_however_it_ends(mode, how, notebooks, frozen, tmp_path):
    if how == signal.SIGKILL and sys.platform != "linux":
        pytest.skip("only Linux tells a process that its parent was killed")
    note = tmp_path / "pid"
    cell = f"import os, time\nopen({str(note)!r}, 'w').write(str(os.getpid()))\ntime.sleep(120)"
    source = notebooks(waits=(cell,))
    arguments = ["--data", frozen, "--period", "2026-10", "--out", tmp_path / "out"]
    command = [sys.executable, "-m", "playbook", "review", *arguments]
    review = subprocess.Popen(
        [*map(str, command), "--notebooks", str(source), "--kernels", mode],
        cwd=REPOSITORY,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        kernel = int(wait_for(lambda: note.exists() and note.read_text(), 60))
        review.send_signal(how)
        code = review.wait(30)
        told = review.stderr.read()
    finally:
        review.kill()
        review.wait()
        review.stderr.close()
    wait_for(lambda: not is_running(kernel), 15)
    left = {path.name for path in (tmp_path / "out").iterdir()}
    if how == signal.SIGKILL:
        assert "2026-10" not in left
    else:
        assert left == set()
        assert code == {signal.SIGINT: 130, signal.SIGTERM: 143}[how]
    if how == signal.SIGINT:
        assert "interrupted; nothing was changed" in told


def wait_for(condition, seconds: float):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("it did not happen in time")


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not (status.exists() and status.read_text().rpartition(")")[2].split()[0] == "Z")


def test_the_environment_of_kernels_holds_nothing_that_changes_outputs(tmp_path):
    base = {"MPLBACKEND": "agg", "PYTEST_CURRENT_TEST": "x", "HOME": "h", "OMP_NUM_THREADS": "3"}
    made = kernels.environment(base, tmp_path)
    assert "MPLBACKEND" not in made
    assert "PYTEST_CURRENT_TEST" not in made
    assert (made["HOME"], made["OMP_NUM_THREADS"], made["OPENBLAS_NUM_THREADS"]) == ("h", "3", "1")
    assert made["PYTHONHASHSEED"] == "0"
