"""Pushed events beside a packed state: each is worked out once, and then added to the rows like a raw event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa

from riskloom.store.hashes import hash_values
from riskloom.store.packed.fold import mask_of, numbers_of
from riskloom.store.packed.lists import bucket_of
from riskloom.store.recent import Record, events_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskloom.declare import FeatureView
    from riskloom.store.packed.picks import PickTable
    from riskloom.store.packed.push_part import PushPart
    from riskloom.store.packed.shape import Coded, Shape

_KEPT = 65_536


class PushedEvent(NamedTuple):
    """A pushed event as a layout reads it.

    Attributes:
        event_ts: Its time, microseconds since the epoch.
        known_ts: From when on it is seen: after its time, and once it is available.
        bits: The channels that it is of.
        numbers: Its values in the numeric channels.
        values: Its values in the picked channels.
        hashes: Hashes of its values in the distinct channels.
        codes: For each list of numbers the bucket of its value, or the value and its hash.
        event_id: Its id, as bytes.
    """

    event_ts: int
    known_ts: int
    bits: int
    numbers: tuple[Any, ...]
    values: tuple[Any, ...]
    hashes: tuple[int, ...]
    codes: tuple[Any, ...]
    event_id: bytes


class PushedEvents:
    """Pushed events of one view, each worked out once.

    Args:
        view: The view.
        shape: Its layout.
    """

    def __init__(self, view: FeatureView, shape: Shape) -> None:
        self._view, self._shape = view, shape
        self._known: dict[bytes, PushedEvent] = {}

    def of(self, records: Sequence[bytes]) -> list[PushedEvent]:
        """Work out records that ``Record.encode`` wrote."""
        new = [record for record in records if record not in self._known]
        if new:
            if len(self._known) > _KEPT:
                self._known.clear()
                new = list(records)
            self._known.update(zip(new, self._work_out([Record.decode(record) for record in new]), strict=True))
        return [self._known[record] for record in records]

    def _work_out(self, records: Sequence[Record]) -> list[PushedEvent]:
        shape, table = self._shape, events_of(self._view, records)
        bits = [0] * len(records)
        for i, channel in enumerate(shape.channels):
            for place, flag in enumerate(mask_of(table, channel.column, channel.where).tolist()):
                bits[place] |= flag << i
        column = {
            i: table.column(str(shape.channels[i].column)) for i in (*shape.numeric, *shape.picked, *shape.distinct)
        }
        codes = _rows(len(records), [_coded(table, shape, item) for item in shape.coded])
        numbers = _rows(len(records), [numbers_of(column[i]).tolist() for i in shape.numeric])
        values = _rows(len(records), [column[i].to_pylist() for i in shape.picked])
        hashes = _rows(len(records), [hash_values(column[i]).tolist() for i in shape.distinct])
        return [
            PushedEvent(
                record.event_ts,
                max(record.event_ts + 1, record.available_ts),
                bits[place],
                numbers[place],
                values[place],
                hashes[place],
                codes[place],
                record.event_id.encode("utf-8", "surrogatepass"),
            )
            for place, record in enumerate(records)
        ]


def _coded(table: pa.Table, shape: Shape, item: Coded) -> list[Any]:
    column = table.column(str(shape.channels[item.channel].column))
    if item.low is None:
        return list(zip(column.to_pylist(), hash_values(column).tolist(), strict=True))
    values = column.cast(pa.float64(), safe=False).fill_null(0.0)
    buckets: list[Any] = bucket_of(item, values.to_numpy()).tolist()
    return buckets


def _rows(size: int, columns: list[list[Any]]) -> list[tuple[Any, ...]]:
    return list(zip(*columns, strict=True)) if columns else [()] * size


def as_raw(
    shape: Shape, events: Sequence[PushedEvent], part: PushPart, picks: PickTable
) -> tuple[list[tuple[Any, ...]], dict[tuple[int, int], Any]]:
    """Give pushed events the form of raw ones.

    A single value gets a place between those that the state holds, as its time and id have it.

    Args:
        shape: The layout.
        events: The events.
        part: The state's push part.
        picks: The state's single values, which get those of the events.

    Returns:
        The raw events, and by list and number the values that lists hold of them.
    """
    records, named = [], {}
    for rank, event in enumerate(sorted(events, key=lambda event: (event.event_ts, event.event_id))):
        cells: list[Any] = [event.event_ts, event.known_ts, event.bits, *event.numbers]
        for i, value in enumerate(event.values):
            after = part.picks_after(i, event.event_ts, event.event_id)
            cells.append(picks.add(i, picks.count(i) - after - 1 + (rank + 1) / (len(events) + 1), value))
        for i, value in enumerate(event.hashes):
            cells += [value, part.row(i, value)]
        values = 0
        for i, (item, code) in enumerate(zip(shape.coded, event.codes, strict=True)):
            if item.low is not None:
                cells.append(code)
                continue
            value, hashed = code
            number = part.number(values, hashed)
            if event.bits >> item.channel & 1:
                named[i, number] = value
            cells.append(number)
            values += 1
        records.append(tuple(cells))
    return records, named
