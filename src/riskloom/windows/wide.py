"""Exact sums of int64 and of their squares, wider than any machine integer.

A wide number is a list of limbs, lowest first, each an array of one value a window. Running totals of limbs wrap
around without harm: their difference over a window is exact, whatever the history before it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np

from riskloom.windows.loops import integers

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]
    Limb = npt.NDArray[np.uint64]

_Integer = TypeVar("_Integer", np.int64, np.uint64)
_WORD, _LIMB = np.uint64(32), np.uint64(16)
_WORD_MASK, _LIMB_MASK = np.uint64(2**32 - 1), np.uint64(2**16 - 1)


def totals(values: Ints, low: Ints, high: Ints) -> tuple[Ints, Ints]:
    """Add up stretches of integers exactly.

    Args:
        values: Integers, shape (n,).
        low: Where each stretch starts, shape (m,).
        high: Where each stretch ends, itself not included, shape (m,).

    Returns:
        Two arrays of shape (m,): the sum is ``upper * 2**32 + lower``, with ``lower`` in ``[0, 2**32)``.

    Example:
        >>> upper, lower = totals(np.array([2**62, 2**62, -1]), np.array([0]), np.array([3]))
        >>> int(upper[0]) * 2**32 + int(lower[0]) == 2**63 - 1
        True
    """
    lower = _window(values & (2**32 - 1), low, high)
    return _window(values >> 32, low, high) + (lower >> 32), lower & (2**32 - 1)


def fits(upper: Ints) -> npt.NDArray[np.bool_]:
    """Say whether a sum is an int64."""
    return (upper >= -(2**31)) & (upper < 2**31)


def to_float(upper: Ints, lower: Ints) -> npt.NDArray[np.float64]:
    """Round a sum to the nearest double."""
    return upper.astype(np.float64) * 2.0**32 + lower


def deviation(values: Ints, low: Ints, high: Ints) -> npt.NDArray[np.float64]:
    """Give the sample standard deviation of stretches, rounded only at the very end.

    Returns:
        Deviations, shape (m,); meaningless for fewer than two values.

    Example:
        >>> deviation(np.array([2**62, 2**62 + 1, 2**62]), np.array([0, 0]), np.array([2, 3])).tolist()
        [0.7071067811865476, 0.5773502691896257]
    """
    return deviation_of(high - low, totals(values, low, high), squares(values, low, high))


def deviation_of(count: Ints, sums: tuple[Ints, Ints], words: Sequence[Limb]) -> npt.NDArray[np.float64]:
    """Give sample standard deviations from counts, ``totals`` and ``squares``; see ``deviation``."""
    size = _magnitude(*sums)
    scaled = _multiply(_limbs([count.astype(np.uint64)]), _limbs(words))
    spread = integers.nearest(np.stack(_subtract(scaled, _multiply(size, size))))
    number = count.astype(np.float64)
    return np.sqrt(spread / np.maximum(number * (number - 1), 1))


def _window(values: npt.NDArray[_Integer], low: Ints, high: Ints) -> npt.NDArray[_Integer]:
    running = np.zeros(len(values) + 1, values.dtype)
    np.cumsum(values, out=running[1:])
    return running[high] - running[low]


def _magnitude(upper: Ints, lower: Ints) -> list[Limb]:
    """Limbs of the absolute value of a sum."""
    negative = upper < 0
    borrow = lower > 0
    high: Limb = np.where(negative, -upper - borrow, upper).astype(np.uint64)
    low: Limb = np.where(negative & borrow, 2**32 - lower, lower).astype(np.uint64)
    return _limbs([low, high & _WORD_MASK, high >> _WORD])


def squares(values: Ints, low: Ints, high: Ints) -> list[Limb]:
    """Add up the squares of stretches, as words of 32 bits that are not carried yet."""
    size = np.abs(values).view(np.uint64)
    upper, lower = size >> _WORD, size & _WORD_MASK
    small, cross, large = lower * lower, lower * upper, upper * upper
    words = (
        small & _WORD_MASK,
        (small >> _WORD) + ((cross & _WORD_MASK) << np.uint64(1)),
        ((cross >> _WORD) << np.uint64(1)) + (large & _WORD_MASK),
        large >> _WORD,
    )
    return [_window(word, low, high) for word in words]


def _limbs(words: Sequence[Limb]) -> list[Limb]:
    """Carry words of 32 bits, and cut them into limbs of 16."""
    limbs, carry = [], np.zeros_like(words[0])
    for word in words:
        full = word + carry
        limbs += [full & _LIMB_MASK, full >> _LIMB & _LIMB_MASK]
        carry = full >> _WORD
    return [*limbs, carry & _LIMB_MASK, carry >> _LIMB]


def _multiply(left: Sequence[Limb], right: Sequence[Limb]) -> list[Limb]:
    """Limbs of a product: 16 bits each, so that a column of partial products fits into 64."""
    columns = [np.zeros_like(left[0]) for _ in range(len(left) + len(right))]
    for i, one in enumerate(left):
        for j, other in enumerate(right):
            columns[i + j] += one * other
    carry = np.zeros_like(left[0])
    for place, column in enumerate(columns):
        full = column + carry
        columns[place], carry = full & _LIMB_MASK, full >> _LIMB
    return columns


def _subtract(left: Sequence[Limb], right: Sequence[Limb]) -> list[Limb]:
    """Limbs of a difference that is not negative."""
    zero = np.zeros_like(left[0])
    result, borrow = [], zero
    for place in range(max(len(left), len(right))):
        taken = (right[place] if place < len(right) else zero) + borrow
        given = left[place] if place < len(left) else zero
        borrow = (taken > given).astype(np.uint64)
        result.append(given + (borrow << _LIMB) - taken)
    return result
