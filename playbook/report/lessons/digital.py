"""Practice for the digital chapter; every answer is computed from the Book that is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.chapters import digital
from playbook.format import div
from playbook.report.lessons.model import Lesson

if TYPE_CHECKING:
    from playbook.book import Book


def _cpc(book: Book) -> float:
    table = digital.metrics(book).set_index("key")
    return float(table["value"]["cpc"])


def _wasted_share(book: Book) -> float:
    table = digital.wasted(book)
    return float(table["cost_share"].iloc[0])


def _cheapest_class(book: Book) -> str:
    table = digital.by(book, "word_class").sort_values("cost_per_mql")
    return str(table["word_class"].iloc[0])


def _saving(book: Book) -> float:
    return digital.blocking(book).cost


def _worst_quality(book: Book) -> str:
    table = digital.layers(book)
    second = table[table["layer"] == 2].sort_values("figure")
    return str(second["channel"].iloc[0])


def _price_of_worst(book: Book) -> str:
    """What a lead of the channel with the worst quality costs beside the others, in words."""
    table = digital.layers(book).set_index(["channel", "layer"])
    channel = _worst_quality(book)
    times = div(1, table["relative"].get((channel, 1)))
    return (
        f"A lead of {channel} costs {times:.2f} times what one costs in the other channels: read "
        "layer 1 beside layer 2."
    )


LESSONS = (
    Lesson(
        id="digital-1",
        question="What did one click cost in the period (CPC), in report currency?",
        solve=_cpc,
        look_again="Divide the sum of the media by the sum of the clicks; do not average rows.",
        hint='digital.metrics(book).set_index("key") has numerator, denominator and value.',
        solution='digital.metrics(book).set_index("key").loc["cpc", "value"]',
        why="Words differ tenfold in price, so the mean of the rows' prices would be another "
        "number, and nobody's.",
        unit="money",
    ),
    Lesson(
        id="digital-2",
        question="Which share of the dearest such platform's search cost went, over the months up "
        "to the period's end, to words on broad match that brought no MQL?",
        solve=_wasted_share,
        look_again="Take the cost of the platform's keywords as the whole, not all media.",
        hint="digital.wasted(book) lists them by platform.",
        solution='digital.wasted(book)["cost_share"].iloc[0]',
        why="Had the money brought MQLs as elsewhere, chance would hardly leave none: look at "
        "expected and p_value beside it.",
        unit="share",
    ),
    Lesson(
        id="digital-3",
        question="Which class of search words has the lowest cost per MQL? Answer such as "
        '"solution".',
        solve=_cheapest_class,
        look_again="Lowest cost per MQL, not lowest cost; mind that few MQLs make it loose.",
        hint='digital.by(book, "word_class") has cost_per_mql with its interval.',
        solution='digital.by(book, "word_class").nsmallest(1, "cost_per_mql")["word_class"].item()',
        why="Whoever searches the name knows us already: that others brought them to it, the "
        "last click does not show.",
    ),
    Lesson(
        id="digital-4",
        question="What did the searches with a negative word cost over these months?",
        solve=_saving,
        look_again="A search with two of the words counts once.",
        hint="digital.blocking(book) has cost, and one row per word.",
        solution="digital.blocking(book).cost",
        why="It is what blocking would have saved, if those who searched had not come by another "
        "word.",
        unit="money",
    ),
    Lesson(
        id="digital-5",
        question="Which online channel turns the smallest share of its leads into SQL?",
        solve=_worst_quality,
        look_again="Look at layer 2 of the three layers: the share, not the number.",
        hint='digital.layers(book) has one row per channel and layer; the share is in "figure".',
        solution="table = digital.layers(book)\n"
        'table[table["layer"] == 2].nsmallest(1, "figure")["channel"].item()',
        why=_price_of_worst,
    ),
)
