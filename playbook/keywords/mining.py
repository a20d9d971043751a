"""New negative words, mined from search terms whose keywords never brought an MQL."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from playbook.errors import ParameterError
from playbook.intervals import holm
from playbook.keywords.texts import Finder, plain, segments
from playbook.keywords.wording import CLASSES

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from playbook.keywords.wording import Wording

FEWEST_LETTERS = {True: 2, False: 3}
"""Of a Chinese word, and of any other."""
LONGEST_PHRASE = 3
FEWEST_EXPECTED = 3.0
"""With fewer expected, none at all is no surprise: exp(−3) is 0.05."""
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_IDLE = frozenset({
    "什么", "怎么", "怎样", "如何", "哪家", "哪个", "多少", "一个", "可以", "我们", "你们",
    "and", "are", "for", "from", "our", "that", "the", "this", "what", "when", "where", "which",
    "who", "why", "with", "you", "your", "how", "can", "does", "was", "its", "into", "about",
})  # fmt: skip
"""Words that say nothing by themselves; intents have their own wordings."""


def candidates(
    terms: pd.DataFrame, outcomes: pd.DataFrame, wording: Wording, *, account: str = "ad_account"
) -> pd.DataFrame:
    """Words that people add to our keywords and that have cost money without an MQL.

    Looked at are the words of a search term that are not in its keyword, by themselves and as the
    phrase they form. A word of a class (brand, product, competitor, …), of an intent, or of
    `kept` is never proposed, nor is one on the list.

    A term has no MQL of its own, only its keyword has. So a word is proposed only where none of
    the keywords under which it was searched has one: then it has none for certain, as far as leads
    name their keyword. Terms without a keyword are left out. The test asks
    how many MQLs the same money brought elsewhere in the same accounts, and how often chance
    would then bring none: exp(−expected). Words that cost too little for the test to tell are
    shown, not tested; Holm's rule counts all others, those with an MQL too.

    Args:
        terms: A row per search term and keyword: `search_term`, `keyword`, `keyword_id`, `cost`,
            `clicks`, and the column of the account.
        outcomes: One row per keyword: `keyword_id`, `mql`.
        wording: What is known already.
        account: The column of the account; where there is none, all is one account.

    Returns:
        One row per word, dearest first: `word`, `terms`, `keywords`, `clicks`, `cost`,
        `mql` (always 0), `expected` (MQLs that the money would have brought), `p_value`,
        `p_adjusted` (missing where too little was spent), `is_clear` (p_adjusted below 0.05),
        `example` (the dearest term).

    Raises:
        ParameterError: A column is missing.
    """
    import pandas as pd

    needs = ("search_term", "keyword", "keyword_id", "cost", "clicks")
    if lacking := [name for name in needs if name not in terms.columns]:
        there = ", ".join(map(str, terms.columns))
        raise ParameterError(f"the table lacks {', '.join(lacking)}; there are: {there}")
    rows = _rows(terms, account)
    rows["mql"] = rows["keyword_id"].map(outcomes.set_index("keyword_id")["mql"]).fillna(0)
    worth = _per_money(rows)
    rows = rows.merge(_added(rows, wording), on=["search_term", "keyword"])
    found = [_candidate(str(word), part, worth) for word, part in rows.groupby("word", sort=True)]
    table = _longest(pd.DataFrame(found, columns=[*_COLUMNS, "found"]))
    tested = table["p_value"].mask(table["mql"] > 0, 1.0)
    table["p_adjusted"] = holm(tested.where(table["expected"] >= FEWEST_EXPECTED))
    table = table[table["mql"] == 0]
    table["is_clear"] = table["p_adjusted"] < 0.05
    ordered = table.sort_values(["cost", "word"], ascending=[False, True], ignore_index=True)
    return ordered[[*_COLUMNS[:-1], "p_adjusted", "is_clear", "example"]]


_COLUMNS = (
    "word", "terms", "keywords", "clicks", "cost", "mql", "expected", "p_value", "example",
)  # fmt: skip


def _rows(terms: pd.DataFrame, account: str) -> pd.DataFrame:
    """One row per term, keyword and account, those that cost something."""
    own = terms[account] if account in terms.columns else "all"
    known = terms["search_term"].notna() & terms["keyword_id"].notna()
    paid = known & (terms["cost"] > 0)
    rows: pd.DataFrame = terms.assign(account=own).loc[paid]
    rows = rows.assign(account=rows["account"].fillna("all"), cost=rows["cost"].astype(float))
    keys = ["search_term", "keyword", "keyword_id", "account"]
    sums = rows.groupby(keys, dropna=False, sort=True)[["cost", "clicks"]].sum()
    return sums.reset_index()


def _per_money(rows: pd.DataFrame) -> pd.DataFrame:
    """Cost and MQLs of each account; a keyword's MQLs belong where most of its money went."""
    spent = rows.groupby(["keyword_id", "account"])["cost"].sum().reset_index()
    spent["mql"] = spent["keyword_id"].map(dict(zip(rows["keyword_id"], rows["mql"], strict=True)))
    ordered = spent.sort_values(["cost", "account"], ascending=[False, True])
    main = ordered.drop_duplicates("keyword_id").groupby("account")["mql"].sum()
    return rows.groupby("account")[["cost"]].sum().assign(mql=main).fillna({"mql": 0})


def _added(rows: pd.DataFrame, wording: Wording) -> pd.DataFrame:
    """The words that each search term adds to its keyword: `search_term`, `keyword`, `word`."""
    import pandas as pd

    known = [w for lists in (wording.classes, wording.intents) for ws in lists.values() for w in ws]
    known += wording.kept
    protected = Finder(known, "anywhere")
    listed = Finder(wording.negatives, wording.matching)
    pairs = rows[["search_term", "keyword"]].drop_duplicates()
    found = [
        (term, keyword, word)
        for term, keyword in pairs.itertuples(index=False)
        if listed.first(term) is None
        for word in _words(term, keyword, [*known, *wording.negatives])
        if not _is_protected(word, protected, wording)
    ]
    return pd.DataFrame(found, columns=["search_term", "keyword", "word"])


def _words(term: str, keyword: object, known: Iterable[str]) -> list[str]:
    """The words that the term adds, and the phrases they form, each once."""
    text, own = plain(term), plain(keyword) if isinstance(keyword, str) else ""
    rest = text.replace(own, "\n") if own and own in text else text
    words: list[str] = []
    for part in rest.split("\n"):
        pieces = [p for p in segments(part, known) if p not in own and _says_something(p)]
        phrases = [
            _joined(pieces[i:j])
            for i in range(len(pieces))
            for j in range(i + 1, min(i + LONGEST_PHRASE, len(pieces)) + 1)
        ]
        words += [phrase for phrase in phrases if phrase in part]
    return list(dict.fromkeys(words))


def _joined(pieces: list[str]) -> str:
    return ("" if all(_CHINESE.search(p) for p in pieces) else " ").join(pieces)


def _says_something(piece: str) -> bool:
    is_long = len(piece) >= FEWEST_LETTERS[_CHINESE.search(piece) is not None]
    return is_long and piece not in _IDLE and not piece.isdigit()


def _is_protected(word: str, protected: Finder, wording: Wording) -> bool:
    """Whether it holds a word that is known, or is a part of a word of a class."""
    if protected.first(word) is not None:
        return True
    whole = (plain(w) for name in CLASSES for w in wording.classes.get(name, ()))
    return any(word in text for text in whole)


def _candidate(word: str, part: pd.DataFrame, worth: pd.DataFrame) -> tuple[Any, ...]:
    from math import exp

    spent = part.groupby("account")["cost"].sum()
    own = worth.loc[spent.index]
    rest = own["cost"] - spent
    rate = (own["mql"] / rest.where(rest > 0)).fillna(0.0)
    expected = float((spent * rate).sum())
    dearest = part.sort_values(["cost", "search_term"], ascending=[False, True])
    return (
        word,
        int(part["search_term"].nunique()),
        int(part["keyword_id"].nunique()),
        int(part["clicks"].sum()),
        float(part["cost"].sum()),
        int(part.drop_duplicates("keyword_id")["mql"].sum()),
        expected,
        exp(-expected),
        str(dearest["search_term"].iloc[0]),
        frozenset(part["search_term"]),
    )


def _longest(table: pd.DataFrame) -> pd.DataFrame:
    """Without the words that only occur inside a longer one that is also there."""
    kept: list[int] = []
    for _, group in table.groupby("found", sort=False):
        inside: list[str] = []
        by_length = sorted(zip(group["word"], group.index, strict=True), key=lambda x: -len(x[0]))
        for word, place in by_length:
            if not any(word in longer for longer in inside):
                inside.append(word)
                kept.append(place)
    return table.loc[sorted(kept), list(_COLUMNS)].reset_index(drop=True)
