"""Comparing an answer with the right one, as a kind teacher would."""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata
from collections.abc import Iterable
from decimal import Decimal
from numbers import Real
from typing import Any, NamedTuple

Answer = (
    float | int | str | bool | dt.date | tuple[str, ...] | frozenset[Any] | set[Any] | list[Any]
)
"""A number, a text, several names of one thing (tuple), a date, a set, or a list in order."""


class Verdict(NamedTuple):
    """What is to be said about an answer.

    Attributes:
        right: Whether it is right.
        remark: About its form: how it was read, or what form is expected; empty if nothing.
    """

    right: bool
    remark: str = ""


def judge(
    answer: Any, truth: Answer, tolerance: float | None = None, unit: str = "count"
) -> Verdict:
    """Whether the answer is the right one; the remark never gives the right one away.

    Args:
        answer: The learner's.
        truth: The right one.
        tolerance: How far a number may be off: relative, but absolute for shares. Unless given,
            half a point for shares, nothing for whole numbers of things, 1 % for all else.
        unit: Of a number.

    >>> judge(38.5, 0.385, 0.002, "share")
    Verdict(right=True, remark='Read as 38.5 %, that is 0.385.')
    >>> judge("  Paid-Search", ("SEM", "paid_search", "搜索广告")).right
    True
    >>> judge("about 40", 0.385, 0.002, "share").remark
    'A number is expected, such as 0.25 or 25 (per cent); this is a text.'
    """
    plain = _plain(answer)
    if isinstance(truth, bool):
        return _yes_no(plain, truth=truth)
    if isinstance(truth, (dt.date, dt.datetime)):
        return _date(plain, truth)
    if isinstance(truth, (Real, Decimal)):
        return _number(plain, float(truth), tolerance, unit)
    if isinstance(truth, (str, tuple)):
        return _text(plain, (truth,) if isinstance(truth, str) else truth)
    wanted: Any = truth
    return _several(plain, wanted)


def same_name(one: object, other: object) -> bool:
    """Whether two names are the same but for case, width, spaces and punctuation.

    >>> same_name("Paid Search", "paid_search"), same_name("ＳＥＭ", "sem")
    (True, True)
    """
    return _folded(one) == _folded(other)


def _plain(answer: Any) -> Any:
    """NumPy and pandas scalars as Python's own; a one-element Series or array as its element."""
    if hasattr(answer, "to_pydatetime"):
        return answer.to_pydatetime()
    if hasattr(answer, "tolist") and not isinstance(answer, (str, bytes)):
        listed = answer.tolist()
        return listed[0] if isinstance(listed, list) and len(listed) == 1 else listed
    return answer


def _number(answer: Any, truth: float, tolerance: float | None, unit: str) -> Verdict:
    given, is_percent = _as_number(answer)
    example = "0.25 or 25 (per cent)" if unit == "share" else "412 or 3.5"
    if given is None:
        return Verdict(
            right=False,
            remark=f"A number is expected, such as {example}; this is {_kind(answer)}.",
        )
    if unit != "share":
        whole = unit == "count" and truth == int(truth)
        relative = (0.0 if whole else 0.01) if tolerance is None else tolerance
        return Verdict(abs(given - truth) <= relative * abs(truth) + 1e-9)
    points = 0.005 if tolerance is None else tolerance
    if is_percent or abs(given) > 1:
        near = abs(given / 100 - truth) <= points + 1e-9
        said = f"Read as {given:g} %, that is {given / 100:g}." if near else ""
        return Verdict(near, said)
    return Verdict(abs(given - truth) <= points + 1e-9)


def _as_number(answer: Any) -> tuple[float | None, bool]:
    if isinstance(answer, (Real, Decimal)) and not isinstance(answer, bool):
        number = float(answer)
        return (number if math.isfinite(number) else None), False
    if isinstance(answer, str):
        text = unicodedata.normalize("NFKC", answer).strip().replace(",", "").replace("−", "-")
        found = re.fullmatch(r"([+-]?\d+(?:\.\d+)?)\s*(%?)", text)
        if found:
            return float(found[1]), bool(found[2])
    return None, False


def _text(answer: Any, names: tuple[str, ...]) -> Verdict:
    if not isinstance(answer, str):
        return Verdict(
            right=False,
            remark=f'A name is expected, in quotation marks, such as "…"; this is {_kind(answer)}.',
        )
    return Verdict(any(same_name(answer, name) for name in names))


def _yes_no(answer: Any, *, truth: bool) -> Verdict:
    words = {"yes": True, "true": True, "是": True, "no": False, "false": False, "否": False}
    given = words.get(_folded(answer)) if isinstance(answer, str) else answer
    if not isinstance(given, bool):
        return Verdict(right=False, remark=f"True or False is expected; this is {_kind(answer)}.")
    return Verdict(given is truth)


def _date(answer: Any, truth: dt.date) -> Verdict:
    given: Any = answer
    if isinstance(answer, str):
        try:
            given = dt.datetime.fromisoformat(answer.strip().replace("/", "-"))
        except ValueError:
            given = None
    if not isinstance(given, dt.date):
        remark = f'A date is expected, such as "2026-01-31"; this is {_kind(answer)}.'
        return Verdict(right=False, remark=remark)
    return Verdict(_day(given) == _day(truth))


def _several(answer: Any, truth: Iterable[Any]) -> Verdict:
    ordered = isinstance(truth, list)
    if isinstance(answer, str) or not isinstance(answer, Iterable):
        form = '["…", "…"], in order' if ordered else '{"…", "…"}'
        remark = f"Several are expected, such as {form}; this is {_kind(answer)}."
        return Verdict(right=False, remark=remark)
    given, wanted = list(answer), list(truth)
    if ordered:
        return Verdict(len(given) == len(wanted) and all(map(_same, given, wanted)))
    known = all(any(_same(entry, other) for other in wanted) for entry in given)
    return Verdict(known and all(any(_same(entry, other) for entry in given) for other in wanted))


def _same(one: Any, other: Any) -> bool:
    if isinstance(other, (str, tuple)):
        return _text(_plain(one), (other,) if isinstance(other, str) else other).right
    return judge(one, other).right


def _folded(text: object) -> str:
    plain = unicodedata.normalize("NFKC", str(text)).casefold()
    return re.sub(r"[\W_]+", "", plain)


def _day(moment: dt.date) -> dt.date:
    return moment.date() if isinstance(moment, dt.datetime) else moment


def _kind(answer: Any) -> str:
    for kinds, name in (
        (type(None), "nothing"),
        (bool, "True or False"),
        (str, "a text"),
        ((Real, Decimal), "a number"),
        (dt.date, "a date"),
        (dict, "a dict"),
        ((list, tuple, set, frozenset), "a collection"),
    ):
        if isinstance(answer, kinds):
            return name
    return f"a {type(answer).__name__}"
