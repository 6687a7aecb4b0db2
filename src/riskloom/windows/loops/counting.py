"""How often values stand in windows that never go back, by adding what comes in and taking off what goes out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskloom.compiled import compiled

if TYPE_CHECKING:
    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float64]


@compiled
def neighbours(codes: Ints, size: int) -> tuple[Ints, Ints]:
    """Find where each value stands last before its place and next after it.

    Args:
        codes: Values as numbers from 0 to ``size - 1``, shape (n,).
        size: How many there may be.

    Returns:
        Places, shape (n,) each; -1 and n where there is none.
    """
    count = len(codes)
    before, after = np.empty(count, np.int64), np.full(count, count, np.int64)
    seen = np.full(size, -1, np.int64)
    for i in range(count):
        place = seen[codes[i]]
        before[i] = place
        if place >= 0:
            after[place] = i
        seen[codes[i]] = i
    return before, after


@compiled
def distinct(before: Ints, after: Ints, low: Ints, high: Ints) -> Ints:
    """Count the different values of windows: those whose place before lies outside.

    Args:
        before: Place of the same value before, shape (n,).
        after: Place of the same value after, shape (n,).
        low: Where each window starts, shape (m,).
        high: Where it ends, itself not included, shape (m,).
    """
    result = np.empty(len(low), np.int64)
    first = last = count = 0
    for q in range(len(low)):
        if low[q] >= last:
            first, last, count = low[q], low[q], 0
        while last < high[q]:
            count += before[last] < first
            last += 1
        while first < low[q]:
            count -= after[first] >= last
            first += 1
        result[q] = count
    return result


@compiled
def tallies(codes: Ints, size: int, low: Ints, high: Ints, weights: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    """Follow the counts of values through windows.

    Args:
        codes: Values as numbers from 0 to ``size - 1``, shape (n,).
        size: How many there may be.
        low: Where each window starts, shape (m,).
        high: Where it ends, itself not included, shape (m,).
        weights: What a value that stands c times adds to the third result, shape (most + 1,).

    Returns:
        How many values differ, the sum of their squared counts, the sum of their weights, and the largest count.
    """
    shape = len(low)
    differ, squares = np.empty(shape, np.int64), np.empty(shape, np.int64)
    weighed, largest = np.empty(shape, np.int64), np.empty(shape, np.int64)
    counts, having = np.zeros(size, np.int64), np.zeros(len(weights) + 1, np.int64)
    first = last = different = square = weight = top = 0
    for q in range(shape):
        while first < min(low[q], last):
            count = counts[codes[first]]
            counts[codes[first]] = count - 1
            square -= 2 * count - 1
            weight += weights[count - 1] - weights[count]
            having[count] -= 1
            having[count - 1] += 1
            different -= count == 1
            if count == top and having[count] == 0:
                top -= 1
            first += 1
        first = low[q]
        last = max(last, first)
        while last < high[q]:
            count = counts[codes[last]]
            counts[codes[last]] = count + 1
            square += 2 * count + 1
            weight += weights[count + 1] - weights[count]
            having[count] -= 1
            having[count + 1] += 1
            different += count == 0
            top = max(top, count + 1)
            last += 1
        differ[q], squares[q], weighed[q], largest[q] = different, square, weight, top
    return differ, squares, weighed, largest


@compiled
def most_frequent(codes: Ints, size: int, low: Ints, high: Ints, most: int, cap: int) -> tuple[Ints, Ints]:
    """List the most frequent values of windows, ties by code, from a tournament of all counts.

    Args:
        codes: Values as numbers from 0 to ``size - 1``, in the order of the values, shape (n,).
        size: How many there may be.
        low: Where each window starts, shape (m,).
        high: Where it ends, itself not included, shape (m,).
        most: How many to list.
        cap: List none where more than so many differ.

    Returns:
        Where the list of each window starts, shape (m + 1,), and the codes.
    """
    leaves = 1
    while leaves < size:
        leaves *= 2
    counts, winners = np.zeros(leaves, np.int64), np.zeros(2 * leaves, np.int64)
    for leaf in range(leaves):
        winners[leaves + leaf] = leaf
    for node in range(leaves - 1, 0, -1):
        winners[node] = winners[2 * node]
    offsets, listed = np.zeros(len(low) + 1, np.int64), np.empty(_listed(low, high, most), np.int64)
    taken = np.empty(most, np.int64)
    first = last = different = place = 0
    for q in range(len(low)):
        while first < min(low[q], last):
            different -= counts[codes[first]] == 1
            _count(counts, winners, codes[first], counts[codes[first]] - 1)
            first += 1
        first = low[q]
        last = max(last, first)
        while last < high[q]:
            different += counts[codes[last]] == 0
            _count(counts, winners, codes[last], counts[codes[last]] + 1)
            last += 1
        wanted = min(most, different) if different <= cap else 0
        for i in range(wanted):
            best = winners[1]
            listed[place] = best
            taken[i] = counts[best]
            _count(counts, winners, best, 0)
            place += 1
        for i in range(wanted):
            _count(counts, winners, listed[place - wanted + i], taken[i])
        offsets[q + 1] = place
    return offsets, listed[:place]


@compiled
def _listed(low: Ints, high: Ints, most: int) -> int:
    total = 0
    for q in range(len(low)):
        total += min(high[q] - low[q], most)
    return total


@compiled
def _count(counts: Ints, winners: Ints, code: int, count: int) -> None:
    """Set a count, and play the matches of its leaf again; of two equal counts the smaller code wins."""
    counts[code] = count
    node = (len(winners) // 2 + code) // 2
    while node > 0:
        left, right = winners[2 * node], winners[2 * node + 1]
        winners[node] = right if counts[right] > counts[left] else left
        node //= 2


@compiled
def quantiles(buckets: Ints, size: int, low: Ints, high: Ints, q: float) -> Ints:
    """Find the bucket of a quantile in windows, from a tree of running counts (Fenwick 1994).

    Args:
        buckets: Bucket of each value, from 0 to ``size - 1``, shape (n,).
        size: How many there are.
        low: Where each window starts, shape (m,).
        high: Where it ends, itself not included, shape (m,).
        q: From 0 to 1; meant is the value at place ``floor(q * (n - 1))`` of the n sorted ones.

    Returns:
        Buckets, shape (m,); 0 for an empty window.
    """
    top = 1
    while top < size:
        top *= 2
    tree = np.zeros(top + 1, np.int64)
    result = np.zeros(len(low), np.int64)
    first = last = 0
    for place in range(len(low)):
        while first < min(low[place], last):
            _add(tree, buckets[first], -1)
            first += 1
        first = low[place]
        last = max(last, first)
        while last < high[place]:
            _add(tree, buckets[last], 1)
            last += 1
        if last > first:
            left, bucket, step = int(q * (last - first - 1)), 0, top // 2
            while step > 0:
                if tree[bucket + step] <= left:
                    bucket += step
                    left -= tree[bucket]
                step //= 2
            result[place] = bucket
    return result


@compiled
def _add(tree: Ints, bucket: int, change: int) -> None:
    node = bucket + 1
    while node < len(tree):
        tree[node] += change
        node += node & -node


@compiled
def gaps(times: Ints, low: Ints, high: Ints, newest: int) -> tuple[Floats, Floats]:
    """Give mean and sample standard deviation of the gaps between the newest events of windows, in microseconds.

    Args:
        times: Times of the events, shape (n,).
        low: Where each window starts, shape (m,).
        high: Where it ends, itself not included, shape (m,).
        newest: How many of its events, at most, are looked at.
    """
    means, deviations = np.zeros(len(low)), np.zeros(len(low))
    for q in range(len(low)):
        first, last = max(low[q], high[q] - newest), high[q] - 1
        if last <= first:
            continue
        mean = (times[last] - times[first]) / (last - first)
        spread = 0.0
        for i in range(first, last):
            distance = (times[i + 1] - times[i]) - mean
            spread += distance * distance
        means[q] = mean
        if last > first + 1:
            deviations[q] = np.sqrt(spread / (last - first - 1))
    return means, deviations


@compiled
def gap_entropies(times: Ints, low: Ints, high: Ints, newest: int) -> Floats:
    """Give Shannon entropies of the gaps between the newest events of windows, by their power of two, in nats.

    Args:
        times: Times of the events, microseconds, shape (n,).
        low: Where each window starts, shape (m,).
        high: Where it ends, itself not included, shape (m,).
        newest: How many of its events, at most, are looked at.
    """
    found, counts = np.zeros(len(low)), np.zeros(64, dtype=np.int64)
    for q in range(len(low)):
        first, last = max(low[q], high[q] - newest), high[q] - 1
        counts[:] = 0
        for i in range(first, last):
            gap, bits = times[i + 1] - times[i], 0
            while gap > 0:
                gap >>= 1
                bits += 1
            counts[bits] += 1
        for count in counts:
            if count:
                share = count / (last - first)
                found[q] -= share * np.log(share)
    return found
