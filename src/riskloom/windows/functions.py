"""The aggregation functions: from the selected values of each window to one value each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from riskloom.declare.functions import DISTINCT_CAP, NEWEST_CAP
from riskloom.errors import SumOverflowError
from riskloom.intervals import SECOND
from riskloom.windows import wide
from riskloom.windows.frequencies import FREQUENCIES
from riskloom.windows.loops import blocks, counting, integers
from riskloom.windows.tables import ARROW, bitmap

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    import numpy.typing as npt

    from riskloom.declare import Feature
    from riskloom.windows.selection import Selection, Stretches

    Ints = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float64]
    Bools = npt.NDArray[np.bool_]

MOMENTS = "moments"
_INT64 = 2**63
# Powers of two scale without rounding, so that a partial result that leaves the range of doubles is found again.
_SMALLER, _MUCH_SMALLER, _MUCH_LARGER = 2.0**-64, 2.0**-600, 2.0**600
_TINY = 2.0**-450


def evaluate(feature: Feature, selection: Selection, stretches: Stretches) -> pa.Array:
    """Compute one feature that has no parts.

    Args:
        feature: The feature.
        selection: The events that it reads.
        stretches: Which of them each window holds, shape (k,).

    Returns:
        Values of the feature's type, shape (k,).

    Raises:
        SumOverflowError: The sum of a window is no int64.
    """
    return _FUNCTIONS[feature.function](feature, selection, stretches)


def _array(feature: Feature, values: npt.NDArray[Any], valid: pa.Buffer | None) -> pa.Array:
    """Give numbers as Arrow's array of the feature's type, without a copy."""
    return pa.Array.from_buffers(ARROW[feature.dtype], len(values), [valid, pa.py_buffer(np.ascontiguousarray(values))])


def _count(feature: Feature, _: Selection, stretches: Stretches) -> pa.Array:
    return pa.array(stretches.count, ARROW[feature.dtype])


def _sum(feature: Feature, selection: Selection, stretches: Stretches) -> pa.Array:
    if not selection.integral:
        return _array(feature, float_sums(selection, stretches)[0], stretches.filled)
    if _fits(selection, stretches, 1):
        return _array(feature, _integer_sums(selection, stretches), stretches.filled)
    upper, lower = wide.totals(selection.numbers, stretches.low, stretches.high)
    return _array(feature, checked(feature, upper, lower), stretches.filled)


def checked(feature: Feature, upper: Ints, lower: Ints) -> Ints:
    """Give sums as int64.

    Raises:
        SumOverflowError: One is no int64.
    """
    fits = wide.fits(upper)
    if not fits.all():
        raise SumOverflowError.sum_overflow(feature.name, str(feature.leaves[0].column), int((~fits).sum()))
    return (upper << 32) | lower


def _fits(selection: Selection, stretches: Stretches, power: int) -> bool:
    """Say whether no window's sum of that power of its values can leave 63 bits."""
    return bool(selection.largest**power * int(stretches.count.max(initial=0)) < _INT64)


def _integer_sums(selection: Selection, stretches: Stretches) -> Ints:
    sums: Ints = integers.differences(selection.running[0], stretches.low, stretches.high)
    return sums


def float_sums(selection: Selection, stretches: Stretches) -> tuple[Floats, Floats]:
    """Give sums of doubles, and their means; 0 and NaN where a window is empty."""
    totals = selection.float_sums(stretches, 1.0)
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        means = totals / stretches.count
        beyond = ~np.isfinite(totals)
        if beyond.any():
            # A partial sum may leave the range of doubles where the whole one, or the mean, does not.
            scaled = selection.float_sums(stretches, _SMALLER)
            totals = np.where(beyond, scaled / _SMALLER, totals)
            means = np.where(beyond, scaled / stretches.count / _SMALLER, means)
    return totals, means


def _mean(feature: Feature, selection: Selection, stretches: Stretches) -> pa.Array:
    if not selection.integral:
        return _array(feature, float_sums(selection, stretches)[1], stretches.filled)
    if _fits(selection, stretches, 1):
        totals = _integer_sums(selection, stretches).astype(np.float64)
    else:
        totals = wide.to_float(*wide.totals(selection.numbers, stretches.low, stretches.high))
    return _array(feature, totals / np.maximum(stretches.count, 1), stretches.filled)


def _stddev(feature: Feature, selection: Selection, stretches: Stretches) -> pa.Array:
    too_few = stretches.count < 2  # noqa: PLR2004 - a sample's deviation is of two values at least
    if not selection.integral:
        return _array(feature, _float_deviations(selection, stretches), bitmap(too_few))
    if _fits(selection, stretches, 2):
        return _array(feature, integers.deviations(*selection.running, stretches.low, stretches.high), bitmap(too_few))
    return _array(feature, wide.deviation(selection.numbers, stretches.low, stretches.high), bitmap(too_few))


def _float_deviations(selection: Selection, stretches: Stretches) -> Floats:

    def scaled(scale: float) -> Floats:
        found: Floats = blocks.deviations(selection.numbers, *selection.cut(stretches), scale)
        return found if scale == 1.0 else found / scale

    result = scaled(1.0)
    beyond = ~np.isfinite(result)
    if beyond.any():
        result = np.where(beyond, scaled(_MUCH_SMALLER), result)
    small = (result < _TINY) & (stretches.count > 1)
    if small.any() and np.abs(selection.numbers).max() < 1 / _MUCH_LARGER:
        result = np.where(small, scaled(_MUCH_LARGER), result)
    return result


def _min(feature: Feature, selection: Selection, stretches: Stretches) -> pa.Array:
    found = blocks.smallest(selection.numbers, *_working_in(selection, stretches))
    return _array(feature, found, stretches.filled)


def _max(feature: Feature, selection: Selection, stretches: Stretches) -> pa.Array:
    found = blocks.smallest(selection.mirrored, *_working_in(selection, stretches))
    return _array(feature, ~found if selection.integral else 0.0 - found, stretches.filled)


def _working_in(selection: Selection, stretches: Stretches) -> tuple[npt.NDArray[Any], ...]:
    *read, work = selection.cut(stretches)
    return (*read, work.view(selection.numbers.dtype))


def _first(feature: Feature, selection: Selection, stretches: Stretches) -> pa.Array:
    return _at_place(feature, selection, stretches.low, stretches)


def _last(feature: Feature, selection: Selection, stretches: Stretches) -> pa.Array:
    return _at_place(feature, selection, stretches.high - 1, stretches)


def _at_place(feature: Feature, selection: Selection, places: Ints, stretches: Stretches) -> pa.Array:
    if not len(selection.times):
        return pa.nulls(len(places), ARROW[feature.dtype])
    places = np.where(stretches.empty, 0, places)
    if feature.dtype in ("int64", "float64", "timestamp"):
        return _array(feature, selection.numbers[places], stretches.filled)
    rows = places if selection.rows is None else selection.rows[places]
    return selection.values.take(pa.array(rows, mask=stretches.empty))


def _last_k(feature: Feature, selection: Selection, stretches: Stretches) -> pa.Array:
    lengths = np.minimum(stretches.count, int(feature.params[0]))
    offsets = np.concatenate(([0], np.cumsum(lengths)))
    back = np.arange(offsets[-1]) - np.repeat(offsets[:-1], lengths)
    places = np.repeat(stretches.high - 1, lengths) - back
    rows = places if selection.rows is None else selection.rows[places]
    return lists(offsets, selection.values.take(pa.array(rows)), stretches.empty)


def lists(offsets: Ints, values: pa.Array, null: Bools) -> pa.Array:
    """Build lists; those that are null are empty ones."""
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values, mask=pa.array(null))


def _count_distinct(_: Feature, selection: Selection, stretches: Stretches) -> pa.Array:
    counts = counting.distinct(*selection.neighbours, stretches.low, stretches.high)
    return pa.array(np.minimum(counts, DISTINCT_CAP))


def _decayed_sum(feature: Feature, selection: Selection, stretches: Stretches) -> pa.Array:
    values = np.ones(len(selection.times)) if feature.column is None else selection.numbers.astype(np.float64)
    half_life = float(feature.params[0])
    starts, low, high, cut, _ = selection.cut(stretches)
    found = blocks.decayed(values, selection.times, starts, low, high, cut, stretches.at, half_life)
    return _array(feature, found, stretches.filled)


def _time_since_first(feature: Feature, selection: Selection, stretches: Stretches) -> pa.Array:
    return _seconds_since(feature, selection, stretches, stretches.low)


def _time_since_last(feature: Feature, selection: Selection, stretches: Stretches) -> pa.Array:
    return _seconds_since(feature, selection, stretches, stretches.high - 1)


def _seconds_since(feature: Feature, selection: Selection, stretches: Stretches, places: Ints) -> pa.Array:
    some = ~stretches.empty
    seconds = np.zeros(len(places))
    seconds[some] = (stretches.at[some] - selection.times[places[some]]) / SECOND
    return _array(feature, seconds, stretches.filled)


def _gap_mean(feature: Feature, selection: Selection, stretches: Stretches) -> pa.Array:
    means, _ = counting.gaps(selection.times, stretches.low, stretches.high, NEWEST_CAP)
    return _array(feature, means / SECOND, bitmap(stretches.count < 2))  # noqa: PLR2004 - a gap is between two


def _gap_stddev(feature: Feature, selection: Selection, stretches: Stretches) -> pa.Array:
    _, deviations = counting.gaps(selection.times, stretches.low, stretches.high, NEWEST_CAP)
    return _array(feature, deviations / SECOND, bitmap(stretches.count < 3))  # noqa: PLR2004 - two gaps are between three


def _gap_entropy(feature: Feature, selection: Selection, stretches: Stretches) -> pa.Array:
    found = counting.gap_entropies(selection.times, stretches.low, stretches.high, NEWEST_CAP)
    return _array(feature, found, bitmap(stretches.count < 3))  # noqa: PLR2004 - two gaps are between three


def _gap_last(feature: Feature, selection: Selection, stretches: Stretches) -> pa.Array:
    some = stretches.count > 1
    seconds, newest = np.zeros(len(some)), stretches.high[some] - 1
    seconds[some] = (selection.times[newest] - selection.times[newest - 1]) / SECOND
    return _array(feature, seconds, bitmap(~some))


def _moments(feature: Feature, selection: Selection, stretches: Stretches) -> pa.Array:
    """Give counts, sums and sums of squares, from which those of a part can be subtracted."""
    arrays: list[npt.NDArray[Any]] = [stretches.count]
    if feature.column is not None and selection.numeric:
        if selection.integral:
            arrays += [*wide.totals(selection.numbers, stretches.low, stretches.high)]
            arrays += wide.squares(selection.numbers, stretches.low, stretches.high)
        else:
            arrays.append(float_sums(selection, stretches)[0])
    return pa.StructArray.from_arrays([pa.array(values) for values in arrays], [str(n) for n in range(len(arrays))])


_FUNCTIONS: dict[str, Callable[[Feature, Selection, Stretches], pa.Array]] = {
    "count": _count,
    "sum": _sum,
    "mean": _mean,
    "min": _min,
    "max": _max,
    "stddev": _stddev,
    "first": _first,
    "last": _last,
    "last_k": _last_k,
    "count_distinct": _count_distinct,
    "decayed_sum": _decayed_sum,
    "time_since_first": _time_since_first,
    "time_since_last": _time_since_last,
    "gap_mean": _gap_mean,
    "gap_stddev": _gap_stddev,
    "gap_last": _gap_last,
    "gap_entropy": _gap_entropy,
    MOMENTS: _moments,
    **FREQUENCIES,
}
