"""Sorting by key and time, and where the window of each instant lies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskloom.compiled import compiled

if TYPE_CHECKING:
    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]


@compiled
def is_sorted(keys: Ints, times: Ints) -> bool:
    """Say whether rows stand by key, and by time within a key."""
    for i in range(1, len(keys)):
        if keys[i] < keys[i - 1] or (keys[i] == keys[i - 1] and times[i] < times[i - 1]):
            return False
    return True


@compiled
def by_key(order: Ints, keys: Ints, size: int) -> Ints:
    """Sort rows by key, stably, by counting.

    Args:
        order: Rows in the order that those of one key keep, shape (n,).
        keys: Key of each row, from -1 to ``size - 1``, shape (n,).
        size: How many keys there may be.
    """
    places = np.zeros(size + 2, np.int64)
    for key in keys:
        places[key + 2] += 1
    for key in range(1, size + 2):
        places[key] += places[key - 1]
    result = np.empty(len(order), np.int64)
    for row in order:
        key = keys[row] + 1
        result[places[key]] = row
        places[key] += 1
    return result


@compiled
def tied(keys: Ints, times: Ints) -> Ints:
    """Number the sorted rows that share key and time with a neighbour by their group; -1 for all others."""
    groups = np.full(len(keys), -1, np.int64)
    group = 0
    for i in range(1, len(keys)):
        if keys[i] == keys[i - 1] and times[i] == times[i - 1]:
            groups[i - 1] = groups[i] = group
        else:
            group += 1
    return groups


@compiled
def stretches(event_keys: Ints, event_ts: Ints, spine_keys: Ints, starts: Ints, ends: Ints) -> tuple[Ints, Ints]:
    """Find the events of each window.

    Args:
        event_keys: Keys of the events, sorted, shape (n,).
        event_ts: Their times, sorted within a key.
        spine_keys: Keys of the instants, sorted, shape (m,).
        starts: First time inside each window, sorted within a key.
        ends: First time after each window, likewise.

    Returns:
        Where each window starts and ends among the events, neither ever going back, shape (m,).
    """
    count, windows = len(event_keys), len(spine_keys)
    low, high = np.empty(windows, np.int64), np.empty(windows, np.int64)
    first = last = 0
    for q in range(windows):
        key, start, end = spine_keys[q], starts[q], ends[q]
        if q == 0 or key != spine_keys[q - 1]:
            while last < count and event_keys[last] < key:
                last += 1
            first = last
        while first < count and event_keys[first] == key and event_ts[first] < start:
            first += 1
        last = max(last, first)
        while last < count and event_keys[last] == key and event_ts[last] < end:
            last += 1
        low[q], high[q] = first, last
    return low, high


@compiled
def known_ends(available_ts: Ints, low: Ints, high: Ints, at: Ints) -> Ints:
    """Find where each window ends without its newest events that are not known yet, shape (m,)."""
    result = np.empty(len(low), np.int64)
    for q in range(len(low)):
        end = high[q]
        while end > low[q] and available_ts[end - 1] > at[q]:
            end -= 1
        result[q] = end
    return result


@compiled
def newest(values: Ints, low: Ints, high: Ints) -> Ints:
    """Find the largest value of stretches that never go back; the least integer for an empty one."""
    result = np.full(len(low), -(2**63), np.int64)
    queue = np.empty(len(values), np.int64)
    head = tail = done = 0
    for q in range(len(low)):
        if low[q] > done:
            done, head, tail = low[q], 0, 0
        while done < high[q]:
            while tail > head and values[queue[tail - 1]] <= values[done]:
                tail -= 1
            queue[tail] = done
            tail += 1
            done += 1
        while head < tail and queue[head] < low[q]:
            head += 1
        if head < tail:
            result[q] = values[queue[head]]
    return result
