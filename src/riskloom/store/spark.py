"""Training sets on a Spark session, for spines and tables that one process can't hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import types
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from riskloom.errors import SpineError, StoreError
from riskloom.lake import tables
from riskloom.lake.paths import Lake
from riskloom.lake.pieces import scratch
from riskloom.lake.spark.session import session
from riskloom.lake.spark.tasks import OnSpark
from riskloom.store import by_tasks
from riskloom.store.keyed import as_tokens, put_tokens, ring_of, token_keys
from riskloom.store.manifest import SPINE
from riskloom.store.parts import WindowPart
from riskloom.store.point_in_time import EVENT_TS, append_features, event_columns
from riskloom.store.spine import AT, TIME, keys_and_instants
from riskloom.store.spine import to_arrow as spine_to_arrow
from riskloom.windows.bucketed import Request, Windowed, answers, bucketed
from riskloom.windows.spark.bucketed import answer
from riskloom.windows.spark.runner import compute
from riskloom.windows.spark.together import SPARK, apart, in_utc, together, whole_keys
from riskloom.windows.tables import INSTANT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pyspark.sql import Column, SparkSession

    from riskloom.project import Project
    from riskloom.settings import Settings
    from riskloom.store.parts import BatchPart, LabelPart, Part

_ROW = "__riskloom_row"
_TYPES = {"string": "string", "int64": "bigint"}


def to_spark(project: Project | Settings, table: pa.Table) -> DataFrame:
    """Turn an Arrow table into a Spark frame; instants stay what they are, whatever the session's zone."""
    for index, field in enumerate(table.schema):
        if types.is_timestamp(field.type) and field.type.tz is not None:
            table = table.set_column(index, field.name, table.column(index).cast(INSTANT, safe=False))
    frame: DataFrame = session(project).createDataFrame(table)
    return frame


def training_set(project: Project | Settings, parts: Sequence[Part], spine: Any) -> DataFrame:  # noqa: ANN401 - a frame of any kind
    """Compute a training set on Spark.

    Args:
        project: The project.
        parts: What it is made of.
        spine: A frame of any kind that ``build_training_set`` takes.

    Returns:
        The spine's columns, then the parts', in the spine's order.

    Raises:
        SpineError: The spine lacks a key or an aware time.
        StoreError: A part has no table yet.
    """
    rows = spine if isinstance(spine, DataFrame) else to_spark(project, spine_to_arrow(spine))
    _check_time(rows)
    numbered = rows.withColumn(_ROW, F.monotonically_increasing_id()).persist()
    nulls = numbered.where(F.col(TIME).isNull()).count()
    if nulls:
        raise SpineError.null_time(TIME, nulls)
    result = numbered
    for part in parts:
        result = result.join(_values(part, numbered), _ROW)
    return result.orderBy(_ROW).drop(_ROW)


def to_arrow(frame: DataFrame) -> pa.Table:
    """Collect a Spark frame; instants are of UTC, whatever the session's zone."""
    return in_utc(frame.toArrow())


def collected(project: Project | Settings, parts: Sequence[Part], rows: pa.Table) -> pa.Table:
    """Compute a training set of a spine that is in this process, and collect it.

    Where all tables are bucketed, one job computes all parts, each task from its bucket. Tables in no buckets are
    brought together with the spine by tasks as well: Spark sees no row.
    """
    tasks = OnSpark(session(project))
    if requests := _requests(parts, rows):
        for part, values in zip(parts, answers(tasks, requests), strict=True):
            columns = {output: values.column(found.name) for output, found in part.features.items()}
            rows = append_features(rows, columns)
        return rows
    if not rows.num_rows or not by_tasks.can_write(parts):
        return to_arrow(training_set(project, parts, rows))
    settings: Any = getattr(project, "settings", project)
    lake = Lake(settings.lake)
    with scratch(lake.root) as folder:
        # On its way only, so not compressed.
        pq.write_table(rows, folder / SPINE, compression="none", use_dictionary=False)
        found = by_tasks.collect(tasks, lake, parts, folder / SPINE, folder)
    return append_features(rows, dict(zip(found.column_names, found.columns, strict=True)))


def _requests(parts: Sequence[Part], rows: pa.Table) -> list[Request]:
    """Put the spine to each part's table; none where a table is not bucketed."""
    requests = []
    for part in parts:
        if not isinstance(part, WindowPart):
            return []
        question = _question(part)
        if not bucketed(part.path, question, part.version):
            return []
        asked = keys_and_instants(rows, part.name, part.entity.keys)
        spine = as_tokens(part.view, part.path, asked, part.version)
        requests.append(Request(path=part.path, question=question, spine=spine, version=part.version))
    return requests


def _question(part: WindowPart) -> Windowed:
    return Windowed.of(part.view, [feature.name for feature in part.features.values()])


def _check_time(rows: DataFrame) -> None:
    if TIME not in rows.columns:
        raise SpineError.missing_time(TIME, rows.columns)
    found = rows.schema[TIME].dataType
    if not isinstance(found, T.TimestampType):
        kind = {"string": "text", "timestamp_ntz": "naive times"}.get(found.simpleString())
        raise SpineError.bad_time(TIME, kind or f"values of type {found.simpleString()}")


def _values(part: Part, rows: DataFrame) -> DataFrame:
    for column in part.features:
        if column in rows.columns:
            raise SpineError.taken(column)
    spine = rows.select(
        _ROW,
        *(_key(rows, part.name, column, dtype).alias(column) for column, dtype in part.entity.keys),
        F.col(TIME).alias(AT),
    )
    return _windowed(part, rows, _keyed(part, spine)) if isinstance(part, WindowPart) else _joined(part, spine)


def _keyed(part: WindowPart, spine: DataFrame) -> DataFrame:
    """Put tokens in the place of a spine's identifiers."""
    ring, columns = ring_of(part.view, part.path, part.version), token_keys(part.view)
    if ring is None:
        return spine

    def tokens(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield from put_tokens(pa.Table.from_batches([batch]), columns, ring).to_batches()

    return spine.mapInArrow(tokens, spine.schema)


def _windowed(part: WindowPart, rows: DataFrame, spine: DataFrame) -> DataFrame:
    question = _question(part)
    if bucketed(part.path, question, part.version):
        added = [T.StructField(feature.name, SPARK[feature.dtype]) for feature in part.features.values()]
        values = answer(part.path, question, spine, added, part.version)
    else:
        values = compute(part.view, _near(part, rows), spine, question.features)
    return values.select(_ROW, *(F.col(found.name).alias(output) for output, found in part.features.items()))


def _joined(part: BatchPart | LabelPart, spine: DataFrame) -> DataFrame:
    """Join a spine with a part's table by the as-of rule, a key wholly in one task."""
    if not tables.exists(part.path):
        raise StoreError.no_batch_table(part.name, part.path)
    rows = _table(spine.sparkSession, part).select(*part.columns)
    keys = dict(part.entity.keys)
    added = [T.StructField(output, SPARK[found.dtype]) for output, found in part.features.items()]

    def run(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for table in whole_keys(batches, len(keys)):
            there, asked = apart(table)
            found = part.join(asked.drop_columns([_ROW]), there)
            yield from pa.table({_ROW: asked.column(_ROW), **found}).to_batches()

    return together(rows, spine, keys).mapInArrow(run, T.StructType([T.StructField(_ROW, T.LongType()), *added]))


def _table(spark: SparkSession, part: Part) -> DataFrame:
    reader = spark.read.format("delta")
    return (reader if part.version is None else reader.option("versionAsOf", part.version)).load(str(part.path))


def _near(part: WindowPart, rows: DataFrame) -> DataFrame:
    """Read a view's events of the time that the spine's windows reach."""
    if not tables.exists(part.path):
        raise StoreError.no_table(part.name, part.path)
    span = rows.agg(F.min(TIME).alias("first"), F.max(TIME).alias("last"))
    reach = F.expr(f"make_dt_interval(0, 0, 0, {part.view.reach} / 1000000)")
    events = _table(rows.sparkSession, part).select(*event_columns(part.view))
    in_reach = (F.col(EVENT_TS) >= F.col("first") - reach) & (F.col(EVENT_TS) < F.col("last"))
    return events.join(F.broadcast(span), in_reach).drop("first", "last")


def _key(rows: DataFrame, view: str, column: str, dtype: str) -> Column:
    if column not in rows.columns:
        raise SpineError.missing_key(view, column, [name for name in rows.columns if name != _ROW])
    found, wanted = rows.schema[column].dataType.simpleString(), _TYPES.get(dtype, dtype)
    if found != wanted and not (dtype == "int64" and found in ("tinyint", "smallint", "int")):
        raise SpineError.wrong_key_type(view, column, found, dtype)
    return F.col(column).cast(wanted)
