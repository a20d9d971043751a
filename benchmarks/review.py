"""CPU seconds of a review against papermill's and nbconvert's command lines, one by one.

The same notebooks over the same frozen Book, copied to twelve. The aim is a fifth or less.

    python -m benchmarks.review [--notebooks DIR] [--data sample] [--period 2026-10] [--quick]
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path

from benchmarks import process
from benchmarks.process import Cost
from playbook import resources
from playbook.book import freeze, is_frozen
from playbook.report import runner

COPIES = 12
AIM = 1 / 5


def frozen(data: str, folder: Path) -> Path:
    """The Book, which is not a part of what is measured."""
    return Path(data) if is_frozen(data) else freeze(data, folder / "book.duckdb")


def copied(source: Path, folder: Path, count: int) -> Path:
    """The notebooks of `source` again and again until there are `count`, without subfolders."""
    notebooks = sorted(source.rglob("*.ipynb"))
    folder.mkdir()
    for number in range(count):
        notebook = notebooks[number % len(notebooks)]
        shutil.copy(notebook, folder / f"{number:02}_{notebook.name}")
    return folder


def review(book: Path, notebooks: Path, period: str, out: Path, kernels: str) -> Cost:
    """One review, as a command line."""
    command = [sys.executable, "-m", "playbook", "review", "--data", str(book)]
    command += ["--period", period, "--out", str(out), "--notebooks", str(notebooks)]
    return process.run([*command, "--kernels", kernels], Path.cwd())


def one_by_one(book: Path, notebooks: list[Path], period: str, folder: Path) -> list[Cost]:
    """papermill, then nbconvert, for each notebook; without the cells that a review drops."""
    import nbformat

    folder.mkdir()
    costs = []
    for notebook in notebooks:
        source, done = folder / notebook.name, folder / f"done_{notebook.name}"
        nbformat.write(runner.prepare(notebook), source)
        run = ["papermill", str(source), str(done), "-p", "data", str(book), "-p", "period", period]
        convert = ["nbconvert", "--to", "html", "--no-input", str(done)]
        costs += [
            process.run([sys.executable, "-m", *run], folder),
            process.run([sys.executable, "-m", *convert], folder),
        ]
    return costs


def total(costs: list[Cost], times: float = 1) -> Cost:
    """Of one after the other, so many times."""
    wall, cpu = sum(c.wall_s for c in costs), sum(c.cpu_s for c in costs)
    return Cost(wall * times, cpu * times, max(c.peak_mb for c in costs), "")


def where(review_folder: Path, whole: Cost) -> list[tuple[str, float]]:
    """Where a review's CPU seconds went."""
    manifest = json.loads((review_folder / "manifest.json").read_text())
    pages = sum(page["cpu_seconds"] for page in manifest["pages"])
    return [
        (f"{len(manifest['pages'])} notebooks: kernel, cells, page", pages),
        ("the rest: imports once, Book, index, tables", whole.cpu_s - pages),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--notebooks", type=Path, default=None)
    parser.add_argument("--data", default="sample")
    parser.add_argument("--period", default="2026-10")
    parser.add_argument("--quick", action="store_true", help="each distinct notebook once, scaled")
    arguments = parser.parse_args()
    source = arguments.notebooks or resources.notebooks()
    period = arguments.period
    with tempfile.TemporaryDirectory(prefix="playbook-benchmark-") as name:
        folder = Path(name)
        book = frozen(arguments.data, folder)
        twelve = copied(source, folder / "twelve", COPIES)
        distinct = len(list(source.rglob("*.ipynb")))
        rows = [
            (
                "review of twelve, forked kernels",
                review(book, twelve, period, folder / "a", "fork"),
            ),
            (
                "review of twelve, plain kernels",
                review(book, twelve, period, folder / "b", "plain"),
            ),
        ]
        parts = where(folder / "a" / period, rows[0][1])
        plain = copied(source, folder / "plain", distinct)
        rows.append(
            (
                f"review of {distinct}, forked kernels",
                review(book, plain, period, folder / "c", "fork"),
            )
        )
        if arguments.quick:
            each = one_by_one(book, sorted(plain.glob("*.ipynb")), period, folder / "d")
            lines = total(each, COPIES / distinct)
        else:
            lines = total(one_by_one(book, sorted(twelve.glob("*.ipynb")), period, folder / "d"))
        rows.append(("papermill and nbconvert, one by one", lines))
    print(f"{'':44}{'CPU s':>8}{'wall s':>8}{'share':>8}")
    for what, taken in rows:
        share = taken.cpu_s / lines.cpu_s
        print(f"{what:44}{taken.cpu_s:8.1f}{taken.wall_s:8.1f}{share:8.1%}")
    print("\nwhere the first one's time goes")
    for what, seconds in parts:
        print(f"  {what:42}{seconds:8.1f}")
    ratio = rows[0][1].cpu_s / lines.cpu_s
    print(f"\nratio {ratio:.3f}, aim {AIM:.3f} or less")


if __name__ == "__main__":
    main()
