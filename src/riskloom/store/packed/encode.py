"""Writes the packed states of many entities at once, by arrays; only the last cut into bytes is one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from riskloom.store.packed.fold import cut_tiles, fold
from riskloom.store.packed.head import FINGERPRINT, HEAD_DTYPE, SCALED, seal
from riskloom.store.packed.lists import Lists
from riskloom.store.packed.picks import Picks
from riskloom.store.packed.push_part import PushParts
from riskloom.store.packed.raws import raw_records
from riskloom.store.packed.shape import INTEGER, SQUARE, WIDE, width_code

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    import numpy.typing as npt

    from riskloom.store.packed.fold import Events, Folded, Tiles
    from riskloom.store.packed.head import Stamp
    from riskloom.store.packed.shape import Shape

    Ints = npt.NDArray[np.int64]

_INT32, _BYTE, _SHORT = 2**31, 2**8, 2**16
_WIDE_BYTES = 24


class Bounds(NamedTuple):
    """How much a state may hold.

    Attributes:
        raw: How many events of an entity are kept as they are, at most.
        listed: How many events a list of numbers holds, at most.
        hold: Microseconds before the cut from which on the ids of events are listed.
    """

    raw: int
    listed: int
    hold: int


def encode(shape: Shape, events: Events, declaration: bytes, stamp: Stamp, bounds: Bounds) -> Iterator[bytes]:
    """Write one state an entity.

    Args:
        shape: The view's layout.
        events: The events, sorted.
        declaration: Fingerprint of the view's declaration.
        stamp: What the events are of.
        bounds: How much a state may hold.

    Yields:
        States, in the order of the entities.
    """
    tiles = cut_tiles(shape, events, stamp.cut, bounds.raw)
    folded = fold(shape, events, tiles)
    picks = Picks(shape, events, tiles, folded)
    lists = Lists(shape, events, tiles, folded, bounds.listed)
    raws = raw_records(shape, events, tiles, folded, picks, lists.codes)
    row_edges = np.searchsorted(tiles.owner, np.arange(len(events.begins) + 1))
    base = np.zeros(len(events.begins), np.int64)
    filled = np.flatnonzero(np.diff(row_edges))
    base[filled] = tiles.tile[row_edges[:-1][filled]]
    starts = (tiles.tile - base[tiles.owner]).astype("<u4").tobytes()
    codes = _codes(shape, events, tiles, folded, row_edges)
    rows, row_ends, row_sizes = _rows(shape, tiles, folded, codes, picks)
    pushes = PushParts(shape, events, tiles, folded, picks, lists, stamp.cut, bounds.hold)
    tails = _tails(shape, events, tiles, folded, picks)
    raw_bytes, raw_edges = raws
    picked, listed = ([part.of(entity) for entity in range(len(base))] for part in (picks, lists))
    heads = _heads(
        len(base),
        {
            "declaration": np.full(len(base), declaration[:FINGERPRINT], f"S{FINGERPRINT}"),
            "version": stamp.version,
            "revision": stamp.revision,
            "cut": tiles.cut,
            "newest": events.event_ts[events.ends - 1],
            "base": base,
            "code": codes,
            "flags": np.where(folded.scaled, SCALED, 0),
            "rows": np.diff(row_edges),
            "raws": np.diff(raw_edges),
            "picks": [len(part) for part in picked],
            "lists": [len(part) for part in listed],
            "horizon": pushes.horizon,
            "held": pushes.held,
        },
    )
    # Plain lists from here on: taking one number out of an array costs more than all that is done with it.
    tail_size, raw_size, head_size = shape.tail_struct.size, shape.raw_struct.size, HEAD_DTYPE.itemsize
    edges, raw_places, ends, kinds = (array.tolist() for array in (row_edges, raw_edges, row_ends, codes))
    for entity, (kind, end, size) in enumerate(zip(kinds, ends, row_sizes, strict=True)):
        low, high = edges[entity], edges[entity + 1]
        yield seal(
            heads[head_size * entity : head_size * (entity + 1)],
            starts[4 * low : 4 * high],
            rows[kind][end - size * (high - low) : end],
            tails[tail_size * entity : tail_size * (entity + 1)],
            picked[entity],
            listed[entity],
            raw_bytes[raw_size * raw_places[entity] : raw_size * raw_places[entity + 1]],
            pushes.of(entity),
        )


def _heads(size: int, fields: dict[str, Any]) -> bytes:
    out = np.zeros(size, HEAD_DTYPE)
    for name, column in fields.items():
        out[name] = column
    return out.tobytes()


def _codes(shape: Shape, events: Events, tiles: Tiles, folded: Folded, row_edges: Ints) -> Ints:
    """Choose the widths of each state's numbers."""
    sizes = events.ends - events.begins
    counts = (sizes >= _BYTE).astype(np.int64) + (sizes >= _SHORT)
    integers, squares = (_widths(shape, tiles, folded, kind, len(sizes)) for kind in (INTEGER, SQUARE))
    return np.where(np.diff(row_edges) > 0, width_code(counts, integers, squares), 0)  # type: ignore[arg-type]


def _widths(shape: Shape, tiles: Tiles, folded: Folded, kind: str, size: int) -> Ints:
    found = np.zeros(size, np.int64)
    for item, column in zip(shape.fields, folded.columns, strict=True):
        if item.kind != kind:
            continue
        width = np.zeros(len(column), np.int64)
        width[(column >= _INT32) | (column < -_INT32)] = 1
        if column.dtype == object:
            width[(column >= 2**63) | (column < -(2**63))] = WIDE
        np.maximum.at(found, tiles.owner, width)
    return found


def _rows(
    shape: Shape, tiles: Tiles, folded: Folded, codes: Ints, picks: Picks
) -> tuple[dict[int, bytes], Ints, list[int]]:
    """Write the rows, those of one width together.

    Returns:
        Bytes by width code, where each entity's rows end in them, and the size of a row, by entity.
    """
    ends = np.zeros(len(codes), np.int64)
    written: dict[int, bytes] = {}
    row_codes = codes[tiles.owner]
    for code in np.unique(codes).tolist():
        chosen = np.flatnonzero(row_codes == code)
        out = np.zeros(len(chosen), shape.row_dtype(code))
        for i, (item, column) in enumerate(zip(shape.fields, folded.columns, strict=True)):
            values = picks.first(item.channel, column) if item.measure == "first" else column
            out[f"f{i}"] = _fitted(values[chosen], wide=out.dtype[i].kind == "V")
        written[code] = out.tobytes()
        mine = codes == code
        per_entity = np.bincount(tiles.owner[chosen], minlength=len(codes))
        ends[mine] = np.cumsum(per_entity)[mine] * out.dtype.itemsize
    sizes = {code: shape.row_dtype(code).itemsize for code in written}
    return written, ends, [sizes[code] for code in codes.tolist()]


def _fitted(values: npt.NDArray[Any], *, wide: bool) -> npt.NDArray[Any]:
    if not wide:
        return values
    whole = [int(value).to_bytes(_WIDE_BYTES, "little", signed=True) for value in values]
    return np.array(whole, f"V{_WIDE_BYTES}")


def _tails(shape: Shape, events: Events, tiles: Tiles, folded: Folded, picks: Picks) -> bytes:
    out = np.zeros(len(events.begins), shape.tail_dtype())
    for i, (what, channel) in enumerate(shape.tail):
        newest = newest_of(events, tiles, folded.masks[channel])
        if what == "last":
            out[f"f{i}"] = picks.place(channel, newest)
        else:
            out[f"f{i}"] = np.where(newest < 0, 0, events.event_ts[newest])
    return out.tobytes()


def newest_of(events: Events, tiles: Tiles, mask: npt.NDArray[np.bool_]) -> Ints:
    """Find each entity's newest folded event of a channel; -1 where there is none."""
    found = np.full(len(events.begins), -1)
    chosen = tiles.folded[mask[tiles.folded]]
    found[events.owner[chosen]] = chosen
    return found
