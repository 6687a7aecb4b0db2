"""Sums, extremes and deviations of windows, from running values within blocks of time.

Time is cut, from the epoch on, into blocks no longer than the window. So a window is the end of one block, whole blocks
(two at most) and the beginning of the last, and running values from both ends of each block answer it in a few steps:
van Herk 1992, Gil and Werman 1993, with blocks of time in place of blocks of places. A result depends on the
window's own events and their times alone: not on what lies before it, on how the table was cut up, or on which runner
asks. The cost is O(n), whatever the window.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskloom.compiled import compiled

if TYPE_CHECKING:
    from typing import Any

    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float64]
    Numbers = npt.NDArray[Any]  # int64 or float64


@compiled
def block_starts(groups: Ints, times: Ints, size: int) -> Ints:
    """Find the first event of each event's block.

    Args:
        groups: What no block crosses, equal ones together, shape (n,).
        times: Times of the events, ascending within a group.
        size: Length of a block; no window is shorter.
    """
    starts = np.empty(len(times), np.int64)
    start = end = 0
    for i in range(len(times)):
        if i == 0 or groups[i] != groups[i - 1] or times[i] >= end:
            start, end = i, (times[i] // size + 1) * size
        starts[i] = start
    return starts


@compiled
def sums(values: Floats, starts: Ints, low: Ints, high: Ints, scale: float) -> Floats:
    """Add up windows, each step with its rounding error carried along (Neumaier 1974).

    Args:
        values: Numbers, none of them NaN, shape (n,).
        starts: Start of each one's block, shape (n,).
        low: Where each window starts, shape (m,).
        high: Where it ends, itself not included, shape (m,).
        scale: A power of two by which the values are multiplied first, so that no partial sum overflows.

    Returns:
        Scaled sums, shape (m,); 0 for an empty window.
    """
    count = len(values)
    up, up_rest = np.empty(count), np.empty(count)
    down, down_rest = np.empty(count), np.empty(count)
    total = rest = 0.0
    for i in range(count):
        if starts[i] == i:
            total = rest = 0.0
        total, rest = _add(total, rest, values[i] * scale)
        up[i], up_rest[i] = total, rest
    for i in range(count - 1, -1, -1):
        if i == count - 1 or starts[i + 1] == i + 1:
            total = rest = 0.0
        total, rest = _add(total, rest, values[i] * scale)
        down[i], down_rest[i] = total, rest
    result = np.zeros(len(low))
    for q in range(len(low)):
        first, last = low[q], high[q] - 1
        total = rest = 0.0
        while last >= first and starts[last] >= first:
            total, rest = _add(total, rest + up_rest[last], up[last])
            last = starts[last] - 1
        if last >= first:
            total, rest = _add(total, rest + down_rest[first], down[first])
        result[q] = total + rest if np.isfinite(rest) else total
    return result


@compiled
def _add(total: float, rest: float, value: float) -> tuple[float, float]:
    result = total + value
    if abs(total) >= abs(value):
        return result, rest + ((total - result) + value)
    return result, rest + ((value - result) + total)


@compiled
def decayed(values: Floats, times: Ints, starts: Ints, low: Ints, high: Ints, at: Ints, half_life: float) -> Floats:
    """Add up windows, each value halved with every half-life before the instant; see ``sums``.

    A running value is kept as of its newest event, so that no power is ever above 1.
    """
    count = len(values)
    up, down = np.empty(count), np.empty(count)
    total, seen = 0.0, 0
    for i in range(count):
        if starts[i] == i:
            total, seen = 0.0, times[i]
        total = total * np.exp2((seen - times[i]) / half_life) + values[i]
        up[i], seen = total, times[i]
    for i in range(count - 1, -1, -1):
        if i == count - 1 or starts[i + 1] == i + 1:
            total, seen = 0.0, times[i]
        total += values[i] * np.exp2((times[i] - seen) / half_life)
        down[i] = total
    ends = np.empty(count, np.int64)
    for i in range(count - 1, -1, -1):
        ends[i] = i if i == count - 1 or starts[i + 1] == i + 1 else ends[i + 1]
    result = np.zeros(len(low))
    for q in range(len(low)):
        first, last = low[q], high[q] - 1
        total = 0.0
        while last >= first and starts[last] >= first:
            total += up[last] * np.exp2((times[last] - at[q]) / half_life)
            last = starts[last] - 1
        if last >= first:
            total += down[first] * np.exp2((times[ends[first]] - at[q]) / half_life)
        result[q] = total
    return result


@compiled
def extremes(values: Numbers, starts: Ints, low: Ints, high: Ints, largest: bool) -> Numbers:  # noqa: FBT001
    """Find the smallest or largest value of windows; see ``sums``. 0 for an empty one."""
    count = len(values)
    up, down = np.empty_like(values), np.empty_like(values)
    for i in range(count):
        up[i] = values[i]
        if starts[i] != i and (up[i - 1] > up[i]) == largest:
            up[i] = up[i - 1]
    for i in range(count - 1, -1, -1):
        down[i] = values[i]
        if i != count - 1 and starts[i + 1] != i + 1 and (down[i + 1] > down[i]) == largest:
            down[i] = down[i + 1]
    result = np.zeros(len(low), values.dtype)
    for q in range(len(low)):
        first, last = low[q], high[q] - 1
        if last < first:
            continue
        best = values[last]
        while last >= first and starts[last] >= first:
            if (up[last] > best) == largest:
                best = up[last]
            last = starts[last] - 1
        if last >= first and (down[first] > best) == largest:
            best = down[first]
        result[q] = best
    return result


@compiled
def deviations(values: Floats, starts: Ints, low: Ints, high: Ints, scale: float) -> Floats:
    """Give the sample standard deviation of windows; see ``sums``.

    Running means and squared distances are Welford's (1962), and they are merged as Chan, Golub and LeVeque (1979) do,
    so that nothing is lost where the mean is large, and nothing is ever below zero.

    Returns:
        Scaled deviations, shape (m,); 0 for fewer than two values. Not finite where a square overflows.
    """
    count = len(values)
    up, up_spread = np.empty(count), np.empty(count)
    down, down_spread = np.empty(count), np.empty(count)
    mean = spread = 0.0
    for i in range(count):
        if starts[i] == i:
            mean = spread = 0.0
        gap = values[i] * scale - mean
        mean += gap / (i - starts[i] + 1)
        spread += gap * (values[i] * scale - mean)
        up[i], up_spread[i] = mean, spread
    end = count - 1
    for i in range(count - 1, -1, -1):
        if i == count - 1 or starts[i + 1] == i + 1:
            mean, spread, end = 0.0, 0.0, i
        gap = values[i] * scale - mean
        mean += gap / (end - i + 1)
        spread += gap * (values[i] * scale - mean)
        down[i], down_spread[i] = mean, spread
    result = np.zeros(len(low))
    for q in range(len(low)):
        first, last = low[q], high[q] - 1
        size, mean, spread = 0, 0.0, 0.0
        while last >= first and starts[last] >= first:
            more = last - starts[last] + 1
            size, mean, spread = _merge(size, mean, spread, more, up[last], up_spread[last])
            last = starts[last] - 1
        if last >= first:
            size, mean, spread = _merge(size, mean, spread, last - first + 1, down[first], down_spread[first])
        if size > 1:
            result[q] = np.sqrt(spread / (size - 1))
    return result


@compiled
def _merge(
    size: int, mean: float, spread: float, more: int, other: float, other_spread: float
) -> tuple[int, float, float]:
    whole = size + more
    gap = other - mean if size else 0.0
    share = more / whole
    return whole, (mean + gap * share if size else other), spread + other_spread + gap * gap * (size * share)
