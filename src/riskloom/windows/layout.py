"""The order in which the kernel reads: events and spine by key and time, keys as dense codes.

Tables that come in this order already are recognised and neither sorted nor copied.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from riskloom.windows.loops import order
from riskloom.windows.tables import EVENT_TIMES, conform, instants, to_numpy, whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    from riskloom.declare import FeatureView

    Ints = npt.NDArray[np.int64]

NOBODY = -1
_RUNS_AT_LEAST = 4
_CODES = 2**62


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
        back: Where each spine row of the input stands in the sorted ones, shape (m,); None for the same place.
    """

    events: pa.Table
    event_keys: Ints
    event_ts: Ints
    available_ts: Ints
    spine_keys: Ints
    at: Ints
    back: Ints | None

    def pieces(self, rows: int) -> Iterator[Layout]:
        """Cut between keys into pieces of about so many events and instants, which the caches of a core can hold.

        Each piece goes through all windows and functions before the next one does. A key is never cut.
        """
        event, spine = 0, 0
        while spine < len(self.at):
            event_end = _between(self.event_keys, event + rows)
            spine_end = _between(self.spine_keys, spine + rows)
            keys = [
                keys[end]
                for keys, end in ((self.event_keys, event_end), (self.spine_keys, spine_end))
                if end < len(keys)
            ]
            if keys:
                event_end = int(np.searchsorted(self.event_keys, min(keys)))
                spine_end = int(np.searchsorted(self.spine_keys, min(keys)))
            yield Layout(
                events=self.events.slice(event, event_end - event),
                event_keys=self.event_keys[event:event_end],
                event_ts=self.event_ts[event:event_end],
                available_ts=self.available_ts[event:event_end],
                spine_keys=self.spine_keys[spine:spine_end],
                at=self.at[spine:spine_end],
                back=None,
            )
            event, spine = event_end, spine_end


@dataclass(frozen=True, slots=True)
class Input:
    """Both tables, checked, with the columns in the declared types."""

    events: pa.Table
    spine: pa.Table
    event_ts: Ints
    available_ts: Ints
    at: Ints


def check(view: FeatureView, events: pa.Table, spine: pa.Table) -> Input:
    """Check the two tables.

    Args:
        view: The view, whose columns and key are read.
        events: ``view.event_columns``, ``event_id``, ``event_ts`` and ``available_ts``, in any order of rows.
        spine: Key columns and ``at``, in any order of rows.

    Raises:
        WindowError: A column is missing, of another type, or a time is null.
    """
    columns = {column: view.source.columns[column] for column in view.event_columns}
    events = conform("events", events, {**columns, "event_id": "string", **dict.fromkeys(EVENT_TIMES, "timestamp")})
    spine = conform("spine", spine, {**dict(view.entity.keys), "at": "timestamp"})
    event_ts, available_ts = (instants("events", events, column) for column in EVENT_TIMES)
    return Input(events, spine, event_ts, available_ts, instants("spine", spine, "at"))


def lay_out(given: Input, keys: Sequence[str], null_keys: Sequence[str] = ()) -> Layout:
    """Encode the keys of both tables, and sort them.

    Args:
        given: Both tables.
        keys: Key columns by which events and spine rows meet.
        null_keys: Further key columns of the spine; where one is null, the row is nobody's.
    """
    event_keys, spine_keys, size = _encode(given.events, given.spine, keys)
    for key in null_keys:
        spine_keys[to_numpy(pc.is_null(given.spine.column(key)))] = NOBODY
    rows = event_order(
        event_keys, given.event_ts, given.events.column("event_id"), _asked(event_keys, spine_keys, size)
    )
    spine = _order(spine_keys, given.at, size)
    back = None
    if spine is not None:
        back = np.empty(len(spine), np.int64)
        back[spine] = np.arange(len(spine))
    return Layout(
        events=given.events if rows is None else given.events.take(rows),
        event_keys=_take(event_keys, rows),
        event_ts=_take(given.event_ts, rows),
        available_ts=_take(given.available_ts, rows),
        spine_keys=_take(spine_keys, spine),
        at=_take(given.at, spine),
        back=back,
    )


def _between(keys: Ints, place: int) -> int:
    """Give the first place at or after one at which a key begins."""
    if place >= len(keys):
        return len(keys)
    return int(np.searchsorted(keys, keys[place - 1], side="right"))


def _take(values: Ints, rows: Ints | None) -> Ints:
    return values if rows is None else values[rows]


def _encode(events: pa.Table, spine: pa.Table, keys: Sequence[str]) -> tuple[Ints, Ints, int]:
    """Number the keys of both tables alike: parts are compared one by one, so ('1', '11') is never ('11', '1')."""
    if spine.num_rows == events.num_rows and all(spine.column(key).equals(events.column(key)) for key in keys):
        codes, size = number_keys([events.column(key) for key in keys])
        return codes, codes.copy(), size
    both = [
        pa.chunked_array([*events.column(key).chunks, *spine.column(key).chunks], events.column(key).type)
        for key in keys
    ]
    codes, size = number_keys(both)
    return codes[: events.num_rows], codes[events.num_rows :], size


def number_keys(parts: Sequence[pa.ChunkedArray]) -> tuple[Ints, int]:
    """Number the different keys as ``dictionary_codes`` does values; parts are compared one by one."""
    codes, size = dictionary_codes(parts[0])
    for part in parts[1:]:
        others, more = dictionary_codes(part)
        null = (codes == NOBODY) | (others == NOBODY)
        if size * more >= _CODES:
            codes, size = dictionary_codes(pa.chunked_array([pa.array(codes, mask=codes == NOBODY)]))
        codes = codes * more + others
        codes[null] = NOBODY
        size *= more
    if len(parts) > 1:
        codes, size = dictionary_codes(pa.chunked_array([pa.array(codes, mask=codes == NOBODY)]))
    return codes, size


def dictionary_codes(values: pa.ChunkedArray) -> tuple[Ints, int]:
    """Number the different values of a column in the order in which they come; -1 for null.

    Returns:
        The codes, int64, one a row, and how many different values there are.

    Example:
        >>> dictionary_codes(pa.chunked_array([["b", None], ["a", "b"]]))
        (array([ 0, -1,  1,  0]), 2)
    """
    array = whole(values)
    runs = _runs(array)
    encoded = pc.dictionary_encode(array if runs is None else array.take(pa.array(np.flatnonzero(runs))))
    codes = (encoded.indices.fill_null(NOBODY) if array.null_count else encoded.indices).to_numpy(zero_copy_only=False)
    codes = codes.astype(np.int64)
    return (codes if runs is None else codes[np.cumsum(runs) - 1]), len(encoded.dictionary)


def _runs(array: pa.Array) -> npt.NDArray[np.bool_] | None:
    """Say of each value whether it differs from the one before, where equal ones mostly stand together."""
    if len(array) < _RUNS_AT_LEAST or array.null_count:
        return None
    begins = np.ones(len(array), np.bool_)
    begins[1:] = pc.not_equal(array[1:], array[:-1]).to_numpy(zero_copy_only=False)
    return begins if begins.sum() * _RUNS_AT_LEAST <= len(array) else None


def _asked(event_keys: Ints, spine_keys: Ints, size: int) -> npt.NDArray[np.bool_]:
    """Say of each event whether its key is one that somebody asks for."""
    asked = np.zeros(size + 1, np.bool_)
    asked[spine_keys] = True
    asked[NOBODY] = False
    return asked[event_keys]


def _order(keys: Ints, times: Ints, size: int) -> Ints | None:
    """Sort by key and time; None where that changes nothing."""
    if order.is_sorted(keys, times):
        return None
    by_time = np.arange(len(times))
    if not order.is_sorted(np.zeros(len(times), np.int64), times):
        by_time = np.argsort(times, kind="stable")
    rows: Ints = order.by_key(by_time, keys, size)
    return rows


def event_order(keys: Ints, times: Ints, ids: pa.ChunkedArray, wanted: npt.NDArray[np.bool_]) -> Ints | None:
    """Sort by key, time and event id, and leave out rows that nobody wants.

    Returns:
        The rows in order; None where they stand so already.
    """
    rows = None if wanted.all() else np.flatnonzero(wanted)
    keys, times = _take(keys, rows), _take(times, rows)
    sorting = _order(keys, times, int(keys.max(initial=0)) + 1)
    if sorting is not None:
        rows, keys, times = _take(sorting if rows is None else rows[sorting], None), keys[sorting], times[sorting]
    groups = order.tied(keys, times)
    tied = np.flatnonzero(groups >= 0)
    if len(tied):
        # Only ties look at the ids, which Arrow compares as bytes: sorting all of them would cost more than the rest.
        places = tied if rows is None else rows[tied]
        ties = pa.table({"group": groups[tied], "id": ids.take(pa.array(places))})
        by_id = (
            pc.sort_indices(ties, sort_keys=[("group", "ascending"), ("id", "ascending")]).to_numpy().astype(np.int64)
        )
        if not (np.diff(by_id) > 0).all():
            rows = np.arange(len(keys)) if rows is None else rows
            rows[tied] = places[by_id]
    return rows
