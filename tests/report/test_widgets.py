"""Widgets: a headless function plus the choices for its arguments."""

from __future__ import annotations

import sys

import ipywidgets
import pandas as pd
import pytest

from playbook.errors import ParameterError
from playbook.report import show, widgets


def leads_of(channel, months=3, *, only_valid=False):
    return show.note(f"{channel} {months} {only_valid}")


@pytest.mark.parametrize(
    ("choice", "kind", "first"),
    [
        (["SEM", "SEO"], ipywidgets.Dropdown, "SEM"),
        (("SEM", "SEO"), ipywidgets.Dropdown, "SEM"),
        ({"搜索": "SEM"}, ipywidgets.Dropdown, "SEM"),
        (range(1, 13), ipywidgets.IntSlider, 1),
        (True, ipywidgets.Checkbox, True),
        (3, ipywidgets.IntText, 3),
        (0.5, ipywidgets.FloatText, 0.5),
        ("SEM", ipywidgets.Text, "SEM"),
    ],
)
def test_each_kind_of_choice_has_its_control(choice, kind, first):
    box = widgets.explore(leads_of, channel=choice)
    (control,) = box.children[0].children
    assert isinstance(control, kind)
    assert control.value == first
    assert control.description == "Channel"


def test_a_change_calls_the_function_anew():
    seen = []

    def look(channel):
        seen.append(channel)

    box = widgets.explore(look, channel=["SEM", "SEO"])
    box.children[0].children[0].value = "SEO"
    assert seen[-1] == "SEO"


def test_an_argument_that_the_function_does_not_have_is_refused():
    with pytest.raises(ParameterError, match="unknown argument of leads_of 'chanel'; did you mean"):
        widgets.explore(leads_of, chanel=["SEM"])


@pytest.mark.parametrize("empty", [[], {}, range(0)])
def test_a_choice_without_values_is_refused(empty):
    with pytest.raises(ParameterError, match="choice 'channel' is empty"):
        widgets.explore(leads_of, channel=empty)


def test_a_choice_of_an_unknown_kind_is_refused():
    with pytest.raises(ParameterError, match="choice 'channel' is a object; give a list"):
        widgets.explore(leads_of, channel=object())


def test_what_the_function_refuses_becomes_a_note():
    def refuse(channel):
        raise ParameterError(f"no channel {channel}")

    assert repr(widgets.result(refuse, {"channel": "x"})) == "no channel x"


def test_without_ipywidgets_a_note_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    assert "pip install 'playbook[lab]'" in repr(widgets.explore(leads_of, channel=["SEM"]))


def test_without_ipywidgets_a_table_is_still_a_table(monkeypatch):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    assert "Leads" in repr(widgets.table(pd.DataFrame({"leads": [1]}), "leads"))


def test_a_table_can_be_sorted_by_any_column_with_gaps_last():
    df = pd.DataFrame({"name": ["a", "b", "c"], "hours": [2.0, None, 3.0]})
    box = widgets.table(df, "leads")
    order = box.children[0].children[0]
    assert list(dict(order.options)) == ["as given", "Name", "Hours"]
    assert widgets.sorted_by(df, "hours", descending=True)["name"].tolist() == ["c", "a", "b"]
    assert widgets.sorted_by(df, "hours", descending=False)["name"].tolist() == ["a", "c", "b"]
