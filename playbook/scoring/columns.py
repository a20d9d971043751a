"""Which columns a fitted score may use, and why the others may not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook.errors import ParameterError, unknown
from playbook.format import number
from playbook.scoring import encoding, leakage

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    import pandas as pd

    Excluded = list[tuple[str, str, str]]

LISTED = ["column", "verdict", "reason"]


def declared_names(
    frame: pd.DataFrame,
    columns: Sequence[str] | None,
    known_after: Mapping[str, str],
    confirmed: Collection[str],
) -> None:
    """Refuse what contradicts itself before anything is computed.

    Raises:
        ParameterError: A name is unknown, or a column that is known only after the outcome is
            asked for or confirmed.
    """
    names = list(map(str, frame.columns))
    wrong = [
        unknown(f"column in {what}", name, names)
        for what, given in (
            ("columns", columns or ()),
            ("known_after", known_after),
            ("confirmed", confirmed),
        )
        for name in given
        if name not in names
    ]
    wrong += [
        f"{name} cannot be used: it is declared known only after the outcome ({reason})."
        for name, reason in known_after.items()
        if name in {*(columns or ()), *confirmed}
    ]
    if wrong:
        raise ParameterError("\n".join(wrong))


def usable(
    frame: pd.DataFrame,
    outcome: str,
    candidates: Sequence[str],
    *,
    known_after: Mapping[str, str],
    confirmed: Collection[str],
    min_level: int,
) -> tuple[list[str], Excluded]:
    """The columns to fit, and those left out, each with a verdict and a reason."""
    left_out: Excluded = [
        (name, "known after the outcome", reason)
        for name, reason in known_after.items()
        if name in candidates
    ]
    rest = [name for name in candidates if name not in known_after]
    found = leakage.suspects(frame, outcome, columns=rest, min_level=min_level)
    evidence = found.groupby("column", sort=False)["evidence"].agg("; ".join).to_dict()
    for name in rest:
        if name in evidence and name not in confirmed:
            left_out.append((name, "suspected", f"{evidence[name]}; confirm it or drop it"))
        elif reason := _useless(frame[name], min_level):
            left_out.append((name, "no use", reason))
    gone = {name for name, _, _ in left_out}
    return [name for name in rest if name not in gone], left_out


def outcomes(values: pd.Series[Any]) -> pd.Series[Any]:
    """The outcome as 0.0 and 1.0; missing where it is not known.

    Raises:
        ParameterError: It holds anything else.
    """
    import pandas as pd

    plain = pd.to_numeric(values.map(_as_number, na_action="ignore"), errors="coerce")
    wrong = values[(values.notna() & ~plain.isin([0, 1]))]
    if len(wrong):
        raise ParameterError(
            f"{values.name} must be true or false, or 1 or 0, not {wrong.iloc[0]!r}."
        )
    return plain.astype("float64")


def list_of(left_out: Iterable[tuple[str, str, str]]) -> pd.DataFrame:
    """What was left out as a table."""
    import pandas as pd

    return pd.DataFrame(list(left_out), columns=LISTED)


def _as_number(value: Any) -> Any:
    return float(value) if not isinstance(value, str) else value


def _useless(values: pd.Series[Any], min_level: int) -> str:
    """Why a column cannot help; empty where it may."""
    import pandas as pd

    if pd.api.types.is_datetime64_any_dtype(values) or _is_dates(values):
        return "a moment: give what matters about it, such as the weekday or the age in days"
    words = encoding.texts(values)
    counts = words.value_counts()
    empty = int(words.isna().sum())
    if len(counts) == 0:
        return "empty"
    if len(counts) == 1 and empty < min_level:
        return f"the same for all: {counts.index[0]}"
    is_names = encoding.kind_of(values) == "level" and counts.iloc[0] < min_level
    if is_names and empty < min_level:
        return f"{number(len(counts))} different texts, none of them for {min_level} leads"
    return ""


def _is_dates(values: pd.Series[Any]) -> bool:
    from datetime import date

    known = values.dropna()
    return len(known) > 0 and isinstance(known.iloc[0], date)
