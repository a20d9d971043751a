"""Which score to use, and how sure that is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from playbook import format as fmt
from playbook.chapters.scoring.cost import mistakes
from playbook.chapters.scoring.judged import comparison, difference

if TYPE_CHECKING:
    from playbook.book import Book

Choice = Literal["fitted", "rule", "either"]


def which_score(book: Book) -> Choice:
    """The score that ranks later leads better by more than chance; `either` where neither does."""
    gap = difference(book)
    if gap.low > 0:
        return "fitted"
    return "rule" if gap.high < 0 else "either"


def says_which(book: Book) -> str:
    """Which score to use, in one sentence; with both counts where calls are few and it is sure."""
    choice, cost = which_score(book), mistakes(book)
    if choice == "rule":
        return "Keep the rules' points: on later leads they tell SQLs better than the fitted score."
    if choice == "either":
        return "Keep the rules' points: on later leads the fitted score is no better beyond chance."
    if cost is None or not is_scarce(book) or cost.missed_low <= 0:
        return "Call by the score fitted to past leads: it tells later SQLs better than the rules'."
    return (
        "Call by the score fitted to past leads: with the calls that sales can make in time it "
        f"finds {fmt.number(round(cost.fitted))} of {cost.sql} SQLs, the rules' points "
        f"{fmt.number(round(cost.rule))}."
    )


def is_scarce(book: Book) -> bool:
    """Whether sales can call fewer leads than there are."""
    cost = mistakes(book)
    return cost is not None and cost.called < int(comparison(book)["n"].iloc[0])


def says_cost(book: Book) -> str:
    """What the rules' points cost at equal calls, in a sentence; empty without a capacity."""
    cost = mistakes(book)
    if cost is None:
        return ""
    if not is_scarce(book):
        return "Sales can call every lead in time, so neither score costs an SQL: it only orders."
    spare = (
        f" To find as many, the rules' points would need {fmt.number(round(cost.extra_calls))} "
        f"more calls ({_range(cost.extra_low, cost.extra_high)})."
        if cost.missed_low > 0
        else ""
    )
    return (
        f"With {fmt.number(cost.called)} calls on {cost.workdays} workdays the fitted score finds "
        f"{fmt.number(round(cost.fitted))} of {cost.sql} SQLs, the rules' points "
        f"{fmt.number(round(cost.rule))}: {_signed(cost.missed)} "
        f"({_range(cost.missed_low, cost.missed_high)}).{spare}"
    )


def _signed(amount: float) -> str:
    whole = round(amount)
    return f"{fmt.number(abs(whole))} {'fewer' if whole >= 0 else 'more'}"


def _range(low: float, high: float) -> str:
    return f"95 % interval {fmt.number(round(low))} to {fmt.number(round(high))}"
