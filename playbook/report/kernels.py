"""Kernels for a review: forked from a preloaded process where that is safe, ordinary otherwise.

A forked kernel is an ordinary ipykernel in a process of its own, whose libraries were imported
before it was born. It speaks the same protocol, keeps the same rules and gives the same outputs.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import sys
import tempfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NoReturn

if TYPE_CHECKING:
    from collections.abc import Mapping

Mode = Literal["fork", "plain"]
MODES: tuple[Mode, ...] = ("fork", "plain")

SEED_VARIABLE = "PLAYBOOK_SEED"
_SOCKET_PATH_LIMIT = 90  # bytes; the system allows 104 to 108 and zmq adds a suffix
_SET_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of <linux/prctl.h>
_STARTUP = "from playbook.report import kernels as _kernels\n_kernels.prepare()\ndel _kernels\n"


def default_mode() -> Mode:
    """`fork` on Linux; elsewhere system libraries do not survive a fork, so `plain`."""
    return "fork" if sys.platform == "linux" else "plain"


def seed_of(page: str) -> int:
    """The seed of a page's unseeded random numbers: its own, and the same in every run.

    >>> seed_of("00_diagnosis") != seed_of("99_cockpit")
    True
    """
    return zlib.crc32(page.encode())


def environment(base: Mapping[str, str], runtime: Path) -> dict[str, str]:
    """The environment of workers and kernels: `base` without what would change outputs.

    Args:
        base: The caller's environment.
        runtime: A private folder for profiles, sockets and logs.

    Returns:
        Variables for a new process. Hashes, dates and thread counts are fixed, so that the same
        input gives the same page and kernels side by side do not fight for the cores.
    """
    kept = {k: v for k, v in base.items() if k != "MPLBACKEND" and not k.startswith("PYTEST_")}
    threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    return {
        **dict.fromkeys(threads, "1"),
        **kept,
        "IPYTHONDIR": str(runtime / "ipython"),
        "JE_ARROW_MALLOC_CONF": "background_thread:false",  # no thread before the fork
        "JUPYTER_PLATFORM_DIRS": "1",
        "JUPYTER_RUNTIME_DIR": str(runtime),
        "PYTHONHASHSEED": "0",
        "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry),
        "PYTHONUTF8": "1",
        "SOURCE_DATE_EPOCH": "0",
    }


def write_profile(runtime: Path) -> None:
    """Write the IPython profile that every kernel of this run starts with, forked or not."""
    startup = runtime / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "00_playbook.py").write_text(_STARTUP, encoding="utf-8")


def prepare() -> None:
    """Inside a new kernel: send pictures to the notebook, seed the random numbers.

    A pyplot imported before there was a shell would show no picture, and a fork copies the state
    of NumPy's generator, so that all kernels would draw the same numbers. Seeding waits for the
    first cell, since IPython draws a tip each time it is asked about itself.
    """
    import random

    import ibis  # noqa: F401 - draws while it is imported, which must not be after the seed
    import IPython
    import numpy as np

    shell = IPython.get_ipython()
    shell.enable_matplotlib("inline")

    def seed(*_: object) -> None:
        shell.events.unregister("pre_run_cell", seed)
        number = int(os.environ[SEED_VARIABLE])
        random.seed(number)
        np.random.seed(number)  # noqa: NPY002 - the state that unseeded code draws from

    shell.events.register("pre_run_cell", seed)


def die_with_parent(parent: int) -> None:
    """Have the system kill this process when `parent` ends, however it ends (Linux)."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)


def default_signals() -> None:
    """Undo the signal handling that a fork inherits."""
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)


def plain(runtime: Path) -> Any:
    """A manager for an ordinary kernel of this interpreter, not started yet."""
    from playbook.report.managers import Manager

    folder = Path(tempfile.mkdtemp(prefix="k", dir=runtime))
    return Manager.of(folder, _transport(folder))


def fork(runtime: Path, cwd: Path) -> Any:
    """Fork a kernel from this process and return its manager.

    Call it before this process has opened a zmq context, a thread or an event loop.

    Raises:
        RuntimeError: The kernel ended before it was ready; its words are in the workers' log.
    """
    from playbook.report.managers import Forked, Manager

    folder = Path(tempfile.mkdtemp(prefix="k", dir=runtime))
    manager = Manager.of(folder, _transport(folder))
    connection = Path(manager.connection_file)
    info = {"transport": manager.transport, "ip": manager.ip, "key": secrets.token_hex(16)}
    info["signature_scheme"] = "hmac-sha256"
    connection.touch(mode=0o600)
    connection.write_text(json.dumps(info), encoding="utf-8")
    parent = os.getpid()
    readable, writable = os.pipe()
    pid = os.fork()
    if pid == 0:
        _become_kernel(connection, cwd, parent, readable, writable)
    os.close(writable)
    with os.fdopen(readable, "rb") as ready:
        started = ready.read(1)
    manager.provisioner = Forked(pid)
    if not started:
        manager.provisioner.reap()
        raise RuntimeError("The kernel ended before it was ready.")
    manager.load_connection_file(str(connection))
    return manager


def _become_kernel(
    connection: Path, cwd: Path, parent: int, readable: int, writable: int
) -> NoReturn:
    """Turn this freshly forked process into a kernel; never returns."""
    try:
        os.close(readable)
        default_signals()
        die_with_parent(parent)
        os.chdir(cwd)
        sys.argv[1:] = []
        from ipykernel.kernelapp import IPKernelApp

        app = IPKernelApp.instance(connection_file=str(connection), parent_handle=parent)
        app.initialize(["--HistoryManager.hist_file=:memory:"])  # type: ignore[no-untyped-call]
        os.write(writable, b"1")
        os.close(writable)
        app.start()  # type: ignore[no-untyped-call]
    except BaseException:  # noqa: BLE001 - nothing may escape into the code that was forked
        import traceback

        traceback.print_exc(file=sys.__stderr__)
    finally:
        os._exit(1)


def _transport(folder: Path) -> str:
    """Sockets of the file system need no port and no network; TCP where they cannot be had."""
    short = len(os.fsencode(folder)) <= _SOCKET_PATH_LIMIT
    return "ipc" if short and sys.platform != "win32" else "tcp"
