"""One thread for linear algebra on small matrices.

NumPy's OpenBLAS spreads even a matrix of 200 rows over all cores. On a quiet machine that halves a
few milliseconds; where other processes want the cores its threads wait for each other, and the same
inverse takes a second.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ctypes
    from collections.abc import Iterator

SETS = ("scipy_openblas_set_num_threads64_", "scipy_openblas_set_num_threads")
ASKS = ("scipy_openblas_get_num_threads64_", "scipy_openblas_get_num_threads")


@contextmanager
def one_thread() -> Iterator[None]:
    """Hold NumPy's OpenBLAS to one thread inside.

    Where NumPy was built with another library, or has none that can be found (Windows), nothing
    changes: it is a matter of time alone, never of figures.
    """
    library = _library()
    ask, hold = (_found(library, names) for names in (ASKS, SETS))
    if ask is None or hold is None:
        yield
        return
    before = ask()
    hold(1)
    try:
        yield
    finally:
        hold(before)


def _library() -> ctypes.CDLL:
    """NumPy's linear algebra; what it links to is looked up through it."""
    import ctypes
    from importlib import import_module

    return ctypes.CDLL(import_module("numpy.linalg._umath_linalg").__file__)


def _found(library: ctypes.CDLL, names: tuple[str, ...]) -> Any:
    return next((getattr(library, name) for name in names if hasattr(library, name)), None)
