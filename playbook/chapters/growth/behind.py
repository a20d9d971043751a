"""The leads behind the figures, so that an analyst can argue with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.book import remembered
from playbook.chapters.growth.changes import fair_changes
from playbook.chapters.growth.declared import STAGE_NAMES, stages

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from playbook.book import Book


@remembered
def cohort_rows(book: Book) -> pd.DataFrame:
    """Every lead of the period and how far it has come: the rows behind `cohort_stages`.

    The same that `funnel.rows` gives for each stage, in one query.

    Returns:
        `lead_id`, `channel`, `account`, `stopped_at` (name of the furthest stage reached), and a
        column per stage with the moment it was reached, by its own record or a later stage's
        (report zone; missing where it was not); in order of capture.
    """
    order = stages(book)
    moments = [f"{_reached(order, place)} AS at_{place}" for place in range(len(order))]
    far = " ".join(
        f"WHEN at_{place} IS NOT NULL THEN {place}" for place in reversed(range(len(order)))
    )
    table = book.sql(
        f"""SELECT lead_id, channel, account_name AS account, CASE {far} END AS stopped_at,
            {", ".join(f"at_{place}" for place in range(len(order)))}
        FROM (SELECT *, {", ".join(moments)} FROM lead_journey)
        WHERE created_at >= $start AND created_at < $end ORDER BY created_at, lead_id""",
        start=book.period.start,
        end=book.period.end,
    )
    names = [STAGE_NAMES[stage] for stage in order]
    table["stopped_at"] = table["stopped_at"].map(dict(enumerate(names)))
    for place in range(len(order)):
        table[f"at_{place}"] = book.local_times(table[f"at_{place}"])
    return table.rename(columns={f"at_{place}": name for place, name in enumerate(names)})


@remembered
def change_rows(book: Book) -> pd.DataFrame:
    """The leads of the period that `fair_changes` counts at each step, and which went on.

    Returns:
        `step`, `lead_id`, `channel`, `account`, `entered` (report zone: when the stage was first
        entered), `days` (given), `went_on` (within them); in order of step, then moment.
    """
    import pandas as pd

    order, parts = stages(book), []
    for place, change in enumerate(fair_changes(book).itertuples()):
        part = book.sql(
            f"""SELECT $step AS step, lead_id, channel, account_name AS account,
                {_moment(order[place])} AS entered, {change.days} AS days,
                coalesce({_reached(order, place + 1)}
                    <= {_moment(order[place])} + to_days({change.days}), false) AS went_on
            FROM lead_journey WHERE entered >= $start AND entered < $end
                AND entered + to_days({change.days}) <= $as_of
            ORDER BY entered, lead_id""",
            step=change.step,
            start=book.period.start,
            end=book.period.end,
            as_of=book.as_of,
        )
        parts.append(part.assign(entered=book.local_times(part["entered"])))
    columns = ["step", "lead_id", "channel", "account", "entered", "days", "went_on"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


@remembered
def entry_rows(book: Book) -> pd.DataFrame:
    """Every first entry into a stage during the period: the rows behind `period_stages`.

    Returns:
        `stage` (name), `lead_id`, `channel`, `account`, `entered` (report zone); in the funnel's
        order, then of the moment.
    """
    order = list(stages(book))
    table = book.sql(
        """SELECT stage, lead_id, channel, account_name AS account, entered_at AS entered
        FROM funnel_event JOIN lead_journey USING (lead_id)
        WHERE entered_at >= $start AND entered_at < $end AND list_contains($order, stage)
        ORDER BY list_position($order, stage), entered_at, lead_id""",
        start=book.period.start,
        end=book.period.end,
        order=order,
    )
    return table.assign(
        stage=table["stage"].map(STAGE_NAMES), entered=book.local_times(table["entered"])
    )


def _moment(stage: str) -> str:
    """The column of a stage's own first entry."""
    return "created_at" if stage == "lead" else f"{stage}_at"


def _reached(order: Sequence[str], place: int) -> str:
    """When a stage was reached: by its own entry or any later stage's."""
    later = [_moment(stage) for stage in order[place:]]
    return later[0] if place == 0 or len(later) == 1 else f"least({', '.join(later)})"
