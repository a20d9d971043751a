"""What looking early and often costs: tests of nothing, run many times, and stopped by a rule.

Both arms are the same, so every winner that is called is a false alarm. `once` looks at the end
only; `fixed` at every look by the usual 1.96, which is what peeking is; the other rules are made
for looking, see `playbook.abtest.during`. With an effect, the same simulation says
how often and how early each rule finds it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from playbook.abtest.during import mixture
from playbook.abtest.during.boundaries import group_sequential
from playbook.abtest.during.exits import exits
from playbook.errors import refuse, unknown
from playbook.format import percent, plural, shown, trimmed
from playbook.intervals import wilson

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    import pandas as pd

    from playbook.abtest.arms import Floats

    Bools = np.ndarray[Any, np.dtype[np.bool_]]

Rule = Literal[
    "once",
    "fixed",
    "always_valid",
    "obrien_fleming",
    "pocock",
    "ld_obrien_fleming",
    "ld_pocock",
]

WORDS = {
    "once": "one look, at the end",
    "fixed": "the usual test at every look",
    "always_valid": "the always-valid interval",
    "obrien_fleming": "O'Brien–Fleming's bounds",
    "pocock": "Pocock's bounds",
    "ld_obrien_fleming": "Lan–DeMets bounds like O'Brien–Fleming's",
    "ld_pocock": "Lan–DeMets bounds like Pocock's",
}
"""The rules in words."""

LONGEST = 100_000_000
"""Looks times draws that fit into memory."""


@dataclass(frozen=True, eq=False)
class Peeking:
    """Many tests, each looked at several times and stopped by a rule.

    Attributes:
        rule: By which a winner is called.
        alpha: The error rate that the rule promises, or that is taken for granted.
        baseline: The control's rate.
        effect: What the other arm's rate truly differs by.
        n: People of each arm at each look.
        bounds: What z has to reach, in size, at each look; inf where a look cannot stop the test.
        difference: Of the rates, (draws, looks).
        std_error: Its standard error, (draws, looks).
    """

    rule: Rule
    alpha: float
    baseline: float
    effect: float
    n: tuple[int, ...]
    bounds: tuple[float, ...]
    difference: Floats
    std_error: Floats

    @property
    def looks(self) -> int:
        """How often each test is looked at."""
        return len(self.n)

    @property
    def draws(self) -> int:
        """How many tests."""
        return len(self.difference)

    @property
    def z(self) -> Floats:
        """The difference over its standard error, (draws, looks); 0 where nobody converted."""
        import numpy as np

        return np.divide(
            self.difference,
            self.std_error,
            out=np.zeros_like(self.difference),
            where=self.std_error > 0,
        )

    @property
    def crossed(self) -> Bools:
        """Whether a winner was called at the look or before, (draws, looks)."""
        import numpy as np

        beyond = np.abs(self.z) >= np.array(self.bounds)
        return np.maximum.accumulate(beyond, axis=1)

    @property
    def table(self) -> pd.DataFrame:
        """One row per look.

        Returns:
            `look` (from 1), `n` (people per arm), `bound`, `share` (of the tests that have called a
            winner by then), `low`, `high` (its 95 % interval, from the number of draws), `exact`
            (the same for endless draws and the normal distribution, by integration).
        """
        import numpy as np
        import pandas as pd

        called = self.crossed.sum(axis=0)
        low, high = wilson(called, np.full(self.looks, self.draws))
        return pd.DataFrame(
            {
                "look": range(1, self.looks + 1),
                "n": self.n,
                "bound": self.bounds,
                "share": called / self.draws,
                "low": low,
                "high": high,
                "exact": self._exact(),
            }
        )

    @property
    def share(self) -> float:
        """Share of the tests that have called a winner by the last look."""
        return float(self.crossed[:, -1].mean())

    @property
    def exact(self) -> float:
        """The same for endless draws and the normal distribution."""
        return float(self._exact()[-1])

    def paths(self, count: int = 30) -> pd.DataFrame:
        """The first tests look by look, to draw them.

        Args:
            count: How many tests.

        Returns:
            One row per test and look: `path` (from 1), `look`, `n` (people per arm), `z`,
            `difference`, `low`, `high` (the rule's interval of the difference), `bound`,
            `is_crossed` (whether a winner was called at this look or before), `is_false` (whether
            one is ever called).
        """
        import numpy as np
        import pandas as pd

        kept = min(count, self.draws)
        reach = np.array(self.bounds) * np.where(self.std_error > 0, self.std_error, np.inf)
        crossed = self.crossed
        columns = {
            "z": self.z,
            "difference": self.difference,
            "low": self.difference - reach,
            "high": self.difference + reach,
            "is_crossed": crossed,
            "is_false": np.repeat(crossed[:, -1:], self.looks, axis=1),
        }
        table = pd.DataFrame({name: values[:kept].ravel() for name, values in columns.items()})
        table.insert(0, "path", np.repeat(np.arange(1, kept + 1), self.looks))
        for at, (name, values) in enumerate(
            (("look", range(1, self.looks + 1)), ("n", self.n), ("bound", self.bounds)), start=1
        ):
            table.insert(at, name, np.tile(list(values), kept))
        return table

    _repr_pretty_ = shown

    def __str__(self) -> str:
        """The share that called a winner, in a sentence."""
        what = "though nothing differs" if self.effect == 0 else "where one arm is truly different"
        last = self.table.iloc[-1]
        return (
            f"{plural(self.looks, 'look')} by {WORDS[self.rule]} call a winner {what} in "
            f"{percent(last['share'])} of {plural(self.draws, 'test')} (95 % interval "
            f"{percent(last['low'])} to {percent(last['high'])}; exact {percent(last['exact'])}), "
            f"where alpha is {trimmed(self.alpha)}."
        )

    def _exact(self) -> Floats:
        import numpy as np

        first, second = self.baseline, self.baseline + self.effect
        spread = (first * (1 - first) + second * (1 - second)) / self.n[-1]
        information = [n / self.n[-1] for n in self.n]
        found = exits(self.bounds, information, drift=self.effect / spread**0.5)
        return np.cumsum(np.add(found.upper, found.lower))


def peeking(
    looks: int = 14,
    *,
    rule: Rule = "fixed",
    alpha: float = 0.05,
    baseline: float = 0.05,
    n_per_look: int = 500,
    effect: float = 0.0,
    draws: int = 2000,
    seed: int = 1,
) -> Peeking:
    """Many tests of two arms, looked at several times.

    Args:
        looks: How often each is looked at, evenly spaced.
        rule: By which a winner is called; `once` looks at the end only.
        alpha: The chance of a false alarm that the rule promises.
        baseline: The control's conversion rate.
        n_per_look: People who come to each arm between two looks.
        effect: What the other arm's rate truly differs by; 0 for a test of nothing.
        draws: How many tests.
        seed: The same seed gives the same tests, whatever the rule.

    Raises:
        ParameterError: Everything that is wrong, at once.

    >>> print(peeking(14))
    14 looks by the usual test at every look call a winner though nothing differs in 22.8 % of \
2,000 tests (95 % interval 21.0 % to 24.6 %; exact 22.0 %), where alpha is 5 %.
    """
    counts = {"looks": looks, "n_per_look": n_per_look, "draws": draws}
    refuse([*_wrong_counts(**counts), *_wrong_rates(rule, alpha, baseline, effect)])
    import numpy as np

    rng = np.random.default_rng(seed)
    size = (draws, looks)
    control = rng.binomial(n_per_look, baseline, size).cumsum(axis=1)
    other = rng.binomial(n_per_look, baseline + effect, size).cumsum(axis=1)
    n = n_per_look * np.arange(1, looks + 1)
    both = (control + other) / (2 * n)
    return Peeking(
        rule=rule,
        alpha=alpha,
        baseline=baseline,
        effect=effect,
        n=tuple(n.tolist()),
        bounds=bounds_of(rule, looks, alpha),
        difference=(other - control) / n,
        std_error=np.sqrt(2 * both * (1 - both) / n),
    )


def bounds_of(rule: Rule, looks: int, alpha: float = 0.05) -> tuple[float, ...]:
    """What z has to reach at each of so many evenly spaced looks, by a rule.

    The always-valid bound is tuned for the last look.

    >>> [round(bound, 2) for bound in bounds_of("always_valid", 4)]
    [3.25, 3.08, 3.04, 3.04]
    """
    from scipy.special import ndtri

    usual = float(-ndtri(alpha / 2))
    if rule == "once":
        return (float("inf"),) * (looks - 1) + (usual,)
    if rule == "fixed":
        return (usual,) * looks
    if rule == "always_valid":
        return tuple(mixture.reach(range(1, looks + 1), looks, alpha).tolist())
    if rule in {"obrien_fleming", "pocock"}:
        return group_sequential(looks, kind=rule, alpha=alpha).z
    return group_sequential(looks, spending=rule, alpha=alpha).z


def _wrong_counts(**counts: int) -> Iterator[str]:
    for name, given in counts.items():
        if not given >= 1 or given != int(given):
            yield f"{name} must be a whole number, 1 or more, not {given:g}."
    if (cells := counts["looks"] * counts["draws"]) > LONGEST:
        yield f"looks times draws must be at most {LONGEST:,}, not {cells:,}."


def _wrong_rates(rule: str, alpha: float, baseline: float, effect: float) -> Iterator[str]:
    if rule not in get_args(Rule):
        yield unknown("rule", str(rule), get_args(Rule))
    if not 0 < alpha < 1:
        yield f"alpha must be above 0 and below 1, not {alpha:g}; 5 % is written 0.05."
    if not 0 < baseline < 1:
        yield f"baseline must be above 0 and below 1, not {baseline:g}; 5 % is written 0.05."
    elif not 0 < baseline + effect < 1:
        yield (
            f"effect {effect:g} takes a baseline of {baseline:g} to {baseline + effect:g}; a share "
            "must stay above 0 and below 1."
        )
