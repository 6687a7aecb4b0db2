"""The Spark runner: events and spine brought together by key, then the same kernel in each task.

Both tables are repartitioned by key as one, tagged, and sorted by key, so that a task reads the rows of one key in one
stretch. The kernel takes many keys at a time: a task gathers batches up to a border between keys, and carries the rows
of the last key over to the next batch. Cogrouping by key would call Python once a key instead, which at fifty thousand
keys costs more than everything else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import types as T

from riskloom.declare.encode import view_from_dict, view_to_dict
from riskloom.errors import WindowError
from riskloom.windows.in_process import choose_features
from riskloom.windows.in_process import compute as compute_in_process
from riskloom.windows.spark.together import SPARK, apart, together, whole_keys
from riskloom.windows.tables import EVENT_TIMES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import pyarrow as pa
    from pyspark.sql import DataFrame

    from riskloom.declare import FeatureView


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
    read = events.select(*view.event_columns, "event_id", *EVENT_TIMES)
    keys = {column: dtype for column, dtype in view.entity.keys if column in view.partition_keys}
    rows = together(read, spine, keys)
    function = _per_task(view, [feature.name for feature in wanted])
    return rows.mapInArrow(function, T.StructType([*spine.schema.fields, *added]))


def _check_columns(view: FeatureView, events: DataFrame, spine: DataFrame, features: Sequence[str]) -> None:
    wanted = {"events": (*view.event_columns, "event_id", *EVENT_TIMES), "spine": (*view.entity.key_columns, "at")}
    for name, table in (("events", events), ("spine", spine)):
        for column in wanted[name]:
            if column not in table.columns:
                raise WindowError.missing_column(name, column, table.columns)
    for feature in features:
        if feature in spine.columns:
            raise WindowError.name_taken(view.name, feature)


def _per_task(
    view: FeatureView, features: Sequence[str]
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    declaration = view_to_dict(view)

    def run(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        restored = view_from_dict(declaration)
        for table in whole_keys(batches, len(restored.partition_keys)):
            yield from _answer(restored, table, features).to_batches()

    return run


def _answer(view: FeatureView, table: pa.Table, features: Sequence[str]) -> pa.Table:
    events, spine = apart(table)
    values = compute_in_process(view, events, spine, features)
    for name in values.column_names:
        spine = spine.append_column(name, values.column(name))
    return spine
