"""What the chapter's figures say, from the tables they draw."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook import format as fmt
from playbook.chapters.attribution.compare import UNATTRIBUTED
from playbook.chapters.attribution.credit import MODEL_NAMES
from playbook.chapters.attribution.inputs import NAMES, ONE, valued
from playbook.chapters.attribution.reconcile import ALL, ATTRIBUTED
from playbook.chapters.attribution.reconcile import UNATTRIBUTED as WITHOUT
from playbook.chapters.attribution.ways import CONVERTED, ENDED, OTHERS
from playbook.chapters.attribution.ways import ONE as ALONE
from playbook.chapters.span import span
from playbook.chapters.words import Words

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book

COCKPIT_NAMES = {
    "touches": "Touches",
    "pipeline_amount": ("Pipeline credited", "归因商机金额"),
    "won_amount": ("Won amount credited", "归因成交金额"),
    "won": "Deals credited",
    "sourced": "Sourced deals",
    "sourced_amount": "Sourced amount",
    "influenced": "Influenced deals",
    "influenced_amount": "Influenced amount",
}
"""Headers of the cockpit."""


STEPS_LEGEND = (
    "Per cent of the journeys that went on from the touch at the left; beside it, how many."
)
FEW = 100
"""Journeys below which the words say that chance moves every share."""


def money(book: Book, amount: object) -> str:
    """An amount as the page writes it."""
    return fmt.money(amount, book.rules.company.currency, book.rules.report.number_style)


def nothing(book: Book) -> str:
    """What stands where nothing converted in the months looked at."""
    return f"No journey of {span(book).title} led to a conversion; nothing to draw."


def of_cockpit(book: Book) -> str:
    """What is to be known of the cockpit, below it."""
    main = MODEL_NAMES[book.rules.attribution.main_model]
    return (
        f"Credited by the {main} model; deals in parts, since several channels share one. "
        "Influenced counts a deal once for every channel on its way: the column has no sum."
    )


def as_exact(table: pd.DataFrame) -> pd.DataFrame:
    """`reconciliation` with the won amount written to the cent."""
    amounts = table["won_amount"]
    exact: Any = [None if fmt.is_missing(amount) else f"{amount:,.2f}" for amount in amounts]
    shown = table.assign(to_the_cent=exact)
    return shown[["line", "deals", "won_amount", "to_the_cent", "share", "period_deals",
                  "period_amount"]]  # fmt: skip


def of_reconciliation(book: Book, table: pd.DataFrame) -> Words:
    """For `reconciliation`."""
    rows = table.set_index("line")
    whole, own, left = (rows.loc[name] for name in (ALL, ATTRIBUTED, WITHOUT))
    if fmt.is_missing(whole["won_amount"]):
        title = (
            f"Of {fmt.plural(whole['deals'], 'deal')} won, {fmt.number(own['deals'])} are credited"
        )
        see = f"All deals won in {span(book).title}; their amounts are not known."
        return Words(title, see, f"{title}. {see}")
    outside = whole["won_amount"] - own["won_amount"] - left["won_amount"]
    title = (
        f"Of {money(book, whole['won_amount'])} won, {money(book, own['won_amount'])} is credited "
        "to touches"
    )
    lookback = f"in the {book.rules.attribution.lookback_days:g} days before"
    untouched = (
        f"{money(book, left['won_amount'])} in {fmt.plural(left['deals'], 'deal')} had no touch "
        f"{lookback} and is not credited"
        if left["deals"]
        else f"Every deal in scope had a touch {lookback}"
    )
    see = (
        f"All deals won in {span(book).title}. {untouched}; {money(book, outside)} lies outside "
        "the scope. The lines add up to the cent."
    )
    return Words(title, see, f"{title}; {see}")


def of_paths(table: pd.DataFrame, conversion: str, shown: int) -> Words:
    """For the commonest ways; see `top_paths`."""
    top, n = table.head(shown), int(table["conversions"].sum())
    share = fmt.percent(top["share"].sum(), 0)
    first = top.iloc[0]
    title = (
        f"The {len(top)} commonest ways make {share} of the {fmt.number(n)} journeys to "
        f"{NAMES[conversion]}"
    )
    one = fmt.percent(table.loc[table["steps"] == 1, "share"].sum(), 0)
    see = (
        f"Each row is a way from the first touch to the last; several touches of one channel in a "
        f"row are one step. {one} of all journeys stayed with one channel."
    )
    way = " → ".join(first["path"])
    return Words(title, see, f"{title}. Commonest: {way}, {fmt.number(first['conversions'])}.")


def as_paths(table: pd.DataFrame, shown: int) -> pd.DataFrame:
    """`top_paths` as rows of the figure of ways."""
    head = table.head(shown)
    return head.assign(
        value=head["conversions"], beside=[fmt.percent(share) for share in head["share"]]
    )[["path", "value", "beside"]]


def paths_shown(table: pd.DataFrame) -> pd.DataFrame:
    """`top_paths` as a table to read: the way in words."""
    ways = [" → ".join(path) for path in table["path"]]
    return table.assign(path=ways).rename(columns={"path": "way"})


def has_several(table: pd.DataFrame) -> bool:
    """Whether any journey of `ends` has more than one touch: else all models say the same."""
    return bool((table["middle"] != ALONE).any())


def one_touch(conversion: str) -> str:
    """What stands where journeys have one touch each."""
    return (
        f"Every journey to {NAMES[conversion]} has one touch: there are no ways to draw, and all "
        "models give the same credit. Supply table touch to see more."
    )


def of_flow(table: pd.DataFrame, conversion: str) -> Words:
    """For the flow from first to last touch; see `ends`."""
    total = float(table["value"].sum())
    first = table.groupby("first")["value"].sum().sort_values(ascending=False, kind="stable")
    last = table.groupby("last")["value"].sum().sort_values(ascending=False, kind="stable")
    shift = (last.reindex(first.index).fillna(0) - first).sort_values(kind="stable")
    opener = str(shift.index[0])
    begun, ended = float(first.get(opener, 0)), float(last.get(opener, 0))
    title = (
        f"{opener} begins {fmt.number(round(begun))} journeys to {NAMES[conversion]} and ends "
        f"{fmt.number(round(ended))}"
        if ended < begun
        else f"Where {fmt.number(round(total))} journeys to {NAMES[conversion]} begin and end"
    )
    see = (
        "Left, the first touch; right, the last before the conversion; between, all other touches, "
        "each journey shared evenly by them. A band has the colour of where it comes from."
    )
    alt = (
        f"Flow of {fmt.number(round(total))} journeys: most begin with {first.index[0]} "
        f"({fmt.percent(first.iloc[0] / total, 0)}), most end with {last.index[0]} "
        f"({fmt.percent(last.iloc[0] / total, 0)})."
    )
    return Words(title, see, alt)


def of_steps(table: pd.DataFrame, conversion: str) -> Words:
    """For the map of steps; see `steps`."""
    inside = table[~table["name"].isin([OTHERS]) & (table["n"] > 0)]
    wins = inside[inside["step"] == CONVERTED].sort_values("value", ascending=False, kind="stable")
    quits = inside[inside["step"] == ENDED].sort_values("value", ascending=False, kind="stable")
    best, worst = wins.iloc[0], quits.iloc[0]
    title = (
        f"The next step is the {ONE[conversion]} most often after {best['name']}: "
        f"{fmt.percent(best['value'], 0)} of its touches"
    )
    see = (
        f"A row says where journeys went next: per cent, a row sums to 100. “{CONVERTED}” is the "
        f"{ONE[conversion]}, “{ENDED}” a journey that is over without it; journeys that may still "
        "get there are left out."
    )
    alt = (
        f"{title}. Journeys end without it most often after {worst['name']} "
        f"({fmt.percent(worst['value'], 0)})."
    )
    return Words(title, see, alt)


def of_models(book: Book, table: pd.DataFrame, conversion: str, by: str = "channel") -> Words:
    """For the models beside each other; see `model_rows`."""
    n = round(float(table.groupby("model")["conversions"].sum().max()))
    wide = table.pivot_table(index="name", columns="model", values="value", sort=False)
    main = MODEL_NAMES[book.rules.attribution.main_model]
    ranked = wide[main].sort_values(ascending=False, kind="stable")
    top = ranked.index[0]
    lead = [model for model in wide.columns if wide[model].idxmax() == top]
    title = f"{top} is credited most by {_of(len(lead), len(wide.columns))} models"
    if len(wide.columns) == 1:
        title = f"{top} is credited most: {fmt.percent(ranked.iloc[0], 0)} of {NAMES[conversion]}"
    few = f" {fmt.number(n)} journeys are few: chance moves every share." if n < FEW else ""
    see = (
        f"Shares of the {NAMES[conversion]} of {span(book).title} that had a touch, by {by}. Lines "
        f"are 95 % intervals: what other journeys like these would have given.{few}"
    )
    alt = "; ".join(
        f"{name}: "
        + ", ".join(f"{model} {fmt.percent(wide.loc[name, model], 0)}" for model in wide.columns)
        for name in wide.index
    )
    return Words(title, see, f"Credit by model. {alt}.")


def _of(part: int, whole: int) -> str:
    return f"all {whole}" if part == whole else f"{part} of {whole}"


def of_agreement(table: pd.DataFrame, conversion: str, by: str = "channel") -> Words:
    """For where the models differ; see `agreement`."""
    beyond = table[table["is_beyond_noise"].astype(bool)]
    agreed = len(table) - len(beyond)
    title = (
        f"For {len(beyond)} of {len(table)} {by}s the choice of model matters by more than chance"
        if len(beyond)
        else f"For none of {len(table)} {by}s do the models differ by more than chance"
    )
    see = (
        f"Lowest and highest share of the {NAMES[conversion]} by model, and their difference with "
        "an interval that holds for all pairs of models at once. "
    )
    if len(beyond):
        row = beyond.iloc[0]
        see += (
            f"Widest: {row[by]}, {fmt.percent(row['lowest'], 0)} by {row['lowest_model']} and "
            f"{fmt.percent(row['highest'], 0)} by {row['highest_model']}. "
        )
    see += f"For the other {agreed} these journeys cannot tell the models apart."
    return Words(title, see, f"{title}. {see}")


def of_removal(table: pd.DataFrame, conversion: str) -> Words:
    """For the removal effects; see `removal`."""
    top = table.iloc[0]
    name = top.iloc[0]
    title = (
        f"Without {name} the chain of journeys would lose {fmt.percent(top['removal_share'], 0)} "
        f"of the {NAMES[conversion]}"
    )
    see = (
        "Removal effect of the Markov model: the share that is lost if every journey that reaches "
        "the channel ends there. The shares overlap and do not sum to 100 %; nobody was removed in "
        "truth, and customers find other ways."
    )
    rest = ", ".join(
        f"{row.iloc[0]} {fmt.percent(row['removal_share'], 0)}"
        for _, row in table.head(6).iterrows()
    )
    return Words(title, see, f"Removal effects: {rest}.")


def as_removal(table: pd.DataFrame, most: int = 10) -> pd.DataFrame:
    """`removal` as rows of bars."""
    head = table.head(most)
    journeys = [f"{fmt.plural(n, 'journey')}" for n in head["journeys"]]
    return head.rename(columns={head.columns[0]: "name"}).assign(
        value=head["removal_share"], beside=journeys
    )[["name", "value", "beside"]]


def model_axis(conversion: str) -> str:
    """What the axis of the figure of models shows."""
    return f"share of the {NAMES[conversion]} with a touch; lines are 95 % intervals"


def model_names(table: pd.DataFrame) -> pd.DataFrame:
    """`by_models` with the models' names in words as its headers."""
    shown = table.rename(columns=MODEL_NAMES)
    by = str(shown.columns[0])
    names = {UNATTRIBUTED: "unattributed: no touch"}
    return shown.assign(**{by: shown[by].replace(names)})


def model_units(book: Book, conversion: str, table: pd.DataFrame) -> dict[str, str]:
    """Units of `model_names`' columns: amounts where the data have any."""
    unit = "money" if valued(book, conversion) else "ratio"
    return dict.fromkeys(model_names(table).columns[1:], unit)
