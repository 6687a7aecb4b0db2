"""The events of a state that no row holds yet: those that lie after the cut, or are available only after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from riskloom.store.hashes import hash_values
from riskloom.store.slices import Slices, constant, records

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from riskloom.store.packed.fold import Events, Folded, Tiles
    from riskloom.store.packed.picks import Picks
    from riskloom.store.packed.shape import Shape

    Ints = npt.NDArray[np.int64]


def raw_records(
    shape: Shape, events: Events, tiles: Tiles, folded: Folded, picks: Picks, codes: Sequence[Ints]
) -> Slices:
    """Write the events that are not folded.

    Args:
        shape: The view's layout.
        events: The events.
        tiles: Which of them are folded.
        folded: The numbers of the rows.
        picks: The single values.
        codes: The numbers that stand for values, an event, of each list of the shape's.

    Returns:
        The records of each entity, oldest first.
    """
    raw = tiles.raw
    owner = events.owner[raw]
    edges = np.searchsorted(owner, np.arange(len(events.begins) + 1))
    if not len(raw):
        return constant(b"", len(events.begins))
    bits = np.zeros(len(raw), np.uint64)
    for i, mask in enumerate(folded.masks):
        bits |= mask[raw].astype(np.uint64) << np.uint64(i)
    columns = [events.event_ts[raw], events.known_ts[raw], bits]
    columns += [folded.numbers[i][raw] for i in shape.numeric]
    columns += [picks.place(i, raw) for i in shape.picked]
    for i in shape.distinct:
        columns += [
            hash_values(events.table.column(str(shape.channels[i].column)).take(raw)),
            _rows_of_values(events, tiles, folded, i, raw),
        ]
    columns += [coded[raw] for coded in codes]
    out = np.zeros(len(raw), shape.raw_dtype())
    for place, column in enumerate(columns):
        out[f"f{place}"] = column
    return records(out).grouped(edges)


def _rows_of_values(events: Events, tiles: Tiles, folded: Folded, channel: int, raw: Ints) -> Ints:
    """Find the row, counted from 1, that last holds the value of a raw event; 0 where none does."""
    chosen = tiles.folded[folded.masks[channel][tiles.folded]]
    rows = np.repeat(np.arange(len(tiles.owner)), np.diff(tiles.starts))[folded.masks[channel][tiles.folded]]
    codes, owner = folded.codes[channel], events.owner
    size = int(codes.max(initial=0)) + 2
    held = owner[chosen] * size + codes[chosen] + 1
    asked = owner[raw] * size + codes[raw] + 1
    order = np.argsort(held, kind="stable")
    places = np.searchsorted(held[order], asked, side="right") - 1
    if not len(held):
        return np.zeros(len(raw), np.int64)
    place = order[np.maximum(places, 0)]
    found = (places >= 0) & (held[place] == asked)
    first_rows = np.searchsorted(tiles.owner, owner[raw])
    return np.where(found, rows[place] - first_rows + 1, 0)
