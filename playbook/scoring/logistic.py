"""Logistic regression by maximum likelihood, and by Firth's where that has no answer."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, NamedTuple

from playbook.errors import ParameterError

if TYPE_CHECKING:
    from typing import Any

    import numpy as np

    Floats = np.ndarray[Any, Any]

HUGE = 12.0
"""Log-odds (per indicator or standard deviation) that only separation leads to."""

STEPS = 100
STEP = 5.0
HALVINGS = 12
NEAR = 1e-7
LEAST = 1e-12
LIMIT = 30.0


class Solution(NamedTuple):
    """Log-odds and their standard errors, the intercept first.

    Attributes:
        weights: Log-odds.
        errors: Standard errors.
        method: `maximum likelihood` or `Firth`.
        reason: Why it is not maximum likelihood; empty where it is.
    """

    weights: Floats
    errors: Floats
    method: str
    reason: str


def solve(matrix: Floats, truth: Floats) -> Solution:
    """The model of `truth` on the columns of `matrix`, of which the first is the intercept."""
    import numpy as np
    import statsmodels.api as sm
    from statsmodels.tools.sm_exceptions import PerfectSeparationError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = sm.Logit(truth, matrix).fit(disp=0, maxiter=50, warn_convergence=False)
        weights, errors = np.asarray(found.params), np.asarray(found.bse)
        is_sound = found.mle_retvals["converged"] and np.isfinite(errors).all()
        if is_sound and np.abs(weights[1:]).max(initial=0) < HUGE:
            return Solution(weights, errors, "maximum likelihood", "")
    except (PerfectSeparationError, np.linalg.LinAlgError):
        pass
    weights, errors = firth(matrix, truth)
    return Solution(
        weights, errors, "Firth", "some level or number parts the outcomes completely (separation)"
    )


def firth(matrix: Floats, truth: Floats) -> tuple[Floats, Floats]:
    """Log-odds that stay finite under separation, and their standard errors.

    Raises:
        ParameterError: It does not settle.

    Source: Firth (1993), "Bias reduction of maximum likelihood estimates"; Heinze and Schemper
    (2002), "A solution to the problem of separation in logistic regression".
    """
    import numpy as np

    weights = np.zeros(matrix.shape[1])
    reached = _penalised(matrix, truth, weights)
    for _ in range(STEPS):
        chance, covariance = _at(matrix, weights)
        spread = chance * (1 - chance)
        leverage = np.einsum("ij,ij->i", matrix @ covariance, matrix) * spread
        step = covariance @ (matrix.T @ (truth - chance + leverage * (0.5 - chance)))
        step *= min(1.0, STEP / max(np.abs(step).max(), LEAST))
        # Newton's step may overshoot: it is halved until the likelihood grows.
        for _ in range(HALVINGS):
            likelihood = _penalised(matrix, truth, weights + step)
            if likelihood > reached:
                break
            step /= 2
        if likelihood - reached < NEAR:
            return weights, np.sqrt(np.diag(covariance))
        weights, reached = weights + step, likelihood
    raise ParameterError(
        f"the fit did not settle in {STEPS} steps; use fewer columns, or a higher min_level."
    )


def _at(matrix: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Chances, and the covariance of the weights."""
    import numpy as np

    chance = 1 / (1 + np.exp(-np.clip(matrix @ weights, -LIMIT, LIMIT)))
    return chance, np.linalg.pinv((matrix.T * (chance * (1 - chance))) @ matrix, hermitian=True)


def _penalised(matrix: Floats, truth: Floats, weights: Floats) -> float:
    """Log-likelihood plus half the log-determinant of the information (Jeffreys' prior)."""
    import numpy as np

    odds = np.clip(matrix @ weights, -LIMIT, LIMIT)
    chance = 1 / (1 + np.exp(-odds))
    information = (matrix.T * (chance * (1 - chance))) @ matrix
    likelihood = float(truth @ odds - np.logaddexp(0, odds).sum())
    return likelihood + 0.5 * float(np.linalg.slogdet(information)[1])


def repeated(matrix: Floats) -> list[int]:
    """Columns that are sums of those before them, so that a model cannot tell them apart."""
    import numpy as np

    lengths = np.linalg.norm(matrix, axis=0)
    scaled = matrix / np.where(lengths > 0, lengths, 1.0)
    # The triangle of a QR keeps on its diagonal what a column adds to those before it.
    diagonal = np.abs(np.diag(np.linalg.qr(scaled, mode="r")))
    return [int(place) for place in np.flatnonzero(diagonal < 1e-7)]
