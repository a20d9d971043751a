"""Arms made of arrays, and many tests at once, so that oracles see the same rows as we do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from playbook.abtest import Arms, Groups, Sums
from playbook.abtest.arms import VALUES


def arms_of(rows, columns, binary=()):
    """Arms of {name: array (n, m)}, the first of which is the control."""
    found = [np.asarray(values, dtype=float).reshape(len(values), -1) for values in rows.values()]
    means = [values.mean(axis=0) for values in found]
    apart = [values - mean for values, mean in zip(found, means, strict=True)]
    products = [values.T @ values for values in apart]
    sizes = [len(values) for values in found]
    ends = ([values.min(axis=0) for values in found], [values.max(axis=0) for values in found])
    return Arms(tuple(rows), tuple(columns), sizes, means, products, frozenset(binary), *ends)


def grouped(rows, columns, name):
    """Arms of {name: (array (n, m), each unit's group (n,))}, with their groups."""
    keys = sorted({key for _, groups in rows.values() for key in groups})
    each = [
        arms_of({arm: values[groups == key] for arm, (values, groups) in rows.items()}, columns)
        for key in keys
    ]
    parts = (np.stack([getattr(arms, field) for arms in each]) for field in VALUES)
    whole = arms_of({arm: values for arm, (values, _) in rows.items()}, columns)
    return replace(whole, parts=Groups((name,), tuple((key,) for key in keys), *parts))


def shares(conversions, n, *, names="AB"):
    """Arms with so many conversions of so many units."""
    share = np.array(conversions) / np.array(n)
    products = np.array(n) * share * (1 - share)
    sums = (n, share[:, None], products[:, None, None])
    return Arms(tuple(names), ("converted",), *sums, frozenset({"converted"}))


def sums_of(draw, rng, sizes, repetitions, chunk=2_000):
    """Sums of many tests: `draw(rng, (repetitions, n), arm)` gives columns (…, n, m)."""
    parts = [
        [_summed(draw(rng, (chunk, n), arm)) for arm, n in enumerate(sizes)]
        for _ in range(repetitions // chunk)
    ]
    means = np.concatenate([np.stack([mean for mean, _ in part], axis=1) for part in parts])
    products = np.concatenate([np.stack([p for _, p in part], axis=1) for part in parts])
    n = np.broadcast_to(np.array(sizes), means.shape[:2])
    return Sums(n, means, products)


def sums_of_rows(rows):
    """Sums of many tests of one array (…, n, m) for each arm, the control first."""
    parts = [_summed(values) for values in rows]
    means, products = (np.stack(each, axis=1) for each in zip(*parts, strict=True))
    return Sums(
        np.broadcast_to([values.shape[-2] for values in rows], means.shape[:2]), means, products
    )


def _summed(values):
    mean = values.mean(axis=-2, keepdims=True)
    apart = values - mean
    return mean[:, 0], np.swapaxes(apart, -1, -2) @ apart


def covered(low, high, truth):
    """Share of intervals with the truth in them."""
    return float(np.mean((low <= truth) & (truth <= high)))
