"""Practice for the attribution chapter; every answer is computed from the Book that is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.chapters import attribution
from playbook.format import div
from playbook.report.lessons.model import Lesson

if TYPE_CHECKING:
    from playbook.book import Book


def _without_touch(book: Book) -> int:
    return int(attribution.credits(book, "won", names=("linear",)).totals["conversions"].iloc[1])


def _gains(book: Book) -> str:
    """The channel that first touch credits most above last touch, by SQLs."""
    wide = attribution.credits(book, "sql", names=("first", "last")).wide("conversions")
    own = wide[wide["channel"] != "unattributed"].set_index("channel")
    gap = (own["first"] - own["last"]).sort_index()
    return str(gap.idxmax())


def _events(book: Book) -> float:
    """The linear share of events among the SQLs with a touch."""
    found = attribution.credits(book, "sql", "setting", ("linear",))
    own = found.credits.set_index("setting")["conversions"]
    return float(div(own.get("at events", 0.0), found.totals["conversions"].iloc[0]))


def _brand(book: Book) -> float:
    table = attribution.before_form(book).set_index("kind")["last_share"]
    return float(table.get("clicked a brand ad", float("nan")))


def _adds(book: Book) -> set[str]:
    """What goes with more SQLs among leads alike, beyond its interval."""
    table = attribution.before_form(book)
    return set(table.loc[table["low"] > 0, "kind"])


LESSONS = (
    Lesson(
        id="attribution-1",
        question="How many of the deals in scope, won in the months looked at, had no touch "
        "before them?",
        solve=_without_touch,
        look_again="Count deals of the types in scope only, over all the months, not the period.",
        hint='attribution.credits(book, "won").totals has attributed, unattributed and all.',
        solution='attribution.credits(book, "won").totals',
        why="They are not credited to anybody. Giving them to the known channels would invent "
        "revenue that no touch explains.",
    ),
    Lesson(
        id="attribution-2",
        question="Which channel is credited with most SQLs more by first touch than by last?",
        solve=_gains,
        look_again="Take SQLs and subtract last touch from first, in numbers, not in ratios.",
        hint='attribution.by_models(book, "sql") has a column per model.',
        solution='wide = attribution.by_models(book, "sql").set_index("channel")\n'
        '(wide["first"] - wide["last"]).idxmax()',
        why="It opens journeys that others close. Cut by last touch, it would take their start "
        "away.",
    ),
    Lesson(
        id="attribution-3",
        question="Which share of the SQLs with a touch does the linear model credit to events, "
        "webinars among them?",
        solve=_events,
        look_again="Linear shares every journey evenly by its touches; leave unattributed out.",
        hint="attribution.events_share(book) has a row per stage and model.",
        solution="table = attribution.events_share(book)\n"
        "table.query(\"conversion == 'SQLs' and model == 'linear'\")[\"value\"].item()",
        why="Beside their share of the cost it says where to look; what events do for brand and "
        "partners is not in it.",
        unit="share",
    ),
    Lesson(
        id="attribution-4",
        question="Before which share of the forms of later SQLs does a click on a brand ad stand "
        "last?",
        solve=_brand,
        look_again="Of the leads that became SQL and had done something before the form.",
        hint="attribution.before_form(book) has first_share and last_share.",
        solution='attribution.before_form(book).set_index("kind")["last_share"]'
        '["clicked a brand ad"]',
        why="Who searches for your name has found you already: last touch pays for that click.",
        unit="share",
    ),
    Lesson(
        id="attribution-5",
        question="Which of the things done before the form go with more SQLs among leads alike, "
        "beyond chance? Answer with a set of their names.",
        solve=_adds,
        look_again="The interval of the difference must lie above zero; the raw rates mislead.",
        hint="attribution.before_form(book) has difference, low and high.",
        solution='table = attribution.before_form(book)\nset(table.loc[table["low"] > 0, "kind"])',
        why="A click on a brand ad is not among them in the sample, though it takes much of the "
        "last-touch credit. Even so it is a comparison, no experiment.",
    ),
)
