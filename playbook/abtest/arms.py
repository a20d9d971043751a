"""What every answer of a test is computed from: each arm's size, means and sums of products."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from playbook.errors import ParameterError, unknown
from playbook.format import shown

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeAlias

    import numpy as np

    Floats: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]
    Ints: TypeAlias = np.ndarray[Any, np.dtype[np.int64]]

ALL = "all"
"""The name of the one arm that all arms together make."""
TEST = "experiment_id"
"""The column that names the test where a table holds several."""
MISSING = "(missing)"
"""The group of units whose grouping column is empty."""


class Sums(NamedTuple):
    """How many units, their means and their sums of centred products.

    Attributes:
        n: Units, of any shape (…).
        means: Means of m columns, (…, m); missing where there are no units.
        products: Sums of centred products, (…, m, m): covariance times (n - 1).
    """

    n: Ints
    means: Floats
    products: Floats


class Groups(NamedTuple):
    """The same sums for each group of units, such as each day of each segment.

    Attributes:
        names: Columns that make the groups.
        keys: One tuple of values per group, in sorted order.
        n: Units, (g, k); 0 where an arm has nobody in a group.
        means: (g, k, m); missing where there is nobody.
        products: (g, k, m, m).
        lows: Smallest values, (g, k, m).
        highs: Greatest values, (g, k, m).
    """

    names: tuple[str, ...]
    keys: tuple[tuple[Any, ...], ...]
    n: Ints
    means: Floats
    products: Floats
    lows: Floats
    highs: Floats


@dataclass(frozen=True, eq=False)
class Arms:
    """The arms of a test, reduced to sums: k arms, m columns.

    Sums of *centred* products, and never sums of squares: with a mean of 1e9 and a standard
    deviation of 1, a sum of squares has lost every digit of the variance.

    Attributes:
        names: Arms: the control first, then the others in sorted order.
        columns: What was measured.
        n: Units of each arm, (k,).
        means: Mean of each column in each arm, (k, m); missing where an arm has no unit.
        products: Sums of centred products, (k, m, m): covariance times (n - 1); missing between
            columns that no metric takes together, see `need`.
        binary: Columns that hold only 0 and 1.
        lows: Smallest value of each column in each arm, (k, m); missing where unknown.
        highs: Greatest value of each column in each arm, (k, m); missing where unknown.
        parts: The same for each group of units; None where there are no groups.

    >>> arms = Arms(("A", "B"), ("converted",), [100, 90], [[0.2], [0.3]], [[[16]], [[18.9]]])
    >>> print(arms)
    control A (100 units); B (90 units); measured: converted
    >>> arms.control, arms.variances.round(4).tolist()
    ('A', [[0.1616], [0.2124]])
    """

    names: tuple[str, ...]
    columns: tuple[str, ...]
    n: Ints
    means: Floats
    products: Floats
    binary: frozenset[str] = frozenset()
    lows: Floats = None  # type: ignore[assignment]  # filled below
    highs: Floats = None  # type: ignore[assignment]
    parts: Groups | None = None

    def __post_init__(self) -> None:
        """Take lists as well as arrays, and let nobody write into them."""
        import numpy as np

        k, m = len(self.names), len(self.columns)
        shapes = {"n": (k,), "means": (k, m), "products": (k, m, m), "lows": (k, m)}
        for name, shape in {**shapes, "highs": (k, m)}.items():
            given = getattr(self, name)
            values = np.full(shape, np.nan) if given is None else np.array(given)
            kept = values.reshape(shape).astype("int64" if name == "n" else "float64")
            kept.setflags(write=False)
            object.__setattr__(self, name, kept)

    @property
    def control(self) -> str:
        """The arm that the others are compared with."""
        return self.names[0]

    @property
    def others(self) -> tuple[str, ...]:
        """The arms that are not the control."""
        return self.names[1:]

    @property
    def variances(self) -> Floats:
        """Sample variance of each column in each arm, (k, m); missing below two units."""
        import numpy as np

        sums = np.diagonal(self.products, axis1=1, axis2=2)
        return np.where(self.n[:, None] > 1, sums / np.maximum(self.n - 1, 1)[:, None], np.nan)

    def covariance(self, arm: str) -> Floats:
        """Sample covariance of the columns in an arm, (m, m); missing below two units."""
        import numpy as np

        at = self.place(arm)
        freedom = int(self.n[at]) - 1
        if freedom < 1:
            return np.full(self.products[at].shape, np.nan)
        return np.asarray(self.products[at] / freedom)

    def place(self, arm: str) -> int:
        """Where an arm stands in `names`.

        Raises:
            ParameterError: There is no such arm.
        """
        if arm not in self.names:
            raise ParameterError(unknown("arm", str(arm), self.names))
        return self.names.index(arm)

    def column(self, name: str) -> int:
        """Where a column stands in `columns`.

        Raises:
            ParameterError: There is no such column.
        """
        if name not in self.columns:
            raise ParameterError(unknown("column", str(name), self.columns))
        return self.columns.index(name)

    def is_known(self, column: str) -> bool:
        """Whether it was looked at what values a column holds, beyond their mean and spread."""
        import numpy as np

        return column in self.binary or not np.isnan(self.highs[:, self.column(column)]).all()

    def ones(self, column: str) -> Ints:
        """How many units of each arm have a 1 in a binary column, (k,).

        Raises:
            ParameterError: There is no such column; it holds other values than 0 and 1, or it is
                not known which.
        """
        import numpy as np

        at = self.column(column)
        if not self.is_known(column):
            raise ParameterError(
                f"{column} was read for its mean alone, so whether it holds only 0 and 1 is not "
                "known. Read the units with its Proportion, or compare its mean."
            )
        if column not in self.binary:
            raise ParameterError(
                f"{column} holds other values than 0 and 1, so nothing can be counted. "
                "Compare its mean."
            )
        return np.rint(self.n * np.nan_to_num(self.means[:, at])).astype("int64")

    def need(self, *columns: str) -> None:
        """Refuse an answer that takes columns, or products of two columns, that were not read.

        Raises:
            ParameterError: A column is unknown, or was read without one of the others.
        """
        import numpy as np

        at = [self.column(name) for name in dict.fromkeys(columns)]
        if np.isnan(self.products[:, at][:, :, at]).any():
            raise ParameterError(
                f"{' and '.join(dict.fromkeys(columns))} were not read together. Read the units "
                "again with the metric that takes them, or with the columns' names."
            )

    def only(self, *names: str) -> Arms:
        """Some of the arms; the control stays first, and the others in order.

        Raises:
            ParameterError: There is no such arm, or the control is all there is.
        """
        at = sorted({0, *map(self.place, names)})
        if len(at) < 2:
            raise ParameterError(f"{self.control} is the control: name another arm beside it.")
        parts = self.parts and self.parts._replace(
            **{name: getattr(self.parts, name)[:, at] for name in VALUES}
        )
        values = {name: getattr(self, name)[at] for name in VALUES}
        return replace(self, names=tuple(self.names[i] for i in at), parts=parts, **values)

    def total(self) -> Arms:
        """All arms as one, named `all`; groups are kept."""
        parts = self.parts and self.parts._replace(
            **{name: values[:, None] for name, values in _joined(self.parts, 1).items()}
        )
        values = {name: values[None] for name, values in _joined(self, 0).items()}
        return replace(self, names=(ALL,), parts=parts, **values)

    def by(self, name: str) -> dict[Any, Arms]:
        """The arms within each value of a grouping column, in sorted order.

        Args:
            name: One of the columns that were given as `by`.

        Returns:
            The arms per value, "(missing)" last; each has all arms, with n = 0 where an arm has
            nobody.

        Raises:
            ParameterError: The units were not grouped by it.
        """
        parts = self.parts
        if parts is None or name not in parts.names:
            known = parts.names if parts else ()
            raise ParameterError(
                unknown("group", str(name), known)
                if known
                else f"The units are not grouped by '{name}'. Read them again with by='{name}'."
            )
        at = parts.names.index(name)
        members: dict[Any, list[int]] = {}
        for place, key in enumerate(parts.keys):
            members.setdefault(key[at], []).append(place)
        return {value: self._of(parts, members[value]) for value in sorted(members, key=ranked)}

    def _of(self, parts: Groups, at: Sequence[int]) -> Arms:
        chosen = parts._replace(
            keys=tuple(parts.keys[i] for i in at),
            **{name: getattr(parts, name)[list(at)] for name in VALUES},
        )
        return replace(self, parts=chosen, **_joined(chosen, 0))

    _repr_pretty_ = shown

    def __str__(self) -> str:
        """The control, the arms with their sizes, and the columns."""
        sizes = [f"{name} ({n:,} units)" for name, n in zip(self.names, self.n, strict=True)]
        groups = f"; by {', '.join(self.parts.names)}" if self.parts else ""
        return f"control {'; '.join(sizes)}; measured: {', '.join(self.columns)}{groups}"


def ranked(value: Any) -> tuple[bool, Any]:
    """Sorts values of a group, with those that are missing last."""
    return value == MISSING, value


VALUES = ("n", "means", "products", "lows", "highs")
"""What is known of each arm, in the order of arms."""


def merged(n: Ints, means: Floats, products: Floats) -> Sums:
    """The sums of all groups together, exactly, where the groups are the first axis.

    With the means' differences d from the whole's mean, the sums of centred products of the whole
    are those of the groups plus the sum of n d d'.

    Source: Chan, Golub and LeVeque (1983), "Algorithms for computing the sample variance".

    Args:
        n: Units, (g, …); groups without units take no part.
        means: (g, …, m).
        products: (g, …, m, m).

    >>> import numpy as np
    >>> found = merged(np.array([2, 3]), np.array([[1.5], [4.0]]), np.array([[[0.5]], [[2.0]]]))
    >>> float(found.means[0]), round(float(found.products[0, 0]), 9)  # of 1, 2, 3, 4, 5
    (3.0, 10.0)
    """
    import numpy as np

    total = n.sum(axis=0)
    means = np.where(n[..., None] > 0, means, 0.0)
    weights = n / np.maximum(total, 1)
    largest = np.asarray(np.argmax(n, axis=0))[None, ..., None]
    first = np.take_along_axis(means, largest, axis=0)[0]
    # From the largest group's mean, so that a great mean costs no digits.
    mean = first + (weights[..., None] * (means - first)).sum(axis=0)
    apart = np.where(n[..., None] > 0, means - mean, 0.0)
    between = np.einsum("g...,g...i,g...j->...ij", n.astype("float64"), apart, apart)
    own = np.where(n[..., None, None] > 1, products, 0.0).sum(axis=0)
    return Sums(total, np.where(total[..., None] > 0, mean, np.nan), own + between)


def _joined(of: Arms | Groups, axis: int) -> dict[str, Any]:
    """What is known of the groups, or arms, along an axis, together."""
    import numpy as np

    sums = merged(*(np.moveaxis(getattr(of, name), axis, 0) for name in VALUES[:3]))
    lows, highs = np.fmin.reduce(of.lows, axis=axis), np.fmax.reduce(of.highs, axis=axis)
    return {**sums._asdict(), "lows": lows, "highs": highs}
