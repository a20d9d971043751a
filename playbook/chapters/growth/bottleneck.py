"""The bottleneck finder (P02-R1): nine candidates, ranked by what fixing each would be worth.

Worth follows the way from a session to a customer, step by step:

    sessions lost × usual capture rate × usual rate from lead to won      little traffic
    sessions had × capture rate lost × usual rate from lead to won        content does not move
    leads had × valid rate lost × usual rate from valid to won            imprecise traffic
    valid leads had × MQL rate lost × usual rate from MQL to won          form, or unclear MQL
    MQLs had × SQL rate lost × usual rate from SQL to won                 sales, or unclear MQL

Each line takes what arrived as it did arrive, and what comes after it at its usual rate, so no
lost customer is counted on two lines; and each line is laid to one candidate. A fall from valid
lead to MQL is laid to the form where leads leave more open than usual, else to the MQL standard;
one from MQL to SQL to sales where its answers in time fell too, else to the MQL standard. The
steps after the SQL belong to none of the nine and stay in `growth.fair_changes`.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot, nan
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from playbook import format as fmt
from playbook.book import remembered
from playbook.chapters.growth import nine
from playbook.chapters.growth.analysis import baseline_rates
from playbook.chapters.growth.changes import fair_changes
from playbook.chapters.growth.pace import ENOUGH
from playbook.format import div
from playbook.intervals import holm

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

    from playbook.book import Book
    from playbook.chapters.growth.signs import Sign

Verdict = Literal["bottleneck", "watch", "fine", "cannot say"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One of the nine, with what is done about it and by whom."""

    key: str
    name: str
    zh: str
    measured: Callable[[Book], Sign]
    remedy: str
    owner: str


CANDIDATES: tuple[Candidate, ...] = (
    Candidate(
        "traffic", "little traffic", "流量少", nine.little_traffic,
        "Find the channels and pages that lost visits, and win those back first.",
        "digital marketing",
    ),
    Candidate(
        "precision", "imprecise traffic", "流量不精准", nine.imprecise_traffic,
        "Hold spend on the channels whose leads turn out invalid; exclude their audiences.",
        "digital marketing",
    ),
    Candidate(
        "content", "content does not move", "内容无法打动客户", nine.content_does_not_move,
        "Rework the pages whose visitors stopped leaving their details: offer, proof, next step.",
        "content marketing",
    ),
    Candidate(
        "form", "form too coarse", "表单设计太粗", nine.form_too_coarse,
        "Ask on the form what the MQL standard needs: company, job title, need.",
        "marketing operations",
    ),
    Candidate(
        "sales", "sales does not follow", "销售不跟进", nine.sales_does_not_follow,
        "Agree stand-ins and a weekly look at late answers; high intent is answered first.",
        "head of sales",
    ),
    Candidate(
        "mql", "unclear MQL", "MQL标准不清", nine.unclear_mql,
        "Go with sales through the MQLs that it turned away, and rewrite the standard.",
        "marketing and sales",
    ),
    Candidate(
        "feedback", "feedback not returned", "销售反馈不回传", nine.feedback_not_returned,
        "Make the reason a required field when a lead or deal is given up.",
        "head of sales",
    ),
    Candidate(
        "closed", "marketing does not know what closed", "市场不知道哪些线索成交",
        nine.does_not_know_what_closed,
        "Link every opportunity to its lead and every lead to its channel.",
        "marketing operations",
    ),
    Candidate(
        "count", "boss looks at lead count only", "老板只看线索数量不看线索质量",
        nine.lead_count_only,
        "Report valid rate and MQL → SQL beside the lead count, and set targets for them.",
        "head of marketing",
    ),
)  # fmt: skip
"""The nine candidates of P02-R1 in the handbook's order."""


class Worth(NamedTuple):
    """Won customers that a period at its usual rates would have had more, with 95 % interval."""

    customers: float
    low: float
    high: float
    steps: tuple[str, ...] = ()


UNKNOWN = Worth(nan, nan, nan)


@remembered
def bottlenecks(book: Book) -> pd.DataFrame:
    """The nine candidates of P02-R1, ranked by the customers that fixing each would bring.

    Returns:
        One row per candidate: `rank`, `candidate`, `zh`, `measure`, `now`, `now_n`, `usual` (the
        twelve periods before), `usual_n`, `unit`, `p_value`, `p_holm` (adjusted across the
        candidates by Holm), `is_news` (worse than usual, p_holm < 0.05; for the lead count: the
        trap of P02-L2), `worth`, `worth_low`, `worth_high` (won customers per period that the
        usual would bring; missing where that cannot be said), `evidence`, `remedy`, `owner`,
        `verdict` (bottleneck, watch, fine, cannot say), `needs` (what to supply).

        Those without a worth are ordered by how far they are from usual; those that cannot be
        measured come last.

    Source: Holm (1979), "A simple sequentially rejective multiple test procedure". The interval
    of a sum of two losses is Zou and Donner's (2008) MOVER.
    """
    import pandas as pd

    signs = {c.key: c.measured(book) for c in CANDIDATES}
    known = pd.Series({key: s.p_value for key, s in signs.items() if not s.needs}, dtype=float)
    adjusted = holm(known).to_dict()
    worths = _worths(book, signs)
    rows = [
        _row(book, c, signs[c.key], adjusted.get(c.key, nan), worths.get(c.key, UNKNOWN))
        for c in CANDIDATES
    ]
    table = pd.DataFrame(rows)
    order = table.assign(gain=table["worth"].fillna(0.0), far=table["far"].fillna(-1e9))
    order = order.sort_values(["gain", "far"], ascending=False, kind="stable")
    table = table.loc[order.index].drop(columns="far").reset_index(drop=True)
    table.insert(0, "rank", range(1, len(table) + 1))
    return table


def carriers(signs: Mapping[str, Sign]) -> dict[str, str]:
    """To which candidate a loss on the way into a stage is laid."""
    return {
        "valid": "precision",
        "mql": "form" if signs["form"].is_worse else "mql",
        "sql": "sales" if signs["sales"].is_worse else "mql",
    }


def _worths(book: Book, signs: Mapping[str, Sign]) -> dict[str, Worth]:
    """What each candidate's losses are worth; absent where that cannot be said."""
    to_won = _rates_to_won(book)
    losses: dict[str, list[Worth]] = {}
    laid = carriers(signs)
    for change in fair_changes(book).to_dict("records"):
        if change["then"] in laid and min(change["n"], change["base_n"]) > 0:
            each = change["n"] * to_won.get(change["then"], nan)
            difference, low, high = (float(change[k]) for k in ("difference", "low", "high"))
            loss = _lost(difference, low, high, each, change["step"])
            losses.setdefault(laid[change["then"]], []).append(loss)
    for key, each in _on_the_website(book, to_won).items():
        sign = signs[key]
        losses[key] = [_lost(sign.now - sign.usual, sign.low, sign.high, each)]
    known = {key: parts for key, parts in losses.items() if not signs[key].needs}
    return {key: _together(parts) for key, parts in known.items()}


def _rates_to_won(book: Book) -> dict[str, float]:
    """Usual share of those in a stage that is won in the end; empty where nobody ever was."""
    normal = baseline_rates(book).set_index("key")["overall"]
    won = normal.get("won", 0.0)
    return {str(stage): div(won, share) for stage, share in normal.items()} if won > 0 else {}


def _on_the_website(book: Book, to_won: Mapping[str, float]) -> dict[str, float]:
    """Customers that hang on one session more a day, and on a full step of the capture rate."""
    if not book.has("web_daily.sessions", "web_daily.form_submits") or "lead" not in to_won:
        return {}
    table = nine.web(book)
    is_now = table["period"] == book.period.label
    if not is_now.any():
        return {}
    now, before = (
        table.loc[m, ["days", "sessions", "form_submits"]].sum() for m in (is_now, ~is_now)
    )
    capture = div(before["form_submits"], before["sessions"])
    return {
        "traffic": now["days"] * capture * to_won["lead"],
        "content": now["sessions"] * to_won["lead"],
    }


def _lost(difference: float, low: float, high: float, each: float, step: str = "") -> Worth:
    return Worth(-difference * each, -high * each, -low * each, (step,) if step else ())


def _together(parts: list[Worth]) -> Worth:
    """The sum, its interval by MOVER, nothing below zero: the usual brings no fewer customers."""
    total = sum(p.customers for p in parts)
    low = total - hypot(*(p.customers - p.low for p in parts))
    high = total + hypot(*(p.high - p.customers for p in parts))
    if fmt.is_missing(total):
        return UNKNOWN
    steps = tuple(step for p in parts for step in p.steps)
    return Worth(max(total, 0.0), max(low, 0.0), max(high, 0.0), steps)


def _row(book: Book, of: Candidate, sign: Sign, p_holm: float, worth: Worth) -> dict[str, Any]:
    is_news = _is_news(of, sign, p_holm)
    return {
        "candidate": of.name,
        "zh": of.zh,
        "measure": sign.measure,
        "now": sign.now,
        "now_n": sign.now_n,
        "usual": sign.usual,
        "usual_n": sign.usual_n,
        "unit": sign.unit,
        "p_value": sign.p_value,
        "p_holm": p_holm,
        "is_news": is_news,
        "worth": worth.customers,
        "worth_low": worth.low,
        "worth_high": worth.high,
        "evidence": _evidence(book, of, sign, p_holm, worth),
        "remedy": of.remedy,
        "owner": of.owner,
        "verdict": _verdict(book, of, sign, worth, is_news=is_news),
        "needs": sign.needs,
        "far": nan if sign.needs else sign.distance,
    }


def _is_news(of: Candidate, sign: Sign, p_holm: float) -> bool:
    if of.key == "count":
        return sign.distance > 0
    return not sign.needs and sign.distance > 0 and p_holm < 0.05


def _verdict(book: Book, of: Candidate, sign: Sign, worth: Worth, *, is_news: bool) -> Verdict:
    """A bottleneck is worse than chance does, on enough cases, and its loss surely above zero."""
    if sign.needs:
        return "cannot say"
    if of.key == "count":
        only = nine.counts_leads_only(book)
        return "bottleneck" if is_news and only else "watch" if is_news or only else "fine"
    enough = sign.unit == "count" or min(sign.now_n, sign.usual_n) >= ENOUGH
    costs = fmt.is_missing(worth.customers) or worth.low > 0
    if is_news and enough and costs:
        return "bottleneck"
    return "watch" if sign.is_worse or worth.low > 0 else "fine"


def _evidence(book: Book, of: Candidate, sign: Sign, p_holm: float, worth: Worth) -> str:
    if fmt.is_missing(sign.now):
        return f"Not measured: supply {sign.needs}."
    parts = [_compared(sign, p_holm), sign.note, _worth_words(of, worth, book.period.kind)]
    if sign.needs:
        parts.insert(1, f"Too few to judge: {sign.needs}.")
    return " ".join(part for part in parts if part)


def _compared(sign: Sign, p_holm: float) -> str:
    """Now against usual, as a sentence."""
    if sign.unit == "count":
        now, usual = fmt.number(round(sign.now)), fmt.number(round(sign.usual))
        text = f"{now} {sign.measure}, usually {usual}"
    else:
        now, usual = fmt.rate(sign.now, sign.now_n), fmt.rate(sign.usual, sign.usual_n)
        text = f"{sign.measure[0].upper()}{sign.measure[1:]}: {now}, usually {usual}"
        ends = f"95 % {fmt.points(sign.low)} to {fmt.points(sign.high)}"
        text += f"; difference {fmt.points(sign.now - sign.usual)} ({ends})"
    if fmt.is_missing(p_holm):
        return f"{text}."
    tested = "p < 0.001" if p_holm < 0.001 else f"p = {p_holm:.2g}"
    return f"{text}, {tested} among the candidates."


def _worth_words(of: Candidate, worth: Worth, kind: str) -> str:
    if not fmt.is_missing(worth.customers):
        ends = f"95 % {fmt.number(worth.low, 1)}–{fmt.number(worth.high, 1)}"
        laid = f" Laid to it: {' and '.join(worth.steps)}." if worth.steps else ""
        if worth.customers < 0.05:
            return f"No customer is lost by it ({ends}).{laid}"
        some = fmt.number(worth.customers, 1)
        return f"Back at usual, a {kind} would bring {some} more customers ({ends}).{laid}"
    return _NO_WORTH.get(of.key, "No lost step of the funnel is laid to it, so it has no worth.")


_NO_WORTH = {
    "feedback": "What the missing reasons would have taught cannot be counted in customers.",
    "closed": "Knowing the origin brings no customer by itself, so it has no worth.",
    "count": "What worse leads cost is counted with imprecise traffic, not again here.",
    "traffic": "Worth needs web_daily.form_submits and won deals.",
    "content": "Worth needs won deals.",
    "precision": "Worth needs the step from lead to valid lead and won deals.",
}
