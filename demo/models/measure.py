"""Measures of a ranking, each with a 95 % interval by bootstrap.

Area under the ROC curve, average precision, and precision among the hundred highest. Rows of one score share their
places, so that the order of ties does not matter. A resample weighs each row by how often it was drawn, and two
rankings of the same rows are compared on the same resamples.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Bools = npt.NDArray[np.bool_]
    Floats = npt.NDArray[np.float64]

MEASURES = ("auc", "average_precision", "precision_100")
TOP = 100
RESAMPLES = 400
_CHUNK_CELLS = 2_000_000
_INTERVAL = (2.5, 97.5)


@dataclass(frozen=True)
class Measured:
    """A measure, and its interval.

    Attributes:
        value: On the rows as they are.
        low: Lower end of the 95 % interval.
        high: Upper end.
    """

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, value: float, resampled: Floats) -> Measured:
        """Take the interval from the values of resamples."""
        low, high = np.nanpercentile(resampled, _INTERVAL)
        return cls(float(value), float(low), float(high))

    def __str__(self) -> str:
        """Write it for people.

        Example:
            >>> str(Measured(0.5, 0.25, 0.75))
            '0.500 (0.250 to 0.750)'
        """
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


class Ranking:
    """Rows in the order of a score.

    Args:
        scores: The most suspect highest.
        fraud: Which rows are attacks.

    Example:
        >>> Ranking(np.array([0.9, 0.8, 0.7, 0.6]), np.array([True, False, True, False])).measure(np.ones((1, 4)))
        array([[0.75      , 0.83333333, 0.5       ]])
    """

    def __init__(self, scores: Floats, fraud: Bools) -> None:
        self._order = np.argsort(-scores, kind="stable")
        ranked = scores[self._order]
        self._starts = np.flatnonzero(np.concatenate([[True], ranked[1:] != ranked[:-1]]))
        self._fraud = fraud[self._order]

    def measure(self, weights: Floats) -> Floats:
        """Give the three measures for each row of weights: resamples, by rows in their own order."""
        drawn = weights[:, self._order]
        true = np.add.reduceat(drawn * self._fraud, self._starts, axis=1)
        every = np.add.reduceat(drawn, self._starts, axis=1)
        hits, seen = np.cumsum(true, axis=1), np.cumsum(every, axis=1)
        attacks, honest = hits[:, -1:], seen[:, -1:] - hits[:, -1:]
        with np.errstate(invalid="ignore", divide="ignore"):
            precision = np.nan_to_num(hits / seen)
            area = ((every - true) * (hits - true / 2)).sum(axis=1, keepdims=True) / (attacks * honest)
            average = (true * precision).sum(axis=1, keepdims=True) / attacks
            share = np.nan_to_num(true / every)
        top = np.minimum(seen, TOP)
        taken = np.diff(top, axis=1, prepend=0)
        found = (taken * share).sum(axis=1, keepdims=True) / np.maximum(top[:, -1:], 1)
        measures: Floats = np.hstack([area, average, found])
        return measures


def measure(scores: dict[str, Floats], fraud: Bools, seed: int, resamples: int = RESAMPLES) -> dict[str, Measures]:
    """Measure several rankings of the same rows, on the same resamples.

    Args:
        scores: Scores by the name of what gave them.
        fraud: Which rows are attacks; at least one is, and one is not.
        seed: Of the resamples.
        resamples: How many.

    Returns:
        By name, the ranking's measures.
    """
    rankings = {name: Ranking(column, fraud) for name, column in scores.items()}
    whole = np.ones((1, len(fraud)))
    values = {name: ranking.measure(whole)[0] for name, ranking in rankings.items()}
    chance, found = np.random.default_rng(seed), {name: [] for name in scores}
    step = max(1, _CHUNK_CELLS // len(fraud))
    for begin in range(0, resamples, step):
        weights = chance.poisson(1.0, (min(step, resamples - begin), len(fraud))).astype(np.float64)
        for name, ranking in rankings.items():
            found[name].append(ranking.measure(weights))
    return {name: Measures(values[name], np.concatenate(found[name])) for name in scores}


@dataclass(frozen=True)
class Measures:
    """The measures of one ranking.

    Attributes:
        values: The three, on the rows as they are.
        resampled: The three, by resample.
    """

    values: Floats
    resampled: Floats

    def __getitem__(self, name: str) -> Measured:
        place = MEASURES.index(name)
        return Measured.of(self.values[place], self.resampled[:, place])

    def lift(self, other: Measures, name: str) -> Measured:
        """Say by how much this one is above another one of the same rows."""
        place = MEASURES.index(name)
        return Measured.of(
            self.values[place] - other.values[place], self.resampled[:, place] - other.resampled[:, place]
        )
