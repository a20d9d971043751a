"""Every amount that the Book says was won, by what became of it in the attribution."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from playbook.book import remembered
from playbook.chapters.attribution import credit
from playbook.chapters.attribution.declared import deal_credits
from playbook.chapters.attribution.inputs import valued
from playbook.chapters.span import span
from playbook.format import div

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book
    from playbook.chapters.span import Over

ATTRIBUTED, UNATTRIBUTED = "credited to touches", "unattributed: no touch before it"
ALL, DIFFERENCE = "all that was won", "difference"
KINDS = {
    "new": "new business",
    "referral": "referrals",
    "renewal": "renewals",
    "expansion": "expansions",
}
"""What the types of deals are called."""


@remembered
def reconciliation(book: Book) -> pd.DataFrame:
    """The won amount of the Book as a sum: credited, unattributed, outside the scope; to the cent.

    Returns:
        `line`, `deals`, `won_amount`, `share` (of the amount) over the months of the rules, and
        `period_deals`, `period_amount` in the period alone. The lines are what was credited,
        what had no touch, each type of deal outside the scope, their sum, and the difference of
        that sum from all deals won by the Book, which must be 0. Amounts are decimals, missing
        where the data have none.
    """
    import pandas as pd

    whole, alone = _lines(book, "span"), _lines(book, "period")
    known = valued(book, "won")
    names = [ATTRIBUTED, UNATTRIBUTED, *_outside(book), ALL, DIFFERENCE]
    rows = [
        {
            "line": name,
            "deals": whole[name][0],
            "won_amount": whole[name][1] if known else float("nan"),
            "share": float("nan") if name == DIFFERENCE else div(whole[name][1], whole[ALL][1]),
            "period_deals": alone[name][0],
            "period_amount": alone[name][1] if known else float("nan"),
        }
        for name in names
    ]
    return pd.DataFrame(rows)


def _outside(book: Book) -> dict[str, str]:
    """The types of deals outside the scope, by the name of their line."""
    inside = book.rules.attribution.deal_types
    return {f"outside the scope: {name}": k for k, name in KINDS.items() if k not in inside}


def _lines(book: Book, over: Over) -> dict[str, tuple[int, Decimal]]:
    days = span(book, over)
    won = book.sql(
        """SELECT deal_type, count(*) AS deals, coalesce(sum(won_amount), 0)::VARCHAR AS amount
        FROM deal WHERE is_won AND closed_at >= $start AND closed_at < $end GROUP BY deal_type""",
        start=days.start,
        end=days.end,
    ).set_index("deal_type")
    by_type = {str(k): (int(r["deals"]), Decimal(r["amount"])) for k, r in won.iterrows()}
    lines = _of_span(book) if over == "span" else _of_period(book)
    lines |= {line: by_type.get(k, (0, Decimal(0))) for line, k in _outside(book).items()}
    lines[ALL] = _added(list(lines.values()))
    book_says = _added(list(by_type.values()))
    lines[DIFFERENCE] = (book_says[0] - lines[ALL][0], book_says[1] - lines[ALL][1])
    return lines


def _of_span(book: Book) -> dict[str, tuple[int, Decimal]]:
    """What the credits of the span add up to."""
    totals = credit.credits(book, "won", names=("linear",)).totals
    sums = totals.set_index("what")[["conversions", "value"]].to_dict("index")
    return {
        line: (int(sums[what]["conversions"]), _cents(sums[what]["value"]))
        for line, what in ((ATTRIBUTED, "attributed"), (UNATTRIBUTED, "unattributed"))
    }


def _of_period(book: Book) -> dict[str, tuple[int, Decimal]]:
    """What the credits of the period's deals, one by one, add up to."""
    deals = deal_credits(book)
    days = span(book, "period")
    own = deals[(deals["closed_at"] >= days.start) & (deals["closed_at"] < days.end)]
    touched = own["is_touched"].astype(bool)
    return {
        line: (int(rows.sum()), _cents(own.loc[rows, "won_amount"].sum()))
        for line, rows in ((ATTRIBUTED, touched), (UNATTRIBUTED, ~touched))
    }


def _cents(amount: float) -> Decimal:
    return Decimal(str(round(float(amount), 2))).quantize(Decimal("0.01"))


def _added(pairs: list[tuple[int, Decimal]]) -> tuple[int, Decimal]:
    deals = sum(deals for deals, _ in pairs)
    return deals, sum((amount for _, amount in pairs), Decimal("0.00"))
