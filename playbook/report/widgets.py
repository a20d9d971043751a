"""Interactive twins: a widget is a headless function plus the choices for its arguments."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from playbook.errors import ParameterError, PlaybookError, unknown
from playbook.report import show

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

_MISSING = (
    "This part is interactive and needs ipywidgets, which is not installed: "
    "pip install 'playbook[lab]'. The figure beside it shows the same without choices."
)


def explore(function: Callable[..., Any], /, **choices: Any) -> Any:
    """Controls for a function's arguments, and what it returns, drawn anew at each change.

    Args:
        function: Headless: takes the choices as keyword arguments and returns what to show.
        choices: One entry an argument. A list, tuple or dict (label to value) becomes a list to
            choose from, a `range` a slider over whole numbers, a bool a box to tick, a number
            or text a field that begins with it.

    Returns:
        The widget; where ipywidgets is missing, a note that says what to install.

    Raises:
        ParameterError: The function has no such argument, or a choice is empty or of a kind
            that cannot be chosen from.
    """
    _check_names(function, choices)
    widgets = _ipywidgets()
    if widgets is None:
        return show.note(_MISSING)
    controls = {name: _control(widgets, name, choice) for name, choice in choices.items()}

    def redraw(**values: Any) -> None:
        from IPython import display as ipython

        screen: Any = ipython
        screen.display(result(function, values))

    output = widgets.interactive_output(redraw, controls)
    box = widgets.HBox(list(controls.values()), layout=widgets.Layout(flex_flow="row wrap"))
    return widgets.VBox([box, output])


def table(df: pd.DataFrame, name: str, **how: Any) -> Any:
    """A table to sort and to page through; `show.table` is its static twin.

    Args:
        df: A tidy table.
        name: As in `show.table`.
        how: What else `show.table` takes.

    Returns:
        The widget; where ipywidgets is missing, the static table.
    """
    if _ipywidgets() is None:
        return show.table(df, name, **how)
    columns = {show.humanised(str(column)): column for column in df.columns}
    rows = how.pop("rows", 15)

    def draw(sort_by: str | None, *, descending: bool, first_row: int) -> show.Shown:
        ordered = df if sort_by is None else sorted_by(df, sort_by, descending=descending)
        return show.table(ordered.iloc[first_row - 1 :], name, rows=rows, **how)

    last = max(len(df), 1)
    starts = range(1, last + 1, min(rows or last, last))
    order: Mapping[str, Any] = {"as given": None, **columns}
    return explore(draw, sort_by=order, descending=True, first_row=starts)


def sorted_by(df: pd.DataFrame, column: str, *, descending: bool) -> pd.DataFrame:
    """The table in the order of a column, missing values last, equal ones as they were."""
    return df.sort_values(
        column, ascending=not descending, na_position="last", kind="stable", ignore_index=True
    )


def result(function: Callable[..., Any], values: Mapping[str, Any]) -> Any:
    """What the function returns for these values; what it refuses becomes a note that says why."""
    try:
        return function(**values)
    except PlaybookError as error:
        return show.note(str(error))


def _ipywidgets() -> Any:
    try:
        import ipywidgets
    except ImportError:
        return None
    return ipywidgets


def _check_names(function: Callable[..., Any], choices: Mapping[str, Any]) -> None:
    arguments = inspect.signature(function).parameters
    if any(entry.kind is inspect.Parameter.VAR_KEYWORD for entry in arguments.values()):
        return
    label = getattr(function, "__name__", "the function")
    for name in choices:
        if name not in arguments:
            raise ParameterError(unknown(f"argument of {label}", name, arguments))


def _control(widgets: Any, name: str, choice: Any) -> Any:
    label = {"description": show.humanised(name), "style": {"description_width": "initial"}}
    if isinstance(choice, (list, tuple, dict, range)) and not choice:
        raise ParameterError(f"choice '{name}' is empty; give at least one value")
    if isinstance(choice, range):
        limits = {"min": min(choice), "max": max(choice), "step": abs(choice.step)}
        return widgets.IntSlider(value=choice[0], continuous_update=False, **limits, **label)
    if isinstance(choice, dict):
        return widgets.Dropdown(options=list(choice.items()), **label)
    if isinstance(choice, (list, tuple)):
        return widgets.Dropdown(options=[(str(entry), entry) for entry in choice], **label)
    fields = (
        (bool, widgets.Checkbox),
        (int, widgets.IntText),
        (float, widgets.FloatText),
        (str, widgets.Text),
    )
    for kind, control in fields:
        if isinstance(choice, kind):
            return control(value=choice, **label)
    raise ParameterError(
        f"choice '{name}' is a {type(choice).__name__}; give a list, a dict of labels, a range, "
        "a bool, a number or a text"
    )
