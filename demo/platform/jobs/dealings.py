"""What takes two sources to say: reads silver, writes a table for each entity of which it is said."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from jobs import READS
from jobs.tables import seen, write

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from riskloom.project import Project


def write_dealings(spark: SparkSession, project: Project, until: int) -> dict[str, int]:
    """Write what was known, at an instant, of inviters, buyers, sellers, products and pairs.

    Args:
        spark: The session.
        project: The project, its silver tables there.
        until: The instant, in microseconds.

    Returns:
        How many rows there are, by table.
    """
    queries = importlib.import_module("transforms.dealings")
    written = {}
    for view, query in queries.QUERIES.items():
        known = {source: seen(spark, project, source, until) for source in READS[view]}
        written[view] = write(project, view, spark.sql(query, **known), until)
    return written
