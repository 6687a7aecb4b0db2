"""Cuts a view's events into one state an entity."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from riskloom.store.packed.encode import Bounds, encode
from riskloom.store.packed.fold import Events
from riskloom.store.packed.sides import encode_sides
from riskloom.store.slices import Slices
from riskloom.store.sorting import EVENT_ID, sorted_events
from riskloom.store.state import NEVER, State
from riskloom.windows.tables import EVENT_TIMES, whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from riskloom.store.evaluate import Plan
    from riskloom.store.packed.head import Stamp

    Ints = npt.NDArray[np.int64]

ENTITIES_AT_ONCE = 5_000
# More events than this are not kept as they are beside packed rows, whatever a view allows.
MAX_RAW = 1_024
# Of a window with a delay they are its newest ones, which wait for their hop to be over.
MAX_WAITING = 65_535


class Encoded(NamedTuple):
    """Some states.

    Attributes:
        keys: Their keys, as the codec writes them.
        states: The states.
        events: What they are made of.
    """

    keys: Slices
    states: Slices
    events: Events

    def ids(self, place: int) -> set[str]:
        """Give the ids of one state's events."""
        begin, end = int(self.events.begins[place]), int(self.events.ends[place])
        return set(self.events.table.column(EVENT_ID).slice(begin, end - begin).to_pylist())


def encode_states(plan: Plan, events: pa.Table, stamp: Stamp) -> Iterator[Encoded]:
    """Write one state for each entity that has events.

    Args:
        plan: The view.
        events: Its events, in any order of rows. A row with a null key is nobody's.
        stamp: What the states are of. The events are complete from as far before its cut as the view reaches.

    Yields:
        States, some thousands at a time.
    """
    view = plan.view
    rows, begins, ends = sorted_events(view, events)
    for start in range(0, len(begins), ENTITIES_AT_ONCE):
        block = slice(start, start + ENTITIES_AT_ONCE)
        offset = int(begins[start])
        part = rows.slice(offset, int(ends[block][-1]) - offset).combine_chunks()
        held = _events(part, begins[block] - offset, ends[block] - offset)
        names = part.select(view.partition_keys).take(pa.array(held.begins))
        states = _packed(plan, held, stamp) if plan.packed else Slices.of(list(_lists(plan, held, stamp)))
        yield Encoded(plan.codec.encode_all([whole(column) for column in names.columns]), states, held)


def _events(table: pa.Table, begins: Ints, ends: Ints) -> Events:
    event_ts, available_ts = (table.column(name).cast(pa.int64()).to_numpy() for name in EVENT_TIMES)
    return Events(table, begins, ends, event_ts, np.maximum(event_ts + 1, available_ts))


def _packed(plan: Plan, events: Events, stamp: Stamp) -> Slices:
    most = plan.view.max_events
    bounds = Bounds(min(most, MAX_WAITING if plan.delayed else MAX_RAW), most, plan.hold)
    if plan.sided:
        return Slices.of(list(encode_sides(plan.sides, events, plan.declaration, stamp, bounds)))
    return encode(plan.shape, events, plan.declaration, stamp, bounds)


def _lists(plan: Plan, events: Events, stamp: Stamp) -> Iterator[bytes]:
    """Keep the newest events as they are."""
    batch = events.table.select(plan.schema.names).to_batches()[0]
    firsts = np.maximum(events.begins, events.ends - plan.view.max_events)
    for begin, first, end in zip(events.begins, firsts, events.ends, strict=True):
        yield State(
            generation=stamp.revision,
            since=stamp.cut - plan.view.reach,
            truncated_before=int(events.event_ts[first - 1]) + 1 if first > begin else NEVER,
            newest=int(events.event_ts[end - 1]),
            events=batch.slice(int(first), int(end - first)),
        ).encode(plan.declaration)
