"""Reads features off packed states: one search and one unpacking a window, in plain Python."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Any

import numpy as np

from riskloom.errors import WindowError
from riskloom.intervals import SECOND
from riskloom.store.packed.finish import finisher
from riskloom.store.packed.fold import DOWN
from riskloom.store.packed.head import FINGERPRINT, HEAD_DTYPE, SCALED, SIZE, Head, seal, unseal
from riskloom.store.packed.merge import merged
from riskloom.store.packed.picks import PickTable
from riskloom.store.packed.push_part import PushPart
from riskloom.store.packed.pushed import as_raw
from riskloom.store.packed.shape import CODES, WIDE, widths
from riskloom.store.state import NEVER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskloom.declare import Feature
    from riskloom.store.packed.pushed import PushedEvent
    from riskloom.store.packed.shape import Shape


_INT64 = range(-(2**63), 2**63)
_UP = 1 / DOWN
_WIDE_CODES = frozenset(code for code in range(CODES) if WIDE in widths(code))


class Reader:
    """Some features of one view, as they are read off its states.

    Args:
        view: Name of the view, for errors.
        declaration: Its fingerprint.
        shape: The layout of its states.
        features: The features wanted.

    Attributes:
        missing: The values of no events.
        empty: The state of an entity without events.
    """

    def __init__(self, view: str, declaration: bytes, shape: Shape, features: Sequence[Feature]) -> None:
        self._view, self._declaration, self._shape = view, declaration[:FINGERPRINT], shape
        self._features = features
        leaves = list(dict.fromkeys(leaf for feature in features for leaf in feature.leaves))
        self._windows = tuple(dict.fromkeys(leaf.window for leaf in leaves))
        self._spans = [(window.length, window.hop, window.hop // SECOND) for window in self._windows]
        self._finish = finisher(shape, leaves, self._windows)
        self._sums = [(i, leaf) for i, leaf in enumerate(leaves) if leaf.function == "sum" and leaf.dtype == "int64"]
        places = {leaf: i for i, leaf in enumerate(leaves)}
        self._ratios = [
            (places[feature.parts[0]], places[feature.parts[1]]) if feature.parts else (places[feature], None)
            for feature in features
        ]
        self._plain = all(not feature.parts for feature in features) and len(leaves) == len(features)
        self.empty = _empty(shape, declaration[:FINGERPRINT])
        self._picked = [str(shape.channels[i].dtype) for i in shape.picked]
        self.missing = tuple(feature.default for feature in features)
        self._empty = (0,) * len(shape.fields)
        self._lasts = [
            (place, shape.picked.index(channel)) for place, (what, channel) in enumerate(shape.tail) if what == "last"
        ]

    def edges(self, at: int) -> list[int]:
        """Give the start of each window at an instant, in whole seconds: hops are.

        It is ``Window.start`` written out, since a call a window would cost as much as reading the rows.
        """
        return [(at - length) // hop * seconds for length, hop, seconds in self._spans]

    def head(self, data: bytes) -> tuple[Any, ...]:
        """Check a state and read the fields of its ``Head``.

        Raises:
            StoreError: The bytes are damaged, or are of another declaration.
        """
        return unseal(self._view, data, self._declaration)

    def listed(self, data: bytes, head: tuple[Any, ...]) -> tuple[int, frozenset[int]]:
        """Give from when on a state lists the ids of its events, and their hashes."""
        fields, shape = Head(*head), self._shape
        tail = SIZE + fields.rows * (4 + shape.row_structs[fields.code].size)
        end = tail + shape.tail_struct.size + fields.picks + fields.raws * shape.raw_struct.size
        return fields.horizon, frozenset(PushPart(shape, data, end, fields.held).ids)

    def values(
        self,
        data: bytes,
        head: tuple[Any, ...],
        at: int,
        edges: Sequence[int],
        pushed: Sequence[PushedEvent] = (),
    ) -> list[Any]:
        """Give the features of one entity.

        Args:
            data: Its state.
            head: What ``head`` gave.
            at: Microseconds since the epoch, at or after the state's cut.
            edges: What ``edges`` gave for the instant.
            pushed: Pushed events beside the state.

        Raises:
            WindowError: An integer sum leaves int64.
        """
        shape = self._shape
        _, _, _, _, _, base, code, flags, count, raws, picked, _, held = head
        row, tail_struct = shape.row_structs[code], shape.tail_struct
        rows = SIZE + 4 * count
        tail = rows + count * row.size
        picks = PickTable(data, tail + tail_struct.size, self._picked) if picked else None
        last_places = tail_struct.unpack_from(data, tail)
        lasts = [picks.value(channel, last_places[place]) if picks else None for place, channel in self._lasts]
        rest = (*last_places, *lasts, picks, _UP if flags & SCALED else 1.0)
        starts = memoryview(data)[SIZE:rows].cast("I")
        places = [bisect_left(starts, edge - base) for edge in edges]
        read: list[Sequence[Any]] = [
            (row.unpack_from(data, rows + place * row.size) if place < count else self._empty) + rest
            for place in places
        ]
        if wide := code in _WIDE_CODES:
            read = [[_whole(cell) for cell in cells] for cells in read]
        if raws or pushed:
            start = tail + tail_struct.size + picked
            end = start + raws * shape.raw_struct.size
            records = list(shape.raw_struct.iter_unpack(data[start:end]))
            if pushed:
                picks = picks or PickTable(data, 0, ())
                records += as_raw(pushed, PushPart(shape, data, end, held), picks)
            read = merged(shape, records, read, places, edges, at)
        found = self._finish(at, *read)
        if wide or raws or pushed:
            self._check_sums(found)
        return found if self._plain else [_divided(found, *parts) for parts in self._ratios]

    def starts(self, at: int) -> list[int]:
        """Give from when on each feature reads events at an instant, microseconds since the epoch."""
        return [min(leaf.window.start(at) for leaf in feature.leaves) for feature in self._features]

    def _check_sums(self, found: Sequence[Any]) -> None:
        for place, leaf in self._sums:
            if found[place] is not None and found[place] not in _INT64:
                raise WindowError.sum_overflow(leaf.name, str(leaf.column), 1)


def _empty(shape: Shape, declaration: bytes) -> bytes:
    head = np.zeros(1, HEAD_DTYPE)
    head["declaration"], head["cut"], head["newest"], head["horizon"] = declaration, NEVER, NEVER, NEVER
    nothing = bytes(4)
    head["picks"] = len(nothing) * len(shape.picked)
    return seal(head.tobytes(), bytes(shape.tail_struct.size), nothing * (2 * len(shape.picked) + len(shape.distinct)))


def _divided(found: list[Any], top: int, bottom: int | None) -> Any:  # noqa: ANN401 - a feature's value
    if bottom is None:
        return found[top]
    numerator, denominator = found[top], found[bottom]
    return float(numerator) / float(denominator) if numerator is not None and denominator else None


def _whole(cell: Any) -> Any:  # noqa: ANN401 - a cell, or the bytes of a wide number
    return int.from_bytes(cell, "little", signed=True) if isinstance(cell, bytes) else cell
