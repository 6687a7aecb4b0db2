"""The net change of a table since a version, from its change feed, without a JVM."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from riskloom.errors import LakeError
from riskloom.lake import tables
from riskloom.lake.paths import shown

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

_TYPE, _VERSION, _AFTER = "_change_type", "_commit_version", "_after"
_BEFORE = pa.array(["update_preimage", "delete"])


@dataclass(frozen=True, slots=True)
class Change:
    """What a table lost and got.

    Attributes:
        gone: Rows as they were at the version known, of each id that was changed or deleted since.
        new: Rows as they are, of each id that was changed or inserted.
    """

    gone: pa.Table
    new: pa.Table


def changes(path: Path, since: int, until: int, columns: Sequence[str], row_id: str) -> Change:
    """Give the net change of a table.

    Args:
        path: Folder of the table, whose change feed is on.
        since: The last version that is known already.
        until: The version wanted.
        columns: Columns wanted, the id among them.
        row_id: The column that names a row.

    Returns:
        Rows lost and got. A row that is the same in all the columns as before is in neither.

    Raises:
        LakeError: There is no table, or its change feed does not reach back so far.
    """
    rows = _read(path, since, until, columns)
    after = pc.invert(pc.is_in(pc.cast(rows.column(_TYPE), pa.string()), _BEFORE))
    rows = pa.table({_AFTER: after, **{name: _plain(rows.column(name)) for name in (*columns, _VERSION)}})
    # In one commit a row that moved between files may be both deleted and inserted: what was inserted stands.
    rows = rows.sort_by([(row_id, "ascending"), (_VERSION, "ascending"), (_AFTER, "ascending")])
    begins, ends = _edges(rows.column(row_id))
    after = rows.column(_AFTER).to_numpy()
    # The first record of an id tells what it was before all of this, and the last one what it is now.
    gone, new = rows.filter(pa.array(begins & ~after)), rows.filter(pa.array(ends & after))
    return _different(gone.select(list(columns)), new.select(list(columns)))


def _read(path: Path, since: int, until: int, columns: Sequence[str]) -> pa.Table:
    from deltalake.exceptions import DeltaError

    table, wanted = tables.opened(path, until), [*columns, _TYPE, _VERSION]
    try:
        feed = table.load_cdf(starting_version=since + 1, ending_version=until, columns=wanted)
        return pa.table(feed.read_all())
    except (DeltaError, OSError) as error:
        raise LakeError.unreadable(shown(path), path, str(error)) from error


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column.cast(pa.string()) if column.type == pa.string_view() else column


def _edges(ids: pa.ChunkedArray) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Say of each row whether it is the first of its id, and whether it is the last; equal ids lie together."""
    begins = np.ones(len(ids), np.bool_)
    if len(ids) > 1:
        begins[1:] = pc.not_equal(ids.slice(1), ids.slice(0, len(ids) - 1)).to_numpy()
    return begins, np.append(begins[1:], np.ones(min(len(ids), 1), np.bool_))


def _different(gone: pa.Table, new: pa.Table) -> Change:
    """Leave out what was lost and got alike."""
    sides = [side.append_column(_AFTER, pa.repeat(flag, side.num_rows)) for flag, side in ((0, gone), (1, new))]
    rows = pa.concat_tables(sides).group_by(gone.column_names).aggregate([(_AFTER, "min"), (_AFTER, "max")])
    lost, got = (pc.equal(rows.column(f"{_AFTER}_{edge}"), flag) for edge, flag in (("max", 0), ("min", 1)))
    return Change(*(rows.filter(mask).select(gone.column_names) for mask in (lost, got)))
