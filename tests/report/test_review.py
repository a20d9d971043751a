"""The review: one folder that appears whole or not at all, whatever goes wrong."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

import pytest

from playbook.errors import ParameterError, ReviewError
from playbook.report import files, review
from playbook.report.runner import PageError, PageResult

REPOSITORY = Path(__file__).parents[2]


class Pool:
    """Stands in for the workers: writes a page for each job, and fails those it is told to."""

    broken: ClassVar[set[str]] = set()
    ran: ClassVar[list[str]] = []

    def __init__(self, *_):
        Pool.ran = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def run(self, jobs):
        for job in jobs:
            Pool.ran.append(job.page)
            if job.page in Pool.broken:
                error = PageError("ValueError", "broken")
                yield PageResult(job.page, "failed", 0.1, error=error, cell=1)
                continue
            files.write(job.html, f"<html>{job.page}</html>")
            files.write(job.executed, "{}")
            files.write(job.collect / "headline.txt", f"{job.page} is well")
            name = job.page.replace("/", "_")
            files.write(job.collect / "worklists" / f"{name}.csv", "lead_id\n")
            files.write(job.collect / "worklists" / f"{name}.json", '{"title": "T", "rows": 1}')
            about = dict.fromkeys(("title", "zh", "purpose", "source", "body", "id"), name)
            paper = json.dumps({**about, "name": name})
            files.write(job.collect / "documents" / f"{name}.json", paper)
            yield PageResult(job.page, "ok", 0.1)


@pytest.fixture
def pool(monkeypatch):
    """Reviews without kernels; returns the set of pages that fail."""
    monkeypatch.setattr(review.workers, "Workers", Pool)
    monkeypatch.setattr(Pool, "broken", set())
    return Pool.broken


@pytest.fixture
def make(make_real, pool):  # noqa: ARG001 - replaces the workers
    """Makes a review of two pages without kernels."""
    return make_real


@pytest.fixture
def make_real(frozen, notebooks, tmp_path):
    """Makes a review of two pages."""
    source = notebooks("good", "funnel/draws")

    def call(**settings):
        return review.run(
            settings.pop("data", frozen),
            settings.pop("period", "2026-10"),
            settings.pop("out", tmp_path / "out"),
            notebooks=source,
            **settings,
        )

    return call


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def snapshot(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in names(folder)}


@pytest.mark.slow
def test_a_review_is_one_folder_that_holds_everything(make_real, tmp_path):
    result = make_real()
    assert not result.failed
    assert result.folder == tmp_path / "out" / "2026-10"
    assert names(result.folder) == {
        "index.html",
        "good.html",
        "funnel/draws.html",
        "notebooks/good.ipynb",
        "notebooks/funnel/draws.ipynb",
        "collected/good/headline.txt",
        "collected/good/findings.json",
        "collected/good/cockpit.json",
        "collected/good/tables/01_leads.parquet",
        "collected/good/tables/01_leads.json",
        "collected/good/worklists/overdue.csv",
        "collected/good/worklists/overdue.json",
        "worklists/overdue.csv",
        "tables.xlsx",
        "book.duckdb",
        "manifest.json",
    }
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["2026-10"]
    assert "../book.duckdb 2026-10 en" in (result.folder / "good.html").read_text()


@pytest.mark.slow
def test_the_same_input_gives_the_same_bytes_apart_from_the_timings(make_real, tmp_path):
    for out in ("a", "b"):
        make_real(out=tmp_path / out)
    one, two = (snapshot(tmp_path / out / "2026-10") for out in ("a", "b"))
    assert one.keys() == two.keys()
    assert [name for name in one if one[name] != two[name]] == ["manifest.json"]
    manifests = [json.loads(found["manifest.json"]) for found in (one, two)]
    for manifest in manifests:
        del manifest["timings_s"]
        for page in manifest["pages"]:
            del page["seconds"], page["cpu_seconds"]
    assert manifests[0] == manifests[1]


def test_the_manifest_tells_what_the_review_was_made_from(make):
    manifest = json.loads((make().folder / "manifest.json").read_text())
    assert manifest["period"] == "2026-10"
    assert manifest["input"] == "aaaaaaaaaaaaaaaa"
    assert manifest["files"][0]["sha256"] == "ab12"
    assert manifest["as_of"] == "2026-11-01T00:00:00"
    assert manifest["versions"]["python"]
    assert manifest["rules_in_full"]["company"]["report_zone"] == "Asia/Shanghai"
    assert [(p["page"], p["status"]) for p in manifest["pages"]] == [
        ("good", "ok"),
        ("funnel/draws", "ok"),
    ]


def test_a_failed_page_does_not_take_the_others_with_it(make, pool):
    pool.add("good")
    result = make()
    assert [page.page for page in result.failed] == ["good"]
    assert "ValueError: broken" in (result.folder / "good.html").read_text()
    index = (result.folder / "index.html").read_text()
    assert index.index("1 of 2 pages is not complete.") < index.index("What happened")
    assert (result.folder / "funnel/draws.html").exists()


def test_the_last_good_review_stays_untouched_beside_an_incomplete_one(make, pool):
    good = make()
    before = snapshot(good.folder)
    pool.add("good")
    bad = make()
    assert snapshot(good.folder) == before
    assert bad.folder.name == "2026-10.incomplete"
    assert bad.kept == good.folder
    pool.clear()
    again = make()
    assert (again.folder, again.kept) == (good.folder, None)
    assert [path.name for path in good.folder.parent.iterdir()] == ["2026-10"]


def test_an_incomplete_review_gives_way_to_the_next(make, pool):
    pool.add("good")
    make()
    result = make()
    assert result.folder.name == "2026-10"
    pool.clear()
    assert make().folder == result.folder


def test_only_failed_runs_only_what_failed_and_keeps_the_rest(make, pool):
    pool.add("good")
    first = make()
    kept = (first.folder / "funnel/draws.html").stat().st_mtime_ns
    pool.clear()
    result = make(only_failed=True)
    assert Pool.ran == ["good"]
    assert not result.failed
    assert (result.folder / "funnel/draws.html").stat().st_mtime_ns == kept
    index = (result.folder / "index.html").read_text()
    assert "funnel/draws is well" in index
    assert "good is well" in index
    for page in ("good", "funnel_draws"):
        assert (result.folder / f"worklists/{page}.csv").exists()
        assert (result.folder / f"documents/{page}.html").exists()
        assert f'href="documents/{page}.html"' in index
        assert f'href="worklists/{page}.csv"' in index


def test_only_failed_has_nothing_to_do_after_a_good_review(make):
    folder = make().folder
    before = snapshot(folder)
    result = make(only_failed=True)
    assert Pool.ran == []
    assert not result.failed
    assert snapshot(folder) == before


def test_only_failed_refuses_pages_of_another_input(make, pool, tmp_path, freeze_to):
    pool.add("good")
    folder = make().folder
    before = snapshot(folder)
    other = freeze_to(tmp_path / "other.duckdb", input_hash="bbbb")
    with pytest.raises(ReviewError, match="input changed since 2026-10 was made"):
        make(data=other, only_failed=True)
    assert snapshot(folder) == before


def test_only_failed_needs_a_review(make):
    with pytest.raises(ReviewError, match="there is no review of 2026-10"):
        make(only_failed=True)


def test_a_second_review_of_the_same_period_is_told_who_holds_it(make, tmp_path):
    folder = make().folder
    before = snapshot(folder)
    lock = tmp_path / "out" / ".2026-10.lock"
    with (
        files.lock(lock, "the review"),
        pytest.raises(ReviewError, match=rf"already being made by process {os.getpid()}"),
    ):
        make()
    assert snapshot(folder) == before
    assert not lock.exists()


def test_a_lock_whose_holder_is_gone_does_not_count(make, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / ".2026-10.lock").write_text("process 1\n")
    assert make().folder.exists()


def test_what_a_killed_review_left_is_cleared_away(make, pool, tmp_path):
    folder = make().folder
    staging = folder.with_name(".2026-10.new")
    staging.mkdir()
    (staging / "half.html").write_text("half")
    folder.rename(folder.with_name(".2026-10.old"))
    pool.add("good")
    result = make()
    assert result.kept == folder
    assert {p.name for p in (tmp_path / "out").iterdir()} == {"2026-10", "2026-10.incomplete"}


@pytest.mark.parametrize(
    "refusal", [(errno.ENOSPC, "the disk is full"), (errno.EACCES, "cannot be written to")]
)
@pytest.mark.parametrize("when", ["write", "sync", "swap"])
def test_what_the_disk_refuses_is_told_and_loses_nothing(
    make, monkeypatch, tmp_path, refusal, when
):
    number, words = refusal
    folder = make().folder
    before = snapshot(folder)

    def refuse(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(files, when, refuse)
    with pytest.raises(ReviewError, match=words):
        make()
    assert snapshot(folder) == before
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["2026-10"]


def test_an_output_folder_that_cannot_be_made_is_told(make, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ReviewError, match=r"cannot write the review to .*file/out"):
        make(out=tmp_path / "file" / "out")


def test_an_interrupt_leaves_everything_as_it_was(make, monkeypatch, tmp_path):
    folder = make().folder
    before = snapshot(folder)

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Pool, "run", interrupt)
    with pytest.raises(KeyboardInterrupt):
        make()
    assert snapshot(folder) == before
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["2026-10"]


def test_a_period_in_the_future_is_refused(make, tmp_path):
    with pytest.raises(ReviewError, match="December 2026 lies in the future of this data"):
        make(period="2026-12")
    assert not (tmp_path / "out" / "2026-12").exists()


def test_a_period_before_the_first_lead_is_refused(make):
    with pytest.raises(ReviewError, match="no data for August 2026: the first lead is of 2026-09"):
        make(period="2026-08")


def test_a_period_that_cannot_be_read_is_refused_before_anything_is_made(make, tmp_path):
    with pytest.raises(ParameterError, match="has no month 13"):
        make(period="2026-13")
    assert not (tmp_path / "out").exists()


def test_a_frozen_book_takes_no_other_rules(make, tmp_path):
    with pytest.raises(ParameterError, match="a frozen Book carries its own rules"):
        make(rules=tmp_path / "playbook.toml")


def test_relative_periods_count_from_the_moment_that_is_given(make):
    now = datetime(2026, 10, 31, 17, tzinfo=UTC)  # November has begun in Shanghai
    assert make(period="last-month", now=now).folder.name == "2026-10"


def test_a_folder_without_notebooks_is_refused(frozen, tmp_path):
    (tmp_path / "none").mkdir()
    with pytest.raises(ReviewError, match=r"no notebook \(\*.ipynb\)"):
        review.run(frozen, "2026-10", tmp_path / "out", notebooks=tmp_path / "none")


@pytest.mark.slow
def test_two_reviews_at_once_do_not_meet(frozen, notebooks, tmp_path):
    """One is made; the other is told to wait, unless it came after the first had ended."""
    source = notebooks("good")
    command = [sys.executable, "-m", "playbook", "review", "--data", str(frozen)]
    command += ["--period", "2026-10", "--out", str(tmp_path / "out"), "--notebooks", str(source)]
    both = [
        subprocess.Popen(command, cwd=REPOSITORY, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    told = [process.communicate(timeout=60)[1] for process in both]
    codes = sorted(process.returncode for process in both)
    assert codes == [0, 2], told
    assert any("is already being made by process" in words for words in told)
    assert (tmp_path / "out" / "2026-10" / "index.html").exists()


def test_an_exchange_that_the_system_lacks_is_done_in_two_steps(monkeypatch, tmp_path):
    monkeypatch.setattr(files, "_exchange", lambda *_: False)
    for name in ("new", "old"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(name)
    files.swap(tmp_path / "new", tmp_path / "old")
    assert (tmp_path / "old" / "file").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["old"]


def test_a_swap_that_fails_half_way_is_undone(monkeypatch, tmp_path):
    monkeypatch.setattr(files, "_exchange", lambda *_: False)
    old = tmp_path / "old"
    old.mkdir()
    with pytest.raises(FileNotFoundError):
        files.swap(tmp_path / "missing", old)
    assert [path.name for path in tmp_path.iterdir()] == ["old"]


def test_a_write_that_fails_leaves_the_earlier_file(monkeypatch, tmp_path):
    path = tmp_path / "page.html"
    files.write(path, "good")

    def refuse(_):
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(files.os, "fsync", refuse)
    with pytest.raises(OSError, match="full"):
        files.write(path, "bad")
    assert path.read_text() == "good"
    assert [p.name for p in tmp_path.iterdir()] == ["page.html"]
