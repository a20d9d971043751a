"""Tables: formatted, escaped, cut to a screen, the whole of them left for the workbook."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any

from playbook import format as fmt
from playbook.errors import ParameterError, unknown
from playbook.report.show import collect
from playbook.report.show.html import Html, Shown, el, join, labelled, schema_units, settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd

ROWS = 15
_WORD = 14
_PROSE = 60
_WIDE, _WIDEST = 7, 14

_SCHEMA_UNITS = {"money": "money", "share": "share", "h": "hours", "day": "days", "count": "count"}
_SUFFIX_UNITS = {
    **dict.fromkeys(
        ("rate", "share", "low", "high", "cumulative", "overall", "gap", "least"), "share"
    ),
    **dict.fromkeys(("cost", "cpl", "cac", "amount"), "money"),
    "hours": "hours",
    "days": "days",
    "ratio": "ratio",
    "roi": "ratio",
}
"""What the last word of a column's name says of its unit; intervals are those of shares."""


def table(
    df: pd.DataFrame,
    name: str,
    *,
    title: str = "",
    units: Mapping[str, str] | None = None,
    rows: int | None = ROWS,
    note: str = "",
    names: Mapping[str, str | tuple[str, str]] | None = None,
    missing: Mapping[str, str] | None = None,
    columns: Sequence[str] = (),
    folded: bool = False,
) -> Shown:
    """A table as a page shows it, its first rows; the whole of it goes to tables.xlsx.

    Args:
        df: A tidy table. A named index becomes a column. What its `attrs["counted"]` says of how
            it was counted is printed below it.
        name: What its sheet is called.
        title: What it is, above it.
        units: Unit of each column (see `playbook.format.UNITS`); what is not named follows from
            the data model, then from the end of the name (`_rate`, `_share`, `_hours`, `_days`),
            then from the type; also `moment`, `points` (a difference of shares) and `p`. A column
            `currency` names the currency of each row's amounts.
        rows: How many rows to show; None shows all.
        note: A remark below it.
        names: Headers that replace the column's name: a label, or (English, Chinese).
        missing: Why a column's values may be missing, shown on hover.
        columns: Which columns to show here; all where none are named.
        folded: Whether to show only its title, which opens it; on paper it is open.

    Raises:
        ParameterError: The name cannot be a sheet's, `units`, `names`, `missing` or `columns`
            name a column that is not there, or a folded table has no title.
    """
    full = _flat(df)
    sheet_name = collect.checked_name(name)
    units, names, missing = units or {}, names or {}, missing or {}
    for named in (*units, *names, *missing, *columns):
        if named not in full.columns:
            raise ParameterError(unknown(f"column of table '{name}'", named, full.columns))
    kinds = {column: unit_of(column, full[column], units) for column in full.columns}
    labels = {column: labelled(column, names) for column in full.columns}
    details = {
        "title": title,
        "note": note,
        "labels": {column: label for column, (label, _) in labels.items()},
        "units": kinds,
        "currency": settings().currency,
    }
    sheet = collect.table(full, sheet_name, details)
    chosen = full[list(columns)] if columns else full
    unsaid = [column for column in chosen.columns[1:] if column not in missing]
    empty = [column for column in unsaid if len(full) and full[column].isna().all()]
    shown = chosen.drop(columns=empty)
    kinds = {column: kinds[column] for column in shown.columns}
    head = shown if rows is None else shown.head(rows)
    cells = [_cells(row, kinds) for row in head.to_dict("records")]
    without = f"No data for: {', '.join(labels[column][0] for column in empty)}." if empty else ""
    counted = f"How counted: {df.attrs['counted']}." if "counted" in df.attrs else ""
    parts = (_more(len(full) - len(head), sheet), note, counted, without)
    foot = [part for part in parts if part]
    labels = {column: labels[column] for column in shown.columns}
    inside = _table_html(list(shown.columns), labels, kinds, cells, missing)
    body = [scrolling(inside, title or name), *(el("p", s, cls="pb-note") for s in foot)]
    html = _boxed(title, _currency_note(shown, kinds), body, folded=folded)
    return Shown(html, _as_text(title, labels, cells, foot))


def plain(df: pd.DataFrame, label: str, units: Mapping[str, str] | None = None) -> Html:
    """A table inside a text: every row of it, and no sheet.

    Args:
        df: A tidy table.
        label: What it is, for those who do not see it.
        units: As in `table`.
    """
    full = _flat(df)
    kinds = {column: unit_of(column, full[column], units or {}) for column in full.columns}
    labels = {column: labelled(column, {}) for column in full.columns}
    cells = [_cells(row, kinds) for row in full.to_dict("records")]
    inside = _table_html(list(full.columns), labels, kinds, cells, {})
    return el("div", caption("", _currency_note(full, kinds)), scrolling(inside, label))


def worklist(
    df: pd.DataFrame,
    name: str,
    title: str,
    *,
    rows: int = ROWS,
    columns: Sequence[str] = (),
    folded: bool = False,
) -> Shown:
    """Who or what to attend to next: the first rows here, the whole list as a CSV file.

    Args:
        df: A tidy table, most pressing first.
        name: What its file is called.
        title: What it is.
        rows: How many rows to show here.
        columns: Which columns to show here; all where none are named.
        folded: Whether to show only its title, which opens it; on paper it is open.
    """
    full = _flat(df)
    file = collect.worklist(full, collect.checked_name(name), title)
    full = full[list(columns)] if columns else full
    kinds = {column: unit_of(column, full[column], {}) for column in full.columns}
    labels = {column: labelled(column, {}) for column in full.columns}
    head = full.head(rows)
    cells = [_cells(row, kinds) for row in head.to_dict("records")]
    if full.empty:
        where = "Nothing on this list."
    elif file:
        rows_are = "The row is" if len(full) == 1 else f"All {fmt.number(len(full))} rows are"
        where = f"{rows_are} in worklists/{file}."
    else:
        where = _more(len(full) - len(head), None)
    inside = _table_html(list(full.columns), labels, kinds, cells, {})
    foot = [where] if where else []
    body = [*([scrolling(inside, title)] if cells else [])]
    body += [el("p", remark, cls="pb-note") for remark in foot]
    html = _boxed(title, _currency_note(full, kinds), body, folded=folded)
    return Shown(html, _as_text(title, labels, cells, foot))


def definitions(df: pd.DataFrame) -> Shown:
    """Every metric used on the page, in words, folded.

    Args:
        df: Columns `name` and `definition`; where there are any also `zh`, and in words
            `numerator`, `denominator` and `window`.
    """
    full = _flat(df)
    require(full, "definitions", ("name", "definition"))
    told = [c for c in ("numerator", "denominator", "window") if c in full.columns]
    extra = [c for c in told if not _is_measured(full[c])]
    named = [c for c in ("metric", "name", "zh", "definition") if c in full.columns]
    details = {"title": "Definitions", "note": "", "units": {}}
    collect.table(full[[*named, *extra]], "definitions", details)
    terms = []
    for row in full.to_dict("records"):
        chinese = row.get("zh")
        side = el("span", f" {chinese}", lang="zh") if not fmt.is_missing(chinese) else None
        parts = [el("dd", str(row["definition"]))]
        parts += [
            el("dd", el("b", f"{labelled(c, {})[0]}: "), str(row[c]), cls="pb-muted")
            for c in extra
            if not fmt.is_missing(row[c])
        ]
        terms.append(join([el("dt", str(row["name"]), side), *parts]))
    summary = el("summary", f"What the {len(full)} figures on this page mean")
    html = el("details", summary, el("dl", *terms), cls="pb-definitions")
    text = "\n".join(f"{row['name']}: {row['definition']}" for row in full.to_dict("records"))
    return Shown(html, text)


def _is_measured(values: pd.Series) -> bool:
    """Whether a column holds figures, where words are wanted."""
    import pandas as pd

    return bool(pd.api.types.is_numeric_dtype(values))


def require(df: pd.DataFrame, what: str, columns: tuple[str, ...]) -> None:
    """Refuse a table that lacks columns.

    Raises:
        ParameterError: The message lists what is missing and what is there.
    """
    lacking = [column for column in columns if column not in df.columns]
    if lacking:
        raise ParameterError(
            f"{what} needs the columns {', '.join(columns)}; missing: {', '.join(lacking)}; "
            f"there are: {', '.join(map(str, df.columns)) or 'none'}"
        )


def unit_of(column: str, values: pd.Series, units: Mapping[str, str]) -> str:
    """The unit in which a column is written, told or inferred.

    Raises:
        ParameterError: The unit that was told does not exist.
    """
    import pandas as pd

    told = units.get(column)
    if told is not None:
        if told not in (*fmt.UNITS, *_WRITERS):
            raise ParameterError(unknown(f"unit of column '{column}'", told, fmt.UNITS))
        return told
    if pd.api.types.is_datetime64_any_dtype(values):
        known = values.dropna()
        return "date" if (known == known.dt.normalize()).all() else "moment"
    numeric = pd.api.types.is_numeric_dtype(values) or _is_decimal(values)
    if (
        not numeric
        or pd.api.types.is_bool_dtype(values)
        or column == "id"
        or column.endswith("_id")
    ):
        return "text"
    if column == "p" or column.startswith("p_"):
        return "p"
    by_schema = _SCHEMA_UNITS.get(schema_units().get(column, ""))
    return by_schema or _SUFFIX_UNITS.get(column.rsplit("_", 1)[-1], "count")


def written(value: Any, unit: str, currency: str | None = None, *, sign: bool = True) -> str:
    """A value as the session writes it."""
    if isinstance(value, (list, tuple)):
        return ", ".join(str(part) for part in value) or fmt.MISSING
    if fmt.is_missing(value):
        return fmt.MISSING
    if value is True or value is False or type(value).__name__ == "bool":
        return "yes" if value else "no"
    if unit in _WRITERS:
        return _WRITERS[unit](value)
    if unit == "text" and hasattr(value, "isoformat"):
        return fmt.date(value)
    now = settings()
    kind: Any = unit
    return fmt.value(value, kind, currency=currency or now.currency, style=now.style, sign=sign)


def _probability(value: Any) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.2g}"


_WRITERS: dict[str, Callable[[Any], str]] = {
    "moment": fmt.moment,
    "points": fmt.points,
    "p": _probability,
}
"""Units that only tables have: a moment, a difference of shares, a probability."""


def caption(title: str, side: str = "") -> Html:
    """The line above a table."""
    if not title and not side:
        return Html()
    muted = el("span", side, cls="pb-muted") if side else None
    return el("p", el("strong", title) if title else None, Html(" "), muted, cls="pb-caption")


def _boxed(title: str, side: str, body: list[Html], *, folded: bool) -> Html:
    """A table with what stands above and below it, open, or folded under its title."""
    if not folded:
        return el("div", caption(title, side), *body, cls="pb-tablebox")
    if not title:
        raise ParameterError("a folded table needs a title: it is all that one sees of it")
    muted = el("span", f" {side}", cls="pb-muted") if side else None
    return el("details", el("summary", title, muted), *body, cls="pb-tablebox pb-folded")


def scrolling(inside: Html, label: str) -> Html:
    """The table in a box that scrolls sideways by itself, with the keyboard too."""
    return el("div", inside, cls="pb-wrap", tabindex="0", role="region", aria_label=label)


def header(label: str, hover: str | None, *, numeric: bool) -> Html:
    """One header cell."""
    return el("th", label, scope="col", title=hover, cls="pb-num" if numeric else None)


def _flat(df: pd.DataFrame) -> pd.DataFrame:
    named = [name for name in df.index.names if name is not None]
    out = df.reset_index(level=named) if named else df
    if out.columns.nlevels > 1:
        raise ParameterError(
            "the table has two rows of headers; join them into one name each, such as 'leads_2026'"
        )
    return collect.writable(out.reset_index(drop=True))


def _is_decimal(values: pd.Series) -> bool:
    known = values.dropna()
    return len(known) > 0 and all(type(entry).__name__ == "Decimal" for entry in known)


def _cells(row: dict[Any, Any], kinds: Mapping[str, str]) -> list[str]:
    own = row.get("currency")
    code = None if fmt.is_missing(own) else str(own)
    return [
        written(row[column], unit, code, sign=unit == "money" and "currency" in row)
        for column, unit in kinds.items()
    ]


def _currency_note(df: pd.DataFrame, kinds: Mapping[str, str]) -> str:
    if "money" not in kinds.values() or "currency" in df.columns:
        return ""
    code = settings().currency
    symbol = fmt.SYMBOLS.get(code)
    return f"amounts in {code} ({symbol})" if symbol else f"amounts in {code}"


def _table_html(
    columns: list[str],
    labels: Mapping[str, tuple[str, str | None]],
    kinds: Mapping[str, str],
    cells: list[list[str]],
    missing: Mapping[str, str],
) -> Html:
    numeric = [kinds[column] != "text" for column in columns]
    head = [
        header(*labels[column], numeric=is_number)
        for column, is_number in zip(columns, numeric, strict=True)
    ]
    body = [
        el(
            "tr",
            *[
                _cell(text, missing.get(columns[i]), numeric=numeric[i], first=i == 0)
                for i, text in enumerate(row)
            ],
        )
        for row in cells
    ]
    wide = " pb-widest" if len(columns) > _WIDEST else " pb-wide" if len(columns) > _WIDE else ""
    return el("table", el("thead", el("tr", *head)), el("tbody", *body), cls=f"pb-table{wide}")


def _cell(text: str, reason: str | None, *, numeric: bool, first: bool) -> Html:
    nothing = text == fmt.MISSING
    width = _width(text)
    kinds = (
        ("pb-num", numeric),
        ("pb-missing", nothing),
        ("pb-word", width <= _WORD),
        ("pb-text", _WORD < width <= _PROSE),
        ("pb-prose", width > _PROSE),
    )
    classes = [name for name, on in kinds if on]
    hover = (reason or "not in the data") if nothing else None
    name, scope = ("th", "row") if first and not numeric else ("td", None)
    return el(name, text, scope=scope, title=hover, cls=" ".join(classes) or None)


def _width(text: str) -> int:
    """How wide a text is, in Latin letters."""
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return len(text) + wide


def _more(left: int, sheet: str | None) -> str:
    if left <= 0:
        return ""
    rows = f"… {fmt.number(left)} more {'row' if left == 1 else 'rows'}"
    return f"{rows} in tables.xlsx, sheet {sheet}" if sheet else rows


def _as_text(
    title: str,
    labels: Mapping[str, tuple[str, str | None]],
    cells: list[list[str]],
    foot: list[str],
) -> str:
    heads = [label for label, _ in labels.values()]
    widths = [max(map(len, column)) for column in zip(heads, *cells, strict=True)]
    lines = [
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in (heads, *cells)
    ]
    return "\n".join([*([title] if title else []), *lines, *foot])
