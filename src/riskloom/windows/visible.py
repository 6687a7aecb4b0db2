"""Which events each spine row sees: those inside the window that were available by then."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from riskloom.intervals import available, floor
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

        Most spine rows may see all that their window holds, or all but its newest events, and one pass over both
        tables answers them. Only those with an event in between that is not known yet are answered pair by pair, in
        bounded pieces.
        """
        layout = self.layout
        opening = window.start(layout.at)
        low, high = order.stretches(
            layout.event_keys, layout.event_ts, layout.spine_keys, opening, window.end(layout.at)
        )
        whole = Stretches(window, low, high, opening, layout.at)
        # An event inside the window lies before `at - delay`, so one that is available `delay` after its time is seen.
        if np.all(available(layout.available_ts, layout.event_ts + window.delay)):
            yield Frame(None, self._whole, whole)
            return
        ends = order.known_ends(layout.available_ts, low, high, layout.at)
        known = Stretches(window, low, ends, opening, layout.at)
        hidden = self._hidden(known, high)
        seen = np.flatnonzero(~hidden)
        yield Frame(seen, self._whole, known.among(seen))
        for queries in _pieces(np.flatnonzero(hidden), high - low):
            yield self._pairs(queries, whole.among(queries))

    def _hidden(self, known: Stretches, high: Ints) -> npt.NDArray[np.bool_]:
        """Say of each spine row whether an event that is not known yet stands before one that is.

        Or may stand: a window that is cut off inside its first block of time has no running values of its own.
        """
        layout = self.layout
        between = np.logical_not(available(order.newest(layout.available_ts, known.low, known.high), layout.at))
        cut_off = np.flatnonzero(known.high < high)
        first = layout.event_ts[known.high[cut_off]]
        between[cut_off] |= floor(first, known.block) < known.opening[cut_off]
        return between

    def _pairs(self, queries: Ints, windows: Stretches) -> Frame:
        layout, lengths = self.layout, windows.count
        owners = np.repeat(np.arange(len(queries)), lengths)
        begins = np.cumsum(lengths) - lengths
        rows = np.arange(len(owners)) + np.repeat(windows.low - begins, lengths)
        seen = available(layout.available_ts[rows], windows.at[owners])
        rows, owners = rows[seen], owners[seen]
        edges = np.searchsorted(owners, np.arange(len(queries) + 1))
        stretches = replace(windows, low=edges[:-1], high=edges[1:])
        return Frame(queries, Stream(self.scratch, layout, rows, owners), stretches)


def _pieces(queries: Ints, lengths: Ints) -> Iterator[Ints]:
    if not len(queries):
        return
    total = np.cumsum(lengths[queries])
    cuts = np.flatnonzero(np.diff(total // PAIRS_AT_ONCE)) + 1
    yield from np.split(queries, cuts)
