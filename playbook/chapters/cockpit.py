"""Rows of the seven-layer cockpit, made from a chapter's metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook import format as fmt

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from playbook.book import Book


def layered(
    book: Book, table: pd.DataFrame, layers: Mapping[int, Sequence[str]]
) -> list[dict[str, Any]]:
    """Rows as `show.cockpit_rows` takes them.

    Args:
        book: The Book.
        table: What `metrics.evaluate` returned.
        layers: The ids of the metrics that stand in each layer, in their order.
    """
    rows = {row["metric"]: row for _, row in table.iterrows()}
    return [_row(book, layer, rows[i]) for layer, ids in layers.items() for i in ids]


def _row(book: Book, layer: int, row: pd.Series[Any]) -> dict[str, Any]:
    style, currency = book.rules.report.number_style, book.rules.company.currency
    missing = fmt.is_missing(row["value"])
    trend = [None if fmt.is_missing(x) else float(x) for x in row["trend"]]
    share = _target_share(row)

    def against(column: str) -> str:
        if row["immature"]:
            return ""
        return fmt.change(row["value"], row[column], row["unit"], currency=currency, style=style)

    return {
        "layer": layer,
        "name": row["name"],
        "value_text": fmt.value(row["value"], row["unit"], currency=currency, style=style),
        "change_text": against("previous"),
        "last_year_text": against("last_year"),
        "target_share": None if fmt.is_missing(share) else share,
        "trend": trend,
        "judgement": "no data" if missing else "too young" if row["immature"] else _judge(share),
        "level": "info" if missing or row["immature"] else _level(share),
    }


def _target_share(row: pd.Series[Any]) -> float:
    """How much of the target is met: of a cost, the target's share of it."""
    met, whole = row["value"], row["target"]
    if row["better"] == "down":
        met, whole = whole, met
    return float(fmt.div(met, whole))


def _judge(share: float) -> str:
    if fmt.is_missing(share):
        return "no target"
    return "on target" if share >= 1 else "close" if share >= 0.9 else "behind"


def _level(share: float) -> str:
    if fmt.is_missing(share):
        return "info"
    return "good" if share >= 1 else "watch" if share >= 0.9 else "act"
