"""Practice for the chapter on tests; every answer is computed from the Book that is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook import abtest
from playbook.chapters import ab_testing
from playbook.report.lessons.model import Lesson

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book

LOOKS = 14
BASELINE, CHANGED = 0.045, 0.054
CORRELATION = 0.6


def _winner(book: Book) -> pd.Series:
    """The proven winner with the largest lift; by id where several are equal."""
    table = ab_testing.record(book)
    return table[table["verdict"] == "ship"].sort_values(["lift", "experiment_id"]).iloc[-1]


def _needed(_: Book) -> int:
    plan = abtest.sample_size(BASELINE, CHANGED - BASELINE)
    return int(max(plan.n.values()))


def _weeks(book: Book) -> int:
    return int(ab_testing.pages(book)["weeks"].iloc[0])


def _uneven(book: Book) -> set[str]:
    table = ab_testing.checks(book)
    return set(table.loc[~table["split_ok"].astype(bool), "experiment_id"])


def _points(book: Book) -> float:
    return float(_winner(book)["difference"])


def _at_least(book: Book) -> float:
    return float(_winner(book)["lift_low"])


def _false(book: Book) -> set[str]:
    """Kept, and not proven by the rules in force."""
    table = ab_testing.reread(book)
    kept = table[table["decision"] == "keep"]
    return set(kept.loc[kept["verdict"] != "ship", "experiment_id"])


def _after_holm(book: Book) -> int:
    table = ab_testing.record(book)
    return int((table["p_adjusted"] < book.rules.abtest.alpha).sum())


def _peeked(_: Book) -> float:
    return float(abtest.peeking(LOOKS, rule="fixed").exact)


def _spared(_: Book) -> float:
    """The share of people that a covariate of this correlation spares."""
    plain, spared = (
        abtest.sample_size(20.0, 1.0, kind="mean", sd=10.0, correlation=r).total
        for r in (0.0, CORRELATION)
    )
    return 1 - spared / plain


LESSONS = (
    Lesson(
        id="ab_testing-1",
        question="A page converts 4.5 % of its visitors. How many people does each of two arms "
        "need to find a rise to 5.4 % (alpha 5 % two-sided, power 80 %)?",
        solve=_needed,
        look_again="The effect is 0.9 points, not 5.4; and the answer is for one arm, not for "
        "both.",
        hint="abtest.sample_size(baseline, effect) plans it; the effect is a difference of shares.",
        solution="abtest.sample_size(0.045, 0.009)",
        why="Calculators differ by some per mille: they follow different conventions. By a "
        "factor of two they differ only where one has both arms in it.",
        tolerance=0.015,
    ),
    Lesson(
        id="ab_testing-2",
        question="How many full weeks does the most visited page need to find the smallest lift "
        "worth having of the rules?",
        solve=_weeks,
        look_again="Full weeks, rounded up, for both arms together.",
        hint="ab_testing.pages(book) has people a week, needed and weeks; its first row is the "
        "most visited page.",
        solution='ab_testing.pages(book)["weeks"].iloc[0]',
        why="If that is more than a quarter, test something bolder: a larger lift needs far fewer "
        "people, four times fewer for twice the lift.",
    ),
    Lesson(
        id="ab_testing-3",
        question="Which tests must not be read, because their visitors were not split as "
        "planned? Answer with a set of experiment ids.",
        solve=_uneven,
        look_again="Not the size of the difference counts, but how likely chance would make it.",
        hint="ab_testing.checks(book) has split and split_p for each test.",
        solution="checks = ab_testing.checks(book)\n"
        'set(checks.loc[~checks["split_ok"], "experiment_id"])',
        why="Who was lost on the way may be just those who would not have converted: the rates "
        "compare different people. Find the cause, then test again.",
    ),
    Lesson(
        id="ab_testing-4",
        question="By how many percentage points does the winner with the largest lift convert "
        "more than its control?",
        solve=_points,
        look_again="Points are a difference of two rates, not their ratio.",
        hint='ab_testing.record(book) has value_control, value, difference and verdict "ship".',
        solution="record = ab_testing.record(book)\n"
        'record[record["verdict"] == "ship"].sort_values("lift")["difference"].iloc[-1]',
        why="Points say how many forms more; the lift says how much better. From 1 % to 2 % is "
        "one point and +100 %.",
        unit="share",
        tolerance=0.001,
    ),
    Lesson(
        id="ab_testing-5",
        question="Which lift may you promise for that winner, if you want to be on the safe side?",
        solve=_at_least,
        look_again="Not the lift that was measured: the lower end of its interval.",
        hint="ab_testing.record(book) has lift_low and lift_high.",
        solution="record = ab_testing.record(book)\n"
        'record[record["verdict"] == "ship"].sort_values("lift")["lift_low"].iloc[-1]',
        why="A test that won tends to flatter: of all tests, those with luck win more easily.",
        unit="share",
        tolerance=0.015,
    ),
    Lesson(
        id="ab_testing-6",
        question="Which tests were kept although today's rules call them no proven winner? "
        "Answer with a set of experiment ids.",
        solve=_false,
        look_again='Look at the tests with decision "keep" and their verdict.',
        hint="ab_testing.reread(book) has decision and verdict side by side.",
        solution="again = ab_testing.reread(book)\n"
        "set(again.query(\"decision == 'keep' and verdict != 'ship'\")[\"experiment_id\"])",
        why="They may still be good; nobody knows. Test them again with enough people.",
    ),
    Lesson(
        id="ab_testing-7",
        question="How many results stay below alpha once p is adjusted for all tests that were "
        "read together?",
        solve=_after_holm,
        look_again="Take p_adjusted, not p_value.",
        hint="ab_testing.record(book) has p_adjusted.",
        solution="alpha = book.rules.abtest.alpha\n"
        '(ab_testing.record(book)["p_adjusted"] < alpha).sum()',
        why="With twenty tests of nothing, one is below 5 % on average.",
    ),
    Lesson(
        id="ab_testing-8",
        question="Two equal pages; you look on each of fourteen days and stop as soon as p is "
        "below 5 %. In which share of such tests do you call a winner?",
        solve=_peeked,
        look_again="It is far more than 5 %: every look is another chance to be wrong.",
        hint="abtest.peeking(14) simulates it, and knows the exact share.",
        solution='abtest.peeking(14, rule="fixed").exact',
        why="Look as often as you like with bounds made for it: the always-valid interval, or "
        "O'Brien–Fleming's.",
        unit="share",
        tolerance=0.02,
    ),
    Lesson(
        id="ab_testing-9",
        question="What people did before the test goes with what they do in it, with a "
        "correlation of 0.6. Which share of the people does a test spare that takes it into "
        "account (CUPED)?",
        solve=_spared,
        look_again="Not the correlation itself: the variance falls by its square.",
        hint="abtest.sample_size(…, correlation=0.6) against the same without.",
        solution="0.6**2",
        why="It costs nothing but a column that was measured before anybody saw the test.",
        unit="share",
        tolerance=0.005,
    ),
)
