"""Cuts a view's events into one state an entity."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from riskloom.store.point_in_time import EVENT_ID, EVENT_TS, event_columns
from riskloom.store.state import NEVER, State
from riskloom.store.values import to_key
from riskloom.windows.tables import EVENT_TIMES, conform

if TYPE_CHECKING:
    from collections.abc import Iterator

    from feast.protos.feast.types.EntityKey_pb2 import EntityKey

    from riskloom.store.evaluate import Plan

_ENTITIES_AT_ONCE = 1_000


def encode_states(plan: Plan, events: pa.Table, generation: int, since: int) -> Iterator[list[tuple[EntityKey, bytes]]]:
    """Write one state for each entity that has events.

    Args:
        plan: The view.
        events: Its events, in any order of rows. A row with a null key is nobody's.
        generation: The materialization.
        since: Microseconds since the epoch from which the events are complete.

    Yields:
        Keys and states, up to a thousand at a time. An entity with more than ``max_events`` keeps the newest.
    """
    keys = plan.view.entity.key_columns
    rows = _sorted(plan, events)
    begins, ends = _entities(rows, keys)
    times = rows.column(EVENT_TS).cast(pa.int64()).to_numpy()
    firsts = np.maximum(begins, ends - plan.view.max_events)
    for start in range(0, len(begins), _ENTITIES_AT_ONCE):
        block = slice(start, start + _ENTITIES_AT_ONCE)
        offset = int(begins[start])
        part = rows.slice(offset, int(ends[block][-1]) - offset)
        batch = part.select(plan.schema.names).combine_chunks().to_batches()[0]
        names = part.select(keys).take(pa.array(begins[block] - offset)).to_pylist()
        chunk = []
        for name, begin, first, end in zip(names, begins[block], firsts[block], ends[block], strict=True):
            state = State(
                generation=generation,
                since=since,
                truncated_before=int(times[first - 1]) + 1 if first > begin else NEVER,
                newest=int(times[end - 1]),
                events=batch.slice(int(first) - offset, int(end - first)),
            )
            chunk.append((to_key(plan.view.entity.keys, tuple(name.values())), state.encode(plan.declaration)))
        yield chunk


def _sorted(plan: Plan, events: pa.Table) -> pa.Table:
    """Sort by key, time and event id, the order in which the newest are kept."""
    view = plan.view
    declared = {column: view.source.columns[column] for column in view.event_columns}
    types = {**declared, EVENT_ID: "string", **dict.fromkeys(EVENT_TIMES, "timestamp")}
    rows = conform("events", events, {column: types[column] for column in event_columns(view)})
    for key in view.entity.key_columns:
        rows = rows.filter(pc.is_valid(rows.column(key)))
    by = [(column, "ascending") for column in (*view.entity.key_columns, EVENT_TS, EVENT_ID)]
    return rows.take(pc.sort_indices(rows, sort_keys=by)).combine_chunks()


def _entities(rows: pa.Table, keys: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Give where each entity's rows begin and end; keys are compared part by part, never put together."""
    if rows.num_rows == 0:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    differs = np.zeros(rows.num_rows - 1, np.bool_)
    for key in keys:
        column = rows.column(key)
        differs |= pc.not_equal(column.slice(1), column.slice(0, rows.num_rows - 1)).to_numpy()
    begins = np.concatenate(([0], np.flatnonzero(differs) + 1))
    return begins, np.append(begins[1:], rows.num_rows)
