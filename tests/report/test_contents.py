"""The reading order of the pages."""

from __future__ import annotations

import pytest

from playbook.errors import ReviewError
from playbook.report import contents


def test_pages_come_in_reading_order_and_own_ones_after_ours_of_the_folder(notebooks):
    cells = ("1",)
    names = ("99_cockpit", "funnel/zz_own", "funnel/01_growth_funnel", "00_diagnosis", "extra/mine")
    folder = notebooks(**dict.fromkeys((*names, "channels/04_events"), cells))
    assert [page.name for page in contents.pages(folder)] == [
        "00_diagnosis",
        "funnel/01_growth_funnel",
        "funnel/zz_own",
        "channels/04_events",
        "extra/mine",
        "99_cockpit",
    ]


def test_an_own_notebook_is_called_by_its_first_heading(notebooks):
    folder = notebooks(**{"funnel/my_page": ("1",)})
    assert contents.pages(folder)[0].title == "My_page"


def test_an_own_notebook_without_a_heading_is_called_by_its_file(tmp_path):
    (tmp_path / "03_lost_deals.ipynb").write_text("{")
    assert contents.pages(tmp_path)[0].title == "Lost deals"


def test_checkpoints_are_no_pages(notebooks):
    folder = notebooks(**{"a": ("1",), ".ipynb_checkpoints/a-checkpoint": ("1",)})
    assert [page.name for page in contents.pages(folder)] == ["a"]


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(ReviewError, match="no notebook"):
        contents.pages(tmp_path)
