"""A flow as a table of boxes, for a diagram."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook import conditions

if TYPE_CHECKING:
    import pandas as pd

    from playbook.nurture.settings import Flow, Programme, Step, Touch


def outline(programme: Programme, name: str, figures: dict[str, str] | None = None) -> pd.DataFrame:
    """The boxes of a flow in their order: what starts it, who enters, its steps, what ends it.

    Args:
        programme: The flows.
        name: The flow.
        figures: A line under a step's box by its program, such as "1,200 sent · 19 % clicked";
            also under `start` and `exit`.

    Returns:
        `kind` (`start`, `entry`, `step`, `exit`), `when`, `title`, `detail`, `figure`.

    Raises:
        ParameterError: There is no such flow.
    """
    import pandas as pd

    flow = programme.flow(name)
    told = figures or {}
    rows = [("start", *_start(flow), told.get("start", ""))]
    if flow.when is not None:
        rows.append(("entry", "", "enters if", conditions.describe(flow.when), ""))
    rows += [
        ("step", _when(step), step.content or step.name, _channels(step, programme.touch),
         told.get(flow.program(step), ""))
        for step in flow.steps
    ]  # fmt: skip
    limit = "" if flow.ends_after_days is None else f"day {flow.ends_after_days}"
    rows.append(("exit", limit, "ends at", ", ".join(flow.exits), told.get("exit", "")))
    return pd.DataFrame(rows, columns=["kind", "when", "title", "detail", "figure"])


def _start(flow: Flow) -> tuple[str, str, str]:
    if flow.after_flow:
        return "day 0", f"{flow.after_flow} completed", "starts"
    before = f"{flow.days_before} days before" if flow.days_before else "day 0"
    return before, str(flow.on), "starts, each time" if flow.again else "starts, once"


def _when(step: Step) -> str:
    own = f"day {step.day}" if step.hours is None else f"hour {step.hours:g}"
    return own if step.within_hours is None else f"{own}, by hour {step.within_hours:g}"


def _channels(step: Step, touch: Touch) -> str:
    return ", else ".join(step.channels or touch.order).replace("_", " ")
