"""Tables that are made without Spark, as a session would make them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_DEFAULTS = "spark.databricks.delta.properties.defaults."


def new_table_properties(spark: SparkSession) -> dict[str, str]:
    """Give the Delta properties that a session gives each new table."""
    options = spark.conf.getAll
    return {
        f"delta.{key.removeprefix(_DEFAULTS)}": value for key, value in options.items() if key.startswith(_DEFAULTS)
    }
