"""Which events each spine row sees: those inside the window that were available by then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from riskloom.intervals import available

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from riskloom.intervals import Window
    from riskloom.windows.layout import Layout

PAIRS_AT_ONCE = 4_000_000


@dataclass(frozen=True, slots=True)
class Frame:
    """For some spine rows, the events that each of them sees.

    Attributes:
        queries: Positions of the k spine rows, shape (k,).
        rows: Positions of events, shape (r,); a spine row sees a stretch of them, oldest first.
        groups: Key of each of ``rows``, or whatever else keeps neighbouring stretches apart, shape (r,).
        low: Where the stretch of each spine row starts in ``rows``, shape (k,).
        high: Where it ends, itself not included, shape (k,).
        whole: Whether ``rows`` is simply all events.
    """

    queries: npt.NDArray[np.int64]
    rows: npt.NDArray[np.int64]
    groups: npt.NDArray[np.int64]
    low: npt.NDArray[np.int64]
    high: npt.NDArray[np.int64]
    whole: bool = True


def frames(layout: Layout, window: Window) -> Iterator[Frame]:
    """Give the frames of a window, which together hold each spine row once.

    Most events may be seen by the time that a window can hold them, and one binary search an edge answers. Only the
    spine rows whose window holds an event that comes later than that are answered pair by pair, in bounded pieces.
    """
    low, high = _edges(layout, window)
    # An event inside the window lies before `at - delay`, so one that is available `delay` after its time is seen.
    late = ~available(layout.available_ts, layout.event_ts + window.delay)
    seen = np.concatenate(([0], np.cumsum(late)))
    pairwise = seen[high] > seen[low]
    everything = np.arange(len(layout.event_ts))
    easy = np.flatnonzero(~pairwise)
    yield Frame(easy, everything, layout.event_keys, low[easy], high[easy])
    for queries in _pieces(np.flatnonzero(pairwise), high - low):
        yield _pairs(layout, queries, low[queries], high[queries])


def _edges(layout: Layout, window: Window) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    # Times are replaced by their ranks, so that key and rank fit into one integer, whatever the times are.
    ranked, ranks = np.unique(layout.event_ts, return_inverse=True)
    span = len(ranked) + 1
    places = layout.event_keys * span + ranks
    return tuple(  # type: ignore[return-value]
        np.searchsorted(places, layout.spine_keys * span + np.searchsorted(ranked, edge))
        for edge in (window.start(layout.at), window.end(layout.at))
    )


def _pieces(queries: npt.NDArray[np.int64], lengths: npt.NDArray[np.int64]) -> Iterator[npt.NDArray[np.int64]]:
    if not len(queries):
        return
    total = np.cumsum(lengths[queries])
    cuts = np.flatnonzero(np.diff(total // PAIRS_AT_ONCE)) + 1
    yield from np.split(queries, cuts)


def _pairs(
    layout: Layout, queries: npt.NDArray[np.int64], low: npt.NDArray[np.int64], high: npt.NDArray[np.int64]
) -> Frame:
    lengths = high - low
    owners = np.repeat(np.arange(len(queries)), lengths)
    starts = np.cumsum(lengths) - lengths
    rows = np.arange(len(owners)) + np.repeat(low - starts, lengths)
    seen = available(layout.available_ts[rows], layout.at[queries][owners])
    rows, owners = rows[seen], owners[seen]
    edges = np.searchsorted(owners, np.arange(len(queries) + 1))
    return Frame(queries, rows, owners, edges[:-1], edges[1:], whole=False)
