"""Payments: their network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transforms.derive import network

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def to_events(records: DataFrame) -> DataFrame:
    """Add the network."""
    return records.withColumn("network", network("ip"))
