"""The as-of join: for each row of a spine, the latest row of its key that was there at its instant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from riskloom.errors import WindowError
from riskloom.lake.bucketed.order import grouped
from riskloom.windows.as_of_search import NOWHERE, back_to_known, disorder, latest, smallest
from riskloom.windows.key_codes import key_codes
from riskloom.windows.tables import INSTANT, to_numpy

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]

_FOREVER = 2**62
_NOT_CREATED = np.zeros(0, np.int64)
_UNKNOWN_FIRST, _UNKNOWN_LAST = np.iinfo(np.int64).min, np.iinfo(np.int64).max


def as_of(  # noqa: PLR0913 - each names one part of the join
    spine: pa.Table,
    rows: pa.Table,
    *,
    keys: Sequence[str],
    at: str,
    event_ts: str,
    created_ts: str | None = None,
    ttl: int | None = None,
    columns: Sequence[str],
    filter_by_created: bool = False,
) -> pa.Table:
    """Join each spine row with the latest row of its key whose event time is at or before the spine's.

    Among rows of one event time the one that was created last wins, and among those that are tied in this too the
    greatest by the values of ``columns``, compared in their order. So there is one row or none, whatever the order
    of ``rows``. Rows that are sorted by key and time are read fastest; unsorted ones are sorted first.

    Args:
        spine: Key columns and instants, in any order of rows.
        rows: Key columns, times, and ``columns``, in any order of rows. A row with a null key is nobody's.
        keys: Names of the key columns, in both tables. They are compared column by column.
        at: Name of the spine's column of instants (timestamp of microseconds, UTC).
        event_ts: Name of the rows' event time (timestamp of microseconds, UTC).
        created_ts: Name of the rows' created time, of the same type; null counts as the oldest. None for none.
        ttl: Microseconds that a row is valid for, the last of them included; None for ever.
        columns: Names of the columns wanted.
        filter_by_created: Leave out rows that were created after the instant, or nobody knows when.

    Returns:
        The columns wanted, one row for each spine row, in the spine's order; null where there is no row.

    Raises:
        WindowError: A column is missing or of another type, a time is null, or ``filter_by_created`` lacks
            ``created_ts``.

    Example:
        >>> instants = lambda *micros: pa.array(micros, pa.timestamp("us", "UTC"))
        >>> rows = pa.table({"user": ["ann", "ann"], "time": instants(10, 20), "limit": [100, 200]})
        >>> spine = pa.table({"user": ["ann", "ann", "ann", "bob"], "at": instants(9, 19, 26, 20)})
        >>> as_of(spine, rows, keys=["user"], at="at", event_ts="time", ttl=5, columns=["limit"])["limit"].to_pylist()
        [None, None, None, None]
        >>> as_of(spine, rows, keys=["user"], at="at", event_ts="time", ttl=9, columns=["limit"])["limit"].to_pylist()
        [None, 100, 200, None]
    """
    if filter_by_created and created_ts is None:
        raise WindowError.no_created_time()
    instants, times = _micros("spine", spine, at), _micros("rows", rows, event_ts)
    created = _NOT_CREATED if created_ts is None else _created(rows, created_ts)
    wanted = rows.select(list(_present("rows", rows, columns)))
    spine_codes, row_codes, size = key_codes(spine, rows, keys)
    order, starts = _ordered(row_codes, size, times, created, wanted)
    reach, sorted_ = _FOREVER if ttl is None else ttl, times[order]
    places = latest(starts, sorted_, spine_codes, instants, reach)
    if filter_by_created:
        firsts = latest(starts, sorted_, spine_codes, instants - reach - 1, _FOREVER) + 1
        firsts = np.maximum(firsts, starts[np.maximum(spine_codes, 0)])
        known = np.where(created == _UNKNOWN_FIRST, _UNKNOWN_LAST, created)
        places = back_to_known(smallest(known[order]), places, firsts, instants)
    return _taken(wanted, order, places)


def places_as_of(
    spine: pa.Table, rows: pa.Table, *, keys: Sequence[str], at: str, event_ts: str, ttl: int | None = None
) -> Ints | None:
    """Find for each spine row the row that ``as_of`` would take, where keys and times alone say which it is.

    So the other columns need not be in memory at once: most of their rows are nobody's latest.

    Args:
        spine: As for ``as_of``.
        rows: Key columns and times.
        keys: As for ``as_of``, like the rest.
        at: The spine's instants.
        event_ts: The rows' event time.
        ttl: Microseconds.

    Returns:
        The place of the row among ``rows``, -1 for none, shape (m,); None where two rows of one key have one time.

    Example:
        >>> instants = lambda *micros: pa.array(micros, pa.timestamp("us", "UTC"))
        >>> rows = pa.table({"user": ["bob", "ann", "ann"], "time": instants(15, 20, 10)})
        >>> spine = pa.table({"user": ["ann", "ann", "bob"], "at": instants(19, 20, 14)})
        >>> places_as_of(spine, rows, keys=["user"], at="at", event_ts="time")
        array([ 2,  1, -1])
    """
    instants, times = _micros("spine", spine, at), _micros("rows", rows, event_ts)
    spine_codes, row_codes, size = key_codes(spine, rows, keys)
    order, starts = grouped(row_codes, size)
    sorted_ = times[order]
    wrong, tied = disorder(starts, sorted_, _NOT_CREATED)
    if wrong and not tied:
        order = _by_time(row_codes, size, times)
        sorted_ = times[order]
        _, tied = disorder(starts, sorted_, _NOT_CREATED)
    if tied:
        return None
    if not len(order):
        return np.full(len(instants), NOWHERE)
    found = latest(starts, sorted_, spine_codes, instants, _FOREVER if ttl is None else ttl)
    return np.where(found == NOWHERE, NOWHERE, order[found])


def _present(name: str, table: pa.Table, columns: Sequence[str]) -> Sequence[str]:
    for column in columns:
        if column not in table.column_names:
            raise WindowError.missing_column(name, column, table.column_names)
    return columns


def _times(name: str, table: pa.Table, column: str) -> pa.ChunkedArray:
    _present(name, table, [column])
    values = table.column(column)
    if values.type != INSTANT:
        raise WindowError.wrong_type(name, column, str(values.type), str(INSTANT))
    return values.cast(pa.int64())


def _micros(name: str, table: pa.Table, column: str) -> Ints:
    values = _times(name, table, column)
    if values.null_count:
        raise WindowError.null_time(name, column, values.null_count)
    return to_numpy(values)


def _created(rows: pa.Table, column: str) -> Ints:
    return to_numpy(_times("rows", rows, column).fill_null(_UNKNOWN_FIRST))


def _ordered(codes: Ints, size: int, times: Ints, created: Ints, wanted: pa.Table) -> tuple[Ints, Ints]:
    """Sort rows by key, time, creation and values; see ``grouped``."""
    order, starts = grouped(codes, size)
    sorted_ = times[order]
    wrong, tied = disorder(starts, sorted_, _NOT_CREATED)
    if tied and len(created):
        wrong, tied = disorder(starts, sorted_, created[order])
    if wrong:
        order = _by_time(codes, size, times)
    if wrong or tied:
        _settle_ties(order, codes, times, created, wanted)
    return order, starts


def _by_time(codes: Ints, size: int, times: Ints) -> Ints:
    by_time: Ints = np.argsort(times, kind="stable")
    order, _ = grouped(codes[by_time], size)
    return np.take(by_time, order)


def _settle_ties(order: Ints, codes: Ints, times: Ints, created: Ints, values: pa.Table) -> None:
    """Sort the rows that share key and time by creation and values, in place."""
    same = (codes[order[1:]] == codes[order[:-1]]) & (times[order[1:]] == times[order[:-1]])
    tied = np.flatnonzero(np.append(same, False) | np.insert(same, 0, False))
    if not len(tied):
        return
    group = np.cumsum(np.insert(~same, 0, True))[tied]
    part = values.take(pa.array(order[tied]))
    by = {"group": group, "created": created[order[tied]] if len(created) else np.zeros(len(tied))}
    by |= {f"value_{place}": _sortable(column) for place, column in enumerate(part.columns)}
    settled = pc.sort_indices(pa.table(by), sort_keys=[(name, "ascending", "at_start") for name in by])
    order[tied] = order[tied][settled.to_numpy()]


def _sortable(column: pa.ChunkedArray) -> pa.ChunkedArray | pa.Array:
    if types.is_dictionary(column.type):
        return column.cast(column.type.value_type)
    return pa.array([repr(value) for value in column.to_pylist()]) if types.is_nested(column.type) else column


def _taken(values: pa.Table, order: Ints, places: Ints) -> pa.Table:
    nothing = places < 0
    if values.num_rows == 0 or len(order) == 0:
        return pa.table({field.name: pa.nulls(len(places), field.type) for field in values.schema})
    return values.take(pa.array(order[np.maximum(places, 0)], mask=nothing))
