"""What the steps bring: who engages, who comes back, and whether the flow itself does it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook import format as fmt
from playbook import nurture
from playbook.book import remembered
from playbook.chapters.nurture.counted import ANSWER_DAYS, RETURN_DAYS, first_since
from playbook.chapters.nurture.evaluated import (
    ENTERED,
    enrolments,
    flow_title,
    flows,
    goal,
    pools,
    programs,
    step_names,
    step_rows,
)
from playbook.chapters.nurture.inputs import cases, now, responses, returns, tables
from playbook.intervals import holm
from playbook.nurture.effects import SMALL

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book

LANDMARK_DAYS, CONVERT_DAYS = 14, 90
"""Days from the valid lead to the comparison, and from there to becoming MQL."""

LEVEL = 0.05
"""From this adjusted p on, chance may have made a difference."""

MORE = "more reach it"
"""The verdict on a step that goes with more returns than chance makes."""

GOAL_NAMES = {
    "mql": "MQL",
    "sql": "SQL",
    "opportunity": "opportunity",
    "renewed": "renewal",
    "won": "won",
}


@remembered
def engagement(book: Book) -> pd.DataFrame:
    """How many who were sent a message answered it within seven days, over all periods.

    Steps of a flow to which nobody ever answered anything are left out: there, answers are
    rather not recorded than not given (see `unanswered`).

    Returns:
        One row per message step, in the order of the flows: `flow`, `step`, `program`, `sent`,
        `engaged`, `rate`, `low`, `high`, `young` (sent too recently to judge).
    """
    import pandas as pd

    titles = {p: flow_title(flow) for p, (flow, _) in programs(book, messages=True).items()}
    columns = ["flow", "step", "program", "sent", "engaged", "rate", "low", "high", "young"]
    sent = _known(tables(book).sends, titles)
    if sent.empty:
        return pd.DataFrame(columns=columns)
    found = nurture.engagement(
        sent,
        _known(responses(book), titles),
        as_of=now(book),
        within_days=ANSWER_DAYS,
    )
    found = found.assign(flow=found["program"].map(titles), step=_named(book, found["program"]))
    heard = found.groupby("flow")["engaged"].transform("sum") > 0
    order = {program: place for place, program in enumerate(titles)}
    kept = found[heard].sort_values("program", key=lambda names: names.map(order))
    return kept.reset_index(drop=True)[columns]


def unanswered(book: Book) -> list[str]:
    """Titles of the flows that sent messages and to which no answer is on record."""
    heard = set(responses(book)["program"])
    sent = set(tables(book).sends["program"].dropna())
    out = []
    for flow in flows(book):
        own = {flow.program(step) for step in flow.steps if not step.is_silent}
        if own & sent and not own & heard:
            out.append(flow_title(flow))
    return out


@remembered
def step_effects(book: Book) -> pd.DataFrame:
    """Whether those who got a step reached the flow's goal more often than those who did not.

    Both are followed from a day after the step was due, for `RETURN_DAYS` days; see
    `playbook.nurture.step_effects`. The goal is the first of MQL, SQL, opportunity, renewal and
    won among what ends the flow. Flows whose goal nobody reached since the start have no rows.

    Returns:
        One row per step: `flow`, `step`, `program`, `goal`, `with_step`, `returned_with`,
        `rate_with`, `without_step`, `returned_without`, `rate_without` (raw shares),
        `difference`, `low`, `high` (within months of start), `odds_ratio`, `p_adjusted` (Holm,
        for all steps together), `verdict` (`more reach it`, `fewer reach it`, `no difference
        seen`, `too few`), `warning`.
    """
    import pandas as pd

    parts = [_of_flow(book, flow) for flow in flows(book)]
    known = [part for part in parts if len(part)]
    if not known:
        return pd.DataFrame(columns=list(_COLUMNS))
    table = pd.concat(known, ignore_index=True)
    table["p_adjusted"] = holm(table["p"])
    table["rate_with"] = table["returned_with"] / table["with_step"].where(table["with_step"] > 0)
    table["rate_without"] = table["returned_without"] / table["without_step"].where(
        table["without_step"] > 0
    )
    table["verdict"] = [_verdict(row) for row in table.to_dict("records")]
    return table[list(_COLUMNS)]


_COLUMNS = (
    "flow", "step", "program", "goal", "with_step", "returned_with", "rate_with", "without_step",
    "returned_without", "rate_without", "difference", "low", "high", "odds_ratio", "p_adjusted",
    "verdict", "warning",
)  # fmt: skip


def _of_flow(book: Book, flow: nurture.Flow) -> pd.DataFrame:
    own = step_rows(book)
    own = own[own["flow"] == flow.name].reset_index(drop=True)
    aim = goal(flow)
    back = returns(book, aim) if aim else returns(book).head(0)
    if own.empty or first_since(own, back).notna().sum() == 0:
        return own.head(0)
    found = nurture.step_effects(own, back, as_of=now(book), within_days=RETURN_DAYS)
    found = found[found["with_step"] + found["without_step"] > 0]
    names = step_names(book)
    return found.assign(
        flow=flow_title(flow), step=found["program"].map(names), goal=GOAL_NAMES[aim]
    )


def _verdict(row: dict[Any, Any]) -> str:
    few = min(row["returned_with"], row["returned_without"]) < SMALL
    if few or fmt.is_missing(row["p_adjusted"]):
        return "too few"
    if row["p_adjusted"] >= LEVEL:
        return "no difference seen"
    return MORE if row["difference"] > 0 else "fewer reach it"


@remembered
def working_step(book: Book) -> dict[str, Any] | None:
    """The row of `step_effects` with the largest difference beyond chance; None without one."""
    table = step_effects(book)
    works = table[table["verdict"] == MORE].sort_values("difference", ascending=False)
    return None if works.empty else dict(works.iloc[0])


@remembered
def comparison(book: Book) -> dict[str, Any] | None:
    """Whether valid leads in the pool become MQL more often than comparable ones outside.

    Compared within the month of becoming valid and the group of the channel, among those that
    were no MQL `LANDMARK_DAYS` days later; followed for `CONVERT_DAYS` days.

    Returns:
        What `playbook.nurture.compare` returns; None where there is nobody to compare.
    """
    names = [flow.name for flow in pools(book)]
    found = enrolments(book)
    inside = found[found["flow"].isin(names) & found["status"].isin(ENTERED)]
    valid, back = cases(book), returns(book)
    started = valid.assign(started_at=valid["at"])
    if inside.empty or valid.empty or first_since(started, back).notna().sum() == 0:
        return None
    return nurture.compare(
        valid,
        inside,
        back,
        as_of=now(book),
        landmark_days=LANDMARK_DAYS,
        within_days=CONVERT_DAYS,
        by=("channel_group",),
    )


def compared(found: dict[str, Any]) -> pd.DataFrame:
    """The two groups of a comparison as rows: `group`, `leads`, `mql`, `rate` (weighted alike)."""
    import pandas as pd

    rows = [
        ("in the pool", found["n_with"], found["outcomes_with"], found["rate_with"]),
        ("not in the pool", found["n_without"], found["outcomes_without"], found["rate_without"]),
    ]
    return pd.DataFrame(rows, columns=["group", "leads", "mql", "rate"])


def _known(events: Any, names: dict[str, str]) -> pd.DataFrame:
    kept: pd.DataFrame = events[events["program"].isin(list(names))]
    return kept


def _named(book: Book, names: pd.Series[Any]) -> pd.Series[Any]:
    named: pd.Series[Any] = names.map(step_names(book))
    return named
