"""The loops of the as-of join, compiled: look whether grouped rows are in order, and search in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskloom.compiled import compiled

if TYPE_CHECKING:
    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]

NOWHERE = -1


@compiled
def disorder(starts: Ints, times: Ints, created: Ints) -> tuple[int, int]:
    """Count the neighbours of one group that are in the wrong order, and those that are tied.

    Args:
        starts: Where each group starts, shape (size + 1,).
        times: Event times of the grouped rows, shape (k,).
        created: When each was created, shape (k,); or shape (0,) where that does not matter.
    """
    wrong = tied = 0
    for group in range(len(starts) - 1):
        for place in range(starts[group] + 1, starts[group + 1]):
            step = times[place] - times[place - 1]
            if step == 0 and len(created):
                step = np.int64(created[place] > created[place - 1]) - np.int64(created[place] < created[place - 1])
            wrong += step < 0
            tied += step == 0
    return wrong, tied


@compiled
def latest(starts: Ints, times: Ints, codes: Ints, at: Ints, ttl: int) -> Ints:
    """Find for each instant the last row of its group at or before it, and not older than ``ttl``.

    Args:
        starts: Where each group starts, shape (size + 1,).
        times: Event times of the grouped rows, ascending within a group, shape (k,).
        codes: Group of each instant, shape (m,); a negative one has no rows.
        at: Instants, shape (m,).
        ttl: Microseconds.

    Returns:
        Places among the grouped rows, shape (m,); ``NOWHERE`` where there is none.
    """
    found = np.full(len(at), NOWHERE, np.int64)
    for query in range(len(at)):
        code = codes[query]
        if code < 0:
            continue
        low, high = starts[code], starts[code + 1]
        first, instant = low, at[query]
        while low < high:
            middle = (low + high) // 2
            if times[middle] <= instant:
                low = middle + 1
            else:
                high = middle
        if low > first and times[low - 1] >= instant - ttl:
            found[query] = low - 1
    return found


@compiled
def smallest(values: Ints) -> Ints:
    """Build a tree of minima: node i is the smaller one of nodes 2i and 2i + 1, the leaves come last."""
    leaves = 1
    while leaves < len(values):
        leaves *= 2
    tree = np.full(2 * leaves, np.iinfo(np.int64).max, np.int64)
    tree[leaves : leaves + len(values)] = values
    for node in range(leaves - 1, 0, -1):
        tree[node] = min(tree[2 * node], tree[2 * node + 1])
    return tree


@compiled
def back_to_known(tree: Ints, places: Ints, firsts: Ints, at: Ints) -> Ints:
    """Go back from each place to the nearest row that had been created by then.

    Args:
        tree: ``smallest`` of when each row was created.
        places: Where to start, shape (m,); ``NOWHERE`` stays.
        firsts: The first place that is allowed, shape (m,).
        at: Instants, shape (m,).

    Returns:
        Places, shape (m,); ``NOWHERE`` where there is none.
    """
    leaves = len(tree) // 2
    found = np.full(len(places), NOWHERE, np.int64)
    for query in range(len(places)):
        if places[query] < 0:
            continue
        node = leaves + places[query]
        while node > 1 and tree[node] > at[query]:
            # The subtree to the left: up while this node is a left child, then over.
            while node > 1 and node % 2 == 0:
                node //= 2
            node -= 1
        if node < 1:
            continue
        while node < leaves:
            node = 2 * node + (tree[2 * node + 1] <= at[query])
        if tree[node] <= at[query] and node - leaves >= firsts[query]:
            found[query] = node - leaves
    return found
