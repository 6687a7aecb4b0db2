"""Order lines to order events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

SCHEMA = (
    "order_no STRING, ordered_at STRING, customer_id STRING, product STRING, amount BIGINT, weight DOUBLE, paid BOOLEAN"
)


def to_events(records: DataFrame) -> DataFrame:
    """Parse one CSV line an order; a line without a readable time is rejected."""
    line = records.select("origin", F.from_csv("text", SCHEMA).alias("line")).select("origin", "line.*")
    event_ts = F.expr("try_to_timestamp(ordered_at)")
    reason = F.when(event_ts.isNull(), F.lit("no_timestamp"))
    return line.select("origin", reason.alias("reason"), event_ts.alias("event_ts"), *line.columns[1:]).drop(
        "ordered_at"
    )
