"""Whose events changed between two versions of a gold table, from the files that only one of them has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from riskloom.errors import LakeError
from riskloom.lake import tables
from riskloom.store.point_in_time import event_columns

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from riskloom.declare import FeatureView

_SIDE = "_side"


def changed_keys(view: FeatureView, path: Path, since: int, until: int) -> pa.Table | None:
    """Give the keys of the entities that have lost or got an event, each once.

    Args:
        view: The view.
        path: Its gold table.
        since: The version that is known already.
        until: The version wanted.

    Returns:
        The key columns; None where the files of the version known are not there any more.
    """
    keys = list(view.partition_keys)
    try:
        before, after = (
            set(tables.added_files(path, version).column("path").to_pylist()) for version in (since, until)
        )
        gone, new = (_rows(view, path, files) for files in (before - after, after - before))
    except (OSError, LakeError):
        # A purge removes the past of a table, its log too.
        return None
    sides = [rows.append_column(_SIDE, pa.repeat(side, rows.num_rows)) for rows, side in ((gone, -1), (new, 1))]
    rows = pa.concat_tables(sides)
    # A row that was only rewritten into another file is in both, and adds up to nothing.
    net = rows.group_by(rows.column_names[:-1]).aggregate([(_SIDE, "sum")])
    return distinct_keys(net.filter(pc.not_equal(net.column(f"{_SIDE}_sum"), 0)), keys)


def distinct_keys(rows: pa.Table, keys: Iterable[str]) -> pa.Table:
    """Give each key once; a row with a null key is nobody's."""
    return rows.select(list(keys)).drop_null().group_by(list(keys)).aggregate([])


def of_keys(rows: pa.Table, keys: pa.Table) -> pa.Table:
    """Keep the rows of some entities."""
    return rows.join(keys, keys.column_names, join_type="left semi")


def _rows(view: FeatureView, path: Path, files: Iterable[str]) -> pa.Table:
    columns = list(event_columns(view))
    schema = pa.schema(tables.opened(path).schema())
    wanted = pa.schema([schema.field(name) for name in columns])
    places = [str(path / file) for file in sorted(files)]
    return ds.dataset(places, schema=wanted, format="parquet").to_table() if places else wanted.empty_table()
