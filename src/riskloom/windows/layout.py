"""The order in which the kernel reads: events and spine by key and time, keys as dense codes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from riskloom.windows.tables import EVENT_TIMES, conform, instants

if TYPE_CHECKING:
    import numpy.typing as npt

    from riskloom.declare import FeatureView
NOBODY = -1


@dataclass(frozen=True, slots=True)
class Layout:
    """Events and spine, sorted.

    Attributes:
        events: The n events of the spine's keys, sorted by key, time and event id.
        event_keys: Their key codes, shape (n,), ascending.
        event_ts: Their times, microseconds, shape (n,).
        available_ts: From when each may be seen, microseconds, shape (n,).
        spine_keys: Key codes of the m spine rows, shape (m,), ascending; -1 for a null key.
        at: Instants of the spine rows, microseconds, shape (m,).
        order: Where each sorted spine row stood in the input, shape (m,).
    """

    events: pa.Table
    event_keys: npt.NDArray[np.int64]
    event_ts: npt.NDArray[np.int64]
    available_ts: npt.NDArray[np.int64]
    spine_keys: npt.NDArray[np.int64]
    at: npt.NDArray[np.int64]
    order: npt.NDArray[np.int64]


def lay_out(view: FeatureView, events: pa.Table, spine: pa.Table) -> Layout:
    """Check, encode and sort the two tables.

    Args:
        view: The view, whose columns and key are read.
        events: ``view.event_columns``, ``event_id``, ``event_ts`` and ``available_ts``, in any order of rows.
        spine: Key columns and ``at``, in any order of rows.

    Raises:
        WindowError: A column is missing, of another type, or a time is null.
    """
    keys = dict(view.entity.keys)
    columns = {column: view.source.columns[column] for column in view.event_columns}
    events = conform("events", events, {**columns, "event_id": "string", **dict.fromkeys(EVENT_TIMES, "timestamp")})
    spine = conform("spine", spine, {**keys, "at": "timestamp"})
    event_ts, available_ts = (instants("events", events, column) for column in EVENT_TIMES)
    at = instants("spine", spine, "at")
    event_keys, spine_keys = _encode(events, spine, tuple(keys))
    rows = _event_order(event_keys, event_ts, events.column("event_id"), np.isin(event_keys, spine_keys))
    order = np.lexsort((at, spine_keys))
    return Layout(
        events.take(rows), event_keys[rows], event_ts[rows], available_ts[rows], spine_keys[order], at[order], order
    )


def _encode(
    events: pa.Table, spine: pa.Table, keys: tuple[str, ...]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Number the keys of both tables alike: parts are compared one by one, so ('1', '11') is never ('11', '1')."""
    codes = np.zeros(events.num_rows + spine.num_rows, np.int64)
    null = np.zeros(len(codes), np.bool_)
    for key in keys:
        part, size = dictionary_codes(
            pa.chunked_array([*events.column(key).chunks, *spine.column(key).chunks], events.column(key).type)
        )
        null |= part == NOBODY
        # Both factors are at most the number of rows, so the product fits; the ranks keep the next one small too.
        codes = np.unique(codes * (size + 1) + part + 1, return_inverse=True)[1]
    codes[null] = NOBODY
    return codes[: events.num_rows], codes[events.num_rows :]


def dictionary_codes(values: pa.ChunkedArray) -> tuple[npt.NDArray[np.int64], int]:
    """Number the different values of a column; -1 for null.

    Returns:
        The codes, int64, one a row, and how many different values there are.

    Example:
        >>> dictionary_codes(pa.chunked_array([["b", None], ["a", "b"]]))
        (array([ 0, -1,  1,  0]), 2)
    """
    encoded = pc.dictionary_encode(values)
    if encoded.num_chunks == 0:
        return np.zeros(0, np.int64), 0
    codes = pa.chunked_array([chunk.indices for chunk in encoded.chunks])
    return pc.fill_null(codes, NOBODY).to_numpy().astype(np.int64), len(
        encoded.chunk(encoded.num_chunks - 1).dictionary
    )


def _event_order(
    keys: npt.NDArray[np.int64], times: npt.NDArray[np.int64], ids: pa.ChunkedArray, wanted: npt.NDArray[np.bool_]
) -> npt.NDArray[np.int64]:
    """Sort by key, time and event id; rows of nobody, or of a key that nobody asks for, are left out."""
    rows = np.flatnonzero(wanted & (keys != NOBODY))
    rows = rows[np.lexsort((times[rows], keys[rows]))]
    begins = np.ones(len(rows), np.bool_)
    begins[1:] = (np.diff(keys[rows]) != 0) | (np.diff(times[rows]) != 0)
    ends = np.ones(len(rows), np.bool_)
    ends[:-1] = begins[1:]
    tied = np.flatnonzero(~(begins & ends))
    if len(tied):
        # Only ties look at the ids, which Arrow compares as bytes: sorting all of them would cost more than the rest.
        ties = pa.table({"group": np.cumsum(begins)[tied], "id": ids.take(rows[tied])})
        by_id = pc.sort_indices(ties, sort_keys=[("group", "ascending"), ("id", "ascending")])
        rows[tied] = rows[tied][by_id.to_numpy()]
    return rows
