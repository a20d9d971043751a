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
    names = [step.content or step.name.replace("_", " ") for step in flow.steps]
    rows += [
        ("step", _when(step), name, _channels(step, programme.touch),
         told.get(flow.program(step), ""))
        for name, step in zip(names, flow.steps, strict=True)
    ]  # fmt: skip
    limit = "" if flow.ends_after_days is None else f"by day {flow.ends_after_days}"
    rows.append(("exit", limit, "ends at", ", ".join(flow.exits), told.get("exit", "")))
    return pd.DataFrame(rows, columns=["kind", "when", "title", "detail", "figure"])


def _start(flow: Flow) -> tuple[str, str, str]:
    if flow.after_flow:
        return "day 0", f"{flow.after_flow} completed", "starts"
    before = f"{flow.days_before} days before" if flow.days_before else "day 0"
    return before, str(flow.on), "starts, each time" if flow.again else "starts, once"


def _when(step: Step) -> str:
    if step.hours is None:
        own = f"day {step.day}"
    else:
        own = f"after {step.hours:g} h" if step.hours else "at once"
    return own if step.within_hours is None else f"{own}, within {step.within_hours:g} h"


def _channels(step: Step, touch: Touch) -> str:
    return ", else ".join(step.channels or touch.order).replace("_", " ")
