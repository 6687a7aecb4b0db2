"""Reads a table for some keys and a stretch of time, and skips what can't hold them."""

from __future__ import annotations

from functools import reduce
from operator import and_
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from riskloom.lake import tables
from riskloom.lake.bucketed.hashing import key_hashes
from riskloom.lake.bucketed.table import snapshot

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from riskloom.lake.bucketed.files import File
    from riskloom.lake.bucketed.table import Snapshot

# So many keys can be compared with the smallest and largest one of each group of rows for less than it may save.
_FEW_KEYS = 1_000
_INSTANT = pa.timestamp("us", "UTC")


def read(
    path: Path,
    columns: Sequence[str],
    *,
    time: str,
    since: int | None = None,
    until: int | None = None,
    keys: pa.Table | None = None,
    buckets: Collection[str] | None = None,
    version: int | None = None,
) -> pa.Table:
    """Read rows of a table, bucketed or not.

    Args:
        path: Folder of the table.
        columns: Columns to read.
        time: Name of the time column.
        since: Microseconds since the epoch, from which on rows are wanted; None for no bound.
        until: Microseconds before which; None for no bound.
        keys: The key columns, named and typed as the table's, in the order of the composite key: whose rows are
            wanted. Those of others may come too. None for all.
        buckets: Names of the buckets to read, of a bucketed table; None for all.
        version: Version to read; None for the newest.

    Returns:
        The rows, in no promised order.

    Raises:
        LakeError: There is no table, or it has no such version.
    """
    bounds = [pc.field(time) >= pa.scalar(since, _INSTANT)] if since is not None else []
    bounds += [pc.field(time) < pa.scalar(until, _INSTANT)] if until is not None else []
    seen = snapshot(path, version)
    if seen is None or not seen.bucketed:
        return tables.read(path, columns, version, reduce(and_, bounds) if bounds else None)
    if keys is not None and len(firsts := pc.unique(keys.column(0)).drop_null()) <= _FEW_KEYS:
        bounds.append(pc.field(keys.column_names[0]).isin(firsts))
    schema = pa.schema(tables.opened(path, seen.version).schema())
    files = [file for file in holding(seen, keys) if overlaps(file, since, until)]
    files = files if buckets is None else [file for file in files if file.bucket in buckets]
    if not files:
        return pa.schema([schema.field(name) for name in columns]).empty_table()
    there = ds.dataset([str(path / file.path) for file in files], schema=schema, format="parquet")
    return there.to_table(columns=list(columns), filter=reduce(and_, bounds) if bounds else None)


def holding(seen: Snapshot, keys: pa.Table | None) -> list[File]:
    """Give the files whose buckets may hold some keys."""
    if keys is None:
        return list(seen.files)
    buckets = seen.buckets
    wanted = {buckets.names[place] for place in np.unique(buckets.of(key_hashes(keys, keys.column_names)))}
    return [file for file in seen.files if file.bucket in wanted]


def overlaps(file: File, since: int | None, until: int | None) -> bool:
    """Say whether a file may have rows in ``[since, until)``."""
    oldest, newest = file.span
    return (since is None or newest >= since) and (until is None or oldest < until)
