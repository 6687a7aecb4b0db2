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
from riskloom.windows.tables import whole

if TYPE_CHECKING:
    import numpy.typing as npt

    from riskloom.store.packed.fold import Events, Folded, Tiles
    from riskloom.store.packed.shape import Coded, Shape

    Ints = npt.NDArray[np.int64]
    Cut = tuple[bytes, list[int]]

TIMES, CODES = struct.Struct("<H"), struct.Struct("<IIB")
WIDTHS = ("<u1", "<u2", "<u4")


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
        hashes: By list of values, hashes of the values in the order of their numbers, and where each entity's are.
    """

    def __init__(self, shape: Shape, events: Events, tiles: Tiles, folded: Folded, most: int) -> None:
        self._times = [_newest_times(events, tiles, folded.masks[channel]) for channel in shape.gaps]
        self._coded = [_List(shape, item, events, tiles, folded, most) for item in shape.coded]
        self.codes = [item.codes for item in self._coded]
        self.hashes = [item.hashes for item in self._coded if item.hashes is not None]

    def of(self, entity: int) -> bytes:
        """Write an entity's lists."""
        parts = []
        for data, places in self._times:
            low, high = places[entity], places[entity + 1]
            parts += [TIMES.pack(high - low), data[8 * low : 8 * high]]
        for item in self._coded:
            parts += item.of(entity)
        return b"".join(parts)


def no_lists(shape: Shape) -> bytes:
    """Give the lists of an entity without events."""
    return TIMES.pack(0) * len(shape.gaps) + CODES.pack(0, 0, 0) * len(shape.coded)


def _newest_times(events: Events, tiles: Tiles, mask: npt.NDArray[np.bool_]) -> Cut:
    mine = tiles.folded[mask[tiles.folded]]
    owner, size = events.owner[mine], len(events.begins)
    kept = newest_few(owner, size, NEWEST_CAP)
    return events.event_ts[mine[kept]].tobytes(), np.searchsorted(owner[kept], np.arange(size + 1)).tolist()


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
        self.hashes: Cut | None = None
        self._values: tuple[bytes, list[int], bytes, list[int]] | None = None
        if found.firsts is not None:
            starts = np.append(0, np.cumsum(found.sizes)).tolist()
            self.hashes = hash_values(column.take(pa.array(found.firsts))).astype("<u8").tobytes(), starts
            if item.listed:
                self._values = cut_values(events, owner, found.firsts, str(shape.channels[item.channel].column))
        self._sizes = found.sizes.tolist()
        self._places = np.searchsorted(owner[mine], np.arange(size + 1)).tolist()
        widths = (found.sizes > 2**8).astype(np.int64) + (found.sizes > 2**16)
        self._widths = widths.tolist()
        self._written = {int(width): self.codes[mine].astype(WIDTHS[width]).tobytes() for width in np.unique(widths)}

    def of(self, entity: int) -> list[bytes]:
        low, high, width = self._places[entity], self._places[entity + 1], self._widths[entity]
        step = 1 << width
        parts = [
            CODES.pack(high - low, self._sizes[entity], width),
            self._written[width][step * low : step * high],
        ]
        if self._values is not None:
            ends, edges_, data, data_edges = self._values
            parts += [
                ends[4 * edges_[entity] : 4 * edges_[entity + 1]],
                data[data_edges[entity] : data_edges[entity + 1]],
            ]
        return parts


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
