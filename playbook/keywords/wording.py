"""The words by which search words are told apart."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, get_args

from playbook.errors import ParameterError, unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Matching = Literal["words", "anywhere"]

CLASSES = ("brand", "competitor", "pain", "solution", "industry", "product")
"""The six classes, in the order in which they are tried: the first that fits is the class."""

INTENTS = ("decision", "evaluation", "awareness")
"""The three intents, in the order in which they are tried: asking a price outweighs "what is"."""


@dataclass(frozen=True)
class Wording:
    """What words say of whoever searches with them.

    Attributes:
        classes: Words of each class in `CLASSES`; a class without words is never given.
        intents: Wordings of each intent in `INTENTS`.
        intent_of_class: The intent of a word that no wording betrays, by its class.
        negatives: Words whose searches are not worth a click.
        kept: Wordings that make a search worth its click although it holds a negative word, such
            as "free trial".
        blocked: Negative words that the accounts already block.
        matching: How a Chinese negative word is found: among the `words` of the segmented search,
            so that 免费 is not found in 避免费用, or `anywhere`.
    """

    classes: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    intents: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    intent_of_class: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    negatives: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    blocked: tuple[str, ...] = ()
    matching: Matching = "words"

    def __post_init__(self) -> None:
        """Refuse classes, intents and ways of matching that there are not."""
        _known("word class", [*self.classes, *self.intent_of_class], CLASSES)
        _known("intent", [*self.intents, *self.intent_of_class.values()], INTENTS)
        _known("matching", [self.matching], get_args(Matching))


def _known(what: str, names: Iterable[str], allowed: tuple[str, ...]) -> None:
    for name in names:
        if name not in allowed:
            raise ParameterError(unknown(what, name, allowed))
