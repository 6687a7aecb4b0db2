"""The order in which states are written: the events of an entity together, by time and event id."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from riskloom.windows.layout import NOBODY, event_order, number_keys
from riskloom.windows.tables import EVENT_TIMES, conform, instants

if TYPE_CHECKING:
    import numpy.typing as npt

    from riskloom.declare import FeatureView

    Ints = npt.NDArray[np.int64]

EVENT_ID = "event_id"


def sorted_events(view: FeatureView, events: pa.Table) -> tuple[pa.Table, Ints, Ints]:
    """Bring the events of each entity together, sorted by time and id; what lies so already is not moved.

    Args:
        view: The view.
        events: Its events, in any order of rows. A row with a null key is nobody's, and left out.

    Returns:
        The columns that an evaluation reads, each in one piece, and where each entity's rows begin and end.
    """
    keys = view.partition_keys
    types = {column: view.source.columns[column] for column in view.event_columns}
    types |= {EVENT_ID: "string", **dict.fromkeys(EVENT_TIMES, "timestamp")}
    rows = conform("events", events, types).combine_chunks()
    codes, _ = number_keys([rows.column(key) for key in keys])
    times = instants("events", rows, EVENT_TIMES[0])
    order = event_order(codes, times, rows.column(EVENT_ID), codes != NOBODY)
    if order is not None:
        rows, codes = rows.take(pa.array(order)).combine_chunks(), codes[order]
    begins = np.flatnonzero(np.diff(codes, prepend=NOBODY))
    return rows, begins, np.append(begins[1:], [len(codes)] * min(1, len(codes)))
