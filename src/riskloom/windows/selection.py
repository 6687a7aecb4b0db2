"""The values that a feature reads, in the order in which windows are stretches of them, and what they share."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from riskloom.windows import predicate
from riskloom.windows.layout import dictionary_codes
from riskloom.windows.loops import blocks, counting, integers
from riskloom.windows.tables import bitmap, known, whole

if TYPE_CHECKING:
    from typing import Any

    import numpy.typing as npt

    from riskloom.declare import Filter
    from riskloom.intervals import Window
    from riskloom.windows.layout import Layout

    Ints = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float64]
    Numbers = npt.NDArray[Any]  # int64 or float64


def block(window: Window) -> int:
    """Give the length of blocks of time that no window is shorter than: both its edges may be rounded to the hop."""
    return window.length - window.length % window.hop


@dataclass(frozen=True)
class Stretches:
    """What windows hold.

    Attributes:
        window: The window.
        low: Where each one starts, shape (k,); it never goes back.
        high: Where it ends, itself not included, shape (k,); likewise.
        opening: From when on an event is in each, microseconds, shape (k,).
        at: Instants of the reads, microseconds, shape (k,).
    """

    window: Window
    low: Ints
    high: Ints
    opening: Ints
    at: Ints

    @cached_property
    def count(self) -> Ints:
        """How many values each window holds."""
        return self.high - self.low

    @cached_property
    def empty(self) -> npt.NDArray[np.bool_]:
        """Which windows hold none."""
        return np.equal(self.high, self.low)

    @cached_property
    def filled(self) -> pa.Buffer | None:
        """Which windows hold some, as Arrow's bitmap; None for all."""
        return bitmap(self.empty)

    @property
    def block(self) -> int:
        """Length of the window's blocks of time."""
        return block(self.window)

    def among(self, queries: Ints) -> Stretches:
        """Give some of the windows."""
        chosen = (values[queries] for values in (self.low, self.high, self.opening, self.at))
        return Stretches(self.window, *chosen)


class Scratch:
    """Memory that loops use one after the other."""

    def __init__(self) -> None:
        self._rows = np.empty((4, 0))

    def rows(self, count: int) -> Floats:
        """Give four rows of so many numbers at least, whatever they hold."""
        if self._rows.shape[1] < count:
            self._rows = np.empty((4, count))
        return self._rows


@dataclass
class Stream:
    """Events of which each window sees a stretch.

    Attributes:
        scratch: Memory for its loops.
        layout: The sorted events.
        rows: Positions in them, shape (r,); None for all.
        groups: What no window crosses, equal ones together, shape (r,).
    """

    scratch: Scratch
    layout: Layout
    rows: Ints | None
    groups: Ints
    _selections: dict[tuple[str | None, Filter | None], Selection] = field(default_factory=dict)
    _masks: dict[Filter, npt.NDArray[np.bool_]] = field(default_factory=dict)

    def select(self, column: str | None, where: Filter | None) -> Selection:
        """Give the events that pass a filter and hold a value of a column."""
        if (column, where) not in self._selections:
            self._selections[column, where] = Selection(self, column, self._kept(column, where))
        return self._selections[column, where]

    def _kept(self, column: str | None, where: Filter | None) -> npt.NDArray[np.bool_] | None:
        """Say of each event whether it passes the filter and holds a value; None for all."""
        events = self.layout.events
        masks = []
        if where is not None:
            if where not in self._masks:
                self._masks[where] = predicate.evaluate(where, events)
            masks.append(self._masks[where])
        if column is not None and may_be_unknown(events.column(column)):
            masks.append(known(events.column(column)))
        if not masks:
            return None
        mask = masks[0] if len(masks) == 1 else masks[0] & masks[1]
        if mask.all():
            return None
        return mask if self.rows is None else mask[self.rows]


def may_be_unknown(values: pa.ChunkedArray) -> bool:
    """Say whether a column may hold null or NaN."""
    return bool(values.null_count) or pa.types.is_floating(values.type)


class Selection:
    """The events of a stream that one feature reads, and what several functions of them share.

    Attributes:
        rows: Their positions in the layout, shape (r,); None for all.
    """

    def __init__(self, stream: Stream, column: str | None, kept: npt.NDArray[np.bool_] | None) -> None:
        # Not the stream itself, which holds its selections: a circle is freed late, and these are large.
        self._layout, self._scratch, self._groups = stream.layout, stream.scratch, stream.groups
        self._column = column
        self._kept = None if kept is None else np.flatnonzero(kept)
        self._before = None if kept is None else np.concatenate(([0], np.cumsum(kept)))
        self._blocks: dict[int, Ints] = {}
        self._last_cut: tuple[Stretches, Ints] | None = None
        self._last_sums: tuple[Stretches, float, Floats] | None = None
        self.rows = stream.rows if self._kept is None else _take(stream.rows, self._kept)

    def within(self, stretches: Stretches) -> Stretches:
        """Give what windows hold of this selection."""
        if self._before is None:
            return stretches
        before = self._before
        low, high = before[stretches.low], before[stretches.high]
        return Stretches(stretches.window, low, high, stretches.opening, stretches.at)

    @cached_property
    def values(self) -> pa.Array:
        """The column of all events."""
        return whole(self._layout.events.column(str(self._column)))

    @cached_property
    def times(self) -> Ints:
        """Times of the events, microseconds."""
        times = self._layout.event_ts
        return times if self.rows is None else times[self.rows]

    @cached_property
    def numbers(self) -> Numbers:
        """The values as int64 or float64."""
        values = self.values
        values = values if pa.types.is_floating(values.type) else values.cast(pa.int64())
        numbers: Numbers = (values.fill_null(0) if values.null_count else values).to_numpy(zero_copy_only=False)
        return numbers if self.rows is None else numbers[self.rows]

    @property
    def numeric(self) -> bool:
        """Whether the column is of numbers."""
        return bool(pa.types.is_integer(self.values.type) or pa.types.is_floating(self.values.type))

    @property
    def integral(self) -> bool:
        """Whether the column is of integers, and sums must be exact."""
        return not pa.types.is_floating(self.values.type)

    @cached_property
    def mirrored(self) -> Numbers:
        """The values with their order reversed, exactly: the largest one is the smallest here."""
        return ~self.numbers if self.integral else -self.numbers

    @cached_property
    def codes(self) -> tuple[Ints, int]:
        """The values as codes, and how many there may be."""
        if pa.types.is_integer(self.values.type) and len(self.numbers):
            least, most = int(self.numbers.min()), int(self.numbers.max())
            if most - least < len(self.numbers):
                return self.numbers - least, most - least + 1
        codes, size = dictionary_codes(pa.chunked_array([self.values]))
        return (codes if self.rows is None else codes[self.rows]), size

    @cached_property
    def ranks(self) -> tuple[Ints, pa.Array]:
        """The values as codes in the order of the values, and the values by code."""
        encoded = pc.dictionary_encode(self.values)
        found = encoded.dictionary
        comparable = found.cast(pa.int8()) if pa.types.is_boolean(found.type) else found
        order = pc.sort_indices(comparable).to_numpy()
        ranks = np.empty(len(order) + 1, np.int64)
        ranks[order] = np.arange(len(order))
        codes = ranks[encoded.indices.fill_null(len(order)).to_numpy(zero_copy_only=False)]
        return (codes if self.rows is None else codes[self.rows]), found.take(pa.array(order))

    def float_sums(self, stretches: Stretches, scale: float) -> Floats:
        """Give scaled sums of doubles; the last ones are kept, since sums and means are asked for in turn."""
        if self._last_sums is None or self._last_sums[0] is not stretches or self._last_sums[1] != scale:
            found = blocks.sums(self.numbers, *self.cut(stretches), scale)
            self._last_sums = stretches, scale, found
        return self._last_sums[2]

    @cached_property
    def neighbours(self) -> tuple[Ints, Ints]:
        """Where each value stands before and after."""
        before, after = counting.neighbours(*self.codes)
        return before, after

    @cached_property
    def largest(self) -> int:
        """The largest absolute value of integers."""
        if not len(self.numbers):
            return 0
        return max(abs(int(self.numbers.min())), abs(int(self.numbers.max())))

    @cached_property
    def running(self) -> tuple[Ints, npt.NDArray[np.uint64]]:
        """Running sums of integers and of their squares, wrapping around."""
        sums, squares = integers.running(self.numbers)
        return sums, squares

    def cut(self, stretches: Stretches) -> tuple[Ints, Ints, Ints, Ints, Floats]:
        """Give what the loops over blocks read: starts of blocks, edges and cuts of windows, and room to work in."""
        starts = self._starts(stretches.block)
        if self._last_cut is None or self._last_cut[0] is not stretches:
            edges = stretches.low, stretches.high, stretches.opening
            self._last_cut = stretches, blocks.cuts(starts, self.times, stretches.block, *edges)
        return starts, stretches.low, stretches.high, self._last_cut[1], self._scratch.rows(len(self.times))

    def _starts(self, size: int) -> Ints:
        """Give the start of each event's block of time."""
        if size not in self._blocks:
            groups = self._groups if self._kept is None else self._groups[self._kept]
            self._blocks[size] = blocks.block_starts(groups, self.times, size)
        return self._blocks[size]


def _take(rows: Ints | None, kept: Ints) -> Ints:
    return kept if rows is None else rows[kept]
