"""Three documents from the Book: the channel review, the key-channel plan, the budget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook import format as fmt
from playbook.chapters.economics import words
from playbook.chapters.economics.board import APART, missing, unit_costs
from playbook.chapters.economics.budget import budget_of, budget_table
from playbook.chapters.economics.costs import NO_CHANNEL, costs, how_allocated
from playbook.chapters.economics.curved import curves
from playbook.chapters.economics.dots import traps
from playbook.chapters.economics.judged import verdicts
from playbook.chapters.economics.key_channels import key_channel_sections
from playbook.chapters.economics.moved import reallocation
from playbook.chapters.economics.outcomes import NO_LEAD
from playbook.chapters.economics.platform import NEEDS as PLATFORM_NEEDS
from playbook.chapters.economics.platform import platform
from playbook.chapters.economics.quarters import last_quarter, next_quarter
from playbook.chapters.economics.verdict_words import money
from playbook.chapters.span import span
from playbook.documents import Document, Section
from playbook.format import div
from playbook.metrics import targets

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book

AT_A_GLANCE = ["channel", "cost", "leads", "sql", "customers", "cpl", "cost_per_sql", "cac"]
JUDGED = ["channel", "verdict", "reason", "confidence"]
QUARTERS = 4


def channel_review(book: Book) -> Document:
    """《渠道效果初步复盘》 (P01-D8): what channels cost and brought, and what is not clear."""
    return Document(
        id="P01-D8",
        name="channel_review",
        title="Preliminary channel review",
        zh="渠道效果初步复盘",
        purpose="A first look at what each channel cost and brought, by day 30: what is clear, "
        "what is not yet.",
        source="cost, leads and deals; [economics] and [verdicts] of playbook.toml",
        sections=(*_review(book),) if not missing(book) else (_lacking(book),),
    )


def optimisation_plan(book: Book) -> Document:
    """《重点渠道投放优化方案》 (P01-D16): the channels that take most of the money, one by one."""
    return Document(
        id="P01-D16",
        name="channel_optimisation",
        title="Key-channel optimisation plan",
        zh="重点渠道投放优化方案",
        purpose="For the channels that take most of the money: what is seen, what is done, and "
        "when it is stopped.",
        source="cost, leads and deals; [economics] and [verdicts] of playbook.toml",
        sections=key_channel_sections(book) if not missing(book) else (_lacking(book),),
    )


def budget_plan(book: Book) -> Document:
    """《市场预算分配方案》 (P01-D22): next quarter's budget by channel, adding up to it exactly."""
    return Document(
        id="P01-D22",
        name="budget_allocation",
        title=f"Budget allocation, {next_quarter(book).title}",
        zh="市场预算分配方案",
        purpose="Who gets how much next quarter, why, and how it is watched.",
        source="cost, deals and table target; [economics] and [verdicts] of playbook.toml",
        sections=(*_plan(book),) if not missing(book) else (_lacking(book),),
    )


def _lacking(book: Book) -> Section:
    return Section("What is needed", f"No cost is recorded. Supply: {', '.join(missing(book))}.")


def _review(book: Book) -> list[Section]:
    table = unit_costs(book)
    priced = table[~table["channel"].isin(APART)][AT_A_GLANCE]
    sections = [
        Section("What was looked at", _scope(book), how_allocated(book), {"cost": "money"}),
        Section("Channels at a glance", _glance(book), priced, words.units(priced)),
    ]
    found = traps(book)
    if len(found):
        said = words.cpl_vs_cac(book)
        shown = found[["channel", "cpl", "cost", "leads", "sql", "customers", "expected_customers"]]
        text = f"{said.title}.\nA low cost per lead is not a low cost per customer."
        sections.append(Section("The trap", text, shown, words.units(shown)))
    if book.has(*PLATFORM_NEEDS):
        reported = platform(book)
        shown = reported[["channel", "cost", "conversions", "leads", "ratio"]]
        told = words.platform(reported)
        text = f"{told.title}.\n{told.see}"
        sections.append(Section("The platforms' own count", text, shown, words.units(shown)))
    judged = verdicts(book)[JUDGED]
    return [
        *sections,
        Section("First judgement", words.verdicts(judged).see, judged),
        Section("What cannot be said yet", _unsaid(book)),
    ]


def _scope(book: Book) -> str:
    spent = money(book, costs(book)["cost"].sum())
    return (
        f"{span(book).title}: {spent}, each amount once, ad media from the platforms' dailies and "
        "all other spend. How it came to its channel:"
    )


def _glance(book: Book) -> str:
    return (
        f"Leads, SQLs and new customers of {span(book).title}, each by its own date and by the "
        "channel of the lead. Dearest first."
    )


def _unsaid(book: Book) -> str:
    table = unit_costs(book).set_index("channel")
    judged = verdicts(book)
    watched = judged[judged["verdict"] == "watch"]["channel"]
    lines = [f"Too close to call: {', '.join(watched)}."] if len(watched) else []
    if NO_LEAD in table.index:
        row = table.loc[NO_LEAD]
        won = fmt.plural(row["won"], "deal")
        lines.append(
            f"{won} ({money(book, row['won_amount'])}) came without a lead: no channel is credited."
        )
    if NO_CHANNEL in table.index:
        lines.append(f"{money(book, table.loc[NO_CHANNEL, 'cost'])} of cost names no channel.")
    lines.append(
        "The channel of a deal is that of its lead here. What channels add to the deals of others "
        "is a question of attribution."
    )
    return "\n".join(lines)


def _plan(book: Book) -> list[Section]:
    import pandas as pd

    table = budget_table(book)
    budget = budget_of(book)
    quarter = next_quarter(book)
    if table.empty:
        return [Section("What is needed", "No cost in the last quarter, and no budget to divide.")]
    summed = ["cost", "leads", "sql", "won", "won_amount", "start", "proposal", "move"]
    total = {"channel": "Together", **table[summed].sum(min_count=1)}
    whole = pd.concat([table, pd.DataFrame([total])], ignore_index=True)
    whole["move"] = whole["move"].round(2)
    return [
        Section(
            "The budget",
            f"{quarter.title}: {money(book, budget.amount)}. Source: {budget.source}.",
            _kept(book),
            {"budget": "money", "spent": "money", "used": "share"},
        ),
        Section("By channel", _by_channel(book), whole, words.units(whole)),
        Section("What it rests on", _rests(book)),
        Section("How it is watched", WATCHED),
    ]


def _by_channel(book: Book) -> str:
    shift = fmt.percent(book.rules.economics.shift, 0)
    return (
        f"Cost, leads, SQL and deals are those of {last_quarter(book).title}, by the lead's "
        f"channel. Each channel starts from its share of that cost; what is to cut gives up "
        f"{shift}, what is to keep takes it, by no more than {shift} of its own. Proposals add up "
        "to the budget."
    )


def _rests(book: Book) -> str:
    said = words.reallocation(book, reallocation(book))
    lines = [words.curves(curves(book)).title + ".", f"{said.title}.", said.see]
    cut = verdicts(book).query("verdict == 'cut'")
    lines += [f"{row['channel']}: {row['reason']}" for _, row in cut.iterrows()]
    return "\n".join(lines)


WATCHED = (
    "Once a month cost, SQLs and customers of each channel are held against the line of its "
    "verdict; nothing is cut before its interval lies beyond it.\n"
    "What is kept for tests goes to one test at a time, with its cost, its measure and its end "
    "written down before.\n"
    "A channel that was cut is looked at again after a quarter: leads bought before still buy."
)


def _kept(book: Book) -> pd.DataFrame:
    """Budget and cost of the last quarters; empty of budget where none was set."""
    import pandas as pd

    last = last_quarter(book)
    rows = []
    for quarter in last.trailing(QUARTERS):
        spent = book.sql(
            "SELECT sum(cost)::DOUBLE AS cost FROM cost_by_day WHERE date BETWEEN $first AND $last",
            first=quarter.first,
            last=quarter.last,
        )["cost"][0]
        goal = targets(book, quarter).get("budget", float("nan"))
        rows.append(
            {"quarter": quarter.title, "budget": goal, "spent": spent, "used": div(spent, goal)}
        )
    return pd.DataFrame(rows)
