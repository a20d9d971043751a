"""What looking too early costs, and whether the methods keep what they promise, by simulation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook import abtest
from playbook.abtest.decide.aa import aa_test as drawn_tests
from playbook.abtest.decide.aa import power_test as drawn_winners
from playbook.abtest.during.peeking import bounds_of
from playbook.book import remembered
from playbook.chapters.ab_testing.traffic import ALL, visited

if TYPE_CHECKING:
    import pandas as pd

    from playbook.abtest.during.peeking import Rule
    from playbook.book import Book

ONCE = "read once, at the end"
NAIVE = "read at every look"
RULES: dict[str, Rule] = {
    ONCE: "once",
    NAIVE: "fixed",
    "always valid": "always_valid",
    "O'Brien–Fleming": "obrien_fleming",
    "Pocock": "pocock",
}
"""The ways to look that are set side by side, and what the method calls them."""

BOUNDS: dict[str, Rule] = {
    ONCE: "fixed",
    "always valid": "always_valid",
    "O'Brien–Fleming": "obrien_fleming",
}
"""The lines that are drawn over the looks."""

DRAWS = 2000
SEED = 1


def peek(
    looks: int = 14,
    *,
    people_per_look: int = 500,
    baseline: float = 0.05,
    alpha: float = 0.05,
    draws: int = DRAWS,
    seed: int = SEED,
) -> pd.DataFrame:
    """How often each way of looking calls a winner where nothing differs.

    Args:
        looks: How often the test is looked at, one look a day.
        people_per_look: People in each arm between two looks.
        baseline: Share that converts, in both arms.
        alpha: What each way promises.
        draws: Tests drawn.
        seed: The same seed gives the same table.

    Returns:
        `rule`, `looks`, `wrong` (share of tests with a winner), `low`, `high` (95 %, for so many
        draws), `exact` (by integration).

    Raises:
        ParameterError: Everything that is wrong with the question, at once.
    """
    import pandas as pd

    rows = []
    for name, rule in RULES.items():
        found = abtest.peeking(
            looks, rule=rule, n_per_look=people_per_look, baseline=baseline, alpha=alpha,
            draws=draws, seed=seed,
        )  # fmt: skip
        last = found.table.iloc[-1]
        rows.append(
            {
                "rule": name,
                "looks": 1 if rule == "once" else looks,
                "wrong": float(last["share"]),
                "low": float(last["low"]),
                "high": float(last["high"]),
                "exact": float(last["exact"]),
            }
        )
    return pd.DataFrame(rows)


def peek_paths(
    looks: int = 14,
    *,
    people_per_look: int = 500,
    baseline: float = 0.05,
    alpha: float = 0.05,
    draws: int = DRAWS,
    seed: int = SEED,
    shown: int = 60,
) -> pd.DataFrame:
    """Some tests in which nothing differs, look by look.

    Args:
        looks: As in `peek`, as are people_per_look, baseline, alpha, draws and seed.
        people_per_look: People in each arm between two looks.
        baseline: Share that converts, in both arms.
        alpha: What is promised.
        draws: Tests drawn.
        seed: The same seed gives the same paths.
        shown: How many of them.

    Returns:
        `path`, `look`, `n` (people per arm), `z`, `difference`, `low`, `high`, `is_crossed` (an
        ordinary p value has called a winner by now).
    """
    found = abtest.peeking(
        looks, rule="fixed", n_per_look=people_per_look, baseline=baseline, alpha=alpha,
        draws=draws, seed=seed,
    )  # fmt: skip
    return found.paths(shown)


def peek_bounds(looks: int = 14, *, alpha: float = 0.05) -> pd.DataFrame:
    """The lines beyond which each way of looking calls a winner.

    Args:
        looks: How often the test is looked at.
        alpha: What each way promises.

    Returns:
        `name`, `look`, `z` (on both sides of zero), look by look; the ordinary line first.
    """
    import pandas as pd

    rows = [
        {"name": name, "look": look, "z": z}
        for name, rule in BOUNDS.items()
        for look, z in enumerate(bounds_of(rule, looks, alpha), 1)
    ]
    return pd.DataFrame(rows)


@remembered
def aa_test(book: Book, draws: int = 4000, seed: int = SEED) -> pd.DataFrame:
    """How often each method calls a winner where nothing differs, at the company's own rate.

    Args:
        book: The Book: its `[abtest] alpha` and `split_alpha`, and the rate of its pages.
        draws: Tests drawn for each method.
        seed: The same seed gives the same table.

    Returns:
        See `abtest.aa_test`: `method`, `what`, `draws`, `wrong`, `low`, `high`, `promised`,
        `holds`, `is_ours`.
    """
    rules = book.rules.abtest
    return drawn_tests(
        draws,
        baseline=usual_rate(book),
        alpha=rules.alpha,
        split_alpha=rules.split_alpha,
        seed=seed,
    )


@remembered
def power_test(book: Book, draws: int = 4000, seed: int = SEED) -> pd.DataFrame:
    """How often a planned test finds `[abtest] minimum_lift` where it is true; see `aa_test`."""
    rules = book.rules.abtest
    return drawn_winners(
        draws,
        baseline=usual_rate(book),
        lift=rules.minimum_lift,
        alpha=rules.alpha,
        power=rules.power,
        seed=seed,
    )


def usual_rate(book: Book) -> float:
    """Share of visitors that sends a form, over all pages; one in twenty without traffic."""
    table = visited(book)
    if table.empty or not 0 < table["baseline"].iloc[-1] < 0.5:
        return 0.05
    page = table.iloc[-1] if table["page_id"].iloc[-1] == ALL else table.iloc[0]
    return round(float(page["baseline"]), 3)
