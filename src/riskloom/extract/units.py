"""A transform's rows to units: events with id, availability and hash, or rejects with a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from riskloom.declare import POSITION
from riskloom.declare.names import ENVELOPE
from riskloom.errors import ExtractError
from riskloom.extract.protect import EXTRAS
from riskloom.extract.reasons import (
    CODE,
    LATE,
    NO_AVAILABLE,
    NO_EVENT_ID,
    NO_TIMESTAMP,
    POINTER,
    UNNAMED_REASON,
    UNREADABLE,
)
from riskloom.extract.told import told
from riskloom.intervals import parse_duration
from riskloom.lake.spark.hashing import row_hash
from riskloom.lake.spark.versions import AMENDED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pyspark.sql import Column
    from pyspark.sql.types import StructType

    from riskloom.declare import EventSource, Suite

SPARK_TYPES = {"string": "string", "int64": "bigint", "float64": "double", "bool": "boolean", "timestamp": "timestamp"}
ENVELOPE_TYPES = {
    "repair_codes": "array<string>",
    "ts_precision": "string",
    "tz_source": "string",
    "flags": "array<string>",
    "extras": "map<string,string>",
}
EVENT, VERSION, DUPLICATE, REJECT = "event", "version", "duplicate", "reject"
_IDENTITY_LENGTH = 32
_ORIGIN_TYPES = ("string", "string", "bigint", "bigint", "string", "timestamp")
_ORIGIN = ("file_hash", "file", "line_no", "byte_offset", "identity", "ingest_ts")


def record_frame(lines: DataFrame, source: EventSource) -> DataFrame:
    """Give the records that a transform is called with."""
    if source.identical_lines == "duplicate":
        lines = lines.withColumn("identity", F.sha2(F.concat_ws(" ", "identity", "text"), 256))
    return lines.where("kind = 'record' AND failure IS NULL").select(
        F.struct(*_ORIGIN).alias("origin"),
        "text",
        F.lit(source.reference_date).cast("date").alias("reference_date"),
        "header",
    )


def decoded_schema(source: EventSource) -> str:
    """Give the schema of what decoding gives, as Spark writes it."""
    origin = (f"{name} {dtype}" for name, dtype in zip(_ORIGIN, _ORIGIN_TYPES, strict=True))
    unit = {"ordinal": "int", "reason": "string", "detail": "string", "event_ts": "timestamp", **ENVELOPE_TYPES}
    columns = {name: SPARK_TYPES[dtype] for name, dtype in source.parsed_columns.items()}
    return ", ".join(
        [*origin, "kind string", "rule string", *(f"`{name}` {dtype}" for name, dtype in {**unit, **columns}.items())]
    )


def parsed_frame(source: EventSource, lines: DataFrame) -> DataFrame:
    """Give the units that a format read, with where they come from."""
    columns = ("ordinal", "reason", "detail", "event_ts", *ENVELOPE, *source.parsed_columns)
    return lines.where("kind = 'record'").select(F.struct(*_ORIGIN).alias("origin"), *columns)


def transformed(
    source: EventSource, transform: Callable[[DataFrame], DataFrame], records: DataFrame
) -> tuple[DataFrame, bool]:
    """Call a transform and check that its output has the columns that were declared.

    Returns:
        Its rows, and whether it gave unknown fields.

    Raises:
        ExtractError: It raises, or a column is missing or of another type.
    """
    try:
        out = transform(records)
        found = dict(out.dtypes)
    except PySparkException as error:
        raise ExtractError.transform_raised(source.name, source.transform, told(error)) from None
    except Exception as error:
        why = f"{type(error).__name__}: {error}"
        raise ExtractError.transform_raised(source.name, source.transform, why) from error
    defaults = {"ordinal": F.lit(0), "detail": F.lit(None).cast("string"), **_empty_envelope()}
    out = out.withColumns({name: default for name, default in defaults.items() if name not in found})
    for name, wanted in _wanted(source, records).items():
        if name not in out.columns:
            raise ExtractError.transform_column(source.name, source.transform, name, found)
        dtype = found.get(name, wanted)
        if dtype != wanted:
            raise ExtractError.transform_type(source.name, source.transform, name, dtype, wanted)
    return out, EXTRAS in found


def _wanted(source: EventSource, records: DataFrame) -> dict[str, str]:
    declared = {name: SPARK_TYPES[dtype] for name, dtype in source.columns.items()}
    fixed = {"origin": dict(records.dtypes)["origin"], "ordinal": "int", "reason": "string", "detail": "string"}
    return {**fixed, "event_ts": "timestamp", **ENVELOPE_TYPES, **declared}


def _empty_envelope() -> dict[str, Column]:
    """Give the envelope of a transform that says nothing of it."""
    nothing = {"repair_codes": F.array(), "flags": F.array(), "extras": F.create_map()}
    return {name: nothing.get(name, F.lit(None)).cast(dtype) for name, dtype in ENVELOPE_TYPES.items()}


def unit_frame(
    source: EventSource,
    suite: Suite | None,
    out: DataFrame,
    lines: DataFrame | None,
    *,
    apart: bool = False,
    left: Mapping[str, int] | None = None,
    began: Mapping[str, int] | None = None,
) -> DataFrame:
    """Give every unit: its pointer, outcome, and the event's columns or the reject's reason.

    Args:
        source: The source.
        suite: Its suite, whose row rules send events to quarantine; None for none.
        out: What the transform gave.
        lines: Classified lines, of which those that cannot be read are rejects too; None where ``out`` has them.
        apart: Whether no two events of the input can have one id, so that none is looked for.
        began: By content, from when on its file holds events by its name, in microseconds since the epoch.
        left: By content, the place of a last record that a longer content has whole: what it became is a duplicate.
    """
    declared = tuple(source.columns)
    parsed = out.select("origin.*", "ordinal", _coded_reason(), _safe_detail(source), "event_ts", *ENVELOPE, *declared)
    parsed = parsed.withColumn("available_ts", _available(source)).withColumn("event_id", event_id(source))
    refused = F.coalesce(F.col("reason"), _unusable())
    stage = F.when(refused.isin(*UNREADABLE), "extract").when(refused.isNotNull(), "parse")
    parsed = parsed.withColumn("stage", stage).withColumn("reason", refused)
    parsed = parsed.withColumn("reason", F.coalesce(F.col("reason"), _broken_rule(source, suite)))
    parsed = parsed.withColumn("stage", F.coalesce(F.col("stage"), F.when(F.col("reason").isNotNull(), "rule")))
    units = parsed
    if lines is not None:
        unread = lines.where("kind = 'record' AND failure IS NOT NULL").select(
            *_ORIGIN, F.lit(0).alias("ordinal"), F.col("failure").alias("reason"), F.lit("extract").alias("stage")
        )
        units = parsed.unionByName(unread, allowMissingColumns=True)
    hashed = row_hash_of(units, declared, seen_on_arrival=source.seen_on_arrival)
    # Being late is no part of what was delivered, but of how: the same event may come again in its own file.
    flags = F.when(_late(source, began or {}), F.concat("flags", F.array(F.lit(LATE)))).otherwise(F.col("flags"))
    units = units.withColumns({"row_hash": hashed, "flags": flags, "_left": left_out(left or {})})
    if apart:
        return _own_outcome(units).drop("_left")
    seen = _by_position(units) if source.event_id == POSITION else _by_version(units, delivery_order(source))
    return seen.drop("_left")


def _late(source: EventSource, began: Mapping[str, int]) -> Column:
    """Give the condition that an event came more than its source's lateness after its time."""
    allowed = parse_duration(source.lateness)
    if source.seen_on_arrival:
        return F.unix_micros("ingest_ts") - F.unix_micros("event_ts") > allowed
    if not began:
        return F.lit(False)
    starts = F.create_map(*(F.lit(part) for pair in began.items() for part in pair))
    return starts[F.col("file_hash")] - F.unix_micros("event_ts") > allowed


def left_out(left: Mapping[str, int]) -> Column:
    """Give the condition that a row is of a content's last record, or behind it."""
    condition = F.lit(False)
    for file_hash, offset in left.items():
        condition |= (F.col("file_hash") == file_hash) & (F.col("byte_offset") >= offset)
    return condition


def _coded_reason() -> Column:
    reason = F.col("reason")
    return F.when(reason.rlike(CODE), reason).when(reason.isNotNull(), UNNAMED_REASON).alias("reason")


def _safe_detail(source: EventSource) -> Column:
    """Keep what a format says of a reject, which holds no value; of a transform's words, the name of a column."""
    detail = F.col("detail")
    if source.formats and not source.transform:
        return detail
    return F.when(detail.isin(*source.columns, *source.parsed_columns), detail).alias("detail")


def row_hash_of(units: DataFrame, declared: tuple[str, ...], *, seen_on_arrival: bool = False) -> Column:
    """Hash an event's own columns, or a reject's pointer and reason."""
    schema = units.schema
    event = event_hash(schema, declared, seen_on_arrival=seen_on_arrival)
    reject = row_hash(schema, (*POINTER, "stage", "reason", "detail"))
    return F.when(F.col("reason").isNull(), event).otherwise(reject)


def event_hash(schema: StructType, declared: tuple[str, ...], *, seen_on_arrival: bool = False) -> Column:
    """Hash an event's own columns; when it came in is none of them."""
    available = () if seen_on_arrival else ("available_ts",)
    return row_hash(schema, ("event_id", "event_ts", *available, *ENVELOPE, *declared))


def given_flags(source: EventSource) -> tuple[str, ...]:
    """Give the flags that say how an event was delivered, and are no part of it."""
    money = (column for column in source.columns if source.meanings.get(column) == "money")
    return (LATE, AMENDED, *(f"{column}_{AMENDED}" for column in money))


def _available(source: EventSource) -> Column:
    if source.available:
        return F.col(source.available)
    delay = parse_duration(source.delay)
    return F.timestamp_micros(F.unix_micros("event_ts") + delay) if delay else F.col("event_ts")


def event_id(source: EventSource) -> Column:
    """Name an event: by its columns, else by content and place, so that names sort as lines do."""
    if source.event_id != POSITION:
        named = [F.col(name).cast("string") for name in source.event_id]
        missing = [value.isNull() for value in named]
        whole = named[0] if len(named) == 1 else F.to_json(F.array(*named))
        condition = missing[0]
        for other in missing[1:]:
            condition |= other
        return F.when(~condition, whole)
    place = [] if source.identical_lines == "duplicate" else [F.lpad(F.col("byte_offset").cast("string"), 15, "0")]
    identity = F.substring("identity", 1, _IDENTITY_LENGTH)
    return F.concat_ws("-", identity, *place, F.lpad(F.col("ordinal").cast("string"), 5, "0"))


def _unusable() -> Column:
    return (
        F.when(F.col("event_ts").isNull(), NO_TIMESTAMP)
        .when(F.col("available_ts").isNull(), NO_AVAILABLE)
        .when(F.col("event_id").isNull(), NO_EVENT_ID)
    )


def _broken_rule(source: EventSource, suite: Suite | None) -> Column:
    """Name the first row rule that an event breaks, also by a null."""
    broken = F.when(F.lit(False), "")
    for rule in suite.rows if suite else ():
        rule.check_against(f"suite {source.name!r}", source.columns)
        broken = broken.when(~F.coalesce(F.expr(rule.sql), F.lit(False)), rule.name)
    return broken


def _own_outcome(units: DataFrame) -> DataFrame:
    kept = F.when(F.col("reason").isNull(), EVENT).otherwise(REJECT)
    return units.withColumn("outcome", F.when(F.col("_left"), DUPLICATE).otherwise(kept))


def delivery_order(source: EventSource) -> tuple[str, ...]:
    """Give the columns that say which of two deliveries of an event is the newer one."""
    return (*([source.sequence] if source.sequence else []), "ingest_ts", "byte_offset", "ordinal")


def _same_id(units: DataFrame) -> DataFrame:
    """Say which units have one id; a reject has one of its own."""
    place = F.concat_ws("-", "file_hash", "byte_offset", "ordinal")
    same = F.when(F.col("reason").isNull() & ~F.col("_left"), F.concat(F.lit("="), "event_id")).otherwise(place)
    return units.withColumn("_same", same)


def _by_position(units: DataFrame) -> DataFrame:
    """Mark events whose line another content of the input has too: the one that came last stands."""
    is_event = F.col("reason").isNull()
    last_first = Window.partitionBy("_same").orderBy(F.desc("file"), F.desc("byte_offset"), F.desc("ordinal"))
    ranked = _same_id(units).withColumn("_rank", F.row_number().over(last_first))
    outcome = F.when(F.col("_left") | (is_event & (F.col("_rank") > 1)), DUPLICATE)
    outcome = outcome.when(~is_event, REJECT).otherwise(EVENT)
    return ranked.withColumn("outcome", outcome).drop("_same", "_rank")


def _by_version(units: DataFrame, order: tuple[str, ...]) -> DataFrame:
    """Mark events whose id others of the input have: each body is kept once, and the newest one stands."""
    is_event = F.col("reason").isNull()
    # Partitioned by id alone, bodies lie beside those of the same id already.
    units = _same_id(units).repartition("_same")
    deliveries = Window.partitionBy("_same", "row_hash").orderBy(*order)
    units = units.withColumn("_first", F.row_number().over(deliveries) == 1)
    newest_first = Window.partitionBy("_same").orderBy(
        F.desc("_first"), *(F.desc(name) for name in order), F.desc("row_hash")
    )
    ranked = units.withColumn("_rank", F.row_number().over(newest_first))
    outcome = (
        F.when(~is_event, REJECT).when(~F.col("_first"), DUPLICATE).when(F.col("_rank") > 1, VERSION).otherwise(EVENT)
    )
    return ranked.withColumn("outcome", outcome).drop("_same", "_first", "_rank")
