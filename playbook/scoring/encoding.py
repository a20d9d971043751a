"""How a column of any table becomes columns of a model: learnt once, applied to later leads.

A number is centred and scaled, and a missing one stands at the mean with an indicator beside it.
Anything else is levels: rare ones are one level, missing is a level, the commonest is what the
others are compared with.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    import ibis.expr.types as ir
    import numpy as np
    import pandas as pd

OTHER = "(other)"
MISSING = "(missing)"
NUMBER = "(per standard deviation)"
QUARTERS = [0.25, 0.5, 0.75]

Kind = Literal["number", "flag", "level"]


@dataclass(frozen=True, slots=True)
class Encoding:
    """How one column is read.

    Attributes:
        column: Its name.
        kind: `number`, `flag` (true or false) or `level`.
        reference: Level that the others are compared with; empty for a number.
        kept: Levels by name that are common enough to stand alone, the reference included.
        terms: What has a coefficient, in order: levels, or the number and its indicator.
        mean: Of a number; where a missing one stands.
        deviation: Standard deviation of a number.
        cuts: Quartiles of a number, for points.
        centres: Mean of each band between them, in standard deviations from the mean.
    """

    column: str
    kind: Kind
    reference: str
    kept: tuple[str, ...]
    terms: tuple[str, ...]
    mean: float = 0.0
    deviation: float = 1.0
    cuts: tuple[float, ...] = ()
    centres: tuple[float, ...] = ()


class Design(NamedTuple):
    """What a model is fitted to.

    Attributes:
        terms: Column and term of each column of numbers but the first.
        matrix: The numbers; the first column is the intercept's.
    """

    terms: list[tuple[str, str]]
    matrix: np.ndarray[Any, Any]

    def without(self, places: list[int]) -> Design:
        """The design without some columns of its matrix."""
        import numpy as np

        terms = [term for place, term in enumerate(self.terms, start=1) if place not in places]
        return Design(terms, np.delete(self.matrix, places, axis=1))


def kind_of(values: pd.Series[Any]) -> Kind:
    """Whether a column is numbers, flags or levels."""
    import pandas as pd

    known = values.dropna()
    if pd.api.types.is_bool_dtype(values) or (len(known) and known.map(_is_flag).all()):
        return "flag"
    is_number = pd.api.types.is_numeric_dtype(values) or (
        len(known) > 0 and known.map(_is_number).all()
    )
    return "number" if is_number else "level"


def learn(values: pd.Series[Any], min_level: int) -> Encoding:
    """How a column is to be read, from the leads that a model is fitted to."""
    kind = kind_of(values)
    if kind == "number":
        return _number(values, min_level)
    return _levels(values, kind, min_level)


def design(encodings: tuple[Encoding, ...], frame: pd.DataFrame) -> Design:
    """One column of numbers per term."""
    import numpy as np

    parts = {
        (encoding.column, term): column
        for encoding in encodings
        for term, column in _terms(encoding, frame[encoding.column]).items()
    }
    columns = [np.ones(len(frame)), *parts.values()]
    return Design(list(parts), np.column_stack(columns))


def texts(values: pd.Series[Any]) -> pd.Series[Any]:
    """Levels as texts; a text of nothing but blanks is missing."""
    words = values.map(_word, na_action="ignore").astype(object)
    return words.where(values.notna() & (words.astype(str).str.strip() != ""), None)


def level_of(encoding: Encoding, values: pd.Series[Any]) -> pd.Series[Any]:
    """The level of the model that each value counts as; a level never seen is a rare one."""
    words = texts(values)
    fallback = OTHER if OTHER in encoding.terms else encoding.reference
    empty = MISSING if MISSING in {*encoding.terms, encoding.reference} else fallback
    return words.where(words.isin(encoding.kept), fallback).where(words.notna(), empty)


def contribution(
    encoding: Encoding, weights: Mapping[tuple[str, str], float], table: ir.Table
) -> ir.NumericValue:
    """What a column adds to the log-odds, as an expression of the table's engine."""
    import ibis

    column = table[encoding.column]
    own = {term: weights.get((encoding.column, term), 0.0) for term in encoding.terms}
    if encoding.kind == "number":
        value = column.cast("float64")
        scaled = (value - encoding.mean) / encoding.deviation * own[NUMBER]
        known = value.notnull() & ~value.isnan()
        return ibis.ifelse(known, scaled, own.get(MISSING, 0.0))
    words = _words(encoding, column)
    fallback = own.get(OTHER, 0.0)
    empty = own.get(MISSING, 0.0 if encoding.reference == MISSING else fallback)
    named = [(words == level, own.get(level, 0.0)) for level in encoding.kept if level != MISSING]
    return ibis.cases((words.isnull(), empty), *named, else_=fallback)


def _words(encoding: Encoding, column: ir.Column) -> ir.StringValue:
    import ibis

    if encoding.kind == "flag":
        return ibis.cases((column.cast("boolean"), "true"), (~column.cast("boolean"), "false"))
    words = column.cast("string")
    return ibis.cases((words.strip() != "", words))


def _is_flag(value: object) -> bool:
    return type(value).__name__ in {"bool", "bool_"}


def _is_number(value: object) -> bool:
    from decimal import Decimal
    from numbers import Real

    return isinstance(value, Real | Decimal) and not isinstance(value, bool)


def _word(value: object) -> str:
    return str(value).lower() if _is_flag(value) else str(value)


def numbers(values: pd.Series[Any]) -> pd.Series[Any]:
    """Numbers as floats; what is infinite is missing."""
    import numpy as np
    import pandas as pd

    plain = pd.to_numeric(values.map(float, na_action="ignore"))
    return plain.astype("float64").replace([np.inf, -np.inf], np.nan)


def _number(values: pd.Series[Any], min_level: int) -> Encoding:
    import numpy as np

    plain = numbers(values)
    known = plain.dropna()
    missing = (MISSING,) if len(plain) - len(known) >= min_level else ()
    mean, spread = float(known.mean()), float(known.std(ddof=0)) or 1.0
    # A quartile that is the least value of all would leave the band below it empty.
    cuts = tuple(c for c in dict.fromkeys(known.quantile(QUARTERS).tolist()) if c > known.min())
    band = np.searchsorted(cuts, known, side="right")
    centres = tuple(((known.groupby(band).mean() - mean) / spread).tolist())
    terms = (NUMBER, *missing)
    return Encoding(str(values.name), "number", "", (), terms, mean, spread, cuts, centres)


def _levels(values: pd.Series[Any], kind: Kind, min_level: int) -> Encoding:
    words = texts(values)
    counts = words.value_counts()
    ordered = sorted(counts.index, key=lambda level: (-counts[level], level))
    kept = [level for level in ordered if counts[level] >= min_level] or ordered[:1]
    empty = int(words.isna().sum())
    rare = int(counts.drop(kept).sum())
    if empty >= min_level:
        kept.append(MISSING)
    else:
        rare += empty
    sizes = {**counts.to_dict(), MISSING: empty}
    reference = max(kept, key=lambda level: (sizes[level], level))
    others = (OTHER,) if rare >= min_level else ()
    terms = (*(level for level in kept if level != reference), *others)
    return Encoding(str(values.name), kind, reference, tuple(kept), terms)


def _terms(encoding: Encoding, values: pd.Series[Any]) -> dict[str, np.ndarray[Any, Any]]:
    if encoding.kind != "number":
        level = level_of(encoding, values)
        return {term: (level == term).to_numpy(dtype=float) for term in encoding.terms}
    plain = numbers(values)
    scaled = ((plain - encoding.mean) / encoding.deviation).fillna(0.0).to_numpy()
    found = {NUMBER: scaled}
    if MISSING in encoding.terms:
        found[MISSING] = plain.isna().to_numpy(dtype=float)
    return found
