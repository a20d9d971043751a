"""What the figures of attribution say: the answer with its numbers, and no more than they carry."""

from __future__ import annotations

import pandas as pd
import pytest

from playbook.chapters import attribution
from playbook.chapters.attribution import part_words, ways, words


def test_the_reconciliation_says_what_is_credited_unattributed_and_outside(book):
    table = attribution.reconciliation(book)
    said = words.of_reconciliation(book, table)
    assert said.title == "Of ¥40 m won, ¥10.8 m is credited to touches"
    assert "20 deals had no touch in the 180 days before" in said.see
    assert "¥24.9 m lies outside the scope" in said.see
    shown = words.as_exact(table)
    assert shown["to_the_cent"].iloc[4] == "39,985,260.48"
    assert shown["to_the_cent"].iloc[-1] == "0.00"


def test_the_flow_names_who_begins_more_than_it_ends():
    table = pd.DataFrame(
        [("a", "b", "c", 6.0), ("c", ways.NONE, "c", 3.0), ("a", "b", "a", 1.0)],
        columns=["first", "middle", "last", "value"],
    )
    assert words.of_flow(table, "won").title == "a begins 7 journeys to deals won and ends 1"
    same = table.iloc[[1]]
    assert words.of_flow(same, "won").title == "Where 3 journeys to deals won begin and end"


def test_the_map_names_the_touch_after_which_the_goal_comes_most_often():
    rows = [("a", ways.CONVERTED, 0.1, 20), ("a", ways.ENDED, 0.9, 20)]
    rows += [("b", ways.CONVERTED, 0.3, 10), ("b", ways.ENDED, 0.7, 10)]
    table = pd.DataFrame(rows, columns=["name", "step", "value", "n"])
    said = words.of_steps(table, "sql")
    assert said.title == "The next step is the SQL most often after b: 30 % of its touches"
    assert "after a (90 %)" in said.alt


def sides(**shares):
    return pd.DataFrame(
        [
            {"name": name, "model": model, "value": v, "low": v, "high": v, "conversions": 50 * v}
            for model, values in shares.items()
            for name, v in values.items()
        ]
    )


def test_models_that_name_another_channel_are_counted_and_few_journeys_are_called_few(book):
    table = sides(linear={"a": 0.6, "b": 0.4}, Markov={"a": 0.3, "b": 0.7})
    said = words.of_models(book, table, "won")
    assert said.title == "a is credited most by 1 of 2 models"
    assert "50 journeys are few: chance moves every share." in said.see
    alone = words.of_models(book, sides(linear={"a": 0.6, "b": 0.4}), "sql")
    assert alone.title == "a is credited most: 60 % of SQLs"


def test_agreement_speaks_of_what_journeys_can_tell_and_not_of_sameness(book):
    table = attribution.agreement(book, attribution.pictured(book))
    said = words.of_agreement(table, "opportunity")
    beyond = int(table["is_beyond_noise"].sum())
    assert said.title.startswith(f"For {beyond} of {len(table)} channels")
    assert "these journeys cannot tell the models apart" in said.see
    none = words.of_agreement(table.assign(is_beyond_noise=False), "opportunity")
    assert none.title.startswith("For none of ")


def test_removal_is_told_as_what_the_model_loses_and_nobody_removed(book):
    table = attribution.removal(book, attribution.pictured(book))
    said = words.of_removal(table, "opportunity")
    assert said.title.startswith(f"Without {table['channel'].iloc[0]} the chain of journeys")
    assert "nobody was removed" in said.see
    assert words.as_removal(table)["beside"].iloc[0].endswith("journeys")
    assert table["credit_share"].sum() == pytest.approx(1)


def test_events_are_set_against_their_share_of_the_cost(book):
    table, cost = attribution.events_share(book), attribution.events_cost(book)
    said = part_words.of_events(book, table, cost)
    assert "of the opportunities, by model, and cost 45 % of the money" in said.title
    free = part_words.of_events(book, table, dict.fromkeys(cost, float("nan")))
    assert "cost" not in free.title
    assert part_words.reference(cost) == cost["share"]
    assert part_words.reference(dict.fromkeys(cost, float("nan"))) is None


def test_a_brand_ad_is_said_to_change_nothing_only_where_the_interval_holds_zero(book):
    table = attribution.before_form(book)
    assert "became SQL no more often than leads alike" in part_words.of_before_form(table).title
    clear = table.assign(low=0.01, high=0.02)
    said = part_words.of_before_form(clear).title
    assert said.startswith("“Visited a page” stands last")
    assert "became SQL more often" in said


def test_nurture_is_influence_and_amounts_are_written_as_amounts(book):
    table = attribution.nurture_part(book)
    assert "6 of the 72 new customers" in part_words.of_nurture(table).title
    shown = part_words.as_nurture(book, table)
    assert shown["all"].tolist()[:2] == ["277", "¥57 m"]


def test_both_returns_are_told_per_yuan_as_the_picture_draws_them(book):
    from playbook.chapters import economics

    said = part_words.of_roi(book, economics.roi(book))
    assert said.title.startswith("¥3.32 came back for each ¥1 (simple ROI 2.32)")


def test_ways_are_written_in_words_for_a_table():
    table = pd.DataFrame({"path": [("a", "b")], "steps": [2], "conversions": [3]})
    assert words.paths_shown(table)["way"].tolist() == ["a → b"]


def test_models_carry_their_names_and_the_unit_of_their_conversion(book):
    won = attribution.by_models(book, "won")
    assert list(words.model_names(won).columns[1:4]) == ["first touch", "last touch", "linear"]
    assert set(words.model_units(book, "won", won).values()) == {"money"}
    assert set(words.model_units(book, "sql", won).values()) == {"ratio"}
