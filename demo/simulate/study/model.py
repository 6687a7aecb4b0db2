"""A measure and a model: the area under the ROC curve, and logistic regression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from demo.simulate.streams import Floats

_RIDGE, _ROUNDS, _STEEPEST = 1.0, 25, 30.0


def auc(score: Floats, positive: NDArray[np.bool_]) -> float:
    """Give the share of pairs of a positive and a negative in which the positive scores higher; a tie is half.

    Args:
        score: Any number, (n,).
        positive: Which are positive, (n,).

    Returns:
        Between 0 and 1; NaN where one of the two kinds is missing.

    Example:
        >>> auc(np.array([0.1, 0.4, 0.4, 0.8]), np.array([False, False, True, True]))
        0.875
    """
    positives = int(positive.sum())
    negatives = len(positive) - positives
    if not positives or not negatives:
        return float("nan")
    _, place, counts = np.unique(score, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    rank = last - (counts - 1) / 2
    above = rank[place][positive].sum() - positives * (positives + 1) / 2
    return float(above / positives / negatives)


@dataclass(frozen=True)
class Logistic:
    """Logistic regression on standardised columns, by Newton's method with a small ridge.

    Attributes:
        mean: Of each column.
        scale: Standard deviation of each column; 1 for a constant one.
        weights: Of each column, and the intercept last.
    """

    mean: Floats
    scale: Floats
    weights: Floats

    @classmethod
    def fit(cls, columns: Floats, positive: NDArray[np.bool_]) -> Logistic:
        """Fit a model to rows (n, k); positives weigh as much as negatives in all."""
        mean, spread = columns.mean(axis=0), columns.std(axis=0)
        scale = np.where(spread > 0, spread, 1.0)
        x = np.column_stack([np.clip((columns - mean) / scale, -8, 8), np.ones(len(columns))])
        share = np.clip(positive.mean(), 1e-6, 1 - 1e-6)
        importance = np.where(positive, 0.5 / share, 0.5 / (1 - share))
        weights = np.zeros(x.shape[1])
        ridge = np.full(x.shape[1], _RIDGE)
        ridge[-1] = 1e-6
        for _ in range(_ROUNDS):
            chance = _sigmoid(x @ weights)
            slope = x.T @ (importance * (positive - chance)) - ridge * weights
            bend = (x * (importance * chance * (1 - chance))[:, None]).T @ x + np.diag(ridge)
            step = np.linalg.solve(bend, slope)
            weights = weights + step
            if np.abs(step).max() < 1e-6:  # noqa: PLR2004
                break
        return cls(mean, scale, weights)

    def score(self, columns: Floats) -> Floats:
        """Give the log-odds of rows (n, k)."""
        return np.clip((columns - self.mean) / self.scale, -8, 8) @ self.weights[:-1] + self.weights[-1]


def _sigmoid(value: Floats) -> Floats:
    return 1 / (1 + np.exp(-np.clip(value, -_STEEPEST, _STEEPEST)))
