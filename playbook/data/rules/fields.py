"""What the sections of `playbook.toml` are made of: strict, closed and immutable."""

from __future__ import annotations

import re
from datetime import date, time
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    Strict,
)

from playbook.calendar import Span
from playbook.data import schema
from playbook.data.periods import zone_info
from playbook.errors import unknown

T = TypeVar("T")


class Section(BaseModel):
    """A table of `playbook.toml`: unknown keys and wrong types are refused."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, serialize_by_alias=True, allow_inf_nan=False
    )


Items = Annotated[tuple[T, ...], Strict(strict=False)]
"""A TOML list, held as a tuple."""


_SPAN = re.compile(r"([01]\d|2[0-3]):([0-5]\d) *[-–] *([01]\d|2[0-3]):([0-5]\d)")


_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


def _span(value: object) -> Span:
    found = _SPAN.fullmatch(value) if isinstance(value, str) else None
    if not found:
        raise ValueError('must be a span of clock times such as "09:00-18:00"')
    hour, minute, last_hour, last_minute = map(int, found.groups())
    span = time(hour, minute), time(last_hour, last_minute)
    if span[0] >= span[1]:
        raise ValueError(f"'{value}' ends before it begins")
    return span


def _break(value: object) -> Span | None:
    return None if value == "" else _span(value)


def _clock(value: object) -> time:
    found = _CLOCK.fullmatch(value) if isinstance(value, str) else None
    if not found:
        raise ValueError('must be a clock time such as "10:00"')
    return time(int(found[1]), int(found[2]))


def _written_clock(clock: time) -> str:
    return f"{clock:%H:%M}"


def _written_span(span: Span | None) -> str:
    return f"{span[0]:%H:%M}-{span[1]:%H:%M}" if span else ""


OfficeHours = Annotated[Span, PlainValidator(_span), PlainSerializer(_written_span)]
ClockTime = Annotated[time, PlainValidator(_clock), PlainSerializer(_written_clock)]
Break = Annotated[Span | None, PlainValidator(_break), PlainSerializer(_written_span)]


SCORE = {
    "score.points": schema.Column("points", "number", "评分", "points of the lead's score"),
    "score.band": schema.Column(
        "band", "enum", "评分等级", values={"hot": ("热",), "warm": ("温",), "cold": ("冷",)}
    ),
}
"""What is computed of a lead and may stand in a routing rule (B2-R3, B2-R4)."""


def column_of(field: str) -> schema.Column | None:
    """The column that `table.column` names; None where there is none."""
    if field in SCORE:
        return SCORE[field]
    table, _, name = field.partition(".")
    if table not in schema.TABLES or name not in schema.TABLES[table].column_names:
        return None
    return schema.TABLES[table].column(name)


def code_of(column: schema.Column, value: Any) -> Any:
    """The code of an enumeration's label; the value itself where it is no label."""
    if not isinstance(value, str) or column.values is None:
        return value
    wanted = value.strip().casefold()
    for code, labels in column.values.items():
        if wanted in {name.casefold() for name in (code, *labels)}:
            return code
    return value


def unknown_code(column: schema.Column, value: Any) -> str | None:
    """Why `value` is none of a closed enumeration's; None where it may stand."""
    if column.values is None or column.open or code_of(column, value) in column.values:
        return None
    return unknown(f"{column.name}", str(value), column.values)


def _zone(value: str) -> str:
    zone_info(value)
    return value


def _currency(value: str) -> str:
    if not re.fullmatch(r"[A-Z]{3}", value):
        raise ValueError(
            f"'{value}' is not a currency code: three capitals (ISO 4217), such as CNY"
        )
    return value


def _encoding(value: str) -> str:
    try:
        "".encode(value)
    except LookupError:
        raise ValueError(
            f"unknown encoding '{value}'. Allowed: names that Python knows, such as utf-8, gb18030"
        ) from None
    return value


Zone = Annotated[str, AfterValidator(_zone)]
Currency = Annotated[str, AfterValidator(_currency)]
Encoding = Annotated[str, AfterValidator(_encoding)]


def _scalar(value: object) -> str | float | bool:
    if not isinstance(value, str | int | float | bool | date):
        raise ValueError("must be a single value: text, number, true, false or date")  # noqa: TRY004 - pydantic collects ValueError
    return value.isoformat() if isinstance(value, date) else value


Scalar = Annotated[str | int | float | bool, PlainValidator(_scalar)]
"""A value as a file would hold it: dates in ISO format."""


def _text(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value


def _for_all_columns(value: object) -> object:
    return {"*": value} if isinstance(value, str) else value


Code = Annotated[str, BeforeValidator(_text)]
"""What a value of theirs means; true and false may stand without quotes."""

DateFormats = Annotated[dict[str, str], BeforeValidator(_for_all_columns)]
"""Column to format; `*` stands for every other column."""

Share = Annotated[float, Field(ge=0, le=1)]
