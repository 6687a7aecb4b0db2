"""A sample of what was served, as ``ops.served`` keeps it: a row an entity and view, with tokens for its keys."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from riskloom.intervals import DAY, HOUR, MINUTE, to_micros
from riskloom.lake import tables
from riskloom.lake.rewrite import rewrite

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from riskloom.lake.paths import Lake
    from riskloom.lake.rewrite import DataFile
    from riskloom.tokens import Ring

TABLE = "served"
_INSTANT = pa.timestamp("us", tz="UTC")
# Keys, values and statuses are JSON objects; a status is kept where it is neither `present` nor `null`. The last six
# say which state the values were made of: its declaration, the gold table and its version, the materialization.
SCHEMA = pa.schema(
    {
        "served_ts": _INSTANT,
        "at": _INSTANT,
        "service": pa.string(),
        "view": pa.string(),
        "keys": pa.string(),
        "values": pa.string(),
        "statuses": pa.string(),
        "declaration": pa.string(),
        "origin": pa.int64(),
        "gold_version": pa.int64(),
        "revision": pa.int64(),
        "watermark": _INSTANT,
    }
)
# So far back from the newest row it is looked for others, as long as there are too few.
_SPANS = (MINUTE, HOUR, DAY, 30 * DAY)


def append(lake: Lake, rows: pa.Table) -> int:
    """Add rows to ``ops.served``, and give the version of the table."""
    return tables.append(lake.ops(TABLE), rows)


def tidy(lake: Lake, most: int = 1_000) -> None:
    """Put the files together where there are more than so many: each worker adds one at each write."""
    path = lake.ops(TABLE)
    if tables.exists(path):
        tables.compact(path, most)


def newest(lake: Lake, view: str, size: int) -> pa.Table:
    """Give the rows of a view that were served last.

    Args:
        lake: Where the table is.
        view: Name of the view.
        size: How many rows at most.

    Returns:
        The rows, the newest first; none where nothing was kept.
    """
    found = SCHEMA.empty_table()
    for oldest in _bounds(lake):
        wanted = pc.field("view") == view
        if oldest is not None:
            wanted &= pc.field("served_ts") >= pa.scalar(oldest, _INSTANT)
        found = tables.read(lake.ops(TABLE), SCHEMA.names, filters=wanted)
        if found.num_rows >= size:
            break
    return found.sort_by([("served_ts", "descending")]).slice(0, size)


def _bounds(lake: Lake) -> Iterator[int | None]:
    """Give ever earlier instants from which on to look, so that of a large table the newest files alone are read."""
    path = lake.ops(TABLE)
    if not tables.exists(path):
        return
    last = pc.max(tables.added_files(path).column("max.served_ts")).as_py()
    if last is not None:
        yield from (to_micros(last, "served_ts") - span for span in _SPANS)
    yield None


def forget(
    lake: Lake, views: Collection[str], *, before: int | None, keys: Mapping[str, str], ring: Ring | None
) -> int:
    """Remove what was served of somebody, or for instants before one.

    Args:
        lake: Where the table is.
        views: Names of the views that are meant.
        before: Microseconds since the epoch; None for whatever instant.
        keys: Raw values of key columns; those of no view's keys mean nobody.
        ring: The keys for tokens. Without them nothing was ever kept.

    Returns:
        How many rows were removed.
    """
    path = lake.ops(TABLE)
    if not tables.exists(path):
        return 0

    def change(_: DataFile, rows: pa.Table) -> pa.Table | None:
        meant = pc.is_in(rows.column("view"), pa.array(list(views), pa.string()))
        if before is not None:
            meant = pc.and_(meant, pc.less(rows.column("at").cast(pa.int64()), before))
        if keys:
            meant = pc.and_(meant, pa.chunked_array([_named(rows.column("keys"), keys, ring)]))
        return rows.filter(pc.invert(meant)) if pc.any(meant).as_py() else None

    return rewrite(path, change)


def _named(column: pa.ChunkedArray, keys: Mapping[str, str], ring: Ring | None) -> pa.Array:
    """Say which keys hold tokens of raw values."""
    if ring is None:
        return pa.repeat(False, len(column))
    wanted = {name: ring.token(value) for name, value in keys.items()}
    coded = column.combine_chunks().dictionary_encode()
    found = [_holds(json.loads(text), wanted, ring) for text in coded.dictionary.to_pylist()]
    return pa.array(found, pa.bool_()).take(coded.indices)


def _holds(tokens: Mapping[str, str], wanted: Mapping[str, str], ring: Ring) -> bool:
    return all(name in tokens and ring.token(tokens[name]) == token for name, token in wanted.items())
