"""The graph of what accounts share: reads silver, writes ``batch/account_graph``."""

from __future__ import annotations

import importlib
from functools import reduce
from typing import TYPE_CHECKING

from pyspark.sql import Window
from pyspark.sql import functions as F

from jobs.tables import seen, write

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from riskloom.project import Project

_LINKS = {
    "logins": {"device_id": "device", "ip": "ip"},
    "orders": {"device_id": "device", "ip": "ip", "address_key": "door"},
    "payments": {"device_id": "device", "card_id": "card"},
}
_SUCCEEDED = {"logins": "result = 'success'"}
# A case may be of an event of long ago.
_EVER = 10**15


def write_account_graph(spark: SparkSession, project: Project, until: int) -> dict[str, int]:
    """Write the graph as it was known at an instant.

    Args:
        spark: The session.
        project: The project, its silver tables there.
        until: The instant, in microseconds.

    Returns:
        How many accounts are in it.
    """
    graph = importlib.import_module("transforms.identity_graph")
    rows = graph.account_graph(_links(spark, project, until), _known(spark, project, until), until)
    return {"account_graph": write(project, "account_graph", rows, until)}


def _links(spark: SparkSession, project: Project, until: int) -> DataFrame:
    """Take what accounts used in the thirty days before an instant."""
    parts = []
    for source, kinds in _LINKS.items():
        events = seen(spark, project, source, until).where(_SUCCEEDED.get(source, "true"))
        for column, kind in kinds.items():
            identifier = F.concat(F.lit(f"{kind}:"), column)
            parts.append(events.select("account_id", identifier.alias("identifier"), "event_ts"))
    return reduce(lambda one, other: one.unionByName(other), parts).where(
        "account_id IS NOT NULL AND identifier IS NOT NULL"
    )


def _known(spark: SparkSession, project: Project, until: int) -> DataFrame:
    """Take the accounts whose newest case of some event, by then, says fraud."""
    newest = Window.partitionBy("account_id", "event_ts", "risk").orderBy(F.col("available_ts").desc())
    cases = seen(spark, project, "cases", until, _EVER).where("account_id IS NOT NULL")
    ranked = cases.withColumn("rank", F.row_number().over(newest))
    return ranked.where("rank = 1 AND fraud").select("account_id").distinct()
