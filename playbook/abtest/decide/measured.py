"""Tests whose units are at hand, one row each: all of them in one scan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook.abtest.decide.experiments import SAID, Experiment, cleaned, recorded
from playbook.abtest.inputs.groups import groups_of
from playbook.errors import refuse

if TYPE_CHECKING:
    from playbook.abtest.after.noninferior import Guardrail
    from playbook.abtest.inputs.groups import Group
    from playbook.abtest.metrics import Metric

TEST = "experiment_id"


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
    told = (*SAID, *filter(None, [exposed]))
    groups = groups_of(rows, wanted, group=TEST, control=control, unit=unit, told=told)
    wrong: list[str] = []
    said = {name: _said(name, one, exposed, wrong) for name, one in groups.items()}
    refuse(wrong)
    return [
        recorded(
            name, one.arms or one.problem, said[name], metric=metric, guardrails=guardrails,
            higher_is_better=higher_is_better,
        )
        for name, one in groups.items()
    ]  # fmt: skip


def _said(
    name: str, group: Group, exposed: str | None, wrong: list[str]
) -> list[tuple[str, dict[str, Any]]]:
    """What the units of each arm say of their test, as rows that say one thing each."""
    first = None if exposed is None else min(told[exposed][0] for _, told in group.told)
    found = []
    for arm, told in group.told:
        columns = {column: told[column] for column in SAID if column in told}
        for place in range(max(map(len, columns.values()), default=1)):
            row = {
                column: values[min(place, len(values) - 1)] for column, values in columns.items()
            }
            found.append((arm, cleaned({"start_date": first, **row, TEST: name}, wrong)))
    return found
