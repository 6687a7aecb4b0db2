"""The part of a state that only pushed events need: ids of the newest events, hashes of values, times of single values.

Readers without pushed events never look at it.
"""

from __future__ import annotations

import struct
from bisect import bisect_left
from typing import TYPE_CHECKING

import numpy as np

from riskloom.declare.functions import DISTINCT_CAP
from riskloom.store.hashes import hash_values
from riskloom.store.recent import EXPIRY
from riskloom.store.slices import Slices, counted, joined, records, texts
from riskloom.store.sorting import EVENT_ID
from riskloom.windows.tables import whole

if TYPE_CHECKING:
    import numpy.typing as npt

    from riskloom.store.packed.fold import Events, Folded, Tiles
    from riskloom.store.packed.lists import Lists
    from riskloom.store.packed.picks import Picks
    from riskloom.store.packed.shape import Shape

    Ints = npt.NDArray[np.int64]

MAX_HELD = 1_024
_COUNT, _KEY = struct.Struct("<I"), struct.Struct("<qI")
_VALUE = struct.Struct("<QI")
_VALUE_DTYPE = np.dtype([("hash", "<u8"), ("row", "<u4")])
_KEY_DTYPE = np.dtype([("time", "<i8"), ("size", "<u4")])


class PushParts:
    """The push parts of the entities that are being written.

    Args:
        shape: The view's layout.
        events: The events.
        tiles: Which of them are folded.
        folded: The numbers of the rows.
        picks: The single values.
        lists: The lists of numbers that stand for values.
        cut: Microseconds since the epoch from which on the states are read.
        hold: Microseconds before the cut from which on the ids of an entity's events are listed. Where there are more
            than ``MAX_HELD``, the newest are, and the entity's horizon moves up.

    Attributes:
        horizon: From when on each entity's events are listed, shape (e,).
        held: How many are, shape (e,).
        parts: What is written.
    """

    def __init__(
        self,
        shape: Shape,
        events: Events,
        tiles: Tiles,
        folded: Folded,
        picks: Picks,
        lists: Lists,
        cut: int,
        hold: int,
    ) -> None:
        owner, size, since = events.owner, len(events.begins), cut - hold
        listed = np.bincount(owner[events.event_ts >= since], minlength=size)
        self.held = np.minimum(listed, MAX_HELD)
        first = events.ends - self.held
        self.horizon = np.where(listed > MAX_HELD, events.event_ts[np.maximum(first - 1, 0)] + 1, since)
        places = np.flatnonzero(np.arange(len(owner)) >= first[owner])
        ids = hash_values(events.table.column(EVENT_ID).take(places)).astype("<u8")
        self.parts = [records(ids).grouped(np.append(0, np.cumsum(self.held)))]
        for channel in shape.distinct:
            self.parts += _values_of(events, tiles, folded, channel, str(shape.channels[channel].column))
        for channel in shape.picked:
            # An event that was pushed before an earlier batch may still wait for its log, until it expires.
            self.parts += _keys_of(events, picks.places[channel], cut - EXPIRY)
        self.parts += lists.hashes


def _values_of(events: Events, tiles: Tiles, folded: Folded, channel: int, column: str) -> list[Slices]:
    """Write the newest different values of each entity by hash, each with the last row, from 1, that holds it."""
    flags = folded.last_of_value[channel]
    chosen = tiles.folded[flags]
    rows = np.repeat(np.arange(len(tiles.owner)), np.diff(tiles.starts))[flags]
    owner = events.owner[chosen]
    edges = np.searchsorted(owner, np.arange(len(events.begins) + 1))
    # A window that reaches back to a value beyond the cap is beyond the cap without it.
    kept = np.arange(len(owner)) >= edges[1:][owner] - DISTINCT_CAP - 1
    chosen, rows, owner = chosen[kept], rows[kept], owner[kept]
    out = np.zeros(len(chosen), _VALUE_DTYPE)
    out["hash"] = hash_values(events.table.column(column).take(chosen))
    out["row"] = rows - np.searchsorted(tiles.owner, owner) + 1
    ordered = records(out[np.lexsort((out["hash"], owner))])
    return counted(ordered, np.searchsorted(owner, np.arange(len(events.begins) + 1)))


def _keys_of(events: Events, places: Ints, since: int) -> list[Slices]:
    """Write times and ids of the single values that a pushed event may come before."""
    places = places[events.event_ts[places] >= since]
    names = texts(whole(events.table.column(EVENT_ID).take(places)))
    out = np.zeros(len(places), _KEY_DTYPE)
    out["time"], out["size"] = events.event_ts[places], names.sizes
    edges = np.searchsorted(events.owner[places], np.arange(len(events.begins) + 1))
    return counted(joined([records(out), names]), edges)


class PushPart:
    """The push part of one state, as it is read.

    Args:
        shape: The layout.
        data: The state.
        offset: Where the part starts.
        held: How many ids it lists.

    Attributes:
        ids: Hashes of the ids of the newest events.
    """

    def __init__(self, shape: Shape, data: bytes, offset: int, held: int) -> None:
        self._data = data
        self.ids: tuple[int, ...] = struct.unpack_from(f"<{held}Q", data, offset)
        offset += 8 * held
        self._values: list[tuple[int, int]] = []
        for _ in shape.distinct:
            (count,) = _COUNT.unpack_from(data, offset)
            self._values.append((offset + _COUNT.size, count))
            offset += _COUNT.size + _VALUE.size * count
        self._keys: list[list[tuple[int, bytes]]] = []
        for _ in shape.picked:
            (count,) = _COUNT.unpack_from(data, offset)
            offset += _COUNT.size
            keys = []
            for _ in range(count):
                time, size = _KEY.unpack_from(data, offset)
                offset += _KEY.size + size
                keys.append((time, data[offset - size : offset]))
            self._keys.append(keys)
        self._numbered: list[list[int]] = []
        for item in shape.coded:
            if item.low is None:
                (count,) = _COUNT.unpack_from(data, offset)
                offset += _COUNT.size
                self._numbered.append(list(struct.unpack_from(f"<{count}Q", data, offset)))
                offset += 8 * count

    def row(self, place: int, value: int) -> int:
        """Find the last row, from 1, that holds a value, by its channel's place among the distinct ones; 0 for none."""
        offset, count = self._values[place]
        found = bisect_left(range(count), value, key=lambda i: _VALUE.unpack_from(self._data, offset + 12 * i)[0])
        if found == count:
            return 0
        held, row = _VALUE.unpack_from(self._data, offset + _VALUE.size * found)
        return int(row) if held == value else 0

    def number(self, place: int, value: int) -> int:
        """Find the number that stands for a value, by its hash and its list's place; a new value gets the next one."""
        known = self._numbered[place]
        if value not in known:
            known.append(value)
        return known.index(value)

    def picks_after(self, place: int, time: int, event_id: bytes) -> int:
        """Count the single values after an event, by their channel's place among the picked ones."""
        keys = self._keys[place]
        return len(keys) - bisect_left(keys, (time, event_id))
