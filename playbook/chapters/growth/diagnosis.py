"""The four-panel diagnosis (P02-X1): quantity, quality, handling and cycle are four problems.

Each panel has its own measures, and none of them is added up with another's: more leads do not
make up for worse ones, and better leads not for late answers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import nan
from typing import TYPE_CHECKING, Any, Literal

from playbook import format as fmt
from playbook.book import remembered
from playbook.chapters.growth import nine
from playbook.chapters.growth.changes import fair_changes
from playbook.chapters.growth.declared import METRICS, STAGE_NAMES, stages
from playbook.chapters.growth.pace import BASELINE_PERIODS, FEW
from playbook.chapters.growth.signs import Counts, counts_of_step, differ, foreseen, step
from playbook.format import div
from playbook.metrics import TREND, history

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from playbook.book import Book

Judgement = Literal["better", "usual", "worse", "too young", "no data"]
Unit = Literal["count", "share", "days"]
Panel = Literal["quantity", "quality", "handling", "cycle"]

PANELS: dict[Panel, str] = {
    "quantity": "数量",
    "quality": "质量",
    "handling": "销售承接",
    "cycle": "成交周期",
}
"""The four problems of P02-X1 in the handbook's order, with its names."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One measure of a panel, its trend and the band of usual; see `diagnosis`."""

    panel: Panel
    measure: str
    unit: Unit
    better: Literal["up", "down"]
    now: float = nan
    now_n: float = nan
    usual: float = nan
    low: float = nan
    high: float = nan
    trend: Sequence[float] = field(default=(nan,) * TREND)
    why: str = ""
    young: bool = False

    @property
    def judgement(self) -> Judgement:
        """Worse or better where `now` lies outside the band."""
        if self.young:
            return "too young"
        if fmt.is_missing(self.now) or fmt.is_missing(self.low):
            return "no data"
        if self.low <= self.now <= self.high:
            return "usual"
        return "better" if (self.now > self.high) == (self.better == "up") else "worse"


@remembered
def diagnosis(book: Book) -> pd.DataFrame:
    """Quantity, quality, handling and cycle, each judged against its own twelve periods before.

    Rates compare leads that were given the same time; each measure is judged alone, so one in
    twenty would look unusual by chance.

    Returns:
        One to three rows per panel: `panel`, `zh`, `measure`, `now`, `now_n`, `usual`, `low`,
        `high` (the band in which `now` would count as usual, 95 %), `unit`, `trend` (13 values,
        oldest first, the last is `now`), `judgement` (better, usual, worse, too young, no data)
        and `says` (one sentence).

    Source: the band of a count is that of one more observation (Student's t over the periods
    before, at least as wide as a Poisson count's); of a rate, `now` less the ends of Newcombe's
    (1998) interval of the difference; of a median, the quantiles of the earlier cases between
    which a median of `now_n` draws falls (order statistics, beta distribution).
    """
    import pandas as pd

    readings = [*_quantity(book), *_quality(book), *_handling(book), *_cycle(book)]
    rows = [
        {
            "panel": r.panel,
            "zh": PANELS[r.panel],
            "measure": r.measure,
            **{k: getattr(r, k) for k in ("now", "now_n", "usual", "low", "high", "unit")},
            "trend": list(r.trend),
            "judgement": r.judgement,
            "says": _sentence(r),
        }
        for r in readings
    ]
    return pd.DataFrame(rows)


def as_panels(book: Book, table: pd.DataFrame) -> pd.DataFrame:
    """`diagnosis` as rows of `plots.panels`: of each panel the measure that says most.

    That is the first one that got worse, else the first that got better, else the first that
    can be judged at all.

    Returns:
        One row per panel and period: `heading`, `period`, `value`, `usual`, `low`, `high`,
        `unit`, `judgement`.
    """
    import pandas as pd

    ranks = {name: rank for rank, name in enumerate(("worse", "better", "usual", "too young"))}
    order = table.assign(rank=table["judgement"].map(ranks).fillna(len(ranks)))
    chosen = order.sort_values("rank", kind="stable").groupby("panel", sort=False).head(1)
    chosen = chosen.set_index("panel").loc[list(PANELS)].reset_index()
    periods = [p.label for p in book.period.trailing(TREND)]
    parts = [
        pd.DataFrame({"period": periods, "value": row["trend"]}).assign(
            heading=_heading(row), **{k: row[k] for k in ("usual", "low", "high", "unit")},
            judgement=row["judgement"],
        )
        for row in chosen.to_dict("records")
    ]  # fmt: skip
    long = pd.concat(parts, ignore_index=True)
    return long[["heading", "period", "value", "usual", "low", "high", "unit", "judgement"]]


def _heading(row: dict[Any, Any]) -> str:
    verdict = {"usual": "as usual", "too young": "too young to judge"}
    said = verdict.get(row["judgement"], row["judgement"])
    unsaid = row["unit"] == "count" or fmt.is_missing(row["now_n"]) or not row["now_n"]
    n = "" if unsaid else f" (n = {fmt.number(row['now_n'])})"
    return f"{row['panel'].capitalize()}: {said}. {row['measure'].removeprefix('→ ')}{n}"


def _quantity(book: Book) -> list[Reading]:
    trend = _trend_of(book, "leads")
    under_way = book.as_of < book.period.end
    return [
        _counted("Leads", trend, young=under_way, why="supply leads of the period"),
        _counted("Sessions a day", _sessions(book), why="supply web_daily.sessions"),
    ]


def _counted(measure: str, trend: list[float], *, young: bool = False, why: str) -> Reading:
    usual, low, high, _ = foreseen(trend[:-1], trend[-1])
    now = trend[-1]
    return Reading(
        "quantity", measure, "count", "up", now, now, usual, low, high, trend, why, young
    )


def _sessions(book: Book) -> list[float]:
    """Sessions on the website a day, by period; missing where there are no records."""
    labels = [p.label for p in book.period.trailing(TREND)]
    if not book.has("web_daily.sessions"):
        return [nan] * TREND
    by_period = nine.web(book).set_index("period")["a_day"]
    return [float(x) for x in by_period.reindex(labels)]


def _quality(book: Book) -> list[Reading]:
    return [
        _step(book, "quality", "valid", "lead.contact_valid, stage_event"),
        _step(book, "quality", "mql", "stage_event"),
        _rated(book, "quality", "icp_fit", "ICP fit rate", "account.icp_tier"),
    ]


def _handling(book: Book) -> list[Reading]:
    return [
        _rated(book, "handling", "response_in_time", "First response in time", "activity"),
        _step(book, "handling", "sql", "stage_event"),
    ]


def _rated(book: Book, panel: Panel, key: str, name: str, needs: str) -> Reading:
    """A rate that is settled at once, from the declared metric."""
    past = _history(book, key)
    part, whole = (past[k].fillna(0).astype(int).tolist() for k in ("numerator", "denominator"))
    counts = Counts(part[-1], whole[-1], sum(part[:-1]), sum(whole[:-1]))
    return _compared(panel, name, counts, past["value"].tolist(), needs)


def _step(book: Book, panel: Panel, then: str, needs: str) -> Reading:
    """A step of the funnel, every lead of every period given the same days."""
    row = step(book, then)
    if row is None:
        return Reading(panel, f"→ {STAGE_NAMES[then]}", "share", "up", why=f"supply {needs}")
    past = _fair_history(book)
    part = past[past["then"] == then]
    young = row["n"] < FEW and part["entered"].iloc[-1] >= FEW
    return _compared(
        panel,
        f"{row['step']} within {row['days']} days",
        counts_of_step(row),
        div(part["converted"], part["n"]).tolist(),
        needs,
        young=bool(young),
    )


def _compared(
    panel: Panel,
    measure: str,
    counts: Counts,
    trend: Sequence[float],
    needs: str,
    *,
    young: bool = False,
) -> Reading:
    """A rate beside the usual one; no band where either side has too few cases."""
    now, usual = div(*counts[:2]), div(*counts[2:])
    low, high, _ = differ(counts)
    known = min(counts.whole, counts.base_whole) >= FEW
    band = (max(now - high, 0.0), min(now - low, 1.0)) if known else (nan, nan)
    values = (now, counts.whole, usual, *band)
    return Reading(panel, measure, "share", "up", *values, trend, f"supply {needs}", young)


@remembered
def _fair_history(book: Book) -> pd.DataFrame:
    """`funnel.steps` of thirteen periods: `then`, `n`, `converted`, `entered` (of any age).

    In one scan of the leads: so many spans would be as many expressions for `funnel.steps`.
    """
    order = stages(book)
    at = ["created_at" if stage == "lead" else f"{stage}_at" for stage in order]
    steps = [
        f"""SELECT {place} AS place, period, count(*) AS entered,
            count(*) FILTER ({at[place]} + to_days({row.days}) <= $as_of) AS n,
            count(*) FILTER ({at[place]} + to_days({row.days}) <= $as_of AND
                least({", ".join(at[place + 1 :])}) <= {at[place]} + to_days({row.days}))
                AS converted
        FROM lead_journey JOIN span ON {at[place]} >= since AND {at[place]} < until
        GROUP BY period"""
        for place, row in enumerate(fair_changes(book).itertuples())
    ]
    query = f"WITH {_SPAN} {' UNION ALL '.join(steps)}"
    found = book.sql(query, as_of=book.as_of, **_spans(book)).set_index(["place", "period"])
    labels = [p.label for p in book.period.trailing(TREND)]
    every = [(place, label) for place in range(len(steps)) for label in labels]
    table = found.reindex(every, fill_value=0).reset_index()
    return table.assign(then=[order[place + 1] for place in table["place"]])


_SPAN = (
    "span AS (SELECT unnest($labels) AS period, unnest($starts) AS since, unnest($ends) AS until)"
)


def _spans(book: Book) -> dict[str, object]:
    """The thirteen periods as the parameters of `_SPAN`."""
    periods = book.period.trailing(TREND)
    return {
        "labels": [p.label for p in periods],
        "starts": [p.start for p in periods],
        "ends": [p.end for p in periods],
    }


def _cycle(book: Book) -> list[Reading]:
    won = "(SELECT won_at AS at, days_to_won AS days FROM lead_journey)"
    sold = (
        "(SELECT sql_at AS at, epoch(sql_at - mql_at) / 86400.0 AS days FROM lead_journey "
        "WHERE sql_at >= mql_at)"
    )
    return [
        _lasting(book, "Days from lead to won, median", won, "opportunity"),
        _lasting(book, "Days from MQL to SQL, median", sold, "stage_event"),
        _open_age(book),
    ]


@remembered
def _medians(book: Book, source: str) -> pd.DataFrame:
    """Median days and number of those who got there in each of thirteen periods."""
    table = book.sql(
        f"""WITH {_SPAN} SELECT period, median(days)::DOUBLE AS days, count(*) AS n
        FROM {source} x JOIN span ON x.at >= since AND x.at < until
        WHERE days >= 0 GROUP BY period""",
        **_spans(book),
    ).set_index("period")
    return table.reindex([p.label for p in book.period.trailing(TREND)])


def _lasting(book: Book, measure: str, source: str, needs: str) -> Reading:
    """How long those took who got there in the period, beside those of the twelve before."""
    past = _medians(book, source)
    n, base_n = int(past["n"].fillna(0).iloc[-1]), int(past["n"].iloc[:-1].sum())
    usual, low, high = _usual_median(book, source, n) if base_n >= FEW else (nan,) * 3
    now = float(past["days"].iloc[-1])
    why = "nobody got there in the period" if book.has(needs) else f"supply {needs}"
    trend = past["days"].tolist()
    return Reading("cycle", measure, "days", "down", now, n, usual, low, high, trend, why)


def _usual_median(book: Book, source: str, n: int) -> tuple[float, float, float]:
    """Median of the twelve periods before, and where a median of `n` such cases would fall."""
    if not n:
        return nan, nan, nan
    from scipy import stats

    half = (n + 1) / 2
    ends = [float(stats.beta.ppf(q, half, half)) for q in (0.025, 0.975)]
    row = book.sql(
        f"""SELECT quantile_cont(days, $quantiles) AS found FROM {source} x
        WHERE x.at >= $before AND x.at < $start AND days >= 0""",
        quantiles=[0.5, *ends],
        before=book.period.back(BASELINE_PERIODS).start,
        start=book.period.start,
    )["found"][0]
    usual, low, high = map(float, row)
    return usual, low, high


def _open_age(book: Book) -> Reading:
    """How old the open new deals were at the end of each period; a stock, so it has a band too."""
    periods = [p for p in book.period.trailing(TREND) if p.start < book.as_of]
    table = book.sql(
        """WITH span AS (SELECT unnest($labels) AS period, unnest($ends) AS until)
        SELECT period, median(epoch(until - created_at) / 86400.0)::DOUBLE AS days, count(*) AS n
        FROM deal JOIN span ON created_at < until AND (closed_at IS NULL OR closed_at >= until)
        WHERE deal_type = 'new' GROUP BY period""",
        labels=[p.label for p in periods],
        ends=[min(p.end, book.as_of) for p in periods],
    ).set_index("period").reindex([p.label for p in book.period.trailing(TREND)])  # fmt: skip
    trend = table["days"].where(table["n"] >= FEW).tolist()
    usual, low, high, _ = foreseen(trend[:-1], trend[-1])
    n = float(table["n"].fillna(0).iloc[-1])
    few = f"fewer than {FEW} deals are open"
    why = few if book.has("opportunity") else "supply opportunity"
    values = (trend[-1], n, usual, low, high)
    return Reading(
        "cycle", "Age of the open new deals, median", "days", "down", *values, trend, why
    )


@remembered
def _histories(book: Book) -> pd.DataFrame:
    """The declared metrics among the readings, in one go."""
    keys = {"leads", "icp_fit", "response_in_time"}
    past = history(book, [m for m in METRICS if m.key in keys])
    return past[past["recent"]].sort_values("start", ignore_index=True)


def _history(book: Book, key: str) -> pd.DataFrame:
    past = _histories(book)
    return past[past["key"] == key].reset_index(drop=True)


def _trend_of(book: Book, key: str) -> list[float]:
    return [float(x) for x in _history(book, key)["value"]]


def _sentence(reading: Reading) -> str:
    now = _written(reading, reading.now, reading.now_n)
    judged = reading.judgement
    if judged == "too young":
        return f"{reading.measure}: too young to judge, {now} so far."
    if judged == "no data":
        return f"{reading.measure}: {_lacking(reading, now)}."
    band = f"{_written(reading, reading.low)} to {_written(reading, reading.high)}"
    usual = _written(reading, reading.usual)
    if judged == "usual":
        return f"{reading.measure}: {now}, as usual ({usual}; usual is {band})."
    verb = "above" if reading.now > reading.high else "below"
    return f"{reading.measure}: {now}, {verb} the usual {usual} (usual is {band}): {judged}."


def _lacking(reading: Reading, now: str) -> str:
    if fmt.is_missing(reading.now):
        return f"no data for this; {reading.why}"
    return f"{now}, and too few cases for saying what is usual"


def _written(reading: Reading, x: float, n: Any = None) -> str:
    if reading.unit == "share":
        return fmt.rate(x, n) if n is not None else fmt.percent(x)
    if reading.unit == "days":
        text = fmt.days(x)
        return text if n is None else f"{text} (n = {fmt.number(n)})"
    return fmt.number(x if fmt.is_missing(x) else round(x))
