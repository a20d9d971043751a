"""The section `[abtest]`: what it takes, and what it says of mistakes."""

from __future__ import annotations

import pytest

from playbook.abtest import Criteria
from playbook.data import rules
from playbook.data.rules.abtest import Abtest
from playbook.errors import RulesError


@pytest.fixture
def load(tmp_path):
    def read(text):
        path = tmp_path / "playbook.toml"
        path.write_text(f"{text}\n", "utf-8")
        return rules.load(path)

    return read


def test_every_number_says_ours_for_the_handbook_gives_none():
    for name, field in Abtest.model_fields.items():
        assert "(ours)" in (field.description or ""), name


def test_the_defaults_are_those_of_the_method():
    assert Criteria(**Abtest().model_dump()) == Criteria()


def test_a_company_sets_its_own(load):
    own = load("[abtest]\nminimum_lift = 0.1\nmax_weeks = 4\nrunning = 'wait'").abtest
    assert (own.minimum_lift, own.max_weeks, own.running, own.alpha) == (0.1, 4, "wait", 0.05)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("alpha = 5.0", "alpha: must be at most 0.5, not 5"),
        ("alpha = 0.0", "alpha: must be more than 0, not 0"),
        ("power = 1.0", "power: must be at most 0.99, not 1"),
        ("minimum_lift = 0.0", "minimum_lift: must be more than 0, not 0"),
        ("minimum_lift = 20.0", "minimum_lift: must be at most 10, not 20"),
        ("min_days = 3", "min_days: must be at least 7, not 3"),
        ("max_weeks = 0", "max_weeks: must be at least 1, not 0"),
        ("min_conversions = 0", "min_conversions: must be at least 1, not 0"),
        ("split_alpha = 0.5", "split_alpha: must be at most 0.1, not 0.5"),
        ("tuned_at = 10", "tuned_at: must be at least 100, not 10"),
        ('running = "fixed"', "running: unknown value 'fixed'"),
        ("min_lift = 0.1", "unknown key"),
    ],
)
def test_a_mistake_is_told_in_words(load, text, said):
    with pytest.raises(RulesError) as error:
        load(f"[abtest]\n{text}")
    assert said in str(error.value)
