"""Logistic regression by maximum likelihood, and by Firth's where that has no answer."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, NamedTuple

from playbook.errors import ParameterError

if TYPE_CHECKING:
    import numpy as np

    Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

HUGE = 12.0
"""Log-odds (per indicator or standard deviation) that only separation leads to."""

STEPS = 200
STEP = 5.0
NEAR = 1e-8


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
    for _ in range(STEPS):
        chance = 1 / (1 + np.exp(-(matrix @ weights)))
        spread = chance * (1 - chance)
        covariance = np.linalg.pinv((matrix.T * spread) @ matrix)
        leverage = np.einsum("ij,jk,ik->i", matrix, covariance, matrix, optimize=True) * spread
        score = matrix.T @ (truth - chance + leverage * (0.5 - chance))
        step = covariance @ score
        step *= min(1.0, STEP / max(np.abs(step).max(), NEAR))
        weights = weights + step
        if np.abs(step).max() < NEAR:
            return weights, np.sqrt(np.diag(covariance))
    raise ParameterError(
        f"the fit did not settle in {STEPS} steps; use fewer columns, or a higher min_level."
    )


def repeated(matrix: Floats) -> list[int]:
    """Columns that are sums of those before them, so that a model cannot tell them apart."""
    import numpy as np

    lengths = np.linalg.norm(matrix, axis=0)
    scaled = matrix / np.where(lengths > 0, lengths, 1.0)
    # The triangle of a QR keeps on its diagonal what a column adds to those before it.
    diagonal = np.abs(np.diag(np.linalg.qr(scaled, mode="r")))
    return [int(place) for place in np.flatnonzero(diagonal < 1e-7)]
