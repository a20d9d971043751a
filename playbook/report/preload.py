"""What every forked kernel and every worker needs, imported and used once before the first fork.

Nothing here may start a thread, open a database or run a query: a fork copies only the thread
that forks, and a lock that another one held would stay locked for ever.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import io
import pkgutil
import sys
from typing import TYPE_CHECKING

from playbook.report.runner import PageError, PageResult

if TYPE_CHECKING:
    from collections.abc import Iterator

DRIVER = ("nbclient", "papermill", "jupyter_client.manager", "playbook.report.export")
KERNEL = (
    "numpy",
    "pandas",
    "pyarrow.parquet",
    "matplotlib.backends.backend_agg",
    "matplotlib.backends.backend_svg",
    "matplotlib.dates",
    "matplotlib.figure",
    "matplotlib.pyplot",
    "statsmodels.stats.proportion",
    "duckdb",
    "ibis",
    "ibis.backends.duckdb",
    "pydantic",
    "ipykernel.kernelapp",
    "IPython.core.pylabtools",
    "matplotlib_inline.backend_inline",
    "playbook.book",
    "playbook.metrics",
    "playbook.report.plots",
    "playbook.report.session",
    "playbook.report.show",
)


def warm_driver() -> None:
    """Import what runs a notebook and makes its page, and make a first, empty page."""
    with without_url_grammars():
        for name in DRIVER:
            importlib.import_module(name)
    _export()


def warm_kernel() -> None:
    """Import what notebooks use and run the first, slow call of each once."""
    gc.disable()
    with without("polars"):  # statsmodels looks for it, and it starts threads
        for name in KERNEL:
            _import(name)
    _import_all("playbook.chapters")
    _draw()
    _compile()
    gc.enable()
    gc.freeze()


def _import(name: str) -> None:
    # A module that cannot be imported is told on the page of the notebook that uses it.
    with contextlib.suppress(Exception):
        importlib.import_module(name)


def _import_all(package: str) -> None:
    for module in pkgutil.iter_modules(importlib.import_module(package).__path__):
        _import(f"{package}.{module.name}")


@contextlib.contextmanager
def without_url_grammars() -> Iterator[None]:
    """Spare jsonschema's optional check of web addresses: its grammars take over a second."""
    with without("rfc3987_syntax"):
        yield


@contextlib.contextmanager
def without(name: str) -> Iterator[None]:
    """As if a module that others use where it is installed were not."""
    absent = name not in sys.modules
    if absent:
        sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        if absent:
            del sys.modules[name]


def _draw() -> None:
    """A picture in memory: fonts, text layout and both writers are set up by the first."""
    import matplotlib as mpl
    import pandas as pd
    from matplotlib.figure import Figure

    data = pd.DataFrame({"x": [1.0, 2.0], "y": ["a", "b"]})
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "warm"}):
        figure = Figure(figsize=(2, 2))
        axes = figure.subplots()
        axes.barh(data["y"], data["x"])
        axes.set_title("1")
        for kind in ("svg", "png"):
            figure.savefig(io.BytesIO(), format=kind)
    data.to_html()


def _compile() -> None:
    """An expression compiled to SQL, on no connection."""
    import ibis

    table = ibis.table({"a": "int64", "b": "timestamp"}, name="t")
    ibis.to_sql(table.group_by("a").agg(n=table.b.max()).order_by("a"), dialect="duckdb")


def _export() -> None:
    """An empty page: parses the template."""
    from playbook.report import export
    from playbook.report.site import Page, Site

    result = PageResult("warm", "failed", 0.0, error=PageError("Warm", "up"))
    export.failed_page(Site("Warm", "$x$", (Page("warm", "Warm"),)), "warm", result)
