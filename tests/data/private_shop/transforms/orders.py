"""Lines of orders to events: ``NO TIME CUSTOMER AMOUNT NOTE``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_LINE = r"^(\S+) (\S+) (\S+) (-?[0-9]+) (.*)$"


def to_events(records: DataFrame) -> DataFrame:
    """Parse a line; what cannot be read is rejected in words that quote it, as nobody should."""
    order_no, time, customer, amount, note = (F.regexp_extract("text", _LINE, number) for number in range(1, 6))
    broken = ~F.col("text").rlike(_LINE)
    return records.select(
        "origin",
        F.when(broken, F.concat(F.lit("cannot read "), "text")).alias("reason"),
        F.when(broken, F.col("text")).alias("detail"),
        F.try_to_timestamp(time).alias("event_ts"),
        F.when(~broken, order_no).alias("order_no"),
        F.when(~broken, customer).alias("customer_id"),
        F.when(~broken, note).alias("note"),
        amount.try_cast("bigint").alias("amount"),
        F.create_map(F.lit("written_by"), customer).alias("extras"),
    )
