"""Arrivals: the instants at which rows came in, by which the files of a table that hold them are known."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from riskloom.intervals import SECOND

if TYPE_CHECKING:
    from collections.abc import Iterable

Spans = tuple[tuple[int, int], ...]
_MOST = 64


def spans(instants: Iterable[int]) -> Spans:
    """Put instants together to stretches of time that hold them all.

    Those a second apart are one stretch, and so are the nearest ones where there are too many stretches to filter by.

    Args:
        instants: Microseconds since the epoch, in any order.

    Returns:
        First and last instant of each stretch, ascending; both belong to it.

    Example:
        >>> spans([7, 3, 3, 10 * SECOND])
        ((3, 7), (10000000, 10000000))
    """
    known = sorted(set(instants))
    gaps = sorted((later - earlier for earlier, later in pairwise(known)), reverse=True)
    least = max(SECOND, gaps[_MOST - 1] if len(gaps) >= _MOST else 0)
    found: list[tuple[int, int]] = []
    for instant in known:
        if found and instant - found[-1][1] <= least:
            found[-1] = (found[-1][0], instant)
        else:
            found.append((instant, instant))
    return tuple(found)
