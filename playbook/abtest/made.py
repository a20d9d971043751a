"""Made-up unit rows whose true effect is known: for lessons, tests and benchmarks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from playbook.errors import refuse, unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    import pandas as pd

    from playbook.abtest.arms import Floats

OUTLIER = 50
"""How many times as much an outlier spends."""
SPREAD = 0.25
"""Standard deviation of what a visit is worth, as a share of it."""


def made_units(
    *,
    n: int = 10_000,
    arms: Sequence[str] = ("A", "B"),
    weights: Sequence[float] | None = None,
    lift: float | Mapping[str, float] = 0.0,
    segment_lift: Mapping[str, float] | None = None,
    novelty: float = 0.0,
    half_life_days: float = 2.0,
    baseline: float = 0.10,
    visits: float = 3.0,
    value: float = 20.0,
    correlation: float = 0.6,
    outliers: float = 0.0,
    days: int = 14,
    segments: Sequence[str] = ("known", "new"),
    seed: int = 1,
) -> pd.DataFrame:
    """Units of a test, one row each, drawn with the effect that is asked for.

    A unit's true lift is its arm's, plus its segment's, plus the novelty of its day; the first arm
    is the control and has none. It raises, by the same share, the chance to convert, the revenue
    per unit and the revenue per visit; it leaves visits and everything before as they are.

    Args:
        n: Units in all arms together.
        arms: Names of the arms, the control first.
        weights: Chance of each arm, in any unit; equal ones where None.
        lift: True relative lift of every arm but the control, or of the arms that are named.
        segment_lift: Further lift in the segments that are named.
        novelty: Further lift on day 1, which fades.
        half_life_days: Days in which it halves.
        baseline: The control's chance to convert.
        visits: Mean visits per unit, above 1.
        value: Mean revenue per visit of the control.
        correlation: Between what a unit's visit is worth before and in the test, from 0 to 1.
        outliers: Share of units that spend 50 times as much, whatever their arm.
        days: Days of the test; units first see their arm on any of them alike.
        segments: Names of segments, equally frequent.
        seed: Of the random numbers: the same seed gives the same units.

    Returns:
        `unit` (text), `arm`, `day` (of first exposure, from 1), `segment`, `converted` (0 or 1),
        `revenue`, `visits` (1 or more) and, from as long a time before, `revenue_before` and
        `visits_before`.

    Raises:
        ParameterError: Everything that cannot be drawn, at once.

    >>> units = made_units(n=100_000, lift=0.5, seed=7)
    >>> means = units.groupby("arm")[["converted", "revenue", "visits"]].mean()
    >>> (means.loc["B"] / means.loc["A"]).round(2).tolist()
    [1.51, 1.5, 1.0]
    """
    import numpy as np
    import pandas as pd

    lifts = lift if isinstance(lift, Mapping) else dict.fromkeys(arms[1:], lift)
    odds = np.full(len(arms), 1 / max(len(arms), 1)) if weights is None else np.array(weights)
    refuse([*_wrong_arms(arms, odds, lifts), *_wrong_sizes(n, days, visits, half_life_days)])
    shares = {"baseline": baseline, "correlation": correlation, "outliers": outliers}
    refuse(_wrong_shares(shares))
    rng = np.random.default_rng(seed)
    arm = rng.choice(len(arms), n, p=odds / odds.sum())
    segment, day = rng.integers(0, len(segments), n), rng.integers(1, days + 1, n)
    of_arm = np.array([lifts.get(name, 0.0) for name in arms])
    of_segment = np.array([(segment_lift or {}).get(name, 0.0) for name in segments])
    charm = novelty * 0.5 ** ((day - 1) / half_life_days)
    true = 1 + np.where(arm > 0, of_arm[arm] + of_segment[segment] + charm, 0.0)
    refuse(_too_likely(float(baseline * true.max())))
    worth, worth_before = _pairs(rng, n, correlation)
    habit = rng.gamma(visits - 1, 1.0, n)
    seen, seen_before = 1 + rng.poisson(habit), 1 + rng.poisson(habit)
    much = np.where(rng.random(n) < outliers, OUTLIER, 1)
    return pd.DataFrame(
        {
            "unit": [f"U{number:07d}" for number in range(1, n + 1)],
            "arm": np.array(arms, dtype=object)[arm],
            "day": day,
            "segment": np.array(segments, dtype=object)[segment],
            "converted": (rng.random(n) < baseline * true).astype("int64"),
            "revenue": value * true * worth * seen * much,
            "visits": seen,
            "revenue_before": value * worth_before * seen_before,
            "visits_before": seen_before,
        }
    )


def _pairs(rng: np.random.Generator, n: int, correlation: float) -> tuple[Floats, Floats]:
    """Two positive factors of mean 1 per unit: lognormal, correlated as asked on their own scale.

    Their logarithms' correlation r follows from that of the factors: (exp(r s²) - 1) / (exp(s²)
    - 1), with s² the logarithms' variance.
    """
    import numpy as np

    variance = np.log1p(SPREAD**2)
    r = min(np.log1p(correlation * SPREAD**2) / variance, 1.0)
    before, own = rng.standard_normal(n), rng.standard_normal(n)
    after = r * before + np.sqrt(1 - r**2) * own
    scale = np.sqrt(variance)
    return np.exp(scale * after - variance / 2), np.exp(scale * before - variance / 2)


def _wrong_shares(shares: Mapping[str, float]) -> Iterator[str]:
    for name, given in shares.items():
        if not 0 <= given <= 1:
            yield f"{name} must lie between 0 and 1, not {given}."


def _too_likely(chance: float) -> Iterator[str]:
    if chance > 1:
        yield f"the greatest lift makes a chance of {chance:.0%}: lower the baseline or the lift."


def _wrong_sizes(n: int, days: int, visits: float, half_life_days: float) -> Iterator[str]:
    for name, given, least in (("n", n, 2), ("days", days, 1)):
        if given < least:
            yield f"{name} must be {least} or more, not {given}."
    if half_life_days <= 0:
        yield f"half_life_days must be above 0, not {half_life_days}."
    if visits <= 1:
        yield f"visits must be above 1, not {visits}: whoever is in the test came once."


def _wrong_arms(arms: Sequence[str], odds: Floats, lifts: Mapping[str, float]) -> Iterator[str]:
    if len(arms) < 2 or len(set(arms)) < len(arms):
        yield f"arms must be two names or more, all different, not {', '.join(arms)}."
    if len(odds) != len(arms) or (odds < 0).any() or not odds.sum() > 0:
        yield f"weights must be {len(arms)} numbers from 0 on, one per arm, not all 0."
    for name in lifts:
        if name not in arms[1:]:
            yield unknown("arm in lift", name, arms[1:])
