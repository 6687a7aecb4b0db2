"""Reads features off packed states: one search and one unpacking a window, in plain Python."""

from __future__ import annotations

import math
from bisect import bisect_left
from typing import TYPE_CHECKING, Any

from riskloom.declare.functions import DISTINCT_CAP
from riskloom.errors import WindowError
from riskloom.intervals import SECOND, to_datetime
from riskloom.store.packed.fold import DOWN
from riskloom.store.packed.head import SCALED, SIZE, unseal
from riskloom.store.packed.merge import merged
from riskloom.store.packed.picks import PickTable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from riskloom.declare import Feature
    from riskloom.store.packed.head import Head
    from riskloom.store.packed.shape import Shape

    Finisher = Callable[[Sequence[Any], int], Any]

_INT64 = range(-(2**63), 2**63)
_UP = 1 / DOWN
_PAIR = 2


class Reader:
    """Some features of one view, as they are read off its states.

    Args:
        view: Name of the view, for errors.
        declaration: Its fingerprint.
        shape: The layout of its states.
        features: The features wanted.
    """

    def __init__(self, view: str, declaration: bytes, shape: Shape, features: Sequence[Feature]) -> None:
        self._view, self._declaration, self._shape = view, declaration, shape
        leaves = list(dict.fromkeys(leaf for feature in features for leaf in feature.leaves))
        self._windows = tuple(dict.fromkeys(leaf.window for leaf in leaves))
        self._leaves = [(self._windows.index(leaf.window), _finisher(shape, leaf)) for leaf in leaves]
        places = {leaf: i for i, leaf in enumerate(leaves)}
        self._ratios = [
            (places[feature.parts[0]], places[feature.parts[1]]) if feature.parts else (places[feature], None)
            for feature in features
        ]
        self._plain = all(not feature.parts for feature in features) and len(leaves) == len(features)
        self._picked = [str(shape.channels[i].dtype) for i in shape.picked]
        self._empty = (*(0 for _ in shape.fields), *(0 for _ in shape.tail), None, 1.0)

    def edges(self, at: int) -> tuple[int, ...]:
        """Give the start of each window at an instant, in whole seconds: hops are."""
        return tuple(window.start(at) // SECOND for window in self._windows)

    def head(self, data: bytes) -> Head:
        """Check a state and read its header.

        Raises:
            StoreError: The bytes are damaged, or are of another declaration.
        """
        return unseal(self._view, data, self._declaration)

    def values(self, data: bytes, head: Head, at: int, edges: tuple[int, ...]) -> list[Any]:
        """Give the features of one entity.

        Args:
            data: Its state.
            head: What ``head`` gave.
            at: Microseconds since the epoch, at or after the state's cut.
            edges: What ``edges`` gave for the instant.

        Raises:
            WindowError: An integer sum leaves int64.
        """
        shape, count = self._shape, head.rows
        starts = memoryview(data)[SIZE : SIZE + 4 * count].cast("I")
        row = shape.row_structs[head.code]
        rows = SIZE + 4 * count
        tail = rows + count * row.size
        size = shape.tail_struct.size
        picks = PickTable(data, tail + size, self._picked) if head.picks else None
        rest = (*shape.tail_struct.unpack_from(data, tail), picks, _UP if head.flags & SCALED else 1.0)
        places = [bisect_left(starts, edge - head.base) for edge in edges]
        read: list[Sequence[Any]] = [
            row.unpack_from(data, rows + place * row.size) + rest if place < count else (*self._empty[:-2], *rest[-2:])
            for place in places
        ]
        if head.raws:
            read = merged(shape, data, tail + size + head.picks, head.raws, read, places, edges, at)
        found = [finish(read[window], at) for window, finish in self._leaves]
        return found if self._plain else [_divided(found, *parts) for parts in self._ratios]


def _divided(found: list[Any], top: int, bottom: int | None) -> Any:  # noqa: ANN401 - a feature's value
    if bottom is None:
        return found[top]
    numerator, denominator = found[top], found[bottom]
    return float(numerator) / float(denominator) if numerator is not None and denominator else None


def _finisher(shape: Shape, leaf: Feature) -> Finisher:
    channel = shape.channel_of(leaf)
    places = {measure: place for (owner, measure), place in shape.place.items() if owner == channel}
    return _FINISHERS[leaf.function](shape, leaf, channel, places)


def _count(_: Shape, __: Feature, ___: int, places: dict[str, int]) -> Finisher:
    count = places["count"]
    return lambda row, _: row[count]


def _distinct(_: Shape, __: Feature, ___: int, places: dict[str, int]) -> Finisher:
    distinct = places["distinct"]
    return lambda row, _: min(DISTINCT_CAP, row[distinct])


def _sum(_: Shape, leaf: Feature, __: int, places: dict[str, int]) -> Finisher:
    count, total = places["count"], places["sum"]
    if leaf.dtype == "float64":
        return lambda row, _: row[total] * row[-1] if row[count] else None

    def whole(row: Sequence[Any], _: int) -> int | None:
        if not row[count]:
            return None
        number = _whole(row[total])
        if number not in _INT64:
            raise WindowError.sum_overflow(leaf.name, str(leaf.column), 1)
        return number

    return whole


def _mean(shape: Shape, _: Feature, channel: int, places: dict[str, int]) -> Finisher:
    count, total = places["count"], places["sum"]
    if shape.channels[channel].is_float:
        return lambda row, _: row[total] / row[count] * row[-1] if row[count] else None
    return lambda row, _: _whole(row[total]) / row[count] if row[count] else None


def _stddev(shape: Shape, _: Feature, channel: int, places: dict[str, int]) -> Finisher:
    count = places["count"]
    if shape.channels[channel].is_float:
        root = places["root"]
        return lambda row, _: _deviation(row[root], row[count]) if row[count] >= _PAIR else None
    total, squares = places["sum"], places["squares"]

    def exact(row: Sequence[Any], _: int) -> float | None:
        size = row[count]
        if size < _PAIR:
            return None
        return math.sqrt((size * _whole(row[squares]) - _whole(row[total]) ** 2) / (size * (size - 1)))

    return exact


def _deviation(root: float, count: int) -> float:
    return root * (_UP / math.sqrt(count - 1)) if math.isfinite(root) else math.nan


def _extreme(shape: Shape, leaf: Feature, channel: int, places: dict[str, int]) -> Finisher:
    count, place = places["count"], places[leaf.function]
    if shape.channels[channel].is_float:
        return lambda row, _: row[place] if row[count] else None
    if leaf.dtype == "timestamp":
        return lambda row, _: to_datetime(_whole(row[place])) if row[count] else None
    return lambda row, _: _whole(row[place]) if row[count] else None


def _first(shape: Shape, _: Feature, channel: int, places: dict[str, int]) -> Finisher:
    count, place, pick = places["count"], places["first"], shape.picked.index(channel)
    return lambda row, _: row[-2].value(pick, row[place]) if row[count] else None


def _last(shape: Shape, _: Feature, channel: int, places: dict[str, int]) -> Finisher:
    count, place, pick = places["count"], shape.tail_place["last", channel], shape.picked.index(channel)
    return lambda row, _: row[-2].value(pick, row[place]) if row[count] else None


def _time(shape: Shape, _: Feature, channel: int, places: dict[str, int]) -> Finisher:
    count, place = places["count"], shape.tail_place["time", channel]
    return lambda row, at: (at - row[place]) / SECOND if row[count] else None


def _whole(value: Any) -> int:  # noqa: ANN401 - a whole number, or the bytes of a wide one
    return value if isinstance(value, int) else int.from_bytes(value, "little", signed=True)


_FINISHERS: dict[str, Callable[[Shape, Feature, int, dict[str, int]], Finisher]] = {
    "count": _count,
    "count_distinct": _distinct,
    "sum": _sum,
    "mean": _mean,
    "stddev": _stddev,
    "min": _extreme,
    "max": _extreme,
    "first": _first,
    "last": _last,
    "time_since_last": _time,
}
