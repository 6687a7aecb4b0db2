"""The order of a bucket's rows: by key, time and event id."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from riskloom.compiled import compiled

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]


def grouped(codes: Ints, size: int) -> tuple[Ints, Ints]:
    """Sort rows by code, keeping the order of those with one code (a counting sort).

    Args:
        codes: Code of each row, shape (n,); a negative one leaves the row out.
        size: How many codes there are.

    Returns:
        The rows' positions, shape (k,), and where the rows of each code start among them, shape (size + 1,).
    """
    starts = _starts(codes, size)
    # NumPy asks the system for large pages, compiled code does not: to touch them first takes a tenth of the time.
    order = np.empty(starts[-1], np.int64)
    _place(codes, starts[:-1].copy(), order)
    return order, starts


@compiled
def _starts(codes: Ints, size: int) -> Ints:
    starts = np.zeros(size + 1, np.int64)
    for code in codes:
        if code >= 0:
            starts[code + 1] += 1
    for code in range(size):
        starts[code + 1] += starts[code]
    return starts


@compiled
def _place(codes: Ints, free: Ints, order: Ints) -> None:
    for place in range(len(codes)):
        code = codes[place]
        if code >= 0:
            order[free[code]] = place
            free[code] += 1


def in_order(rows: pa.Table, keys: Sequence[str], then: Sequence[str]) -> pa.Table:
    """Sort rows.

    Args:
        rows: Rows without a null in a key or a time.
        keys: Key columns; each is sorted by value.
        then: A time, then the columns that settle ties, such as the event id, which Arrow compares as bytes.

    Returns:
        The rows, sorted, each column contiguous.

    Example:
        >>> rows = pa.table({"user": ["b", "a", "b"], "at": [1, 5, 1], "id": ["y", "z", "x"]})
        >>> in_order(rows, ["user"], ["at", "id"])["id"].to_pylist()
        ['z', 'x', 'y']
    """
    rows = rows.combine_chunks()
    codes, size = ranks(rows, keys)
    time = rows.column(then[0]).cast(pa.int64()).to_numpy()
    by_time = np.argsort(time, kind="stable")
    order = by_time[grouped(codes[by_time], size)[0]]
    same = (codes[order[1:]] == codes[order[:-1]]) & (time[order[1:]] == time[order[:-1]])
    tied = np.flatnonzero(np.append(same, False) | np.insert(same, 0, False))
    if len(tied):
        ties = rows.select(then[1:]).take(pa.array(order[tied])).append_column("__group", pa.array(_groups(same)[tied]))
        by = [(name, "ascending", "at_start") for name in ("__group", *then[1:])]
        order[tied] = order[tied][pc.sort_indices(ties, sort_keys=by).to_numpy()]
    return rows if (np.diff(order) == 1).all() else rows.take(pa.array(order))


def _groups(same: npt.NDArray[np.bool_]) -> Ints:
    return np.cumsum(np.insert(~same, 0, True))


def ranks(rows: pa.Table, keys: Sequence[str]) -> tuple[Ints, int]:
    """Number the keys of rows in the order of their values.

    Returns:
        Numbers, shape (n,), and how many there are.
    """
    codes, size = _rank(rows.column(keys[0]))
    for key in keys[1:]:
        more, more_size = _rank(rows.column(key))
        known, codes = np.unique(codes * more_size + more, return_inverse=True)
        size = len(known)
    return codes, size


def _rank(column: pa.ChunkedArray) -> tuple[Ints, int]:
    encoded = column.combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.unify_dictionaries().combine_chunks()
    size = len(encoded.dictionary)
    rank = np.empty(size, np.int64)
    rank[pc.sort_indices(encoded.dictionary).to_numpy()] = np.arange(size)
    return rank[encoded.indices.to_numpy()], size
