"""Tests whose units are at hand, one row each: all of them in one scan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook.abtest.after.checks import chosen_metric
from playbook.abtest.arms import TEST
from playbook.abtest.decide.experiments import SAID, Experiment, cleaned, recorded
from playbook.abtest.inputs.groups import groups_of
from playbook.errors import refuse
from playbook.format import is_missing

if TYPE_CHECKING:
    from playbook.abtest.after.noninferior import Guardrail
    from playbook.abtest.inputs.groups import Group
    from playbook.abtest.metrics import Metric


def measured_tests(
    rows: Any,
    metric: Metric | str,
    *,
    control: str,
    guardrails: tuple[Guardrail, ...],
    unit: str | None,
    exposed: str | None,
    higher_is_better: bool,
) -> list[Experiment]:
    """The tests of unit rows, by name; see `playbook.abtest.decide.tables.experiments_of`."""
    wanted = (metric, *(rail.metric for rail in guardrails))
    groups = groups_of(
        rows, wanted, group=TEST, control=control, unit=unit, told=SAID, exposed=exposed
    )
    wrong: list[str] = []
    said = {name: _said(name, one, wrong) for name, one in groups.items()}
    refuse(wrong)
    return [
        recorded(
            name, one.arms or one.problem, said[name],
            metric=metric if one.arms is None else chosen_metric(one.arms, metric),
            guardrails=guardrails, higher_is_better=higher_is_better, exposed=one.exposed,
        )
        for name, one in groups.items()
    ]  # fmt: skip


def _said(name: str, group: Group, wrong: list[str]) -> list[tuple[str, dict[str, Any]]]:
    """What the units of each arm say of their test, as rows that say one thing each."""
    first = None if group.exposed is None else group.exposed[0]
    found = []
    for arm, told in group.told:
        columns = {column: told[column] for column in SAID if column in told}
        for place in range(max(map(len, columns.values()), default=1)):
            row = {
                column: values[min(place, len(values) - 1)] for column, values in columns.items()
            }
            if is_missing(row.get("start_date")) and len(columns.get("start_date", [None])) == 1:
                row["start_date"] = first
            found.append((arm, cleaned({**row, TEST: name}, wrong)))
    return found
