"""Refunds: where the goods went."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transforms.derive import address_key

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def to_events(records: DataFrame) -> DataFrame:
    """Add the address's key."""
    return records.withColumn("address_key", address_key("ship_to"))
