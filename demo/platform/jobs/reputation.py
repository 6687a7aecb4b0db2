"""What lists say of addresses, mail domains, user agents and banks: reads silver and ``reference``, a table each."""

from __future__ import annotations

import importlib
from functools import reduce
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from jobs import LISTS, READS
from jobs.tables import seen, write
from riskloom.intervals import to_datetime

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from riskloom.project import Project

# By view: how its list matches, and the column that is matched, where it has not the same name in each source.
_HOW = {
    "address_reputation": ("begins", "ip", {"requests": "client_address"}),
    "email_domain_reputation": ("is", "email_domain", {}),
    "agent_reputation": ("holds", "user_agent", {}),
    "bank_reputation": ("begins", "bank_number", {}),
}


def write_reputation(spark: SparkSession, project: Project, until: int) -> dict[str, int]:
    """Write what the lists in force say of all that was seen in the thirty days before an instant.

    Args:
        spark: The session.
        project: The project: its silver tables, and its folder ``reference``.
        until: The instant, in microseconds.

    Returns:
        How many values were seen, by table.
    """
    reputation, at = importlib.import_module("transforms.reputation"), to_datetime(until)
    written = {}
    for view, (how, usual, others) in _HOW.items():
        entries = reputation.in_force(project.root / "reference" / LISTS[view], at)
        columns = {source: others.get(source, usual) for source in READS[view]}
        rows = reputation.listed(_values(spark, project, until, columns), entries, how, at)
        key = project.batch_views[view].entity.key_columns[0]
        written[view] = write(project, view, rows.withColumnRenamed("value", key), until)
    return written


def _values(spark: SparkSession, project: Project, until: int, columns: dict[str, str]) -> DataFrame:
    parts = [
        seen(spark, project, source, until).select(F.col(column).alias("value")) for source, column in columns.items()
    ]
    return reduce(lambda one, other: one.union(other), parts)
