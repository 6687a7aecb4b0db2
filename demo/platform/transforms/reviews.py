"""Reviews: whether they are of an order, and what they say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from transforms.derive import network, text_key

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def to_events(records: DataFrame) -> DataFrame:
    """Add the network, the text's key, and whether an order stands behind the review."""
    return records.withColumns(
        {"network": network("ip"), "text_key": text_key("text"), "verified": F.col("order_id").isNotNull()}
    )
