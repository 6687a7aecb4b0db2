"""What is said of web requests once their lines are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def to_events(records: DataFrame) -> DataFrame:
    """Count an answer without a body as no bytes, and mark a line whose end was cut off.

    Args:
        records: Rows that the source's format parsed, with the codes of what it repaired.

    Returns:
        The same rows, with ``repaired``.
    """
    # The log writes a dash for an answer without a body.
    sized = records.withColumn("bytes", F.coalesce("bytes", F.lit(0)))
    return sized.withColumn("repaired", F.array_contains("repair_codes", "truncated_tail"))
