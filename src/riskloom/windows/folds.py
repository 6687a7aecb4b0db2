"""Sums, extremes and deviations of many stretches of one array.

Every function here combines blocks of 1, 2, 4, 8 ... neighbours, and cuts each stretch into such blocks from its own
start. So a result depends on the values of the stretch and their order alone: not on what lies before it, on how
the table was cut up, or on which runner asks. Differences of running totals would be cheaper, but leave the rounding
errors of all history in a small window that follows large values. The cost is O(n log w) for windows of w events.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float64]
    Numbers = npt.NDArray[Any]  # int64 or float64

# Powers of two scale without rounding: sums of at most 2**31 values, and their differences, then stay finite.
_DOWN, _UP = 2.0**-32, 2.0**32


def total(values: Floats, low: Ints, high: Ints) -> Floats:
    """Add up stretches, with an error within 1e-13 of the sum of absolute values.

    Args:
        values: Numbers, none of them NaN, shape (n,).
        low: Where each stretch starts, shape (m,).
        high: Where each stretch ends, itself not included, shape (m,).

    Returns:
        Sums, shape (m,); 0 for an empty stretch. Infinite values add up as IEEE 754 says.

    Example:
        >>> total(np.array([1e300, 0.5, 0.25]), np.array([0, 1]), np.array([3, 3])).tolist()
        [1e+300, 0.75]
    """
    with np.errstate(over="ignore", invalid="ignore"):
        plain = _block_sums(values, low, high)
        beyond = np.flatnonzero(~np.isfinite(plain))
        if len(beyond):
            # A partial sum may leave the range of doubles where the whole one does not.
            plain[beyond] = _block_sums(values * _DOWN, low[beyond], high[beyond]) * _UP
    return plain


def mean(values: Floats, low: Ints, high: Ints) -> Floats:
    """Average stretches; see ``total``. NaN for an empty stretch."""
    with np.errstate(invalid="ignore"):
        return _block_sums(values * _DOWN, low, high) / (high - low) * _UP


def _block_sums(values: Floats, low: Ints, high: Ints) -> Floats:
    length, position = high - low, low.copy()
    result = np.zeros(len(low))
    size = 1
    while size <= length.max(initial=0):
        mine = np.flatnonzero(length & size)
        result[mine] += values[position[mine]]
        position[mine] += size
        values = values[:-size] + values[size:]
        size *= 2
    return result


def deviation(values: Floats, low: Ints, high: Ints) -> Floats:
    """Give the sample standard deviation of stretches, by Chan's merging of means and squared distances.

    The root of the squared distances is carried, not their sum, so that nothing overflows, underflows or goes
    below zero.

    Returns:
        Deviations, shape (m,); meaningless for fewer than two values. NaN where a value is infinite.

    Example:
        >>> deviation(np.array([2.0, 4.0, 4.0]), np.array([0, 1]), np.array([2, 3])).tolist()
        [1.4142135623730951, 0.0]
    """
    length, position = high - low, low.copy()
    block_mean, block_root = values * _DOWN, np.zeros(len(values))
    own_mean, own_root, own_size = np.zeros(len(low)), np.zeros(len(low)), np.zeros(len(low))
    size = 1
    with np.errstate(invalid="ignore"):
        while size <= length.max(initial=0):
            mine = np.flatnonzero(length & size)
            other, before, after = position[mine], own_size[mine], own_size[mine] + size
            gap = block_mean[other] - own_mean[mine]
            own_mean[mine] += gap * (size / after)
            own_root[mine] = np.hypot(np.hypot(own_root[mine], block_root[other]), gap * np.sqrt(before * size / after))
            own_size[mine] = after
            position[mine] += size
            gap = block_mean[size:] - block_mean[:-size]
            block_mean = block_mean[:-size] + gap / 2
            block_root = np.hypot(np.hypot(block_root[:-size], block_root[size:]), gap * np.sqrt(size / 2))
            size *= 2
        own_root *= _UP / np.sqrt(np.maximum(length - 1, 1))
    return own_root


def extreme(values: Numbers, low: Ints, high: Ints, pick: Callable[[Numbers, Numbers], Numbers]) -> Numbers:
    """Find the smallest or largest value of stretches.

    Args:
        values: Numbers, none of them NaN, shape (n,).
        low: Where each stretch starts, shape (m,).
        high: Where each stretch ends, itself not included, shape (m,).
        pick: ``np.minimum`` or ``np.maximum``.

    Returns:
        Extremes, shape (m,), of the type of the values; 0 for an empty stretch.

    Example:
        >>> extreme(np.array([3, 1, 2]), np.array([0, 2]), np.array([3, 3]), np.maximum).tolist()
        [3, 2]
    """
    length = high - low
    largest_block = np.frexp(length)[1] - 1
    result = np.zeros(len(low), values.dtype)
    size, level = 1, 0
    while size <= length.max(initial=0):
        mine = np.flatnonzero(largest_block == level)
        # Two blocks that overlap cover the stretch, and a value taken twice changes no extreme.
        result[mine] = pick(values[low[mine]], values[high[mine] - size])
        values = pick(values[:-size], values[size:])
        size, level = size * 2, level + 1
    return result
