"""The Spark runner: events and spine brought together by key, then the same kernel in each task.

Both tables are repartitioned by key as one, tagged, and sorted by key, so that a task reads the rows of one key in one
stretch. The kernel takes many keys at a time: a task gathers batches up to a border between keys, and carries the rows
of the last key over to the next batch. Cogrouping by key would call Python once a key instead, which at fifty thousand
keys costs more than everything else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import functions as F
from pyspark.sql import types as T

from riskloom.declare.encode import view_from_dict, view_to_dict
from riskloom.declare.functions import list_of
from riskloom.errors import WindowError
from riskloom.windows.in_process import choose_features
from riskloom.windows.in_process import compute as compute_in_process
from riskloom.windows.tables import EVENT_TIMES, INSTANT, to_numpy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pyspark.sql import DataFrame

    from riskloom.declare import FeatureView

ROWS_AT_ONCE = 200_000
_EVENT, _SPINE = "__event", "__spine"
SPARK: dict[str, T.DataType] = {
    "string": T.StringType(),
    "int64": T.LongType(),
    "float64": T.DoubleType(),
    "bool": T.BooleanType(),
    "timestamp": T.TimestampType(),
}
SPARK |= {list_of(name): T.ArrayType(kind) for name, kind in tuple(SPARK.items())}


def compute(view: FeatureView, events: DataFrame, spine: DataFrame, features: Sequence[str] | None = None) -> DataFrame:
    """Give the features of each spine row; equal, bit for bit, to those of the in-process runner.

    Args:
        view: The view whose features are wanted.
        events: ``view.event_columns``, ``event_id``, ``event_ts`` and ``available_ts``.
        spine: The key columns and ``at`` (TIMESTAMP), and any other columns.
        features: Names of the features wanted, in their order; all of the view's where None.

    Returns:
        The spine's columns, then the features, in no order of rows. Nothing runs before an action. A task holds the
        rows of one key at once.

    Raises:
        WindowError: A column is missing, the spine has a column of a feature's name, or a feature is unknown. Within
            the job: a time is null, or an integer sum leaves int64.
    """
    wanted = choose_features(view, features)
    _check_columns(view, events, spine, [feature.name for feature in wanted])
    added = [T.StructField(feature.name, SPARK[feature.dtype]) for feature in wanted]
    together = _together(view, events, spine)
    function = _per_task(view, [feature.name for feature in wanted])
    return together.mapInArrow(function, T.StructType([*spine.schema.fields, *added]))


def _check_columns(view: FeatureView, events: DataFrame, spine: DataFrame, features: Sequence[str]) -> None:
    wanted = {"events": (*view.event_columns, "event_id", *EVENT_TIMES), "spine": (*view.entity.key_columns, "at")}
    for name, table in (("events", events), ("spine", spine)):
        for column in wanted[name]:
            if column not in table.columns:
                raise WindowError.missing_column(name, column, table.columns)
    for feature in features:
        if feature in spine.columns:
            raise WindowError.name_taken(view.name, feature)


def _together(view: FeatureView, events: DataFrame, spine: DataFrame) -> DataFrame:
    """Put each table into a struct column of its own beside the key, so that neither's names can meet."""
    shared = [(column, SPARK[dtype]) for column, dtype in view.entity.keys if column in view.partition_keys]
    keys = [f"__key_{place}" for place in range(len(shared))]

    def tagged(table: DataFrame, name: str, columns: Sequence[str]) -> DataFrame:
        key_columns = [F.col(column).cast(dtype).alias(key) for key, (column, dtype) in zip(keys, shared, strict=True)]
        return table.select(*key_columns, F.struct(*(F.col(f"`{column}`") for column in columns)).alias(name))

    read = tagged(events, _EVENT, [*view.event_columns, "event_id", *EVENT_TIMES])
    rows = read.unionByName(tagged(spine, _SPINE, spine.columns), allowMissingColumns=True)
    return rows.repartition(*keys).sortWithinPartitions(*keys)


def _per_task(
    view: FeatureView, features: Sequence[str]
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    declaration = view_to_dict(view)

    def run(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        restored = view_from_dict(declaration)
        for table in whole_keys(batches, len(restored.partition_keys)):
            yield from _answer(restored, table, features).to_batches()

    return run


def whole_keys(batches: Iterator[pa.RecordBatch], keys: int, at_once: int = ROWS_AT_ONCE) -> Iterator[pa.Table]:
    """Gather batches that are sorted by key into tables that hold all rows of each of their keys.

    Args:
        batches: Record batches whose first columns are the key.
        keys: How many columns the key has.
        at_once: How many rows to gather before a table is given.

    Yields:
        Tables of at least ``at_once`` rows, but for the last one.
    """
    held: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        held.append(batch)
        rows += batch.num_rows
        if rows < at_once:
            continue
        table = pa.Table.from_batches(held)
        border = _last_key_start(table, keys)
        if border:
            yield table.slice(0, border)
        held = table.slice(border).to_batches()
        # A key larger than a table is looked through again only once its rows have doubled.
        rows = 0 if border else -table.num_rows + at_once
    if held:
        yield pa.Table.from_batches(held)


def _last_key_start(table: pa.Table, keys: int) -> int:
    """Where the rows of the last row's key begin."""
    same = np.ones(table.num_rows, np.bool_)
    for place in range(keys):
        column = table.column(place)
        last = column[-1]
        equal = pc.equal(column, last).fill_null(False) if last.is_valid else column.is_null()
        same &= to_numpy(equal)
    return int(table.num_rows - same.sum())


def _answer(view: FeatureView, table: pa.Table, features: Sequence[str]) -> pa.Table:
    events, spine = _part(table, _EVENT), _part(table, _SPINE)
    values = compute_in_process(view, events, spine, features)
    for name in values.column_names:
        spine = spine.append_column(name, values.column(name))
    return spine


def _part(table: pa.Table, name: str) -> pa.Table:
    """Take one of the two tables out again, its times in UTC."""
    rows = table.filter(table.column(name).is_valid())
    struct = rows.column(name).combine_chunks()
    struct = struct.combine_chunks() if isinstance(struct, pa.ChunkedArray) else struct
    columns = struct.flatten()
    names = [field.name for field in struct.type]
    return in_utc(pa.table(columns, names=names))


def in_utc(table: pa.Table) -> pa.Table:
    """Name UTC as the zone of all times.

    Spark writes the session's time zone into Arrow's type. The values are microseconds of UTC whatever it is, so the
    zone is replaced, and nothing depends on it.
    """
    for index, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type) and field.type.tz is not None:
            table = table.set_column(index, field.name, table.column(index).cast(INSTANT))
    return table
