"""Publish events that are named by ids: the newest body of each id stands, and the ones before it are kept.

What is known of an id is the set of its bodies, each with the place of its first delivery. Deliveries only ever add to
that set, so that the order in which they are published is no matter, and a delivery that comes again adds nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyspark.sql import Window
from pyspark.sql import functions as F
from pyspark.storagelevel import StorageLevel

from riskloom.errors import LakeError
from riskloom.lake import tables
from riskloom.lake.spark import merge
from riskloom.lake.spark.arrivals import within
from riskloom.lake.spark.publish import IN_SCOPE, Published, marked, other_columns
from riskloom.lake.spark.races import retried

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from pyspark.sql import Column, DataFrame, Row, SparkSession
    from pyspark.sql.window import WindowSpec

    from riskloom.lake.arrivals import Spans

AMENDED = "amended"
_ID, _BODY = "event_id", "row_hash"
_SILVER, _HISTORY, _STAGED = "silver", "history", "staged"
# Where two rows are of one delivery, that which is there already is kept.
_RANKS = {_SILVER: 0, _HISTORY: 1, _STAGED: 2}
_DELIVERY = ("ingest_ts", "byte_offset", "ordinal")
_NARROW = (_ID, _BODY, "flags", *_DELIVERY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Versioned:
    """A table of events and the one of their former versions.

    Attributes:
        silver: Folder of the events that stand.
        history: Folder of the versions that others stand for; made where it is missing and there are any.
        name: Name of the source.
        sequence: Column by which versions are ordered, before the time at which they came in.
        watched: Columns whose change is flagged by name.
    """

    silver: Path
    history: Path
    name: str
    sequence: str | None = None
    watched: tuple[str, ...] = ()

    @property
    def order(self) -> tuple[str, ...]:
        """The columns that order versions; the last of them tell deliveries of one run apart."""
        return (*([self.sequence] if self.sequence else []), *_DELIVERY)

    def place(self, table: str) -> Path:
        """Give the folder of one of the two tables."""
        return self.silver if table == _SILVER else self.history

    @property
    def own_flags(self) -> tuple[str, ...]:
        """The flags that a publish gives and takes."""
        return (AMENDED, *(f"{column}_{AMENDED}" for column in self.watched))


def publish(
    spark: SparkSession,
    tables_of: Versioned,
    staged: DataFrame,
    *,
    scope: Column | DataFrame,
    arrived: Callable[[Iterable[str]], Spans],
) -> Published:
    """Take in the deliveries of an input.

    Of each id the body whose first delivery is the newest stands in silver; it is flagged ``amended`` where there are
    others, which history keeps. Bodies that the input gave before, and no longer gives, leave both tables. History gets
    what silver loses before silver loses it, so that a killed run loses no version.

    Args:
        spark: The session.
        tables_of: The tables.
        staged: The input's bodies, each once, with the columns of silver.
        scope: Which of the tables' rows the input stands for, see ``riskloom.lake.spark.publish``.
        arrived: Gives the stretches of ``ingest_ts`` in which rows came in that have the id of a staged row, one of the
            ids given, or are in the scope.

    Returns:
        What became of silver. Where nothing is new, neither table gets a commit.

    Raises:
        LakeError: A table has other columns, or other writers came first each time.
    """
    name = f"silver.{tables_of.name}"
    return retried(name, lambda: _publish(spark, tables_of, staged, scope, arrived))


def _publish(
    spark: SparkSession,
    of: Versioned,
    staged: DataFrame,
    scope: Column | DataFrame,
    arrived: Callable[[Iterable[str]], Spans],
) -> Published:
    known = _known(spark, of, staged, scope, arrived(()))
    gone = known.where(F.col(IN_SCOPE)).join(staged, _ID, "left_anti").select(_ID).distinct().collect()
    spans = arrived([row[_ID] for row in gone])
    known = _known(spark, of, staged, scope, spans)
    bodies = _bodies(of, known, staged)
    changes = _changes(of, bodies).persist(StorageLevel.MEMORY_AND_DISK)
    try:
        counts = {(row["_table"], row["_action"]): row["count"] for row in _counted(changes)}
        _commit(spark, of, changes, known.drop(IN_SCOPE).unionByName(_placed(staged, _STAGED)), counts, spans)
    finally:
        changes.unpersist()
    inserted, updated, deleted = (counts.get((_SILVER, action), 0) for action in merge.ACTIONS)
    return Published(inserted, updated, deleted, tables.version(of.silver) or 0)


def _counted(changes: DataFrame) -> list[Row]:
    return changes.groupBy("_table", "_action").count().collect()


def _known(spark: SparkSession, of: Versioned, staged: DataFrame, scope: Column | DataFrame, spans: Spans) -> DataFrame:
    """Give the rows of both tables that came in in the stretches."""
    found = staged.where(F.lit(False)).transform(lambda none: _placed(none, _SILVER))
    for place in (_SILVER, _HISTORY):
        path = of.place(place)
        if tables.exists(path):
            # Of one version, whatever is written meanwhile: what changes is found once, and read again step by step.
            table = spark.read.format("delta").option("versionAsOf", tables.version(path)).load(str(path))
            difference = other_columns(table, staged)
            if difference:
                raise LakeError.other_columns(f"{place}.{of.name}", path, *difference)
            found = found.unionByName(_placed(table.where(within(spans)), place))
    return marked(found, scope)


def _placed(frame: DataFrame, place: str) -> DataFrame:
    return frame.withColumn("_place", F.lit(place))


def _bodies(of: Versioned, known: DataFrame, staged: DataFrame) -> DataFrame:
    """Give a row for each body of the ids that the input names: its first delivery, and where it stands."""
    rows = known.unionByName(_placed(staged, _STAGED).withColumn(IN_SCOPE, F.lit(False)))
    rank = F.create_map(*(F.lit(part) for pair in _RANKS.items() for part in pair))[F.col("_place")]
    rows = rows.select(*dict.fromkeys((*_NARROW, *of.order, *of.watched)), "_place", IN_SCOPE, rank.alias("_rank"))
    # Partitioned by id alone, bodies lie beside those of the same id already.
    rows = rows.repartition(_ID)
    asked = (F.col("_place") == _STAGED) | F.col(IN_SCOPE)
    in_silver, in_history = F.col("_place") == _SILVER, F.col("_place") == _HISTORY
    delivery = F.struct(*of.order, "_rank")
    # What the input stands for and no longer gives is as if it had never come.
    delivered = F.when(~F.col(IN_SCOPE), delivery)
    plain = F.array_except("flags", F.array(*map(F.lit, of.own_flags)))
    return rows.groupBy(_ID, _BODY).agg(
        F.max(asked).alias("_asked"),
        F.min(delivered).alias("_first"),
        F.max(in_silver).alias("_in_silver"),
        F.max(in_history).alias("_in_history"),
        F.min(F.when(in_silver, delivery)).alias("_silver_first"),
        F.min(F.when(in_history, delivery)).alias("_history_first"),
        F.first(F.when(in_silver, F.col("flags")), ignorenulls=True).alias("_silver_flags"),
        F.min_by(plain, delivered).alias("_plain"),
        *(F.first(column).alias(f"_watched_{column}") for column in of.watched),
    )


def _changes(of: Versioned, bodies: DataFrame) -> DataFrame:
    """Say which rows of which table are to be put or deleted."""
    own = Window.partitionBy(_ID)
    alive = F.col("_first").isNotNull()
    newest = own.orderBy(F.desc(F.col("_alive")), F.desc(_without_rank(of, "_first")), F.desc(_BODY))
    seen = bodies.withColumn("_alive", alive).withColumns(
        {
            "_relevant": F.max("_asked").over(own),
            "_versions": F.sum(F.col("_alive").cast("int")).over(own),
            "_stood": F.max("_in_silver").over(own),
            "_stands": F.col("_alive") & (F.row_number().over(newest) == 1),
            **{f"_changed_{column}": _differs(column, own) for column in of.watched},
        }
    )
    several = F.col("_versions") > 1
    given = [F.when(several, F.lit(AMENDED))]
    given += [F.when(several & F.col(f"_changed_{column}"), F.lit(f"{column}_{AMENDED}")) for column in of.watched]
    flagged = F.concat("_plain", F.array_compact(F.array(*given)))
    seen = seen.where("_relevant").withColumn("_flags", F.when(F.col("_stands"), flagged).otherwise(F.col("_plain")))
    moved = {
        place: ~_without_rank(of, f"_{place}_first").eqNullSafe(_without_rank(of, "_first"))
        for place in (_SILVER, _HISTORY)
    }
    moved_silver = moved[_SILVER] | (F.col("_silver_flags") != F.col("_flags"))
    silver = (
        F.when(F.col("_stands") & moved_silver, F.when(F.col("_stood"), merge.UPDATE).otherwise(merge.INSERT))
        # An id of which no body is left has none that stands.
        .when(F.col("_in_silver") & (F.col("_versions") == 0), merge.DELETE)
    )
    kept = F.col("_alive") & ~F.col("_stands")
    history = F.when(kept & moved[_HISTORY], F.when(F.col("_in_history"), merge.UPDATE).otherwise(merge.INSERT)).when(
        F.col("_in_history") & ~kept, merge.DELETE
    )
    both = F.array(
        F.struct(F.lit(_SILVER).alias("_table"), silver.alias("_action")),
        F.struct(F.lit(_HISTORY).alias("_table"), history.alias("_action")),
    )
    todo = seen.select(_ID, _BODY, "_first._rank", "_flags", F.inline(both)).where(F.col("_action").isNotNull())
    places = F.create_map(*(F.lit(part) for place, rank in _RANKS.items() for part in (rank, place)))
    return todo.withColumn("_place", places[F.col("_rank")]).drop("_rank")


def _without_rank(of: Versioned, name: str) -> Column:
    return F.struct(*(F.col(f"{name}.{column}") for column in of.order))


def _differs(column: str, own: WindowSpec) -> Column:
    """Say whether the versions of an id have different values of a column, a null being one."""
    value = F.when(F.col("_alive"), F.struct(F.col(f"_watched_{column}")))
    return F.size(F.collect_set(value).over(own)) > 1


def _commit(
    spark: SparkSession,
    of: Versioned,
    changes: DataFrame,
    rows: DataFrame,
    counts: dict[tuple[str, str], int],
    spans: Spans,
) -> None:
    """Write what changed: first what history gets, then silver, then what history no longer needs."""
    columns = [name for name in rows.columns if name != "_place"]
    puts = changes.where(F.col(merge.ACTION) != merge.DELETE)
    full = puts.join(rows.drop("flags"), [_ID, _BODY, "_place"]).withColumnRenamed("_flags", "flags")
    steps = (
        (_HISTORY, (merge.INSERT, merge.UPDATE)),
        # Apart from each other: new rows would else share files with those that are written again.
        (_SILVER, (merge.UPDATE,)),
        (_SILVER, (merge.INSERT,)),
        (_SILVER, (merge.DELETE,)),
        (_HISTORY, (merge.DELETE,)),
    )
    for table, wanted in steps:
        actions = [action for action in wanted if (table, action) in counts]
        if not actions:
            continue
        mine = (F.col("_table") == table) & F.col(merge.ACTION).isin(actions)
        path, name = of.place(table), f"{table}.{of.name}"
        if not tables.exists(path):
            merge.create(path, full.where(mine).select(*columns), name)
            continue
        # A row to delete has its key here, and need not be looked for.
        source = changes.where(mine) if merge.DELETE in actions else full.where(mine).select(*columns, merge.ACTION)
        key = (_ID, _BODY) if table == _HISTORY else (_ID,)
        merge.merge(spark, path, source, key=key, columns=columns, actions=actions, spans=spans, name=name)
