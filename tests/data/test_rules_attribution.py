"""The section `[attribution]`: its defaults, what it takes, and what it says of mistakes."""

from __future__ import annotations

import pytest

from playbook.data import rules
from playbook.data.rules.attribution import Attribution
from playbook.errors import RulesError


@pytest.fixture
def load(tmp_path):
    def read(text):
        path = tmp_path / "playbook.toml"
        path.write_text(f"[attribution]\n{text}\n", "utf-8")
        return rules.load(path).attribution

    return read


def test_the_handbooks_three_models_come_first_and_position_sums_to_one():
    asked = Attribution()
    assert asked.models[:3] == ("first", "last", "linear")
    assert asked.main_model == "linear"
    assert sum(asked.position_weights) == pytest.approx(1)
    assert asked.deal_types == ("new", "referral")
    assert asked.directions == ("in",)
    assert asked.ignore_direct


def test_every_number_the_handbook_does_not_give_says_ours():
    for name, field in Attribution.model_fields.items():
        if name not in {"leave_out", "direct_groups"}:
            said = field.description or ""
            assert "ours" in said, name


def test_labels_in_chinese_name_types_and_groups(load):
    asked = load('leave_out = ["演示"]\ndirect_groups = ["直接访问"]')
    assert asked.leave_out == ("demo",)
    assert asked.direct_groups == ("direct",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("position_weights = [0.5, 0.2, 0.4]", "position_weights: must sum to 1; these sum to 1.1"),
        ("position_weights = [0.5, 0.5]", "position_weights: must have at least 3 entries, not 2"),
        ("half_life_days = 0", "half_life_days: must be more than 0, not 0"),
        ("lookback_days = -1", "lookback_days: must be more than 0, not -1"),
        ("markov_order = 9", "markov_order: must be at most 4, not 9"),
        ("draws = 3", "draws: must be 0 or at least 40, not 3"),
        ("months = 0", "months: must be at least 1, not 0"),
        ('models = ["first", "first"]', "models: names first more than once"),
        ('models = ["lineer"]', "models[0]: unknown value 'lineer'; did you mean 'linear'?"),
        ('leave_out = ["dance"]', "leave_out[0]: unknown touch_type 'dance'."),
        ('direct_groups = ["typed"]', "direct_groups[0]: unknown channel_group 'typed'."),
        ("lookback = 90", "unknown key"),
    ],
)
def test_a_mistake_is_told_with_what_is_allowed(load, text, said):
    with pytest.raises(RulesError) as refused:
        load(text)
    assert said in str(refused.value)
    assert "line 2" in str(refused.value)


def test_no_draws_are_allowed_where_intervals_are_not_wanted(load):
    assert load("draws = 0").draws == 0
    assert load("draws = 40").draws == 40
