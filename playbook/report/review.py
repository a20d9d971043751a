"""The review: freeze the input once, run the notebooks side by side, publish one folder at once."""

from __future__ import annotations

import contextlib
import errno
import importlib.metadata
import json
import os
import platform
import shutil
import signal
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playbook import resources
from playbook.errors import ReviewError
from playbook.report import contents, files, gather, index, preload, tables, workers
from playbook.report.kernels import Mode, default_mode
from playbook.report.runner import Job, PageResult
from playbook.report.site import Site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from playbook.book import Book
    from playbook.data.periods import Period
    from playbook.data.rules import Rules
    from playbook.report.site import Page

TIMEOUT_S = 600.0
MANIFEST = "manifest.json"
COLLECTED = "collected"
_FORMAT = 1
_LIBRARIES = ("duckdb", "ibis-framework", "matplotlib", "nbconvert", "numpy", "pandas", "papermill")
_REMADE = frozenset(
    {"book.duckdb", "index.html", MANIFEST, "tables.xlsx", "worklists", "documents", "set_aside"}
)
"""What lies in a review's folder and is written anew from what its pages left."""


@dataclass(frozen=True, slots=True)
class ReviewResult:
    """A published review.

    Attributes:
        folder: Where it is.
        pages: How each page ended, in reading order.
        seconds: How long it took.
        kept: The last good review of the period, which stays in its place because this one has
            failed pages; None where there is none to keep.
    """

    folder: Path
    pages: tuple[PageResult, ...]
    seconds: float
    kept: Path | None = None

    @property
    def failed(self) -> tuple[PageResult, ...]:
        """The pages that are not complete."""
        return tuple(page for page in self.pages if page.status != "ok")


def run(
    data: str | Path,
    period: str,
    out: str | Path,
    *,
    rules: str | Path | None = None,
    as_of: str | datetime | None = None,
    now: datetime | None = None,
    jobs: int | None = None,
    only_failed: bool = False,
    timeout_s: float = TIMEOUT_S,
    kernels: Mode | None = None,
    notebooks: str | Path | None = None,
    progress: bool = True,
) -> ReviewResult:
    """Make the review of a period and publish it under `out`.

    The folder `out/<period>` appears whole or not at all. Where some pages failed and a good
    review of the period is there already, that one stays and the new one is published beside it
    as `<period>.incomplete`.

    Args:
        data: A folder, a file, a connection URL, `"sample"`, or a frozen Book.
        period: Such as `2026-10`, `2026-W43`, `2026-Q3`; `last-month` where `now` is given.
        out: Folder of reviews; created if missing.
        rules: A `playbook.toml`; by default the one beside the data.
        as_of: What was known at that moment; by default when the data was extracted.
        now: The present, zoned; only relative periods need it.
        jobs: How many notebooks run at the same time; by default one for each core.
        only_failed: Run again only the pages that failed, if the input is still the same.
        timeout_s: Limit for each notebook.
        kernels: `fork` or `plain`; by default what the platform allows.
        notebooks: Folder of notebooks; by default those that ship with the package.
        progress: Whether to show a progress bar; never where there is no terminal.

    Raises:
        ReviewError: It could not be produced or published; nothing has changed under `out`.
        InputError: Nothing usable in `data`.
        RulesError: Mistakes in the rules.
        ParameterError: No such period or moment.
    """
    began = time.monotonic()
    source = Path(notebooks) if notebooks else resources.notebooks()
    pages = contents.pages(source)
    wanted = _period(_rules_of(data, rules, as_of), period, now)
    with _told(Path(out)), _signals_end_it(), contextlib.ExitStack() as stack:
        target = Path(out).resolve() / wanted.label
        target.parent.mkdir(parents=True, exist_ok=True)
        what = f"the review {wanted.label}"
        stack.enter_context(files.lock(target.with_name(f".{target.name}.lock"), what))
        files.recover(target)
        staging = stack.enter_context(_folder(target.with_name(f".{target.name}.new")))
        runtime = stack.enter_context(_runtime())
        making = _Making(staging, target, wanted, source, timeout_s=timeout_s, progress=progress)
        mode = kernels or default_mode()
        count = min(jobs or _cores(), len(pages))
        pool = stack.enter_context(workers.Workers(mode, count, runtime))
        making.freeze(data, rules, as_of)
        results = making.run(pool, only_failed=only_failed)
        if results is None:
            return making.unchanged(time.monotonic() - began)
        return making.publish(results, began)


class _Making:
    """One review in the making, in its staging folder."""

    def __init__(
        self,
        staging: Path,
        target: Path,
        period: Period,
        notebooks: Path,
        *,
        timeout_s: float,
        progress: bool,
    ) -> None:
        self._staging = staging
        self._target = target
        self._period = period
        self._source = notebooks
        self._timeout_s = timeout_s
        self._progress = progress
        self._pages = contents.pages(notebooks)
        self._timings: dict[str, float] = {}
        self._book: Book
        self._site: Site

    @contextlib.contextmanager
    def _timed(self, what: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        self._timings[what] = round(time.monotonic() - began, 3)

    def freeze(
        self, data: str | Path, rules: str | Path | None, as_of: str | datetime | None
    ) -> None:
        """Bring the frozen Book into the review."""
        from playbook import book

        path = self._staging / "book.duckdb"
        with self._timed("freeze"):
            if book.is_frozen(data):
                shutil.copyfile(data, path)
            else:
                aside = self._staging / "set_aside"
                book.freeze(data, path, rules=rules, as_of=as_of, aside=aside)
        self._book = book.Book(path, self._period)
        _refuse_unknown(self._book)
        company = self._book.rules.company.name
        title = f"{company} marketing review" if company else "Marketing review"
        lang = "zh-CN" if self._book.rules.report.lang == "zh" else "en"
        self._site = Site(title, self._period.title, self._pages, lang)

    def run(self, pool: workers.Workers, *, only_failed: bool) -> tuple[PageResult, ...] | None:
        """Run the notebooks; None if only failed ones were wanted and none has failed."""
        done = self._earlier() if only_failed else {}
        jobs = [self._job(page) for page in self._pages if page.name not in done]
        if only_failed and not jobs:
            return None
        for job in jobs:
            shutil.rmtree(job.collect, ignore_errors=True)
        with self._timed("notebooks"), self._bar(len(jobs)) as bar:
            for result in pool.run(jobs):
                done[result.page] = result
                bar.set_postfix_str(result.page if result.status == "ok" else f"{result.page}!")
                bar.update()
        results = tuple(done[page.name] for page in self._pages)
        self._fill_in([r for r in results if r.status != "ok"])
        return results

    def _fill_in(self, failed: list[PageResult]) -> None:
        """Write the pages of notebooks that could not even leave one."""
        for result in failed:
            path = self._staging / f"{result.page}.html"
            if not path.exists():
                with preload.without_url_grammars():
                    from playbook.report import export

                files.write(path, export.failed_page(self._site, result.page, result))

    def _bar(self, total: int) -> Any:
        from tqdm import tqdm

        # None leaves the choice to tqdm: a bar on a terminal, nothing in a log.
        disable = None if self._progress else True
        return tqdm(total=total, desc=self._period.label, unit="page", disable=disable)

    def _job(self, page: Page) -> Job:
        executed = self._staging / "notebooks" / f"{page.name}.ipynb"
        book = Path(os.path.relpath(self._staging / "book.duckdb", executed.parent)).as_posix()
        return Job(
            page=page.name,
            source=(self._source / f"{page.name}.ipynb").resolve(),
            executed=executed,
            html=self._staging / f"{page.name}.html",
            collect=self._staging / COLLECTED / page.name,
            parameters={
                "data": book,
                "period": self._period.label,
                "as_of": "",
                "rules": "",
                "lang": self._book.rules.report.lang,
            },
            timeout_s=self._timeout_s,
            site=self._site,
        )

    def _earlier(self) -> dict[str, PageResult]:
        """The good pages of the published review, brought over.

        Raises:
            ReviewError: There is no review to go on with, or its input was another.
        """
        earlier = self._published()
        if earlier is None:
            raise ReviewError(
                f"there is no review of {self._period.label} in {self._target.parent} whose "
                "failed pages could be run again. Leave out --only-failed."
            )
        manifest = json.loads((earlier / MANIFEST).read_text(encoding="utf-8"))
        changed = [name for name, value in self._identity().items() if manifest[name] != value]
        if changed:
            raise ReviewError(
                f"{', '.join(changed)} changed since {earlier.name} was made, so its pages would "
                "not agree with new ones. Leave out --only-failed to make the whole review."
            )
        shutil.copytree(earlier, self._staging, ignore=_remade(earlier), dirs_exist_ok=True)
        names = {page.name for page in self._pages}
        results = map(_result, manifest["pages"])
        return {r.page: r for r in results if r.status == "ok" and r.page in names}

    def _published(self) -> Path | None:
        """The review that is there: the incomplete one if there is one."""
        places = (self._incomplete, self._target)
        return next((place for place in places if (place / MANIFEST).is_file()), None)

    @property
    def _incomplete(self) -> Path:
        return self._target.with_name(f"{self._target.name}.incomplete")

    def _identity(self) -> dict[str, Any]:
        """What two reviews must share for their pages to agree."""
        meta = self._book.meta
        return {
            "playbook": resources.version(),
            "input": meta["input_hash"],
            "rules": meta["rules_hash"],
            "as_of": meta["as_of"],
            "pages_in_order": [page.name for page in self._pages],
        }

    def unchanged(self, seconds: float) -> ReviewResult:
        """The published review, which has no failed page."""
        manifest = json.loads((self._target / MANIFEST).read_text(encoding="utf-8"))
        return ReviewResult(self._target, tuple(map(_result, manifest["pages"])), seconds)

    def publish(self, results: tuple[PageResult, ...], began: float) -> ReviewResult:
        """Write what brings the pages together, and put the folder in its place."""
        with self._timed("index"):
            notes = gather.gather(self._staging / COLLECTED, self._pages)
            sheets = [sheet for note in notes for sheet in note.sheets]
            tables.write(sheets, self._staging / "tables.xlsx")
            lists = gather.copy_worklists(notes, self._staging / "worklists")
            self._write_documents(notes)
            page = index.build(self._book, self._site, notes, results, self._staging, lists=lists)
            files.write(self._staging / "index.html", page)
        self._timings["total"] = round(time.monotonic() - began, 3)
        manifest = self._manifest(results)
        text = json.dumps(manifest, ensure_ascii=False, indent=1) + "\n"
        files.write(self._staging / MANIFEST, text)
        self._book.close()
        files.sync(self._staging)
        return self._place(results, time.monotonic() - began)

    def _write_documents(self, notes: Sequence[gather.Notes]) -> None:
        papers = gather.papers(notes)
        if papers:
            with preload.without_url_grammars():
                from playbook.report import export

            for paper in papers:
                page = export.document_page(self._site, paper)
                files.write(self._staging / "documents" / f"{paper.name}.html", page)

    def _place(self, results: tuple[PageResult, ...], seconds: float) -> ReviewResult:
        failed = any(result.status != "ok" for result in results)
        if failed and _is_good(self._target):
            files.swap(self._staging, self._incomplete)
            return ReviewResult(self._incomplete, results, seconds, kept=self._target)
        files.swap(self._staging, self._target)
        shutil.rmtree(self._incomplete, ignore_errors=True)
        return ReviewResult(self._target, results, seconds)

    def _manifest(self, results: Sequence[PageResult]) -> dict[str, Any]:
        titles = {page.name: page.title for page in self._pages}
        return {
            "format": _FORMAT,
            "period": self._period.label,
            **self._identity(),
            "source": self._book.meta["source"],
            "files": json.loads(self._book.files.to_json(orient="records")),
            "rules_in_full": self._book.rules.model_dump(mode="json"),
            "parameters": {"timeout_s": self._timeout_s, "lang": self._book.rules.report.lang},
            "versions": {
                "python": platform.python_version(),
                **{name: importlib.metadata.version(name) for name in _LIBRARIES},
            },
            "pages": [{"title": titles[r.page], **r.as_dict()} for r in results],
            "timings_s": self._timings,
        }


def _remade(review: Path) -> Callable[[Any, list[str]], set[str]]:
    """What a copy of a review leaves out: of the folder itself, not of what its pages left."""
    return lambda folder, names: set(names) & _REMADE if Path(folder) == review else set()


def _result(fields: dict[str, Any]) -> PageResult:
    return PageResult.from_dict({k: v for k, v in fields.items() if k != "title"})


def _is_good(folder: Path) -> bool:
    """Whether a complete review lies there."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return all(page["status"] == "ok" for page in manifest["pages"])


def _rules_of(data: str | Path, rules: str | Path | None, as_of: str | datetime | None) -> Rules:
    """The rules, read before anything is done: a mistake in them costs no time."""
    from playbook import book
    from playbook.data import rules as rules_module

    if book.is_frozen(data):
        return book.open_book(data, rules=rules, as_of=as_of).rules
    _, path = book.locate(data, rules)
    return rules_module.load(path)


def _period(rules: Rules, period: str, now: datetime | None) -> Period:
    """The period, read before anything is done, since everything is named after it."""
    from playbook.data import periods

    zone = periods.zone_info(rules.company.report_zone)
    return periods.parse(
        period,
        zone=rules.company.report_zone,
        fiscal_year_start_month=rules.company.fiscal_year_start_month,
        today=now.astimezone(zone).date() if now else None,
    )


def _refuse_unknown(book: Book) -> None:
    """Refuse a period that lies wholly before or after what the data knows."""
    period = book.period
    if book.as_of <= period.start:
        raise ReviewError(
            f"{period.title} lies in the future of this data, which was known up to "
            f"{book.local(book.as_of):%Y-%m-%d}. Choose an earlier period, or supply newer data."
        )
    first = book.sql("SELECT min(created_at) AS first FROM clean.lead")["first"][0]
    if first is not None and first == first and first >= period.end:  # noqa: PLR0124 - NaT
        raise ReviewError(
            f"there is no data for {period.title}: the first lead is of "
            f"{book.local(first):%Y-%m-%d}. Choose a later period, or supply older data."
        )


def _cores() -> int:
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextlib.contextmanager
def _folder(path: Path) -> Iterator[Path]:
    """A new folder that is gone afterwards unless it was moved away."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir()
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def _runtime() -> Iterator[Path]:
    """A private folder for sockets and logs; its path must be short (see `kernels`)."""
    with tempfile.TemporaryDirectory(prefix="playbook-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@contextlib.contextmanager
def _signals_end_it() -> Iterator[None]:
    """Let a request to end unwind like an interrupt, so that nothing half-made is left."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def leave(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)

    names = [signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]
    before = {name: signal.signal(name, leave) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


_REASONS = {
    errno.ENOSPC: "the disk is full. Free some space",
    errno.EDQUOT: "the disk quota is used up. Free some space",
    errno.EACCES: "it cannot be written to. Choose another folder or change its permissions",
    errno.EPERM: "it cannot be written to. Choose another folder or change its permissions",
    errno.EROFS: "it is on a read-only disk. Choose another folder",
    errno.ENOTDIR: "a part of that path is a file. Choose another folder",
    errno.EEXIST: "a part of that path is a file. Choose another folder",
}


@contextlib.contextmanager
def _told(out: Path) -> Iterator[None]:
    """Turn what the disk refuses into a sentence."""
    try:
        yield
    except OSError as error:
        reason = _REASONS.get(error.errno or 0)
        if reason is None:
            raise
        message = f"cannot write the review to {out}: {reason}, and run it again. "
        raise ReviewError(f"{message}Reviews that were there are as they were.") from error
