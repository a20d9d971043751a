"""Where a search word lands, and whether the page is one for what is meant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from playbook.errors import ParameterError

if TYPE_CHECKING:
    import pandas as pd

HIGH = ("evaluation", "decision")


@dataclass(frozen=True, slots=True)
class Landing:
    """Which pages suit which search.

    Attributes:
        high_intent: Types of pages on which words of evaluation and decision may land.
        never: Types of pages on which no word may land, whatever it means.
        brand_anywhere: Whether brand words may land on any page: who searches the name wants the
            site.
    """

    high_intent: tuple[str, ...]
    never: tuple[str, ...] = ("home_page",)
    brand_anywhere: bool = True


def misled(words: pd.DataFrame, landing: Landing) -> pd.DataFrame:
    """The words whose page does not suit what is searched.

    Args:
        words: One row per word: `word_class`, `intent_stage` (missing where not known) and
            `page_type` (missing where no page is recorded); any other columns are kept.
        landing: Which pages suit.

    Returns:
        `words` with `verdict`: `fits`, `brand` (lands where others may not), `high intent, wrong
        page`, `low intent, wrong page` (a page on which nothing should land), `page not known`,
        `intent not known`; and `is_misled`, true for the two wrong ones.

    Raises:
        ParameterError: A column is missing.

    >>> import pandas as pd
    >>> words = pd.DataFrame(
    ...     {
    ...         "word_class": "product",
    ...         "intent_stage": "decision",
    ...         "page_type": ["home_page", "product_page"],
    ...     }
    ... )
    >>> misled(words, Landing(high_intent=("product_page",)))["verdict"].tolist()
    ['high intent, wrong page', 'fits']
    """
    import pandas as pd

    for name in ("word_class", "intent_stage", "page_type"):
        if name not in words.columns:
            there = ", ".join(map(str, words.columns))
            raise ParameterError(f"the table lacks {name}; there are: {there}")
    verdicts = [
        _verdict(group, intent, page, landing)
        for group, intent, page in zip(
            words["word_class"].astype(object).where(words["word_class"].notna(), None),
            words["intent_stage"].astype(object).where(words["intent_stage"].notna(), None),
            words["page_type"].astype(object).where(words["page_type"].notna(), None),
            strict=True,
        )
    ]
    verdict = pd.Series(verdicts, index=words.index, dtype=object)
    is_misled = pd.Series([v.endswith("wrong page") for v in verdicts], words.index, dtype=bool)
    return words.assign(verdict=verdict, is_misled=is_misled)


def _verdict(group: str | None, intent: str | None, page: str | None, landing: Landing) -> str:
    if page is None:
        return "page not known"
    is_wrong = page in landing.never or (intent in HIGH and page not in landing.high_intent)
    if not is_wrong:
        return "fits" if intent is not None else "intent not known"
    if group == "brand" and landing.brand_anywhere:
        return "brand"
    return f"{'high' if intent in HIGH else 'low'} intent, wrong page"
