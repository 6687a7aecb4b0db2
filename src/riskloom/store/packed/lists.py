"""The lists of a state: its newest times, and a number an event that stands for its value, oldest first.

No row can hold what a gap, a most frequent value or a quantile is made of. But the number of a row's events says how
much of a list's end is the row's, so one list serves all windows, and takes one byte an event where few values differ.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from riskloom.declare.functions import NEWEST_CAP, edges
from riskloom.store.hashes import hash_values
from riskloom.store.packed.picks import cut_values, newest_few
from riskloom.store.slices import Slices, counted, records
from riskloom.windows.tables import whole

if TYPE_CHECKING:
    import numpy.typing as npt

    from riskloom.store.packed.fold import Events, Folded, Tiles
    from riskloom.store.packed.shape import Coded, Shape

    Ints = npt.NDArray[np.int64]

TIMES, CODES = struct.Struct("<H"), struct.Struct("<IIB")
WIDTHS = ("<u1", "<u2", "<u4")
_CODES_DTYPE = np.dtype([("events", "<u4"), ("values", "<u4"), ("width", "u1")])


class Lists:
    """The lists of the entities that are being written.

    Args:
        shape: The view's layout.
        events: The events.
        tiles: Which of them are folded.
        folded: The numbers of the rows.
        most: How many events a list of numbers holds, at most: the newest.

    Attributes:
        codes: The number of each event in each of the shape's lists, shape (n,) each.
        parts: What is written: the newest times of each channel, then each list.
        hashes: By list of values, how many an entity has, and their hashes in the order of their numbers.
    """

    def __init__(self, shape: Shape, events: Events, tiles: Tiles, folded: Folded, most: int) -> None:
        times = [_newest_times(events, tiles, folded.masks[channel]) for channel in shape.gaps]
        coded = [_List(shape, item, events, tiles, folded, most) for item in shape.coded]
        self.parts = [part for parts in (*times, *(item.parts for item in coded)) for part in parts]
        self.codes = [item.codes for item in coded]
        self.hashes = [part for item in coded for part in item.hashes]


def no_lists(shape: Shape) -> bytes:
    """Give the lists of an entity without events."""
    return TIMES.pack(0) * len(shape.gaps) + CODES.pack(0, 0, 0) * len(shape.coded)


def _newest_times(events: Events, tiles: Tiles, mask: npt.NDArray[np.bool_]) -> list[Slices]:
    mine = tiles.folded[mask[tiles.folded]]
    owner, size = events.owner[mine], len(events.begins)
    kept = newest_few(owner, size, NEWEST_CAP)
    return counted(records(events.event_ts[mine[kept]]), np.searchsorted(owner[kept], np.arange(size + 1)), "<u2")


class _Numbered(NamedTuple):
    """The numbers of chosen events, how many each entity has, and an event of each number in their order."""

    codes: Ints
    sizes: Ints
    firsts: Ints | None


class _List:
    """One list, of all entities."""

    def __init__(self, shape: Shape, item: Coded, events: Events, tiles: Tiles, folded: Folded, most: int) -> None:
        size, column = len(events.begins), events.table.column(str(shape.channels[item.channel].column))
        mask, owner = folded.masks[item.channel], events.owner
        mine = tiles.folded[mask[tiles.folded]]
        mine = mine[newest_few(owner[mine], size, most)]
        chosen = np.sort(np.concatenate([mine, tiles.raw[mask[tiles.raw]]]))
        found = _numbered(item, column, owner[chosen], chosen, size)
        self.codes = np.zeros(len(owner), np.int64)
        self.codes[chosen] = found.codes
        self.hashes: list[Slices] = []
        head = np.zeros(size, _CODES_DTYPE)
        places = np.searchsorted(owner[mine], np.arange(size + 1))
        head["events"], head["values"] = np.diff(places), found.sizes
        head["width"] = (found.sizes > 2**8).astype(np.int64) + (found.sizes > 2**16)
        self.parts = [records(head), _narrow(self.codes[mine], places, head["width"])]
        if found.firsts is not None:
            hashes = records(hash_values(column.take(pa.array(found.firsts))).astype("<u8"))
            self.hashes = counted(hashes, np.append(0, np.cumsum(found.sizes)))
            if item.listed:
                self.parts += cut_values(events, owner, found.firsts, str(shape.channels[item.channel].column))


def _narrow(codes: Ints, places: Ints, widths: npt.NDArray[np.uint8]) -> Slices:
    """Write numbers as wide as their entity's need."""
    steps = np.left_shift(1, widths.astype(np.int64))
    begins, written = np.zeros(len(widths), np.int64), [np.zeros(0, np.uint8)]
    for width in np.unique(widths).tolist():
        # All of them, so that an entity's begin where they begin among the numbers.
        begins[widths == width] = sum(map(len, written)) + places[:-1][widths == width] * steps[widths == width]
        written.append(records(codes.astype(WIDTHS[width])).data)
    return Slices(np.concatenate(written), begins, np.diff(places) * steps)


def _numbered(item: Coded, column: pa.ChunkedArray, owner: Ints, chosen: Ints, size: int) -> _Numbered:
    """Number an entity's different values from 0, in their own order, or give the buckets of a quantile."""
    values = whole(column.take(pa.array(chosen)))
    if item.low is not None:
        codes = bucket_of(item, values.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False))
        return _Numbered(codes, np.full(size, len(edges(item.low, float(item.high or 0)))), None)
    encoded = pc.dictionary_encode(values)
    there = encoded.dictionary.cast(pa.int8()) if pa.types.is_boolean(values.type) else encoded.dictionary
    order = pc.sort_indices(there).to_numpy()
    ranks = np.empty(len(order), np.int64)
    ranks[order] = np.arange(len(order))
    keys = owner * max(1, len(order)) + ranks[encoded.indices.to_numpy(zero_copy_only=False)]
    different, firsts, inverse = np.unique(keys, return_index=True, return_inverse=True)
    owners = different // max(1, len(order))
    starts = np.searchsorted(owners, np.arange(size + 1))
    return _Numbered(inverse.reshape(-1) - starts[owner], np.diff(starts), chosen[firsts])


def bucket_of(item: Coded, values: npt.NDArray[Any]) -> Ints:
    """Give the bucket of each value of a list for quantiles."""
    low, high = float(item.low or 0), float(item.high or 0)
    found: Ints = np.searchsorted(np.array(edges(low, high)), np.minimum(values, high))
    return found
