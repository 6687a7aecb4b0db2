"""Training sets on a Spark session, for spines and tables that one process can't hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pyarrow import types
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StructField, TimestampType

from riskloom.errors import SpineError, StoreError
from riskloom.lake import tables
from riskloom.lake.paths import Lake
from riskloom.lake.spark.session import session
from riskloom.lake.spark.tasks import OnSpark
from riskloom.store.point_in_time import EVENT_TS, append_features, event_columns, to_pandas
from riskloom.store.spine import AT, TIME, keys_and_instants, to_arrow
from riskloom.windows.bucketed import Request, Windowed, answers, bucketed
from riskloom.windows.spark.bucketed import answer
from riskloom.windows.spark.runner import SPARK, compute, in_utc
from riskloom.windows.tables import INSTANT

if TYPE_CHECKING:
    from riskloom.declare import Feature, FeatureView
    from riskloom.project import Project
    from riskloom.store.training import Output, Wanted

_ROW = "__riskloom_row"
_TYPES = {"string": "string", "int64": "bigint"}


def to_spark(project: Project, table: pa.Table) -> DataFrame:
    """Turn an Arrow table into a Spark frame; instants stay what they are, whatever the session's zone."""
    for index, field in enumerate(table.schema):
        if types.is_timestamp(field.type) and field.type.tz is not None:
            table = table.set_column(index, field.name, table.column(index).cast(INSTANT, safe=False))
    frame: DataFrame = session(project).createDataFrame(table)
    return frame


def training_set(project: Project, wanted: Wanted, spine: Any, output: Output) -> Any:  # noqa: ANN401 - as asked for
    """Compute a training set on Spark.

    Args:
        project: The project.
        wanted: For each view, its features by output column.
        spine: A frame of any kind that ``build_training_set`` takes.
        output: Kind of frame wanted.

    Raises:
        SpineError: The spine lacks a key or an aware time.
        StoreError: A view has no table yet.
    """
    rows = spine if isinstance(spine, DataFrame) else to_arrow(spine)
    if isinstance(rows, pa.Table) and output != "spark" and (requests := _requests(project, wanted, rows)):
        return _finished(_by_tasks(project, wanted, rows, requests), wanted, output)
    rows = to_spark(project, rows) if isinstance(rows, pa.Table) else rows
    _check_time(rows)
    numbered = rows.withColumn(_ROW, F.monotonically_increasing_id()).persist()
    nulls = numbered.where(F.col(TIME).isNull()).count()
    if nulls:
        raise SpineError.null_time(TIME, nulls)
    result = numbered
    for name, features in wanted:
        result = result.join(_values(project, project.view(name), features, numbered), _ROW)
    ordered = result.orderBy(_ROW).drop(_ROW)
    if output == "spark":
        return ordered
    table = in_utc(ordered.toArrow())
    numbered.unpersist()
    return _finished(table, wanted, output)


def _finished(table: pa.Table, wanted: Wanted, output: Output) -> Any:  # noqa: ANN401 - as asked for
    if output == "arrow":
        return table
    return to_pandas(table, {column: found for _, part in wanted for column, found in part.items()})


def _requests(project: Project, wanted: Wanted, rows: pa.Table) -> list[Request]:
    """Put the spine to each view's table; none where a table is not bucketed."""
    lake, requests = Lake(project.settings.lake), []
    for name, features in wanted:
        view, path = project.view(name), lake.gold(name)
        if not tables.exists(path):
            raise StoreError.no_table(name, path)
        question = Windowed.of(view, [feature.name for feature in features.values()])
        if not bucketed(path, question):
            return []
        requests.append(Request(path=path, question=question, spine=keys_and_instants(rows, view)))
    return requests


def _by_tasks(project: Project, wanted: Wanted, rows: pa.Table, requests: list[Request]) -> pa.Table:
    """Compute all views in one job, each task from its bucket; Spark sees no row."""
    for (_, features), values in zip(wanted, answers(OnSpark(session(project)), requests), strict=True):
        columns = {column: values.column(feature.name) for column, feature in features.items()}
        rows = append_features(rows, columns)
    return rows


def _check_time(rows: DataFrame) -> None:
    if TIME not in rows.columns:
        raise SpineError.missing_time(TIME, rows.columns)
    found = rows.schema[TIME].dataType
    if not isinstance(found, TimestampType):
        kind = {"string": "text", "timestamp_ntz": "naive times"}.get(found.simpleString())
        raise SpineError.bad_time(TIME, kind or f"values of type {found.simpleString()}")


def _values(project: Project, view: FeatureView, features: dict[str, Feature], rows: DataFrame) -> DataFrame:
    path = Lake(project.settings.lake).gold(view.name)
    if not tables.exists(path):
        raise StoreError.no_table(view.name, path)
    for column in features:
        if column in rows.columns:
            raise SpineError.taken(column)
    keys = [_key(rows, view, column, dtype) for column, dtype in view.entity.keys]
    names = [feature.name for feature in features.values()]
    spine = rows.select(_ROW, *keys, F.col(TIME).alias(AT))
    question = Windowed.of(view, names)
    if bucketed(path, question):
        added = [StructField(feature.name, SPARK[feature.dtype]) for feature in features.values()]
        return _named(answer(path, question, spine, added), features)
    span = rows.agg(F.min(TIME).alias("first"), F.max(TIME).alias("last"))
    reach = F.expr(f"make_dt_interval(0, 0, 0, {view.reach} / 1000000)")
    events = rows.sparkSession.read.format("delta").load(str(path)).select(*event_columns(view))
    near = events.join(
        F.broadcast(span), (F.col(EVENT_TS) >= F.col("first") - reach) & (F.col(EVENT_TS) < F.col("last"))
    )
    return _named(compute(view, near.drop("first", "last"), spine, names), features)


def _named(values: DataFrame, features: dict[str, Feature]) -> DataFrame:
    return values.select(_ROW, *(F.col(feature.name).alias(column) for column, feature in features.items()))


def _key(rows: DataFrame, view: FeatureView, column: str, dtype: str) -> Any:  # noqa: ANN401 - a Spark column
    if column not in rows.columns:
        raise SpineError.missing_key(view.name, column, [name for name in rows.columns if name != _ROW])
    found, wanted = rows.schema[column].dataType.simpleString(), _TYPES.get(dtype, dtype)
    if found != wanted and not (dtype == "int64" and found in ("tinyint", "smallint", "int")):
        raise SpineError.wrong_key_type(view.name, column, found, dtype)
    return F.col(column).cast(wanted)
