"""The loops that fold events into suffix rows, compiled: from the newest event of an entity back to its oldest.

Each adds up within one entity alone, so that nothing of another one's history is in its rounding.
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
    Flags = npt.NDArray[np.bool_]

NONE = -1


@compiled
def totals(values: npt.NDArray[Any], mask: Flags, starts: Ints, newest: Flags) -> npt.NDArray[Any]:
    """Add up the values from each row on.

    Args:
        values: Numbers of the events, shape (n,).
        mask: Which of them count, shape (n,).
        starts: Where each row's events start, and n, shape (r + 1,).
        newest: Whether a row is the newest of its entity, shape (r,).

    Returns:
        Sums of the type of the values, shape (r,). Whole numbers must not leave int64.
    """
    out = np.zeros(len(newest), values.dtype)
    total = out[:1].sum()
    for row in range(len(newest) - 1, -1, -1):
        if newest[row]:
            total = out[row]  # zero, of the values' type
        for event in range(starts[row + 1] - 1, starts[row] - 1, -1):
            if mask[event]:
                total += values[event]
        out[row] = total
    return out


@compiled
def counts(mask: Flags, starts: Ints, newest: Flags) -> Ints:
    """Count the events from each row on; see ``totals``."""
    out = np.zeros(len(newest), np.int64)
    total = 0
    for row in range(len(newest) - 1, -1, -1):
        if newest[row]:
            total = 0
        for event in range(starts[row], starts[row + 1]):
            total += mask[event]
        out[row] = total
    return out


@compiled
def extremes(
    values: npt.NDArray[Any], mask: Flags, starts: Ints, newest: Flags
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Find the smallest and largest values from each row on; 0 where there is none."""
    lowest, highest = np.zeros(len(newest), values.dtype), np.zeros(len(newest), values.dtype)
    place_low = place_high = NONE
    for row in range(len(newest) - 1, -1, -1):
        if newest[row]:
            place_low = place_high = NONE
        for event in range(starts[row + 1] - 1, starts[row] - 1, -1):
            if mask[event]:
                if place_low == NONE or values[event] < values[place_low]:
                    place_low = event
                if place_high == NONE or values[event] > values[place_high]:
                    place_high = event
        if place_low != NONE:
            lowest[row], highest[row] = values[place_low], values[place_high]
    return lowest, highest


@compiled
def spreads(values: Floats, mask: Flags, starts: Ints, newest: Flags) -> tuple[Floats, Floats]:
    """Give the mean and the root of the squared distances from it, from each row on, by Welford's recurrence.

    The root is carried, not the sum of squares, so that nothing overflows, underflows or goes below zero.
    """
    centres, roots = np.zeros(len(newest)), np.zeros(len(newest))
    centre = root = size = 0.0
    for row in range(len(newest) - 1, -1, -1):
        if newest[row]:
            centre = root = size = 0.0
        for event in range(starts[row + 1] - 1, starts[row] - 1, -1):
            if mask[event]:
                gap = values[event] - centre
                size += 1.0
                centre += gap / size
                root = np.hypot(root, gap * np.sqrt((size - 1.0) / size))
        centres[row], roots[row] = centre, root
    return centres, roots


@compiled
def firsts(mask: Flags, starts: Ints, newest: Flags) -> Ints:
    """Find the oldest event from each row on; ``NONE`` where there is none."""
    out = np.full(len(newest), NONE)
    place = NONE
    for row in range(len(newest) - 1, -1, -1):
        if newest[row]:
            place = NONE
        for event in range(starts[row + 1] - 1, starts[row] - 1, -1):
            if mask[event]:
                place = event
        out[row] = place
    return out
