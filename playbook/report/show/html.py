"""Escaped HTML, the object that every `show` function returns, and how names read."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal, get_args

from playbook.errors import ParameterError, unknown
from playbook.format import Style

if TYPE_CHECKING:
    from collections.abc import Mapping

Language = Literal["en", "zh"]

_ACRONYMS = """
    MQL SQL ICP CPL CAC ROI SLA CRM SDR ID URL UTM SEM SEO KOL AI CTR CPC CPM RFM LTV CVR AB QA API
    DRI OKR POC PPC QR AUC PSI
"""
_UPPER = frozenset(_ACRONYMS.lower().split())
_SAID = {
    "zh": "Chinese name",
    "low": "95 % from",
    "high": "95 % to",
    "n": "n",
    "immature": "Too young",
    "is_news": "Beyond chance",
    "p_value": "p",
    "p_adjusted": "p, adjusted",
}
"""Columns that every method names alike, and whose names say too little."""


class Html(str):
    """Text that is HTML already; every other string is escaped on its way in."""

    __slots__ = ()


def el(name: str, *children: str | None, **attributes: str | None) -> Html:
    """One element; children and attributes are escaped, what is `Html` already is kept.

    >>> el("td", "<b>", cls="pb-num", title=None)
    '<td class="pb-num">&lt;b&gt;</td>'
    """
    inside = "".join(escaped(child) for child in children if child is not None)
    words = {
        ("class" if key == "cls" else key.rstrip("_").replace("_", "-")): text
        for key, text in attributes.items()
        if text is not None
    }
    head = "".join(f' {key}="{html.escape(text)}"' for key, text in words.items())
    return Html(f"<{name}{head}>{inside}</{name}>")


def escaped(text: str) -> Html:
    """The text as HTML, escaped unless it is `Html` already."""
    return text if isinstance(text, Html) else Html(html.escape(_visible(text), quote=False))


def join(parts: list[Html] | list[str]) -> Html:
    """Several pieces of HTML or text in a row."""
    return Html("".join(escaped(part) for part in parts))


def _visible(text: str) -> str:
    # Control characters from broken exports are not allowed in HTML and can hide text.
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]", "\ufffd", text)


@dataclass(frozen=True, slots=True)
class Shown:
    """Something to look at: HTML for a notebook or a page, text for a terminal.

    Attributes:
        html: The inside of the block, escaped.
        text: The same in words.
    """

    html: Html
    text: str

    def _repr_html_(self) -> str:
        return el("div", self.html, cls="pb")

    def __repr__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Settings:
    """How this session writes: currency, number style and the language of names.

    Attributes:
        currency: ISO code of amounts whose row names none.
        style: `en` for ¥4.2 m, `zh` for 420 万.
        lang: `en` shows English names with the Chinese ones on hover, `zh` the other way round.
        period: What one period is called: `week`, `month`, `quarter`, `year`, or `period`.
    """

    currency: str = "CNY"
    style: Style = "en"
    lang: Language = "en"
    period: str = "period"


class _Current:
    settings = Settings()


def configure(
    *,
    currency: str | None = None,
    style: Style | None = None,
    lang: Language | None = None,
    period: str | None = None,
) -> None:
    """Set how everything shown from now on is written; what is None stays as it is.

    Raises:
        ParameterError: The style or the language is not one of those there are.
    """
    for kind, given, allowed in (("number style", style, Style), ("lang", lang, Language)):
        if given is not None and given not in get_args(allowed):
            raise ParameterError(unknown(kind, str(given), get_args(allowed)))
    now = _Current.settings
    _Current.settings = Settings(
        currency=currency or now.currency,
        style=style or now.style,
        lang=lang or now.lang,
        period=period or now.period,
    )


def settings() -> Settings:
    """How things are written at the moment."""
    return _Current.settings


def humanised(name: str) -> str:
    """A column name as words.

    >>> humanised("mql_to_sql_rate"), humanised("response_hours"), humanised("线索数")
    ('MQL to SQL rate', 'Response hours', '线索数')
    >>> humanised("low"), humanised("n"), humanised("immature")
    ('95 % from', 'n', 'Too young')
    """
    if name in _SAID:
        return _SAID[name]
    words = [word.upper() if word in _UPPER else word for word in name.split("_") if word]
    text = " ".join(words)
    return text[:1].upper() + text[1:] if text else name


@cache
def _chinese_names() -> Mapping[str, str]:
    from playbook.data import schema

    return {
        column.name: column.zh
        for table in reversed(schema.TABLES.values())
        for column in reversed(table.columns)
    }


@cache
def schema_units() -> Mapping[str, str]:
    """Unit of each column name that the data model declares."""
    from playbook.data import schema

    tables = reversed(schema.TABLES.values())
    return {c.name: c.unit for table in tables for c in reversed(table.columns) if c.unit}


def labelled(name: str, names: Mapping[str, str | tuple[str, str]]) -> tuple[str, str | None]:
    """What a header says and what it says on hover, in the session's language.

    Args:
        name: The column.
        names: Labels that replace the humanised name: a label, or (English, Chinese).
    """
    given = names.get(name)
    english, chinese = given if isinstance(given, tuple) else (given, _chinese_names().get(name))
    first = english or humanised(name)
    if chinese and settings().lang == "zh" and not isinstance(given, str):
        return chinese, first
    return first, chinese
