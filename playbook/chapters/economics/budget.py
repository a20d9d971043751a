"""Next quarter's budget by channel: what it cost, what it brought, what to do, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from playbook import economics
from playbook import format as fmt
from playbook.book import remembered
from playbook.chapters.economics.costs import NO_CHANNEL, cost_rows
from playbook.chapters.economics.curved import fitted
from playbook.chapters.economics.judged import verdicts
from playbook.chapters.economics.moved import reallocation
from playbook.chapters.economics.quarters import last_quarter, next_quarter
from playbook.metrics import targets

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book

COLUMNS = [
    "channel", "cost", "leads", "sql", "won", "won_amount", "verdict", "start", "proposal", "move",
    "reason",
]  # fmt: skip


class Budget(NamedTuple):
    """How much there is to divide.

    Attributes:
        amount: In report currency; nan where nothing says.
        source: Where the number comes from, in words.
    """

    amount: float
    source: str


def budget_of(book: Book) -> Budget:
    """Next quarter's budget: the rules', else the target's, else what the last quarter cost."""
    rules, quarter = book.rules.economics, next_quarter(book)
    if rules.budget is not None:
        return Budget(rules.budget, "[economics] budget")
    if target := targets(book, quarter).get("budget"):
        return Budget(float(target), f"table target, budget of {quarter.title}")
    spent = float(_quarter_cost(book).sum())
    source = f"the cost of {last_quarter(book).title}: no budget is set for {quarter.title}"
    return Budget(round(spent, 2) if spent > 0 else float("nan"), source)


@remembered
def budget_table(book: Book, budget: float | None = None) -> pd.DataFrame:
    """Next quarter's budget by channel; proposals add up to the budget to the cent.

    Channels with an accepted response curve move along it; all others by their verdict: what is
    cut gives up `[economics] shift` of its part, what is kept takes it.

    Args:
        book: The Book.
        budget: To be divided; by default that of `budget_of`.

    Returns:
        One row per channel with a cost in the last quarter, dearest first: `channel`, `cost`,
        `leads`, `sql`, `won`, `won_amount` (of that quarter, by the lead's channel), `verdict`,
        `start` (its part of the budget as things are), `proposal`, `move`, `reason`; then what is
        kept for tests, where anything is. Empty where nothing was spent.
    """
    import pandas as pd

    amount = budget_of(book).amount if budget is None else budget
    spent = _quarter_cost(book)
    if spent.empty or fmt.is_missing(amount):
        return pd.DataFrame(columns=COLUMNS)
    judged = verdicts(book).set_index("channel")["verdict"]
    table = spent.rename_axis("channel").reset_index(name="cost")
    table = table.merge(_quarter_results(book), on="channel", how="left")
    results = ["leads", "sql", "won", "won_amount"]
    table[results] = table[results].astype(float).fillna(0.0)
    if not book.has("lead_journey.sql_at"):
        table["sql"] = float("nan")
    table["verdict"] = [judged.get(channel, "watch") for channel in table["channel"]]
    plan = economics.by_verdict(table, amount, shift=book.rules.economics.shift)
    curved = _curved(book, plan)
    plan["proposal"] = plan["channel"].map(curved).fillna(plan["proposal"])
    plan["move"] = (plan["proposal"] - plan["start"]).round(2)
    shift = book.rules.economics.shift
    plan["reason"] = [
        _reason(row["channel"], row["verdict"], is_curved=row["channel"] in curved, shift=shift)
        for _, row in plan.iterrows()
    ]
    return plan[COLUMNS]


def _curved(book: Book, plan: pd.DataFrame) -> dict[str, float]:
    """Proposals along accepted curves: what the verdicts gave these channels, moved among them."""
    names = [name for name, (curve, _) in fitted(book).items() if curve.accepted]
    own = plan[plan["channel"].isin(names)]
    if len(own) < 2:
        return {}
    total = float(own["proposal"].sum())
    moved = reallocation(book).table.set_index("channel")["proposed"]
    weights = own["channel"].map(moved).astype(float)
    parts = economics.apportion(total, weights.tolist())
    return dict(zip(own["channel"], parts, strict=True))


def _reason(channel: str, verdict: object, *, is_curved: bool, shift: float) -> str:
    if channel == economics.TESTS:
        return "Freed, and more than the kept channels may take at once."
    if is_curved:
        return (
            "Along its response curve, to where one more unit of money brings the same everywhere."
        )
    if channel == NO_CHANNEL:
        return "Names no channel, so nothing judges it."
    return {
        "cut": f"To cut: gives up {fmt.percent(shift, 0)} of its part.",
        "keep": "To keep: takes its share of what is freed.",
    }.get(str(verdict), "To watch: stays until more is known.")


def _quarter_cost(book: Book) -> pd.Series[float]:
    """Cost of the last quarter by channel, dearest first, what has none last."""
    import pandas as pd

    quarter, rows = last_quarter(book), cost_rows(book)
    dates = pd.to_datetime(rows["date"]).dt.date
    inside = rows[(dates >= quarter.first) & (dates <= quarter.last)]
    named = inside.assign(channel=inside["channel"].fillna(NO_CHANNEL))
    summed = named.groupby("channel")[["cost"]].sum().round(2).reset_index()
    paid = summed[summed["cost"] > 0].assign(last=lambda t: t["channel"] == NO_CHANNEL)
    order = paid.sort_values(["last", "cost", "channel"], ascending=[True, False, True])
    found: pd.Series[float] = order.set_index("channel")["cost"]
    return found


def _quarter_results(book: Book) -> pd.DataFrame:
    """Leads, SQL and deals won in the last quarter, by the lead's channel."""
    quarter = last_quarter(book)
    return book.sql(
        """WITH captured AS (
            SELECT channel, count(*) FILTER (created_at >= $start AND created_at < $end) AS leads,
                count(*) FILTER (sql_at >= $start AND sql_at < $end) AS sql
            FROM lead_journey GROUP BY channel
        ), gained AS (
            SELECT l.channel, count(*) AS won, sum(d.won_amount)::DOUBLE AS won_amount
            FROM deal d JOIN lead_journey l USING (lead_id)
            WHERE d.is_won AND list_contains($types, d.deal_type)
                AND d.closed_at >= $start AND d.closed_at < $end
            GROUP BY l.channel
        )
        SELECT channel, leads, sql, won, won_amount FROM captured LEFT JOIN gained USING (channel)
        ORDER BY channel""",
        start=quarter.start,
        end=quarter.end,
        types=list(book.rules.attribution.deal_types),
    )
