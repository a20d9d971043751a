"""Targets and budget: goals that add up from month to year, set against what happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from playbook.data.sample import clock, dims
from playbook.data.sample.people import plan

if TYPE_CHECKING:
    from playbook.data.sample.deals import Deals
    from playbook.data.sample.frames import Cols

YEARS = (2025, 2026)
REACHED = 0.81
_SHAPE = (6.2, 4.8, 7.6, 8.0, 8.2, 9.4, 8.2, 8.0, 9.2, 7.6, 10.0, 12.8)
_RATES = {
    "leads": 1.04,
    "valid_leads": 0.83,
    "mql": 0.83 * 0.35,
    "sql": 0.83 * 0.35 * 0.38,
    "opportunities": 0.83 * 0.35 * 0.38 * 0.6 + 0.075,
}
_TEAMS = {"销售A组": 0.24, "销售B组": 0.42, "销售C组": 0.19, "海外组": 0.15}
BUDGET = {2025: 2_700_000, 2026: 3_200_000}
_UNITS = {"revenue": "CNY", "budget": "CNY", "pipeline": "CNY", "response_24h": "share"}


def won_in(deals: Deals, year: int, units: int) -> float:
    """Money won from January to October of a year, in CNY, for a company of scale 1."""
    rate = np.array([1.0, *dims.RATES])[deals.currency]
    closed = (deals.closed >= clock.at(f"{year}-01-01")) & (
        deals.closed < clock.at(f"{year}-11-01")
    )
    return float(np.nansum(np.where(closed & (deals.won == 1), deals.paid * rate, 0.0))) / units


def _monthly(deals: Deals, units: int, scale: int) -> dict[int, dict[str, list[float]]]:
    rows = np.array(plan())
    shape = np.array(_SHAPE) / sum(_SHAPE)
    goals: dict[int, dict[str, list[float]]] = {}
    for year in YEARS:
        share = REACHED if year == 2026 else 0.78
        revenue = round(won_in(deals, year, units) / share / 500_000) * 500_000
        first = clock.MONTHS.index(f"{year}-01")
        months = rows[first : first + 12].sum(axis=1)
        leads = np.concatenate([months, np.repeat(months[-1], 12 - len(months))])
        goals[year] = {
            name: [float(round(x * rate * scale)) for x in leads] for name, rate in _RATES.items()
        }
        goals[year]["revenue"] = _split(revenue * scale, shape)
        goals[year]["pipeline"] = _split(revenue * 3 * scale, shape)
        goals[year]["won"] = [float(max(1, round(x / 215_000))) for x in goals[year]["revenue"]]
        goals[year]["budget"] = _split(BUDGET[year] * scale, np.full(12, 1 / 12))
    return goals


def _split(total: float, shape: np.ndarray) -> list[float]:
    """Monthly parts in thousands that add up to the total."""
    parts = np.rint(total * shape / 1_000) * 1_000
    parts[-1] += total - parts.sum()
    return [float(x) for x in parts]


Row = tuple[str, str, str, str | None, float, str, str]


def target(deals: Deals, units: int, scale: int) -> Cols:
    """Table `target`: months add up to quarters, quarters to years, teams to the company."""
    rows: list[Row] = []
    for year, metrics in _monthly(deals, units, scale).items():
        for name, months in metrics.items():
            unit = _UNITS.get(name, "count")
            periods = [(f"{year}-{m + 1:02d}", months[m], "short") for m in range(12)]
            periods += [
                (f"{year}Q{q + 1}", sum(months[3 * q : 3 * q + 3]), "mid") for q in range(4)
            ]
            periods.append((str(year), sum(months), "long"))
            rows += [(p, name, "company", None, v, unit, h) for p, v, h in periods]
            if name == "revenue":
                rows += [
                    (p, name, "team", team, round(v * share, 2), unit, h)
                    for p, v, h in periods
                    if h != "short"
                    for team, share in _TEAMS.items()
                ]
        for period in [f"{year}-{m + 1:02d}" for m in range(12)] + [str(year)]:
            rows.append((period, "response_24h", "company", None, 0.9, "share", "short"))
    cols = list(zip(*rows, strict=True))
    return {
        "period": list(cols[0]),
        "metric_id": list(cols[1]),
        "scope_type": list(cols[2]),
        "scope_id": list(cols[3]),
        "value": np.array(cols[4]),
        "unit": list(cols[5]),
        "horizon": list(cols[6]),
    }
