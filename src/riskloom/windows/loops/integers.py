"""Deviations of integers, from exact sums, rounded only at the very end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskloom.compiled import compiled

if TYPE_CHECKING:
    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]
    Unsigned = npt.NDArray[np.uint64]

_HALF, _WORD, _ONE, _ZERO = np.uint64(32), np.uint64(64), np.uint64(1), np.uint64(0)
_MASK = np.uint64(2**32 - 1)


@compiled
def running(values: Ints) -> tuple[Ints, Unsigned]:
    """Give running sums and running sums of squares, both with a 0 before; wrapping does no harm to differences."""
    sums, squares = np.zeros(len(values) + 1, np.int64), np.zeros(len(values) + 1, np.uint64)
    for i in range(len(values)):
        size = np.uint64(abs(values[i]))
        sums[i + 1] = sums[i] + values[i]
        squares[i + 1] = squares[i] + size * size
    return sums, squares


@compiled
def differences(sums: Ints, low: Ints, high: Ints) -> Ints:
    """Give the sums of windows from running ones."""
    result = np.empty(len(low), np.int64)
    for q in range(len(low)):
        result[q] = sums[high[q]] - sums[low[q]]
    return result


@compiled
def deviations(sums: Ints, squares: Unsigned, low: Ints, high: Ints) -> npt.NDArray[np.float64]:
    """Give the sample standard deviation of windows whose sums of squares are below 2**64.

    Returns:
        Deviations, shape (m,); 0 for fewer than two values.
    """
    result = np.zeros(len(low))
    for q in range(len(low)):
        size = high[q] - low[q]
        if size > 1:
            total = np.uint64(abs(sums[high[q]] - sums[low[q]]))
            upper, lower = _multiply(np.uint64(size), squares[high[q]] - squares[low[q]])
            less_upper, less_lower = _multiply(total, total)
            upper -= less_upper + (_ONE if less_lower > lower else _ZERO)
            spread = _nearest(upper, lower - less_lower, False)
            result[q] = np.sqrt(spread / (np.float64(size) * np.float64(size - 1)))
    return result


@compiled
def nearest(limbs: Unsigned) -> npt.NDArray[np.float64]:
    """Round numbers of 16-bit limbs, lowest first, to the nearest doubles.

    Args:
        limbs: Shape (limbs, m).
    """
    count, windows = limbs.shape
    result = np.zeros(windows)
    for q in range(windows):
        top = count - 1
        while top > 0 and limbs[top, q] == _ZERO:
            top -= 1
        bottom = max(top - 7, 0)
        upper = lower = _ZERO
        for place in range(top, bottom - 1, -1):
            upper = (upper << np.uint64(16)) | (lower >> np.uint64(48))
            lower = (lower << np.uint64(16)) | limbs[place, q]
        more = False
        for place in range(bottom):
            more |= limbs[place, q] != _ZERO
        result[q] = _nearest(upper, lower, more) * 2.0 ** (16 * bottom)
    return result


@compiled
def _multiply(left: np.uint64, right: np.uint64) -> tuple[np.uint64, np.uint64]:
    """Give both words of a product."""
    low_left, high_left = left & _MASK, left >> _HALF
    low_right, high_right = right & _MASK, right >> _HALF
    low = low_left * low_right
    cross = high_left * low_right + (low >> _HALF)
    other = low_left * high_right + (cross & _MASK)
    return high_left * high_right + (cross >> _HALF) + (other >> _HALF), (other << _HALF) | (low & _MASK)


@compiled
def _nearest(upper: np.uint64, lower: np.uint64, more: bool) -> float:  # noqa: FBT001
    """Round a number of two words to the nearest double; ``more`` says that something stands below them."""
    if upper == _ZERO and not more:
        return np.float64(lower)
    shift = _ZERO
    while upper >> np.uint64(63) == _ZERO:
        upper = (upper << _ONE) | (lower >> np.uint64(63))
        lower <<= _ONE
        shift += _ONE
    # The lowest of 64 bits is below a double's last place: it may stand for all that comes after it.
    upper |= _ONE if lower != _ZERO or more else _ZERO
    return np.float64(upper) * 2.0 ** (64 - np.int64(shift))
