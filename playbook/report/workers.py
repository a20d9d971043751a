"""Workers that run notebooks side by side: one that forks, or several ordinary ones.

The review writes a job as a line of JSON to a worker's standard input and reads a result from
its standard output. `python -m playbook.report.workers` is the other end.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import selectors
import signal
import subprocess
import sys
import threading
from collections import deque
from dataclasses import asdict, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NoReturn, Self

from playbook.errors import ReviewError
from playbook.report import kernels
from playbook.report.runner import Job, PageError, PageResult
from playbook.report.site import Site

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_STOP_S = 10
_GRACE_S = 60  # beyond a notebook's limit: for its page to be written
_LOG_TAIL = 2000


class Workers:
    """Processes that run notebooks; started at once, so that they warm up meanwhile.

    Args:
        mode: `fork` or `plain`.
        jobs: How many notebooks run at the same time.
        runtime: A private folder for sockets and logs.
    """

    def __init__(self, mode: kernels.Mode, jobs: int, runtime: Path) -> None:
        self._mode = mode
        self._runtime = runtime
        self._messages: queue.SimpleQueue[tuple[_Worker, str | None]] = queue.SimpleQueue()
        kernels.write_profile(runtime)
        count, capacity = (1, jobs) if mode == "fork" else (jobs, 1)
        self._workers = [self._start(capacity) for _ in range(count)]

    def _start(self, capacity: int) -> _Worker:
        worker = _Worker(self._mode, capacity, self._runtime)
        reader = threading.Thread(target=self._read, args=(worker,), daemon=True)
        reader.start()
        return worker

    def _read(self, worker: _Worker) -> None:
        for line in worker.output:
            self._messages.put((worker, line))
        self._messages.put((worker, None))

    def run(self, jobs: Sequence[Job]) -> Iterator[PageResult]:
        """Run notebooks and yield each result as it comes.

        Raises:
            ReviewError: A worker ended before it could take a job.
        """
        waiting = deque(jobs)
        while waiting or any(worker.running for worker in self._workers):
            for worker in self._workers:
                while waiting and worker.is_free:
                    worker.send(waiting.popleft())
            worker, line = self._messages.get()
            if line is None:
                yield from self._lost(worker)
            else:
                yield worker.receive(line)

    def _lost(self, worker: _Worker) -> list[PageResult]:
        """The pages that a worker took with it; another one takes its place."""
        code = worker.process.wait()
        if not worker.running:
            raise ReviewError(
                f"A process that runs notebooks ended (exit code {code}) before it could start. "
                f"Its last words:\n{worker.last_words()}"
            )
        self._workers[self._workers.index(worker)] = self._start(worker.capacity)
        return [_lost(page, code, timeout_s) for page, timeout_s in worker.running.items()]

    def close(self) -> None:
        """Stop all workers and their kernels."""
        for worker in self._workers:
            worker.stop()
        for worker in self._workers:
            worker.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Worker:
    """One process and the jobs that it has at the moment."""

    def __init__(self, mode: kernels.Mode, capacity: int, runtime: Path) -> None:
        self.capacity = capacity
        self.running: dict[str, float] = {}
        self._log = runtime / "workers.log"
        module = [sys.executable, "-P", "-m", "playbook.report.workers"]
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own module
                [*module, mode, str(runtime), str(os.getpid())],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=kernels.environment(os.environ, runtime),
                encoding="utf-8",
                start_new_session=True,  # Ctrl-C is for the review, which then stops its workers
            )

    @property
    def output(self) -> IO[str]:
        assert self.process.stdout is not None  # noqa: S101 - asked for as a pipe
        return self.process.stdout

    @property
    def is_free(self) -> bool:
        return len(self.running) < self.capacity

    def send(self, job: Job) -> None:
        self.running[job.page] = job.timeout_s
        assert self.process.stdin is not None  # noqa: S101 - asked for as a pipe
        with contextlib.suppress(BrokenPipeError):  # the reader tells that it is gone
            self.process.stdin.write(json.dumps(asdict(job), default=str) + "\n")
            self.process.stdin.flush()

    def receive(self, line: str) -> PageResult:
        message = json.loads(line)
        timeout_s = self.running.pop(message["page"])
        if message["result"] is None:
            return _lost(message["page"], message["exit_code"], timeout_s)
        result = PageResult.from_dict(message["result"])
        return replace(result, cpu_seconds=round(message["cpu_seconds"], 3))

    def last_words(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")[-_LOG_TAIL:]

    def stop(self) -> None:
        """Ask the worker to end; it ends its kernels first."""
        if self.process.poll() is None:
            self.process.terminate()

    def end(self) -> None:
        try:
            self.process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError):
                if stream is not None:
                    stream.close()


def _lost(page: str, code: int, timeout_s: float) -> PageResult:
    """The result of a page whose worker left none."""
    if hasattr(signal, "SIGALRM") and code == -signal.SIGALRM:
        words = f"It took longer than {timeout_s:g} s and did not end when told to."
        return PageResult(page, "timeout", 0.0, error=PageError("Timeout", words))
    words = f"The process that ran this notebook ended with exit code {code}."
    return PageResult(page, "killed", 0.0, error=PageError("WorkerKilled", words))


def job_of(fields: dict[str, Any]) -> Job:
    """The job that was sent as JSON."""
    paths = {name: Path(fields[name]) for name in ("source", "executed", "html", "collect")}
    return Job(**{**fields, **paths, "site": Site.from_dict(fields["site"])})


def main(mode: kernels.Mode, runtime: Path, parent: int) -> NoReturn:
    """The other end: take jobs until the input ends."""
    kernels.die_with_parent(parent)
    # Whatever a library prints must not get between the results.
    jobs, results = os.dup(0), os.fdopen(os.dup(1), "w", encoding="utf-8")
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(2, 1)
    from playbook.report import preload

    preload.warm_driver()
    if mode == "fork":
        preload.warm_kernel()
        _Server(jobs, results, runtime).serve()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    _serve_plain(jobs, results, runtime)
    sys.exit(0)


def _serve_plain(jobs: int, results: IO[str], runtime: Path) -> None:
    from playbook.report import runner

    for line in os.fdopen(jobs, encoding="utf-8"):
        job = job_of(json.loads(line))
        before = sum(os.times()[:4])
        result = runner.run(job, lambda _cwd: kernels.plain(runtime))
        cpu = sum(os.times()[:4]) - before
        _reply(results, job.page, result.as_dict(), 0, cpu)


def _reply(
    results: IO[str], page: str, result: dict[str, Any] | None, code: int, cpu: float
) -> None:
    message = {"page": page, "result": result, "exit_code": code, "cpu_seconds": cpu}
    results.write(json.dumps(message) + "\n")
    results.flush()


class _Server:
    """Forks a worker for each job and reports how it ended."""

    def __init__(self, jobs: int, results: IO[str], runtime: Path) -> None:
        self._jobs = jobs
        self._results = results
        self._runtime = runtime
        self._children: dict[int, str] = {}
        self._part = b""

    def serve(self) -> NoReturn:
        wake, waker = os.pipe()
        os.set_blocking(wake, False)
        os.set_blocking(waker, False)
        signal.set_wakeup_fd(waker)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, self._end)
        with selectors.DefaultSelector() as selector:
            selector.register(self._jobs, selectors.EVENT_READ)
            selector.register(wake, selectors.EVENT_READ)
            while True:
                ready = {key.fd for key, _ in selector.select()}
                if wake in ready:
                    os.read(wake, 512)
                    self._reap()
                if self._jobs in ready:
                    self._take()

    def _take(self) -> None:
        data = os.read(self._jobs, 1 << 16)
        if not data:
            self._end()
        *lines, self._part = (self._part + data).split(b"\n")
        for line in lines:
            self._fork(job_of(json.loads(line)))

    def _fork(self, job: Job) -> None:
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            self._work(job, parent)
        self._children[pid] = job.page

    def _work(self, job: Job, parent: int) -> NoReturn:
        """Run one job in this freshly forked process; never returns."""
        code = 1
        try:
            kernels.default_signals()
            kernels.die_with_parent(parent)
            signal.alarm(int(job.timeout_s) + _GRACE_S)
            from playbook.report import runner

            result = runner.run(job, lambda cwd: kernels.fork(self._runtime, cwd))
            self._note(os.getpid()).write_text(json.dumps(result.as_dict()), encoding="utf-8")
            code = 0
        except BaseException:  # noqa: BLE001 - nothing may escape into the server's loop
            import traceback

            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)

    def _note(self, pid: int) -> Path:
        """Where the worker `pid` leaves its result; a pipe would block on a long traceback."""
        return self._runtime / f"result-{pid}.json"

    def _reap(self) -> None:
        while self._children:
            pid, status, usage = os.wait4(-1, os.WNOHANG)
            if pid == 0:
                return
            note = self._note(pid)
            code = os.waitstatus_to_exitcode(status)
            result = json.loads(note.read_text(encoding="utf-8")) if code == 0 else None
            cpu = usage.ru_utime + usage.ru_stime
            _reply(self._results, self._children.pop(pid), result, code, cpu)

    def _end(self, *_: object) -> NoReturn:
        for pid in self._children:
            os.kill(pid, signal.SIGKILL)
        os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))  # type: ignore[arg-type]
