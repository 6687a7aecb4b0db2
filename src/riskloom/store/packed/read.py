"""Reads features off packed states: one search and one unpacking a window, in plain Python."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Any

import numpy as np

from riskloom.intervals import SECOND
from riskloom.store.packed.combine import INT64, combiner
from riskloom.store.packed.finish import finisher
from riskloom.store.packed.fold import DOWN
from riskloom.store.packed.head import FINGERPRINT, HEAD_DTYPE, SCALED, SIZE, Head, seal, unseal
from riskloom.store.packed.listed import ListReader, Windows
from riskloom.store.packed.lists import no_lists
from riskloom.store.packed.merge import BITS, merged, seen_by
from riskloom.store.packed.picks import READERS, PickTable, one_value
from riskloom.store.packed.push_part import PushPart
from riskloom.store.packed.pushed import as_raw
from riskloom.store.packed.shape import CODES, LISTED, WIDE, widths
from riskloom.store.slices import Slices, records
from riskloom.store.state import NEVER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskloom.declare import Feature
    from riskloom.store.packed.pushed import PushedEvent
    from riskloom.store.packed.shape import Shape


_UP = 1 / DOWN
NOWHERE: frozenset[int] = frozenset()
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
        rows = [leaf for leaf in leaves if leaf.function not in LISTED]
        listed = [leaf for leaf in leaves if leaf.function in LISTED]
        self._windows = tuple(dict.fromkeys(leaf.window for leaf in leaves))
        self._spans = [(window.length + window.delay, window.hop, window.hop // SECOND) for window in self._windows]
        self._delayed = any(window.delay for window in self._windows)
        self._finish = finisher(shape, rows, self._windows)
        self._sums = [i for i, leaf in enumerate(rows) if leaf.function == "sum" and leaf.dtype == "int64"]
        self._lists = ListReader(shape, listed, self._windows) if listed else None
        self._combine = combiner(features, [*rows, *listed])
        self.empty = _empty(shape, declaration[:FINGERPRINT])
        self._picked = [str(shape.channels[i].dtype) for i in shape.picked]
        self.missing = tuple(feature.default for feature in features)
        self._empty = (0,) * len(shape.fields)
        self._lasts = [
            (place, shape.picked.index(channel)) for place, (what, channel) in enumerate(shape.tail) if what == "last"
        ]
        # Where one last value is all that is kept as it is, no table of them is needed to find it.
        alone = len(shape.picked) == len(self._lasts) == 1 and not any(leaf.function == "first" for leaf in rows)
        self._only_last = READERS[self._picked[0]] if alone else None

    def edges(self, at: int) -> list[int]:
        """Give the start of each window at an instant, in whole seconds: hops are.

        It is ``Window.start`` written out, since a call a window would cost as much as reading the rows.
        """
        return [(at - reach) // hop * seconds for reach, hop, seconds in self._spans]

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
        raws = tail + shape.tail_struct.size + fields.picks + fields.lists
        end = raws + fields.raws * shape.raw_struct.size
        return fields.horizon, frozenset(PushPart(shape, data, end, fields.held).ids)

    def values(
        self,
        data: bytes,
        head: tuple[Any, ...],
        at: int,
        edges: Sequence[int],
        pushed: Sequence[PushedEvent] = (),
    ) -> tuple[list[Any], list[bool] | None]:
        """Give the features of one entity.

        Args:
            data: Its state.
            head: What ``head`` gave.
            at: Microseconds since the epoch, at or after the state's cut.
            edges: What ``edges`` gave for the instant.
            pushed: Pushed events beside the state.

        Returns:
            The values, and for each whether it is null because it is past a bound: a sum that leaves int64, more events
            than a list holds, or more different values than are told apart. None for nowhere.
        """
        shape = self._shape
        _, _, _, cut, _, base, code, flags, count, raws, picked, lists, _, held = head
        row, tail_struct = shape.row_structs[code], shape.tail_struct
        rows = SIZE + 4 * count
        tail = rows + count * row.size
        last_places = tail_struct.unpack_from(data, tail)
        plain = not (raws or pushed or self._lists)
        picks: PickTable | None = None
        if plain and self._only_last is not None:
            lasts = [one_value(data, tail + tail_struct.size, last_places[self._lasts[0][0]], self._only_last)]
        else:
            picks = PickTable(data, tail + tail_struct.size, self._picked) if picked else None
            lasts = [picks.value(channel, last_places[place]) if picks else None for place, channel in self._lasts]
        rest = (*last_places, *lasts, cut, picks, _UP if flags & SCALED else 1.0)
        starts = memoryview(data)[SIZE:rows].cast("I")
        places = [bisect_left(starts, edge - base) for edge in edges]
        read: list[Sequence[Any]] = [
            (row.unpack_from(data, rows + place * row.size) if place < count else self._empty) + rest
            for place in places
        ]
        if wide := code in _WIDE_CODES:
            read = [[_whole(cell) for cell in cells] for cells in read]
        if plain:
            found = self._finish(at, *read)
            return self._done(found) if wide else self._combine(found, NOWHERE)
        start = tail + tail_struct.size + picked
        end = start + lists + raws * shape.raw_struct.size
        records = list(shape.raw_struct.iter_unpack(data[start + lists : end]))
        named: dict[tuple[int, int], Any] = {}
        if pushed:
            picks = picks or PickTable(data, 0, ())
            more, named = as_raw(shape, pushed, PushPart(shape, data, end, held), picks)
            records += more
        seen = seen_by(records, edges, self._ends(at), at) if records else ()
        whole = merged(shape, seen, read, places, at) if seen else read
        found = self._finish(at, *whole)
        if self._lists is None:
            return self._done(found)
        if picks is not None:
            self._find_newest(picks, last_places, records)
        windows = Windows([self._lists.counts(cells) for cells in read], seen)
        return self._done(found, self._lists.values(data, start, windows, picks, named))

    def _find_newest(self, picks: PickTable, last_places: Sequence[int], records: Sequence[tuple[Any, ...]]) -> None:
        shape = self._shape
        for place, channel in self._lasts:
            if shape.channels[shape.picked[channel]].newest:
                cell = shape.raw_picks[shape.picked[channel]]
                raw = {record[cell] for record in records if record[BITS] >> shape.picked[channel] & 1}
                picks.find_newest(channel, last_places[place], raw)

    def _ends(self, at: int) -> list[int]:
        return [window.end(at) for window in self._windows] if self._delayed else [at] * len(self._windows)

    def starts(self, at: int) -> list[int]:
        """Give from when on each feature reads events at an instant, microseconds since the epoch."""
        return [feature.start(at) for feature in self._features]

    def _done(self, found: list[Any], listed: Sequence[tuple[Any, bool]] = ()) -> tuple[list[Any], list[bool] | None]:
        """Put features together of what was read for their leaves."""
        lacking = {len(found) + place for place, (_, lacks) in enumerate(listed) if lacks}
        found += [value for value, _ in listed]
        for place in self._sums:
            if found[place] is not None and found[place] not in INT64:
                found[place] = None
                lacking.add(place)
        return self._combine(found, lacking)


def _empty(shape: Shape, declaration: bytes) -> bytes:
    head = np.zeros(1, HEAD_DTYPE)
    head["declaration"], head["cut"], head["newest"], head["horizon"] = declaration, NEVER, NEVER, NEVER
    nothing = bytes(4)
    lists = no_lists(shape)
    head["picks"], head["lists"] = len(nothing) * len(shape.picked), len(lists)
    push = nothing * (len(shape.picked) + len(shape.distinct) + sum(item.low is None for item in shape.coded))
    body = bytes(shape.tail_struct.size) + nothing * len(shape.picked) + lists + push
    (state,) = seal([records(head), Slices.of([body])]).parts()
    return state


def _whole(cell: Any) -> Any:  # noqa: ANN401 - a cell, or the bytes of a wide number
    return int.from_bytes(cell, "little", signed=True) if isinstance(cell, bytes) else cell
