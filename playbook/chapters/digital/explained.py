"""The three layers in words: which one fails in which channel, and the cells of their picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook import format as fmt
from playbook.book import remembered
from playbook.chapters.digital.inputs import outcomes, recorded
from playbook.chapters.digital.layers import LAYERS, NONE, UNKNOWN, layers
from playbook.chapters.digital.money import money

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book

_OF = {1: "", 2: "leads", 3: "SQLs"}
_DONE = {2: "became SQL", 3: "were won"}


@remembered
def failing(book: Book) -> pd.DataFrame:
    """The layer in which each online channel fails, with its evidence.

    A channel fails where it lies below the other online channels beyond chance; of several such
    layers, in the one where it is furthest below. Where only its own last year was better, that
    counts.

    Returns:
        One row per channel, those that fail first, dearest first: `channel`, `cost`, `leads`,
        `sql` (missing where none is recorded), `pipeline`, `won_amount` (of the leads captured in
        the span, so far), `layer`
        (number and name, "none", or "cannot say"), `evidence`, `below` (all layers in which it
        lies below), `look_at` (what to do).
    """
    import pandas as pd

    table = layers(book)
    came = outcomes(book).groupby("channel")[["sql", "pipeline", "won_amount"]].sum()
    rows = []
    for channel, own in table.groupby("channel", sort=False):
        layer, evidence, look = _explained(book, own)
        first = own[own["layer"] == 1]
        below = own.loc[own["verdict"] == "below", "layer"]
        rows.append(
            {
                "channel": channel,
                "cost": first["n"].iloc[0] if len(first) else float("nan"),
                "leads": first["done"].iloc[0] if len(first) else own["n"].iloc[0],
                **{name: came[name].get(channel, 0.0) for name in came},
                "layer": layer,
                "evidence": evidence,
                "below": ", ".join(str(number) for number in below),
                "look_at": look,
            }
        )
    columns = ["channel", "cost", "leads", "sql", "pipeline", "won_amount", "layer", "evidence"]
    found = pd.DataFrame(rows, columns=[*columns, "below", "look_at"])
    found["fine"] = found["layer"].isin([NONE, UNKNOWN])
    order = ["fine", "cost", "leads", "channel"]
    ordered = found.sort_values(order, ascending=[True, False, False, True], ignore_index=True)
    return recorded(book, ordered.drop(columns="fine"))


def _explained(book: Book, own: pd.DataFrame) -> tuple[str, str, str]:
    """The failing layer, its evidence in words, and where to look."""
    below, fallen = (own[own["verdict"] == name] for name in ("below", "fallen"))
    if len(below) or len(fallen):
        chosen = below if len(below) else fallen
        worst = chosen.sort_values(["relative", "layer"]).iloc[0]
        layer = LAYERS[int(worst["layer"]) - 1]
        return layer.title, sentence(book, worst), layer.remedy
    known = own[~own["verdict"].isin([UNKNOWN, "no cost"])]
    unknown = own[own["verdict"] == UNKNOWN]
    few = ", ".join(f"layer {row['layer']} ({_size(row)})" for row in unknown.to_dict("records"))
    if known.empty:
        return UNKNOWN, f"Too few to tell: {few}." if few else "No cost and no SQL to judge by.", ""
    text = "Nothing below the others, or below last year, beyond chance"
    return NONE, f"{text}; too few to tell: {few}." if few else f"{text}.", ""


def _size(row: dict[Any, Any]) -> str:
    if row["layer"] == 1:
        return fmt.plural(row["done"], "lead")
    return fmt.plural(row["n"], _OF[int(row["layer"])].removesuffix("s"))


def sentence(book: Book, row: pd.Series[Any]) -> str:
    """What one row of `layers` says, beside the others or beside last year."""
    if row["layer"] == 1:
        text = f"A lead costs {money(book, row['figure'])} ({fmt.plural(row['done'], 'lead')})"
        others, before = (money(book, row[name]) for name in ("others", "before"))
        beside = f"{others} in the other channels"
    else:
        of, what = _OF[int(row["layer"])], _DONE[int(row["layer"])]
        text = (
            f"{fmt.number(row['done'])} of {fmt.number(row['n'])} {of} {what} "
            f"({fmt.percent(row['figure'])}, 95 % {fmt.interval(row['low'], row['high'])})"
        )
        beside, before = f"{fmt.percent(row['others'])} in the others", fmt.percent(row["before"])
    text += f"; {beside}" if row["verdict"] != "fallen" else f"; a year before {before}"
    if row["layer"] == 1:
        return f"{text}."
    return f"{text}. Each was given {fmt.number(row['days'])} days."


def as_cells(book: Book, table: pd.DataFrame) -> pd.DataFrame:
    """`layers` as the cells of a picture: `name`, `step`, `text`, `side`, `state`."""
    rows = table.to_dict("records")
    return table.assign(
        name=table["channel"],
        text=[_text(book, row) for row in rows],
        side=[_side(row) for row in rows],
        state=table["verdict"],
    )[["name", "step", "text", "side", "state"]]


def _text(book: Book, row: dict[Any, Any]) -> str:
    if row["verdict"] == "no cost":
        return "no cost"
    if row["layer"] == 1:
        return money(book, row["figure"])
    return fmt.percent(row["figure"], 0 if row["figure"] >= 0.1 else 1)


def _side(row: dict[Any, Any]) -> str:
    if row["layer"] == 1:
        return f"n = {fmt.number(row['done'])}"
    return f"n = {fmt.number(row['n'])}"
