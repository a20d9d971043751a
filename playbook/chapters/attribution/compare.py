"""The models beside each other: what each gives, how sure that is, and where they differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook import attribution
from playbook.book import remembered
from playbook.chapters.attribution import credit
from playbook.chapters.attribution.credit import MODEL_NAMES, models
from playbook.chapters.attribution.inputs import touches, valued
from playbook.format import div

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book

DRAWN = 8
"""Names that a figure of models shows; the table has them all."""

ALL, UNATTRIBUTED = "all", "unattributed"


def drawn(
    book: Book,
    conversion: str = "won",
    by: str = "channel",
    names: tuple[str, ...] = (),
    *,
    lookback_days: float | None = None,
) -> attribution.Attribution:
    """The credits of the models of the rules, with intervals where the rules ask for draws."""
    converted = credit.journeys(book, conversion, by, lookback_days=lookback_days).facts.conversions
    draws = book.rules.attribution.draws if converted else 0
    return credit.credits(book, conversion, by, names, draws=draws, lookback_days=lookback_days)


@remembered
def by_models(book: Book, conversion: str = "won", by: str = "channel") -> pd.DataFrame:
    """What each model credits to each name, one column a model.

    Args:
        book: The Book.
        conversion: One of `inputs.CONVERSIONS`.
        by: One of `inputs.DIMENSIONS`.

    Returns:
        `by`, then each model under its name in the rules: amounts where the data have any, else
        numbers of conversions; most by the main model first, then "unattributed" (where there
        is any) and "all", which is the same for every model.
    """
    import pandas as pd

    found = credit.credits(book, conversion, by)
    table = found.wide("value" if valued(book, conversion) else "conversions")
    names = list(models(book))
    rest = table[by] == UNATTRIBUTED
    main = book.rules.attribution.main_model
    ordered = table[~rest].sort_values([main, by], ascending=[False, True])
    left = table[rest]
    total = pd.DataFrame([[ALL, *table[names].sum().round(2)]], columns=[by, *names])
    return pd.concat([ordered, left, total], ignore_index=True)


@remembered
def model_rows(
    book: Book,
    conversion: str = "won",
    by: str = "channel",
    names: tuple[str, ...] = (),
    *,
    most: int = DRAWN,
    lookback_days: float | None = None,
) -> pd.DataFrame:
    """The shares of credit by model, for the names with most of it, with 95 % intervals.

    Args:
        book: The Book.
        conversion: One of `inputs.CONVERSIONS`.
        by: One of `inputs.DIMENSIONS`.
        names: Models as the rules name them; those of the rules if none are given.
        most: How many names of the dimension.
        lookback_days: Instead of those of the rules.

    Returns:
        `name`, `model` (its name in words), `value`, `low`, `high` (shares of what could be
        credited), `conversions`; names by the main model, most first.
    """
    found = drawn(book, conversion, by, names, lookback_days=lookback_days)
    table = found.credits[found.credits[by] != UNATTRIBUTED]
    total = float(found.totals["conversions"].iloc[0])
    main = book.rules.attribution.main_model
    first = table[table["model"] == (main if not names or main in names else names[0])]
    ranked = first.sort_values(["conversions", by], ascending=[False, True])[by]
    large = ranked.head(most).tolist()
    own = table[table[by].isin(large)].copy()
    own["name"] = own[by]
    own["model"] = own["model"].map(MODEL_NAMES)
    own["value"] = div(own["conversions"], total)
    for side in ("low", "high"):
        column = f"conversions_{side}"
        own[side] = div(own[column], total) if column in own else float("nan")
    rank = {name: i for i, name in enumerate(large)}
    own["_rank"] = own["name"].map(rank)
    own = own.sort_values("_rank", kind="stable", ignore_index=True)
    return own[["name", "model", "value", "low", "high", "conversions"]]


@remembered
def agreement(book: Book, conversion: str = "won", by: str = "channel") -> pd.DataFrame:
    """Where the models differ, by how much, and whether by more than chance makes.

    Args:
        book: The Book.
        conversion: One of `inputs.CONVERSIONS`.
        by: One of `inputs.DIMENSIONS`.

    Returns:
        `by`, `lowest_model`, `lowest`, `highest_model`, `highest`, `spread`, `spread_low`,
        `spread_high` (in shares of what could be credited), `is_beyond_noise`; widest spread
        first. Empty where the rules ask for no draws or show one model.
    """
    import pandas as pd

    columns = [by, "lowest_model", "lowest", "highest_model", "highest", "spread"]
    columns += ["spread_low", "spread_high", "is_beyond_noise"]
    found = drawn(book, conversion, by)
    if not book.rules.attribution.draws or len(found.models) < 2 or not found.journeys:
        return pd.DataFrame(columns=columns)
    table = found.agreement()
    table = table[table["highest"] > 0].reset_index(drop=True)
    total = float(found.totals["conversions"].iloc[0])
    for name in ("lowest", "highest", "spread", "spread_low", "spread_high"):
        table[name] = div(table[name], total)
    for name in ("lowest_model", "highest_model"):
        table[name] = table[name].map(MODEL_NAMES)
    return table[columns]


@remembered
def removal(book: Book, conversion: str = "won", by: str = "channel") -> pd.DataFrame:
    """What part of the conversions the chain of journeys would lose without each name.

    Args:
        book: The Book.
        conversion: One of `inputs.CONVERSIONS`.
        by: One of `inputs.DIMENSIONS`.

    Returns:
        `by`, `removal_share` (of all conversions; these do not sum to 1), `credit_share` (scaled
        so that they do), `journeys` (that converted and touched it), most first.
    """
    found = credit.journeys(book, conversion, by)
    effects = attribution.removal_effects(found, book.rules.attribution.markov_order)
    touched = attribution.contributions(found).set_index(by)["influenced"]
    table = effects.rename(columns={"removal_effect": "removal_share", "share": "credit_share"})
    table["journeys"] = table[by].map(touched).fillna(0).astype(int)
    return table[[by, "removal_share", "credit_share", "journeys"]]


@remembered
def cockpit(book: Book) -> pd.DataFrame:
    """Each channel's touches, what it sourced, what it influenced, and what it is credited with.

    Sourced (it was the first touch) and influenced (it was any touch) are two readings of the same
    deals and are never added up; influenced counts a deal once for every channel on its way.

    Returns:
        `channel`, `touches` (of journeys that led to a deal or not), `pipeline_amount` and
        `won_amount` (credited by the main model: C12-F20, C12-F21), `won` (deals credited),
        `sourced`, `sourced_amount`, `influenced`, `influenced_amount` (deals won); most won amount
        first, then "unattributed" and "all".
    """
    import pandas as pd

    main = book.rules.attribution.main_model
    table = credit.credited(book, "won", "channel", main).rename(
        columns={"conversions": "won", "value": "won_amount"}
    )
    pipeline = credit.credited(book, "opportunity", "channel", main).set_index("channel")["value"]
    sides = credit.sides(book, "won", "channel").set_index("channel")
    touched = _touches(book)
    names = [*table["channel"], *(n for n in pipeline.index if n not in set(table["channel"]))]
    table = table.set_index("channel").reindex(names)
    table["pipeline_amount"] = pipeline.reindex(names)
    for mine, theirs in (("sourced", "sourced"), ("influenced", "influenced")):
        table[mine] = sides[theirs].reindex(names)
        table[f"{mine}_amount"] = sides[f"{theirs}_value"].reindex(names)
    table["touches"] = touched.reindex(names)
    columns = ["touches", "pipeline_amount", "won_amount", "won", "sourced", "sourced_amount"]
    columns += ["influenced", "influenced_amount"]
    table = table[columns].rename_axis("channel").reset_index()
    rest = table["channel"] == UNATTRIBUTED
    order = ["won_amount", "pipeline_amount", "won", "channel"]
    own = table[~rest].sort_values(order, ascending=[False, False, False, True])
    sums = table[["pipeline_amount", "won_amount", "won"]].sum(min_count=1)
    total = pd.DataFrame([{"channel": ALL, **sums.to_dict()}])
    return pd.concat([own, table[rest], total], ignore_index=True)[["channel", *columns]]


def _touches(book: Book) -> pd.Series[int]:
    from playbook.chapters.span import span

    rows = touches(book, "channel")
    rows = rows.filter(rows["touched_at"] >= span(book).start)
    counted = rows.group_by("channel").aggregate(n=rows.count()).execute()
    series: pd.Series[int] = counted.set_index("channel")["n"]
    return series
