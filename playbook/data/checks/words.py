"""Words with a meaning: yes and no, declared values in either language, currencies, keys."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playbook.data.checks import mask
from playbook.data.checks.sqltext import early, fold, folded, ident, is_nothing, literal, literals

if TYPE_CHECKING:
    from playbook.data.schema import Column

YES = (
    "是",
    "有",
    "对",
    "真",
    "有效",
    "y",
    "yes",
    "true",
    "t",
    "1",
    "1.0",
    "on",
    "√",
    "✓",
    "✔",
    "☑",
)
NO = (
    *("否", "无", "没有", "不是", "假", "无效", "n", "no", "false", "f", "0", "0.0", "off"),
    *("×", "✗", "✘", "☐"),
)
USUAL = ("true", "是", "1", "false", "否", "0")
"""What most systems export: three times yes, three times no."""

CURRENCIES = {
    "CNY": ("RMB", "人民币", "元", "¥", "￥", "CNH"),
    "USD": ("美元", "美金", "$", "US$"),
    "EUR": ("欧元", "€"),
    "GBP": ("英镑", "£"),
    "HKD": ("港币", "港元", "HK$"),
    "JPY": ("日元", "日圆"),
    "SGD": ("新加坡元", "新元", "S$"),
}
SEVERAL = r"[、,，;；/&+]|\s和\s"
"""What stands between the values of a cell that should hold one."""


def boolean(raw: str, name: str) -> tuple[dict[str, str], str]:
    """A helper column, and yes or no as written in either language."""
    text = f"_n_{name}"
    plain = f"CASE WHEN {raw} NOT IN ({literals(USUAL)}) THEN trim(lower({fold(raw)})) END"
    return (
        {text: plain},
        f"""CASE WHEN {raw} IN ({literals(USUAL[:3])}) THEN true
        WHEN {raw} IN ({literals(USUAL[3:])}) THEN false
        WHEN {text} IN ({literals(YES)}) THEN true
        WHEN {text} IN ({literals(NO)}) THEN false END""",
    )


def _squeeze(value: str) -> str:
    return re.sub(r"[\s_]+", "", folded(value).lower())


def labels(column: Column) -> dict[str, str]:
    """Every accepted label of an enumeration, squeezed, with its code; the first code wins."""
    values = column.values or {}
    table: dict[str, str] = {}
    for code in values:
        table.setdefault(_squeeze(code), code)
    for code, names in values.items():
        for name in names:
            table.setdefault(_squeeze(name), code)
    return table


def enum(raw: str, column: Column) -> tuple[dict[str, str], str]:
    """A helper column, and the code of a declared value.

    It is known by its code, Chinese label or alias; case and spaces are forgiven.
    """
    text, codes = f"_n_{column.name}", literals(column.values or ())
    squeezed = f"regexp_replace(lower({fold(raw)}), '[\\s_]+', '', 'g')"
    plain = f"CASE WHEN {raw} NOT IN ({codes}) THEN {squeezed} END"
    cases = " ".join(
        f"WHEN {literal(label)} THEN {literal(code)}" for label, code in labels(column).items()
    )
    return {
        text: plain
    }, f"CASE WHEN {raw} IN ({codes}) THEN {raw} ELSE CASE {text} {cases} END END"


def usual_boolean(raw: str) -> str:
    """Yes or no where only the usual words occur."""
    return f"CASE WHEN {raw} <> '' THEN {raw} IN ({literals(USUAL[:3])}) END"


def currency(raw: str) -> tuple[dict[str, str], str]:
    """A helper column, and an ISO code, also for a currency in Chinese or written as a sign."""
    text = "_n_currency"
    cases = " ".join(
        f"WHEN {text} IN ({literals(map(folded, names))}) THEN {literal(code)}"
        for code, names in CURRENCIES.items()
    )
    helper = {text: f"upper(trim({fold(raw)}))"}
    return helper, f"CASE WHEN {is_nothing(raw)} THEN NULL {cases} ELSE {text} END"


def key(raw: str, secret: bytes | None) -> str:
    """A key as text, empty where the cell only says that there is none.

    With a secret, a mobile number or e-mail address that serves as a key becomes a pseudonym, the
    same wherever it stands.
    """
    contact = ""
    if secret is not None:
        pseudonym = f"'k' || left({mask.keyed(raw, secret)}, 15)"
        contact = f"WHEN {mask.contact_like(raw)} THEN {pseudonym} "
    return f"CASE WHEN {is_nothing(raw)} THEN NULL {contact}ELSE {raw} END"


def formula(text: str) -> str:
    """True where a spreadsheet would take the text for a formula."""
    hint = f"ascii({text}) IN (9, 13, 43, 45, 61, 64)"
    return early(hint, f"regexp_matches({text}, '^[=@\\t\\r]|^[+-][^\\d.,\\s]')")


def markup(text: str) -> str:
    """True where a browser would take the text for HTML or a script."""
    hint = f"contains({text}, '<') OR contains({text}, ':')"
    tag = r"<\s*[/!]?\s*[A-Za-z]|(?i:javascript\s*:)"
    return early(hint, f"regexp_matches({text}, {literal(tag)})")


def suspicious(text: str) -> str:
    """True where a text is worth a note."""
    return f"({formula(text)} OR {markup(text)})"


def as_text(raw: str, native: str) -> str:
    """A value of a native column as text; a whole number that arrived as a float has no `.0`."""
    if native == "VARCHAR":
        return raw
    if native in {"DOUBLE", "FLOAT"}:
        whole = f"isfinite({raw}) AND {raw} = trunc({raw}) AND abs({raw}) < 1e15"
        return f"CASE WHEN {whole} THEN {raw}::BIGINT::VARCHAR ELSE {raw}::VARCHAR END"
    return f"{raw}::VARCHAR"


def raw_column(name: str) -> str:
    """The name under which a raw value stands beside its parsed one."""
    return ident(f"_raw_{name}")
