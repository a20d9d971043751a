"""Randomness that gives the same numbers on every machine: uniforms, and what follows from them."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Sequence

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Rng = np.random.Generator


def child(seed: int, part: str, block: int = 0) -> Rng:
    """A generator of its own for each part and block, so that parts can change alone."""
    return np.random.default_rng([seed, zlib.crc32(part.encode()), block])


def pick(rng: Rng, weights: Sequence[float], n: int) -> Ints:
    """`n` positions, each with the probability of its weight."""
    edges = np.cumsum(np.asarray(weights, dtype=np.float64))
    out: Ints = np.searchsorted(edges, rng.random(n) * edges[-1], side="right").astype(np.int64)
    return out


def pick_by(rng: Rng, rows: Sequence[Sequence[float]], group: Ints) -> Ints:
    """One position a member of `group`, with the weights of the group's row."""
    edges = np.cumsum(np.asarray(rows, dtype=np.float64), axis=1)
    edges /= edges[:, -1:]
    u = rng.random(len(group))
    place = (u[:, None] >= edges[group]).sum(axis=1)
    out: Ints = place.clip(max=edges.shape[1] - 1).astype(np.int64)
    return out


def below(rng: Rng, top: Ints | int, n: int) -> Ints:
    """`n` whole numbers from 0 up to, not including, `top`."""
    return np.floor(rng.random(n) * top).astype(np.int64)


def between(rng: Rng, low: float, high: float, n: int) -> Floats:
    """`n` numbers spread evenly between two bounds."""
    return low + (high - low) * rng.random(n)


def normal(rng: Rng, n: int) -> Floats:
    """Standard normal numbers from uniforms (Box and Muller 1958)."""
    radius = np.sqrt(-2.0 * np.log(1.0 - rng.random(n)))
    out: Floats = radius * np.cos(2.0 * np.pi * rng.random(n))
    return out


def lognormal(rng: Rng, median: Floats | float, sigma: float, n: int) -> Floats:
    """Log-normal numbers around a median."""
    out: Floats = median * np.exp(sigma * normal(rng, n))
    return out


def even(rng: Rng, n: int) -> Floats:
    """`n` uniforms with one in every n-th part of the unit interval, in random order.

    Shares drawn with them come out as planted, up to one row.
    """
    out: Floats = (np.argsort(rng.random(n)) + rng.random(n)) / max(n, 1)
    return out


def steady(rng: Rng, chance: Floats | float, month: Ints, group: Ints | int = 0) -> Bools:
    """Draws each row with its chance, so that every group has in every month what was planted.

    Systematic sampling (Madow 1949) over rows in random order inside each group and month: a
    group's count in a month differs from the sum of its chances by less than one row.
    """
    n = len(month)
    order = np.lexsort((rng.random(n), month, np.broadcast_to(group, n)))
    edges = np.floor(np.cumsum(np.broadcast_to(chance, n)[order]) + rng.random())
    out = np.zeros(n, dtype=np.bool_)
    out[order] = np.diff(edges, prepend=0.0) > 0
    return out


def noisy_count(rng: Rng, mean: npt.NDArray[Any], spread: float = 0.15) -> Ints:
    """Whole counts near their means, never negative."""
    n = len(mean)
    return np.floor(mean * (1.0 + spread * normal(rng, n)) + rng.random(n)).clip(0).astype(np.int64)


def logistic(x: Floats) -> Floats:
    """Probability of a log-odds."""
    out: Floats = 1.0 / (1.0 + np.exp(-x))
    return out
