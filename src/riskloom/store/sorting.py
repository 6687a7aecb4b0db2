"""The order in which states are written: events by key, time and event id."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from riskloom.windows.tables import EVENT_TIMES, conform

if TYPE_CHECKING:
    import numpy.typing as npt

    from riskloom.declare import FeatureView

    Ints = npt.NDArray[np.int64]

EVENT_ID = "event_id"


def sorted_events(view: FeatureView, events: pa.Table) -> pa.Table:
    """Sort a view's events by key, time and id.

    Args:
        view: The view.
        events: Its events, in any order of rows. A row with a null key is nobody's, and left out.

    Returns:
        The columns that an evaluation reads, each in one piece.
    """
    keys = view.partition_keys
    types = {column: view.source.columns[column] for column in view.event_columns}
    types |= {EVENT_ID: "string", **dict.fromkeys(EVENT_TIMES, "timestamp")}
    rows = conform("events", events, types)
    for key in keys:
        rows = rows.filter(pc.is_valid(rows.column(key)))
    by = [(column, "ascending") for column in (*keys, EVENT_TIMES[0], EVENT_ID)]
    return rows.take(pc.sort_indices(rows, sort_keys=by)).combine_chunks()


def entity_edges(rows: pa.Table, keys: tuple[str, ...]) -> tuple[Ints, Ints]:
    """Give where each entity's rows begin and end; keys are compared part by part, never put together."""
    if rows.num_rows == 0:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    differs = np.zeros(rows.num_rows - 1, np.bool_)
    for key in keys:
        column = rows.column(key)
        differs |= pc.not_equal(column.slice(1), column.slice(0, rows.num_rows - 1)).to_numpy()
    begins = np.concatenate(([0], np.flatnonzero(differs) + 1))
    return begins, np.append(begins[1:], rows.num_rows)
