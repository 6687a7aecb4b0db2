"""Which events each spine row sees: those inside the window that were available by then."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from riskloom.intervals import available
from riskloom.windows.loops import order
from riskloom.windows.selection import Scratch, Stream, Stretches

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from riskloom.intervals import Window
    from riskloom.windows.layout import Layout

    Ints = npt.NDArray[np.int64]

PAIRS_AT_ONCE = 4_000_000


@dataclass(frozen=True, slots=True)
class Frame:
    """For some spine rows, the events that each of them sees.

    Attributes:
        queries: Positions of the k spine rows, shape (k,); None for all.
        stream: Events of which each spine row sees a stretch.
        stretches: Those, one a spine row.
    """

    queries: Ints | None
    stream: Stream
    stretches: Stretches


@dataclass(slots=True)
class Visible:
    """The frames of windows over one layout."""

    layout: Layout
    scratch: Scratch
    _whole: Stream = field(init=False)

    def __post_init__(self) -> None:
        """Make the stream of all events, which the windows share."""
        self._whole = Stream(self.scratch, self.layout, None, self.layout.event_keys)

    def frames(self, window: Window) -> Iterator[Frame]:
        """Give the frames of a window, which together hold each spine row once.

        Most spine rows may see all that their window holds, and one pass over both tables answers them. Only those
        with an event that is not known yet are answered pair by pair, in bounded pieces.
        """
        layout = self.layout
        low, high = order.stretches(
            layout.event_keys, layout.event_ts, layout.spine_keys, window.start(layout.at), window.end(layout.at)
        )
        hidden = self._hidden(window, low, high)
        if hidden is None:
            yield Frame(None, self._whole, Stretches(window, low, high, layout.at))
            return
        seen = np.flatnonzero(~hidden)
        yield Frame(seen, self._whole, Stretches(window, low[seen], high[seen], layout.at[seen]))
        for queries in _pieces(np.flatnonzero(hidden), high - low):
            yield self._pairs(window, queries, low[queries], high[queries])

    def _hidden(self, window: Window, low: Ints, high: Ints) -> npt.NDArray[np.bool_] | None:
        """Say of each spine row whether its window holds an event that is not known yet; None where no row's does."""
        layout = self.layout
        # An event inside the window lies before `at - delay`, so one that is available `delay` after its time is seen.
        if np.all(available(layout.available_ts, layout.event_ts + window.delay)):
            return None
        hidden = np.logical_not(available(order.newest(layout.available_ts, low, high), layout.at))
        return hidden if hidden.any() else None

    def _pairs(self, window: Window, queries: Ints, low: Ints, high: Ints) -> Frame:
        layout, lengths = self.layout, high - low
        owners = np.repeat(np.arange(len(queries)), lengths)
        begins = np.cumsum(lengths) - lengths
        rows = np.arange(len(owners)) + np.repeat(low - begins, lengths)
        seen = available(layout.available_ts[rows], layout.at[queries][owners])
        rows, owners = rows[seen], owners[seen]
        edges = np.searchsorted(owners, np.arange(len(queries) + 1))
        return Frame(
            queries,
            Stream(self.scratch, layout, rows, owners),
            Stretches(window, edges[:-1], edges[1:], layout.at[queries]),
        )


def _pieces(queries: Ints, lengths: Ints) -> Iterator[Ints]:
    if not len(queries):
        return
    total = np.cumsum(lengths[queries])
    cuts = np.flatnonzero(np.diff(total // PAIRS_AT_ONCE)) + 1
    yield from np.split(queries, cuts)
