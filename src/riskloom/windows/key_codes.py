"""Key codes: one number for each key of a spine, the same for the rows that have that key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from riskloom.compiled import compiled
from riskloom.errors import WindowError
from riskloom.windows.layout import NOBODY, dictionary_codes
from riskloom.windows.tables import to_numpy

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]

# Whole numbers that lie so close together are found by their place in an array, not by a hash.
_SLOTS_A_ROW = 4


def key_codes(spine: pa.Table, rows: pa.Table, keys: Sequence[str]) -> tuple[Ints, Ints, int]:
    """Number the keys of a spine, and find them in other rows.

    Only the keys of the spine are kept in memory. Neighbouring rows of one key are looked up once, so rows that
    are sorted by key cost next to nothing.

    Args:
        spine: Key columns.
        rows: The same key columns.
        keys: Their names. Parts are compared one by one, so ('1', '11') is never ('11', '1').

    Returns:
        Codes of the spine, shape (m,), codes of the rows, shape (n,), both -1 where a part is null or the spine has
        no such key, and how many codes there are.

    Raises:
        WindowError: A key is missing, or its type differs between the two tables.

    Example:
        >>> spine, rows = pa.table({"user": ["b", None, "a"]}), pa.table({"user": ["a", "a", "c", "b", None]})
        >>> key_codes(spine, rows, ["user"])
        (array([ 0, -1,  1]), array([ 1,  1, -1,  0, -1]), 2)
    """
    for key in keys:
        for name, table in (("spine", spine), ("rows", rows)):
            if key not in table.column_names:
                raise WindowError.missing_column(name, key, table.column_names)
        if rows.schema.field(key).type != spine.schema.field(key).type:
            theirs, mine = (str(table.schema.field(key).type) for table in (rows, spine))
            raise WindowError.wrong_type("rows", key, theirs, mine)
    differs = _differs(rows, keys)
    apart = 2 * np.count_nonzero(differs) > rows.num_rows
    heads = np.zeros(0, np.int64) if apart else np.flatnonzero(differs)
    firsts = rows if apart else rows.select(list(keys)).take(pa.array(heads))
    codes, found, size = _part(spine.column(keys[0]), firsts.column(keys[0]))
    for key in keys[1:]:
        more, more_found, more_size = _part(spine.column(key), firsts.column(key))
        codes, found, size = _combined((codes, more), (found, more_found), more_size)
    return codes, found if apart else np.repeat(found, np.diff(np.append(heads, rows.num_rows))), size


def run_starts(rows: pa.Table, keys: Sequence[str]) -> Ints:
    """Give where the key is another one than in the row before, or may be: a null is taken for another one."""
    return np.flatnonzero(_differs(rows, keys))


def _differs(rows: pa.Table, keys: Sequence[str]) -> npt.NDArray[np.bool_]:
    count = rows.num_rows
    differs = np.ones(count, np.bool_)
    if count > 1:
        differs[1:] = False
        for key in keys:
            column = rows.column(key)
            unequal = pc.not_equal(column.slice(1), column.slice(0, count - 1))
            differs[1:] |= to_numpy(unequal.fill_null(True))
    return differs


def _part(spine: pa.ChunkedArray, rows: pa.ChunkedArray) -> tuple[Ints, Ints, int]:
    if spine.type == pa.int64() and spine.null_count < len(spine):
        first, last = pc.min_max(spine).as_py().values()
        if last - first < _SLOTS_A_ROW * len(spine):
            return _by_slot(spine, rows, first, last)
    codes, size = dictionary_codes(spine)
    values = pc.unique(spine).drop_null()
    found = pc.index_in(rows, value_set=values, skip_nulls=True)
    return codes, to_numpy(found.fill_null(NOBODY)).astype(np.int64), size


def _by_slot(spine: pa.ChunkedArray, rows: pa.ChunkedArray, first: int, last: int) -> tuple[Ints, Ints, int]:
    """Number the spine's keys in the order of their values, by an array with a slot for each whole number there."""
    there = np.zeros(last - first + 1, np.bool_)
    there[to_numpy(spine.drop_null()) - first] = True
    slots = np.where(there, np.cumsum(there) - 1, NOBODY)
    codes, found = (_slot_values(column, first, slots) for column in (spine, rows))
    return codes, found, int(there.sum())


def _slot_values(column: pa.ChunkedArray, first: int, slots: Ints) -> Ints:
    found = np.empty(len(column), np.int64)
    _look_up(to_numpy(column.fill_null(first)), first, slots, found)
    if column.null_count:
        found[to_numpy(pc.is_null(column))] = NOBODY
    return found


@compiled
def _look_up(values: Ints, first: int, slots: Ints, found: Ints) -> None:
    for place in range(len(values)):
        # Without a sign, since the difference of two numbers that lie far apart has no room for one.
        slot = np.uint64(values[place]) - np.uint64(first)
        there = values[place] >= first and slot < np.uint64(len(slots))
        found[place] = slots[np.int64(slot)] if there else NOBODY


def _combined(spine: tuple[Ints, Ints], rows: tuple[Ints, Ints], size: int) -> tuple[Ints, Ints, int]:
    """Number pairs of codes: at most as many as the spine has rows, so the next product stays small."""
    mine, theirs = (np.where((one < 0) | (two < 0), NOBODY, one * size + two) for one, two in (spine, rows))
    known = np.unique(mine[mine >= 0])
    codes = np.where(mine < 0, NOBODY, np.searchsorted(known, mine))
    if not len(known):
        return codes, np.full(len(theirs), NOBODY), 0
    places = np.minimum(np.searchsorted(known, theirs), len(known) - 1)
    return codes, np.where(known[places] == theirs, places, NOBODY), len(known)
