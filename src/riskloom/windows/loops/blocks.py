"""Sums, extremes and deviations of windows, from running values within blocks of time.

Time is cut, from the epoch on, into blocks no longer than the window. So a window is the end of one block and the
beginning of another, seldom with a whole one between, and running values from both ends of each block answer it:
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
def cuts(starts: Ints, times: Ints, size: int, low: Ints, high: Ints, opening: Ints) -> Ints:
    """Find where the last block of each window begins.

    Args:
        starts: Start of each event's block, shape (n,).
        times: Times of the events, shape (n,).
        size: Length of a block.
        low: Where each window starts, shape (m,).
        high: Where it ends, itself not included, shape (m,).
        opening: From when on an event is in it, shape (m,). Whether a window holds a block whole goes by this time and
            not by the events before it: a past that is not read must not change which sums are added, and so the bits.

    Returns:
        Places, shape (m,): the end of a window that holds the beginning of no block. ``-1 - place`` where a whole
        block stands between the first and the last one.
    """
    result = np.empty(len(low), np.int64)
    for q in range(len(low)):
        first, cut = low[q], high[q]
        if first < cut:
            start = starts[cut - 1]
            if start > first or (start == first and times[first] // size * size >= opening[q]):
                cut = start
        between = first < cut and starts[cut - 1] > first
        result[q] = -1 - cut if between else cut
    return result


@compiled
def sums(values: Floats, starts: Ints, low: Ints, high: Ints, cut: Ints, work: Floats, scale: float) -> Floats:
    """Add up windows, each step with its rounding error carried along (Knuth's TwoSum).

    Args:
        values: Numbers, none of them NaN, shape (n,).
        starts: Start of each one's block, shape (n,).
        low: Where each window starts, shape (m,).
        high: Where it ends, itself not included, shape (m,).
        cut: What ``cuts`` gives, shape (m,).
        work: Room for running values, shape (4, n) or wider: memory used again costs far less than fresh memory.
        scale: A power of two by which the values are multiplied first, so that no partial sum overflows.

    Returns:
        Scaled sums, shape (m,); 0 for an empty window.
    """
    count = len(values)
    up, up_rest, down, down_rest = work[0], work[1], work[2], work[3]
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
        total = rest = 0.0
        place = cut[q]
        if place < 0:
            place = -1 - place
            last = place - 1
            while starts[last] > low[q]:
                total, rest = _add(total, rest + up_rest[last], up[last])
                last = starts[last] - 1
        if place < high[q]:
            total, rest = _add(total, rest + up_rest[high[q] - 1], up[high[q] - 1])
        if low[q] < place:
            total, rest = _add(total, rest + down_rest[low[q]], down[low[q]])
        result[q] = total + rest if np.isfinite(rest) else total
    return result


@compiled
def _add(total: float, rest: float, value: float) -> tuple[float, float]:
    result = total + value
    gained = result - total
    return result, rest + ((total - (result - gained)) + (value - gained))


@compiled
def decayed(
    values: Floats, times: Ints, starts: Ints, low: Ints, high: Ints, cut: Ints, at: Ints, half_life: float
) -> Floats:
    """Add up windows, each value halved with every half-life before the instant; see ``sums``.

    A running value is kept as of its newest event, so that no power is ever above 1.
    """
    count = len(values)
    up, down, ends = np.empty(count), np.empty(count), np.empty(count, np.int64)
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
        down[i], ends[i] = total, seen
    result = np.zeros(len(low))
    for q in range(len(low)):
        total = 0.0
        place = cut[q]
        if place < 0:
            place = -1 - place
            last = place - 1
            while starts[last] > low[q]:
                total += up[last] * np.exp2((times[last] - at[q]) / half_life)
                last = starts[last] - 1
        if place < high[q]:
            total += up[high[q] - 1] * np.exp2((times[high[q] - 1] - at[q]) / half_life)
        if low[q] < place:
            total += down[low[q]] * np.exp2((ends[low[q]] - at[q]) / half_life)
        result[q] = total
    return result


@compiled
def smallest(values: Numbers, starts: Ints, low: Ints, high: Ints, cut: Ints, work: Numbers) -> Numbers:
    """Find the smallest value of windows; see ``sums``. 0 for an empty one."""
    count = len(values)
    up, down = work[0], work[1]
    result = np.zeros(len(low), values.dtype)
    best = other = values[0] if count else result.dtype.type(0)
    ends = True
    for i in range(count):
        # Both directions at once, and no branches: where a block begins is nothing that a processor could guess.
        least = min(best, values[i])
        best = values[i] if starts[i] == i else least
        up[i] = best
        back = count - 1 - i
        least = min(other, values[back])
        other = values[back] if ends else least
        down[back] = other
        ends = starts[back] == back
    for q in range(len(low)):
        if low[q] >= high[q]:
            continue
        best, other, place = up[high[q] - 1], down[low[q]], cut[q]
        if place < 0:
            place = -1 - place
            last = place - 1
            while starts[last] > low[q]:
                other = min(other, up[last])
                last = starts[last] - 1
        best = best if place < high[q] else other
        result[q] = min(best, other if low[q] < place else best)
    return result


@compiled
def deviations(values: Floats, starts: Ints, low: Ints, high: Ints, cut: Ints, work: Floats, scale: float) -> Floats:
    """Give the sample standard deviation of windows; see ``sums``.

    Running means and squared distances are Welford's (1962), and they are merged as Chan, Golub and LeVeque (1979) do,
    so that nothing is lost where the mean is large, and nothing is ever below zero.

    Returns:
        Scaled deviations, shape (m,); 0 for fewer than two values. Not finite where a square overflows.
    """
    count, shares = len(values), _shares(starts)
    up, up_spread, down, down_spread = work[0], work[1], work[2], work[3]
    mean = spread = other = other_spread = 0.0
    size = other_size = 0
    ends = True
    for i in range(count):
        # Both directions at once: each step waits for the one before it, and the two do not wait for each other.
        begins = starts[i] == i
        mean, spread, size = (0.0, 0.0, 1) if begins else (mean, spread, size + 1)
        gap = values[i] * scale - mean
        mean += gap * shares[size]
        spread += gap * (values[i] * scale - mean)
        up[i], up_spread[i] = mean, spread
        back = count - 1 - i
        other, other_spread, other_size = (0.0, 0.0, 1) if ends else (other, other_spread, other_size + 1)
        gap = values[back] * scale - other
        other += gap * shares[other_size]
        other_spread += gap * (values[back] * scale - other)
        down[back], down_spread[back] = other, other_spread
        ends = starts[back] == back
    result = np.zeros(len(low))
    for q in range(len(low)):
        size, mean, spread = 0, 0.0, 0.0
        place = last = cut[q]
        if place < 0:
            place = last = -1 - place
            while starts[last - 1] > low[q]:
                more = last - starts[last - 1]
                size, mean, spread = _merge(size, mean, spread, more, up[last - 1], up_spread[last - 1])
                last -= more
        if place < high[q]:
            more = high[q] - place
            size, mean, spread = _merge(size, mean, spread, more, up[high[q] - 1], up_spread[high[q] - 1])
        if low[q] < place:
            size, mean, spread = _merge(size, mean, spread, last - low[q], down[low[q]], down_spread[low[q]])
        if size > 1:
            result[q] = np.sqrt(spread / (size - 1))
    return result


@compiled
def _shares(starts: Ints) -> Floats:
    """Give what one of so many values is, for all sizes that blocks have: a product is faster than a division."""
    longest = 0
    for i in range(len(starts)):
        longest = max(longest, i - starts[i] + 1)
    shares = np.ones(longest + 1)
    for size in range(1, longest + 1):
        shares[size] = 1 / size
    return shares


@compiled
def _merge(
    size: int, mean: float, spread: float, more: int, other: float, other_spread: float
) -> tuple[int, float, float]:
    whole = size + more
    gap = other - mean if size else 0.0
    share = more / whole
    return whole, (mean + gap * share if size else other), spread + other_spread + gap * gap * (size * share)
