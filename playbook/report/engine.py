"""A papermill engine that drives a given kernel and keeps what it saw."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine, papermill_engines

NAME = "playbook"
_SHORTEST_S = 0.001  # nbclient takes 0 for no limit


@dataclass
class Record:
    """What was seen of a notebook so far.

    Attributes:
        deadline: When it must be done, by `time.monotonic`.
        nb: The notebook as far as it got.
        started: Index of the last cell that was sent to the kernel.
        answered: Indexes of the cells that the kernel answered without an error.
    """

    deadline: float
    nb: Any = None
    started: int | None = None
    answered: set[int] = field(default_factory=set)

    def before(self, cell: Any, cell_index: int) -> None:  # noqa: ARG002 - nbclient's names
        """Note that a cell goes to the kernel."""
        self.started = cell_index

    def after(self, cell: Any, cell_index: int, execute_reply: Any) -> None:  # noqa: ARG002
        """Note the kernel's answer to a cell."""
        if execute_reply["content"]["status"] == "ok":
            self.answered.add(cell_index)

    def seconds_left(self, cell: Any) -> float:  # noqa: ARG002
        """What is left of the whole notebook's limit."""
        return max(self.deadline - time.monotonic(), _SHORTEST_S)


class RecordingEngine(Engine):  # type: ignore[misc]
    """Runs the cells in a kernel that a manager provides, and ends it afterwards."""

    @classmethod
    def execute_managed_notebook(
        cls, nb_man: Any, kernel_name: str, *, record: Record, manager: Any, **options: Any
    ) -> None:
        """Execute the notebook of `nb_man`."""
        record.nb = nb_man.nb
        client = PapermillNotebookClient(
            nb_man,
            km=manager,
            kernel_name=kernel_name,
            startup_timeout=options["start_timeout"],
            timeout_func=record.seconds_left,
            record_timing=False,
            shutdown_kernel="immediate",
            store_widget_state=False,
            on_cell_execute=record.before,
            on_cell_executed=record.after,
        )
        client.owns_km = True
        client.execute()


def register() -> None:
    """Make the engine known to papermill under `NAME`."""
    papermill_engines.register(NAME, RecordingEngine)
