"""Single values that a state keeps: of the events that are first from some row on, of the last one, and of raw ones.

They stand in the order of their events, so that of two picks the smaller place is the earlier event.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from riskloom.intervals import to_datetime
from riskloom.store.slices import Slices, records, texts
from riskloom.windows.tables import whole

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from datetime import datetime

    import numpy.typing as npt

    from riskloom.store.packed.fold import Events, Folded, Tiles
    from riskloom.store.packed.shape import Shape

    Ints = npt.NDArray[np.int64]

_LENGTH, _DOUBLE = struct.Struct("<I"), struct.Struct("<d")


class Picks:
    """The picks of the entities that are being written.

    Args:
        shape: The view's layout.
        events: The events.
        tiles: Which of them are folded.
        folded: The numbers of the rows.

    Attributes:
        places: Places of the events that are picked, by channel, in order.
        parts: What is written of them: of each channel how many an entity has, where each ends, and the values.
    """

    def __init__(self, shape: Shape, events: Events, tiles: Tiles, folded: Folded) -> None:
        self.places: dict[int, Ints] = {}
        self._ranks: dict[int, Ints] = {}
        self.parts: list[Slices] = []
        owner = events.owner
        for channel in shape.picked:
            chosen = np.zeros(len(owner), np.bool_)
            chosen[tiles.raw] = folded.masks[channel][tiles.raw]
            mine = tiles.folded[folded.masks[channel][tiles.folded]]
            chosen[mine[newest_few(owner[mine], len(events.begins), max(1, shape.channels[channel].newest))]] = True
            if (channel, "first") in shape.place:
                oldest = folded.columns[shape.place[channel, "first"]]
                chosen[tiles.folded[oldest[oldest >= 0]]] = True
            self._ranks[channel] = _ranks(chosen, events)
            self.places[channel] = np.flatnonzero(chosen)
            ends, values = cut_values(events, owner, self.places[channel], str(shape.channels[channel].column))
            self.parts += [records((ends.sizes // _LENGTH.size).astype("<u4")), ends, values]
        self._folded = tiles.folded

    def place(self, channel: int, events: Ints) -> Ints:
        """Give the places of events among their entity's picks; 0 for none."""
        ranks = self._ranks[channel]
        return np.where(events < 0, 0, ranks[np.maximum(events, 0)]) if len(ranks) else np.zeros(len(events), np.int64)

    def first(self, channel: int, rows: Ints) -> Ints:
        """Give the places of events that are named by their place among the folded ones."""
        if not len(self._folded):
            return np.zeros(len(rows), np.int64)
        return self.place(channel, np.where(rows < 0, -1, self._folded[np.maximum(rows, 0)]))


def newest_few(owner: Ints, size: int, few: int) -> npt.NDArray[np.bool_]:
    """Say of rows, those of one entity together, which are among its last few."""
    ends = np.searchsorted(owner, np.arange(size), side="right")
    flags: npt.NDArray[np.bool_] = np.arange(len(owner)) >= ends[owner] - few
    return flags


def _ranks(chosen: npt.NDArray[np.bool_], events: Events) -> Ints:
    before: Ints = np.cumsum(chosen) - chosen
    return before - np.repeat(before[events.begins], events.ends - events.begins) if len(chosen) else before


def cut_values(events: Events, owner: Ints, places: Ints, column: str) -> tuple[Slices, Slices]:
    """Give where values end among their entity's, and the values."""
    edges = np.searchsorted(owner[places], np.arange(len(events.begins) + 1))
    values = _written(whole(events.table.column(column).take(pa.array(places))))
    ends = np.cumsum(values.sizes)
    relative = ends - np.append(0, ends)[edges][:-1][owner[places]]
    return records(relative.astype("<u4")).grouped(edges), values.grouped(edges)


def _written(values: pa.Array) -> Slices:
    if pa.types.is_string(values.type):
        return texts(values)
    plain = values.cast(pa.int64()) if not pa.types.is_floating(values.type) else values
    return records(plain.to_numpy(zero_copy_only=False))


class PickTable:
    """The picks of one state, read where they are asked for.

    Args:
        data: The state.
        offset: Where the picks start.
        dtypes: Declared type of each picked channel's column.
    """

    __slots__ = ("_added", "_data", "_newest", "_parts")

    def __init__(self, data: bytes, offset: int, dtypes: Sequence[str]) -> None:
        self._data = data
        self._parts: list[tuple[int, int, Callable[[bytes], Any]]] = []
        self._added: dict[tuple[int, float], Any] = {}
        self._newest: dict[int, list[int]] = {}
        for dtype in dtypes:
            (count,) = _LENGTH.unpack_from(data, offset)
            ends = offset + _LENGTH.size
            values = ends + _LENGTH.size * count
            self._parts.append((ends, values, READERS[dtype]))
            offset = values + (_LENGTH.unpack_from(data, values - _LENGTH.size)[0] if count else 0)

    def count(self, channel: int) -> int:
        """Count a channel's values."""
        ends, values, _ = self._parts[channel]
        return int(values - ends) // _LENGTH.size

    def newest(self, channel: int, count: int) -> list[int]:
        """Give the places of the newest values of folded events, newest first."""
        return self._newest[channel][:count]

    def find_newest(self, channel: int, last: int, raw: Collection[int]) -> None:
        """Work out ``newest``: what is not of a raw event, from the last value of a folded one back.

        Args:
            channel: A channel's place among the picked ones.
            last: Place of that last value.
            raw: Places of the values of raw events.
        """
        self._newest[channel] = [place for place in range(last, -1, -1) if place not in raw]

    def add(self, channel: int, place: float, value: Any) -> float:  # noqa: ANN401 - of the column's type
        """Put the value of another event at a place between two others, and give the place."""
        self._added[channel, place] = value
        return place

    def value(self, channel: int, place: Any) -> Any:  # noqa: ANN401 - of the column's type
        """Give a value by its channel's place among the picked ones, and its own; None of a channel without any."""
        if (channel, place) in self._added:
            return self._added[channel, place]
        ends, values, reader = self._parts[channel]
        if ends == values:
            return None
        low = _LENGTH.unpack_from(self._data, ends + _LENGTH.size * (place - 1))[0] if place else 0
        (high,) = _LENGTH.unpack_from(self._data, ends + _LENGTH.size * place)
        return reader(self._data[values + low : values + high])


def one_value(data: bytes, offset: int, place: int, reader: Callable[[bytes], Any]) -> Any:  # noqa: ANN401 - as declared
    """Give a value of a state's only table of single values; None of an empty one; see ``PickTable.value``."""
    (count,) = _LENGTH.unpack_from(data, offset)
    if not count:
        return None
    ends = offset + _LENGTH.size
    values = ends + _LENGTH.size * count
    low = _LENGTH.unpack_from(data, ends + _LENGTH.size * (place - 1))[0] if place else 0
    (high,) = _LENGTH.unpack_from(data, ends + _LENGTH.size * place)
    return reader(data[values + low : values + high])


def _text(data: bytes) -> str:
    return data.decode()


def _integer(data: bytes) -> int:
    return int.from_bytes(data, "little", signed=True)


def _double(data: bytes) -> float:
    number: float = _DOUBLE.unpack(data)[0]
    return number


def _flag(data: bytes) -> bool:
    return bool(_integer(data))


def _instant(data: bytes) -> datetime:
    return to_datetime(_integer(data))


READERS: dict[str, Callable[[bytes], Any]] = {
    "string": _text,
    "int64": _integer,
    "float64": _double,
    "bool": _flag,
    "timestamp": _instant,
}
