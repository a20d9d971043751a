"""Finding words in what people search, in Chinese and in English."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from playbook.errors import ParameterError, unknown

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

_LETTER = re.compile(r"[0-9a-z\u00df-\u00f6\u00f8-\u024f]")
_PIECE = re.compile(r"[0-9a-z\u00df-\u00f6\u00f8-\u024f]+(?:['’-][0-9a-z]+)*")
_NOT_WORD = re.compile(r"[\W_]+")
_PLURAL = re.compile(r"(?:'s|es|s)?")
_KEPT_CUTS = 200_000


def plain(text: str) -> str:
    """A text for comparing: one width, one case, single blanks.

    >>> plain("  ＡＩ客服　Demo ")
    'ai客服 demo'
    """
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def segments(text: str, known: Iterable[str] = ()) -> list[str]:
    """The words of a text: Chinese by dictionary, all else by blanks and punctuation.

    Args:
        text: Any text.
        known: Words that the dictionary is to know besides its own.

    >>> segments("智能客服系统 Free-Trial 多少钱", ["多少钱"])
    ['智能', '客服', '系统', 'free-trial', '多少钱']
    """
    cuts = _cut(plain(text), frozenset(map(plain, known)))
    words = "".join(_marked(cuts)).split("\n")
    return [word for word in words if word and not _NOT_WORD.fullmatch(word)]


def _marked(cuts: tuple[str, ...]) -> list[str]:
    """Pieces with a line's end after each, but not inside a Latin word that was cut."""
    text = "".join(cuts)
    inside = {i for found in _PIECE.finditer(text) for i in range(found.start() + 1, found.end())}
    out, at = [], 0
    for cut in cuts:
        out.append(cut if at in inside else f"\n{cut}")
        at += len(cut)
    return out


@cache
def _dictionary(known: frozenset[str]) -> Any:
    import rjieba

    own = rjieba.Jieba()
    for word in sorted(known):
        if not _LETTER.search(word):
            own.add_word(word, None, None)
    return own


@lru_cache(_KEPT_CUTS)
def _cut(text: str, known: frozenset[str]) -> tuple[str, ...]:
    cuts: list[str] = _dictionary(known).cut(text)
    return tuple(cuts)


class Finder:
    """Finds listed words in texts; the first of the list wins.

    A word that begins or ends in Latin letters or digits must stand by itself there: `job` is in
    "job in sales" and in "jobs", not in "jobless". Between Chinese characters, `words` asks that
    it begin and end where words of the segmented text do; `anywhere` takes it wherever it stands.

    >>> Finder(["免费", "job"]).first("避免费用"), Finder(["免费"], "anywhere").first("避免费用")
    (None, '免费')
    >>> Finder(["免费", "job"]).every("Jobs for 客服, 免费")
    ['免费', 'job']
    """

    def __init__(self, words: Iterable[str], matching: str = "words") -> None:
        """Take the words as they are listed.

        Raises:
            ParameterError: An empty word, or an unknown way of matching.
        """
        if matching not in {"words", "anywhere"}:
            raise ParameterError(unknown("matching", matching, ("words", "anywhere")))
        self.words = tuple(dict.fromkeys(words))
        self._plain = {word: plain(word) for word in self.words}
        if not all(self._plain.values()):
            raise ParameterError("a word to look for is empty; it would be found everywhere")
        self._segmented = matching == "words"
        self._known = frozenset(self._plain.values())

    def first(self, text: str) -> str | None:
        """The first of the listed words that is in the text."""
        return next(iter(self.every(text)), None)

    def every(self, text: str) -> list[str]:
        """All listed words that are in the text, in the order of the list."""
        said = plain(text)
        near = [word for word in self.words if self._plain[word] in said]
        if not near:
            return []
        bounds = self._bounds(said)
        return [word for word in near if _stands(self._plain[word], said, bounds)]

    def in_column(self, texts: pd.Series[Any]) -> pd.Series[Any]:
        """The first word found in each text; None where there is none, or no text."""
        found = {text: self.first(text) for text in texts.dropna().unique()}
        return texts.map(found).astype(object).where(lambda word: word.notna(), None)

    def _bounds(self, text: str) -> set[int] | None:
        """Where words begin and end; None where any place will do."""
        if not self._segmented:
            return None
        places, at = {0}, 0
        for cut in _cut(text, self._known):
            at += len(cut)
            places.add(at)
        return places


def _stands(word: str, text: str, bounds: set[int] | None) -> bool:
    """Whether the word stands by itself somewhere in the text."""
    start = text.find(word)
    while start >= 0:
        if _begins(text, start, bounds) and _ends(text, start + len(word), bounds):
            return True
        start = text.find(word, start + 1)
    return False


def _begins(text: str, at: int, bounds: set[int] | None) -> bool:
    if _LETTER.match(text[at]):
        return at == 0 or not _LETTER.match(text[at - 1])
    return bounds is None or at in bounds


def _ends(text: str, at: int, bounds: set[int] | None) -> bool:
    if not _LETTER.match(text[at - 1]):
        return bounds is None or at in bounds
    plural = _PLURAL.match(text, at)
    ends = {at, plural.end() if plural else at}
    return any(end == len(text) or not _LETTER.match(text[end]) for end in ends)
