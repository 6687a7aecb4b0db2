"""How many different values a stretch of an array holds, for many stretches at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]


def distinct(codes: Ints, groups: Ints, low: Ints, high: Ints) -> Ints:
    """Count the different codes of stretches, none of which crosses the border of a group.

    A value counts where it stands for the first time in its stretch: where the place of the same value before it
    lies outside. So the question is how many of the "places before" of a stretch are smaller than its start.

    Args:
        codes: Values as numbers, shape (n,).
        groups: Group of each value, shape (n,), equal ones together.
        low: Where each stretch starts, shape (m,).
        high: Where each stretch ends, itself not included, shape (m,).

    Returns:
        Counts, shape (m,).

    Example:
        >>> distinct(np.array([7, 8, 7]), np.zeros(3, int), np.array([0, 0]), np.array([2, 3])).tolist()
        [2, 2]
    """
    return _count_below(_places_before(codes, groups) + 1, low + 1, low, high)


def _places_before(codes: Ints, groups: Ints) -> Ints:
    """Where each value stood last in its group; -1 for the first time."""
    order = np.lexsort((codes, groups))
    same = (np.diff(codes[order]) == 0) & (np.diff(groups[order]) == 0)
    before = np.full(len(codes), -1)
    before[order[1:][same]] = order[:-1][same]
    return before


def _count_below(values: Ints, bounds: Ints, low: Ints, high: Ints) -> Ints:
    """Count the values of each stretch that are smaller than its bound, by a wavelet matrix.

    The values are split stably by one bit after another, highest first, and each stretch follows the bits of its
    bound: wherever the bound has a 1, all that have a 0 there are smaller.
    """
    count = np.zeros(len(low), np.int64)
    top = max(int(values.max(initial=0)), int(bounds.max(initial=0))).bit_length()
    for bit in reversed(range(top)):
        is_one = (values >> bit & 1).astype(np.bool_)
        zeros = np.zeros(len(values) + 1, np.int64)
        np.cumsum(~is_one, out=zeros[1:])
        zeros_low, zeros_high = zeros[low], zeros[high]
        up = (bounds >> bit & 1).astype(np.bool_)
        count += np.where(up, zeros_high - zeros_low, 0)
        low = np.where(up, zeros[-1] + low - zeros_low, zeros_low)
        high = np.where(up, zeros[-1] + high - zeros_high, zeros_high)
        values = np.concatenate((values[~is_one], values[is_one]))
    return count
