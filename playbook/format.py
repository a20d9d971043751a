"""How a number is written, and the one rule for dividing by nothing.

Every figure on a page, in a notebook and in a finding goes through these functions, so a
missing value is always `–`, a share always a percentage, and money always named once.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import TYPE_CHECKING, Any, Literal, SupportsFloat, overload

from playbook.errors import ParameterError, unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

Style = Literal["en", "zh"]
Unit = Literal["count", "money", "share", "ratio", "hours", "days", "date", "text"]

MISSING = "–"
UNITS: tuple[Unit, ...] = ("count", "money", "share", "ratio", "hours", "days", "date", "text")
SYMBOLS = {"CNY": "¥", "USD": "$", "EUR": "€"}

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SCALES: dict[Style, tuple[tuple[float, str], ...]] = {
    "en": ((1e9, "bn"), (1e6, "m"), (1e4, "k")),
    "zh": ((1e8, "亿"), (1e4, "万")),
}
_DIVISORS = {"bn": 1e9, "m": 1e6, "k": 1e3, "亿": 1e8, "万": 1e4}
_FEW = 20
_THREE = Context(prec=3, rounding=ROUND_HALF_UP)
_TWELVE = Context(prec=12, rounding=ROUND_HALF_UP)
_PLAIN_NUMBER = re.compile(r"[+-]?(\d[\d,]*)?\.?\d+([eE][+-]?\d+)?\s?%?")


def is_missing(value: object) -> bool:
    """Whether there is nothing to show: None, NaN, NaT, NA, an infinity or an empty text.

    >>> [is_missing(x) for x in (None, float("nan"), float("inf"), "", 0, "0")]
    [True, True, True, True, False, False]
    """
    if value is None or type(value).__name__ in {"NAType", "NaTType"}:
        return True
    if isinstance(value, str):
        return not value.strip()
    if isinstance(value, (dt.date, bool, list, tuple, dict, set)):
        return False
    try:
        return not math.isfinite(value)  # type: ignore[arg-type]
    except TypeError:
        return False


@overload
def div(a: pd.Series, b: object) -> pd.Series: ...
@overload
def div(a: object, b: pd.Series) -> pd.Series: ...
@overload
def div(a: SupportsFloat | None, b: SupportsFloat | None) -> float: ...
def div(a: Any, b: Any) -> Any:
    """`a / b`, where dividing by zero or by nothing is missing (NaN), never 0 or infinite.

    Args:
        a: The numerator, a number or a Series.
        b: The denominator, a number or a Series.

    Returns:
        A float, or a float Series where either argument is one; NaN where `b` is 0 or either
        is missing.

    >>> div(31, 96)
    0.3229166666666667
    >>> div(0, 0), div(5, 0), div(None, 3)
    (nan, nan, nan)
    """
    if hasattr(a, "index") and hasattr(a, "dtype"):
        return _div_series(a, b)
    if hasattr(b, "index") and hasattr(b, "dtype"):
        return _div_series(b * 0 + a, b)
    if is_missing(a) or is_missing(b) or float(b) == 0:
        return math.nan
    return float(a) / float(b)


def _div_series(a: Any, b: Any) -> Any:
    import pandas as pd

    top = pd.to_numeric(a).astype("float64")
    if isinstance(b, pd.Series):
        bottom = pd.to_numeric(b).astype("float64")
        return top / bottom.where(bottom != 0)
    return top / (math.nan if is_missing(b) or float(b) == 0 else float(b))


def number(x: object, digits: int | None = None) -> str:
    """A plain number with thousands separated; about three digits where none are asked for.

    >>> number(8000), number(14.65), number(2.345), number(-0.4), number(None)
    ('8,000', '14.7', '2.35', '−0.40', '–')
    >>> number(2.345, 1), number(0.0004)
    ('2.3', '0.0004')
    """
    if is_missing(x):
        return MISSING
    amount = float(x)  # type: ignore[arg-type]
    size = abs(amount)
    if digits is None:
        if 0 < size < 0.005:
            return _signed(amount, f"{size:.1g}")
        digits = 0 if size == int(size) or size >= 99.95 else 1 if size >= 9.995 else 2
    return _signed(amount, _fixed(size, digits))


def plural(n: object, one: str, many: str = "") -> str:
    """A number with its noun.

    >>> plural(1, "lead"), plural(1234, "lead"), plural(2, "company", "companies")
    ('1 lead', '1,234 leads', '2 companies')
    """
    return f"{number(n)} {one if n == 1 else many or one + 's'}"


def listed(names: Sequence[str]) -> str:
    """Names as a sentence lists them.

    >>> listed(["A"]), listed(["A", "B", "C"])
    ('A', 'A, B and C')
    """
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def money(x: object, currency: str = "CNY", style: Style = "en", *, sign: bool = True) -> str:
    """An amount in the reader's words, to three significant digits above ten thousand.

    Args:
        x: The amount, in units of the currency.
        currency: Its ISO code.
        style: `en` for thousands and millions, `zh` for 万 and 亿.
        sign: Whether to name the currency; a table that names it once does not.

    >>> money(4_200_000), money(834.5), money(12_345, "USD"), money(1_500_000, "GBP")
    ('¥4.2 m', '¥835', '$12.3 k', 'GBP 1.5 m')
    >>> money(4_200_000, style="zh"), money(3450, style="zh"), money(2e8, "USD", "zh")
    ('420 万', '3,450 元', '$2 亿')
    >>> money(-999_999), money(8.5), money(None)
    ('−¥1 m', '¥8.50', '–')
    """
    if is_missing(x):
        return MISSING
    amount = float(x)  # type: ignore[arg-type]
    size = abs(amount)
    name = _scale(size, style)
    text = _significant(_rounded(size) / _DIVISORS[name]) + f" {name}" if name else _small(size)
    if sign and currency == "CNY" and style == "zh":
        text = text if name else f"{text} 元"
    elif sign:
        text = f"{SYMBOLS.get(currency, f'{currency} ')}{text}"
    return _signed(amount, text)


def percent(x: object, digits: int = 1) -> str:
    """A share between 0 and 1 as a percentage.

    >>> percent(0.38541666), percent(0), percent(1), percent(None)
    ('38.5 %', '0 %', '100 %', '–')
    >>> percent(0.0002), percent(0.9999), percent(-0.12, 0)
    ('< 0.1 %', '> 99.9 %', '−12 %')
    >>> percent(-1), percent(-0.9999)
    ('−100 %', '−100.0 %')
    """
    if is_missing(x):
        return MISSING
    share = float(x)  # type: ignore[arg-type]
    if share in (0, 1, -1):
        return _signed(share, f"{abs(share):.0%}".replace("%", " %"))
    step = 10.0**-digits
    text = _fixed(abs(share) * 100, digits)
    if not re.search("[1-9]", text):
        return f"{'<' if share > 0 else '−<'} {step:.{digits}f} %"
    if 0 < share < 1 and text == _fixed(100, digits):
        return f"> {100 - step:.{digits}f} %"
    return _signed(share, f"{text} %")


def trimmed(x: object, digits: int = 3) -> str:
    """A percentage with as many digits as it needs, up to so many.

    >>> trimmed(0.05), trimmed(0.20625), trimmed(0.8), trimmed(0.9999999)
    ('5 %', '20.625 %', '80 %', '> 99.999 %')
    """
    text, _, sign = percent(x, digits).rpartition(" ")
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text} {sign}".lstrip()


def lift(x: object, digits: int = 1) -> str:
    """A change relative to where it started, with its sign; no share, so 100 % is no limit.

    >>> lift(0.3), lift(-0.233), lift(-1), lift(0.9999), lift(18.123), lift(0), lift(None)
    ('+30.0 %', '−23.3 %', '−100.0 %', '+100.0 %', '+1,812 %', '±0 %', '–')
    >>> lift(0.00001), lift(-0.00001)
    ('< +0.1 %', '> −0.1 %')
    """
    if is_missing(x):
        return MISSING
    step = float(x)  # type: ignore[arg-type]
    text = _fixed(abs(step) * 100, 0 if abs(step) >= 10 else digits)
    if step and not re.search("[1-9]", text):
        least = f"{10.0**-digits:.{digits}f} %"
        return f"< +{least}" if step > 0 else f"> −{least}"
    return f"{_plus(step, text)} %"


def shown(record: object, printer: Any, cycle: bool) -> None:
    """A record that a notebook cell ends with, as `print` writes it: for `_repr_pretty_`."""
    printer.text("…" if cycle else str(record))


def p_value(x: object) -> str:
    """A p value; one that is too small to be a number is not called 0.

    >>> p_value(0.0351), p_value(1.2e-63), p_value(0.0), p_value(None)
    ('0.035', '1.2e-63', '< 1e-300', '–')
    """
    if is_missing(x):
        return MISSING
    chance = float(x)  # type: ignore[arg-type]
    return f"{chance:.2g}" if chance else "< 1e-300"


def points(x: object, digits: int = 1) -> str:
    """A difference of two shares, in percentage points with its sign.

    >>> points(0.061), points(-0.061), points(0), points(None)
    ('+6.1 points', '−6.1 points', '±0 points', '–')
    """
    if is_missing(x):
        return MISSING
    step = float(x)  # type: ignore[arg-type]
    return f"{_plus(step, _fixed(abs(step) * 100, digits))} points"


def rate(x: object, n: object, digits: int = 1) -> str:
    """A share with the number it rests on; a small number is said in words.

    >>> rate(0.38541666, 96), rate(0.375, 8), rate(None, 0)
    ('38.5 % (n = 96)', '37.5 % (3 of 8)', '–')
    """
    text = percent(x, digits)
    if is_missing(x) or is_missing(n):
        return text
    total = float(n)  # type: ignore[arg-type]
    part = float(x) * total  # type: ignore[arg-type]
    if 0 < total < _FEW and abs(part - round(part)) < 0.01:
        return f"{text} ({round(part)} of {number(total)})"
    return f"{text} (n = {number(total)})"


def interval(
    low: object, high: object, unit: Unit = "share", currency: str = "CNY", style: Style = "en"
) -> str:
    """From low to high, the unit named once where it follows the number.

    >>> interval(0.0987, 0.1122), interval(3, 9, "count"), interval(1.2, 2.31, "hours")
    ('9.9–11.2 %', '3–9', '1.2–2.3 h')
    >>> interval(3.1e6, 4.4e6, "money"), interval(None, 0.2)
    ('¥3.1 m–¥4.4 m', '–')
    """
    if is_missing(low) or is_missing(high):
        return MISSING
    first = value(low, unit, currency=currency, style=style)
    last = value(high, unit, currency=currency, style=style)
    head, _, tail = first.rpartition(" ")
    same = head and unit != "money" and last.endswith(f" {tail}")
    return f"{head if same else first}–{last}"


def hours(x: object) -> str:
    """A length of time given in hours; in days beyond three of them.

    >>> hours(2.34), hours(81.6), hours(0), hours(None)
    ('2.3 h', '3.4 d', '0 h', '–')
    """
    if is_missing(x):
        return MISSING
    length = float(x)  # type: ignore[arg-type]
    if abs(length) > 72:
        return f"{number(length / 24, 1)} d"
    return f"{number(length, 0 if length == 0 else 1)} h"


def days(x: object) -> str:
    """A length of time given in days.

    >>> days(14.65), days(1), days(120), days(None)
    ('14.7 days', '1 day', '120 days', '–')
    """
    if is_missing(x):
        return MISSING
    length = float(x)  # type: ignore[arg-type]
    text = number(length, 0 if length == int(length) or abs(length) >= 100 else 1)
    return f"{text} day" if text == "1" else f"{text} days"


def date(x: object) -> str:
    """A date as a person writes it.

    >>> date(dt.date(2026, 10, 14)), date("2026-10-14 09:30"), date(None)
    ('14 Oct 2026', '14 Oct 2026', '–')
    """
    if is_missing(x):
        return MISSING
    day = _moment(x)
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def moment(x: object) -> str:
    """A date with its time of day.

    >>> moment("2026-10-14T09:30:00")
    '14 Oct 2026, 09:30'
    """
    if is_missing(x):
        return MISSING
    at = _moment(x)
    return f"{date(at)}, {at:%H:%M}"


def change(
    now: object, before: object, unit: Unit, currency: str = "CNY", style: Style = "en"
) -> str:
    """What changed between two values, in the way that suits their unit.

    Shares differ in points; counts and money in per cent, or in units where the start is too
    small (under 20) for a percentage to mean anything; ratios and times in their own unit.

    >>> change(0.385, 0.324, "share"), change(412, 366, "count"), change(6, 3, "count")
    ('+6.1 points', '+12.6 %', '+3')
    >>> change(2.3, 1.9, "hours"), change(4.2e6, 0, "money"), change(5, None, "count")
    ('+0.4 h', '+¥4.2 m', '–')
    >>> change(3, 3, "count"), change(900, 1000, "money")
    ('±0', '−10.0 %')
    """
    if is_missing(now) or is_missing(before):
        return MISSING
    start = float(before)  # type: ignore[arg-type]
    step = float(now) - start  # type: ignore[arg-type]
    if unit == "share":
        return points(step)
    if (unit == "count" and abs(start) >= _FEW) or (unit == "money" and start != 0):
        return _plus(step, _fixed(abs(step / start) * 100, 1)) + " %"
    return _plus(step, value(abs(step), unit, currency=currency, style=style))


def value(
    x: object,
    unit: Unit,
    *,
    n: object = None,
    currency: str = "CNY",
    style: Style = "en",
    sign: bool = True,
) -> str:
    """A value written in the way of its unit; `–` where it is missing.

    Args:
        x: The value: shares between 0 and 1, lengths of time in hours or days.
        unit: One of `UNITS`.
        n: What a share rests on; shown beside it.
        currency: ISO code, for money.
        style: `en` or `zh`, for money.
        sign: Whether money names its currency.

    >>> value(412, "count"), value(0.385, "share", n=96), value(1.84, "ratio")
    ('412', '38.5 % (n = 96)', '1.84')
    >>> value(0.4, "shares")
    Traceback (most recent call last):
      ...
    playbook.errors.ParameterError: unknown unit 'shares'; did you mean 'share'? Allowed: count, \
money, share, ratio, hours, days, date, text
    """
    if unit == "money":
        return money(x, currency, style, sign=sign)
    if unit == "share":
        return percent(x) if n is None else rate(x, n)
    writers: dict[str, Callable[[object], str]] = {
        "count": number,
        "ratio": _ratio,
        "hours": hours,
        "days": days,
        "date": date,
        "text": _text,
    }
    if unit not in writers:
        raise ParameterError(unknown("unit", unit, UNITS))
    return writers[unit](x)


def safe_cell(value: object) -> object:
    r"""The value, changed only where a spreadsheet would take its text for a formula.

    >>> safe_cell("=cmd|'/c calc'!A1"), safe_cell("@SUM(A1)"), safe_cell("-12.5"), safe_cell(-3)
    ("'=cmd|'/c calc'!A1", "'@SUM(A1)", '-12.5', -3)
    >>> safe_cell("华诺科技"), safe_cell("\t=1+1"), safe_cell("+86 138")
    ('华诺科技', "'\t=1+1", "'+86 138")
    """
    if not isinstance(value, str):
        return value
    bare = value.lstrip(" \u00a0\u3000")
    risky = bare.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))
    return f"'{value}" if risky and not _PLAIN_NUMBER.fullmatch(value.strip(" ")) else value


def _signed(amount: float, text: str) -> str:
    return f"−{text}" if amount < 0 and re.search("[1-9]", text) else text


def _plus(step: float, text: str) -> str:
    if not re.search("[1-9]", text):
        return "±" + re.sub(r"0\.0+", "0", text)
    return f"{'+' if step > 0 else '−'}{text}"


def _fixed(size: float, digits: int) -> str:
    # Percentages such as 0.145 * 100 carry binary dust; twelve digits drop it before the half.
    exact = _TWELVE.create_decimal(repr(size))
    return f"{exact.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP):,f}"


def _scale(size: float, style: Style) -> str:
    words = _SCALES[style]
    # Below the first scale an amount is written in full, so only above it does rounding decide.
    lowest = words[-1][0]
    if size < lowest:
        return ""
    return next(word for at, word in words if _rounded(size) >= at)


def _rounded(size: float) -> float:
    return float(_THREE.create_decimal(repr(size)))


def _significant(size: float) -> str:
    digits = 0 if size >= 100 else 1 if size >= 10 else 2
    text = _fixed(size, digits)
    return text.rstrip("0").rstrip(".") if digits else text


def _small(size: float) -> str:
    return _fixed(size, 0 if size >= 100 or size == int(size) else 2)


def _ratio(x: object) -> str:
    return number(x, 2)


def _text(x: object) -> str:
    return MISSING if is_missing(x) else str(x)


def _moment(x: object) -> dt.datetime:
    if isinstance(x, dt.datetime):
        return x
    if isinstance(x, dt.date):
        return dt.datetime(x.year, x.month, x.day)  # noqa: DTZ001 naive times are UTC here
    try:
        return dt.datetime.fromisoformat(str(x))
    except ValueError as error:
        raise ParameterError(
            f"{x!r} is not a date; write it as 2026-10-14 or 2026-10-14 09:30"
        ) from error
