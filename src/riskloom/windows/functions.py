"""The aggregation functions: from the selected values of each window to one value each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from riskloom.declare.aggregation import DISTINCT_CAP
from riskloom.errors import WindowError
from riskloom.intervals import SECOND
from riskloom.windows import folds, wide
from riskloom.windows.distinct import distinct
from riskloom.windows.tables import ARROW

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    import numpy.typing as npt

    from riskloom.declare import Feature

    Ints = npt.NDArray[np.int64]
    Numbers = npt.NDArray[Any]  # int64 or float64


@dataclass(frozen=True, slots=True)
class Selection:
    """For some spine rows, the values that one feature reads.

    Attributes:
        values: Column of all events, or None for a function of rows. Its type decides about exactness.
        numbers: The same as int64 or float64; codes for a column that is only compared. None for a function of rows.
        event_ts: Times of all events, microseconds.
        rows: Positions of the events that passed the filter and hold a value.
        groups: As in ``Frame``, one for each of ``rows``.
        low: Where the stretch of each spine row starts in ``rows``, shape (k,).
        high: Where it ends, itself not included, shape (k,).
        at: Instants of the spine rows, microseconds, shape (k,).
    """

    values: pa.ChunkedArray
    numbers: Numbers
    event_ts: Ints
    rows: Ints
    groups: Ints
    low: Ints
    high: Ints
    at: Ints

    @property
    def count(self) -> Ints:
        """How many values each window holds."""
        return self.high - self.low

    @property
    def picked(self) -> Numbers:
        """The selected values as numbers."""
        return self.numbers[self.rows]

    @property
    def integral(self) -> bool:
        """Whether the column is of integers, and sums must be exact."""
        return self.numbers.dtype == np.int64


def evaluate(feature: Feature, selection: Selection) -> pa.Array:
    """Compute one feature that is no ratio.

    Returns:
        Values of the feature's type, shape (k,).

    Raises:
        WindowError: The sum of a window is no int64.
    """
    return _FUNCTIONS[feature.function](feature, selection)


def _array(feature: Feature, values: npt.NDArray[np.generic], null: npt.NDArray[np.bool_]) -> pa.Array:
    array = pa.array(values, mask=null)
    return array.cast(ARROW[feature.dtype])


def _count(feature: Feature, selection: Selection) -> pa.Array:
    return pa.array(selection.count, ARROW[feature.dtype])


def _sum(feature: Feature, selection: Selection) -> pa.Array:
    edges, empty = (selection.low, selection.high), selection.count == 0
    if not selection.integral:
        return _array(feature, folds.total(selection.picked, *edges), empty)
    upper, lower = wide.totals(selection.picked, *edges)
    if not wide.fits(upper).all():
        raise WindowError.sum_overflow(feature.name, str(feature.column), int((~wide.fits(upper)).sum()))
    return _array(feature, (upper << 32) | lower, empty)


def _mean(feature: Feature, selection: Selection) -> pa.Array:
    edges, empty = (selection.low, selection.high), selection.count == 0
    if not selection.integral:
        return _array(feature, folds.mean(selection.picked, *edges), empty)
    return _array(
        feature, wide.to_float(*wide.totals(selection.picked, *edges)) / np.maximum(selection.count, 1), empty
    )


def _stddev(feature: Feature, selection: Selection) -> pa.Array:
    deviation = wide.deviation if selection.integral else folds.deviation
    too_few = selection.count < 2  # noqa: PLR2004 - a sample's deviation is of two values at least
    return _array(feature, deviation(selection.picked, selection.low, selection.high), too_few)


def _min(feature: Feature, selection: Selection) -> pa.Array:
    return _extreme(feature, selection, np.minimum)


def _max(feature: Feature, selection: Selection) -> pa.Array:
    return _extreme(feature, selection, np.maximum)


def _extreme(feature: Feature, selection: Selection, pick: np.ufunc) -> pa.Array:
    values = folds.extreme(selection.picked, selection.low, selection.high, pick)
    return _array(feature, values, selection.count == 0)


def _first(_: Feature, selection: Selection) -> pa.Array:
    return _at_place(selection, selection.low)


def _last(_: Feature, selection: Selection) -> pa.Array:
    return _at_place(selection, selection.high - 1)


def _at_place(selection: Selection, places: Ints) -> pa.Array:
    empty = selection.count == 0
    rows = np.zeros(len(places), np.int64)
    rows[~empty] = selection.rows[places[~empty]]
    taken = selection.values.take(pa.array(rows, mask=empty))
    return taken.combine_chunks() if taken.num_chunks != 1 else taken.chunk(0)


def _count_distinct(_: Feature, selection: Selection) -> pa.Array:
    counts = distinct(selection.picked, selection.groups, selection.low, selection.high)
    return pa.array(np.minimum(counts, DISTINCT_CAP))


def _time_since_last(feature: Feature, selection: Selection) -> pa.Array:
    empty = selection.count == 0
    seconds = np.zeros(len(empty))
    newest = selection.event_ts[selection.rows[selection.high[~empty] - 1]]
    seconds[~empty] = (selection.at[~empty] - newest) / SECOND
    return _array(feature, seconds, empty)


_FUNCTIONS: dict[str, Callable[[Feature, Selection], pa.Array]] = {
    "count": _count,
    "sum": _sum,
    "mean": _mean,
    "min": _min,
    "max": _max,
    "stddev": _stddev,
    "first": _first,
    "last": _last,
    "count_distinct": _count_distinct,
    "time_since_last": _time_since_last,
}
