"""The class and the intent of search words: what was recorded, else what the wording says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook.errors import ParameterError
from playbook.format import div
from playbook.keywords.texts import Finder
from playbook.keywords.wording import CLASSES, INTENTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from playbook.keywords.wording import Wording


def classify(words: pd.DataFrame, wording: Wording) -> pd.DataFrame:
    """Each search word with its class and its intent.

    The class: what was recorded; else the first class of `CLASSES` of which a word is in it. The
    intent: what was recorded; else the first of `INTENTS` of which a wording is in it; else that
    of its class. Chinese wordings count wherever they stand, English ones as words.

    Args:
        words: One row per word: `keyword`, and any other columns; where there are any also
            `word_class` and `intent_stage`, missing where nothing was recorded.
        wording: What says which.

    Returns:
        The rows and columns of `words`, with `word_class` and `intent_stage` filled where they can
        be, and `class_from`, `intent_from` (`recorded`, `wording`, `class`; missing where nobody
        knows), `class_by_rule`, `intent_by_rule`, `class_word`, `intent_word` (what the rule
        found), `class_agrees`, `intent_agrees` (record and rule; missing where one is silent).

    Raises:
        ParameterError: There is no column `keyword`.

    >>> import pandas as pd
    >>> from playbook.keywords import Wording
    >>> wording = Wording(intents={"awareness": ("什么是",), "decision": ("报价", "price")})
    >>> words = pd.DataFrame({"keyword": ["什么是知识库", "知识库报价", "chatbot prices"]})
    >>> classify(words, wording)["intent_stage"].tolist()
    ['awareness', 'decision', 'decision']
    """
    if "keyword" not in words.columns:
        raise ParameterError(f"the table lacks keyword; there are: {', '.join(words.columns)}")
    result = words.copy()
    for what, column, order, lists in (
        ("class", "word_class", CLASSES, wording.classes),
        ("intent", "intent_stage", INTENTS, wording.intents),
    ):
        told, by = _by_wording(words["keyword"], order, lists)
        how = _where(told, "wording")
        if what == "intent":
            guess = _mapped(result["word_class"], wording.intent_of_class)
            how = how.where(told.notna(), _where(guess, "class"))
            told = told.where(told.notna(), guess)
        recorded = _recorded(words, column)
        result[column] = _none(recorded.where(recorded.notna(), told))
        result[f"{what}_from"] = _none(how.mask(recorded.notna(), "recorded"))
        result[f"{what}_by_rule"] = _none(told)
        result[f"{what}_word"] = _none(by)
        both = recorded.notna() & told.notna()
        agrees = (recorded == told).astype(object)
        result[f"{what}_agrees"] = _none(agrees.where(both))
    return result


def unclassified(words: pd.DataFrame, column: str = "word_class") -> float:
    """Share of the words' cost that nobody has given a class, or an intent.

    Args:
        words: What `classify` returned, with `cost`.
        column: `word_class` or `intent_stage`.

    Returns:
        Missing where nothing was spent.
    """
    return div(words.loc[words[column].isna(), "cost"].sum(), words["cost"].sum())


def _by_wording(
    texts: pd.Series[Any], order: Sequence[str], lists: Mapping[str, tuple[str, ...]]
) -> tuple[pd.Series[Any], pd.Series[Any]]:
    """The first name of which a word is in each text, and that word: the longest of the list."""
    import pandas as pd

    told = pd.Series(None, index=texts.index, dtype=object)
    by = told.copy()
    for name in order:
        longest = sorted(lists.get(name, ()), key=lambda word: (-len(word), word))
        found = Finder(longest, "anywhere").in_column(texts)
        new = told.isna() & found.notna()
        told[new], by[new] = name, found[new]
    return told, by


def _recorded(words: pd.DataFrame, column: str) -> pd.Series[Any]:
    import pandas as pd

    if column not in words.columns:
        return pd.Series(None, index=words.index, dtype=object)
    return _none(words[column])


def _mapped(names: pd.Series[Any], table: Mapping[str, str]) -> pd.Series[Any]:
    return _none(names.map(dict(table)))


def _where(known: pd.Series[Any], word: str) -> pd.Series[Any]:
    """The word wherever something is known."""
    import pandas as pd

    return pd.Series(word, index=known.index, dtype=object).where(known.notna(), None)


def _none(values: pd.Series[Any]) -> pd.Series[Any]:
    """Missing values as None, so that what is not known has one form."""
    return values.astype(object).where(values.notna(), None)
