"""The metric table, and the rows of the seven-layer cockpit."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, cast, get_args

from playbook import format as fmt
from playbook.errors import ParameterError, unknown
from playbook.findings import Level
from playbook.report.show import collect, marks
from playbook.report.show.html import Html, Shown, el, join, labelled, settings
from playbook.report.show.tables import caption, header, require, scrolling

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

COLUMNS = ("name", "unit", "better", "value", "n", "low", "high", "previous", "last_year", "target")
LAYERS = {
    1: ("Company", "公司经营层"),
    2: ("Growth funnel", "增长漏斗"),
    3: ("Channels", "渠道"),
    4: ("Content", "内容"),
    5: ("Events", "活动"),
    6: ("Brand", "品牌"),
    7: ("Team", "团队"),
}
_KNOWN = {
    *COLUMNS, "metric", "zh", "view", "period", "numerator", "denominator", "immature",
    "definition", "trend", "reason", "currency", "key",
}  # fmt: skip
_COCKPIT: dict[str, Any] = {
    "layer": 0, "name": "", "value_text": fmt.MISSING, "change_text": "", "last_year_text": "",
    "target_share": None, "trend": [], "judgement": "", "level": "info",
}  # fmt: skip


def metrics(df: pd.DataFrame, *, name: str = "metrics", title: str = "") -> Shown:
    """The metric table: now, before, last year, target, with n, interval and a line of periods.

    Args:
        df: What `metrics.evaluate` gives; further columns (`by`) come after the name. Optional
            columns: `trend`, a list of the last periods' values, oldest first; `reason`, why a
            value is missing; `currency`.
        name: What its sheet is called.
        title: What it is, above it.

    Raises:
        ParameterError: A column is missing.
    """
    require(df, "show.metrics", COLUMNS)
    groups = [column for column in df.columns if column not in _KNOWN]
    every = cast("list[dict[str, Any]]", df.to_dict("records"))
    records = [r for r in every if not _is_off(r)] or every
    off = [r for r in every if r not in records]
    keep = df.drop(columns=[c for c in ("trend",) if c in df.columns]).reset_index(drop=True)
    collect.table(keep, collect.checked_name(name), {"title": title, "note": "", "units": {}})
    period = settings().period
    optional = {
        "target": any(not fmt.is_missing(r["target"]) for r in records),
        "last_year": period != "year" and any(not fmt.is_missing(r["last_year"]) for r in records),
        "trend": "trend" in df.columns,
    }
    heads = ["Metric", *(labelled(c, {})[0] for c in groups), "Now", f"Last {period}"]
    plain = len(groups) + 1
    heads += ["Last year"] * optional["last_year"] + ["Target"] * optional["target"]
    heads += [f"{period}s".capitalize()] * optional["trend"]
    head = el("tr", *[header(h, None, numeric=i >= plain) for i, h in enumerate(heads)])
    body = [el("tr", *_metric_cells(r, groups, optional)) for r in records]
    inside = el("table", el("thead", head), el("tbody", *body), cls="pb-table pb-metrics")
    foot = _off_note(off)
    note = el("p", foot, cls="pb-note") if foot else Html()
    html = join([caption(title), scrolling(inside, title or "Metrics"), note])
    text = "\n".join([*(_metric_text(r, groups) for r in records), *([foot] if foot else [])])
    return Shown(el("div", html, cls="pb-tablebox"), text)


def change_html(now: Any, before: Any, unit: str, better: str, *, in_noise: bool = False) -> Html:
    """A change with its arrow, coloured by whether it is for the better.

    Args:
        now: The value now.
        before: The value before.
        unit: See `playbook.format.UNITS`.
        better: `up`, `down` or empty where neither is better.
        in_noise: The difference is within what chance does; shown grey.
    """
    text = _change(now, before, unit)
    if text == fmt.MISSING:
        return el("span", text, cls="pb-missing", title="nothing to compare with")
    rise = float(now) - float(before)
    if text.startswith("±"):
        return el("span", text, cls="pb-change pb-flat", title="no change")
    arrow = "▲" if rise > 0 else "▼"
    good = (rise > 0) == (better == "up")
    kind, hover = ("pb-up", "better") if good else ("pb-down", "worse")
    if not better:
        kind, hover = "pb-flat", "neither better nor worse by itself"
    if in_noise:
        kind, hover = "pb-flat", "within what chance does"
    return el("span", el("span", arrow, aria_hidden="true"), f" {text}", cls=f"pb-change {kind}",
              title=hover)  # fmt: skip


def cockpit_rows(rows: Sequence[Mapping[str, Any]]) -> Shown:
    """Rows of the seven-layer cockpit; the review collects them for its first screen.

    Args:
        rows: Each with `layer` (1 to 7), `name`, `value_text` and, where known, `change_text`,
            `last_year_text`, `target_share`, `trend` (a list of numbers), `judgement` (a word)
            and `level` (`act`, `watch`, `good`, `info`).

    Raises:
        ParameterError: A row has an unknown field, layer or level, or lacks its name.
    """
    filled = [_cockpit_row(row) for row in rows]
    collect.entries("cockpit.json", filled)
    text = "\n".join(
        " · ".join(
            part
            for part in (row["name"], row["value_text"], row["change_text"], row["judgement"])
            if part
        )
        for row in filled
    )
    return Shown(cockpit_html(filled), text)


def cockpit_html(rows: Sequence[Mapping[str, Any]]) -> Html:
    """The cockpit as a table grouped by layer, for a page that already has the styles."""
    body: list[Html] = []
    period = settings().period
    periods = f"{period}s".capitalize()
    heads = ("", "Now", periods, f"Last {period}", "Last year", "Target", "")
    for layer in sorted({row["layer"] for row in rows}):
        english, chinese = LAYERS[layer]
        first, side = (chinese, english) if settings().lang == "zh" else (english, chinese)
        title = el("th", first, colspan=str(len(heads)), scope="colgroup", title=side)
        body.append(el("tr", title, cls="pb-layer"))
        body += [_cockpit_line(row) for row in rows if row["layer"] == layer]
    head = el("tr", *[header(h, None, numeric=0 < i < 6) for i, h in enumerate(heads)])
    inside = el("table", el("thead", head), el("tbody", *body), cls="pb-table pb-cockpit")
    return scrolling(inside, "Cockpit")


def _cockpit_row(row: Mapping[str, Any]) -> dict[str, Any]:
    for key in row:
        if key not in _COCKPIT:
            raise ParameterError(unknown("cockpit field", key, _COCKPIT))
    filled = {**_COCKPIT, **row}
    name, layer, level = filled["name"], filled["layer"], filled["level"]
    if not name:
        raise ParameterError("a cockpit row has no name")
    if layer not in LAYERS:
        raise ParameterError(f"cockpit row '{name}': layer {layer!r} is not one of 1 to 7")
    if level not in get_args(Level):
        raise ParameterError(unknown(f"level of cockpit row '{name}'", level, get_args(Level)))
    filled["layer"] = int(layer)
    filled["target_share"] = _finite(filled["target_share"])
    filled["trend"] = [_finite(entry) for entry in filled["trend"]]
    return filled


def _finite(entry: Any) -> float | None:
    return None if fmt.is_missing(entry) else float(entry)


def _cockpit_line(row: Mapping[str, Any]) -> Html:
    level = row["level"]
    share = row["target_share"]
    met = None if share is None or level == "info" else level == "good"
    return el(
        "tr",
        el("th", row["name"], scope="row"),
        _value_cell(row["value_text"], ""),
        el("td", marks.sparkline(row["trend"]) if row["trend"] else None, cls="pb-num"),
        el("td", row["change_text"], cls="pb-num"),
        el("td", row["last_year_text"], cls="pb-num"),
        el("td", marks.bullet(share, met=met) if share is not None else None, cls="pb-num"),
        el("td", el("span", row["judgement"], cls=f"pb-judgement pb-{level}")),
    )


def _metric_cells(
    row: Mapping[str, Any], groups: list[str], optional: Mapping[str, bool]
) -> list[Html]:
    low, high, previous = row["low"], row["high"], row["previous"]
    young = str(row.get("immature")) == "True"
    noise = not any(map(fmt.is_missing, (low, high, previous))) and low <= previous <= high
    first, hover = _metric_name(row)
    cells = [el("th", first, scope="row", title=hover)]
    cells += [el("td", _plain(row[column])) for column in groups]
    cells.append(_now_cell(row, young=young))
    cells.append(
        _earlier_cell(row, "previous", f"in the last {settings().period}", in_noise=noise or young)
    )
    if optional["last_year"]:
        cells.append(_earlier_cell(row, "last_year", "a year ago", in_noise=young))
    if optional["target"]:
        cells.append(_target_cell(row))
    if optional["trend"]:
        trend = row["trend"] if isinstance(row["trend"], (list, tuple)) else []
        cells.append(el("td", marks.sparkline(list(trend)), cls="pb-num"))
    return cells


def _earlier_cell(row: Mapping[str, Any], key: str, when: str, *, in_noise: bool) -> Html:
    text = _write(row, key)
    if text == fmt.MISSING:
        return _value_cell(text, f"no value {when}")
    step = change_html(row["value"], row[key], row["unit"], row["better"], in_noise=in_noise)
    small = None if fmt.is_missing(row["value"]) else el("small", step)
    return el("td", text, small, cls="pb-num pb-stack")


def _metric_name(row: Mapping[str, Any]) -> tuple[str, str | None]:
    english, chinese = str(row["name"]), _plain(row.get("zh"))
    swap = settings().lang == "zh" and chinese != fmt.MISSING
    first, side = (chinese, english) if swap else (english, chinese)
    words = [w for w in (side, _plain(row.get("definition"))) if w != fmt.MISSING]
    return first, " · ".join(words) or None


def _now_cell(row: Mapping[str, Any], *, young: bool) -> Html:
    text = _write(row, "value")
    if text == fmt.MISSING:
        return _value_cell(text, _reason(row))
    facts = []
    if not any(map(fmt.is_missing, (row["low"], row["high"]))):
        style = settings()
        facts.append(
            fmt.interval(row["low"], row["high"], row["unit"], style.currency, style.style)
        )
    if row["unit"] == "share" and not fmt.is_missing(row["n"]):
        facts.append(f"n = {fmt.number(row['n'])}")
    small = el("small", " · ".join(facts), title="interval and number of cases") if facts else None
    hover = "the cohort has not had time to convert yet"
    pill = el("span", "too young", cls="pb-pill", title=hover) if young else None
    inside = el("span", el("strong", text), pill)
    return el("td", inside, small, cls="pb-num pb-stack pb-young" if young else "pb-num pb-stack")


def _is_off(row: Mapping[str, Any]) -> bool:
    """Whether the figure's tables were not supplied, now or ever."""
    return fmt.is_missing(row["value"]) and str(row.get("reason", "")).startswith("supply ")


def _off_note(rows: Sequence[Mapping[str, Any]]) -> str:
    """Which figures are switched off, and what would switch them on; empty if none is."""
    if not rows:
        return ""
    names = "; ".join(str(row["name"]) for row in rows)
    needs = {
        need for row in rows for need in str(row["reason"]).removeprefix("supply ").split(", ")
    }
    return f"No data for: {names}. Supply {', '.join(sorted(needs))}."


def _reason(row: Mapping[str, Any]) -> str:
    told = row.get("reason")
    if not fmt.is_missing(told):
        return str(told)
    bottom = row.get("denominator")
    if not fmt.is_missing(bottom) and float(cast("float", bottom)) == 0:
        return "nothing to divide by: the denominator is 0"
    return f"no data for this in the {settings().period}"


def _target_cell(row: Mapping[str, Any]) -> Html:
    target, now, better = row["target"], row["value"], row["better"]
    if fmt.is_missing(target):
        return _value_cell(fmt.MISSING, "no target set")
    share = fmt.div(now, target)
    goal = _write(row, "target")
    if math.isnan(share):
        return _value_cell(goal, "")
    met = (now >= target if better == "up" else now <= target) if better else None
    label = f"{fmt.percent(share, 0)} of the target of {goal}"
    mark = marks.bullet(share, met=met, label=label)
    return el("td", mark, el("small", f"{fmt.percent(share, 0)} of {goal}"), cls="pb-num pb-stack")


def _value_cell(text: str, reason: str) -> Html:
    if text == fmt.MISSING:
        return el("td", text, cls="pb-num pb-missing", title=reason or "not in the data")
    return el("td", text, cls="pb-num")


def _write(row: Mapping[str, Any], key: str) -> str:
    code = row.get("currency")
    now = settings()
    currency = now.currency if fmt.is_missing(code) else str(code)
    return fmt.value(row[key], row["unit"], currency=currency, style=now.style)


def _change(now: Any, before: Any, unit: Any) -> str:
    style = settings()
    return fmt.change(now, before, unit, style.currency, style.style)


def _plain(entry: Any) -> str:
    return fmt.MISSING if fmt.is_missing(entry) else str(entry)


def _metric_text(row: Mapping[str, Any], groups: list[str]) -> str:
    name = " / ".join([str(row["name"]), *(_plain(row[column]) for column in groups)])
    n = row["n"] if row["unit"] == "share" else None
    now = _write(row, "value") if n is None else fmt.rate(row["value"], n)
    before = f"last {settings().period} {_write(row, 'previous')}"
    return f"{name}: {now}, {before}, target {_write(row, 'target')}"
