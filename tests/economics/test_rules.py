"""The sections `[economics]` and `[verdicts]`: what they take, and what they say of mistakes."""

from __future__ import annotations

import pytest

from playbook.data import rules
from playbook.data.rules.economics import Economics, Verdicts
from playbook.errors import RulesError


@pytest.fixture
def load(tmp_path):
    def read(text):
        path = tmp_path / "playbook.toml"
        path.write_text(f"{text}\n", "utf-8")
        return rules.load(path)

    return read


def test_every_number_says_ours_for_the_handbook_gives_none():
    for section in (Economics, Verdicts):
        for name, field in section.model_fields.items():
            assert "(ours)" in (field.description or ""), name


def test_targets_and_budget_are_open_until_a_company_sets_them(load):
    asked = load("")
    assert (asked.verdicts.target_cac, asked.economics.budget) == (None, None)
    asked = load("[verdicts]\ntarget_cac = 60000.0\n[economics]\nbudget = 800000.0")
    assert (asked.verdicts.target_cac, asked.economics.budget) == (60_000.0, 800_000.0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[economics]\nlinked = "lead"', "linked: unknown value 'lead'; did you mean 'leads'?"),
        ('[economics]\nshared = "spend"', "shared: unknown value 'spend'"),
        ("[economics]\nshift = 30.0", "shift: must be at most 1, not 30"),
        ("[economics]\nbudget = 0.0", "budget: must be more than 0, not 0"),
        ("[economics]\nmonths = 12", "unknown key"),
        ("[verdicts]\ntarget_cac = -1.0", "target_cac: must be more than 0, not -1"),
        ("[verdicts]\nfactor = 0.0", "factor: must be more than 0, not 0"),
        ("[verdicts]\nmin_leads = 0", "min_leads: must be at least 1, not 0"),
        ("[verdicts]\nmin_months = 0", "min_months: must be at least 1, not 0"),
    ],
)
def test_a_mistake_is_told_in_words(load, text, said):
    with pytest.raises(RulesError) as error:
        load(text)
    assert said in str(error.value)
