"""What all tests share: one sample Book a session, and random input that is the same each run."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest
from hypothesis import settings

# Workers side by side must not fight for the cores; a review's kernels are started the same way.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

settings.register_profile("ci", derandomize=True, deadline=None)
settings.load_profile("ci")


def pytest_collection_finish():
    """Keep what was imported and collected out of every later search for garbage."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure():
    """Let go of it, so that everything ends as it would have."""
    gc.unfreeze()


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory):
    """Frozen Books of the tests never mix with the user's; workers share them."""
    base = tmp_path_factory.getbasetemp()
    root = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    os.environ["PLAYBOOK_CACHE"] = str(root / "playbook-cache")


@pytest.fixture(scope="session")
def book(_own_cache):
    """The sample company in October 2026."""
    from playbook.book import open_book

    return open_book("sample", "2026-10")


@pytest.fixture(scope="session")
def olist() -> Path:
    """The real data set, named by an environment variable; skipped without it."""
    folder = os.environ.get("PLAYBOOK_OLIST")
    if not folder:
        pytest.skip("PLAYBOOK_OLIST does not name the folder of the Olist data")
    return Path(folder)


@pytest.fixture
def open_files(tmp_path, _own_cache):
    """Opens a Book over files given as {name: text}; `rules` is the text of playbook.toml.

    The same files under the same rules are frozen once for all tests.
    """
    from playbook.book import open_book

    def open_(files, period="2026-10", *, rules="", as_of="2026-11-01"):
        folder = tmp_path / "data"
        folder.mkdir(exist_ok=True)
        for name, text in files.items():
            (folder / name).write_text(text.strip() + "\n", "utf-8")
        (folder / "playbook.toml").write_text(rules, "utf-8")
        return open_book(folder, period, as_of=as_of)

    return open_
