"""Views that leave their own party out: one state holds the packed rows of the wider entity and those of each party.

Both sides stand under one key, so one write changes them together, and no read finds a batch in one of them alone. A
directory before them says where each party's rows are, so a read looks at two of them, however many there are.
"""

from __future__ import annotations

import struct
import zlib
from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from riskloom.errors import StoreError
from riskloom.store.inner.base import key_part
from riskloom.store.packed.encode import Bounds, encode
from riskloom.store.packed.fold import Events
from riskloom.store.packed.head import BODY, ENVELOPE, FINGERPRINT, FORMAT, WHAT, verify
from riskloom.store.packed.shape import Shape
from riskloom.windows.combine import leaves_of
from riskloom.windows.layout import dictionary_codes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    from riskloom.declare import Feature, FeatureView
    from riskloom.store.packed.head import Stamp

    Ints = npt.NDArray[np.int64]
    Party = tuple[bytes, bytes]

KIND = b"D"
_HEAD, _COUNT = struct.Struct("<I8sqBB"), struct.Struct("<I")
_CUT_SHORT = 1


@dataclass(frozen=True, slots=True)
class Side:
    """The features of a view that read the events of one and the same kind of entity.

    Attributes:
        keys: Key columns of that entity.
        rest: Those of them that are no part of the state's key.
        leaves: What is read.
        shape: The layout of its rows.
    """

    keys: tuple[str, ...]
    rest: tuple[str, ...]
    leaves: tuple[Feature, ...]
    shape: Shape


def sides_of(view: FeatureView) -> tuple[Side, ...]:
    """Give the sides of a view, that of the state's own key first."""
    found: dict[tuple[str, ...], list[Feature]] = {}
    for feature in view.features:
        for leaf in feature.leaves:
            found.setdefault(leaf.keys or view.entity.key_columns, []).append(leaf)
    shared = view.partition_keys
    ordered = sorted(found.items(), key=lambda item: item[0] != shared)
    return tuple(
        Side(keys, tuple(key for key in keys if key not in shared), tuple(leaves), Shape(view, leaves))
        for keys, leaves in ordered
    )


def encode_sides(
    sides: Sequence[Side], events: Events, declaration: bytes, stamp: Stamp, bounds: Bounds
) -> Iterator[bytes]:
    """Write one state an entity of the wider kind.

    Args:
        sides: The view's sides.
        events: The events, sorted by that entity, time and id.
        declaration: Fingerprint of the view's declaration.
        stamp: What the events are of.
        bounds: How much a state may hold; also of how many parties: those with the newest events.
    """
    written = [_parties(side, events, declaration, stamp, bounds) for side in sides]
    newest = events.event_ts[events.ends - 1].tolist()
    for entity, time in enumerate(newest):
        yield _directory([side[entity] for side in written], declaration, time, bounds.listed)


def _parties(
    side: Side, events: Events, declaration: bytes, stamp: Stamp, bounds: Bounds
) -> list[list[tuple[int, Party]]]:
    """Give the parties of each entity: time of the newest event, key and rows."""
    found: list[list[tuple[int, Party]]] = [[] for _ in events.begins]
    owners, mine, keys = _by_party(side, events)
    # The ids of the newest events stand once a state, with the wider entity's rows.
    own = bounds._replace(hold=0) if side.rest else bounds
    states = encode(side.shape, mine, declaration, stamp, own)
    newest = mine.event_ts[mine.ends - 1].tolist()
    for owner, time, key, state in zip(owners, newest, keys, states.parts(), strict=True):
        found[owner].append((time, (key, state)))
    return found


def _by_party(side: Side, events: Events) -> tuple[list[int], Events, list[bytes]]:
    """Sort events by party, and leave out those that are nobody's."""
    owner = events.owner
    if not side.rest:
        return list(range(len(events.begins))), events, [b""] * len(events.begins)
    columns = [events.table.column(name) for name in side.rest]
    codes = [dictionary_codes(column)[0] for column in columns]
    known = np.flatnonzero(np.logical_and.reduce([code >= 0 for code in codes]))
    order = known[np.lexsort((known, *(code[known] for code in codes), owner[known]))]
    differs = np.logical_or.reduce([np.diff(code[order]) != 0 for code in (owner, *codes)])
    begins = np.concatenate(([0], np.flatnonzero(differs) + 1)) if len(order) else np.zeros(0, np.int64)
    ends = np.append(begins[1:], len(order)) if len(order) else begins
    firsts = pa.array(order[begins])
    rows = zip(*(column.take(firsts).to_pylist() for column in columns), strict=True)
    table = events.table.take(pa.array(order)).combine_chunks()
    mine = Events(table, begins, ends, events.event_ts[order], events.known_ts[order])
    return owner[order[begins]].tolist(), mine, [party_key(row) for row in rows]


def party_key(values: Sequence[Any]) -> bytes:
    """Write the key of a party within its state."""
    return b"".join(key_part(value) for value in values)


def _directory(sides: list[list[tuple[int, Party]]], declaration: bytes, newest: int, most: int) -> bytes:
    counts, ends, keys, states, flags = [], [], [], [], 0
    place = 0
    for parties in sides:
        if len(parties) > most:
            parties.sort(reverse=True)
            flags = _CUT_SHORT
        kept = sorted(party for _, party in parties[:most])
        counts.append(_COUNT.pack(len(kept)))
        keys += [key for key, _ in kept]
        states += [state for _, state in kept]
        for _, state in kept:
            place += len(state)
            ends.append(place)
    key_ends = np.cumsum([len(key) for key in keys]).astype("<u4").tobytes()
    listed = b"".join([*counts, key_ends, np.array(ends, "<u4").tobytes(), *keys])
    end = BODY + _HEAD.size + len(listed)
    checked = _HEAD.pack(end, declaration[:FINGERPRINT], newest, flags, len(sides)) + listed
    return b"".join([ENVELOPE.pack(FORMAT, KIND, zlib.crc32(checked, FORMAT)), checked, *states])


class Directory:
    """The directory of one state, as it is read.

    Args:
        view: Name of the view, for errors.
        data: The state.
        declaration: Start of the fingerprint of the view's declaration.

    Attributes:
        newest: Time of the newest event.
        cut_short: Whether there are more parties than it holds.

    Raises:
        StoreError: It is damaged, or of another declaration.
    """

    __slots__ = ("_data", "_firsts", "_key_ends", "_keys", "_state_ends", "_states", "cut_short", "newest")

    def __init__(self, view: str, data: Any, declaration: bytes) -> None:  # noqa: ANN401 - whatever the store held
        if not isinstance(data, bytes) or len(data) < BODY + _HEAD.size:
            raise StoreError.corrupt(view, WHAT, "it is cut off")
        end, written, self.newest, flags, sides = _HEAD.unpack_from(data, BODY)
        verify(view, ENVELOPE.unpack_from(data), KIND, memoryview(data)[BODY:end], (written, declaration))
        self._data, self.cut_short = data, bool(flags)
        place = BODY + _HEAD.size
        counts = struct.unpack_from(f"<{sides}I", data, place)
        self._firsts = [sum(counts[:side]) for side in range(sides + 1)]
        place += _COUNT.size * sides
        total = self._firsts[-1]
        ends = memoryview(data)[place : place + 8 * total].cast("I")
        self._key_ends, self._state_ends = ends[:total], ends[total:]
        self._keys, self._states = place + 8 * total, end

    def find(self, side: int, key: bytes) -> bytes | None:
        """Give the rows of a party; None where it has none."""
        first, last = self._firsts[side], self._firsts[side + 1]
        place = bisect_left(range(first, last), key, key=self._key) + first
        if place == last or self._key(place) != key:
            return None
        begin = self._state_ends[place - 1] if place else 0
        return self._data[self._states + begin : self._states + self._state_ends[place]]

    def _key(self, place: int) -> bytes:
        begin = self._key_ends[place - 1] if place else 0
        return self._data[self._keys + begin : self._keys + self._key_ends[place]]


def read_leaves(features: Sequence[Feature], keys: tuple[str, ...], own: tuple[str, ...]) -> list[Feature]:
    """Give what features read of one side, as it is subtracted where something is."""
    leaves = dict.fromkeys(leaf for feature in features for leaf in leaves_of(feature))
    return [leaf for leaf in leaves if (leaf.keys or own) == keys]
