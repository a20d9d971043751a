"""The data model: every table declared once, with its Chinese names and its limits.

`TABLES` is the single source that import, checks, the data dictionary and the templates read.

>>> from playbook.data import schema
>>> schema.TABLES["lead"].zh
'线索'
>>> schema.table("leed")
Traceback (most recent call last):
playbook.errors.ParameterError: unknown table 'leed'; did you mean 'lead'? Allowed: ...
"""

from __future__ import annotations

from playbook.data.schema.core import CORE
from playbook.data.schema.model import Column, Table, Type
from playbook.data.schema.modules import MODULES
from playbook.errors import ParameterError, unknown

__all__ = ["COMMON", "TABLES", "Column", "Table", "Type", "table"]

TABLES: dict[str, Table] = {t.name: t for t in (*CORE, *MODULES)}

COMMON: tuple[Column, ...] = (
    Column("source_system", "text", "来源系统", "system the row was exported from"),
    Column("extracted_at", "timestamp", "导出时间", "when the row was exported", ("提取时间",)),
)
"""Columns that any table may carry."""


def table(name: str) -> Table:
    """The table of that name.

    Raises:
        ParameterError: There is no such table; the message has the nearest name.
    """
    try:
        return TABLES[name]
    except KeyError:
        raise ParameterError(unknown("table", name, TABLES)) from None
