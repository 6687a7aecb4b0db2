"""Adds a state's raw events to the rows that were read, exactly as if they had been folded."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from riskloom.intervals import SECOND, available
from riskloom.store.packed.fold import DOWN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskloom.store.packed.shape import Shape

_TIMES = 3  # event time, when it is known, bits of the channels


def merged(
    shape: Shape,
    records: Sequence[tuple[Any, ...]],
    rows: Sequence[Sequence[Any]],
    places: Sequence[int],
    edges: Sequence[int],
    at: int,
) -> list[Sequence[Any]]:
    """Add raw events to rows.

    Args:
        shape: The layout.
        records: The raw events, as the layout's ``raw_struct`` has them.
        rows: A row a window, with the tail behind its numbers.
        places: Place of each row, as many as there are rows where a window holds no folded event.
        edges: Start of each window, seconds since the epoch.
        at: Instant of the read: an event that is not known by then is not seen.
    """
    seen = [record for record in records if available(record[1], at)]
    if not seen:
        return list(rows)
    out: list[Sequence[Any]] = []
    for row, place, edge in zip(rows, places, edges, strict=True):
        mine = [record for record in seen if record[0] >= edge * SECOND]
        out.append(_Row(shape, row, place).add(mine) if mine else row)
    return out


class _Row:
    """One row that grows; sets of values make sure that each different one counts once."""

    def __init__(self, shape: Shape, row: Sequence[Any], place: int) -> None:
        self._shape, self._place = shape, place
        self._cells = list(row)
        self._down = 1.0 if row[-1] == 1.0 else DOWN
        self._values: dict[int, set[int]] = {}

    def add(self, records: Sequence[tuple[Any, ...]]) -> list[Any]:
        shape = self._shape
        numbers = {channel: _TIMES + i for i, channel in enumerate(shape.numeric)}
        picks = {channel: _TIMES + len(numbers) + i for i, channel in enumerate(shape.picked)}
        hashes = {channel: _TIMES + len(numbers) + len(picks) + 2 * i for i, channel in enumerate(shape.distinct)}
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
        cells, place = self._cells, self._shape.tail_place.get(("time", channel))
        if place is not None and (not cells[self._shape.place[channel, "count"]] or event_ts > cells[place]):
            cells[place] = event_ts

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
