"""Adds a state's raw events to the rows that were read, exactly as if they had been folded."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from riskloom.intervals import SECOND, available
from riskloom.store.packed.fold import DOWN
from riskloom.store.packed.shape import decays

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskloom.store.packed.shape import Shape

Record = tuple[Any, ...]
# Behind a row's numbers, its tail and its last values: as of when it is, its single values, and the scale of its sums.
AS_OF = -3
_TIMES = 3  # event time, when it is known, bits of the channels


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
    """One row that grows; sets of values make sure that each different one counts once."""

    def __init__(self, shape: Shape, row: Sequence[Any], place: int, at: int) -> None:
        self._shape, self._place, self._at = shape, place, at
        self._cells = list(row)
        self._down = 1.0 if row[-1] == 1.0 else DOWN
        self._values: dict[int, set[int]] = {}

    def add(self, records: Sequence[tuple[Any, ...]]) -> list[Any]:
        shape = self._shape
        numbers = {channel: _TIMES + i for i, channel in enumerate(shape.numeric)}
        picks = {channel: _TIMES + len(numbers) + i for i, channel in enumerate(shape.picked)}
        hashes = {channel: _TIMES + len(numbers) + len(picks) + 2 * i for i, channel in enumerate(shape.distinct)}
        if shape.decayed:
            self._let_decay()
        for record in records:
            for channel in range(len(shape.channels)):
                if not record[2] >> channel & 1:
                    continue
                if channel in hashes:
                    self._distinct(channel, record[hashes[channel]], record[hashes[channel] + 1])
                if channel in picks:
                    self._pick(channel, record[picks[channel]])
                if channel in numbers:
                    self._number(channel, record[numbers[channel]])
                if half_lives := shape.channels[channel].half_lives:
                    self._decayed(channel, half_lives, record[numbers[channel]] if channel in numbers else 1, record[0])
                self._time(channel, record[0])
                self._cells[shape.place[channel, "count"]] += 1
        return self._cells

    def _distinct(self, channel: int, value: int, row: int) -> None:
        known = self._values.setdefault(channel, set())
        if row <= self._place and value not in known:
            known.add(value)
            self._cells[self._shape.place[channel, "distinct"]] += 1

    def _pick(self, channel: int, pick: float) -> None:
        cells, empty = self._cells, not self._cells[self._shape.place[channel, "count"]]
        first, last = self._shape.place.get((channel, "first")), self._shape.tail_place.get(("last", channel))
        if first is not None and (empty or pick < cells[first]):
            cells[first] = pick
        if last is not None and (empty or pick > cells[last]):
            cells[last] = pick
            cells[self._shape.last_place[channel]] = cells[-2].value(self._shape.picked.index(channel), pick)

    def _time(self, channel: int, event_ts: int) -> None:
        cells, empty = self._cells, not self._cells[self._shape.place[channel, "count"]]
        newest, oldest = self._shape.tail_place.get(("time", channel)), self._shape.place.get((channel, "oldest"))
        if newest is not None and (empty or event_ts > cells[newest]):
            cells[newest] = event_ts
        if oldest is not None and (empty or event_ts < cells[oldest]):
            cells[oldest] = event_ts

    def _let_decay(self) -> None:
        """Bring decayed sums from the cut, which they are as of, to the instant of the read."""
        cells, shape = self._cells, self._shape
        for place, half_life in shape.decayed.items():
            cells[place] *= 2.0 ** ((cells[AS_OF] - self._at) / half_life)
        cells[AS_OF] = self._at

    def _decayed(self, channel: int, half_lives: Sequence[float], value: float, event_ts: int) -> None:
        for half_life in half_lives:
            worth = float(value) * self._down * 2.0 ** ((event_ts - self._at) / half_life)
            self._cells[self._shape.place[channel, decays(half_life)]] += worth

    def _number(self, channel: int, value: Any) -> None:  # noqa: ANN401 - int or float
        cells, place = self._cells, self._shape.place
        count = cells[place[channel, "count"]]
        for measure, cell in ((name, cell) for (owner, name), cell in place.items() if owner == channel):
            if measure == "sum":
                cells[cell] += value * self._down if isinstance(value, float) else value
            elif measure == "squares":
                cells[cell] += value * value
            elif measure == "min":
                cells[cell] = min(cells[cell], value) if count else value
            elif measure == "max":
                cells[cell] = max(cells[cell], value) if count else value
        if (channel, "root") in place:
            self._spread(place[channel, "centre"], place[channel, "root"], count + 1, value * DOWN)

    def _spread(self, centre: int, root: int, size: int, value: float) -> None:
        cells = self._cells
        gap = value - cells[centre]
        cells[centre] += gap / size
        cells[root] = math.hypot(cells[root], gap * math.sqrt((size - 1) / size))
