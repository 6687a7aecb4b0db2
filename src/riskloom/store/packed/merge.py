"""Adds a state's raw events to the rows that were read, exactly as if they had been folded."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from riskloom.intervals import SECOND, available
from riskloom.store.packed.fold import DOWN
from riskloom.store.packed.shape import decays

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from riskloom.store.packed.shape import Shape

Record = tuple[Any, ...]
# Behind a row's numbers, its tail and its last values: as of when it is, its single values, and the scale of its sums.
AS_OF = -3
# Where a raw event's bits stand, one a channel that it is of.
BITS = 2


def seen_by(
    records: Sequence[Record], edges: Sequence[int], ends: Sequence[int], at: int
) -> Sequence[Sequence[Record]]:
    """Give the raw events that each window holds.

    Args:
        records: The raw events, as the layout's ``raw_struct`` has them.
        edges: Start of each window, seconds since the epoch.
        ends: End of each window, microseconds since the epoch.
        at: Instant of the read: an event that is not known by then is not seen.

    Returns:
        A list a window; nothing at all where no event is known yet.
    """
    known = [record for record in records if available(record[1], at)]
    if not known:
        return ()
    spans = [(edge * SECOND, end) for edge, end in zip(edges, ends, strict=True)]
    return [[record for record in known if start <= record[0] < end] for start, end in spans]


def merged(
    shape: Shape,
    seen: Sequence[Sequence[Record]],
    rows: Sequence[Sequence[Any]],
    places: Sequence[int],
    at: int,
) -> list[Sequence[Any]]:
    """Add raw events to rows.

    Args:
        shape: The layout.
        seen: The raw events of each window.
        rows: A row a window, with the tail behind its numbers.
        places: Place of each row, as many as there are rows where a window holds no folded event.
        at: Instant of the read.
    """
    return [
        _Row(shape, row, place, at).add(mine) if mine else row
        for row, place, mine in zip(rows, places, seen, strict=True)
    ]


class _Row:
    """One row that takes in raw events, channel by channel: what runs over all of them is built in."""

    def __init__(self, shape: Shape, row: Sequence[Any], place: int, at: int) -> None:
        self._shape, self._place, self._at = shape, place, at
        self._cells = list(row)
        self._down = 1.0 if row[-1] == 1.0 else DOWN

    def add(self, records: Sequence[Record]) -> list[Any]:
        shape = self._shape
        if shape.decayed:
            self._let_decay()
        for channel in range(len(shape.channels)):
            mine = [record for record in records if record[BITS] >> channel & 1]
            if mine:
                self._add(channel, mine)
        return self._cells

    def _add(self, channel: int, mine: Sequence[Record]) -> None:
        shape, cells, places = self._shape, self._cells, self._shape.places[channel]
        count = cells[places["count"]]
        if channel in shape.raw_hashes:
            cell = shape.raw_hashes[channel]
            # Values that a row up to this one's place holds are counted in it.
            cells[places["distinct"]] += len({record[cell] for record in mine if record[cell + 1] <= self._place})
        if channel in shape.raw_picks:
            self._pick(channel, [record[shape.raw_picks[channel]] for record in mine], empty=not count)
        numbers = [record[shape.raw_numbers[channel]] for record in mine] if channel in shape.raw_numbers else None
        if numbers is not None:
            self._numbers(places, numbers, count, is_float=shape.channels[channel].is_float)
        times = [record[0] for record in mine]
        if shape.channels[channel].half_lives:
            self._decayed(channel, numbers or [1] * len(times), times)
        self._times(channel, times, empty=not count)
        cells[places["count"]] = count + len(mine)

    def _pick(self, channel: int, picks: Sequence[float], *, empty: bool) -> None:
        cells, shape = self._cells, self._shape
        first, last = shape.places[channel].get("first"), shape.tail_place.get(("last", channel))
        if first is not None and (empty or min(picks) < cells[first]):
            cells[first] = min(picks)
        if last is not None and (empty or max(picks) > cells[last]):
            cells[last] = max(picks)
            cells[shape.last_place[channel]] = cells[-2].value(shape.picked.index(channel), cells[last])

    def _numbers(self, places: Mapping[str, int], numbers: Sequence[Any], count: int, *, is_float: bool) -> None:
        cells = self._cells
        if "sum" in places:
            cells[places["sum"]] += sum([value * self._down for value in numbers]) if is_float else sum(numbers)
        if "squares" in places:
            cells[places["squares"]] += sum([value * value for value in numbers])
        if "min" in places:
            cells[places["min"]] = min(numbers) if not count else min(cells[places["min"]], *numbers)
        if "max" in places:
            cells[places["max"]] = max(numbers) if not count else max(cells[places["max"]], *numbers)
        if "root" in places:
            self._spread(places["centre"], places["root"], count, [value * DOWN for value in numbers])

    def _spread(self, centre: int, root: int, count: int, values: Sequence[float]) -> None:
        """Put two means, and two roots of squared distances, together (Chan, Golub, LeVeque 1979)."""
        cells, more = self._cells, len(values)
        # Summed as distances, so that what is all one value has exactly that mean, and no spread.
        base = cells[centre] if count else values[0]
        mean = base + sum([value - base for value in values]) / more
        gap, apart = mean - cells[centre], math.sqrt(count * more / (count + more))
        cells[root] = math.hypot(cells[root], gap * apart, *[value - mean for value in values])
        cells[centre] += gap * more / (count + more)

    def _times(self, channel: int, times: Sequence[int], *, empty: bool) -> None:
        cells, shape = self._cells, self._shape
        newest, oldest = shape.tail_place.get(("time", channel)), shape.places[channel].get("oldest")
        if newest is not None:
            cells[newest] = max(times) if empty else max(cells[newest], *times)
        if oldest is not None:
            cells[oldest] = min(times) if empty else min(cells[oldest], *times)

    def _let_decay(self) -> None:
        """Bring decayed sums from the cut, which they are as of, to the instant of the read."""
        cells, shape = self._cells, self._shape
        for place, half_life in shape.decayed.items():
            cells[place] *= 2.0 ** ((cells[AS_OF] - self._at) / half_life)
        cells[AS_OF] = self._at

    def _decayed(self, channel: int, values: Sequence[float], times: Sequence[int]) -> None:
        down, at = self._down, self._at
        for half_life in self._shape.channels[channel].half_lives:
            worth = [value * down * 2.0 ** ((time - at) / half_life) for value, time in zip(values, times, strict=True)]
            self._cells[self._shape.places[channel][decays(half_life)]] += sum(worth)
