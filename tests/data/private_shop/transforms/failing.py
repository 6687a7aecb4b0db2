"""Transforms that fail, with a value of a row in the error's words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def by_cast(records: DataFrame) -> DataFrame:
    """Cast whatever there is to a number."""
    return _events(records, F.col("text").cast("bigint"))


def by_call(records: DataFrame) -> DataFrame:
    """Call Python for whatever there is."""
    return _events(records, F.udf(int, "bigint")("text"))


def _events(records: DataFrame, amount: object) -> DataFrame:
    nothing = F.lit(None).cast("string").alias("reason")
    return records.select(
        "origin", nothing, F.lit("2024-05-01").cast("timestamp").alias("event_ts"), amount.alias("amount")
    )
