"""Writes the packed states of many entities at once, by arrays."""

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
from riskloom.store.slices import Slices, records

if TYPE_CHECKING:
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


def encode(shape: Shape, events: Events, declaration: bytes, stamp: Stamp, bounds: Bounds) -> Slices:
    """Write one state an entity.

    Args:
        shape: The view's layout.
        events: The events, sorted.
        declaration: Fingerprint of the view's declaration.
        stamp: What the events are of.
        bounds: How much a state may hold.

    Returns:
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
    starts = (tiles.tile - base[tiles.owner]).astype("<u4")
    codes = _codes(shape, events, tiles, folded, row_edges)
    pushes = PushParts(shape, events, tiles, folded, picks, lists, stamp.cut, bounds.hold)
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
            "raws": raws.sizes // shape.raw_struct.size,
            "picks": sum(part.sizes for part in picks.parts),
            "lists": sum(part.sizes for part in lists.parts),
            "horizon": pushes.horizon,
            "held": pushes.held,
        },
    )
    return seal(
        [
            records(heads),
            records(starts).grouped(row_edges),
            _rows(shape, tiles, folded, codes, picks),
            records(_tails(shape, events, tiles, folded, picks)),
            *picks.parts,
            *lists.parts,
            raws,
            *pushes.parts,
        ]
    )


def _heads(size: int, fields: dict[str, Any]) -> npt.NDArray[np.void]:
    out = np.zeros(size, HEAD_DTYPE)
    for name, column in fields.items():
        out[name] = column
    return out


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


def _rows(shape: Shape, tiles: Tiles, folded: Folded, codes: Ints, picks: Picks) -> Slices:
    """Write the rows, those of one width together."""
    begins, sizes = np.zeros(len(codes), np.int64), np.zeros(len(codes), np.int64)
    written, base = [np.zeros(0, np.uint8)], 0
    row_codes = codes[tiles.owner]
    for code in np.unique(codes).tolist():
        chosen = np.flatnonzero(row_codes == code)
        out = np.zeros(len(chosen), shape.row_dtype(code))
        for i, (item, column) in enumerate(zip(shape.fields, folded.columns, strict=True)):
            values = picks.first(item.channel, column) if item.measure == "first" else column
            out[f"f{i}"] = _fitted(values[chosen], wide=out.dtype[i].kind == "V")
        mine = codes == code
        counts = np.bincount(tiles.owner[chosen], minlength=len(codes))
        sizes[mine] = counts[mine] * out.itemsize
        begins[mine] = base + np.cumsum(sizes[mine]) - sizes[mine]
        written.append(records(out).data)
        base += out.nbytes
    return Slices(np.concatenate(written), begins, sizes)


def _fitted(values: npt.NDArray[Any], *, wide: bool) -> npt.NDArray[Any]:
    if not wide:
        return values
    whole = [int(value).to_bytes(_WIDE_BYTES, "little", signed=True) for value in values]
    return np.array(whole, f"V{_WIDE_BYTES}")


def _tails(shape: Shape, events: Events, tiles: Tiles, folded: Folded, picks: Picks) -> npt.NDArray[np.void]:
    out = np.zeros(len(events.begins), shape.tail_dtype())
    for i, (what, channel) in enumerate(shape.tail):
        newest = newest_of(events, tiles, folded.masks[channel])
        if what == "last":
            out[f"f{i}"] = picks.place(channel, newest)
        else:
            out[f"f{i}"] = np.where(newest < 0, 0, events.event_ts[newest])
    return out


def newest_of(events: Events, tiles: Tiles, mask: npt.NDArray[np.bool_]) -> Ints:
    """Find each entity's newest folded event of a channel; -1 where there is none."""
    found = np.full(len(events.begins), -1)
    chosen = tiles.folded[mask[tiles.folded]]
    found[events.owner[chosen]] = chosen
    return found
