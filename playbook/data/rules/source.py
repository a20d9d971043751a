"""`[sources.<name>]`: how a file of the company is read where recognition is not enough."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from playbook.data.rules.fields import Code, DateFormats, Encoding, Items, Scalar, Section


class GeneratedKey(Section):
    """A key that the source does not have, made from its values."""

    column: str = Field(description="Our key column.")
    from_: Items[str] = Field(
        alias="from", min_length=1, description="Their columns that identify a row."
    )
    prefix: str = Field(default="", description="Text before it.")


class Join(Section):
    """A second file that adds columns to the rows of the first."""

    file: str = Field(default="", description="Its name or pattern.")
    from_table: str = Field(default="", description="Its table, where the data is a database.")
    sheet: str = Field(default="", description="Its sheet.")
    on: dict[str, str] = Field(
        min_length=1, description="Their column in the first file = theirs in this one."
    )
    columns: dict[str, str] = Field(
        default_factory=dict, description="Our column = their column in this file."
    )
    how: Literal["left", "inner"] = Field(
        default="left", description='"left" keeps rows without a match, "inner" drops them.'
    )


class Source(Section):
    """One reading of one file (or pattern, or database table) into one of our tables.

    Several sections may read the same file, and several may fill the same table. It names one
    of `file`, `from_table` and `query`.
    """

    table: str = Field(description="Our table that it fills.", examples=["lead"])
    file: str = Field(
        default="",
        description="File or pattern, relative to the data folder.",
        examples=["exports/leads_*.csv"],
    )
    from_table: str = Field(
        default="", description="Their table, where the data is a database.", examples=["crm.leads"]
    )
    query: str = Field(
        default="",
        description="SQL, where the data is a database.",
        examples=["SELECT * FROM leads WHERE deleted = 0"],
    )
    sheet: str = Field(
        default="", description="Sheet of a workbook; empty takes each.", examples=["线索"]
    )
    header_row: int | None = Field(
        default=None,
        ge=1,
        description="Row of the headers, from 1; recognised if absent.",
        examples=[3],
    )
    encoding: Encoding | None = Field(
        default=None,
        description="Encoding of a text file; recognised if absent.",
        examples=["gb18030"],
    )
    delimiter: str | None = Field(
        default=None,
        min_length=1,
        max_length=1,
        description="Delimiter of a text file; recognised if absent.",
        examples=[";"],
    )
    decimal: Literal[".", ","] | None = Field(
        default=None, description="Decimal mark; recognised if absent.", examples=[","]
    )
    columns: dict[str, str] = Field(
        default_factory=dict,
        description="Our column = their header. What is not named here is still recognised by "
        "its header, unless the file feeds several tables, or a key or a join is made.",
        examples=[{"lead_id": "线索编号", "created_at": "留资日期"}],
    )
    values: dict[str, dict[str, Code]] = Field(
        default_factory=dict,
        description="For one of our columns, their value = our value.",
        examples=[{"status": {"跟进中": "working"}}],
    )
    constants: dict[str, Scalar] = Field(
        default_factory=dict,
        description="Our column = the same value in every row.",
        examples=[{"capture_type": "form"}],
    )
    date_format: DateFormats = Field(
        default_factory=dict,
        description="How dates are written, for all columns or by our column (strptime codes).",
        examples=["%d.%m.%Y %H:%M"],
    )
    key: GeneratedKey | None = Field(
        default=None,
        description="A key made from their columns.",
        examples=[{"column": "lead_id", "from": ["日期", "手机"], "prefix": "web-"}],
    )
    join: Join | None = Field(
        default=None,
        description="A second file that adds columns.",
        examples=[
            {
                "file": "deals.csv",
                "on": {"编号": "线索编号"},
                "columns": {"owner_id": "销售"},
                "how": "left",
            }
        ],
    )
    where: dict[str, Scalar] = Field(
        default_factory=dict,
        description='Rows to read: their column = value, "*" for filled, "" for empty.',
        examples=[{"赢单日期": "*"}],
    )

    def format_of(self, column: str) -> str | None:
        """The date format given for one of our columns; None where it is to be recognised."""
        return self.date_format.get(column, self.date_format.get("*"))
