"""The day's job that writes the graph of what accounts share: reads silver, writes ``batch/account_graph``."""

from __future__ import annotations

import importlib
from functools import reduce
from typing import TYPE_CHECKING

from delta.tables import DeltaTable
from pyspark.sql import Window
from pyspark.sql import functions as F

from riskloom.intervals import DAY, HOUR
from riskloom.lake import tables
from riskloom.lake.paths import Lake
from riskloom.lake.spark.session import session

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from riskloom.project import Project

REACH = 30 * DAY
# How long after the day the job has run: nobody may see its rows before.
READY = HOUR
_LINKS = {
    "logins": {"device_id": "device", "ip": "ip"},
    "orders": {"device_id": "device", "ip": "ip", "address_key": "door"},
    "payments": {"device_id": "device", "card_id": "card"},
}
_SUCCEEDED = {"logins": "result = 'success'"}


def write_account_graph(project: Project, until: int) -> int:
    """Write the graph as it was known at an instant; a day that is written again replaces itself.

    Args:
        project: The project, its silver tables there.
        until: End of the day, in microseconds.

    Returns:
        How many accounts are in it.
    """
    spark, lake = session(project), Lake(project.settings.lake)
    # Loads the project's folders, so that its transforms can be imported.
    graph = importlib.import_module("transforms.identity_graph")
    ready = F.timestamp_micros(F.lit(until + READY))
    rows = graph.account_graph(_links(spark, lake, until), _known(spark, lake, until), until)
    path = lake.root / project.batch_views["account_graph"].table
    stamped = rows.withColumn("available_ts", ready).coalesce(1).localCheckpoint()
    if tables.exists(path):
        DeltaTable.forPath(spark, str(path)).delete(F.col("available_ts") == ready)
    stamped.write.format("delta").mode("append").save(str(path))
    return spark.read.format("delta").load(str(path)).where(F.col("available_ts") == ready).count()


def _links(spark: SparkSession, lake: Lake, until: int) -> DataFrame:
    """Take what accounts used in the thirty days before an instant, as far as it was there by then."""
    parts = []
    for source, kinds in _LINKS.items():
        events = _seen(spark, lake, source, until).where(_SUCCEEDED.get(source, "true"))
        events = events.where(F.unix_micros("event_ts") >= until - REACH)
        for column, kind in kinds.items():
            identifier = F.concat(F.lit(f"{kind}:"), column)
            parts.append(events.select("account_id", identifier.alias("identifier"), "event_ts"))
    return reduce(lambda one, other: one.unionByName(other), parts).where(
        "account_id IS NOT NULL AND identifier IS NOT NULL"
    )


def _known(spark: SparkSession, lake: Lake, until: int) -> DataFrame:
    """Take the accounts whose newest case of some event, by then, says fraud."""
    newest = Window.partitionBy("account_id", "event_ts", "risk").orderBy(F.col("available_ts").desc())
    cases = _seen(spark, lake, "cases", until).where("account_id IS NOT NULL")
    ranked = cases.withColumn("rank", F.row_number().over(newest))
    return ranked.where("rank = 1 AND fraud").select("account_id").distinct()


def _seen(spark: SparkSession, lake: Lake, source: str, until: int) -> DataFrame:
    events = spark.read.format("delta").load(str(lake.silver(source)))
    return events.where((F.unix_micros("available_ts") <= until) & (F.unix_micros("event_ts") < until))
